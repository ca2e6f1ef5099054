"""What other systems may hear of one patron, in plain values.

A withheld value is not in the record at all: nothing behind this point can let it out. The address of a protected
patron, and an address that is sealed to protect someone else, never get here (decisions 2, 37). The record is the same
for every target. `target` says what each may get of it.
"""

from __future__ import annotations

import enum
import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from cprsync.domain.patron.field import Part
from cprsync.domain.patron.fields import OUTWARD
from cprsync.domain.patron.override import Overridden, birth_in_force, in_force, municipality_in_force
from cprsync.domain.person.person import SILENT, WITH_ADDRESS, Abroad, Gap
from cprsync.domain.person.sealed import Address, Name, Sealed, label_lines

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from cprsync.domain.patron.local import Local
    from cprsync.domain.patron.override import Override
    from cprsync.domain.patron.patron import Patron


def _find_unnamed(named: Mapping[str, Any]) -> dict[str, str]:
    """The words of the field table that are none of these names, each by its name."""
    return {word.upper(): word for word in OUTWARD if word.upper() not in named}


class OutwardField(enum.Enum):
    """A group of values that a target may get. Its word is the key in a payload and in `cprsync.toml`.

    The field table says which of its fields those are. What a rule names is named here, in the order of a payload; any
    other field of the table follows.
    """

    #: the CPR number; null for a patron without one
    NUMBER = "number"
    NAME = "name"
    BIRTH_DATE = "birth_date"
    ADDRESS = "address"
    #: of an emigrated person
    ABROAD = "abroad"
    #: the patron's own contact address, which the register never writes
    CONTACT_ADDRESS = "contact_address"
    #: kommunenummer, four digits
    MUNICIPALITY = "municipality"
    #: resident, dead, emigrated, and the others of the store's status classes
    STATUS = "status"
    #: Lånergruppe: also the age class, for a target that may not have the birth date
    GROUP = "group"
    #: Tilhørsfilial
    BRANCH = "branch"
    LANGUAGE = "language"
    TELEPHONES = "telephones"
    EMAILS = "emails"
    CARDS = "cards"
    #: the blocks in force, each with its first day and reason
    BLOCKS = "blocks"
    #: rights to net media, by product
    RIGHTS = "rights"
    vars().update(_find_unnamed(vars()))

    __hash__ = object.__hash__


#: What patron and staff own.
_OWN: Final = {OutwardField(word): one for word, one in OUTWARD.items() if one.part is Part.LOCAL}
#: What is withheld of a protected patron: the register's addresses, and what the table seals of patron and staff's.
#: The municipality is not: rights depend on it, and it names no place to live.
WITHHELD_IF_PROTECTED: Final = frozenset(
    {OutwardField.ADDRESS, OutwardField.ABROAD, *(name for name, one in _OWN.items() if one.sealed)}
)
#: What is withheld to protect someone else of the household.
WITHHELD_FOR_OTHERS: Final = frozenset({OutwardField.ADDRESS})
#: What is withheld of a record that was put back from a backup: others may know something newer of it.
WITHHELD_WHILE_HELD: Final = frozenset({*WITHHELD_IF_PROTECTED, OutwardField.STATUS, OutwardField.RIGHTS})
#: The status of a resident. Every other one ends something.
_LIVES: Final = "resident"
#: What decides whether a patron is for a target: protected, the group, the municipality.
Trait: TypeAlias = "tuple[bool, str | None, str | None]"
#: A patron who was more than this is remembered as anything.
TRAITS_MOST: Final = 32
#: The values of a record, by the word of their field.
Values: TypeAlias = "Mapping[str, Any]"


@dataclass(frozen=True, slots=True, repr=False)
class OutwardRecord:
    """What targets may hear of one patron after one change."""

    patron_id: str
    values: Values
    #: sealed for a reason of the patron's own
    protected: bool = False
    #: a source has answered, and the feed could report every change since
    verified: bool = False
    #: the record was put back from a backup, and the register has not answered since: what others were told is newer
    held: bool = False
    #: as `held`, but protected: told, though the copy may have had it already
    repeats: bool = field(default=False, compare=False)
    #: fields that have a value which nobody outside may see
    withheld: frozenset[OutwardField] = frozenset()
    #: a keyed index of the dwelling, as hexadecimal; never told
    dwelling: str = ""
    #: False for a person who only answers for a minor: nobody is told, but others' addresses may be sealed for them
    is_patron: bool = True
    #: what the patron was before, so that each target that heard of them can be told to forget; None: anything
    was: tuple[Trait, ...] | None = field(default=(), compare=False)

    @property
    def trait(self) -> Trait:
        """What decides whether the patron is for a target."""
        values = self.values
        return self.protected, values[OutwardField.GROUP.value], values[OutwardField.MUNICIPALITY.value]

    def __repr__(self) -> str:
        return f"OutwardRecord({self.patron_id})"


@dataclass(frozen=True, slots=True, repr=False)
class BesideRecord:
    """What a record does not say of itself: what the store knows beside it."""

    #: the name as the record has it, opened, because a target may be allowed it
    name: Name | Gap
    #: resident, dead and so on, as the store shows it in clear
    status: str
    #: the rights as they are stored: `domain.netmedia.rights.stored_line`
    rights: str = ""
    #: waits for a decision by staff, and counts as protected until then
    parked: bool = False
    #: the address is sealed to protect someone else
    household: bool = False
    dwelling: str = ""
    silent_is_sealed: bool = True


def describe_patron(patron: Patron, local: Local, beside: BesideRecord, *, on: date) -> OutwardRecord:
    """Describe a patron for other systems, as the record is on a day."""
    holding = in_force(patron.overrides, on)
    protected = patron.is_sealed(silent_is_sealed=beside.silent_is_sealed, parked=beside.parked)
    if not patron.borrows:
        nothing = dict.fromkeys(_WORDS)
        return OutwardRecord(patron.id, nothing, protected=protected, dwelling=beside.dwelling, is_patron=False)
    withheld = WITHHELD_IF_PROTECTED if protected else WITHHELD_FOR_OTHERS if beside.household else frozenset()
    held = _is_held(patron)
    withheld |= WITHHELD_WHILE_HELD if held and beside.status == _LIVES else frozenset()
    values = {**_own_values(local, on), **_register_values(patron, beside, holding)}
    return OutwardRecord(
        patron.id,
        {name: None if OutwardField(name) in withheld else value for name, value in values.items()},
        protected=protected,
        verified=patron.verified,
        held=held,
        repeats=_was_put_back(patron) and not held,
        withheld=frozenset(one for one in withheld if values[one.value]),
        dwelling=beside.dwelling,
    )


def _is_held(patron: Patron) -> bool:
    """Whether others keep what they were told. A protection is told all the same, and a departure: see `with_past`."""
    return _was_put_back(patron) and not patron.register.is_shut


def _was_put_back(patron: Patron) -> bool:
    return patron.window is not None and patron.window.why.others_know_more


def _has_left(record: OutwardRecord) -> bool:
    return record.values[OutwardField.STATUS.value] not in {None, _LIVES}


def with_past(record: OutwardRecord, before: OutwardRecord | None, *, was_gone: bool = False) -> OutwardRecord:
    """Return a record that remembers what the patron was. `was_gone`: nobody knows any more, so it may be anything."""
    if record.repeats:
        # what an older copy had was verified once; what has come since was held before
        record = replace(record, repeats=before is not None and (before.repeats or before.verified))
    if record.held and _has_left(record):
        # the copy had it already if its record said so then: nobody needs to hear it again, and it may be over
        had_left = before is not None and _has_left(before) and (before.held or before.verified)
        record = replace(record, held=had_left)
    if before is None:
        return replace(record, was=None) if was_gone else record
    if before.was is None:
        return replace(record, was=None)
    was = {*before.was, before.trait} if before.is_patron else set(before.was)
    return replace(record, was=tuple(sorted(was, key=repr)) if len(was) <= TRAITS_MOST else None)


def was_patron(record: OutwardRecord) -> bool:
    """Whether other systems may have heard of the patron."""
    return record.is_patron or record.was is None or bool(record.was)


def write_record(record: OutwardRecord) -> bytes:
    """Write a record as JSON with sorted keys. Equal records give equal bytes."""
    document = {
        "dwelling": record.dwelling,
        "held": record.held,
        "is_patron": record.is_patron,
        "protected": record.protected,
        "repeats": record.repeats,
        "values": record.values,
        "verified": record.verified,
        "was": record.was,
        "withheld": sorted(one.value for one in record.withheld),
    }
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def read_record(patron_id: str, written: bytes) -> OutwardRecord:
    """Read a record as it was written."""
    document = json.loads(written)
    was = document["was"]
    return OutwardRecord(
        patron_id,
        document["values"],
        protected=document["protected"],
        verified=document["verified"],
        held=document["held"],
        repeats=document["repeats"],
        withheld=frozenset(map(OutwardField, document["withheld"])),
        dwelling=document["dwelling"],
        is_patron=document["is_patron"],
        was=None if was is None else tuple((protected, group, town) for protected, group, town in was),
    )


_WORDS: Final = tuple(one.value for one in OutwardField)


def _register_values(patron: Patron, beside: BesideRecord, holding: Mapping[Overridden, Override]) -> dict[str, Any]:
    person, born = patron.register, birth_in_force(patron.register, holding)
    return {
        OutwardField.NUMBER.value: None if person.number.is_replacement else person.number.digits,
        OutwardField.NAME.value: _name(beside.name, holding),
        OutwardField.BIRTH_DATE.value: None if born is None else born.day.isoformat(),
        OutwardField.ADDRESS.value: _address(patron, holding),
        OutwardField.ABROAD.value: _abroad(person.abroad),
        OutwardField.MUNICIPALITY.value: municipality_in_force(person, holding),
        OutwardField.STATUS.value: beside.status,
        OutwardField.GROUP.value: patron.group,
        OutwardField.RIGHTS.value: {name: answer for name, (answer, _) in json.loads(beside.rights or "{}").items()},
    }


def _own_values(local: Local, on: date) -> dict[str, Any]:
    values = ((name.value, one.kind, one.value_in(local)) for name, one in _OWN.items())
    # a caller without the right to open has a sealed one, which is withheld anyway
    return {word: True if isinstance(value, Sealed) else kind.told(value, on) for word, kind, value in values}


def _name(name: Name | Gap, holding: Mapping[Overridden, Override]) -> dict[str, str] | None:
    corrected = holding.get(Overridden.NAME)
    if corrected is not None:
        name = Name(corrected.text)
    if isinstance(name, Gap):
        return None
    return {"addressing": name.addressing, "first": name.first, "middle": name.middle, "last": name.last}


def _address(patron: Patron, holding: Mapping[Overridden, Override]) -> dict[str, Any] | None:
    """The address by its parts, as label lines, and the lines beside it. One that staff typed has only lines.

    `supplementary`: such as a care home and its ward. `current` is false for the last known address of someone who does
    not live there any more.
    """
    at, corrected = patron.register.address, holding.get(Overridden.ADDRESS)
    lives = patron.register.status is SILENT or patron.register.status in WITH_ADDRESS
    if corrected is not None:
        return {**_parts(Address("", "")), "lines": corrected.text.split("\n"), "supplementary": [], "current": lives}
    if at is SILENT:
        return None
    if not isinstance(at, Address):
        # sealed: its values never get here, only that there are some
        return {"current": lives}
    more = [line for line in at.supplementary if line]
    return {**_parts(at), "lines": label_lines(at), "supplementary": more, "current": lives}


def _parts(at: Address) -> dict[str, str]:
    return {
        "street": at.road,
        "street_code": at.street_code,
        "house": at.house,
        "building": at.building,
        "floor": at.floor,
        "door": at.door,
        "co": at.co,
        "locality": at.locality,
        "town": at.town,
        "postcode": at.postcode,
        "district": at.district,
    }


def _abroad(abroad: object) -> dict[str, Any] | None:
    if isinstance(abroad, Gap):
        return None
    if not isinstance(abroad, Abroad):
        return {"lines": []}
    return {"country": abroad.country, "lines": [line for line in abroad.lines if line]}

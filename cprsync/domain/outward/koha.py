"""What a patron's record in Koha becomes when ours changes: the record to write, from theirs and what Koha may know.

Koha owns every field that is not named here, and its value stays. A field of ours is written when the payload tells it.
If the payload says that nothing is known, Koha keeps its value. A protected patron has no address there, whoever wrote
it: Koha's own `protected` only means that a patron may not be deleted.
"""

from __future__ import annotations

import enum
import re
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, Final, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

#: Fields of Koha's patron, by their names in its API.
Fields: TypeAlias = "dict[str, Any]"
#: An extended attribute: its type and its value.
Pair: TypeAlias = tuple[str, str]

#: How a difference of an attribute begins, before its type.
ATTRIBUTE: Final = "attribute"
#: The value of the status attribute for a patron who is none of ours any more.
LEFT: Final = "left"
#: The value of the attribute that says that a patron is protected.
FLAG: Final = "1"
ADDRESS: Final = (
    "address",
    "address2",
    "street_number",
    "street_type",
    "city",
    "state",
    "postal_code",
    "country",
)
#: What an address of ours replaces. State and country are Koha's, unless the patron is protected.
_OUR_ADDRESS: Final = ("address", "address2", "street_number", "street_type", "city", "postal_code")
#: Another address of the patron, and where somebody close to them lives.
OTHER_ADDRESSES: Final = (
    *(f"altaddress_{name}" for name in (*ADDRESS, "email", "phone", "notes")),
    *(f"altcontact_{name}" for name in ("address", "address2", "city", "state", "postal_code", "country")),
)
#: Free text, in which staff may have written where somebody lives.
NOTES: Final = ("staff_notes", "opac_notes")
#: A line of ours in the staff's note begins so.
_NOTE_BEGINS: Final = "CPR: "
_POST_LINE: Final = re.compile(r"([0-9]{4})\s+(\S.*)")
#: A shorter street would be found in words that are none.
_STREET_LEAST: Final = 4


class KohaEnding(enum.Enum):
    """What is done in Koha with a patron who died, emigrated or disappeared."""

    EXPIRE = "expiry_date"
    INCORRECT_ADDRESS = "incorrect_address"
    NOTE = "note"

    __hash__ = object.__hash__


@dataclass(frozen=True, slots=True, kw_only=True)
class KohaRules:
    """What a library has decided about its Koha."""

    #: where a new patron belongs if no table says it
    library: str
    category: str
    #: the types of the attributes that are ours
    number: str = "CPR"
    municipality: str = "KOMMUNE"
    protected: str = "BESKYTTET"
    status: str = "STATUS"
    #: Koha's library by branch, and its category by group; without a row Koha keeps its own
    libraries: Mapping[str, str] = field(default_factory=dict)
    categories: Mapping[str, str] = field(default_factory=dict)
    #: by status
    endings: Mapping[str, frozenset[KohaEnding]] = field(default_factory=dict)
    #: whether a patron whom Koha does not have is created
    creates: bool = False
    #: for how long someone who comes back is a borrower again
    renewed_days: int = 365

    def does_at(self, status: str | None) -> frozenset[KohaEnding]:
        """What is done at a status. A patron who left is expired."""
        return frozenset({KohaEnding.EXPIRE}) if status == LEFT else self.endings.get(status or "", frozenset())


@dataclass(frozen=True, slots=True, repr=False)
class KohaRecord:
    """A patron as Koha shows them, or is to hold them."""

    #: None: not created yet
    id: int | None
    #: without what may not be sent back
    fields: Fields = field(default_factory=dict)
    attributes: tuple[Pair, ...] = ()

    def attribute(self, code: str) -> str | None:
        """The value of the first attribute of a type."""
        return next((value for one, value in self.attributes if one == code), None)


#: Before a patron is created.
NOBODY: Final = KohaRecord(None)


def merge_koha_record(
    present: KohaRecord, payload: Mapping[str, Any] | None, rules: KohaRules, *, on: date
) -> KohaRecord:
    """Return the record to write. Payload None: the patron is none of ours any more, or Koha may not know of them.

    Nobody can tell which of the two, so that Koha keeps no address of them. They are expired, and never deleted.
    """
    changes, told = decide_fields(present, payload, rules, on=on), _told(payload)
    if present.id is None:
        return KohaRecord(None, _new(changes, rules), _attributes((), told, rules))
    # an older Koha lacks some of the fields
    known = {name: value for name, value in changes.items() if name in present.fields}
    return replace(present, fields=present.fields | known, attributes=_attributes(present.attributes, told, rules))


def decide_fields(present: KohaRecord, payload: Mapping[str, Any] | None, rules: KohaRules, *, on: date) -> Fields:
    """Return the fields in which our value counts, with the value. Koha keeps its own in all others."""
    told = _told(payload)
    changes = {
        **_name(told.get("name"), present.fields),
        **_birth(told.get("birth_date")),
        **_address(told),
        **_contact(told.get("contact_address")),
        **_codes(told, rules),
        **_ended(told, present, rules, on),
    }
    if payload is None or told["protected"]:
        changes |= dict.fromkeys((*ADDRESS, *OTHER_ADDRESSES)) | _without_place(present.fields, changes)
    elif "address" in told.get("withheld", ()):
        changes |= dict.fromkeys(ADDRESS) | _without_place(present.fields, changes)
    return changes


def _told(payload: Mapping[str, Any] | None) -> Mapping[str, Any]:
    return {"status": LEFT} if payload is None else payload


def may_create(payload: Mapping[str, Any] | None, rules: KohaRules) -> bool:
    """Whether a patron whom Koha does not have belongs there: neither one who left nor one who is to be expired."""
    return payload is not None and KohaEnding.EXPIRE not in rules.does_at(payload.get("status"))


def is_other_person(present: KohaRecord, payload: Mapping[str, Any] | None, rules: KohaRules) -> bool:
    """Whether the patron with the id that we know has become somebody else, as after Koha was restored.

    Another number alone is a new number. With another name and another birth date too, it is another person.
    """
    number = None if payload is None else payload.get("number")
    theirs = present.attribute(rules.number)
    if payload is None or number is None or theirs in {None, number}:
        return False
    ours = {**_name(payload.get("name"), {}), **_birth(payload.get("birth_date"))}
    held = present.fields
    is_same_name = "surname" in ours and all(held.get(name) == ours[name] for name in ("surname", "firstname"))
    return not is_same_name and ("date_of_birth" not in ours or held.get("date_of_birth") != ours["date_of_birth"])


def take_addresses_away(present: KohaRecord, wanted: KohaRecord) -> KohaRecord:
    """Return the present record with the wanted addresses, notes and expiry date, and nothing else changed."""
    names = (*ADDRESS, *OTHER_ADDRESSES, *NOTES, "expiry_date")
    taken = {name: wanted.fields[name] for name in names if name in wanted.fields}
    return replace(present, fields=present.fields | taken)


def differing(present: KohaRecord, wanted: KohaRecord) -> tuple[str, ...]:
    """Return the names of the fields and the types of the attributes that differ. No value and an empty one are one."""
    fields = [name for name, value in wanted.fields.items() if (present.fields.get(name) or None) != (value or None)]
    held, told = Counter(present.attributes), Counter(wanted.attributes)
    codes = {code for code, _ in (held - told) + (told - held)}
    return (*sorted(fields), *(f"{ATTRIBUTE} {code}" for code in sorted(codes)))


# -- the groups of fields --------------------------------------------------------------------------------------


def _name(name: Mapping[str, str] | None, held: Mapping[str, Any]) -> Fields:
    """The name in Koha's parts. A name that has only the addressing form is divided at its last blank."""
    if name is None:
        return {}
    first, last = f"{name['first']} {name['middle']}".strip(), name["last"]
    if not last:
        first, _, last = name["addressing"].strip().rpartition(" ")
    parts: Fields = {"surname": last, "firstname": first or None, "middle_name": None}
    # Koha copies the first name there, and shows it instead; a choice of the patron's own stays
    if held.get("preferred_name") and held["preferred_name"] == held.get("firstname"):
        parts["preferred_name"] = first or None
    return parts


def _birth(day: str | None) -> Fields:
    return {} if day is None else {"date_of_birth": day}


def _address(told: Mapping[str, Any]) -> Fields:
    """The address, if it is where the patron lives now. An old one stays as Koha has it."""
    at, abroad = told.get("address"), told.get("abroad")
    if abroad is not None and abroad["lines"]:
        first, *rest = abroad["lines"]
        return {**dict.fromkeys(_OUR_ADDRESS), "address": first, "address2": ", ".join(rest) or None}
    if at is None or not at["current"]:
        return {}
    if at.get("street"):
        return _by_parts(at)
    return {**dict.fromkeys(_OUR_ADDRESS), **_by_lines(at.get("lines", ()))}


def _by_parts(at: Mapping[str, Any]) -> Fields:
    up = " ".join(part for part in (f"{at['floor']}." if at["floor"] else "", at["door"]) if part)
    beside = (at["co"], up, at["locality"], at["town"], *at.get("supplementary", ()))
    more = ", ".join(part for part in beside if part)
    return {
        "address": at["street"],
        "street_number": at["house"] or at["building"] or None,
        "street_type": None,
        "address2": more or None,
        "postal_code": at["postcode"] or None,
        "city": at["district"] or None,
    }


def _by_lines(lines: Iterable[str]) -> Fields:
    """An address that somebody typed: the last line has the postcode and the city if it begins with four digits."""
    rest = [line for line in lines if line]
    found = _POST_LINE.fullmatch(rest[-1]) if rest else None
    if found is not None:
        rest.pop()
    return {
        "address": rest[0] if rest else None,
        "address2": ", ".join(rest[1:]) or None,
        "postal_code": None if found is None else found[1],
        "city": None if found is None else found[2],
    }


def _contact(lines: Sequence[str] | bool | None) -> Fields:
    """The contact address. One that is sealed for us has no lines, and is not told."""
    if lines is None or isinstance(lines, bool):
        return {}
    return {f"altaddress_{name}": value for name, value in _by_lines(lines).items()}


def _codes(told: Mapping[str, Any], rules: KohaRules) -> Fields:
    found = {
        "library_id": rules.libraries.get(told.get("branch") or ""),
        "category_id": rules.categories.get(told.get("group") or ""),
    }
    return {name: code for name, code in found.items() if code is not None}


def _ended(told: Mapping[str, Any], present: KohaRecord, rules: KohaRules, on: date) -> Fields:
    """What a death, an emigration, a disappearance or a departure does, and what coming back takes back.

    The status attribute tells what was done before. What staff have done since then stays.
    """
    before = present.attribute(rules.status)
    now = told.get("status", None if before == LEFT else before)
    does, did = rules.does_at(now), rules.does_at(before)
    changes: Fields = {}
    expiry = present.fields.get("expiry_date")
    is_over = expiry is not None and expiry <= on.isoformat()
    if KohaEnding.EXPIRE in does and not is_over:
        changes["expiry_date"] = on.isoformat()
    elif KohaEnding.EXPIRE in did - does and is_over:
        changes["expiry_date"] = (on + timedelta(days=rules.renewed_days)).isoformat()
    if KohaEnding.INCORRECT_ADDRESS in does | did:
        changes["incorrect_address"] = KohaEnding.INCORRECT_ADDRESS in does
    if KohaEnding.NOTE in does | did:
        lines = _lines_of(present.fields.get("staff_notes"))
        kept = [line for line in lines if not line.startswith(_NOTE_BEGINS)]
        ours = [f"{_NOTE_BEGINS}{now}"] if KohaEnding.NOTE in does else []
        changes["staff_notes"] = "\n".join((*kept, *ours)) or None
    return changes


def _without_place(held: Mapping[str, Any], changes: Mapping[str, Any]) -> Fields:
    """The notes without the lines that name the street or the city with its postcode that stand in Koha now."""
    places = [held.get("address"), held.get("altaddress_address")]
    streets = [_bare(one) for one in places if one and len(_bare(one)) >= _STREET_LEAST]
    if held.get("postal_code") and held.get("city"):
        streets.append(f"{held['postal_code']} {held['city']}".casefold())
    kept: Fields = {}
    for name in NOTES:
        note = changes.get(name, held.get(name))
        lines = [line for line in _lines_of(note) if not any(one in line.casefold() for one in streets)]
        if note and "\n".join(lines) != note:
            kept[name] = "\n".join(lines) or None
    return kept


def _bare(street: str) -> str:
    """A street without the number of the house, as a note may name it."""
    return re.split(r"[\s,]+(?=[0-9])", street, maxsplit=1)[0].strip().casefold()


def _lines_of(note: str | None) -> list[str]:
    return (note or "").splitlines()


def _attributes(held: Sequence[Pair], told: Mapping[str, Any], rules: KohaRules) -> tuple[Pair, ...]:
    """All attributes: ours as the payload tells them, and the others as they are."""
    ours: dict[str, str | None] = {
        rules.number: told.get("number"),
        rules.municipality: told.get("municipality"),
        rules.status: told.get("status"),
    }
    ours = {code: value for code, value in ours.items() if value is not None}
    if rules.status not in ours and (rules.status, LEFT) in held:
        ours[rules.status] = None
    if "protected" in told:
        ours[rules.protected] = FLAG if told["protected"] else None
    kept = [(code, value) for code, value in held if code not in ours]
    return (*kept, *((code, value) for code, value in ours.items() if value is not None))


def _new(changes: Mapping[str, Any], rules: KohaRules) -> Fields:
    """The fields of a new patron."""
    return {
        "library_id": rules.library,
        "category_id": rules.category,
        **{name: value for name, value in changes.items() if value is not None},
    }

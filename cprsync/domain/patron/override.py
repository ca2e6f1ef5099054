"""What staff type over the register, or in its place.

A correction holds over the register, visibly, until its last day.

An override never overwrites the register's value. That value stays beside it, and is shown while the two differ. An
override does not change protection, which no one at a desk can end. A sealed patron's override is sealed as well.

Says what is in force as far as that needs no policy; `effective` says it all.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, replace
from dataclasses import field as of_dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Final

from cprsync.domain.person.age import birth_date_of, parse_birth_date
from cprsync.domain.person.canonical import text_of
from cprsync.domain.person.days import day_of
from cprsync.domain.person.municipality import Residence, code_from, culr_number_of, municipality_of, residence_of
from cprsync.domain.person.person import LINES, NUMBER_ONLY, SILENT, Birth, Gap, Protection, Status
from cprsync.domain.person.sealed import Address, Name, Sealed, has_name
from cprsync.errors import WrongValue

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping

    from cprsync.domain.person.age import BirthDate
    from cprsync.domain.person.person import Person

#: The longest line on the health card and on a label (cpr-data D).
TEXT_MAX: Final = 34
#: The longest name of a group that policy.toml allows.
GROUP_MAX: Final = 64


class Overridden(enum.Enum):
    """Fields that the register or a rule owns. Staff may correct them for a time."""

    NAME = "name"
    BIRTH_DATE = "birth_date"
    #: up to five lines
    ADDRESS = "address"
    #: kommunenummer, four digits
    MUNICIPALITY = "municipality"
    #: the patron group: pinned even if age gives another
    GROUP = "group"

    # a member is one object: the enum's own hash is slow
    __hash__ = object.__hash__


#: What is hidden if the patron is sealed.
SEALED_FIELDS: Final = frozenset({Overridden.NAME, Overridden.ADDRESS})
#: Fields whose correction may stay until staff take it back. Every other correction has a last day.
ENDLESS: Final = frozenset({Overridden.GROUP})
#: The same of somebody whom no register knows. It ends when the register begins to know them.
ENDLESS_UNREGISTERED: Final = ENDLESS | {Overridden.MUNICIPALITY}


@dataclass(frozen=True, slots=True, repr=False)
class Override:
    """One correction. `until` is the last day on which it holds; None: until it is taken back."""

    field: Overridden
    value: str | Sealed[str]
    by: str
    reason: str | Sealed[str]
    since: date
    until: date | None = None
    #: for a pinned group: the group before the pin, which counts again when the pin ends
    before: str | None = None
    #: the store's number for it; 0 before it is stored
    id: int = 0
    warned: date | None = of_dataclass(default=None, compare=False)

    def __repr__(self) -> str:
        return f"Override({self.field.value}, …)"

    def holds_on(self, day: date) -> bool:
        return self.since <= day and (self.until is None or day <= self.until)

    @property
    def text(self) -> str:
        """The open value. Raises TypeError if the value is sealed, because no rule may read a sealed one."""
        if isinstance(self.value, Sealed):
            raise TypeError("a sealed correction is read by no rule")
        return self.value

    @property
    def gives_way(self) -> date | None:
        """The first day on which the register's value counts again."""
        return None if self.until is None else self.until + timedelta(days=1)

    def warns(self, days: int) -> date | None:
        """The day on which staff are warned of its end. It is never earlier than the first day."""
        return None if self.until is None else max(self.since, self.until - timedelta(days=days))


def in_force(overrides: Iterable[Override], on: date) -> Mapping[Overridden, Override]:
    """The override that holds on a day, by field. If two hold, the later one counts; on the same day, the higher id."""
    holding = [override for override in overrides if override.holds_on(on)]
    if not holding:
        return {}  # most patrons have none, and a night asks for each change
    return {override.field: override for override in sorted(holding, key=lambda one: (one.since, one.id))}


def seal_overrides(overrides: Iterable[Override], fields: Collection[Overridden]) -> tuple[Override, ...]:
    """The same overrides, with value and reason of these fields sealed, as a view for sealed patrons shows them."""
    return tuple(
        replace(one, value=_shut(one.value), reason=_shut(one.reason)) if one.field in fields else one
        for one in overrides
    )


def _shut(text: str | Sealed[str]) -> Sealed[str]:
    return text if isinstance(text, Sealed) else Sealed(text)


def birth_in_force(person: Person, holding: Mapping[Overridden, Override]) -> BirthDate | None:
    """The birth date that counts: staff's while a correction holds, else the person's; None: there is none."""
    override = holding.get(Overridden.BIRTH_DATE)
    return birth_date_of(person, corrected=None if override is None else date.fromisoformat(override.text))


def municipality_in(holding: Mapping[Overridden, Override]) -> str | None:
    """The municipality that staff typed; None: there is no such correction."""
    override = holding.get(Overridden.MUNICIPALITY) if holding else None
    return None if override is None else override.text


def culr_in_force(person: Person, holding: Mapping[Overridden, Override]) -> str | None:
    """What CULR must hold for a patron: three digits, "" to empty the field, None to send nothing.

    Staff may know where a person lives. This is also so for a person without a CPR number: CULR knows them by their
    patron number. An annulled or a replaced number belongs to nobody in CULR, so staff's municipality is not used for
    it.
    """
    # most patrons have no correction, and a night asks about each several times
    staffs = municipality_in(holding) if holding else None
    if staffs is None or person.status in NUMBER_ONLY:
        return culr_number_of(person)
    return culr_number_of(as_if_living(person, staffs))


def municipality_in_force(person: Person, holding: Mapping[Overridden, Override]) -> str | None:
    """The municipality: staff's while a correction holds, else the one of the last known address."""
    return municipality_in(holding) or municipality_of(person)


def as_if_living(person: Person, municipality: str | None) -> Person:
    """The person as the register would describe them if staff's municipality is right.

    A status that ends residence ends it, whatever staff typed. If the register does not know the municipality, staff's
    value fills it. This is so if the register is silent, the person has disappeared, or no address came.
    """
    if municipality is None or _status_ends_residence(person):
        return person
    return replace(person, status=Status.RESIDENT, address=Address.somewhere_in(municipality))


def _status_ends_residence(person: Person) -> bool:
    return residence_of(replace(person, address=SILENT), frozenset()) is Residence.NOT_RESIDENT


def stands_in(override: Override) -> bool:
    """Whether a correction stands in place of the register, as long as that does not know the patron."""
    return override.until is None and override.field in ENDLESS_UNREGISTERED - ENDLESS


def last_day_of(
    field_: Overridden, until: date | None, *, on: date, max_days: int, endless: Collection[Overridden] = ENDLESS
) -> date | None:
    """The last day of a correction made on `on`. `endless`: which fields' may hold until it is taken back.

    Raises:
        ValueError: it needs an end and has none, is over already, or lasts longer than the policy allows.
    """
    if until is None:
        if field_ not in endless:
            raise WrongValue("a correction needs its last day: only a patron group may stay")
        return None
    if until < on:
        raise WrongValue("its last day has passed")
    if field_ not in endless and until > on + timedelta(days=max_days):
        raise WrongValue("it may hold for {days} days at most", days=max_days)
    return until


@dataclass(frozen=True, slots=True)
class CheckedAgainst:
    """What a typed value is checked against: all Danish municipalities, and the day."""

    municipalities: frozenset[str]
    today: date


def municipality_correction(code: str, *, by: str, on: date) -> Override:
    """Where somebody says that they live whom no register knows. It holds until a register knows them."""
    return Override(Overridden.MUNICIPALITY, code, by, "", on)


def typed_lines(text: str) -> list[str]:
    """The canonical lines of a typed text. Leaves out blank ones."""
    lines = [text_of(line) for line in text.splitlines()]
    return [line for line in lines if line]


def value_of(field_: Overridden, text: str, known: CheckedAgainst) -> str:
    """The canonical form of a typed value. An address may have several lines.

    Raises:
        ValueError: the value does not fit the field. The message does not quote it.
    """
    lines = typed_lines(text)
    longest = GROUP_MAX if field_ is Overridden.GROUP else TEXT_MAX
    if not lines or len(lines) > (LINES if field_ is Overridden.ADDRESS else 1):
        raise WrongValue("expected one line, or up to {lines} for an address", lines=LINES)
    if any(len(line) > longest for line in lines):
        raise WrongValue("a line is longer than {most} characters", most=longest)
    value = "\n".join(lines)
    match field_:
        case Overridden.BIRTH_DATE:
            return parse_birth_date(value, known.today).isoformat()
        case Overridden.MUNICIPALITY:
            code = code_from(value)
            if code not in known.municipalities:
                raise WrongValue("no Danish municipality of today has that code: it has four digits, as 0751")
            return code
    # any name of a group too: those of staff and institutions are on no ladder
    return value


_YES: Final = frozenset({"ja", "yes"})
_NO: Final = frozenset({"nej", "no"})


def with_name(person: Person, text: str) -> Person:
    """The same person with this name. An empty text removes the name.

    Raises:
        ValueError: it is not a name. The message does not quote it.
    """
    name = text_of(text)
    if len(name) > TEXT_MAX or "\n" in text.strip():
        raise WrongValue("expected one line of at most {most} characters", most=TEXT_MAX)
    return replace(person, name=Name(name) if name else SILENT)


def with_protection(person: Person, text: str) -> Person:
    """The same person with or without protection by staff. An empty text means no.

    Raises:
        ValueError: it is neither yes nor no.
    """
    word = text.strip().casefold()
    if word and word not in _YES | _NO:
        raise WrongValue("expected ja or nej")
    return replace(person, protection=Protection.NAME_AND_ADDRESS if word in _YES else SILENT)


def with_birth_date(person: Person, text: str, today: date) -> Person:
    """The same person with this birth date. An empty text removes it.

    Raises:
        ValueError: it is not a birth date. The message does not quote it.
    """
    typed = text.strip()
    return replace(person, birth=Birth(parse_birth_date(typed, today)) if typed else SILENT)


def _is_name(person: Person, holding: Mapping[Overridden, Override], seen: str) -> bool:
    if isinstance(person.name, Sealed):
        # the user did not see it: a refusal would tell somebody who guesses that it is another
        return True
    if (corrected := holding.get(Overridden.NAME)) is not None:
        return corrected.value == seen
    return not seen if isinstance(person.name, Gap) else has_name(person.name, seen)


def _is_birth_date(person: Person, holding: Mapping[Overridden, Override], seen: str) -> bool:
    born = birth_in_force(person, holding)
    return (None if born is None else born.day) == (day_of(seen) if seen else None)


def _is_protection(person: Person, _: Mapping[Overridden, Override], seen: str) -> bool:
    said, held = with_protection(person, seen).protection, person.protection
    return (said is Protection.NAME_AND_ADDRESS) == (held is Protection.NAME_AND_ADDRESS)


#: What writes each field, by the name of the field.
UNREGISTERED_FIELDS: Final[Mapping[str, Callable[[Person, str, date], Person]]] = {
    "name": lambda person, text, _: with_name(person, text),
    "birth_date": with_birth_date,
    "protection": lambda person, text, _: with_protection(person, text),
}
#: Whether a record shows a field as somebody saw it, by the same names: with a correction that holds, and with the
#: birth date that comes from the number alone. Raises ValueError if nothing that is shown reads so.
SHOWN_AS: Final[Mapping[str, Callable[[Person, Mapping[Overridden, Override], str], bool]]] = {
    "name": _is_name,
    "birth_date": _is_birth_date,
    "protection": _is_protection,
}

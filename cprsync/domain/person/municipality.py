"""Municipality codes, and what a code and a status mean for residence and for the net media.

Codes have four digits everywhere except in CULR, where they have three. The list with names and days is read outside
the domain, and says which codes may be typed. A rule only needs the kind of a code.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from cprsync.domain.person.municipality_codes import DANISH, GREENLANDIC, HISTORICAL
from cprsync.domain.person.person import SILENT, Person
from cprsync.domain.person.status import STATUS_RULES, Lives, NetMedia
from cprsync.errors import WrongValue

if TYPE_CHECKING:
    from collections.abc import Mapping
    from collections.abc import Set as AbstractSet
    from datetime import date

    from cprsync.domain.person.person import Silent, Status

_DIGITS: Final = 4


class Residence(enum.Enum):
    """Whether a patron lives in the library's municipalities. Unknown never counts as not resident."""

    #: lives in one of the library's municipalities
    RESIDENT = "resident"
    #: lives elsewhere, lives abroad, or is dead
    NOT_RESIDENT = "not_resident"
    #: the register has not said it
    UNKNOWN = "unknown"


class Kind(enum.Enum):
    """What a municipality code means."""

    #: a present Danish municipality, or Christiansø (0411), which is not a municipality but counts as one
    DANISH = "danish"
    #: a present or former Greenlandic municipality: both are in Greenland
    GREENLANDIC = "greenlandic"
    #: no place to live: unknown, tax and administrative numbers, and codes that are on no list
    NO_PLACE = "no_place"
    #: a Danish municipality that was merged into another: nobody lives there any more
    HISTORICAL = "historical"

    # a member is one object: the enum's own hash is slow
    __hash__ = object.__hash__


@dataclass(frozen=True, slots=True)
class Municipality:
    """One code of the list. `until` is the last day of a former municipality."""

    code: str
    name: str
    kind: Kind
    until: date | None = None


@dataclass(frozen=True, slots=True)
class Municipalities:
    """The list of codes that a library or its staff may use for a municipality."""

    by_code: Mapping[str, Municipality]

    def homes(self) -> frozenset[str]:
        """All codes that may count as residence: the present Danish ones."""
        return frozenset(code for code in self.by_code if self.mistake_in(code) is None)

    def mistake_in(self, code: str) -> WrongValue | None:
        """Why a code cannot count as a library's residence; None: it can."""
        known = self.by_code.get(code)
        if known is None:
            return WrongValue("is none of a municipality")
        if known.until is not None:
            return WrongValue("is {name}'s, which is no more since {until}", name=known.name, until=known.until)
        if known.kind is Kind.GREENLANDIC:
            return WrongValue("is {name}'s, in Greenland, which counts as living elsewhere", name=known.name)
        if known.kind is Kind.NO_PLACE:
            return WrongValue("is {name}'s, where nobody lives", name=known.name)
        return None


@dataclass(frozen=True, slots=True)
class ResidenceRule:
    """One row: what an address of this kind means, if the status lets the address decide."""

    kind: Kind | None
    lives: Lives
    net_media: NetMedia


#: By the kind of the address's code; None: there is no address.
RESIDENCE_RULES: Final[Mapping[Kind | None, ResidenceRule]] = {
    rule.kind: rule
    for rule in (
        ResidenceRule(Kind.DANISH, Lives.BY_ADDRESS, NetMedia.DIGITS),
        ResidenceRule(Kind.GREENLANDIC, Lives.ELSEWHERE, NetMedia.EMPTY),
        ResidenceRule(Kind.NO_PLACE, Lives.UNKNOWN, NetMedia.NOTHING),
        ResidenceRule(Kind.HISTORICAL, Lives.UNKNOWN, NetMedia.NOTHING),
        ResidenceRule(None, Lives.UNKNOWN, NetMedia.NOTHING),
    )
}


def kind_of(code: str) -> Kind:
    """The kind of a four-digit code. A code that is on no list is no place."""
    return _KINDS.get(code, Kind.NO_PLACE)


_KINDS: Final[Mapping[str, Kind]] = {
    **dict.fromkeys(DANISH, Kind.DANISH),
    **dict.fromkeys(GREENLANDIC, Kind.GREENLANDIC),
    **dict.fromkeys(HISTORICAL, Kind.HISTORICAL),
}


def code_from(text: str) -> str:
    """A typed municipality code with three or four digits, as four digits: `101` becomes `0101`."""
    return text.strip().zfill(_DIGITS)


def municipality_of(person: Person) -> str | None:
    """The municipality code of the last known Danish or Greenlandic address; None: no address is known."""
    return None if person.address is SILENT else person.address.municipality


def residence_of(person: Person, home: AbstractSet[str]) -> Residence:
    """Residence in the municipalities `home`. The status counts first, then the address. Greenland is never home."""
    code = municipality_of(person)
    lives = Lives.UNKNOWN if person.status is SILENT else STATUS_RULES[person.status].lives
    if lives is Lives.BY_ADDRESS:
        lives = RESIDENCE_RULES[_kind(code)].lives
    if lives is Lives.ELSEWHERE:
        return Residence.NOT_RESIDENT
    if lives is not Lives.BY_ADDRESS:
        return Residence.UNKNOWN
    return Residence.RESIDENT if code in home else Residence.NOT_RESIDENT


def culr_number_of(person: Person) -> str | None:
    """What CULR must hold (decision 11): three digits, "" to empty the field, None to send nothing.

    A person in any Danish municipality gets its three digits, also outside the library's own. It is empty for an
    emigrated or dead person, for Greenland and for status 20. If the residence is unknown, nothing is sent.
    """
    return _culr_number(person.status, municipality_of(person))


@lru_cache(maxsize=1024)
def _culr_number(status: Status | Silent, code: str | None) -> str | None:
    """The same by status and code, cached: a night asks several times about each person."""
    says = _net_media(status)
    if says is NetMedia.DIGITS:
        says = RESIDENCE_RULES[_kind(code)].net_media
    if says is NetMedia.DIGITS and code is not None:
        return code[1:]
    return "" if says is NetMedia.EMPTY else None


def _net_media(status: Status | Silent) -> NetMedia:
    return NetMedia.NOTHING if status is SILENT else STATUS_RULES[status].net_media


def _kind(code: str | None) -> Kind | None:
    return None if code is None else kind_of(code)

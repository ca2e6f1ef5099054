"""Municipality codes, and what they and a status mean for residence and for the net media.

Four digits everywhere but in CULR, which has three. The list of codes with names and days is read outside the
domain and says what may be typed; a rule asks only of which kind a code is.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from cprsync.domain.person.municipality_codes import DANISH, GREENLANDIC, HISTORICAL
from cprsync.domain.person.person import SILENT, Person
from cprsync.domain.person.status import STATUS_RULES, Lives, NetMedia
from cprsync.domain.wording import Wording

if TYPE_CHECKING:
    from collections.abc import Mapping
    from collections.abc import Set as AbstractSet
    from datetime import date

    from cprsync.domain.person.person import Silent, Status

_DIGITS: Final = 4


class Residence(enum.Enum):
    """Whether a patron lives in the library's municipalities. Unknown is never treated as not resident."""

    #: lives in one of the library's municipalities
    RESIDENT = "resident"
    #: lives elsewhere, abroad, or no longer
    NOT_RESIDENT = "not_resident"
    #: the register has not said
    UNKNOWN = "unknown"


class Kind(enum.Enum):
    """What a municipality code stands for."""

    #: a Danish municipality of today, and Christiansø (0411), which is none and counts as one
    DANISH = "danish"
    #: a Greenlandic municipality, of today or not: in Greenland all the same
    GREENLANDIC = "greenlandic"
    #: no place to live: unknown, tax, administrative numbers, and what is on no list
    NO_PLACE = "no_place"
    #: a Danish municipality that was merged into another: nobody lives there any more
    HISTORICAL = "historical"

    # a member is one object: the enum's own hash is slow
    __hash__ = object.__hash__


@dataclass(frozen=True, slots=True)
class Municipality:
    """One code of the list; `until` is the last day of one that is no more."""

    code: str
    name: str
    kind: Kind
    until: date | None = None


@dataclass(frozen=True, slots=True)
class Municipalities:
    """The list of codes: what a library or its staff may call a municipality."""

    by_code: Mapping[str, Municipality]

    def homes(self) -> frozenset[str]:
        """Every code that may count as residence: the Danish ones of today."""
        return frozenset(code for code in self.by_code if self.mistake_in(code) is None)

    def mistake_in(self, code: str) -> str | None:
        """Say why a code cannot count as a library's residence; None if it can."""
        known = self.by_code.get(code)
        if known is None:
            return "is none of a municipality"
        if known.until is not None:
            return f"is {known.name}'s, which is no more since {known.until}"
        if known.kind is Kind.GREENLANDIC:
            return f"is {known.name}'s, in Greenland, which counts as living elsewhere"
        return f"is {known.name}'s, where nobody lives" if known.kind is Kind.NO_PLACE else None


@dataclass(frozen=True, slots=True)
class ResidenceRule:
    """One row: what an address with a code of this kind means while the status lets the address decide."""

    kind: Kind | None
    what: Wording
    lives: Lives
    net_media: NetMedia
    source: Wording


#: By the kind of the address's code; None: there is no address.
RESIDENCE_RULES: Final[Mapping[Kind | None, ResidenceRule]] = {
    rule.kind: rule
    for rule in (
        ResidenceRule(
            Kind.DANISH,
            Wording(
                "en af de 98 danske kommuner, også Christiansø (0411)",
                "one of the 98 Danish municipalities, Christiansø (0411) too",
            ),
            Lives.BY_ADDRESS,
            NetMedia.DIGITS,
            Wording("CPR: kommunekoder; beslutning 11 og 13", "CPR: municipality codes; decisions 11 and 13"),
        ),
        ResidenceRule(
            Kind.GREENLANDIC,
            Wording(
                "grønlandsk kommune (0901-0961), også en nedlagt",
                "Greenlandic municipality (0901-0961), also one that is no more",
            ),
            Lives.ELSEWHERE,
            NetMedia.EMPTY,
            Wording("CPR: kommunekoder; beslutning 11", "CPR: municipality codes; decision 11"),
        ),
        ResidenceRule(
            Kind.NO_PLACE,
            Wording(
                "kode uden bopæl: 0009-0012, 0019 og 0100, og enhver, der ikke er en kommunes (en kilde, der siger en "
                "sådan, har ingen adresse: den står kun i ældre poster)",
                "code that is no place: 0009-0012, 0019 and 0100, and any that is no municipality's (a source that "
                "says one has no address: only older records have it)",
            ),
            Lives.UNKNOWN,
            NetMedia.NOTHING,
            Wording("CPR: myndighedskoder; beslutning 11", "CPR: authority codes; decision 11"),
        ),
        ResidenceRule(
            Kind.HISTORICAL,
            Wording("nedlagt dansk kommune (før 2007)", "Danish municipality that is no more (before 2007)"),
            Lives.UNKNOWN,
            NetMedia.NOTHING,
            Wording("CPR: myndighedskoder med slutdato; beslutning 11", "CPR: codes with an end date; decision 11"),
        ),
        ResidenceRule(
            None,
            Wording(
                "ingen adresse kendt (01 03 05 07 uden adresse venter på et menneske, og posten står)",
                "no address known (01 03 05 07 without one is parked, and the record stays)",
            ),
            Lives.UNKNOWN,
            NetMedia.NOTHING,
            Wording("Beslutning 1 og 11", "Decisions 1 and 11"),
        ),
    )
}


def kind_of(code: str) -> Kind:
    """The kind of a code of four digits; one that is on no list is no place."""
    return _KINDS.get(code, Kind.NO_PLACE)


_KINDS: Final[Mapping[str, Kind]] = {
    **dict.fromkeys(DANISH, Kind.DANISH),
    **dict.fromkeys(GREENLANDIC, Kind.GREENLANDIC),
    **dict.fromkeys(HISTORICAL, Kind.HISTORICAL),
}


def code_from(text: str) -> str:
    """A municipality code as typed, with three digits or four, as four: `101` is `0101`."""
    return text.strip().zfill(_DIGITS)


def municipality_of(person: Person) -> str | None:
    """The code of the last known Danish or Greenlandic address; None if none is known."""
    return None if person.address is SILENT else person.address.municipality


def residence_of(person: Person, home: AbstractSet[str]) -> Residence:
    """Residence in the municipalities `home`, by status first and address second; Greenland is never home."""
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
    """What CULR is to hold (decision 11): three digits, "" for a deliberate empty, None to send nothing.

    Living in any Danish municipality, the library's own or not: its three digits. Emigrated,
    Greenland, status 20, dead: a deliberate empty. Unknown: nothing is sent.
    """
    return _culr_number(person.status, municipality_of(person))


@lru_cache(maxsize=1024)
def _culr_number(status: Status | Silent, code: str | None) -> str | None:
    """The same for all of a status and a code: a night asks it several times about each person."""
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

"""Municipality codes, and what a code and a status mean for residence and for the net media.

Codes have four digits everywhere except in CULR, where they have three. The list with names and days is read outside
the domain, and says which codes may be typed. A rule only needs the kind of a code.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from cprsync.domain.person.person import SILENT, Person
from cprsync.domain.person.status import STATUS_RULES, Lives, NetMediaRule
from cprsync.errors import WrongValue

if TYPE_CHECKING:
    from collections.abc import Mapping
    from collections.abc import Set as AbstractSet
    from datetime import date

    from cprsync.domain.person.person import Silent, Status

#: Codes that are no place to live: unknown, tax and administrative numbers, Udbetaling Danmark.
NOT_A_RESIDENCE: Final = frozenset({"0000", "0009", "0010", "0011", "0012", "0019", "0100"})
#: Denmark's present municipalities, and Christiansø (0411).
DANISH: Final = frozenset({
    "0101", "0147", "0151", "0153", "0155", "0157", "0159", "0161", "0163", "0165", "0167", "0169", "0173", "0175",
    "0183", "0185", "0187", "0190", "0201", "0210", "0217", "0219", "0223", "0230", "0240", "0250", "0253", "0259",
    "0260", "0265", "0269", "0270", "0306", "0316", "0320", "0326", "0329", "0330", "0336", "0340", "0350", "0360",
    "0370", "0376", "0390", "0400", "0410", "0411", "0420", "0430", "0440", "0450", "0461", "0479", "0480", "0482",
    "0492", "0510", "0530", "0540", "0550", "0561", "0563", "0573", "0575", "0580", "0607", "0615", "0621", "0630",
    "0657", "0661", "0665", "0671", "0706", "0707", "0710", "0727", "0730", "0740", "0741", "0746", "0751", "0756",
    "0760", "0766", "0773", "0779", "0787", "0791", "0810", "0813", "0820", "0825", "0840", "0846", "0849", "0851",
    "0860",
})  # fmt: skip
#: Greenland's municipalities, present and from before 2009 and 2018. CULR's login broker accepts none of these.
GREENLANDIC: Final = frozenset({
    "0901", "0903", "0905", "0907", "0909", "0911", "0913", "0915", "0917", "0919", "0921", "0923", "0925", "0927",
    "0929", "0931", "0941", "0951", "0953", "0955", "0956", "0957", "0958", "0959", "0960", "0961",
})  # fmt: skip
#: Denmark's municipalities before 2007, and the earlier ones of Bornholm and Ærø. All of Greenland's are in
#: GREENLANDIC.
HISTORICAL: Final = frozenset({
    "0171", "0181", "0189", "0205", "0207", "0208", "0209", "0211", "0213", "0215", "0221", "0225", "0227", "0229",
    "0231", "0233", "0235", "0237", "0251", "0255", "0257", "0261", "0263", "0267", "0271", "0301", "0303", "0305",
    "0307", "0309", "0311", "0313", "0315", "0317", "0319", "0321", "0323", "0325", "0327", "0331", "0333", "0335",
    "0337", "0339", "0341", "0343", "0345", "0351", "0353", "0355", "0357", "0359", "0361", "0363", "0365", "0367",
    "0369", "0371", "0373", "0375", "0377", "0379", "0381", "0383", "0385", "0387", "0389", "0391", "0393", "0395",
    "0397", "0401", "0403", "0405", "0407", "0409", "0421", "0423", "0425", "0427", "0429", "0431", "0433", "0435",
    "0437", "0439", "0441", "0443", "0445", "0447", "0449", "0451", "0471", "0473", "0475", "0477", "0481", "0483",
    "0485", "0487", "0489", "0491", "0493", "0495", "0497", "0499", "0501", "0503", "0505", "0507", "0509", "0511",
    "0513", "0515", "0517", "0519", "0521", "0523", "0525", "0527", "0529", "0531", "0533", "0535", "0537", "0539",
    "0541", "0543", "0545", "0551", "0553", "0555", "0557", "0559", "0565", "0567", "0569", "0571", "0577", "0601",
    "0603", "0605", "0609", "0611", "0613", "0617", "0619", "0623", "0625", "0627", "0629", "0631", "0651", "0653",
    "0655", "0659", "0663", "0667", "0669", "0673", "0675", "0677", "0679", "0681", "0683", "0685", "0701", "0703",
    "0705", "0709", "0711", "0713", "0715", "0717", "0719", "0721", "0723", "0725", "0729", "0731", "0733", "0735",
    "0737", "0739", "0743", "0745", "0747", "0749", "0761", "0763", "0765", "0767", "0769", "0771", "0775", "0777",
    "0781", "0783", "0785", "0789", "0793", "0801", "0803", "0805", "0807", "0809", "0811", "0815", "0817", "0819",
    "0821", "0823", "0827", "0829", "0831", "0833", "0835", "0837", "0839", "0841", "0843", "0845", "0847", "0861",
})  # fmt: skip
#: Every code that the register uses for a person's place. An address with any other code counts as none.
LISTED: Final = DANISH | GREENLANDIC | HISTORICAL | NOT_A_RESIDENCE


_DIGITS: Final = 4


class Residence(enum.Enum):
    """Whether a patron lives in the library's municipalities. Unknown never counts as not resident."""

    #: lives in one of the library's municipalities
    RESIDENT = "resident"
    #: lives elsewhere, lives abroad, or is dead
    NOT_RESIDENT = "not_resident"
    #: the register has not said it
    UNKNOWN = "unknown"


class MunicipalityKind(enum.Enum):
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
    kind: MunicipalityKind
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
            return WrongValue("is not a municipality's code")
        if known.until is not None:
            return WrongValue("is {name}'s, which is no more since {until}", name=known.name, until=known.until)
        if known.kind is MunicipalityKind.GREENLANDIC:
            return WrongValue("is {name}'s, in Greenland, which counts as living elsewhere", name=known.name)
        if known.kind is MunicipalityKind.NO_PLACE:
            return WrongValue("is {name}'s, where nobody lives", name=known.name)
        return None


@dataclass(frozen=True, slots=True)
class ResidenceRule:
    """One row: what an address of this kind means, if the status lets the address decide."""

    kind: MunicipalityKind | None
    lives: Lives
    net_media: NetMediaRule


#: By the kind of the address's code; None: there is no address.
RESIDENCE_RULES: Final[Mapping[MunicipalityKind | None, ResidenceRule]] = {
    rule.kind: rule
    for rule in (
        ResidenceRule(MunicipalityKind.DANISH, Lives.BY_ADDRESS, NetMediaRule.DIGITS),
        ResidenceRule(MunicipalityKind.GREENLANDIC, Lives.ELSEWHERE, NetMediaRule.EMPTY),
        ResidenceRule(MunicipalityKind.NO_PLACE, Lives.UNKNOWN, NetMediaRule.NOTHING),
        ResidenceRule(MunicipalityKind.HISTORICAL, Lives.UNKNOWN, NetMediaRule.NOTHING),
        ResidenceRule(None, Lives.UNKNOWN, NetMediaRule.NOTHING),
    )
}


def municipality_kind_of(code: str) -> MunicipalityKind:
    """The kind of a four-digit code. A code that is on no list is no place."""
    return _KINDS.get(code, MunicipalityKind.NO_PLACE)


_KINDS: Final[Mapping[str, MunicipalityKind]] = {
    **dict.fromkeys(DANISH, MunicipalityKind.DANISH),
    **dict.fromkeys(GREENLANDIC, MunicipalityKind.GREENLANDIC),
    **dict.fromkeys(HISTORICAL, MunicipalityKind.HISTORICAL),
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
    if says is NetMediaRule.DIGITS:
        says = RESIDENCE_RULES[_kind(code)].net_media
    if says is NetMediaRule.DIGITS and code is not None:
        return code[1:]
    return "" if says is NetMediaRule.EMPTY else None


def _net_media(status: Status | Silent) -> NetMediaRule:
    return NetMediaRule.NOTHING if status is SILENT else STATUS_RULES[status].net_media


def _kind(code: str | None) -> MunicipalityKind | None:
    return None if code is None else municipality_kind_of(code)

"""The words for a right: the answer, why, and what would change it, Danish first. Holds words only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cprsync.domain.netmedia.right_rule import Answer, Change
from cprsync.domain.policy.product import LicensedBy
from cprsync.domain.wording import Wording

if TYPE_CHECKING:
    from collections.abc import Mapping

ANSWERS: Final[Mapping[Answer, Wording]] = {
    Answer.YES: Wording("ja", "yes"),
    Answer.NO: Wording("nej", "no"),
    Answer.UNDECIDED: Wording("uafklaret", "undecided"),
}
LICENCES: Final[Mapping[LicensedBy | None, Wording]] = {
    None: Wording("ligegyldigt", "either"),
    LicensedBy.MUNICIPALITY: Wording("bopælskommunens", "the municipality's"),
    LicensedBy.LIBRARY: Wording("bibliotekets", "the library's"),
}
CHANGES: Final[Mapping[Change, Wording]] = {
    Change.POLICY: Wording("når netmediets vilkår skifter", "when the net medium's terms change"),
    Change.REGISTRATION: Wording("når vedkommende melder sig ind", "when the patron registers"),
    Change.KIND: Wording("når lånertypen rettes", "when the kind of patron is corrected"),
    Change.DEATH_ANNULLED: Wording("når dødsfaldet annulleres", "when the death is annulled"),
    Change.STAYS: Wording("når låneren bliver alligevel", "when the patron stays after all"),
    Change.BLOCK: Wording("når en blokering begynder eller ophæves", "when a block begins or is lifted"),
    Change.GROUP: Wording("når låneren kommer i en anden lånergruppe", "when the patron comes into another group"),
    Change.BIRTHDAY: Wording("når låneren når en aldersgrænse", "when the patron reaches an age limit"),
    Change.BIRTH_DATE: Wording(
        "når en anden fødselsdato bliver kendt eller rettes", "when another birth date becomes known or is corrected"
    ),
    Change.RESIDENCE: Wording("når låneren får bopæl i en dansk kommune", "when the patron lives in Denmark"),
    Change.MOVE: Wording("når låneren flytter til en anden kommune", "when the patron moves to another municipality"),
    Change.NUMBER: Wording("når låneren har et gyldigt nummer", "when the patron has a valid number"),
    Change.RESIDENCE_KNOWN: Wording(
        "når registret kender bopælen, eller kommunen skrives ind ved skranken",
        "when the register knows the residence, or the municipality is typed at the desk",
    ),
    Change.LICENCE: Wording(
        "når det bliver oplyst, om kommunen har licens, eller låneren flytter",
        "when it becomes known whether that municipality holds a licence, or the patron moves",
    ),
    Change.CORRECTION: Wording(
        "når en rettelse ved skranken begynder eller udløber", "when a correction from the desk begins or ends"
    ),
    Change.LEAVES: Wording("når låneren meldes ud", "when the patron leaves the library"),
}
#: What a move does not change.
RUNNING_LOANS: Final = Wording(
    "En flytning gælder for nye lån fra den dag; lån, der er i gang, røres ikke.",
    "A move counts for new loans from that day; running loans are left alone.",
)


def with_detail(why: Wording, detail: Wording) -> Wording:
    """A rule in words, followed by what it read in brackets."""
    return Wording(f"{why.da} ({detail.da})", f"{why.en} ({detail.en})") if detail.da else why


def told(answer: Answer, why: Wording, change: Change) -> Wording:
    """The answer with its reason, what would change it, and, for a move, what it leaves alone."""
    said, when = ANSWERS[answer], CHANGES[change]
    da, en = (f" {RUNNING_LOANS.da}", f" {RUNNING_LOANS.en}") if change is Change.MOVE else ("", "")
    return Wording(
        f"{said.da.capitalize()}: {why.da}. Ændres, {when.da}.{da}",
        f"{said.en.capitalize()}: {why.en}. Changes {when.en}.{en}",
    )

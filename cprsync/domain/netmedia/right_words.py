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

#: Facts that do not change a right, though a reader may think so. Each is a row of its table, with a test of that name.
NO_MATTER: Final[Mapping[str, tuple[Wording | str, ...]]] = {
    "rights-annulled-dead": (
        Wording(
            "låneren er død, og personnummeret er siden annulleret (90, derefter 30)",
            "the patron is dead, and the number was annulled later (90, then 30)",
        ),
        LICENCES[None],
        Wording("som død: nej, og ikke uafklaret", "as dead: no, and not undecided"),
        "–",
        Wording("CPR: post 001 (status); beslutning 1", "CPR: record 001 (status); decision 1"),
    ),
    "rights-protected": (
        Wording(
            "låneren er navne- og adressebeskyttet eller forseglet af vejkode 9900-9999 eller status 03",
            "the patron has name and address protection, or is sealed by street code 9900-9999 or status 03",
        ),
        LICENCES[None],
        Wording(
            "som andre: kun kommunen læses. En dag, der følger af alderen, vises ingen steder (her, i forecast, i "
            "revisionssporet), og svaret gælder kun i dag. Ellers kunne man regne fødselsdatoen ud",
            "as others: only the municipality is read. A day that follows from the age is shown nowhere (here, in the "
            "forecast, in the audit), and the answer is for today only. Otherwise one could work out the birth date",
        ),
        "–",
        Wording("Beslutning 2 og 11", "Decisions 2 and 11"),
    ),
    "rights-running": (
        Wording(
            "e-lån, der er i gang, når retten ophører eller låneren flytter",
            "e-loans that are running when the right ends or the patron moves",
        ),
        LICENCES[None],
        Wording("røres ikke: retten gælder kun nye lån", "left alone: the right is for new loans only"),
        "–",
        Wording("CULR: kun kommunenummeret sendes; beslutning 11", "CULR: the number alone is sent; decision 11"),
    ),
    "rights-status-block": (
        Wording(
            "låneren er blokeret som død, forsvundet eller for et annulleret nummer, men er det ikke længere i "
            "registret",
            "the patron is blocked as dead, as disappeared or for an annulled number, but is no longer so in the "
            "register",
        ),
        LICENCES[None],
        Wording("som uden den blokering", "as without that block"),
        "–",
        Wording("Beslutning 11", "Decision 11"),
    ),
}


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

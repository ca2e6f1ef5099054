"""The warnings before a person is registered: one table for the desk and the rule page.

A dead or disappeared person, or an annulled number, stops a registration; for an existing patron it is only a question.
No text reveals a name, an address, or who shares one. Leaves out what is written: see `domain.deciding.decide`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cprsync.domain.deciding.decide import NUMBER_ANNULLED, WhyUnchanged
from cprsync.domain.desk.arrival import Agreement, Likeness, WarningRow
from cprsync.domain.desk.confirming import DeskWarning, Level
from cprsync.domain.patron.local import Stage
from cprsync.domain.patron.patron import RETURNING, PatronKind, Purpose
from cprsync.domain.patron.review import BIRTH_DIFFERS
from cprsync.domain.person.person import Status
from cprsync.domain.wording import Wording

if TYPE_CHECKING:
    from cprsync.domain.desk.arrival import Arrival

#: The person of the typed number has another number now.
OLD_NUMBER: Final = "old_number"
#: The former record is empty. The warning says so, because staff cannot see it there.
LEFT_BEFORE: Final = "left_before"
#: A block from before the person left is kept by the number.
BLOCK_KEPT: Final = "block.kept"
#: Values were typed that only the register decides.
TYPED_BESIDE: Final = "typed_beside"


def _parked(reason: str, da: str, en: str) -> WarningRow:
    return WarningRow(reason, Level.ASK, Wording(da, en), lambda one: one.parked == reason)


#: In the order in which they are shown.
WARNINGS: Final[tuple[WarningRow, ...]] = (
    WarningRow(
        "somebody_else",
        Level.STOP,
        Wording(
            "Hverken navn eller fødselsdato er dem på posten: nummeret er nok en andens.",
            "Neither name nor birth date are those on the record: the number is probably someone else's.",
        ),
        lambda one: one.like is not None and one.like.agrees_on_nothing,
    ),
    WarningRow(
        "nothing_to_compare",
        Level.STOP,
        Wording(
            "Posten har hverken navn eller fødselsdato at sammenligne med.",
            "The record has neither a name nor a birth date to compare with.",
        ),
        lambda one: one.like is not None and one.like.says_nothing,
    ),
    WarningRow(
        "name_sealed",
        Level.STOP,
        Wording(
            "En af de to er beskyttet: navn og fødselsdato sammenlignes ikke her. Se legitimation.",
            "One of the two is protected: name and birth date are not compared here. Look at a proof of identity.",
        ),
        lambda one: one.like is not None and one.like.is_sealed,
    ),
    WarningRow(
        "age_differs",
        Level.STOP,
        Wording(
            "Alderen er en anden end den på posten: nummeret er nok en andens.",
            "The age is another than the one on the record: the number is probably someone else's.",
        ),
        lambda one: one.like == Likeness(Agreement.SEALED, Agreement.DIFFERS),
    ),
    WarningRow(
        "not_verified",
        Level.STOP,
        Wording(
            "CPR svarer ikke: ingen har set, hvem nummeret tilhører.",
            "The register does not answer: nobody has seen whose number it is.",
        ),
        lambda one: one.is_unanswered,
    ),
    WarningRow(
        "name_differs",
        Level.ASK,
        Wording(
            "Navnet er et andet end det på posten; fødselsdatoen er den samme.",
            "The name is another than the one on the record; the birth date is the same.",
        ),
        lambda one: one.agrees(Agreement.DIFFERS, Agreement.AGREES),
    ),
    WarningRow(
        "birth_date_differs",
        Level.ASK,
        Wording(
            "Fødselsdatoen er en anden end den på posten; navnet er det samme.",
            "The birth date is another than the one on the record; the name is the same.",
        ),
        lambda one: one.agrees(Agreement.AGREES, Agreement.DIFFERS),
    ),
    WarningRow(
        "both_patrons",
        Level.ASK,
        Wording(
            "En anden låner har nummeret: siger du ja, venter de to på, at et menneske lægger dem sammen.",
            "Another patron has the number: if you say yes, the two wait for a person to merge them.",
        ),
        lambda one: one.is_taken,
    ),
    WarningRow(
        "dead",
        Level.STOP,
        Wording("CPR siger, at personen er død.", "The register says that the person is dead."),
        lambda one: one.has(Status.DEAD),
        of_borrower=Level.ASK,
    ),
    WarningRow(
        NUMBER_ANNULLED,
        Level.STOP,
        Wording("Personnummeret er annulleret i CPR.", "The number is annulled in the register."),
        lambda one: one.has(Status.ANNULLED),
        of_borrower=Level.ASK,
    ),
    WarningRow(
        "disappeared",
        Level.STOP,
        Wording("CPR siger, at personen er forsvundet.", "The register says that the person has disappeared."),
        lambda one: one.has(Status.DISAPPEARED),
        of_borrower=Level.ASK,
    ),
    WarningRow(
        "no_residence",
        Level.ASK,
        Wording(
            "Nummeret er givet af hensyn til skat: personen har ingen bopæl i Danmark.",
            "The number was given for taxes: the person has no residence in Denmark.",
        ),
        lambda one: one.has(Status.NO_RESIDENCE),
        of_borrower=Level.NOTE,
    ),
    WarningRow(
        "emigrated",
        Level.ASK,
        Wording(
            "Personen er udrejst og har ingen bopæl i Danmark.",
            "The person has emigrated and has no residence in Denmark.",
        ),
        lambda one: one.has(Status.EMIGRATED),
        of_borrower=Level.NOTE,
    ),
    WarningRow(
        OLD_NUMBER,
        Level.ASK,
        Wording(
            "Nummeret er skiftet ud, og det nye er slået op: bed om at se det nye sundhedskort.",
            "The number was replaced, and the new one was looked up: ask to see the new health card.",
        ),
        lambda one: one.is_old_number,
    ),
    WarningRow(
        "patron",
        Level.NOTE,
        Wording(
            "Personen er allerede låner: posten opdateres.", "The person is a patron already: the record is updated."
        ),
        lambda one: one.is_known and one.patron.borrows and not one.changes_nothing,
        is_about_writing=True,
    ),
    WarningRow(
        "patron_same",
        Level.NOTE,
        Wording(
            "Personen er allerede låner: intet på posten ændres.",
            "The person is a patron already: nothing on the record changes.",
        ),
        lambda one: one.is_known and one.patron.borrows and one.changes_nothing,
        is_about_writing=True,
    ),
    WarningRow(
        "answers_only",
        Level.ASK,
        Wording(
            "Personen er i dag kun økonomisk ansvarlig for en mindreårig og bliver nu selv låner.",
            "Until today the person only answers for a minor, and now becomes a borrower.",
        ),
        lambda one: one.is_known and not one.patron.borrows and one.purpose in RETURNING,
        is_about_writing=True,
    ),
    WarningRow(
        "leaving",
        Level.ASK,
        Wording(
            "Låneren er ved at blive meldt ud: registreringen tager udmeldelsen tilbage.",
            "The patron is leaving: the registration takes that back.",
        ),
        lambda one: one.stage is Stage.LEAVING and one.purpose in RETURNING,
        is_about_writing=True,
    ),
    WarningRow(
        LEFT_BEFORE,
        Level.NOTE,
        Wording(
            "Personen har tidligere været låner: det bliver en ny post med et nyt lånernummer.",
            "The person was a patron before: this is a new record with another patron number.",
        ),
        lambda one: one.left_before,
        is_about_writing=True,
    ),
    WarningRow(
        BLOCK_KEPT,
        Level.ASK,
        Wording(
            "Personen blev meldt ud med en blokering. Blokeringen følger med nummeret til posten.",
            "The person left with a block. The block comes with the number to the record.",
        ),
        lambda one: bool(one.kept_blocks),
    ),
    WarningRow(
        "other_purpose",
        Level.ASK,
        Wording(
            "Personen er ikke låner, men bliver det nu, selv om opslaget har et andet formål end registrering.",
            "The person is no patron and becomes one now, though the purpose of the look-up is another one.",
        ),
        lambda one: not one.is_known and one.purpose in {Purpose.CORRECTION, Purpose.DEBT},
        is_about_writing=True,
    ),
    WarningRow(
        "guardian",
        Level.NOTE,
        Wording(
            "Formålet er værge: personen får en post uden lånerret. Knyt den til barnet med "
            "`cprsync patron responsible`.",
            "The purpose is guardian: the person gets a record without borrowing rights. Link it to the child with "
            "`cprsync patron responsible`.",
        ),
        lambda one: not one.is_known and one.purpose is Purpose.GUARDIAN,
        is_about_writing=True,
    ),
    WarningRow(
        "no_number",
        Level.NOTE,
        Wording(
            "Uden CPR-nummer følger ingen ændringer fra CPR: navn og adresse skriver biblioteket selv.",
            "Without a CPR number no change comes from the register: the library writes name and address itself.",
        ),
        lambda one: one.is_unknown,
    ),
    WarningRow(
        "birth_unknown",
        Level.ASK,
        Wording(
            "Fødselsdatoen er ukendt: lånergruppen følger ikke alderen. Spørg, og skriv den nu eller senere med "
            "`cprsync patron set ID birth_date`.",
            "The birth date is unknown: the patron group does not follow age. Ask, and type it now or later with "
            "`cprsync patron set ID birth_date`.",
        ),
        lambda one: one.is_unknown and one.of_age is None and one.patron.kind is PatronKind.PERSON,
    ),
    WarningRow(
        TYPED_BESIDE,
        Level.NOTE,
        Wording(
            "CPR's navn, adresse og fødselsdato gælder: det, der er skrevet af dem, kommer ikke på posten.",
            "The register's name, address and birth date count: what was typed of them does not come to the record.",
        ),
        lambda one: one.typed_beside,
    ),
    WarningRow(
        "minor",
        Level.ASK,
        Wording(
            "Personen er under 18, og ingen er skrevet op som økonomisk ansvarlig.",
            "The person is under 18, and nobody is entered who answers for their debts.",
        ),
        lambda one: one.is_minor and not one.is_answered_for and one.purpose is not Purpose.GUARDIAN,
        is_about_writing=True,
    ),
    WarningRow(
        "protected",
        Level.NOTE,
        Wording(
            "Navn og adresse er beskyttet: sig dem ikke højt, og spørg, hvor breve skal hen.",
            "Name and address are protected: do not say them aloud, and ask where letters are to go.",
        ),
        lambda one: one.patron.register.is_shut,
    ),
    WarningRow(
        "protection_unknown",
        Level.NOTE,
        Wording(
            "CPR har ikke sagt, om personen er beskyttet: navn og adresse vises ikke.",
            "The register has not said whether the person is protected: name and address are not shown.",
        ),
        lambda one: one.is_sealed_by_silence,
    ),
    WarningRow(
        "household",
        Level.NOTE,
        Wording(
            "Adressen er beskyttet af hensyn til en anden: den vises ikke og siges ikke højt.",
            "The address is protected for the sake of someone else: it is not shown, and not to be said aloud.",
        ),
        lambda one: one.in_household,
    ),
    WarningRow(
        BIRTH_DIFFERS,
        Level.NOTE,
        Wording(
            "Fødselsdatoen i CPR er en anden end den i nummeret: CPR's gælder.",
            "The register's birth date is another than the one in the number: the register's counts.",
        ),
        lambda one: one.changes_birth_date,
    ),
    WarningRow(
        WhyUnchanged.OLDER.value,
        Level.NOTE,
        Wording(
            "Posten er nyere end svaret fra CPR og ændres ikke.",
            "The record is newer than the register's answer and stays as it is.",
        ),
        lambda one: one.is_older,
    ),
    _parked(
        "address.missing",
        "CPR har ingen adresse, hvor der skal være en: svaret kan ikke bruges.",
        "The register has no address where there has to be one: the answer cannot be used.",
    ),
    _parked(
        "status.missing",
        "CPR siger ikke, om personen bor i Danmark: svaret kan ikke bruges.",
        "The register does not say whether the person lives in Denmark: the answer cannot be used.",
    ),
    _parked(
        "number.unresolved",
        "Nummeret er skiftet ud: låneren får det nye med en af de næste nætters leverancer.",
        "The number was replaced: the patron gets the new one with a delivery of the next nights.",
    ),
    _parked(
        "name.lost",
        "CPR har intet navn til en, hvis navn er kendt: svaret kan ikke bruges.",
        "The register has no name for someone whose name is known: the answer cannot be used.",
    ),
)


#: The register does not know the number: there is nothing to write.
UNKNOWN_NUMBER: Final = DeskWarning(
    "register.no_such_person",
    Level.STOP,
    Wording("CPR kender ikke nummeret.", "The register does not know the number."),
)


def warnings_about(arrival: Arrival, *, writes: bool = True) -> tuple[DeskWarning, ...]:
    """All warnings about a person: before a write, or in a look-up that only shows."""
    seen = (row for row in WARNINGS if row.when(arrival) and (writes or not row.is_about_writing))
    return tuple(row.of(arrival) for row in seen)


def warning_of(kind: str) -> DeskWarning:
    """The warning of a kind, with its level for a new patron."""
    return next(DeskWarning(row.kind, row.level, row.text) for row in WARNINGS if row.kind == kind)

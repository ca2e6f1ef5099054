"""What is to be seen about someone before they are registered, how loud it is, and that no text gives anybody away."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from people import dies, emigrates, gains_protection, patron, person
from printed import danish

from cprsync.catalogues import rule_words
from cprsync.domain.desk.arrival import (
    Ages,
    Agreement,
    Arrival,
    Likeness,
    ages_of,
    comes_of_age,
    likeness_of,
    sealed_likeness_of,
)
from cprsync.domain.desk.confirming import TAKING_BACK, WarningLevel
from cprsync.domain.desk.registering import WARNINGS, warning_of, warnings_about
from cprsync.domain.patron.local import Block, Stage
from cprsync.domain.patron.override import Overridden, Override
from cprsync.domain.patron.patron import PatronKind, Purpose, may_make_borrower
from cprsync.domain.person.age import LeapDay
from cprsync.domain.person.number import CprNumber
from cprsync.domain.person.person import EMPTY, SILENT, Person, Status, silence_by_status
from cprsync.domain.person.sealed import Name

TODAY = date(2027, 3, 23)
AGREES, DIFFERS, UNKNOWN, SEALED = Agreement


def having(status: Status) -> Person:
    return silence_by_status(replace(person("ANNA"), status=status))


def arrives(one: Person | None = None, **deviations: Any) -> Arrival:
    """Someone new who lives in the library's municipality, and of whom nothing is special."""
    stored = patron("ANNA") if one is None else replace(patron("ANNA"), register=one)
    kind = deviations.pop("kind", PatronKind.PERSON)
    return replace(
        Arrival(replace(stored, kind=kind), Purpose.REGISTRATION, of_age=date(2003, 4, 4), today=TODAY), **deviations
    )


def known(one: Person | None = None, **deviations: Any) -> Arrival:
    return arrives(one, is_known=True, **deviations)


def seen(arrival: Arrival) -> dict[str, WarningLevel]:
    return {one.kind: one.level for one in warnings_about(arrival)}


def test_of_a_new_patron_of_whom_nothing_is_special_nothing_is_said() -> None:
    assert seen(arrives()) == {}


ONLY_ANSWERS = {"kind": PatronKind.RESPONSIBLE}
#: Each row: of whom it is true, how loud, and of a borrower whose record is only updated.
CASES: dict[str, tuple[Arrival, WarningLevel, WarningLevel | None]] = {
    "somebody_else": (known(like=Likeness(DIFFERS, DIFFERS)), WarningLevel.STOP, WarningLevel.STOP),
    "nothing_to_compare": (known(like=Likeness(UNKNOWN, UNKNOWN)), WarningLevel.STOP, WarningLevel.STOP),
    "name_sealed": (known(like=Likeness(SEALED, AGREES)), WarningLevel.STOP, WarningLevel.STOP),
    "age_differs": (known(like=Likeness(SEALED, DIFFERS)), WarningLevel.STOP, WarningLevel.STOP),
    "not_verified": (known(is_unanswered=True), WarningLevel.STOP, WarningLevel.STOP),
    "name_differs": (known(like=Likeness(DIFFERS, AGREES)), WarningLevel.ASK, WarningLevel.ASK),
    "birth_date_differs": (known(like=Likeness(AGREES, DIFFERS)), WarningLevel.ASK, WarningLevel.ASK),
    "name_not_as_said": (known(is_named_otherwise=True), WarningLevel.ASK, WarningLevel.ASK),
    "both_patrons": (known(is_taken=True), WarningLevel.ASK, WarningLevel.ASK),
    "dead": (arrives(dies(person("ANNA"))), WarningLevel.STOP, WarningLevel.ASK),
    "number.annulled": (arrives(having(Status.ANNULLED)), WarningLevel.STOP, WarningLevel.ASK),
    "disappeared": (arrives(having(Status.DISAPPEARED)), WarningLevel.STOP, WarningLevel.ASK),
    "no_residence": (arrives(having(Status.NO_RESIDENCE)), WarningLevel.ASK, WarningLevel.NOTE),
    "emigrated": (arrives(emigrates(person("ANNA"))), WarningLevel.ASK, WarningLevel.NOTE),
    "old_number": (arrives(is_old_number=True), WarningLevel.ASK, WarningLevel.ASK),
    "patron": (known(), WarningLevel.NOTE, WarningLevel.NOTE),
    "patron_same": (known(changes_nothing=True), WarningLevel.NOTE, WarningLevel.NOTE),
    "answers_only": (known(**ONLY_ANSWERS), WarningLevel.ASK, None),
    "leaving": (known(stage=Stage.LEAVING), WarningLevel.ASK, WarningLevel.ASK),
    "left_before": (arrives(left_before=True), WarningLevel.NOTE, None),
    "block.kept": (arrives(kept_blocks=(Block(TODAY, "Gebyrer"),)), WarningLevel.ASK, WarningLevel.ASK),
    "other_purpose": (arrives(purpose=Purpose.DEBT), WarningLevel.ASK, None),
    "guardian": (arrives(purpose=Purpose.GUARDIAN), WarningLevel.NOTE, None),
    "provisional": (arrives(is_provisional=True), WarningLevel.ASK, WarningLevel.ASK),
    "namesake": (arrives(has_namesake=True), WarningLevel.ASK, WarningLevel.ASK),
    "no_number": (arrives(is_unknown=True), WarningLevel.NOTE, WarningLevel.NOTE),
    "birth_unknown": (arrives(is_unknown=True, of_age=None), WarningLevel.ASK, WarningLevel.ASK),
    "typed_beside": (arrives(typed_beside=True), WarningLevel.NOTE, WarningLevel.NOTE),
    "minor": (arrives(of_age=date(2027, 3, 24)), WarningLevel.ASK, WarningLevel.ASK),
    "protected": (arrives(gains_protection(person("ANNA"))), WarningLevel.NOTE, WarningLevel.NOTE),
    "protection_ending": (arrives(protection_doubted=True), WarningLevel.NOTE, WarningLevel.NOTE),
    "protection_unknown": (arrives(is_sealed_by_silence=True), WarningLevel.NOTE, WarningLevel.NOTE),
    "household": (arrives(in_household=True), WarningLevel.NOTE, WarningLevel.NOTE),
    "birth.differs": (arrives(changes_birth_date=True), WarningLevel.NOTE, WarningLevel.NOTE),
    "older": (known(is_older=True), WarningLevel.NOTE, WarningLevel.NOTE),
    "address.missing": (arrives(parked="address.missing"), WarningLevel.ASK, WarningLevel.ASK),
    "status.missing": (arrives(parked="status.missing"), WarningLevel.ASK, WarningLevel.ASK),
    "number.unresolved": (known(parked="number.unresolved"), WarningLevel.ASK, WarningLevel.ASK),
    "name.lost": (known(parked="name.lost"), WarningLevel.ASK, WarningLevel.ASK),
}


#: Each row's sentence and source, written out once more.
SAYS: dict[str, tuple[str, str]] = {
    "somebody_else": (
        "Hverken navn eller fødselsdato er dem på posten: nummeret er nok en andens.",
        "Beslutning 6 og 40",
    ),
    "nothing_to_compare": (
        "Posten har hverken navn eller fødselsdato at sammenligne med.",
        "Beslutning 6 og 40",
    ),
    "name_sealed": (
        "Et af de to navne er skjult: navn og fødselsdato sammenlignes ikke her. Se legitimation.",
        "Beslutning 2 og 40",
    ),
    "age_differs": (
        "Alderen er en anden end den på posten: nummeret er nok en andens.",
        "Beslutning 6 og 40",
    ),
    "not_verified": (
        "CPR svarer ikke: ingen har set, hvem nummeret tilhører.",
        "Beslutning 6 og 40",
    ),
    "name_differs": (
        "Navnet er et andet end det på posten; fødselsdatoen er den samme.",
        "Beslutning 6 og 40",
    ),
    "birth_date_differs": (
        "Fødselsdatoen er en anden end den på posten; navnet er det samme.",
        "Beslutning 6 og 40",
    ),
    "name_not_as_said": (
        (
            "CPR svarer et andet navn, end låneren sagde ved indmeldelsen. Dit ja skriver CPR's svar, og en sag "
            "spørger, om det er den samme person."
        ),
        "Beslutning 32 og 40",
    ),
    "both_patrons": (
        "En anden låner har nummeret: siger du ja, bliver de to til en sag, som personalet afgør.",
        "Beslutning 6 og 40",
    ),
    "dead": (
        "CPR siger, at personen er død.",
        "CPR: post 001 (status); beslutning 40",
    ),
    "number.annulled": (
        "CPR-nummeret er annulleret i CPR.",
        "CPR: post 001 (status); beslutning 40",
    ),
    "disappeared": (
        "CPR siger, at personen er forsvundet.",
        "CPR: post 001 (status); beslutning 40",
    ),
    "no_residence": (
        "Nummeret er givet af hensyn til skat: personen har ingen bopæl i Danmark.",
        "CPR: post 001 (status); beslutning 40",
    ),
    "emigrated": (
        "Personen er udrejst og har ingen bopæl i Danmark.",
        "CPR: post 001 (status); beslutning 40",
    ),
    "old_number": (
        "Nummeret er skiftet ud, og det nye er slået op: bed om at se det nye sundhedskort.",
        "Beslutning 6 og 40",
    ),
    "patron": (
        "Personen er allerede låner: posten opdateres.",
        "Beslutning 40",
    ),
    "patron_same": (
        "Personen er allerede låner: intet på posten ændres.",
        "Beslutning 40",
    ),
    "answers_only": (
        "Personen er i dag kun økonomisk ansvarlig for en mindreårig og bliver nu selv låner.",
        "Beslutning 40",
    ),
    "leaving": (
        "Låneren er ved at blive meldt ud: indmeldelsen tager udmeldelsen tilbage.",
        "Beslutning 40",
    ),
    "left_before": (
        "Personen har tidligere været låner: det bliver en ny post med et nyt lånernummer.",
        "Beslutning 40",
    ),
    "block.kept": (
        "Personen blev meldt ud med en blokering. Blokeringen følger med nummeret til posten.",
        "Beslutning 40",
    ),
    "other_purpose": (
        "Personen er ikke låner, men bliver det nu, selv om opslaget har et andet formål end indmeldelse.",
        "Beslutning 40",
    ),
    "guardian": (
        "Formålet er økonomisk ansvarlig: personen får en post uden lånerret. Skriv den på barnets post.",
        "Beslutning 40",
    ),
    "provisional": (
        "CPR svarer ikke. Indmeldelsen er foreløbig, til CPR har svaret: bed om sundhedskort eller anden legitimation.",
        "Beslutning 2, 32 og 40",
    ),
    "namesake": (
        "Der er en låner med samme navn og fødselsdato: er det den samme person, så brug den post, der er.",
        "Beslutning 40",
    ),
    "no_number": (
        "Uden CPR-nummer følger ingen ændringer fra CPR: navn og adresse skriver biblioteket selv.",
        "Beslutning 40",
    ),
    "birth_unknown": (
        "Fødselsdatoen er ukendt: lånergruppen følger ikke alderen. Spørg, og skriv den nu eller senere.",
        "Beslutning 40",
    ),
    "typed_beside": (
        "CPR's navn, adresse og fødselsdato gælder: det, der er skrevet af dem, kommer ikke på posten.",
        "Beslutning 1 og 40",
    ),
    "minor": (
        "Personen er under 18, og ingen er skrevet op som økonomisk ansvarlig.",
        "Værgemålsloven § 1; beslutning 40",
    ),
    "protected": (
        "Navn og adresse er beskyttet: sig dem ikke højt, og spørg, hvor breve skal hen.",
        "Beslutning 2 og 40",
    ),
    "protection_ending": (
        (
            "CPR siger ikke længere, at personen er beskyttet. Efter dit ja spørger natkørslen igen, "
            "og indtil da er alt skjult."
        ),
        "Beslutning 2 og 35",
    ),
    "protection_unknown": (
        "CPR har ikke sagt, om personen er beskyttet: navn og adresse vises ikke.",
        "Beslutning 2 og 40",
    ),
    "household": (
        "Adressen er beskyttet af hensyn til en anden: den vises ikke og siges ikke højt.",
        "Beslutning 2 og 40",
    ),
    "birth.differs": (
        "Fødselsdatoen i CPR er en anden end den i nummeret: CPR's gælder.",
        "Beslutning 1 og 40",
    ),
    "older": (
        "Posten er nyere end svaret fra CPR og ændres ikke.",
        "Beslutning 1 og 40",
    ),
    "address.missing": (
        "CPR har ingen adresse, hvor der skal være en: svaret kan ikke bruges.",
        "Beslutning 1 og 40",
    ),
    "status.missing": (
        "CPR siger ikke, om personen bor i Danmark: svaret kan ikke bruges.",
        "Beslutning 1 og 40",
    ),
    "number.unresolved": (
        "Nummeret er skiftet ud: låneren får det nye med en af de næste nætters leverancer.",
        "Beslutning 1 og 40",
    ),
    "name.lost": (
        "CPR har intet navn til en, hvis navn er kendt: svaret kan ikke bruges.",
        "Beslutning 1 og 40",
    ),
}
#: What is said only where something is written.
ABOUT_WRITING = frozenset(
    {"patron", "patron_same", "answers_only", "leaving", "left_before", "other_purpose", "guardian", "minor"}
)


def test_every_warning_has_a_case() -> None:
    assert list(CASES) == list(SAYS) == [row.kind for row in WARNINGS]


@pytest.mark.parametrize("kind", CASES, ids=lambda kind: f"desk-{kind.replace('.', '-').replace('_', '-')}")
def test_a_warning_is_as_loud_as_its_row_says(kind: str) -> None:
    arrival, level, updated = CASES[kind]
    others = {"patron"} if arrival.is_known and arrival.patron.borrows and not arrival.changes_nothing else set()
    if kind == "birth_unknown":
        others = {*others, "no_number"}
    if kind == "age_differs":
        others = {*others, "name_sealed"}  # the age is what is left to compare
    assert set(seen(arrival)) == {kind} | others
    if updated is None or arrival.begins:
        assert seen(arrival)[kind] is level
    if updated is not None:
        assert seen(replace(arrival, is_known=True))[kind] is updated
    if arrival.like is not None:
        assert (
            seen(replace(arrival, patron=replace(arrival.patron, register=dies(person("ANNA")))))["dead"]
            is WarningLevel.STOP
        )
    key = f"desk-{kind.replace('.', '-').replace('_', '-')}"
    words = {
        WarningLevel.NOTE: "til orientering",
        WarningLevel.ASK: "spørg først",
        WarningLevel.STOP: "stop: kun med en begrundelse",
    }
    text = rule_words(next(one.text for one in warnings_about(arrival) if one.kind == kind))
    sentence, source = SAYS[kind]
    assert text.da == sentence
    assert danish(key) == (sentence, words[level], words[updated or level], source)
    assert (kind in {one.kind for one in warnings_about(arrival, writes=False)}) is (kind not in ABOUT_WRITING)


@pytest.mark.parametrize(
    ("arrival", "kind"),
    [
        (known(stage=Stage.LEAVING, purpose=Purpose.DEBT), "leaving"),
        (known(purpose=Purpose.DEBT, **ONLY_ANSWERS), "answers_only"),
        (known(purpose=Purpose.GUARDIAN, **ONLY_ANSWERS), "answers_only"),
        (known(purpose=Purpose.DEBT), "other_purpose"),
        (known(purpose=Purpose.GUARDIAN), "guardian"),
        (arrives(of_age=TODAY), "minor"),
        (arrives(of_age=None), "birth_unknown"),
        (arrives(is_unknown=True), "birth_unknown"),
        (arrives(is_unknown=True, of_age=None, kind=PatronKind.INSTITUTION), "birth_unknown"),
        (arrives(of_age=None), "minor"),
        (arrives(of_age=date(2030, 1, 1), is_answered_for=True), "minor"),
        (arrives(of_age=date(2030, 1, 1), purpose=Purpose.GUARDIAN), "minor"),
    ],
)
def test_what_is_not_so_is_not_said(arrival: Arrival, kind: str) -> None:
    assert kind not in seen(arrival)


def test_a_look_up_that_writes_nothing_says_nothing_about_writing() -> None:
    arrival = known(dies(person("ANNA")), stage=Stage.LEAVING)
    assert [one.kind for one in warnings_about(arrival, writes=False)] == ["dead"]


@pytest.mark.parametrize("row", WARNINGS, ids=lambda row: row.kind)
def test_no_warning_has_a_place_for_a_value(row: Any) -> None:
    """A name or an address could only come in through braces."""
    for text in rule_words(row.of(arrives()).text).document().values():
        assert "{" not in text
        assert text.endswith(".")
        assert " hun " not in f" {text.lower()}"


def test_a_warning_of_a_kind_is_that_of_somebody_new() -> None:
    assert warning_of("dead").level is WarningLevel.STOP


@pytest.mark.parametrize("purpose", Purpose)
def test_a_guardian_is_never_made_a_borrower(purpose: Purpose) -> None:
    assert may_make_borrower(purpose) is (purpose is not Purpose.GUARDIAN)


def test_the_dead_come_of_age_no_more() -> None:
    young = replace(patron("ANNA"), register=dies(person("ANNA")))
    assert comes_of_age(young, TODAY, LeapDay.MARCH) is None
    assert comes_of_age(patron("ANNA"), TODAY, LeapDay.MARCH) == date(2003, 5, 4)


@pytest.mark.parametrize("birth", Agreement)
def test_where_one_is_protected_no_warning_tells_of_a_name_or_a_date(birth: Agreement) -> None:
    told = set(seen(known(like=Likeness(SEALED, birth))))
    assert told - {"age_differs"} == {"patron", "name_sealed"}


def test_where_one_is_protected_only_ages_are_compared() -> None:
    """Two names and two days of one year: the comparison cannot tell them apart."""
    ours = replace(patron("ANNA"), register=replace(person("ANNA"), name=Name("Ane Skov")))
    ages = ages_of(ours, gains_protection(person("ANNA")), TODAY, LeapDay.MARCH)
    assert (ages, sealed_likeness_of(ages)) == (Ages(41, 41), Likeness(SEALED, AGREES))
    corrected = Override(Overridden.BIRTH_DATE, "1950-05-05", "lone", "saw it", TODAY, TODAY)
    older = ages_of(replace(ours, overrides=(corrected,)), person("ANNA"), TODAY, LeapDay.MARCH)
    assert (older, older.agreement) == (Ages(76, 41), DIFFERS)
    letters = replace(patron("ANNA"), register=Person(CprNumber.parse_any("040585KOT1")))
    nobody = ages_of(letters, person("ANNA"), TODAY, LeapDay.MARCH)
    assert (nobody.ours, nobody.agreement) == (None, UNKNOWN)


# -- taken back ------------------------------------------------------------------------------------------------------


def test_what_is_said_before_a_number_is_taken_back_names_nobody() -> None:
    assert {one.kind: one.level for one in TAKING_BACK} == {
        "as_before": WarningLevel.ASK,
        "staff_stays": WarningLevel.NOTE,
    }
    assert all(text and "{" not in text for one in TAKING_BACK for text in rule_words(one.text).document().values())


# -- whose number it is --------------------------------------------------------------------------------------------


def called(name: str) -> Person:
    return replace(person("ANNA"), name=Name(name))


@pytest.mark.parametrize(
    ("ours", "theirs", "name"),
    [
        (called("Mette Skovgaard"), person("ANNA"), AGREES),
        (called("mette marie SKOVGAARD"), gains_protection(person("ANNA")), AGREES),
        (called("Mette Aagaard"), person("ANNA"), DIFFERS),
        (called("Ane Skovgaard"), person("ANNA"), DIFFERS),
        (called(""), person("ANNA"), DIFFERS),
        (replace(person("ANNA"), name=EMPTY), person("ANNA"), UNKNOWN),
        (person("ANNA"), replace(person("ANNA"), name=SILENT), UNKNOWN),
    ],
)
def test_names_are_alike_by_their_first_and_last_word_also_of_the_protected(
    ours: Person, theirs: Person, name: Agreement
) -> None:
    stored = replace(patron("ANNA"), register=ours)
    assert likeness_of(stored, theirs, TODAY) == Likeness(name, AGREES)


def test_a_birth_date_is_the_one_that_counts_on_either_side() -> None:
    """A number made by a library says a date too; one with letters says none."""
    made = replace(patron("ANNA"), register=Person(CprNumber("6405850670")))
    letters = replace(patron("ANNA"), register=Person(CprNumber.parse_any("040585KOT1")))
    assert likeness_of(made, person("ANNA"), TODAY).birth is AGREES
    assert likeness_of(made, person("BO"), TODAY).birth is DIFFERS
    assert likeness_of(letters, person("ANNA"), TODAY) == Likeness(UNKNOWN, UNKNOWN)
    corrected = Override(Overridden.BIRTH_DATE, "1985-05-05", "lone", "saw it", TODAY, TODAY)
    assert likeness_of(replace(made, overrides=(corrected,)), person("ANNA"), TODAY).birth is DIFFERS


@pytest.mark.parametrize("like", [Likeness(DIFFERS, UNKNOWN), Likeness(UNKNOWN, DIFFERS)])
def test_where_one_differs_and_the_other_cannot_be_compared_it_is_somebody_else(like: Likeness) -> None:
    assert seen(known(like=like))["somebody_else"] is WarningLevel.STOP


@pytest.mark.parametrize("like", [Likeness(AGREES, AGREES), Likeness(AGREES, UNKNOWN), Likeness(UNKNOWN, AGREES)])
def test_where_something_agrees_and_nothing_differs_nothing_is_said(like: Likeness) -> None:
    assert set(seen(known(like=like))) == {"patron"}

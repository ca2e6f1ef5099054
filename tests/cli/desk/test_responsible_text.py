"""What `patron responsible` answers: a sentence that says who answers for whom, and no name that is protected."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from catalogues import WORDS

from cprsync.cli.desk.changing import link_line, responsible_lines
from cprsync.domain.patron.responsible import RESPONSIBLES_MAX
from cprsync.language.lending import statement_lines
from cprsync.services.lending.standing import Statement


@pytest.mark.parametrize(
    ("known", "danish", "english"),
    [
        (
            {"name": "Rikke Holm"},
            "Rikke Holm (lånernummer 20000000) er nu ",
            "Rikke Holm (patron number 20000000) now ",
        ),
        ({"name": None}, "Låner 20000000 er nu ", "Patron 20000000 now "),
        (
            {"name": None, "sealed": True},
            "Låner 20000000 (navnet er skjult) er nu ",
            "Patron 20000000 (the name is hidden) now ",
        ),
    ],
)
def test_who_answers_for_whom_is_a_sentence(known: dict[str, Any], danish: str, english: str) -> None:
    document = {"patron": "10000000", "responsible": "20000000", "outcome": "added", **known}
    assert link_line(document, "da") == (
        f"{danish}økonomisk ansvarlig for ny gæld hos låner 10000000, indtil låneren fylder 18."
    )
    assert link_line(document, "en") == f"{english}answers for new debts of patron 10000000, until the patron is 18."


def test_a_statement_has_words_for_as_many_as_may_answer_for_one() -> None:
    counted = [key for key in WORDS if key.startswith("statement_responsible.")]
    assert counted == [f"statement_responsible.{n + 1}" for n in range(RESPONSIBLES_MAX)]


@pytest.mark.parametrize(
    ("language", "shown", "since"),
    [("da", "<skjult>", "siden 1. marts 2027"), ("en", "<hidden>", "since 1 March 2027")],
)
def test_a_protected_one_is_listed_without_her_name_in_the_language_asked_for(
    language: Any, shown: str, since: str
) -> None:
    link = {
        "patron": "20000000",
        "name": None,
        "sealed": True,
        "since": "2027-03-01",
        "until": None,
        "in_force": True,
        "why": "protected",
    }
    lines = list(responsible_lines({"patron": "10000000", "responsibles": [link]}, language))
    assert lines[1].startswith(f"  20000000  {shown}  {since}; ")


@pytest.mark.parametrize(("language", "says"), [("da", "dagen vises ikke"), ("en", "the day is not shown")])
def test_a_link_that_ended_on_a_day_that_is_withheld_has_ended_all_the_same(language: Any, says: str) -> None:
    link = {"patron": "20000000", "name": "Liv Holm", "since": "2027-03-01", "until": None, "in_force": False}
    (_, line) = responsible_lines({"patron": "10000000", "responsibles": [{**link, "why": "ended"}]}, language)
    assert says in line


@pytest.mark.parametrize(
    ("language", "heading", "shown"),
    [("da", "Økonomisk ansvarlig for", "<skjult>"), ("en", "Answers for the debts of", "<hidden>")],
)
def test_the_minors_are_named_below_but_for_the_protected(language: Any, heading: str, shown: str) -> None:
    minors = [
        {"patron": "30000000", "name": "Liv Holm", "since": "2027-03-01"},
        {"patron": "40000000", "name": None, "since": "2027-03-01", "sealed": True},
    ]
    document = {"patron": "10000000", "responsibles": [], "answers_for": minors}
    _, *lines = responsible_lines(document, language)
    assert lines[0] == f"  {heading}"
    assert lines[1].startswith("    30000000  Liv Holm  ")
    assert lines[2].startswith(f"    40000000  {shown}  ")


@pytest.mark.parametrize(
    ("names", "answering", "danish", "english"),
    [
        (["Rikke Holm"], 1, "låneren: Rikke Holm.", "owes: Rikke Holm."),
        (["Rikke Holm", "Bo Skov"], 2, "låneren: Rikke Holm og Bo Skov.", "owes: Rikke Holm and Bo Skov."),
        (
            ["Rikke Holm", "Bo Skov"],
            4,
            "låneren: Rikke Holm, Bo Skov og 2, hvis navne ikke vises.",
            "owes: Rikke Holm, Bo Skov and 2 whose names are not shown.",
        ),
        ([], 3, "registreret tre økonomisk ansvarlige for låneren.", "Three persons are registered as responsible"),
    ],
)
def test_a_statement_names_who_may_be_named_and_counts_the_others(
    names: list[str], answering: int, danish: str, english: str
) -> None:
    statement = Statement(
        patron="10000000",
        library="200600",
        library_name="Byens Bibliotek",
        day=date(2027, 3, 1),
        letter="goes",
        name="Liv Holm",
        envelope=("Liv Holm",),
        revealed=False,
        loans=(),
        owed=(),
        total_oere=0,
        note_to_patron="",
        responsible_registered=True,
        responsibles=("20000000",) * answering,
        responsible_names=tuple(names),
        language="da",
    )
    assert danish in " ".join(statement_lines(statement, "da"))
    assert english in " ".join(statement_lines(statement, "en"))

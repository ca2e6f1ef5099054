"""What the desk reads when a patron leaves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cprsync.cli.imports.lists import show_import
from cprsync.cli.leaving.leaving import parting_lines
from cprsync.language.leaving import left_text
from cprsync.services.imports.results import Imported, PatronNotes

if TYPE_CHECKING:
    from cprsync.catalogues import Language

PATRON = "41523678"


def test_whoever_waits_is_told_with_what_keeps_her() -> None:
    document = {"patron": PATRON, "standing": "leaving", "open": {"loans": 2, "balance": 1, "responsible": 1}}
    assert left_text(document, "da").startswith(
        f"{PATRON}: på vej ud. Åbent endnu: lån 2, mellemværender 1, ansvar for mindreårige 1."
    )
    assert left_text(document, "en").startswith(
        f"{PATRON}: leaving. Still open: loans 2, balances 1, minors they answer for 1."
    )


def test_whoever_is_closed_is_told_what_still_happens_tonight() -> None:
    waits = {"subscriptions": 1, "accounts": 0}
    document = {"patron": PATRON, "standing": "leaving", "open": {}, "dropped": {"reservations": 0}, "waits": waits}
    assert left_text(document, "da").startswith(f"{PATRON}: på vej ud. Posten er tømt")
    assert "tonight" in left_text(document, "en")
    assert "reserv" not in left_text(document, "da") + left_text(document, "en")


def test_whoever_has_left_is_told_just_that() -> None:
    document = {"patron": PATRON, "standing": "closed", "open": {}, "dropped": {"reservations": 0}, "waits": {}}
    assert left_text(document, "da").startswith(f"{PATRON}: udmeldt.")


@pytest.mark.parametrize(
    ("count", "language", "said"),
    [
        (1, "da", "1 reservering er slettet."),
        (2, "da", "2 reserveringer er slettet."),
        (1, "en", "1 reservation was deleted."),
        (2, "en", "2 reservations were deleted."),
    ],
)
def test_whoever_is_closed_is_told_how_many_reservations_went(count: int, language: Language, said: str) -> None:
    document = {"patron": PATRON, "standing": "closed", "open": {}, "dropped": {"reservations": count}, "waits": {}}
    assert left_text(document, language).endswith(said)


def test_what_would_go_is_told_before_anyone_is_asked() -> None:
    block = {"since": "2027-03-03", "reason": "Gebyrer"}
    warning = {"kind": "balance", "level": "ask", "text": {"da": "Låneren skylder.", "en": "The patron owes."}}
    document = {
        "what": "leave",
        "patron": PATRON,
        "whose": {"name": "Ruth Kjeldgaard", "age": 75, "cards": ["E1", "E2"], "protected": False},
        "open": {"balance": 1},
        "goes": {"telephones": 2},
        "reservations": 2,
        "blocks": [block],
        "waits": {"subscriptions": 1, "accounts": 1, "targets": ["koha"]},
        "warnings": [warning],
    }
    assert list(parting_lines(document, "da")) == [
        f"Udmeldelse af låner {PATRON}",
        "  Ruth Kjeldgaard, alder 75, lånerkort E1, E2",
        "  ? spørg først: Låneren skylder.",
        "  Åbent endnu: mellemværender 1",
        "  Slettes med posten: Telefonnummer (2)",
        "  Reserveringer, der slettes: 2",
        "  Blokeret: Gebyrer (siden 3. marts 2027)",
        "  Afmeldes bagefter: abonnementer i CPR 1 (om natten), konti hos netmedierne 1, andre systemer koha",
    ]
    document["whose"] = {"name": None, "age": 75, "cards": ["E1"], "protected": True}
    assert list(parting_lines(document, "da"))[1] == "  <skjult>, alder 75, lånerkort E1"
    document["whose"] = {"name": None, "age": None, "cards": [], "protected": False}
    assert list(parting_lines(document, "da"))[1] == "  ? spørg først: Låneren skylder."


@pytest.mark.parametrize(
    ("apply", "count", "language", "said"),
    [
        (True, 1, "da", "1 udmelding trukket tilbage"),
        (True, 2, "da", "2 udmeldinger trukket tilbage"),
        (True, 1, "en", "1 wish to leave taken back"),
        (False, 1, "da", "1 udmelding ville blive trukket tilbage"),
        (False, 2, "en", "2 wishes to leave would be taken back"),
    ],
)
def test_an_import_says_how_many_wishes_to_leave_it_took_back(
    apply: bool, count: int, language: Language, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    imported = Imported(patrons=PatronNotes(stays=[PATRON] * count))
    show_import(imported, language, apply=apply, as_json=False, refused=None)
    assert said in capsys.readouterr().out.splitlines()


def test_an_import_that_took_none_back_says_nothing_of_it(capsys: pytest.CaptureFixture[str]) -> None:
    show_import(Imported(patrons=PatronNotes()), "en", apply=True, as_json=False, refused=None)
    assert "leave" not in capsys.readouterr().out

"""Lines that once read badly at the desk: short now, of the patron, with fields and days as people say them."""

from __future__ import annotations

import re

import pytest

from cprsync.cli.advice_table import BY_KIND
from cprsync.cli.danish import DANISH, in_danish
from cprsync.cli.patron_set import set_lines
from cprsync.cli.status import status_lines
from cprsync.cli.words import WORDS, word
from cprsync.domain.review import REVIEW_KINDS
from cprsync.errors import BadInput, ConfigurationError, DeliveryRefused
from cprsync.sync.setting import WHY_ANOTHER

SAID = " · ".join([*DANISH.values(), *(danish for danish, _ in WORDS.values())])


@pytest.mark.parametrize(
    "line",
    [
        "første kopi",
        "hendes nye gæld",
        "taget tilbage, registret gælder",
        "er registrets: sig",
        "er selv umyndig",
        "er allerede et rigtigt",
    ],
)
def test_no_line_of_the_table_is_said_any_more(line: str) -> None:
    assert line not in SAID


def test_no_review_item_speaks_of_a_patron_as_a_woman() -> None:
    said = [text.da for kind in REVIEW_KINDS.values() for text in (kind.why, kind.accept, kind.reject)]
    assert [text for text in said if re.search(r"\b(?:hun|hendes?)\b", text)] == []
    assert any("oplysningerne skjules ikke længere af denne grund" in text for text in said)


def test_no_message_speaks_of_a_patron_as_a_woman() -> None:
    advised = " · ".join(advice.next.da for advice in BY_KIND.values())
    assert re.findall(r"[^·]*\b(?:hun|hendes?)\b[^·]*", f"{SAID} · {advised}") == []


def test_what_registering_does_is_said_in_words() -> None:
    assert word("first_copy", "da") == "oprettet og tilmeldt ændringer fra CPR"


@pytest.mark.parametrize(
    ("field", "danish"),
    [
        ("address", "Adressen kommer fra CPR. Skriv en begrundelse for at ændre den."),
        ("name", "Navnet kommer fra CPR. Skriv en begrundelse for at ændre det."),
        ("group", "Lånergruppen følger alderen. Skriv en begrundelse for at ændre den."),
    ],
)
def test_a_correction_without_a_reason_is_asked_for_one(field: str, danish: str) -> None:
    assert in_danish(ConfigurationError(WHY_ANOTHER[field]).told()) == danish


@pytest.mark.parametrize(
    ("document", "line"),
    [
        ({"field": "group", "outcome": "withdrawn", "follows_age": True}, "1 · Lånergruppen følger igen alderen"),
        (
            {"field": "group", "outcome": "withdrawn", "follows_age": False},
            "1 · Lånergruppe: rettelsen er taget tilbage",
        ),
        ({"field": "address", "outcome": "withdrawn"}, "1 · Adresse: rettelsen er taget tilbage"),
    ],
)
def test_what_was_taken_back_is_said_by_what_counts_now(document: dict[str, object], line: str) -> None:
    whole = {"patron": "1", "until": None, "culr": None, **document}
    assert list(set_lines(whole, "da", withdraws=True, text="")) == [line]


@pytest.mark.parametrize(
    ("error", "danish"),
    [
        (BadInput("{field}: {why}", field="address", why="there is no such day"), "Adresse: der er ingen sådan dag"),
        (BadInput("{field}: {why}", field="cards", why="there is no such day"), "LånerID: der er ingen sådan dag"),
        (BadInput("{why}", why="2027-03-03"), "3. marts 2027"),
        (DeliveryRefused("{why}", why=BadInput("{why}", why="2027-12-31")), "31. december 2027"),
        # a file's or a setting's name stays as it is typed
        (BadInput("{why}", why="address"), "address"),
        (BadInput("{why}", why="D270322.L123456"), "D270322.L123456"),
        (BadInput("{why}", why="2027-13-01"), "2027-13-01"),
        (BadInput("{why}", why="2027-02-31"), "2027-02-31"),
    ],
)
def test_a_field_and_a_day_in_an_error_stand_there_as_people_say_them(error: BadInput, danish: str) -> None:
    assert in_danish(error.told()) == danish


def test_the_status_tells_days_and_certificates_as_people_say_them() -> None:
    document = {
        "name": "Byens",
        "agency": "710100",
        "ok": True,
        "wrong": [],
        "keys": [],
        "run": {"run": 8, "day": "2027-04-03", "exit": 0},
        "deliveries": {"last": None, "due": "2027-04-02"},
        "waits": {"reviews": 0, "net_media": {"waiting": 0, "failed": 0}},
        "audit": {"whole": True, "entries": 1, "streams": 1, "code": "1-00", "problems": []},
        "certificates": [
            {"whose": "ours", "days_left": 9, "problem": None},
            {"whose": "ours", "days_left": 9, "problem": "our own certificate has been revoked"},
        ],
    }
    told = "\n".join(status_lines(document, "da"))
    assert "Seneste nat: nr. 8, 3. april 2027, exit 0" in told
    assert "til og med –; ventet til og med 2. april 2027" in told
    assert "Certifikat (vores): 9 dage igen" in told
    assert "Certifikat (vores): our own certificate has been revoked" in told

"""No page and no answer of the API tells a reader to run a command, or names a setting."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from catalogues import DANISH, entries_of

import cprsync
from cprsync.cli.main import DECLARATIONS
from cprsync.domain.patron.fields import FIELDS
from cprsync.errors import CprsyncError
from cprsync.language import errors as told
from cprsync.language.audit import recipient_lines
from cprsync.language.errors import BY_CLASS, EXITS
from cprsync.services.trust.citizen import CitizenReport, CitizenTold
from cprsync.web.refusals import COMMANDS, next_step, speaks_of_commands

if TYPE_CHECKING:
    from cprsync.catalogues import Language

_PACKAGE = Path(cprsync.__file__).parent
#: What raises what a page may show.
_LAYERS = ("domain", "language", "services", "store", "web")
#: They say how a server is started, before it has a page.
_STARTS = {"store/core/engine.py", "web/workers/supervising.py"}
#: The name of a part, which only operators are told.
_NAMES = {"policy"}


def test_every_command_is_known_as_one() -> None:
    assert COMMANDS - {"bench"} == set(DECLARATIONS) - {"bench"}


@pytest.mark.parametrize(
    "text",
    [
        "Kør `cprsync sync`.",
        "se cprsync review list",
        "sig hvorfor med --reason",
        "hæv det i policy.toml",
        "[library.culr] mangler",
        "Kør kommandoen igen.",
        "Run the command again.",
        "delt af |",
    ],
)
def test_a_text_of_the_command_line_is_noticed(text: str) -> None:
    assert speaks_of_commands(text)


@pytest.mark.parametrize("text", ["Hvad cprsync sender igen", "30.04.2027 – 1. maj", "Skriv * foran", "e-mail"])
def test_a_plain_text_is_none_of_the_command_line(text: str) -> None:
    assert not speaks_of_commands(text)


@pytest.mark.parametrize("language", ["da", "en"])
@pytest.mark.parametrize("kind", sorted({*EXITS, *(key for _, _, key in BY_CLASS), "some.other"}))
def test_no_next_step_of_a_page_is_a_command(kind: str, language: Language) -> None:
    said = next_step(CprsyncError("it went wrong", kind=kind), language)
    assert said.endswith(".")
    assert not speaks_of_commands(said)


@pytest.mark.parametrize("of", [one for one, _, _ in BY_CLASS], ids=lambda one: one.__name__)
def test_an_error_of_no_kind_of_its_own_has_a_plain_next_step(of: type[CprsyncError]) -> None:
    assert not speaks_of_commands(next_step(of("it went wrong", kind="some.other"), "da"))


@pytest.mark.parametrize("language", ["da", "en"])
@pytest.mark.parametrize("catalogue", ["desk", "pages", "rules"])
def test_no_text_of_the_pages_names_a_command_or_a_setting(catalogue: str, language: Language) -> None:
    texts = {key: text for key, text in entries_of(catalogue, language).items() if any(map(speaks_of_commands, text))}
    assert texts == {}


def test_no_sentence_that_a_page_may_show_names_an_option_or_a_setting() -> None:
    """What the command line needs beside it, such as an option, is in the advice to the error."""
    spoken = {text for text, danish in DANISH.items() if text not in _NAMES and (speaks(text) or speaks(danish))}
    found = {(place, text) for layer in _LAYERS for place, text in sentences_of(layer) if text in spoken}
    assert {one for one in found if one[0] not in _STARTS} == set()


def speaks(sentence: str) -> bool:
    """The API's own names stand between backticks."""
    return speaks_of_commands(sentence.replace("`", "")) or "`cprsync" in sentence


def sentences_of(layer: str) -> set[tuple[str, str]]:
    """Every text in the code of a layer, with its file."""
    return {
        (str(path.relative_to(_PACKAGE)), node.value)
        for path in (_PACKAGE / layer).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }


def test_the_advice_of_the_command_line_still_names_its_commands() -> None:
    assert "--reason" in told.advice_text("usage.reason", "da")


#: What each of them is called is in the guide's `words.md`.
_OTHER_NAMES = re.compile(
    r"lånerid|låner-id|\bmobil(?:nummer|nr)|e-mailadresse|\(notif\)|fraværsperiode|c/o navn"
    r"|\bPIN\b(?!-kode)|\btelefon\b|driver programmet|kode-kode",
    re.IGNORECASE,
)


@pytest.mark.parametrize("catalogue", ["desk", "pages", "rules", "words", "errors"])
def test_a_thing_has_one_name_in_what_people_read(catalogue: str) -> None:
    texts = {key: text for key, text in entries_of(catalogue, "da").items() if any(map(_OTHER_NAMES.search, text))}
    assert texts == {}


def test_a_field_of_a_record_has_the_name_of_the_thing() -> None:
    assert [field.name.da for field in FIELDS if _OTHER_NAMES.search(field.name.da)] == []


@pytest.mark.parametrize("language", ["da", "en"])
def test_a_patron_is_told_who_heard_of_them_in_words_that_they_know(language: Language) -> None:
    """CULR is the libraries' own word."""
    told_them = CitizenReport(None, "Byens bibliotek", (), (CitizenTold("culr", 2, "2027-04-03T06:30:00+00:00"),))
    (line,) = recipient_lines(told_them, language)
    assert "CULR" not in line
    assert "eReolen" in line
    assert [
        key for key, text in entries_of("desk", "da").items() if key.startswith("me_") and "CULR" in str(text)
    ] == []

"""Every action, harm, outcome and reason that the code can produce has words in both languages.

The reasons are collected from where they are written down, so that a new one without words turns this red.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import cprsync
from cprsync.cli.words import WORDS, reason_words
from cprsync.domain.action import Action
from cprsync.domain.balance import Outcome
from cprsync.domain.decide import Same
from cprsync.domain.policy import Harm
from cprsync.sync.renumbering import NUMBER_CHANGE
from cprsync.sync.steps import FIRST_COPY, PROTECTION_END

if TYPE_CHECKING:
    import enum
    from collections.abc import Iterator

PACKAGE = Path(cprsync.__file__).parent
#: Where what is said of one person is decided.
DECIDES = ("domain", "sync", "register")
#: Heads of kinds that end a whole command: the advice speaks of these, and no person is concerned.
OF_COMMANDS = frozenset(
    {
        "audit",
        "certificate",
        "configuration",
        "cprsync",
        "delivery",
        "feed",
        "index",
        "input",
        "keys",
        "review",
        "run",
        "sftp",
        "store",
    }
)
_KIND = re.compile(r"[a-z]+\.[a-z0-9_]+")


def events_of(tree: ast.AST) -> set[int]:
    """The names of logged events: nobody is told these."""
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)]
    logged = [call for call in calls if isinstance(call.func, ast.Attribute) and _is_log(call.func.value)]
    return {id(argument) for call in logged for argument in call.args}


def _is_log(node: ast.AST) -> bool:
    name = node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""
    return name in {"log", "_log"}


def written_in(source: str) -> Iterator[str]:
    """Every word of the form `head.rest` that a module may give as a reason."""
    tree = ast.parse(source)
    events = events_of(tree)
    for node in ast.walk(tree):
        if not isinstance(node, ast.Constant) or not isinstance(node.value, str) or id(node) in events:
            continue
        if _KIND.fullmatch(node.value) and node.value.partition(".")[0] not in OF_COMMANDS:
            yield node.value


def reasons() -> list[str]:
    modules = [PACKAGE / "errors.py", *(path for layer in DECIDES for path in (PACKAGE / layer).rglob("*.py"))]
    found = {reason for path in modules for reason in written_in(path.read_text(encoding="utf-8"))}
    return sorted(found | {Same.OLDER.value})


@pytest.mark.parametrize("reason", reasons())
def test_a_reason_has_words(reason: str) -> None:
    danish, english = (reason_words(reason, language) for language in ("da", "en"))
    assert reason in WORDS
    assert danish != english
    assert reason not in {danish, english}


@pytest.mark.parametrize("kinds", [Action, Harm, Outcome], ids=lambda kinds: kinds.__name__)
def test_every_kind_has_words(kinds: type[enum.Enum]) -> None:
    assert [kind.value for kind in kinds if kind.value not in WORDS] == []


def test_the_questions_that_stay_open_have_words() -> None:
    assert {PROTECTION_END, NUMBER_CHANGE, FIRST_COPY} <= set(WORDS)


def test_a_reason_that_nobody_gave_words_would_be_found() -> None:
    source = 'log.info("person.seen")\nraise Refused("person.new_reason")\nraise Late("run.busy")\n'
    assert list(written_in(source)) == ["person.new_reason"]
    assert {"number.circle", "person.status", "register.other_person", "address.missing"} <= set(reasons())


@pytest.mark.parametrize(
    ("reason", "danish", "english"),
    [
        ("number.both_patrons:12345678", "begge numre er låneres (12345678)", "both numbers are patrons' (12345678)"),
        ("person.duplicate_002", "en posttype står to gange (002)", "a record type stands twice (002)"),
        ("nobody.knows_this", "nobody.knows_this", "nobody.knows_this"),
    ],
)
def test_a_reason_names_the_other_patron_or_the_record_type(reason: str, danish: str, english: str) -> None:
    assert (reason_words(reason, "da"), reason_words(reason, "en")) == (danish, english)

"""Every action, harm, outcome and reason that the code can produce has words in both languages.

The reasons are collected from where they are written down, so that a new one without words turns this red.
"""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

import pytest
from catalogues import DANISH, PACKAGE, WORDS, entries_of, nodes_of, source_of

from cprsync import errors
from cprsync.domain.deciding.decide import WhyUnchanged
from cprsync.domain.deciding.guard import Outcome
from cprsync.domain.deciding.reverting import InTheWay
from cprsync.domain.lending.contacting import ContactRule
from cprsync.domain.lending.fees import FeeRule
from cprsync.domain.lending.standing import BorrowRule
from cprsync.domain.patron.review import REVIEW_KINDS, ReviewKind
from cprsync.domain.person.status import Action
from cprsync.domain.policy.policy import Harm
from cprsync.language.review import with_words
from cprsync.language.words import reason_words
from cprsync.services.imports.results import REASONS as OF_A_ROW
from cprsync.services.ports.register import FIRST_COPY, NUMBER_CHANGE, PROTECTION_END

if TYPE_CHECKING:
    import enum
    from collections.abc import Iterator

#: One worker parses the program, and not each of them.
pytestmark = pytest.mark.xdist_group("sources")

#: Where what is said of one person is decided.
DECIDES = ("domain", "services", "register")
#: Errors about one person, whose kinds become reasons; others end a command, and the advice speaks of them.
OF_A_PERSON = (errors.RegisterRefused, errors.BadAnswer)
#: Heads of what looks like a reason and concerns no person.
OTHERS = frozenset({"certificate", "cprsync", "delivery", "index", "sftp"})
_KIND = re.compile(r"[a-z]+\.[a-z0-9_]+")


def told_to_nobody(call: ast.Call) -> list[ast.expr]:
    """The names of logged events, and the kinds of errors that are about no person."""
    if isinstance(call.func, ast.Attribute):
        name = (
            call.func.value.attr if isinstance(call.func.value, ast.Attribute) else getattr(call.func.value, "id", "")
        )
        return call.args if name in {"log", "_log"} else []
    error = getattr(errors, getattr(call.func, "id", ""), None)
    if isinstance(error, type) and issubclass(error, errors.CprsyncError) and not issubclass(error, OF_A_PERSON):
        return [keyword.value for keyword in call.keywords if keyword.arg == "kind"]
    return []


def written_in(source: str) -> Iterator[str]:
    """Every word of the form `head.rest` that a module may give as a reason."""
    nodes = nodes_of(source)
    silent = {id(one) for call in nodes if isinstance(call, ast.Call) for one in told_to_nobody(call)}
    for node in nodes:
        if not isinstance(node, ast.Constant) or not isinstance(node.value, str) or id(node) in silent:
            continue
        if _KIND.fullmatch(node.value) and node.value.partition(".")[0] not in OTHERS:
            yield node.value


def reasons() -> list[str]:
    # what doctor checks has names of that form too, and they concern no person
    modules = [path for layer in DECIDES for path in (PACKAGE / layer).rglob("*.py") if path.stem != "doctor"]
    found = {reason for path in modules for reason in written_in(source_of(path))}
    kinds = {
        error.kind for error in vars(errors).values() if isinstance(error, type) and issubclass(error, OF_A_PERSON)
    }
    # why a row of a list is refused is an error's sentence
    assert [said for said in OF_A_ROW.values() if said not in DANISH] == []
    return sorted(
        (found - set(OF_A_ROW) - entries_of("pages", "da").keys() - entries_of("rules", "da").keys())
        | kinds
        | {WhyUnchanged.OLDER.value}
    )


def has_words(reason: str) -> bool:
    if reason not in WORDS:
        return False
    said = {reason_words(reason, language) for language in ("da", "en")}
    return len(said) == 2 and reason not in said


def test_each_reason_has_words() -> None:
    """All in one test: to find them takes half a second, which each worker would spend on the names of the tests."""
    found = reasons()
    assert len(found) > 50
    assert [reason for reason in found if not has_words(reason)] == []


@pytest.mark.parametrize("kinds", [Action, Harm, Outcome], ids=lambda kinds: kinds.__name__)
def test_every_kind_has_words(kinds: type[enum.Enum]) -> None:
    assert [kind.value for kind in kinds if kind.value not in WORDS] == []


@pytest.mark.parametrize(("about", "rules"), [("borrow", BorrowRule), ("contact", ContactRule), ("fee", FeeRule)])
def test_every_rule_that_answers_a_question_has_words(about: str, rules: type[enum.Enum]) -> None:
    assert {key for key in WORDS if key.startswith(f"{about}.")} == {f"{about}.{rule.value}" for rule in rules}


def test_each_reason_for_which_an_undo_leaves_a_patron_has_words() -> None:
    assert {key for key in WORDS if key.startswith("revert_left_")} == {f"revert_left_{why.value}" for why in InTheWay}


@pytest.mark.parametrize("kind", REVIEW_KINDS.values(), ids=lambda row: row.kind)
def test_what_waits_for_a_person_has_words_for_why_and_for_each_answer(kind: ReviewKind) -> None:
    said = with_words({"why": kind.kind, "accept": kind.accept, "reject": kind.reject})
    texts = [said[part][language] for part in ("why", "accept", "reject") for language in ("da", "en")]
    assert all(" " in text for text in texts)
    assert len(set(texts)) == len(texts)


def test_no_answer_to_an_item_has_words_that_no_kind_uses() -> None:
    used = {f"answer.{name}" for row in REVIEW_KINDS.values() for name in (row.accept, row.reject)}
    assert {key for key in WORDS if key.startswith("answer.")} == used


def test_the_questions_that_stay_open_have_words() -> None:
    assert {PROTECTION_END, NUMBER_CHANGE, FIRST_COPY} <= set(WORDS)


def test_a_reason_that_nobody_gave_words_would_be_found() -> None:
    source = 'log.info("a.seen")\nraise Breaks("a.broken")\nBadInput("", kind="a.file")\nBadAnswer("", kind="a.lie")\n'
    assert list(written_in(source)) == ["a.broken", "a.lie"]
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


def test_each_step_of_long_work_has_a_name_in_both_languages() -> None:
    sources = (source_of(path) for path in PACKAGE.rglob("*.py"))
    steps = {name for source in sources for name in re.findall(r'\.stage\(\s*"([^"]+)"', source)}
    keys = {f"step_{name.replace(' ', '_')}" for name in steps}
    assert len(steps) > 20
    for language in ("da", "en"):
        assert keys == {key for key in entries_of("words", language) if key.startswith("step_")}

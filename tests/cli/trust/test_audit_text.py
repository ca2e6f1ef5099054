"""The audit in words: nothing of what the program writes down is shown by its machine name."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from catalogues import WORDS

import cprsync.store
from cprsync.domain.feed.delivery import ChainPlace, WindowReason
from cprsync.domain.leaving.leaving import Forgotten
from cprsync.domain.netmedia.drift import Drift
from cprsync.domain.netmedia.rights import RightChange
from cprsync.domain.patron.due import DueKind
from cprsync.domain.patron.fields import SETTABLE
from cprsync.domain.patron.override import Overridden
from cprsync.domain.patron.patron import Purpose
from cprsync.domain.patron.review import REVIEW_KINDS, State
from cprsync.domain.person.status import Action
from cprsync.language.audit import action_words, entry_document, entry_lines
from cprsync.language.night import audit_lines
from cprsync.services.lending.standing import LABEL, STATEMENT
from cprsync.services.ports.desk import SHOW
from cprsync.services.ports.runs import RunState
from cprsync.services.ports.trust.audit import AuditState, Happening

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Kinds that a function is given as it is called.
GIVEN = {"subscribe", "unsubscribe", "subscription_end", "override", "override_withdrawn"}


def entry(what: str, *actions: str, **deviations: Any) -> Happening:
    told: dict[str, Any] = {"at": "2027-03-23T05:30:00.000000Z", "who": None, "what": what, "patron": "10000000"}
    told |= {"actions": actions, "why": None, "has_reason": False, "reason": None, "run": 1, "stream": "night"}
    return Happening(**(told | {"seq": 1} | deviations))


def line(one: Happening, language: Any = "da") -> str:
    return next(iter(entry_lines([one], language, {"ereolen": "eReolen"})))


def words_named(tree: ast.Module) -> dict[str, str]:
    """The words that a module gives a name, by that name."""
    return {
        target.id: node.value.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign | ast.AnnAssign) and isinstance(node.value, ast.Constant)
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
        if isinstance(target, ast.Name) and isinstance(node.value.value, str)
    }


def kinds_written() -> Iterator[str]:
    """The kinds of every entry that the store writes, from its source: words, or constants that hold one."""
    trees = [ast.parse(path.read_text("utf-8")) for path in Path(cprsync.store.__file__).parent.rglob("*.py")]
    anywhere = {name: word for tree in trees for name, word in words_named(tree).items() if name.isupper()}
    for tree in trees:
        named = anywhere | words_named(tree)
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("Happened") and node.args:
                first = node.args[0]
                kind = first.value if isinstance(first, ast.Constant) else named.get(ast.unparse(first).split(".")[-1])
                if isinstance(kind, str):
                    yield kind


def test_every_kind_of_entry_that_the_store_writes_has_words() -> None:
    kinds = {*kinds_written(), *GIVEN, "change", "calendar"}
    assert len(kinds) > 20, "the search found too few to prove anything"
    assert {kind for kind in kinds if f"did_{kind}" not in WORDS} == set()


@pytest.mark.parametrize("language", ["da", "en"])
@pytest.mark.parametrize(
    ("what", "actions"),
    [
        ("change", [one.value for one in Action]),
        ("calendar", [one.value for one in DueKind]),
        ("forget", [one.value for one in Forgotten]),
        ("account_drift", [one.value for one in Drift]),
        ("unverified", [one.value for one in WindowReason]),
        ("accept", [ChainPlace.GAP.value, ChainPlace.REPLACED.value]),
        ("override", [one.value for one in Overridden]),
        ("set", list(SETTABLE)),
        ("run", [RunState.CLOSED.value, RunState.HELD.value]),
        ("import", ["created", "updated"]),
        ("kept_block", ["kept", "came_back", "lifted"]),
        ("leave", ["request", "inactive", "gone"]),
        ("circulation", ["loan", "reservation", "balance", "message"]),
        ("responsible", ["added", "ended"]),
    ],
    ids=lambda one: one if isinstance(one, str) else "",
)
def test_every_action_has_words(what: str, actions: list[str], language: Any) -> None:
    own = {"contact", "move"} if language == "en" else set()
    unsaid = [
        one for one in actions if "_" in action_words(what, one, language) or not action_words(what, one, language)
    ]
    assert unsaid == []
    if language == "da":
        same_in_danish = {"status"}
        assert [
            one for one in actions if action_words(what, one, "da") == one and one not in same_in_danish | own
        ] == []


def test_every_purpose_of_a_look_up_or_a_reveal_has_words() -> None:
    asked = ("first_copy", "protection_end", "number_change", "window", SHOW, STATEMENT, LABEL)
    purposes = {*(one.value for one in Purpose), *asked}
    assert {one for one in purposes if f"why_{one}" not in WORDS} == set()


def test_an_answered_item_says_what_it_was_about_and_how_it_was_answered() -> None:
    for kind in REVIEW_KINDS:
        for state in (*(one.value for one in State if one is not State.WAITING), "reopened"):
            told = line(entry("review", kind, state))
            assert kind not in told, told
            assert state not in told, told


def test_fields_that_staff_wrote_are_called_as_the_record_calls_them() -> None:
    """Blocks were called lifted blocks, which is what a night forgets."""
    assert line(entry("set", "blocks")).endswith("skrev: Blokeringer")
    assert line(entry("forget", "blocks")).endswith("ophævede blokeringer")
    assert line(entry("override", "municipality")).endswith("rettede: Kommune")


def test_a_right_is_told_by_the_name_of_the_product() -> None:
    turns = {RightChange.OPENED: "åbnet", RightChange.CLOSED: "lukket", RightChange.UNDECIDED: "uafklaret"}
    for turn, danish in turns.items():
        assert line(entry("rights", f"{turn.value}:ereolen")).endswith(f"ret til netmedier: eReolen {danish}")


def test_a_line_is_danish_from_the_day_to_the_purpose() -> None:
    one = entry("lookup", why="first_copy", who="anna", has_reason=True, reason="ring først")
    assert line(one) == (
        "23. marts 2027 kl. 06.30      anna            10000000   "
        "opslag i CPR; formål: de første oplysninger om en ny låner; begrundelse: “ring først”"
    )
    assert line(entry("run", "closed", patron=None)).split("  ")[-1] == "nattens kørsel: afsluttet"


def test_an_entry_without_its_patron_is_explained_once_below_all() -> None:
    shown = list(entry_lines([entry("rights", patron=None, withheld=True)] * 2 + [entry("run")], "da", {}))
    assert [("skjult" in one, "fødselsdato" in one) for one in shown] == [
        (True, False),
        (True, False),
        (False, False),
        (True, True),
    ]


def test_an_audit_that_was_accepted_says_that_it_counts_from_there_on() -> None:
    state = AuditState(2, 1, "3-00", is_accepted=True).document()
    assert list(audit_lines(state, "en")) == ["The audit is whole: 2 entries since it was last accepted. Code: 3-00"]
    assert list(audit_lines(state | {"accepted": False}, "en")) == ["The audit is whole: 2 entries. Code: 3-00"]


def test_an_entry_written_after_the_clock_was_ahead_says_when_it_was() -> None:
    """Its stamp stands still until the clock has caught up."""
    ahead = entry("lookup", at="2027-05-01T05:30:00.000000Z", clock="2027-03-23T05:30:00.000000Z")
    assert line(ahead).endswith("; uret viste 23. marts 2027 kl. 06.30")
    assert line(ahead, "en").endswith("; the clock showed 23 March 2027, 06:30")
    assert "uret" not in line(entry("lookup"))
    assert (entry_document(ahead)["clock"], entry_document(entry("lookup"))["clock"]) == (ahead.clock, None)

"""A night that moves many is held, approved by two, written, and undone: through the command line and the mock."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import pytest
from e2e_library import Library, assert_refused
from test_limits import CASES, HARMED, a_night, deliver
from test_plan_command import approve, approve_at_the_desk, shown
from town import number

from cprsync.cli.night.reverting import done_lines, preview_lines
from cprsync.cli.terminal.user import account_of
from cprsync.domain.policy.policy import Harm
from cprsync.language.words import word
from cprsync.mock import control

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from test_limits import Night

    from cprsync.catalogues import Language

#: What stands above the limits before two people have approved an undo, and after.
HELD = {
    "da": "Det er mere, end grænserne tillader. Planen holdes tilbage, til to personer har godkendt den:",
    "en": "That is more than the limits allow. The plan is held until two people have approved it:",
}
APPROVED = {
    "da": "Det er mere, end grænserne tillader. To personer har godkendt det:",
    "en": "That is more than the limits allow. Two people have approved it:",
}


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory, mock_keys: Path) -> Iterator[Night]:
    """Two move where nobody may, and the account of these tests may say who acts."""
    with a_night(Harm.CHANGED, CASES[Harm.CHANGED], tmp_path_factory.mktemp("undone"), mock_keys) as prepared:
        prepared.limit(0)
        prepared.library.rewrite("cprsync.toml", "may_name = []", f'may_name = ["{account_of(os.getuid()).name}"]')
        yield prepared


def revert(library: Library, run: int, *options: str) -> Any:
    return library.call("--as", "Anna", "runs", "revert", str(run), *options)


def approved_sync(library: Library) -> dict[str, Any]:
    plan = shown(library)["plan"]
    approve(library, "Anna", plan)
    approve_at_the_desk(library, "bo", plan)
    return library.call("sync", "--approve", plan).document


def limits_line(document: dict[str, Any], language: Language) -> str:
    """What the preview says above the limits."""
    lines = [line.strip() for line in preview_lines(document, language)]
    return lines[[at for at, line in enumerate(lines) if word("changed", language) in line][-1] - 1]


def says_what_waits(library: Library, document: dict[str, Any]) -> None:
    """The report of an undo, printed or shown later, says what waits after it, and that the audit is whole."""
    waits = library.call("status").document["waits"]
    assert waits["kinds"]["reverted.held"] == 2
    for told in (document, library.call("runs", "show", str(document["run"])).document):
        assert told["reviews"] == {"waiting": waits["reviews"], "kinds": waits["kinds"]}
        assert (told["audit"]["whole"], told["windows"]["why"]) == (True, {"reverted": 2})


def test_a_night_is_held_approved_written_undone_and_let_go(night: Night, tmp_path: Path) -> None:
    library = night.library
    before = library.opened()
    assert library.call("sync").exit == 5
    told = approved_sync(library)
    assert (told["state"], told["actions"]) == ("done", {"move": 2})
    run = told["run"]
    assert {key for key, one in library.opened().items() if one != before[key]} == set(HARMED)

    # first it is shown, and nothing is written without a yes
    rows = library.records()
    ran = revert(library, run, "--reason", "filen var forkert")
    assert (ran.exit, ran.error["kind"]) == (1, "confirm.needed")
    shown_first = ran.document
    assert (shown_first["restored"], shown_first["actions"]) == (2, {"move": 2})
    assert not [key for key in HARMED if number(key) in ran.out]
    no_reason = revert(library, run, "--yes")
    assert (no_reason.exit, no_reason.error["kind"]) == (1, "confirm.reason")
    assert library.records() == rows

    # the undo is over the same limit: two people approve it too
    held = revert(library, run, "--yes", "--reason", "filen var forkert")
    assert (held.exit, held.document["state"], held.error["kind"]) == (5, "held", "revert.braked")
    for language in ("da", "en"):
        said = "\n".join(done_lines(held.document, language))
        assert f"cprsync runs revert {run}" in said
        assert "cprsync sync" not in said
    assert library.records() == rows
    plan = held.document["brake"]["plan"]
    assert approve(library, "Anna", plan).document["approved"] is False
    assert approve_at_the_desk(library, "bo", plan)["approved"] is True
    # what is shown now does not say that it is held
    for language in ("da", "en"):
        assert limits_line(shown_first, language) == HELD[language]
        assert limits_line(revert(library, run).document, language) == APPROVED[language]
    ran = revert(library, run, "--yes", "--reason", "filen var forkert")
    document = ran.document
    assert (ran.exit, document["state"], document["reverting"]["restored"]) == (3, "done", 2), ran.out
    assert library.opened() == before
    undo = document["run"]
    says_what_waits(library, document)
    assert library.call("runs", "show", str(run)).document["reverted_by"] == undo
    listed = {one["run"]: one for one in library.call("runs", "list").document["runs"]}
    assert (listed[undo]["reverts"], listed[run]["reverted_by"]) == (run, undo)
    assert_refused(
        revert(library, run, "--yes", "--reason", "en gang til"),
        code=1,
        kind="revert.done",
        says="undone already",
        advises="runs revert",
    )

    # the next delivery says the same again: the patrons are held
    for key in HARMED:
        control.event(night.ready, "resend", key)
    (name,) = control.night(night.ready)["files"]
    deliver(library, _folder(night) / "IN" / name, night.case)
    night.limit(9)
    ran = library.call("sync")
    assert (ran.document["unchanged"], ran.document["actions"]) == (2, {}), ran.out
    assert library.opened() == before

    # let go, the register's word counts again
    released = library.call("runs", "release", str(undo), "--reason", "platformen har rettet filen")
    assert released.document == {"run": undo, "released": 2}
    assert library.call("sync").document["windows"]["answered"] == 2
    assert {key for key, one in library.opened().items() if one != before[key]} == set(HARMED)
    assert library.call("audit", "verify").exit == 0
    assert not [key for key in HARMED if number(key) in json.dumps(document)]


def _folder(night: Night) -> Path:
    return night.library.folder.parent / "mock"

"""What the commands of the mock's Koha answer: who was changed, and when it happens."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from cprsync.cli.main import app
from cprsync.mock.koha import calls

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        (["edit"], "Patron 2 in Koha was changed."),
        (["edit", "--when", "read"], "Patron 2 in Koha is changed after your program's next read."),
        (
            ["edit", "--when", "write", "--times", "3"],
            "Patron 2 in Koha is changed right before each of your program's next 3 writes.",
        ),
        (["delete", "--when", "write"], "Patron 2 in Koha is deleted right before your program's next write."),
        (["twin"], "Koha has the person once more, as patron 3."),
    ],
)
def test_a_command_says_in_a_sentence_whom_it_changes_and_when(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    command: list[str],
    answer: str,
) -> None:
    def edit(_: Any, **asked: Any) -> dict[str, Any]:
        return {"patron": asked["patron"], "when": asked["when"]}

    monkeypatch.setattr(calls, "edit", edit)
    monkeypatch.setattr(calls, "twin", lambda _, **asked: asked["patron"] + 1)
    options = ["--patron", "2", "--dir", str(tmp_path), "--lang", "en"]
    app(["mock", "koha", *command, *options], standalone_mode=False)
    assert capsys.readouterr().out.strip() == answer

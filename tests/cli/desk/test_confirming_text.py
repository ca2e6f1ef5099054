"""The question before something is written: who says yes, how, and what stands where."""

from __future__ import annotations

import io
import json
import sys

import pytest

from cprsync.cli.desk.confirming import Asker, warning_lines
from cprsync.cli.terminal.failures import failures
from cprsync.domain.desk.confirming import (
    Confirmation,
    DeskWarning,
    Preview,
    WarningLevel,
    WhyNotConfirmed,
    why_not_confirmed,
)
from cprsync.errors import NotConfirmed
from cprsync.services.desk.showing import warning_documents

NOTE = DeskWarning("moved", WarningLevel.NOTE, "desk.emigrated")
STOP = DeskWarning("dead", WarningLevel.STOP, "desk.dead")
CALM, STOPPING = Preview("registration", None, (NOTE,)), Preview("registration", None, (NOTE, STOP))


class Terminal(io.StringIO):
    """Standard input with a person at it."""

    def isatty(self) -> bool:
        return True


def ask(stdin: io.TextIOBase, preview: Preview, asker: Asker | None = None) -> Confirmation:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "stdin", stdin)
        return (asker or Asker()).ask(preview)


@pytest.mark.parametrize("typed", ["ja\n", "J\n", "Yes\n", "y"])
def test_a_yes_at_the_terminal_is_asked_for_beside_the_answer(typed: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert ask(Terminal(typed), CALM) == Confirmation(CALM.digest)
    assert capsys.readouterr() == ("", "Skal personen registreres? Skriv ja: ")


FINAL = Preview("leave", "12345678", is_final=True)


def test_what_cannot_be_taken_back_asks_for_the_patron_number_once_more(capsys: pytest.CaptureFixture[str]) -> None:
    assert ask(Terminal("ja\n12345687\n"), FINAL) == Confirmation(FINAL.digest, again="12345687")
    # the warnings above have said that nobody can bring it back
    assert capsys.readouterr().err.endswith("Skriv ja: Skriv lånernummeret igen: ")


def test_a_script_that_names_the_patron_and_says_yes_is_not_asked_again() -> None:
    assert ask(Terminal(""), FINAL, Asker(yes=True)) == Confirmation(FINAL.digest, again="12345678")
    approved = Asker(approve=FINAL.digest)
    assert ask(Terminal(""), FINAL, approved) == Confirmation(FINAL.digest, again="12345678")


@pytest.mark.parametrize("typed", ["nej\n", "\n", "jaja\n"])
def test_anything_else_is_no_yes(typed: str) -> None:
    with pytest.raises(NotConfirmed) as refused:
        ask(Terminal(typed), CALM)
    assert refused.value.kind == "confirm.declined"


class Interrupted(Terminal):
    """Somebody who presses Ctrl-C instead of answering, from the given question on."""

    def __init__(self, typed: str, after: int) -> None:
        super().__init__(typed)
        self.left = after

    def readline(self, most: int | None = -1, /) -> str:
        self.left -= 1
        if self.left < 0:
            raise KeyboardInterrupt
        return super().readline(most)


@pytest.mark.parametrize(
    ("typed", "interrupted_after", "preview"),
    [
        ("", None, CALM),
        ("", None, STOPPING),
        ("aftalt\n", None, STOPPING),
        ("", 0, CALM),
        ("", 0, STOPPING),
        ("aftalt\n", 1, STOPPING),
    ],
)
def test_ctrl_c_and_the_end_of_input_at_a_question_are_a_refusal_that_wrote_nothing(
    typed: str, interrupted_after: int | None, preview: Preview, capsys: pytest.CaptureFixture[str]
) -> None:
    """It said "changed: a part", and exit 7."""
    stdin = Terminal(typed) if interrupted_after is None else Interrupted(typed, interrupted_after)
    with pytest.raises(SystemExit) as ended, failures(as_json=True):
        ask(stdin, preview)
    told = json.loads(capsys.readouterr().out)["error"]
    assert (ended.value.code, told["kind"], told["changed"]) == (1, "confirm.stopped", "nothing")


@pytest.mark.parametrize(
    ("what", "question"),
    [
        ("registration", "Skal posten opdateres?"),
        ("set_cpr", "Skal låneren have nummeret?"),
        ("set_cpr_undo", "Skal nummeret tages tilbage?"),
        ("leave", "Skal låneren meldes ud?"),
        ("erase", "Skal alt om låneren slettes?"),
    ],
)
def test_the_question_says_what_the_yes_does(what: str, question: str, capsys: pytest.CaptureFixture[str]) -> None:
    ask(Terminal("ja\n"), Preview(what, "41523678"))
    assert capsys.readouterr().err == f"{question} Skriv ja: "


def test_a_warning_that_stops_asks_for_a_reason_unless_one_is_given() -> None:
    assert ask(Terminal("aftalt med boet\nja\n"), STOPPING) == Confirmation(STOPPING.digest, "aftalt med boet")
    given = Asker(reason="aftalt")
    assert ask(Terminal("ja\n"), STOPPING, given) == Confirmation(STOPPING.digest, "aftalt")


def test_without_the_reason_that_a_warning_asks_for_no_yes_is_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    """It would be said in vain: the preview is refused."""
    given = ask(Terminal("\nja\n"), STOPPING)
    assert why_not_confirmed(STOPPING, given) is WhyNotConfirmed.REASON
    assert "Skriv ja" not in capsys.readouterr().err


def test_without_a_terminal_nobody_is_asked_unless_that_is_wanted() -> None:
    with pytest.raises(NotConfirmed) as refused:
        ask(io.StringIO("ja\n"), CALM)
    assert refused.value.kind == "confirm.needed"
    assert ask(io.StringIO("ja\n"), CALM, Asker(confirm=True)) == Confirmation(CALM.digest)


def test_a_script_says_yes_to_whatever_is_shown_or_to_one_preview() -> None:
    assert ask(io.StringIO(), STOPPING, Asker(yes=True)) == Confirmation(STOPPING.digest)
    one = Asker(approve="sha256:seen", reason="aftalt")
    assert ask(io.StringIO(), STOPPING, one) == Confirmation("sha256:seen", "aftalt")


def test_a_preview_that_nobody_said_yes_to_is_printed_with_the_error_in_it(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    asker = Asker(as_json=True)
    with pytest.raises(SystemExit) as ended, asker.confirmed({"patron": None}, CALM, ["unread"]):
        pytest.fail("nobody has said yes")
    told = json.loads(capsys.readouterr().out)
    assert (ended.value.code, told["patron"], told["error"]["kind"]) == (1, None, "confirm.needed")
    assert told["error"]["changed"] == "nothing"
    assert "--yes" in told["error"]["next"]


def test_the_warnings_that_stop_stand_first() -> None:
    warnings = warning_documents(STOPPING.warnings)
    assert list(warning_lines(warnings, "da")) == [
        "  ! stop: CPR siger, at personen er død.",
        "  · vær opmærksom: Personen er udrejst og har ingen bopæl i Danmark.",
    ]
    assert list(warning_lines(warnings, "en")) == [
        "  ! stop: The register says that the person is dead.",
        "  · note: The person has emigrated and has no residence in Denmark.",
    ]

"""What help says: each command, argument and option is explained, no line is cut, and what it lists is there."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
import typer.main
from catalogues import ADVICE, DANISH, WORDS

from cprsync.cli.demo.mock import EVENTS, FAULTS
from cprsync.cli.main import DECLARATIONS, app
from cprsync.cli.terminal.misuse import Commands
from cprsync.mock.town.events import KINDS
from cprsync.mock.town.faults import CALL_KINDS, CULR_KINDS, HALF_FILE, KOHA_KINDS, SECONDS_MAX, SFTP_KINDS, TIMES_MAX

if TYPE_CHECKING:
    from collections.abc import Iterator

#: How much of a command's first sentence a list of commands shows on a narrow terminal.
SHOWN = 62


def commands(command: Any = None, name: str = "cprsync") -> Iterator[tuple[str, Any]]:
    command = typer.main.get_command(app) if command is None else command
    yield name, command
    for sub, found in subcommands(command).items():
        yield from commands(found, f"{name} {sub}")


def subcommands(command: Any) -> dict[str, Any]:
    names = command.list_commands(None) if isinstance(command, Commands) else []
    return {name: command.get_command(None, name) for name in names}


COMMANDS = [pytest.param(command, id=name) for name, command in commands()]


@pytest.mark.parametrize("command", COMMANDS[1:])
def test_a_list_of_commands_cuts_none_of_its_lines(command: Any) -> None:
    assert not command.get_short_help_str(SHOWN).endswith("...")


def test_the_list_of_all_commands_says_what_each_command_says() -> None:
    declared = subcommands(typer.main.get_command(app))
    assert {name: line for name, (line, *_) in DECLARATIONS.items()} == {
        name: (command.help or "").partition("\n\n")[0] for name, command in declared.items()
    }


@pytest.mark.parametrize("command", COMMANDS)
def test_every_argument_and_option_is_explained(command: Any) -> None:
    assert [parameter.name for parameter in command.params if not parameter.help] == []


@pytest.mark.parametrize(
    "command", [one for one in COMMANDS if not subcommands(one.values[0]) and one.id != "cprsync bench"]
)
def test_every_command_that_is_installed_takes_the_readers_language(command: Any) -> None:
    assert [one.name for one in command.params if "--lang" in one.opts] == ["lang"]


@pytest.mark.parametrize("command", [one for one in COMMANDS if not subcommands(one.values[0])])
def test_every_command_answers_a_program_in_json(command: Any) -> None:
    assert [one.name for one in command.params if "--json" in one.opts] == ["as_json"]


def test_no_english_text_takes_a_patron_for_a_woman() -> None:
    """A patron is they: in help, in reports, in errors and in what to do about them."""
    texts = [command.help or "" for _, command in commands()]
    texts += [parameter.help or "" for _, command in commands() for parameter in command.params]
    texts += [english for _, english in WORDS.values()]
    texts += [*DANISH, *(one.next.en for one in ADVICE.values())]
    assert len(texts) > 1000
    assert [one for one in texts if re.search(r"\b(she|her|hers|herself)\b", one, re.IGNORECASE)] == []


def test_no_danish_text_takes_a_patron_for_a_woman() -> None:
    texts = [danish for danish, _ in WORDS.values()]
    texts += [*DANISH.values(), *(one.next.da for one in ADVICE.values())]
    assert [one for one in texts if re.search(r"\b(hun|hende|hendes)\b", one, re.IGNORECASE)] == []


def test_the_mock_lists_each_event_and_fault_that_it_knows() -> None:
    words = {name: set(re.findall(r"[a-z0-9-]+", text)) for name, text in (("event", EVENTS), ("fault", FAULTS))}
    assert set(KINDS) <= words["event"]
    assert {*CALL_KINDS, HALF_FILE, *SFTP_KINDS, *CULR_KINDS, *KOHA_KINDS} <= words["fault"]


def test_a_fault_may_be_as_often_and_as_slow_as_help_says(capsys: pytest.CaptureFixture[str]) -> None:
    app(["mock", "fault", "--help"], standalone_mode=False)
    told = capsys.readouterr().out
    assert f"<={TIMES_MAX}]" in told
    assert f"<={SECONDS_MAX:.0f}]" in told

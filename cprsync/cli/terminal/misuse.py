"""Describes in our own words what is wrong with a command line.

Uses the kind of typer's error and what the command declares. Never uses the error's text or the typed text, which may
be a CPR number or a name.
"""

from __future__ import annotations

import difflib
import re
from enum import Enum
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import typer
import typer.main
from typer.core import TyperGroup

from cprsync.errors import CprsyncError, Misused

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

#: Text that looks like a CPR number.
NUMBER: Final = re.compile(r"(?<![0-9])[0-9]{6}[ -]?[0-9]{4}(?![0-9])")
#: How many similar names are offered for an unknown one.
_OFFERED = 3


class Commands(TyperGroup):
    """A group of commands that suggests similar names for an unknown command."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Resolve as typer does.

        Raises Misused for an unknown command, because typer's own error says it only in its text, for an option whose
        value would be the next option, and for --as where no settings say who may be named.
        """
        if self.get_command(ctx, args[0]) is None:
            near = _find_similar(args[0], self.list_commands(ctx))
            raise (
                Misused("there is no such command: did you mean {near}?", near=near)
                if near
                else Misused("there is no such command")
            )
        name, command, left = super().resolve_command(ctx, args)
        without = _without_value(command, left)
        if without is not None:
            raise Misused("the option {name} needs a value", name=without)
        if _was_typed(ctx, "acting") and not _may_read_settings(command):
            raise Misused("--as names nobody here: the command reads no settings, which say who may be named")
        return name, command, left


class BackupCommands(Commands):
    """A group in which `make` is meant if no command is named: its first argument may be a folder."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse as typer does, with `make` in front of what is no command, no request for help, and no slip."""
        first = args[0] if args else ""
        is_slip = bool(first) and not first.startswith("-") and _find_similar(first, self.list_commands(ctx)) != ""
        if first not in {*self.commands, *ctx.help_option_names} and not is_slip:
            args = ["make", *args]
        return super().parse_args(ctx, args)


def _may_read_settings(command: Any) -> bool:
    """Whether a command, or one of a group, takes --config."""
    return isinstance(command, TyperGroup) or any(option.name == "config" for option in command.params)


def _was_typed(ctx: Any, name: str) -> bool:
    """Whether an option of the program itself stands on the command line, and not in the environment alone."""
    source = ctx.find_root().get_parameter_source(name)
    return source is not None and source.name == "COMMANDLINE"


def _without_value(command: Any, arguments: Sequence[str]) -> str | None:
    """The option of a command that another option of it follows: a reason may be any text, and would be `--yes`."""
    options = {name: option for option in command.params for name in option.opts if name.startswith("-")}
    return next(
        (
            one
            for one, following in pairwise(arguments)
            if one in options and not options[one].is_flag and following in options
        ),
        None,
    )


def names_a_number(arguments: Sequence[str]) -> bool:
    """Whether an argument, or the value of an option, is a CPR number. Within a text it is the user's own."""
    words = (one.partition("=")[2] if one.startswith("--") else one for one in arguments)
    return any(NUMBER.fullmatch(word.strip()) for word in words)


def misuse_of(error: BaseException, arguments: Sequence[str], app: typer.Typer) -> CprsyncError | None:
    """The error in our own words. None: the command line did not cause it."""
    misuse: CprsyncError | None
    if isinstance(error, Misused):
        misuse = error
    else:
        kinds = (kind.__name__ for kind in type(error).__mro__)
        describe = next((MISUSES[kind] for kind in kinds if kind in MISUSES), None)
        misuse = None if describe is None else describe(error, _find_command(error, arguments, app))
    if misuse is not None and NUMBER.search(" ".join(arguments)):
        # the number is in the shell's history by now
        return Misused(misuse.sentence, kind="usage.number", **misuse.values)
    return misuse


def _missing(error: Any, _: Any) -> Misused:
    option = error.param is not None and error.param.opts[0].startswith("-")
    if option:
        return Misused("the option {name} is missing", name=_name(error.param))
    return Misused("the argument {name} is missing", name=_name(error.param))


def _no_such_option(error: Any, _: Any) -> Misused:
    if not error.possibilities:
        return Misused("there is no such option")
    return Misused("there is no such option: did you mean {near}?", near=", ".join(error.possibilities[:_OFFERED]))


def _bad_option(error: Any, declared: Any) -> Misused:
    flags = [option for option in declared.params if error.option_name in option.opts and option.is_flag]
    if flags:
        return Misused("the option {name} takes no value", name=error.option_name)
    return Misused("the option {name} needs a value", name=error.option_name)


def _bad_value(error: Any, _: Any) -> Misused:
    name, choices = _name(error.param), _choices(error.param)
    if choices:
        return Misused("{name}: expected one of {choices}", name=name, choices=", ".join(choices))
    [fault, *_] = [*_faults(error.__cause__), {"type": "", "ctx": {}}]
    if fault["type"] in _NOT_A_NUMBER:
        return Misused(_NOT_A_NUMBER[fault["type"]], name=name)
    if fault["type"] in _BEYOND:
        sentence, limit = _BEYOND[fault["type"]]
        return Misused(sentence, name=name, limit=fault["ctx"][limit])
    if getattr(getattr(error.param, "type_descriptor", None), "annotation", None) is Path:
        # the only thing that is asked of a path before the command begins
        return Misused("{name}: this user may not read the file", name=name, kind="file.owner")
    return Misused("{name}: the value cannot be used", name=name)


def _too_much(error: Any, _: Any) -> Misused:
    if isinstance(getattr(error.ctx, "command", None), Commands):
        return Misused("a command is missing")
    return Misused("there is a word too many on the command line")


#: From typer's kinds of errors to our own, the most specific first.
MISUSES: Final[dict[str, Callable[[Any, Any], Misused]]] = {
    "NoArgsIsHelpError": lambda *_: Misused("a command is missing"),
    "MissingParameter": _missing,
    "NoSuchOption": _no_such_option,
    "BadOptionUsage": _bad_option,
    "BadArgumentUsage": _bad_value,
    "BadParameter": _bad_value,
    "UsageError": _too_much,
}
#: From pydantic's kinds of faults to what was expected.
_NOT_A_NUMBER: Final = {
    "int_parsing": "{name}: expected a whole number",
    "int_from_float": "{name}: expected a whole number",
    "float_parsing": "{name}: expected a number",
}
_BEYOND: Final = {
    "greater_than_equal": ("{name}: expected at least {limit}", "ge"),
    "less_than_equal": ("{name}: expected at most {limit}", "le"),
}


def _faults(cause: Any) -> list[dict[str, Any]]:
    return cause.errors(include_url=False, include_input=False) if hasattr(cause, "errors") else []


def _choices(parameter: Any) -> list[str]:
    found = getattr(getattr(parameter, "type_descriptor", None), "choices", None) or ()
    return [str(one.value if isinstance(one, Enum) else one) for one in found]


def _name(parameter: Any) -> str:
    """The name as help shows it."""
    name = str(parameter.opts[0])
    return name if name.startswith("-") else name.upper()


def _find_similar(typed: str, names: Iterable[str]) -> str:
    return ", ".join(difflib.get_close_matches(typed, list(names), n=_OFFERED))


def _find_command(error: Any, arguments: Sequence[str], app: typer.Typer) -> Any:
    """The command that was meant, because typer does not always say."""
    if getattr(error, "ctx", None) is not None:
        return error.ctx.command
    command: Any = typer.main.get_command(app)
    for argument in arguments:
        command = (hasattr(command, "get_command") and command.get_command(None, argument)) or command
    return command

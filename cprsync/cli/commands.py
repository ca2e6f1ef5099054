"""Which commands there are, and where each is declared. A command's module is loaded when the command is asked for."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, Final

import typer
import typer.main

from cprsync.cli.terminal.misuse import Commands

_BENCH: Final = "bench.command"
#: Where a checkout has it. An installed program has neither.
_CHECKOUT: Final = Path(__file__).parents[2] / "tests"
#: Each command, or group of commands: the line that help shows, and the modules below `cprsync.cli` that declare it.
PARTS: Final[dict[str, tuple[str, ...]]] = {
    "demo": ("Live a week against a mock register, night by night.", "demo.demo"),
    "init": ("Write the files that an installation starts from.", "setup.installation"),
    "sync": ("Run the night: fetch, decide, guard, write, report.", "night.sync"),
    "status": ("Show on one screen how it stands.", "night.status"),
    "lookup": ("Look one person up in the register (opslag).", "desk.registering"),
    "forecast": ("Show what the coming nights will do by themselves.", "night.forecast"),
    "statement": ("Print what a patron owes (mellemværende), and the envelope.", "lending.statement"),
    "statistics": ("Count patrons by municipality, age band and group.", "pages.statistics"),
    "guide": ("Print a page of the guide, or which pages there are.", "pages.guide"),
    "rules": ("Print what the register's word does to a record.", "pages.guide_and_rules"),
    "fees": ("Print a library's fees (gebyrer) and patron groups.", "pages.policy"),
    "fields": ("Print what a patron record holds, field by field.", "pages.fields"),
    "certs": ("Certificates: make development ones, check those in use.", "setup.certs"),
    "db": ("The store: set up, upgrade, status.", "setup.db"),
    "mock": ("A mock register to try and test against.", "demo.mock"),
    "feed": ("Deliveries (ændringsudtræk), and what they could not tell.", "feed.deliveries", "feed.windows"),
    "patron": (
        "Patrons (lånere): add, import, find, show, set, leave, erase.",
        "imports.patrons",
        "desk.adding",
        "desk.showing",
        "lending.standing",
        "desk.changing",
        "desk.responsibles",
        "desk.set_cpr",
        "leaving.leaving",
    ),
    "circulation": ("Loans, reservations, balances and messages: import.", "imports.circulation"),
    "runs": ("The nights that were.", "night.runs"),
    "audit": ("The audit (revisionsspor): is it whole, who did what.", "trust.audit"),
    "review": ("What waits for a person: list, show, answer.", "desk.review"),
    "subscriptions": ("Subscriptions to CPR numbers: ours against the register's.", "feed.subscriptions"),
    "entitlements": ("Rights to net media (netmedier).", "netmedia.entitlements", "netmedia.accounts"),
    "retention": ("What is over is forgotten, as long after as policy.toml says.", "leaving.retention"),
}

# what measures a night is not installed with the program: a checkout has it beside the package
if (_CHECKOUT / "bench" / "command.py").is_file():
    sys.path.append(str(_CHECKOUT))
    PARTS["bench"] = ("Measure a night against the floor of the same run.", _BENCH)


@cache
def _command(name: str) -> Any:
    """A command, or a group of commands, from the modules that declare it."""
    help_line, *modules = PARTS[name]
    group = typer.Typer(name=name, help=help_line, cls=Commands, no_args_is_help=True, rich_markup_mode=None)
    for module in modules:
        group.add_typer(import_module(_BENCH if module == _BENCH else f"cprsync.cli.{module}").app)
    made = typer.main.get_group(group)
    # a single command is declared under its own name
    return made.commands.get(name, made)


class _Parts(Mapping[str, Any]):
    """The commands by name. A command is loaded when it is asked for."""

    def __getitem__(self, name: str) -> Any:
        if name not in PARTS:
            raise KeyError(name)
        return _command(name)

    def __iter__(self) -> Iterator[str]:
        return iter(PARTS)

    def __len__(self) -> int:
        return len(PARTS)


class Program(Commands):
    """All commands. Help shows their names and lines without loading them."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        self.commands: Any = _Parts()

    def format_commands(self, ctx: Any, formatter: Any) -> None:  # noqa: ARG002 -- as in typer
        with formatter.section("Commands"):
            formatter.write_dl([(name, help_line) for name, (help_line, *_) in PARTS.items()])

"""The program: its options, its commands, and how it starts and ends.

A command's module is loaded when the command is asked for.
"""

from __future__ import annotations

import atexit
import gc
import signal
import sys
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any, Final

import typer
import typer.main

from cprsync.cli.terminal.misuse import BackupCommands, Commands, misuse_of, names_a_number
from cprsync.errors import Misused

_BENCH: Final = "bench.command"
#: Where a checkout has it. An installed program has neither.
_CHECKOUT: Final = Path(__file__).parents[2] / "tests"
#: Each command, or group of commands: the line that help shows, and what declares it: a module below `cprsync.cli`,
#: and the name of its typer app if that is not `app`.
DECLARATIONS: Final[dict[str, tuple[str, ...]]] = {
    "demo": ("Live a week against a mock register, night by night.", "demo.demo"),
    "init": ("Write the files that an installation starts from.", "setup.installation"),
    "sync": ("Run the night: fetch, decide, guard, write, report.", "night.sync"),
    "status": ("Show on one screen how it stands.", "night.overview:status_app"),
    "doctor": ("Check all that an installation needs, and what to do.", "trust.doctor"),
    "metrics": ("Print what Prometheus reads: how each library stands.", "trust.metrics"),
    "alarms": ("Who is told what is wrong: check, test, list.", "trust.alarms"),
    "serve": ("Serve the desk to browsers, until stopped.", "desk.serving"),
    "accounts": (
        "Who may sign in, ask or fetch: set, machine, reader, list.",
        "desk.serving:accounts_app",
        "desk.machines",
    ),
    "openapi": ("Print what the desk's JSON API takes and answers.", "desk.serving:openapi_app"),
    "lookup": ("Look one person up in the register (opslag).", "desk.registering"),
    "forecast": ("Show what the coming nights will do by themselves.", "night.overview:forecast_app"),
    "statement": ("Print what a patron owes (mellemværende), and the envelope.", "lending.standing:statement_app"),
    "statistics": ("Count patrons by municipality, age band and group.", "pages.statistics"),
    "guide": ("Print a page of the guide, or which pages there are.", "pages.guide"),
    "rules": ("Print what the register's word does to a record.", "pages.guide"),
    "fees": ("Print a library's fees (gebyrer) and patron groups.", "pages.policy"),
    "fields": ("Print what a patron record holds, field by field.", "pages.policy"),
    "certs": ("Certificates: make development ones, check those in use.", "setup.installation:certs_app"),
    "keys": ("The keys that seal the records: list, rotate, destroy.", "trust.keys"),
    "db": ("The store: set up, upgrade, status.", "setup.installation:db_app"),
    "mock": ("A mock register to try and test against.", "demo.mock", "demo.asked"),
    "feed": ("Deliveries (ændringsudtræk), and what they could not tell.", "feed.deliveries", "feed.windows"),
    "patron": (
        "Patrons (lånere): add, import, find, list, show, set, leave.",
        "imports.lists:patron_app",
        "desk.registering:patron_app",
        "desk.record",
        "lending.standing",
        "desk.changing",
        "leaving.leaving",
        "outward.listing",
    ),
    "circulation": ("Loans, reservations, balances and messages: import.", "imports.lists:circulation_app"),
    "runs": ("Past nights: list, show, undo one.", "night.overview:runs_app", "night.reverting"),
    "plan": ("A night that a limit has held: show its plan, approve it.", "night.plans"),
    "audit": ("The audit (revisionsspor): is it whole, who did what.", "trust.audit"),
    "backup": ("Back up the store, its keys and what is beside it.", "trust.backup"),
    "restore": ("Put a backup back into an empty place.", "trust.backup:restore_app"),
    "drill": ("Prove that the newest backup can be restored.", "trust.backup:drill_app"),
    "access": ("The rules of access: who is stopped, samples, signing.", "trust.access"),
    "review": ("What waits for a person: list, show, answer.", "desk.review"),
    "subscriptions": ("Subscriptions to CPR numbers: ours against the register's.", "feed.windows:subscriptions_app"),
    "entitlements": ("Rights to net media (netmedier).", "netmedia.entitlements"),
    "targets": ("Other systems that hear of patrons: list, send, load.", "outward.targets", "outward.differences"),
    "export": ("Write what a target may get, as NDJSON or CSV.", "outward.exporting"),
    "compare": ("Compare the records with another library system.", "outward.comparing"),
    "retention": ("Delete data that has passed its retention period.", "leaving.leaving:retention_app"),
}
# what measures a night is not installed with the program: a checkout has it beside the package
if (_CHECKOUT / "bench" / "command.py").is_file():
    sys.path.append(str(_CHECKOUT))
    DECLARATIONS["bench"] = ("Measure a night against the floor of the same run.", _BENCH)


#: Groups whose first argument may be something else than the name of a command.
_KINDS: Final[dict[str, type[Commands]]] = {"backup": BackupCommands}


@cache
def _command(name: str) -> Any:
    """A command, or a group of commands, from the apps that declare it."""
    help_line, *declared = DECLARATIONS[name]
    kind = _KINDS.get(name, Commands)
    group = typer.Typer(name=name, help=help_line, cls=kind, no_args_is_help=kind is Commands, rich_markup_mode=None)
    for place in declared:
        module, _, app = place.partition(":")
        group.add_typer(getattr(import_module(module if module == _BENCH else f"cprsync.cli.{module}"), app or "app"))
    made = typer.main.get_group(group)
    # a single command is declared under its own name
    return made.commands.get(name, made)


class Program(Commands):
    """All commands. A command is loaded when it is asked for: help shows their names and lines without loading them."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002 -- as in typer
        return list(DECLARATIONS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ARG002 -- as in typer
        return _command(cmd_name) if cmd_name in DECLARATIONS else None

    def format_commands(self, ctx: Any, formatter: Any) -> None:  # noqa: ARG002 -- as in typer
        with formatter.section("Commands"):
            formatter.write_dl([(name, help_line) for name, (help_line, *_) in DECLARATIONS.items()])


def _end(code: int | None, **_: Any) -> None:
    """End with the exit code that a command returns."""
    if code:
        raise typer.Exit(code)


app = typer.Typer(
    name="cprsync",
    cls=Program,
    result_callback=_end,
    help="Keeps a library's patron records (låneroplysninger) true to the civil register (CPR).",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _show_version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        from cprsync.cli.terminal.output import say

        say(f"cprsync {version('cprsync')}")
        raise typer.Exit


@app.callback()
def main(
    ctx: typer.Context,
    *,
    version: Annotated[  # noqa: ARG001 -- its callback answers
        bool, typer.Option("--version", is_eager=True, callback=_show_version, help="Print the version and end.")
    ] = False,
    log_level: Annotated[
        str | None,
        typer.Option("--log-level", envvar="CPRSYNC_LOG_LEVEL", help="Of events: DEBUG, INFO, WARNING or ERROR."),
    ] = None,
    acting: Annotated[  # noqa: ARG001 -- read where the audit is written
        str | None,
        typer.Option("--as", envvar="CPRSYNC_AS", help="Who acts, named by an account that may ([audit] may_name)."),
    ] = None,
) -> None:
    """Keeps a library's patron records (låneroplysninger) true to the civil register (CPR)."""
    from cprsync.cli.terminal.logs import LEVEL, LEVELS, configure
    from cprsync.cli.terminal.output import is_text

    if not all(map(is_text, sys.argv)):
        raise Misused("an argument is not readable as text")
    # the mock's people are invented, and their cards may look like numbers
    if ctx.invoked_subcommand != "mock" and names_a_number(sys.argv[1:]):
        raise Misused("a CPR number stands on the command line")
    if log_level is not None and log_level not in LEVELS:
        raise Misused("expected DEBUG, INFO, WARNING or ERROR: --log-level, or CPRSYNC_LOG_LEVEL")
    configure(log_level or LEVEL)


#: When Python collects garbage, less often than usual because a night keeps its objects until it ends: how many new
#: objects start a collection of the youngest, and how many collections start one of older objects.
#: Python's defaults are 700 and 10. With them, a night of 10,000 changes spent an eighth of its time on collecting;
#: with 10,000 it was a twentieth.
_THRESHOLDS: Final = (50_000, 20, 20)
#: The exit code that typer returns for Ctrl-C.
INTERRUPTED = 130


def limit_gc() -> None:
    """Let Python's garbage collector run less often, for work that keeps its objects."""
    gc.set_threshold(*_THRESHOLDS)


def run() -> None:
    """Start the program, and end it with the command's exit code.

    An unexpected error shows a reference, never a traceback with data.
    """
    from cprsync.cli.terminal.failures import interrupted, misused, tell_what_nobody_hears, unexpected
    from cprsync.cli.terminal.output import open_standard_streams
    from cprsync.private import leave_no_dump

    leave_no_dump()
    # as Ctrl-C does, it lets a command take back what is half, and say what it changed
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    open_standard_streams()
    tell_what_nobody_hears()
    limit_gc()
    # structlog loads rich where it finds it, which comes with typer: a tenth of `status`, for tracebacks that show the
    # values of variables
    sys.modules.setdefault("rich", None)  # type: ignore[arg-type]  # None hides it
    # what is left at the end is given back with the process: looking through all of it first took a tenth of `status`
    atexit.register(gc.freeze)
    as_json = "--json" in sys.argv
    try:
        code = app(standalone_mode=False)
    except Exception as error:  # noqa: BLE001 -- the last line of defence: an unexpected error may quote data
        misuse = misuse_of(error, sys.argv[1:], app)
        code = unexpected(error, as_json=as_json) if misuse is None else misused(error, misuse, as_json=as_json)
    if code == INTERRUPTED:
        code = interrupted(as_json=as_json)
    raise SystemExit(code)

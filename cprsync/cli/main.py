"""The program: every command and its options. What a command does is imported only when it runs."""

from __future__ import annotations

import os
import sys
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cprsync.collector import look_seldom
from cprsync.domain.purpose import Purpose  # noqa: TC001 -- typer reads the annotation

if TYPE_CHECKING:
    from cprsync.cli.words import Language


app = typer.Typer(
    name="cprsync",
    help="Keeps a library's patron records true to the civil register (CPR).",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
certs_app = typer.Typer(help="Certificates: make development ones, check ours and the counterparts'.")
db_app = typer.Typer(help="The store: set up, upgrade, status.")
mock_app = typer.Typer(help="The mock register: SOAP, deliveries, a town that lives, faults on command.")
feed_app = typer.Typer(help="Deliveries: fetch what waits, look into one, accept one that stops the night.")
patron_app = typer.Typer(help="Patron records: import and show.")
runs_app = typer.Typer(help="The nights that were.")
subscriptions_app = typer.Typer(help="Subscriptions: ours, and ours against the register's list.")
for sub, name in (
    (certs_app, "certs"),
    (db_app, "db"),
    (mock_app, "mock"),
    (feed_app, "feed"),
    (patron_app, "patron"),
    (runs_app, "runs"),
    (subscriptions_app, "subscriptions"),
):
    app.add_typer(sub, name=name, no_args_is_help=True)

Json = Annotated[bool, typer.Option("--json", help="One JSON document on standard output, nothing else.")]
Config = Annotated[Path, typer.Option("--config", envvar="CPRSYNC_CONFIG", help="The configuration file.")]
Library = Annotated[str | None, typer.Option("--library", help="The agency, where more than one is set up.")]
Lang = Annotated[str, typer.Option("--lang", envvar="CPRSYNC_LANG", help="da or en.")]
Folder = Annotated[Path, typer.Option("--dir", help="The mock's folder.")]
CONFIG = Path("cprsync.toml")


def _language(text: str) -> Language:
    return "en" if text == "en" else "da"


def _day(text: str | None) -> date | None:
    if text is None:
        return None
    try:
        return datetime.strptime(text, "%Y-%m-%d").date()  # noqa: DTZ007 -- a day has no zone
    except ValueError:
        raise typer.BadParameter("expected a day as YYYY-MM-DD") from None


@app.command()
def demo(
    *,
    keep: Annotated[Path | None, typer.Option("--keep", help="Leave everything in this folder.")] = None,
    lang: Lang = "da",
    as_json: Json = False,
) -> None:
    """Live a week in a mock register and watch the library's records follow."""
    from cprsync.cli.demo import run_demo

    raise SystemExit(run_demo(keep=keep, language=_language(lang), as_json=as_json))


@app.command()
def init(
    folder: Path,
    *,
    mock: Annotated[Path | None, typer.Option("--mock", help="The mock's ready.json.")] = None,
    as_json: Json = False,
) -> None:
    """Write a commented cprsync.toml, policy.toml, keys and a systemd timer."""
    from cprsync.cli.setup import init_folder

    init_folder(folder, mock=mock, as_json=as_json)


@app.command()
def sync(  # noqa: PLR0913 -- one parameter for each option
    *,
    config: Config = CONFIG,
    library: Library = None,
    today: Annotated[str | None, typer.Option("--today", help="YYYY-MM-DD, test environment only.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Plan the night; write no record.")] = False,
    plan: Annotated[Path | None, typer.Option("--plan", help="Write the plan, without values, to this file.")] = None,
    lang: Lang = "da",
    as_json: Json = False,
) -> None:
    """Live the night: fetch, accept, decide, guard, apply, report."""
    from cprsync.cli.night import sync_command

    raise SystemExit(
        sync_command(
            config,
            library=library,
            today=_day(today),
            language=_language(lang),
            as_json=as_json,
            dry_run=dry_run,
            plan=plan,
        )
    )


@app.command()
def lookup(
    *,
    purpose: Annotated[Purpose, typer.Option("--purpose", help="Why; written down before the register is asked.")],
    register: Annotated[bool, typer.Option("--register", help="Create or update the patron, and subscribe.")] = False,
    config: Config = CONFIG,
    library: Library = None,
    as_json: Json = False,
) -> None:
    """Look one person up; the CPR number is asked for, or read from standard input."""
    from cprsync.cli.lookup import lookup_command

    raise SystemExit(lookup_command(purpose, register=register, config=config, library=library, as_json=as_json))


@runs_app.command("list")
def runs_list(*, config: Config = CONFIG, library: Library = None, lang: Lang = "da", as_json: Json = False) -> None:
    """List the nights."""
    from cprsync.cli.night import runs_list_command

    runs_list_command(config, library=library, language=_language(lang), as_json=as_json)


@runs_app.command("show")
def runs_show(
    run: int, *, config: Config = CONFIG, library: Library = None, lang: Lang = "da", as_json: Json = False
) -> None:
    """Show one night's report, number by number."""
    from cprsync.cli.night import runs_show_command

    runs_show_command(run, config=config, library=library, language=_language(lang), as_json=as_json)


@subscriptions_app.command("list")
def subscriptions_list(*, config: Config = CONFIG, library: Library = None, as_json: Json = False) -> None:
    """List our subscriptions by patron and reason."""
    from cprsync.cli.subscriptions import list_command

    list_command(config, library=library, as_json=as_json)


@subscriptions_app.command("reconcile")
def subscriptions_reconcile(
    *,
    apply: Annotated[bool, typer.Option("--apply", help="Add and remove; without it nothing is changed.")] = False,
    config: Config = CONFIG,
    library: Library = None,
    as_json: Json = False,
) -> None:
    """Compare our subscriptions with the register's list."""
    from cprsync.cli.subscriptions import reconcile_command

    raise SystemExit(reconcile_command(config, library=library, apply=apply, as_json=as_json))


@feed_app.command("inspect")
def feed_inspect(file: Path, *, as_json: Json = False) -> None:
    """Count what a delivery holds, and say whether it is whole."""
    from cprsync.cli.feed import inspect_command

    raise SystemExit(inspect_command(file, as_json=as_json))


@feed_app.command("fetch")
def feed_fetch(*, config: Config = CONFIG, library: Library = None, as_json: Json = False) -> None:
    """Take what waits into the inbox, sealed; the next night reads it."""
    from cprsync.cli.feed import fetch_command

    raise SystemExit(fetch_command(config, library=library, as_json=as_json))


@feed_app.command("accept")
def feed_accept(
    file: str,
    *,
    reason: Annotated[str, typer.Option("--reason", help="Why; it is kept in the audit.")],
    config: Config = CONFIG,
    library: Library = None,
    as_json: Json = False,
) -> None:
    """Take a replacement, or go on over a gap: the next night applies FILE, of the inbox or on disk."""
    from cprsync.cli.feed import accept_command

    accept_command(file, reason=reason, config=config, library=library, as_json=as_json)


@patron_app.command("import")
def patron_import(
    file: Path,
    *,
    apply: Annotated[bool, typer.Option("--apply", help="Write; without it nothing is changed.")] = False,
    config: Config = CONFIG,
    library: Library = None,
    as_json: Json = False,
) -> None:
    """Import patrons from CSV with the columns cpr_number, card, branch, group, language."""
    from cprsync.cli.patrons import import_command

    raise SystemExit(import_command(file, apply=apply, config=config, library=library, as_json=as_json))


@patron_app.command("show")
def patron_show(patron: str, *, config: Config = CONFIG, library: Library = None, as_json: Json = False) -> None:
    """Show one record: each field with its owner and source."""
    from cprsync.cli.patrons import show_command

    show_command(patron, config=config, library=library, as_json=as_json)


@certs_app.command("dev")
def certs_dev(folder: Path, *, as_json: Json = False) -> None:
    """Make a development CA with a server and a client certificate shaped like OCES3 test ones."""
    from cprsync.cli.setup import certs_dev_command

    certs_dev_command(folder, as_json=as_json)


@certs_app.command("check")
def certs_check(*, config: Config = CONFIG, library: Library = None, as_json: Json = False) -> None:
    """Check our certificate, its chain and the counterparts': who, and how many days are left."""
    from cprsync.cli.setup import certs_check_command

    raise SystemExit(certs_check_command(config, library=library, as_json=as_json))


@db_app.command("upgrade")
def db_upgrade(*, config: Config = CONFIG, as_json: Json = False) -> None:
    """Set the store up, or bring it to this program's version."""
    from cprsync.cli.setup import db_upgrade_command

    db_upgrade_command(config, as_json=as_json)


@db_app.command("status")
def db_status(*, config: Config = CONFIG, as_json: Json = False) -> None:
    """Say which version the store is of, and which this program needs."""
    from cprsync.cli.setup import db_status_command

    raise SystemExit(db_status_command(config, as_json=as_json))


@mock_app.command("serve")
def mock_serve(  # noqa: PLR0913 -- one parameter for each option
    folder: Folder,
    *,
    people: Annotated[Path | None, typer.Option("--people", help="Another town.")] = None,
    port: Annotated[int | None, typer.Option("--port", help="Both SOAP services; 0 picks a free one.")] = None,
    sftp_port: Annotated[int | None, typer.Option("--sftp-port")] = None,
    culr_port: Annotated[int | None, typer.Option("--culr-port")] = None,
    control_port: Annotated[int | None, typer.Option("--control-port")] = None,
    framing: Annotated[str, typer.Option("--framing", help="lines or stream.")] = "lines",
    omit_false: Annotated[bool, typer.Option("--omit-false", help="Leave beskyttet=false out.")] = False,
) -> None:
    """Serve the counterparts; one JSON line when ready."""
    from cprsync.cli.mock import serve_command

    serve_command(
        folder,
        people=people,
        ports=(port, control_port, sftp_port, culr_port),
        framing=framing,
        omit_false=omit_false,
    )


@mock_app.command("event")
def mock_event(
    kind: str,
    *,
    who: Annotated[str, typer.Option("--who", help="A key of the people file.")],
    to: Annotated[str | None, typer.Option("--to", help="A street, a name, a day, a country or another key.")] = None,
    folder: Folder,
    as_json: Json = False,
) -> None:
    """Let something happen to someone: move rename birth die undie protect unprotect emigrate return."""
    from cprsync.cli.mock import event_command

    event_command(kind, who=who, to=to, folder=folder, as_json=as_json)


@mock_app.command("night")
def mock_night(
    *,
    folder: Folder,
    count: Annotated[int, typer.Option("--count", min=1, max=366)] = 1,
    empty: Annotated[bool, typer.Option("--empty/--no-empty", help="A file on days without changes.")] = True,
    as_json: Json = False,
) -> None:
    """Close the working day and write its delivery."""
    from cprsync.cli.mock import night_command

    night_command(folder, count=count, empty=empty, as_json=as_json)


@mock_app.command("day")
def mock_day(*, folder: Folder, as_json: Json = False) -> None:
    """Move the clock one calendar day."""
    from cprsync.cli.mock import day_command

    day_command(folder, as_json=as_json)


@mock_app.command("fault")
def mock_fault(
    kind: str,
    *,
    times: Annotated[int, typer.Option("--times", min=1, max=10_000)] = 1,
    seconds: Annotated[float, typer.Option("--seconds", min=0, max=600, help="How slow a slow answer is.")] = 5.0,
    folder: Folder,
    as_json: Json = False,
) -> None:
    """Let the next calls fail: http-500-html … close; half-file, or sftp-refuse sftp-cut sftp-slow for deliveries."""
    from cprsync.cli.mock import fault_command

    fault_command(kind, times=times, seconds=seconds, folder=folder, as_json=as_json)


@app.command()
def bench(  # noqa: PLR0913 -- one parameter for each option
    name: Annotated[str, typer.Argument(help="night, extract or noop.")],
    *,
    patrons: Annotated[int, typer.Option("--patrons", help="In the store before the night.")] = 100_000,
    changes: Annotated[int, typer.Option("--changes", help="Persons in the delivery.")] = 10_000,
    database: Annotated[
        str, typer.Option("--database", help="sqlite, or postgresql: the server of CPRSYNC_BENCH_URL or its own.")
    ] = "sqlite",
    rounds: Annotated[int, typer.Option("--rounds", help="Each way so often, interleaved.")] = 3,
    size_mb: Annotated[int, typer.Option("--size-mb", help="extract: the delivery's size.")] = 20,
    as_json: Json = False,
) -> None:
    """Measure a night, a delivery read or a night without news against the floor of the same run."""
    from cprsync.cli.bench import bench_command

    raise SystemExit(
        bench_command(
            name,
            patrons=patrons,
            changes=changes,
            database=database,
            rounds=rounds,
            size_mb=size_mb,
            as_json=as_json,
        )
    )


@app.callback()
def main(
    *,
    log_level: Annotated[str | None, typer.Option("--log-level", envvar="CPRSYNC_LOG_LEVEL")] = None,
) -> None:
    """Keeps a library's patron records true to the civil register (CPR)."""
    from cprsync.cli.logs import configure

    configure(log_level if log_level in {"DEBUG", "INFO", "WARNING", "ERROR"} else "WARNING")


#: What typer returns for a Ctrl-C.
INTERRUPTED = 130


def run() -> None:
    """Start the program; what breaks unexpectedly shows a reference, never a traceback with data."""
    from cprsync.cli.output import interrupted, misused, unexpected

    look_seldom()
    as_json = "--json" in sys.argv
    try:
        ended = app(standalone_mode=False)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return
    except Exception as error:  # noqa: BLE001 -- the last line of defence: an unexpected error may quote data
        told = getattr(error, "format_message", None)  # a mistake on the command line: typer's own kind of error
        raise SystemExit(
            unexpected(error, as_json=as_json) if told is None else misused(error, as_json=as_json)
        ) from None
    if ended == INTERRUPTED:
        raise SystemExit(interrupted(as_json=as_json))
    raise SystemExit(ended or 0)

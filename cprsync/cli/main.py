"""The program: its commands and options. What a command does is imported only when it runs."""

from __future__ import annotations

import os
import sys
from importlib import import_module
from pathlib import Path
from typing import Annotated

import typer

from cprsync.cli.apps import (
    audit,
    certs,
    circulation,
    db,
    entitlements,
    feed,
    mock,
    patron,
    retention,
    review,
    runs,
    subscriptions,
)
from cprsync.cli.terminal.misuse import Commands, misuse_of
from cprsync.cli.terminal.options import (
    CONFIG,
    Approve,
    Config,
    Confirm,
    Json,
    Lang,
    Library,
    Patron,
    Why,
    Yes,
    day,
    language,
)
from cprsync.collector import look_seldom
from cprsync.domain.person.purpose import Purpose
from cprsync.errors import Misused

app = typer.Typer(
    name="cprsync",
    cls=Commands,
    help="Keeps a library's patron records (låneroplysninger) true to the civil register (CPR).",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for group, name in (
    (certs, "certs"),
    (db, "db"),
    (mock, "mock"),
    (feed, "feed"),
    (patron, "patron"),
    (circulation, "circulation"),
    (runs, "runs"),
    (audit, "audit"),
    (review, "review"),
    (subscriptions, "subscriptions"),
    (entitlements, "entitlements"),
    (retention, "retention"),
):
    app.add_typer(group.app, name=name, cls=Commands, no_args_is_help=True)


@app.command()
def demo(
    *,
    keep: Annotated[
        Path | None, typer.Option("--keep", help="Leave everything in this folder, which is empty or new.")
    ] = None,
    lang: Lang = "da",
    as_json: Json = False,
) -> None:
    """Live a week against a mock register, night by night.

    At its end every record is compared with the register's own; exit 0 only if all are equal.
    """
    from cprsync.cli.demo.demo import run_demo

    raise SystemExit(run_demo(keep=keep, language=language(lang), as_json=as_json))


@app.command()
def init(
    folder: Annotated[Path, typer.Argument(help="Where an installation is to be; what is there stays.")],
    *,
    mock: Annotated[Path | None, typer.Option("--mock", help="Point at a mock: the ready.json in its folder.")] = None,
    lang: Lang = "da",
    as_json: Json = False,
) -> None:
    """Write the files that an installation starts from.

    cprsync.toml and policy.toml with comments, the keys that seal the records, a systemd service and timer.
    """
    from cprsync.cli.setup.init import init_folder

    init_folder(folder, mock=mock, language=language(lang), as_json=as_json)


@app.command()
def sync(  # noqa: PLR0913 -- one parameter for each option
    *,
    config: Config = CONFIG,
    library: Library = None,
    today: Annotated[str | None, typer.Option("--today", help="YYYY-MM-DD, test environment only.")] = None,
    dry_run: Annotated[
        bool,
        typer.Option(
            "--dry-run",
            help="Plan the night and write no record; the register is asked as by the night, and the audit says so.",
        ),
    ] = False,
    plan: Annotated[
        Path | None, typer.Option("--plan", help="Write to this file what the night plans, without values.")
    ] = None,
    lang: Lang = "da",
    as_json: Json = False,
) -> None:
    """Live the night: fetch, decide, guard, write, report.

    New patrons are subscribed and get their first copy, what the register delivered (ændringsudtræk) is applied, and
    the days since the last night are lived: birthdays, corrections and absences that end.
    """
    from cprsync.cli.night.sync import sync_command

    raise SystemExit(
        sync_command(
            config,
            library=library,
            today=day(today),
            language=language(lang),
            as_json=as_json,
            dry_run=dry_run,
            plan=plan,
        )
    )


@app.command()
def status(*, config: Config = CONFIG, library: Library = None, lang: Lang = "da", as_json: Json = False) -> None:
    """Show on one screen how it stands.

    Exit 1 when someone has to look after something. The last night, late deliveries, what waits, whether the audit
    is whole, certificates, keys.
    """
    from cprsync.cli.night.status import status_command

    raise SystemExit(status_command(config, library=library, language=language(lang), as_json=as_json))


@app.command()
def lookup(  # noqa: PLR0913 -- one parameter for each option
    *,
    purpose: Annotated[Purpose, typer.Option("--purpose", help="Why; written down before the register is asked.")],
    register: Annotated[
        bool, typer.Option("--register", help="Create or update the patron, and subscribe, once someone says yes.")
    ] = False,
    yes: Yes = False,
    confirm: Confirm = False,
    approve: Approve = "",
    reason: Why = "",
    config: Config = CONFIG,
    library: Library = None,
    lang: Lang = "da",
    as_json: Json = False,
) -> None:
    """Look one person up in the register (opslag).

    The CPR number is asked for, or read from standard input; without --register no record is made. With it the record
    is shown as it would be, with what is to be seen about it, and written once someone says yes.
    """
    from cprsync.cli.desk.confirming import Answered
    from cprsync.cli.desk.lookup import lookup_command

    raise SystemExit(
        lookup_command(
            purpose,
            registers=register,
            answered=Answered(yes=yes, confirm=confirm, approve=approve, reason=reason),
            config=config,
            library=library,
            language=language(lang),
            as_json=as_json,
        )
    )


@app.command()
def forecast(  # noqa: PLR0913 -- one parameter for each option
    *,
    days: Annotated[int, typer.Option("--days", min=1, max=366, help="How many days ahead.")] = 30,
    config: Config = CONFIG,
    library: Library = None,
    today: Annotated[str | None, typer.Option("--today", help="YYYY-MM-DD, test environment only.")] = None,
    lang: Lang = "da",
    as_json: Json = False,
) -> None:
    """Show what the coming nights will do by themselves.

    Birthdays, and corrections and absences that end, if the register changes nothing.
    """
    from cprsync.cli.night.forecast import forecast_command

    forecast_command(days, config=config, library=library, today=day(today), language=language(lang), as_json=as_json)


@app.command()
def statement(  # noqa: PLR0913 -- one parameter for each option
    patron: Patron,
    *,
    reveal: Annotated[bool, typer.Option("--reveal", help="Open a sealed address; needs --reason.")] = False,
    reason: Annotated[str, typer.Option("--reason", help="Why it is opened; the audit keeps it, sealed.")] = "",
    config: Config = CONFIG,
    library: Library = None,
    today: Annotated[str | None, typer.Option("--today", help="YYYY-MM-DD, test environment only.")] = None,
    lang: Annotated[
        str | None, typer.Option("--lang", envvar="CPRSYNC_LANG", help="da or en; else the patron's own language.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Print what a patron owes (mellemværende), and the envelope.

    Late loans, unpaid fees and compensations, their sum, and the note to the patron. It goes to the contact address,
    else the register's; to nobody of the dead, and of the protected without name and address unless --reveal opens
    them.
    """
    from cprsync.cli.lending.statement import statement_command

    statement_command(
        patron,
        reveal=reveal,
        reason=reason,
        config=config,
        library=library,
        today=day(today),
        language=None if lang is None else language(lang),
        as_json=as_json,
    )


@app.command()
def statistics(  # noqa: PLR0913 -- one parameter for each option
    *,
    on: Annotated[str | None, typer.Option("--on", help="YYYY-MM-DD: the day of the ages; else today.")] = None,
    config: Config = CONFIG,
    library: Library = None,
    today: Annotated[str | None, typer.Option("--today", help="YYYY-MM-DD, test environment only.")] = None,
    lang: Lang = "da",
    as_json: Json = False,
) -> None:
    """Count patrons by municipality, age band and group.

    The records as they stand, of those who were there on the day, with their ages and groups on it. A number under
    five is left out, and so is what it could be computed from.
    """
    from cprsync.cli.pages.statistics import statistics_command

    statistics_command(
        on=day(on), config=config, library=library, today=day(today), language=language(lang), as_json=as_json
    )


@app.command()
def guide(
    topic: Annotated[str | None, typer.Argument(help="Which page; without one: which there are.")] = None,
    *,
    lang: Lang = "da",
    as_json: Json = False,
) -> None:
    """Print a page of the guide, or which pages there are."""
    from cprsync.cli.pages.guide import guide_command

    guide_command(topic, language=language(lang), as_json=as_json)


@app.command()
def rules(
    *,
    policy: Annotated[
        Path | None, typer.Option("--policy", help="A library's policy.toml; else the default one.")
    ] = None,
    markdown: Annotated[bool, typer.Option("--markdown", help="As Markdown.")] = False,
    into: Annotated[
        Path | None, typer.Option("--into", help="Write the Markdown between the markers of a file.")
    ] = None,
    lang: Lang = "da",
    as_json: Json = False,
) -> None:
    """Print what the register's word does to a record.

    Tables of status, protection, age step and residence, each row with its source.
    """
    from cprsync.cli.pages.rules import rules_command

    rules_command(policy, language=language(lang), as_json=as_json, as_markdown=markdown, into=into)


@app.command()
def fees(
    *,
    policy: Annotated[
        Path | None, typer.Option("--policy", help="A library's policy.toml; else the default one.")
    ] = None,
    lang: Lang = "da",
    as_json: Json = False,
) -> None:
    """Print a library's fees (gebyrer) and patron groups.

    As its policy.toml has them, to hold against its own page.
    """
    from cprsync.cli.pages.fees import fees_command

    fees_command(policy, language=language(lang), as_json=as_json)


@app.command()
def fields(  # noqa: PLR0913 -- one parameter for each option
    *,
    privacy: Annotated[
        str | None, typer.Option("--privacy", help="The public privacy page, in Danish (da) or English (en).")
    ] = None,
    article30: Annotated[bool, typer.Option("--article30", help="The record of processing (GDPR article 30).")] = False,
    policy: Annotated[
        Path | None, typer.Option("--policy", help="A library's policy.toml; else the default one.")
    ] = None,
    controller: Annotated[
        str,
        typer.Option("--controller", help="Whose record of processing it is, instead of [controller] in policy.toml."),
    ] = "",
    lang: Lang = "da",
    as_json: Json = False,
) -> None:
    """Print what a patron record holds, field by field.

    Of each: what for, whose it is, who sees it, how long it is kept.
    """
    from cprsync.cli.pages.fields import fields_command

    fields_command(
        policy,
        privacy=None if privacy is None else language(privacy),
        article30=article30,
        controller=controller,
        language=language(lang),
        as_json=as_json,
    )


# what measures a night is not installed with the program: a checkout has it beside the package
if (Path(__file__).parents[2] / "bench" / "__main__.py").is_file():
    app.command()(import_module("bench.__main__").bench)


def _show_version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        from cprsync.cli.terminal.output import say

        say(f"cprsync {version('cprsync')}")
        raise typer.Exit


@app.callback()
def main(
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
    if log_level is not None and log_level not in LEVELS:
        raise Misused("expected DEBUG, INFO, WARNING or ERROR: --log-level, or CPRSYNC_LOG_LEVEL")
    configure(log_level or LEVEL)


#: The exit code that typer returns for Ctrl-C.
INTERRUPTED = 130


def run() -> None:
    """Start the program. An unexpected error shows a reference, never a traceback with data."""
    from cprsync.cli.terminal.output import interrupted, misused, open_standard_streams, unexpected

    open_standard_streams()
    look_seldom()
    as_json = "--json" in sys.argv
    try:
        ended = app(standalone_mode=False)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return
    except Exception as error:  # noqa: BLE001 -- the last line of defence: an unexpected error may quote data
        told = misuse_of(error, sys.argv[1:], app)
        raise SystemExit(
            unexpected(error, as_json=as_json) if told is None else misused(error, told, as_json=as_json)
        ) from None
    if ended == INTERRUPTED:
        raise SystemExit(interrupted(as_json=as_json))
    raise SystemExit(ended or 0)

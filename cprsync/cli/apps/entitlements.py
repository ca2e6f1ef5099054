"""`cprsync entitlements`: its commands and their options."""

from __future__ import annotations

from typing import Annotated

import typer

from cprsync.cli.terminal.options import CONFIG, Config, Json, Lang, Library, Patron, day, language

app = typer.Typer(help="Rights to net media (netmedier).")


@app.command("show")
def entitlements_show(  # noqa: PLR0913 -- one parameter for each option
    patron: Patron,
    *,
    on: Annotated[
        str | None, typer.Option("--on", help="YYYY-MM-DD: the rights of that day, by what the record holds now.")
    ] = None,
    config: Config = CONFIG,
    library: Library = None,
    lang: Lang = "da",
    as_json: Json = False,
) -> None:
    """Say which net media a patron may use, and why.

    By the library's policy: of each product yes, no or undecided, since when, and what would change it; and what CULR
    has been told. A protected patron's municipality shows, their address does not.
    """
    from cprsync.cli.netmedia.entitlements import show_command

    show_command(patron, on=day(on), config=config, library=library, language=language(lang), as_json=as_json)


@app.command("reconcile")
def entitlements_reconcile(  # noqa: PLR0913 -- one parameter for each option
    *,
    everything: Annotated[bool, typer.Option("--all", help="All accounts, and not only a night's share.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Read and tell; change nothing.")] = False,
    config: Config = CONFIG,
    library: Library = None,
    lang: Lang = "da",
    as_json: Json = False,
) -> None:
    """Hold the accounts in CULR against the records.

    What is missing, one too many or has the wrong municipality is sent again by the next night, unless it is more than
    policy.toml allows; a municipality that another library has set is left to a person. With --all, rights that are
    kept otherwise than the record leads to are derived again by the night too.
    """
    from cprsync.cli.netmedia.accounts import reconcile_command

    raise SystemExit(
        reconcile_command(
            config, library=library, everyone=everything, dry_run=dry_run, language=language(lang), as_json=as_json
        )
    )


@app.command("verify")
def entitlements_verify(
    *,
    offline: Annotated[bool, typer.Option("--offline", help="Without asking CULR.")] = False,
    config: Config = CONFIG,
    library: Library = None,
    lang: Lang = "da",
    as_json: Json = False,
) -> None:
    """Check that everyone's rights and CULR are as they should be.

    What is kept is what the record leads to today, of the protected as of all others; CULR has what it was told, where
    nothing waits; versions only rise. Exit 1 with counts and patron numbers, 4 when CULR does not answer. Changes
    nothing.
    """
    from cprsync.cli.netmedia.accounts import verify_command

    raise SystemExit(verify_command(config, library=library, offline=offline, language=language(lang), as_json=as_json))

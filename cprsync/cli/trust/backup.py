"""`backup`, `restore` and `drill`: copies of the store with all that belongs to it, put back, and proved."""

from __future__ import annotations

from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Annotated

import typer

from cprsync.cli.setup.units import next_lines
from cprsync.cli.terminal.failures import failures, has_written_in_store, never
from cprsync.cli.terminal.frame import CONFIG, Config, Json, Lang, print_document
from cprsync.cli.terminal.long_work import progress
from cprsync.cli.terminal.user import user_name
from cprsync.errors import Exit
from cprsync.language.backup import backup_lines, backup_list_lines, check_lines, drill_lines, key_lines, restore_lines

if TYPE_CHECKING:
    from cprsync.backup.restoring import Restored
    from cprsync.config.settings import Settings

#: Where backups are; the settings say it if it is left out.
Folder = Annotated[Path | None, typer.Argument(help="The folder of the backups; left out: folder of [backup].")]
Private = Annotated[Path | None, typer.Option("--key", help="The private key that `backup key` wrote.")]
app, restore_app, drill_app = typer.Typer(), typer.Typer(), typer.Typer()


def _settings(config: Path) -> Settings:
    from cprsync.config.settings import load_settings

    return load_settings(config)


@app.command("make")
def backup_make(folder: Folder = None, *, config: Config = CONFIG, lang: Lang = "da", as_json: Json = False) -> None:
    """Back up the store while it is in use.

    `cprsync backup DIR` is the same. One folder with the database, and apart from it the keys, the erase journal, the
    audit's heads and the settings, all encrypted to the public key of [backup]. Backups that are older than keep_days
    are removed afterwards.
    """
    from cprsync.backup.backing_up import back_up, folder_of_backups

    with failures(as_json=as_json, stays=has_written_in_store), progress(as_json=as_json) as shown:
        settings = _settings(config)
        document = back_up(settings, config, folder_of_backups(settings, folder), progress=shown)
    print_document(document, backup_lines(document, lang), as_json=as_json)


@app.command("list")
def backup_list(folder: Folder = None, *, config: Config = CONFIG, lang: Lang = "da", as_json: Json = False) -> None:
    """List the backups that are whole, the newest first."""
    from cprsync.backup.backing_up import folder_of_backups, list_backups

    with failures(as_json=as_json, stays=never):
        document = list_backups(folder or folder_of_backups(_settings(config), None))
    print_document(document, backup_list_lines(document, lang), as_json=as_json)


@app.command("check")
def backup_check(
    folder: Folder = None,
    *,
    key: Private = None,
    config: Config = CONFIG,
    lang: Lang = "da",
    as_json: Json = False,
) -> None:
    """Read a backup to its end, and compare it with its manifest.

    Name one backup, or a folder of several: the newest is checked. With --key every part is opened too.
    """
    from cprsync.backup.backing_up import folder_of_backups
    from cprsync.backup.source import check_backup

    with failures(as_json=as_json, stays=never), progress(as_json=as_json) as shown:
        document = check_backup(folder or folder_of_backups(_settings(config), None), key, progress=shown)
    print_document(document, check_lines(document, lang), as_json=as_json)


@app.command("key")
def backup_key(
    file: Annotated[Path, typer.Argument(help="Where the private key goes; the public one beside it ends in .pub.")],
    *,
    lang: Lang = "da",
    as_json: Json = False,
) -> None:
    """Make the pair of keys to which backups are encrypted.

    The public key stays on this machine, as recipient of [backup]. Take the private key away: whoever has it and a
    backup has everything, and without it no backup can be restored.
    """
    from cprsync.backup.backing_up import make_key

    with failures(as_json=as_json):
        document = make_key(file)
    print_document(document, key_lines(document, lang), as_json=as_json)


@restore_app.command()
def restore(
    folder: Annotated[Path, typer.Argument(help="One backup, or the folder of several: then the newest.")],
    *,
    into: Annotated[Path, typer.Option("--into", help="A folder that is not there yet, or is empty.")],
    key: Annotated[Path, typer.Option("--key", help="The private key that `backup key` wrote.")],
    keys: Annotated[
        Path | None, typer.Option("--keys", help="The key folder that survived, or a copy: it may have newer keys.")
    ] = None,
    journal: Annotated[
        Path | None, typer.Option("--journal", help="An erase journal that survived: it wins if it is newer.")
    ] = None,
    heads: Annotated[
        Path | None, typer.Option("--heads", help="The audit-heads.log that survived: it wins if it is newer.")
    ] = None,
    lang: Lang = "da",
    as_json: Json = False,
) -> int:
    """Put a backup back into an empty place.

    The backup is checked before anything is written. Then the audit is verified, whoever was erased is erased again,
    and everyone subscribed is unverified until the register has answered. Exit 1 if the audit is not whole.
    """
    from cprsync.backup.backing_up import find_ahead
    from cprsync.backup.restoring import Survivors
    from cprsync.backup.restoring import restore_backup as put_back
    from cprsync.backup.source import open_source

    with failures(as_json=as_json, stays=has_written_in_store), progress(as_json=as_json) as shown:
        source, ahead = open_source(folder, key, progress=shown), find_ahead(folder)
        restored = put_back(source, into, Survivors(keys, journal, heads), user=user_name(), progress=shown)
    document = restored.document() | {"ahead": ahead}
    # whoever restored as root has made files that the service cannot open yet
    made = (str(restored.folder), *restored.placed.outside)
    lines = [
        *restore_lines(document, lang, has_journal=journal is not None),
        *next_lines(made, _steps_after(restored), lang),
    ]
    print_document(document, lines, as_json=as_json)
    return Exit.DONE if restored.is_whole else Exit.REFUSED


def _steps_after(restored: Restored) -> list[str]:
    """What the guide says to run after a restore, in its order."""
    libraries = restored.libraries
    named = {one["agency"]: f" --library {one['agency']}" if len(libraries) > 1 else "" for one in libraries}
    steps = ["db status", *(f"certs check{of}" for of in named.values())]
    # who was registered since the backup is not known here: the list comes before a night
    steps += [*(f"subscriptions reconcile{of}" for of in named.values()), "sync", "status"]
    steps += [f"audit accept --reason TEXT{named[one['agency']]}" for one in libraries if not one["audit"]["whole"]]
    config = quote(f"{restored.folder}/{restored.placed.config}")
    return [f"cprsync {step} --config {config}" for step in steps]


@drill_app.command()
def drill(
    folder: Folder = None,
    *,
    key: Private = None,
    config: Config = CONFIG,
    lang: Lang = "da",
    as_json: Json = False,
) -> None:
    """Prove that the newest backup can be restored.

    With --key it is put into a scratch place, verified from end to end, compared with the store, and removed. Without
    the key every byte is read, and the manifest is compared with the store. Nobody is told or asked.
    """
    from cprsync.backup.backing_up import folder_of_backups
    from cprsync.backup.drilling import drill as prove

    with failures(as_json=as_json, stays=has_written_in_store), progress(as_json=as_json) as shown:
        settings = _settings(config)
        document = prove(settings, config, folder_of_backups(settings, folder), key, progress=shown)
    print_document(document, drill_lines(document, lang), as_json=as_json)

"""`db`: sets the store up, says which version it has, and accepts an erase journal that has lost lines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer

from cprsync.cli.language.words import Language, word
from cprsync.cli.terminal.failures import failures
from cprsync.cli.terminal.frame import opened, print_document
from cprsync.cli.terminal.options import CONFIG, AuditReason, Config, Json, Lang, Library
from cprsync.cli.terminal.output import note, print_json, say

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cprsync.services.ports.trust import StoreVersion

app = typer.Typer()


@app.command("upgrade")
def db_upgrade(*, config: Config = CONFIG, lang: Lang = "da", as_json: Json = False) -> None:
    """Set the store up, or bring it to this program's version."""
    from cprsync.config.settings import load_settings
    from cprsync.installing import upgrade_store

    with failures(as_json=as_json):
        settings = load_settings(config)
        document = upgrade_store(settings.store.url, settings.keys.dir)
    print_document(document, [word("db_upgraded", lang, version=document["version"])], as_json=as_json)


@app.command("status")
def db_status(*, config: Config = CONFIG, lang: Lang = "da", as_json: Json = False) -> int:
    """Say which version the store is of, and which is needed."""
    from cprsync.config.settings import load_settings
    from cprsync.installing import look_at_store

    with failures(as_json=as_json):
        found, missing = look_at_store(load_settings(config).store.url)
    document = {"version": found.current, "needed": found.wanted, "missing": missing}
    state = word(_state_key(found, missing), lang, version=found.current, wanted=found.wanted)
    print_document(document, [state, *(f"  {name}" for name in missing)], as_json=as_json)
    # also when a part of this version is missing
    return 0 if found.up_to_date and not missing else 2


def _state_key(found: StoreVersion, missing: list[str]) -> str:
    """The key of the words for the store's state."""
    if found.current is None:
        return "db_none"
    if missing:
        return "db_lacks"
    if found.up_to_date:
        return "db_current"
    return "db_newer" if found.is_newer else "db_other"


@app.command("accept-journal")
def db_accept_journal(
    *,
    reason: AuditReason = "",
    config: Config = CONFIG,
    library: Library = None,
    lang: Lang = "da",
    as_json: Json = False,
) -> None:
    """Accept an erase journal that has lost lines.

    Use this only when the newest journal is gone for good: every other command stops until the database and the journal
    agree. Nothing remembers the patrons whose erasure was in the lost lines. An older copy of the database would bring
    them back.
    """
    from cprsync.cli.terminal.acting import user_name
    from cprsync.services.trust.audit import accept_journal

    with opened(config, library, as_json=as_json) as site, site.unchecked_store() as store:
        document = accept_journal(store, agency=site.section.agency, user=user_name(), reason=reason)
    if as_json:
        print_json(document)
    else:
        _show_accepted(document, lang)


def _show_accepted(document: Mapping[str, Any], language: Language) -> None:
    say(word("journal_accepted", language, **document))
    if document["set_aside"]:
        say("  " + word("journal_set_aside", language))
    note("  ! " + word("journal_lost", language))
    say("  " + word("journal_backup", language))

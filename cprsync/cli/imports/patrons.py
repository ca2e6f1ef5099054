"""`patron import` and `patron show`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cprsync.cli.imports.lists import opened_list, tell_import
from cprsync.cli.terminal.output import failures, print_json, say

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from cprsync.cli.language.words import Language
    from cprsync.config.settings import Settings
    from cprsync.services.imports.refused import Imported


def import_command(  # noqa: PLR0913 -- one parameter for each option
    file: Path,
    *,
    apply: bool,
    config: Path,
    library: str | None,
    language: Language,
    as_json: bool,
    columns: Path | None = None,
    refused: Path | None = None,
    numbers: Path | None = None,
) -> int:
    """Import a list of patrons. Without `apply` only say what would happen. Exit 3 if rows were refused."""
    from cprsync.cli.terminal.stopping import stoppable
    from cprsync.config.settings import load_settings

    with failures(as_json=as_json), stoppable() as heed:
        settings = load_settings(config)
        imported = import_file(settings, file, apply=apply, library=library, columns=columns, heed=heed)
        return tell_import(imported, language, apply=apply, as_json=as_json, refused=refused, numbers=numbers)


def import_file(  # noqa: PLR0913 -- one parameter for each option
    settings: Settings,
    file: Path,
    *,
    apply: bool,
    library: str | None = None,
    columns: Path | None = None,
    heed: Callable[[], None] = lambda: None,
) -> Imported:
    """Read the file and pass it to the store."""
    from cprsync import wiring
    from cprsync.config.columns import load_columns
    from cprsync.config.policy import load_policy
    from cprsync.services.imports.columns import PATRON_COLUMNS
    from cprsync.services.imports.importing import Importing, import_patrons

    section = wiring.library_of(settings, library)
    policy = load_policy(section.policy, section.municipalities)
    known = PATRON_COLUMNS if columns is None else load_columns(columns)
    clock = wiring.clock_for(settings)
    with opened_list(file) as source, wiring.opened_store(settings, section, clock) as store:
        how = Importing(store, clock.today(), apply=apply, policy=policy, columns=known, heed=heed)
        return import_patrons(source, how)


def show_command(  # noqa: PLR0913 -- one parameter for each option
    patron: str, *, reveal: bool, reason: str, config: Path, library: str | None, language: Language, as_json: bool
) -> None:
    """Show one record. With `reveal`, also what is sealed, for a reason that the audit keeps."""
    from cprsync import wiring
    from cprsync.cli.desk.record_text import record_lines
    from cprsync.cli.terminal.operator import user_name
    from cprsync.config.policy import load_policy
    from cprsync.config.settings import load_settings
    from cprsync.errors import ConfigurationError
    from cprsync.services.views.revealing import Window, check_reason

    with failures(as_json=as_json):
        if reveal:
            check_reason(reason)
        elif reason:
            raise ConfigurationError("a reason is for --reveal: without it nothing is opened", kind="usage.reason")
        settings = load_settings(config)
        section = wiring.library_of(settings, library)
        policy = load_policy(section.policy, section.municipalities)
        clock = wiring.clock_for(settings)
        with wiring.opened_store(settings, section, clock, policy) as store:
            window = Window(section.agency, store, clock, policy, user_name())
            document = window.revealed(patron, reason=reason) if reveal else window.shown(patron)
        if as_json:
            print_json(document)
            return
        for line in record_lines(document, language):
            say(line)

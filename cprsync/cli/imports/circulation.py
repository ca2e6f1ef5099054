"""`circulation import`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cprsync.cli.imports.lists import opened_list, tell_import
from cprsync.cli.terminal.output import failures

if TYPE_CHECKING:
    from pathlib import Path

    from cprsync.cli.language.words import Language


def import_command(  # noqa: PLR0913 -- one parameter for each option
    file: Path,
    *,
    kind: str | None,
    apply: bool,
    config: Path,
    library: str | None,
    language: Language,
    as_json: bool,
    refused: Path | None = None,
) -> int:
    """Import circulation. Without `apply` only say what would happen. Exit 3 if rows were refused."""
    from cprsync import wiring
    from cprsync.cli.terminal.stopping import stoppable
    from cprsync.config.policy import load_policy
    from cprsync.config.settings import load_settings
    from cprsync.services.imports.circulating import Circulating, import_circulation

    with failures(as_json=as_json), stoppable() as heed:
        settings = load_settings(config)
        section = wiring.library_of(settings, library)
        policy = load_policy(section.policy, section.municipalities)
        clock = wiring.clock_for(settings)
        with opened_list(file) as source, wiring.opened_store(settings, section, clock) as store:
            how = Circulating(store, policy, clock.today(), apply=apply, type=kind, heed=heed)
            imported = import_circulation(source, how)
        return tell_import(imported, language, apply=apply, as_json=as_json, refused=refused)

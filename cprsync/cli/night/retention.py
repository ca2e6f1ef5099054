"""`retention run`: deletes data that has passed its retention period now, as each night does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cprsync.cli.language.advice import advice_for, error_document
from cprsync.cli.language.words import Language, word
from cprsync.cli.night.report_text import forgotten_text
from cprsync.cli.terminal.output import failures, print_json, say, show_error
from cprsync.domain.leaving.forgetting import Forgotten

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date
    from pathlib import Path


def run_command(  # noqa: PLR0913 -- one parameter for each option
    *, dry_run: bool, config: Path, library: str | None, today: date | None, language: Language, as_json: bool
) -> int:
    """Delete what is due today, or only count it. If the audit fails its check, report it and exit accordingly."""
    from cprsync import wiring
    from cprsync.config.policy import load_policy
    from cprsync.config.settings import load_settings
    from cprsync.services.leaving.forgetting import forget_all

    with failures(as_json=as_json):
        settings = load_settings(config)
        section = wiring.library_of(settings, library)
        policy = load_policy(section.policy, section.municipalities)
        clock = wiring.clock_for(settings, today)
        day = clock.today()
        with wiring.opened_store(settings, section, clock) as store:
            broken = next(iter(store.check_audit().problems), None)
            counts = store.forgettable(policy, on=day) if dry_run else forget_all(store, None, policy, on=day)
        document = {"day": day.isoformat(), "forgotten": counts, "applied": not dry_run}
        if broken is not None:
            changed = "part" if counts and not dry_run else "nothing"
            document["error"] = error_document(broken, changed=changed, reference="retention")
        _show(document, language, as_json=as_json)
        return 0 if broken is None else advice_for(broken).exit


def _show(document: Mapping[str, Any], language: Language, *, as_json: bool) -> None:
    if as_json:
        print_json(document)
        return
    counts, title = document["forgotten"], "forgotten" if document["applied"] else "forget_planned"
    if counts:
        say(f"{word(title, language)}: {forgotten_text(counts, language)}")
    elif "error" not in document:
        say(word("forget_nothing", language))
    if "error" in document:
        if Forgotten.LOG.value not in counts:
            say(word("forget_no_log", language))
        show_error(document["error"], language)

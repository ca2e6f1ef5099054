"""`retention run`: what is over is forgotten at once, as each night does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cprsync.cli.output import failures, print_json, say
from cprsync.cli.report_text import forgotten_text
from cprsync.cli.words import Language, word

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path


def run_command(  # noqa: PLR0913 -- one parameter for each option
    *, dry_run: bool, config: Path, library: str | None, today: date | None, language: Language, as_json: bool
) -> None:
    """Forget what is over by today, or only count it."""
    from cprsync import wiring
    from cprsync.policy_file import load_policy
    from cprsync.settings import load_settings
    from cprsync.sync.forgetting import forget_all

    with failures(as_json=as_json):
        settings = load_settings(config)
        section = wiring.library_of(settings, library)
        policy = load_policy(section.policy, section.municipalities)
        clock = wiring.clock_for(settings, today)
        day = clock.today()
        with wiring.opened_store(settings, section, clock) as store:
            counts = store.forgettable(policy, on=day) if dry_run else forget_all(store, None, policy, on=day)
        if as_json:
            print_json({"day": day.isoformat(), "forgotten": counts, "applied": not dry_run})
        elif counts:
            say(f"{word('forget_planned' if dry_run else 'forgotten', language)}: {forgotten_text(counts, language)}")
        else:
            say(word("forget_nothing", language))

"""`retention run`: deletes data that has passed its retention period now, as each night does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from cprsync.cli.language.errors import advice_for, error_document
from cprsync.cli.language.words import Language, word
from cprsync.cli.night.report_text import forgotten_text
from cprsync.cli.terminal.failures import show_error
from cprsync.cli.terminal.frame import opened, print_document
from cprsync.cli.terminal.options import CONFIG, Config, Json, Lang, Library, Today
from cprsync.domain.leaving.forgetting import Forgotten

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


app = typer.Typer()


@app.command("run")
def retention_run(
    *,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Count what would be forgotten, and forget nothing.")
    ] = False,
    config: Config = CONFIG,
    library: Library = None,
    today: Today = None,
    lang: Lang = "da",
    as_json: Json = False,
) -> int:
    """Delete data past its retention period, as each night does.

    Loans, reservations, balances, and the content of messages.
    """
    from cprsync.services.leaving.forgetting import forget_all

    with opened(config, library, as_json=as_json, today=today) as site:
        policy, day = site.policy, site.clock.today()
        with site.store() as store:
            broken = next(iter(store.audit.check().problems), None)
            counts = store.retention.forgettable(policy, on=day) if dry_run else forget_all(store, None, policy, on=day)
    document: dict[str, Any] = {"day": day.isoformat(), "forgotten": counts, "applied": not dry_run}
    if broken is not None:
        changed = "part" if counts and not dry_run else "nothing"
        document["error"] = error_document(broken, changed=changed, reference="retention")
    print_document(document, _retention_lines(document, lang), as_json=as_json)
    if broken is None:
        return 0
    if not as_json:
        show_error(document["error"], lang)
    return advice_for(broken).exit


def _retention_lines(document: Mapping[str, Any], language: Language) -> Iterator[str]:
    counts, title = document["forgotten"], "forgotten" if document["applied"] else "forget_planned"
    if counts:
        yield f"{word(title, language)}: {forgotten_text(counts, language)}"
    elif "error" not in document:
        yield word("forget_nothing", language)
    if "error" in document and Forgotten.LOG.value not in counts:
        yield word("forget_no_log", language)

"""`sync` and `runs`: the night, and the nights that were."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from cprsync.cli.advice import error_document
from cprsync.cli.output import failures, print_json, say, show_error
from cprsync.cli.progress import progress
from cprsync.cli.report_text import report_lines
from cprsync.cli.stopping import stoppable
from cprsync.cli.words import Language, word
from cprsync.errors import ConfigurationError
from cprsync.sync.night import go_on

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import date
    from pathlib import Path

    from cprsync.settings import Settings

#: A night that was asked to stop: those of the other libraries do not begin.
STOPPED = 7


def sync_command(  # noqa: PLR0913 -- one parameter for each option
    config: Path,
    *,
    library: str | None,
    today: date | None,
    language: Language,
    as_json: bool,
    dry_run: bool = False,
    plan: Path | None = None,
) -> int:
    """Live or plan one night for each library meant; several libraries: sums on top, `runs` beneath."""
    from cprsync.settings import load_settings

    with failures(as_json=as_json):
        settings = load_settings(config)
        chosen = [library] if library or len(settings.library) == 1 else [one.agency for one in settings.library]
        documents: list[dict[str, Any]] = []
        plans: list[dict[str, Any]] = []
        with stoppable() as heed:
            for one in chosen:
                documents.append(
                    live_night(settings, one, today=today, as_json=as_json, heed=heed, dry_run=dry_run, plans=plans)
                )
                if documents[-1]["exit"] == STOPPED:
                    break
        if plan is not None:
            write_plan(plan, plans)
        _print(documents, language, as_json=as_json)
        return max(int(document["exit"]) for document in documents)


def write_plan(path: Path, plans: list[dict[str, Any]]) -> None:
    """Write what was planned, readable by its owner only. Raises ConfigurationError."""
    text = json.dumps(plans[0] if len(plans) == 1 else {"plans": plans}, ensure_ascii=False, indent=2) + "\n"
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            os.fchmod(handle, 0o600)
            file.write(text)
    except OSError as error:
        raise ConfigurationError(f"the plan's file cannot be written ({error.strerror})", kind="plan.file") from error


def live_night(  # noqa: PLR0913 -- what a night is lived with
    settings: Settings,
    library: str | None,
    *,
    today: date | None = None,
    as_json: bool,
    heed: Callable[[], None] = go_on,
    dry_run: bool = False,
    plans: list[dict[str, Any]] | None = None,
) -> dict[str, Any]:
    """One library's night; the report as a document, with the advice added to its error."""
    from cprsync import wiring
    from cprsync.sync.dry_run import plan_night
    from cprsync.sync.nightly import run_night

    live = plan_night if dry_run else run_night
    with progress(as_json=as_json) as shown:
        section = wiring.library_of(settings, library)
        with wiring.night(settings, section, progress=shown, today=today) as night:
            report = live(replace(night, heed=heed))
    document = report.document()
    if plans is not None:
        plans.append(report.plan_document())
    if report.error is not None:
        changed = "part" if document["exit"] == STOPPED or report.received or report.let_through else "nothing"
        document["error"] = error_document(report.error, changed=changed, reference=f"run-{report.run.id}")
    return document


def _print(documents: list[dict[str, Any]], language: Language, *, as_json: bool) -> None:
    if as_json:
        print_json(documents[0] if len(documents) == 1 else _summed(documents))
        return
    for document in documents:
        for line in report_lines(document, language):
            say(line)
        if "error" in document:
            show_error(document["error"])


def _summed(documents: list[dict[str, Any]]) -> dict[str, Any]:
    counted = ("received", "applied", "unchanged", "parked", "not_ours", "held")
    return {
        **{key: sum(document[key] for document in documents) for key in counted},
        "exit": max(document["exit"] for document in documents),
        "runs": documents,
    }


def runs_list_command(config: Path, *, library: str | None, language: Language, as_json: bool) -> None:
    """List the nights, newest first."""
    from cprsync import wiring
    from cprsync.settings import load_settings

    with failures(as_json=as_json):
        settings = load_settings(config)
        section = wiring.library_of(settings, library)
        with wiring.opened_store(settings, section, wiring.SystemClock()) as store:
            documents = store.runs()
        if as_json:
            print_json({"runs": documents})
            return
        for document in documents:
            say(_run_line(document, language))


def _run_line(document: Mapping[str, Any], language: Language) -> str:
    balance = "  ".join(
        f"{word(key, language)} {document.get(key, 0)}" for key in ("received", "applied", "parked", "held")
    )
    return f"{document['run']:>5}  {document['day']}  {document['state']:<8}  {balance}"


def runs_show_command(run: int, *, config: Path, library: str | None, language: Language, as_json: bool) -> None:
    """Show a night's report and each of its numbers, added up again from the stored items."""
    from cprsync import wiring
    from cprsync.errors import BadInput
    from cprsync.settings import load_settings

    with failures(as_json=as_json):
        settings = load_settings(config)
        section = wiring.library_of(settings, library)
        with wiring.opened_store(settings, section, wiring.SystemClock()) as store:
            document = store.run_document(run)
            items = store.run_items(run)
        if document is None:
            raise BadInput(f"there is no run {run}", kind="run.unknown")
        if as_json:
            print_json({**document, "items": items})
            return
        for line in report_lines(document, language):
            say(line)
        for item in items:
            say(_item_line(item, language))


def _item_line(item: Mapping[str, Any], language: Language) -> str:
    actions = ", ".join(word(action, language) for action in item["actions"])
    reason = f" ({item['reason']})" if item["reason"] else ""
    return f"    {item['person']:>4}  {item['patron'] or '–':<8}  {word(item['outcome'], language)} {actions}{reason}"

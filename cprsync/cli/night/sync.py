"""`sync` and `runs`: runs the night, and shows past nights."""

from __future__ import annotations

import json
import os
import secrets
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from functools import partial
from typing import TYPE_CHECKING, Any

from cprsync.cli.language.advice import advice_for, error_document
from cprsync.cli.language.danish import in_danish
from cprsync.cli.language.dates import DAY_WIDTH, long_day
from cprsync.cli.language.words import Language, reason_words, word
from cprsync.cli.night.report_text import report_lines
from cprsync.cli.terminal.output import (
    failures,
    interrupted_document,
    note,
    print_json,
    say,
    show_error,
    unexpected_document,
)
from cprsync.cli.terminal.progress import progress
from cprsync.cli.terminal.stopping import stoppable
from cprsync.errors import ConfigurationError, CprsyncError
from cprsync.private import check_private, open_new_private, open_unfollowed
from cprsync.services.night.report import unlived
from cprsync.services.ports.night import go_on

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from cprsync.config.settings import Settings

#: The exit code of a night that was asked to stop. The other libraries' nights then do not begin.
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
    """Run or plan one night for each library. For several libraries: sums at the top, and each night in `runs`."""
    from cprsync import wiring
    from cprsync.config.settings import load_settings

    with failures(as_json=as_json):
        settings = load_settings(config)
        agencies = (
            [wiring.library_of(settings, library).agency] if library else [one.agency for one in settings.library]
        )
    plans: list[dict[str, Any]] = []
    with stoppable() as heed:
        live = partial(live_night, settings, today=today, as_json=as_json, heed=heed, dry_run=dry_run, plans=plans)
        documents = _nights(agencies, live, plan, partial(_day, settings, today))
    if plan is not None and plans:
        _keep_plan(plan, plans, documents)
    whole = _summed(documents) if len(agencies) > 1 else documents[0]
    _print(whole, documents, language, as_json=as_json)
    return int(whole["exit"])


def _nights(
    agencies: Sequence[str], live: Callable[[str], dict[str, Any]], plan: Path | None, day: Callable[[], date | None]
) -> list[dict[str, Any]]:
    """Run the libraries' nights in turn. An error stops only its own night, unless it is unexpected."""
    documents: list[dict[str, Any]] = []
    for agency in agencies:
        try:
            if plan is not None:
                reserve(plan)  # so that no night runs if its plan cannot be written
            documents.append(live(agency))
        except CprsyncError as error:
            documents.append(unlived(agency, day=day(), error=_told(error), code=advice_for(error).exit))
        except KeyboardInterrupt:
            documents.append(unlived(agency, day=day(), error=interrupted_document(), code=STOPPED))
        except Exception as error:  # noqa: BLE001 -- the error's text may quote data: only its place is shown
            documents.append(unlived(agency, day=day(), error=unexpected_document(error), code=STOPPED))
        if documents[-1]["exit"] == STOPPED:
            break
    return documents


def _told(error: CprsyncError, *, part: bool = False) -> dict[str, Any]:
    """The error of a night without a report. If the database was lost, the night may have done a part."""
    part = part or advice_for(error).exit == STOPPED or error.kind in {"store.unavailable", "store.no_room"}
    return error_document(error, changed="part" if part else "nothing", reference=secrets.token_hex(4))


def _day(settings: Settings, today: date | None) -> date | None:
    """The day; None if no clock gives it."""
    from cprsync import wiring

    try:
        return wiring.clock_for(settings, today).today()
    except CprsyncError:
        return None


def _keep_plan(path: Path, plans: list[dict[str, Any]], documents: list[dict[str, Any]]) -> None:
    """Write the plan. If that fails after the nights have run, report it in the last document."""
    try:
        write_plan(path, plans)
    except ConfigurationError as error:
        lived = any(document["state"] in {"done", "held"} for document in documents)
        last = documents[-1]
        last.setdefault("error", _told(error, part=lived))
        last["exit"] = max(int(last["exit"]), advice_for(error).exit)


def reserve(path: Path) -> None:
    """Create the plan's file, readable only by its owner. An existing file stays. Raises ConfigurationError."""
    with _refused():
        handle = open_unfollowed(path, os.O_WRONLY | os.O_CREAT)
        with os.fdopen(handle, "w"):
            check_private(handle, path)


def write_plan(path: Path, plans: list[dict[str, Any]]) -> None:
    """Write the plan, readable only by its owner. Raises ConfigurationError."""
    text = json.dumps(plans[0] if len(plans) == 1 else {"plans": plans}, ensure_ascii=False, indent=2) + "\n"
    with _refused(), os.fdopen(open_new_private(path), "w", encoding="utf-8") as file:
        file.write(text)


@contextmanager
def _refused() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise ConfigurationError(
            "the plan's file cannot be written ({strerror})", strerror=error.strerror, kind="plan.file"
        ) from error


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
    """Run one library's night. Return the report as a document, with the advice added to its error."""
    from cprsync import wiring
    from cprsync.services.night.dry_run import plan_night
    from cprsync.services.night.run import run_night

    live = plan_night if dry_run else run_night
    with progress(as_json=as_json) as shown:
        section = wiring.library_of(settings, library)
        with wiring.night(settings, section, progress=shown, today=today) as night:
            report = live(replace(night, heed=heed))
    document = report.document()
    if plans is not None:
        plans.append(report.plan_document())
    if (failure := report.failure) is not None:
        document["error"] = error_document(
            failure,
            changed="part" if report.changed else "nothing",
            reference=f"run-{document['run'] or 'planned'}",
        )
    return document


def _print(whole: Mapping[str, Any], documents: list[dict[str, Any]], language: Language, *, as_json: bool) -> None:
    if as_json:
        print_json(whole)
        return
    for document in documents:
        if document["run"] is not None or document["state"] == "planned":
            for line in report_lines(document, language):
                say(line)
        elif len(documents) > 1:
            note(f"{document['agency']}:")
        if "error" in document:
            show_error(document["error"], language)


def _summed(documents: list[dict[str, Any]]) -> dict[str, Any]:
    """The sums of several nights, with the error of the worst one."""
    counted = ("received", "applied", "unchanged", "parked", "not_ours", "held")
    worst = max(documents, key=lambda document: int(document["exit"]))
    whole: dict[str, Any] = {
        **{key: sum(document[key] for document in documents) for key in counted},
        "exit": worst["exit"],
        "runs": documents,
    }
    return whole | ({"error": worst["error"]} if "error" in worst else {})


def runs_list_command(config: Path, *, library: str | None, language: Language, as_json: bool) -> None:
    """List the nights, newest first."""
    from cprsync import wiring
    from cprsync.config.settings import load_settings

    with failures(as_json=as_json):
        settings = load_settings(config)
        section = wiring.library_of(settings, library)
        with wiring.opened_store(settings, section, wiring.SystemClock()) as store:
            documents = store.runs()
        if as_json:
            print_json({"runs": documents})
            return
        for document in documents:
            say(run_line(document, language))


def run_line(document: Mapping[str, Any], language: Language) -> str:
    """One night of the list: its state, the counts of its numbers, what it left to staff, and how it ended."""
    # the stored state of an unfinished run is only for programs
    state = word(f"state_{document['state'] if document['finished'] else 'open'}", language)
    counts = {key: document.get(key, 0) for key in ("received", "applied", "held")}
    # a parked line without a number has no review, and a proposal has no line
    counts["left_by_run"] = max(
        sum(document.get("reasons", {}).values()), document.get("parked", 0) + document.get("left_to_a_person", 0)
    )
    balance = "  ".join(f"{word(key, language)} {count}" for key, count in counts.items())
    ended = word(f"ended_{document['exit']}", language) if document["finished"] else "–"
    day = long_day(date.fromisoformat(document["day"]), language)
    return f"{document['run']:>5}  {day:<{DAY_WIDTH}}  {state:<13}  {balance}  {ended}"


def runs_show_command(run: int, *, config: Path, library: str | None, language: Language, as_json: bool) -> None:
    """Show a night's report and each of its numbers, counted again from the stored items."""
    from cprsync import wiring
    from cprsync.config.settings import load_settings
    from cprsync.errors import BadInput

    with failures(as_json=as_json):
        settings = load_settings(config)
        section = wiring.library_of(settings, library)
        with wiring.opened_store(settings, section, wiring.SystemClock()) as store:
            document = store.run_document(run)
            items = store.run_items(run)
        if document is None:
            raise BadInput("there is no run {run}", run=run, kind="run.unknown")
        if as_json:
            print_json({**document, "items": items})
            return
        if "sentence" in document.get("error", {}):
            document["error"]["da"] = {"message": in_danish(document["error"])}
        for line in report_lines(document, language):
            say(line)
        planned = {row["patron"]: row["actions"] for row in document["plan"]}
        if document["received"] and not items:
            say(f"    {word('lines_forgotten', language)}")
        for item in items:
            say(item_line(item, planned.get(item["patron"], ()), language))


def item_line(item: Mapping[str, Any], planned: Sequence[str], language: Language) -> str:
    """One number of a night: what was done. If it was held: what is planned, and what was let through."""
    said = actions = _words(item["actions"], language)
    if item["outcome"] == "held":
        through = f"{word('let_through', language)}: {actions}" if actions else ""
        said = "; ".join(filter(None, (_words(planned, language), through)))
    reason = f"({reason_words(item['reason'], language)})" if item["reason"] else ""
    parts = (f"    {item['person']:>4}  {item['patron'] or '–':<8} ", word(item["outcome"], language), said, reason)
    return " ".join(filter(None, parts))


def _words(actions: Sequence[str], language: Language) -> str:
    return ", ".join(word(action, language) for action in actions)

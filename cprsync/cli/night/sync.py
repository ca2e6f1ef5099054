"""`sync`: runs the night of each library."""

from __future__ import annotations

import json
import os
from contextlib import contextmanager
from contextvars import copy_context
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from cprsync.cli.terminal.failures import has_written_in_store, interrupted_document, show_error, unexpected_document
from cprsync.cli.terminal.frame import Frame, Today, framed
from cprsync.cli.terminal.long_work import progress, stoppable
from cprsync.cli.terminal.output import note, print_json, say_lines
from cprsync.config.clock import clock_for
from cprsync.errors import ConfigurationError, CprsyncError, Exit, Misused
from cprsync.language.errors import advice_for, error_document
from cprsync.language.night import OUTCOMES, report_lines
from cprsync.private import check_private, open_new_private, open_unfollowed
from cprsync.services.night.report import report_without_run
from cprsync.services.ports.night import never_stop

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import date

    from cprsync.config.settings import Settings


#: What ends a night so that it cannot even report what it did.
_LOST: Final = frozenset({"memory", "store.busy", "store.unavailable", "store.no_room"})

app = typer.Typer()


@app.command()
@framed
def sync(
    *,
    today: Today = None,
    dry_run: Annotated[
        bool,
        typer.Option(
            "--dry-run",
            help="Plan the night and write no record. The register is asked as in a night, and the audit notes it.",
        ),
    ] = False,
    plan: Annotated[
        Path | None, typer.Option("--plan", help="Write to this file what the night plans, without values.")
    ] = None,
    approve: Annotated[
        str,
        typer.Option("--approve", help="Refuse to run unless two people have approved this plan: `plan approve HASH`."),
    ] = "",
    frame: Frame,
) -> int:
    """Run the night: fetch, decide, guard, write, report.

    New patrons are subscribed and get their first copy. What the register delivered (ændringsudtræk) is applied. The
    days since the last night follow: birthdays, and corrections and absences that end. With several libraries each has
    its night in turn.
    """
    from cprsync.config.settings import load_settings
    from cprsync.wiring.site import library_of

    with frame.failures(shape=_no_night):
        settings = load_settings(frame.config)
        agencies = (
            [library_of(settings, frame.library).agency] if frame.library else [one.agency for one in settings.library]
        )
        if approve and len(agencies) > 1:
            raise Misused("an approved plan is one library's: name it with --library")
    plans: list[dict[str, Any]] = []
    with stoppable() as raise_if_stopped:
        live = partial(
            run_library_night,
            settings,
            today=today,
            as_json=frame.as_json,
            raise_if_stopped=raise_if_stopped,
            dry_run=dry_run,
            plans=plans,
            approved=approve,
        )
        documents = _run_nights(agencies, live, plan, partial(_find_day, settings, today))
    if plan is not None and plans:
        _keep_plan(plan, plans, documents)
    if not dry_run:
        from cprsync.cli.trust.alarms import tell_after_nights

        tell_after_nights(settings, documents)
    # several libraries: sums at the top, and each night in `runs`
    whole = _sum_nights(documents) if len(agencies) > 1 else documents[0]
    _print(whole, documents, frame)
    return int(whole["exit"])


def _no_night(error: dict[str, Any], code: int) -> dict[str, Any]:
    return report_without_run(None, day=None, error=error, code=code)


def _run_nights(
    agencies: Sequence[str], live: Callable[[str], dict[str, Any]], plan: Path | None, day: Callable[[], date | None]
) -> list[dict[str, Any]]:
    """Run the libraries' nights in turn. An error stops only its own night, unless it is unexpected."""
    documents: list[dict[str, Any]] = []
    for agency in agencies:
        try:
            if plan is not None:
                reserve_plan(plan)  # so that no night runs if its plan cannot be written
            # what one library's night wrote is no part of the next one's
            documents.append(copy_context().run(live, agency))
        except CprsyncError as error:
            documents.append(report_without_run(agency, day=day(), error=_error_of(error), code=advice_for(error).exit))
        except KeyboardInterrupt:
            told = interrupted_document(stays=has_written_in_store())
            documents.append(report_without_run(agency, day=day(), error=told, code=Exit.PART))
        except Exception as error:  # noqa: BLE001 -- the error's text may quote data: only its place is shown
            documents.append(report_without_run(agency, day=day(), error=unexpected_document(error), code=Exit.PART))
        if documents[-1]["exit"] == Exit.PART:
            break
    return documents


def _error_of(error: CprsyncError, *, part: bool = False) -> dict[str, Any]:
    """The error of a night without a report."""
    part = part or advice_for(error).exit == Exit.PART or error.changed == "part"
    return error_document(error, changed="part" if part else "nothing")


def _find_day(settings: Settings, today: date | None) -> date | None:
    """The day; None if no clock gives it."""
    try:
        return clock_for(settings, today).today()
    except CprsyncError:
        return None


def _keep_plan(path: Path, plans: list[dict[str, Any]], documents: list[dict[str, Any]]) -> None:
    """Write the plan. If that fails after the nights have run, report it in the last document."""
    try:
        write_plan(path, plans)
    except ConfigurationError as error:
        lived = any(document["state"] in {"done", "held"} for document in documents)
        last = documents[-1]
        last.setdefault("error", _error_of(error, part=lived))
        last["exit"] = max(int(last["exit"]), advice_for(error).exit)


def reserve_plan(path: Path) -> None:
    """Create the plan's file, readable only by its owner. An existing file stays. Raises ConfigurationError."""
    with _plan_refused():
        handle = open_unfollowed(path, os.O_WRONLY | os.O_CREAT)
        with os.fdopen(handle, "w"):
            check_private(handle, path)


def write_plan(path: Path, plans: list[dict[str, Any]]) -> None:
    """Write the plan, readable only by its owner. Raises ConfigurationError."""
    text = json.dumps(plans[0] if len(plans) == 1 else {"plans": plans}, ensure_ascii=False, indent=2) + "\n"
    with _plan_refused(), os.fdopen(open_new_private(path), "w", encoding="utf-8") as file:
        file.write(text)


@contextmanager
def _plan_refused() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise ConfigurationError(
            "the plan's file cannot be written ({strerror})", strerror=error.strerror, kind="plan.file"
        ) from error


def run_library_night(
    settings: Settings,
    library: str | None,
    *,
    today: date | None = None,
    as_json: bool,
    raise_if_stopped: Callable[[], None] = never_stop,
    dry_run: bool = False,
    plans: list[dict[str, Any]] | None = None,
    approved: str = "",
) -> dict[str, Any]:
    """Run one library's night. Return the report as a document, with the advice added to its error.

    `approved`: the held plan that the night is to write. Raises BadInput, before the run: it is not approved.
    """
    from cprsync.services.night.approving import make_sure_that_approved
    from cprsync.services.night.dry_run import plan_night
    from cprsync.services.night.run import run_night
    from cprsync.wiring.site import site_of

    live = plan_night if dry_run else run_night
    with progress(as_json=as_json) as shown, site_of(settings, library, today).night(progress=shown) as night:
        if approved:
            make_sure_that_approved(night.store, approved, now=night.clock.now())
        try:
            report = live(replace(night, raise_if_stopped=raise_if_stopped))
        except CprsyncError as error:
            # a night that has begun has no report of what it did before that; a plan changes nothing
            error.changed = "part" if error.kind in _LOST and not dry_run else error.changed
            raise
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


def _print(whole: Mapping[str, Any], documents: list[dict[str, Any]], frame: Frame) -> None:
    if frame.as_json:
        print_json(whole)
        return
    for document in documents:
        if document["run"] is not None or document["state"] == "planned":
            say_lines(report_lines(document, frame.lang))
        elif len(documents) > 1:
            note(f"{document['agency']}:")
        if "error" in document:
            show_error(document["error"], frame.lang)


def _sum_nights(documents: list[dict[str, Any]]) -> dict[str, Any]:
    """The sums of several nights, with the error of the worst one."""
    worst = max(documents, key=lambda document: int(document["exit"]))
    whole: dict[str, Any] = {
        **{key: sum(document[key] for document in documents) for key in ("received", *OUTCOMES)},
        "exit": worst["exit"],
        "runs": documents,
    }
    return whole | ({"error": worst["error"]} if "error" in worst else {})

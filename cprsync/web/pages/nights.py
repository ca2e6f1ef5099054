"""The nights: how it stands, the nights that were, and the report of each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cprsync.errors import BadInput
from cprsync.language.errors import in_danish
from cprsync.language.night import run_lines, status_lines
from cprsync.language.words import day_text, word
from cprsync.services.trust.audit import status_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from starlette.responses import Response

    from cprsync.catalogues import Language
    from cprsync.web.visit import Visit

#: What the list counts of each night.
COUNTS = ("received", "applied", "parked", "held")


def show_nights(visit: Visit) -> Response:
    """How it stands, and the nights that were, the latest first."""
    site, desk, language = visit.place.site, visit.place.desk, visit.language
    document = status_of(
        desk.store,
        agency=desk.agency,
        name=site.section.name,
        now=desk.clock.now(),
        certificates=site.certificates(),
    )
    lines = [line.strip() for line in status_lines(document, language)]
    wrong = len(document["wrong"])
    runs = [_row(run, language) for run in desk.store.runs.documents()]
    return visit.show(
        "nights.html",
        wrong=[line.removeprefix("! ") for line in lines[1 : 1 + wrong]],
        lines=lines[1 + wrong :],
        runs=runs,
        counts=COUNTS,
    )


def show_night(visit: Visit) -> Response:
    """One night's report, number by number. Contains no name, no address and no CPR number."""
    store, number = visit.place.desk.store, int(visit.named("number"))
    document = store.runs.document(number)
    if document is None:
        raise BadInput("there is no run {run}", run=number, kind="run.unknown")
    if "sentence" in document.get("error", {}):
        document["error"]["da"] = {"message": in_danish(document["error"])}
    lines = run_lines(document, store.runs.items(number), visit.language)
    return visit.show("night.html", number=number, lines=list(lines))


def _row(run: Mapping[str, Any], language: Language) -> dict[str, Any]:
    return {
        "number": run["run"],
        "day": day_text(run["day"], language),
        "state": word(f"ended_{run['exit']}" if run["finished"] else "state_open", language),
        "counts": [run.get(key, 0) for key in COUNTS],
    }

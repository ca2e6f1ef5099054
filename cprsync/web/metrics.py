"""`GET /metrics`: how the library stands and what the desk has answered, for Prometheus.

Who may ask: this machine, or a machine of ours by its certificate. What is told names nobody.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import structlog
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response
from starlette.routing import Route

from cprsync.config.addresses import LOOPBACK
from cprsync.domain.trust.metrics import CONTENT_TYPE, Sample, render, with_agency
from cprsync.errors import CprsyncError
from cprsync.https import SHOWN
from cprsync.web.api.problems import answer_refusal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.requests import Request

    from cprsync.web.entry import Entry, Surroundings
    from cprsync.web.memory.counting import Counting

METRICS: Final = "/metrics"
#: What a proxy adds: then this machine asks for somebody else.
_PASSED_ON: Final = ("forwarded", "x-forwarded-for", "x-real-ip", "via")
_LOG: Final = structlog.get_logger("cprsync.web")


def metrics_route(around: Surroundings, entry: Entry, counts: Counting) -> Route:
    """The path of the numbers."""

    async def show(request: Request) -> Response:
        try:
            if not _is_from_here(request):
                await run_in_threadpool(entry.admit_machine, request.scope["state"].get(SHOWN))
        except CprsyncError as error:
            return await answer_refusal(request, error)
        text = await run_in_threadpool(lambda: render(_samples(around, counts)))
        return Response(text, headers={"Content-Type": CONTENT_TYPE})

    return Route(METRICS, show, methods=["GET"])


def _is_from_here(request: Request) -> bool:
    is_near = request.client is not None and request.client.host in {*LOOPBACK, "::1"}
    return is_near and not any(name in request.headers for name in _PASSED_ON)


def _samples(around: Surroundings, counts: Counting) -> Iterator[Sample]:
    size = 1 if around.worker is None else around.worker.team.size
    if around.measure is not None:
        yield from _measured(around)
    yield from with_agency([Sample("desk_workers", size), *counts.counted().samples()], around.agency)


def _measured(around: Surroundings) -> Iterator[Sample]:
    """The library's numbers. If they cannot be measured, the desk's own are told all the same."""
    found: list[Sample] = []
    try:
        found = [] if around.measure is None else around.measure()
    except CprsyncError as error:
        _LOG.error("web.metrics.failed", kind=error.kind)
    yield Sample("measured", bool(found), agency=around.agency)
    yield from found

"""Looks each minute, while the desk is open, what is wrong, and tells it."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import structlog

from cprsync.errors import CprsyncError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cprsync.wiring.site import Site

#: How long to wait between two looks.
EVERY_SECONDS: Final = 60.0
_LOG: Final = structlog.get_logger("cprsync.alarms")


@contextmanager
def alarming(site: Site, *, every: float = EVERY_SECONDS) -> Iterator[None]:
    """Look each minute while the block runs. A channel that hangs holds up no stop."""
    over = threading.Event()
    if site.settings.alarms.has_channels:
        threading.Thread(target=_look_until, args=(over, site, every), name="alarms", daemon=True).start()
    try:
        yield
    finally:
        over.set()


def _look_until(over: threading.Event, site: Site, every: float) -> None:
    from cprsync.doctor.alarming import check_site

    while not over.wait(every):
        try:
            check_site(site)
        except CprsyncError as error:
            _LOG.error("alarms.failed", kind=error.kind)
        except Exception as error:  # noqa: BLE001 -- one failed look must not end the others
            _LOG.error("alarms.failed", kind=type(error).__name__)

"""Asks the register again, while the desk is open, about patrons who were registered while it did not answer."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import structlog

from cprsync.errors import CprsyncError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cprsync.wiring.site import Site

#: How long to wait between two tries.
EVERY_SECONDS: Final = 120.0
#: The most patrons told to the net media after one try. The night tells the rest.
TOLD_MAX: Final = 500
_LOG: Final = structlog.get_logger("cprsync.verifying")


@contextmanager
def verifying(site: Site, *, every: float = EVERY_SECONDS) -> Iterator[None]:
    """Ask every few minutes while the block runs. A call that hangs holds up no stop."""
    over = threading.Event()
    threading.Thread(target=_ask_until, args=(over, site, every), name="verifying", daemon=True).start()
    try:
        yield
    finally:
        over.set()


def _ask_until(over: threading.Event, site: Site, every: float) -> None:
    while not over.wait(every):
        try:
            ask_once(site)
        except CprsyncError as error:
            # the next try may do more: a night is at work, say
            _LOG.info("provisional.postponed", kind=error.kind)
        except Exception as error:  # noqa: BLE001 -- one failed try must not end the others
            _LOG.error("provisional.failed", kind=type(error).__name__)


def ask_once(site: Site) -> int:
    """Ask about everyone who waits, and tell the net media of who was answered about. Return how many were."""
    from cprsync.services.feed.provisional import ask_about_provisional
    from cprsync.services.ports.night import Silence

    with site.store() as store:
        waiting = store.provisional.to_ask(TOLD_MAX)
    if not waiting:
        return 0
    with site.night(progress=Silence()) as night:
        asked = ask_about_provisional(night)
        answered = sorted(set(waiting) - set(night.store.provisional.to_ask(TOLD_MAX)))
    for patron in answered:
        site.publish_patron(patron)
    if asked.error is not None:
        _LOG.info("provisional.unanswered", kind=asked.error.kind, left=asked.left)
    return len(answered)

"""What an open desk does in the background: asks the register what it could not ask before, and tells what is wrong."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import structlog

from cprsync.errors import CprsyncError, kind_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from cprsync.wiring.site import Site

#: How long to wait between two tries to ask the register, and between two looks at what is wrong.
ASK_SECONDS: Final = 120.0
LOOK_SECONDS: Final = 60.0
#: The most patrons told to the net media after one try. The night tells the rest.
TOLD_MAX: Final = 500
_LOG: Final = structlog.get_logger("cprsync.background")


@contextmanager
def verifying(site: Site, *, every: float = ASK_SECONDS) -> Iterator[None]:
    """Ask the register every few minutes, while the block runs, about patrons without an answer."""
    held = set[str]()

    def ask() -> None:
        try:
            ask_once(site, held)
        except CprsyncError as error:
            # the next try may do more: a night is at work, say
            _LOG.info("provisional.postponed", kind=error.kind)

    with _repeating(ask, every, name="provisional"):
        yield


@contextmanager
def alarming(site: Site, *, every: float = LOOK_SECONDS) -> Iterator[None]:
    """Look each minute, while the block runs, what is wrong, and tell it on the channels, if there are any."""
    from cprsync.doctor.alarming import check_site

    if not site.settings.alarms.has_channels:
        yield
        return
    # a site reads its policy once: each look is at the file as it is now
    with _repeating(lambda: check_site(replace(site)), every, name="alarms"):
        yield


@contextmanager
def _repeating(act: Callable[[], object], every: float, *, name: str) -> Iterator[None]:
    """Act again and again while the block runs, also after a failure. An act that hangs holds up no stop."""
    over = threading.Event()

    def repeat() -> None:
        while not over.wait(every):
            try:
                act()
            except Exception as error:  # noqa: BLE001 -- one failure must not end the others
                kind = kind_of(error)
                _LOG.error(f"{name}.failed", kind=kind)

    threading.Thread(target=repeat, name=name, daemon=True).start()
    try:
        yield
    finally:
        over.set()


def ask_once(site: Site, held: set[str] | None = None) -> int:
    """Ask about everyone who waits, and tell the net media of who was answered about. Return how many were.

    `held`: about whom the answers were left to the night, because of a limit. While nobody else waits, nobody is asked.
    """
    held = set() if held is None else held
    from cprsync.services.feed.provisional import ask_about_provisional
    from cprsync.services.ports.night import Silence

    with site.store() as store:
        waiting = store.provisional.to_ask(TOLD_MAX)
    if held.issuperset(waiting):
        return 0
    with site.night(progress=Silence()) as night:
        asked = ask_about_provisional(night)
        answered = sorted(set(waiting) - set(night.store.provisional.to_ask(TOLD_MAX)))
    if asked.held:
        held.update(set(waiting).difference(answered))
    for patron in answered:
        site.publish_patron(patron)
    if asked.error is not None:
        _LOG.info("provisional.unanswered", kind=asked.error.kind, left=asked.left)
    return len(answered)

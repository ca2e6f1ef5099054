"""Measures one library: its store, its certificates, its keys and its disks, as numbers for Prometheus."""

from __future__ import annotations

import threading
import time
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from cprsync.doctor.counterparts import ask_for_certificates
from cprsync.doctor.status import look_at
from cprsync.services.trust.metrics import samples_of
from cprsync.store.seals.keys import Keyring

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path

    from cprsync.domain.trust.metrics import Sample
    from cprsync.wiring.site import Site

#: What people did at the desk is counted over this long.
LATELY: Final = timedelta(hours=24)
#: How long numbers are shown again, however often somebody asks.
KEPT_SECONDS: Final = 10.0


def measure_site(site: Site, *, asks: bool = True) -> list[Sample]:
    """The library's numbers. `asks`: counterparts are asked for their certificates, for half a second in all."""
    theirs = ask_for_certificates(site) if asks else list
    with site.store() as store:
        return list(
            samples_of(
                look_at(site, store, theirs=theirs()),
                oldest_reviews=store.reviews.oldest(),
                attempts=store.access.count_attempts(site.clock.now() - LATELY),
                keys=_made(site.settings.keys.dir),
            )
        )


def _made(folder: Path) -> dict[str, datetime]:
    keyring = Keyring.load(folder)
    return {purpose.value: keyring.newest(purpose).made for purpose in keyring.keys}


class Measured:
    """The numbers as they were a few seconds ago: many who ask at once cost one measurement. Threads may share it."""

    def __init__(
        self, measure: Callable[[], list[Sample]], *, seconds: float = KEPT_SECONDS, monotonic: Callable[[], float]
    ) -> None:
        self._measure, self._seconds, self._monotonic = measure, seconds, monotonic
        self._kept: tuple[float, list[Sample]] | None = None
        self._lock = threading.Lock()

    def __call__(self) -> list[Sample]:
        """Measure, unless that was done just now. An error is not kept."""
        with self._lock:
            if self._kept is None or self._monotonic() - self._kept[0] >= self._seconds:
                self._kept = self._monotonic(), self._measure()
            return self._kept[1]


def measured(site: Site) -> Measured:
    """What a desk asks for the library's numbers."""
    return Measured(lambda: measure_site(site), monotonic=time.monotonic)

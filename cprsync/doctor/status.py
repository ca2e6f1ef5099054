"""How one library stands: what its store tells, its certificates, and the room that is left where it writes."""

from __future__ import annotations

import errno
import os
import shutil
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cprsync.errors import ConfigurationError
from cprsync.private import make_sure_that_usable
from cprsync.register.own_certificate import name_problem
from cprsync.services.ports.trust.status import HeadsStand
from cprsync.services.trust.status import Around, status_of
from cprsync.store.beside.checkpoints import FILE as HEADS
from cprsync.store.beside.checkpoints import WITNESS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cprsync.config.settings import Settings
    from cprsync.services.ports.store import Store
    from cprsync.services.ports.trust.status import LibraryStatus
    from cprsync.wiring.site import Site

_SQLITE = "sqlite:///"


def look_at(site: Site, store: Store, *, theirs: Sequence[dict[str, Any]] = ()) -> LibraryStatus:
    """Look at a library, as `status` shows it. `theirs`: a line for each certificate that a counterpart has shown."""
    section, certificates = site.section, [*site.certificates(), *theirs]
    settings = site.settings
    around = Around(
        section.agency,
        section.name,
        site.clock.now(),
        certificates,
        measure_disks(settings),
        is_production=settings.is_production,
        has_net_media=section.culr is not None,
        windows_a_day=section.register_.windows_a_day,
        channels=settings.alarms.channels,
        heads=_look_at_heads(settings),
    )
    return status_of(store, around)


def _look_at_heads(settings: Settings) -> HeadsStand:
    """What is wrong with the place of the audit's heads."""
    try:
        make_sure_that_heads_can_grow(*places_of_heads(settings))
    except ConfigurationError as error:
        return HeadsStand(**name_problem(error))
    return HeadsStand()


def measure_disks(settings: Settings) -> list[dict[str, Any]]:
    """The room where the store, the audit's heads and the erase journal are, in bytes.

    None: the database is a server's, or the folder is not there.
    """
    url = settings.store.url
    store = Path(url.removeprefix(_SQLITE)).parent if url.startswith(_SQLITE) else None
    places = {"store": store, "heads": settings.keys.dir, "journal": settings.store.erase_journal.parent}
    return [{"place": name, **_measure(path)} for name, path in places.items()]


def _measure(path: Path | None) -> dict[str, int | None]:
    try:
        room = None if path is None else shutil.disk_usage(path)
    except OSError:
        room = None
    return {"free": None, "total": None} if room is None else {"free": room.free, "total": room.total}


def places_of_heads(settings: Settings) -> tuple[Path, Path]:
    """Return the files of the audit's heads and of the witness to them."""
    return settings.keys.dir / HEADS, settings.store.erase_journal.with_name(WITNESS)


def make_sure_that_heads_can_grow(heads: Path, witness: Path) -> None:
    """Raises ConfigurationError: one of them cannot be written, or cannot be made."""
    with suppress(OSError):
        for path in (heads, witness):
            make_sure_that_usable(path)
    # the witness is written beside, and takes the place of the old one
    why = _why_unwritable(heads) or _why_unwritable(witness) or _why_unwritable(witness.parent)
    if why is not None:
        told = "{file} in the key folder, or the witness to it, cannot be written ({why})"
        raise ConfigurationError(told, file=heads.name, why=why, kind="audit.heads")


def _why_unwritable(path: Path) -> str | None:
    """Why nothing can be written to a file, which is not opened. None: it can."""
    place = path if path.exists() else path.parent
    if not place.exists():
        return os.strerror(errno.ENOENT)
    if os.access(place, os.W_OK, effective_ids=True):
        return None
    is_for_reading = bool(os.statvfs(place).f_flag & os.ST_RDONLY)
    return os.strerror(errno.EROFS if is_for_reading else errno.EACCES)

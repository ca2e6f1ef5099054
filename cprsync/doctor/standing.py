"""How one library stands: what its store tells, its certificates, and the room that is left where it writes."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cprsync.services.trust.status import Around, status_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cprsync.config.settings import Settings
    from cprsync.services.ports.store import Store
    from cprsync.wiring.site import Site

_SQLITE = "sqlite:///"


def look_at(site: Site, store: Store, *, theirs: Sequence[dict[str, Any]] = ()) -> dict[str, Any]:
    """The JSON shape of `status`. `theirs`: a line for each certificate that a counterpart has shown."""
    section, certificates = site.section, [*site.certificates(), *theirs]
    beside = (site.clock.now(), certificates, measure_disks(site.settings), site.settings.is_production)
    return status_of(store, Around(section.agency, section.name, *beside))


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

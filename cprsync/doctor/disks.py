"""How much room is left where something is written."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cprsync.config.settings import Settings

_SQLITE = "sqlite:///"


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

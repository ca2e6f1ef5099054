"""Sets the store up: its keys, its tables, and which version they have. Opens no record."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cprsync.wiring import open_database

if TYPE_CHECKING:
    from pathlib import Path

    from cprsync.services.ports.trust import StoreVersion


def make_sure_that_empty(url: str) -> None:
    """Refuse new keys for a database that holds patrons. Raises ConfigurationError."""
    from cprsync.store.trust import key_checks

    key_checks.make_sure_that_empty(url)


def create_keys(folder: Path) -> None:
    """Make one key for each purpose."""
    from cprsync.store.seals import keys

    keys.create_keys(folder)


def upgrade_store(url: str, keys: Path | None = None) -> dict[str, Any]:
    """Migrate the store at `url` to this program's version.

    `keys`: the folder in which to make the keys that this version needs and an older one did not have.
    """
    from cprsync.store.core.version import check_tables, store_version, upgrade
    from cprsync.store.seals.keys import add_missing_keys
    from cprsync.store.trust.key_checks import noted_purposes

    with open_database(url) as engine:
        upgrade(engine)
        check_tables(engine)
        found, noted = store_version(engine), noted_purposes(engine)
    if keys is not None:
        add_missing_keys(keys, noted=noted)
    return {"version": found.current, "needed": found.wanted}


def look_at_store(url: str) -> tuple[StoreVersion, list[str]]:
    """The store's version, and what it lacks of what that version should have."""
    from cprsync.store.core.version import find_missing, store_version

    with open_database(url) as engine:
        found = store_version(engine)
        return found, find_missing(engine) if found.up_to_date else []

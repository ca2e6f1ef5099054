"""Bring a store to this program's version, in one transaction, and tell which version it has."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory

from cprsync.services.ports.trust import StoreVersion
from cprsync.store.core.engine import writing
from cprsync.store.core.version import WANTED, newer, version_of

if TYPE_CHECKING:
    from sqlalchemy import Engine

MIGRATIONS = Path(__file__).parent.parent / "migrations"


def status(engine: Engine) -> StoreVersion:
    """Return which version a store has and which is wanted."""
    return StoreVersion(version_of(engine), WANTED)


def upgrade(engine: Engine) -> StoreVersion:
    """Bring a store to this program's version, or leave it unchanged.

    Returns the version that it had before.

    Raises:
        StoreMismatch: the store is newer than this program.
    """
    before = status(engine)
    if before.current is not None and not _is_known(before.current):
        raise newer(before.current)
    if not before.up_to_date:
        with writing(engine) as connection:
            settings = settings_of_alembic()
            settings.attributes["connection"] = connection
            command.upgrade(settings, "head")
    return before


def _is_known(version: str) -> bool:
    """Return whether a store of this version can be upgraded. The names of the steps give no order."""
    steps = ScriptDirectory.from_config(settings_of_alembic()).walk_revisions()
    return version in {step.revision for step in steps}


def settings_of_alembic() -> Config:
    """Return Alembic's settings without a file, because the migrations are part of the package."""
    settings = Config()
    settings.set_main_option("path_separator", "os")
    settings.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    return settings

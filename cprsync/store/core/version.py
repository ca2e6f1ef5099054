"""What a store has to be before this program reads and writes it: of its version, and of its environment.

Brings a store to the version, and notes the environment, which never changes.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from sqlalchemy import inspect, select, text, update
from sqlalchemy.exc import DBAPIError

from cprsync.errors import StoreMismatch
from cprsync.services.ports.trust.upkeep import StoreVersion
from cprsync.store.core.engine import reading, writing
from cprsync.store.core.planner import inform_planner, is_informed
from cprsync.store.tables import metadata

if TYPE_CHECKING:
    from collections.abc import Collection

    from alembic.config import Config
    from sqlalchemy import Engine

#: The newest migration. A test compares it with the migrations.
WANTED: Final = "0001"
_MIGRATIONS: Final = Path(__file__).parent.parent / "migrations"
#: What is said of a store by the environment of its records, to a program of the other one.
_OTHERS: Final = {
    "test": 'the store has records of test persons, and this program is set up for environment = "production"',
    "production": 'the store has records of real persons, and this program is set up for environment = "test"',
}
#: How many missing tables and columns one message names.
_NAMED_MAX: Final = 10
_VERSION: Final = text("SELECT version_num FROM alembic_version")
_LIBRARY: Final = metadata.tables["library"].c
_ENVIRONMENTS: Final = select(_LIBRARY.agency, _LIBRARY.environment).order_by(_LIBRARY.agency)


def store_version(engine: Engine) -> StoreVersion:
    """Return which version a store has and which is wanted."""
    with reading(engine) as connection:
        try:
            return StoreVersion(connection.scalar(_VERSION), WANTED)
        except DBAPIError:
            # asked only now: each command and each page reads the version, and the table is there
            connection.rollback()
            if inspect(connection).has_table("alembic_version"):
                raise
            return StoreVersion(None, WANTED)


def check_version(engine: Engine) -> None:
    """Check that the store has this program's version.

    Raises:
        StoreMismatch: it has another version, or is not set up.
    """
    found = store_version(engine)
    if found.current is None:
        raise StoreMismatch("the store is not set up yet", kind="store.not_set_up")
    if found.is_newer:
        raise _newer(found.current)
    if not found.up_to_date:
        raise StoreMismatch(
            "the store is of version {version}, and this program needs {wanted}",
            version=found.current[:8],
            wanted=WANTED,
        )


def find_environments(engine: Engine) -> dict[str, str]:
    """Return by agency of which environment its records are. One that nobody has opened lately is missing."""
    with reading(engine) as connection:
        rows = connection.execute(_ENVIRONMENTS)
        return {row.agency: row.environment for row in rows if row.environment is not None}


def check_environment(engine: Engine, environment: str) -> dict[str, str]:
    """Check that every record of the store is of this environment. Returns what `find_environments` does.

    Raises StoreMismatch.
    """
    found = find_environments(engine)
    if set(found.values()) - {environment}:
        key = "production" if environment == "test" else "test"
        raise StoreMismatch(_OTHERS[key], kind=f"store.environment.{key}")
    return found


def note_environment(engine: Engine, agency: str, environment: str) -> None:
    """Note of which environment the records of a library are, unless that has been done."""
    library = metadata.tables["library"]
    with writing(engine) as connection:
        new = update(library).where(library.c.agency == agency, library.c.environment.is_(None))
        connection.execute(new.values(environment=environment))


def check_agency(engine: Engine, agency: str, agreement: str, *, elsewhere: Collection[str]) -> None:
    """Check that no other library has patrons under an agreement that is not shared.

    Else the agency is mistyped, two libraries have exchanged theirs, or the settings have lost one that shares it: a
    night would end the subscriptions of its patrons. `elsewhere`: the libraries that have another agreement by now.

    Raises:
        StoreMismatch: there is such a library.
    """
    patron, row = metadata.tables["patron"].c, metadata.tables["agreement"].c
    has_patrons = select(patron.agency).where(patron.agency == row.agency).exists()
    named = select(row.agency).where(row.id == agreement, has_patrons)
    with reading(engine) as connection:
        found = connection.scalars(named.order_by(row.agency)).all()
    if agency in found:
        found = [one for one in found if one != agency and one not in elsewhere]
    if found:
        raise StoreMismatch(
            "under this service agreement the database has patrons of {others}, and the settings name {agency}",
            others=", ".join(found[:_NAMED_MAX]),
            agency=agency,
            kind="store.agency",
        )


def find_unnamed(engine: Engine, agencies: Collection[str]) -> list[str]:
    """Return the libraries that have patrons and are none of these."""
    patron = metadata.tables["patron"].c
    has_patrons = select(patron.agency).where(patron.agency == _LIBRARY.agency).exists()
    wanted = select(_LIBRARY.agency).where(_LIBRARY.agency.not_in(agencies), has_patrons)
    with reading(engine) as connection:
        return list(connection.scalars(wanted.order_by(_LIBRARY.agency)))


def find_missing(engine: Engine) -> list[str]:
    """Return the tables and columns (`table.column`) that this program needs and the store lacks."""
    with reading(engine) as connection:
        there = inspect(connection)
        tables = set(there.get_table_names())
        columns = {name: {column["name"] for column in there.get_columns(name)} for name in tables}
    lacks = [table.name for table in metadata.sorted_tables if table.name not in tables]
    present = [table for table in metadata.sorted_tables if table.name in tables]
    return lacks + [f"{t.name}.{c.name}" for t in present for c in t.columns if c.name not in columns[t.name]]


def check_tables(engine: Engine) -> None:
    """Check that the store has everything that its version has.

    Raises:
        StoreMismatch: a table or a column is missing: someone has changed the store.
    """
    missing = find_missing(engine)
    if missing:
        raise StoreMismatch(
            "the store is at step {wanted}, and lacks what that step has: {missing}",
            wanted=WANTED,
            missing=", ".join(missing[:_NAMED_MAX]),
            kind="store.tables",
        )


def upgrade(engine: Engine) -> StoreVersion:
    """Bring a store to this program's version, or leave it unchanged.

    Returns the version that it had before.

    Raises:
        StoreMismatch: the store is newer than this program.
    """
    from alembic import command

    before = store_version(engine)
    if before.current is not None and not is_known(before.current):
        raise _newer(before.current)
    if before.up_to_date and _is_informed(engine):
        return before
    with writing(engine) as connection:
        settings = settings_of_alembic()
        settings.attributes["connection"] = connection
        command.upgrade(settings, "head")
        inform_planner(connection)
    return before


def _is_informed(engine: Engine) -> bool:
    with reading(engine) as connection:
        return is_informed(connection)


def _newer(version: str) -> StoreMismatch:
    return StoreMismatch(
        "the store is at step {current}, which this program does not know: its last one is {wanted}",
        current=version[:8],
        wanted=WANTED,
        kind="store.newer",
    )


def is_known(version: str) -> bool:
    """Return whether a store of this version can be upgraded. The names of the steps give no order."""
    from alembic.script import ScriptDirectory

    steps = ScriptDirectory.from_config(settings_of_alembic()).walk_revisions()
    return version in {step.revision for step in steps}


def settings_of_alembic() -> Config:
    """Return Alembic's settings without a file, because the migrations are part of the package."""
    from alembic.config import Config

    settings = Config()
    settings.set_main_option("path_separator", "os")
    settings.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    return settings

"""Opens the database, and sets the store up: its keys, its tables, its roles. Opens no record."""

from __future__ import annotations

from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from typing import TYPE_CHECKING, Any

from cprsync.errors import StoreMismatch

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlalchemy import Engine

    from cprsync.config.settings import Settings, StoreSection
    from cprsync.services.ports.trust.upkeep import StoreVersion


@contextmanager
def open_database(url: str) -> Iterator[Engine]:
    from cprsync.store.core.engine import open_engine

    engine = open_engine(url)
    try:
        yield engine
    finally:
        engine.dispose()


def open_keeper(store: StoreSection) -> AbstractContextManager[Engine | None]:
    """The database for the role that may delete from the audit. None: the program's own role may."""
    return nullcontext() if store.keeper_url is None else open_database(store.keeper_url)


def make_sure_that_empty(url: str) -> None:
    """Refuse new keys for a database that holds patrons. Raises ConfigurationError."""
    from cprsync.store.trust import key_checks

    key_checks.make_sure_that_empty(url)


def create_keys(folder: Path) -> None:
    """Make one key for each purpose."""
    from cprsync.store.seals import keys

    keys.create_keys(folder)


def upgrade_store(store: StoreSection, *, copies: Path | None = None) -> dict[str, Any]:
    """Migrate the store to this program's version, and give its roles their rights.

    Args:
        store: where it is, and its roles.
        copies: the folder for a copy of a store that holds something and is of an older version. None: no copy is made.

    Raises:
        StoreMismatch: the store is newer, or has roles and the owner's is not given.
    """
    from cprsync.store.beside.journal import make_sure_of_place
    from cprsync.store.core.version import check_tables, store_version, upgrade

    make_sure_of_owner(store)
    # whatever is written later needs it
    make_sure_of_place(store.erase_journal)
    with open_database(store.owners) as engine:
        copy = None if copies is None else _copy_older(engine, store.owners, copies)
        is_new = upgrade(engine).current is None
        check_tables(engine)
        if store.keeper_url is not None:
            _give_rights(engine, store.url, store.keeper_url)
        found = store_version(engine)
    return {
        "version": found.current,
        "needed": found.wanted,
        "copy": None if copy is None else str(copy),
        "created": name_database(store.url) if is_new else None,
    }


def name_database(url: str) -> str:
    """Name a database without a user, a password or another file: its file, or its host and name."""
    from sqlalchemy import make_url

    parsed = make_url(url)
    return f"{parsed.database}" if parsed.get_backend_name() == "sqlite" else f"{parsed.host or ''}/{parsed.database}"


def remembers_another(settings: Settings) -> bool:
    """Whether the files beside a new database remember an earlier one."""
    from cprsync.store.beside.checkpoints import FILE

    files = (settings.keys.dir / FILE, settings.store.erase_journal)
    return any(path.exists() and path.stat().st_size for path in files)


@contextmanager
def telling_what_is_gone(settings: Settings) -> Iterator[None]:
    """Say of a database that is not set up that an earlier one is gone, if the files beside it remember one.

    Raises:
        StoreMismatch: kind `store.gone`.
    """
    try:
        yield
    except StoreMismatch as error:
        if error.kind != "store.not_set_up" or not remembers_another(settings):
            raise
        told = "the database is gone or empty, and the audit's heads or the erase journal remember what was in it"
        raise StoreMismatch(told, kind="store.gone") from error


def make_sure_of_files(settings: Settings) -> None:
    """Refuse an installation whose files beside the database this user may not read and write.

    Raises ConfigurationError. Nothing is written.
    """
    from cprsync.private import make_sure_that_usable
    from cprsync.store.beside.checkpoints import FILE, WITNESS
    from cprsync.store.beside.journal import make_sure_of_place

    journal = settings.store.erase_journal
    make_sure_of_place(journal)
    with suppress(OSError):  # a disk that may only be read: the first write says so
        for path in (journal.with_name(WITNESS), settings.keys.dir / FILE):
            make_sure_that_usable(path)


def make_sure_of_owner(store: StoreSection) -> None:
    """Refuse to change tables as another role than their owner. Raises StoreMismatch."""
    if store.lacks_owner:
        raise StoreMismatch("the store is brought forward by the owner of its tables alone", kind="store.rights")


def make_sure_of_log_ins(store: StoreSection) -> None:
    """Try the log-in of each role before anything is written. Raises StoreMismatch, which names the role."""
    from cprsync.store.core.database_roles import try_log_ins

    others = {url for url in (store.url, store.keeper_url) if url is not None} - {store.owners}
    try_log_ins(store.owners, *sorted(others))


def _copy_older(engine: Engine, url: str, folder: Path) -> Path | None:
    """Copy a store that is about to be changed. Another try of the same upgrade writes the same copy anew."""
    from cprsync.store.backup.databases import database_kind_of, write_copy
    from cprsync.store.core.version import is_known, store_version
    from cprsync.store.trust.key_checks import holds_patrons

    found = store_version(engine)
    if found.current is None or found.up_to_date or not is_known(found.current) or not holds_patrons(engine):
        return None
    ending = "db" if database_kind_of(url) == "sqlite" else "dump"
    path = folder / f"before-{found.wanted}-at-{found.current}.{ending}"
    write_copy(url, path)
    return path


def _give_rights(owner: Engine, url: str, keeper_url: str) -> None:
    from cprsync.store.core.database_roles import grant_rights, role_of

    grant_rights(owner, app=role_of(url), keeper=role_of(keeper_url))


def find_wrong_roles(store: StoreSection) -> dict[str, list[str]]:
    """What the roles `app` and `keeper` may do and should not, or should and may not. Nothing without such roles."""
    from cprsync.store.core import database_roles as roles

    if store.keeper_url is None:
        return {}
    with open_database(store.url) as app, open_database(store.keeper_url) as keeper:
        return {
            "app": roles.find_wrong_grants(app),
            "keeper": roles.find_wrong_grants(keeper, keeper=True),
        }


def look_at_store(url: str) -> tuple[StoreVersion, list[str]]:
    """The store's version, and what it lacks of what that version should have."""
    from cprsync.store.core.version import find_missing, store_version

    with open_database(url) as engine:
        found = store_version(engine)
        return found, find_missing(engine) if found.up_to_date else []

"""A store opens only under the keys that it was written with, and no new ones are made beside it."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text
from store_people import (
    AGENCY,
    AGREEMENT,
    StoppedClock,
    enrol,
    live_a_night,
    local,
    number,
)

from cprsync.cli.setup.installation import write_folder
from cprsync.cli.trust.keys import keys_list
from cprsync.errors import ConfigurationError
from cprsync.services.ports.patrons import NewPatron
from cprsync.store import tables
from cprsync.store.core.engine import open_engine, writing
from cprsync.store.seals.keys import ID_BYTES, KEY_BYTES, KeyPurpose, Keyring, add_key, create_keys
from cprsync.store.sql import SqlStore
from cprsync.store.trust.key_checks import NAMED_BY, keys_in_use

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy import Engine

EVERY = pytest.mark.parametrize("purpose", list(KeyPurpose), ids=lambda purpose: purpose.value)


def opened(store: SqlStore) -> SqlStore:
    """The same store, opened once more with the keys that are in the folder by now."""
    tenant = store._tenant
    keyring = Keyring.load(tenant.keyring.folder)
    again = SqlStore(tenant.engine, agency=AGENCY, agreement=AGREEMENT, keyring=keyring, clock=StoppedClock())
    again.journal.begin()
    return again


def replace(store: SqlStore, purpose: KeyPurpose, *, same_id: bool) -> None:
    """Put a key with other bytes in the place of the one that is there."""
    path = store._tenant.keyring.folder / f"{purpose.value}-1.key"
    key_id = path.read_text().split()[0] if same_id else "e" * 2 * ID_BYTES
    path.write_text(f"{key_id} {'a' * 2 * KEY_BYTES}\n")


def refused(store: SqlStore) -> str:
    """The kind of the error with which the store refuses to open; nothing is written before it."""
    before = store.views.everything()
    with pytest.raises(ConfigurationError) as error:
        opened(store)
    assert store.views.everything() == before
    return error.value.kind


@EVERY
def test_a_store_does_not_open_without_a_key_that_has_written_in_it(store: SqlStore, purpose: KeyPurpose) -> None:
    replace(live_a_night(store), purpose, same_id=False)
    assert refused(store) == "keys.lost"


@EVERY
def test_other_bytes_under_the_same_id_are_told_from_the_key(store: SqlStore, purpose: KeyPurpose) -> None:
    """A wrong index key finds nobody: a list that is imported then would create everybody once more."""
    replace(live_a_night(store), purpose, same_id=True)
    assert refused(store) == "keys.other"


@EVERY
def test_a_newer_key_is_noted_when_it_first_writes_and_the_older_one_stays_needed(
    sqlite_store: SqlStore, purpose: KeyPurpose
) -> None:
    live_a_night(sqlite_store)
    add_key(sqlite_store._tenant.keyring.folder, purpose)
    opened(sqlite_store)
    replace(sqlite_store, purpose, same_id=True)
    assert refused(sqlite_store) == "keys.other"


def test_a_key_that_the_erase_journal_needs_is_missed_though_no_row_names_it(sqlite_store: SqlStore) -> None:
    """The index key of the numbers in its lines: the database was put back from before it wrote."""
    sqlite_store.journal.begin()
    (one,) = sqlite_store.imports.take_patrons([NewPatron(number(0), local("C0"))])
    assert one.patron_id is not None
    add_key(sqlite_store._tenant.keyring.folder, KeyPurpose.INDEX)
    assert opened(sqlite_store).leaving.leave(one.patron_id, user="anna") is not None
    (sqlite_store._tenant.keyring.folder / f"{KeyPurpose.INDEX.value}-2.key").unlink()
    with writing(sqlite_store._tenant.engine) as connection:
        # as in a copy of the database from before the key was there
        for statement in (
            "DELETE FROM key_check",
            "DELETE FROM patron",
            "DELETE FROM patron_key",
            "DELETE FROM subscription",
        ):
            connection.execute(text(statement))
    assert refused(sqlite_store) == "keys.lost"


def test_every_column_that_names_a_key_is_asked() -> None:
    named = {column.table.name + "." + column.name for column, _ in NAMED_BY}
    there = {
        f"{table.name}.{column.name}"
        for table in tables.metadata.sorted_tables
        for column in table.columns
        if column.type is tables.columns.KEY and table is not tables.key_check
    }
    assert named == there


def test_the_keys_in_use_are_those_that_rows_name(sqlite_store: SqlStore) -> None:
    live_a_night(sqlite_store)
    tenant = sqlite_store._tenant
    with tenant.reading() as transaction:
        used = keys_in_use(transaction)
    expected = {KeyPurpose.SEAL, KeyPurpose.INDEX, KeyPurpose.FINGERPRINT, KeyPurpose.AUDIT}
    assert used == {(purpose, tenant.keyring.newest(purpose).id) for purpose in expected}


@pytest.fixture
def installed(tmp_path: Path, empty_store: Path) -> Path:
    """A folder as `init` leaves it, with three patrons in its database."""
    folder = tmp_path / "library"
    write_folder(folder, mock=None)
    shutil.copy(empty_store / "store.db", folder / "cprsync.db")
    engine = open_engine(f"sqlite:///{folder / 'cprsync.db'}")
    enrolled(engine, folder)
    engine.dispose()
    return folder


def enrolled(engine: Engine, folder: Path) -> None:
    keyring = Keyring.load(folder / "keys")
    store = SqlStore(engine, agency=AGENCY, agreement=AGREEMENT, keyring=keyring, clock=StoppedClock())
    store.journal.begin()
    enrol(store, 3)


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("lost", [["keys"], ["keys", "cprsync.toml"]])
def test_no_new_keys_are_made_beside_a_database_with_patrons(installed: Path, lost: list[str]) -> None:
    """New keys would find none of them, and the next list would create all of them a second time."""
    shutil.rmtree(installed / "keys")
    if "cprsync.toml" in lost:
        (installed / "cprsync.toml").unlink()
    before = contents(installed)
    with pytest.raises(ConfigurationError) as error:
        write_folder(installed, mock=None)
    assert error.value.kind == "keys.lost"
    assert contents(installed) == before


@EVERY
def test_the_rows_of_the_only_key_of_a_purpose_are_counted_also_when_it_is_lost(
    installed: Path, purpose: KeyPurpose, capsys: pytest.CaptureFixture[str]
) -> None:
    """Only this says what is gone, and which key to look for. Nothing is written in its place."""
    key = installed / "keys" / f"{purpose.value}-1.key"
    lost = key.read_text("ascii").split()[0]
    key.unlink()
    before = contents(installed)
    ended = keys_list(config=installed / "cprsync.toml", lang="en")
    told = [line.split() for line in capsys.readouterr().out.splitlines()]
    # those of PINs are named inside sealed records
    has_rows = purpose is not KeyPurpose.PIN
    assert (ended, [purpose.value, lost, "LOST"] in [line[:3] for line in told]) == (int(has_rows), has_rows)
    assert not any(line[:3:2] == [purpose.value, "writes"] for line in told)
    assert contents(installed).items() >= {k: v for k, v in before.items() if "cprsync.db" not in k}.items()


def test_new_keys_are_made_beside_an_empty_database(tmp_path: Path, empty_store: Path) -> None:
    shutil.copy(empty_store / "store.db", tmp_path / "cprsync.db")
    assert "keys" in write_folder(tmp_path, mock=None)


def test_keys_of_another_folder_do_not_open_the_database(installed: Path) -> None:
    shutil.rmtree(installed / "keys")
    create_keys(installed / "keys")
    engine = open_engine(f"sqlite:///{installed / 'cprsync.db'}")
    with pytest.raises(ConfigurationError) as error:
        enrolled(engine, installed)
    engine.dispose()
    assert error.value.kind == "keys.lost"

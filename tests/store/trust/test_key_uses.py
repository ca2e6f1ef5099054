"""What names each key: rows by table, and lines of the files beside the database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import func, select
from store_people import AGENCY, AGREEMENT, MONDAY, STARTED, StoppedClock, enrol, live_a_night, number, person, write
from whole import patron_ids

from cprsync.errors import ConfigurationError
from cprsync.services.ports.trust.keys import KeyState
from cprsync.store import tables
from cprsync.store.core.engine import reading
from cprsync.store.seals.keys import NEXT, KeyPurpose, Keyring, add_key, let_write
from cprsync.store.sql import SqlStore

if TYPE_CHECKING:
    from cprsync.services.ports.trust.keys import KeyUse


def folder_of(store: SqlStore):  # noqa: ANN201 -- a Path
    return store._tenant.keyring.folder


def uses(store: SqlStore, purpose: KeyPurpose) -> list[KeyUse]:
    return [one for one in store.keys.uses() if one.purpose == purpose.value]


def test_each_key_is_listed_with_the_rows_that_name_it(store: SqlStore) -> None:
    (seal,) = uses(live_a_night(store), KeyPurpose.SEAL)
    assert (seal.rows["patron"], seal.rows["before_image"], seal.rows["outbox"]) == (3, 2, 2)
    (chain,) = uses(store, KeyPurpose.AUDIT)
    with reading(store._tenant.engine) as connection:
        assert chain.rows == {"audit": connection.scalar(select(func.count()).select_from(tables.audit))}
    assert {one.state for one in store.keys.uses()} == {KeyState.WRITES}


def test_a_list_of_keys_shows_no_secret(sqlite_store: SqlStore) -> None:
    shown = repr([one.document() for one in live_a_night(sqlite_store).keys.uses()])
    keys = [key for keys in sqlite_store._tenant.keyring.keys.values() for key in keys]
    assert all(key.id in shown and key.secret.hex() not in shown for key in keys)


def test_a_key_is_as_old_as_its_file(sqlite_store: SqlStore) -> None:
    made = uses(sqlite_store, KeyPurpose.SEAL)[0].made
    assert made is not None
    assert timedelta(0) <= datetime.now(UTC) - made < timedelta(minutes=10)


def test_lines_beside_the_database_name_keys_too(sqlite_store: SqlStore) -> None:
    patron, *_ = enrol(live_a_night(sqlite_store), 1)
    assert sqlite_store.erasing.erase(patron, user="anna") is not None
    (checkpoint,) = uses(sqlite_store, KeyPurpose.CHECKPOINT)
    assert checkpoint.lines["erase journal"] == 1
    assert checkpoint.lines["audit heads"] > 1


def test_a_running_store_takes_a_key_that_is_added_and_does_not_write_with_it(store: SqlStore) -> None:
    """Another process may write with it in a moment: then this one can open what was written."""
    before = uses(live_a_night(store), KeyPurpose.SEAL)[0].id
    add_key(folder_of(store), KeyPurpose.SEAL, ending=NEXT)
    enrol(store, 5)
    old, new = uses(store, KeyPurpose.SEAL)
    assert (old.id, old.state, new.state) == (before, KeyState.WRITES, KeyState.NEXT)
    assert new.rows == {}


@pytest.mark.parametrize("purpose", [KeyPurpose.SEAL, KeyPurpose.INDEX, KeyPurpose.FINGERPRINT, KeyPurpose.AUDIT])
def test_a_running_store_writes_with_the_new_key_once_it_may(store: SqlStore, purpose: KeyPurpose) -> None:
    live_a_night(store)
    add_key(folder_of(store), purpose, ending=NEXT)
    let_write(folder_of(store), purpose)
    write(store, store.runs.begin(day=MONDAY, started=STARTED), person(2), culr="751")
    new, old = uses(store, purpose)
    assert (new.state, old.state) == (KeyState.WRITES, KeyState.READS)
    assert sum(new.rows.values())
    assert [store.patrons.find(number(place)) is not None for place in range(3)] == [True] * 3
    assert store.audit.check().problems == ()
    assert store.patrons.read(patron_ids(store))


def test_a_record_that_was_encoded_under_the_older_key_names_that_key(store: SqlStore) -> None:
    """The key began to write between the decision and the write."""
    live_a_night(store)
    prepared = store.patrons.prepare(person(2))
    add_key(folder_of(store), KeyPurpose.FINGERPRINT)
    patron_ids(store)
    assert store._tenant.vault.fingerprint_key != prepared.key
    assert store._tenant.vault.is_fingerprint(prepared.canonical, prepared.fingerprint, prepared.key)


def test_a_lost_key_is_listed_with_what_it_would_open(sqlite_store: SqlStore) -> None:
    live_a_night(sqlite_store)
    tenant = sqlite_store._tenant
    lost = tenant.keyring.newest(KeyPurpose.SEAL).id
    add_key(tenant.keyring.folder, KeyPurpose.SEAL)
    (tenant.keyring.folder / "seal-1.key").unlink()
    found = {"agency": AGENCY, "agreement": AGREEMENT, "clock": StoppedClock()}
    keyring = Keyring.load(tenant.keyring.folder)
    with pytest.raises(ConfigurationError):
        SqlStore(tenant.engine, keyring=keyring, **found)  # type: ignore[arg-type]  # as the fixture does
    again = SqlStore(tenant.engine, keyring=keyring, checks_keys=False, **found)  # type: ignore[arg-type]  # the same
    assert {one.id: one.state for one in uses(again, KeyPurpose.SEAL)}[lost] is KeyState.LOST
    assert next(one for one in uses(again, KeyPurpose.SEAL) if one.id == lost).rows["patron"] == 3

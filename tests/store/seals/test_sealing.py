"""What is sealed stays in its place, and the keys are ours alone."""

from __future__ import annotations

import hmac
import io
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text
from store_people import AGENCY, MONDAY, STARTED, enrol, local, number, person, write
from whole import verify_audit

from cprsync.errors import ConfigurationError, SealBroken
from cprsync.services.ports.patrons import Equal, NewPatron
from cprsync.store.core.engine import open_engine, writing
from cprsync.store.seals.keys import KEY_BYTES, Keyed, KeyPurpose, Keyring, add_key, create_keys
from cprsync.store.sql import SqlStore

if TYPE_CHECKING:
    from pathlib import Path

    from store_people import StoppedClock


def execute(store: SqlStore, statement: str) -> None:
    with writing(store._tenant.engine) as connection:
        connection.execute(text(statement))


@pytest.mark.parametrize("length", [0, 16, 64, 300])
def test_a_keyed_digest_is_the_one_that_older_stores_hold(length: int) -> None:
    """HMAC with SHA-256: by another one nobody in a store of before would be found."""
    keyed, value = Keyed(b"k" * KEY_BYTES), b"x" * length
    assert [keyed.digest(value) for _ in range(2)] == [hmac.digest(b"k" * KEY_BYTES, value, "sha256")] * 2


@pytest.mark.parametrize(
    "swap",
    [
        pytest.param(
            "UPDATE patron SET register_blob = (SELECT p.register_blob FROM patron p WHERE p.id <> patron.id)",
            id="another patron's",
        ),
        pytest.param(
            "UPDATE patron SET register_blob = (SELECT b.register_blob FROM before_image b"
            " WHERE b.patron_id = patron.id)",
            id="her own older one",
        ),
        pytest.param(
            "UPDATE patron SET (register_blob, version) = (SELECT b.register_blob, b.version FROM before_image b"
            " WHERE b.patron_id = patron.id)",
            id="her own older one with its version",
        ),
        pytest.param("UPDATE patron SET register_blob = local_blob", id="of another owner"),
        pytest.param("UPDATE patron SET version = version + 1", id="under another version"),
        pytest.param("UPDATE patron SET register_blob = x'00'", id="cut off"),
        pytest.param("UPDATE patron SET register_key = 'ffffffff'", id="under a key that is not here"),
    ],
)
def test_a_sealed_record_opens_only_where_it_was_sealed(sqlite_store: SqlStore, swap: str) -> None:
    ids = enrol(sqlite_store, 2)
    write(sqlite_store, sqlite_store.runs.begin(day=MONDAY, started=STARTED), person(0), person(1))
    assert len(sqlite_store.patrons.read(ids)) == 2
    execute(sqlite_store, swap)
    with pytest.raises(SealBroken):
        sqlite_store.patrons.read(ids)


@pytest.mark.parametrize(
    "tamper",
    [
        "UPDATE inbox_chunk SET blob = (SELECT c.blob FROM inbox_chunk c WHERE c.seq = 1) WHERE seq = 0",
        "DELETE FROM inbox_chunk WHERE seq = 1",
    ],
)
def test_a_delivery_whose_parts_were_moved_or_lost_does_not_open(sqlite_store: SqlStore, tamper: str) -> None:
    sealed = sqlite_store.sealing.seal("D270301.L000001", io.BytesIO(b"0" * 70_000))
    execute(sqlite_store, tamper)
    with sqlite_store.inbox.content(sealed) as content, pytest.raises(SealBroken):
        content.read()


def test_the_database_files_hold_no_name_number_or_street(sqlite_store: SqlStore, tmp_path: Path) -> None:
    # a card as long as real ones: two letters stand in sealed bytes by chance, once in some twenty runs
    sqlite_store.imports.take_patrons([NewPatron(number(0), local("CARD-3000123"))])
    run = sqlite_store.runs.begin(day=MONDAY, started=STARTED)
    write(sqlite_store, run, person(0), culr="751")
    sqlite_store.subscriptions.subscribed(run, sqlite_store.subscriptions.unsubscribed(9), since=MONDAY)
    sqlite_store.sealing.seal("D270301.L000001", io.BytesIO(b"001" + number(0).digits.encode()))
    raw = b"".join(path.read_bytes() for path in tmp_path.glob("one.db*"))
    assert b"resident" in raw  # what is clear is found, so that what is not found is not there
    for secret in (number(0).digits, "Ålykke", "Skovfyrvej", "CARD-3000123"):
        assert secret.encode() not in raw


def test_a_newer_key_writes_and_the_older_one_goes_on_reading(sqlite_store: SqlStore, clock: StoppedClock) -> None:
    enrol(sqlite_store, 2)
    run = sqlite_store.runs.begin(day=MONDAY, started=STARTED)
    write(sqlite_store, run, person(0), person(1))
    tenant = sqlite_store._tenant
    for purpose in KeyPurpose:
        add_key(tenant.keyring.folder, purpose)
    keyring = Keyring.load(tenant.keyring.folder)
    newer = SqlStore(tenant.engine, agency=AGENCY, agreement="main", keyring=keyring, clock=clock)
    assert newer.patrons.find(number(1)) == sqlite_store.patrons.find(number(1))
    (opened,) = newer.patrons.recognise([person(1)])  # a fingerprint of the older key tells nothing
    assert not isinstance(opened, Equal)
    write(newer, run, person(1))
    assert isinstance(newer.patrons.recognise([person(1)])[0], Equal)
    assert verify_audit(newer) == sqlite_store_entries(newer)


def sqlite_store_entries(store: SqlStore) -> int:
    return len(store.views.everything("audit")["audit"])


def test_keys_are_never_overwritten_and_are_this_users_alone(tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    create_keys(folder)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    with pytest.raises(ConfigurationError):
        create_keys(folder)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}
    assert folder.stat().st_mode & 0o777 == 0o700


def _open_to_others(folder: Path) -> None:
    (folder / "seal-1.key").chmod(0o640)


def _folder_open_to_others(folder: Path) -> None:
    folder.chmod(0o755)


def _missing(folder: Path) -> None:
    (folder / "index-1.key").unlink()


def _shortened(folder: Path) -> None:
    (folder / "audit-1.key").write_text("00000000 ab\n")


def _foreign(folder: Path) -> None:
    (folder / "spare.key").write_text("")


@pytest.mark.parametrize(
    ("damage", "kind"),
    [
        (_open_to_others, "keys.mode"),
        (_folder_open_to_others, "keys.mode"),
        (_missing, "keys.missing"),
        (_shortened, "keys.form"),
        (_foreign, "keys.foreign"),
    ],
)
def test_a_key_folder_that_is_not_right_is_refused(keyring: Keyring, damage: object, kind: str) -> None:
    assert callable(damage)
    damage(keyring.folder)
    with pytest.raises(ConfigurationError) as refused:
        Keyring.load(keyring.folder)
    assert refused.value.kind == kind


@pytest.mark.parametrize("asks", [0, 4711])
def test_keys_of_another_user_are_refused_also_to_root(
    keyring: Keyring, monkeypatch: pytest.MonkeyPatch, asks: int
) -> None:
    """Root can read them, and would leave files beside the store that the service cannot write."""
    owner = keyring.folder.stat().st_uid
    monkeypatch.setattr("os.geteuid", lambda: asks + (asks == owner))
    with pytest.raises(ConfigurationError) as refused:
        Keyring.load(keyring.folder)
    assert refused.value.kind == "file.owner"


def test_a_missing_key_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError):
        Keyring.load(tmp_path / "none")


@pytest.mark.parametrize("url", ["", "nonsense", "mysql://host/db", "sqlite://", "sqlite:////no/such/folder/store.db"])
def test_a_url_that_is_no_store_is_refused(url: str) -> None:
    with pytest.raises(ConfigurationError):
        open_engine(url)

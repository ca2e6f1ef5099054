"""A purpose gets a new key while the store is written: everything opens and is found before, between and after."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select, text, update
from store_people import AGENCY, AGREEMENT, MONDAY, STARTED, StoppedClock, enrol, local, number, person, write
from whole import patron_ids

from cprsync.errors import BadInput, CprsyncError, RunBusy
from cprsync.language.errors import advice_for
from cprsync.services.ports.desk import Reveal
from cprsync.services.ports.imports import ImportOutcome
from cprsync.services.ports.patrons import NewPatron
from cprsync.services.ports.trust.audit import AuditFilter
from cprsync.services.ports.trust.keys import PURPOSES, KeyState
from cprsync.services.trust.keys import Rotating, destroy_key, rotate_keys, shares_of
from cprsync.store import tables
from cprsync.store.audit import audit
from cprsync.store.core.engine import reading, writing
from cprsync.store.core.tenant import library_transaction
from cprsync.store.seals.keys import NEXT, KeyPurpose, Keyring, add_key, let_write
from cprsync.store.sql import SqlStore
from cprsync.store.trust.key_checks import NAMED_BY
from cprsync.store.trust.sealed_columns import NEVER_ANEW, SEALED

if TYPE_CHECKING:
    from collections.abc import Callable

EVERY = pytest.mark.parametrize("purpose", PURPOSES)
BROUGHT = pytest.mark.parametrize("purpose", ["seal", "index", "fingerprint"])
#: Columns that a rotation changes, and nothing that they tell.
_OF_KEYS = {column.name for column, _ in NAMED_BY} | {
    *("number_index", "fingerprint", "address_index", "key_index", "id_index", "card_index", "found_register")
}
#: Tables that say what was done, and when.
_LOGS = {"audit", "audit_head", "key_check", "upkeep", "change_mark"}


def lived(store: SqlStore) -> SqlStore:
    store.journal.begin()
    enrol(store, 7)
    run = store.runs.begin(day=MONDAY, started=STARTED)
    write(store, run, *(person(place) for place in range(5)), culr="751")
    store.sealing.seal("D270301.L999999", io.BytesIO(b"001" * 30_000))
    return store


def dump(store: SqlStore) -> dict[str, Any]:
    """Every value of the store, opened; not what names keys."""
    return {
        table: sorted(({name: value for name, value in row.items() if name not in _OF_KEYS} for row in rows), key=str)
        for table, rows in store.views.everything().items()
        if table not in _LOGS
    }


def opened(store: SqlStore) -> SqlStore:
    """The store of another process, with the keys that are in the folder by now."""
    tenant = store._tenant
    keyring = Keyring.load(tenant.keyring.folder)
    return SqlStore(tenant.engine, agency=AGENCY, agreement=AGREEMENT, keyring=keyring, clock=StoppedClock())


def beside(store: SqlStore) -> SqlStore:
    """Another library of the installation, with the keys that are in the folder by now."""
    tenant = store._tenant
    keyring = Keyring.load(tenant.keyring.folder)
    other = SqlStore(tenant.engine, agency="765700", agreement="other", keyring=keyring, clock=StoppedClock())
    other.journal.begin()
    return other


def how(sleep: Callable[[float], None] = lambda _: None, **more: Any) -> Rotating:
    return Rotating("olga", sleep=sleep, monotonic=lambda: 0.0, now=StoppedClock().now, share_rows=2, **more)


def rotate(store: SqlStore, *purposes: str, **given: Any) -> list[dict[str, Any]]:
    done: list[dict[str, Any]] = rotate_keys([store], purposes, how(**given))["rotated"]
    return done


def states(store: SqlStore, purpose: str) -> list[tuple[KeyState, int]]:
    return [(one.state, sum(one.rows.values())) for one in store.keys.uses() if one.purpose == purpose]


def is_everyone_found(store: SqlStore) -> bool:
    """By number, by card, and by the dwelling that the first five share."""
    ids = [store.patrons.find(number(place)) for place in range(7)]
    cards = [store.views.with_card(f"C{place}") for place in range(7)]
    return None not in ids and ids == cards


def test_the_purposes_are_those_of_the_keys() -> None:
    assert sorted(PURPOSES) == sorted(one.value for one in KeyPurpose)


def test_every_sealed_column_is_sealed_anew_or_says_why_not() -> None:
    named = {(column.table.name, column.name) for column, purpose in NAMED_BY if purpose is KeyPurpose.SEAL}
    listed = {(table, column.key) for table, columns in SEALED.items() for column in columns}
    assert named - listed == {("inbox", "key")}
    assert listed <= named
    assert {"audit_reason"} == NEVER_ANEW


@EVERY
def test_after_a_rotation_the_store_holds_the_same_and_the_new_key_writes(store: SqlStore, purpose: str) -> None:
    before = dump(lived(store))
    (done,) = rotate(store, purpose)
    assert not done["resumed"]
    assert dump(store) == before
    assert is_everyone_found(store)
    assert [state for state, _ in states(store, purpose)] == [KeyState.WRITES, KeyState.READS]
    assert store.audit.check(records=100).problems == ()
    assert dump(opened(store)) == before


class Killed(Exception):
    """The program was killed."""


@EVERY
def test_a_library_that_is_added_after_a_rotation_has_none_to_finish_and_the_next_one_makes_a_key(
    store: SqlStore, purpose: str
) -> None:
    rotate(lived(store), purpose)
    added = beside(store)
    assert (added.keys.unfinished(), added.keys.is_unfinished(purpose)) == ([], False)
    (done,) = rotate_keys([store, added], [purpose], how())["rotated"]
    assert not done["resumed"]
    assert len(states(store, purpose)) == 3


@EVERY
def test_a_rotation_is_finished_for_each_library(store: SqlStore, purpose: str) -> None:
    both = [lived(store), beside(store)]
    rotate_keys(both, [purpose], how())
    assert [one.keys.unfinished() for one in both] == [[], []]


@BROUGHT
def test_an_older_key_is_not_said_to_be_free_while_a_library_that_the_settings_name_no_more_has_rows_of_it(
    store: SqlStore, purpose: str
) -> None:
    out = lived(beside(store))
    (done,) = rotate(lived(store), purpose)
    (older,) = done["older"]
    assert older["named"]["patron"] == 7
    with pytest.raises(BadInput) as refused:
        destroy_key(store, purpose, older["id"], user="olga", backups_expired=True)
    assert refused.value.kind == "keys.named"
    assert rotate(out, purpose)[0]["older"] == [older | {"named": {}}]


def kill(*_: object) -> None:
    raise Killed


@EVERY
def test_a_rotation_that_was_stopped_before_the_new_key_writes_is_told_until_it_is_finished(
    store: SqlStore, purpose: str
) -> None:
    assert lived(store).keys.unfinished() == []
    with pytest.raises(Killed):
        rotate(store, purpose, sleep=kill)
    (half,) = opened(store).keys.unfinished()
    added = store._tenant.keyring.next(KeyPurpose(purpose))
    assert added is not None
    assert (half.purpose, half.key, half.since, half.left) == (purpose, added.id, added.made, half.rows)
    rotate(store, purpose)
    assert store.keys.unfinished() == opened(store).keys.unfinished() == []


@BROUGHT
def test_a_rotation_that_was_stopped_half_way_says_how_many_rows_are_left(store: SqlStore, purpose: str) -> None:
    shares = []

    def count(_: str, rows: int) -> None:
        shares.append(rows)
        if len(shares) == 2:
            raise Killed

    lived(store)
    with pytest.raises(Killed):
        rotate(store, purpose, progress=count)
    (half,) = store.keys.unfinished()
    assert (half.purpose, half.key) == (purpose, store._tenant.keyring.newest(KeyPurpose(purpose)).id)
    assert 0 < half.left < half.rows
    assert rotate(store, purpose)[0]["resumed"]
    assert store.keys.unfinished() == []


@pytest.mark.parametrize("purpose", ["seal", "fingerprint"])
def test_nothing_is_left_under_the_older_key(store: SqlStore, purpose: str) -> None:
    lived(store)
    before = sum(count for _, count in states(store, purpose))
    (done,) = rotate(store, purpose)
    assert states(store, purpose)[1] == (KeyState.READS, 0)
    assert states(store, purpose)[0][1] == before
    assert done["rows"] >= 7
    assert done["left"] == 0


def test_an_index_key_keeps_only_what_no_value_is_known_of(store: SqlStore) -> None:
    lived(store)
    rotate(store, "index")
    older = next(one for one in store.keys.uses() if (one.purpose, one.state) == ("index", KeyState.READS))
    assert older.rows == {}


@BROUGHT
def test_everyone_is_found_and_opens_between_any_two_shares(store: SqlStore, purpose: str) -> None:
    before = dump(lived(store))
    add_key(store._tenant.keyring.folder, KeyPurpose(purpose), ending=NEXT)
    let_write(store._tenant.keyring.folder, KeyPurpose(purpose))
    shares = 0
    for _ in shares_of(store, purpose, most=2):
        shares += 1
        assert is_everyone_found(store)
        assert dump(store) == before
        assert dump(opened(store)) == before
    assert shares > 3


@BROUGHT
def test_a_rotation_that_is_killed_at_any_share_goes_on_when_it_is_run_again(
    sqlite_store: SqlStore, purpose: str
) -> None:
    before = dump(lived(sqlite_store))

    def kill_after(most: int) -> Callable[[str, int], None]:
        counted = iter(range(most))

        def count(_purpose: str, _rows: int) -> None:
            if next(counted, None) is None:
                raise Killed

        return count

    for most in range(1, 100):
        again = opened(sqlite_store)
        try:
            (done,) = rotate_keys([again], [purpose], how(progress=kill_after(most)))["rotated"]
        except Killed:
            assert dump(opened(sqlite_store)) == before
            assert again.keys.is_unfinished(purpose)
            continue
        break
    assert most > 1
    assert done["resumed"]
    assert not opened(sqlite_store).keys.is_unfinished(purpose)
    assert len(states(sqlite_store, purpose)) == 2
    assert states(sqlite_store, purpose)[1] == (KeyState.READS, 0)


@BROUGHT
def test_a_rotation_that_is_killed_while_it_waits_goes_on_with_the_key_that_was_added(
    sqlite_store: SqlStore, purpose: str
) -> None:
    lived(sqlite_store)
    waits = iter([None])

    def killed_the_first_time(_: float) -> None:
        if next(waits, 1) is None:
            raise Killed

    with pytest.raises(Killed):
        rotate(sqlite_store, purpose, sleep=killed_the_first_time)
    assert [state for state, _ in states(sqlite_store, purpose)] == [KeyState.WRITES, KeyState.NEXT]
    rotate(sqlite_store, purpose, sleep=killed_the_first_time)
    assert [state for state, _ in states(sqlite_store, purpose)] == [KeyState.WRITES, KeyState.READS]


@BROUGHT
def test_another_process_writes_between_the_shares_and_nobody_is_twice(store: SqlStore, purpose: str) -> None:
    """A store that was opened before the key was there, as a running desk's."""
    desk = lived(store)
    keeper = opened(store)
    place = iter(range(5, 100))

    def write_more(_purpose: str, _rows: int) -> None:
        one = next(place)
        again = desk.imports.take_patrons([NewPatron(number(one % 7), local(f"C{one % 7}"))])
        assert [new.outcome for new in again] != [ImportOutcome.CREATED]
        desk.imports.take_patrons([NewPatron(number(20 + one), local(f"D{one}"))])
        assert desk.views.with_card(f"D{one}") == desk.patrons.find(number(20 + one)) is not None

    rotate_keys([keeper], [purpose], how(progress=write_more))
    assert is_everyone_found(desk)
    assert is_everyone_found(opened(desk))
    assert len(patron_ids(desk)) == 7 + next(place) - 5
    assert states(desk, purpose)[1] == (KeyState.READS, 0)
    assert desk.audit.check(records=100).problems == ()


def test_what_is_altered_is_not_sealed_anew(sqlite_store: SqlStore) -> None:
    """A new seal would make it look whole."""
    patron, *_ = patron_ids(lived(sqlite_store))
    with writing(sqlite_store._tenant.engine) as connection:
        this = update(tables.patron).where(tables.patron.c.id == patron)
        connection.execute(this.values(local_blob=b"altered" * 10))
    (done,) = rotate(sqlite_store, "seal")
    assert done["left"] == 1
    assert states(sqlite_store, "seal")[1] == (KeyState.READS, 1)
    assert [one.kind for one in sqlite_store.audit.check(records=100).problems] == ["audit.broken"]


def test_an_older_record_in_its_place_is_not_summed_up_anew(sqlite_store: SqlStore) -> None:
    lived(sqlite_store)
    with writing(sqlite_store._tenant.engine) as connection:
        connection.execute(text("UPDATE patron SET local_version = 9 WHERE id = (SELECT min(id) FROM patron)"))
    with pytest.raises(CprsyncError) as error:
        rotate(sqlite_store, "fingerprint")
    assert error.value.kind == "audit.broken"


def test_two_rotations_do_not_run_at_once(sqlite_store: SqlStore) -> None:
    before = dump(lived(sqlite_store))
    with sqlite_store.keys.rotating(), pytest.raises(RunBusy):
        rotate(opened(sqlite_store), "seal")
    assert dump(sqlite_store) == before
    assert [state for state, _ in states(sqlite_store, "seal")] == [KeyState.WRITES]


def test_each_step_is_in_the_audit(sqlite_store: SqlStore) -> None:
    lived(sqlite_store)
    rotate(sqlite_store, "seal")
    older = next(one.id for one in sqlite_store.keys.uses() if one.state is KeyState.READS)
    destroy_key(sqlite_store, "seal", older, user="olga", backups_expired=True)
    steps = [one.actions for one in sqlite_store.audit.entries(AuditFilter()) if one.what == "key"]
    assert steps[::-1] == [(step, "seal") for step in ("added", "writes", "brought", "destroyed")]
    assert sqlite_store.audit.check(records=100).problems == ()


@BROUGHT
def test_a_destroyed_key_is_gone_and_the_store_opens_without_it(store: SqlStore, purpose: str) -> None:
    before = dump(lived(store))
    rotate(store, purpose)
    older = next(one.id for one in store.keys.uses() if one.state is KeyState.READS)
    destroy_key(store, purpose, older, user="olga", backups_expired=True)
    assert [state for state, _ in states(store, purpose)] == [KeyState.WRITES]
    assert dump(opened(store)) == before
    assert is_everyone_found(opened(store))


def test_the_store_opens_without_the_index_key_of_before_a_patron_was_erased(store: SqlStore) -> None:
    """The line of an erased patron in the journal names the key of its time, and hashes no number with it."""
    lived(store)
    store.erasing.erase(patron_ids(store)[0], user="anna")
    rotate(store, "index")
    older = next(one.id for one in store.keys.uses() if one.state is KeyState.READS)
    destroy_key(store, "index", older, user="olga", backups_expired=True)
    assert opened(store).journal.verify() == 1


def refused(store: SqlStore, purpose: str, key_id: str, *, backups_expired: bool = True) -> str:
    before = dump(store), [one.document() for one in store.keys.uses()]
    with pytest.raises(BadInput) as error:
        destroy_key(store, purpose, key_id, user="olga", backups_expired=backups_expired)
    assert (dump(store), [one.document() for one in store.keys.uses()]) == before
    return error.value.kind


@pytest.mark.parametrize(("purpose", "by"), [("audit", "audit"), ("checkpoint", "lines")])
def test_a_key_that_entries_or_lines_name_is_kept_and_no_second_rotation_is_advised(
    sqlite_store: SqlStore, purpose: str, by: str
) -> None:
    lived(sqlite_store)
    rotate(sqlite_store, purpose)
    older = next(one.id for one in sqlite_store.keys.uses() if one.state is KeyState.READS)
    assert refused(sqlite_store, purpose, older) == f"keys.named.{by}"
    advice = advice_for(BadInput("", kind=f"keys.named.{by}")).next
    assert "keys rotate" not in advice.en
    assert "keys rotate" not in advice.da


def test_a_key_that_seals_a_reason_is_not_destroyed_until_the_audits_beginning_is_cut(store: SqlStore) -> None:
    """The entry has the hash of the sealed bytes, so a reason is never sealed anew."""
    lived(store)
    store.views.reveal(Reveal(patron_ids(store)[0], ("address",), "anna", "they asked for it", "correction"))
    rotate(store, "seal")
    (older,) = [one for one in store.keys.uses() if one.state is KeyState.READS]
    assert older.rows == {"audit_reason": 1}
    assert refused(store, "seal", older.id) == "keys.named.audit"
    told = [one.reason for one in store.audit.entries(AuditFilter(reasons=True)) if one.reason]
    assert told == ["they asked for it"]
    assert store.audit.check().problems == ()
    with library_transaction(store._tenant) as transaction:
        stream, seq = transaction.execute(select(tables.audit_reason.c.stream, tables.audit_reason.c.seq)).one()
        audit.cut_stream(transaction, stream, seq)
    destroy_key(store, "seal", older.id, user="olga", backups_expired=True)


def test_a_key_is_not_destroyed_while_it_writes_or_is_unknown_or_a_backup_needs_it(sqlite_store: SqlStore) -> None:
    lived(sqlite_store)
    (key,) = [one.id for one in sqlite_store.keys.uses() if one.purpose == "seal"]
    assert refused(sqlite_store, "seal", key) == "keys.writes"
    assert refused(sqlite_store, "seal", "0" * 8) == "keys.unknown"
    rotate(sqlite_store, "seal")
    assert refused(sqlite_store, "seal", key, backups_expired=False) == "keys.backups"


def test_a_row_that_comes_under_the_older_key_keeps_it(sqlite_store: SqlStore) -> None:
    """Whoever destroys a key has looked a moment ago: the last look is under the lock."""
    lived(sqlite_store)
    rotate(sqlite_store, "seal")
    older = next(one.id for one in sqlite_store.keys.uses() if one.state is KeyState.READS)
    with writing(sqlite_store._tenant.engine) as connection:
        connection.execute(update(tables.outbox).values(key=older))
    with pytest.raises(BadInput) as error:
        destroy_key(sqlite_store, "seal", older, user="olga", backups_expired=True)
    assert error.value.kind == "keys.named"
    with reading(sqlite_store._tenant.engine) as connection:
        assert connection.scalar(select(tables.key_check.c.id).where(tables.key_check.c.id == older)) == older


def test_an_unknown_purpose_is_refused(sqlite_store: SqlStore) -> None:
    before = dump(lived(sqlite_store))
    with pytest.raises(BadInput) as error:
        rotate(sqlite_store, "everything")
    assert error.value.kind == "keys.purpose"
    assert dump(sqlite_store) == before


def test_a_delivery_that_is_being_read_is_read_to_its_end_while_it_is_sealed_anew(store: SqlStore) -> None:
    lived(store)
    content = b"".join(bytes([one % 251]) * 4096 for one in range(300))
    delivery = store.sealing.seal("D270302.L999999", io.BytesIO(content))
    with store.inbox.content(delivery) as reader:
        half = reader.read(len(content) // 2)
        rotate(opened(store), "seal")
        assert half + reader.read() == content
    with opened(store).inbox.content(delivery) as reader:
        assert reader.read() == content


def test_a_delivery_that_arrives_during_a_rotation_is_sealed_with_one_key(store: SqlStore) -> None:
    """The key that began it goes on, also when another one writes by then."""
    lived(store)

    class Arriving(io.BytesIO):
        def seekable(self) -> bool:
            return False

        def read(self, size: int | None = -1, /) -> bytes:
            if self.tell() and not store.keys.is_unfinished("seal"):
                add_key(store._tenant.keyring.folder, KeyPurpose.SEAL)
                patron_ids(store)
            return super().read(size)

    content = b"0123456789" * 300_000
    delivery = store.sealing.seal("D270302.L999999", Arriving(content))
    assert store.keys.is_unfinished("seal")
    rotate(store, "seal")
    with store.inbox.content(delivery) as reader:
        assert reader.read() == content

"""What staff corrected, on both databases: stored sealed, one live row a field, counted in the patron's row."""

from __future__ import annotations

import json
from datetime import date
from typing import TYPE_CHECKING, Any

from sqlalchemy import select, text, update
from store_people import MONDAY, enrol, number, person, write
from whole import patron_ids

from cprsync.domain.patron.override import Overridden, Override
from cprsync.domain.person.sealed import Name
from cprsync.services.ports.patrons import Equal, NotOurs
from cprsync.store import tables
from cprsync.store.core.engine import reading, writing
from cprsync.store.records.records import (
    OVERRIDE,
    Withdrawal,
    add_override,
    end_overrides,
    live_overrides,
    withdraw_override,
)

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from cprsync.domain.patron.patron import Patron
    from cprsync.services.ports.runs import Run
    from cprsync.store.core.tenant import Tenant
    from cprsync.store.sql import SqlStore

LATER = date(2027, 5, 1)


def typed(value: str, field: Overridden = Overridden.MUNICIPALITY, **rest: Any) -> Override:
    return Override(field, value, by="lone", reason="Moved last week", since=MONDAY, until=LATER, **rest)


def tenant_of(store: SqlStore) -> Tenant:
    return store._tenant


def add(store: SqlStore, patron_id: str, *added: Override) -> None:
    for override in added:
        with tenant_of(store).writing() as transaction:
            add_override(transaction, patron_id, override)


def withdraw(store: SqlStore, patron_id: str, field: Overridden = Overridden.MUNICIPALITY) -> bool:
    with tenant_of(store).writing() as transaction:
        why = Withdrawal(MONDAY, "bodil", "Moved back")
        return withdraw_override(transaction, patron_id, field, why)


def end(store: SqlStore, *ids: int) -> None:
    with tenant_of(store).writing() as transaction:
        end_overrides(transaction, ids, on=LATER)


def live(store: SqlStore, patron_id: str) -> tuple[Override, ...]:
    with tenant_of(store).reading() as transaction:
        return live_overrides(transaction, [patron_id]).get(patron_id, ())


def rows(store: SqlStore) -> list[tuple[int, str, str]]:
    return [(row["id"], row["field"], row["state"]) for row in store.views.everything("override")["override"]]


def count(store: SqlStore, patron_id: str) -> int:
    (row,) = [row for row in store.views.everything("patron")["patron"] if row["id"] == patron_id]
    return int(row["overrides"])


def opened(store: SqlStore, patron_id: str) -> Patron:
    (patron,) = store.patrons.read([patron_id])
    return patron


def test_an_override_is_read_back_as_it_was_typed(store: SqlStore) -> None:
    (patron_id,) = enrol(store, 1)
    add(store, patron_id, typed("0101"))
    assert live(store, patron_id) == (typed("0101", id=1),)
    assert count(store, patron_id) == 1


def test_a_later_one_of_the_same_field_replaces_the_earlier(store: SqlStore) -> None:
    (patron_id,) = enrol(store, 1)
    add(store, patron_id, typed("0101"), typed("Anna", Overridden.NAME), typed("0751"))
    assert live(store, patron_id) == (typed("Anna", Overridden.NAME, id=2), typed("0751", id=3))
    assert rows(store) == [(1, "municipality", "replaced"), (2, "name", "live"), (3, "municipality", "live")]
    assert count(store, patron_id) == 2


def test_a_withdrawn_one_is_gone_and_stays_on_record(store: SqlStore) -> None:
    (patron_id,) = enrol(store, 1)
    add(store, patron_id, typed("0101"))
    assert withdraw(store, patron_id)
    assert live(store, patron_id) == ()
    assert rows(store) == [(1, "municipality", "withdrawn")]
    assert count(store, patron_id) == 0


def test_who_took_one_back_and_why_is_sealed_with_what_was_typed(store: SqlStore) -> None:
    (patron_id,) = enrol(store, 1)
    add(store, patron_id, typed("0101"))
    withdraw(store, patron_id)
    with reading(tenant_of(store).engine) as connection:
        row = connection.execute(select(tables.override)).one()
    assert b"Moved back" not in row.value
    plain = tenant_of(store).vault.unseal(row.value, row.key, place=patron_id, owner=OVERRIDE, version=1)
    assert json.loads(plain) == {
        "before": None,
        "reason": "Moved last week",
        "value": "0101",
        "withdrawn": {"by": "bodil", "reason": "Moved back"},
    }


def test_nothing_is_withdrawn_where_there_is_nothing(store: SqlStore) -> None:
    (patron_id,) = enrol(store, 1)
    add(store, patron_id, typed("Anna", Overridden.NAME))
    before = store.views.everything()
    assert not withdraw(store, patron_id)
    assert store.views.everything() == before


def test_ending_ends_those_named_and_no_other(store: SqlStore) -> None:
    first, second = enrol(store, 2)
    add(store, first, typed("0101"), typed("Anna", Overridden.NAME))
    add(store, second, typed("0101"))
    end(store, 1, 3)
    assert rows(store) == [(1, "municipality", "ended"), (2, "name", "live"), (3, "municipality", "ended")]
    assert (count(store, first), count(store, second)) == (1, 0)


def test_an_ended_one_does_not_end_twice(store: SqlStore) -> None:
    (patron_id,) = enrol(store, 1)
    add(store, patron_id, typed("0101"))
    withdraw(store, patron_id)
    before = store.views.everything()
    end(store, 1)
    assert store.views.everything() == before


def test_value_and_reason_stand_nowhere_in_clear(store: SqlStore, engine: Engine) -> None:
    (patron_id,) = enrol(store, 1)
    add(store, patron_id, typed("Anna Ny", Overridden.NAME))
    with reading(engine) as connection:
        raw = bytes(connection.execute(text("SELECT value FROM override")).scalar_one())
    assert b"Anna" not in raw
    assert b"Moved" not in raw


def test_one_moved_to_another_patron_counts_for_neither(store: SqlStore, engine: Engine) -> None:
    first, second = enrol(store, 2)
    add(store, first, typed("0101"))
    with writing(engine) as connection:
        connection.execute(update(tables.override).values(patron_id=second))
    assert (live(store, first), live(store, second)) == ((), ())
    assert store.audit.check().problems


def test_a_patron_is_read_with_her_group_and_what_staff_corrected(store: SqlStore, run: Run) -> None:
    first, second = enrol(store, 2)
    write(store, run, person(0), person(1))
    add(store, first, typed("0101"))
    corrected = (typed("0101", id=1),)
    assert (opened(store, first).group, opened(store, first).overrides) == ("adult", corrected)
    assert opened(store, second).overrides == ()
    view = store.views.patron(first)
    assert view is not None
    assert view.patron.overrides == corrected
    (recognised,) = store.patrons.recognise([person(0, name=Name("Sørine Birk"))])
    assert not isinstance(recognised, NotOurs | Equal)
    assert recognised.overrides == corrected
    assert recognised.register == person(0)


def test_whoever_has_none_costs_no_look_at_the_table(store: SqlStore, engine: Engine) -> None:
    enrol(store, 1)
    with writing(engine) as connection:
        connection.execute(text("DROP TABLE override"))
    (patron,) = store.patrons.read(patron_ids(store))
    assert patron.number == number(0)

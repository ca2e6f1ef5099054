"""The three roles of a PostgreSQL database (decision 22): who may do what, and who may not."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from ready_databases import fresh_database
from sqlalchemy import text
from sqlalchemy.engine import make_url
from store_people import AGENCY, AGREEMENT, MONDAY, STARTED, StoppedClock

from cprsync.config.settings import StoreSection
from cprsync.errors import ConfigurationError, CprsyncError
from cprsync.store.backup.databases import drop_scratch, make_scratch, scratch_url
from cprsync.store.core import database_roles
from cprsync.store.core.engine import WAIT_SECONDS, open_engine, reading, writing
from cprsync.store.sql import SqlStore
from cprsync.wiring.setting_up import find_wrong_roles, upgrade_store

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Engine

    from cprsync.store.seals.keys import Keyring

APP, KEEPER = "cprsync_app", "cprsync_keeper"


@dataclass(frozen=True)
class Roles:
    """One database with an empty store, as its three roles reach it."""

    section: StoreSection
    owner: Engine
    app: Engine
    keeper: Engine


@pytest.fixture
def roles(postgresql: str) -> Iterator[Roles]:
    with fresh_database(postgresql) as url, _opened(url) as owner:
        section = StoreSection(url=_as(url, APP), owner_url=url, keeper_url=_as(url, KEEPER))
        upgrade_store(section)
        with _opened(section.url) as app, _opened(_as(url, KEEPER)) as keeper:
            yield Roles(section, owner, app, keeper)
        _drop_roles(owner)


@contextmanager
def _opened(url: str) -> Iterator[Engine]:
    engine = open_engine(url)
    yield engine
    engine.dispose()


def _as(url: str, role: str) -> str:
    return make_url(url).set(username=role).render_as_string(hide_password=False)


def _drop_roles(owner: Engine) -> None:
    for role in (APP, KEEPER):
        _do(owner, f"DROP OWNED BY {role}")
        _do(owner, f"DROP ROLE {role}")


def _do(engine: Engine, statement: str) -> None:
    with writing(engine) as connection:
        connection.exec_driver_sql(statement)


def _count(engine: Engine, table: str) -> int:
    with reading(engine) as connection:
        return int(connection.scalar(text(f"SELECT count(*) FROM {table}")) or 0)  # noqa: S608 -- a name of this test


@pytest.fixture
def lived(roles: Roles, keyring: Keyring) -> SqlStore:
    """A store with one entry in the audit."""
    store = SqlStore(
        roles.app, agency=AGENCY, agreement=AGREEMENT, keyring=keyring, clock=StoppedClock(), keeper=roles.keeper
    )
    run = store.runs.begin(day=MONDAY, started=STARTED)
    store.runs.close(run, state=_closed(), finished=STARTED, document={"exit": 0})
    return store


def _closed() -> object:
    from cprsync.services.ports.runs import RunState

    return RunState.CLOSED


def test_the_upgrade_gives_both_roles_exactly_their_rights(roles: Roles) -> None:
    assert find_wrong_roles(roles.section) == {"app": [], "keeper": []}


def test_a_drill_says_which_role_may_make_no_database_and_what_to_do(roles: Roles) -> None:
    scratch = scratch_url(roles.section.url, Path("unused"))
    with pytest.raises(ConfigurationError, match=APP) as refused:
        make_scratch(roles.section.url, scratch)
    assert refused.value.kind == "backup.scratch"
    make_scratch(roles.section.owners, scratch)
    drop_scratch(roles.section.owners, scratch)


def test_a_drill_waits_until_the_server_has_done_what_a_killed_one_asked_for(postgresql: str) -> None:
    """The server goes on with `CREATE DATABASE` for a program that is gone: two of one name would be refused."""
    with fresh_database(postgresql) as url, _opened(url) as killed, ThreadPoolExecutor(1) as pool:
        scratch = scratch_url(url, Path("unused"))
        name = {"name": make_url(scratch).database}
        there = text("SELECT count(*) FROM pg_database WHERE datname = :name")
        waits = text("SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'advisory'")
        # without a transaction: in one, the server tells of each session what it told first
        with killed.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("SELECT pg_advisory_lock(hashtext(:name))"), name)
            next_one = pool.submit(make_scratch, url, scratch)
            until = time.monotonic() + WAIT_SECONDS
            while not connection.scalar(waits) and time.monotonic() < until:
                assert not next_one.done(), "it has not waited"
                time.sleep(0.01)
            assert connection.scalar(there, name) == 0
            connection.execute(text("SELECT pg_advisory_unlock_all()"))
            next_one.result(WAIT_SECONDS)
            assert connection.scalar(there, name) == 1
        drop_scratch(url, scratch)


def test_an_upgrade_takes_back_a_right_that_somebody_gave_by_hand_and_gives_one_that_was_taken(roles: Roles) -> None:
    _do(roles.owner, f"GRANT DELETE, TRUNCATE ON audit TO {APP}")
    _do(roles.owner, f"REVOKE UPDATE ON patron FROM {KEEPER}")
    assert find_wrong_roles(roles.section) == {
        "app": ["+ audit DELETE", "+ audit TRUNCATE"],
        "keeper": ["- patron UPDATE"],
    }
    upgrade_store(roles.section)
    assert find_wrong_roles(roles.section) == {"app": [], "keeper": []}


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit SET at = at",
        "DELETE FROM audit",
        "TRUNCATE audit",
        "DELETE FROM audit_reason",
        "UPDATE audit_reason SET seq = seq",
        "DELETE FROM audit_head",
        "DELETE FROM issued_id",
        "DROP TABLE audit",
        "ALTER TABLE audit DISABLE TRIGGER ALL",
        "UPDATE alembic_version SET version_num = version_num",
        "CREATE TABLE another (id integer)",
        f"SET ROLE {KEEPER}",
    ],
)
@pytest.mark.usefixtures("lived")
def test_the_program_cannot_change_what_is_in_the_audit(roles: Roles, statement: str) -> None:
    entries = _count(roles.owner, "audit")
    assert entries
    with pytest.raises(CprsyncError) as refused:
        _do(roles.app, statement)
    assert refused.value.kind in {"store.rights", "store.fault"}
    assert _count(roles.owner, "audit") == entries
    assert find_wrong_roles(roles.section) == {"app": [], "keeper": []}


@pytest.mark.usefixtures("lived")
def test_the_keeper_can_delete_from_the_audit_and_not_change_it(roles: Roles) -> None:
    with pytest.raises(CprsyncError) as refused:
        _do(roles.keeper, "UPDATE audit SET at = at")
    assert refused.value.kind == "store.rights"
    assert _count(roles.owner, "audit")
    _do(roles.keeper, "DELETE FROM audit")
    assert not _count(roles.owner, "audit")


def test_what_went_missing_past_the_program_is_accepted_by_the_keeper(roles: Roles, lived: SqlStore) -> None:
    _do(roles.owner, "DELETE FROM audit")
    assert lived.audit.check().problems
    lived.audit.accept(user="the operator", reason="a disk was lost")
    assert not lived.audit.check().problems


def test_the_program_cannot_give_itself_a_right(roles: Roles) -> None:
    _do(roles.app, f"GRANT ALL ON audit TO {APP}")
    assert find_wrong_roles(roles.section) == {"app": [], "keeper": []}


def test_nobody_else_reaches_the_database(roles: Roles) -> None:
    _do(roles.owner, "CREATE ROLE stranger LOGIN")
    try:
        with _opened(_as(roles.section.url, "stranger")) as stranger, pytest.raises(CprsyncError):
            _count(stranger, "patron")
    finally:
        _do(roles.owner, "DROP ROLE stranger")


def test_an_upgrade_without_the_owner_is_refused_and_changes_no_right(roles: Roles) -> None:
    _do(roles.owner, f"GRANT DELETE ON audit TO {APP}")
    with pytest.raises(ConfigurationError) as refused:
        upgrade_store(roles.section.model_copy(update={"owner_url": None}))
    assert refused.value.kind == "store.rights"
    assert find_wrong_roles(roles.section) == {"app": ["+ audit DELETE"], "keeper": []}


def test_an_owner_without_a_keeper_is_no_setting() -> None:
    with pytest.raises(ValueError, match="keeper_url"):
        StoreSection(url="postgresql://a@/c", owner_url="postgresql://b@/c")


def test_the_same_role_twice_is_refused(roles: Roles) -> None:
    with pytest.raises(ConfigurationError) as refused:
        database_roles.grant_rights(roles.owner, app=APP, keeper=APP)
    assert refused.value.kind == "store.url"
    assert find_wrong_roles(roles.section) == {"app": [], "keeper": []}


def test_a_role_that_may_become_the_owner_is_refused(roles: Roles) -> None:
    _do(roles.owner, f"GRANT postgres TO {APP}")
    with pytest.raises(ConfigurationError) as refused:
        upgrade_store(roles.section)
    assert refused.value.kind == "store.role"
    _do(roles.owner, f"REVOKE postgres FROM {APP}")
    assert find_wrong_roles(roles.section) == {"app": [], "keeper": []}


def test_an_owner_that_may_make_no_role_is_told_which_one_is_missing(roles: Roles) -> None:
    with pytest.raises(ConfigurationError) as refused:
        database_roles.grant_rights(roles.app, app="cprsync_other", keeper=KEEPER)
    assert refused.value.kind == "store.role"
    assert refused.value.values["role"] == "cprsync_other"
    assert find_wrong_roles(roles.section) == {"app": [], "keeper": []}


@pytest.mark.parametrize("url", ["sqlite:///cprsync.db", "postgresql:///cprsync"])
def test_an_owner_of_another_kind_or_without_a_name_is_refused(url: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        database_roles.role_of(url)
    assert refused.value.kind == "store.url"


def test_sqlite_has_no_roles_and_no_wrong_rights() -> None:
    assert find_wrong_roles(StoreSection(url="sqlite:///cprsync.db")) == {}

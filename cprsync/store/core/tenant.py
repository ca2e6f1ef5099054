"""The library whose rows are meant, the means to read and write them, and what a writer holds meanwhile.

Every function of the store takes a tenant, or a transaction that knows its tenant. A run holds the agreement's lock,
and its transactions hold rows.
"""

from __future__ import annotations

import functools
import hashlib
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeAlias, TypeVar, TypeVarTuple, overload

from sqlalchemy import BindParameter, Connection, Table, bindparam, func, select, text, update
from sqlalchemy.exc import DBAPIError

from cprsync.domain.feed.delivery import LOAD_HOUR
from cprsync.errors import FenceLost, RunBusy
from cprsync.private import hold_alone
from cprsync.services.ports.runs import Run
from cprsync.store import tables
from cprsync.store.beside.checkpoints import WITNESS, HeadsFile
from cprsync.store.core import engine
from cprsync.store.core.drivers import translated
from cprsync.store.core.engine import hold_rows, stamp_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager
    from datetime import time

    from sqlalchemy import ColumnElement, CursorResult, Delete, Engine, Executable, ScalarResult, Select, Update
    from sqlalchemy.sql.selectable import TypedReturnsRows

    from cprsync.domain.outward.target import Target
    from cprsync.services.ports.runs import Clock
    from cprsync.store.beside.journal import EraseJournal
    from cprsync.store.core.engine import AnyRow
    from cprsync.store.seals.keys import Keyring
    from cprsync.store.seals.vault import Vault

T = TypeVar("T")
Ts = TypeVarTuple("Ts")
_Values: TypeAlias = "Mapping[str, Any]"
_AnyValues: TypeAlias = "_Values | Sequence[_Values]"

_NO_RUN: Final = 0

_AGREEMENT, _RUN, _LIBRARY = tables.agreement.c, tables.run.c, tables.library.c
#: The agency, and the agreement, of a statement that is built once.
AGENCY_IS: BindParameter[str] = bindparam("agency_")
AGREEMENT_IS: BindParameter[str] = bindparam("agreement_")
#: A condition: the row of the agreement itself.
OUR_AGREEMENT: Final = (_AGREEMENT.agency == AGENCY_IS) & (_AGREEMENT.id == AGREEMENT_IS)
# Every transaction that writes begins with some of these statements, so they are built once.
_HOLD_AGREEMENT = select(_AGREEMENT.id).where(OUR_AGREEMENT).with_for_update(key_share=True)
_NEWEST_EPOCH = select(func.max(_RUN.epoch)).where(_RUN.agency == AGENCY_IS, _RUN.agreement == AGREEMENT_IS)
_CHANGE_RUN = update(tables.run).where(_RUN.agency == AGENCY_IS, _RUN.id == bindparam("run_"))
_HOLD_LIBRARY = select(_LIBRARY.agency).where(_LIBRARY.agency == AGENCY_IS).with_for_update(key_share=True)


@dataclass(frozen=True, slots=True, repr=False)
class Tenant:
    """One library, one of its agreements, and the means to work on them."""

    engine: Engine
    agency: str
    agreement: str
    keyring: Keyring
    vault: Vault
    clock: Clock
    random: Callable[[int], bytes]
    journal: EraseJournal
    #: a patron whose protection no source has spoken about is sealed; so is an address that such a patron shares
    silence_seals: bool = True
    #: there is a CULR that can be told, and asked whether a leaving patron still has an account
    tells_net_media: bool = False
    #: by then the register has loaded the delivery of the day before
    load_hour: time = LOAD_HOUR
    #: the patrons' cards log in there, each with an account of its own
    card_accounts: bool = False
    #: the other systems that hear of patrons
    targets: tuple[Target, ...] = ()
    #: the patron number of a person at the desk; None: nobody knows
    own_patron: Callable[[str], str | None] = lambda _: None

    @property
    def ours(self) -> dict[str, Any]:
        """The values of AGENCY_IS and AGREEMENT_IS."""
        return {"agency_": self.agency, "agreement_": self.agreement}

    @property
    def night(self) -> str:
        """The audit stream of this agreement's runs."""
        return f"night/{self.agreement}"

    @property
    def heads(self) -> HeadsFile:
        """The file that keeps the audit's heads outside the database."""
        return HeadsFile(self.keyring, self.journal.path.with_name(WITNESS))

    @property
    def no_run(self) -> Run:
        """The run for changes that no run made."""
        return Run(_NO_RUN, _NO_RUN, self.clock.today(), self.clock.now())

    def stamp(self) -> str:
        """Return the present moment, as a row holds it."""
        return stamp_of(self.clock.now())

    @contextmanager
    def reading(self) -> Iterator[Transaction]:
        """Open one transaction that only reads, and sees one moment of the store."""
        with engine.reading(self.engine) as connection:
            yield Transaction(connection, self)

    @contextmanager
    def scanning(self) -> Iterator[Transaction]:
        """Same as `reading`, for statements that read a large table or index from end to end."""
        with engine.scanning(self.engine) as connection:
            yield Transaction(connection, self)

    @contextmanager
    def writing(self, *, is_synced: bool = True) -> Iterator[Transaction]:
        """Open one transaction that writes everything, or nothing if an error leaves the block.

        `is_synced`: whether the commit waits for the disk.
        """
        with engine.writing(self.engine, is_synced=is_synced) as connection:
            yield Transaction(connection, self)


@dataclass(frozen=True, slots=True, repr=False)
class Transaction:
    """An open transaction, and the tenant whose rows it reads and writes. It sends statements as a connection does."""

    connection: Connection
    tenant: Tenant

    @property
    def agency(self) -> str:
        """The library."""
        return self.tenant.agency

    @property
    def ours(self) -> dict[str, Any]:
        """The values of AGENCY_IS and AGREEMENT_IS."""
        return self.tenant.ours

    @property
    def vault(self) -> Vault:
        """What seals and opens the library's values."""
        return self.tenant.vault

    @property
    def clock(self) -> Clock:
        """The clock of the program. The database's is another one."""
        return self.tenant.clock

    def stamp(self) -> str:
        """Return the present moment, as a row holds it."""
        return self.tenant.stamp()

    @overload
    def execute(self, statement: TypedReturnsRows[*Ts], values: _AnyValues | None = None) -> CursorResult[*Ts]: ...

    @overload
    def execute(self, statement: Executable, values: _AnyValues | None = None) -> CursorResult[*tuple[Any, ...]]: ...

    def execute(self, statement: Executable, values: _AnyValues | None = None) -> CursorResult[*tuple[Any, ...]]:
        """Send a statement, and return its rows."""
        return self.connection.execute(statement, values)

    @overload
    def scalar(self, statement: TypedReturnsRows[T], values: _Values | None = None) -> T | None: ...

    @overload
    def scalar(self, statement: Executable, values: _Values | None = None) -> Any: ...

    def scalar(self, statement: Executable, values: _Values | None = None) -> Any:
        """Send a statement, and return the first column of its first row."""
        return self.connection.scalar(statement, values)

    @overload
    def scalars(self, statement: TypedReturnsRows[T], values: _AnyValues | None = None) -> ScalarResult[T]: ...

    @overload
    def scalars(self, statement: Executable, values: _AnyValues | None = None) -> ScalarResult[Any]: ...

    def scalars(self, statement: Executable, values: _AnyValues | None = None) -> ScalarResult[Any]:
        """Send a statement, and return the first column of its rows."""
        return self.connection.scalars(statement, values)

    def fetch_rows(
        self, wanted: Select[Any], column: ColumnElement[Any], values: Collection[Any], **bound: object
    ) -> list[AnyRow]:
        """Return the rows whose column has one of the values, as `engine.fetch_rows` does."""
        return engine.fetch_rows(self.connection, wanted, column, values, **bound)

    def fetch_values(
        self, wanted: Select[Any], column: ColumnElement[Any], values: Collection[Any], **bound: object
    ) -> list[Any]:
        """Return the first column of what `fetch_rows` returns."""
        return engine.fetch_values(self.connection, wanted, column, values, **bound)

    def change_rows(
        self, change: Update | Delete, column: ColumnElement[Any], values: Collection[Any], **bound: object
    ) -> int:
        """Update or delete the rows whose column has one of the values. Returns how many rows there were."""
        return engine.change_rows(self.connection, change, column, values, **bound)

    def count_rows(self, *where: ColumnElement[bool]) -> int:
        """Count the rows of the table that the conditions are about."""
        return engine.count_rows(self.connection, *where)


class TenantStore:
    """One capability of the store, for one tenant. Each of its methods is a transaction of its own."""

    def __init__(self, tenant: Tenant) -> None:
        self._tenant = tenant


def run_lock(tenant: Tenant) -> AbstractContextManager[None]:
    """Hold the agreement's lock while the block runs. It ends with its holder and has no lease (decision 20).

    Raises:
        RunBusy: another process holds it; raised at once.
    """
    if tenant.engine.dialect.name != "sqlite":
        return _session_lock(tenant)
    # one file for each agreement, so that another agreement's night is not blocked (decision 15)
    return hold_alone(Path(f"{tenant.engine.url.database}.{_lock_name(tenant).hex()[:8]}.lock"), _busy)


def _lock_name(tenant: Tenant) -> bytes:
    return hashlib.sha256(f"{tenant.agency}|{tenant.agreement}".encode()).digest()


@contextmanager
def _session_lock(tenant: Tenant) -> Iterator[None]:
    number = int.from_bytes(_lock_name(tenant)[:8], signed=True)
    with translated(), tenant.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        held = connection.scalar(text("SELECT pg_try_advisory_lock(:number)"), {"number": number})
        if not held:
            raise _busy()
        try:
            yield
        finally:
            try:
                connection.execute(text("SELECT pg_advisory_unlock(:number)"), {"number": number})
            except DBAPIError:
                # the end of the session releases the lock, whatever its state
                connection.invalidate()


def _busy() -> RunBusy:
    return RunBusy("another run of this agreement is at work")


def hold_fence(transaction: Transaction, run: Run) -> None:
    """Make sure that no newer run has taken over, and that none can before this transaction ends.

    Raises:
        FenceLost: a newer run has taken over.
    """
    if newest_epoch(transaction) != run.epoch:
        raise FenceLost("a newer run has taken over: this one writes nothing more")


def newest_epoch(transaction: Transaction) -> int:
    """Return the newest run's fence.

    The agreement's row is held, so that it stays the newest until the transaction ends.
    """
    hold_rows(transaction.connection, _HOLD_AGREEMENT, transaction.ours)
    return transaction.scalar(_NEWEST_EPOCH, transaction.ours) or 0


def hold_library(transaction: Transaction) -> None:
    """Hold the library's row until the transaction ends, so that writers of its patrons go one after the other.

    Every writer takes it before any patron, and a run takes it after its fence. With one order there is no deadlock.
    The key stays free, because each new row that names the library or the agreement checks that it exists.
    """
    hold_rows(transaction.connection, _HOLD_LIBRARY, {"agency_": transaction.agency})


@contextmanager
def library_transaction(tenant: Tenant) -> Iterator[Transaction]:
    """Open a transaction that holds the library, for a caller that no run can overtake."""
    with tenant.writing() as transaction:
        hold_library(transaction)
        yield transaction


@contextmanager
def run_transaction(tenant: Tenant, run: Run | None) -> Iterator[Transaction]:
    """Open a transaction of a run, or of a caller who holds the agreement's lock (no run).

    Raises:
        FenceLost: a newer run has taken over.
    """
    with tenant.writing() as transaction:
        if run is not None:
            hold_fence(transaction, run)
        hold_library(transaction)
        yield transaction


def next_id(transaction: Transaction, table: Table) -> int:
    """Return the next number of a table, without gaps. The library's row is held until the transaction ends."""
    hold_library(transaction)
    last = transaction.scalar(_last_id(table), {"agency_": transaction.agency})
    return (last or 0) + 1


def set_run_values(transaction: Transaction, run: Run, **values: object) -> None:
    """Write columns of the run's row, in the caller's transaction."""
    transaction.execute(_CHANGE_RUN, {**values, "agency_": transaction.agency, "run_": run.id})


@functools.cache
def _last_id(table: Table) -> Select[Any]:
    return select(func.max(table.c.id)).where(table.c.agency == AGENCY_IS)

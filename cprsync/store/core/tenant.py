"""Whose rows are meant, and with what they are read and written. Carried to every function of the store."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sqlalchemy import BindParameter, Connection, Table, bindparam, func, select, update

from cprsync.errors import FenceLost
from cprsync.services.ports.values import Run
from cprsync.store.beside.checkpoints import HeadsFile
from cprsync.store.beside.witness import FILE as WITNESS
from cprsync.store.core import tables
from cprsync.store.core.engine import stamp_of, writing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy import Engine

    from cprsync.services.ports.ports import Clock
    from cprsync.store.beside.journal import EraseJournal
    from cprsync.store.seals.keys import Keyring
    from cprsync.store.seals.vault import Vault

_NO_RUN: Final = 0

_AGREEMENT, _RUN, _LIBRARY = tables.agreement.c, tables.run.c, tables.library.c
_AGENCY_IS: BindParameter[str] = bindparam("agency_")
_AGREEMENT_IS: BindParameter[str] = bindparam("agreement_")
# Every transaction that writes begins with some of these: they are put together once.
_HOLD_AGREEMENT = (
    select(_AGREEMENT.id)
    .where(_AGREEMENT.agency == _AGENCY_IS, _AGREEMENT.id == _AGREEMENT_IS)
    .with_for_update(key_share=True)
)
_NEWEST_EPOCH = select(func.max(_RUN.epoch)).where(_RUN.agency == _AGENCY_IS, _RUN.agreement == _AGREEMENT_IS)
_HOLD_LIBRARY = select(_LIBRARY.agency).where(_LIBRARY.agency == _AGENCY_IS).with_for_update(key_share=True)


@dataclass(frozen=True, slots=True, repr=False)
class Tenant:
    """One library, one of its agreements, and the means."""

    engine: Engine
    agency: str
    agreement: str
    keyring: Keyring
    vault: Vault
    clock: Clock
    random: Callable[[int], bytes]
    journal: EraseJournal
    #: whoever no source has spoken of is sealed, and so is the address that is another's too
    silence_seals: bool = True
    #: there is a CULR that can be told, and asked whether it has still an account of whoever leaves
    tells_net_media: bool = False
    #: the patrons' cards log in there, each with an account of its own
    card_accounts: bool = False

    @property
    def night(self) -> str:
        """The audit stream of this agreement's runs."""
        return f"night/{self.agreement}"

    @property
    def heads(self) -> HeadsFile:
        """Where the audit's heads are kept outside the database."""
        return HeadsFile(self.keyring, self.journal.path.with_name(WITNESS))

    @property
    def no_run(self) -> Run:
        """What a change belongs to which no run made."""
        return Run(_NO_RUN, _NO_RUN, self.clock.today(), self.clock.now())

    def stamp(self) -> str:
        """The moment, as a row holds it."""
        return stamp_of(self.clock.now())


def hold_fence(connection: Connection, tenant: Tenant, run: Run) -> None:
    """Make sure that no newer run has taken over, and that none does before this transaction ends.

    Raises:
        FenceLost: one has.
    """
    if newest_epoch(connection, tenant) != run.epoch:
        raise FenceLost("a newer run has taken over: this one writes nothing more")


def newest_epoch(connection: Connection, tenant: Tenant) -> int:
    """The newest run's fence; the agreement's row is held, so that it is still the newest when this ends."""
    ours = {"agency_": tenant.agency, "agreement_": tenant.agreement}
    connection.execute(_HOLD_AGREEMENT, ours)
    return connection.scalar(_NEWEST_EPOCH, ours) or 0


def hold_library(connection: Connection, tenant: Tenant) -> None:
    """Hold the library's row until the transaction ends: whoever writes its patrons goes one after the other.

    Everyone takes it before any patron, and a run after its fence: in one order nobody waits in a circle. It is held
    with its key free, since each new row that names the library or the agreement looks whether that is there.
    """
    connection.execute(_HOLD_LIBRARY, {"agency_": tenant.agency})


@contextmanager
def written(tenant: Tenant, run: Run | None) -> Iterator[Connection]:
    """A transaction of a run, or of someone who holds the agreement's lock. Raises FenceLost."""
    with writing(tenant.engine) as connection:
        if run is not None:
            hold_fence(connection, tenant, run)
        hold_library(connection, tenant)
        yield connection


def next_id(connection: Connection, tenant: Tenant, table: Table) -> int:
    """The next number of a table, without gaps: the library's row is held until the transaction ends."""
    hold_library(connection, tenant)
    last = connection.scalar(select(func.max(table.c.id)).where(table.c.agency == tenant.agency))
    return (last or 0) + 1


def set_values(connection: Connection, tenant: Tenant, run: Run, **values: object) -> None:
    """Write columns of the run's row, in the caller's transaction."""
    connection.execute(update(tables.run).where(_RUN.agency == tenant.agency, _RUN.id == run.id).values(**values))

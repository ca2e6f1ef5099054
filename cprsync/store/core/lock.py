"""The session lock of an agreement's run. It ends with its holder and has no lease (decision 20)."""

from __future__ import annotations

import fcntl
import hashlib
import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from cprsync.errors import RunBusy
from cprsync.private import open_unfollowed
from cprsync.store.core.engine import translated

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cprsync.store.core.tenant import Tenant


@contextmanager
def run_lock(tenant: Tenant) -> Iterator[None]:
    """Hold the lock while the block runs.

    Raises:
        RunBusy: another process holds it; raised at once.
    """
    held = _file_lock(tenant) if tenant.engine.dialect.name == "sqlite" else _session_lock(tenant)
    with held:
        yield


def _digest(tenant: Tenant) -> bytes:
    return hashlib.sha256(f"{tenant.agency}|{tenant.agreement}".encode()).digest()


@contextmanager
def _file_lock(tenant: Tenant) -> Iterator[None]:
    # One file for each agreement, so that another agreement's night is not blocked (decision 15).
    path = Path(f"{tenant.engine.url.database}.{_digest(tenant).hex()[:8]}.lock")
    handle = open_unfollowed(path, os.O_CREAT | os.O_RDWR)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise _busy() from error
        yield
    finally:
        # the lock ends with the handle; the file stays, because two processes could otherwise lock two files
        os.close(handle)


@contextmanager
def _session_lock(tenant: Tenant) -> Iterator[None]:
    number = int.from_bytes(_digest(tenant)[:8], signed=True)
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

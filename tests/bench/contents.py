"""Compares the content of databases, however it was written: digests opened records, counts and weighs rows."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

from sqlalchemy import select

from bench.rows import changed, draw, weigh
from cprsync.store import tables
from cprsync.store.core.engine import parts, reading

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sqlalchemy import RowMapping, Table

    from bench.rows import Row
    from cprsync.store.core.tenant import Tenant, Transaction

#: All tables, in an order in which rows can be added.
TABLES: tuple[Table, ...] = tuple(tables.metadata.sorted_tables)
#: Columns that name a run or a moment, or that follow from one.
_APART = {"key", "mac", "at", "seq", "entry", "stream", "created", "register_since", "since", "ordinal", "inbox_id"}
_APART |= {"found_register", "found_local"}
_SEALED = {"register_blob": "register", "payload": "culr"}


def digest_of(tenant: Tenant, patrons: Sequence[str], *, records: bool = True) -> str:
    """A digest over all that the database says about these patrons, with sealed values opened.

    `records`: include the patron records.
    """
    lines: list[str] = []
    with tenant.reading() as transaction:
        for table in ((tables.patron,) if records else ()) + _ABOUT_PATRONS:
            for part in parts(sorted(patrons)):
                lines += (f"{table.name}|{line}" for line in _said(transaction, table, part))
    digest = hashlib.sha256()
    for line in sorted(lines):
        digest.update(f"{line}\n".encode())
    return f"sha256:{digest.hexdigest()}"


_PREPARED = frozenset({"library", "agreement", "issued_id", "patron_key", "finding_key", "subscription"})
_ABOUT_PATRONS = tuple(table for table in TABLES if "patron_id" in table.c and table.name not in _PREPARED)


def _said(transaction: Transaction, table: Table, patrons: Sequence[str]) -> Iterator[str]:
    name = "id" if table is tables.patron else "patron_id"
    for row in transaction.execute(select(table).where(table.c[name].in_(patrons))).mappings():
        # a review's id only shows the order in which it came
        apart = _APART | ({"id"} if name != "id" else set())
        values = {
            column: _plain(transaction.tenant, row, column, place=row[name]) for column in row if column not in apart
        }
        if table is tables.audit:
            entry = json.loads(row["entry"])
            values["happened"] = f"{entry['kind']} {entry['actions']}"
        yield repr(sorted(values.items()))


def _plain(tenant: Tenant, row: RowMapping, column: str, *, place: str) -> str:
    if column not in _SEALED:
        return str(row[column])
    key = row["key"] if column == "payload" else row["register_key"]
    opened = tenant.vault.unseal(row[column], key, place=place, owner=_SEALED[column], version=row["version"])
    return opened.hex()


def rows_of(tenant: Tenant) -> dict[str, list[Row]]:
    """All rows of all tables, as the driver returns them."""
    with reading(tenant.engine) as connection:
        return {table.name: draw(connection, table) for table in TABLES}


def written(before: Mapping[str, list[Row]], after: Mapping[str, list[Row]]) -> dict[str, int]:
    """By table, how many rows are new or changed. Leaves out tables without any."""
    counts = {name: changed(before[name], rows) for name, rows in after.items()}
    return {name: count for name, count in counts.items() if count}


def own_rows(tenant: Tenant, *, records: bool) -> dict[str, list[Row]]:
    """What a night wrote to a bench's library: its own rows and, with `records`, the changed records."""
    later = {
        "patron": "WHERE version > 1" if records else "WHERE 1 = 0",
        # the dead stay subscribed until a last day; before the night nobody has one
        "subscription": "WHERE until IS NOT NULL" if records else "WHERE 1 = 0",
    }
    with reading(tenant.engine) as connection:
        return {
            table.name: draw(connection, table, later.get(table.name, ""))
            for table in TABLES
            if table.name in later or table.name not in _PREPARED
        }


def weight(rows: Mapping[str, list[Row]]) -> tuple[int, int]:
    """The number of rows, and the bytes of their values."""
    return sum(map(len, rows.values())), sum(map(weigh, rows.values()))

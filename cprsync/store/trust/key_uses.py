"""Count what names each key: rows by table, and lines of the files beside the database. Opens no value."""

from __future__ import annotations

from collections import Counter, defaultdict
from functools import cache
from itertools import groupby
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Select, func, select

from cprsync.services.ports.trust.keys import KeyState, KeyUse
from cprsync.store.seals.keys import NOBODYS, KeyPurpose
from cprsync.store.trust.key_checks import NAMED_BY

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from cprsync.store.core.tenant import Tenant, Transaction
    from cprsync.store.seals.keys import Key

#: A key, by its purpose and id.
Named = tuple[KeyPurpose, str]
JOURNAL: Final = "erase journal"
HEADS: Final = "audit heads"


def list_uses(tenant: Tenant) -> list[KeyUse]:
    """Return every key of the folder, and every other one that is named. Reads every row of all libraries.

    They share the folder, and one that the settings name no more still has its rows.
    """
    with tenant.reading() as transaction:
        rows = count_rows_by_key(transaction)
    lines = count_lines_by_key(tenant)
    return [*_present(tenant, rows, lines), *_lost(tenant, rows, lines)]


def count_rows_by_key(transaction: Transaction) -> dict[Named, Counter[str]]:
    """Count the rows that name a key, by table. A row with two columns for one key counts once."""
    found: dict[Named, Counter[str]] = defaultdict(Counter)
    for table, purposes, wanted in _select_by_table():
        for *ids, count in transaction.execute(wanted):
            for one in {(purpose, key) for purpose, key in zip(purposes, ids, strict=True) if key is not None}:
                found[one][table] += count
    return found


@cache
def _select_by_table() -> list[tuple[str, list[KeyPurpose], Select[Any]]]:
    """Return by table the purposes of the keys that its rows name, and the statement that counts the rows by key."""
    found: list[tuple[str, list[KeyPurpose], Select[Any]]] = []
    for table, columns in groupby(sorted(NAMED_BY, key=lambda one: one[0].table.name), lambda one: one[0].table):
        named = list(columns)
        keys = [column for column, _ in named]
        # one pass over the table, however many of its columns name a key
        wanted = select(*keys, func.count().label("rows")).group_by(*keys)
        found.append((table.name, [purpose for _, purpose in named], wanted))
    return found


def count_lines_by_key(tenant: Tenant) -> dict[Named, Counter[str]]:
    """Count the lines of the erase journal and of the audit's heads that name a key."""
    found: dict[Named, Counter[str]] = defaultdict(Counter)
    for signed, hashed in tenant.journal.keys_by_line():
        found[KeyPurpose.CHECKPOINT, signed][JOURNAL] += 1
        if hashed is not None:
            found[KeyPurpose.INDEX, hashed][JOURNAL] += 1
    for signed in tenant.heads.keys_by_line():
        found[KeyPurpose.CHECKPOINT, signed][HEADS] += 1
    return found


def _present(
    tenant: Tenant, rows: Mapping[Named, Counter[str]], lines: Mapping[Named, Counter[str]]
) -> Iterator[KeyUse]:
    for purpose, keys in tenant.keyring.keys.items():
        for key in (one for one in keys if one.id != NOBODYS):
            named = (purpose, key.id)
            state = _state_of(tenant, purpose, key)
            yield KeyUse(purpose.value, key.id, state, key.made, rows.get(named, {}), lines.get(named, {}))


def _state_of(tenant: Tenant, purpose: KeyPurpose, key: Key) -> KeyState:
    if key.is_next:
        return KeyState.NEXT
    return KeyState.WRITES if key.id == tenant.keyring.newest(purpose).id else KeyState.READS


def _lost(tenant: Tenant, rows: Mapping[Named, Counter[str]], lines: Mapping[Named, Counter[str]]) -> Iterator[KeyUse]:
    there = {(purpose, key.id) for purpose, keys in tenant.keyring.keys.items() for key in keys}
    for purpose, key_id in sorted((rows.keys() | lines.keys()) - there, key=lambda one: (one[0].value, one[1])):
        named = (purpose, key_id)
        yield KeyUse(purpose.value, key_id, KeyState.LOST, None, rows.get(named, {}), lines.get(named, {}))

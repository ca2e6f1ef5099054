"""Which of two cases stands for both, if a use case is lived on one database alone.

The check leaves out half of the cases, `check.py --both` none. The sweeps themselves take either database. The store's
own tests always live on both, and so does what is marked `both_databases`, because the two do it in different ways.
"""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Container, Iterable

    import pytest

USE_CASES = ("tests/services/", "tests/e2e/", "tests/sweeps/")
#: Of so many use cases, one is lived on PostgreSQL.
ONE_ON_POSTGRESQL_OF = 8
_SQLITE, _POSTGRESQL = "[sqlite", "[postgresql"


def leave_out(items: Iterable[pytest.Item]) -> list[pytest.Item]:
    """Leave out one of each two use cases that differ in the database alone."""
    items = list(items)
    either = {item.nodeid for item in items if item.nodeid.startswith(USE_CASES)}
    either -= {item.nodeid for item in items if item.get_closest_marker("both_databases")}
    return [item for item in items if item.nodeid not in either or not lives_elsewhere(item.nodeid, either)]


def lives_elsewhere(name: str, others: Container[str]) -> bool:
    """Whether the same case on the other database is among the others, and stands for both.

    The name decides, so that it is always the same. One of eight lives on PostgreSQL, where a case costs three times
    as much.
    """
    here, there = (_POSTGRESQL, _SQLITE) if _POSTGRESQL in name else (_SQLITE, _POSTGRESQL)
    twin = name.replace(here, there)
    if here not in name or twin not in others:
        return False
    stands = _SQLITE if zlib.crc32(max(name, twin).encode()) % ONE_ON_POSTGRESQL_OF else _POSTGRESQL
    return here != stands

"""What the local part of a record becomes: by an import, beside another record of the same person, or for a view. Pure.

The field table says what holds for each field.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cprsync.domain.patron.fields import LOCAL_FIELDS
from cprsync.domain.person.sealed import Sealed

if TYPE_CHECKING:
    from cprsync.domain.patron.field import Field
    from cprsync.domain.patron.local import Local


def add_import(stored: Local, given: Local) -> Local:
    """The stored local part with an import's values: given fields replace, cards and blocks are added."""
    return stored.with_values(
        {one.key: one.kind.imported(one.value_in(stored), one.value_in(given)) for one in LOCAL_FIELDS}
    )


def join_local(keeps: Local, closes: Local) -> Local:
    """The local part of the patron who stays, with what only the other record has added."""
    return keeps.with_values(
        {one.key: one.kind.merged(one.value_in(keeps), one.value_in(closes)) for one in LOCAL_FIELDS}
    )


def part_local(now: Local, *, before: Local, joined: Local) -> Local:
    """The record without what the other record brought. What was changed after the join stays.

    Args:
        now: the record as it is.
        before: the record before the join.
        joined: the record as the join left it.
    """
    return now.with_values({one.key: _without(one, now, before, joined) for one in LOCAL_FIELDS})


def _without(field: Field, now: Local, before: Local, joined: Local) -> Any:
    value, was, became = (field.value_in(one) for one in (now, before, joined))
    if value == became:
        return was
    if field.kind.is_list:
        return tuple(one for one in value if one in was or one not in became)
    return value


def seal_local(local: Local) -> Local:
    """The same record with its sealed fields closed, as every view shows a protected patron's.

    An empty field stays as it is. Else it would look as if it had a value.
    """
    values = {one.key: one.value_in(local) for one in LOCAL_FIELDS if one.sealed}
    shut = {key: Sealed(value) for key, value in values.items() if value and not isinstance(value, Sealed)}
    return local.with_values(shut) if shut else local

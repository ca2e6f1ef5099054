"""Move what belongs to a patron beside the record to another patron, and back.

This covers keys, subscriptions, questions and corrections. Every function runs in the caller's transaction. Each step
returns what its undo needs, as values that JSON can hold.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import ColumnElement, delete, insert, select, update

from cprsync.domain.person.number import CprNumber
from cprsync.store import tables
from cprsync.store.patrons.patrons import close_questions
from cprsync.store.records.numbers import (
    ACTIVE_PATRON,
    DEAD,
    OLD_NUMBER,
    RESPONSIBLE,
    SEALED_ONCE,
    SUBSCRIPTION,
    key_row,
    open_number,
)
from cprsync.store.tables import MERGED

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cprsync.store.core.engine import AnyRow
    from cprsync.store.core.tenant import Tenant, Transaction

#: Reasons for which a number is subscribed now. Every other reason records a subscription that has ended.
_HOLDING: Final = (ACTIVE_PATRON, RESPONSIBLE, DEAD, OLD_NUMBER)
_KEY = tables.patron_key.c
_ROW = tables.subscription.c
_ASKED = tables.follow_up.c
_OVERRIDE = tables.override.c


def move_keys(transaction: Transaction, *, of: str, to: str, number: CprNumber) -> list[list[str]]:
    """Make cards, telephones, old numbers and `number` find `to`, and make the shell point to `to`.

    Returns the moved keys as [kind, index in hex].
    """
    theirs = _keys_of(transaction.tenant, of)
    rows = transaction.execute(select(_KEY.kind, _KEY.key_index).where(theirs))
    moved = sorted([row.kind, row.key_index.hex()] for row in rows)
    transaction.execute(update(tables.patron_key).where(theirs).values(patron_id=to))
    _delete_key(transaction, OLD_NUMBER, number.digits)
    for kind, value in ((OLD_NUMBER, number.digits), (MERGED, of)):
        row = key_row(transaction.tenant, kind, transaction.vault.index(kind, value), to)
        transaction.execute(insert(tables.patron_key).values(row))
    return moved


def give_keys_back(
    transaction: Transaction, moved: Sequence[Sequence[str]], *, of: str, to: str, number: CprNumber
) -> None:
    """Make the moved keys find `to` again. A key that belongs to a third patron by now stays where it is."""
    _delete_key(transaction, OLD_NUMBER, number.digits)
    _delete_key(transaction, MERGED, to)
    for kind, index in moved:
        this = _keys_of(transaction.tenant, of) & (_KEY.kind == kind) & (_KEY.key_index == bytes.fromhex(index))
        transaction.execute(update(tables.patron_key).where(this).values(patron_id=to))


def _keys_of(tenant: Tenant, patron_id: str) -> ColumnElement[bool]:
    return (_KEY.agency == tenant.agency) & (_KEY.patron_id == patron_id)


def _delete_key(transaction: Transaction, kind: str, value: str) -> None:
    this = (_KEY.agency == transaction.agency) & (_KEY.kind == kind)
    transaction.execute(
        delete(tables.patron_key).where(this, _KEY.key_index.in_(transaction.vault.probes(kind, value)))
    )


def keeper_of(transaction: Transaction, patron_id: str) -> str | None:
    """Return the patron that a shell points to; None: not a shell."""
    this = (_KEY.agency == transaction.agency) & (_KEY.kind == MERGED)
    wanted = select(_KEY.patron_id).where(this, _KEY.key_index.in_(transaction.vault.probes(MERGED, patron_id)))
    found: str | None = transaction.scalar(wanted)
    return found


def move_subscriptions(transaction: Transaction, *, of: str, to: str) -> list[dict[str, Any]]:
    """Keep the numbers of `of` subscribed as old numbers of `to`, until a file has brought news of them again.

    Returns the rows as they were.
    """
    wanted = select(tables.subscription).where(_ROW.agency == transaction.agency, _ROW.patron_id == of)
    rows = transaction.execute(wanted.order_by(_ROW.agreement, _ROW.number_index, _ROW.reason)).all()
    moved = [_as_json(transaction.tenant, row) for row in rows]
    transaction.execute(delete(tables.subscription).where(_ROW.agency == transaction.agency, _ROW.patron_id == of))
    today = transaction.clock.today().isoformat()
    for one in moved:
        holds = one["reason"] in _HOLDING and (one["until"] is None or one["reason"] == DEAD)
        kept = one | {"reason": OLD_NUMBER, "since": today, "until": None} if holds else one
        _put(transaction, kept, patron_id=to)
    return moved


def give_subscriptions_back(transaction: Transaction, moved: Sequence[dict[str, Any]], *, of: str, to: str) -> None:
    """Write the rows as they were. The night's comparison tells the register what it lacks."""
    for one in moved:
        index = transaction.vault.probes("number", one["number"])
        this = (_ROW.agency == transaction.agency) & (_ROW.agreement == one["agreement"]) & (_ROW.patron_id == of)
        transaction.execute(delete(tables.subscription).where(this, _ROW.number_index.in_(index)))
        _put(transaction, one, patron_id=to)


def _as_json(tenant: Tenant, row: AnyRow) -> dict[str, Any]:
    number = open_number(tenant, row)
    return {
        "agreement": row.agreement,
        "number": number,
        "reason": row.reason,
        "since": row.since.isoformat(),
        "until": row.until and row.until.isoformat(),
        "confirmed_at": row.confirmed_at,
    }


def _put(transaction: Transaction, one: dict[str, Any], *, patron_id: str) -> None:
    """Write a row. Replaces a row with the same key for the same patron."""
    number = CprNumber(one["number"])
    key = {
        "agency": transaction.agency,
        "agreement": one["agreement"],
        "number_index": transaction.vault.number_index(number),
        "reason": one["reason"],
        "patron_id": patron_id,
    }
    transaction.execute(delete(tables.subscription).where(*(_ROW[name] == value for name, value in key.items())))
    sealed = transaction.vault.seal(number.digits.encode(), place=patron_id, owner=SUBSCRIPTION, version=SEALED_ONCE)
    until = one["until"] and date.fromisoformat(one["until"])
    days = {"since": date.fromisoformat(one["since"]), "until": until, "confirmed_at": one["confirmed_at"]}
    row = key | days | {"number": sealed, "number_key": transaction.vault.seal_key}
    transaction.execute(insert(tables.subscription).values(row))


def take_questions(transaction: Transaction, patron_id: str) -> list[str]:
    """Close the open questions to the register about the patron. Returns their kinds."""
    theirs = (_ASKED.agency == transaction.agency) & (_ASKED.patron_id == patron_id)
    kinds = list(transaction.scalars(select(_ASKED.kind).where(theirs).order_by(_ASKED.kind)))
    close_questions(transaction, [(patron_id, kind) for kind in kinds])
    return kinds

"""Whose record is a member of staff's own: by the file of accounts, or by their identity provider's last word.

A provider may name them by CPR number. The keyed hash of it is kept, never the number.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import bindparam, delete, exists, select, text

from cprsync.store import tables
from cprsync.store.core.tenant import AGENCY_IS
from cprsync.store.patrons.belongings import keeper_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cprsync.domain.person.number import CprNumber
    from cprsync.store.core.tenant import Transaction

_STAFF: Final = tables.staff_patron.c
# Each look-up at the desk asks this, so it is built once.
_OWN: Final = select(_STAFF.patron_id).where(_STAFF.agency == AGENCY_IS, _STAFF.who == bindparam("account_"))
_KEEP: Final = text(
    "INSERT INTO staff_patron (agency, who, at, patron_id, number_index, number_key)"
    " VALUES (:agency, :who, :at, :patron, :index, :key) ON CONFLICT (agency, who) DO UPDATE SET"
    " at = :at, patron_id = :patron, number_index = :index, number_key = :key"
)


def own_patron(transaction: Transaction, user: str) -> str | None:
    """Return a user's own patron number; None: nobody knows. A merged patron is the one who keeps their record.

    Raises:
        ConfigurationError: the file of accounts cannot be read, and nobody can tell.
    """
    asked = {"agency_": transaction.agency, "account_": _account_of(user)}
    own = transaction.tenant.own_patron(user) or transaction.scalar(_OWN, asked)
    return own and (keeper_of(transaction, own) or own)


def is_own_number(transaction: Transaction, user: str, probes: Sequence[bytes]) -> bool:
    """Return whether a number is a user's own, by its indexes. They need not be a patron."""
    ours = (_STAFF.agency == transaction.agency) & (_STAFF.who == _account_of(user))
    return bool(transaction.scalar(select(exists().where(ours, _STAFF.number_index.in_(probes)))))


def have_one_record(transaction: Transaction, user: str, other: str) -> bool:
    """Return whether two users are known to have one record, or one number, as their own.

    Raises ConfigurationError as `own_patron`.
    """
    own = own_patron(transaction, user)
    if own is not None and own == own_patron(transaction, other):
        return True
    accounts = [_account_of(user), _account_of(other)]
    numbers = select(_STAFF.number_index).where(_STAFF.agency == transaction.agency, _STAFF.who.in_(accounts))
    kept = transaction.scalars(numbers.where(_STAFF.number_index.is_not(None))).all()
    return len(kept) > len(set(kept))


def keep_own(transaction: Transaction, user: str, patron_id: str | None, number: CprNumber | None) -> None:
    """Keep whose record is a user's own, instead of what was kept before. With neither, nothing is kept."""
    if patron_id is None and number is None:
        transaction.execute(delete(tables.staff_patron).where(_STAFF.agency == transaction.agency, _STAFF.who == user))
        return
    index = None if number is None else transaction.vault.number_index(number)
    key = None if number is None else transaction.vault.index_key
    values: dict[str, Any] = {"agency": transaction.agency, "who": user, "at": transaction.stamp(), "patron": patron_id}
    transaction.execute(_KEEP, values | {"index": index, "key": key})


def _account_of(user: str) -> str:
    # a person named by a service has the service's account behind their name
    return user.partition(" (")[0]

"""Write what staff set at the desk: a correction over the register's part, or a field of the patron or staff.

Each is one transaction with its audit entry. The entry names the field and never a value.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from cryptography.exceptions import InvalidKey
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from sqlalchemy import update

from cprsync.domain.patron.due import CalendarFacts, local_due
from cprsync.errors import BadInput, LostCompare
from cprsync.services.ports.desk import StaffChanges
from cprsync.store import tables
from cprsync.store.audit import audit
from cprsync.store.core.tenant import TenantStore, library_transaction
from cprsync.store.netmedia.card_accounts import publish_cards
from cprsync.store.patrons.patrons import write_records
from cprsync.store.records import links
from cprsync.store.records.numbers import keep_cards
from cprsync.store.records.records import (
    Withdrawal,
    add_override,
    open_local,
    open_patron,
    patron_row,
    patron_rows,
    withdraw_override,
    write_local,
)
from cprsync.store.seals.keys import KeyPurpose

if TYPE_CHECKING:
    from cprsync.domain.patron.local import Local
    from cprsync.domain.policy.policy import Policy
    from cprsync.services.ports.desk import Correction, LocalChange, OwnWord
    from cprsync.store.core.tenant import Tenant, Transaction

#: The kinds of audit entries.
OVERRIDE = "override"
WITHDRAWN = "override_withdrawn"
SET = "set"
_PATRON = tables.patron.c
#: As in OWASP's password storage cheat sheet: 19 MiB, two passes, one lane.
_MEMORY_KIB: Final = 19 * 1024
_PASSES: Final = 2
_LANES: Final = 1
_HASH_BYTES: Final = 32
_SALT_BYTES: Final = 16
_MARK: Final = ":"


class SqlStaffChanges(TenantStore, StaffChanges):
    """What staff change in a record."""

    def correct(self, correction: Correction, *, user: str) -> None:
        with library_transaction(self._tenant) as transaction:
            write_correction(transaction, correction, user=user)

    def write_own(self, word: OwnWord, *, user: str) -> None:
        with library_transaction(self._tenant) as transaction:
            write_records(transaction, self._tenant.no_run, [word.write])
            entry = audit.Happened(SET, patron=word.write.patron.id, actions=(word.field,), user=user)
            audit.append(transaction, audit.DESK, [entry])

    def change_local(self, change: LocalChange, *, user: str) -> bool:
        with library_transaction(self._tenant) as transaction:
            row = patron_row(transaction, change.patron_id, hold=True)
            if row is None or row.status_class in tables.GONE:
                raise LostCompare("the patron has left between the decision and the write")
            before = open_local(self._tenant, row)
            after = change.after(before)
            if change.pin is not None:
                after = _with_pin(self._tenant, after, change.pin)
            if after == before:
                return False
            if after.cards != before.cards:
                keep_cards(transaction, row.id, before=before.cards, after=after.cards)
            write_local(transaction, row, after)
            had, has = ({card.number for card in local.cards} for local in (before, after))
            if had != has:
                publish_cards(transaction, [row.id], only_added=had < has)
            if change.policy is not None:
                _find_next_day(transaction, row.id, change.policy)
            how = () if change.doing is None else (("list", change.doing.value),)
            entry = audit.Happened(SET, patron=row.id, actions=(change.field,), user=user, more=how)
            audit.append(transaction, audit.DESK, [entry])
        return True


def write_correction(transaction: Transaction, correction: Correction, *, user: str) -> None:
    """Write a correction, or take one back, with what follows from it, in the caller's transaction."""
    patron, run = correction.write.patron, transaction.tenant.no_run
    write_records(transaction, run, [correction.write])
    if correction.override is None:
        withdraw_override(transaction, patron.id, correction.field, Withdrawal(run.day, user, correction.reason))
    else:
        add_override(transaction, patron.id, correction.override)
    values = {"patron_group": correction.group, "rights_due": run.day, **correction.days}
    _set(transaction, patron.id, **values)
    _find_next_day(transaction, patron.id, correction.policy)
    until = None if correction.override is None else correction.override.until
    more = (("until", until.isoformat()),) if until else ()
    kind = WITHDRAWN if correction.override is None else OVERRIDE
    entry = audit.Happened(kind, patron=patron.id, actions=(correction.field.value,), user=user, more=more)
    audit.append(transaction, audit.DESK, [entry])


def give_pin(transaction: Transaction, patron_id: str, pin: str, *, user: str) -> None:
    """Give all the patron's cards a PIN, in the caller's transaction. Raises BadInput: there is no card."""
    (row,) = patron_rows(transaction, [patron_id], hold=True)
    write_local(transaction, row, _with_pin(transaction.tenant, open_local(transaction.tenant, row), pin))
    audit.append(transaction, audit.DESK, [audit.Happened(SET, patron=row.id, actions=("pin",), user=user)])


def _with_pin(tenant: Tenant, local: Local, pin: str) -> Local:
    """Give all cards of the patron one PIN. An empty PIN removes it from the cards.

    The PIN is written also if it equals the old one. An answer that it is the same would confirm a guess.

    Raises:
        BadInput: the patron has no card.
    """
    if not local.cards:
        raise BadInput("the patron has no card that a PIN could belong to: set one first", kind="patron.no_card")
    hashed = hash_pin(tenant, pin) if pin else ""
    return replace(local, cards=tuple(replace(card, pin_hash=hashed) for card in local.cards))


def _find_next_day(transaction: Transaction, patron_id: str, policy: Policy) -> None:
    """Find the next day on which something is due, from everything that is written now.

    So two changes at the desk both count.
    """
    (row,) = patron_rows(transaction, [patron_id])
    patron = open_patron(transaction, row)
    absence = open_local(transaction.tenant, row).absence
    facts = CalendarFacts(
        row.id,
        patron.register,
        patron.group,
        patron.overrides,
        absent_until=None if absence is None else absence.until,
        answered_for=bool(links.answered_for(transaction, [row.id])),
        asked_of_age=bool(links.asked_of_age(transaction, [row.id])),
    )
    _set(transaction, row.id, local_due=local_due(facts, transaction.clock.today(), policy))


def _set(transaction: Transaction, patron_id: str, **columns: Any) -> None:
    theirs = (_PATRON.agency == transaction.agency) & (_PATRON.id == patron_id)
    transaction.execute(update(tables.patron).where(theirs).values(columns))


def hash_pin(tenant: Tenant, pin: str) -> str:
    """Hash a PIN with a salt of its own. The key's id is in front of the hash."""
    key = tenant.keyring.newest(KeyPurpose.PIN)
    argon = Argon2id(
        salt=tenant.random(_SALT_BYTES),
        length=_HASH_BYTES,
        iterations=_PASSES,
        lanes=_LANES,
        memory_cost=_MEMORY_KIB,
        secret=key.secret,
    )
    return f"{key.id}{_MARK}{argon.derive_phc_encoded(pin.encode())}"


def is_pin(tenant: Tenant, pin: str, pin_hash: str) -> bool:
    """Return whether a PIN is the one that was hashed. False if there is no hash, or its key is gone."""
    key_id, mark, encoded = pin_hash.partition(_MARK)
    key = tenant.keyring.by_id(KeyPurpose.PIN).get(key_id)
    if not mark or key is None:
        return False
    try:
        Argon2id.verify_phc_encoded(pin.encode(), encoded, secret=key.secret)
    except InvalidKey:
        return False
    return True

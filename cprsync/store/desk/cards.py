"""Cards as they are used: is a PIN a card's own, and which tries there were. Each try is an entry of the audit.

Each machine has two streams, one for the tries that fitted and one for the rest, so that a quota reads a few rows.
"""

from __future__ import annotations

import hmac
import json
from typing import TYPE_CHECKING, Final

from sqlalchemy import bindparam, select

from cprsync.domain.desk.pins import PATRONS_OWN, PinTry
from cprsync.domain.patron.local import card_key
from cprsync.domain.trust.moments import is_within
from cprsync.services.ports.access import Cards
from cprsync.store import tables
from cprsync.store.audit import audit
from cprsync.store.core.engine import moment_of, stamp_of
from cprsync.store.core.tenant import AGENCY_IS, TenantStore
from cprsync.store.desk.setting import SET, hash_pin, is_pin
from cprsync.store.records.numbers import CARD
from cprsync.store.records.records import open_local, patron_rows

if TYPE_CHECKING:
    from datetime import datetime

    from cprsync.store.core.engine import AnyRow
    from cprsync.store.core.tenant import Transaction

#: The streams of a machine's tries: of those that fitted, and of the rest.
_RIGHT: Final = "card:"
_WRONG: Final = "card wrong:"
#: The streams that say when too many did not fit, at the patrons' page and at the machines; and the kind of entry.
CEILING: Final = "card ceiling:"
PAGE, MACHINES = "page", "machines"
GUESSING: Final = "card_ceiling"
#: What an entry has of a try in a browser in which the card had signed in before.
KNOWN: Final = "known"
_PROOF: Final = b"cprsync mark of a card"
#: What an entry contains that has the clock's own moment beside its stamp.
_CLOCK_KEY: Final = f'"{audit.CLOCK}":'.encode()
_ENTRY, _HEAD = tables.audit.c, tables.audit_head.c
_LATEST: Final = (
    select(_ENTRY.at, _ENTRY.entry)
    .where(_ENTRY.agency == AGENCY_IS, _ENTRY.stream == bindparam("stream_"))
    .order_by(_ENTRY.seq.desc())
    .limit(bindparam("most_"))
)


class SqlCards(TenantStore, Cards):
    """Cards as they are used to ask or to log in."""

    def is_pin(self, patron_id: str | None, card: str, pin: str) -> bool:
        kept = self._kept_pin(patron_id, card)
        if not kept:
            # hashing takes as long as checking
            hash_pin(self._tenant, pin)
            return False
        return is_pin(self._tenant, pin, kept)

    def _kept_pin(self, patron_id: str | None, card: str) -> str:
        """The PIN of a card as it is kept. "": there is none."""
        rows = []
        if patron_id is not None:
            with self._tenant.reading() as transaction:
                rows = list(patron_rows(transaction, [patron_id]))
        cards = open_local(self._tenant, rows[0]).cards if rows else ()
        return next((one.pin_hash for one in cards if card_key(one.number) == card_key(card)), "")

    def wrong_tries(self, patron_id: str, *, since: datetime, is_known: bool) -> list[datetime]:
        theirs = (_ENTRY.agency == self._tenant.agency) & (_ENTRY.patron_id == patron_id)
        wanted = select(_ENTRY.entry).where(theirs, _ENTRY.at >= stamp_of(since))
        with self._tenant.reading() as transaction:
            written = transaction.scalars(wanted.order_by(_ENTRY.at, _ENTRY.stream, _ENTRY.seq))
            entries = sorted(map(json.loads, written), key=lambda one: (audit.moment_in(one), one["kind"] != SET))
        now = self._tenant.clock.now()
        wrong: list[datetime] = []
        for entry in entries:
            at = audit.moment_in(entry)
            if not is_within(at, now - since, now):
                continue
            if entry["kind"] == SET and "pin" in entry["actions"]:
                # whoever tried the old one has not come nearer to the new one
                wrong.clear()
            elif (KNOWN in entry) is not is_known:
                continue
            elif entry["kind"] == PinTry.RIGHT.value:
                wrong.clear()
            elif entry["kind"] == PinTry.WRONG.value:
                wrong.append(at)
        return wrong

    def note_try(self, outcome: PinTry, *, patron_id: str | None, by: str, is_known: bool) -> None:
        more = ((KNOWN, "browser"),) if is_known else ()
        entry = audit.Happened(outcome.value, patron=patron_id, user=by or patron_id, more=more)
        stream = (_RIGHT if outcome is PinTry.RIGHT else _WRONG) + (by or PATRONS_OWN)
        with self._tenant.writing() as transaction:
            audit.append(transaction, stream, [entry])

    def count_wrong(self, *, since: datetime, of_machines: bool, most: int) -> int:
        # each is written behind the last one of its stream: the last entries are the latest
        own = _HEAD.stream == _WRONG + PATRONS_OWN
        these = (_HEAD.agency == self._tenant.agency) & _HEAD.stream.startswith(_WRONG)
        latest = (_ENTRY.agency == _HEAD.agency) & (_ENTRY.stream == _HEAD.stream) & (_ENTRY.seq > _HEAD.seq - most)
        now = self._tenant.clock.now()
        wanted = select(_ENTRY.at, _ENTRY.entry).select_from(tables.audit_head).join(tables.audit, latest)
        wanted = wanted.where(these, ~own if of_machines else own, _ENTRY.at >= stamp_of(since))
        with self._tenant.reading() as transaction:
            moments = [_moment(row) for row in transaction.execute(wanted)]
        return sum(is_within(at, now - since, now) for at in moments)

    def note_ceiling(self, *, since: datetime, of_machines: bool) -> None:
        door = MACHINES if of_machines else PAGE
        stream, now = CEILING + door, self._tenant.clock.now()
        with self._tenant.writing() as transaction:
            audit.hold_stream(transaction, stream)
            last = next(iter(_latest(transaction, stream, 1)), None)
            if last is None or not is_within(last, now - since, now):
                audit.append(transaction, stream, [audit.Happened(GUESSING, actions=(door,))])

    def names_of(self, card: str) -> list[str]:
        return [probe.hex() for probe in self._tenant.vault.probes(CARD, card_key(card))]

    def proof(self, patron_id: str | None, card: str) -> str | None:
        kept = self._kept_pin(patron_id, card)
        return hmac.new(kept.encode(), _PROOF, "sha256").hexdigest() if kept else None

    def moment_of_try(self, number: int, *, by: str, only_wrong: bool = False) -> datetime | None:
        streams = [_WRONG + by] if only_wrong else [_RIGHT + by, _WRONG + by]
        with self._tenant.reading() as transaction:
            latest = [at for one in streams for at in _latest(transaction, one, number)]
        return sorted(latest, reverse=True)[number - 1] if len(latest) >= number else None


def doors_since(transaction: Transaction, since: datetime) -> tuple[str, ...]:
    """Return the doors at which too many did not fit since a moment: `page`, `machines`."""
    latest = ((door, next(iter(_latest(transaction, CEILING + door, 1)), None)) for door in (PAGE, MACHINES))
    now = transaction.clock.now()
    return tuple(door for door, at in latest if at is not None and is_within(at, now - since, now))


def _latest(transaction: Transaction, stream: str, number: int) -> list[datetime]:
    """Return when the latest entries of a stream were written."""
    asked = {"agency_": transaction.agency, "stream_": stream, "most_": number}
    return [_moment(row) for row in transaction.execute(_LATEST, asked)]


def _moment(row: AnyRow) -> datetime:
    """Return when an entry was written, by the clock of that moment. Only an entry that has it beside is parsed."""
    return audit.moment_in(json.loads(row.entry)) if _CLOCK_KEY in row.entry else moment_of(row.at)

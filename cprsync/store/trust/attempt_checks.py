"""Compare what people did at the desk with the audit's entries about it. The rules of access count the rows."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import bindparam, select

from cprsync.domain.desk.access import Doing
from cprsync.domain.trust.moments import is_within
from cprsync.store import tables
from cprsync.store.audit import audit
from cprsync.store.audit.binding import read_back
from cprsync.store.core.engine import moment_of, stamp_of
from cprsync.store.core.tenant import AGENCY_IS
from cprsync.store.seals.failures import RowUnbound

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from cprsync.store.core.engine import AnyRow
    from cprsync.store.core.tenant import Transaction

#: Kinds of audit entries: a look-up; something that was refused; something close that a second person signed for. The
#: row of each has the number of its entry.
LOOK_UP, REFUSED, SECONDED = "lookup", "refused", "seconded"
#: The kind of row, in what is said of one.
_ATTEMPT: Final = "attempt"
#: How far back they are compared. The audit, and with it the rows, is kept for a year at least.
COMPARED: Final = timedelta(days=30)
#: An entry and its row are written in one transaction, the row a moment later.
_APART: Final = timedelta(minutes=1)
_TRIED: Final = tables.desk_attempt.c
_ROWS: Final = select(_TRIED.seq, _TRIED.at, _TRIED.who, _TRIED.doing, _TRIED.refused, _TRIED.stranger).where(
    _TRIED.agency == AGENCY_IS, _TRIED.at >= bindparam("since_")
)


def check_attempts(transaction: Transaction) -> Iterator[RowUnbound]:
    """Yield the attempts whose row is gone, or is not what its entry says."""
    now = transaction.clock.now()
    since = stamp_of(now - COMPARED - _APART)
    rows = {row.seq: row for row in transaction.execute(_ROWS, {"agency_": transaction.agency, "since_": since})}
    on_file = transaction.tenant.heads.read(transaction.agency).streams.get(audit.DESK)
    accepted = 0 if on_file is None or on_file.accepted is None else on_file.accepted[0]
    for entry, told in read_back(transaction, audit.DESK):
        if entry.seq <= accepted or entry.at < since:
            return
        # what is no entry of ours is named by the check of its stream
        if told is None or told["kind"] not in {LOOK_UP, REFUSED, SECONDED}:
            continue
        if is_within(audit.moment_in(told), COMPARED, now) and not _fits(rows.get(entry.seq), told):
            yield RowUnbound(_ATTEMPT, str(entry.seq), entry.patron_id, "gone")


def _fits(row: AnyRow | None, told: Mapping[str, Any]) -> bool:
    if row is None:
        return False
    is_look_up = told["kind"] == LOOK_UP
    doing = Doing.LOOK_UP.value if is_look_up else told["actions"][0]
    refused = told["actions"][1] if told["kind"] == REFUSED else ""
    says = (told["user"], doing, refused, doing == Doing.LOOK_UP.value and told["patron"] is None)
    is_then = abs(moment_of(row.at) - audit.moment_in(told)) < _APART
    return (row.who, row.doing, row.refused, row.stranger) == says and is_then

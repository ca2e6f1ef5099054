"""Lists who did what, and takes an audit or a journal as it is.

No entry of the list reveals on which day a sealed patron reached an age. An audit or an erase journal that is not whole
continues after an operator accepts it, with a reason.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, time
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from cprsync.domain.feed.delivery import COPENHAGEN
from cprsync.domain.netmedia.rights import may_reveal_birth_date
from cprsync.services.ports.trust.audit import LOOKING, AuditFilter, demanded_reason

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from cprsync.domain.policy.policy import Policy
    from cprsync.services.ports.store import Store
    from cprsync.services.ports.trust.audit import AuditState, Happening

#: How many entries are checked together for sealed patrons.
_AT_A_TIME: Final = 200
#: The most entries about one patron that are read to find what was done to the record.
_READ_MOST: Final = 2_000
#: The most entries that one search of the log finds.
FOUND_MOST: Final = 500


def list_entries(store: Store, policy: Policy | None, wanted: AuditFilter) -> Iterator[Happening]:
    """The entries that match, the latest first. Without a policy whoever may be sealed is.

    An entry that may reveal a sealed patron's birthday is shown without the patron. It is left out if one patron's
    entries are asked for, because the patron would be known.
    """
    entries = store.audit.entries(wanted)
    while part := list(islice(entries, _AT_A_TIME)):
        whose = {one.patron for one in part if one.patron is not None and _may_tell(one)}
        sealed = store.patrons.sealed_among(whose, silent_is_sealed=policy is None or policy.silent_is_sealed)
        for one in part:
            if not (_may_tell(one) and one.patron in sealed):
                yield one
            elif wanted.patron is None and wanted.number is None:
                # somebody's own words may name the patron
                yield replace(one, patron=None, reason=None, withheld=True)


def search_log(store: Store, policy: Policy, wanted: AuditFilter, *, user: str) -> Iterator[Happening]:
    """Same as `list_entries` with the reasons, for a supervisor of look-ups.

    Also what was done with people's data before they were patrons. The search itself is in the log, before it reads.
    """
    store.audit.note_reading(user=user, patron=wanted.patron, of="search")
    return list_entries(store, policy, replace(wanted, reasons=True, unregistered=True))


def moments_of(since: date | None, until: date | None) -> tuple[datetime | None, datetime | None]:
    """The first moment of the first day, and the last of the last."""
    return (
        None if since is None else datetime.combine(since, time(), tzinfo=COPENHAGEN),
        None if until is None else datetime.combine(until, time.max, tzinfo=COPENHAGEN),
    )


def list_changes(store: Store, policy: Policy, patron_id: str, *, most: int) -> Iterator[Happening]:
    """What was done to a record, the latest first. Leaves out who looked: that is for who watches over looking."""
    wanted = AuditFilter(patron_id, limit=_READ_MOST, seen=False)
    done = (one for one in list_entries(store, policy, wanted) if one.what not in LOOKING)
    return islice(done, most)


def _may_tell(entry: Happening) -> bool:
    by_night = entry.run is not None and entry.who is None
    return may_reveal_birth_date(entry.what, entry.actions, by_night=by_night)


def accept_audit(store: Store, *, user: str, reason: str) -> AuditState:
    """Accept the audit as it is. Return what was wrong with it.

    Raises:
        BadInput: nothing is wrong, or the reason cannot be kept; nothing is written.
        ConfigurationError: there is no reason.
        RunBusy: a night is running; nothing is written.
    """
    why = demanded_reason(reason, of="say why you accept an audit that is not whole")
    with store.runs.lock():
        return store.audit.accept(user=user, reason=why)


def accept_journal(store: Store, *, agency: str, user: str, reason: str) -> dict[str, Any]:
    """Accept the journal as it is. Return the JSON shape of `db accept-journal`.

    Raises:
        BadInput: the journal is the one that the database has seen, or the reason cannot be kept; nothing is written.
        ConfigurationError: there is no reason.
        RunBusy: a night is running; nothing is written.
    """
    why = demanded_reason(reason, of="say why you accept a journal with lost lines")
    with store.runs.lock():
        taken = store.journal.accept(user=user, reason=why)
    return {
        "library": agency,
        "patrons": taken.patrons,
        "seen": taken.seen,
        "again": taken.again,
        "set_aside": taken.set_aside,
    }

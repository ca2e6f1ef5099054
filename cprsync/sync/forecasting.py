"""What the coming days will bring if no delivery changes anything: the nights' own calendar, lived on paper.

Writes nothing and calls nobody. Thirty nights lived are the thirty days forecast, since both are `domain.due`.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final, Protocol

from cprsync.domain.due import ONE_DAY, DueKind
from cprsync.sync.calendar_part import Calendar, days_to_live, upcoming

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from cprsync.domain.policy import Policy

#: Nobody plans by a calendar longer than this, leap years included.
DAYS_MAX: Final = 366
#: The kind of an event that is nobody's: the library's own rules change.
POLICY: Final = "policy"
_ORDER: Final = (POLICY, *(kind.value for kind in DueKind))


class Foreseen(Calendar, Protocol):
    """What a forecast needs of the store."""

    def last_run_day(self) -> date | None: ...


def foresee(store: Foreseen, policy: Policy, *, today: date, days: int) -> dict[str, Any]:
    """The JSON shape of `forecast`: from the first day that no night has lived, to the last of `days`.

    Days that nights have missed come first: the next night lives them too. Raises ValueError for a number of days
    that is not 1 to `DAYS_MAX`.
    """
    if not 1 <= days <= DAYS_MAX:
        raise ValueError(f"a forecast is of 1 to {DAYS_MAX} days")
    lived = store.last_run_day()
    missed = days_to_live(lived, today)
    first = missed[0] if missed or lived is None else lived + ONE_DAY
    last = max(first, today) + timedelta(days=days - 1)
    events: list[dict[str, Any]] = [
        {"day": due.day.isoformat(), "patron": due.patron_id, "kind": due.kind.value, "what": due.what}
        for due in upcoming(store, policy, first=first, last=last)
    ]
    events += _policy_days(policy, first, last)
    events.sort(key=lambda one: (one["day"], _ORDER.index(str(one["kind"])), one["patron"] or "", one["what"]))
    return {"from": first.isoformat(), "to": last.isoformat(), "events": events}


def _policy_days(policy: Policy, first: date, last: date) -> Iterator[dict[str, str | None]]:
    for ladder in policy.ladders.ladders:
        if first <= ladder.since <= last:
            yield {"day": ladder.since.isoformat(), "patron": None, "kind": POLICY, "what": "age_groups"}

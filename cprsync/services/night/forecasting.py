"""Forecasts what the coming days bring if no delivery changes anything, with the nights' own calendar.

Writes nothing and calls nobody. Thirty nights give the same as a forecast of thirty days: both use `domain.patron.due`,
and `domain.netmedia.rights` for the rights to net media. Leaves out the birthdays of sealed patrons without counting
them: a count for one day would reveal a birthday.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from cprsync.domain.netmedia.rights import Turn, reveals_birth_date, rights_stamp, upcoming_changes
from cprsync.domain.patron.due import ONE_DAY, DueKind, after_day
from cprsync.services.night.calendar_part import days_to_live, upcoming

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping
    from datetime import date

    from cprsync.domain.policy.policy import Policy
    from cprsync.services.ports.store import Store

#: The longest forecast: a year, leap years included.
DAYS_MAX: Final = 366
#: Kinds of events that concern no single patron: a change of the library's rules, or of a net medium's terms.
POLICY: Final = "policy"
PRODUCTS: Final = "products"
#: By turn of a right, the kind of the event.
RIGHTS: Final[Mapping[Turn, str]] = {turn: f"right_{turn.value}" for turn in Turn if turn is not Turn.UNCHANGED}
#: The name of what is left out about sealed patrons.
WITHHELD: Final = "birthdays_of_sealed"
_ORDER: Final = (POLICY, PRODUCTS, *(kind.value for kind in DueKind), *RIGHTS.values())


class _Event(NamedTuple):
    day: date
    #: None: it concerns no single patron
    patron: str | None
    kind: str
    what: str
    #: the event falls on a birthday
    on_birthday: bool = False

    def document(self) -> dict[str, str | None]:
        return {"day": self.day.isoformat(), "patron": self.patron, "kind": self.kind, "what": self.what}


def foresee(store: Store, policy: Policy, *, today: date, days: int) -> dict[str, Any]:
    """The JSON shape of `forecast`: from the first day that no night has processed, to the last of `days`.

    Missed days come first, because the next night processes them too, and derives rights on its own day. Raises
    ValueError if `days` is not 1 to `DAYS_MAX`.
    """
    if not 1 <= days <= DAYS_MAX:
        raise ValueError(f"a forecast is of 1 to {DAYS_MAX} days")
    lived = store.runs.last_day()
    missed = days_to_live(lived, today)
    first = missed[0] if missed or lived is None else lived + ONE_DAY
    last = max(first, today) + timedelta(days=days - 1)
    events = [
        _Event(due.day, due.patron_id, due.kind.value, due.what, reveals_birth_date(due.kind))
        for due in upcoming(store, policy, first=first, last=last)
    ]
    events += _policy_days(policy, first, last)
    events += _rights(store, policy, first=max(first, today), last=last, lived=lived)
    shown = sorted(_shown(store, policy, events), key=lambda one: (one.day, _order(one), one.patron or "", one.what))
    return {
        "from": first.isoformat(),
        "to": last.isoformat(),
        "events": [one.document() for one in shown],
        # said always: if it were said only when something is withheld, it would reveal a day
        "withheld": WITHHELD,
    }


def _order(event: _Event) -> int:
    return _ORDER.index(event.kind)


def _shown(store: Store, policy: Policy, events: Collection[_Event]) -> list[_Event]:
    """The events without those on a sealed patron's birthday."""
    whose = {one.patron for one in events if one.on_birthday and one.patron is not None}
    sealed = store.patrons.sealed_among(whose, silent_is_sealed=policy.silent_is_sealed)
    return [one for one in events if not (one.on_birthday and one.patron in sealed)]


def _policy_days(policy: Policy, first: date, last: date) -> Iterator[_Event]:
    for ladder in policy.ladders.ladders:
        if first <= ladder.since <= last:
            yield _Event(ladder.since, None, POLICY, "age_groups")
    days = {
        (day, product.name)
        for product in policy.products.periods
        for day in (product.since, after_day(product.until))
        if day is not None and first <= day <= last
    }
    for day, name in days:
        yield _Event(day, None, PRODUCTS, name)


def _rights(store: Store, policy: Policy, *, first: date, last: date, lived: date | None) -> Iterator[_Event]:
    """What becomes of rights from the next night on. If the policy has changed, it covers every patron."""
    stamp, kept = rights_stamp(policy), store.rights.stamp()
    if stamp is None and kept is None:
        return
    for one in store.rights.ahead(last, everyone=stamp != kept):
        # until a right's own day comes, the derived value is the stored value
        for day, product, turn, cause in upcoming_changes(
            one.facts, policy, one.kept, first=first, last=last, lived=lived
        ):
            yield _Event(day, one.patron_id, RIGHTS[turn], product, reveals_birth_date(cause))

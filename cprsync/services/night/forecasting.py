"""What the coming days will bring if no delivery changes anything: the nights' own calendar, lived on paper.

Writes nothing and calls nobody. Thirty nights lived are the thirty days forecast, since both are `domain.patron.due`,
and `domain.netmedia.rights` for what then becomes of net media. Leaves out the birthdays of whoever is sealed,
uncounted: a count of one day would tell that one comes on it.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol

from cprsync.domain.netmedia.birth_days import tells_birth_date
from cprsync.domain.netmedia.rights import Turn, rights_stamp, turns_ahead
from cprsync.domain.patron.due import ONE_DAY, DueKind, after_day
from cprsync.services.night.calendar_part import Calendar, days_to_live, upcoming

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping
    from datetime import date

    from cprsync.domain.policy.policy import Policy
    from cprsync.services.ports.values import RightsDue

#: Nobody plans by a calendar longer than this, leap years included.
DAYS_MAX: Final = 366
#: The kinds of events that are nobody's: the library's own rules change, or the terms of a net medium.
POLICY: Final = "policy"
PRODUCTS: Final = "products"
#: What becomes of a right, by the kind of the event.
RIGHTS: Final[Mapping[Turn, str]] = {turn: f"right_{turn.value}" for turn in Turn if turn is not Turn.UNCHANGED}
#: What is left out of a sealed patron's birthdays.
WITHHELD: Final = "birthdays_of_sealed"
_ORDER: Final = (POLICY, PRODUCTS, *(kind.value for kind in DueKind), *RIGHTS.values())


class Foreseen(Calendar, Protocol):
    """What a forecast needs of the store."""

    def last_run_day(self) -> date | None: ...

    def rights_ahead(self, until: date, *, everyone: bool) -> Iterable[RightsDue]: ...

    def rights_stamp(self) -> str | None: ...

    def sealed_among(self, ids: Collection[str], *, silent_is_sealed: bool) -> set[str]:
        """Those of these patrons who are sealed for a reason of their own."""
        ...


class _Event(NamedTuple):
    day: date
    #: None: nobody's
    patron: str | None
    kind: str
    what: str
    #: its day is a birthday
    on_birthday: bool = False

    def document(self) -> dict[str, str | None]:
        return {"day": self.day.isoformat(), "patron": self.patron, "kind": self.kind, "what": self.what}


def foresee(store: Foreseen, policy: Policy, *, today: date, days: int) -> dict[str, Any]:
    """The JSON shape of `forecast`: from the first day that no night has lived, to the last of `days`.

    Days that nights have missed come first: the next night lives them too, and derives rights on its own day. Raises
    ValueError for a number of days that is not 1 to `DAYS_MAX`.
    """
    if not 1 <= days <= DAYS_MAX:
        raise ValueError(f"a forecast is of 1 to {DAYS_MAX} days")
    lived = store.last_run_day()
    missed = days_to_live(lived, today)
    first = missed[0] if missed or lived is None else lived + ONE_DAY
    last = max(first, today) + timedelta(days=days - 1)
    events = [
        _Event(due.day, due.patron_id, due.kind.value, due.what, tells_birth_date(due.kind))
        for due in upcoming(store, policy, first=first, last=last)
    ]
    events += _policy_days(policy, first, last)
    events += _rights(store, policy, first=max(first, today), last=last, lived=lived)
    shown = sorted(_shown(store, policy, events), key=lambda one: (one.day, _order(one), one.patron or "", one.what))
    return {
        "from": first.isoformat(),
        "to": last.isoformat(),
        "events": [one.document() for one in shown],
        # whatever there is to withhold: what is said only sometimes would tell of a day
        "withheld": WITHHELD,
    }


def _order(event: _Event) -> int:
    return _ORDER.index(event.kind)


def _shown(store: Foreseen, policy: Policy, events: Collection[_Event]) -> list[_Event]:
    """Without what comes on a birthday of someone sealed."""
    whose = {one.patron for one in events if one.on_birthday and one.patron is not None}
    sealed = store.sealed_among(whose, silent_is_sealed=policy.silent_is_sealed)
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


def _rights(store: Foreseen, policy: Policy, *, first: date, last: date, lived: date | None) -> Iterator[_Event]:
    """What becomes of rights from the next night on; with another policy than the last night's, of everyone's."""
    stamp, kept = rights_stamp(policy), store.rights_stamp()
    if stamp is None and kept is None:
        return
    for one in store.rights_ahead(last, everyone=stamp != kept):
        # before their own day comes, what is derived is what is kept
        for day, product, turn, cause in turns_ahead(one.facts, policy, one.kept, first=first, last=last, lived=lived):
            yield _Event(day, one.patron_id, RIGHTS[turn], product, tells_birth_date(cause))

"""The patrons of a library's Koha with its setup and its clock, and how a change becomes a line of the journal."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeAlias

from cprsync.mock.koha.setup import KohaSetup
from cprsync.mock.town.delivery import COPENHAGEN

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from cprsync.mock.koha.patrons import KohaPatron, KohaPatrons, Written

Pairs: TypeAlias = list[tuple[str, str]]


@dataclass(frozen=True, slots=True, repr=False)
class KohaWrite:
    """What a write changes: only what differs from what is there."""

    fields: Mapping[str, Any]
    #: all attributes afterwards; None: they stay as they are
    attributes: Pairs | None = None
    hidden: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_empty(self) -> bool:
        return not self.fields and self.attributes is None and not self.hidden


@dataclass(kw_only=True)
class Holdings:
    """What Koha holds. Knows no rule: `writing` decides what may be changed."""

    patrons: KohaPatrons
    day: Callable[[], date]
    now: Callable[[], datetime]
    setup: KohaSetup = field(default_factory=KohaSetup)

    def creation(self, change: KohaWrite, *, by: str, welcomes: bool = False) -> Written:
        """A new patron, with what Koha fills in itself."""
        values, day = dict(change.fields), self.day()
        category = self.setup.categories[values["category_id"]]
        values.setdefault("date_enrolled", day.isoformat())
        values.setdefault("expiry_date", _add_months(day, category.months).isoformat())
        if values.get("cardnumber"):
            values.setdefault("userid", values["cardnumber"])
        values["updated_on"] = self._stamp(None)
        hidden = {**change.hidden, **({"welcomed": True} if welcomes and values.get("email") else {})}
        return {
            "op": "create",
            "patron": self.patrons.take_id(),
            "by": by,
            "at": values["updated_on"],
            "set": values,
            "attributes": self.patrons.number_attributes(change.attributes or []),
            "hidden": hidden,
        }

    def revision(self, patron: KohaPatron, change: KohaWrite, *, by: str, moves_clock: bool = True) -> Written:
        """A change of a patron who is there."""
        values, stamp = dict(change.fields), self._stamp(patron)
        is_seen = values or (change.attributes is not None and self.setup.attributes_move_updated_on)
        if moves_clock and is_seen:
            values["updated_on"] = stamp
        written: Written = {"op": "change", "patron": patron.patron_id, "by": by, "at": stamp, "set": values}
        if change.attributes is not None:
            written["attributes"] = self.patrons.number_attributes(change.attributes, patron.attributes)
        return written | ({"hidden": dict(change.hidden)} if change.hidden else {})

    def removal(self, patron: KohaPatron, *, by: str) -> Written:
        """The end of a patron."""
        return {"op": "delete", "patron": patron.patron_id, "by": by, "at": self._stamp(patron)}

    def write(self, changes: list[Written]) -> None:
        """Store changes as a whole."""
        self.patrons.write(changes)

    def _stamp(self, patron: KohaPatron | None) -> str:
        """The moment of a change: the mock's day, whole seconds, and later than the patron's last one."""
        clock = self.now().astimezone(COPENHAGEN).time().replace(microsecond=0)
        moment = datetime.combine(self.day(), clock, tzinfo=COPENHAGEN)
        last = None if patron is None else patron.get("updated_on")
        if last is not None:
            moment = max(moment, datetime.fromisoformat(last).astimezone(COPENHAGEN) + timedelta(seconds=1))
        return moment.isoformat()


def _add_months(day: date, months: int) -> date:
    """The same day of a later month, at most the 28th: a day that every month has."""
    years, month = divmod(day.month - 1 + months, 12)
    return day.replace(year=day.year + years, month=month + 1, day=min(day.day, 28))

"""What a list may say of a loan, a reservation, a balance or a message, by one table, and what its days mean.

Leaves out how a cell is read, and what a row changes in the store.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

LOAN: Final = "loan"
RESERVATION: Final = "reservation"
BALANCE: Final = "balance"
MESSAGE: Final = "message"
#: How far a day may lie after ours: the source's clock may be ahead, or in another zone.
GRACE: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class RowShape:
    """What a row of a type may say: which days are in clear, and which days and texts are sealed.

    `needed` columns must be filled, unless the id is known already. `done` columns are days of actions by the patron.
    """

    days: tuple[str, ...]
    sealed_days: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()
    needed: tuple[str, ...] = ()
    #: a row with one of these days is over at once
    ends: tuple[str, ...] = ()
    done: tuple[str, ...] = ()
    #: days that may lie in the future; all others must be past
    ahead: tuple[str, ...] = ()
    #: the day on which it began: no other day may lie before it
    begins: str = ""

    def find_future(self, days: Mapping[str, date], on: date) -> str | None:
        """The first column with a day that has yet to come, though what it tells of has happened."""
        return next((name for name, day in days.items() if name not in self.ahead and day > on + GRACE), None)

    def find_misplaced(self, told: Mapping[str, Any], known: Mapping[str, Any]) -> str | None:
        """The first column with a day before the day on which it began, in a row or in what is known already.

        `told` has the days of the row, beside other values: as `date`, or as YYYY-MM-DD, which sorts as text.
        """
        names = (*self.days, *self.sealed_days)
        if not any(name in told for name in names):
            return None
        days = {name: str(day) for name in names if (day := told.get(name) or known.get(name))}
        began = days.get(self.begins)
        return None if began is None else next((name for name, day in days.items() if day < began), None)

    def is_over(self, days: Collection[str]) -> bool:
        """Whether a row with these days is fulfilled or cancelled: nothing of it is kept."""
        return any(name in days for name in self.ends)

    def last_action(self, days: Mapping[str, date]) -> date | None:
        """The last day on which the patron did something themselves; None: the row tells of no such day."""
        return max((days[name] for name in self.done if name in days), default=None)

    def first_missing(self, values: Mapping[str, str]) -> str:
        """The first empty column that only a row with a known id may leave empty; "": none."""
        return next((name for name in self.needed if not values.get(name)), "")


SHAPES: Final[Mapping[str, RowShape]] = {
    LOAN: RowShape(
        ("due", "returned"),
        ("loaned", "renewed", "lost"),
        ("title",),
        needed=("title", "loaned", "due"),
        done=("loaned", "renewed", "returned"),
        ahead=("due",),
        begins="loaned",
    ),
    RESERVATION: RowShape(
        ("placed", "until"),
        ("fulfilled", "cancelled"),
        ("title",),
        needed=("title", "placed"),
        ends=("fulfilled", "cancelled"),
        done=("placed",),
        ahead=("until",),
        begins="placed",
    ),
    BALANCE: RowShape(
        ("raised", "settled"), (), ("title",), needed=("amount", "raised"), done=("settled",), begins="raised"
    ),
    MESSAGE: RowShape(("sent",), (), ("channel", "subject", "content"), needed=("channel", "sent")),
}

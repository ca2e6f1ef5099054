"""Which days reveal the birth date of a sealed patron. Code that prints days asks here, and leaves those out.

A day on which age changes something is a birthday. Leaves out which patrons are sealed: see `patron`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cprsync.domain.netmedia.right_rule import Change
from cprsync.domain.patron.due import DueKind

if TYPE_CHECKING:
    from collections.abc import Collection

#: Changes that come on a birthday. A group that changes with the policy's dates counts too: both look the same.
_ON_BIRTHDAYS: Final[frozenset[DueKind | Change]] = frozenset(
    {DueKind.AGE_STEP, DueKind.RESPONSIBILITY_ENDED, Change.BIRTHDAY, Change.GROUP}
)
#: Audit entries that a night writes by itself, and that may follow from an age. An entry of rights names no cause.
_RIGHTS: Final = "rights"
_CALENDAR: Final = "calendar"
_ACTIONS: Final = frozenset(kind.value for kind in _ON_BIRTHDAYS if isinstance(kind, DueKind))


def reveals_birth_date(cause: DueKind | Change | None) -> bool:
    """Whether this cause happens on a birthday. None means that nothing came by itself, and gives False."""
    return cause in _ON_BIRTHDAYS


def may_reveal_birth_date(kind: str, actions: Collection[str], *, by_night: bool) -> bool:
    """Whether an entry of the audit may reveal the day on which the patron reached an age."""
    if not by_night:
        return False
    return kind == _RIGHTS or (kind == _CALENDAR and not _ACTIONS.isdisjoint(actions))

"""Which days tell the birth date of someone sealed: everything that prints days asks here, and leaves those out.

The days on which age changes something are birthdays. Leaves out who is sealed: see `patron`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cprsync.domain.netmedia.right_rule import Change
from cprsync.domain.patron.due import DueKind

if TYPE_CHECKING:
    from collections.abc import Collection

#: What comes on a birthday. A group that changes with the policy's own dates counts too: nobody can tell the two apart.
_ON_BIRTHDAYS: Final[frozenset[DueKind | Change]] = frozenset(
    {DueKind.AGE_STEP, DueKind.RESPONSIBILITY_ENDED, Change.BIRTHDAY, Change.GROUP}
)
#: Entries that a night writes by itself, and that may come of an age. An entry does not say what a right came of.
_RIGHTS: Final = "rights"
_CALENDAR: Final = "calendar"
_ACTIONS: Final = frozenset(kind.value for kind in _ON_BIRTHDAYS if isinstance(kind, DueKind))


def tells_birth_date(cause: DueKind | Change | None) -> bool:
    """Whether the day of something that came of this is a birthday; None: nothing came by itself."""
    return cause in _ON_BIRTHDAYS


def may_tell_birth_date(kind: str, actions: Collection[str], *, by_night: bool) -> bool:
    """Whether an entry of the audit may say on which day an age was reached."""
    if not by_night:
        return False
    return kind == _RIGHTS or (kind == _CALENDAR and not _ACTIONS.isdisjoint(actions))

"""Whether something was a short while ago, by a clock that may have been ahead meanwhile. Reads no clock."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from datetime import datetime

#: How much the clocks of two machines may differ. What lies further ahead was written while a clock was ahead: nobody
#: knows when.
AHEAD: Final = timedelta(minutes=5)


def is_within(at: datetime, span: timedelta, now: datetime) -> bool:
    """Whether something was in the last `span`. What lies ahead by more than `AHEAD` was not."""
    return now - span < at <= now + AHEAD

"""How long a certificate has left, and when somebody is told. Reads no clock."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from datetime import datetime

#: The longest that a night takes. A certificate that ends sooner would end in the middle of one.
LONGEST_RUN: Final = timedelta(hours=2)


class WarningSteps(NamedTuple):
    """The days left at which somebody is told, from the first to the last."""

    steps: tuple[int, ...]
    #: with this many days left, or fewer, it is critical
    critical: int


#: For our own certificate and the counterparts': a new one takes weeks to order and to register.
REGISTERED: Final = WarningSteps((90, 60, 30, 14, 7, 3, 1), critical=14)
#: For the certificate that the desk shows to browsers. Those live 90 days, and are often renewed at 30.
BROWSERS: Final = WarningSteps((14, 7, 3), critical=3)


def days_left(ends: datetime, now: datetime) -> int:
    """Return the whole days that are left. Negative: it has ended."""
    return (ends - now).days


def step_of(left: int, ladder: WarningSteps = REGISTERED) -> int | None:
    """Return the last step that was passed with this many days left. None: none yet."""
    return min((step for step in ladder.steps if left <= step), default=None)


def level_of(left: int, ladder: WarningSteps = REGISTERED, *, is_wrong: bool = False) -> str:
    """Return how bad it is: ok, warn or critical. `is_wrong`: it cannot be used at all."""
    if is_wrong or left <= ladder.critical:
        return "critical"
    return "ok" if step_of(left, ladder) is None else "warn"


def outlives(ends: datetime, now: datetime, span: timedelta = LONGEST_RUN) -> bool:
    """Tells whether it is still valid at the end of something that begins now and takes as long as `span`."""
    return now + span <= ends

"""The one clock."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from datetime import date, datetime


class Clock(Protocol):
    """The one clock. In a test environment it may be the mock's."""

    def now(self) -> datetime:
        """The present moment, with time zone, in UTC."""
        ...

    def today(self) -> date:
        """The present day in Copenhagen."""
        ...

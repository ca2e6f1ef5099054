"""What a patron group may and pays. Which age belongs to which group is said by the ladders, not here."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PatronGroup:
    """Lånergruppe: for how long she borrows, whether she is reminded, and whether she pays."""

    name: str = ""
    loan_days: int = 30
    #: told when a loan is due or late
    reminders: bool = True
    #: pays for loans that are late
    fees: bool = True
    #: may only borrow with a real CPR number
    cpr_required: bool = False

"""What a patron group may do and pays. The ladders say which age belongs to which group."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PatronGroup:
    """A patron group (Lånergruppe): its loan period, its reminders, and whether it pays fees."""

    name: str = ""
    loan_days: int = 30
    #: gets a reminder if a loan is due or late
    reminders: bool = True
    #: pays for late loans
    fees: bool = True
    #: may only borrow with a real CPR number
    cpr_required: bool = False

"""How long data are kept after they are no longer needed.

A library sets the days. The defaults are what most libraries promise.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Retention:
    """Days, each counted from the day on which the matter ended. Sources: the libraries' own pages (decision 14)."""

    #: loans, after the return, or after what is owed for the loan is settled
    loans_days: int = 30
    #: fees, after they are paid
    fees_days: int = 30
    #: compensations, after they are paid; some libraries keep these for a year
    compensation_days: int = 30
    #: the content of a message; the fact that it was sent stays
    message_days: int = 30
    #: blocks, after they were lifted
    blocks_days: int = 30
    #: a block that a leaving patron had, after they left
    kept_blocks_days: int = 365
    #: the content of a record before a change: as long as a run can be undone (decision 19)
    before_images_days: int = 30
    #: the register's files, after they were applied
    deliveries_days: int = 90
    #: register files that no night could take (damaged, or in conflict with another), after they came
    refused_deliveries_days: int = 90
    #: staff's corrections, after they ended
    corrections_days: int = 30
    #: review items, after staff have answered
    answered_reviews_days: int = 365
    #: what a night did with each number, and the patrons of its calendar part; the counts of each kind stay
    nights_days: int = 365
    #: the audit, from each entry; 0: it is never deleted
    log_days: int = 1825
    #: days without any use (loan, renewal, return, reservation, payment, visit) before a patron is asked to leave; 0:
    #: nobody
    inactive_days: int = 1095

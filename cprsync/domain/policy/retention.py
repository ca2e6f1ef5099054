"""How long what is over is kept: days that a library sets, with what most libraries promise as a default."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Retention:
    """Days, each counted from the day on which the matter was over. Sources: the libraries' own pages (decision 14)."""

    #: after return, or after what is owed for the loan is settled
    loans_days: int = 30
    #: after a fee is paid
    fees_days: int = 30
    #: after a compensation is paid; some libraries keep these for a year
    compensation_days: int = 30
    #: the content of a message; that it was sent stays
    message_days: int = 30
    #: after a block was lifted
    blocks_days: int = 30
    #: a block of a patron who left, after that
    kept_blocks_days: int = 365
    #: what stood in a record before a change: as long as a run can be taken back (decision 19)
    before_images_days: int = 30
    #: the register's own files, after they were applied
    deliveries_days: int = 90
    #: the register's files that no night could take, damaged or at odds with another, after they came
    refused_deliveries_days: int = 90
    #: what staff corrected, after it gave way to the register
    corrections_days: int = 30
    #: what a person had to look at, after it was answered
    answered_reviews_days: int = 365
    #: what a night did with each number of a delivery, and of whom its calendar spoke; how many of each kind stays
    nights_days: int = 365
    #: the audit, from each entry; 0: it is kept for ever
    log_days: int = 1825
    #: without a loan, a renewal, a return, a reservation, a payment or a visit at the desk; 0: nobody is asked to leave
    inactive_days: int = 1095

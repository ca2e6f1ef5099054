"""Which data each night deletes after their retention period: the kinds, in their order, and up to which day.

Leaves out how the rows are found: the store does that.
"""

from __future__ import annotations

import enum
from datetime import date, timedelta
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from cprsync.domain.policy.policy import Policy


#: The days that a row from before a change counts in its own last day.
BEFORE_IMAGE_DAYS: Final = 30
#: No data were over by this day.
NEVER: Final = date(1970, 1, 1)


class Forgotten(enum.Enum):
    """A kind of data that a night deletes.

    Loans come before balances, because the debts for a loan decide when the loan is over.
    """

    #: returned, with nothing owed for it; or never returned, and paid for
    LOANS = "loans"
    #: cancelled; a fulfilled reservation is deleted at import
    RESERVATIONS = "reservations"
    #: a fee that is paid
    FEES = "fees"
    #: a compensation that is paid
    COMPENSATIONS = "compensations"
    #: the text of a message; the fact that it was sent stays
    MESSAGES = "messages"
    #: a block that was lifted
    BLOCKS = "blocks"
    #: a block that was kept after its patron left
    KEPT_BLOCKS = "kept_blocks"
    #: the content of a record before a change
    BEFORE_IMAGES = "before_images"
    #: the content of a register's file that was applied; its name and its counts stay
    DELIVERIES = "deliveries"
    #: the content of a register's file that no night could take
    REFUSED_DELIVERIES = "refused_deliveries"
    #: the value of a correction that no longer holds; who made it and when stays
    CORRECTIONS = "corrections"
    #: the data needed to undo an answered review
    REVIEWS = "reviews"
    #: what a night did with each number
    NIGHTS = "nights"
    #: which patrons had a day of age, correction or absence, and when
    CALENDAR = "calendar"
    #: the oldest entries of the audit
    LOG = "log"


def deletable_until(kind: Forgotten, on: date, policy: Policy) -> date:
    """The last day on which data of a kind were over, if they are deleted on `on`."""
    kept = policy.retention
    if kind is Forgotten.LOG and not kept.log_days:
        return NEVER
    days = {
        Forgotten.LOANS: kept.loans_days,
        Forgotten.RESERVATIONS: 0,
        Forgotten.FEES: kept.fees_days,
        Forgotten.COMPENSATIONS: kept.compensation_days,
        Forgotten.MESSAGES: kept.message_days,
        Forgotten.BLOCKS: kept.blocks_days,
        Forgotten.KEPT_BLOCKS: kept.kept_blocks_days,
        # the row has its own last day, counted with the fixed days from before there was a policy
        Forgotten.BEFORE_IMAGES: 1 + kept.before_images_days - BEFORE_IMAGE_DAYS,
        Forgotten.DELIVERIES: kept.deliveries_days,
        Forgotten.REFUSED_DELIVERIES: kept.refused_deliveries_days,
        Forgotten.CORRECTIONS: kept.corrections_days,
        Forgotten.REVIEWS: kept.answered_reviews_days,
        Forgotten.NIGHTS: kept.nights_days,
        Forgotten.CALENDAR: kept.nights_days,
        Forgotten.LOG: kept.log_days,
    }
    return on - timedelta(days=days[kind])


def annullable_since(on: date, policy: Policy) -> date:
    """The first day of a death that may still be annulled. What was cancelled for it since then is kept."""
    return on - timedelta(days=policy.dead_subscription_days)

"""What is forgotten when it is over: the kinds, in the order in which a night forgets them, and up to which day.

Leaves out how the rows are found: that is the store's.
"""

from __future__ import annotations

import enum
from datetime import date, timedelta
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from cprsync.domain.policy.policy import Policy


#: What a row of before a change says of its last day.
BEFORE_IMAGE_DAYS: Final = 30
#: Nothing was over by then.
NEVER: Final = date(1970, 1, 1)


class Forgotten(enum.Enum):
    """A kind of what is over. Loans come before balances: what was owed for a loan says when it is over."""

    #: returned, and nothing is owed for it; or never returned, and paid for
    LOANS = "loans"
    #: cancelled; one that is fulfilled is deleted as it comes in
    RESERVATIONS = "reservations"
    #: a fee that is paid
    FEES = "fees"
    #: a compensation that is paid
    COMPENSATIONS = "compensations"
    #: what a message said; that it was sent stays
    MESSAGES = "messages"
    #: a block that was lifted
    BLOCKS = "blocks"
    #: a block that was kept when its patron left
    KEPT_BLOCKS = "kept_blocks"
    #: what stood in a record before a change
    BEFORE_IMAGES = "before_images"
    #: the content of a register's file that is applied; what it was called and held in numbers stays
    DELIVERIES = "deliveries"
    #: the same of a file that no night could take
    REFUSED_DELIVERIES = "refused_deliveries"
    #: the value of a correction that no longer holds; who made it and when stays
    CORRECTIONS = "corrections"
    #: what taking back an answer would need
    REVIEWS = "reviews"
    #: what a night did with each number
    NIGHTS = "nights"
    #: whose age, correction or absence came to its day, and when
    CALENDAR = "calendar"
    #: the oldest entries of the audit
    LOG = "log"


def over_by(kind: Forgotten, on: date, policy: Policy) -> date:
    """The last day on which something of a kind may have been over, to be forgotten on a day."""
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
        # its row says the last day on which it is needed, counted with the days of before there was a policy
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
    """The first day of which a death may still be annulled: what was cancelled for it since then is kept."""
    return on - timedelta(days=policy.dead_subscription_days)

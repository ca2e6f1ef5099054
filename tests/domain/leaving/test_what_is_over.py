"""Up to which day something must have been over to be forgotten."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from cprsync.domain.leaving.leaving import BEFORE_IMAGE_DAYS, NEVER, Forgotten, annullable_since, deletable_until
from cprsync.domain.policy.policy import Policy, RetentionDays

TODAY = date(2027, 3, 31)
POLICY = Policy()


@pytest.mark.parametrize(
    ("kind", "day"),
    [
        (Forgotten.LOANS, date(2027, 3, 1)),
        (Forgotten.RESERVATIONS, TODAY),
        (Forgotten.FEES, date(2027, 3, 1)),
        (Forgotten.COMPENSATIONS, date(2027, 3, 1)),
        (Forgotten.MESSAGES, date(2027, 3, 1)),
        (Forgotten.BLOCKS, date(2027, 3, 1)),
        (Forgotten.BEFORE_IMAGES, date(2027, 3, 30)),
        (Forgotten.DELIVERIES, date(2026, 12, 31)),
        (Forgotten.REFUSED_DELIVERIES, date(2026, 12, 31)),
        (Forgotten.CORRECTIONS, date(2027, 3, 1)),
        (Forgotten.REVIEWS, date(2026, 3, 31)),
        (Forgotten.NIGHTS, date(2026, 3, 31)),
        (Forgotten.CALENDAR, date(2026, 3, 31)),
        (Forgotten.COMPARISONS, date(2026, 3, 31)),
        (Forgotten.LOG, date(2022, 4, 1)),
    ],
)
def test_without_a_policy_of_its_own_a_library_forgets_on_a_day_what_was_over_by(kind: Forgotten, day: date) -> None:
    assert deletable_until(kind, TODAY, POLICY) == day


def test_a_library_says_how_long_it_keeps_what_is_over() -> None:
    policy = replace(POLICY, retention=RetentionDays(compensation_days=365))
    assert deletable_until(Forgotten.COMPENSATIONS, TODAY, policy) == date(2026, 3, 31)
    assert deletable_until(Forgotten.FEES, TODAY, policy) == date(2027, 3, 1)


def test_a_library_may_keep_the_log_for_ever() -> None:
    assert deletable_until(Forgotten.LOG, TODAY, replace(POLICY, retention=RetentionDays(log_days=0))) == NEVER


@pytest.mark.parametrize(("kept", "made", "gone"), [(30, date(2027, 2, 28), True), (30, date(2027, 3, 1), False)])
@pytest.mark.parametrize("more", [-20, 0, 30])
def test_the_record_of_before_goes_after_as_many_days_as_the_policy_says(
    kept: int, made: date, gone: bool, more: int
) -> None:
    """Whatever its row says: that was counted with thirty days."""
    policy = replace(POLICY, retention=RetentionDays(before_images_days=kept + more))
    day = made - timedelta(days=more)
    assert (day + timedelta(days=BEFORE_IMAGE_DAYS) <= deletable_until(Forgotten.BEFORE_IMAGES, TODAY, policy)) is gone


def test_a_death_may_be_annulled_as_long_as_the_dead_stay_subscribed() -> None:
    assert annullable_since(TODAY, replace(POLICY, dead_subscription_days=30)) == date(2027, 3, 1)

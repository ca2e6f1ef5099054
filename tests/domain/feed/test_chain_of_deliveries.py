"""The chain of deliveries (decision 4): which file is next, sent again, too old, after a gap, or another one."""

from __future__ import annotations

from datetime import date

import pytest

from cprsync.domain.feed.delivery import (
    ChainPlace,
    Header,
    Link,
    Missing,
    day_in_name,
    find_missing_day,
    may_come_before,
    may_skip_delivery,
    missing_after_discard,
    place_of,
)

THURSDAY, FRIDAY, MONDAY, TUESDAY = (date(2027, 4, day) for day in (15, 16, 19, 20))
SUNDAY = date(2027, 4, 18)
CONTENT, OTHER = "aa" * 32, "bb" * 32


@pytest.mark.parametrize(
    ("produced", "previous", "taken", "last", "strict", "lenient"),
    [
        (MONDAY, FRIDAY, None, FRIDAY, ChainPlace.NEXT, ChainPlace.NEXT),
        (TUESDAY, MONDAY, None, FRIDAY, ChainPlace.GAP, ChainPlace.NEXT),
        (TUESDAY, THURSDAY, None, FRIDAY, ChainPlace.GAP, ChainPlace.NEXT),
        (THURSDAY, date(2027, 4, 14), None, FRIDAY, ChainPlace.OLDER, ChainPlace.NEXT),
        (FRIDAY, THURSDAY, CONTENT, FRIDAY, ChainPlace.REPEAT, ChainPlace.REPEAT),
        (THURSDAY, date(2027, 4, 14), CONTENT, FRIDAY, ChainPlace.REPEAT, ChainPlace.REPEAT),
        (FRIDAY, THURSDAY, OTHER, FRIDAY, ChainPlace.REPLACED, ChainPlace.REPLACED),
        (THURSDAY, date(2027, 4, 14), OTHER, FRIDAY, ChainPlace.REPLACED, ChainPlace.REPLACED),
        (MONDAY, FRIDAY, None, None, ChainPlace.NEXT, ChainPlace.NEXT),
        (MONDAY, date(1, 1, 1), None, None, ChainPlace.NEXT, ChainPlace.NEXT),
        (MONDAY, MONDAY, None, None, ChainPlace.NEXT, ChainPlace.NEXT),
        (MONDAY, MONDAY, CONTENT, MONDAY, ChainPlace.REPEAT, ChainPlace.REPEAT),
        (MONDAY, MONDAY, None, FRIDAY, ChainPlace.GAP, ChainPlace.NEXT),
        (MONDAY, MONDAY, None, MONDAY, ChainPlace.GAP, ChainPlace.NEXT),
        (THURSDAY, THURSDAY, None, FRIDAY, ChainPlace.OLDER, ChainPlace.NEXT),
    ],
    ids=[
        "the next one",
        "one is missing",
        "it follows another chain",
        "older and unknown",
        "the last one again",
        "an earlier one again",
        "the last one's date with other content",
        "an earlier one's date with other content",
        "the first starts the chain",
        "the very first has no predecessor",
        "the first names its own day",
        "the first again",
        "another first after the last one taken",
        "another first on the day of the last one taken",
        "another first, older than the last one taken",
    ],
)
def test_a_delivery_has_its_place(  # noqa: PLR0913, PLR0917 -- a row of the table
    produced: date, previous: date, taken: str | None, last: date | None, strict: ChainPlace, lenient: ChainPlace
) -> None:
    header = Header("123456", produced, previous)
    link = None if taken is None else Link(produced, taken)
    assert place_of(header, CONTENT, taken=link, last=last, strict=True) is strict
    assert place_of(header, CONTENT, taken=link, last=last, strict=False) is lenient


@pytest.mark.parametrize(
    ("produced", "previous", "last", "may"),
    [
        pytest.param(MONDAY, FRIDAY, FRIDAY, False, id="it follows the last one taken"),
        pytest.param(TUESDAY, MONDAY, FRIDAY, True, id="one between them was never taken"),
        pytest.param(MONDAY, MONDAY, FRIDAY, True, id="it begins a chain anew"),
        pytest.param(MONDAY, FRIDAY, None, False, id="none was taken before"),
        pytest.param(FRIDAY, THURSDAY, FRIDAY, False, id="it is no later one"),
        pytest.param(MONDAY, MONDAY, MONDAY, False, id="it is of the same day"),
        pytest.param(MONDAY, THURSDAY, FRIDAY, False, id="it reaches back further"),
    ],
)
def test_a_delivery_skips_another_if_one_after_the_last_taken_may_have_been_produced(
    produced: date, previous: date, last: date | None, may: bool
) -> None:
    """Decision 32: whoever a skipped delivery could have told of is in a window."""
    assert may_skip_delivery(Header("123456", produced, previous), last) is may


@pytest.mark.parametrize(
    ("produced", "previous", "last", "skipped"),
    [
        (date(2027, 3, 24), date(2027, 3, 23), date(2027, 3, 22), True),
        (date(2027, 3, 23), date(2027, 3, 22), date(2027, 3, 22), False),
        # it begins a chain anew: nobody knows what was produced before it
        (date(2027, 3, 24), date(2027, 3, 24), date(2027, 3, 22), True),
        # one that comes late skips nothing, and before the first there is nothing to skip
        (date(2027, 3, 19), date(2027, 3, 18), date(2027, 3, 22), False),
        (date(2027, 3, 24), date(2027, 3, 23), None, False),
    ],
)
def test_a_delivery_skips_what_may_have_been_produced_since_the_last_one_taken(
    produced: date, previous: date, last: date | None, skipped: bool
) -> None:
    assert may_skip_delivery(Header("123456", produced, previous), last) is skipped


@pytest.mark.parametrize(
    ("produced", "is_taken", "last", "today", "left"),
    [
        pytest.param(MONDAY, False, None, TUESDAY, Missing.BEGINNING, id="before the first delivery"),
        pytest.param(None, False, FRIDAY, TUESDAY, Missing.GAP, id="nobody knows its day"),
        pytest.param(MONDAY, True, FRIDAY, TUESDAY, Missing.NOTHING, id="another of its day was taken"),
        pytest.param(FRIDAY, False, FRIDAY, TUESDAY, Missing.NOTHING, id="it is of the last day taken"),
        pytest.param(THURSDAY, False, FRIDAY, TUESDAY, Missing.NOTHING, id="a later one was taken"),
        pytest.param(TUESDAY, False, FRIDAY, MONDAY, Missing.EXPECTED, id="its day has not come"),
        pytest.param(TUESDAY, False, MONDAY, None, Missing.GAP, id="nobody knows the register's day"),
        pytest.param(MONDAY, False, FRIDAY, MONDAY, Missing.GAP, id="it was the next one"),
        pytest.param(TUESDAY, False, FRIDAY, TUESDAY, Missing.WIDER_GAP, id="the one before it is missing as well"),
    ],
)
def test_a_delivery_that_is_set_aside_leaves(
    produced: date | None, is_taken: bool, last: date | None, today: date | None, left: Missing
) -> None:
    assert missing_after_discard(produced, is_taken=is_taken, last=last, today=today) is left


@pytest.mark.parametrize(
    ("name", "day"),
    [
        ("D270419.L123456", MONDAY),
        ("d270419.l123456.2", MONDAY),
        ("D270431.L123456", None),
        ("D2704.L123456", None),
        ("other.txt", None),
    ],
)
def test_a_delivery_s_name_tells_its_day_or_none(name: str, day: date | None) -> None:
    assert day_in_name(name) == day


@pytest.mark.parametrize(
    ("last", "due", "waiting", "missing"),
    [
        (MONDAY, MONDAY, [], None),
        (FRIDAY, TUESDAY, [], MONDAY),
        (FRIDAY, TUESDAY, [(MONDAY, FRIDAY, False)], TUESDAY),
        # of a held night: they have come
        (FRIDAY, TUESDAY, [(TUESDAY, MONDAY, False), (MONDAY, FRIDAY, False)], None),
        # the one that is due waits behind a gap
        (FRIDAY, TUESDAY, [(TUESDAY, MONDAY, False)], MONDAY),
        (THURSDAY, TUESDAY, [(TUESDAY, MONDAY, False)], FRIDAY),
        # an operator goes over it
        (FRIDAY, TUESDAY, [(TUESDAY, MONDAY, True)], None),
        # produced on a day that is no working day
        (FRIDAY, TUESDAY, [(MONDAY, SUNDAY, False)], SUNDAY),
        # another chain
        (FRIDAY, TUESDAY, [(MONDAY, MONDAY, False)], MONDAY),
        (FRIDAY, TUESDAY, [(THURSDAY, THURSDAY, False)], MONDAY),
    ],
)
def test_the_first_day_without_a_delivery_is_the_missing_one(
    last: date, due: date, waiting: list[tuple[date, date, bool]], missing: date | None
) -> None:
    there = [(Header("123456", produced, previous), accepted) for produced, previous, accepted in waiting]
    assert find_missing_day(last, due, there) == missing


@pytest.mark.parametrize(
    ("damaged", "previous", "last", "waits"),
    [
        (FRIDAY, FRIDAY, THURSDAY, True),
        (TUESDAY, FRIDAY, THURSDAY, False),
        (THURSDAY, FRIDAY, THURSDAY, False),
        (FRIDAY, FRIDAY, None, True),
        (None, FRIDAY, FRIDAY, False),
        (None, FRIDAY, THURSDAY, True),
        (None, FRIDAY, None, True),
        (None, MONDAY, MONDAY, True),
    ],
)
def test_a_whole_delivery_waits_only_behind_a_damaged_one_that_may_come_before_it(
    damaged: date | None, previous: date, last: date | None, waits: bool
) -> None:
    """Decision 44. The whole one is Monday's."""
    assert may_come_before(damaged, Header("123456", MONDAY, previous), last) is waits

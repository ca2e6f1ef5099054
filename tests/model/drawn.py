"""What Hypothesis draws: lives of a month, a night at a time."""

from __future__ import annotations

from datetime import date

from hypothesis import strategies as st
from living import Life, Month, Night, desk_kinds, kinds, month_of
from staffed import EVENTS, MORNINGS, TROUBLES, Day

WHOSE, ANY = st.integers(0, 5), st.integers(0, 59)
#: In one of them 29 February is a day.
BEGINNINGS = (date(2027, 2, 15), date(2028, 2, 14))


def nights(*, most: int) -> st.SearchStrategy[tuple[Night, ...]]:
    events = st.lists(st.tuples(st.sampled_from(kinds()), WHOSE, ANY), max_size=5).map(tuple)
    desk = st.lists(st.tuples(st.sampled_from(desk_kinds()), WHOSE, ANY), max_size=2).map(tuple)
    night = st.builds(
        Night,
        after=st.sampled_from((1, 1, 2, 3)),
        events=events,
        trouble=st.sampled_from(("", "", "", "late", "down")),
        desk=desk,
        backwards=st.booleans(),
    )
    return st.lists(night, min_size=1, max_size=most).map(tuple)


def lives(*, most: int = 12) -> st.SearchStrategy[Life]:
    return st.builds(
        Life,
        begins=st.sampled_from(BEGINNINGS),
        nights=nights(most=most),
        agreed=st.sampled_from((("004", "006"), ("004", "006"), ("004",), ("006",), ())),
        says_unprotected=st.booleans(),
    )


def staffed_days(
    *, most: int = 14, mornings: tuple[str, ...] = MORNINGS, busy: int = 3
) -> st.SearchStrategy[tuple[Day, ...]]:
    """Days of a few people, the fewer the more happens to each, with what staff do in the mornings."""
    return _PEOPLE.flatmap(
        lambda people: st.lists(_days(people, mornings, busy=busy), min_size=2, max_size=most).map(tuple)
    )


def days_of_two(*, most: int = 14) -> st.SearchStrategy[tuple[tuple[Day, Day], ...]]:
    """The same of two libraries: what happens on a day happens to both, and each has nights and staff of its own."""

    def among(people: int) -> st.SearchStrategy[tuple[tuple[Day, Day], ...]]:
        day = _days(people, (*MORNINGS, "rotate"))
        return st.lists(st.tuples(day, day), min_size=2, max_size=most).map(tuple)

    return _PEOPLE.flatmap(among)


_PEOPLE = st.sampled_from((2, 3, 6))


def _days(people: int, mornings: tuple[str, ...], *, busy: int = 3) -> st.SearchStrategy[Day]:
    whose = st.integers(0, people - 1)
    events = st.lists(st.tuples(st.sampled_from(EVENTS), whose, ANY), max_size=4).map(tuple)
    deeds = st.lists(st.tuples(st.sampled_from(mornings), whose, ANY), max_size=busy).map(tuple)
    return st.builds(Day, events=events, trouble=st.sampled_from(TROUBLES), deeds=deeds)


def orders() -> st.SearchStrategy[tuple[Month, tuple[int, ...]]]:
    """A month's deliveries, six to ten, and an order in which each comes at least once."""

    def ordered(life: Life) -> st.SearchStrategy[tuple[Month, tuple[int, ...]]]:
        indices = list(range(len(life.nights)))
        again = st.lists(st.sampled_from(indices), max_size=4)
        return again.flatmap(
            lambda more: st.permutations(indices + more).map(lambda order: (month_of(life), tuple(order)))
        )

    return st.builds(
        Life,
        begins=st.sampled_from(BEGINNINGS),
        nights=days(),
        agreed=st.sampled_from((("004", "006"), ("004",), ("006",), ())),
        says_unprotected=st.booleans(),
    ).flatmap(ordered)


def days() -> st.SearchStrategy[tuple[Night, ...]]:
    events = st.lists(st.tuples(st.sampled_from(kinds()), st.integers(0, 3), ANY), min_size=1, max_size=4).map(tuple)
    day = st.builds(Night, after=st.sampled_from((1, 1, 2)), events=events, backwards=st.booleans())
    return st.lists(day, min_size=6, max_size=10).map(tuple)

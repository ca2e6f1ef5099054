"""What Hypothesis draws: lives of a month, a night at a time."""

from __future__ import annotations

from datetime import date

from hypothesis import strategies as st
from living import Life, Night, desk_kinds, kinds

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

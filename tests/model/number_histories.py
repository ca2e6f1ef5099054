"""Random histories of number changes, walked by hand and by the program; says what would be a wrong merge.

A history is a row of deliveries, each with links from old numbers to the ones that replace them: chains, either order,
undone, swaps, circles, and links that end at a number which another patron has.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import date

from hypothesis import strategies as st
from slow_register import invented_number

from cprsync.domain.deciding.number_change import Circle, Collision, Renumber, find_disputes, find_number_changes
from cprsync.domain.person.number import CprNumber

NUMBERS = tuple(invented_number(date(1970, 3, day), day) for day in range(1, 9))
#: Deliveries, each a row of (old, new) in the order in which they stand in it.
HISTORIES = st.lists(
    st.lists(st.tuples(st.sampled_from(range(8)), st.sampled_from(range(8))), max_size=5), min_size=1, max_size=5
)
PATRONS = st.lists(st.sampled_from(range(8)), unique=True, min_size=1, max_size=4)


@dataclass
class Walked:
    """Who has which number, who had which before, and how often what was met."""

    holders: dict[str, str]
    former: dict[str, str] = field(default_factory=dict)
    #: old numbers of the last delivery that lead elsewhere than to whoever had them
    disputed: set[str] = field(default_factory=set)
    met: Counter[str] = field(default_factory=Counter)


def walk(history: list[list[tuple[int, int]]], patrons: list[int]) -> Walked:
    """Live a history in the program's rule and by hand; raises AssertionError at the first wrong merge."""
    walked = Walked({NUMBERS[number]: f"patron {number}" for number in patrons})
    ours = Walked(dict(walked.holders))
    for delivery in history:
        links = {NUMBERS[old]: NUMBERS[new] for old, new in delivery}
        by_hand(walked, links)
        by_rule(ours, links)
        assert ours.holders == walked.holders, "the program gives the numbers to others than the register's links do"
        assert ours.former == walked.former, "an old number finds another patron than the one who had it"
        assert ours.disputed == walked.disputed, (
            "an old number that leads elsewhere is dropped, or one that does not is not"
        )
        assert sorted(ours.holders.values()) == sorted(f"patron {number}" for number in patrons), (
            "two patrons became one"
        )
    return walked


def by_rule(ours: Walked, links: dict[str, str]) -> None:
    parsed = {CprNumber.parse(old): CprNumber.parse(new) for old, new in links.items()}
    holders, former = (
        {CprNumber.parse(number): one for number, one in known.items()} for known in (ours.holders, ours.former)
    )
    after = dict(ours.holders)
    for change in find_number_changes(parsed, holders, former):
        assert isinstance(change, Renumber | Collision | Circle)
        if isinstance(change, Renumber):
            assert after.pop(change.old.digits) == change.patron_id
            assert change.new.digits not in after, "one number for two patrons"
            after[change.new.digits] = change.patron_id
            ours.former[change.old.digits] = change.patron_id
            assert ours.former.pop(change.new.digits, change.patron_id) == change.patron_id, "taken from another"
    ours.holders = after
    after_all = {CprNumber.parse(number): one for number, one in after.items()}
    were = {CprNumber.parse(number): one for number, one in ours.former.items()}
    ours.disputed = {one.old.digits for one in find_disputes(parsed, after_all, were)}


def by_hand(walked: Walked, links: dict[str, str]) -> None:
    """Each chain to its end; whoever would meet another patron there, of now or of before, or comes back, stays."""
    wishes: dict[str, str] = {}
    for number in walked.holders:
        at, passed = number, [number]
        while at in links and links[at] not in passed:
            at = links[at]
            passed.append(at)
        if at in links:
            walked.met["circle"] += 1
        elif at != number:
            wishes[number] = at
            walked.met["chain" if len(passed) > 2 else "one step"] += 1
    before, were = set(walked.holders), dict(walked.former)
    for number, end in wishes.items():
        patron = walked.holders[number]
        if end in before or list(wishes.values()).count(end) > 1:
            walked.met["both are patrons"] += 1
        elif were.get(end, patron) != patron:
            walked.met["both were patrons"] += 1
        else:
            walked.holders[end] = walked.holders.pop(number)
            walked.former[number] = patron
            walked.former.pop(end, None)
            walked.met["renumbered"] += 1
    walked.disputed = {old for old in walked.former if old in links and not leads_home(walked, links, old)}
    walked.met["disputed"] += len(walked.disputed)


def leads_home(walked: Walked, links: dict[str, str], old: str) -> bool:
    """Whether an old number leads to one that its patron has or had: in one step, or at the end of a chain."""
    patron = walked.former[old]
    theirs = {number for known in (walked.holders, walked.former) for number, one in known.items() if one == patron}
    at, passed = old, [old]
    while at in links and links[at] not in passed:
        at = links[at]
        passed.append(at)
    return links[old] in theirs or (at not in links and at in theirs)

"""Decides which review items a batch of changes raises and settles. Does no I/O.

The night writes the answer, and a dry run counts it. What the items mean is in `domain.patron.review`.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from cprsync.domain.patron.responsible import Troubled, find_troubles
from cprsync.domain.patron.review import (
    BIRTH_DIFFERS,
    NO_SUCH_PERSON,
    PARKED,
    PROPOSALS,
    PROTECTION_CONTRADICTED,
    PROTECTION_DOUBTED,
    REVERTED_PROTECTED,
    REVIEW_KINDS,
    AcceptEffect,
    State,
    find_proposals,
    is_outdated,
    proposed_at,
)
from cprsync.domain.person.age import differs_from_number
from cprsync.domain.person.person import Protection
from cprsync.domain.person.status import Action
from cprsync.domain.policy.policy import Harm

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from cprsync.domain.patron.patron import AsOf, Patron
    from cprsync.domain.patron.responsible import Answering
    from cprsync.domain.person.number import CprNumber
    from cprsync.domain.person.person import Person, Silent, Status

#: Actions that are written even if a change is held or a person is parked (decision 3).
_PROTECTIVE: Final = frozenset({Action.PROTECT, Action.STOP_LETTERS})


#: What accepting does, by the class of harm whose limit holds a day's answers. Other answers harm nobody.
HARMS: Final[Mapping[AcceptEffect, Harm]] = {
    AcceptEffect.MERGE: Harm.MERGED,
    AcceptEffect.GIVE_NUMBER: Harm.MERGED,
    AcceptEffect.END_PROTECTION: Harm.PROTECTION_LIFTED,
    AcceptEffect.TELL_AGAIN: Harm.CHANGED,
}


def kinds_of_harm(harm: Harm) -> tuple[str, ...]:
    """The kinds of items that do this harm when they are accepted."""
    return tuple(kind for kind, row in REVIEW_KINDS.items() if HARMS.get(row.doing) is harm)


@dataclass(frozen=True, slots=True, repr=False)
class OldNumber:
    """The old number that an item is about, and its successor if no patron has that."""

    old: CprNumber
    new: CprNumber | None


@dataclass(frozen=True, slots=True, repr=False)
class ItemInForce:
    """A review item that waits or was accepted."""

    id: int
    patron_id: str
    kind: str
    state: State
    #: for a waiting item; None: it is about the patron's present number
    about: OldNumber | None = None

    @property
    def waits(self) -> bool:
        return self.state is State.WAITING

    @property
    def about_whom(self) -> tuple[str, str]:
        """The patron and the kind. At most one item waits for each pair."""
        return self.patron_id, self.kind


@dataclass(frozen=True, slots=True, repr=False)
class ReviewNews:
    """What one batch may raise or settle items about."""

    #: the records before, and the register's part after
    changes: Sequence[tuple[Patron, Person]] = ()
    #: patrons decided by a source, so that nothing about their present number is parked
    decided: frozenset[str] = frozenset()
    #: patrons about whom the register has given an answer that can be read, whether or not anything is decided by it
    read: frozenset[str] = frozenset()
    #: patrons with a protection that has ended, or that the register has confirmed or denied without doubt
    undoubted: frozenset[str] = frozenset()
    #: patrons with the number that they get, and with another that leads to their present one or nowhere any more
    given: frozenset[tuple[str, CprNumber]] = frozenset()
    agreed: frozenset[tuple[str, CprNumber]] = frozenset()
    #: the items that a decision asks for: patron id and kind
    asked: Sequence[tuple[str, str]] = ()
    #: by patron and kind, what an item asked for is about
    named: Mapping[tuple[str, str], OldNumber] = field(default_factory=dict)

    @property
    def patrons(self) -> set[str]:
        """The patrons whose items `decide_reviews` needs, besides parked ones of `heard_of` and those of minors."""
        changed = {patron.id for patron, after in self.changes if _may_concern_items(patron.register, after)}
        return (
            changed
            | self.undoubted
            | {patron_id for pairs in (self.asked, self.agreed, self.named) for patron_id, _ in pairs}
        )

    @property
    def heard_of(self) -> frozenset[str]:
        """The patrons whose parked items may be over."""
        return self.decided | self.read

    @property
    def troubled(self) -> dict[str, Troubled]:
        """By patron, the changes that are news for minors that they may answer for. Few changes are."""
        changed: dict[str, Troubled] = {}
        for patron, after in self.changes:
            before = patron.register
            if before.status is after.status and before.is_shut is after.is_shut:
                continue  # true of nearly every change
            one = Troubled(find_troubles(before), find_troubles(after))
            if one.is_news:
                changed[patron.id] = one
        return changed


@dataclass(frozen=True, slots=True)
class MinorNews:
    """Pairs of a minor and a kind of review item: items to raise, and items that have settled by themselves."""

    asked: frozenset[tuple[str, str]]
    settled: frozenset[tuple[str, str]]


@dataclass(frozen=True, slots=True, repr=False)
class ReviewChanges:
    """What becomes of the items."""

    settled: Sequence[ItemInForce]
    #: patron id and kind; nothing waits about it yet
    raised: Sequence[tuple[str, str]]
    #: items that wait, and are asked for again
    asked_again: Sequence[ItemInForce]


def _may_concern_items(before: Person, after: Person) -> bool:
    return may_affect_blocks(before.status, after.status) or birth_match_changes(before, after)


def only_protects(patron: Patron, as_of: AsOf | None, actions: Collection[Action]) -> bool:
    """Whether a write only protects while the rest waits: no decision about the patron, and no date moved."""
    return as_of == patron.as_of and _PROTECTIVE.issuperset(actions)


def decide_reviews(news: ReviewNews, items: Sequence[ItemInForce], links: Collection[Answering]) -> ReviewChanges:
    """Decide what a batch raises and settles.

    Args:
        news: what the batch brings.
        items: what is in force about the patrons that the news is about, the oldest first.
        links: every link in force of each minor that one of the troubled patrons answers for, after the changes.
    """
    minors = find_news_for_minors(links, news.troubled)
    changed = {patron.id: (patron.register, after) for patron, after in news.changes}
    waiting = [item for item in items if item.waits]
    settled = [item for item in waiting if _is_settled(item, news, changed, minors)]
    asked = dict.fromkeys(
        [*news.asked, *_find_proposed(changed, items), *_find_differing_births(changed), *sorted(minors.asked)]
    )
    gone = {item.id for item in settled}
    left = {item.about_whom: item for item in waiting if item.id not in gone}
    return ReviewChanges(
        settled,
        raised=[one for one in asked if one not in left],
        asked_again=[left[one] for one in asked if one in left],
    )


def find_news_for_minors(links: Collection[Answering], changed: Mapping[str, Troubled]) -> MinorNews:
    """What changes of responsible people mean for the minors.

    Args:
        links: every link in force of each minor concerned.
        changed: the responsible people who have changed, by id.
    """
    still = {(link.minor_id, kind) for link in links for kind in link.troubles}
    theirs = [(link.minor_id, changed[link.responsible_id]) for link in links if link.responsible_id in changed]
    asked = {(minor, kind) for minor, one in theirs for kind in one.after - one.before}
    over = {(minor, kind) for minor, one in theirs for kind in one.before - one.after}
    return MinorNews(frozenset(asked), frozenset(over - still))


def _is_settled(
    item: ItemInForce, news: ReviewNews, changed: Mapping[str, tuple[Person, Person]], minors: MinorNews
) -> bool:
    if item.kind.startswith(PARKED):
        return _is_answered(item, news) if item.about is None else _is_agreed(item, item.about, news)
    if item.kind in {PROTECTION_DOUBTED, REVERTED_PROTECTED}:
        return item.patron_id in news.undoubted
    if item.about_whom in minors.settled or item.patron_id not in changed:
        return item.about_whom in minors.settled
    before, after = changed[item.patron_id]
    if item.kind == PROTECTION_CONTRADICTED:
        return after.protection is not Protection.NAME_AND_ADDRESS
    if item.kind in PROPOSALS:
        return may_affect_blocks(before.status, after.status) and is_outdated(item.kind, after.status)
    return item.kind == BIRTH_DIFFERS and birth_match_changes(before, after) and not differs_from_number(after)


def _is_answered(item: ItemInForce, news: ReviewNews) -> bool:
    """Whether an item about the present number is over: a source has decided, or the register answers now.

    It answers with what can be read, or that the number is nobody's.
    """
    if item.patron_id in news.decided:
        return True
    is_nobodys = item.kind != NO_SUCH_PERSON and (item.patron_id, NO_SUCH_PERSON) in news.asked
    return item.kind.startswith(f"{PARKED}register.") and (item.patron_id in news.read or is_nobodys)


def _is_agreed(item: ItemInForce, about: OldNumber, news: ReviewNews) -> bool:
    """Whether an item about an old number is over. News of the patron's present number does not settle it."""
    given = any((item.patron_id, one) in news.given for one in (about.old, about.new))
    # the register now says something else of the same old number
    otherwise = any(
        patron_id == item.patron_id and kind != item.kind and one.old == about.old
        for (patron_id, kind), one in news.named.items()
    )
    return given or otherwise or any((item.patron_id, one) in news.agreed for one in (about.old, about.new))


def _find_proposed(
    changed: Mapping[str, tuple[Person, Person]], items: Iterable[ItemInForce]
) -> Iterator[tuple[str, str]]:
    """What the new statuses propose."""
    held: dict[str, dict[str, set[State]]] = defaultdict(lambda: defaultdict(set))
    for item in items:
        held[item.patron_id][item.kind].add(item.state)
    for patron_id, (before, after) in changed.items():
        if may_affect_blocks(before.status, after.status):
            yield from ((patron_id, kind) for kind in find_proposals(before.status, after.status, held[patron_id]))


def _find_differing_births(changed: Mapping[str, tuple[Person, Person]]) -> Iterator[tuple[str, str]]:
    for patron_id, (before, after) in changed.items():
        if birth_match_changes(before, after) and differs_from_number(after):
            yield patron_id, BIRTH_DIFFERS


def birth_match_changes(before: Person, after: Person) -> bool:
    """Whether the birth date begins, or ceases, to differ from the number's. Few changes do that."""
    if before.birth == after.birth and before.number == after.number:
        return False
    return differs_from_number(before) is not differs_from_number(after)


def may_affect_blocks(before: Status | Silent, after: Status | Silent) -> bool:
    """Whether a change of status may propose a block or its lifting, or settle an earlier proposal."""
    return before is not after and (proposed_at(before) is not None or proposed_at(after) is not None)

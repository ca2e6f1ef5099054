"""Follows the register's answers about a patron's number, one link after another.

A delivery has all its links at once (`domain.deciding.number_change`); answers come one by one. The patron keeps their
number until the end of the trail is known. A circle, or another patron's number, therefore leaves the record as it was.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

from cprsync.domain.deciding.number_change import LINKS_MAX, Circle, Collision
from cprsync.domain.patron.review import PARKED
from cprsync.domain.person.number import CprNumber
from cprsync.domain.person.person import REPLACED
from cprsync.services.planning.renumbering import UNRESOLVED, undecided_step
from cprsync.services.planning.steps import Step
from cprsync.services.ports.register import FIRST_COPY, NUMBER_CHANGE, WINDOW, Found

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from cprsync.domain.patron.patron import AsOf, Patron
    from cprsync.domain.person.person import Person
    from cprsync.services.planning.renumbering import Renumbering
    from cprsync.services.ports.night import Night
    from cprsync.services.ports.register import FollowUp, NotFound
    from cprsync.services.ports.runs import Run


@dataclass(frozen=True, slots=True, repr=False)
class Trail:
    """The links of one patron's number, as far as they are known."""

    patron: Patron
    #: the patron's own number, and those on the way
    passed: tuple[CprNumber, ...]
    leads_to: CprNumber
    #: a new patron's open question, which is answered when the trail ends
    first_copy: FollowUp | None = None
    #: staff have decided already that the patron keeps the number
    is_decided: bool = False

    def asked_for(self, question: FollowUp) -> Trail:
        """The same trail, which now also answers this question."""
        decided = is_decided(question, self.patron)
        return replace(
            self, first_copy=question if question.kind == FIRST_COPY else self.first_copy, is_decided=decided
        )

    def extended_by(self, number: CprNumber) -> Trail:
        """The trail extended by one link."""
        return replace(self, passed=(*self.passed, self.leads_to), leads_to=number)

    def park_for(self, other: str) -> Step:
        """Park the trail, because another patron has, had or gets the number."""
        return self._park(Collision(self.patron.id, self.patron.number, other))

    def park_if_blocked(self, holder: str | None) -> Step | None:
        """The step that parks the trail. None: it may go on.

        `holder`: the patron who has, or had, the number it leads to.
        """
        if self.leads_to in self.passed:
            return self._park(Circle(self.patron.id, self.patron.number))
        return None if holder in {None, self.patron.id} else self.park_for(str(holder))

    def park_as_too_long(self) -> Step:
        """Park a trail that has too many links."""
        if self.is_decided:
            return Step()
        review = (self.patron.id, f"{PARKED}{UNRESOLVED}")
        return Step(parked=UNRESOLVED, review=review, answered=self.first_copy)

    def _park(self, why: Collision | Circle) -> Step:
        # an open first-copy question would park the patron again each night
        return Step() if self.is_decided else undecided_step(why, answered=self.first_copy)


class End(NamedTuple):
    """The end of a trail, and what the register says about its last number."""

    trail: Trail
    answer: Found | NotFound
    as_of: AsOf


class Trails:
    """All trails that begin before the next delivery of a plan."""

    def __init__(self, night: Night, run: Run | None) -> None:
        self._night, self._run = night, run
        self._open: dict[str, Trail] = {}

    def begin(self, question: FollowUp, patron: Patron, person: Person) -> bool:
        """Begin a trail if the answer names another number. Return False if it does not."""
        next_number = _successor(person)
        if next_number is None:
            return False
        trail = self._open.get(patron.id) or Trail(patron, (patron.number,), next_number)
        self._open[patron.id] = trail.asked_for(question)
        return True

    def followed(self, numbers: Renumbering, planned: Mapping[CprNumber, Patron]) -> Iterator[Step | End]:
        """Yield each trail's end, or the step that parks it. The caller adds the outcomes to `planned` meanwhile."""
        for _ in range(LINKS_MAX):
            trails, self._open = self._open, {}
            yield from self._one_link(list(trails.values()), numbers, planned)
        for trail in self._open.values():
            yield trail.park_as_too_long()
        self._open = {}

    def _one_link(
        self, trails: Sequence[Trail], numbers: Renumbering, planned: Mapping[CprNumber, Patron]
    ) -> Iterator[Step | End]:
        if not trails:
            return
        holders = numbers.holders([trail.leads_to for trail in trails], planned)
        ahead: dict[CprNumber, list[Trail]] = {}
        for trail in trails:
            if parked := trail.park_if_blocked(holders.get(trail.leads_to)):
                yield parked
            else:
                ahead.setdefault(trail.leads_to, []).append(trail)
        asked = {number: [trail.patron.id for trail in some] for number, some in ahead.items()}
        for answer, as_of in look_up(self._night, self._run, asked):
            next_number = _successor(answer.person) if isinstance(answer, Found) else None
            for trail in ahead[answer.number]:
                if next_number is None:
                    yield End(trail, answer, as_of)
                else:
                    self._open[trail.patron.id] = trail.extended_by(next_number)


def look_up(
    night: Night, run: Run | None, asked: Mapping[CprNumber, Sequence[str]]
) -> Iterator[tuple[Found | NotFound, AsOf]]:
    """Ask who has these numbers now. The audit entry, which names the patrons, is written before."""
    numbers, as_of = list(asked), night.as_of_lookup()
    for start in range(0, len(numbers), night.calls):
        some = numbers[start : start + night.calls]
        night.store.subscriptions.intend(run, [one for number in some for one in asked[number]], NUMBER_CHANGE)
        for answer in night.register.look_up_many(some):
            yield answer, as_of
        night.raise_if_stopped()


def is_decided(question: FollowUp, patron: Patron) -> bool:
    """Whether staff have decided the question already. Then it was asked only to learn if the change is taken back."""
    return question.kind == WINDOW and patron.has_replaced_number


def _successor(person: Person) -> CprNumber | None:
    """The number that replaces the one in an answer. None: no number does, or the register does not name it."""
    named = person.current_number
    return named if person.status in REPLACED and isinstance(named, CprNumber) else None

"""Records: the ports that recognise, write and link them, and what passes through."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol, TypeAlias, TypeVar

from cprsync.catalogues import rule_words
from cprsync.domain.deciding.reviews import OldNumber, ReviewNews, only_protects
from cprsync.domain.patron.due import CalendarFacts, age_step_of
from cprsync.domain.patron.responsible import NoLink
from cprsync.domain.patron.review import PARKED
from cprsync.domain.person.person import Status
from cprsync.domain.person.status import Action
from cprsync.errors import BadInput, LostCompare
from cprsync.services.ports.register import FIRST_COPY, PROTECTION_QUESTIONS

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence
    from datetime import date

    from cprsync.domain.deciding.guard import Outcome
    from cprsync.domain.lending.fees import Owing
    from cprsync.domain.patron.local import Block, Local
    from cprsync.domain.patron.patron import AsOf, Patron
    from cprsync.domain.patron.responsible import Answering
    from cprsync.domain.person.number import CprNumber
    from cprsync.domain.person.person import Person
    from cprsync.domain.policy.policy import Harm, Policy
    from cprsync.services.ports.register import FollowUp
    from cprsync.services.ports.runs import Run


_T = TypeVar("_T")
#: How often a write that loses its compare-and-set is decided again before the program gives up.
TRIES: Final = 3
#: The message for each refused link. The error's kind ends in the reason's own name.
_REFUSALS: Final = {
    NoLink.SELF: "a patron does not answer for their own debts: that is their own number",
    NoLink.OF_AGE: "the patron is of age: nobody answers for their new debts",
    NoLink.MINOR: "the responsible person is a minor too",
    NoLink.GONE: "the responsible person can no longer be asked for anything",
    NoLink.TOO_MANY: "four answer for the patron already",
    NoLink.CIRCLE: "the patron answers for that person, or for someone who does",
}
_GONE_PATRON: Final = "patron {patron} cannot answer for anyone (in CPR: {state})"
_GONE_TYPED: Final = "the person whose number was typed cannot answer for anyone (in CPR: {state})"


#: The actions that bring a birth date from the register.
_BORN_ANEW: Final = frozenset({Action.FIRST_COPY, Action.BIRTH_CORRECTED})


@dataclass(frozen=True, slots=True)
class NotOurs:
    """No patron has this number."""


@dataclass(frozen=True, slots=True)
class Equal:
    """The patron's fingerprint equals the person's, so the record was not opened."""

    patron_id: str
    version: int
    as_of: AsOf


Recognised: TypeAlias = "NotOurs | Equal | Patron"


@dataclass(frozen=True, slots=True, repr=False)
class Prepared:
    """A record encoded once. The same bytes are sealed and fingerprinted."""

    canonical: bytes
    fingerprint: bytes
    #: the id of the fingerprint's key
    key: str


@dataclass(frozen=True, slots=True, repr=False)
class Write:
    """One change to write, with compare-and-set on the version of `patron`."""

    patron: Patron
    after: Person
    prepared: Prepared
    #: None: the patron gets another number before any source has spoken about them
    as_of: AsOf | None
    actions: tuple[Action, ...]
    #: the municipality number that CULR is to hold from now on; None: it keeps its number, under the new CPR number if
    #: any
    culr: str | None = None
    letters_stopped: date | None = None
    #: letters that a death stopped are sent again
    letters_resume: bool = False
    #: the day of the delivery that gives `after` another number than `patron`
    renumbered: date | None = None
    #: numbers that the register led through on the way there, oldest first
    passed: tuple[CprNumber, ...] = ()
    #: the patron's group from now on; None: the group and the next day on which age changes it stay
    group: str | None = None
    next_age_step: date | None = None
    #: the last day of the subscription of a patron who has died
    subscribed_until: date | None = None
    #: the death was a mistake: the patron stays subscribed
    lives_again: bool = False
    #: something that the patron's rights to net media depend on has changed
    rights_due: bool = False

    @property
    def moves_day_of_age(self) -> bool:
        """Whether the write may change the birth date. If so, the calendar checks the minor tonight."""
        return self.renumbered is not None or not _BORN_ANEW.isdisjoint(self.actions)

    @property
    def replaces_account(self) -> bool:
        """Whether the new number replaces an account under an old CPR number.

        An account under a patron number is found at the time of sending.
        """
        return self.renumbered is not None and not self.patron.number.is_replacement

    @property
    def is_published(self) -> bool:
        """Whether the net media are told. They know borrowers only."""
        return self.patron.borrows and (self.culr is not None or self.replaces_account)


@dataclass(frozen=True, slots=True)
class Touch:
    """The record stays as it is and is now true for a newer day."""

    patron_id: str
    as_of: AsOf


@dataclass(frozen=True, slots=True, repr=False)
class Item:
    """One line of the balance sheet."""

    ordinal: int
    delivery_id: int | None
    number: CprNumber | None
    patron_id: str | None
    outcome: Outcome
    actions: tuple[Action, ...] = ()
    reason: str | None = None


@dataclass(frozen=True, slots=True, repr=False)
class Named:
    """What else the register names, if a patron's number is left to staff to decide."""

    patron_id: str
    #: the kind of the review item
    kind: str
    #: the other patron, who has that number
    other: str | None = None
    #: an old number of the patron, and `new`, which replaces it but is not the patron's present number
    old: CprNumber | None = None
    new: CprNumber | None = None


@dataclass(frozen=True, slots=True)
class Batch:
    """What one transaction writes: records, before-images, audit, outbox, items, follow-ups, checkpoint."""

    writes: Sequence[Write] = ()
    touches: Sequence[Touch] = ()
    items: Sequence[Item] = ()
    asks: Sequence[FollowUp] = ()
    answered: Sequence[FollowUp] = ()
    #: patron ids with the kind of review
    reviews: Sequence[tuple[str, str]] = ()
    named: Sequence[Named] = ()
    #: patron ids with an old number that, by the register, leads to the present one, or nowhere any more
    agreed: Sequence[tuple[str, CprNumber]] = ()
    #: patrons with a protection that may have ended, by a look-up of this night that two people must confirm
    doubted: Sequence[str] = ()
    #: patrons with a protection that a delivery has called ended, and the register not: asked again on another day
    denied: Sequence[str] = ()
    #: patrons that the register has answered about: their windows close
    verified: Sequence[str] = ()
    #: patrons about whom the register has given an answer that can be read
    read: Sequence[str] = ()
    #: patrons with a protection that a source confirms
    confirmed: Sequence[str] = ()
    #: patrons with a protection that a delivery tells of, and its day, also if its record has to wait
    told: Sequence[tuple[str, date]] = ()
    #: harm of these writes that the limits on the day's answers count
    harms: Mapping[Harm, int] = field(default_factory=dict)
    checkpoint: int | None = None

    @property
    def heard(self) -> set[str]:
        """The patrons about whom a source has told something: what they said themselves can be compared with it."""
        # a first copy answers the first-copy question, also when the look-up was made for another reason
        answered = {one.patron_id for one in self.answered if one.kind == FIRST_COPY}
        return answered | {write.patron.id for write in self.writes}

    def review_news(self) -> ReviewNews:
        """What the batch may raise or settle review items about."""
        still = {patron_id for patron_id, kind in self.reviews if kind.startswith(PARKED)}
        answered = {one.patron_id for one in self.answered if one.kind in PROTECTION_QUESTIONS}
        unprotected = {one.patron.id for one in self.writes if Action.UNPROTECT in one.actions}
        decided = {one.patron.id for one in self.writes if not only_protects(one.patron, one.as_of, one.actions)}
        # an answer about the protection alone decides nothing else: a record that has to wait still waits
        decided -= answered & unprotected
        return ReviewNews(
            changes=[(write.patron, write.after) for write in self.writes],
            decided=frozenset(decided.union(touch.patron_id for touch in self.touches) - still),
            read=frozenset(self.read),
            undoubted=frozenset(answered.union(unprotected, self.confirmed, self.denied)),
            given=frozenset((one.patron.id, one.after.number) for one in self.writes if one.renumbered is not None),
            agreed=frozenset(self.agreed),
            asked=self.reviews,
            named={(one.patron_id, one.kind): OldNumber(one.old, one.new) for one in self.named if one.old is not None},
        )


@dataclass(frozen=True, slots=True, repr=False)
class NewPatron:
    """A patron to create, not yet verified, or what an import list says about an existing one.

    Without a CPR number, the patron is identified by patron number or cards.
    """

    number: CprNumber | None
    local: Local
    patron_id: str = ""
    #: "": the list does not say
    kind: str = ""
    #: a name from the list; it counts only for a patron who is not in the register
    name: str = ""
    #: an address from the list; for a patron in the register, it becomes the contact address
    address: str = ""
    #: a birth date from the list; it counts only for a patron who is not in the register
    born: date | None = None


class InForce(NamedTuple):
    """One link in force between a minor and the person who answers."""

    minor_id: str
    responsible_id: str
    since: date


@dataclass(frozen=True, slots=True)
class Linked:
    """One link between a minor and the person who answers.

    `until`: the first day on which the person no longer answers. `owes`: a debt from that time is still open.
    """

    responsible_id: str
    since: date
    until: date | None
    owes: bool


@dataclass(frozen=True, slots=True)
class Minor:
    """One of the minors that a patron answers for, and since when."""

    patron_id: str
    since: date


class Patrons(Protocol):
    """The records of all patrons, recognised, read and written."""

    def count(self) -> int:
        """Count the patrons of the library, without those who were merged or have left."""

    def count_silent(self) -> int:
        """Count the patrons about whose protection no source has spoken, although one could."""

    def recognise(self, persons: Sequence[Person]) -> list[Recognised]:
        """Return for each person: not ours, equal by fingerprint, or the opened patron."""

    def read(self, ids: Sequence[str]) -> list[Patron]:
        """Return the patrons with these ids in the order asked. Unknown ids and patrons who have left are skipped."""

    def old_numbers(self, numbers: Sequence[CprNumber]) -> dict[CprNumber, str]:
        """Return which of the numbers are old numbers, and the patron who had each."""

    def prepare(self, after: Person) -> Prepared: ...

    def write(self, run: Run | None, batch: Batch) -> None:
        """Write what the batch holds: all of it, or nothing. Raises LostCompare if a patron changed since."""

    def overridden(self) -> list[str]:
        """Return the patrons with a live correction, in order."""

    def sealed_among(self, ids: Collection[str], *, silent_is_sealed: bool) -> set[str]:
        """Return those of these patrons who are sealed for a reason of their own."""

    def find(self, number: CprNumber) -> str | None:
        """Return the patron who has this number, or had it before (decision 6)."""

    def with_number(self, number: CprNumber) -> Patron | None:
        """Same as `find`, but returns the opened patron. None: nobody has it, or who had it has left."""


class Lending(Protocol):
    """Loans and what is owed."""

    def circulation(self, patron_id: str) -> dict[str, list[dict[str, Any]]]:
        """Return the patron's loans, reservations, balances and messages, by those names."""

    def owing(self, patron_id: str, on: date) -> Owing:
        """Return the loans that are late on a day and not over, and what is unpaid, each in the order of its days."""

    def answering_for(self, patron_id: str) -> list[str]:
        """Return the patron numbers of those who answer for the patron's new debts."""


class KeptBlocks(Protocol):
    """Blocks that outlive the record of a patron who left, by CPR number."""

    def of(self, number: CprNumber) -> tuple[Block, ...]:
        """Return the blocks that are kept by a number, the oldest first."""

    def numbered(self, number: CprNumber) -> dict[int, Block]:
        """Return the blocks that are kept by a number, by their row ids, the oldest first."""

    def lift(self, number: CprNumber, *, user: str, reason: str, only: int | None = None) -> int:
        """Delete the blocks kept by a number, or `only` one of them, with an audit entry. Returns how many."""


class Responsibles(Protocol):
    """Who answers for whom."""

    def answering(self, responsible_ids: Collection[str]) -> list[Answering]:
        """Return every link in force of each minor that one of these patrons answers for."""

    def in_force(self, minor_ids: Collection[str]) -> list[InForce]:
        """Return every link in force of these minors, in one query."""

    def links(self, minor_id: str) -> list[Linked]:
        """All links of a minor to those who answer for them, the oldest first."""

    def minors_of(self, responsible_id: str) -> list[Minor]:
        """Return every minor that this person is responsible for now, the oldest link first."""

    def end(self, minor_id: str, responsible_id: str, *, user: str) -> bool:
        """End a link from today on, with its audit entry. Return False if no link is in force."""


def write_again_if_lost(write: Callable[[], _T]) -> _T:
    """Decide and write, and do both again if someone else wrote the record meanwhile. Raises LostCompare in the end."""
    for _ in range(TRIES - 1):
        with suppress(LostCompare):
            return write()
    return write()


def with_age(write: Write, *, on: date, policy: Policy | None) -> Write:
    """Add the group and rights that follow from a new birth date. Without a policy, return the write unchanged."""
    patron = write.patron
    if policy is None or write.after.birth == patron.register.birth:
        return write
    facts = CalendarFacts(patron.id, write.after, patron.group, patron.overrides, borrows=patron.borrows)
    group, step = age_step_of(facts, on, policy)
    return replace(write, group=group, next_age_step=step, rights_due=bool(policy.products.periods))


def patron_exists() -> BadInput:
    """The error for somebody who is to be added, and has a record here."""
    return BadInput("that person is a patron already: nothing was added", kind="patron.exists")


def no_such_patron() -> BadInput:
    """The error for a patron number that nobody has."""
    return BadInput("there is no such patron", kind="patron.unknown")


def refuse_link(why: NoLink, responsible: Patron) -> BadInput:
    """The error that says why a link is refused. If a person is gone in CPR, it also names their state."""
    kind, status = f"responsible.{why.value}", responsible.register.status
    if why is not NoLink.GONE or not isinstance(status, Status):
        return BadInput(_REFUSALS[why], kind=kind)
    state = rule_words(f"status.{status.value}")
    if not responsible.id:
        return BadInput(_GONE_TYPED, state=state, kind=kind)
    return BadInput(_GONE_PATRON, patron=responsible.id, state=state, kind=kind)

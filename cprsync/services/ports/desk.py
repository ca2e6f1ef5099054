"""What a desk reads and writes of one patron, and what waits for a person."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Protocol

from cprsync.domain.patron.local import Local, Stage
from cprsync.domain.patron.review import ReviewKind, review_kind
from cprsync.domain.person.age import LeapDay
from cprsync.domain.person.person import SILENT
from cprsync.errors import ReviewChanged
from cprsync.services.ports.leaving import CONFIRMED, Erased

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import date, datetime

    from cprsync.domain.deciding.reviews import ItemInForce
    from cprsync.domain.patron.local import ListChange
    from cprsync.domain.patron.override import Overridden, Override
    from cprsync.domain.patron.patron import Patron
    from cprsync.domain.patron.provisional import OwnStatement
    from cprsync.domain.patron.review import State
    from cprsync.domain.person.number import CprNumber
    from cprsync.domain.person.person import Abroad, Contact, Gap, Person, Silent
    from cprsync.domain.person.sealed import Address, Name, SealedAddress
    from cprsync.domain.policy.policy import Policy
    from cprsync.services.ports.patrons import Batch, NewPatron, Write
    from cprsync.services.ports.register import Subscribed
    from cprsync.services.ports.runs import Run


#: The purpose in the audit entry. The reason beside it is in the user's own words.
SHOW: Final = "show"
#: Why a record is looked at without anything being opened: somebody is served at the desk, or a case is answered.
SERVE, REVIEW = "serve", "review"
#: The same, of a patron who opens their own record.
OWN: Final = "own"


@dataclass(frozen=True, slots=True, repr=False)
class Opened:
    """The opened values of one patron's sealed fields. Only the audit port makes one, after its entry is written."""

    name: Name | Gap
    address: Address | Silent
    abroad: Abroad | Silent
    contact: Contact | Gap
    local: Local
    overrides: tuple[Override, ...]
    #: what they said of themselves while the register did not answer
    said: OwnStatement | None = None

    def __repr__(self) -> str:
        return "Opened(…)"


@dataclass(frozen=True, slots=True, repr=False)
class DeskEntry:
    """What the desk writes about one patron in one transaction."""

    #: None: the patron is created, and has no number of the register's
    number: CprNumber | None
    #: None: the patron is created
    patron_id: str | None
    batch: Batch
    user: str
    #: the result of the subscription call; None: the patron was subscribed already
    subscribed: Subscribed | None = None
    #: the last day of the subscription; None: it has no end
    until: date | None = None
    #: the minor that this person answers for; a new record then has the kind "only answers"
    answers_for: str | None = None
    leap: LeapDay = LeapDay.MARCH
    #: the patron comes on their own behalf: a patron who was leaving stays, one who only answered may now borrow
    returns: bool = False
    #: gives the patron a number, which can be taken back later
    sets_number: bool = False
    #: a new record may borrow
    borrows: bool = True
    #: why it was written in spite of a warning, for the audit; "": no reason was required
    reason: str = field(default="", repr=False)
    #: what else was typed, as a row of a list; None: nothing was
    beside: NewPatron | None = None
    #: reads what was typed; None: with nothing typed
    policy: Policy | None = None
    #: the PIN for all the patron's cards; "": none was typed
    pin: str = field(default="", repr=False)
    #: what the person says of themselves, as long as the register has not answered
    said: OwnStatement | None = None
    #: who is to answer for the patron: written in the same transaction
    answered_by: DeskEntry | None = None
    #: what is corrected at once of a patron whom no register knows; None: nothing is
    corrects: Callable[[Patron], Correction] | None = None


@dataclass(frozen=True, slots=True, repr=False)
class Correction:
    """An override as written: the record's next version, and what follows from it at once."""

    field: Overridden
    #: None: the override in force is taken back
    override: Override | None
    write: Write
    #: the patron group in force from now on
    group: str
    #: the column `next_age_step`, if it changes
    days: Mapping[str, date | None]
    #: the policy that gives the day on which the patron's record is due next, after the write
    policy: Policy
    #: why the override is written or taken back
    reason: str


@dataclass(frozen=True, slots=True, repr=False)
class OwnWord:
    """The library's own value for a field that otherwise belongs to the register."""

    field: str
    write: Write


@dataclass(frozen=True, slots=True, repr=False)
class LocalChange:
    """A change to a field that patron or staff own, as it is written."""

    patron_id: str
    #: the field's name in the record, for the audit
    field: str
    #: computes the new local part from the stored one at the time of writing; raises BadInput
    after: Callable[[Local], Local]
    #: for the audit of a list: added, removed or replaced
    doing: ListChange | None = None
    #: a PIN as typed, for all the patron's cards; "": no PIN; None: the change is not about the PIN
    pin: str | None = None
    #: the policy that gives the day on which the patron's record is due next; None: the field has no days
    policy: Policy | None = None


@dataclass(frozen=True, slots=True, repr=False)
class Reveal:
    """A request: which fields of which patron, by which user, and why."""

    patron_id: str
    fields: tuple[str, ...]
    user: str
    reason: str
    purpose: str = SHOW


@dataclass(frozen=True, slots=True)
class Numbered:
    """The patron that a patron number belongs to now: its own, or the one that it was merged into."""

    patron_id: str
    stage: Stage


@dataclass(frozen=True, slots=True, repr=False, kw_only=True)
class PersonView:
    """A person as a record shows them: one of ours, or one who is not a patron."""

    patron: Patron
    local: Local = field(default_factory=Local)
    #: for each action, the day of the last run in which it happened
    since: Mapping[str, date] = field(default_factory=dict)
    #: the register's news could not be decided, and waits for a person
    parked: bool = False
    #: the address is sealed to protect someone else who lives there
    household: bool = False
    #: the ids of those who answer for the patron's new debts
    responsibles: tuple[str, ...] = ()
    #: whether the patron is leaving, or gone
    stage: Stage = Stage.ACTIVE
    #: the record keeps only what the register or the net media have still to hear
    erased: bool = False
    #: the record is empty, and others have still to confirm it
    waits: Erased = CONFIRMED
    #: since when what the patron said of themselves is kept; None: it is not
    said_since: datetime | None = None
    #: staff have said that the register's person is another than the one who said it
    is_other: bool = False

    @property
    def is_provisional(self) -> bool:
        """Whether the patron was registered while the register did not answer, and no source has named them since."""
        return self.said_since is not None and (not self.patron.is_known or self.patron.register.name is SILENT)

    def is_sealed(self, policy: Policy) -> bool:
        """Whether only a reasoned reveal may show name and address."""
        return self.is_provisional or self.patron.is_sealed(
            silent_is_sealed=policy.silent_is_sealed, parked=self.parked
        )


@dataclass(frozen=True, slots=True, repr=False, kw_only=True)
class PatronView(PersonView):
    """One patron, opened: the register's part, the local part, and since when."""

    #: since when the register tells of the number that the patron has now; None: it does not
    subscribed_since: date | None
    #: the patron who keeps what this patron had; this record is an empty shell
    merged_into: str | None = None

    @property
    def register(self) -> Person:
        return self.patron.register


class DeskRecords(Protocol):
    """What the desk writes when it registers and looks up."""

    def intend(self, number: CprNumber, *, purpose: str, user: str, patron_id: str | None) -> None:
        """Write an audit entry, with the keyed index of the number, before a machine makes a look-up.

        No rule binds it: what a person wants is admitted by `Access.admit`.
        """

    def save(self, entry: DeskEntry) -> str:
        """Create or change one patron and write the subscription: all of it, or nothing. Returns the patron's id.

        Raises LostCompare, here and below, if someone else wrote the patron since the decision. Raises BadInput if
        what was typed beside, or the link to who answers for the patron, is refused.
        """

    def protect(self, write: Write, *, user: str) -> None:
        """Write a protection that a look-up told of, and nothing else of its answer. Raises LostCompare."""

    def ask_staff(self, patron_id: str, kind: str, *, about: str) -> None:
        """Open one review item about two patrons, once. Touches no record."""


class StaffChanges(Protocol):
    """What staff change in a record."""

    def correct(self, correction: Correction, *, user: str) -> None:
        """Write an override or take one back, and update group, municipality and net media at once.

        The record moves on by one version: a night that decided without the override decides again.
        """

    def write_own(self, word: OwnWord, *, user: str) -> None:
        """Write a value in the register's part of a patron whose number the register does not know."""

    def change_local(self, change: LocalChange, *, user: str) -> bool:
        """Set one field that patron and staff own. Returns False if it has this value already.

        Raises LostCompare if the patron has left, or was merged, since somebody looked. Raises BadInput if another
        patron has one of the cards, or there is no card for the PIN.
        """


class Views(Protocol):
    """Records opened to be shown, found or compared."""

    def patron(self, patron_id: str) -> PatronView | None:
        """Return one patron; None: no such patron."""

    def decided_on(self, patron_id: str) -> tuple[Patron, PatronView] | None:
        """Return one patron as they are stored, to be decided on, and as `patron`. None also for one who has left."""

    def numbered(self, patron_id: str) -> Numbered | None:
        """The patron with this patron number, also one who has left. None: nothing is left of them."""

    def with_card(self, card: str) -> str | None:
        """Find who has a card, however its letters and spaces are written; None: nobody."""

    def in_household(self, address: Address | SealedAddress, *, but: str | None) -> bool:
        """Return whether a patron who is sealed for a reason of their own has this address. `but` does not count."""

    def opened_records(self) -> Iterator[tuple[str, Person, Local]]:
        """Open every record, in the order of the ids, a few at a time, without those who were merged or have left."""

    def everything(self, *names: str) -> dict[str, list[dict[str, Any]]]:
        """Return every row of the agency, sorted, with sealed values opened and bytes as hex.

        `names`: of these tables only; none: of every table.

        For tests: two stores with the same content are equal here, although no two seals are.
        """

    def reveal(self, asked: Reveal) -> Opened:
        """Commit the audit entry, and then open the fields."""

    def note_own(self, patron_id: str, fields: tuple[str, ...], *, proof: str) -> None:
        """Write an audit entry that a patron looks at their own record. `proof`: how they proved who they are."""


@dataclass(frozen=True, slots=True)
class Later:
    """An item that was put off: the day on which it waits again, and who put it off."""

    until: date
    by: str


@dataclass(frozen=True, slots=True)
class ReviewItem:
    """One review item. It holds kinds and ids only."""

    id: int
    patron_id: str
    kind: str
    state: State
    since: date
    #: the other patron, if two are concerned
    about: str | None = None
    decided_by: str | None = None
    decided_at: datetime | None = None
    #: None: it was not put off
    later: Later | None = None

    def is_put_off(self, on: date) -> bool:
        """Whether it is put off beyond a day."""
        return self.later is not None and self.later.until > on

    @property
    def row(self) -> ReviewKind:
        return review_kind(self.kind)


def has_number_by_now(item: int) -> ReviewChanged:
    """The error for an item that offers a number which the patron has already, or which is forgotten."""
    return ReviewChanged("review item {id}: the patron has that number by now, or it is forgotten", id=item)


@dataclass(frozen=True, slots=True)
class GivenAnswer:
    """An answer to an item, and the user who gives it."""

    item: ReviewItem
    state: State
    user: str
    reason: str | None = None
    #: the write that gives the patron a number; None: the answer gives none
    write: Write | None = None


class Reviews(Protocol):
    """What waits for a person, as the night sees it."""

    def waiting(self) -> dict[str, int]:
        """Count the items that wait for a person, by kind."""

    def oldest(self) -> dict[str, date]:
        """Return by kind the day on which the oldest item that waits was opened."""

    def proposed(self, run: Run) -> dict[str, int]:
        """How many reviews that the statuses of the run's changes propose still wait, by kind."""

    def in_force(self, patron_ids: Sequence[str]) -> list[ItemInForce]:
        """The reviews about these patrons that wait or were accepted."""

    def was_asked(self, patron_id: str, kind: str, *, since: date) -> bool:
        """Whether an item of a kind was opened about a patron since a day, whatever became of it."""


class ReviewDesk(Protocol):
    """What waits for a person, as the desk reads and answers it."""

    def items(self, *, all_states: bool) -> list[ReviewItem]:
        """Return the items that wait, or all items, the oldest first."""

    def answered(self, *, most: int) -> list[ReviewItem]:
        """Return the items that staff answered, the latest answer first."""

    def put_off(self, item: ReviewItem, later: Later | None, *, user: str, reason: str) -> None:
        """Let an item wait until a day; None: now. Raises ReviewClosed if it was answered meanwhile."""

    def waiting_about(self, patron_id: str) -> list[ReviewItem]:
        """Return the items that wait about a patron, also as the other one of two, the oldest first."""

    def item(self, number: int) -> ReviewItem | None:
        """Return one item; None: no item has that number."""

    def count(self, kind: str, *, since: datetime) -> int:
        """Count the items of a kind that were accepted since a moment. Items taken back later count too."""

    def named_number(self, number: int) -> CprNumber | None:
        """Return the number that an item would give its patron; None: the item has none, or it is deleted."""

    def write(self, given: GivenAnswer) -> None:
        """Write the answer, or nothing. Raises ReviewClosed if the item has been answered by then.

        Raises LostCompare if the patron who gets a number has changed by then, or another patron has that number.
        """

    def note_first_yes(self, item: ReviewItem, *, user: str) -> None:
        """Record who accepted first, where two must accept. Raises ReviewClosed if another user was quicker."""

    def circulation_counts(self, patron_id: str) -> dict[str, int]:
        """Count what a merge would move, by table."""

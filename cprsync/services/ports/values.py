"""The values that pass through the ports: the register's answers, a delivery's counts, and the rows of a run.

Holds no rule and no port. What a record says is `domain`'s.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from cprsync.domain.feed.delivery import DISCARDED
from cprsync.domain.person.often import made_often
from cprsync.domain.person.person import SILENT

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date, datetime

    from cprsync.domain.deciding.balance import Outcome
    from cprsync.domain.feed.delivery import Header
    from cprsync.domain.leaving.leaving import Ties
    from cprsync.domain.netmedia.account import Identity
    from cprsync.domain.netmedia.drift import Wanted
    from cprsync.domain.netmedia.right_facts import RightFacts
    from cprsync.domain.patron.local import Local, Stage
    from cprsync.domain.patron.override import Override
    from cprsync.domain.patron.patron import AsOf, Patron
    from cprsync.domain.person.action import Action
    from cprsync.domain.person.number import CprNumber
    from cprsync.domain.person.person import Abroad, Address, Contact, Gap, Name, Person, Protection, Silent, Status
    from cprsync.domain.policy.policy import Harm
    from cprsync.errors import CprsyncError


@dataclass(frozen=True, slots=True, repr=False)
class Found:
    """The register's answer about one number."""

    number: CprNumber
    person: Person


@dataclass(frozen=True, slots=True, repr=False)
class NotFound:
    """No person for one number; the error says whose fault that is."""

    number: CprNumber
    error: CprsyncError


@dataclass(frozen=True, slots=True, repr=False)
class KeptAnswer:
    """What the register answered in a run that was stopped before it had decided on it."""

    answer: Found | NotFound
    #: the day it speaks of
    as_of: AsOf


class Subscribed(enum.Enum):
    """What a subscription call did."""

    #: ADDED
    ADDED = "added"
    #: ALREADY_EXISTED
    ALREADY = "already"
    #: REMOVED
    REMOVED = "removed"
    #: NON_EXISTING_PNR: was not subscribed
    ABSENT = "absent"


@dataclass(frozen=True, slots=True, repr=False)
class Unreadable:
    """A person in a delivery whose records break the layout; the reason is a stable name."""

    number: CprNumber | None
    reason: str
    #: all that is believed of her: known where a valid record tells of a protection, and dead where a 001 says so
    protection: Protection | Gap = SILENT
    status: Status | Silent = SILENT


Delivered: TypeAlias = "Person | Unreadable"


@dataclass(frozen=True, slots=True)
class Inspection:
    """What a whole and undamaged delivery holds, counted without a store."""

    header: Header
    framing: str
    records: int
    persons: int
    by_record: Mapping[str, int]
    by_status: Mapping[str, int]
    protected: int
    events: int
    by_event: Mapping[str, int]
    unknown_records: Mapping[str, int]


@dataclass(frozen=True, slots=True, repr=False)
class Links:
    """What a delivery says of replaced numbers, before any person of it is read."""

    #: a number of status 50 or 60 to the one that replaces it
    replaced: Mapping[CprNumber, CprNumber] = field(default_factory=dict)
    #: of the new numbers those that the delivery holds a person for
    delivered: frozenset[CprNumber] = frozenset()


class RunState(enum.Enum):
    """A run's states (decision 17)."""

    #: deliveries are in the inbox
    FETCHED = "fetched"
    #: whole, in chain
    ACCEPTED = "accepted"
    #: the whole plan is there
    PLANNED = "planned"
    #: stopped by a brake
    HELD = "held"
    #: two people said yes
    APPROVED = "approved"
    #: the first batch may have been written
    APPLYING = "applying"
    #: the outbox was offered to the counterparts
    PUBLISHED = "published"
    #: the report is written
    CLOSED = "closed"


class InboxState(enum.Enum):
    """Where a sealed delivery stands."""

    #: it is being sealed; what there is of it is no delivery yet
    RECEIVING = "receiving"
    #: sealed, not yet verified
    SEALED = "sealed"
    #: whole and in chain; a run has it
    ACCEPTED = "accepted"
    #: every person of it is accounted for
    APPLIED = "applied"
    #: damaged or out of chain
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Run:
    """One run of one agreement; `epoch` is the fence that a newer run moves."""

    id: int
    epoch: int
    day: date
    started: datetime
    resumed: bool = False
    #: how many items of the deliveries are written: a resumed run goes on after them
    checkpoint: int = 0


@dataclass(frozen=True, slots=True)
class SealedDelivery:
    """A delivery in the inbox."""

    id: int
    name: str
    sha256: str
    size: int
    state: InboxState
    header: Header | None = None
    received: int = 0
    #: an operator takes it though it is out of chain
    accepted: bool = False
    #: why an earlier run did not take it; None: none has refused it
    refused: str | None = None
    #: it was of no use, and its content is gone: nothing of it can be looked at again
    forgotten: bool = False

    @property
    def is_set_aside(self) -> bool:
        """Whether an operator has said that no night shall look at it again."""
        return self.refused == DISCARDED


@dataclass(frozen=True, slots=True)
class NotOurs:
    """No patron has this number."""


@dataclass(frozen=True, slots=True)
class Equal:
    """The patron's fingerprint equals the person's: nothing was opened."""

    patron_id: str
    version: int
    as_of: AsOf


Recognised: TypeAlias = "NotOurs | Equal | Patron"


@made_often
@dataclass(frozen=True, slots=True, repr=False)
class Prepared:
    """A record encoded once: the same bytes are sealed and fingerprinted."""

    canonical: bytes
    fingerprint: bytes


@made_often
@dataclass(frozen=True, slots=True, repr=False)
class PlanRow:
    """One planned change, without values; `digest` is the fingerprint of the new ones."""

    patron_id: str
    version: int
    actions: tuple[Action, ...]
    harms: tuple[Harm, ...]
    digest: bytes


@made_often
@dataclass(frozen=True, slots=True, repr=False)
class Write:
    """One change to write, with compare-and-set on the version of `patron`."""

    patron: Patron
    after: Person
    prepared: Prepared
    #: None for a patron who gets another number before any source has spoken of her
    as_of: AsOf | None
    actions: tuple[Action, ...]
    #: the municipality number that CULR is to hold from now on; None: what it holds stays, under her new number if any
    culr: str | None = None
    letters_stopped: date | None = None
    #: letters that a death stopped go out again
    letters_resume: bool = False
    #: the day of the delivery by which `after` has another number than `patron`
    renumbered: date | None = None
    #: her patron group from now on; None: it and the next day on which age changes it stay
    group: str | None = None
    next_age_step: date | None = None
    #: the last day on which a patron who has died stays subscribed
    subscribed_until: date | None = None
    #: her death was a mistake: she stays subscribed
    lives_again: bool = False
    #: what her rights to net media hang on has changed
    rights_due: bool = False


@dataclass(frozen=True, slots=True)
class DuePage:
    """Some of the patrons for whom something is due by a day, or of all patrons, in the order of their ids."""

    day: date
    limit: int
    everyone: bool = False
    #: the id after which they come
    after: str = ""
    #: False where no group follows age: whoever a list brought is not looked at for it
    by_age: bool = True


@dataclass(frozen=True, slots=True)
class Touch:
    """The record stays as it is and is now true for a newer day."""

    patron_id: str
    as_of: AsOf


@made_often
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


@dataclass(frozen=True, slots=True)
class FollowUp:
    """A question to the register that stays open until it is answered."""

    patron_id: str
    #: `protection_end`, `first_copy`, `number_change` or `window`
    kind: str


@dataclass(frozen=True, slots=True, repr=False)
class Named:
    """What else the register names, where it leaves a patron's number to a person."""

    patron_id: str
    #: of which review item
    kind: str
    #: the patron who has that number
    other: str | None = None
    #: an old number of hers, and the one that replaces it now, where that is not the one she has
    old: CprNumber | None = None
    new: CprNumber | None = None


@dataclass(frozen=True, slots=True)
class InWindow:
    """A patron of whom the feed could not have told."""

    patron_id: str
    since: date
    #: as `domain.feed.window.Why` names it
    why: str
    #: the last day on which the register was asked without an answer
    asked: date | None = None
    #: the review item that waits about the patron, or by whose rejection they keep a replaced number
    item: int | None = None
    #: whether that item waits; False: it was rejected
    waits: bool = False


@dataclass(frozen=True, slots=True)
class AskedToday:
    """How many in a window the register was asked about on a day, and the harm done by its answers."""

    asked: int = 0
    harms: Mapping[Harm, int] = field(default_factory=dict)


@dataclass(slots=True)
class Batch:
    """What one transaction writes: records, before-images, audit, outbox, items, follow-ups, checkpoint."""

    writes: list[Write] = field(default_factory=list)
    touches: list[Touch] = field(default_factory=list)
    items: list[Item] = field(default_factory=list)
    asks: list[FollowUp] = field(default_factory=list)
    answered: list[FollowUp] = field(default_factory=list)
    reviews: list[tuple[str, str]] = field(default_factory=list)
    named: list[Named] = field(default_factory=list)
    #: patrons and their old numbers of which the register says that they lead to the present one
    agreed: list[tuple[str, CprNumber]] = field(default_factory=list)
    #: patrons whose protection may have ended, by a look-up of this night that two people have to believe
    doubted: list[str] = field(default_factory=list)
    #: patrons of whom the register has answered: a window of theirs closes
    verified: list[str] = field(default_factory=list)
    checkpoint: int | None = None


@dataclass(frozen=True, slots=True, repr=False)
class Gaps:
    """Our subscriptions against the register's list."""

    #: ours, and not in the list
    missing: tuple[CprNumber, ...]
    #: in the list; we added them, and no reason holds any more
    ended: tuple[CprNumber, ...]
    #: in the list, and not from us
    foreign: tuple[CprNumber, ...]
    #: ours, and in the list
    kept: int
    #: not in the list; we added them, and no reason holds any more: a removal of which we were not told
    gone: tuple[CprNumber, ...] = ()


@dataclass(frozen=True, slots=True, repr=False)
class NewPatron:
    """A patron to create, not yet verified, or what a list says of one who is there.

    Without a number she is the one of that patron number, or of these cards.
    """

    number: CprNumber | None
    local: Local
    patron_id: str = ""
    #: "": the list does not say
    kind: str = ""
    #: what a list says where the register's word stands: it counts only of whom no register knows
    name: str = ""
    #: the same of an address: then it is her contact address
    address: str = ""
    #: the same of a birth date
    born: date | None = None


@dataclass(frozen=True, slots=True)
class Tally:
    """What the stored items of a run add up to."""

    outcomes: Mapping[Outcome, int]
    by_action: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Departed:
    """How many the policy has asked to leave, and how many records were closed."""

    asked: int = 0
    closed: int = 0
    #: subscriptions that no reason holds any more
    ended: int = 0

    def __add__(self, other: Departed) -> Departed:
        return Departed(self.asked + other.asked, self.closed + other.closed, self.ended + other.ended)


@dataclass(frozen=True, slots=True)
class Done:
    """What an open run has done so far, outside its balance sheet and in it."""

    subscribed: int
    unsubscribed: int
    by_action: Mapping[str, int]
    #: what was over and is forgotten, by kind
    forgotten: Mapping[str, int] = field(default_factory=dict)
    #: patrons whom the policy has asked to leave, and records that were closed
    departed: Departed = Departed()
    #: subscriptions whose reason held no more, but those of whoever was closed
    ended: int = 0


# -- the net media ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Backlog:
    """What the net media have still to hear."""

    waiting: int = 0
    #: refused for good: a person has to look
    failed: int = 0
    #: since when the oldest waits
    oldest: datetime | None = None


@dataclass(frozen=True, slots=True)
class AccountState:
    """What is known of one patron's account in CULR; three digits, "" for none on purpose."""

    exists: bool = False
    #: what was last sent
    sent: str | None = None
    #: what CULR was last known to hold
    confirmed: str | None = None
    #: effects that wait
    pending: int = 0
    #: the last of them takes the account away
    deleting: bool = False
    #: on which code something ended that a person has to look at; None: nothing did
    refused: str | None = None
    #: when it was last told or read
    checked: datetime | None = None


@dataclass(frozen=True, slots=True)
class AccountSides:
    """What we say of one patron's account, and what CULR does: three digits, "" for none on purpose."""

    #: by our records there is to be one, and with which number; None: nobody knows
    account: bool = False
    ours: str | None = None
    #: what was last read in CULR, or confirmed by it; None: nothing
    theirs: str | None = None
    #: on which code what was refused ended; None: nothing is refused
    answer: str | None = None


@dataclass(frozen=True, slots=True, repr=False)
class Account:
    """One patron's account in CULR as our records see it, with nothing waiting for it."""

    patron_id: str
    #: her record's
    version: int
    identity: Identity
    want: Wanted
    #: CULR was told of it, as far as we know, and with which number last; None: whatever it held
    told: bool
    last: str | None = None
    #: numbers of hers that were replaced, under which there is to be none
    former: tuple[Identity, ...] = ()

    def __repr__(self) -> str:
        return f"Account({self.patron_id})"


@dataclass(frozen=True, slots=True, repr=False)
class Checked:
    """A record with what is kept of its rights to net media."""

    patron: Patron
    local: Local
    stage: Stage
    #: left or merged: no patron any more
    gone: bool
    #: as `domain.netmedia.rights.stored` writes them; None: none were derived
    rights: str | None
    #: they are still to be derived
    waits: bool

    def __repr__(self) -> str:
        return f"Checked({self.patron.id})"


@dataclass(frozen=True, slots=True, repr=False)
class RightsDue:
    """A patron whose rights are to be derived some day, and the line that is kept of them until then."""

    patron_id: str
    facts: RightFacts
    kept: str

    def __repr__(self) -> str:
        return f"RightsDue({self.patron_id})"


@dataclass(frozen=True, slots=True)
class Repaired:
    """What became of repairs that were decided."""

    #: how many wait to be sent now
    waiting: int = 0
    #: patrons about whom a person has to look now, and had not to before
    left: tuple[str, ...] = ()


# -- patrons who leave ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Erased:
    """What others have still to confirm of someone whose record is empty."""

    #: subscriptions that the register has to let go
    subscriptions: int = 0
    #: deletions that the net media have to hear of
    accounts: int = 0

    def __bool__(self) -> bool:
        return bool(self.subscriptions or self.accounts)


#: Everyone has confirmed it.
CONFIRMED: Final = Erased()


@dataclass(frozen=True, slots=True)
class Departure:
    """How far out one patron is, and what keeps her."""

    patron_id: str
    stage: Stage
    ties: Ties
    #: the day on which she asked
    since: date | None
    #: open reservations that went as she was closed
    dropped: int = 0
    #: her record is empty, and she is closed once these are nothing
    waits: Erased = CONFIRMED


@dataclass(frozen=True, slots=True)
class Departing:
    """Who leaves tonight."""

    #: asked by the policy, with nothing open: they are closed in the same go
    inactive: tuple[str, ...] = ()
    #: asked before, and nothing is open any more
    free: tuple[str, ...] = ()

    def __len__(self) -> int:
        """How many records are to be closed."""
        return len(self.inactive) + len(self.free)


@dataclass(frozen=True, slots=True)
class AuditState:
    """What following the audit from end to end has found."""

    #: how many entries hold, in how many streams
    entries: int
    streams: int
    #: names this state of the audit: kept elsewhere, it shows whether all of it was put back as it was earlier
    code: str
    #: everything that does not fit
    problems: tuple[CprsyncError, ...] = ()
    #: how many sealed records were opened, and whose was the last: the next night goes on after them
    records: int = 0
    last_record: str = ""


#: More records than any library has: all are opened.
EVERY_RECORD: Final = 1_000_000_000


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """Which entries of the audit are wanted."""

    patron: str | None = None
    #: who did it; "": whoever is not named
    by: str | None = None
    #: the earliest moment
    since: datetime | None = None
    limit: int = 200
    #: open the reasons that people gave
    reasons: bool = False


@dataclass(frozen=True, slots=True)
class Happening:
    """One entry of the audit: who did what, when and why. Holds no value of a record."""

    at: str
    #: none: the program by itself
    who: str | None
    what: str
    patron: str | None
    actions: tuple[str, ...]
    #: the purpose of a look-up, or of opening what is sealed
    why: str | None
    has_reason: bool
    #: in someone's own words, where it was asked to be opened
    reason: str | None = field(repr=False)
    run: int | None
    stream: str
    seq: int
    #: of someone sealed, and it may tell a birthday: it stands without the patron
    withheld: bool = False


@dataclass(frozen=True, slots=True)
class AcceptedJournal:
    """With which erase journal a library goes on."""

    #: patrons in it, and lines that the database had seen
    patrons: int
    seen: int
    #: who left, of whom the database still knew, and who is written down again
    again: int
    #: the file did not hold together, and was moved out of the way
    set_aside: bool


@dataclass(frozen=True, slots=True, repr=False)
class Opened:
    """What was sealed of one patron. Only the audit port makes one, after its entry is written."""

    name: Name | Gap
    address: Address | Silent
    abroad: Abroad | Silent
    contact: Contact | Gap
    local: Local
    overrides: tuple[Override, ...]

    def __repr__(self) -> str:
        return "Opened(…)"


@dataclass(slots=True)
class DeliveryLine:
    """One delivery of the run, as the report shows it."""

    file: str
    produced: date | None
    previous: date | None
    sha256: str
    outcome: str
    received: int = 0

    def document(self) -> dict[str, Any]:
        return {
            "file": self.file,
            "produced": self.produced and self.produced.isoformat(),
            "previous": self.previous and self.previous.isoformat(),
            "sha256": self.sha256,
            "received": self.received,
            "outcome": self.outcome,
        }


@dataclass(frozen=True, slots=True)
class StoreVersion:
    """The version a store has (None: not set up) and the one it should have."""

    current: str | None
    wanted: str

    @property
    def up_to_date(self) -> bool:
        return self.current == self.wanted

    @property
    def is_newer(self) -> bool:
        """Whether it is at a step that this program does not know."""
        return self.current is not None and self.current > self.wanted

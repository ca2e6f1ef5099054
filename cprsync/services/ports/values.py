"""The values that pass through the ports: the register's answers, a delivery's counts, and the rows of a run.

Holds no rule and no port. The meaning of a record is in `domain`.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from cprsync.domain.feed.delivery import DISCARDED
from cprsync.domain.person.person import SILENT

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date, datetime

    from cprsync.domain.deciding.guard import Outcome
    from cprsync.domain.feed.delivery import Header
    from cprsync.domain.leaving.leaving import Ties
    from cprsync.domain.netmedia.account import Identity
    from cprsync.domain.netmedia.drift import Wanted
    from cprsync.domain.netmedia.right_facts import RightFacts
    from cprsync.domain.patron.local import Local, Stage
    from cprsync.domain.patron.override import Override
    from cprsync.domain.patron.patron import AsOf, Patron
    from cprsync.domain.person.action import Action
    from cprsync.domain.person.address import Address, Name
    from cprsync.domain.person.number import CprNumber
    from cprsync.domain.person.person import Abroad, Contact, Gap, Person, Protection, Silent, Status
    from cprsync.domain.policy.policy import Harm
    from cprsync.errors import CprsyncError


@dataclass(frozen=True, slots=True, repr=False)
class Found:
    """The register's answer about one number."""

    number: CprNumber
    person: Person


@dataclass(frozen=True, slots=True, repr=False)
class NotFound:
    """No person for one number. The error says which side is at fault."""

    number: CprNumber
    error: CprsyncError


@dataclass(frozen=True, slots=True, repr=False)
class KeptAnswer:
    """An answer of the register in a run that was stopped before it could decide on it."""

    answer: Found | NotFound
    #: the day that the answer speaks of
    as_of: AsOf


class Subscribed(enum.Enum):
    """The result of a subscription call."""

    #: ADDED
    ADDED = "added"
    #: ALREADY_EXISTED
    ALREADY = "already"
    #: REMOVED
    REMOVED = "removed"
    #: NON_EXISTING_PNR: the number was not subscribed
    ABSENT = "absent"


@dataclass(frozen=True, slots=True, repr=False)
class Unreadable:
    """A person in a delivery with records that break the layout. The reason is a stable name."""

    number: CprNumber | None
    reason: str
    #: the only parts taken as true: protection if a valid record reports one, dead if a 001 says so
    protection: Protection | Gap = SILENT
    status: Status | Silent = SILENT


Delivered: TypeAlias = "Person | Unreadable"


@dataclass(frozen=True, slots=True)
class Inspection:
    """What a complete and undamaged delivery holds, counted without a store."""

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
    """What a delivery says about replaced numbers, before any person in it is read."""

    #: from a number of status 50 or 60 to the number that replaces it
    replaced: Mapping[CprNumber, CprNumber] = field(default_factory=dict)
    #: the new numbers for which the delivery holds a person
    delivered: frozenset[CprNumber] = frozenset()


class RunState(enum.Enum):
    """The states of a run (decision 17)."""

    #: deliveries are in the inbox
    FETCHED = "fetched"
    #: the deliveries are complete and in chain
    ACCEPTED = "accepted"
    #: the whole plan is stored
    PLANNED = "planned"
    #: stopped by a limit
    HELD = "held"
    #: two people have approved
    APPROVED = "approved"
    #: the first batch may have been written
    APPLYING = "applying"
    #: the outbox was offered to the counterparts
    PUBLISHED = "published"
    #: the report is written
    CLOSED = "closed"


class InboxState(enum.Enum):
    """The state of a sealed delivery."""

    #: being sealed; it is no complete delivery yet
    RECEIVING = "receiving"
    #: sealed, not yet verified
    SEALED = "sealed"
    #: complete and in chain; a run has it
    ACCEPTED = "accepted"
    #: every person in it is accounted for
    APPLIED = "applied"
    #: damaged or out of chain
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Run:
    """One run of one agreement. `epoch` is the fence that a newer run moves."""

    id: int
    epoch: int
    day: date
    started: datetime
    resumed: bool = False
    #: how many items of the deliveries are written: a resumed run starts after them
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
    #: an operator takes it although it is out of chain
    accepted: bool = False
    #: why an earlier run refused it; None: no run has
    refused: str | None = None
    #: it was of no use and its content is deleted: it cannot be read again
    forgotten: bool = False

    @property
    def is_set_aside(self) -> bool:
        """Whether an operator has said that no night may read it again."""
        return self.refused == DISCARDED


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


@dataclass(frozen=True, slots=True, repr=False)
class PlanRow:
    """One planned change, without values. `digest` is the fingerprint of the new values."""

    patron_id: str
    version: int
    actions: tuple[Action, ...]
    harms: tuple[Harm, ...]
    digest: bytes


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
    #: the patron's group from now on; None: the group and the next day on which age changes it stay
    group: str | None = None
    next_age_step: date | None = None
    #: the last day of the subscription of a patron who has died
    subscribed_until: date | None = None
    #: the death was a mistake: the patron stays subscribed
    lives_again: bool = False
    #: something that the patron's rights to net media depend on has changed
    rights_due: bool = False


@dataclass(frozen=True, slots=True)
class DuePage:
    """A page of the patrons with something due by a day, or of all patrons, in the order of their ids."""

    day: date
    limit: int
    everyone: bool = False
    #: the page starts after this id
    after: str = ""
    #: False if no group follows age: patrons from an import are then not checked for it
    by_age: bool = True


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


@dataclass(frozen=True, slots=True)
class FollowUp:
    """A question to the register that stays open until it is answered."""

    patron_id: str
    #: `protection_end`, `first_copy`, `number_change` or `window`
    kind: str


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
class InWindow:
    """A patron in a window: deliveries may lack news of their number."""

    patron_id: str
    since: date
    #: as `domain.feed.window.Why` names it
    why: str
    #: the last day on which the register was asked and did not answer
    asked: date | None = None
    #: the review item that waits about the patron, or that lets them keep a replaced number because it was rejected
    item: int | None = None
    #: whether that item waits; False: it was rejected
    waits: bool = False


@dataclass(frozen=True, slots=True)
class AskedToday:
    """How many patrons in a window the register was asked about on a day, and the harm done by its answers."""

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
    #: patron ids with an old number that, by the register, leads to the present one
    agreed: list[tuple[str, CprNumber]] = field(default_factory=list)
    #: patrons with a protection that may have ended, by a look-up of this night that two people must confirm
    doubted: list[str] = field(default_factory=list)
    #: patrons that the register has answered about: their windows close
    verified: list[str] = field(default_factory=list)
    checkpoint: int | None = None


@dataclass(frozen=True, slots=True, repr=False)
class Gaps:
    """The differences between our subscriptions and the register's list."""

    #: ours, but not in the list
    missing: tuple[CprNumber, ...]
    #: in the list; we added them, and they no longer have a reason
    ended: tuple[CprNumber, ...]
    #: in the list, but not ours
    foreign: tuple[CprNumber, ...]
    #: how many are ours and in the list
    kept: int
    #: not in the list; we added them, and they no longer have a reason: a removal that we were not told about
    gone: tuple[CprNumber, ...] = ()


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


@dataclass(frozen=True, slots=True)
class Tally:
    """The counts of a run's stored items."""

    outcomes: Mapping[Outcome, int]
    by_action: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Departed:
    """How many patrons the policy has asked to leave, and how many records were closed."""

    asked: int = 0
    closed: int = 0
    #: subscriptions that no longer have a reason
    ended: int = 0

    def __add__(self, other: Departed) -> Departed:
        return Departed(self.asked + other.asked, self.closed + other.closed, self.ended + other.ended)


@dataclass(frozen=True, slots=True)
class Done:
    """What an open run has done so far, in its balance sheet and outside it."""

    subscribed: int
    unsubscribed: int
    by_action: Mapping[str, int]
    #: what was deleted after its retention period, by kind
    forgotten: Mapping[str, int] = field(default_factory=dict)
    #: patrons that the policy has asked to leave, and records that were closed
    departed: Departed = Departed()
    #: subscriptions that ended for lack of a reason, without those of closed patrons
    ended: int = 0


# -- the net media ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Backlog:
    """What the net media must still be told."""

    waiting: int = 0
    #: refused for good: staff must look
    failed: int = 0
    #: since when the oldest effect waits
    oldest: datetime | None = None


@dataclass(frozen=True, slots=True)
class AccountState:
    """What is known of one patron's account in CULR. Numbers have three digits; "" means none on purpose."""

    exists: bool = False
    #: what was last sent
    sent: str | None = None
    #: what CULR was last known to hold
    confirmed: str | None = None
    #: how many effects wait
    pending: int = 0
    #: the last waiting effect deletes the account
    deleting: bool = False
    #: the code of a refusal that staff must look at; None: nothing was refused
    refused: str | None = None
    #: when the account was last told or read
    checked: datetime | None = None


@dataclass(frozen=True, slots=True)
class AccountSides:
    """What we and CULR say about one patron's account. Numbers have three digits; "" means none on purpose."""

    #: whether our records want an account, and `ours`, its number; None: nobody knows
    account: bool = False
    ours: str | None = None
    #: the number last read in CULR, or confirmed by it; None: there is none
    theirs: str | None = None
    #: the code of the refusal; None: nothing is refused
    answer: str | None = None


@dataclass(frozen=True, slots=True, repr=False)
class Account:
    """One patron's account in CULR as our records see it, with no effect waiting for it."""

    patron_id: str
    #: the version of the patron's record
    version: int
    identity: Identity
    want: Wanted
    #: whether CULR was told of the account, as far as we know, and `last`, the number told; None: any number
    told: bool
    last: str | None = None
    #: replaced numbers of the patron, under which there must be no account
    former: tuple[Identity, ...] = ()

    def __repr__(self) -> str:
        return f"Account({self.patron_id})"


@dataclass(frozen=True, slots=True, repr=False)
class Checked:
    """A record with the rights to net media that are stored for it."""

    patron: Patron
    local: Local
    stage: Stage
    #: left or merged: no longer a patron
    gone: bool
    #: as `domain.netmedia.rights.stored` writes them; None: none were derived
    rights: str | None
    #: the rights must still be derived
    waits: bool

    def __repr__(self) -> str:
        return f"Checked({self.patron.id})"


@dataclass(frozen=True, slots=True, repr=False)
class RightsDue:
    """A patron with rights to derive on some day, and the line that is stored until then."""

    patron_id: str
    facts: RightFacts
    kept: str

    def __repr__(self) -> str:
        return f"RightsDue({self.patron_id})"


@dataclass(frozen=True, slots=True)
class Repaired:
    """The outcome of the repairs that were decided."""

    #: how many wait to be sent
    waiting: int = 0
    #: patrons with a newly opened review
    left: tuple[str, ...] = ()


# -- patrons who leave ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Erased:
    """What others must still confirm about a patron whose record is empty."""

    #: subscriptions that the register must end
    subscriptions: int = 0
    #: deletions that the net media must be told
    accounts: int = 0

    def __bool__(self) -> bool:
        return bool(self.subscriptions or self.accounts)


#: Everyone has confirmed.
CONFIRMED: Final = Erased()


@dataclass(frozen=True, slots=True)
class Departure:
    """How far one patron's leaving has come, and what holds it up."""

    patron_id: str
    stage: Stage
    ties: Ties
    #: the day on which the patron asked to leave
    since: date | None
    #: open reservations that were dropped when the record was closed
    dropped: int = 0
    #: the record is empty; the patron is closed when nothing here is left to confirm
    waits: Erased = CONFIRMED


@dataclass(frozen=True, slots=True)
class Departing:
    """Who leaves tonight."""

    #: asked by the policy, with nothing open: closed in the same transaction
    inactive: tuple[str, ...] = ()
    #: asked before, and nothing is open any more
    free: tuple[str, ...] = ()

    def __len__(self) -> int:
        """How many records are to be closed."""
        return len(self.inactive) + len(self.free)


@dataclass(frozen=True, slots=True)
class AuditState:
    """The result of checking the audit from end to end."""

    #: how many entries pass the check, in how many streams
    entries: int
    streams: int
    #: names this state of the audit; kept elsewhere, it reveals if the whole audit was reset to an earlier state
    code: str
    #: all errors found
    problems: tuple[CprsyncError, ...] = ()
    #: how many sealed records were opened, and the last one's id: the next night continues after it
    records: int = 0
    last_record: str = ""


#: More records than any library has, so that all are opened.
EVERY_RECORD: Final = 1_000_000_000


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """Which entries of the audit to show."""

    patron: str | None = None
    #: the user who did it; "": entries that name no user
    by: str | None = None
    #: the earliest moment
    since: datetime | None = None
    limit: int = 200
    #: open the reasons that users gave
    reasons: bool = False


@dataclass(frozen=True, slots=True)
class Happening:
    """One entry of the audit: who did what, when and why. Holds no value of a record."""

    at: str
    #: None: the program itself
    who: str | None
    what: str
    patron: str | None
    actions: tuple[str, ...]
    #: the purpose of a look-up, or of opening sealed data
    why: str | None
    has_reason: bool
    #: the user's own words, if they were asked for
    reason: str | None = field(repr=False)
    run: int | None
    stream: str
    seq: int
    #: the patron is sealed and the entry may reveal a birthday: it is shown without the patron
    withheld: bool = False


@dataclass(frozen=True, slots=True)
class AcceptedJournal:
    """The erase journal that a library continues with."""

    #: patrons in it, and lines that the database had seen
    patrons: int
    seen: int
    #: patrons who left but were still in the database, and who are written down again
    again: int
    #: the file failed its check and was moved aside
    set_aside: bool


@dataclass(frozen=True, slots=True, repr=False)
class Opened:
    """The opened values of one patron's sealed fields. Only the audit port makes one, after its entry is written."""

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
    """The version that a store has (None: not set up) and the version it should have."""

    current: str | None
    wanted: str

    @property
    def up_to_date(self) -> bool:
        return self.current == self.wanted

    @property
    def is_newer(self) -> bool:
        """Whether the store is at a migration that this program does not know."""
        return self.current is not None and self.current > self.wanted


@dataclass(frozen=True, slots=True)
class Linked:
    """One link between a minor and the person who answers.

    `until`: the first day on which the person no longer answers. `owes`: a debt from that time is still open.
    """

    responsible_id: str
    since: date
    until: date | None
    owes: bool

"""Who did what with whose data: at the desk, admitted before it happens and looked at afterwards; and with a card."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from datetime import datetime

    from cprsync.domain.desk.access import AttemptOutcome, Caps, Closeness, Doing, Rule
    from cprsync.domain.desk.pins import PinTry
    from cprsync.domain.person.number import CprNumber
    from cprsync.domain.person.sealed import Address, SealedAddress


@dataclass(frozen=True, slots=True, repr=False)
class WantedAccess:
    """What somebody wants to do, with whose data, and what for."""

    user: str
    doing: Doing
    purpose: str
    #: None: the person is no patron
    patron_id: str | None
    #: of a look-up
    number: CprNumber | None = None
    #: the same person is asked about again, in the same case
    follows: bool = False


@dataclass(frozen=True, slots=True)
class Admission:
    """Whether it may be done. `seq` numbers the attempt, and its entry in the audit; 0: nothing had to be written."""

    seq: int
    refused: Rule | None = None
    #: a second person has signed for it
    is_signed: bool = False
    #: the patron number of the one who asks; None: nobody knows, or nothing had to be written
    own: str | None = None


@dataclass(frozen=True, slots=True)
class Attempted:
    """One attempt as supervisors see it. Holds no number of a person and no name of a patron."""

    seq: int
    at: datetime
    user: str
    doing: str
    purpose: str
    patron_id: str | None
    is_stranger: bool
    closeness: frozenset[Closeness]
    outcomes: frozenset[AttemptOutcome]
    #: it was refused, or its answer withheld, until a second person signs
    needs_second: bool = False
    #: why the person did not become a patron, in the user's own words; "": nobody has said it, or it was not asked for
    reason: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Alarms:
    """What somebody has to act on."""

    #: who is stopped
    stopped: tuple[str, ...] = ()
    #: who reached a cap today
    capped: tuple[str, ...] = ()
    #: samples that wait, and those that have waited too long
    samples: int = 0
    overdue: int = 0
    #: where too many cards and PINs did not fit within an hour today: `page`, `machines`
    guessing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AttemptCounts:
    """How often people at the desk did something with one person's data, and how often they were refused."""

    made: int
    refused: int


class Access(Protocol):
    """Who did what at the desk with whose data."""

    def keep_own(self, user: str, patron_id: str | None, number: CprNumber | None) -> None:
        """Keep whose record is a person's own, instead of what was kept before. Neither: forget it.

        Of the number a keyed hash is kept, so that it is theirs also while they are no patron.
        """

    def have_one_record(self, user: str, other: str) -> bool:
        """Whether two users are known to have one record, or one number, as their own: they are one person."""

    def admit(self, wanted: WantedAccess, caps: Caps) -> Admission:
        """Write the attempt and its audit entry, refused or not, before it is made."""

    def note_view(self, patron_id: str, *, user: str, purpose: str) -> None:
        """Write that a record is shown to a user, unless they have just seen it for the same purpose."""

    def note_search(self, by: str, *, user: str, purpose: str, patron_id: str | None) -> None:
        """Write that a user searched our patrons, by what kind of term, and whom it found alone. Not what they typed.

        Then the record that it found is shown without an entry of its own.
        """

    def note(self, seq: int, outcome: AttemptOutcome, *, user: str) -> None:
        """Write what came of an attempt, once. Stops a user who seems to try numbers."""

    def is_at_home_of(self, patron_id: str, address: Address | SealedAddress) -> bool:
        """Whether a patron lives at an address."""

    def attempt(self, seq: int) -> Attempted | None:
        """One attempt; None: there is none."""

    def requests(self, *, since: datetime) -> list[Attempted]:
        """What was refused since then for want of a second person, and nobody has signed for; the oldest first."""

    def sign(self, seq: int, *, by: str) -> None:
        """Write that a second person signs for an attempt."""

    def explain(self, seq: int, *, user: str, reason: str) -> None:
        """Write why the person of a look-up did not become a patron."""

    def check(self, seq: int, outcome: AttemptOutcome, *, by: str, reason: str) -> None:
        """Write what a supervisor found of a sample."""

    def lift(self, user: str, *, by: str, reason: str) -> None:
        """Let a user who was stopped go on."""

    def open_looks(self, user: str) -> list[Attempted]:
        """The user's look-ups of people who did not become patrons, and of which nobody has said why."""

    def samples(self) -> list[Attempted]:
        """What waits for a supervisor, with the reasons that were given, the oldest first.

        `patron_id`: also who became a patron, or was one, under the number that was looked up.
        """

    def count_samples(self, *, but: str) -> int:
        """How many samples wait that are not a user's own."""

    def alarms(self) -> Alarms:
        """What somebody has to act on."""

    def count_attempts(self, since: datetime) -> AttemptCounts:
        """Count what people at the desk did with one person's data since then."""

    def watch(self, number: CprNumber, *, user: str) -> bool:
        """Let a second person sign for each look-up of a number. False: that is so already."""

    def unwatch(self, number: CprNumber, *, user: str) -> bool:
        """Take that back. False: nobody watches the number."""

    def watched(self) -> int:
        """How many numbers are watched."""


class Cards(Protocol):
    """Cards as they are used to ask or to log in, not as staff set them."""

    def is_pin(self, patron_id: str | None, card: str, pin: str) -> bool:
        """Return whether the PIN is the one of the patron's card. None is as slow, and always False."""

    def wrong_tries(self, patron_id: str, *, since: datetime, is_known: bool) -> list[datetime]:
        """Return when wrong PINs were tried since the last right one, or since a new PIN was set, the earliest first.

        `is_known`: in browsers in which the card had signed in before; otherwise everywhere else.
        """

    def note_try(self, outcome: PinTry, *, patron_id: str | None, by: str, is_known: bool) -> None:
        """Write the audit entry of a try. `by`: the machine that asked, or the patron's own number."""

    def count_wrong(self, *, since: datetime, of_machines: bool, most: int) -> int:
        """Count what did not fit since a moment, at all machines or at the patrons' page; `most` of each, at most."""

    def note_ceiling(self, *, since: datetime, of_machines: bool) -> None:
        """Write the audit entry that too many did not fit, unless there is one since that moment."""

    def names_of(self, card: str) -> list[str]:
        """Return what a browser's mark says of a card's number, the present form first. Reads no record."""

    def proof(self, patron_id: str | None, card: str) -> str | None:
        """Return what only the card's present PIN gives, and nobody can guess the PIN from. None: it has none."""

    def moment_of_try(self, number: int, *, by: str, only_wrong: bool = False) -> datetime | None:
        """Return when `by` made the try that is so many back, 1 being the latest. None: there are fewer."""

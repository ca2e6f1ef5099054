"""Everything that waits for staff: its kinds, what accepting and rejecting do, and what can be undone.

The code, the command line and the report read this one table. A kind without a row cannot be raised: a test collects
all reasons from the code. The catalogue has the words: why an item waits by its kind, what an answer does by its name.
This module writes nothing: see `services.desk.reviewing`.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Final

from cprsync.domain.person.person import Status
from cprsync.domain.person.status import STATUS_RULES, BlockRule
from cprsync.errors import WrongValue

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from cprsync.domain.person.person import Silent

#: The first part of a kind that could not be decided. The person counts as protected until it is.
PARKED: Final = "parked."
#: The register has no person of the number.
NO_SUCH_PERSON: Final = f"{PARKED}register.no_such_person"
BLOCK_DEAD: Final = "block.dead"
BLOCK_DISAPPEARED: Final = "block.disappeared"
BLOCK_ANNULLED: Final = "block.annulled"
DEATH_ANNULLED: Final = "death.annulled"
FOUND_AGAIN: Final = "person.found"
NUMBER_RESTORED: Final = "number.restored"
BOTH_PATRONS: Final = "parked.number.both_patrons"
#: An old number of the patron now leads to another number than the patron has.
OTHER_SUCCESSOR: Final = "parked.number.other_successor"
#: The register has replaced the patron's number, and staff decide what that means.
REPLACED_KINDS: Final = frozenset({BOTH_PATRONS, f"{PARKED}number.circle", f"{PARKED}number.unresolved"})
#: About a minor: something has happened to a person who answers for them.
RESPONSIBLE_GONE: Final = "responsible.gone"
RESPONSIBLE_PROTECTED: Final = "responsible.protected"
#: About the net media: CULR refused an effect for good, or holds another library's municipality number.
NET_MEDIA_REFUSED: Final = "net_media.refused"
NET_MEDIA_FOREIGN: Final = "net_media.foreign"
#: About another system: it refused for good what it was to hear, or too often.
TARGET_NOT_TAKEN: Final = "target.not_taken"
NET_MEDIA_KINDS: Final = frozenset({NET_MEDIA_REFUSED, NET_MEDIA_FOREIGN})
#: An older copy of the database was put back, and the register had no subscription that the copy has: perhaps somebody
#: closed or erased the patron after the copy was made, and no erase journal tells it.
SUBSCRIPTION_ENDED: Final = "subscription.ended"
#: By the birth date that counts now, the patron came of age earlier, and someone still answers for them.
RESPONSIBLE_OF_AGE: Final = "responsible.of_age"
#: Custody of a minor has changed since the link was made, and a person who answers for them has none.
RESPONSIBLE_CUSTODY: Final = "responsible.custody"
LINK_KINDS: Final = frozenset({RESPONSIBLE_GONE, RESPONSIBLE_PROTECTED, RESPONSIBLE_OF_AGE, RESPONSIBLE_CUSTODY})
#: On three nights the register answered no, against a protection without an end: two people may end it (decision 35).
PROTECTION_DOUBTED: Final = "protection.doubted"
#: A delivery said that a protection has ended, and the look-up that it stands. The register is asked until both agree.
PROTECTION_CONTRADICTED: Final = "protection.contradicted"
#: The sources contradict each other about a protection, or its end waits for two people.
DOUBTED_PROTECTIONS: Final = frozenset({PROTECTION_DOUBTED, PROTECTION_CONTRADICTED})
#: A number was set at the desk. It is recorded as accepted, so that it can be taken back.
NUMBER_SET: Final = "number.set"
#: The register's birth date differs from the one in the number. The register's counts, but either may be wrong.
BIRTH_DIFFERS: Final = "birth.differs"
#: The register says otherwise than a patron did who was registered while it did not answer.
SAID_NAME: Final = "said.name"
SAID_ADDRESS: Final = "said.address"
SAID_BOTH: Final = "said.both"
SAID_KINDS: Final = frozenset({SAID_NAME, SAID_ADDRESS, SAID_BOTH})
#: Staff say whether it is the same person. As long as they said no, what was said is kept.
SAID_OTHER_NAME: Final = frozenset({SAID_NAME, SAID_BOTH})
#: A run was undone: the patron is held until a person lets them go; the run had protected them, and two people may end
#: that; or the record was not put back, because something stands in the way.
REVERTED_HELD: Final = "reverted.held"
REVERTED_PROTECTED: Final = "reverted.protected"
REVERTED_CHANGED: Final = "reverted.changed"
REVERTED_ALTERED: Final = "reverted.altered"
REVERTED_NUMBER: Final = "reverted.number"
REVERTED_STREET: Final = "reverted.street"
REVERTED_HOUSEHOLD: Final = "reverted.household"
#: Why a record was not put back.
REVERTED_NOT: Final = (
    *(REVERTED_CHANGED, REVERTED_ALTERED, REVERTED_NUMBER),
    *(REVERTED_STREET, REVERTED_HOUSEHOLD),
)
REVERTED_KINDS: Final = frozenset({REVERTED_HELD, REVERTED_PROTECTED, *REVERTED_NOT})


#: The most items that are accepted with one yes: as many as a person reads through.
BULK_MOST: Final = 50
#: The longest that an item may be put off.
LATER_MAX_DAYS: Final = 90


def check_later(until: date, on: date) -> date:
    """The day on which an item that is put off on `on` waits again.

    Raises ValueError: it is no later day, or too far away.
    """
    if until <= on:
        raise WrongValue("put it off until a day after today")
    if until > on + timedelta(days=LATER_MAX_DAYS):
        raise WrongValue("put it off for {days} days at most", days=LATER_MAX_DAYS)
    return until


class State(enum.Enum):
    """The state of a review item."""

    #: waits for staff
    WAITING = "waiting"
    #: staff accepted: it is done
    ACCEPTED = "accepted"
    #: staff rejected: nothing was done
    REJECTED = "rejected"
    #: the register settled it by itself
    SETTLED = "settled"
    #: staff accepted, and later took it back
    UNDONE = "undone"


#: States that leave the record unchanged. Such an item is not raised again as long as its reason holds.
UNCHANGING: Final = frozenset({State.WAITING, State.REJECTED, State.UNDONE})


class AcceptEffect(enum.Enum):
    """What accepting an item does."""

    #: staff have looked; nothing is written
    SEEN = "seen"
    #: the record gets a block; a dead patron's reservations are cancelled
    BLOCK = "block"
    #: the block is lifted, and the cancelled reservations come back
    LIFT = "lift"
    #: it is the person whom the register names; nothing is written. Rejecting says that it is another: the patron is
    #: blocked, and the cards lose their PIN
    SAME_PERSON = "same_person"
    #: two patrons become one
    MERGE = "merge"
    #: the register is asked about the person once more
    ASK_AGAIN = "ask_again"
    #: the patron gets the number that the register names, and is looked up
    GIVE_NUMBER = "give_number"
    #: the register is asked each night for the person's number, until it can be decided
    ASK_NUMBER = "ask_number"
    #: the person that the item is about no longer answers for the minor
    END_LINK = "end_link"
    #: the net media are told again
    TELL_AGAIN = "tell_again"
    #: a target hears again what it refused
    SEND_AGAIN = "send_again"
    #: a protection ends, after two people have accepted
    END_PROTECTION = "end_protection"
    #: sources may change a patron again who was held since a run was undone
    LET_GO = "let_go"
    #: a patron got a number at the desk: nothing waits, and it can be taken back
    NUMBER_SET = "number_set"


@dataclass(frozen=True, slots=True)
class ReviewKind:
    """One row of the table."""

    kind: str
    doing: AcceptEffect
    #: what each answer does, by the name of its words
    accept: str
    reject: str
    #: what holds as long as nobody answers, by the name of its words
    meanwhile: str = "as_it_is"

    @property
    def undoable(self) -> bool:
        """Whether `review undo` can take an acceptance back."""
        return self.doing in {
            AcceptEffect.BLOCK,
            AcceptEffect.MERGE,
            AcceptEffect.END_LINK,
            AcceptEffect.END_PROTECTION,
            AcceptEffect.NUMBER_SET,
        }

    @property
    def has_one_answer(self) -> bool:
        """Whether accepting and rejecting do the same: staff have looked."""
        return self.doing is AcceptEffect.SEEN

    @property
    def needs_two(self) -> bool:
        """Whether two people must accept. If a protection ends by mistake, someone may find the address."""
        return self.doing is AcceptEffect.END_PROTECTION

    @property
    def in_bulk(self) -> bool:
        """Whether many may be accepted with one yes.

        Accepting then writes nothing to a record: staff have looked, or another is asked or told again. A municipality
        that another library set at CULR is overwritten one by one.
        """
        if self.doing is AcceptEffect.TELL_AGAIN:
            return self.kind == NET_MEDIA_REFUSED
        return self.doing in {
            AcceptEffect.SEEN,
            AcceptEffect.ASK_AGAIN,
            AcceptEffect.ASK_NUMBER,
            AcceptEffect.SEND_AGAIN,
            AcceptEffect.LET_GO,
        }

    @property
    def leaves_replaced(self) -> bool:
        """Whether rejecting leaves the patron with a number that the register has replaced."""
        return self.kind in REPLACED_KINDS

    @property
    def may_wait_again(self) -> bool:
        """Whether `review reopen` can let a rejected or undone item wait again. An item that never waited cannot."""
        return self.doing is not AcceptEffect.NUMBER_SET


#: Kinds of numbers about which the register is asked each night.
_NUMBERS: Final = ("number.circle", "number.old_active", "number.unresolved")
#: Kinds of answers that cannot be used: the register is asked again.
_PARKED: Final = (
    "abroad.country",
    "address.missing",
    "address.code",
    "address.municipality",
    "address.street",
    "address.contradiction",
    "name.lost",
    "person.current_number",
    "person.duplicate_",
    "person.misread",
    "person.no_001",
    "person.number",
    "person.status",
    "person.too_large",
    "protection.type",
    "status.missing",
    "register.misread",
    "register.no_such_person",
    # any other answer without a person; the last part of the kind tells which
    "register.",
)


def _number(reason: str) -> ReviewKind:
    kind = f"{PARKED}{reason}"
    return ReviewKind(
        kind, AcceptEffect.ASK_NUMBER, "ask_number", "leave_replaced" if kind in REPLACED_KINDS else "leave", "parked"
    )


_ROWS: Final = (
    ReviewKind(BLOCK_DEAD, AcceptEffect.BLOCK, "block_and_cancel", "no_block", "dead"),
    ReviewKind(BLOCK_DISAPPEARED, AcceptEffect.BLOCK, "block", "no_block", "unblocked"),
    ReviewKind(BLOCK_ANNULLED, AcceptEffect.BLOCK, "block", "no_block", "unblocked"),
    ReviewKind(DEATH_ANNULLED, AcceptEffect.LIFT, "lift_and_take_back", "keep_block", "blocked"),
    ReviewKind(FOUND_AGAIN, AcceptEffect.LIFT, "lift", "keep_block", "blocked"),
    ReviewKind(NUMBER_RESTORED, AcceptEffect.LIFT, "lift", "keep_block", "blocked"),
    ReviewKind("number.annulled", AcceptEffect.SEEN, "seen", "close"),
    ReviewKind(BIRTH_DIFFERS, AcceptEffect.SEEN, "seen_date_holds", "close", "date_holds"),
    ReviewKind(PROTECTION_CONTRADICTED, AcceptEffect.SEEN, "keep_protection_for_now", "close", "hidden"),
    ReviewKind(PROTECTION_DOUBTED, AcceptEffect.END_PROTECTION, "end_protection", "keep_protection", "hidden_for_two"),
    ReviewKind(SAID_ADDRESS, AcceptEffect.SEEN, "seen_register_holds", "close", "said"),
    *(
        ReviewKind(kind, AcceptEffect.SAME_PERSON, "same_person", "other_person", "said")
        for kind in sorted(SAID_OTHER_NAME)
    ),
    ReviewKind(REVERTED_HELD, AcceptEffect.LET_GO, "let_go", "keep_held", "held"),
    ReviewKind(REVERTED_PROTECTED, AcceptEffect.END_PROTECTION, "end_protection", "keep_protection", "hidden_for_two"),
    *(ReviewKind(kind, AcceptEffect.SEEN, "seen", "close") for kind in (*REVERTED_NOT, SUBSCRIPTION_ENDED)),
    ReviewKind(RESPONSIBLE_GONE, AcceptEffect.END_LINK, "end_link", "keep_link", "silent_link"),
    ReviewKind(RESPONSIBLE_PROTECTED, AcceptEffect.END_LINK, "end_link", "keep_link", "silent_link"),
    ReviewKind(RESPONSIBLE_OF_AGE, AcceptEffect.END_LINK, "end_link", "keep_link_for_now", "link"),
    ReviewKind(RESPONSIBLE_CUSTODY, AcceptEffect.SEEN, "seen_custody", "close", "link"),
    ReviewKind(NET_MEDIA_REFUSED, AcceptEffect.TELL_AGAIN, "tell_again", "keep_told", "net_media"),
    ReviewKind(NET_MEDIA_FOREIGN, AcceptEffect.TELL_AGAIN, "send_ours", "keep_theirs", "net_media"),
    ReviewKind(TARGET_NOT_TAKEN, AcceptEffect.SEND_AGAIN, "send_again", "drop_refused", "target"),
    ReviewKind(BOTH_PATRONS, AcceptEffect.MERGE, "merge", "stay_two", "parked"),
    ReviewKind(OTHER_SUCCESSOR, AcceptEffect.GIVE_NUMBER, "give_number", "keep_number", "parked"),
    ReviewKind(NUMBER_SET, AcceptEffect.NUMBER_SET, "number_written", "close"),
    *map(_number, _NUMBERS),
    *(ReviewKind(f"{PARKED}{reason}", AcceptEffect.ASK_AGAIN, "ask", "leave", "parked") for reason in _PARKED),
)

#: The table by kind. A kind that ends in `.` or `_` covers all kinds that begin with it.
REVIEW_KINDS: Final[Mapping[str, ReviewKind]] = {row.kind: row for row in _ROWS}
_HEADS: Final = tuple(kind for kind in REVIEW_KINDS if kind.endswith((".", "_")))


def review_kind(kind: str) -> ReviewKind:
    """The row of a kind. Raises KeyError: the kind has no row."""
    head = next((head for head in _HEADS if kind.startswith(head)), kind)
    return REVIEW_KINDS[kind if kind in REVIEW_KINDS else head]


#: The block that a status proposes, and the reason on the record (Blokeringsårsag).
PROPOSED_AT: Final[Mapping[Status, str]] = {
    Status.DEAD: BLOCK_DEAD,
    Status.DISAPPEARED: BLOCK_DISAPPEARED,
    Status.ANNULLED: BLOCK_ANNULLED,
}
BLOCK_REASONS: Final[Mapping[str, str]] = {
    BLOCK_DEAD: "død",
    BLOCK_DISAPPEARED: "forsvundet",
    BLOCK_ANNULLED: "personnummer annulleret",
}
#: The block of a patron who was registered by another's number.
OTHER_PERSON_BLOCK: Final = "indmeldt under et andet navn end CPR's"
#: What is proposed when the reason of a confirmed block is gone.
LIFTED_BY: Final[Mapping[str, str]] = {
    BLOCK_DEAD: DEATH_ANNULLED,
    BLOCK_DISAPPEARED: FOUND_AGAIN,
    BLOCK_ANNULLED: NUMBER_RESTORED,
}
BLOCK_OF: Final[Mapping[str, str]] = {lift: block for block, lift in LIFTED_BY.items()}
#: The kinds that follow from the status. Other kinds come from a decision.
PROPOSALS: Final = frozenset({*LIFTED_BY, *BLOCK_OF})
#: Kinds that follow from the written record, whatever was decided. A change has one reason of its own beside these.
FOLLOWING: Final = PROPOSALS | LINK_KINDS | {BIRTH_DIFFERS}


def proposed_at(status: Status | Silent) -> str | None:
    """The block that a status proposes; None: the status table proposes none."""
    if not isinstance(status, Status) or STATUS_RULES[status].block is BlockRule.NONE:
        return None
    return PROPOSED_AT[status]


def is_reason_for_block(block: str, status: Status | Silent) -> bool:
    """Whether the reason of a block holds at a status.

    Every reason holds for an annulled number: it undoes no death, and it does not mean that a person was found.
    """
    return status is Status.ANNULLED or proposed_at(status) == block


def is_outdated(kind: str, status: Status | Silent) -> bool:
    """Whether a waiting proposal has lost its purpose.

    A proposed block loses it if its reason is gone; a proposed lifting, if the reason of the block is back.
    """
    return not is_reason_for_block(kind, status) if kind in LIFTED_BY else is_reason_for_block(BLOCK_OF[kind], status)


def find_proposals(
    before: Status | Silent, after: Status | Silent, held: Mapping[str, Collection[State]]
) -> Iterator[str]:
    """The kinds that a change of status proposes, besides the proposals that wait or were accepted."""
    block = proposed_at(after)
    if block is not None and block not in held:
        yield block
    for kind, lift in LIFTED_BY.items():
        if (
            State.ACCEPTED in held.get(kind, ())
            and is_reason_for_block(kind, before)
            and not is_reason_for_block(kind, after)
        ):
            yield lift

"""What may happen to a record, and what each of the register's eleven statuses does to one, as one table.

`cprsync rules` prints it with its sources. Any other code has no row: the person is parked as unreadable, and the
record stays as it is. No status ever deletes anything.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from cprsync.domain.person.person import Status

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from cprsync.domain.person.person import Gap


class Action(enum.Enum):
    """What happens to a record, in the order in which it is done. Protection comes before any address."""

    #: the first data of a source about this patron
    FIRST_COPY = "first_copy"
    #: name and address protection begins
    PROTECT = "protect"
    #: name and address protection ends, confirmed
    UNPROTECT = "unprotect"
    #: a source says for the first time that the person is not protected
    PROTECTION_SETTLED = "protection_settled"
    #: a child gets a first name
    NAMED = "named"
    #: the name changes
    RENAME = "rename"
    #: the registered birth date is corrected
    BIRTH_CORRECTED = "birth_corrected"
    #: the person moves to another dwelling
    MOVE = "move"
    #: the same dwelling in other words: street renamed, postcode, c/o, technical
    ADDRESS_CORRECTED = "address_corrected"
    #: another municipality number
    MUNICIPALITY = "municipality"
    #: the register's contact address changes
    CONTACT = "contact"
    #: a person who had disappeared is found
    FOUND = "found"
    #: the person is back from abroad
    RETURN = "return"
    #: the death was a mistake: letters are sent again
    DEATH_ANNULLED = "death_annulled"
    #: an annulled number is valid again
    NUMBER_RESTORED = "number_restored"
    #: a change between the other statuses, for example to no fixed abode, to Greenland, or back
    STATUS = "status"
    #: the register no longer knows where the person is
    VANISH = "vanish"
    #: the person moves abroad
    EMIGRATE = "emigrate"
    #: another address abroad
    ABROAD_CORRECTED = "abroad_corrected"
    #: the person is dead: letters stop at once
    DIE = "die"
    #: the number is annulled; the record stays as it was
    NUMBER_ANNULLED = "number_annulled"
    #: another number replaces the patron's
    RENUMBER = "renumber"
    #: letters stop while the rest of a death waits: it is held by the guard, or parked for staff (decision 3)
    STOP_LETTERS = "stop_letters"

    # a member is one object: the enum's own hash is slow
    __hash__ = object.__hash__


class Letters(enum.Enum):
    """What happens to letters on paper."""

    #: to the contact address if there is one, else to the registered address
    GO = "go"
    #: only to a contact address: no letter would reach the registered address
    CONTACT_ADDRESS = "contact_address"
    #: the street code seals name and address: a letter goes only to a contact address, after a reasoned reveal
    SEALED_STREET = "sealed_street"
    #: as before, under the number that replaces the patron's: no record ever has this status
    AS_BEFORE = "as_before"
    #: no letter is sent, whatever is known; only staff see a contact address
    STOPPED = "stopped"


class BlockRule(enum.Enum):
    """Whether the patron should be blocked. Nothing blocks a patron without a decision by staff."""

    #: no block
    NONE = "none"
    #: proposed: staff confirm it or reject it
    PROPOSED = "proposed"
    #: proposed; confirming it cancels the patron's reservations, and an annulment offers to undo both
    PROPOSED_AND_CANCELS = "proposed_and_cancels"


class Lives(enum.Enum):
    """What the status says about where the person lives."""

    #: where the address says
    BY_ADDRESS = "by_address"
    #: in no Danish municipality, whatever the last address says
    ELSEWHERE = "elsewhere"
    #: unknown, which never counts as elsewhere
    UNKNOWN = "unknown"
    #: where the person lived before. No record ever has this status; a person shown with it has an unknown residence
    AS_BEFORE = "as_before"


class NetMediaRule(enum.Enum):
    """What CULR must hold as the person's municipality (decision 11)."""

    #: the municipality's three digits
    DIGITS = "digits"
    #: empty on purpose
    EMPTY = "empty"
    #: nothing is sent: what CULR holds stays
    NOTHING = "nothing"
    #: what CULR holds moves to the number that replaces the patron's; nothing is sent for the old number
    MOVES = "moves"


class SubscriptionRule(enum.Enum):
    """What happens to the subscription (decision 10)."""

    #: kept as long as the person is a patron
    KEPT = "kept"
    #: kept for a set number of days, so that an annulment of the death arrives
    KEPT_FOR_A_TIME = "kept_for_a_time"
    #: the new number is subscribed; the old one stays until a delivery has had the new one
    MOVES = "moves"


@dataclass(frozen=True, slots=True)
class StatusRule:
    """One row: what a status means, what it does, and what undoes it."""

    status: Status
    letters: Letters
    block: BlockRule
    lives: Lives
    net_media: NetMediaRule
    subscription: SubscriptionRule
    #: the action for a change to this status
    coming: Action
    #: the action for a change away from this status, which undoes it
    leaving: Action


_ROWS: Final = (
    StatusRule(
        Status.RESIDENT,
        Letters.GO,
        BlockRule.NONE,
        Lives.BY_ADDRESS,
        NetMediaRule.DIGITS,
        SubscriptionRule.KEPT,
        coming=Action.STATUS,
        leaving=Action.STATUS,
    ),
    StatusRule(
        Status.RESIDENT_ADMINISTRATIVE,
        Letters.SEALED_STREET,
        BlockRule.NONE,
        Lives.BY_ADDRESS,
        NetMediaRule.DIGITS,
        SubscriptionRule.KEPT,
        coming=Action.STATUS,
        leaving=Action.STATUS,
    ),
    StatusRule(
        Status.GREENLAND,
        Letters.GO,
        BlockRule.NONE,
        Lives.ELSEWHERE,
        NetMediaRule.EMPTY,
        SubscriptionRule.KEPT,
        coming=Action.STATUS,
        leaving=Action.STATUS,
    ),
    StatusRule(
        Status.GREENLAND_ADMINISTRATIVE,
        Letters.SEALED_STREET,
        BlockRule.NONE,
        Lives.ELSEWHERE,
        NetMediaRule.EMPTY,
        SubscriptionRule.KEPT,
        coming=Action.STATUS,
        leaving=Action.STATUS,
    ),
    StatusRule(
        Status.NO_RESIDENCE,
        Letters.CONTACT_ADDRESS,
        BlockRule.NONE,
        Lives.ELSEWHERE,
        NetMediaRule.EMPTY,
        SubscriptionRule.KEPT,
        coming=Action.STATUS,
        leaving=Action.STATUS,
    ),
    StatusRule(
        Status.ANNULLED,
        Letters.CONTACT_ADDRESS,
        BlockRule.PROPOSED,
        Lives.UNKNOWN,
        NetMediaRule.NOTHING,
        SubscriptionRule.KEPT,
        coming=Action.NUMBER_ANNULLED,
        leaving=Action.NUMBER_RESTORED,
    ),
    StatusRule(
        Status.DUPLICATE,
        Letters.AS_BEFORE,
        BlockRule.NONE,
        Lives.AS_BEFORE,
        NetMediaRule.MOVES,
        SubscriptionRule.MOVES,
        coming=Action.RENUMBER,
        leaving=Action.RENUMBER,
    ),
    StatusRule(
        Status.CHANGED,
        Letters.AS_BEFORE,
        BlockRule.NONE,
        Lives.AS_BEFORE,
        NetMediaRule.MOVES,
        SubscriptionRule.MOVES,
        coming=Action.RENUMBER,
        leaving=Action.RENUMBER,
    ),
    StatusRule(
        Status.DISAPPEARED,
        Letters.CONTACT_ADDRESS,
        BlockRule.PROPOSED,
        Lives.UNKNOWN,
        NetMediaRule.NOTHING,
        SubscriptionRule.KEPT,
        coming=Action.VANISH,
        leaving=Action.FOUND,
    ),
    StatusRule(
        Status.EMIGRATED,
        Letters.CONTACT_ADDRESS,
        BlockRule.NONE,
        Lives.ELSEWHERE,
        NetMediaRule.EMPTY,
        SubscriptionRule.KEPT,
        coming=Action.EMIGRATE,
        leaving=Action.RETURN,
    ),
    StatusRule(
        Status.DEAD,
        Letters.STOPPED,
        BlockRule.PROPOSED_AND_CANCELS,
        Lives.ELSEWHERE,
        NetMediaRule.EMPTY,
        SubscriptionRule.KEPT_FOR_A_TIME,
        coming=Action.DIE,
        leaving=Action.DEATH_ANNULLED,
    ),
)
#: The table by status: each of the eleven has its row.
STATUS_RULES: Final[Mapping[Status, StatusRule]] = {rule.status: rule for rule in _ROWS}


def stops_letters(status: Status | Gap) -> bool:
    """True for a status that stops all letters."""
    return isinstance(status, Status) and STATUS_RULES[status].letters is Letters.STOPPED


def counts_as_dead(status: Status | Gap, letters_stopped: date | None) -> bool:
    """True for a dead person, and for a person whose number was annulled after the death: that undoes no death.

    A death that is parked or held only stops letters (decision 3): the status is still another one then.

    Args:
        status: the record's status.
        letters_stopped: the day on which a death stopped letters; None: letters are sent.
    """
    return stops_letters(status) or (status is Status.ANNULLED and letters_stopped is not None)

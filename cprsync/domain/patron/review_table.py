"""Everything that staff decide: what accepting and rejecting do, and what can be undone.

The code, the command line and the report read this one table. A kind without a row cannot be raised: a test collects
all reasons from the code. The catalogue has the words: why an item waits by its kind, what an answer does by its name.
This module writes nothing: see `services.desk.reviewing`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from cprsync.domain.patron.review import (
    BIRTH_DIFFERS,
    BLOCK_ANNULLED,
    BLOCK_DEAD,
    BLOCK_DISAPPEARED,
    BOTH_PATRONS,
    DEATH_ANNULLED,
    FOUND_AGAIN,
    NET_MEDIA_FOREIGN,
    NET_MEDIA_REFUSED,
    NUMBER_RESTORED,
    NUMBER_SET,
    OTHER_SUCCESSOR,
    PARKED,
    PROTECTION_DOUBTED,
    REPLACED_KINDS,
    RESPONSIBLE_GONE,
    RESPONSIBLE_OF_AGE,
    RESPONSIBLE_PROTECTED,
    Doing,
)

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class ReviewKind:
    """One row of the table."""

    kind: str
    doing: Doing
    #: what each answer does, by the name of its words
    accept: str
    reject: str

    @property
    def undoable(self) -> bool:
        """Whether `review undo` can take an acceptance back."""
        return self.doing in {Doing.BLOCK, Doing.MERGE, Doing.END_LINK, Doing.END_PROTECTION, Doing.NUMBER_SET}

    @property
    def needs_two(self) -> bool:
        """Whether two people must accept. If a protection ends by mistake, someone may find the address."""
        return self.doing is Doing.END_PROTECTION

    @property
    def leaves_replaced(self) -> bool:
        """Whether rejecting leaves the patron with a number that the register has replaced."""
        return self.kind in REPLACED_KINDS

    @property
    def may_wait_again(self) -> bool:
        """Whether `review reopen` can let a rejected or undone item wait again. An item that never waited cannot."""
        return self.doing is not Doing.NUMBER_SET


# -- the table ---------------------------------------------------------------------------------------------

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
    return ReviewKind(kind, Doing.ASK_NUMBER, "ask_number", "leave_replaced" if kind in REPLACED_KINDS else "leave")


_ROWS: Final = (
    ReviewKind(BLOCK_DEAD, Doing.BLOCK, "block_and_cancel", "no_block"),
    ReviewKind(BLOCK_DISAPPEARED, Doing.BLOCK, "block", "no_block"),
    ReviewKind(BLOCK_ANNULLED, Doing.BLOCK, "block", "no_block"),
    ReviewKind(DEATH_ANNULLED, Doing.LIFT, "lift_and_take_back", "keep_block"),
    ReviewKind(FOUND_AGAIN, Doing.LIFT, "lift", "keep_block"),
    ReviewKind(NUMBER_RESTORED, Doing.LIFT, "lift", "keep_block"),
    ReviewKind("number.annulled", Doing.SEEN, "seen", "close"),
    ReviewKind(BIRTH_DIFFERS, Doing.SEEN, "seen_date_holds", "close"),
    ReviewKind("protection.contradicted", Doing.SEEN, "keep_protection_for_now", "close"),
    ReviewKind(PROTECTION_DOUBTED, Doing.END_PROTECTION, "end_protection", "keep_protection"),
    ReviewKind(RESPONSIBLE_GONE, Doing.END_LINK, "end_link", "keep_link"),
    ReviewKind(RESPONSIBLE_PROTECTED, Doing.END_LINK, "end_link", "keep_link"),
    ReviewKind(RESPONSIBLE_OF_AGE, Doing.END_LINK, "end_link", "keep_link_for_now"),
    ReviewKind(NET_MEDIA_REFUSED, Doing.TELL_AGAIN, "tell_again", "keep_told"),
    ReviewKind(NET_MEDIA_FOREIGN, Doing.TELL_AGAIN, "send_ours", "keep_theirs"),
    ReviewKind(BOTH_PATRONS, Doing.MERGE, "merge", "stay_two"),
    ReviewKind(OTHER_SUCCESSOR, Doing.GIVE_NUMBER, "give_number", "keep_number"),
    ReviewKind(NUMBER_SET, Doing.NUMBER_SET, "number_written", "close"),
    *map(_number, _NUMBERS),
    *(ReviewKind(f"{PARKED}{reason}", Doing.ASK_AGAIN, "ask", "leave") for reason in _PARKED),
)

#: The table by kind. A kind that ends in `.` or `_` covers all kinds that begin with it.
REVIEW_KINDS: Final[Mapping[str, ReviewKind]] = {row.kind: row for row in _ROWS}
_HEADS: Final = tuple(kind for kind in REVIEW_KINDS if kind.endswith((".", "_")))


def review_kind(kind: str) -> ReviewKind:
    """The row of a kind. Raises KeyError: the kind has no row."""
    head = next((head for head in _HEADS if kind.startswith(head)), kind)
    return REVIEW_KINDS[kind if kind in REVIEW_KINDS else head]

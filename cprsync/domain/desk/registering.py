"""The warnings before a person is registered: one table for the desk and the rule page.

A dead or disappeared person, or an annulled number, stops a registration; for an existing patron it is only a question.
The catalogue `rules` has the texts. None reveals a name, an address, or who shares one. Leaves out what is written: see
`domain.deciding.decide`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cprsync.domain.deciding.decide import NUMBER_ANNULLED, WhyUnchanged
from cprsync.domain.desk.arrival import Agreement, Likeness, WarningRow
from cprsync.domain.desk.confirming import DeskWarning, WarningLevel
from cprsync.domain.patron.local import Stage
from cprsync.domain.patron.patron import RETURNING, PatronKind, Purpose
from cprsync.domain.patron.review import BIRTH_DIFFERS
from cprsync.domain.person.person import Status

if TYPE_CHECKING:
    from cprsync.domain.desk.arrival import Arrival

#: The person of the typed number has another number now.
OLD_NUMBER: Final = "old_number"
#: The former record is empty. The warning says so, because staff cannot see it there.
LEFT_BEFORE: Final = "left_before"
#: A block from before the person left is kept by the number.
BLOCK_KEPT: Final = "block.kept"
#: The person is a minor, and nobody answers for them.
MINOR: Final = "minor"
#: Values were typed that only the register decides.
TYPED_BESIDE: Final = "typed_beside"


def _parked(reason: str) -> WarningRow:
    return WarningRow(reason, WarningLevel.ASK, lambda one: one.parked == reason)


#: In the order in which they are shown.
WARNINGS: Final[tuple[WarningRow, ...]] = (
    WarningRow("somebody_else", WarningLevel.STOP, lambda one: one.like is not None and one.like.agrees_on_nothing),
    WarningRow("nothing_to_compare", WarningLevel.STOP, lambda one: one.like is not None and one.like.says_nothing),
    WarningRow("name_sealed", WarningLevel.STOP, lambda one: one.like is not None and one.like.is_sealed),
    WarningRow("age_differs", WarningLevel.STOP, lambda one: one.like == Likeness(Agreement.SEALED, Agreement.DIFFERS)),
    WarningRow("not_verified", WarningLevel.STOP, lambda one: one.is_unanswered),
    WarningRow("name_differs", WarningLevel.ASK, lambda one: one.agrees(Agreement.DIFFERS, Agreement.AGREES)),
    WarningRow("birth_date_differs", WarningLevel.ASK, lambda one: one.agrees(Agreement.AGREES, Agreement.DIFFERS)),
    WarningRow("name_not_as_said", WarningLevel.ASK, lambda one: one.is_named_otherwise),
    WarningRow("both_patrons", WarningLevel.ASK, lambda one: one.is_taken),
    WarningRow("dead", WarningLevel.STOP, lambda one: one.has(Status.DEAD), of_borrower=WarningLevel.ASK),
    WarningRow(NUMBER_ANNULLED, WarningLevel.STOP, lambda one: one.has(Status.ANNULLED), of_borrower=WarningLevel.ASK),
    WarningRow("disappeared", WarningLevel.STOP, lambda one: one.has(Status.DISAPPEARED), of_borrower=WarningLevel.ASK),
    WarningRow(
        "no_residence", WarningLevel.ASK, lambda one: one.has(Status.NO_RESIDENCE), of_borrower=WarningLevel.NOTE
    ),
    WarningRow("emigrated", WarningLevel.ASK, lambda one: one.has(Status.EMIGRATED), of_borrower=WarningLevel.NOTE),
    WarningRow(OLD_NUMBER, WarningLevel.ASK, lambda one: one.is_old_number),
    WarningRow(
        "patron",
        WarningLevel.NOTE,
        lambda one: one.is_known and one.patron.borrows and not one.changes_nothing,
        is_about_writing=True,
    ),
    WarningRow(
        "patron_same",
        WarningLevel.NOTE,
        lambda one: one.is_known and one.patron.borrows and one.changes_nothing,
        is_about_writing=True,
    ),
    WarningRow(
        "answers_only",
        WarningLevel.ASK,
        lambda one: one.is_known and not one.patron.borrows and one.purpose in RETURNING,
        is_about_writing=True,
    ),
    WarningRow(
        "leaving",
        WarningLevel.ASK,
        lambda one: one.stage is Stage.LEAVING and one.purpose in RETURNING,
        is_about_writing=True,
    ),
    WarningRow(LEFT_BEFORE, WarningLevel.NOTE, lambda one: one.left_before, is_about_writing=True),
    WarningRow(BLOCK_KEPT, WarningLevel.ASK, lambda one: bool(one.kept_blocks)),
    WarningRow(
        "other_purpose",
        WarningLevel.ASK,
        lambda one: not one.is_known and one.purpose in {Purpose.CORRECTION, Purpose.DEBT},
        is_about_writing=True,
    ),
    WarningRow(
        "guardian",
        WarningLevel.NOTE,
        lambda one: not one.is_known and one.purpose is Purpose.GUARDIAN,
        is_about_writing=True,
    ),
    WarningRow("provisional", WarningLevel.ASK, lambda one: one.is_provisional),
    WarningRow("namesake", WarningLevel.ASK, lambda one: one.has_namesake),
    WarningRow("no_number", WarningLevel.NOTE, lambda one: one.is_unknown),
    WarningRow(
        "birth_unknown",
        WarningLevel.ASK,
        lambda one: one.is_unknown and one.of_age is None and one.patron.kind is PatronKind.PERSON,
    ),
    WarningRow(TYPED_BESIDE, WarningLevel.NOTE, lambda one: one.typed_beside),
    WarningRow(
        MINOR,
        WarningLevel.ASK,
        lambda one: one.is_minor and not one.is_answered_for and one.purpose is not Purpose.GUARDIAN,
        is_about_writing=True,
    ),
    WarningRow("protected", WarningLevel.NOTE, lambda one: one.patron.register.is_shut),
    WarningRow("protection_ending", WarningLevel.NOTE, lambda one: one.protection_doubted),
    WarningRow("protection_unknown", WarningLevel.NOTE, lambda one: one.is_sealed_by_silence),
    WarningRow("household", WarningLevel.NOTE, lambda one: one.in_household),
    WarningRow(BIRTH_DIFFERS, WarningLevel.NOTE, lambda one: one.changes_birth_date),
    WarningRow(WhyUnchanged.OLDER.value, WarningLevel.NOTE, lambda one: one.is_older),
    _parked("address.missing"),
    _parked("status.missing"),
    _parked("number.unresolved"),
    _parked("name.lost"),
)


#: The register does not know the number: there is nothing to write.
UNKNOWN_NUMBER: Final = DeskWarning("register.no_such_person", WarningLevel.STOP, "desk.register.no_such_person")


def warnings_about(arrival: Arrival, *, writes: bool = True) -> tuple[DeskWarning, ...]:
    """All warnings about a person: before a write, or in a look-up that only shows."""
    seen = (row for row in WARNINGS if row.when(arrival) and (writes or not row.is_about_writing))
    return tuple(row.of(arrival) for row in seen)


def warning_of(kind: str) -> DeskWarning:
    """The warning of a kind, with its level for a new patron."""
    return next(DeskWarning(kind, row.level, f"desk.{kind}") for row in WARNINGS if row.kind == kind)

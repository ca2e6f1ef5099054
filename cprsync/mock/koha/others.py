"""Those who write in Koha beside the client under test: a member of staff, and the nightly job for age categories.

A member of staff may be told to write at a moment: after the client's next read of a patron, or right before the
client's next write that follows a read.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from datetime import date
from typing import TYPE_CHECKING, Any, Final

from cprsync.errors import BadInput
from cprsync.mock.koha import fields
from cprsync.mock.koha.holdings import KohaWrite
from cprsync.mock.koha.setup import age_on
from cprsync.mock.koha.writing import changed_fields, refuse_unknown_codes

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cprsync.mock.koha.holdings import Holdings
    from cprsync.mock.koha.patrons import KohaPatron

NOW, AFTER_READ, BEFORE_WRITE = "now", "read", "write"
MOMENTS: Final = (NOW, AFTER_READ, BEFORE_WRITE)
STAFF: Final = "staff"
AGE_JOB: Final = "age-job"
HIDDEN: Final = frozenset(("checkouts", "overdues", "debt", "guarantees", "superlibrarian", "anonymous"))
TIMES_MAX: Final = 1_000


@dataclass(frozen=True, slots=True, repr=False)
class StaffEdit:
    """What a member of staff does to one patron, and when."""

    patron: int
    when: str = NOW
    set: dict[str, Any] = field(default_factory=dict)
    #: by type: the values that the patron has afterwards; an empty list removes the type
    attributes: dict[str, list[str]] = field(default_factory=dict)
    hidden: dict[str, Any] = field(default_factory=dict)
    deletes: bool = False
    #: `updated_on` does not move: two writes in one second look like one
    is_same_second: bool = False
    times: int = 1
    #: whether the client has read the patron since
    is_read: bool = False

    def document(self) -> dict[str, Any]:
        return asdict(self)


def make_edit(koha: Holdings, edit: StaffEdit) -> None:
    """Write what a member of staff writes. They are not kept from giving two patrons one unique attribute.

    Raises:
        BadInput: kind `mock.koha`; a field, a code or a value is not possible.
    """
    patron = koha.patrons.find(edit.patron)
    if patron is None:
        return
    if edit.deletes:
        koha.write([koha.removal(patron, by=STAFF)])
        return
    pairs = [(code, value) for code, value in patron.pairs() if code not in edit.attributes]
    pairs += [(code, value) for code, values in edit.attributes.items() for value in values]
    change = KohaWrite(
        changed_fields(patron, edit.set),
        pairs if edit.attributes and sorted(pairs) != sorted(patron.pairs()) else None,
        {name: value for name, value in edit.hidden.items() if patron.hidden.get(name) != value},
    )
    if not change.is_empty:
        koha.write([koha.revision(patron, change, by=STAFF, moves_clock=not edit.is_same_second)])


def check_edit(koha: Holdings, edit: StaffEdit) -> None:
    """Refuse an edit that Koha's own screens would not take. Raises BadInput, kind `mock.koha`."""
    patron = koha.patrons.find(edit.patron)
    if patron is None:
        raise BadInput("no such patron in Koha", kind="mock.koha")
    whole = {name: value for name, value in patron.fields.items() if name not in fields.READ_ONLY} | edit.set
    mistakes = fields.find_mistakes(whole)
    settable = fields.ALL - fields.OWN
    if edit.set.keys() - settable or mistakes or edit.hidden.keys() - HIDDEN:
        raise BadInput("a field that Koha's patron has not, or a value that it cannot hold", kind="mock.koha")
    if edit.when not in MOMENTS or not 1 <= edit.times <= TIMES_MAX:
        raise BadInput(
            "an edit is made 1 to {most} times, at: {named}", most=TIMES_MAX, named=", ".join(MOMENTS), kind="mock.koha"
        )
    refuse_unknown_codes(koha, {**patron.fields, **edit.set}, edit.attributes, owner=patron.patron_id)


@dataclass(slots=True)
class Script:
    """The edits that wait for their moment."""

    waiting: list[StaffEdit] = field(default_factory=list)

    def note_read(self, patron_ids: set[int]) -> list[StaffEdit]:
        """The client has read these patrons. Return the edits that are due now."""
        due = [edit for edit in self.waiting if edit.when == AFTER_READ and edit.patron in patron_ids]
        self._count(due)
        self.waiting = [
            replace(edit, is_read=True) if edit.when == BEFORE_WRITE and edit.patron in patron_ids else edit
            for edit in self.waiting
        ]
        return due

    def note_write(self, patron_id: int) -> list[StaffEdit]:
        """The client is about to write to this patron. Return the edits that come first."""
        due = [edit for edit in self.waiting if edit.patron == patron_id and edit.is_read]
        self._count(due)
        return due

    def _count(self, due: list[StaffEdit]) -> None:
        for edit in due:
            position = self.waiting.index(edit)
            left = [replace(edit, times=edit.times - 1, is_read=False)] if edit.times > 1 else []
            self.waiting[position : position + 1] = left


def run_age_job(koha: Holdings, day: date) -> int:
    """Move everyone whose age has left their category. Return how many were moved."""
    due = [(patron, code) for patron in koha.patrons if (code := _category_due(koha, patron, day)) is not None]
    koha.write([koha.revision(patron, KohaWrite({"category_id": code}), by=AGE_JOB) for patron, code in due])
    return len(due)


def _category_due(koha: Holdings, patron: KohaPatron, day: date) -> str | None:
    """The category that the patron's age asks for. None: theirs is right, or has nothing to do with age."""
    born: str | None = patron.get("date_of_birth")
    categories: Mapping[str, Any] = koha.setup.categories
    present = categories.get(patron.get("category_id"))
    if born is None or present is None or present.from_age is None:
        return None
    age = age_on(date.fromisoformat(born), day)
    return None if present.is_for(age) else koha.setup.category_of_age(age)

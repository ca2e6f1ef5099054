"""What became of the rows of an import, one by one."""

from __future__ import annotations

import enum
from dataclasses import dataclass


class ImportOutcome(enum.Enum):
    """What became of one row."""

    #: a new patron, not yet verified
    CREATED = "created"
    #: a patron's own part changed
    UPDATED = "updated"
    #: the record already said so
    UNCHANGED = "unchanged"
    #: not taken; the reason says why
    REFUSED = "refused"
    #: of what circulates: it was over before it came, and nothing of it is kept
    OVER = "over"


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of one row, in the order of the rows."""

    outcome: ImportOutcome
    patron_id: str | None
    reason: str | None = None
    #: she was about to leave, and stays
    stays: bool = False
    #: she left before, closed or erased, and is someone new
    returns: bool = False
    #: fields of the row that were left out, since only the register's word stands there
    left: tuple[str, ...] = ()
    #: the group of the row was left out, since age says another
    by_age: bool = False
    #: of a balance: the loan for which money is owed, or was until lately, once the row is taken
    owed_for: str | None = None
    #: the field that a refusal is about, where the reason does not say it
    field: str = ""

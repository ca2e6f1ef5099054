"""What happened to the rows of an import, one by one."""

from __future__ import annotations

import enum
from dataclasses import dataclass


class ImportOutcome(enum.Enum):
    """What happened to one row."""

    #: a new patron, not yet verified
    CREATED = "created"
    #: a field that the patron or staff own has changed
    UPDATED = "updated"
    #: the record has these values already
    UNCHANGED = "unchanged"
    #: not taken; the reason says why
    REFUSED = "refused"
    #: only for circulation: the row was over before it came, and nothing of it is kept
    OVER = "over"


@dataclass(frozen=True, slots=True)
class Imported:
    """What happened to one row. The results have the order of the rows."""

    outcome: ImportOutcome
    patron_id: str | None
    reason: str | None = None
    #: the patron was about to leave, and stays
    stays: bool = False
    #: the patron left before and was closed; the row has created a new patron
    returns: bool = False
    #: fields of the row that were left out, because only the register's value may stand there
    left: tuple[str, ...] = ()
    #: the row's group was left out, because the patron's age asks for another
    by_age: bool = False
    #: for a balance: the loan for which money is owed, or was until lately, once the row is taken
    owed_for: str | None = None
    #: the field that a refusal is about, if the reason does not name it
    field: str = ""

"""What an import asks of the store, and what became of its rows."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date

    from cprsync.domain.person.number import CprNumber
    from cprsync.domain.policy.policy import Policy
    from cprsync.services.ports.patrons import NewPatron


#: Why a row is refused if one of its days lies before the day on which it began.
ORDER: Final = "day.order"


@dataclass(frozen=True, slots=True, repr=False)
class Circulated:
    """The content of one row. An empty cell says nothing."""

    type: str
    source_id: str
    #: a patron number or a card
    patron: str
    #: days in clear, by column
    days: Mapping[str, date]
    clear: Mapping[str, str] = field(default_factory=dict)
    #: sealed values, by name
    said: Mapping[str, Any] = field(default_factory=dict)
    #: fulfilled or cancelled: nothing of it is kept
    over: bool = False
    #: the last day of an action by the patron
    seen: date | None = None
    #: the first empty column that only a row with a known id may leave empty; "": none
    missing: str = ""


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
class ImportedRow:
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


class ForeseenBalances(Protocol):
    """What a list's balances would leave owed, for a dry run that has not written them."""

    def tells_of(self, balance_id: str) -> bool: ...

    def is_owed(self, patron_id: str, loan_id: str) -> bool: ...


class Imports(Protocol):
    """Lists of other systems."""

    def take_patrons(
        self, rows: Iterable[NewPatron], *, apply: bool = True, policy: Policy | None = None
    ) -> list[ImportedRow]:
        """Take in the rows. Without `apply`, only return what would happen to them.

        With a `policy`, a list puts nobody into a group that does not fit their age.
        """

    def take_circulation(
        self, rows: Sequence[Circulated], *, apply: bool, policy: Policy, foreseen: ForeseenBalances | None = None
    ) -> list[ImportedRow]:
        """Take in loans, reservations, balances and messages, by their source's ids."""

    def try_row(self, row: NewPatron, *, policy: Policy | None) -> ImportedRow:
        """Return what would happen to a row. Nothing is written."""

    def left_before(self, number: CprNumber) -> bool:
        """Return whether the patron with this number has left and was closed."""

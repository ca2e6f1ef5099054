"""The rule table of the desk: what is to be seen before someone is registered, and how loud it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cprsync.domain.desk.confirming import Level
from cprsync.domain.desk.parting import PARTING_ROWS
from cprsync.domain.desk.registering import WARNINGS
from cprsync.domain.rulebook.rule_table import SOURCE, Column, RuleTable
from cprsync.domain.wording import Wording

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cprsync.domain.desk.arrival import WarningRow
    from cprsync.domain.desk.parting import PartingRow
    from cprsync.domain.rulebook.rule_rows import Cell

_COLUMNS: Final = (
    Column("warning", Wording("Advarsel ved skranken", "Warning at the desk")),
    Column("begins", Wording("Af en ny låner", "Of a new patron")),
    Column("updates", Wording("Af en låner, hvis post opdateres", "Of a patron whose record is updated")),
    SOURCE,
)
_LEVELS: Final[Mapping[Level, Wording]] = {
    Level.NOTE: Wording("til orientering", "to know"),
    Level.ASK: Wording("spørg først", "ask first"),
    Level.STOP: Wording("stop: kun med en begrundelse", "stop: with a reason only"),
}


def desk_table() -> RuleTable:
    """What is to be seen before someone is registered."""
    title = Wording("Advarsler før registrering og nyt nummer", "Warnings before a registration or another number")
    keys = tuple(f"desk-{row.kind.replace('.', '-').replace('_', '-')}" for row in WARNINGS)
    return RuleTable("desk", title, _COLUMNS, keys, tuple(_row(row) for row in WARNINGS))


_PARTING_COLUMNS: Final = (
    Column("warning", Wording("Advarsel ved skranken", "Warning at the desk")),
    Column("leave", Wording("Ved udmeldelse", "When a patron leaves")),
    Column("erase", Wording("Ved sletning", "When a patron is erased")),
    SOURCE,
)
_UNSAID: Final = Wording("–", "–")


def parting_table() -> RuleTable:
    """What is to be seen before a patron leaves or is erased."""
    title = Wording("Advarsler før en udmeldelse og en sletning", "Warnings before a patron leaves or is erased")
    keys = tuple(f"parting-{row.kind.replace('_', '-')}" for row in PARTING_ROWS)
    return RuleTable("parting", title, _PARTING_COLUMNS, keys, tuple(_parting_row(row) for row in PARTING_ROWS))


def _parting_row(row: PartingRow) -> tuple[Cell, ...]:
    levels = (_UNSAID if level is None else _LEVELS[level] for level in (row.leave, row.erase))
    return row.text, *levels, _DECISION


_DECISION: Final = Wording("Beslutning 40", "Decision 40")


def _row(row: WarningRow) -> tuple[Cell, ...]:
    return row.text, _LEVELS[row.level], _LEVELS[row.of_borrower or row.level], row.source

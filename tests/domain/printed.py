"""The rule tables as they are printed for the default policy. Read when a test asks: a wrong row is red by its name."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from cprsync.config.packaged import load_rule_tables
from cprsync.config.policy import load_policy
from cprsync.domain.wording import Wording
from cprsync.resources import fixture_path

if TYPE_CHECKING:
    from cprsync.domain.rulebook.tables import Cell, RuleTable

POLICY = load_policy(fixture_path("policy.toml"), frozenset({"0751"}))


@cache
def tables() -> dict[str, RuleTable]:
    return {table.name: table for table in load_rule_tables(POLICY)}


def row(key: str) -> tuple[Cell, ...]:
    """A row by its name, which begins with the table's."""
    table = tables()[key.partition("-")[0]]
    return table.rows[table.keys.index(key)]


def danish(key: str) -> tuple[Cell, ...]:
    return tuple(cell.da if isinstance(cell, Wording) else cell for cell in row(key))

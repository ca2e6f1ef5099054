"""The rule tables about the net media: rights, accounts in CULR, and the products of a policy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cprsync.domain.netmedia.right_rule import RIGHT_RULES, RightRow
from cprsync.domain.netmedia.right_words import ANSWERS, CHANGES, LICENCES, NO_MATTER
from cprsync.domain.pages.product_page import product_rows
from cprsync.domain.rulebook.account_rows import ACCOUNT_ROWS
from cprsync.domain.rulebook.rule_table import SOURCE, Column, RuleTable
from cprsync.domain.wording import Wording

if TYPE_CHECKING:
    from cprsync.domain.policy.policy import Policy
    from cprsync.domain.rulebook.rule_rows import Cell

# -- rights ------------------------------------------------------------------------------------------------

_RIGHT_COLUMNS: Final = (
    Column("what", Wording("Den første, der gælder", "The first that holds")),
    Column("licence", Wording("Hvis licens", "Whose licence")),
    Column("answer", Wording("Svar", "Answer")),
    Column("changes", Wording("Ændres", "Changes")),
    SOURCE,
)


def rights_table() -> RuleTable:
    rows = RIGHT_RULES.values()
    return RuleTable(
        "rights",
        Wording("Ret til netmedier", "Rights to net media"),
        _RIGHT_COLUMNS,
        (*(f"rights-{row.rule.value.replace('_', '-')}" for row in rows), *NO_MATTER),
        (*map(_right_row, rows), *NO_MATTER.values()),
    )


def _right_row(row: RightRow) -> tuple[Cell, ...]:
    return row.what, LICENCES[row.licensed_by], ANSWERS[row.answer], CHANGES[row.changes], row.source


# -- accounts ----------------------------------------------------------------------------------------------

_ACCOUNT_COLUMNS: Final = (
    Column("what", Wording("Hvem eller hvad", "Who or what")),
    Column("account", Wording("Kontoen", "The account")),
    SOURCE,
)


def account_table() -> RuleTable:
    title = Wording("Kontoen hos netmedierne (CULR)", "The account with the net media (CULR)")
    return RuleTable("account", title, _ACCOUNT_COLUMNS, tuple(ACCOUNT_ROWS), tuple(ACCOUNT_ROWS.values()))


# -- products ----------------------------------------------------------------------------------------------

_PRODUCT_COLUMNS: Final = (
    Column("product", Wording("Produkt", "Product")),
    Column("days", Wording("Første og sidste dag", "First and last day")),
    Column("licence", Wording("Hvis licens", "Whose licence")),
    Column("ages", Wording("Alder", "Age")),
    Column("blocks", Wording("Lukkes af blokering", "Closed by block")),
    Column("groups", Wording("Ikke for lånergruppe", "Not for patron group")),
    SOURCE,
)
_PRODUCTS: Final = Wording("policy.toml: product", "policy.toml: product")


def product_table(policy: Policy) -> RuleTable:
    rows = product_rows(policy)
    return RuleTable(
        "products",
        Wording("Netmedier", "Net media"),
        _PRODUCT_COLUMNS,
        tuple(f"products-{key}" for key in rows),
        tuple((*row, _PRODUCTS) for row in rows.values()),
    )

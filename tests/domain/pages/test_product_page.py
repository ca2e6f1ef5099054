"""The page of a library's net media: a line for each period of each product, as its policy has it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest
from right_people import BOOKS, PAPERS, policy

from cprsync.catalogues import rule_words
from cprsync.config.policy import load_policy
from cprsync.domain.pages.policy_page import product_rows
from cprsync.resources import fixture_path

if TYPE_CHECKING:
    from cprsync.domain.policy.product import Product


def danish(product: Product) -> list[str]:
    (row,) = product_rows(policy(product), rule_words).values()
    assert all(cell.en for cell in row)
    return [cell.da for cell in row]


def test_the_shipped_net_media_are_printed_as_they_are_in_the_policy() -> None:
    shipped = product_rows(load_policy(fixture_path("policy.toml"), frozenset()), rule_words)
    assert {key: [cell.da for cell in row] for key, row in shipped.items()} == {
        "ereolen-2000-01-01": [
            "eReolen",
            "2000-01-01 –",
            "bopælskommunens: alle danske kommuner",
            "alle",
            "enhver",
            "–",
        ],
        "filmstriben-2000-01-01": [
            *("Filmstriben", "2000-01-01 –", "bopælskommunens: bibliotekets egne kommuner", "alle", "enhver", "–"),
        ],
    }


@pytest.mark.parametrize(
    ("terms", "column", "told"),
    [
        ({"until": date(2027, 12, 31)}, 1, "2020-01-01 – 2027-12-31"),
        ({"licensed": frozenset({"0751", "0101"})}, 2, "bopælskommunens: 0101, 0751"),
        ({"unlicensed": frozenset({"0461"})}, 2, "bopælskommunens: alle danske kommuner; ikke 0461"),
        ({"licensed": frozenset()}, 2, "bopælskommunens: –"),
        ({"from_age": 15}, 3, "fra 15 år"),
        ({"below_age": 18}, 3, "under 18 år"),
        ({"from_age": 15, "below_age": 65}, 3, "fra 15 og under 65 år"),
        ({"closing_blocks": frozenset({"udelukket"})}, 4, "udelukket"),
        ({"closing_blocks": frozenset()}, 4, "–"),
        ({"closed_groups": frozenset({"Personale", "Institution"})}, 5, "Institution, Personale"),
    ],
)
def test_each_term_is_printed(terms: dict[str, Any], column: int, told: str) -> None:
    assert danish(replace(BOOKS, **terms))[column] == told


def test_of_the_librarys_own_licence_no_municipality_is_printed() -> None:
    assert danish(PAPERS)[2] == "bibliotekets"

"""Products as a policy has them: their periods follow each other, and of a municipality a licence may be unknown."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from cprsync.domain.policy.product import Licence, LicensedBy, Product, Products
from cprsync.domain.wording import Wording
from cprsync.errors import OutOfOrder

DAY = date(2027, 3, 22)
BOOKS = Product("ereolen", Wording("eReolen", "eReolen"), date(2020, 1, 1), LicensedBy.MUNICIPALITY)
FILMS = replace(BOOKS, name="filmstriben", until=date(2027, 12, 31))
HOME = frozenset({"0751"})
LIBRARYS = "the licence is the library's own, and no municipality has a say in it"


def test_a_product_is_there_from_its_first_day_to_its_last() -> None:
    assert [FILMS.holds_on(day) for day in (date(2019, 12, 31), date(2020, 1, 1), date(2027, 12, 31))] == [0, 1, 1]
    assert not FILMS.holds_on(date(2028, 1, 1))
    assert BOOKS.holds_on(date.max)


@pytest.mark.parametrize(
    ("terms", "licences"),
    [
        ({}, {"0751": Licence.HELD, "0101": Licence.HELD, "0411": Licence.HELD}),
        ({"unlicensed": frozenset({"0101"})}, {"0751": Licence.HELD, "0101": Licence.NONE}),
        ({"licensed": frozenset({"0751"})}, {"0751": Licence.HELD, "0101": Licence.UNKNOWN}),
        ({"licensed": frozenset({"0101"})}, {"0751": Licence.NONE, "0101": Licence.HELD, "0461": Licence.UNKNOWN}),
        ({"licensed": frozenset({"0751"}), "unlicensed": frozenset({"0101"})}, {"0101": Licence.NONE}),
    ],
)
def test_whether_a_municipality_holds_a_licence_is_known_of_the_own_ones_and_of_those_listed(
    terms: dict[str, Any], licences: dict[str, Licence]
) -> None:
    product = replace(BOOKS, **terms)
    assert {code: product.licence_of(code, HOME) for code in licences} == licences


def test_every_block_closes_a_product_unless_the_policy_names_some() -> None:
    lost = "Mistet kort"
    assert BOOKS.is_closed_by(lost)
    assert replace(BOOKS, closing_blocks=frozenset({"mistet kort"})).is_closed_by(lost)
    assert not replace(BOOKS, closing_blocks=frozenset({"udelukket"})).is_closed_by(lost)
    assert not replace(BOOKS, closing_blocks=frozenset()).is_closed_by(lost)


@pytest.mark.parametrize(("terms", "asks"), [({}, False), ({"from_age": 15}, True), ({"below_age": 18}, True)])
def test_an_age_is_asked_for_only_where_there_is_a_limit(terms: dict[str, Any], asks: bool) -> None:
    assert replace(BOOKS, **terms).asks_age is asks


@pytest.mark.parametrize(
    ("terms", "place", "told"),
    [
        ({"until": date(2019, 12, 31)}, "until", "it ends before it begins"),
        (
            {"from_age": 18, "below_age": 18},
            "below_age",
            "no age is left: below_age has to be higher than from_age",
        ),
        (
            {"licensed": HOME, "unlicensed": HOME},
            "unlicensed",
            "a municipality stands in both lists, with a licence and without",
        ),
        ({"licensed_by": LicensedBy.LIBRARY, "licensed": HOME}, "municipalities", LIBRARYS),
        ({"licensed_by": LicensedBy.LIBRARY, "unlicensed": HOME}, "municipalities", LIBRARYS),
    ],
)
def test_terms_that_contradict_each_other_are_refused(terms: dict[str, Any], place: str, told: str) -> None:
    with pytest.raises(OutOfOrder) as refused:
        replace(BOOKS, **terms)
    assert (str(refused.value), refused.value.place) == (told, (place,))


def test_a_product_may_be_there_for_one_day() -> None:
    assert replace(BOOKS, until=BOOKS.since).holds_on(BOOKS.since)


@pytest.mark.parametrize(
    ("since", "told"),
    [
        (date(2027, 12, 31), "it overlaps the period before it, which goes to 2027-12-31"),
        (date(2028, 1, 2), "there is a hole: the period before it goes to 2027-12-31"),
    ],
)
def test_the_periods_of_a_product_neither_overlap_nor_leave_a_hole(since: date, told: str) -> None:
    with pytest.raises(OutOfOrder, match=told) as refused:
        Products((FILMS, BOOKS, replace(FILMS, since=since, until=None)))
    assert refused.value.place == (2, "since")


def test_nothing_follows_a_period_without_an_end() -> None:
    with pytest.raises(OutOfOrder) as refused:
        Products((BOOKS, replace(BOOKS, since=date(2028, 1, 1))))
    assert str(refused.value) == "the period of this product before it has no end: give that one an until"
    assert refused.value.place == (1, "since")


def test_periods_that_follow_each_other_are_one_product() -> None:
    later = replace(FILMS, since=date(2028, 1, 1), until=None, closed_groups=frozenset({"Personale"}))
    products = Products((FILMS, BOOKS, later))
    assert products.names() == ("filmstriben", "ereolen")
    assert products.of("filmstriben") == (FILMS, later)
    assert products.ask_group()
    assert not Products((FILMS, BOOKS)).ask_group()


def test_a_product_is_called_what_its_period_says_and_outside_all_of_them_what_the_last_one_says() -> None:
    later = replace(FILMS, title=Wording("Filmstriben Plus", "Filmstriben Plus"), since=date(2028, 1, 1), until=None)
    products = Products((BOOKS, FILMS, later))
    names = {day: products.titles(day)["filmstriben"].da for day in (DAY, date(2028, 1, 1), date(2019, 1, 1))}
    assert names == {DAY: "eReolen", date(2028, 1, 1): "Filmstriben Plus", date(2019, 1, 1): "Filmstriben Plus"}
    assert products.titles(DAY)["ereolen"].da == "eReolen"

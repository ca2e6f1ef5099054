"""`[[product]]` of `policy.toml`: read as typed, and a mistake is named by its line."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest
from test_policy_file import GROUPS, LADDER, read, refused
from town import FIXTURES

from cprsync.config.policy import ProductEntry, load_policy
from cprsync.domain.policy.product import Licence, LicensedBy, Product
from cprsync.domain.wording import Wording
from cprsync.errors import ConfigurationError
from cprsync.language.errors import in_danish
from cprsync.resources import guide_paths

if TYPE_CHECKING:
    from pathlib import Path

PRODUCT = """# the net media
[[product]]
name = "film"
title = { da = "Film", en = "Films" }
since = 2020-01-01
until = 2027-12-31
licensed_by = "municipality"
municipalities = ["751", "0101"]
unlicensed = ["0461"]
from_age = 15
below_age = 65
closing_blocks = ["Udelukket"]
closed_groups = ["Personale"]
"""
LATER = """
[[product]]
name = "film"
title = { da = "Film", en = "Films" }
since = 2028-01-01
licensed_by = "library"
"""
CODES = 'expected a list of codes, as ["0751", "0101"]'


def test_a_product_is_read_as_it_was_typed(tmp_path: Path) -> None:
    first, later = read(tmp_path, PRODUCT + LATER).products.periods
    assert first == Product(
        "film",
        Wording("Film", "Films"),
        date(2020, 1, 1),
        LicensedBy.MUNICIPALITY,
        until=date(2027, 12, 31),
        licensed=frozenset({"0751", "0101"}),
        unlicensed=frozenset({"0461"}),
        from_age=15,
        below_age=65,
        closing_blocks=frozenset({"udelukket"}),
        closed_groups=frozenset({"Personale"}),
    )
    assert later == Product("film", Wording("Film", "Films"), date(2028, 1, 1), LicensedBy.LIBRARY)


@pytest.mark.parametrize(
    ("typed", "licensed"),
    [
        ('municipalities = "all"', None),
        ('municipalities = "own"', frozenset({"0751"})),
        ("municipalities = []", frozenset()),
    ],
)
def test_whole_lists_of_municipalities_have_a_word(tmp_path: Path, typed: str, licensed: frozenset[str] | None) -> None:
    path = tmp_path / "policy.toml"
    path.write_text(PRODUCT.replace('municipalities = ["751", "0101"]', typed), encoding="utf-8")
    (product,) = load_policy(path, frozenset({"0751"})).products.periods
    assert product.licensed == licensed


def test_the_shipped_policy_takes_only_what_is_known_for_a_licence_of_others() -> None:
    """Whether another municipality has Filmstriben is that one's affair."""
    ereolen, film = load_policy(FIXTURES / "policy.toml", frozenset({"0751"})).products.periods
    assert [one.licence_of("0101", frozenset({"0751"})) for one in (ereolen, film)] == [Licence.HELD, Licence.UNKNOWN]
    assert [one.licence_of("0751", frozenset({"0751"})) for one in (ereolen, film)] == [Licence.HELD] * 2


def test_the_product_in_the_guide_is_one_that_can_be_typed(tmp_path: Path) -> None:
    page = guide_paths()["policy"].read_text(encoding="utf-8")
    (typed,) = (block for block in page.split("```")[1::2] if "[[product]]" in block)
    (product,) = read(tmp_path, typed).products.periods
    assert (product.licensed, product.from_age, product.below_age) == (frozenset({"0751"}), 15, 65)
    # it is the whole of what may stand in one
    assert {line.split(" = ")[0] for line in typed.splitlines() if " = " in line} == set(ProductEntry.model_fields)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("until = 2027-12-31\n", "", "line 17: [[product]] 2, since: the period of this product before it has no end"),
        (
            "2027-12-31",
            "2028-01-01",
            "line 18: [[product]] 2, since: it overlaps the period before it, which goes to 2028",
        ),
        (
            "2027-12-31",
            "2027-12-30",
            "line 18: [[product]] 2, since: there is a hole: the period before it goes to 2027-12",
        ),
        ("2027-12-31", "2019-12-31", "line 6: [[product]] 1, until: it ends before it begins"),
        ("2027-12-31", '"never"', "line 6: [[product]] 1, until: "),
        ("below_age = 65", "below_age = 15", "line 11: [[product]] 1, below_age: no age is left"),
        (
            "below_age = 65",
            "below_age = 0",
            "line 11: [[product]] 1, below_age: Input should be greater than or equal to 1",
        ),
        ("from_age = 15", "from_age = true", "line 10: [[product]] 1, from_age: "),
        ("from_age = 15", "age = 15", "line 10: [[product]] 1, age: there is no such setting"),
        ('"0461"', '"0101"', "line 9: [[product]] 1, unlicensed: a municipality stands in both lists"),
        ('["0461"]', '"own"', f"line 9: [[product]] 1, unlicensed: {CODES}"),
        ('["0461"]', "[461]", f"line 9: [[product]] 1, unlicensed: {CODES}"),
        (
            '"751"',
            '"0957"',
            "line 8: [[product]] 1, municipalities: code 1 of the list is Qeqqata Kommunia's, in Greenland",
        ),
        (
            '"0101"',
            '"0171"',
            "line 8: [[product]] 1, municipalities: code 2 of the list is Ledøje-Smørum's, which is no more",
        ),
        (
            '["751", "0101"]',
            '"some"',
            'line 8: [[product]] 1, municipalities: expected "all", "own", or a list of codes',
        ),
        ('["Udelukket"]', '"none"', 'line 12: [[product]] 1, closing_blocks: expected "all", or a list of reasons'),
        ('["Udelukket"]', '[" "]', 'line 12: [[product]] 1, closing_blocks: expected "all", or a list of reasons'),
        ('"municipality"', '"library"', "line 8: [[product]] 1, municipalities: the licence is the library's own"),
        (
            '"municipality"',
            '"state"',
            "line 7: [[product]] 1, licensed_by: Input should be 'municipality' or 'library'",
        ),
        ('"film"', '"Film!"', "line 3: [[product]] 1, name: "),
        (', en = "Films"', "", "line 4: [[product]] 1, title.en: this setting is missing"),
        ("[[product]]", "[[products]]", "line 2: products: there is no such setting"),
        (
            'municipalities = ["751", "0101"]\n',
            "",
            "line 7: [[product]] 1, licensed_by: say which municipalities hold the",
        ),
        (
            '{ da = "Film", en = "Films" }',
            '"Film"',
            "line 4: [[product]] 1, title: expected the name in both languages",
        ),
        ('["Personale"]', '["Personale", ""]', "line 13: [[product]] 1, closed_groups 2: "),
    ],
)
def test_a_mistake_in_a_product_is_named_by_its_line(tmp_path: Path, old: str, new: str, told: str) -> None:
    assert old in PRODUCT
    assert refused(tmp_path, PRODUCT.replace(old, new, 1) + LATER).startswith(told)


@pytest.mark.parametrize("ends", ["2028-01-01", "2027-12-30"])
def test_in_danish_the_day_of_another_period_is_written_as_danes_do(tmp_path: Path, ends: str) -> None:
    with pytest.raises(ConfigurationError) as mistaken:
        read(tmp_path, PRODUCT.replace("2027-12-31", ends) + LATER)
    year, month, day = ends.split("-")
    assert in_danish(mistaken.value.document()).endswith(f"går til {day}.{month}.{year}")


@pytest.mark.parametrize(("groups", "named"), [(GROUPS, '"Barn", "Voksen", "Personale"'), ("", '"Barn", "Voksen"')])
def test_a_group_that_the_policy_does_not_name_closes_nothing_by_mistake(
    tmp_path: Path, groups: str, named: str
) -> None:
    """Without any groups in the policy nobody knows what they are called."""
    assert read(tmp_path, PRODUCT).products.ask_group()
    whole = LADDER + groups + PRODUCT
    assert read(
        tmp_path, whole.replace('closed_groups = ["Personale"]', 'closed_groups = ["Voksen"]')
    ).products.names() == ("film",)
    told = refused(tmp_path, whole.replace('closed_groups = ["Personale"]', 'closed_groups = ["Personalet"]'))
    said = f'[[product]] "film", closed_groups 1: no group is called that: age_groups and [groups] have {named}'
    assert told == f"line {len((LADDER + groups).splitlines()) + 13}: {said}"

"""`policy.toml`: a mistake is named by file, line and key, and no policy comes of it."""

from __future__ import annotations

import tomllib
from dataclasses import fields, replace
from datetime import date
from typing import TYPE_CHECKING

import pytest
from town import FIXTURES

from cprsync.config.policy import load_policy
from cprsync.domain.policy.policy import (
    DEFAULT_LIMITS,
    Controller,
    Harm,
    LetterRules,
    PatronGroup,
    PinCeilings,
    Policy,
    RetentionDays,
)
from cprsync.domain.policy.tariff import STANDARD, Band, Bands, FeeRules, Moment, Tariff
from cprsync.errors import ConfigurationError
from cprsync.language.errors import in_danish
from cprsync.resources import guide_paths

if TYPE_CHECKING:
    from pathlib import Path


def test_a_policy_sets_single_limits_and_keeps_the_others(tmp_path: Path) -> None:
    path = tmp_path / "policy.toml"
    path.write_text("[guard]\ngone = { count = 3, share = 0.5 }\n", encoding="utf-8")
    policy = load_policy(path, frozenset({"0751"}))
    assert (policy.limits[Harm.GONE].count, policy.limits[Harm.GONE].share) == (3, 0.5)
    assert policy.limits[Harm.CHANGED] == DEFAULT_LIMITS[Harm.CHANGED]
    assert policy.home == {"0751"}


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("[guard]\ngone = { count = -1 }", "guard.gone.count"),
        ("[guard]\ngone = { count = 1, share = 2.0 }", "guard.gone.share"),
        ("[guard]\ngnoe = { count = 1 }", "guard.gnoe"),
        ("[guard]\ngone = { counts = 1 }", "guard.gone.counts"),
        ('[guard]\ngone = "many"', "guard.gone"),
        ('silent_protection = "closed"', "silent_protection"),
        ("[gaurd]\n", "gaurd"),
        ("[guard]\ngone = { count = true }", "guard.gone.count"),
    ],
)
def test_a_mistake_in_the_policy_is_named_by_its_key(tmp_path: Path, text: str, named: str) -> None:
    path = tmp_path / "policy.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigurationError) as caught:
        load_policy(path, frozenset())
    assert caught.value.kind == "policy"
    assert named in caught.value.message


def _with_section(lines: list[str], first: int) -> list[str]:
    """The lines of a policy with a commented section made real: from its head to the next line that is no comment."""
    end = next(at for at in range(first, len(lines)) if not lines[at].startswith("#"))
    real = [line.removeprefix("#").removeprefix(" ") for line in lines[first:end]]
    return [*lines[:first], *real, *lines[end:]]


def test_each_section_that_stands_as_a_comment_may_be_made_real_where_it_stands(tmp_path: Path) -> None:
    """Decision 13: each library has its policy. It says: take away the # before the lines."""
    lines = (FIXTURES / "policy.toml").read_text(encoding="utf-8").splitlines()
    heads = [lines.index(head) for head in ("# [controller]", '# [groups."Barn"]', "# [[product]]", "# [branches]")]
    for first in heads:
        path = tmp_path / "policy.toml"
        path.write_text("\n".join(_with_section(lines, first)), encoding="utf-8")
        assert load_policy(path, frozenset({"0751"})) != load_policy(FIXTURES / "policy.toml", frozenset({"0751"}))


@pytest.mark.parametrize("setting", ["cuont = 1", "cuont = 1, share = 2.0", "share = 2.0, cuont = 1"])
def test_a_misspelt_key_is_named_before_the_one_that_is_missing_for_it(tmp_path: Path, setting: str) -> None:
    path = tmp_path / "policy.toml"
    path.write_text(f"[guard]\ngone = {{ {setting} }}\n", encoding="utf-8")
    with pytest.raises(ConfigurationError) as caught:
        load_policy(path, frozenset())
    assert "line 2: guard.gone.cuont: there is no such setting; line 2: guard.gone.count: this" in caught.value.message
    assert ("guard.gone.share: " in caught.value.message) == ("share" in setting)


LADDER = """# the groups
[[age_groups]]
since = 2000-01-01
groups = [
    { name = "Barn", from = 0 },
    { name = "Voksen", from = 18 },
]
"""


TARIFF = """# the fees
[[tariffs]]
since = 2027-01-01
child_below = 18
bands = [
    { days = "1-7", child = 10, adult = 20.50 },
    { days = "8–14", child = 30, adult = 60 },
    { days = "15+", child = 55, adult = 120 },
]
"""
GROUPS = """
[groups."Barn"]
fees = false
[groups."Voksen"]
[groups."Personale"]
"""


def read(tmp_path: Path, text: str) -> Policy:
    path = tmp_path / "policy.toml"
    path.write_text(text, encoding="utf-8")
    return load_policy(path, frozenset())


def refused(tmp_path: Path, text: str) -> str:
    """What is told of a policy with a mistake, without the file's name."""
    with pytest.raises(ConfigurationError) as caught:
        read(tmp_path, text)
    assert caught.value.kind == "policy"
    # the last part of the sentence is said in other words in Danish
    said = caught.value.message.partition(": ")[2].partition(": ")[2]
    assert said not in in_danish(caught.value.document())
    return caught.value.message.removeprefix(str(tmp_path / "policy.toml")).removeprefix(", ")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (LADDER.replace("= 0", "= 6"), "line 5: [[age_groups]] 1, groups 1: the first group has to count from age 0"),
        (LADDER.replace("18", "0"), "line 6: [[age_groups]] 1, groups 2: each group has to begin at a higher age"),
        (LADDER.replace("Voksen", "Barn"), "line 6: [[age_groups]] 1, groups 2: two groups have the same name"),
        (LADDER + LADDER, "line 9: [[age_groups]] 2: the age groups have to stand in the order of their days"),
        (LADDER.replace("from = 18", "from = 181"), "line 6: [[age_groups]] 1, groups 2, from: "),
        (
            LADDER.replace("from = 18", "form = 18"),
            "line 6: [[age_groups]] 1, groups 2, form: there is no such setting",
        ),
        (LADDER.replace(", from = 18", ""), "line 6: [[age_groups]] 1, groups 2, from: this setting is missing"),
        (LADDER + '[age]\nleap_day = "02-29"', "line 9: age.leap_day: Input should be '03-01' or '02-28'"),
        (
            "\n[guard]\ngone = { cuont = 1 }",
            "line 3: guard.gone.cuont: there is no such setting; line 3: guard.gone.count: ",
        ),
        ("\n[guard]\ngnoe = { count = 1 }", "line 3: guard.gnoe: there is no such setting"),
        ("\n\n[gaurd]", "line 3: gaurd: there is no such setting"),
    ],
)
def test_a_mistake_is_named_by_its_line(tmp_path: Path, text: str, told: str) -> None:
    assert refused(tmp_path, text).startswith(told)


# -- groups, fees and the rest of what the library decides -----------------------------------------------


def test_the_shipped_policy_says_what_counts_where_nothing_is_said() -> None:
    shipped = load_policy(FIXTURES / "policy.toml", frozenset())
    # a limit of debt and days of reminders are rules of one library: they count where they are written
    own = replace(Policy(), debt_limit_oere=200_00, letters=LetterRules(reminder_days=(7, 21)))
    assert replace(shipped, ladders=Policy().ladders, products=Policy().products) == own
    said = tomllib.loads((FIXTURES / "policy.toml").read_text(encoding="utf-8"))["retention"]
    assert set(said) == {field.name for field in fields(RetentionDays)}


def test_branches_are_a_list_of_names_that_differ(tmp_path: Path) -> None:
    assert read(tmp_path, '[branches]\nnames = ["Hoved", "Risskov "]').branches == ("Hoved", "Risskov")
    assert read(tmp_path, "").branches == ()


def test_a_policy_from_before_there_were_fees_has_the_default_ones(tmp_path: Path) -> None:
    old = read(tmp_path, LADDER)
    assert (old.fees, old.group("Barn"), old.debt_limit_oere) == (FeeRules(), PatronGroup("Barn"), None)
    assert (old.binding_films, old.retention, old.letters) == ((11, 15), RetentionDays(), LetterRules())


def test_a_fee_page_is_read_as_it_was_typed(tmp_path: Path) -> None:
    adult = Bands((Band(1, 20_50), Band(8, 60_00), Band(15, 120_00)))
    child = Bands((Band(1, 10_00), Band(8, 30_00), Band(15, 55_00)))
    fees = '[fees]\ntariff_at = "return"\nage_at = "loan"\none_fee_per = ["due", "renewal"]'
    assert read(tmp_path, TARIFF + fees).fees == FeeRules(
        (Tariff(date(2027, 1, 1), adult, child, 18),), Moment.RETURN, Moment.LOAN, (Moment.DUE, Moment.RENEWAL)
    )


@pytest.mark.parametrize(
    "days", ["> 14", ">14", "over 14 dage", "Mere end 14 dage", "more than 14 days", "15+", "15- dage"]
)
def test_the_last_band_is_typed_as_a_page_has_it(tmp_path: Path, days: str) -> None:
    assert '"15+"' in TARIFF
    assert read(tmp_path, TARIFF.replace('"15+"', f'"{days}"')).fees == read(tmp_path, TARIFF).fees


def test_a_page_without_fees_for_children_is_for_all(tmp_path: Path) -> None:
    text = '[[tariffs]]\nsince = 2027-01-01\nbands = [{ days = "1", adult = 0 }, { days = "2-", adult = 9.99 }]'
    (tariff,) = read(tmp_path, text).fees.tariffs
    assert tariff == Tariff(date(2027, 1, 1), Bands((Band(1, 0), Band(2, 9_99))))


def test_the_page_in_the_guide_is_one_that_can_be_typed(tmp_path: Path) -> None:
    page = guide_paths()["policy"].read_text(encoding="utf-8")
    (page,) = (block for block in page.split("```")[1::2] if "[[tariffs]]" in block)
    (tariff,) = read(tmp_path, page).fees.tariffs
    assert (tariff.since, tariff.child_below) == (date(2000, 1, 1), 18)
    assert (tariff.adult.oere_at(8), tariff.column(17)[0].oere_at(31)) == (120_00, 120_00)


def test_an_empty_list_of_tariffs_is_a_library_that_publishes_none(tmp_path: Path) -> None:
    assert read(tmp_path, "tariffs = []").fees.tariffs == ()
    assert read(tmp_path, "").fees.tariffs == (STANDARD,)


def test_a_group_says_only_what_is_other_than_the_defaults(tmp_path: Path) -> None:
    policy = read(
        tmp_path, LADDER + GROUPS + "cpr_required = false\n[group_defaults]\nloan_days = 28\ncpr_required = true"
    )
    assert policy.groups == (
        PatronGroup("Barn", 28, fees=False, cpr_required=True),
        PatronGroup("Voksen", 28, cpr_required=True),
        PatronGroup("Personale", 28, cpr_required=False),
    )
    assert policy.group("Gæst") == PatronGroup("Gæst", 28, cpr_required=True)


def test_debt_films_retention_letters_and_net_media_are_read(tmp_path: Path) -> None:
    text = """
    [debt]
    limit_kr = 0
    [films]
    binding = [7, 11, 15]
    [retention]
    compensation_days = 365
    inactive_days = 0
    [letters]
    on_paper = false
    reminder_days = []
    [net_media]
    account_nights = 7
    [pins]
    page_wrong_an_hour = 40
    [controller]
    name = " Byens Bibliotek "
    stored = "her."
    """
    policy = read(tmp_path, text)
    assert policy.controller == Controller(name="Byens Bibliotek", stored="her")
    assert (policy.debt_limit_oere, policy.binding_films) == (0, (7, 11, 15))
    assert policy.retention == RetentionDays(compensation_days=365, inactive_days=0)
    assert policy.letters == LetterRules(on_paper=False, reminder_days=())
    assert policy.account_nights == 7
    assert policy.pins == PinCeilings(page=40)


def test_a_wrong_amount_is_not_quoted(tmp_path: Path) -> None:
    assert "20.555" not in refused(tmp_path, TARIFF.replace("20.50", "20.555"))


KRONER = "expected an amount in kroner, 0 to 10000, as 20 or 20.50"
RANGE = 'expected days as "8-14", and "31-" in the last band'


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        # the days
        ('"1-7"', '"2-7"', "line 6: [[tariffs]] 1, bands 1: there is a hole before this band: day 1 is missing"),
        ('"8–14"', '"9-14"', "line 7: [[tariffs]] 1, bands 2: there is a hole before this band: day 8 is missing"),
        ('"8–14"', '"7-14"', "line 7: [[tariffs]] 1, bands 2: this band overlaps the one before, which goes to day 7"),
        ('"8–14"', '"8-"', "line 7: [[tariffs]] 1, bands 2: this band has no end, and one follows: write it as 8-14"),
        (
            '"8–14"',
            '"over 7 dage"',
            "line 7: [[tariffs]] 1, bands 2: this band has no end, and one follows: write it as 8-14",
        ),
        ('"15+"', '"15-30"', "line 8: [[tariffs]] 1, bands 3: the last band may not end: write it as 31-"),
        ('"8–14"', '"8-5"', "line 7: [[tariffs]] 1, bands 2: this band ends before it begins"),
        *(
            ('"8–14"', typed, f"line 7: [[tariffs]] 1, bands 2, days: {RANGE}")
            for typed in ('"8 til 14"', '"0-14"', '"8+14"', '"-14"', '""', "8", "[8, 14]", "true")
        ),
        # the amounts
        ("= 60 }", "= 20 }", "line 7: [[tariffs]] 1, bands 2: a later day may not cost less than an earlier one"),
        ("= 55,", "= 29,", "line 8: [[tariffs]] 1, bands 3: a later day may not cost less than an earlier one"),
        ("20.50", "20.555", "line 6: [[tariffs]] 1, bands 1, adult: an amount has at most two decimals"),
        *(
            ("20.50", typed, f"line 6: [[tariffs]] 1, bands 1, adult: {KRONER}")
            for typed in ("-1", "10001", '"20"', "true", "nan", "inf")
        ),
        # children
        ("child = 30, ", "", "line 7: [[tariffs]] 1, bands 2, child: this band has no amount for children"),
        ("child_below = 18\n", "", "line 2: [[tariffs]] 1, child_below: say from which age children pay as adults do"),
        ("= 18", "= 0", "line 4: [[tariffs]] 1, child_below: say from which age children pay as adults do"),
        ("= 18", "= 151", "line 4: [[tariffs]] 1, child_below: Input should be less than or equal to 150"),
        # the table
        ("2027-01-01", '"soon"', "line 3: [[tariffs]] 1, since: "),
        ("since = 2027-01-01\n", "", "line 2: [[tariffs]] 1, since: this setting is missing"),
        ("child = 55", "children = 55", "line 8: [[tariffs]] 1, bands 3, children: there is no such setting"),
        ("[[tariffs]]", "[[tarifs]]", "line 2: tarifs: there is no such setting"),
    ],
)
def test_a_mistake_in_a_fee_page_is_named_by_its_line(tmp_path: Path, old: str, new: str, told: str) -> None:
    assert old in TARIFF
    assert refused(tmp_path, TARIFF.replace(old, new)).startswith(told)


def test_a_page_in_which_only_the_age_speaks_of_children_is_refused(tmp_path: Path) -> None:
    text = '[[tariffs]]\nsince = 2027-01-01\nchild_below = 18\nbands = [{ days = "1-", adult = 20 }]'
    assert refused(tmp_path, text).startswith("line 3: [[tariffs]] 1, child_below: a column for children is missing")


@pytest.mark.parametrize("since", ["2027-01-01", "2026-12-31"])
def test_tariffs_stand_in_the_order_of_their_days(tmp_path: Path, since: str) -> None:
    told = "line 11: [[tariffs]] 2: the tariffs have to stand in the order of their days, each day once"
    assert refused(tmp_path, TARIFF + TARIFF.replace("2027-01-01", since)) == told


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            LADDER + GROUPS.replace('[groups."Voksen"]\n', ""),
            'line 9: groups.Barn: if one group is described, all of age_groups have to be: add [groups."Voksen"]',
        ),
        (GROUPS.replace("fees = false", "fee = false"), "line 3: groups.Barn.fee: there is no such setting"),
        (GROUPS.replace("fees = false", "fees = 0"), "line 3: groups.Barn.fees: "),
        (GROUPS.replace("fees = false", "loan_days = 0"), "line 3: groups.Barn.loan_days: "),
        (GROUPS.replace("Barn", "B" * 65), f"line 2: groups.{'B' * 65}: String should have at most 64 characters"),
        ("[group_defaults]\nloan_days = 4000", "line 2: group_defaults.loan_days: "),
        ('[fees]\nage_at = "birth"', "line 2: fees.age_at: Input should be 'loan', 'renewal', 'due' or 'return'"),
        ('[fees]\ntariff_at = "never"', "line 2: fees.tariff_at: Input should be"),
        ('[fees]\none_fee_per = ["loan"]', 'line 2: fees.one_fee_per: "due" has to be one of them'),
        ('[fees]\none_fee_per = [\n"due",\n"day"]', "line 4: fees.one_fee_per 2: Input should be"),
        ("[debt]\nlimit_kr = -1", f"line 2: debt.limit_kr: {KRONER}"),
        ("[films]\nbinding = [15, 11]", "line 2: films.binding: the numbers have to rise"),
        ("[films]\nbinding = [11, 19]", "line 2: films.binding 2: "),
        ("[retention]\nloans_days = -1", "line 2: retention.loans_days: "),
        ("[pins]\npage_wrong_an_hour = 0", "line 2: pins.page_wrong_an_hour: "),
        (
            "[retention]\n\ninactive_days = 30",
            "line 3: retention.inactive_days: expected 0 (never), or at least a year",
        ),
        ("[retention]\nloan_days = 30", "line 2: retention.loan_days: there is no such setting"),
        ("[letters]\nreminder_days = [7, 7]", "line 2: letters.reminder_days: the numbers have to rise"),
        ('[branches]\nnames = ["Hoved", "HOVED"]', "line 2: branches.names: a branch stands there twice"),
        ("[letters]\nreminder_days = [0]", "line 2: letters.reminder_days 1: "),
        ("[letters]\non_paper = 1", "line 2: letters.on_paper: "),
        ("[net_media]\naccount_nights = 0", "line 2: net_media.account_nights: "),
        ('[controller]\nofficer = " "', "line 2: controller.officer: expected a text on one line"),
    ],
)
def test_a_mistake_in_what_the_library_decides_is_named_by_its_line(tmp_path: Path, text: str, told: str) -> None:
    assert refused(tmp_path, text).startswith(told)

"""The settings of a Koha: what it may get, its codes, and what is done with whom it does not have."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import pytest
from test_settings import GOOD, configuration

from cprsync.config.settings import load_settings
from cprsync.config.targets import KohaTarget
from cprsync.domain.outward.koha import Ending
from cprsync.domain.outward.target import ProtectedRule
from cprsync.domain.policy.policy import AgeGroup, Ladder, Ladders, Policy
from cprsync.errors import ConfigurationError
from cprsync.language.errors import in_danish
from cprsync.wiring.targets import check_names, koha_settings

if TYPE_CHECKING:
    from pathlib import Path

KOHA = """
[[library.target]]
name = "koha"
kind = "koha"
fields = ["number", "name", "birth_date", "address", "municipality", "status", "group", "branch"]
url = "https://koha.example/api/v1/"
ca = "koha.pem"
client = "cprsync"
secret_file = "koha.secret"
library = "HB"
category = "VOKSEN"
"""


def koha(tmp_path: Path, more: str = "", text: str = KOHA) -> KohaTarget:
    (target,) = load_settings(configuration(tmp_path, GOOD + text + more)).library[0].target
    assert isinstance(target, KohaTarget)
    return target


def test_a_koha_needs_its_address_a_secret_and_two_codes_and_the_rest_has_defaults(tmp_path: Path) -> None:
    section = koha(tmp_path)
    settings = koha_settings(section, production=True)
    assert (settings.url, settings.ca) == ("https://koha.example/api/v1", tmp_path / "koha.pem")
    assert (settings.secret_file, settings.basic, settings.welcomes) == (tmp_path / "koha.secret", False, False)
    assert (settings.workers, settings.per_second, settings.production) == (8, 50, True)
    rules = settings.rules
    assert (rules.number, rules.municipality, rules.protected, rules.status) == (
        "CPR",
        "KOMMUNE",
        "BESKYTTET",
        "STATUS",
    )
    assert (rules.creates, rules.categories, rules.endings["dead"]) == (False, {}, frozenset({Ending.EXPIRE}))
    assert section.target.protected is ProtectedRule.WITHOUT_ADDRESS


def test_tables_codes_and_endings_reach_the_rules(tmp_path: Path) -> None:
    more = """
missing = "create"
welcome = true
log_in = "basic"
renewed_days = 30
[library.target.categories]
Barn = "BARN"
[library.target.libraries]
Filialen = "FIL"
[library.target.attributes]
number = "PERSNR"
[library.target.endings]
dead = ["expiry_date", "note"]
emigrated = []
"""
    settings = koha_settings(koha(tmp_path, more), production=False)
    rules = settings.rules
    assert (settings.basic, settings.welcomes, rules.creates, rules.renewed_days) == (True, True, True, 30)
    assert (rules.categories, rules.libraries) == ({"Barn": "BARN"}, {"Filialen": "FIL"})
    assert (rules.number, rules.status) == ("PERSNR", "STATUS")
    assert rules.endings["dead"] == {Ending.EXPIRE, Ending.NOTE}
    assert rules.endings["emigrated"] == frozenset()


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('"number", ', "", "skal have feltet number"),
        ('"name"', '"name", "telephones"', "Kohas egne"),
        ('category = "VOKSEN"', 'category = "VOKSEN"\nmissing = "guess"', "missing"),
        ('category = "VOKSEN"', 'category = "VOKSEN"\ncategories = "mine"', "categories"),
        ('"group", ', "", "feltet group"),
        ('"branch"', '"abroad"', "feltet branch"),
        ('category = "VOKSEN"', 'category = "VOKSEN"\nattributes = {number = "STATUS"}', "sin egen type"),
        ('category = "VOKSEN"', 'category = "VOKSEN"\nendings = {moved = ["note"]}', "moved"),
        ('kind = "koha"', 'kind = "sisis"', "kind"),
        ('kind = "koha"\n', "", "kind"),
    ],
)
def test_a_koha_that_cannot_be_kept_true_is_refused_in_danish(tmp_path: Path, old: str, new: str, told: str) -> None:
    more = '[library.target.categories]\nBarn = "BARN"\n[library.target.libraries]\nFilialen = "FIL"\n'
    text = KOHA.replace(old, new, 1)
    with pytest.raises(ConfigurationError) as caught:
        koha(tmp_path, "" if "categories = " in text else more, text)
    assert told in in_danish(caught.value.document())


@pytest.mark.parametrize(
    ("old", "new", "line", "key"),
    [
        ('url = "https://koha.example/api/v1/"\n', "", "[[library.target]]", "koha, url: this setting is missing"),
        ("https://koha.example", "http://hidden.example", "url = ", "koha, url: expected an address"),
        ('name = "koha"', 'name = "Hidden one"', "name = ", "1, name: expected at most 32 small letters"),
        (
            'kind = "koha"',
            'kind = "hidden"',
            "kind = ",
            "koha, kind: expected one of 'feed', 'koha', 'web",
        ),
        ('kind = "koha"\n', "", "[[library.target]]", "koha, kind: this setting is missing"),
        ('"name"', '"hidden"', "fields = ", "koha, fields.1: Input should be 'number', "),
        ('library = "HB"', 'library = "hidden place"', "library = ", "koha, library: expected a code of Koha's"),
        ('"VOKSEN"', '"V"\ncategories = "hidden"', "categories = ", 'koha, categories: expected "koha", or a table'),
        (
            '"VOKSEN"',
            '"V"\ncategories = {Barn = 17}',
            "categories = ",
            "koha, categories.Barn: Input should be a",
        ),
        ('"VOKSEN"', '"V"\nmunicipalities = ["75x"]', "municip", "koha, municipalities.0: expected the four digits"),
        ('"VOKSEN"', '"V"\nsecret = "hidden"', "secret = ", "koha, secret: there is no such setting"),
        ('"VOKSEN"', '"V"\ncrl = "hidden"', "crl = ", "koha, crl: expected a list in [ ]"),
    ],
)
def test_a_mistake_in_a_target_is_told_by_its_name_key_and_line_and_quotes_no_value(
    tmp_path: Path, old: str, new: str, line: str, key: str
) -> None:
    text = KOHA.replace(old, new, 1)
    assert text != KOHA
    with pytest.raises(ConfigurationError) as caught:
        koha(tmp_path, text=text)
    lines = (GOOD + text).splitlines()
    number = next(n for n, one in enumerate(lines, 1) if n > len(GOOD.splitlines()) and one.startswith(line))
    assert caught.value.message.startswith(f"{tmp_path / 'cprsync.toml'}, line {number}: [[library.target]] {key}")
    danish = in_danish(caught.value.document())
    assert f"linje {number}: [[library.target]] {key.split(':', maxsplit=1)[0]}: " in danish
    for said in (caught.value.message, danish):
        assert not [word for word in ("hidden", "Input tag", "tuple", "literal", "17", "75x") if word in said.lower()]


def test_a_target_in_single_brackets_is_told_to_have_two(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"library\.0\.target: expected a list.*two brackets: \[\[ \]\]"):
        koha(tmp_path, text=KOHA.replace("[[library.target]]", "[library.target]"))


# -- what the policy does not have -------------------------------------------------------------------------

_POLICY: dict[str, Any] = {
    "ladders": Ladders(
        (Ladder(date(2027, 1, 1), (AgeGroup("Barn", 0), AgeGroup("Voksen", 18))),), former=frozenset({"Ung"})
    ),
    "branches": ("Hovedbiblioteket",),
}


@pytest.mark.parametrize(
    ("more", "told"),
    [
        (
            'groups = ["Barn", "Vokse"]',
            "groups: Vokse: policy.toml har ingen sådan lånergruppe: der er Barn, V",
        ),
        (
            "categories = {Vokse = 'V'}",
            "categories.Vokse: policy.toml har ingen sådan lånergruppe: der er Barn, V",
        ),
        (
            "libraries = {Filialen = 'F'}",
            "libraries.Filialen: policy.toml har ingen sådan filial: der er Hovedbib",
        ),
    ],
)
def test_a_group_or_branch_that_the_policy_does_not_have_is_refused_with_those_there_are(
    tmp_path: Path, more: str, told: str
) -> None:
    section = koha(tmp_path, f"{more}\n")
    with pytest.raises(ConfigurationError) as caught:
        check_names(section, Policy(**_POLICY))
    assert in_danish(caught.value.document()).startswith(f"[[library.target]] med navnet koha, {told}")
    # a policy that names none says nothing of them
    check_names(section, Policy())


def test_a_group_of_an_earlier_policy_is_one(tmp_path: Path) -> None:
    check_names(koha(tmp_path, "groups = ['Barn', 'Ung']\ncategories = {Ung = 'U'}\n"), Policy(**_POLICY))

"""The settings of a Koha: what it may get, its codes, and what is done with whom it does not have."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from test_settings import GOOD, configuration

from cprsync.config.settings import load_settings
from cprsync.config.targets import KohaTarget
from cprsync.domain.outward.koha import KohaEnding
from cprsync.domain.outward.target import ProtectedRule
from cprsync.errors import ConfigurationError
from cprsync.language.errors import in_danish
from cprsync.wiring.site import Site
from cprsync.wiring.targets import koha_settings

if TYPE_CHECKING:
    from pathlib import Path

    from cprsync.domain.policy.policy import Policy

PLACE = '[[library]] "Biblioteket", [[library.target]]'
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
    assert (rules.creates, rules.categories, rules.endings["dead"]) == (False, {}, frozenset({KohaEnding.EXPIRE}))
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
    assert rules.endings["dead"] == {KohaEnding.EXPIRE, KohaEnding.NOTE}
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
        ('url = "https://koha.example/api/v1/"\n', "", "[[library.target]]", '"koha", url: this setting is missing'),
        ("https://koha.example", "http://hidden.example", "url = ", '"koha", url: expected an address'),
        ('name = "koha"', 'name = "Hidden one"', "name = ", "1, name: expected at most 32 small letters"),
        (
            'kind = "koha"',
            'kind = "hidden"',
            "kind = ",
            "\"koha\", kind: expected one of 'feed', 'koha', 'web",
        ),
        ('kind = "koha"\n', "", "[[library.target]]", '"koha", kind: this setting is missing'),
        ('"name"', '"hidden"', "fields = ", "\"koha\", fields 2: Input should be 'number', "),
        ('library = "HB"', 'library = "hidden place"', "library = ", '"koha", library: expected a code of Koha\'s'),
        ('"VOKSEN"', '"V"\ncategories = "hidden"', "categories = ", '"koha", categories: expected "koha", or a table'),
        (
            '"VOKSEN"',
            '"V"\ncategories = {Barn = 17}',
            "categories = ",
            '"koha", categories.Barn: Input should be a',
        ),
        (
            '"VOKSEN"',
            '"V"\nmunicipalities = ["75x"]',
            "municip",
            '"koha", municipalities 1: the code is not a municipal',
        ),
        ('"VOKSEN"', '"V"\nsecret = "hidden"', "secret = ", '"koha", secret: there is no such setting'),
        ('"VOKSEN"', '"V"\ncrl = "hidden"', "crl = ", '"koha", crl: expected a list in [ ]'),
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
    assert caught.value.message.startswith(f"{tmp_path / 'cprsync.toml'}, line {number}: {PLACE} {key}")
    danish = in_danish(caught.value.document())
    assert f"linje {number}: {PLACE} {key.split(':', maxsplit=1)[0]}: " in danish
    # the file's own folder may have any digits in its name
    for said in (one.replace(str(tmp_path), "").lower() for one in (caught.value.message, danish)):
        assert not [word for word in ("hidden", "Input tag", "tuple", "literal", "17", "75x") if word in said]


def test_a_target_in_single_brackets_is_told_to_have_two(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"Biblioteket\", target: expected a list.*two brackets: \[\[ \]\]"):
        koha(tmp_path, text=KOHA.replace("[[library.target]]", "[library.target]"))


# -- what the policy does not have -------------------------------------------------------------------------

POLICY = """
[[age_groups]]
since = 2027-01-01
groups = [{name = "Barn", from = 0}, {name = "Voksen", from = 18}]
[branches]
names = ["Hovedbiblioteket"]
"""
NO_GROUP = "policy.toml har ingen sådan lånergruppe: der er Barn, Voksen"


def rules_beside(tmp_path: Path, more: str, policy: str) -> Policy:
    """What every command reads: the settings, and the policy beside them."""
    (tmp_path / "policy.toml").write_text(policy, encoding="utf-8")
    here = GOOD.replace('name = "Biblioteket"\n', 'name = "Biblioteket"\npolicy = "policy.toml"\n')
    settings = load_settings(configuration(tmp_path, here + KOHA + more))
    return Site(settings, settings.library[0]).policy


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ('groups = ["Barn", "Vokse"]', f"groups, Vokse: {NO_GROUP}"),
        ("categories = {Voksen = 'V', Vokse = 'V'}", f"categories, Vokse: {NO_GROUP}"),
        ("libraries = {Filialen = 'F'}", "libraries, Filialen: policy.toml har ingen sådan filial: der er Hovedbib"),
    ],
)
def test_a_group_or_branch_that_the_policy_does_not_have_is_refused_with_those_there_are(
    tmp_path: Path, more: str, told: str
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        rules_beside(tmp_path, f"{more}\n", POLICY)
    assert in_danish(caught.value.document()).startswith(f'{PLACE} "koha", {told}')
    # a policy that names none says nothing of them
    assert rules_beside(tmp_path, f"{more}\n", "").branches == ()


def test_groups_and_branches_of_the_policy_are_taken(tmp_path: Path) -> None:
    more = "groups = ['Barn']\ncategories = {Voksen = 'V'}\nlibraries = {Hovedbiblioteket = 'H'}\n"
    assert rules_beside(tmp_path, more, POLICY).group_names == ("Barn", "Voksen")


@pytest.mark.parametrize("code", ["0757", "0955", "075x"])
def test_a_municipality_where_nobody_lives_is_refused_in_a_target(tmp_path: Path, code: str) -> None:
    with pytest.raises(ConfigurationError, match='"koha", municipalities 2: the code is '):
        koha(tmp_path, f'municipalities = ["0751", "{code}"]\n')
    assert koha(tmp_path, 'municipalities = ["101"]\n').municipalities == {"0101"}

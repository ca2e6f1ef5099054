"""The settings of a Koha: what it may get, its codes, and what is done with whom it does not have."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from test_settings import GOOD, configuration

from cprsync.config.settings import load_settings
from cprsync.config.targets import KohaTarget
from cprsync.domain.outward.koha import Ending
from cprsync.domain.outward.target import ProtectedRule
from cprsync.errors import ConfigurationError
from cprsync.language.errors import in_danish
from cprsync.target_wiring import koha_settings

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

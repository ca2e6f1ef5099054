"""`cprsync fees`: the page that a library holds against its own, for people and for programs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from cprsync.cli.pages.policy import fees
from cprsync.resources import fixture_path

if TYPE_CHECKING:
    import pytest


def test_the_default_policy_prints_the_standard_text_s_table(capsys: pytest.CaptureFixture[str]) -> None:
    fees()
    lines = capsys.readouterr().out.splitlines()
    assert "  8-14            40 kr.               70 kr." in lines
    assert "  Voksen        18          30 dage   ja            ja        frivilligt" in lines


def test_a_library_that_publishes_no_fees_says_so_in_english_too(capsys: pytest.CaptureFixture[str]) -> None:
    fees(policy=fixture_path("policies/aarhus.toml"), lang="en")
    page = capsys.readouterr().out
    assert "The library has no fees.\nWho owes 225 kr. or more borrows nothing.\n" in page
    assert "Fees from" not in page


def test_programs_get_amounts_in_oere(capsys: pytest.CaptureFixture[str]) -> None:
    fees(policy=fixture_path("policies/helsingoer.toml"), as_json=True)
    document = json.loads(capsys.readouterr().out)
    (tariff,) = document["tariffs"]
    assert tariff["child_below"] == 15
    assert tariff["adult"][0] == {"from_day": 1, "oere": 2000}
    assert document["one_fee_per"] == ["renewal", "due"]
    assert document["groups"][-1]["name"] == {"da": "alle andre", "en": "all others"}

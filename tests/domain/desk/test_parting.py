"""What is to be seen before a patron leaves or is erased, how loud it is, and which blocks outlive the record."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from printed import danish

from cprsync.catalogues import rule_words
from cprsync.domain.desk.confirming import WarningLevel
from cprsync.domain.desk.parting import PARTING_ROWS, Ending, Parting, parting_warnings
from cprsync.domain.leaving.leaving import Ties, blocks_to_keep, with_kept_blocks
from cprsync.domain.patron.local import Block, Stage
from cprsync.domain.person.number import CprNumber

DAY = date(2027, 3, 1)
FEES = Block(DAY, "Gebyrer")
ANNA = CprNumber("0101010000")
FREE, OWES = Parting(Stage.ACTIVE), Parting(Stage.ACTIVE, Ties(balance=1))
BLOCKED = replace(FREE, blocks=(FEES,))


def seen(parting: Parting, way: Ending) -> dict[str, WarningLevel]:
    return {one.kind: one.level for one in parting_warnings(parting, way)}


#: Each row: of whom it is true, and how loud when they leave and when they are erased.
CASES: dict[str, tuple[Parting, WarningLevel | None, WarningLevel | None]] = {
    "closed": (Parting(Stage.CLOSED, is_emptied=True), WarningLevel.NOTE, WarningLevel.NOTE),
    "leaving": (replace(OWES, stage=Stage.LEAVING), WarningLevel.NOTE, WarningLevel.NOTE),
    "emptied": (FREE, WarningLevel.ASK, None),
    "open": (replace(FREE, ties=Ties(loans=1)), WarningLevel.NOTE, None),
    "balance": (OWES, WarningLevel.ASK, None),
    "responsible": (replace(FREE, ties=Ties(responsible=1)), WarningLevel.ASK, None),
    "reservations": (replace(FREE, reservations=2), WarningLevel.NOTE, WarningLevel.NOTE),
    "block_stays": (BLOCKED, WarningLevel.ASK, None),
    "block_lost": (replace(BLOCKED, keeps_blocks=False), WarningLevel.STOP, None),
    "block_erased": (BLOCKED, None, WarningLevel.STOP),
    "erased": (FREE, None, WarningLevel.ASK),
}


#: What staff read; the English stands beside it in the row.
SAYS = {
    "closed": "Låneren er allerede udmeldt: posten er tom.",
    "leaving": "Låneren er allerede på vej ud.",
    "emptied": "Intet er åbent: posten tømmes med det samme, og det kan ikke fortrydes.",
    "open": (
        "Noget er åbent: posten tømmes, når det er afsluttet, og indtil da kan låneren ikke låne. "
        "Fornyes låneren inden da, tages udmeldelsen tilbage."
    ),
    "balance": "Låneren skylder: kan det betales nu?",
    "responsible": "Låneren svarer for en mindreårig: hvem skal svare i stedet?",
    "reservations": "Reserveringerne slettes sammen med posten.",
    "block_stays": (
        "Låneren er blokeret: blokeringen huskes ved nummeret og følger med, hvis personen melder sig ind igen."
    ),
    "block_lost": "Låneren er blokeret, og blokeringen kan ikke huskes: den forsvinder med posten.",
    "block_erased": (
        "Låneren er blokeret: også blokeringen slettes, og ingen ser den, hvis personen melder sig ind igen."
    ),
    "erased": "Alt om låneren slettes, og det kan ikke fortrydes.",
}


def test_every_row_has_a_case() -> None:
    assert list(CASES) == list(SAYS) == [row.kind for row in PARTING_ROWS]


@pytest.mark.parametrize("kind", CASES, ids=lambda kind: f"parting-{kind.replace('_', '-')}")
def test_a_warning_is_as_loud_as_its_row_says(kind: str) -> None:
    parting, leave, erase = CASES[kind]
    assert (seen(parting, Ending.LEAVE).get(kind), seen(parting, Ending.ERASE).get(kind)) == (leave, erase)
    words = {
        None: "–",
        WarningLevel.NOTE: "til orientering",
        WarningLevel.ASK: "spørg først",
        WarningLevel.STOP: "stop: kun med en begrundelse",
    }
    wanted = (SAYS[kind], words[leave], words[erase], "Beslutning 40")
    assert danish(f"parting-{kind.replace('_', '-')}") == wanted


@pytest.mark.parametrize(
    ("parting", "way", "kinds"),
    [
        (FREE, Ending.LEAVE, {"emptied"}),
        (FREE, Ending.ERASE, {"erased"}),
        (OWES, Ending.LEAVE, {"open", "balance"}),
        (Parting(Stage.CLOSED, is_emptied=True), Ending.LEAVE, {"closed"}),
        (Parting(Stage.LEAVING, is_emptied=True), Ending.LEAVE, {"closed"}),
        (Parting(Stage.CLOSED, is_emptied=True, kept=1), Ending.ERASE, {"closed", "block_erased", "erased"}),
    ],
)
def test_what_is_not_so_is_not_said(parting: Parting, way: Ending, kinds: set[str]) -> None:
    assert set(seen(parting, way)) == kinds


@pytest.mark.parametrize("row", PARTING_ROWS, ids=lambda row: row.kind)
def test_no_warning_has_a_place_for_a_value(row: Any) -> None:
    for text in rule_words(f"parting.{row.kind}").document().values():
        assert "{" not in text
        assert " hun " not in f" {text.lower()}"


def test_blocks_that_hold_and_that_staff_gave_outlive_the_record() -> None:
    """What the register's word gave, its word gives again."""
    blocks = (FEES, replace(FEES, lifted=DAY), Block(DAY, "død"), Block(DAY, "forsvundet"))
    assert blocks_to_keep(blocks, ANNA) == (FEES,)


def test_without_a_number_no_block_can_be_kept() -> None:
    assert blocks_to_keep((FEES,), CprNumber.none_of("10000001")) == ()


def test_a_kept_block_comes_back_once_and_with_its_day() -> None:
    lifted, older = replace(FEES, lifted=DAY), Block(date(2026, 1, 1), "gebyrer")
    assert with_kept_blocks((lifted,), [FEES]) == (lifted, FEES)
    assert with_kept_blocks((FEES,), [older]) == (FEES,)


@pytest.mark.parametrize(
    ("parting", "leaves", "erased"),
    [(FREE, True, True), (OWES, False, True), (Parting(Stage.CLOSED, is_emptied=True), False, True)],
)
def test_a_yes_is_final_where_it_deletes_at_once(parting: Parting, leaves: bool, erased: bool) -> None:
    assert (parting.is_final(Ending.LEAVE), parting.is_final(Ending.ERASE)) == (leaves, erased)

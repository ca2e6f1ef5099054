"""The import of patrons: a table in, patrons not yet verified out; a bad row is named by line and field."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

import pytest
from doubles import MONDAY
from test_number_change import replaced
from town import number
from townspeople import cpr, person

from cprsync.domain.groups import AgeGroup, Ladder, Ladders
from cprsync.domain.person import Person
from cprsync.domain.review import BOTH_PATRONS, State
from cprsync.errors import BadInput
from cprsync.sync.importing import CELL_MAX, Imported, import_patrons
from cprsync.sync.reviewing import Answer

if TYPE_CHECKING:
    from doubles import Library

ANNA, BO, CLARA = number("ANNA"), number("BO"), number("CLARA")
LADDERS = Ladders((Ladder(date(2000, 1, 1), (AgeGroup("Barn", 0), AgeGroup("Ung", 14), AgeGroup("Voksen", 18))),))
HEADER = "cpr_number,card,branch,group,language\n"


def take(library: Library, text: str, *, apply: bool = True) -> Imported:
    return import_patrons(io.StringIO(text), library.store, apply=apply, policy=library.policy)


def told(imported: Imported) -> list[tuple[int, str]]:
    return [(refused.line, refused.field) for refused in imported.refused]


def test_a_table_becomes_patrons_that_are_not_yet_verified(new_library: Library) -> None:
    imported = take(new_library, HEADER + f"{ANNA},C1,main,adult,en\n{BO[:6]}-{BO[6:]},C2,,,\n")
    assert imported.document() == {"rows": 2, "created": 2, "updated": 0, "unchanged": 0, "refused": []}
    anna, bo = new_library.view("ANNA"), new_library.view("BO")
    assert (anna.register, anna.patron.verified) == (Person(cpr("ANNA")), False)
    assert [card.number for card in anna.local.cards] == ["C1"]
    assert (anna.local.branch, anna.local.group, anna.local.language) == ("main", "adult", "en")
    assert bo.local.language == "da"


def test_semicolons_a_byte_order_mark_quotes_and_another_order_are_read(new_library: Library) -> None:
    text = f'\ufeffcard;cpr_number\r\n"C;1";{ANNA}\r\n\r\n C2 ; {BO} ;\r\n'
    assert take(new_library, text).counts == {"created": 2}
    assert [card.number for card in new_library.view("ANNA").local.cards] == ["C;1"]
    assert [card.number for card in new_library.view("BO").local.cards] == ["C2"]


def test_a_dry_run_says_the_same_and_writes_nothing(new_library: Library) -> None:
    text = HEADER + f"{ANNA},C1,,,\n{BO},C1,,,\n{CLARA},C3,,,\n{CLARA},C4,,,\nx,,,,\n"
    before = new_library.everything()
    dry = take(new_library, text, apply=False)
    assert new_library.everything() == before
    assert dry.document() == take(new_library, text).document()


def test_twice_is_once(new_library: Library) -> None:
    text = HEADER + f"{ANNA},C1,main,adult,en\n{BO},C2,,,\n"
    take(new_library, text)
    before = new_library.everything()
    assert take(new_library, text).counts == {"unchanged": 2}
    assert new_library.everything() == before


def test_an_empty_cell_overwrites_nothing(new_library: Library) -> None:
    take(new_library, HEADER + f"{ANNA},C1,main,adult,en\n")
    before = new_library.everything()
    assert take(new_library, f"cpr_number,card\n{ANNA},\n").counts == {"unchanged": 1}
    assert new_library.everything() == before
    assert take(new_library, HEADER + f"{ANNA},,east,,\n").counts == {"updated": 1}
    local = new_library.view("ANNA").local
    assert (local.branch, local.group, local.language) == ("east", "adult", "en")


@pytest.mark.parametrize("bad", ["", "123", "abcdefghij", "12345678901", "１２３４５６７８９０"])
def test_a_bad_number_is_refused_by_line_and_never_quoted(new_library: Library, bad: str) -> None:
    imported = take(new_library, HEADER + f"{ANNA},,,,\n{bad},C9,,,\n{BO},,,,\n")
    assert told(imported) == [(3, "cpr_number")]
    assert imported.counts == {"created": 2}
    assert not bad or bad not in imported.refused[0].reason


@pytest.mark.parametrize("bad", ["1234567890", "9999999999", "300280-1234", "9213801234"])
def test_a_number_that_nobody_can_have_makes_no_patron(new_library: Library, bad: str) -> None:
    before = new_library.everything()
    imported = take(new_library, HEADER + f"{bad},C9,,,\n")
    assert (told(imported), imported.counts) == ([(2, "cpr_number")], {})
    assert bad not in str(imported.refused[0].told)
    assert new_library.everything() == before


@pytest.mark.parametrize("made", [f"{int(ANNA[:2]) + 60}{ANNA[2:]}", f"{ANNA[:6]}KOT1"])
def test_a_replacement_number_is_imported_and_so_is_one_without_a_check_digit(new_library: Library, made: str) -> None:
    """Modulus 11 is no reason to refuse: numbers without it are issued since 2007 (cpr.dk)."""
    without = next(f"{BO[:9]}{digit}" for digit in "0123456789" if f"{BO[:9]}{digit}" != BO)
    assert take(new_library, HEADER + f"{made},,,,\n{without},,,,\n").counts == {"created": 2}


def test_refused_rows_leave_the_others_to_be_taken_and_stand_in_the_order_of_their_lines(new_library: Library) -> None:
    rows = (
        f"{ANNA},C1,,,",
        f"{BO},C1,,,",
        f"{ANNA},C5,,,",
        f"{CLARA},{'C' * (CELL_MAX + 1)},,,",
        f"{number('DAVID')},C6,,,,more",
        f"{number('EDITH')},C\x077,,,",
        f"{number('FINN')}",
    )
    imported = take(new_library, HEADER + "\n".join(rows))
    assert told(imported) == [(3, "card"), (4, "cpr_number"), (5, "card"), (6, "row"), (7, "card")]
    assert (imported.rows, imported.counts["created"]) == (7, 2)
    assert new_library.store.population() == 2


def test_a_card_of_another_patron_is_not_taken(new_library: Library) -> None:
    take(new_library, HEADER + f"{ANNA},C1,,,\n")
    before = new_library.everything()
    imported = take(new_library, HEADER + f"{BO},C1,,,\n")
    assert [(one.line, one.field, one.reason) for one in imported.refused] == [
        (2, "card", "another patron has this card")
    ]
    assert new_library.everything() == before


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n",
        "\ufeff\n",
        "card,group\nC1,adult\n",
        "cpr_number,nickname\n",
        "cpr_number,card,card\n",
        HEADER + f'{ANNA},C1,,,\n{BO},"C2,,,\n',
    ],
)
def test_what_is_no_such_table_is_refused_whole(new_library: Library, text: str) -> None:
    before = new_library.everything()
    with pytest.raises(BadInput) as refused:
        take(new_library, text)
    assert new_library.everything() == before
    assert "nickname" not in refused.value.message
    assert ANNA not in refused.value.message


@pytest.mark.parametrize("rows", [0, 3000])
def test_a_file_that_is_not_utf_8_is_refused_whole_wherever_it_shows(new_library: Library, rows: int) -> None:
    content = HEADER.encode() + f"{ANNA},C1,,,\n".encode() * rows + f"{BO},C2,Nørre,,\n".encode("latin-1")
    before = new_library.everything()
    with pytest.raises(BadInput) as refused:
        import_patrons(io.TextIOWrapper(io.BytesIO(content), "utf-8"), new_library.store, apply=True)
    assert refused.value.kind == "input.csv"
    assert new_library.everything() == before


# -- whom the list still knows as she was ------------------------------------------------------------------


@pytest.mark.parametrize("apply", [False, True])
def test_a_number_that_was_replaced_makes_no_second_patron(either_library: Library, apply: bool) -> None:
    """The row is refused and names who she is now: beside it may stand a newer row under her own number."""
    library = either_library
    anna = library.id_of("ANNA")
    library.deliver(MONDAY, replaced(cpr("ANNA"), cpr("HENRIK")), person("HENRIK"))
    library.night()
    before = library.everything()
    imported = take(library, HEADER + f"{ANNA},C9,east,Senior,en\n", apply=apply)
    assert told(imported) == [(2, "cpr_number")]
    assert anna in imported.refused[0].reason
    assert imported.counts == {}
    assert library.everything() == before


def test_a_number_that_went_with_a_merged_patron_makes_no_second_patron(library: Library) -> None:
    anna, clara = library.id_of("ANNA"), library.id_of("CLARA")
    library.deliver(MONDAY, replaced(cpr("ANNA"), cpr("CLARA")), person("CLARA"))
    library.night()
    (waiting,) = [item for item in library.store.review_items(all_states=False) if item.kind == BOTH_PATRONS]
    library.store.answer_review(Answer(waiting, State.ACCEPTED, "lone"))
    before = library.everything()
    imported = take(library, HEADER + f"{ANNA},C9,east,,\n")
    assert (told(imported), clara in imported.refused[0].reason) == ([(2, "cpr_number")], True)
    assert library.everything() == before
    assert anna not in library.store.patron_ids()


def test_age_decides_over_the_group_that_a_list_names(either_library: Library) -> None:
    """ANNA is an adult; only a group that does not follow age is the library's to give."""
    library = either_library
    library.policy = replace(library.policy, ladders=LADDERS)
    take(library, HEADER + f"{ANNA},,,Barn,\n")
    assert library.view("ANNA").local.group == "Voksen"
    before = library.everything()
    assert take(library, HEADER + f"{ANNA},,,Barn,\n").counts == {"unchanged": 1}
    assert library.everything() == before
    take(library, HEADER + f"{ANNA},,,Personale,\n")
    assert library.view("ANNA").local.group == "Personale"


def test_of_whoever_comes_with_the_list_the_number_tells_the_age(new_library: Library) -> None:
    new_library.policy = replace(new_library.policy, ladders=LADDERS)
    take(new_library, HEADER + f"{ANNA},,,Barn,\n{BO},,,Personale,\n{CLARA},,,,\n")
    assert [new_library.view(key).local.group for key in ("ANNA", "BO", "CLARA")] == ["Voksen", "Personale", "Voksen"]

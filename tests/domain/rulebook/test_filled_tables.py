"""A written table is filled in by the program, in words, and refused where the two do not agree."""

from __future__ import annotations

import pytest

from cprsync.domain.person.status import Action
from cprsync.domain.rulebook.tables import Column, WrittenTable, WrongRow, fill_in
from cprsync.domain.wording import Wording

COLUMNS = (
    Column("what", Wording("Hvad", "What")),
    Column("does", Wording("Så", "Then"), "does"),
    Column("called", Wording("Hedder", "Called"), "action"),
)
SEAL, TEXT = Wording("forsegles", "sealed"), Wording("andet", "else")
WORDS = {"does": {"seal": SEAL, "keep": TEXT}}
SEALED = {"what": "0001", "does": "seal", "called": "protect"}


def table(**rows: dict[str, Wording | str]) -> WrittenTable:
    return WrittenTable("some", Wording("Nogle", "Some"), COLUMNS, rows)


def test_a_name_is_printed_in_words_and_a_text_as_it_is() -> None:
    told = fill_in(table(one=SEALED, two={"what": TEXT, "does": TEXT, "called": "–"}), {}, WORDS)
    assert told.keys == ("one", "two")
    assert told.rows == (("0001", SEAL, Action.PROTECT), (TEXT, TEXT, "–"))


def test_the_program_gives_what_a_row_leaves_out_and_may_say_the_same() -> None:
    assert fill_in(table(one={"what": "0001"}), {"one": SEALED}, WORDS).rows == (("0001", SEAL, Action.PROTECT),)


def test_rows_of_the_policy_alone_stand_where_the_table_has_a_place_for_them() -> None:
    told = fill_in(table(one=SEALED, policy={}, two=SEALED), {"a": SEALED, "two": SEALED, "b": SEALED}, WORDS)
    assert told.keys == ("one", "a", "b", "two")


@pytest.mark.parametrize(
    ("row", "program", "place", "why"),
    [
        ({**SEALED, "does": "keep"}, {"one": SEALED}, ("rows", "one", "does"), "the program has another rule"),
        ({"what": "0001", "called": "protect"}, {}, ("rows", "one"), "this setting is missing"),
        ({**SEALED, "does": "sael"}, {}, ("rows", "one", "does"), "no value of the program has this name"),
        ({**SEALED, "called": "sael"}, {}, ("rows", "one", "called"), "no value of the program has this name"),
        (SEALED, {"another": SEALED}, ("rows", "another"), "this setting is missing"),
    ],
)
def test_a_row_that_cannot_be_so_is_refused_by_its_place(
    row: dict[str, Wording | str], program: dict[str, dict[str, Wording | str]], place: tuple[str, ...], why: str
) -> None:
    with pytest.raises(WrongRow, match="some: ") as refused:
        fill_in(table(one=row), program, WORDS)
    assert (refused.value.place, refused.value.why) == (place, why)

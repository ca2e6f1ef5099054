"""What staff type into a field that is the patron's or theirs: which text becomes which value, and what is refused."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from cprsync.domain.patron.fields import FIELD, SETTABLE
from cprsync.domain.patron.local import Absence, Block, Card, Email, Local, Telephone, TypedBlock, keep_mark

LONGEST = "87" + "0" * 13
X34, X35 = "x" * 34, "x" * 35


@pytest.mark.parametrize(
    ("field", "text", "value"),
    [
        ("branch", " Risskov \n", "Risskov"),
        ("branch", "x" * 64, "x" * 64),
        ("cards", "L 1\n L-2 \nL 1", (Card("L 1"), Card("L-2"))),
        ("cards", "Lb 1\nL2\nlb1", (Card("Lb 1"), Card("L2"))),
        ("cards", "", ()),
        ("language", "en", "en"),
        ("language", "", "da"),
        ("contact_address", "C/O Birk\nHavnen 2", ("C/O Birk", "Havnen 2")),
        ("contact_address", X34, (X34,)),
        ("contact_address", "c/o\n1\n2\n3\n4\n5", ("c/o", "1", "2", "3", "4", "5")),
        ("telephones", "87 00 00 00", (Telephone("87000000"),)),
        ("telephones", "87.00.00.00\n+45 87-00-00-01", (Telephone("87000000"), Telephone("+4587000001"))),
        ("telephones", "(+45) 87\u201100\u201300 00", (Telephone("+4587000000"),)),
        (
            "telephones",
            "+4587000000\n* 87000001",
            (Telephone("+4587000000"), Telephone("87000001", notices=True)),
        ),
        (
            "telephones",
            f"8700\n{LONGEST}",
            (Telephone("8700"), Telephone(LONGEST)),
        ),
        ("emails", "*a@b.dk\nå@c.dk", (Email("a@b.dk", notices=True), Email("å@c.dk"))),
        ("internal_note", " Ringer først \n\nog skriver \n", "Ringer først\n\nog skriver"),
        ("note_to_patron", "x" * 2000, "x" * 2000),
        ("pin", " 1235\n", "1235"),
        ("pin", "112" * 4, "112" * 4),
        (
            "blocks",
            "2027-01-02 Mistet kort\n2027-02-03  Gebyrer",
            (TypedBlock("Mistet kort", date(2027, 1, 2)), TypedBlock("Gebyrer", date(2027, 2, 3))),
        ),
        ("blocks", f"2027-01-02 {'x' * 189}", (TypedBlock("x" * 189, date(2027, 1, 2)),)),
        ("blocks", " 3 bøger væk ", (TypedBlock("3 bøger væk"),)),
        ("blocks", "2.1.2027 Mistet kort", (TypedBlock("Mistet kort", date(2027, 1, 2)),)),
        ("absence", "2027-04-01", Absence(date(2027, 4, 1))),
        ("absence", "01-04-2027 til 2.4.2027", Absence(date(2027, 4, 1), date(2027, 4, 2))),
        ("absence", "2027-04-01\n2027-04-01", Absence(date(2027, 4, 1), date(2027, 4, 1))),
    ],
)
def test_a_text_becomes_the_value_of_its_field(field: str, text: str, value: object) -> None:
    assert SETTABLE[field].kind.typed(text) == value


@pytest.mark.parametrize("between", ["/", "|", " | ", " til ", " TIL ", " to ", " - ", " – ", "–", " ", "\n"])
@pytest.mark.parametrize("before", ["", "fra ", "from "])
def test_an_absence_is_typed_as_people_write_it(before: str, between: str) -> None:
    days = Absence(date(2027, 4, 10), date(2027, 4, 20))
    assert SETTABLE["absence"].kind.typed(f"{before}2027-04-10{between}2027-04-20") == days


@pytest.mark.parametrize("field", SETTABLE)
def test_nothing_empties_a_field(field: str) -> None:
    value = SETTABLE[field].kind.typed(" \n")
    # a PIN is no field of its own: it goes into the cards
    assert value == "" if field == "pin" else Local().with_values({field: value}) == Local()


@pytest.mark.parametrize(
    ("field", "text", "why"),
    [
        ("branch", "x" * 65, "64 characters"),
        ("branch", "Risskov\nTilst", "one line"),
        ("language", "DA", "language code"),
        ("language", "dansk", "language code"),
        ("cards", "x" * 255, "254 characters"),
        # what a screen shows instead of a number would come back from it as a card
        ("cards", "L1\nxxxxxx-xxxx", "no card"),
        ("cards", "010190-XXXX", "no card"),
        ("cards", "\n".join(map(str, range(21))), "up to 20"),
        ("contact_address", X35, "34 characters"),
        ("contact_address", f"c/o {X34}", "34 characters"),
        ("contact_address", "1\n2\n3\n4\n5\n6", "up to 5"),
        ("telephones", "870", "digits alone"),
        ("telephones", f"{LONGEST}0", "digits alone"),
        ("telephones", "87000000a", "digits alone"),
        ("telephones", "87000000 / 20304050", "digits alone"),
        ("telephones", "*87000000\n*87000001", r"a \* before one"),
        ("telephones", "\n".join(["87000000"] * 11), "up to 10"),
        ("emails", "a@b", "name@place"),
        ("emails", "a b@c.dk", "name@place"),
        ("emails", f"a@{'x' * 250}.dk", "name@place"),
        ("internal_note", "x" * 2001, "2000 characters"),
        ("pin", "123", "4 to 12 digits"),
        *(("pin", pin, "guessed first") for pin in ("0000", "1234", "4321", "7890", "999999")),
        ("pin", "1" * 13, "4 to 12 digits"),
        ("pin", "12a4", "4 to 12 digits"),
        ("pin", "\u0661\u0662\u0663\u0664", "4 to 12 digits"),
        ("blocks", "2027-01-02", "2027-04-10"),
        ("blocks", "2/1-2027 Mistet kort", "2027-04-10"),
        ("blocks", "Gebyrer\n02.01.27 Mistet kort", "2027-04-10"),
        ("blocks", "31.02.2027 Mistet kort", "no such day"),
        ("blocks", "2027-02-30 Mistet kort", "no such day"),
        ("blocks", f"2027-01-02 {'x' * 190}", "200 characters"),
        ("blocks", "\n".join(["2027-01-02 Mistet kort"] * 21), "up to 20"),
        ("absence", "1/4 2027", "2027-04-10 til 2027-04-20"),
        ("absence", "2027-04-01-2027-04-02", "2027-04-10 til 2027-04-20"),
        ("absence", "til 2027-04-02", "2027-04-10 til 2027-04-20"),
        ("absence", "2027-04-31", "no such day"),
        ("absence", "2027-04-02 2027-04-01", "before the first"),
        ("absence", "2027-04-01 2027-04-02 2027-04-03", "2027-04-10 til 2027-04-20"),
    ],
)
def test_what_cannot_stand_in_the_field_is_refused_without_being_quoted(field: str, text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why) as refused:
        SETTABLE[field].kind.typed(text)
    assert text not in str(refused.value)
    assert refused.value.__cause__ is None


MARKED, PLAIN, OTHER = Telephone("20000000", notices=True), Telephone("20000000"), Telephone("87000000")


@pytest.mark.parametrize(
    ("held", "given", "after"),
    [
        ((MARKED,), (PLAIN, OTHER), (MARKED, OTHER)),
        ((MARKED,), (PLAIN, Telephone("87000000", notices=True)), (PLAIN, Telephone("87000000", notices=True))),
        ((MARKED,), (OTHER,), (OTHER,)),
        ((PLAIN,), (PLAIN,), (PLAIN,)),
        ((), (PLAIN,), (PLAIN,)),
    ],
)
def test_a_list_without_a_mark_leaves_it_where_it_was(
    held: tuple[Telephone, ...], given: tuple[Telephone, ...], after: tuple[Telephone, ...]
) -> None:
    assert keep_mark(held, given) == after


@pytest.mark.parametrize(
    ("field", "value", "shown"),
    [
        ("branch", "Risskov", "Risskov"),
        ("cards", (Card("L1", "hash"),), ["L1"]),
        ("contact_address", ("c/o Bo", "Ude 2"), ["c/o Bo", "Ude 2"]),
        ("telephones", (MARKED, OTHER), ["20000000", "87000000"]),
        ("emails", (Email("a@b.dk", notices=True),), ["a@b.dk"]),
        ("absence", None, None),
        ("absence", Absence(date(2027, 4, 1)), ["2027-04-01", None]),
        ("absence", Absence(date(2027, 4, 1), date(2027, 4, 2)), ["2027-04-01", "2027-04-02"]),
        ("blocks", (Block(date(2027, 4, 1), "gebyr"),), [{"since": "2027-04-01", "reason": "gebyr"}]),
        (
            "blocks",
            (Block(date(2027, 4, 1), "gebyr", lifted=date(2027, 4, 2)),),
            [{"since": "2027-04-01", "reason": "gebyr", "lifted": "2027-04-02"}],
        ),
    ],
)
def test_a_value_is_shown_as_json_has_it(field: str, value: object, shown: object) -> None:
    assert SETTABLE[field].kind.shown(value, False) == shown


def test_a_value_that_no_rule_reads_stands_beside_the_others_and_an_empty_one_nowhere() -> None:
    local = Local.of({"pronoun": "de", "alias": "Falken", "branch": "Risskov"})
    assert (local.branch, local.value_of("branch"), local.value_of("pronoun")) == ("Risskov", "Risskov", "de")
    assert local == Local.of({"alias": "Falken", "branch": "Risskov", "pronoun": "de"})
    assert local.with_values({"alias": "", "pronoun": ""}) == Local(branch="Risskov")
    assert Local().value_of("pronoun") is None
    assert FIELD["branch"].value_in(Local()) == ""
    assert replace(FIELD["branch"], key="pronoun").value_in(Local()) == ""

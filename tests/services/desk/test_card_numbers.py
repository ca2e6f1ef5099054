"""A card is never somebody else's CPR number: a number opens as a card the record of its person alone (decision 51)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from doubles import MONDAY, refused
from test_adding import EDITH, KIM, add, preview
from test_cards import PIN, ask
from test_importing import take, told
from test_number_change import NEW, OLD, replaced
from test_setting import set_
from townspeople import cpr, person

from cprsync.domain.patron.local import ListChange
from cprsync.domain.person.number import CprNumber
from cprsync.errors import BadInput, CardRefused

if TYPE_CHECKING:
    from doubles import Library

#: Nobody's here. The form alone says that it is somebody's.
STRANGER = CprNumber.parse("0101801234")
#: Made by a school: such a form may also be that of a card.
LETTERS = "010180AB12"


def written(number: CprNumber) -> list[str]:
    """As it is typed, copied from a page or a sheet of numbers, and scanned from a health card's stripe."""
    digits = number.digits
    parted = [f"{digits[:6]}{sign}{digits[6:]}" for sign in ("-", " – ", "/", "\u00ad")]
    day = f"{digits[:2]}.{digits[2:4]}.{digits[4:6]}-{digits[6:]}"
    return [digits, *parted, day, f"*{parted[0]}*", f"'{digits}", f"92080000{digits}000000000"]


@pytest.mark.parametrize("number", [cpr("BO"), STRANGER])
def test_staff_cannot_give_a_patron_somebody_elses_number_as_a_card(either_library: Library, number: CprNumber) -> None:
    """The answer is the same for a patron's number and for a stranger's: it tells nobody who is a patron."""
    library = either_library
    for text in written(number):
        for doing in (ListChange.ADD, ListChange.REPLACE):
            kind = refused(library, lambda text=text, doing=doing: set_(library, "cards", text, doing=doing), BadInput)
            assert kind == "card.number"
    assert set_(library, "cards", cpr("ANNA").digits)["outcome"] == "added"


def test_an_earlier_number_of_somebody_is_no_card_of_another_and_stays_a_card_of_theirs(library: Library) -> None:
    library.deliver(MONDAY, replaced(OLD, NEW), person("ANNA", number=NEW))
    library.night()
    assert refused(library, lambda: set_(library, "cards", OLD.digits, key="BO"), BadInput) == "card.number"
    assert set_(library, "cards", OLD.digits)["outcome"] == "added"
    assert library.store.views.with_card(OLD.digits) == library.id_of("ANNA")


@pytest.mark.parametrize("number", [cpr("ANNA"), STRANGER])
@pytest.mark.parametrize("values", [EDITH, KIM])
def test_nobody_is_registered_with_somebody_elses_number_as_a_card(
    either_library: Library, values: dict[str, str], number: CprNumber
) -> None:
    """A child got the mother's number as a card, and the two could sign in as each other."""
    library = either_library
    library.register.knows(person("EDITH"))
    for text in written(number):
        assert refused(library, lambda text=text: preview(library, values | {"cards": text}), BadInput) == "input.value"
    assert library.register.looked_up == []


def test_a_health_card_is_its_own_patrons_from_the_first_day(library: Library) -> None:
    library.register.knows(person("EDITH"))
    patron_id = add(library, EDITH | {"cards": cpr("EDITH").digits, "pin": PIN})["patron"]
    assert library.store.views.with_card(cpr("EDITH").digits) == patron_id
    assert ask(library, cpr("EDITH").digits, PIN) == patron_id


def test_a_list_brings_no_card_that_is_somebody_elses_number(either_library: Library) -> None:
    library = either_library
    bo, clara = cpr("BO").digits, cpr("CLARA").digits
    rows = f"cpr_number,cards\n{cpr('ANNA').digits},{bo}\n{clara},{STRANGER.digits}\n,{bo}\n,{clara}|K7\n"
    before = library.everything()
    for apply in (False, True):
        assert told(take(library, rows, apply=apply)) == [(2, "cards"), (3, "cards"), (4, "cards"), (5, "cards")]
        assert library.everything() == before
    assert told(take(library, f"cpr_number,cards\n{bo},{bo}\n{clara},{clara}\n")) == []
    assert library.store.views.with_card(clara) == library.id_of("CLARA")


def test_a_number_that_becomes_somebodys_opens_no_more_the_record_that_has_it_as_a_card(
    either_library: Library,
) -> None:
    """Schools make numbers with letters, and a card may look like one before a patron has it."""
    library = either_library
    set_(library, "cards", LETTERS)
    set_(library, "pin", PIN)
    assert ask(library, LETTERS, PIN) == library.id_of("ANNA")
    add(library, KIM | {"cpr_number": LETTERS})
    with pytest.raises(CardRefused):
        ask(library, LETTERS, PIN)
    assert library.store.views.with_card(LETTERS) is None
    assert ask(library, "ANNA", PIN) == library.id_of("ANNA")

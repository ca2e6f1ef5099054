"""What a list says of whom no register knows, of those who come back, and which patron numbers it made."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from doubles import happened, unowned
from test_importing import ANNA, CLARA, made, take, told
from test_leaving import erase, leave
from test_set_cpr import EDITH, set_cpr
from town import number
from townspeople import person
from whole import verify_audit

from cprsync.domain.person.person import SILENT
from cprsync.domain.person.sealed import Name

if TYPE_CHECKING:
    from doubles import Library

#: a replacement number of someone born on 1 January 1985
MADE = "6101854000"
HEADER = "cpr_number,patron,cards,kind,navn,adresse\n"


def names(library: Library, *ids: str) -> list[str | None]:
    found = [library.store.patrons.read([one])[0].register.name for one in ids]
    return [name.addressing if isinstance(name, Name) else None for name in found]


def by_line(library: Library, text: str) -> dict[int, str]:
    return made(take(library, text))


def test_name_and_address_are_taken_of_whom_no_register_knows(new_library: Library) -> None:
    library = new_library
    rows = f"{MADE},,A1,,Abdi Uden,\n,,I1,institution,Børnehaven  ,c/o Kommunen|Havnen 2|8000 Aarhus C\n"
    given = by_line(library, HEADER + rows)
    assert names(library, given[2], given[3]) == ["Abdi Uden", "Børnehaven"]
    view = library.store.views.patron(given[3])
    assert view is not None
    assert view.local.contact_address == ("c/o Kommunen", "Havnen 2", "8000 Aarhus C")
    before = library.everything()
    assert take(library, HEADER + rows).counts == {"unchanged": 2}
    assert library.everything() == before
    # by the card, and by the patron number
    again = f",,I1,,Børnehuset,\n,{given[2]},,,Abdi Med,\n"
    assert take(library, HEADER + again).counts == {"updated": 2}
    assert names(library, given[2], given[3]) == ["Abdi Med", "Børnehuset"]
    assert take(library, HEADER + again).counts == {"unchanged": 2}
    verify_audit(library.store)


def test_of_whom_the_register_knows_they_are_left_out_and_counted(library: Library) -> None:
    before = library.everything()
    taken = take(library, HEADER + f"{ANNA},,,,Anna Andet,Havnen 2\n{CLARA},,,,Clara Andet,\n")
    assert taken.counts == {"unchanged": 2}
    assert taken.document()["register_owns"] == {"address": 1, "name": 2}
    assert library.everything() == before
    new = take(library, HEADER + f"{number('EDITH')},,,,Edith Liste,\n")
    assert (new.counts, new.document()["register_owns"]) == ({"created": 1}, {"name": 1})
    assert library.record("EDITH").name is SILENT


def test_a_contact_address_comes_before_an_address(new_library: Library) -> None:
    given = by_line(new_library, "cards,adresse,contact_address\nI1,Havnen 2,Torvet 1\n")
    view = new_library.store.views.patron(given[2])
    assert view is not None
    assert view.local.contact_address == ("Torvet 1",)


@pytest.mark.parametrize(
    ("row", "field"),
    [
        (f"{MADE},,,,{'x' * 35},\n", "name"),
        (f",,I1,institution,,{'x' * 35}\n", "address"),
        # born in five years
        ("0101324000,,,,,\n", "cpr_number"),
        ("6101324000,,,,,\n", "cpr_number"),
    ],
)
def test_what_cannot_be_is_refused_and_changes_nothing(new_library: Library, row: str, field: str) -> None:
    before = new_library.everything()
    taken = take(new_library, HEADER + row)
    assert told(taken) == [(2, field)]
    assert all(word not in str(taken.document()) for word in ("xxx", "0101324000", "6101324000"))
    assert new_library.everything() == before


def test_whoever_is_born_today_is_taken(new_library: Library) -> None:
    born = f"{new_library.clock.today():%d%m%y}4000"
    assert take(new_library, f"cpr_number\n{born}\n").counts == {"created": 1}


def test_a_name_gives_way_to_the_registers_with_a_real_number(library: Library) -> None:
    given = by_line(library, HEADER + f"{MADE},,A1,,Edith Liste,\n")
    library.register.knows(person("EDITH"))
    set_cpr(library, given[2], EDITH)
    assert library.record("EDITH").name == person("EDITH").name


def test_whoever_left_and_comes_back_with_a_list_is_said_to_and_nothing_tells_of_the_erased(library: Library) -> None:
    """Nothing of theirs is there: only the journal tells of whoever was closed, and they are a new patron."""
    anna, clara = library.id_of("ANNA"), library.id_of("CLARA")
    leave(library, anna)
    erase(library, clara)
    text = f"cpr_number\n{ANNA}\n{number('EDITH')}\n{CLARA}\n"
    before = unowned(library.everything())
    dry = take(library, text, apply=False)
    assert dry.document()["returns"] == [{"line": 2, "patron": None}]
    assert unowned(library.everything()) == before
    taken = take(library, text)
    new = made(taken)
    assert taken.document()["returns"] == [{"line": 2, "patron": new[2]}]
    assert {anna, clara}.isdisjoint(new.values())
    # once she is there again, a list says nothing new
    happenings = happened(library.everything())
    assert take(library, text).document()["returns"] == []
    assert happened(library.everything()) == happenings

"""Where the library lets cards log in, each card of a patron has an account at CULR, and no other card has."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from culr_double import CulrDouble
from doubles import MONDAY, TUESDAY
from test_account_order import renumber
from test_leaving import leave
from townspeople import cpr, moves, person

from cprsync.domain.patron.local import Card, ListChange, Local
from cprsync.errors import NetMediaUnavailable
from cprsync.mock.town.culr_accounts import CulrRequest
from cprsync.services.desk.setting import Setting, SettingDesk, set_field
from cprsync.services.netmedia.publishing import reconcile_accounts
from cprsync.services.ports.patrons import NewPatron

if TYPE_CHECKING:
    from doubles import Library

PATRONS = ("ANNA", "BO", "CLARA", "DAVID")


def hears(library: Library, *, cards: bool = True) -> CulrDouble:
    """Each patron has the card that an import gave, of the same name as the key."""
    library.sets_culr_up(cards=cards)
    library.net_media = culr = CulrDouble()
    library.night()
    return culr


def log_ins(culr: CulrDouble, key: str) -> set[str]:
    """The cards that log in as the person."""
    accounts = culr.accounts.accounts_of_number(cpr(key).digits).accounts
    return {value for agency, kind, value in accounts if (agency, kind) == (culr.agency, "LOCAL")}


def set_cards(library: Library, key: str, *cards: str) -> None:
    counter = SettingDesk(library, frozenset())
    set_field(counter, Setting(library.id_of(key), "cards", "\n".join(cards), "lone", doing=ListChange.REPLACE))


def by_control(culr: CulrDouble, operation: str, key: str, card: str) -> None:
    made = CulrRequest(operation, culr.agency, "LOCAL", card, uid=cpr(key).digits)
    assert culr.accounts.carry_out(made).code == "OK200"


@pytest.mark.parametrize("key", ["account-cards"])
def test_each_card_logs_in_as_its_patron_where_the_library_lets_it(either_library: Library, key: str) -> None:
    culr = hears(either_library)
    assert {one: log_ins(culr, one) for one in PATRONS} == {one: {one} for one in PATRONS}, key


def test_no_card_is_told_of_where_the_library_does_not(library: Library) -> None:
    culr = hears(library, cards=False)
    set_cards(library, "ANNA", "A-1", "A-2")
    library.night()
    assert {log_ins(culr, one) == set() for one in PATRONS} == {True}


@pytest.mark.parametrize("disturbed", ["", "lossy", "down"])
def test_cards_that_are_set_at_the_desk_log_in_and_those_taken_away_do_not(
    either_library: Library, disturbed: str
) -> None:
    library = either_library
    culr = hears(library)
    set_cards(library, "ANNA", "A-1", "A-2")
    culr.loses_every = 2 if disturbed == "lossy" else 0
    culr.down = NetMediaUnavailable("no answer") if disturbed == "down" else None
    library.one_night()
    culr.loses_every, culr.down = 0, None
    for _ in range(4):
        library.one_night()
    assert log_ins(culr, "ANNA") == {"A-1", "A-2"}
    state = library.store.outbox.account_state(library.id_of("ANNA"))
    assert (state.confirmed, state.pending) == ("751", 0)
    library.nothing_is_left()


def test_a_card_that_another_patron_gets_logs_in_as_that_one(library: Library) -> None:
    culr = hears(library)
    set_cards(library, "ANNA", "A-1")
    set_cards(library, "BO", "BO", "ANNA")
    library.night()
    assert (log_ins(culr, "ANNA"), log_ins(culr, "BO")) == ({"A-1"}, {"BO", "ANNA"})


def test_a_card_that_an_import_brings_logs_in(library: Library) -> None:
    culr = hears(library)
    library.store.imports.take_patrons([NewPatron(cpr("ANNA"), Local(cards=(Card("A-9"),)))])
    library.night()
    assert log_ins(culr, "ANNA") == {"ANNA", "A-9"}
    before = library.rows("outbox")
    library.store.imports.take_patrons([NewPatron(cpr("ANNA"), Local(cards=(Card("A-9"),), branch="main"))])
    assert library.rows("outbox") == before == []


def test_a_card_that_is_a_cpr_number_or_a_patron_number_has_no_account(library: Library) -> None:
    culr = hears(library)
    set_cards(library, "ANNA", cpr("ANNA").digits, library.id_of("BO"), "A-1")
    library.night()
    assert log_ins(culr, "ANNA") == {"A-1"}


def test_cards_go_along_to_another_number_and_go_with_a_patron_who_leaves(library: Library) -> None:
    culr = hears(library)
    renumber(library, library.id_of("ANNA"), cpr("EDITH"))
    library.night()
    assert (log_ins(culr, "EDITH"), log_ins(culr, "ANNA")) == ({"ANNA"}, set())
    leave(library, library.id_of("BO"))
    library.one_night()
    library.one_night()
    assert log_ins(culr, "BO") == set()


def test_a_move_and_a_card_at_the_same_time_are_both_told(library: Library) -> None:
    culr = hears(library)
    set_cards(library, "ANNA", "A-1")
    library.deliver(MONDAY, moves(person("ANNA"), "ODENSE"))
    library.night()
    assert log_ins(culr, "ANNA") == {"A-1"}
    assert library.store.outbox.account_state(library.id_of("ANNA")).confirmed == "461"


def test_what_others_have_made_or_taken_away_is_set_right(library: Library) -> None:
    culr = hears(library)
    by_control(culr, "deleteAccount", "ANNA", "ANNA")
    by_control(culr, "createAccount", "BO", "B-LOST")
    found = reconcile_accounts(library.ports(), everyone=True, dry_run=False)
    assert found.counts()["cards"] == 2
    library.deliver(TUESDAY)
    library.night()
    assert (log_ins(culr, "ANNA"), log_ins(culr, "BO")) == ({"ANNA"}, {"BO"})

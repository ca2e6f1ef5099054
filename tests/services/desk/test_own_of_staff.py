"""Whose record is a member of staff's own, as their provider says: others sign for it, and no number is kept."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
import said_yes
from test_access_rules import BOSS, WHO, desk_of, forget, is_refused, look, second_for, stranger
from test_set_cpr import MADE, enrol
from townspeople import cpr, person

from cprsync.domain.patron.patron import Purpose
from cprsync.domain.patron.review import BOTH_PATRONS
from cprsync.errors import BadInput
from cprsync.services.desk import access
from cprsync.services.desk.lookup import Asked
from cprsync.services.desk.own import keep_own_of_staff
from cprsync.services.desk.reviewing import StaffReviews
from cprsync.services.desk.set_cpr import SetNumber, preview_number
from cprsync.services.leaving.departing import LeavingDesk

if TYPE_CHECKING:
    from doubles import Library


def signs_in(library: Library, named: object, *, by: str = "cpr_number", user: str = WHO) -> bool:
    return keep_own_of_staff(library.store, user, named_by=by, named=named)


def kept(library: Library) -> list[dict[str, Any]]:
    return library.rows("staff_patron")


def test_a_number_makes_the_own_record_and_the_own_household_a_second_persons(either_library: Library) -> None:
    library = either_library
    housemate = stranger(1, address=person("ANNA").address)
    library.register.knows(housemate)
    said_yes.register(desk_of(library), Asked(housemate.number, Purpose.REGISTRATION, BOSS))
    assert signs_in(library, cpr("ANNA").digits)
    is_refused(library, lambda: look(library, cpr("ANNA")), "second")
    is_refused(library, lambda: look(library, housemate.number), "second")
    look(library, cpr("CLARA"))
    look(library, cpr("ANNA"), user=BOSS)


def test_the_number_itself_is_kept_nowhere(either_library: Library) -> None:
    library = either_library
    signs_in(library, cpr("ANNA").digits)
    assert cpr("ANNA").digits not in repr(kept(library))
    (row,) = kept(library)
    assert row["who"] == WHO
    assert bytes.fromhex(row["number_index"]) in library.store._tenant.vault.probes("number", cpr("ANNA").digits)


def test_a_patron_number_does_the_same(library: Library) -> None:
    assert signs_in(library, library.id_of("ANNA"), by="patron")
    is_refused(library, lambda: look(library, cpr("ANNA")), "second")


def test_ones_own_number_takes_a_second_person_also_while_one_is_no_patron(either_library: Library) -> None:
    library = either_library
    library.register.knows(person("EDITH"))
    assert signs_in(library, cpr("EDITH").digits)
    is_refused(library, lambda: look(library, cpr("EDITH")), "second")
    look(library, cpr("EDITH"), user=BOSS)


def test_ones_own_number_takes_a_second_person_also_beside_a_record_without_one(either_library: Library) -> None:
    """They would see themselves in the register, and get a record of their own words made real."""
    library = either_library
    patron = enrol(library, MADE[0])
    library.register.knows(person("EDITH"))
    assert signs_in(library, cpr("EDITH").digits)

    def give(user: str) -> object:
        return preview_number(desk_of(library), SetNumber(patron, cpr("EDITH"), user))

    is_refused(library, lambda: give(WHO), "second")
    give(BOSS)


@pytest.mark.parametrize("named", [None, "", "anna", 1234, ["0101702001"], "99999999"])
@pytest.mark.parametrize("by", ["cpr_number", "patron"])
def test_a_word_of_no_use_is_told_and_what_was_kept_is_forgotten(library: Library, named: object, by: str) -> None:
    signs_in(library, cpr("ANNA").digits)
    assert not signs_in(library, named, by=by)
    assert kept(library) == []
    look(library, cpr("ANNA"))


def test_the_last_word_counts(either_library: Library) -> None:
    library = either_library
    signs_in(library, cpr("ANNA").digits)
    signs_in(library, cpr("CLARA").digits)
    look(library, cpr("ANNA"))
    is_refused(library, lambda: look(library, cpr("CLARA")), "second")


@pytest.mark.parametrize("name", ["ANNA", "EDITH"])
def test_whoever_has_two_accounts_signs_for_themselves_with_neither(either_library: Library, name: str) -> None:
    """`EDITH` is no patron: the provider's word of her number is enough."""
    library = either_library
    library.register.knows(person("EDITH"))
    signs_in(library, cpr(name).digits)
    signs_in(library, cpr(name).digits, user="l.holm")
    seq = second_for(library, lambda: look(library, cpr(name)))
    before = library.everything()
    with pytest.raises(BadInput):
        access.sign_attempt(library.store, seq, by="l.holm", now=library.clock.now())
    assert library.everything() == before
    (request,) = access.list_requests(library.store, user="l.holm", now=library.clock.now()).requests
    assert request.is_own
    signs_in(library, cpr("CLARA").digits, user=BOSS)
    access.sign_attempt(library.store, seq, by=BOSS, now=library.clock.now())
    assert look(library, cpr(name)).document["found"]


def merge(library: Library, *, of: str, into: str) -> None:
    library.store.desk.ask_staff(library.id_of(of), BOTH_PATRONS, about=library.id_of(into))
    (item,) = library.store.review_desk.items(all_states=False)
    StaffReviews(library, BOSS).accept(item.id)


@pytest.mark.parametrize("by", ["account", "provider"])
def test_a_merged_patron_is_the_one_who_keeps_their_record(library: Library, by: str) -> None:
    """Else the record that a person has now would be anybody's."""
    own = library.id_of("CLARA")
    if by == "provider":
        signs_in(library, own, by="patron")
    else:
        library.store._bind(replace(library.store._tenant, own_patron={WHO: own}.get))
    merge(library, of="CLARA", into="ANNA")
    is_refused(library, lambda: look(library, cpr("ANNA")), "second")


def test_nothing_of_it_outlives_an_erased_patron(either_library: Library) -> None:
    library = either_library
    signs_in(library, cpr("ANNA").digits)
    exit_ = LeavingDesk(library, BOSS)
    said_yes.erase(exit_, library.id_of("ANNA"))
    assert kept(library) == []


def test_it_is_forgotten_with_the_log_unless_they_sign_in_again(library: Library) -> None:
    signs_in(library, cpr("ANNA").digits)
    signs_in(library, cpr("CLARA").digits, user=BOSS)
    library.clock.moment += timedelta(days=library.policy.retention.log_days + 2)
    signs_in(library, cpr("CLARA").digits, user=BOSS)
    forget(library)
    assert [row["who"] for row in kept(library)] == [BOSS]

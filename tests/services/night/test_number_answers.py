"""The night's look-ups name another number: followed to its end that night, or left to a person, and nothing lost."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest
from doubles import MONDAY, Library
from kills import killed, lived_whole, sample
from test_number_change import replaced, subscriptions
from test_reviewing import number_of, reviews, waits
from townspeople import cpr, moves, person
from whole import verify_audit

from cprsync.domain.person.number import CprNumber
from cprsync.domain.policy.policy import Harm
from cprsync.errors import NoSuchPerson, RegisterUnavailable
from cprsync.services.planning.applying import make_finding_keys

if TYPE_CHECKING:
    from pathlib import Path

    from cprsync.domain.person.person import Person

STALE = cpr("HENRIK")
#: Numbers of nobody, with the same birth date.
NEXT, *MORE = (CprNumber(f"{STALE.digits[:7]}77{n}") for n in range(7))
BOTH, CIRCLE, UNRESOLVED = (f"parked.number.{word}" for word in ("both_patrons", "circle", "unresolved"))


def henrik(number: CprNumber = NEXT) -> Person:
    return person("HENRIK", number=number)


def imported(library: Library, *answers: Person) -> str:
    """A new patron under a number that is out of use, and what the register answers."""
    library.enrol("HENRIK")
    library.register.knows(*answers)
    return library.id_of("HENRIK")


def record(library: Library, patron: str) -> Any:
    view = library.store.views.patron(patron)
    assert view is not None
    return view.patron


def test_a_new_patron_whose_number_was_replaced_is_verified_under_the_new_one_that_night(library: Library) -> None:
    patron = imported(library, replaced(STALE, NEXT), henrik())
    # nothing of hers was known, so that nothing was merged
    library.limit(Harm.MERGED, 0)
    report = library.night()
    assert (report.exit_code, library.questions(), library.reviews()) == (0, [], [])
    assert library.register.looked_up == [STALE, NEXT]
    assert (record(library, patron).register, record(library, patron).verified) == (henrik(), True)
    assert library.store.patrons.find(STALE) == library.store.patrons.find(NEXT) == patron
    assert subscriptions(library, patron) == sorted([(NEXT.digits, "patron"), (STALE.digits, "old_number")])
    library.deliver(MONDAY, moves(henrik()))
    library.night()
    assert subscriptions(library, patron) == [(NEXT.digits, "patron")]
    assert STALE in library.register.unsubscribed
    assert record(library, patron).register == moves(henrik())


def test_a_delivery_of_that_night_is_decided_after_the_look_up(library: Library) -> None:
    patron = imported(library, replaced(STALE, NEXT), henrik())
    library.deliver(MONDAY, replaced(STALE, NEXT), moves(henrik()))
    report = library.night()
    assert library.items(report) == [("unchanged", "number.old"), ("applied", None)]
    assert record(library, patron).register == moves(henrik())


@pytest.mark.parametrize("links", [5, 6])
def test_a_night_follows_five_links_and_not_six(library: Library, links: int) -> None:
    numbers = [STALE, NEXT, *MORE][: links + 1]
    answers = [replaced(old, new) for old, new in pairwise(numbers)]
    patron = imported(library, *answers, henrik(numbers[-1]))
    before = record(library, patron)
    library.night()
    assert library.register.looked_up == numbers[:6]
    if links == 5:
        assert (record(library, patron).register, library.reviews()) == (henrik(numbers[-1]), [])
    else:
        assert (record(library, patron), library.reviews()) == (before, [(patron, UNRESOLVED)])


def test_a_number_of_another_patron_offers_to_merge_the_two(library: Library) -> None:
    patron, other = imported(library, replaced(STALE, cpr("CLARA"))), library.id_of("CLARA")
    before = record(library, patron)
    assert library.night().exit_code == 3
    assert (record(library, patron), library.register.looked_up) == (before, [STALE])
    (item,) = reviews(library).listed()
    assert (item["patron"], item["kind"], item["about"]) == (patron, BOTH, other)
    reviews(library).accept(item["id"])
    assert library.store.patrons.find(STALE) == other
    make_finding_keys(library.ports())
    library.nothing_is_left()


def test_of_two_new_patrons_under_one_number_the_second_is_left_to_a_person(library: Library) -> None:
    library.enrol("HENRIK", "EDITH")
    library.register.knows(replaced(STALE, NEXT), replaced(cpr("EDITH"), NEXT), henrik())
    patrons = {library.id_of("HENRIK"), library.id_of("EDITH")}
    library.night()
    first = library.store.patrons.find(NEXT)
    assert first is not None
    (item,) = reviews(library).listed()
    assert ({item["patron"], item["about"]}, item["about"], item["kind"]) == (patrons, first, BOTH)


@pytest.mark.parametrize("own", [True, False])
def test_answers_in_a_circle_leave_the_record_as_it_was(library: Library, own: bool) -> None:
    end = STALE if own else MORE[0]
    patron = imported(library, replaced(STALE, NEXT), replaced(NEXT, end), replaced(end, NEXT))
    before = record(library, patron)
    assert library.night().exit_code == 3
    assert (record(library, patron), library.reviews()) == (before, [(patron, CIRCLE)])
    assert library.store.patrons.find(NEXT) is None


@pytest.mark.parametrize("key", ["number-unresolved"])
def test_a_new_patron_who_is_rejected_gets_on_when_the_item_waits_again_and_is_accepted(
    library: Library, key: str
) -> None:
    patron = imported(library, replaced(STALE, None))
    library.night()
    number = number_of(library, UNRESOLVED)
    reviews(library).reject(number, reason="Ses ved skranken")
    asked = len(library.register.looked_up)
    library.one_night()
    assert (len(library.register.looked_up), library.questions(), waits(library)) == (asked, [], []), key
    reviews(library).reopen(number, reason="Hun var her")
    reviews(library).accept(number)
    library.register.knows(replaced(STALE, NEXT), henrik())
    library.one_night()
    assert (record(library, patron).register, library.questions(), waits(library)) == (henrik(), [], [])
    library.nothing_is_left()


@pytest.mark.parametrize(
    ("error", "left"),
    [(RegisterUnavailable("no answer"), []), (NoSuchPerson("PNR not found"), ["parked.register.no_such_person"])],
    ids=["down", "unknown"],
)
def test_a_number_of_which_nothing_is_heard_is_hers_and_is_asked_about_again(
    library: Library, error: Any, left: list[str]
) -> None:
    """As where a delivery names it and holds nothing of it."""
    patron = imported(library, replaced(STALE, NEXT))
    library.register.failures[NEXT] = error
    library.one_night()
    assert (record(library, patron).number, record(library, patron).verified) == (NEXT, False)
    assert (patron, "number_change") in library.questions()
    assert library.reviews() == [(patron, kind) for kind in left]
    library.register.failures.clear()
    library.register.knows(henrik())
    library.deliver(MONDAY)
    library.night()
    assert (record(library, patron).register, library.questions(), waits(library)) == (henrik(), [], [])


def test_a_number_that_is_given_by_a_delivery_and_replaced_itself_is_followed_in_the_same_night(
    library: Library,
) -> None:
    patron, end = library.id_of("ANNA"), MORE[0]
    library.register.knows(replaced(NEXT, end), person("ANNA", number=end))
    library.deliver(MONDAY, replaced(cpr("ANNA"), NEXT))
    library.night()
    assert (record(library, patron).register, library.questions()) == (person("ANNA", number=end), [])
    assert {library.store.patrons.find(number) for number in (cpr("ANNA"), NEXT, end)} == {patron}


def test_a_first_look_up_that_names_another_number_killed_anywhere_ends_as_one_that_was_not(
    library: Library, tmp_path: Path
) -> None:
    library.batch = 1
    patron = imported(library, replaced(STALE, NEXT), henrik())
    library.deliver(MONDAY, moves(person("CLARA")))
    whole, _, writes = lived_whole(library, tmp_path)
    wanted = (record(whole, patron), subscriptions(whole, patron), whole.questions())
    assert (wanted[0].register, wanted[2]) == (henrik(), [])
    for other in killed(library, tmp_path, sample(writes)):
        other.one_night()
        assert (record(other, patron), subscriptions(other, patron), other.questions()) == wanted
        verify_audit(other.store)
    whole.engine.dispose()

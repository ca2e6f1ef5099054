"""What is told of two patrons who meet under one number is told in an order: none takes the other's account away."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from itertools import product
from typing import TYPE_CHECKING

import pytest
from culr_double import CulrDouble
from doubles import MONDAY, TUESDAY
from kills import EACH
from test_merging_patrons import BOTH, NEW, OLD, two_of_one
from test_reviewing import number_of, reviews
from townspeople import cpr, moves

from cprsync.domain.netmedia.account import Identity, IdType, Operation
from cprsync.domain.person.person import Status
from cprsync.errors import NetMediaUnavailable
from cprsync.services.ports.patrons import Write
from cprsync.store.core.engine import writing
from cprsync.store.core.tenant import Transaction
from cprsync.store.patrons.patrons import write_records

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from doubles import Library

    from cprsync.domain.netmedia.account import Effect
    from cprsync.domain.netmedia.settling import Settled, Unsettled
    from cprsync.domain.person.number import CprNumber
    from cprsync.errors import CprsyncError

AARHUS, ODENSE = "751", "461"


@dataclass
class Turned(CulrDouble):
    """A CULR that hears of patrons in the order of their numbers, or in the other."""

    turned: bool = False

    def send_many(
        self, queues: Iterable[Sequence[Effect]]
    ) -> Iterator[tuple[Effect, Settled | Unsettled | CprsyncError]]:
        """Settle each queue, from either end."""
        waiting = sorted(queues, key=lambda queue: queue[0].patron_id, reverse=self.turned)
        yield from super().send_many(waiting)


def on(number: str) -> Identity:
    return Identity(IdType.CPR, number)


def confirmed(library: Library, patron_id: str) -> tuple[bool, str | None, int]:
    state = library.store.outbox.account_state(patron_id)
    return state.account, state.confirmed, state.pending


#: What happens to two patrons of one person, before a last night: an answer at the desk, a night, one that
#: nobody answers, or one in which each second answer is lost.
HISTORIES = (
    ("accept", "undo"),
    ("accept", "night", "undo"),
    ("accept", "down", "undo"),
    ("accept", "lossy", "undo"),
    ("accept", "undo", "down"),
    ("accept", "undo", "lossy"),
    ("accept", "down", "undo", "lossy"),
    ("accept", "lossy", "undo", "down", "lossy"),
)


def live(library: Library, culr: Turned, history: Iterable[str]) -> None:
    item = number_of(library, BOTH)
    for what in history:
        match what:
            case "accept":
                reviews(library).accept(item)
            case "undo":
                reviews(library).undo(item)
            case "down":
                culr.down = NetMediaUnavailable("no answer")
                library.one_night()
                culr.down = None
            case "lossy":
                culr.loses_every = 2
                library.one_night()
                culr.loses_every = 0
            case _:
                library.one_night()


#: Each history in either order, each with and without a night before, and each order with and without one: each two of
#: the three meet. With EACH all three do, which takes twice as long.
LIVED = [
    one
    for one in product(HISTORIES, (False, True), (False, True))
    if EACH in os.environ or (HISTORIES.index(one[0]) + one[1] + one[2]) % 2
]


@pytest.mark.parametrize(("history", "turned", "told"), LIVED)
def test_after_a_merge_is_taken_back_both_have_the_account_that_the_record_says_is_confirmed(
    library: Library, history: tuple[str, ...], *, turned: bool, told: bool
) -> None:
    culr = Turned(turned=turned)
    closes, keeps = two_of_one(library)
    library.net_media = culr
    if told:
        library.night()
    live(library, culr, history)
    library.night()
    assert {on(OLD.digits), on(NEW.digits)} <= culr.ours()
    for patron_id, number in ((closes, OLD), (keeps, NEW)):
        assert confirmed(library, patron_id) == (True, culr.holds(on(number.digits)), 0)
        assert culr.holds(on(number.digits)) == AARHUS
    library.deliver(TUESDAY)
    library.night()
    assert {on(OLD.digits), on(NEW.digits)} <= culr.ours()


@pytest.mark.parametrize("history", [("accept", "undo"), ("accept", "night", "undo"), ("accept", "lossy", "undo")])
@pytest.mark.parametrize("key", ["account-merged"])
def test_whoever_disappeared_has_the_account_again_that_they_had_before_the_merge(
    library: Library, history: tuple[str, ...], key: str
) -> None:
    """Nobody knows where they live: what CULR was told before stands (decision 11)."""
    closes, _ = two_of_one(library)
    library.net_media = culr = Turned()
    library.night()
    disappear(library, closes)
    library.night()
    live(library, culr, history)
    library.night()
    assert culr.holds(on(OLD.digits)) == AARHUS
    assert confirmed(library, closes) == (True, AARHUS, 0), key


def test_an_account_that_nobody_has_heard_the_end_of_is_not_deleted_for_a_moment(library: Library) -> None:
    two_of_one(library)
    library.net_media = culr = Turned()
    library.night()
    culr.calls.clear()
    live(library, culr, ("accept", "undo"))
    library.night()
    assert Operation.DELETE not in {call.operation for call in culr.calls}


def disappear(library: Library, patron_id: str) -> None:
    """As a delivery would have it, had the patron not two numbers."""
    [patron] = library.store.patrons.read([patron_id])
    gone = replace(patron.register, status=Status.DISAPPEARED)
    means = library.ports()
    write = Write(patron, gone, means.store.patrons.prepare(gone), patron.as_of, ())
    run = library.store._tenant.no_run
    with writing(library.engine) as connection:
        write_records(Transaction(connection, library.store._tenant), run, [write])


# -- numbers that go from one patron to another ------------------------------------------------------------------------


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("before", ["down", "night"])
def test_a_number_that_goes_from_one_patron_to_another_has_the_account_of_the_one_who_has_it_now(
    library: Library, before: str, *, turned: bool
) -> None:
    """ANNA's move is still to be told when ANNA gets another number, and BO gets the one that ANNA had."""
    library.net_media = culr = Turned(turned=turned)
    library.night()
    library.deliver(MONDAY, moves(library.record("ANNA"), "ODENSE"))
    live_on(library, culr, before)
    anna, bo = library.id_of("ANNA"), library.id_of("BO")
    renumber(library, anna, cpr("EDITH"))
    renumber(library, bo, cpr("ANNA"))
    library.deliver(TUESDAY)
    library.one_night()
    library.one_night()
    assert culr.holds(on(cpr("EDITH").digits)) == ODENSE
    assert culr.holds(on(cpr("ANNA").digits)) == AARHUS
    assert on(cpr("BO").digits) not in culr.ours()
    assert confirmed(library, anna) == (True, ODENSE, 0)
    assert confirmed(library, bo) == (True, AARHUS, 0)


def live_on(library: Library, culr: Turned, before: str) -> None:
    culr.down = NetMediaUnavailable("no answer") if before == "down" else None
    library.one_night()
    culr.down = None


def renumber(library: Library, patron_id: str, number: CprNumber) -> None:
    [patron] = library.store.patrons.read([patron_id])
    after = replace(patron.register, number=number)
    municipality = {"0461": ODENSE, "0751": AARHUS}[patron.register.address.municipality]  # type: ignore[union-attr]  # they live somewhere
    write = Write(
        patron, after, library.store.patrons.prepare(after), patron.as_of, (), culr=municipality, renumbered=MONDAY
    )
    with writing(library.engine) as connection:
        write_records(Transaction(connection, library.store._tenant), library.store._tenant.no_run, [write])

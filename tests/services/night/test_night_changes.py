"""A night's delivery: what each change does to a record, the balance sheet, and several deliveries in one run."""

from __future__ import annotations

import tracemalloc
from dataclasses import replace
from io import BytesIO
from itertools import islice
from operator import itemgetter
from typing import TYPE_CHECKING

import pytest
from bench.people import people
from doubles import FRIDAY, MONDAY, TUESDAY, WEDNESDAY, DisturbedStore, Library, altered, unowned, unreadable
from townspeople import (
    corrects_her_birth_date,
    cpr,
    dies,
    emigrates,
    gains_protection,
    is_told_half_an_address,
    moves,
    person,
    renames,
)

from cprsync.domain.patron.patron import AsOf, Source
from cprsync.domain.person.number import CprNumber
from cprsync.domain.person.person import SILENT, Person, Protection
from cprsync.domain.person.sealed import Name
from cprsync.domain.person.status import Action
from cprsync.errors import BalanceError, FenceLost, LostCompare, RunBusy
from cprsync.services.planning.planning import Planner
from cprsync.services.ports.deliveries import InboxState, SealedDelivery
from cprsync.services.ports.patrons import Write
from cprsync.services.ports.runs import Run
from cprsync.store.core.tenant import Transaction
from cprsync.store.patrons.patrons import write_records

if TYPE_CHECKING:
    from collections.abc import Callable


def moves_to_another_municipality(one: Person) -> Person:
    return moves(one, "ODENSE")


@pytest.mark.parametrize(
    ("event", "actions", "culr"),
    [
        (moves, {"move": 1}, []),
        (moves_to_another_municipality, {"move": 1, "municipality": 1}, [(3, "461")]),
        (renames, {"rename": 1}, []),
        (gains_protection, {"protect": 1}, []),
        (corrects_her_birth_date, {"birth_corrected": 1}, []),
        (emigrates, {"emigrate": 1}, [(3, "")]),
        (dies, {"die": 1}, [(3, "")]),
    ],
)
def test_a_delivery_changes_the_record_when_she(
    library: Library, event: Callable[[Person], Person], actions: dict[str, int], culr: list[tuple[int, str]]
) -> None:
    """The net media hear of it only if their number changes (decision 11)."""
    library.deliver(MONDAY, event(person("ANNA")))
    report = library.night()
    # a block of the dead is proposed to a person, and one is told of a birth date that is not the number's
    left = 3 if event in {dies, corrects_her_birth_date} else 0
    assert (report.exit_code, report.document()["actions"]) == (left, actions)
    assert library.items(report) == [("applied", None)]
    expected = event(person("ANNA"))
    address = expected.address if expected.address is not SILENT else person("ANNA").address
    assert library.record("ANNA") == replace(expected, address=address)
    assert library.outbox("ANNA") == [(2, "751"), *culr]
    assert library.view("ANNA").patron.as_of == AsOf(MONDAY, Source.FILE)


def test_the_dead_get_no_letters_from_the_day_of_the_run(library: Library) -> None:
    library.deliver(MONDAY, dies(person("ANNA")))
    library.night()
    assert library.view("ANNA").patron.letters_stopped == TUESDAY


def test_every_number_of_a_delivery_is_in_one_class(library: Library) -> None:
    library.deliver(
        MONDAY,
        moves(person("ANNA")),
        person("EDITH"),
        unreadable("CLARA"),
        person("DAVID"),
        unreadable("FINN"),
        unreadable(None, "person.number"),
    )
    report = library.night()
    assert library.items(report) == [
        ("applied", None),
        ("not_ours", None),
        ("parked", "person.no_001"),
        ("unchanged", None),
        ("not_ours", "person.no_001"),
        ("parked", "person.number"),
    ]
    document = report.document()
    assert [document[key] for key in ("received", "applied", "unchanged", "parked", "not_ours", "held")] == [
        6,
        1,
        1,
        2,
        2,
        0,
    ]
    assert (report.exit_code, document["state"]) == (3, "done")
    assert library.reviews() == [(library.id_of("CLARA"), "parked.person.no_001")]
    assert library.record("CLARA").address == person("CLARA").address


def test_strangers_keep_their_places_among_the_patrons_of_two_deliveries(library: Library) -> None:
    library.batch = 2
    library.deliver(
        MONDAY,
        person("EDITH"),
        person("FINN"),
        moves(person("ANNA")),
        person("HENRIK"),
        person("INGER"),
        person("CLARA"),
    )
    library.deliver(TUESDAY, person("KUNEN"), person("FINN"), person("EDITH"), dies(person("DAVID")), person("INGER"))
    report = library.night()
    assert [outcome for outcome, _ in library.items(report)] == [
        *("not_ours", "not_ours", "applied", "not_ours", "not_ours", "unchanged"),
        *("not_ours", "not_ours", "not_ours", "applied", "not_ours"),
    ]
    places = [row["number_index"] for row in sorted(library.rows("run_item"), key=itemgetter("ordinal"))]
    # of Edith, Finn and Inger, who are in both
    assert [places.index(places[at]) for at in (8, 7, 10)] == [0, 1, 4]
    assert len(set(places)) == len(places) - 3


def test_a_delivery_about_a_whole_town_takes_little_memory_for_each_stranger(library: Library) -> None:
    """An agreement that is shared with others gets everyone whom they follow."""
    town = [person("EDITH", number=CprNumber(one.number)) for one in islice(people(seed=5), 1_500)]
    delivery = SealedDelivery(1, "town", "", 0, InboxState.ACCEPTED)

    def plan(strangers: int) -> int:
        library.deliver(MONDAY, *town[:strangers], token="town")
        planner = Planner(library.ports(), None)
        tracemalloc.start()
        try:
            planner.deliver(delivery, BytesIO(b"town"), MONDAY)
            taken = tracemalloc.get_traced_memory()[0]
        finally:
            tracemalloc.stop()
        planned = [step.item.number for step in planner.plan.in_order() if step.item is not None]
        assert planned == [one.number for one in town[:strangers]]
        return taken

    plan(100)  # what is made once
    small, large = plan(500), plan(1_500)
    assert large - small < 1_000 * 30


@pytest.mark.parametrize("key", ["number-stranger"])
def test_a_stranger_with_a_patrons_name_and_address_is_not_ours_and_nobody_is_asked(library: Library, key: str) -> None:
    """Matching is by number only (decision 6)."""
    before = library.everything()
    library.deliver(MONDAY, person("ANNA", number=cpr("EDITH")))
    report = library.night()
    assert library.items(report) == [("not_ours", None)], key
    assert unowned(library.everything(), "inbox", "agreement") == unowned(before, "inbox", "agreement")
    assert (library.register.looked_up, library.reviews()) == ([], [])


def test_a_person_who_cannot_be_decided_is_parked_and_the_others_go_on(library: Library) -> None:
    library.deliver(MONDAY, replace(person("ANNA"), address=SILENT), moves(person("CLARA")))
    report = library.night()
    assert library.items(report) == [("parked", "address.missing"), ("applied", None)]
    assert library.reviews() == [(library.id_of("ANNA"), "parked.address.missing")]
    assert library.record("ANNA") == person("ANNA")


#: What a source may get wrong of an address that is otherwise hers.
HALF = [{"road": ""}, {"road": "  "}, {"municipality": "0998"}, {"municipality": "998"}]


@pytest.mark.parametrize("lacking", HALF)
@pytest.mark.parametrize("protected", [False, True])
def test_half_an_address_leaves_the_last_one_whole_and_is_left_to_a_person(
    library: Library, lacking: dict[str, str], *, protected: bool
) -> None:
    """So "Uglesporet 16B" never becomes "16B"; and a protection told beside it seals all the same."""
    told = is_told_half_an_address(person("ANNA"), **lacking)
    library.deliver(MONDAY, gains_protection(told) if protected else told)
    before = library.everything()
    report = library.night()
    assert library.items(report) == [("parked", "address.missing")]
    assert library.reviews() == [(library.id_of("ANNA"), "parked.address.missing")]
    assert library.record("ANNA") == (gains_protection(person("ANNA")) if protected else person("ANNA"))
    if not protected:
        assert unowned(library.everything(), "inbox", "agreement", "review_item") == unowned(
            before, "inbox", "agreement", "review_item"
        )


@pytest.mark.parametrize("lacking", HALF)
def test_half_an_address_of_someone_new_is_left_to_a_person(new_library: Library, lacking: dict[str, str]) -> None:
    """From a look-up: nothing of the answer is written, and whoever is parked counts as protected."""
    new_library.enrol("ANNA")
    new_library.register.knows(is_told_half_an_address(person("ANNA"), **lacking))
    assert new_library.night().exit_code == 3
    assert new_library.reviews() == [(new_library.id_of("ANNA"), "parked.address.missing")]
    assert new_library.record("ANNA").address is SILENT
    assert new_library.view("ANNA").parked
    new_library.register.knows(person("ANNA"))
    new_library.deliver(TUESDAY, person("ANNA"))
    new_library.night()
    assert new_library.record("ANNA").address == person("ANNA").address


def test_a_person_whom_nothing_happened_to_is_only_true_for_a_newer_day(library: Library) -> None:
    library.deliver(MONDAY, person("ANNA"))
    before = library.everything()
    report = library.night()
    assert library.items(report) == [("unchanged", None)]
    after = library.everything()
    for rows in (before, after):
        for row in rows["patron"]:
            row["as_of_day"] = row["as_of_source"] = None
    assert unowned(after, "inbox", "agreement") == unowned(before, "inbox", "agreement")


def test_silence_is_not_death(library: Library) -> None:
    """A person missing from the delivery stays as she is, and so does an empty day."""
    before = library.rows("patron")
    library.deliver(MONDAY)
    report = library.night()
    assert (report.exit_code, report.received, report.state) == (0, 0, "done")
    assert library.rows("patron") == before


def test_each_delivery_of_a_run_is_one_net_effect_in_order(library: Library) -> None:
    library.deliver(MONDAY, moves(person("ANNA")), moves(person("CLARA"), "ODENSE"))
    library.deliver(TUESDAY, renames(moves(person("ANNA"), "SKOLEN")), moves(person("CLARA"), "AALBORG"))
    library.deliver(WEDNESDAY, person("CLARA"))
    report = library.night()
    assert [line.outcome for line in report.deliveries] == ["applied"] * 3
    assert library.items(report) == [("applied", None)] * 5
    assert library.record("ANNA").address == moves(person("ANNA"), "SKOLEN").address
    assert isinstance(name := library.record("ANNA").name, Name)
    assert name.last == "Aagaard"
    assert library.view("ANNA").patron.version == 4
    assert library.outbox("CLARA") == [(2, "751"), (3, "461"), (4, "851"), (5, "751")]
    images = [row for row in library.rows("before_image") if row["patron_id"] == library.id_of("ANNA")]
    assert sorted(row["version"] for row in images) == [1, 2, 3]


def test_deliveries_are_applied_by_their_day_and_not_by_their_name(library: Library) -> None:
    library.deliver(MONDAY, moves(person("ANNA"), "SKOLEN"), name="D270399.L000002")
    library.deliver(TUESDAY, moves(person("ANNA"), "HAVNEN"), name="D270301.L000001")
    report = library.night()
    assert [line.produced for line in report.deliveries] == [MONDAY, TUESDAY]
    assert library.record("ANNA").address == moves(person("ANNA"), "HAVNEN").address


# -- two at once ---------------------------------------------------------------------------------------


def desk_write(library: Library, key: str, event: Callable[[Person], Person] = renames) -> Callable[[], None]:
    """A write that takes nobody's fence: what a desk will do, straight in the store."""

    def act() -> None:
        with library.engine.begin() as connection:
            (patron,) = library.store.patrons.read([library.id_of(key)])
            after = event(patron.register)
            write = Write(
                patron, after, library.store.patrons.prepare(after), AsOf(FRIDAY, Source.FILE), (Action.RENAME,)
            )
            run = Run(99, 0, TUESDAY, library.clock.now())
            write_records(Transaction(connection, library.store._tenant), run, [write])

    return act


def test_a_record_that_changed_since_the_decision_is_decided_again(library: Library) -> None:
    contact_only = replace(moves(person("ANNA")), name=SILENT)
    library.deliver(MONDAY, contact_only, moves(person("CLARA")))
    report = library.night(DisturbedStore(library.store, desk_write(library, "ANNA")))
    assert library.items(report) == [("applied", None)] * 2
    record = library.record("ANNA")
    assert record.address == moves(person("ANNA")).address
    assert record.name == renames(person("ANNA")).name
    assert library.view("ANNA").patron.version == 4


def test_a_record_that_the_desk_already_made_so_is_unchanged_when_decided_again(library: Library) -> None:
    library.deliver(MONDAY, renames(person("ANNA")))
    report = library.night(DisturbedStore(library.store, desk_write(library, "ANNA")))
    assert library.items(report) == [("unchanged", None)]
    assert report.document()["actions"] == {}
    assert library.view("ANNA").patron.as_of == AsOf(MONDAY, Source.FILE)


def test_a_protection_that_came_since_the_decision_is_kept_and_asked_about(library: Library) -> None:
    library.deliver(MONDAY, moves(person("ANNA")))
    library.one_night(DisturbedStore(library.store, desk_write(library, "ANNA", gains_protection)))
    assert library.record("ANNA") == gains_protection(moves(person("ANNA")))
    assert library.questions() == [(library.id_of("ANNA"), "protection_end")]


def test_a_run_gives_up_when_it_loses_every_time(library: Library) -> None:
    library.deliver(MONDAY, moves(person("ANNA")))

    def lose(*_: object) -> None:
        raise LostCompare("again")

    before = library.everything()
    with pytest.raises(LostCompare):
        library.one_night(altered(library.store, patrons_write=lose))
    assert unowned(library.everything(), "inbox", "agreement") == unowned(before, "inbox", "agreement")
    assert library.night().exit_code == 0


def test_a_run_that_a_newer_one_has_overtaken_writes_nothing_more(library: Library) -> None:
    library.deliver(MONDAY, moves(person("ANNA")))

    def overtake() -> None:
        library.store.runs.begin(day=TUESDAY, started=library.clock.now())

    before = library.everything()
    with pytest.raises(FenceLost):
        library.one_night(DisturbedStore(library.store, overtake))
    assert unowned(library.everything(), "inbox", "agreement") == unowned(before, "inbox", "agreement")
    report = library.night()
    assert (report.run.resumed, report.exit_code) == (True, 0)


def test_a_second_run_at_the_same_time_is_refused_at_once(library: Library) -> None:
    library.deliver(MONDAY, moves(person("ANNA")))
    before = library.everything()
    with library.store.runs.lock(), pytest.raises(RunBusy):
        library.one_night()
    assert library.everything() == before


def test_a_balance_that_does_not_add_up_fails_the_run(library: Library) -> None:
    """The reader counts one person more than it then reads."""
    file = library.deliver(MONDAY, moves(person("ANNA")))
    inspect = library.reader.inspect

    class Miscounting:
        persons, links = library.reader.persons, library.reader.links

        def inspect(self, source: object) -> object:
            told = inspect(source)  # type: ignore[arg-type]  # a stream, as the port says
            return replace(told, persons=told.persons + 1)

    with pytest.raises(BalanceError):
        library.one_night_with(reader=Miscounting())
    (run,) = [row for row in library.rows("run") if row["finished"] is None]
    assert run["document"] is None
    assert file.name == library.rows("inbox")[-1]["name"]


def test_protection_comes_before_any_address_of_the_same_delivery(library: Library) -> None:
    library.deliver(MONDAY, gains_protection(moves(person("ANNA"))))
    report = library.night()
    (item,) = library.store.runs.items(report.run.id)
    assert item["actions"] == ["protect", "move"]
    assert library.record("ANNA").protection is Protection.NAME_AND_ADDRESS

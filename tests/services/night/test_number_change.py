"""Another number for a patron: by the register's links only, in any order, undone, and never merged by guess."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from doubles import FRIDAY, MONDAY, TUESDAY, WEDNESDAY, DisturbedStore, Library
from kills import is_closed, killed, lived_whole, sample
from test_night_changes import desk_write
from test_night_killed import outcome
from test_reviewing import number_of, reviews
from town import PEOPLE
from townspeople import cpr, dies, emigrates, gains_protection, loses_protection, moves, person
from whole import verify_audit

from cprsync.domain.patron.local import Card, Local
from cprsync.domain.patron.patron import AsOf, Source
from cprsync.domain.person.number import CprNumber
from cprsync.domain.person.person import SILENT, Person, Protection, Status, silence_by_status
from cprsync.domain.policy.policy import Harm
from cprsync.errors import NoSuchPerson, RegisterUnavailable
from cprsync.services.night.run import run_night
from cprsync.services.ports.patrons import NewPatron

if TYPE_CHECKING:
    from pathlib import Path

OLD = cpr("ANNA")
#: Numbers of people who are no patrons here and in no delivery of these tests but as ANNA's.
NEW, NEXT = CprNumber.parse(PEOPLE["ANNA"]["next_numbers"][0]), cpr("EDITH")
#: Another number of CLARA's own birth date.
CLARAS = CprNumber("1702921782")


def replaced(old: CprNumber, new: CprNumber | None, status: Status = Status.CHANGED) -> Person:
    return silence_by_status(Person(old, status=status, current_number=new or SILENT))


def anna(number: CprNumber = NEW) -> Person:
    return person("ANNA", number=number)


def lines(library: Library, report: Any) -> list[tuple[str, str | None, str]]:
    return [(i["outcome"], i["reason"], ",".join(i["actions"])) for i in library.store.runs.items(report.run.id)]


def register_of(library: Library, patron: str) -> Person:
    view = library.store.views.patron(patron)
    assert view is not None
    return view.register


def subscriptions(library: Library, patron: str) -> list[tuple[str, str]]:
    rows = [row for row in library.rows("subscription") if row["patron_id"] == patron and not row["until"]]
    return sorted((bytes.fromhex(row["number"]).decode(), row["reason"]) for row in rows)


def told(library: Library, patron: str) -> list[dict[str, Any]]:
    rows = sorted(library.rows("outbox"), key=lambda row: int(row["version"]))
    return [json.loads(bytes.fromhex(row["payload"])) for row in rows if row["patron_id"] == patron]


@pytest.mark.parametrize("old_first", [True, False])
def test_the_patron_gets_the_new_number_whichever_stands_first(library: Library, old_first: bool) -> None:
    patron = library.id_of("ANNA")
    both = [replaced(OLD, NEW), moves(anna())]
    library.deliver(MONDAY, *(both if old_first else reversed(both)))
    report = library.night()
    assert report.exit_code == 0
    assert report.document()["actions"] == {"renumber": 1, "move": 1}
    if old_first:
        assert lines(library, report) == [("applied", None, "renumber"), ("applied", None, "move")]
    else:
        assert lines(library, report) == [("applied", None, "move"), ("unchanged", "number.old", "")]
    assert register_of(library, patron) == moves(anna())
    assert library.store.patrons.find(NEW) == library.store.patrons.find(OLD) == patron
    assert library.view("ANNA").patron.as_of == AsOf(MONDAY, Source.FILE)
    assert library.register.looked_up == []
    assert report.document()["subscriptions"]["added"] == 1
    assert subscriptions(library, patron) == [(NEW.digits, "patron")]
    assert NEW in library.register.subscribed


def test_the_net_media_hear_which_number_replaces_which(library: Library) -> None:
    library.deliver(MONDAY, replaced(OLD, NEW), anna())
    library.night()
    *_, last = told(library, library.id_of("ANNA"))
    assert last == {
        "municipalityNo": "751",
        "userIdType": "CPR",
        "userIdValue": NEW.digits,
        "replaces": OLD.digits,
    }


def test_what_the_net_media_held_follows_her_when_nobody_knows_where_she_lives(library: Library) -> None:
    patron = library.id_of("ANNA")
    gone = silence_by_status(replace(anna(OLD), status=Status.DISAPPEARED))
    library.deliver(MONDAY, gone)
    library.night()
    before = told(library, patron)
    library.deliver(TUESDAY, replaced(OLD, NEW), replace(gone, number=NEW))
    library.night()
    under_the_new = {"userIdType": "CPR", "userIdValue": NEW.digits}
    assert told(library, patron) == [*before, {**under_the_new, "replaces": OLD.digits}]
    library.deliver(WEDNESDAY, anna())
    library.night()
    assert told(library, patron)[-1] == {**under_the_new, "municipalityNo": "751"}


def test_a_chain_is_followed_to_its_end(library: Library) -> None:
    patron = library.id_of("ANNA")
    library.deliver(MONDAY, replaced(NEW, NEXT, Status.DUPLICATE), replaced(OLD, NEW), anna(NEXT))
    report = library.night()
    assert lines(library, report) == [
        ("unchanged", "number.replaced", ""),
        ("applied", None, "renumber"),
        ("unchanged", None, ""),
    ]
    assert register_of(library, patron) == anna(NEXT)
    assert library.store.patrons.find(OLD) == patron


def test_a_second_change_in_the_same_run_follows_the_first(library: Library) -> None:
    patron = library.id_of("ANNA")
    library.deliver(MONDAY, replaced(OLD, NEW), anna())
    library.deliver(TUESDAY, moves(anna(NEXT)), replaced(NEW, NEXT), replaced(OLD, NEXT))
    report = library.night()
    assert register_of(library, patron) == moves(anna(NEXT))
    assert {library.store.patrons.find(number) for number in (OLD, NEW, NEXT)} == {patron}
    assert lines(library, report)[2:] == [
        ("applied", None, "move"),
        ("unchanged", "number.old", ""),
        ("unchanged", "number.old", ""),
    ]


@pytest.mark.parametrize("key", ["parked-stranger-open-number"])
def test_a_new_number_that_the_register_does_not_know_is_asked_about_each_night_and_the_record_stays(
    library: Library, key: str
) -> None:
    """Rejected, the item comes again with the question."""
    patron = library.id_of("ANNA")
    library.register.failures[NEW] = NoSuchPerson("PNR not found")
    library.deliver(MONDAY, replaced(OLD, NEW))
    for _ in range(2):
        asked = len(library.register.looked_up)
        assert library.one_night().exit_code == 3, key
        assert len(library.register.looked_up) == asked + 1
        reviews(library).reject(number_of(library, "parked.register.no_such_person"), reason="Nummeret er rigtigt")
    assert (register_of(library, patron), library.questions()) == (anna(), [(patron, "number_change")])


def test_a_new_number_that_was_not_delivered_is_looked_up_in_the_same_run(library: Library) -> None:
    """Decision 6: only the old one delivered."""
    patron = library.id_of("ANNA")
    library.register.knows(moves(anna()))
    library.deliver(MONDAY, replaced(OLD, NEW))
    report = library.night()
    assert library.register.looked_up == [NEW]
    assert register_of(library, patron) == moves(anna())
    assert (report.exit_code, report.document()["actions"]) == (0, {"renumber": 1, "move": 1})
    assert library.questions() == []
    assert subscriptions(library, patron) == sorted([(NEW.digits, "patron"), (OLD.digits, "old_number")])


def test_name_and_address_stay_until_the_register_answers(library: Library) -> None:
    patron = library.id_of("ANNA")
    library.register.failures[NEW] = RegisterUnavailable("no answer")
    library.deliver(MONDAY, replaced(OLD, NEW))
    report = library.one_night()
    assert report.exit_code == 4
    assert register_of(library, patron) == anna()
    assert library.view("ANNA").patron.as_of == AsOf(FRIDAY, Source.LOOKUP)
    assert library.questions() == [(patron, "number_change")]
    library.register.failures.clear()
    library.register.knows(moves(anna()))
    library.deliver(TUESDAY)
    library.night()
    assert register_of(library, patron) == moves(anna())
    assert library.questions() == []
    # no file has delivered the new number yet
    assert subscriptions(library, patron) == sorted([(NEW.digits, "patron"), (OLD.digits, "old_number")])
    library.deliver(WEDNESDAY, moves(anna()))
    library.night()
    assert subscriptions(library, patron) == [(NEW.digits, "patron")]
    assert library.register.unsubscribed == [OLD]


def test_two_patrons_are_never_made_one(library: Library) -> None:
    patron, other = library.id_of("ANNA"), library.id_of("CLARA")
    library.deliver(MONDAY, replaced(OLD, cpr("CLARA")), person("CLARA"))
    before = library.everything()
    report = library.night()
    assert lines(library, report) == [("parked", f"number.both_patrons:{other}", ""), ("unchanged", None, "")]
    assert library.reviews() == [(patron, "parked.number.both_patrons")]
    assert report.exit_code == 3
    after = library.everything()
    for table in ("subscription", "outbox", "before_image", "patron_key"):
        assert after[table] == before[table]
    assert [row["version"] for row in after["patron"]] == [row["version"] for row in before["patron"]]


def test_a_number_that_another_patron_had_before_is_given_to_nobody(library: Library) -> None:
    """ANNA's new number has become CLARA's since: they are one person, and a person looks at both."""
    patron, other = library.id_of("ANNA"), library.id_of("CLARA")
    library.deliver(MONDAY, replaced(cpr("CLARA"), CLARAS), person("CLARA", number=CLARAS))
    library.night()
    assert library.store.patrons.find(cpr("CLARA")) == library.store.patrons.find(CLARAS) == other
    library.deliver(TUESDAY, replaced(OLD, cpr("CLARA")))
    before = library.everything()
    report = library.night()
    assert [line[:2] for line in lines(library, report)] == [("parked", f"number.both_patrons:{other}")]
    assert library.reviews() == [(patron, "parked.number.both_patrons")]
    assert library.store.patrons.find(cpr("CLARA")) == other
    assert library.record("ANNA") == person("ANNA")
    after = library.everything()
    for table in ("patron", "subscription", "outbox", "before_image", "patron_key"):
        assert after[table] == before[table]


def test_a_number_that_another_patron_had_before_is_not_taken_from_an_answer_either(library: Library) -> None:
    patron, other = library.id_of("ANNA"), library.id_of("CLARA")
    library.deliver(MONDAY, replaced(cpr("CLARA"), CLARAS), person("CLARA", number=CLARAS))
    library.night()
    library.register.knows(replaced(NEW, cpr("CLARA")))
    library.deliver(TUESDAY, replaced(OLD, NEW))
    # the question stays open, and the register is asked again; told which patron it is, a person may merge the two
    for _ in range(2):
        run_night(library.ports())
        assert library.reviews() == [(patron, "parked.number.both_patrons")]
        assert library.store.patrons.find(cpr("CLARA")) == other
        assert register_of(library, patron) == anna()
    (item,) = reviews(library).listed()
    assert item["about"] == other
    reviews(library).reject(item["id"], reason="De er to")
    assert library.questions() == []
    # unverified from now on: the register is asked once whether it has taken the change back
    library.night()
    assert [one["state"] for one in reviews(library).listed(all_states=True)] == ["rejected"]


def test_a_new_number_alone_leaves_the_record_as_it_was(library: Library) -> None:
    before = library.record("ANNA")
    library.deliver(MONDAY, anna())
    report = library.night()
    assert lines(library, report) == [("not_ours", None, "")]
    assert (library.record("ANNA"), library.store.patrons.find(NEW), library.reviews()) == (before, None, [])
    assert OLD in library.register.listed


def test_a_circle_is_left_to_a_person(library: Library) -> None:
    library.deliver(MONDAY, replaced(OLD, NEW), replaced(NEW, OLD))
    report = library.night()
    assert lines(library, report)[0] == ("parked", "number.circle", "")
    assert register_of(library, library.id_of("ANNA")) == anna(OLD)


def test_a_replaced_number_without_its_successor_is_left_to_a_person(library: Library) -> None:
    library.deliver(MONDAY, replaced(OLD, None))
    report = library.night()
    assert lines(library, report) == [("parked", "number.unresolved", "")]
    assert library.record("ANNA") == person("ANNA")


@pytest.mark.parametrize("old_first", [True, False])
def test_an_undone_change_gives_her_the_old_number_back(library: Library, old_first: bool) -> None:
    """P42: the number given by mistake now points to the old one."""
    patron = library.id_of("ANNA")
    library.deliver(MONDAY, replaced(OLD, NEW), anna())
    library.night()
    both = [replaced(NEW, OLD), moves(anna(OLD))]
    library.deliver(TUESDAY, *(both if old_first else reversed(both)))
    report = library.night()
    assert report.document()["actions"] == {"renumber": 1, "move": 1}
    assert register_of(library, patron) == moves(anna(OLD))
    assert library.store.patrons.find(NEW) == library.store.patrons.find(OLD) == patron
    keys = [row for row in library.rows("patron_key") if row["kind"] == "old_number"]
    assert len(keys) == 1
    assert (OLD.digits, "patron") in subscriptions(library, patron)
    assert (OLD.digits, "old_number") not in subscriptions(library, patron)
    library.deliver(WEDNESDAY, replaced(OLD, NEW), anna())
    library.night()
    assert register_of(library, patron).number == NEW


def test_an_old_number_delivered_again_says_nothing_new(library: Library) -> None:
    library.deliver(MONDAY, replaced(OLD, NEW), anna())
    library.night()
    library.deliver(TUESDAY, replaced(OLD, NEW))
    report = library.night()
    assert lines(library, report) == [("unchanged", "number.old", "")]
    assert library.register.looked_up == []


def test_an_old_number_that_lives_again_without_a_word_is_left_to_a_person(library: Library) -> None:
    patron = library.id_of("ANNA")
    library.deliver(MONDAY, replaced(OLD, NEW), anna())
    library.night()
    library.deliver(TUESDAY, moves(anna(OLD)))
    report = library.night()
    assert lines(library, report) == [("parked", "number.old_active", "")]
    assert library.reviews() == [(patron, "parked.number.old_active")]
    assert register_of(library, patron) == anna()


@pytest.mark.parametrize("nights", [1, 2])
@pytest.mark.parametrize(
    ("said", "waits"),
    [
        ([silence_by_status(Person(OLD, status=Status.ANNULLED))], []),
        ([replaced(OLD, NEW)], []),
        ([replaced(NEW, OLD), anna(OLD)], []),
        # it says nothing of the old number
        ([moves(anna())], ["parked.number.old_active"]),
    ],
    ids=["annulled", "leads to hers again", "hers again", "she moves"],
)
def test_an_old_number_that_lives_is_left_to_a_person_until_the_register_speaks_of_it(
    library: Library, said: list[Person], waits: list[str], nights: int
) -> None:
    library.deliver(MONDAY, replaced(OLD, NEW), anna())
    library.night()
    library.deliver(TUESDAY, moves(anna(OLD)))
    if nights == 2:
        library.night()
    library.deliver(WEDNESDAY, *said)
    report = library.night()
    assert [row["kind"] for row in library.rows("review_item") if row["state"] == "waiting"] == waits
    assert report.exit_code == (3 if waits and nights == 1 else 0)


@pytest.mark.parametrize("nights", [1, 3])
def test_what_later_deliveries_say_under_the_new_number_is_written_in_one_night_as_in_three(
    library: Library, nights: int
) -> None:
    """Her last known address is that of Tuesday: a look-up, which knows of Wednesday, would not tell it."""
    patron = library.id_of("ANNA")
    days = [(MONDAY, replaced(OLD, NEW)), (TUESDAY, moves(anna())), (WEDNESDAY, emigrates(anna()))]
    for day, one in days:
        library.register.knows(anna() if day == MONDAY else one)
        library.deliver(day, one)
        if nights == 3:
            library.night()
    if nights == 1:
        library.night()
    record = register_of(library, patron)
    assert (record.status, record.address) == (Status.EMIGRATED, moves(anna()).address)
    assert (library.questions(), subscriptions(library, patron)) == ([], [(NEW.digits, "patron")])


def test_numbers_of_strangers_that_change_are_not_ours(library: Library) -> None:
    library.deliver(MONDAY, replaced(NEW, NEXT), anna(NEXT))
    report = library.night()
    assert lines(library, report) == [("not_ours", None, "")] * 2


def test_a_protection_that_comes_with_the_new_number_goes_through_a_brake_on_the_old(library: Library) -> None:
    patron = library.id_of("ANNA")
    library.limit(Harm.MERGED, 0)
    library.deliver(MONDAY, replaced(OLD, NEW), gains_protection(anna()))
    report = library.one_night()
    assert (report.exit_code, report.document()["brake"]["classes"][0]["class"]) == (5, "merged")
    assert register_of(library, patron) == gains_protection(anna(OLD))
    library.limit(Harm.MERGED, 1)
    assert library.one_night().exit_code == 0
    assert register_of(library, patron) == gains_protection(anna())


@pytest.mark.parametrize("old_first", [True, False])
def test_a_held_number_change_holds_both_of_its_lines_whichever_stands_first(library: Library, old_first: bool) -> None:
    library.limit(Harm.MERGED, 0)
    both = [replaced(OLD, NEW), anna()]
    library.deliver(MONDAY, *(both if old_first else reversed(both)))
    before = library.rows("patron")
    report = library.one_night()
    assert [outcome for outcome, _, _ in lines(library, report)] == ["held", "held"]
    assert library.rows("patron") == before


def test_the_end_of_a_protection_is_asked_of_the_new_number(library: Library) -> None:
    patron = library.id_of("BO")
    library.register.knows(loses_protection(person("BO", number=NEW)))
    library.deliver(MONDAY, replaced(cpr("BO"), NEW), loses_protection(person("BO", number=NEW)))
    library.night()
    assert library.register.looked_up == [NEW]
    assert register_of(library, patron).protection is not Protection.NAME_AND_ADDRESS


def test_a_patron_not_yet_verified_gets_her_first_copy_under_the_new_number(library: Library) -> None:
    library.enrol("HENRIK")
    library.register.failures[cpr("HENRIK")] = RegisterUnavailable("no answer")
    library.deliver(MONDAY, replaced(cpr("HENRIK"), NEXT), person("HENRIK", number=NEXT))
    library.one_night()
    patron = library.id_of("HENRIK")
    assert register_of(library, patron) == person("HENRIK", number=NEXT)
    assert library.questions() == []


def test_a_card_that_is_her_old_number_stays_her_only_card(library: Library) -> None:
    library.store.imports.take_patrons([NewPatron(OLD, Local(cards=(Card(OLD.digits),)))])
    patron = library.id_of("ANNA")
    cards = library.view("ANNA").local.cards
    library.deliver(MONDAY, replaced(OLD, NEW), anna())
    library.night()
    view = library.store.views.patron(patron)
    assert view is not None
    assert view.local.cards == cards


def test_a_record_written_to_since_the_decision_gets_its_number_all_the_same(library: Library) -> None:
    patron = library.id_of("ANNA")
    library.deliver(MONDAY, replaced(OLD, NEW), moves(anna()))
    report = library.night(DisturbedStore(library.store, desk_write(library, "ANNA")))
    assert register_of(library, patron) == moves(anna())
    assert lines(library, report)[0] == ("applied", None, "renumber")


def test_a_number_that_someone_took_since_the_decision_is_not_taken_from_her(library: Library) -> None:
    library.deliver(MONDAY, replaced(OLD, NEW), anna())

    def enrol() -> None:
        library.store.imports.take_patrons([NewPatron(NEW, Local(cards=(Card("X"),)))])

    library.register.knows(anna())
    report = library.night(DisturbedStore(library.store, enrol))
    assert (report.exit_code, library.record("ANNA").number) == (3, OLD)
    assert lines(library, report)[0][1] == f"number.both_patrons:{library.store.patrons.find(NEW)}"


# -- the dead ------------------------------------------------------------------------------------------------


def ends(library: Library) -> dict[tuple[str, str], date | None]:
    """When which subscription of ANNA's ends, by number and reason."""
    rows = [row for row in library.rows("subscription") if row["patron_id"] == library.id_of("ANNA")]
    return {(bytes.fromhex(row["number"]).decode(), row["reason"]): row["until"] for row in rows}


def a_number_after_death(library: Library) -> date:
    """ANNA dies, and has another number the day after; returns the last day on which she is subscribed."""
    library.deliver(MONDAY, dies(person("ANNA")))
    library.night()
    library.deliver(TUESDAY, replaced(OLD, NEW), dies(anna()))
    library.night()
    return library.clock.today() + timedelta(days=library.policy.dead_subscription_days)


def test_the_new_number_of_a_dead_patron_is_subscribed_for_a_time_so_that_an_annulment_arrives(
    either_library: Library,
) -> None:
    library = either_library
    last = a_number_after_death(library)
    assert ends(library)[NEW.digits, "dead"] == last
    assert NEW in library.register.listed
    library.deliver(WEDNESDAY, anna())
    library.night()
    assert (ends(library)[NEW.digits, "patron"], NEW in library.register.listed) == (None, True)


def test_a_dead_patron_whose_number_change_is_undone_is_subscribed_for_a_time_again(either_library: Library) -> None:
    library = either_library
    a_number_after_death(library)
    library.deliver(WEDNESDAY, replaced(NEW, OLD), dies(person("ANNA")))
    library.night()
    last = library.clock.today() + timedelta(days=library.policy.dead_subscription_days)
    assert ends(library)[OLD.digits, "dead"] == last
    assert OLD in library.register.listed
    assert library.store.subscriptions.count() == len(library.register.listed)


def test_a_dead_patron_may_get_a_number_for_a_second_time(either_library: Library) -> None:
    """A number that they had, lost, and had again was subscribed twice over: as theirs and as an old one."""
    library = either_library
    a_number_after_death(library)
    library.strict = False
    for day, here, there in ((1, NEW, OLD), (2, OLD, NEW), (5, NEW, OLD)):
        # the register answers for the number that no delivery has told of
        library.register.knows(dies(person("ANNA", number=there)))
        library.deliver(date(2027, 4, day), replaced(here, there))
        library.night()
        last = library.clock.today() + timedelta(days=library.policy.dead_subscription_days)
        assert library.record("ANNA").number == there
        assert ends(library)[there.digits, "dead"] == last
        # as an old number it holds no longer: nothing keeps it after the last day
        assert ends(library).get((there.digits, "old_number"), library.clock.today()) is not None
    assert library.store.subscriptions.count() == len(library.register.listed)


@pytest.mark.parametrize("alone", [True, False])
@pytest.mark.parametrize("old_first", [True, False])
def test_a_number_change_killed_anywhere_ends_as_one_that_was_not(
    library: Library, tmp_path: Path, old_first: bool, alone: bool
) -> None:
    library.batch = 2
    library.register.knows(moves(anna()))
    both = [replaced(OLD, NEW), *([] if alone else [moves(anna())])]
    library.deliver(MONDAY, moves(person("CLARA")), *(both if old_first else reversed(both)), moves(person("DAVID")))
    library.deliver(TUESDAY, replaced(OLD, NEW), person("CLARA"))
    whole, _, writes = lived_whole(library, tmp_path)
    wanted = outcome(whole)
    for other in killed(library, tmp_path, sample(writes)):
        if not is_closed(other):
            other.one_night()
        assert outcome(other) == wanted
        verify_audit(other.store)
    whole.engine.dispose()

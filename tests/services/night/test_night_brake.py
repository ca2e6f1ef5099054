"""The brake: a night over a limit writes nothing but what protects, and goes through once the limit is raised."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

from doubles import MONDAY, TUESDAY, DisturbedStore, Library, unowned, unreadable
from townspeople import PROTECTED, cpr, dies, gains_protection, loses_protection, moves, person, renames

from cprsync.domain.patron.patron import AsOf, Source
from cprsync.domain.person.person import EMPTY, Person
from cprsync.domain.person.status import Action
from cprsync.domain.policy.policy import DEFAULT_LIMITS, Harm, Policy
from cprsync.services.ports.patrons import Write
from cprsync.services.ports.runs import Run
from cprsync.store.core.tenant import Transaction
from cprsync.store.patrons.patrons import write_records

if TYPE_CHECKING:
    from cprsync.services.night.report import Report


def deliver_too_much(library: Library) -> None:
    """Two deaths where one is the limit; ANNA moves, CLARA dies, DAVID moves, is protected and dies."""
    library.limit(Harm.GONE, 1)
    library.register.knows(dies(gains_protection(person("DAVID"))))
    library.deliver(MONDAY, moves(person("ANNA")), dies(person("CLARA")), moves(person("DAVID")))
    library.deliver(TUESDAY, dies(gains_protection(person("DAVID"))), person("EDITH"))


def raise_the_limit(library: Library) -> None:
    library.policy = Policy()


def assert_held(report: Report) -> None:
    assert (report.exit_code, report.state) == (5, "held")


def test_a_night_over_a_limit_writes_nothing_but_what_protects(library: Library) -> None:
    deliver_too_much(library)
    before = library.everything()
    report = library.one_night()
    assert_held(report)
    document = report.document()
    assert [(one["class"], one["count"], one["limit"]) for one in document["brake"]["classes"]] == [("gone", 2, 1)]
    assert document["brake"]["plan"].startswith("sha256:")
    assert document["let_through"] == {"protect": 1, "stop_letters": 2}
    assert [document[key] for key in ("received", "held", "not_ours", "applied")] == [5, 4, 1, 0]
    after = library.everything()
    # the protected are found by name no longer
    touched = ("patron", "finding_key", "before_image", "inbox", "agreement")
    assert unowned(after, *touched) == unowned(before, *touched)
    assert unowned({"agreement": after["agreement"]}) == unowned({"agreement": before["agreement"]})
    assert library.record("ANNA") == person("ANNA")
    assert library.record("CLARA") == person("CLARA")
    assert library.record("DAVID") == gains_protection(person("DAVID"))
    assert [library.view(key).patron.letters_stopped is None for key in ("ANNA", "CLARA", "DAVID")] == [
        True,
        False,
        False,
    ]
    assert {row["state"] for row in after["inbox"]} == {"applied", "sealed"}


def test_the_held_plan_is_kept_and_shown_without_values(library: Library) -> None:
    deliver_too_much(library)
    report = library.one_night()
    plan = report.document()["plan"]
    assert plan[0] == {"patron": library.id_of("ANNA"), "actions": ["move"], "harm": ["changed"]}
    assert "gone" in plan[1]["harm"]
    assert len([row for row in library.rows("plan_row") if row["run_id"] == report.run.id]) == len(plan)
    written = json.dumps(report.document(), ensure_ascii=False) + str(library.rows("plan_row"))
    for key in ("ANNA", "CLARA", "DAVID"):
        after: Person = moves(person(key))
        for value in (after.number.digits, after.name.addressing, after.address.road):  # type: ignore[union-attr]  # known
            assert value not in written


def test_a_night_that_is_held_again_lets_nothing_through_twice(library: Library) -> None:
    deliver_too_much(library)
    library.one_night()
    before = library.everything()
    report = library.one_night()
    assert_held(report)
    assert not report.counts.let_through
    assert unowned(library.everything()) == unowned(before)


def test_the_next_night_under_a_raised_limit_applies_all(library: Library) -> None:
    deliver_too_much(library)
    library.one_night()
    raise_the_limit(library)
    report = library.night()
    assert (report.exit_code, report.state) == (3, "done")  # two blocks of the dead are proposed
    assert report.document()["actions"] == {"move": 2, "die": 2}
    assert library.record("ANNA") == moves(person("ANNA"))
    assert library.record("DAVID").status is dies(person("DAVID")).status
    assert library.record("DAVID").address == moves(person("DAVID")).address
    # from the day after Monday's delivery, though it was taken a day later
    assert library.view("CLARA").patron.letters_stopped == TUESDAY
    assert library.store.inbox.last_produced() == TUESDAY


def test_letters_that_were_stopped_stay_stopped_since_that_day(library: Library) -> None:
    deliver_too_much(library)
    library.one_night()
    stopped = library.view("CLARA").patron.letters_stopped
    assert stopped is not None
    library.clock.set_after(TUESDAY.replace(day=24))
    raise_the_limit(library)
    library.one_night()
    assert library.view("CLARA").patron.letters_stopped == stopped


def test_a_first_copy_and_a_question_of_a_held_night_stay_open(library: Library) -> None:
    deliver_too_much(library)
    library.enrol("HENRIK")
    library.register.knows(person("HENRIK"))
    report = library.one_night()
    assert_held(report)
    assert not library.view("HENRIK").patron.verified
    assert library.questions() == [(library.id_of("HENRIK"), "first_copy")]
    raise_the_limit(library)
    assert library.night().actions_outside == {"first_copy": 1}


def test_a_patron_not_yet_verified_is_not_made_so_by_a_held_protection(library: Library) -> None:
    """The look-up and the file of a held night say different things of her: only the protection is written."""
    deliver_too_much(library)
    library.enrol("HENRIK")
    library.register.knows(person("HENRIK"))
    library.deliver(TUESDAY, dies(person("DAVID")), gains_protection(moves(person("HENRIK"))))
    report = library.one_night()
    assert_held(report)
    assert not library.view("HENRIK").patron.verified
    assert library.store.runs.items(report.run.id)[-1]["actions"] == ["protect"]
    assert library.record("HENRIK") == Person(cpr("HENRIK"), protection=PROTECTED)
    raise_the_limit(library)
    library.night()
    assert library.record("HENRIK") == gains_protection(moves(person("HENRIK")))


def test_too_many_parked_stop_the_night(library: Library) -> None:
    """Whoever cannot be decided in numbers is a fault of the system."""
    keys = ("HENRIK", "EDITH", "FINN", "GRETHE", "IVAN", "JOHANNE", "LAURA", "MOGENS", "NINA", "OSCAR", "HELLE")
    library.enrol(*keys)
    library.register.knows(*(person(key) for key in keys))
    library.one_night()
    library.deliver(MONDAY, moves(person("ANNA")), *(unreadable(key) for key in keys))
    before = library.everything()
    report = library.one_night()
    assert_held(report)
    assert [(one.harm, one.count, one.limit) for one in report.planned.excess] == [
        (Harm.PARKED, 11, DEFAULT_LIMITS[Harm.PARKED].count)
    ]
    after = library.everything()
    assert unowned(after, "inbox", "agreement") == unowned(before, "inbox", "agreement")
    assert {row["outcome"] for row in after["run_item"]} == {"parked", "held"}


def test_ten_parked_are_left_to_a_person_and_the_night_goes_on(library: Library) -> None:
    library.deliver(MONDAY, moves(person("ANNA")), *(unreadable(None) for _ in range(10)))
    report = library.night()
    assert (report.exit_code, report.document()["parked"], report.document()["applied"]) == (3, 10, 1)


def test_first_copies_are_not_braked(library: Library) -> None:
    library.limit(Harm.CHANGED, 0)
    library.enrol("HENRIK", "EDITH")
    library.register.knows(person("HENRIK"), person("EDITH"))
    assert library.night().exit_code == 0


def test_a_lifted_protection_counts_and_is_not_lifted_by_a_held_night(library: Library) -> None:
    library.limit(Harm.PROTECTION_LIFTED, 0)
    library.register.knows(loses_protection(person("BO")))
    library.deliver(MONDAY, loses_protection(person("BO")))
    bo = library.record("BO")
    report = library.one_night()
    assert_held(report)
    assert library.record("BO") == bo
    assert library.rows("follow_up") == []


def test_what_protects_is_decided_again_when_the_record_changed(library: Library) -> None:
    deliver_too_much(library)

    def renamed_at_the_desk() -> None:
        with library.engine.begin() as connection:
            (patron,) = library.store.patrons.read([library.id_of("DAVID")])
            after = renames(patron.register)
            as_of = AsOf(MONDAY, Source.LOOKUP)
            write = Write(patron, after, library.store.patrons.prepare(after), as_of, (Action.RENAME,))
            run = Run(99, 0, MONDAY, library.clock.now())
            write_records(Transaction(connection, library.store._tenant), run, [write])

    assert_held(library.one_night(DisturbedStore(library.store, renamed_at_the_desk)))
    assert library.record("DAVID") == gains_protection(renames(person("DAVID")))
    assert library.view("DAVID").patron.as_of == AsOf(MONDAY, Source.LOOKUP)


def test_a_gap_and_a_brake_in_one_night_let_the_same_through_once(library: Library) -> None:
    library.limit(Harm.GONE, 0)
    library.deliver(MONDAY, dies(person("ANNA")))
    library.deliver(TUESDAY.replace(day=24), dies(person("ANNA")), gains_protection(person("CLARA")))
    report = library.one_night()
    assert_held(report)
    assert report.counts.let_through == {"stop_letters": 1, "protect": 1}
    assert report.document()["error"]["kind"] == "delivery.gap"


# -- a first copy ----------------------------------------------------------------------------------------------


def over_the_limit(library: Library, *others: Person) -> None:
    """Two die where nobody may."""
    library.limit(Harm.GONE, 0)
    library.deliver(MONDAY, *others, dies(person("CLARA")), dies(person("DAVID")))


def test_letters_to_one_whose_first_copy_says_dead_stop_behind_a_brake(either_library: Library) -> None:
    library = either_library
    library.enrol("HENRIK")
    library.register.knows(dies(person("HENRIK")))
    over_the_limit(library)
    report = library.one_night()
    assert (report.exit_code, report.counts.let_through) == (5, {"stop_letters": 3})
    henrik = library.view("HENRIK").patron
    assert (henrik.verified, henrik.letters_stopped) == (False, library.clock.today())
    assert library.questions() == [(library.id_of("HENRIK"), "first_copy")]
    assert library.outbox("HENRIK") == []
    before = library.everything()
    assert not library.one_night().counts.let_through
    assert unowned(library.everything()) == unowned(before)
    library.limit(Harm.GONE, 2)
    assert library.night().actions_outside == {"first_copy": 1}
    assert library.record("HENRIK") == dies(person("HENRIK"))
    assert library.view("HENRIK").patron.letters_stopped == henrik.letters_stopped
    assert library.outbox("HENRIK") == [(3, "")]


def test_letters_go_out_again_when_the_first_copy_says_after_all_that_she_lives(library: Library) -> None:
    library.enrol("HENRIK")
    library.register.knows(dies(person("HENRIK")))
    over_the_limit(library)
    library.one_night()
    library.register.knows(person("HENRIK"))
    library.limit(Harm.GONE, 2)
    library.deliver(TUESDAY, person("HENRIK"))
    library.night()
    assert library.record("HENRIK") == person("HENRIK")
    assert library.view("HENRIK").patron.letters_stopped is None
    assert library.outbox("HENRIK")[-1][1] == "751"


# -- a line that is parked as well -----------------------------------------------------------------------------


def test_a_parked_death_behind_a_brake_says_why_it_waits(library: Library) -> None:
    over_the_limit(library, dies(replace(person("ANNA"), name=EMPTY)))
    before = library.record("ANNA")
    # the second night has nothing left to let through
    for outcome, let_through in (("held", {"stop_letters": 3}), ("parked", {})):
        report = library.one_night()
        assert (report.exit_code, report.counts.let_through) == (5, let_through)
        assert library.items(report)[0] == (outcome, "name.lost")
        assert library.record("ANNA") == before

"""The end of a protection: a file without 0001 is a candidate, and the register has the last word (decision 2)."""

from __future__ import annotations

from dataclasses import replace
from datetime import time

import pytest
from doubles import MONDAY, TUESDAY, WEDNESDAY, Library, happened, unowned
from test_reviewing import number_of, reviews
from townspeople import cpr, dies, gains_protection, loses_protection, moves, person, renames

from cprsync.domain.person.person import EMPTY, SILENT, Gap, Person, Protection
from cprsync.domain.policy.policy import Harm
from cprsync.errors import BadAnswer, CprsyncError, NoSuchPerson, RegisterUnavailable

BO = person("BO")


def protected(library: Library) -> bool:
    return library.record("BO").protection is gains_protection(BO).protection


@pytest.mark.parametrize("told", [EMPTY, SILENT])
def test_the_register_confirms_and_the_protection_ends_in_the_same_run(library: Library, told: Gap) -> None:
    library.register.knows(replace(BO, protection=told))
    library.deliver(MONDAY, loses_protection(moves(BO)))
    report = library.night()
    assert (report.exit_code, report.document()["actions"]) == (0, {"unprotect": 1, "move": 1})
    assert library.register.looked_up == [cpr("BO")]
    assert library.record("BO") == loses_protection(moves(BO))
    # one look-up for the first copy, one for this
    assert happened(library.everything())["lookup", library.id_of("BO")] == 2


def test_the_register_denies_and_a_person_is_asked_to_look(library: Library) -> None:
    library.deliver(MONDAY, loses_protection(moves(BO)))
    report = library.night()
    assert report.exit_code == 3
    assert library.record("BO") == gains_protection(moves(BO))
    assert library.reviews() == [(library.id_of("BO"), "protection.contradicted")]
    assert library.items(report) == [("applied", "protection.contradicted")]
    assert library.questions() == []


def test_without_an_answer_it_is_kept_and_asked_again_the_next_night(library: Library) -> None:
    library.register.down = RegisterUnavailable("the register does not answer")
    library.deliver(MONDAY, loses_protection(moves(BO)))
    report = library.one_night()
    assert (report.exit_code, report.state) == (4, "done")
    assert library.record("BO") == gains_protection(moves(BO))
    assert library.questions() == [(library.id_of("BO"), "protection_end")]
    before = library.everything()
    assert library.one_night().exit_code == 4
    assert unowned(library.everything()) == unowned(before)

    library.register.down = None
    library.register.knows(loses_protection(moves(BO)))
    library.deliver(TUESDAY)
    report = library.night()
    assert (report.exit_code, report.actions_outside) == (0, {"unprotect": 1})
    assert library.record("BO") == loses_protection(moves(BO))
    assert library.questions() == []


def test_an_answer_older_than_the_file_does_not_count(library: Library) -> None:
    """Before the load hour the register still answers as of the delivery before."""
    library.register.knows(loses_protection(BO))
    library.deliver(MONDAY, loses_protection(BO))
    library.clock.set_after(MONDAY, at=time(5, 0))
    report = library.one_night()
    assert (report.exit_code, protected(library)) == (0, True)
    assert library.one_night().exit_code == 0
    assert protected(library)
    library.clock.set_after(MONDAY)
    assert library.night().actions_outside == {"unprotect": 1}


def test_a_denial_of_an_open_question_closes_it_with_a_review(library: Library) -> None:
    library.register.failures[cpr("BO")] = RegisterUnavailable("no answer")
    library.deliver(MONDAY, loses_protection(BO))
    library.one_night()
    library.register.failures.clear()
    assert library.night().exit_code == 3
    assert (protected(library), library.questions()) == (True, [])
    assert library.reviews() == [(library.id_of("BO"), "protection.contradicted")]


def test_a_number_that_the_register_has_lost_is_left_to_a_person_and_stays_protected(library: Library) -> None:
    library.register.failures[cpr("BO")] = NoSuchPerson("PNR not found")
    library.deliver(MONDAY, loses_protection(BO))
    library.one_night()
    for exit_code in (3, 0):  # asked again, she is left to a person once
        assert library.one_night().exit_code == exit_code
        assert library.reviews() == [(library.id_of("BO"), "parked.register.no_such_person")]
    assert protected(library)


@pytest.mark.parametrize(
    ("failed", "kind"),
    [
        pytest.param(NoSuchPerson("PNR not found"), "register.no_such_person", id="parked-stranger-open"),
        pytest.param(BadAnswer("breaks the contract"), "register.bad_answer", id="parked-answer"),
        pytest.param(BadAnswer("breaks the contract"), "register.bad_answer", id="protection-answer-unread"),
    ],
)
def test_an_end_without_an_answer_waits_for_a_person_from_the_second_night_and_comes_again_when_it_is_rejected(
    library: Library, failed: CprsyncError, kind: str
) -> None:
    """The first night keeps the protection and leaves the question open: nobody needs to look yet."""
    library.register.failures[cpr("BO")] = failed
    library.deliver(MONDAY, loses_protection(BO))
    assert (library.one_night().exit_code, library.reviews(), protected(library)) == (0, [], True)
    for _ in range(2):
        assert (library.one_night().exit_code, protected(library)) == (3, True)
        reviews(library).reject(number_of(library, f"parked.{kind}"), reason="Nummeret er rigtigt")
    assert library.questions() == [(library.id_of("BO"), "protection_end")]


@pytest.mark.parametrize("failed", [NoSuchPerson("PNR not found"), BadAnswer("breaks the contract")])
@pytest.mark.parametrize("is_protected", [True, False])
def test_nobody_need_look_any_more_once_the_register_answers_about_an_end(
    library: Library, failed: CprsyncError, is_protected: bool
) -> None:
    library.register.failures[cpr("BO")] = failed
    library.deliver(MONDAY, loses_protection(BO))
    library.one_night()
    assert library.one_night().exit_code == 3
    library.register.failures.clear()
    library.register.knows(gains_protection(BO) if is_protected else BO)
    library.one_night()
    assert [kind for kind in library.store.reviews.waiting() if kind.startswith("parked.")] == []
    assert protected(library) is is_protected
    library.nothing_is_left()


def test_nobody_need_look_any_more_once_the_register_answers_though_it_has_not_loaded_the_day(
    library: Library,
) -> None:
    """What it says of the protection does not count yet, so the question stays."""
    library.register.failures[cpr("BO")] = BadAnswer("breaks the contract")
    library.deliver(MONDAY, loses_protection(BO))
    library.one_night()
    library.clock.set_after(MONDAY, at=time(5, 30))
    assert library.one_night().exit_code == 3
    library.register.failures.clear()
    library.register.knows(BO)
    library.one_night()
    assert (library.store.reviews.waiting(), protected(library)) == ({}, True)
    assert library.questions() == [(library.id_of("BO"), "protection_end")]


def test_a_newer_file_with_the_protection_closes_the_question(library: Library) -> None:
    library.register.failures[cpr("BO")] = RegisterUnavailable("no answer")
    library.deliver(MONDAY, loses_protection(BO))
    library.one_night()
    library.deliver(TUESDAY, gains_protection(BO))
    library.one_night()
    assert (protected(library), library.questions(), library.reviews()) == (True, [], [])
    library.nothing_is_left()


def test_a_question_opened_after_it_was_closed_in_the_same_run_stays_open(library: Library) -> None:
    """Both deliveries leave the record as it is, so that nothing but their order tells them apart."""
    library.register.failures[cpr("BO")] = RegisterUnavailable("no answer")
    library.deliver(MONDAY, gains_protection(BO))
    library.deliver(TUESDAY, loses_protection(BO))
    library.one_night()
    assert (protected(library), library.questions()) == (True, [(library.id_of("BO"), "protection_end")])


def test_off_in_one_file_and_on_in_the_next_of_the_same_run_is_no_contradiction(library: Library) -> None:
    """The look-up speaks of the last day, and so does the last file."""
    library.deliver(MONDAY, loses_protection(BO))
    library.deliver(TUESDAY, gains_protection(moves(BO)))
    report = library.night()
    assert (report.exit_code, library.reviews()) == (0, [])
    assert library.record("BO") == gains_protection(moves(BO))


def test_a_denied_end_waits_for_a_person_once(library: Library) -> None:
    for day, exit_code in ((MONDAY, 3), (TUESDAY, 0), (WEDNESDAY, 0)):
        library.deliver(day, loses_protection(BO))
        assert library.night().exit_code == exit_code
    assert library.reviews() == [(library.id_of("BO"), "protection.contradicted")]


def without_an_address(who: Person) -> Person:
    """A resident whose address the register leaves out: nobody can decide her."""
    return replace(who, address=SILENT)


def test_a_parked_person_counts_as_protected_until_she_can_be_decided(library: Library) -> None:
    """Decision 3."""
    library.deliver(MONDAY, without_an_address(person("ANNA")))
    report = library.night()
    assert (report.exit_code, library.items(report)) == (3, [("parked", "address.missing")])
    assert library.record("ANNA") == person("ANNA")
    assert library.view("ANNA").parked
    library.deliver(TUESDAY, person("ANNA"))
    library.night()
    assert not library.view("ANNA").parked


def test_a_protection_is_written_though_the_rest_of_her_is_parked(library: Library) -> None:
    """Decision 3: what protects goes through, and nothing else of the snapshot does."""
    library.deliver(MONDAY, gains_protection(renames(without_an_address(person("ANNA")))))
    report = library.night()
    assert library.items(report) == [("parked", "address.missing")]
    assert library.record("ANNA") == replace(person("ANNA"), protection=Protection.NAME_AND_ADDRESS)


def test_letters_to_the_dead_stop_though_the_rest_of_her_is_parked(library: Library) -> None:
    """Decision 3; CPR status 90: a death without her name is parked, and no letter goes out meanwhile."""
    before, was = library.everything(), library.view("ANNA").patron
    library.deliver(MONDAY, dies(replace(person("ANNA"), name=EMPTY)))
    report = library.night()
    assert (report.exit_code, library.items(report)) == (3, [("parked", "name.lost")])
    assert report.document()["actions"] == {"stop_letters": 1}
    assert library.reviews() == [(library.id_of("ANNA"), "parked.name.lost")]
    stopped = replace(was, version=was.version + 1, letters_stopped=library.clock.today())
    assert library.view("ANNA").patron == stopped
    after = library.everything()
    touched = ("patron", "before_image", "review_item", "inbox", "agreement")
    assert unowned(after, *touched) == unowned(before, *touched)
    # told again the next day: there is nothing left to stop
    library.deliver(TUESDAY, dies(replace(person("ANNA"), name=EMPTY)))
    assert library.night().document()["actions"] == {}
    assert library.view("ANNA").patron == stopped


def test_letters_stop_and_stay_so_when_a_parked_death_is_told_with_her_name(library: Library) -> None:
    library.deliver(MONDAY, dies(replace(person("ANNA"), name=EMPTY)))
    library.night()
    stopped = library.view("ANNA").patron.letters_stopped
    library.deliver(TUESDAY, dies(person("ANNA")))
    report = library.night()
    assert report.document()["actions"] == {"die": 1}
    assert library.view("ANNA").patron.letters_stopped == stopped


def test_a_parked_death_stops_letters_behind_a_brake_too(library: Library) -> None:
    library.limit(Harm.GONE, 1)
    library.deliver(MONDAY, dies(replace(person("ANNA"), name=EMPTY)), dies(person("CLARA")), dies(person("DAVID")))
    report = library.one_night()
    assert (report.exit_code, report.counts.let_through) == (5, {"stop_letters": 3})
    assert library.record("ANNA") == person("ANNA")
    assert library.view("ANNA").patron.letters_stopped == library.clock.today()


def test_letters_go_out_again_when_a_parked_death_was_a_mistake(library: Library) -> None:
    """Decision 3: what goes through can be undone, though the death itself was never written."""
    library.deliver(MONDAY, dies(replace(person("ANNA"), name=EMPTY)))
    library.night()
    library.deliver(TUESDAY, person("ANNA"))
    report = library.night()
    assert (report.exit_code, report.document()["actions"]) == (0, {"death_annulled": 1})
    assert (library.record("ANNA"), library.view("ANNA").parked) == (person("ANNA"), False)
    assert library.view("ANNA").patron.letters_stopped is None


def test_letters_go_out_again_though_the_parked_death_was_taken_a_day_late(library: Library) -> None:
    library.deliver(MONDAY, dies(replace(person("ANNA"), name=EMPTY)))
    library.clock.set_after(TUESDAY)
    assert library.one_night().document()["actions"] == {"stop_letters": 1}
    library.deliver(TUESDAY, person("ANNA"))
    assert library.night().document()["actions"] == {"death_annulled": 1}
    assert library.view("ANNA").patron.letters_stopped is None


def test_a_parked_death_and_its_correction_fetched_in_one_night_leave_letters_going_out(library: Library) -> None:
    library.deliver(MONDAY, dies(replace(person("ANNA"), name=EMPTY)))
    library.deliver(TUESDAY, person("ANNA"))
    library.night()
    assert library.record("ANNA") == person("ANNA")
    assert library.view("ANNA").patron.letters_stopped is None


def test_a_question_about_the_protection_brings_no_answered_case_back(either_library: Library) -> None:
    """Who lives with the patron is hidden as long as news of them waits (decision 45)."""
    library = either_library
    library.deliver(MONDAY, replace(gains_protection(BO), address=SILENT))
    library.night()
    assert library.view("BO").parked
    reviews(library).accept(number_of(library, "parked.address.missing"))
    # the register is asked again
    assert library.view("BO").parked
    library.night()
    assert not library.view("BO").parked
    library.deliver(TUESDAY, loses_protection(BO))
    library.one_night()
    assert [row["kind"] for row in library.rows("follow_up")] == ["protection_end"]
    assert (library.view("BO").parked, protected(library)) == (False, True)

"""New patrons: subscribed, then looked up once; whoever is not answered for stays an open question."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from doubles import FRIDAY, MONDAY, TUESDAY, Library, happened, unowned
from test_reviewing import number_of, reviews, waits
from townspeople import cpr, dies, gains_protection, moves, person

from cprsync.domain.patron.patron import AsOf, Source
from cprsync.domain.person.person import Person, Status
from cprsync.errors import (
    BadAnswer,
    CprsyncError,
    NoSuchPerson,
    PeerCertificateError,
    RegisterRefused,
    RegisterUnavailable,
)
from cprsync.services.planning.applying import make_finding_keys

if TYPE_CHECKING:
    from cprsync.domain.person.number import CprNumber

DOWN = RegisterUnavailable("the register does not answer")


def test_a_new_patron_is_subscribed_and_looked_up_once(new_library: Library) -> None:
    library = new_library
    library.enrol("ANNA", "CLARA")
    library.register.knows(person("ANNA"), person("CLARA"))
    report = library.night()
    assert (report.exit_code, report.state) == (0, "done")
    assert (report.subscribed, report.closing.subscriptions_kept) == (2, 0)
    assert report.actions_outside == {"first_copy": 2}
    assert library.register.subscribed == library.register.looked_up
    assert library.record("ANNA") == person("ANNA")
    assert library.view("ANNA").patron.as_of == AsOf(FRIDAY, Source.LOOKUP)
    assert library.outbox("ANNA") == [(2, "751")]
    assert library.questions() == []


def test_no_one_is_looked_up_before_the_audit_says_so(new_library: Library) -> None:
    """Every read of CPR data has an earlier audit entry."""
    library = new_library
    library.enrol("ANNA")
    library.register.knows(person("ANNA"))
    intended: list[int] = []

    def watch(_: CprNumber) -> None:
        intended.append(happened(library.everything())["lookup", library.id_of("ANNA")])

    library.register.on_look_up = watch
    library.night()
    assert intended == [1]


def test_a_delivery_is_applied_though_the_register_is_down_and_the_question_stays_open(library: Library) -> None:
    library.enrol("HENRIK")
    library.register.down = DOWN
    library.deliver(MONDAY, moves(person("ANNA")))
    before = library.record("HENRIK")
    report = library.one_night()
    assert (report.exit_code, report.state, report.error) == (4, "done", DOWN)
    assert report.document()["error"]["kind"] == "register.unavailable"
    assert library.record("ANNA").address == moves(person("ANNA")).address
    assert library.record("HENRIK") == before
    assert report.subscribed == 0
    library.register.down = None
    library.register.knows(person("HENRIK"))
    assert library.night().actions_outside == {"first_copy": 1}
    assert library.view("HENRIK").patron.verified


@pytest.mark.parametrize(
    ("unanswered", "left"),
    [
        pytest.param("failures", ["first_copy"], id="same-unanswered-look-up"),
        pytest.param("refuses_to_subscribe", [], id="same-unanswered-subscription"),
    ],
)
def test_whatever_of_a_new_patron_is_not_answered_is_asked_again_the_next_night_and_nobody_waits_for_a_person(
    library: Library, unanswered: str, left: list[str]
) -> None:
    library.enrol("HENRIK")
    getattr(library.register, unanswered)[cpr("HENRIK")] = DOWN
    assert library.one_night().exit_code == 4
    before = library.everything()
    assert library.one_night().exit_code == 4
    assert unowned(library.everything()) == unowned(before)
    assert library.questions() == [(library.id_of("HENRIK"), question) for question in left]
    assert (library.reviews(), library.view("HENRIK").patron.verified) == ([], False)
    getattr(library.register, unanswered).clear()
    library.register.knows(person("HENRIK"))
    assert library.night().exit_code == 0
    assert (library.questions(), library.view("HENRIK").patron.verified) == ([], True)


def test_a_counterpart_that_cannot_be_trusted_is_a_matter_of_certificates(library: Library) -> None:
    library.enrol("HENRIK")
    library.register.down = PeerCertificateError("the certificate of the register is of another host")
    make_finding_keys(library.ports())
    before = library.everything()
    assert library.one_night().exit_code == 2
    assert unowned(library.everything()) == unowned(before)


def test_a_number_that_the_register_does_not_know_is_left_to_a_person(library: Library) -> None:
    library.enrol("HENRIK")
    report = library.night()
    assert (report.exit_code, report.counts.left) == (3, 1)
    assert library.reviews() == [(library.id_of("HENRIK"), "parked.register.no_such_person")]
    assert (library.record("HENRIK"), library.questions()) == (Person(cpr("HENRIK")), [])


def test_an_answer_that_breaks_the_contract_is_left_to_a_person_and_asked_for_again(library: Library) -> None:
    library.enrol("HENRIK")
    library.register.failures[cpr("HENRIK")] = BadAnswer("the answer is about someone else")
    for exit_code in (3, 0):  # the second night finds it waiting
        assert library.one_night().exit_code == exit_code
        assert library.reviews() == [(library.id_of("HENRIK"), "parked.register.bad_answer")]
    assert library.questions() == [(library.id_of("HENRIK"), "first_copy")]
    assert library.record("HENRIK") == Person(cpr("HENRIK"))


def test_an_answer_that_broke_the_contract_waits_no_more_when_the_register_knows_nobody(library: Library) -> None:
    library.enrol("HENRIK")
    library.register.failures[cpr("HENRIK")] = BadAnswer("the answer is about someone else")
    library.one_night()
    library.register.failures.clear()
    library.night()
    assert waits(library) == ["parked.register.no_such_person"]


@pytest.mark.parametrize(
    ("failed", "kind", "again"),
    [
        pytest.param(None, "register.no_such_person", 0, id="parked-stranger"),
        pytest.param(BadAnswer("the answer is about someone else"), "register.bad_answer", 3, id="parked-answer"),
        pytest.param(RegisterRefused("not accepted"), "register.refused", 3, id="parked-answer-refused"),
    ],
)
def test_a_first_look_up_without_a_person_is_made_again_each_night_unless_the_number_is_nobodys(
    library: Library, failed: CprsyncError | None, kind: str, again: int
) -> None:
    """Rejected, the item comes again with the question; a number that the register does not know waits for a person."""
    library.enrol("HENRIK")
    if failed is not None:
        library.register.failures[cpr("HENRIK")] = failed
    library.one_night()
    reviews(library).reject(number_of(library, f"parked.{kind}"), reason="Nummeret er rigtigt")
    asked = len(library.register.looked_up)
    assert library.one_night().exit_code == again
    assert len(library.register.looked_up) - asked == (1 if again else 0)
    assert waits(library) == ([f"parked.{kind}"] if again else [])


@pytest.mark.parametrize("key", ["parked-stranger"])
def test_a_number_that_nobody_has_is_asked_about_again_when_a_person_wants_it(library: Library, key: str) -> None:
    library.enrol("HENRIK")
    library.one_night()
    reviews(library).accept(number_of(library, "parked.register.no_such_person"))
    library.register.knows(person("HENRIK"))
    assert library.night().actions_outside == {"first_copy": 1}, key
    assert waits(library) == []


@pytest.mark.parametrize("key", ["parked-stranger-subscription"])
def test_a_subscription_that_is_refused_is_tried_each_night_and_without_it_nobody_is_looked_up(
    library: Library, key: str
) -> None:
    library.enrol("HENRIK")
    library.register.refuses_to_subscribe[cpr("HENRIK")] = NoSuchPerson("the register does not know the number")
    for _ in range(2):
        assert library.one_night().exit_code == 3, key
        reviews(library).reject(number_of(library, "parked.register.no_such_person"), reason="Nummeret er rigtigt")
    assert (library.register.looked_up, library.record("HENRIK")) == ([], Person(cpr("HENRIK")))
    library.register.refuses_to_subscribe.clear()
    library.register.knows(person("HENRIK"))
    assert library.night().actions_outside == {"first_copy": 1}


def test_whoever_is_refused_a_subscription_does_not_keep_the_others_from_theirs(library: Library) -> None:
    library.batch = 1
    library.enrol("HENRIK", "EDITH", "FINN")
    library.register.knows(*(person(key) for key in ("HENRIK", "EDITH", "FINN")))
    library.register.refuses_to_subscribe[cpr("EDITH")] = RegisterRefused("the number is not accepted")
    asked = len(library.register.subscribed)
    report = library.one_night()
    assert (report.exit_code, report.subscribed, report.counts.left) == (3, 2, 1)
    assert len(library.register.subscribed) - asked == 3


def test_a_refused_subscription_is_left_to_a_person_by_the_first_night_only(library: Library) -> None:
    library.enrol("HENRIK")
    library.register.refuses_to_subscribe[cpr("HENRIK")] = RegisterRefused("the number is not accepted")
    assert (library.one_night().exit_code, library.one_night().exit_code) == (3, 0)
    report = library.nothing_is_left()
    assert (report.exit_code, report.counts.left, report.reasons, report.closing.reviews_waiting) == (
        0,
        0,
        {},
        {"parked.register.refused": 1},
    )


def test_a_first_copy_and_tonights_delivery_of_the_same_person_are_one_after_the_other(library: Library) -> None:
    """The look-up has no date: on the file's own day the file wins (decision 1)."""
    library.enrol("HENRIK")
    library.register.knows(person("HENRIK"))
    library.deliver(MONDAY, moves(person("HENRIK")))
    report = library.night()
    assert report.exit_code == 0
    assert library.record("HENRIK").address == moves(person("HENRIK")).address
    assert library.view("HENRIK").patron.as_of == AsOf(MONDAY, Source.FILE)
    assert library.view("HENRIK").patron.version == 3


def test_a_delivery_can_bring_the_first_copy_and_answers_the_question(library: Library) -> None:
    library.enrol("HENRIK")
    library.register.failures[cpr("HENRIK")] = DOWN
    library.deliver(MONDAY, person("HENRIK"))
    report = library.one_night()
    assert library.items(report) == [("applied", None)]
    assert library.record("HENRIK") == person("HENRIK")
    assert library.questions() == []
    library.nothing_is_left()


def test_a_patron_who_was_dead_when_she_came_gets_no_letters(library: Library) -> None:
    library.enrol("HENRIK")
    library.register.knows(dies(person("HENRIK")))
    library.night()
    assert library.view("HENRIK").patron.letters_stopped == library.clock.today()
    assert library.outbox("HENRIK") == [(2, "")]


def test_a_replaced_number_that_leads_nowhere_is_left_to_a_person(library: Library) -> None:
    library.enrol("HENRIK")
    library.register.knows(replace(Person(cpr("HENRIK")), status=Status.CHANGED))
    assert library.night().exit_code == 3
    assert library.reviews() == [(library.id_of("HENRIK"), "parked.number.unresolved")]
    assert not library.view("HENRIK").patron.verified


def test_an_annulled_number_is_taken_and_looked_at(library: Library) -> None:
    library.enrol("HENRIK")
    library.register.knows(replace(Person(cpr("HENRIK")), status=Status.ANNULLED))
    assert library.one_night().exit_code == 3
    assert library.reviews() == [(library.id_of("HENRIK"), kind) for kind in ("block.annulled", "number.annulled")]
    assert library.record("HENRIK").status is Status.ANNULLED
    assert library.outbox("HENRIK") == []
    library.nothing_is_left()


def test_a_look_up_that_is_older_than_the_file_changes_nothing(library: Library) -> None:
    """A question opened before the file came, answered with what the register said before it (decision 1)."""
    library.enrol("HENRIK")
    library.register.failures[cpr("HENRIK")] = DOWN
    library.one_night()
    library.deliver(MONDAY, gains_protection(moves(person("HENRIK"))))
    library.one_night()
    record = library.record("HENRIK")
    library.deliver(TUESDAY, gains_protection(moves(person("HENRIK"))))
    assert library.night().exit_code == 0
    assert library.record("HENRIK") == record

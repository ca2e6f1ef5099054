"""The rules of access at the desk: each abuse ends with nothing asked of the register and nothing written."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import pytest
import said_yes
from doubles import AGENCY, Library, happened, unowned
from sqlalchemy import text
from townspeople import cpr, person
from whole import verify_audit

from cprsync.domain.desk.access import NOT_FOUND_MOST, OPEN_FOR, SAMPLE_WAITS, SIGNED_FOR, AttemptOutcome
from cprsync.domain.desk.confirming import SERVICE
from cprsync.domain.leaving.leaving import Forgotten
from cprsync.domain.patron.local import ListChange
from cprsync.domain.patron.patron import Purpose
from cprsync.domain.patron.review import BOTH_PATRONS
from cprsync.domain.person.number import CprNumber
from cprsync.domain.person.person import Birth, Person
from cprsync.domain.person.sealed import Name
from cprsync.errors import AccessRefused, BadInput, SecondPersonNeeded, StoreUnavailable
from cprsync.services.desk import access
from cprsync.services.desk.lookup import Asked, Desk, LookedUp, look_up
from cprsync.services.desk.responsibles import ResponsibleRequest, add_responsible
from cprsync.services.desk.reviewing import StaffReviews
from cprsync.services.desk.setting import Setting, SettingDesk, set_field
from cprsync.services.desk.viewing import RecordViewer
from cprsync.services.leaving.departing import LeavingDesk
from cprsync.services.lending.standing import Statements
from cprsync.services.trust.status import Around, status_of
from cprsync.store.core.tenant import TenantStore

if TYPE_CHECKING:
    from collections.abc import Callable

WHO, BOSS = "lisbeth", "karen"
STRANGERS_A_DAY, AN_HOUR, A_DAY = 5, 30, 150


def desk_of(library: Library) -> Desk:
    return Desk(AGENCY, library.store, library.register, library.clock, library.policy)


def stranger(number: int, **deviations: Any) -> Person:
    """Somebody whom the register knows and who is no patron, with a name that nobody else has."""
    raw = CprNumber.parse(f"010170{2000 + number}")
    name = Name(f"Test Person{number}", "Test", "", f"Person{number}")
    return replace(person("EDITH"), **{"number": raw, "name": name, **deviations})


def look(library: Library, number: CprNumber, *, user: str = WHO, purpose: Purpose = Purpose.REGISTRATION) -> LookedUp:
    return look_up(desk_of(library), Asked(number, purpose, user))


def look_up_strangers(library: Library, count: int, *, first: int = 0) -> None:
    for place in range(first, first + count):
        one = stranger(place)
        library.register.knows(one)
        look(library, one.number)


def knows_own(library: Library, key: str = "ANNA", user: str = WHO) -> str:
    """The user is a patron of the library themselves."""
    own = library.id_of(key)
    patrons = {user: own}
    library.store._bind(replace(library.store._tenant, own_patron=patrons.get))
    return own


def is_refused(library: Library, doing: Callable[[], object], rule: str) -> AccessRefused:
    """Nothing was asked, nothing was written, and the audit has it."""
    before, asked = library.everything(), len(library.register.looked_up)
    with pytest.raises(AccessRefused) as refused:
        doing()
    after = library.everything()
    assert refused.value.kind == f"access.{rule}"
    assert len(library.register.looked_up) == asked
    assert unowned(after) == unowned(before)
    news = happened(after) - happened(before)
    # who has seen the record before they were refused is in the audit for that too
    assert [count for (kind, _), count in news.items() if kind != "view"] == [1]
    assert {kind for kind, _ in news} - {"view"} == {"refused"}
    return refused.value


def wrong(library: Library) -> dict[str, Any]:
    """What the status raises an alarm about, of these rules."""
    now = library.clock.now()
    status = status_of(library.store, Around(AGENCY, "x", now))
    return {one["what"]: dict(one) for one in status.wrong if one["what"] in {"stopped", "capped", "overdue"}}


# -- caps --------------------------------------------------------------------------------------------------


def test_the_look_up_after_the_hours_last_is_refused_and_raises_an_alarm(either_library: Library) -> None:
    library = either_library
    for _ in range(AN_HOUR):
        look(library, cpr("ANNA"))
    assert wrong(library) == {}
    is_refused(library, lambda: look(library, cpr("ANNA")), "hour")
    assert wrong(library)["capped"]["users"] == WHO
    verify_audit(library.store)


def test_an_hour_later_look_ups_go_on_until_the_day_is_full(library: Library) -> None:
    library.clock.moment -= timedelta(hours=4)
    for _ in range(A_DAY // AN_HOUR):
        for _ in range(AN_HOUR):
            look(library, cpr("ANNA"))
        library.clock.moment += timedelta(hours=1, seconds=1)
    is_refused(library, lambda: look(library, cpr("ANNA")), "day")
    library.clock.moment += timedelta(days=1)
    look(library, cpr("ANNA"))


def test_a_cap_of_one_is_no_cap_of_another(library: Library) -> None:
    for _ in range(AN_HOUR):
        look(library, cpr("ANNA"))
    look(library, cpr("ANNA"), user=BOSS)


def test_people_who_do_not_become_patrons_are_few_a_day(either_library: Library) -> None:
    library = either_library
    look_up_strangers(library, STRANGERS_A_DAY)
    library.register.knows(stranger(99))
    is_refused(library, lambda: look(library, stranger(99).number), "strangers")
    # a patron is still looked up
    look(library, cpr("ANNA"))


def test_a_reason_stays_owed_until_the_next_day_and_whatever_is_looked_up_since(either_library: Library) -> None:
    library = either_library
    look_up_strangers(library, 1)
    library.clock.moment += timedelta(days=1)
    for _ in range(AN_HOUR // 2):
        look(library, cpr("ANNA"))
    library.register.knows(stranger(99))
    is_refused(library, lambda: look(library, stranger(99).number), "reason")
    (owed,) = library.store.access.open_looks(WHO)
    access.explain_look_up(library.store, owed.seq, user=WHO, reason="changed their mind")
    assert look(library, stranger(99).number).document["found"]


def test_a_machine_has_no_cap(library: Library) -> None:
    for _ in range(AN_HOUR + 1):
        look(library, cpr("ANNA"), user=SERVICE)


def test_25_children_are_registered_in_30_minutes_by_one_user_without_a_refusal(either_library: Library) -> None:
    """With a parent for each, who has to be looked up too."""
    library = either_library
    for place in range(25):
        child = replace(stranger(place), number=CprNumber.parse(f"010120{4000 + place}"), birth=Birth(date(2020, 1, 1)))
        parent = stranger(100 + place)
        library.register.knows(child, parent)
        written = said_yes.register(desk_of(library), Asked(child.number, Purpose.REGISTRATION, WHO)).document
        asked = ResponsibleRequest(written["patron"], WHO, number=parent.number)
        assert add_responsible(desk_of(library), asked)["outcome"] == "added"
        library.clock.moment += timedelta(minutes=1, seconds=10)
    assert len(library.register.looked_up) == 50
    assert wrong(library) == {}
    assert library.store.access.open_looks(WHO) == []


def test_an_answer_that_grew_too_old_is_asked_for_again_within_its_own_case(library: Library) -> None:
    """Nobody who began under the cap is refused at the yes."""
    from cprsync.services.desk.registering import confirm_registration, preview_registration

    for _ in range(AN_HOUR - 1):
        look(library, cpr("ANNA"))
    library.register.knows(person("EDITH"))
    shown = preview_registration(desk_of(library), Asked(cpr("EDITH"), Purpose.REGISTRATION, WHO))
    library.clock.moment += timedelta(minutes=6)
    assert confirm_registration(desk_of(library), shown, said_yes.yes_to(shown.preview)).document["written"]


# -- numbers that nobody has -------------------------------------------------------------------------------


def test_ten_numbers_in_a_row_that_nobody_has_stop_the_user(either_library: Library) -> None:
    library = either_library
    for place in range(NOT_FOUND_MOST):
        assert wrong(library) == {}
        look(library, stranger(place).number)
    assert wrong(library)["stopped"]["users"] == WHO
    is_refused(library, lambda: look(library, cpr("ANNA")), "stopped")
    view = RecordViewer(library, WHO)
    is_refused(library, lambda: view.revealed(library.id_of("BO"), reason="letter came back"), "stopped")
    # nobody else is
    look(library, cpr("ANNA"), user=BOSS)


def test_an_attempt_under_a_number_that_is_given_again_has_nothing_of_the_one_before(library: Library) -> None:
    """Whoever holds the database has taken the last entry away. The audit's check says so."""
    look(library, stranger(1).number)
    seq = max(row["seq"] for row in library.rows("desk_attempt"))
    with library.engine.begin() as connection:
        connection.execute(text("DELETE FROM audit WHERE stream = 'desk' AND seq = :seq"), {"seq": seq})
        connection.execute(text("UPDATE audit_head SET seq = :seq - 1 WHERE stream = 'desk'"), {"seq": seq})
    look(library, cpr("ANNA"))
    attempt = library.store.access.attempt(seq)
    assert attempt is not None
    assert attempt.patron_id == library.id_of("ANNA")
    assert attempt.outcomes == {AttemptOutcome.FOUND}


def test_a_number_that_somebody_has_begins_the_row_anew(library: Library) -> None:
    for place in range(NOT_FOUND_MOST - 1):
        look(library, stranger(place).number)
    look(library, cpr("ANNA"))
    look(library, stranger(50).number)
    assert wrong(library) == {}


def test_another_supervisor_lifts_the_stop_with_a_reason(either_library: Library) -> None:
    library = either_library
    for place in range(NOT_FOUND_MOST):
        look(library, stranger(place).number)
    before = library.everything()
    with pytest.raises(BadInput, match="another supervisor"):
        access.lift_stop(library.store, WHO, by=WHO, reason="it was me")
    assert library.everything() == before
    access.lift_stop(library.store, WHO, by=BOSS, reason="a list from the school, typed wrong")
    assert wrong(library) == {}
    library.clock.moment += timedelta(seconds=1)
    look(library, cpr("ANNA"))
    # the row begins anew: one more does not stop them
    look(library, stranger(60).number)
    assert wrong(library) == {}
    verify_audit(library.store)


# -- who is too close --------------------------------------------------------------------------------------


def test_ones_own_number_takes_a_second_person(either_library: Library) -> None:
    library = either_library
    knows_own(library)
    is_refused(library, lambda: look(library, cpr("ANNA")), "second")
    # a colleague looks them up as anybody else
    look(library, cpr("ANNA"), user=BOSS)


def test_a_patron_of_ones_own_household_takes_a_second_person(library: Library) -> None:
    one = stranger(1, address=person("ANNA").address)
    library.register.knows(one)
    said_yes.register(desk_of(library), Asked(one.number, Purpose.REGISTRATION, WHO))
    knows_own(library)
    is_refused(library, lambda: look(library, one.number), "second")


def test_an_answer_about_somebody_of_ones_own_household_is_not_shown(library: Library) -> None:
    """That the person is no patron hides the household until the register has answered."""
    knows_own(library)
    one = stranger(1, address=person("ANNA").address)
    library.register.knows(one)
    before = library.everything()
    with pytest.raises(SecondPersonNeeded) as refused:
        look(library, one.number)
    assert unowned(library.everything()) == unowned(before)
    seq = int(str(refused.value.values["attempt"]))
    access.sign_attempt(library.store, seq, by=BOSS, now=library.clock.now())
    assert look(library, one.number).document["found"]


def test_somebody_who_is_watched_takes_a_second_person_whether_a_patron_or_not(either_library: Library) -> None:
    library = either_library
    library.register.knows(person("EDITH"))
    assert library.store.access.watch(cpr("EDITH"), user="privacy")
    assert library.store.access.watch(cpr("ANNA"), user="privacy")
    assert not library.store.access.watch(cpr("ANNA"), user="privacy")
    is_refused(library, lambda: look(library, cpr("EDITH")), "second")
    is_refused(library, lambda: look(library, cpr("ANNA")), "second")
    assert library.store.access.unwatch(cpr("EDITH"), user="privacy")
    look(library, cpr("EDITH"))


def second_for(library: Library, doing: Callable[[], object]) -> int:
    with pytest.raises(SecondPersonNeeded) as refused:
        doing()
    return int(str(refused.value.values["attempt"]))


def test_a_signature_holds_once_and_for_a_few_minutes(either_library: Library) -> None:
    library = either_library
    knows_own(library)
    seq = second_for(library, lambda: look(library, cpr("ANNA")))
    access.sign_attempt(library.store, seq, by=BOSS, now=library.clock.now())
    assert look(library, cpr("ANNA")).document["found"]
    seq = second_for(library, lambda: look(library, cpr("ANNA")))
    access.sign_attempt(library.store, seq, by=BOSS, now=library.clock.now())
    library.clock.moment += SIGNED_FOR + timedelta(seconds=1)
    is_refused(library, lambda: look(library, cpr("ANNA")), "second")


def test_a_signature_from_far_ahead_was_given_by_a_wrong_clock_and_does_not_hold(either_library: Library) -> None:
    """Otherwise it would hold as long as the clock was ahead."""
    library, month = either_library, timedelta(days=30)
    knows_own(library)
    library.clock.moment += month
    seq = second_for(library, lambda: look(library, cpr("ANNA")))
    access.sign_attempt(library.store, seq, by=BOSS, now=library.clock.now())
    library.clock.moment -= month
    is_refused(library, lambda: look(library, cpr("ANNA")), "second")


def test_a_signature_for_one_thing_is_none_for_another(library: Library) -> None:
    own = knows_own(library)
    library.store.access.watch(cpr("CLARA"), user="privacy")
    seq = second_for(library, lambda: look(library, cpr("ANNA")))
    access.sign_attempt(library.store, seq, by=BOSS, now=library.clock.now())
    is_refused(library, lambda: look(library, cpr("CLARA")), "second")
    is_refused(library, lambda: look(library, cpr("ANNA"), purpose=Purpose.DEBT), "second")
    is_refused(library, lambda: edit(library, own), "second")


@pytest.mark.parametrize("by", [WHO, WHO.upper(), f"{WHO}.", f"{WHO}@bibliotek.example", SERVICE])
def test_nobody_signs_for_themselves_and_no_machine_signs(library: Library, by: str) -> None:
    knows_own(library)
    seq = second_for(library, lambda: look(library, cpr("ANNA")))
    before = library.everything()
    with pytest.raises(BadInput):
        access.sign_attempt(library.store, seq, by=by, now=library.clock.now())
    assert library.everything() == before
    is_refused(library, lambda: look(library, cpr("ANNA")), "second")


def test_nothing_is_signed_that_nobody_was_refused(library: Library) -> None:
    look(library, cpr("ANNA"))
    before = library.everything()
    for seq in (1, 2, 10_000):
        with pytest.raises(BadInput):
            access.sign_attempt(library.store, seq, by=BOSS, now=library.clock.now())
    assert library.everything() == before


def edit(library: Library, patron: str, *, user: str = WHO, **other: Any) -> dict[str, Any]:
    counter = SettingDesk(library, frozenset({"0751"}))
    wanted = {"field": "telephones", "text": "20304050", "doing": ListChange.ADD, **other}
    return set_field(counter, Setting(patron, user=user, **wanted))


def test_ones_own_record_is_edited_and_opened_with_a_second_person_alone(either_library: Library) -> None:
    library = either_library
    own = knows_own(library, "BO")
    is_refused(library, lambda: edit(library, own), "second")
    assert library.view("BO").local.telephones == ()
    view = RecordViewer(library, WHO)
    is_refused(library, lambda: view.revealed(own, reason="I moved"), "second")
    seq = second_for(library, lambda: edit(library, own))
    access.sign_attempt(library.store, seq, by=BOSS, now=library.clock.now())
    assert edit(library, own)["outcome"] == "added"
    # a colleague needs nobody
    assert edit(library, own, user=BOSS)["outcome"] == "unchanged"


def test_nobody_leaves_or_prints_themselves_alone(library: Library) -> None:
    own = knows_own(library, "BO")
    exit_ = LeavingDesk(library, WHO)
    is_refused(library, lambda: said_yes.leave(exit_, own), "second")
    is_refused(library, lambda: said_yes.erase(exit_, own), "second")
    paper = Statements(library, "x", WHO)
    is_refused(library, lambda: paper.revealed(own, reason="a letter"), "second")


@pytest.mark.parametrize("answer", ["accept", "reject", "later", "now"])
def test_a_review_about_oneself_takes_a_second_person(library: Library, answer: str) -> None:
    own = knows_own(library)
    library.store.desk.ask_staff(own, BOTH_PATRONS, about=library.id_of("CLARA"))
    (item,) = library.store.review_desk.items(all_states=False)
    reviews = StaffReviews(library, WHO)
    doing = {"accept": lambda: reviews.accept(item.id), "reject": lambda: reviews.reject(item.id, reason="two people")}
    until = library.clock.today() + timedelta(7)
    doing |= {"later": lambda: reviews.put_off(item.id, until=until, reason="not now")}
    doing |= {"now": lambda: reviews.bring_back(item.id)}
    is_refused(library, doing[answer], "second")


def test_an_account_file_that_cannot_be_read_lets_nobody_look_up(library: Library) -> None:
    """Nobody can tell whose number it is."""
    from cprsync.errors import ConfigurationError

    def fails(_: str) -> str:
        raise ConfigurationError("the file cannot be read")

    library.store._bind(replace(library.store._tenant, own_patron=fails))
    before = library.everything()
    with pytest.raises(ConfigurationError):
        look(library, cpr("ANNA"))
    assert library.register.looked_up == []
    assert library.everything() == before


# -- the audit ---------------------------------------------------------------------------------------------


def take_audit_away(library: Library) -> None:
    """Let whatever is asked of the log of attempts fail, as when the database does not answer."""

    class Down(TenantStore):
        def __getattr__(self, name: str) -> Any:
            raise StoreUnavailable("the database does not answer")

    library.store.access = Down(library.store._tenant)  # type: ignore[assignment]  # as it fails


def test_without_the_audit_nothing_is_asked(library: Library) -> None:
    take_audit_away(library)
    before = library.everything()
    with pytest.raises(StoreUnavailable):
        look(library, cpr("ANNA"))
    assert library.register.looked_up == []
    assert library.everything() == before


# -- samples -----------------------------------------------------------------------------------------------


def waiting(library: Library) -> tuple[access.ListedAttempt, ...]:
    return access.list_checks(library.store, now=library.clock.now()).samples


def draws(library: Library, byte: bytes) -> None:
    """What is drawn is no accident any more."""
    library.store._bind(replace(library.store._tenant, random=lambda size: byte * size))


def test_a_person_who_did_not_become_a_patron_is_explained_and_becomes_a_sample(either_library: Library) -> None:
    library = either_library
    draws(library, b"\xff")
    look_up_strangers(library, 1)
    (open_one,) = library.store.access.open_looks(WHO)
    assert waiting(library) == ()
    access.explain_look_up(library.store, open_one.seq, user=WHO, reason="went home for a card")
    assert library.store.access.open_looks(WHO) == []
    assert [(one.why, one.reason) for one in waiting(library)] == [("stranger", "went home for a card")]


def test_a_reason_that_is_owed_holds_up_the_next_stranger(library: Library) -> None:
    draws(library, b"\xff")
    look_up_strangers(library, 1)
    library.clock.moment += OPEN_FOR + timedelta(seconds=1)
    library.register.knows(stranger(1))
    is_refused(library, lambda: look(library, stranger(1).number), "reason")
    # the sample waits, whether they say why or not
    assert [one.why for one in waiting(library)] == ["stranger"]
    (owed,) = library.store.access.open_looks(WHO)
    for reason, user in (("", WHO), ("no reason of mine", BOSS)):
        with pytest.raises(Exception, match=r"say why|no such look-up"):
            access.explain_look_up(library.store, owed.seq, user=user, reason=reason)
    access.explain_look_up(library.store, owed.seq, user=WHO, reason="went home for a card")
    look(library, stranger(1).number)


def test_the_same_family_name_is_marked_and_sampled_and_shown(library: Library) -> None:
    draws(library, b"\xff")
    knows_own(library)
    ours = library.record("ANNA").name
    assert isinstance(ours, Name)
    one = stranger(1, name=Name(f"Ole {ours.addressing.split()[-1]}"))
    library.register.knows(one)
    assert said_yes.register(desk_of(library), Asked(one.number, Purpose.REGISTRATION, WHO)).document["written"]
    assert [one.why for one in waiting(library)] == ["family"]


def test_what_is_drawn_waits_for_another_supervisor_until_it_is_overdue(either_library: Library) -> None:
    library = either_library
    draws(library, b"\x00")
    look(library, cpr("ANNA"), user=BOSS)
    (sample,) = waiting(library)
    assert (sample.why, sample.user, sample.overdue) == ("drawn", BOSS, False)
    library.clock.moment += SAMPLE_WAITS + timedelta(seconds=1)
    assert wrong(library)["overdue"]["count"] == 1
    before = library.everything()
    with pytest.raises(BadInput, match="another supervisor"):
        access.check_sample(library.store, sample.number, is_in_order=True, by=BOSS, reason="was me")
    assert library.everything() == before
    access.check_sample(library.store, sample.number, is_in_order=True, by=WHO, reason="the patron was at the desk")
    assert wrong(library) == {}
    assert waiting(library) == ()


def test_what_nobody_drew_waits_for_nobody(library: Library) -> None:
    draws(library, b"\xff")
    look(library, cpr("ANNA"))
    assert waiting(library) == ()


def test_attempts_are_forgotten_with_the_audit_and_a_stop_is_not(library: Library) -> None:
    for place in range(NOT_FOUND_MOST):
        look(library, stranger(place).number)
    kept = library.policy.retention.log_days
    library.clock.moment += timedelta(days=kept + 2)
    forget(library)
    everything = library.everything()
    assert everything["desk_attempt"] == []
    assert [row["outcome"] for row in everything["desk_outcome"]] == ["stopped"]
    is_refused(library, lambda: look(library, cpr("ANNA")), "stopped")


def forget(library: Library) -> None:
    library.store.retention.forget(None, Forgotten.LOG, library.policy, on=library.clock.today(), limit=1000)

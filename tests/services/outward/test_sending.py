"""Other systems hear of every change once and in order, and never of what they may not."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from doubles import MONDAY, TUESDAY, WEDNESDAY, altered
from townspeople import cpr, dies, emigrates, gains_protection, loses_protection, moves, person, renames

from cprsync.domain.outward import target as target_rules
from cprsync.domain.outward.record import OutwardField
from cprsync.domain.outward.target import ProtectedRule, Target, TargetKind
from cprsync.errors import RegisterUnavailable, StoreUnavailable, TargetUnavailable
from cprsync.services.ports.outward import Undelivered

if TYPE_CHECKING:
    from doubles import Library, TargetDouble

EVERYTHING = frozenset(OutwardField)
PLAIN = Target("koha", TargetKind.KOHA, EVERYTHING, ProtectedRule.WITHOUT_ADDRESS)


def hears(library: Library, target: Target = PLAIN) -> TargetDouble:
    """A target that has heard of everyone there is."""
    library.sets_targets_up(target)
    library.night()
    double = library.target(target.name)
    double.calls.clear()
    return double


def held(double: TargetDouble, library: Library, key: str) -> Any:
    return double.holds.get(library.id_of(key))


def test_a_new_target_is_told_of_everyone_in_its_first_night(either_library: Library) -> None:
    library = either_library
    library.sets_targets_up(PLAIN)
    report = library.night()
    assert set(library.target("koha").holds) == {library.id_of(key) for key in ("ANNA", "BO", "CLARA", "DAVID")}
    (told,) = report.document()["targets"]
    assert (told["sent"], told["waiting"], told["failed"]) == (4, 0, 0)


def test_a_move_is_told_once_with_the_parts_of_the_address(either_library: Library) -> None:
    library = either_library
    double = hears(library)
    library.deliver(MONDAY, moves(person("ANNA"), "ODENSE"))
    library.night()
    assert [one.patron_id for one in double.calls] == [library.id_of("ANNA")]
    assert held(double, library, "ANNA")["municipality"] == "0461"
    assert held(double, library, "ANNA")["address"]["postcode"] == "5220"


def test_a_protected_patrons_address_is_in_no_payload_and_comes_back_when_the_protection_ends(
    either_library: Library,
) -> None:
    library = either_library
    double = hears(library)
    assert "address" not in held(double, library, "BO")
    library.deliver(MONDAY, gains_protection(person("ANNA")))
    library.night()
    after = held(double, library, "ANNA")
    assert after["protected"]
    assert "address" not in after
    assert after["withheld"] == ["address"]
    library.register.knows(loses_protection(person("ANNA")))
    library.deliver(TUESDAY, loses_protection(person("ANNA")))
    library.night()
    assert not held(double, library, "ANNA")["protected"]
    assert held(double, library, "ANNA")["address"]["lines"]


def test_who_is_protected_while_unverified_is_gone_from_a_target_that_leaves_the_protected_out(
    either_library: Library,
) -> None:
    """An older copy made everybody unverified, and of that nothing is told: the target still holds the open address."""
    library = either_library
    double = hears(library, LEAVES_OUT)
    library.register.down = RegisterUnavailable("it does not answer")
    library.store.journal.put_back(user="drift", backup="cprsync-20270324T053000Z")
    assert held(double, library, "ANNA")["address"]
    library.deliver(MONDAY, gains_protection(person("ANNA")))
    library.one_night()
    assert held(double, library, "ANNA") is None


LEAVING_OUT = replace(PLAIN, protected=ProtectedRule.LEAVE_OUT)


def forgotten(double: TargetDouble) -> dict[str, str | None]:
    """By patron that the target was told to forget, the number by which it finds them."""
    return {one.patron_id: one.number for one in double.calls if one.payload is None}


def test_a_koha_that_leaves_the_protected_out_is_told_to_forget_one_of_whom_it_was_never_told(
    either_library: Library,
) -> None:
    """Staff may have written them down there by hand, with the address."""
    library = either_library
    library.sets_targets_up(LEAVING_OUT)
    library.night()
    assert forgotten(library.target("koha")) == {library.id_of("BO"): cpr("BO").digits}
    # one who is new and protected
    library.target("koha").calls.clear()
    library.enrol("HENRIK")
    library.register.knows(gains_protection(person("HENRIK")))
    library.one_night()
    assert forgotten(library.target("koha")) == {library.id_of("HENRIK"): cpr("HENRIK").digits}
    library.nothing_is_left()


def test_no_koha_is_told_to_forget_one_about_whom_the_register_has_not_answered(library: Library) -> None:
    """Until then the record counts as protected, and nobody knows whether it is."""
    double = hears(library, LEAVING_OUT)
    library.enrol("HENRIK")
    library.register.down = RegisterUnavailable("try later")
    library.one_night()
    assert double.calls == []
    library.register.down = None
    library.register.knows(person("HENRIK"))
    library.one_night()
    assert [one.payload is None for one in double.calls] == [False]


def test_an_address_that_waited_is_never_told_after_a_protection(library: Library) -> None:
    double = hears(library)
    double.down = TargetUnavailable("it does not answer")
    library.deliver(MONDAY, moves(person("ANNA"), "ODENSE"))
    library.one_night()
    library.deliver(TUESDAY, gains_protection(moves(person("ANNA"), "ODENSE")))
    library.one_night()
    double.down = None
    library.clock.set_after(WEDNESDAY)
    library.one_night()
    assert all("address" not in (one.payload or {}) for one in double.calls if one.patron_id == library.id_of("ANNA"))
    assert held(double, library, "ANNA")["protected"]


def test_a_target_that_was_down_for_a_week_hears_of_protections_first_and_of_each_patron_in_order(
    library: Library,
) -> None:
    double = hears(library)
    double.down = TargetUnavailable("it does not answer")
    library.deliver(MONDAY, moves(person("ANNA"), "ODENSE"), moves(person("CLARA"), "ODENSE"))
    library.one_night()
    library.deliver(TUESDAY, renames(moves(person("ANNA"), "ODENSE")), gains_protection(person("DAVID")))
    library.one_night()
    double.down = None
    library.clock.set_after(WEDNESDAY + timedelta(days=5))
    library.one_night()
    told = [one.patron_id for one in double.calls]
    assert told[0] == library.id_of("DAVID")
    versions = [one.version for one in double.calls if one.patron_id == library.id_of("ANNA")]
    assert versions == sorted(versions)
    assert len(versions) == 2


@pytest.mark.parametrize("rule", [ProtectedRule.LEAVE_OUT, ProtectedRule.WITHOUT_ADDRESS])
def test_a_target_that_was_down_when_a_protection_began_hears_of_it_whatever_closes_more_of_the_record(
    either_library: Library, rule: ProtectedRule
) -> None:
    library = either_library
    few = EVERYTHING - {OutwardField.ABROAD, OutwardField.STATUS, OutwardField.RIGHTS, OutwardField.GROUP}
    double = hears(library, Target("koha", TargetKind.KOHA, few, rule))
    assert held(double, library, "ANNA")["address"]
    double.down = TargetUnavailable("it does not answer")
    library.deliver(MONDAY, gains_protection(person("ANNA")))
    library.one_night()
    library.deliver(TUESDAY, gains_protection(emigrates(person("ANNA"))))
    library.one_night()
    double.down = None
    library.clock.set_after(WEDNESDAY)
    library.one_night()
    told = held(double, library, "ANNA")
    assert told is None if rule is ProtectedRule.LEAVE_OUT else "address" not in told
    assert library.store.targets.states()[0].backlog.waiting == 0


def test_nobody_hears_later_where_a_patron_lived_with_one_who_stays_and_is_protected(library: Library) -> None:
    """CLARA stays where ANNA lived with her, and is protected when ANNA has moved on."""
    double = hears(library)
    library.deliver(MONDAY, moves(person("ANNA"), "ODENSE"), moves(person("CLARA"), "ODENSE"))
    double.down = TargetUnavailable("it does not answer")
    library.one_night()
    library.deliver(TUESDAY, moves(person("ANNA")), gains_protection(moves(person("CLARA"), "ODENSE")))
    library.one_night()
    double.down = None
    library.clock.set_after(WEDNESDAY)
    library.one_night()
    assert [one.payload["address"]["postcode"] for one in double.calls if one.patron_id == library.id_of("ANNA")] == [
        "8000"
    ]
    assert not [one for one in double.calls if "5220" in str(one.payload)]


def test_one_who_was_left_to_staff_and_is_protected_is_tried_again_and_nobody_has_to_look(library: Library) -> None:
    double = hears(library)
    double.refuses[library.id_of("ANNA")] = Undelivered("unknown_category", final=True)
    library.deliver(MONDAY, moves(person("ANNA"), "ODENSE"))
    library.one_night()
    assert (library.id_of("ANNA"), "target.not_taken") in library.reviews()
    double.refuses.clear()
    library.deliver(TUESDAY, gains_protection(moves(person("ANNA"), "ODENSE")))
    library.one_night()
    assert held(double, library, "ANNA")["protected"]
    states = [row["state"] for row in library.rows("review_item") if row["kind"] == "target.not_taken"]
    assert states == ["settled"]


def test_lost_answers_leave_the_target_with_the_record_and_the_queue_empty(library: Library) -> None:
    seeded = random.Random(4)  # noqa: S311 -- decides which answers are lost, and is no secret
    double = hears(library)
    double.is_lost = lambda: seeded.random() < 0.5
    library.deliver(MONDAY, *(moves(person(key), "ODENSE") for key in ("ANNA", "CLARA", "DAVID")))
    for _ in range(12):
        library.one_night()
    assert {held(double, library, key)["municipality"] for key in ("ANNA", "CLARA", "DAVID")} == {"0461"}
    assert library.store.targets.states()[0].backlog.waiting == 0


def test_one_refused_patron_stops_nobody_and_is_left_to_staff(library: Library) -> None:
    double = hears(library)
    double.refuses[library.id_of("ANNA")] = Undelivered("unknown_category", final=True)
    library.deliver(MONDAY, *(moves(person(key), "ODENSE") for key in ("ANNA", "CLARA")))
    report = library.one_night()
    assert held(double, library, "CLARA")["municipality"] == "0461"
    assert (library.id_of("ANNA"), "target.not_taken") in library.reviews()
    assert report.exit_code == 3


def test_an_address_that_is_shared_with_a_new_protection_is_told_no_more(library: Library) -> None:
    double = hears(library)
    library.deliver(MONDAY, moves(person("ANNA"), "ODENSE"), moves(person("CLARA"), "ODENSE"))
    library.night()
    assert held(double, library, "CLARA")["address"]
    library.deliver(TUESDAY, gains_protection(moves(person("ANNA"), "ODENSE")))
    library.night()
    assert held(double, library, "CLARA")["address"] is None
    assert held(double, library, "CLARA")["withheld"] == ["address"]


def test_a_death_is_told_with_its_status(library: Library) -> None:
    double = hears(library)
    library.deliver(MONDAY, dies(person("ANNA")))
    library.one_night()
    assert held(double, library, "ANNA")["status"] == "dead"


@pytest.mark.parametrize(
    ("rule", "seen"),
    [
        (ProtectedRule.LEAVE_OUT, None),
        (ProtectedRule.FLAG_ONLY, {"patron", "protected", "number", "withheld"}),
    ],
)
def test_a_target_sees_a_protected_patron_as_its_rule_says(
    library: Library, rule: ProtectedRule, seen: set[str] | None
) -> None:
    double = hears(library, Target("other", TargetKind.KOHA, EVERYTHING, rule))
    payload = held(double, library, "BO")
    assert (None if payload is None else set(payload)) == seen


def test_a_payload_holds_no_field_that_the_target_may_not_get(library: Library) -> None:
    double = hears(library, Target("few", TargetKind.KOHA, frozenset({OutwardField.GROUP})))
    assert set(held(double, library, "ANNA")) == {"patron", "protected", "verified", "group"}


LEAVES_OUT = Target("koha", TargetKind.KOHA, EVERYTHING, ProtectedRule.LEAVE_OUT)


def test_a_target_that_is_stopped_still_hears_to_leave_a_protected_patron_out(either_library: Library) -> None:
    library = either_library
    double = hears(library, LEAVES_OUT)
    library.store.targets.stop("koha", "gone")
    library.deliver(MONDAY, gains_protection(person("ANNA")), moves(person("CLARA"), "ODENSE"))
    library.one_night()
    assert held(double, library, "ANNA") is None
    assert library.store.targets.states()[0].stopped is not None


def test_a_stopped_target_loses_one_who_is_protected_and_moves_out_of_what_it_is_for(library: Library) -> None:
    double = hears(library, replace(PLAIN, municipalities=frozenset({"0751"})))
    library.store.targets.stop("koha", "gone")
    moved = moves(person("ANNA"), "ODENSE")
    library.deliver(MONDAY, gains_protection(moved), moves(person("CLARA"), "ODENSE"))
    library.one_night()
    assert held(double, library, "ANNA") is None
    # who only moved away waits until somebody lets the target go on
    assert held(double, library, "CLARA")["municipality"] == "0751"


def test_protections_stop_no_target_that_leaves_the_protected_out(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(target_rules, "GONE_MOST", 1)
    double = hears(library, LEAVES_OUT)
    library.deliver(MONDAY, *(gains_protection(person(key)) for key in ("ANNA", "CLARA", "DAVID")))
    library.one_night()
    assert double.holds == {}
    assert library.store.targets.states()[0].stopped is None


def test_what_was_refused_is_told_anew_with_a_full_load_and_a_protection_gets_through(either_library: Library) -> None:
    library = either_library
    double = hears(library)
    anna = library.id_of("ANNA")
    double.refuses[anna] = Undelivered("unknown_category", final=True)
    library.deliver(MONDAY, moves(person("ANNA"), "ODENSE"))
    library.one_night()
    library.store.targets.load_again("koha")
    library.deliver(TUESDAY, gains_protection(person("CLARA")))
    report = library.one_night()
    assert report.error is None
    assert held(double, library, "CLARA")["protected"]
    assert (anna, "target.not_taken") in library.reviews()
    double.refuses.clear()
    library.store.targets.load_again("koha")
    library.clock.set_after(WEDNESDAY)
    library.one_night()
    assert held(double, library, "ANNA")["municipality"] == "0461"
    assert library.store.targets.states()[0].backlog.failed == 0
    assert library.store.reviews.waiting().get("target.not_taken") is None


def test_a_database_that_is_lost_while_a_target_is_told_is_no_wrong_setting(either_library: Library) -> None:
    library = either_library
    double = hears(library)
    library.deliver(MONDAY, moves(person("ANNA"), "ODENSE"))

    def lose(*_: object, **__: object) -> None:
        raise StoreUnavailable("the database does not answer")

    report = library.one_night(altered(library.store, queues_order=lose))
    assert (report.exit_code, report.failure and report.failure.kind) == (4, "store.unavailable")
    assert not double.calls
    library.night()
    assert held(double, library, "ANNA")["municipality"] == "0461"

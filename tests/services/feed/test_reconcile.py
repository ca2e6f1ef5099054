"""Subscriptions reconciled both ways (decision 10): nothing is lost, and only what is ours is removed."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import pytest
from doubles import MONDAY, TUESDAY, Library
from sqlalchemy import insert, select
from townspeople import cpr, moves, person

from cprsync.domain.patron.local import Local
from cprsync.domain.person.number import CprNumber
from cprsync.domain.policy.policy import Harm, Policy
from cprsync.errors import RegisterRefused, RegisterUnavailable
from cprsync.services.feed.subscriptions import reconcile
from cprsync.services.ports.patrons import NewPatron
from cprsync.store.tables import subscription

if TYPE_CHECKING:
    from cprsync.services.night.report import Report


def generated(count: int) -> list[CprNumber]:
    """Well-formed numbers that fail modulus 11, so that they are nobody's."""
    weights = (4, 3, 2, 7, 6, 5, 4, 3, 2, 1)
    made: list[CprNumber] = []
    day, serial = date(1950, 1, 1), 0
    while len(made) < count:
        digits = f"{day:%d%m%y}{serial % 4000:04}"
        if sum(int(digit) * weight for digit, weight in zip(digits, weights, strict=True)) % 11:
            made.append(CprNumber.parse(digits))
        serial += 7
        day += timedelta(days=1)
        if day.year > 1985:
            day = date(1950, 1, 1)
    return made


def counts(report: Report) -> tuple[int, int, int]:
    told = report.document()["subscriptions"]
    return told["added"], told["removed"], told["kept"]


def leaves(library: Library, key: str) -> None:
    library.store.leaving.leave(library.id_of(key), user="lisbeth")


def test_what_is_missing_there_is_added_again(library: Library) -> None:
    library.register.listed.remove(cpr("ANNA"))
    report = library.night()
    assert (report.exit_code, counts(report)) == (0, (1, 0, 3))
    assert cpr("ANNA") in library.register.listed


def test_a_night_with_equal_lists_calls_nobody(library: Library) -> None:
    library.register.subscribed.clear()
    assert counts(library.night()) == (0, 0, 4)
    assert (library.register.subscribed, library.register.unsubscribed) == ([], [])


def test_a_patron_who_left_is_removed_there_and_not_subscribed_again(library: Library) -> None:
    leaves(library, "ANNA")
    report = library.night()
    assert (report.exit_code, report.state, counts(report)) == (0, "done", (0, 1, 3))
    assert cpr("ANNA") not in library.register.listed


@pytest.mark.parametrize("nights_away", [0, 1])
@pytest.mark.parametrize("shared", [False, True])
def test_a_patron_who_left_and_is_registered_again_is_subscribed_again(
    library: Library, nights_away: int, *, shared: bool
) -> None:
    """With reason and since; and looked up once, since no change was delivered meanwhile."""
    library.shared = shared
    for _ in range(2):
        leaves(library, "ANNA")
        for _ in range(nights_away):
            library.one_night()
        library.clock.moment += timedelta(days=1)
        library.enrol("ANNA")
        library.register.looked_up.clear()
        assert counts(library.night())[:2] == (1, 0)
        assert library.register.looked_up == [cpr("ANNA")]
        assert cpr("ANNA") in library.register.listed
    ours = [row for row in library.store.reconciliation.documents() if row["patron"] == library.id_of("ANNA")]
    today = library.clock.today()
    assert [(row["reason"], row["since"], row["until"]) for row in ours] == [("patron", today.isoformat(), None)]
    leaves(library, "ANNA")
    assert counts(library.night())[1] == 1
    assert cpr("ANNA") not in library.register.listed


def test_an_import_that_names_no_one_who_left_changes_nothing(library: Library) -> None:
    leaves(library, "ANNA")
    before = library.everything()
    library.enrol("BO")
    assert library.everything() == before


def test_on_an_agreement_of_our_own_a_number_without_a_reason_is_removed(library: Library) -> None:
    library.register.listed.add(cpr("EDITH"))
    assert counts(library.night()) == (0, 1, 4)
    assert cpr("EDITH") not in library.register.listed


def test_a_shared_agreement_with_500_foreign_numbers_loses_none(library: Library) -> None:
    library.shared = True
    foreign = set(generated(500))
    library.register.listed |= foreign
    leaves(library, "ANNA")
    assert counts(library.night()) == (0, 1, 3)
    assert library.register.unsubscribed == [cpr("ANNA")]
    assert foreign <= library.register.listed


def test_a_number_that_others_had_first_is_theirs_when_our_reason_ends(library: Library) -> None:
    """The register said "already": from a colleague, or from us when an answer was lost. It stays."""
    library.shared = True
    library.enrol("HENRIK")
    library.register.knows(person("HENRIK"))
    library.register.listed.add(cpr("HENRIK"))
    library.night()
    leaves(library, "HENRIK")
    assert counts(library.night()) == (0, 0, 4)
    assert cpr("HENRIK") in library.register.listed


def test_a_number_that_others_add_after_we_removed_it_is_theirs(library: Library) -> None:
    library.shared = True
    leaves(library, "ANNA")
    library.night()
    library.register.listed.add(cpr("ANNA"))
    assert counts(library.night()) == (0, 0, 3)
    assert cpr("ANNA") in library.register.listed


def test_an_empty_answer_removes_nothing_brakes_the_night_and_heals_it(library: Library) -> None:
    leaves(library, "ANNA")
    library.register.listed.clear()
    library.deliver(MONDAY, moves(person("CLARA")))
    clara = library.record("CLARA")
    report = library.one_night()
    assert (report.exit_code, report.state) == (5, "held")
    assert [(one.harm, one.count, one.limit) for one in report.planned.excess] == [(Harm.UNSUBSCRIBED, 3, 0)]
    assert (library.register.unsubscribed, library.record("CLARA")) == ([], clara)
    assert counts(report) == (3, 0, 0)
    assert library.night().exit_code == 0


@pytest.mark.parametrize(("lost", "stops"), [(1, False), (2, False), (3, True)])
def test_a_shrunken_answer_stops_before_the_first_removal(library: Library, lost: int, *, stops: bool) -> None:
    library.limit(Harm.UNSUBSCRIBED, 2)
    library.register.listed.add(cpr("EDITH"))
    for key in ("ANNA", "BO", "CLARA")[:lost]:
        library.register.listed.remove(cpr(key))
    report = library.one_night()
    assert report.exit_code == (5 if stops else 0)
    assert library.register.unsubscribed == ([] if stops else [cpr("EDITH")])
    assert counts(report)[0] == lost


@pytest.mark.parametrize(("foreign", "stops"), [(1, False), (2, False), (3, True)])
def test_more_removals_than_the_limit_stop_before_the_first(library: Library, foreign: int, *, stops: bool) -> None:
    library.limit(Harm.UNSUBSCRIBED, 2)
    library.register.listed |= set(generated(foreign))
    before = library.rows("subscription")
    assert library.one_night().exit_code == (5 if stops else 0)
    assert len(library.register.unsubscribed) == (0 if stops else foreign)
    assert library.rows("subscription") == before


def test_the_limit_raised_lets_the_removals_through(library: Library) -> None:
    library.register.listed |= set(generated(30))
    assert library.one_night().exit_code == 5
    library.policy = Policy(limits={**library.policy.limits, Harm.UNSUBSCRIBED: library.policy.limits[Harm.CHANGED]})
    assert counts(library.night()) == (0, 30, 4)


def test_a_register_that_does_not_answer_ends_no_subscription(library: Library) -> None:
    leaves(library, "ANNA")
    before = library.rows("subscription")
    library.register.down = RegisterUnavailable("no answer")
    assert library.one_night().exit_code == 4
    assert (library.rows("subscription"), library.register.unsubscribed) == (before, [])


def test_a_number_that_the_register_refuses_is_left_to_a_person(library: Library) -> None:
    library.register.listed.remove(cpr("ANNA"))
    library.register.refuses_to_subscribe[cpr("ANNA")] = RegisterRefused("no", kind="register.refused")
    report = library.one_night()
    assert (report.exit_code, report.counts.left, report.reasons) == (3, 1, {"register.refused": 1})
    assert library.reviews() == [(library.id_of("ANNA"), "parked.register.refused")]
    again = library.one_night()
    assert (again.exit_code, again.counts.left) == (0, 0)
    assert again.closing.reviews_waiting == {"parked.register.refused": 1}


def test_a_number_that_the_register_does_not_let_go_and_nobody_knows_is_said_each_night(library: Library) -> None:
    library.register.listed.add(cpr("IVAN"))
    library.register.refuses_to_unsubscribe[cpr("IVAN")] = RegisterRefused("no", kind="register.refused")
    for _ in range(2):
        report = library.one_night()
        assert (report.exit_code, report.counts.left, report.reasons) == (3, 1, {"register.refused": 1})
    assert library.reviews() == []


def test_an_old_number_is_removed_once_a_file_has_delivered_the_new_one(library: Library) -> None:
    """Decision 6: old and new stay subscribed until then."""
    tenant = library.store._tenant
    library.register.listed.add(cpr("EDITH"))
    with library.engine.begin() as connection:
        row = dict(
            connection.execute(select(subscription).where(subscription.c.patron_id == library.id_of("ANNA")))
            .one()
            ._mapping
        )
        index = tenant.vault.number_index(cpr("EDITH"))
        connection.execute(
            insert(subscription).values(row | {"reason": "old_number", "since": TUESDAY, "number_index": index})
        )
    library.deliver(MONDAY, person("ANNA"))
    assert counts(library.one_night()) == (0, 0, 5)
    library.deliver(TUESDAY, person("ANNA"))
    assert counts(library.one_night()) == (0, 1, 4)
    assert library.register.unsubscribed == [cpr("EDITH")]


def test_two_thousand_of_our_own_are_compared_both_ways(library: Library) -> None:
    """A hundred thousand, with the real mock: tests/sweeps/reconcile.py."""
    ours, store = generated(2000), library.store
    library.limit(Harm.UNSUBSCRIBED, 500)
    created = store.imports.take_patrons([NewPatron(number, Local()) for number in ours])
    run = store.runs.begin(day=library.clock.today(), started=library.clock.now())
    ids = [one.patron_id or "" for one in created]
    store.subscriptions.subscribed(run, list(zip(ids, ours, strict=True)), since=library.clock.today())
    library.register.listed |= set(ours[40:]) | set(generated(2030)[2000:])
    for patron_id in ids[-60:]:
        store.leaving.leave(patron_id, user="lisbeth")
    told = reconcile(library.ports(), apply=True)
    kept = 4 + 2000 - 40 - 60
    assert [told[key] for key in ("kept", "missing", "surplus", "added", "removed")] == [kept, 40, 90, 40, 90]
    assert library.register.listed == {cpr(key) for key in ("ANNA", "BO", "CLARA", "DAVID")} | set(ours[:-60])
    again = reconcile(library.ports(), apply=True)
    assert [again[key] for key in ("kept", "missing", "surplus", "added", "removed")] == [kept + 40, 0, 0, 0, 0]


def test_a_hundred_thousand_numbers_are_compared_in_one_night(library: Library) -> None:
    library.shared = True
    library.register.listed |= set(generated(100_000))
    assert len(library.register.listed) > 100_000
    assert counts(library.one_night()) == (0, 0, 4)


def test_a_comparison_between_two_nights_changes_nothing_until_it_is_applied(library: Library) -> None:
    leaves(library, "ANNA")
    library.register.listed.remove(cpr("BO"))
    before = library.everything()
    told = reconcile(library.ports(), apply=False)
    assert [told[key] for key in ("kept", "missing", "surplus", "added", "removed")] == [2, 1, 1, 0, 0]
    assert (library.everything(), cpr("BO") in library.register.listed) == (before, False)
    told = reconcile(library.ports(), apply=True)
    assert [told[key] for key in ("added", "removed")] == [1, 1]
    assert library.register.listed == {cpr(key) for key in ("BO", "CLARA", "DAVID")}
    assert counts(library.night()) == (0, 0, 3)

"""Two people approve a held plan: the next night writes it, and one harmful change more voids the approval."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from doubles import MONDAY, TUESDAY, WEDNESDAY, Killed, KilledStore, Library, happened, refused, unowned, unreadable
from kills import is_closed, killed, sample
from townspeople import cpr, dies, gains_protection, moves, person, renames
from whole import verify_audit

from cprsync.documents import document_of
from cprsync.domain.deciding.approval import PLAN_SHOWN
from cprsync.domain.desk.confirming import SERVICE
from cprsync.domain.person.person import Status
from cprsync.domain.policy.policy import Harm
from cprsync.errors import ReviewClosed
from cprsync.language.night import approval_lines
from cprsync.services.desk.own import keep_own_of_staff
from cprsync.services.night.approving import approve_plan, list_waiting, make_sure_that_approved, show_plan
from cprsync.services.night.dry_run import plan_night
from cprsync.services.ports.runs import SaidYes
from cprsync.services.trust.keys import Rotating, rotate_keys
from cprsync.store.core.tenant import Transaction

if TYPE_CHECKING:
    from pathlib import Path

    from cprsync.services.night.report import Report

#: What a yes writes.
ITS_OWN = ("plan_yes",)


def over_the_limit(library: Library) -> None:
    """Two die where one is the limit; DAVID is protected as well, which goes through."""
    library.limit(Harm.GONE, 1)
    library.deliver(MONDAY, moves(person("ANNA")), dies(person("CLARA")), dies(gains_protection(person("DAVID"))))


@pytest.fixture
def held(either_library: Library) -> Library:
    over_the_limit(either_library)
    assert either_library.one_night().exit_code == 5
    return either_library


def shown(library: Library, wanted: str = "") -> dict[str, Any]:
    return document_of(show_plan(library.store, agency="775100", now=library.clock.now(), wanted=wanted))


def approve(library: Library, *who: str, plan: str = "", reason: str = "platformen bekræfter") -> dict[str, Any]:
    document: dict[str, Any] = {}
    plan = plan or shown(library)["plan"]
    for one in who:
        said = {"user": one, "reason": reason}
        yes = approve_plan(library.store, agency="775100", now=library.clock.now(), plan=plan, said=said)
        document = document_of(yes)
    return document


def apart_from_approval(library: Library) -> dict[str, Any]:
    left = unowned(library.everything(), "plan_yes", "plan_mark")
    # what two people have approved is not counted beside the day's answers
    left["agreement"] = [row | {"heal_day": None, "heal_asked": None, "heal_harms": None} for row in left["agreement"]]
    return left


# -- approving -----------------------------------------------------------------------------------------------


def test_a_held_plan_is_shown_by_counts_numbers_and_kinds(held: Library) -> None:
    document = shown(held)
    assert (document["waits"], document["approved"], document["approved_by"]) == (True, False, [])
    assert [one.classes for one in list_waiting(held.store, held.clock.now())] == [("gone",)]
    assert document["classes"] == [{"class": "gone", "count": 2, "limit": 1}]
    assert document["harm"] == {"changed": 3, "entitlement_lost": 2, "gone": 2}
    assert document["actions"] == {"die": 2, "move": 1}
    assert document["changes"][0] == {"patron": held.id_of("ANNA"), "actions": ["move"], "harm": ["changed"]}
    assert shown(held, document["plan"]) == shown(held, str(document["run"])) == document


def test_a_protection_that_goes_through_stands_in_the_plan_until_it_is_written(library: Library) -> None:
    library.limit(Harm.GONE, 1)
    library.deliver(
        MONDAY, gains_protection(person("ANNA")), dies(person("CLARA")), dies(gains_protection(person("DAVID")))
    )
    would = Counter(action for row in plan_night(library.ports()).plan_rows() for action in row["actions"])
    assert would == {"die": 2, "protect": 2}
    library.one_night()
    document = shown(library)
    assert (document["actions"], document["let_through"]["protect"], document["patrons"]) == ({"die": 2}, 2, 2)


def test_the_plan_of_a_night_that_was_held_before_is_shown_and_no_longer_waits(held: Library) -> None:
    first = shown(held)
    held.one_night()
    earlier = shown(held, str(first["run"]))
    assert (earlier["plan"], earlier["waits"]) == (first["plan"], False)
    assert refused(held, lambda: approve(held, "anna", plan="sha256:none")) == "plan.unknown"
    for wanted in ("999", "sha256:none", "9" * 40):
        assert refused(held, lambda: shown(held, wanted)) == "plan.unknown"  # noqa: B023 -- called at once


def test_two_people_approve_and_the_next_night_writes_the_plan(held: Library) -> None:
    assert approve(held, "anna")["approved"] is False
    document = approve(held, "bo")
    assert document["approved"] is True
    assert [one["who"] for one in document["approved_by"]] == ["anna", "bo"]
    report = held.one_night()
    assert (report.exit_code, report.state) == (3, "done")  # two blocks are proposed
    assert report.document()["approved_by"] == ["anna", "bo"]
    assert report.document()["approval"]["fate"] == "applied"
    assert held.record("CLARA").status is Status.DEAD
    assert held.record("DAVID").status is Status.DEAD
    assert held.store.runs.document(report.run.id)["approved_by"] == ["anna", "bo"]  # type: ignore[index]  # it is there
    assert held.store.runs.document(report.run.id - 1)["approved_by"] == ["anna", "bo"]  # type: ignore[index]  # too
    assert shown(held)["plan"] is None
    held.nothing_is_left()


def test_the_approved_night_ends_as_one_that_no_limit_stopped(held: Library, tmp_path: Path) -> None:
    if held.engine.dialect.name != "sqlite":
        pytest.skip("the copy beside it is of a file")
    other = held.copy(tmp_path / "no limit")
    other.limit(Harm.GONE, 9)
    other.one_night()
    approve(held, "anna", "bo")
    held.one_night()
    assert apart_from_approval(held) == apart_from_approval(other)
    other.engine.dispose()


def test_both_yeses_and_the_writing_are_in_the_audit_with_sealed_reasons(held: Library) -> None:
    approve(held, "anna", "bo", reason="ordet står ikke i klar tekst")
    held.one_night()
    everything = held.everything()
    assert happened(everything)["plan", None] == 3
    entries = [bytes.fromhex(row["entry"]).decode() for row in everything["audit"]]
    assert not [one for one in entries if "klar tekst" in one]
    assert len([one for one in entries if "reason_sha256" in one]) == 2
    verify_audit(held.store)


@pytest.mark.parametrize(
    ("second", "kind"),
    [
        ("anna", "plan.same_person"),
        ("Anna", "plan.same_person"),
        ("anna (portal)", "plan.same_person"),
        ("a.holm", "plan.same_person"),
        (SERVICE, "plan.nobody"),
    ],
)
def test_the_second_person_is_another_one(library: Library, second: str, kind: str) -> None:
    over_the_limit(library)
    library.one_night()
    for user in ("anna", "a.holm"):
        keep_own_of_staff(library.store, user, named_by="patron", named=library.id_of("BO"))
    approve(library, "anna")
    assert refused(library, lambda: approve(library, second)) == kind
    before = apart_from_approval(library)
    assert library.one_night().document()["approval"]["fate"] == "waits"
    assert apart_from_approval(library) == before


def test_a_yes_needs_a_reason_and_a_third_is_not_needed(library: Library) -> None:
    over_the_limit(library)
    library.one_night()
    assert refused(library, lambda: approve(library, "anna", reason=" ")) == "usage.reason"
    assert refused(library, lambda: approve(library, "anna", reason="for 010101-0101")) == "input.reason"
    approve(library, "anna", "bo")
    assert refused(library, lambda: approve(library, "clara")) == "plan.approved"


def test_a_night_that_is_not_held_cannot_be_approved(library: Library) -> None:
    library.one_night()
    assert shown(library) == {
        "agency": "775100",
        "run": None,
        "plan": None,
        "waits": False,
        "approved_by": [],
        "unbound": [],
        "approved": False,
    }
    assert refused(library, lambda: approve(library, "anna", plan="sha256:none")) == "plan.none"


# -- what the next night makes of it --------------------------------------------------------------------------


def assert_held_again(library: Library, report: Report, fate: str) -> None:
    assert (report.exit_code, report.state) == (5, "held")
    document = report.document()
    assert (document["approval"]["fate"], document["approved_by"]) == (fate, [])
    assert library.record("CLARA") == person("CLARA")


def test_an_approval_runs_out_after_four_hours(held: Library) -> None:
    approve(held, "anna")
    held.clock.moment += timedelta(hours=9)
    approve(held, "bo")
    held.clock.moment += timedelta(hours=4)
    plan = shown(held)["plan"]
    assert refused(held, lambda: make_sure_that_approved(held.store, plan, now=held.clock.now())) == "plan.ran_out"
    assert_held_again(held, held.one_night(), "ran_out")
    approve(held, "bo", "anna")
    held.clock.moment += timedelta(hours=4, seconds=-1)
    make_sure_that_approved(held.store, shown(held)["plan"], now=held.clock.now())
    assert held.one_night().state == "done"


def test_one_harmful_change_more_voids_the_approval_and_is_named(held: Library) -> None:
    held.deliver(TUESDAY, renames(gains_protection(person("BO"))))
    approve(held, "anna", "bo")
    report = held.one_night()
    assert_held_again(held, report, "added")
    assert report.document()["approval"]["added"] == 1
    assert [row["patron"] for row in report.document()["plan"] if row.get("new")] == [held.id_of("BO")]
    assert report.failure is not None
    assert report.failure.kind == "run.braked"
    # what has come together since is approved as one plan
    approve(held, "anna", "bo")
    assert held.one_night().state == "done"
    assert held.record("BO") == renames(gains_protection(person("BO")))
    assert held.record("CLARA").status is Status.DEAD


def test_an_approval_that_has_run_out_says_what_was_added_since_and_which_plan_is_approved_now(
    library: Library,
) -> None:
    over_the_limit(library)
    library.one_night()
    approve(library, "anna", "bo")
    library.clock.moment += timedelta(hours=4)
    library.deliver(TUESDAY, dies(person("BO")))
    report = library.one_night()
    assert_held_again(library, report, "ran_out")
    document, now = report.document(), shown(library)
    assert [row["patron"] for row in document["plan"] if row.get("new")] == [library.id_of("BO")]
    assert (now["void"]["by"], now["void"]["added"]) == (["anna", "bo"], 1)
    lines = "\n".join(approval_lines(document, document["approval"], "en"))
    assert f"Two people approve again, now the plan {now['plan'][:PLAN_SHOWN]}." in lines
    assert "More has been added too, of 1 patron." in lines


def test_another_change_of_an_approved_patron_voids_it_too(library: Library) -> None:
    over_the_limit(library)
    library.one_night()
    library.deliver(TUESDAY, moves(person("ANNA"), "ODENSE"))
    approve(library, "anna", "bo")
    report = library.one_night()
    assert_held_again(library, report, "added")
    assert [row["patron"] for row in report.document()["plan"] if row.get("new")] == [library.id_of("ANNA")]


def test_what_does_no_harm_comes_along_two_nights_later(held: Library) -> None:
    approve(held, "anna")
    held.deliver(TUESDAY, person("BO"))
    held.one_night()
    held.deliver(WEDNESDAY, person("EDITH"), gains_protection(person("BO")))
    held.one_night()
    assert [one["who"] for one in shown(held)["approved_by"]] == ["anna"]
    approve(held, "bo")
    held.enrol("HENRIK")
    held.register.knows(person("HENRIK"))
    report = held.night()
    assert report.state == "done"
    assert held.record("HENRIK") == person("HENRIK")
    assert held.record("DAVID").status is Status.DEAD


def test_less_than_was_approved_is_written(library: Library) -> None:
    library.limit(Harm.GONE, 0)
    library.deliver(MONDAY, dies(person("CLARA")), dies(person("DAVID")))
    library.one_night()
    approve(library, "anna", "bo")
    library.store.erasing.erase(library.id_of("DAVID"), user="anna", reason="bedt om det")
    assert library.one_night().state == "done"
    assert library.record("CLARA").status is Status.DEAD


def test_a_record_that_the_desk_has_written_since_is_not_what_was_approved(library: Library) -> None:
    over_the_limit(library)
    library.one_night()
    approve(library, "anna", "bo")
    patron = library.id_of("ANNA")
    library.store.queues  # noqa: B018 -- the desk's port is there
    with library.engine.begin() as connection:
        from cprsync.store.records.records import move_on, patron_row

        row = patron_row(Transaction(connection, library.store._tenant), patron, hold=True)
        assert row is not None
        move_on(Transaction(connection, library.store._tenant), row)
    report = library.one_night()
    assert_held_again(library, report, "added")
    assert [row["patron"] for row in report.document()["plan"] if row.get("new")] == [patron]


def test_a_dry_run_says_that_the_plan_is_approved_and_writes_nothing(library: Library) -> None:
    over_the_limit(library)
    library.one_night()
    approve(library, "anna", "bo")
    before = library.everything()
    report = plan_night(library.ports())
    assert (report.exit_code, report.state) == (3, "planned")
    assert report.document()["approval"]["fate"] == "applied"
    assert library.everything() == before
    assert shown(library)["approved"]


def test_sync_may_demand_the_approved_plan(library: Library) -> None:
    over_the_limit(library)
    library.one_night()
    plan = shown(library)["plan"]

    def demand(of: str = plan) -> None:
        make_sure_that_approved(library.store, of, now=library.clock.now())

    assert refused(library, demand) == "plan.not_approved"
    approve(library, "anna")
    assert refused(library, demand) == "plan.not_approved"
    approve(library, "bo")
    demand()
    assert refused(library, lambda: demand("sha256:another")) == "plan.unknown"
    library.one_night()
    assert refused(library, demand) == "plan.none"


# -- a yes follows the plan --------------------------------------------------------------------------------------


def said_yes(library: Library) -> list[str]:
    return [one["who"] for one in shown(library)["approved_by"]]


def test_a_plan_keeps_its_hash_when_it_is_held_again_though_the_first_run_has_written_a_protection(
    held: Library,
) -> None:
    first = shown(held)
    assert first["let_through"] == {"protect": 1, "stop_letters": 2}
    for _ in range(2):
        held.clock.moment += timedelta(hours=3)
        held.one_night()
        assert shown(held)["plan"] == first["plan"]
        assert shown(held)["run"] != first["run"]


def test_a_first_yes_counts_on_when_the_same_plan_is_held_again(held: Library) -> None:
    plan = shown(held)["plan"]
    approve(held, "anna")
    for _ in range(3):
        report = held.one_night()
        assert report.document()["approval"]["fate"] == "waits"
        assert said_yes(held) == ["anna"]
    assert refused(held, lambda: approve(held, "anna")) == "plan.same_person"
    assert approve(held, "bo", plan=plan)["approved"]
    assert held.one_night().document()["approved_by"] == ["anna", "bo"]
    assert held.record("CLARA").status is Status.DEAD
    verify_audit(held.store)


def test_a_yes_that_is_given_while_the_next_run_is_on_counts_for_that_run(held: Library) -> None:
    close = held.store.runs.close

    def close_late(*some: Any, **named: Any) -> None:
        approve(held, "anna")
        close(*some, **named)

    held.store.runs.close = close_late  # type: ignore[method-assign]  # a person is in between
    try:
        held.one_night()
    finally:
        held.store.runs.close = close  # type: ignore[method-assign]  # as it was
    assert said_yes(held) == ["anna"]


def test_a_yes_to_a_plan_that_a_later_run_has_replaced_is_refused(held: Library) -> None:
    plan, waiting = shown(held)["plan"], held.store.approvals.waiting()
    held.one_night()
    said = SaidYes(waiting[0], "anna", "set efter", held.clock.now(), after=0)
    before = held.everything()
    with pytest.raises(ReviewClosed) as error:
        held.store.approvals.say_yes(said)
    assert (error.value.kind, held.everything()) == ("plan.changed", before)
    assert approve(held, "anna", plan=plan)["run"] == waiting[0].id + 1


def test_one_addition_voids_a_first_yes_and_every_later_night_names_whose(held: Library) -> None:
    plan, run = shown(held)["plan"], shown(held)["run"]
    approve(held, "anna")
    held.deliver(TUESDAY, renames(gains_protection(person("BO"))))
    report = held.one_night()
    assert_held_again(held, report, "added")
    assert shown(held)["plan"] != plan
    for _ in range(2):
        void = {"run": run, "by": ["anna"], "added": 1, "beside": {}}
        assert (shown(held)["void"], said_yes(held)) == (void, [])
        assert document_of(list_waiting(held.store, held.clock.now())[0])["void"] == void
        held.one_night()
    # neither the new yes of one nor the old one of the other is enough
    approve(held, "bo")
    assert held.one_night().state == "held"
    assert held.record("CLARA") == person("CLARA")
    approve(held, "anna")
    assert shown(held)["void"] is None
    assert held.one_night().state == "done"


def test_an_addition_of_the_third_run_voids_a_yes_that_has_followed_to_the_second(held: Library) -> None:
    approve(held, "anna")
    held.one_night()
    held.deliver(TUESDAY, renames(gains_protection(person("BO"))))
    approve(held, "bo")
    assert_held_again(held, held.one_night(), "added")
    assert shown(held)["void"]["by"] == ["anna", "bo"]
    assert held.one_night().state == "held"


def test_a_yes_follows_a_plan_that_does_less_under_another_hash(library: Library) -> None:
    library.limit(Harm.UNSUBSCRIBED, 0)
    library.register.listed |= {cpr("OSCAR"), cpr("NINA")}
    library.one_night()
    plan = shown(library)["plan"]
    approve(library, "anna")
    library.register.listed.remove(cpr("NINA"))
    library.one_night()
    assert shown(library)["plan"] != plan
    assert said_yes(library) == ["anna"]


def test_an_approval_that_has_run_out_follows_no_more_than_itself(held: Library) -> None:
    approve(held, "anna", "bo")
    held.clock.moment += timedelta(hours=4)
    for _ in range(2):
        assert_held_again(held, held.one_night(), "ran_out")
        assert said_yes(held) == []


def test_a_held_night_killed_anywhere_keeps_the_first_yes(library: Library, tmp_path: Path) -> None:
    library.limit(Harm.PARKED, 1)
    library.deliver(MONDAY, gains_protection(person("ANNA")), unreadable("BO"), unreadable("CLARA"))
    over_the_limit(library)
    library.one_night()
    plan = shown(library)["plan"]
    approve(library, "anna")
    whole = library.copy(tmp_path / "whole")
    counting = KilledStore(whole.store, at=0)
    whole.one_night(counting)
    for other in killed(library, tmp_path, sample(counting.writes)):
        if not is_closed(other, 2):
            other.one_night()
        assert (shown(other)["plan"], said_yes(other)) == (plan, ["anna"])
    whole.engine.dispose()


# -- what a limit counts beside the changes ----------------------------------------------------------------------


def test_too_many_parked_are_approved_one_by_one(library: Library) -> None:
    library.limit(Harm.PARKED, 1)
    library.deliver(MONDAY, moves(person("ANNA")), unreadable("BO"), unreadable("CLARA"), unreadable(None))
    library.one_night()
    plan = shown(library)["plan"]
    library.deliver(TUESDAY, unreadable(None))
    approve(library, "anna", "bo")
    report = library.one_night()
    assert shown(library)["plan"] != plan
    assert report.document()["approval"]["beside"] == {"parked": 1}
    approve(library, "anna", "bo")
    assert library.one_night().document()["parked"] == 4
    assert library.record("ANNA") == moves(person("ANNA"))


def test_subscriptions_that_end_are_approved_one_by_one(library: Library) -> None:
    library.limit(Harm.UNSUBSCRIBED, 0)
    library.register.listed |= {cpr("OSCAR"), cpr("NINA")}
    library.one_night()
    approve(library, "anna", "bo")
    plan = shown(library)["plan"]
    library.register.listed |= {cpr("MOGENS")}
    report = library.one_night()
    assert shown(library)["plan"] != plan
    assert report.document()["approval"]["beside"] == {"unsubscribed": 1}
    assert library.register.unsubscribed == []
    approve(library, "anna", "bo")
    assert library.one_night().document()["subscriptions"]["removed"] == 3
    assert sorted(library.register.unsubscribed) == sorted([cpr("OSCAR"), cpr("NINA"), cpr("MOGENS")])
    library.nothing_is_left()


# -- killed anywhere -------------------------------------------------------------------------------------------------


def test_an_approved_night_killed_anywhere_ends_as_one_that_was_not(library: Library, tmp_path: Path) -> None:
    """Also if the approval has run out by then: the night had begun."""
    library.batch = 2
    over_the_limit(library)
    library.one_night()
    approve(library, "anna", "bo")
    whole = library.copy(tmp_path / "whole")
    counting = KilledStore(whole.store, at=0)
    whole.one_night(counting)
    begun = 0
    for other in killed(library, tmp_path, sample(counting.writes)):
        if not is_closed(other, 3):
            is_late = other.rows("run")[-1]["approved_run"] is not None
            begun += is_late
            moment, late = other.clock.moment, timedelta(hours=5 * is_late)
            other.clock.moment += late
            report = other.one_night()
            assert (report.state, report.document()["approved_by"]) == ("done", ["anna", "bo"])
            other.clock.moment = moment
        # what was approved takes nothing of the limits from the day's answers
        assert other.store.windows.asked_today().harms == {}
        assert records(other) == records(whole)
        assert other.store.runs.document(3)["approved_by"] == ["anna", "bo"]  # type: ignore[index]  # it is there
        other.nothing_is_left()
    assert begun
    whole.engine.dispose()


class KilledAtBatch(KilledStore):
    """The real store, which dies when its n-th batch of changes is committed."""

    WRITES = frozenset({"patrons.write"})


def killed_while_it_wrote_what_was_approved(library: Library, at: int) -> None:
    library.batch = 1
    over_the_limit(library)
    library.one_night()
    approve(library, "anna", "bo")
    with pytest.raises(Killed):
        library.one_night(KilledAtBatch(library.store, at=at))


def test_a_begun_night_that_goes_on_with_more_is_held_and_says_whose_yeses_no_longer_count(library: Library) -> None:
    killed_while_it_wrote_what_was_approved(library, at=1)
    library.deliver(TUESDAY, dies(person("BO")))
    report = library.one_night()
    assert_held_again(library, report, "added")
    void = {"run": report.run.id - 1, "by": ["anna", "bo"], "added": 1, "beside": {}}
    assert report.document()["brake"]["void"].items() >= void.items()
    assert shown(library)["void"] == void
    assert [document_of(one)["void"] for one in list_waiting(library.store, library.clock.now())] == [void]
    approve(library, "anna", "bo")
    assert library.one_night().state == "done"
    assert library.record("BO").status is Status.DEAD


def test_a_begun_night_that_goes_on_with_more_within_the_limits_counts_it_and_says_who_approved_the_rest(
    library: Library,
) -> None:
    killed_while_it_wrote_what_was_approved(library, at=3)
    library.deliver(TUESDAY, dies(person("BO")))
    report = library.one_night()
    assert (report.state, report.document()["approved_by"]) == ("done", ["anna", "bo"])
    assert library.record("BO").status is Status.DEAD
    assert library.store.windows.asked_today().harms[Harm.GONE] == 1


def records(library: Library) -> list[Any]:
    """What each patron has, and the versions; not the moments."""
    rows = library.rows("patron")
    return [(row["id"], row["version"], row["register_blob"], row["letters_stopped"]) for row in rows]


# -- what names a plan -------------------------------------------------------------------------------------------------


def test_a_plan_is_named_by_as_much_of_its_hash_as_the_status_shows(held: Library) -> None:
    plan = shown(held)["plan"]
    assert shown(held, plan[:15])["plan"] == plan
    assert approve(held, "anna", plan=plan[:15])["approved_by"][0]["who"] == "anna"
    assert refused(held, lambda: approve(held, "bo", plan=plan[:14])) == "plan.unknown"
    assert refused(held, lambda: approve(held, "bo", plan=f"{plan[:15]}x")) == "plan.unknown"


def test_a_key_that_an_approved_plan_is_named_with_is_not_replaced(held: Library) -> None:
    """The next night would say that more was added, and nothing was."""
    how = Rotating("olga", sleep=lambda _: None, monotonic=lambda: 0.0, now=held.clock.now)
    rotate_keys([held.store], ["index"], how)
    plan = approve(held, "anna")["plan"]
    for every in (["fingerprint"], ["seal", "fingerprint"]):
        assert refused(held, lambda every=every: rotate_keys([held.store], every, how)) == "keys.approved"
    approve(held, "bo", plan=plan)
    assert refused(held, lambda: rotate_keys([held.store], ["fingerprint"], how)) == "keys.approved"
    assert held.one_night().state == "done"
    (done,) = rotate_keys([held.store], ["fingerprint"], how)["rotated"]
    assert done["rows"] > 0


def test_an_approval_that_has_run_out_stops_no_rotation(held: Library) -> None:
    approve(held, "anna", "bo")
    held.clock.moment += timedelta(hours=4)
    how = Rotating("olga", sleep=lambda _: None, monotonic=lambda: 0.0, now=held.clock.now)
    assert rotate_keys([held.store], ["fingerprint"], how)["rotated"][0]["purpose"] == "fingerprint"

"""A dry run decides as the night does, and leaves no record and no run; in the audit only whom it looked up."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from doubles import MONDAY, TUESDAY, WEDNESDAY, FileDouble, Killed, Library, happened, unreadable
from test_night_statuses import of_status
from townspeople import cpr, dies, gains_protection, loses_protection, moves, person, renames
from whole import verify_audit

from cprsync.domain.patron.review import State
from cprsync.domain.person.person import Status
from cprsync.domain.policy.policy import Harm, Limit
from cprsync.errors import RegisterUnavailable
from cprsync.language.night import report_lines
from cprsync.services.night.dry_run import PlanStore, plan_night
from cprsync.services.night.run import run_night
from cprsync.services.ports.desk import GivenAnswer

if TYPE_CHECKING:
    from cprsync.catalogues import Language
    from cprsync.domain.person.person import Person
    from cprsync.services.night.report import Report


def planned(library: Library) -> Report:
    """A dry run, after which the store holds what it held."""
    before = library.everything()
    calls = len(library.register.looked_up), len(library.register.subscribed)
    report = plan_night(library.ports())
    assert library.everything() == before
    assert (len(library.register.looked_up), len(library.register.subscribed)) == calls
    assert library.register.unsubscribed == []
    return report


def test_a_dry_run_plans_what_the_night_then_does(library: Library) -> None:
    library.deliver(MONDAY, moves(person("ANNA")), dies(person("CLARA")), person("EDITH"))
    plan = planned(library).document()
    assert (plan["run"], plan["state"], plan["exit"]) == (None, "planned", 3), "a block is proposed for CLARA"
    report = library.night()
    lived = report.document()
    for told in ("received", "applied", "unchanged", "not_ours", "parked", "held", "actions", "reasons", "exit"):
        assert plan[told] == lived[told]
    assert [row["patron"] for row in plan["plan"]] == [library.id_of("ANNA"), library.id_of("CLARA")]


@pytest.mark.parametrize(("language", "says"), [("da", "kun planlagt"), ("en", "only planned")])
def test_what_is_only_planned_is_shown_as_no_run(library: Library, language: Language, says: str) -> None:
    library.deliver(MONDAY, moves(person("ANNA")))
    title = next(iter(report_lines(planned(library).document(), language)))
    assert says in title
    assert "None" not in title


def test_a_plan_has_the_hash_of_the_night_and_no_value(library: Library) -> None:
    library.deliver(MONDAY, moves(person("ANNA")))
    plan = planned(library).plan_document()
    assert plan["hash"] == library.one_night().planned.hash
    told = json.dumps(plan, ensure_ascii=False)
    assert cpr("ANNA").digits not in told
    assert moves(person("ANNA")).name.addressing not in told  # type: ignore[union-attr]  # known


def test_a_dry_run_of_someone_who_would_be_parked_exits_3(library: Library) -> None:
    library.deliver(MONDAY, unreadable("ANNA"))
    assert planned(library).exit_code == 3


@pytest.mark.parametrize(("limit", "code"), [(3, 0), (2, 0), (1, 5)])
@pytest.mark.parametrize("harm", [Harm.GONE, Harm.CHANGED, Harm.NAME_REPLACED, Harm.ENTITLEMENT_LOST])
def test_a_dry_run_exits_5_when_one_more_than_the_limit_is_harmed(
    library: Library, harm: Harm, limit: int, code: int
) -> None:
    """Two are harmed: the limit stands one above, at, and one below. Deaths that go through propose a block each."""
    event = renames if harm in {Harm.NAME_REPLACED, Harm.CHANGED} else dies
    library.limit(harm, limit)
    library.deliver(MONDAY, event(person("ANNA")), event(person("CLARA")))
    report = planned(library)
    code = code or (3 if event is dies else 0)
    assert (report.exit_code, report.state) == (code, "planned")
    assert [(one.harm, one.count, one.limit) for one in report.planned.excess] == ([(harm, 2, 1)] if code == 5 else [])
    assert library.one_night().exit_code == code


def test_a_dry_run_counts_subscriptions_and_changes_none(library: Library) -> None:
    library.register.listed.remove(cpr("ANNA"))
    library.register.listed.add(cpr("EDITH"))
    library.enrol("HENRIK")
    told = planned(library).document()["subscriptions"]
    assert (told["added"], told["removed"]) == (2, 1)
    assert cpr("EDITH") in library.register.listed


def asked(library: Library, *, about: int = 1) -> Report:
    """A dry run that looks people up: an entry in the audit for each, and nothing else."""
    before = library.everything()
    report = plan_night(library.ports())
    after = library.everything()
    written = {table for table, rows in after.items() if rows != before[table]}
    assert written <= {"audit", "audit_head"}
    verify_audit(library.store)
    new = happened(after) - happened(before)
    assert all(entry[0] == "lookup" for entry in new)
    assert new.total() == about
    return report


def test_a_protection_that_ends_is_planned_as_the_night_lifts_it(library: Library) -> None:
    library.limit(Harm.PROTECTION_LIFTED, 0)
    library.register.knows(loses_protection(person("BO")))
    library.deliver(MONDAY, loses_protection(person("BO")))
    report = asked(library)
    assert [(one.harm, one.count, one.limit) for one in report.planned.excess] == [(Harm.PROTECTION_LIFTED, 1, 0)]
    assert (report.exit_code, report.document()["plan"][0]["harm"]) == (5, ["protection_lifted"])
    assert report.planned.hash == library.one_night().planned.hash


def test_a_protection_that_the_register_still_knows_of_stays_in_the_plan(library: Library) -> None:
    library.register.knows(gains_protection(person("BO")))
    library.deliver(MONDAY, loses_protection(person("BO")))
    report = asked(library)
    assert (report.exit_code, report.document()["plan"]) == (3, [])


def test_a_dry_run_without_an_answer_says_so(library: Library) -> None:
    library.register.failures[cpr("BO")] = RegisterUnavailable("no answer")
    library.deliver(MONDAY, loses_protection(person("BO")))
    assert asked(library).exit_code == 4


def test_a_dry_run_asks_the_questions_that_are_open(library: Library) -> None:
    library.register.failures[cpr("BO")] = RegisterUnavailable("no answer")
    library.deliver(MONDAY, loses_protection(person("BO")))
    assert library.one_night().exit_code == 4
    library.register.failures.clear()
    library.register.knows(loses_protection(person("BO")))
    assert asked(library).document()["plan"][0]["actions"] == ["unprotect"]
    assert library.questions() == [(library.id_of("BO"), "protection_end")]


# -- every status, there and back ------------------------------------------------------------------------

TOLD = ("received", "applied", "unchanged", "not_ours", "parked", "held", "actions", "reasons", "reviews", "exit")
THURSDAY = WEDNESDAY + timedelta(days=1)
#: The statuses that a delivery may tell of someone who lives.
STATUSES = [status for status in Status if status is not Status.RESIDENT]


def as_planned(library: Library) -> Report:
    """A night that does what a dry run has just told."""
    plan = plan_night(library.ports())
    lived = library.one_night()
    told, done = plan.document(), lived.document()
    assert {name: told[name] for name in TOLD} == {name: done[name] for name in TOLD}
    assert plan.planned.hash == lived.planned.hash
    assert (plan.counts.left, plan.closing.proposed) == (lived.counts.left, lived.closing.proposed)
    return lived


def answer_all(library: Library, state: State) -> None:
    for item in library.store.review_desk.items(all_states=False):
        library.store.review_desk.write(GivenAnswer(item, state, "lone"))


@pytest.fixture
def living(library: Library) -> list[Person]:
    """A patron for each of the statuses, who lives here. No limit holds the night in which all of them go."""
    keys = ("ANNA", "CLARA", "DAVID", "EDITH", "FINN", "GRETHE", "HENRIK", "JOHANNE", "LAURA", "MOGENS")
    found = [person("ANNA", number=cpr(key)) for key, _ in zip(keys, STATUSES, strict=True)]
    library.policy = replace(library.policy, limits=dict.fromkeys(Harm, Limit(len(keys), 0.0)))
    library.enrol(*keys[3:])
    library.register.knows(*found)
    library.one_night()
    return found


def gone(living: list[Person]) -> list[Person]:
    """Each with a status of their own."""
    return [of_status(status.value, number=one.number) for one, status in zip(living, STATUSES, strict=True)]


@pytest.mark.parametrize("answer", [None, State.ACCEPTED, State.REJECTED])
def test_a_dry_run_foresees_each_status_there_back_and_there_again(
    library: Library, living: list[Person], answer: State | None
) -> None:
    """With what waits, what was accepted and what was rejected: a block is proposed once, and its end only when due.

    The hash of the plan and of the night is of what is decided of each.
    """
    for day, some in ((MONDAY, gone(living)), (TUESDAY, living), (WEDNESDAY, gone(living))):
        library.deliver(day, *some)
        lived = as_planned(library)
        assert (lived.received, lived.held) == (len(living), False)
        if answer is not None:
            answer_all(library, answer)
    library.deliver(THURSDAY, *living)
    as_planned(library)


def test_a_dry_run_foresees_two_deliveries_of_one_night(library: Library, living: list[Person]) -> None:
    library.deliver(MONDAY, *gone(living))
    library.deliver(TUESDAY, *living)
    as_planned(library)
    library.deliver(WEDNESDAY, *(of_status("90", number=one.number) for one in living))
    library.deliver(THURSDAY, *gone(living))
    as_planned(library)


def test_a_dry_run_foresees_who_is_no_longer_parked(library: Library) -> None:
    library.deliver(MONDAY, unreadable("ANNA"))
    assert as_planned(library).document()["reviews"]["waiting"] == 1
    library.deliver(TUESDAY, unreadable("ANNA"))
    assert as_planned(library).document()["reviews"]["waiting"] == 1
    library.deliver(WEDNESDAY, person("ANNA"))
    assert as_planned(library).document()["reviews"]["waiting"] == 0


def test_a_file_that_is_planned_stays_where_it_arrived_though_files_are_to_be_deleted(
    either_library: Library,
) -> None:
    done: list[str] = []

    class Deleted(FileDouble):
        def done(self) -> None:
            done.append(self.name)

    file = either_library.deliver(MONDAY, moves(person("ANNA")))
    either_library.feed.files[file.name] = Deleted(file.name, file.token)
    for _ in range(2):
        assert planned(either_library).document()["actions"] == {"move": 1}
    assert done == []
    assert either_library.night().document()["actions"] == {"move": 1}
    assert set(done) == {file.name}


def test_a_plan_that_was_killed_leaves_nothing_that_a_night_takes(either_library: Library) -> None:
    """The night finds the file where it arrived; what the plan had sealed of it goes before."""
    either_library.deliver(MONDAY, moves(person("ANNA")))
    before = either_library.everything()

    def die(*_: object) -> str:
        raise Killed

    dies: Any = PlanStore(either_library.store)
    dies.runs.lock, dies.runs.save_plan = either_library.store.runs.lock, die
    with pytest.raises(Killed):
        run_night(replace(either_library.ports(), store=dies), foresee=dies.reviews.foresee)
    assert [row["state"] for row in either_library.rows("inbox")[len(before["inbox"]) :]] == ["receiving"]
    assert either_library.store.inbox.waiting() == []
    assert either_library.night().document()["actions"] == {"move": 1}
    assert "receiving" not in {row["state"] for row in either_library.rows("inbox")}


def test_a_damaged_file_that_is_planned_is_refused_and_not_kept(either_library: Library) -> None:
    either_library.damage(MONDAY)
    report = planned(either_library)
    assert (report.exit_code, report.error and report.error.kind) == (1, "delivery.damaged")
    assert either_library.one_night().exit_code == 1
    assert planned(either_library).exit_code == 1

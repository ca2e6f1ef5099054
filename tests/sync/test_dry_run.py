"""A dry run decides as the night does, and leaves no record, run or audit entry."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from doubles import MONDAY, Library, unreadable
from townspeople import cpr, dies, moves, person, renames

from cprsync.domain.policy import Harm
from cprsync.sync.dry_run import plan_night

if TYPE_CHECKING:
    from cprsync.sync.report import Report


def planned(library: Library) -> Report:
    """A dry run, after which the store holds what it held, and what is sealed."""
    before = library.everything()
    calls = len(library.register.looked_up), len(library.register.subscribed)
    report = plan_night(library.ports())
    after = library.everything()
    sealed = ("inbox", "inbox_chunk")
    assert {t: rows for t, rows in after.items() if t not in sealed} == {
        t: rows for t, rows in before.items() if t not in sealed
    }
    assert (len(library.register.looked_up), len(library.register.subscribed)) == calls
    assert library.register.unsubscribed == []
    return report


def test_a_dry_run_plans_what_the_night_then_does(library: Library) -> None:
    library.deliver(MONDAY, moves(person("ANNA")), dies(person("CLARA")), person("EDITH"))
    plan = planned(library).document()
    assert (plan["state"], plan["exit"]) == ("planned", 0)
    report = library.night()
    lived = report.document()
    for told in ("received", "applied", "unchanged", "not_ours", "parked", "held", "actions"):
        assert plan[told] == lived[told]
    assert [row["patron"] for row in plan["plan"]] == [library.id_of("ANNA"), library.id_of("CLARA")]


def test_a_plan_has_the_hash_of_the_night_and_no_value(library: Library) -> None:
    library.deliver(MONDAY, moves(person("ANNA")))
    plan = planned(library).plan_document()
    assert plan["hash"] == library.one_night().plan_hash
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
    """Two are harmed: the limit stands one above, at, and one below."""
    event = renames if harm in {Harm.NAME_REPLACED, Harm.CHANGED} else dies
    library.limit(harm, limit)
    library.deliver(MONDAY, event(person("ANNA")), event(person("CLARA")))
    report = planned(library)
    assert (report.exit_code, report.state) == (code, "planned")
    assert [(one.harm, one.count, one.limit) for one in report.excess] == ([(harm, 2, 1)] if code else [])
    assert library.one_night().exit_code == code


def test_a_dry_run_counts_subscriptions_and_changes_none(library: Library) -> None:
    library.register.listed.remove(cpr("ANNA"))
    library.register.listed.add(cpr("EDITH"))
    library.enrol("HENRIK")
    told = planned(library).document()["subscriptions"]
    assert (told["added"], told["removed"]) == (2, 1)
    assert cpr("EDITH") in library.register.listed

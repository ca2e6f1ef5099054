"""A held night at the desk: two people who are signed in approve its plan, on the page or through the API."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from browser import Clock, serving
from callers import calling, refusal
from doubles import AGENCY
from test_night_pages import hold
from test_reverted_runs import undo
from test_sign_in import accounts_file, sign_in
from townspeople import person

from cprsync.domain.person.person import Status
from cprsync.domain.policy.policy import Harm
from cprsync.language.words import word
from cprsync.web.accounts import StaffAccounts

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from browser import Served
    from doubles import Library

    from cprsync.services.ports.runs import ListedRun

__all__ = ["accounts_file"]


@pytest.fixture
def guarded(begun_folder: Library, tmp_path: Path, accounts_file: Path) -> Iterator[Served]:
    """The desk of a library where people sign in, after a night that was held."""
    library = begun_folder.copy(tmp_path / "library")
    with serving(library, StaffAccounts(accounts_file, agency=AGENCY, monotonic=Clock())) as served:
        hold(served)
        yield served
    library.engine.dispose()


def newest(desk: Served) -> ListedRun:
    return next(iter(desk.library.store.runs.list_runs()))


def test_two_people_approve_on_the_page_and_the_next_night_writes_the_plan(guarded: Served) -> None:
    path = f"/nights/{newest(guarded).run}"
    before = guarded.library.everything()
    leader = sign_in(guarded, "leder").open(path)
    assert "skal to personer godkende dem" in leader.text
    # who approves learns that nobody has to wait for the night
    assert "kan driften trykke Kør nu" in leader.text
    # without a reason nothing is written
    assert "Skriv en begrundelse." in leader.send(f"{path}/approve", reason=" ").text
    assert leader.answer.status_code == 422
    assert guarded.library.everything() == before
    leader.open(path).send(f"{path}/approve", reason="platformen bekræfter")
    assert "En kollega skal også godkende den." in leader.text
    # the same person does not count twice
    assert "en anden person skal også godkende den" in leader.send(f"{path}/approve", reason="en gang til").text
    operator = sign_in(guarded, "drift").open(path)
    assert "Godkendt af leder" in operator.text
    operator.send(f"{path}/approve", reason="set efter")
    assert "Planen er godkendt af to personer." in operator.text
    for one in (operator, leader.open(path)):
        assert "Driften kan trykke Kør nu. Ellers skal den næste natkørsel begynde før" in one.text
    here = word("brake_approve_here", "da")
    assert here not in operator.text, "two people have"
    report = guarded.library.one_night()
    assert report.document()["approved_by"] == ["leder", "drift"]
    assert guarded.library.record("CLARA").status is Status.DEAD
    # what is written can be approved no more
    assert f"{path}/approve" not in {form.action for form in operator.open(path).page.forms}
    assert word("plan_over", "da") in operator.text
    assert here not in operator.text, "nothing stands below"


def test_the_api_shows_the_held_plan_without_names_and_takes_both_yeses(guarded: Served) -> None:
    leader, operator = (calling(guarded, sign_in(guarded, name)) for name in ("leder", "drift"))
    told = leader.get("/nights/held")
    shown = told.json()
    assert shown["classes"] == [{"class": "gone", "count": 2, "limit": 1}]
    assert person("CLARA").name.addressing not in told.text
    yes = {"plan": shown["plan"], "reason": "platformen bekræfter"}
    before = guarded.library.everything()
    refusal(leader.post("/nights/held/approve", {**yes, "plan": f"sha256:{'0' * 64}"}), 409, "plan.unknown")
    assert leader.post("/nights/held/approve", {**yes, "reason": ""}).status_code == 422
    assert guarded.library.everything() == before
    assert leader.post("/nights/held/approve", yes).json()["approved"] is False
    refusal(leader.post("/nights/held/approve", yes), 409, "plan.same_person")
    assert operator.post("/nights/held/approve", yes).json()["approved"] is True
    refusal(operator.post("/nights/held/approve", yes), 409, "plan.approved")


def test_who_is_at_the_desk_alone_approves_nothing(guarded: Served) -> None:
    before = guarded.library.everything()
    browser = sign_in(guarded, "disk")
    number = newest(guarded).run
    browser.post(f"/nights/{number}/approve", {"form_token": browser.token, "plan": "sha256:", "reason": "vil gerne"})
    assert browser.answer.status_code == 403
    assert guarded.library.everything() == before


def approve(desk: Served, *names: str) -> str:
    """Approve the held plan as these people, and return the path of its night."""
    path = f"/nights/{newest(desk).run}"
    for name in names:
        sign_in(desk, name).open(path).send(f"{path}/approve", reason="set efter")
    return path


def test_an_operator_runs_an_approved_night_at_once_and_once(guarded: Served) -> None:
    path = approve(guarded, "leder", "drift")
    operator, late = (sign_in(guarded, "drift").open(path) for _ in range(2))
    operator.send(f"{path}/run")
    assert "Natkørslen har kørt." in operator.text
    assert operator.path == f"/nights/{newest(guarded).run}" != path
    assert guarded.library.record("CLARA").status is Status.DEAD
    # who pressed too late runs nothing
    before = guarded.library.everything()
    assert late.send(f"{path}/run").answer.status_code == 422
    assert guarded.library.everything() == before


def test_a_night_is_not_run_at_once_without_both_yeses_or_without_the_role(guarded: Served) -> None:
    path = approve(guarded, "leder")
    (held,) = guarded.library.store.approvals.waiting()
    before = guarded.library.everything()
    operator = sign_in(guarded, "drift").open(path)
    assert f"{path}/run" not in {form.action for form in operator.page.forms}
    operator.post(f"{path}/run", {"form_token": operator.token, "plan": held.plan})
    assert operator.answer.status_code == 422
    assert guarded.library.everything() == before
    approve(guarded, "drift")
    before = guarded.library.everything()
    leader = sign_in(guarded, "leder").open(path)
    assert f"{path}/run" not in {form.action for form in leader.page.forms}
    assert leader.post(f"{path}/run", {"form_token": leader.token, "plan": held.plan}).answer.status_code == 403
    assert guarded.library.everything() == before


def test_a_night_is_not_run_at_once_while_another_run_is_active(guarded: Served) -> None:
    path = approve(guarded, "leder", "drift")
    operator = sign_in(guarded, "drift").open(path)
    before = guarded.library.everything()
    with guarded.library.store.runs.lock():
        assert operator.send(f"{path}/run").answer.status_code == 503
    assert guarded.library.everything() == before


def test_the_api_runs_an_approved_night_at_once_for_an_operator_alone(guarded: Served) -> None:
    leader, operator = (calling(guarded, sign_in(guarded, name)) for name in ("leder", "drift"))
    plan = {"plan": operator.get("/nights/held").json()["plan"]}
    before = guarded.library.everything()
    refusal(operator.post("/nights/held/run", plan), 422, "plan.not_approved")
    assert guarded.library.everything() == before
    approve(guarded, "leder", "drift")
    before = guarded.library.everything()
    refusal(leader.post("/nights/held/run", plan), 403, "session.role")
    refusal(operator.post("/nights/held/run", {"plan": f"sha256:{'0' * 64}"}), 409, "plan.unknown")
    with guarded.library.store.runs.lock():
        assert operator.post("/nights/held/run", plan).status_code == 503
    assert guarded.library.everything() == before
    assert operator.post("/nights/held/run", plan).json() == {"undoes": None, "run": newest(guarded).run}
    assert guarded.library.record("CLARA").status is Status.DEAD
    # who sends it again runs nothing
    before = guarded.library.everything()
    refusal(operator.post("/nights/held/run", plan), 409, "plan.unknown")
    assert guarded.library.everything() == before


# -- an undo -----------------------------------------------------------------------------------------------


def hold_an_undo(desk: Served) -> str:
    """A night that two people let through is to be undone, which a limit holds. Returns the path of the undo."""
    approve(desk, "leder", "drift")
    desk.library.one_night()
    assert desk.library.record("CLARA").status is Status.DEAD
    desk.library.limit(Harm.CHANGED, 0)
    assert undo(desk.library, newest(desk).run)["state"] == "held"
    return f"/nights/{newest(desk).run}"


def test_an_operator_undoes_a_night_at_once_when_two_people_have_approved_it(guarded: Served) -> None:
    path = hold_an_undo(guarded)
    operator = sign_in(guarded, "drift").open(path)
    assert f"{path}/run" not in {form.action for form in operator.page.forms}
    approve(guarded, "leder", "drift")
    leader = sign_in(guarded, "leder").open(path)
    assert f"{path}/run" not in {form.action for form in leader.page.forms}
    plan = operator.open(path).form("/run")["plan"]
    before = guarded.library.everything()
    leader.post(f"{path}/run", {"form_token": leader.token, "plan": plan, "reason": "filen var forkert"})
    assert leader.answer.status_code == 403
    # without a reason nothing is undone
    late = sign_in(guarded, "drift").open(path)
    assert "Skriv en begrundelse." in operator.send(f"{path}/run", reason=" ").text
    assert guarded.library.everything() == before
    operator.send(f"{path}/run", reason="filen var forkert")
    assert "Fortrydelsen har kørt." in operator.text
    report = newest(guarded)
    assert operator.path == f"/nights/{report.run}"
    assert report.state == "done"
    assert guarded.library.store.runs.document(report.run)["approved_by"] == ["leder", "drift"]
    assert guarded.library.record("CLARA").status is not Status.DEAD
    # who pressed too late undoes nothing
    before = guarded.library.everything()
    assert late.send(f"{path}/run", reason="også mig").answer.status_code == 422
    assert guarded.library.everything() == before


def test_the_api_undoes_a_night_at_once_with_a_reason(guarded: Served) -> None:
    hold_an_undo(guarded)
    approve(guarded, "leder", "drift")
    operator = calling(guarded, sign_in(guarded, "drift"))
    held = operator.get("/nights/held").json()
    before = guarded.library.everything()
    refusal(operator.post("/nights/held/run", {"plan": held["plan"]}), 422, "request.reason")
    assert guarded.library.everything() == before
    told = operator.post("/nights/held/run", {"plan": held["plan"], "reason": "filen var forkert"}).json()
    assert told == {"undoes": held["undoes"], "run": newest(guarded).run}
    assert guarded.library.record("CLARA").status is not Status.DEAD

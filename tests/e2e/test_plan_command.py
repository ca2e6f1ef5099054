"""A night held by a limit, approved by two people on the command line, and written by the next night."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest
import started
from e2e_library import Library, assert_refused
from test_limits import CASES, a_night
from town import number

from cprsync.cli.terminal.user import account_of
from cprsync.config.settings import load_settings
from cprsync.documents import document_of
from cprsync.domain.policy.policy import Harm
from cprsync.services.night.approving import approve_plan
from cprsync.wiring.site import Site, library_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# each copies one held night
pytestmark = pytest.mark.xdist_group("held plan")
BEHIND_SUDO = """
import os, sys
from cprsync.cli.main import run
os.setresuid(int(sys.argv.pop(1)), 0, 0)
if command := os.fork():
    sys.exit(os.waitstatus_to_exitcode(os.waitpid(command, 0)[1]))
os.setresuid(0, 0, 0)
run()
"""


@pytest.fixture(scope="module")
def held(tmp_path_factory: pytest.TempPathFactory, mock_keys: Path) -> Iterator[Library]:
    """Two have died where one may, and the account of these tests may say who acts."""
    with a_night(Harm.GONE, CASES[Harm.GONE], tmp_path_factory.mktemp("held"), mock_keys) as night:
        night.limit(1)
        night.library.rewrite("cprsync.toml", "may_name = []", f'may_name = ["{account_of(os.getuid()).name}"]')
        assert night.library.call("sync").exit == 5
        yield night.library


@pytest.fixture
def library(held: Library, tmp_path: Path) -> Library:
    return held.copy(tmp_path / "held")


def shown(library: Library, *wanted: str) -> dict[str, Any]:
    return library.call("plan", "show", *wanted).document


def approve(library: Library, who: str, plan: str) -> Any:
    """One yes on the command line. The account of these tests is one person, whomever it names."""
    return library.call("--as", who, "plan", "approve", plan, "--reason", "platformen bekræfter")


def approve_at_the_desk(library: Library, who: str, plan: str) -> dict[str, Any]:
    """The yes of somebody who is signed in at the desk."""
    settings = load_settings(library.folder / "cprsync.toml")
    site = Site(settings, library_of(settings, None))
    said = {"user": who, "reason": "set efter"}
    with site.store() as store:
        return document_of(approve_plan(store, agency=site.section.agency, now=site.clock.now(), plan=plan, said=said))


@pytest.mark.parametrize("command", [("sync",), ("backup", "list")], ids=" ".join)
def test_an_account_that_may_name_nobody_runs_nothing_in_anothers_name(
    library: Library, command: tuple[str, ...]
) -> None:
    own = account_of(os.getuid()).name
    library.rewrite("cprsync.toml", f'may_name = ["{own}"]', "may_name = []")
    before = library.rows()
    refused = library.run("--as", "Anna", *command)
    assert_refused(refused, code=6, kind="as.account", says="may_name", advises="Log in as yourself")
    assert library.rows() == before


def test_a_held_plan_is_shown_approved_by_two_and_written_by_the_next_night(library: Library) -> None:
    document = shown(library)
    plan, run = document["plan"], document["run"]
    assert document["classes"] == [{"class": "gone", "count": 2, "limit": 1}]
    assert document["actions"] == {"die": 2}
    assert shown(library, str(run)) == shown(library, plan) == document
    assert not [key for key in ("ANNA", "SKAEV") if number(key) in str(document)]

    # one person is not two, and a plan that is not approved is not written
    rows = library.records()
    refused = library.call("sync", "--approve", plan)
    assert (refused.exit, refused.error["kind"]) == (1, "plan.not_approved")
    assert approve(library, "Anna", plan).document["approved"] is False
    says, advises = "a second person has to approve it too", "colleague"
    assert_refused(approve(library, "anna", plan), code=1, kind="plan.same_person", says=says, advises=advises)
    # two names that one account types are one person
    assert_refused(
        approve(library, "Bo", plan), code=1, kind="plan.same_person", says="from your account", advises=advises
    )
    nobody = library.call("plan", "approve", plan, "--reason", "mig selv")
    assert_refused(nobody, code=1, kind="plan.nobody", says="who you are", advises="--as")
    assert library.records() == rows

    assert approve_at_the_desk(library, "bo", plan)["approved"] is True
    ran = library.call("sync", "--approve", plan)
    told = ran.document
    assert (ran.exit, told["state"], told["actions"]) == (3, "done", {"die": 2}), ran.out
    assert [one.partition(" (")[0] for one in told["approved_by"]] == ["Anna", "bo"]
    assert library.call("runs", "show", str(told["run"])).document["approved_by"] == told["approved_by"]
    assert shown(library)["plan"] is None
    assert library.call("sync", "--approve", plan).error["kind"] == "plan.none"
    assert library.call("audit", "verify").exit == 0


def test_a_reason_is_needed_and_another_plan_is_not_approved(library: Library) -> None:
    before = library.rows()
    plan = shown(library)["plan"]
    silent = library.call("--as", "Anna", "plan", "approve", plan)
    assert (silent.exit, silent.error["kind"]) == (2, "usage.reason")
    assert_refused(approve(library, "Anna", "sha256:1"), code=1, kind="plan.unknown", says="held", advises="plan show")
    assert library.rows() == before


@pytest.mark.skipif(os.getuid() != 0, reason="only root can begin a process of another user's")
def test_the_people_behind_sudo_are_told_apart_and_what_the_environment_claims_is_not_believed(
    library: Library,
) -> None:
    plan = shown(library)["plan"]
    config = str(library.folder / "cprsync.toml")
    command = ["plan", "approve", plan, "--reason", "set efter", "--config", config, "--json"]
    codes = [through_sudo(uid, command) for uid in (54_321, 54_321, 54_322)]
    assert codes == [0, 1, 0]
    assert [one["who"] for one in shown(library)["approved_by"]] == ["uid 54321", "uid 54322"]


def through_sudo(uid: int, command: list[str]) -> int:
    """Run a command as root, from a process of another user's: so does sudo. The exit code of the command."""
    done = started.program(BEHIND_SUDO, str(uid), *command, ceiling=60, environment={"SUDO_USER": "chefen"})
    return done.returncode

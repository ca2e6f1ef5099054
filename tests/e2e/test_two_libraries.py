"""Two libraries on one installation, each under an agreement of its own: what one does is not the other's."""

from __future__ import annotations

import re
import shutil
from typing import TYPE_CHECKING, Any

import pytest
from e2e_library import Library, assert_refused, new_library
from town import PEOPLE_FILE, number

from cprsync.cli.imports.lists import import_file
from cprsync.cli.night.sync import run_library_night
from cprsync.config.settings import load_settings
from cprsync.domain.person.number import CprNumber
from cprsync.errors import StoreUnavailable
from cprsync.mock import control
from cprsync.mock.server import running
from cprsync.wiring.site import Site, library_of, site_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FIRST, SECOND = "710100", "710200"


@pytest.fixture
def both(tmp_path: Path, mock_keys: Path) -> Iterator[tuple[Library, dict[str, Any]]]:
    """ANNA is a patron of both libraries, BO of the first; both take their files from the mock's folders."""
    folder = tmp_path / "mock"
    folder.mkdir()
    shutil.copytree(mock_keys, folder, dirs_exist_ok=True)
    with running(folder, PEOPLE_FILE) as ready:
        library = new_library(tmp_path / "library", folder, ["ANNA", "BO"])
        path = library.folder / "cprsync.toml"
        text = path.read_text(encoding="utf-8").replace('path = "IN"', f'path = "{folder}/IN"')
        second = re.search(r"(?ms)^\[\[library\]\].*?(?=^\[test\])", text)
        assert second is not None
        own, one = ready["agreements"][1], second.group()
        for name in ("agency", "service_agreement", "user_system", "user", "task"):
            one = re.sub(rf'(?m)^{name} = ".*"$', f'{name} = "{own[name]}"', one)
        register, culr = one.split("[library.culr]")
        for name in ("user", "group", "password_file"):
            culr = re.sub(rf'(?m)^{name} = ".*"$', f'{name} = "{own["culr"][name]}"', culr)
        one = f"{register}[library.culr]{culr}"
        path.write_text(text + "\n" + one.replace(f"{folder}/IN", f"{folder}/{SECOND}/IN"), encoding="utf-8")
        csv = library.folder / "patrons.csv"
        lines = csv.read_text(encoding="utf-8").splitlines()
        csv.write_text("\n".join([lines[0], *(line for line in lines[1:] if number("ANNA") in line)]) + "\n")
        import_file(site_of(load_settings(path), SECOND), csv, apply=True)
        yield library, ready


def test_one_library_lets_a_patron_go_and_the_other_keeps_her(both: tuple[Library, dict[str, Any]]) -> None:
    library, ready = both
    control.night(ready)
    ran = library.run("sync")
    assert ran.out, ran.err
    told = ran.document
    assert [run["subscriptions"]["added"] for run in told["runs"]] == [2, 1]
    control.event(ready, "rename", "ANNA")
    control.night(ready)
    ran = library.run("sync")
    assert (ran.exit, ran.document["received"], ran.document["applied"]) == (0, 2, 2), ran.out
    assert [(run["agency"], run["received"]) for run in ran.document["runs"]] == [(FIRST, 1), (SECOND, 1)]

    settings = load_settings(library.folder / "cprsync.toml")
    section = library_of(settings, FIRST)
    with Site(settings, section).store() as store:
        patron = store.patrons.find(CprNumber.parse(number("ANNA")))
        assert patron is not None
        store.leaving.leave(patron, user="lisbeth")
    ran = library.run("sync")
    assert [run["subscriptions"]["removed"] for run in ran.document["runs"]] == [1, 0], ran.out
    subscribed = control.state(ready)["subscriptions"]
    first, second = (subscribed[one["service_agreement"]]["PNR"] for one in ready["agreements"])
    assert (first, second) == ([number("BO")], [number("ANNA")])
    control.event(ready, "move", "ANNA")
    control.night(ready)
    ran = library.run("sync")
    assert [run["received"] for run in ran.document["runs"]] == [0, 1], ran.out
    called = {call["operation"] for call in control.state(ready)["calls"]}
    assert called.isdisjoint({"RemoveAll", "AddNoFilterSubscription", "RemoveNoFilterSubscription"})


def test_two_libraries_with_one_agreement_begin_no_night_that_would_end_the_others_subscriptions(
    both: tuple[Library, dict[str, Any]],
) -> None:
    library, ready = both
    control.night(ready)
    library.run("sync")
    before, calls, rows = control.state(ready)["subscriptions"], len(control.state(ready)["calls"]), library.rows()
    first, second = (one["service_agreement"] for one in ready["agreements"])
    library.rewrite("cprsync.toml", second, first)
    ran = library.run("sync")
    assert_refused(ran, code=2, kind="configuration", says="has the same service agreement", advises="setting")
    assert control.state(ready)["subscriptions"] == before
    assert (len(control.state(ready)["calls"]), library.rows()) == (calls, rows)

    library.rewrite("cprsync.toml", "shared = false", "shared = true")
    for _ in range(2):
        control.night(ready)
        ran = library.run("sync")
        assert [run["subscriptions"]["removed"] for run in ran.document["runs"]] == [0, 0], ran.out
    assert control.state(ready)["subscriptions"][first] == before[first]


def test_libraries_that_have_exchanged_their_agency_have_no_night_under_each_others_agreement(
    both: tuple[Library, dict[str, Any]],
) -> None:
    library, ready = both
    before = library.rows()
    for old, new in ((FIRST, "agency"), (SECOND, FIRST), ("agency", SECOND)):
        library.rewrite("cprsync.toml", f'agency = "{old}"', f'agency = "{new}"')
    ran = library.call("sync")
    assert [run["error"]["kind"] for run in ran.document["runs"]] == ["store.agency", "store.agency"], ran.out
    assert (ran.exit, library.rows(), control.state(ready)["subscriptions"]) == (2, before, {})


def test_a_mistake_in_one_librarys_policy_hides_the_status_of_no_other(both: tuple[Library, dict[str, Any]]) -> None:
    library, _ = both
    (library.folder / "mistaken.toml").write_text("nonsense = 1\n", "utf-8")
    path = library.folder / "cprsync.toml"
    before, _, after = path.read_text("utf-8").rpartition('policy = "policy.toml"')
    path.write_text(f'{before}policy = "mistaken.toml"{after}', "utf-8")
    ran = library.call("status")
    first, second = ran.document["libraries"]
    assert (ran.exit, first["agency"], first["subscriptions"]["wanted"]) == (2, FIRST, 2), ran.out
    assert (second["agency"], second["ok"], second["error"]["kind"]) == (SECOND, False, "policy")
    assert library.call("status", "--library", SECOND).error["kind"] == "policy"


def test_a_night_whose_database_never_answered_has_changed_nothing(both: tuple[Library, dict[str, Any]]) -> None:
    library, _ = both
    library.rewrite("cprsync.toml", 'url = "sqlite:///cprsync.db"', 'url = "postgresql+psycopg://x@127.0.0.1:1/x"')
    told = [one["error"] for one in library.run("sync").document["runs"]]
    assert [(one["kind"], one["changed"]) for one in told] == [("store.unavailable", "nothing")] * 2


def test_a_night_whose_database_is_lost_on_its_way_may_have_done_a_part_and_a_planned_one_has_not(
    both: tuple[Library, dict[str, Any]],
) -> None:
    library, ready = both
    settings = load_settings(library.folder / "cprsync.toml")
    run_library_night(settings, FIRST, as_json=True)
    control.event(ready, "move", "BO")
    control.night(ready)

    def lose_database() -> None:
        raise StoreUnavailable("the database does not answer")

    changed = []
    for dry_run in (True, False):
        with pytest.raises(StoreUnavailable) as lost:
            run_library_night(settings, FIRST, as_json=True, raise_if_stopped=lose_database, dry_run=dry_run)
        changed.append(lost.value.changed)
    assert changed == ["nothing", "part"]


def test_library_picks_one_and_its_plan_is_written_for_its_owner_alone(both: tuple[Library, dict[str, Any]]) -> None:
    library, ready = both
    control.night(ready)
    library.run("sync")
    control.event(ready, "rename", "ANNA")
    control.night(ready)
    plan = library.folder / "plan.json"
    ran = library.run("sync", "--library", SECOND, "--dry-run", "--plan", str(plan))
    assert (ran.exit, ran.document["state"], ran.document["agency"]) == (0, "planned", SECOND), ran.out
    assert plan.stat().st_mode & 0o777 == 0o600
    assert number("ANNA") not in plan.read_text(encoding="utf-8")
    assert library.run("subscriptions", "list", "--library", FIRST).document["by_reason"] == {"patron": 2}
    refused = library.run("subscriptions", "list")
    assert (refused.exit, refused.error["kind"]) == (2, "usage")
    # whoever left it out need not look the numbers up
    assert all(f"{one} (" in refused.error["message"] for one in (FIRST, SECOND))
    assert library.run("subscriptions", "reconcile", "--library", SECOND).document["missing"] == 0


def test_a_library_whose_run_is_at_work_keeps_no_other_from_its_night(both: tuple[Library, dict[str, Any]]) -> None:
    library, ready = both
    control.night(ready)
    library.run("sync")
    control.event(ready, "rename", "ANNA")
    control.night(ready)
    with library.holding_the_lock(FIRST):
        ran = library.run("sync")
    told = ran.document
    assert (ran.exit, told["exit"], told["error"]["kind"]) == (4, 4, "run.busy"), ran.out
    assert [(run["agency"], run["state"], run["received"]) for run in told["runs"]] == [
        (FIRST, "stopped", 0),
        (SECOND, "done", 1),
    ]
    assert [told[name] for name in ("received", "applied", "unchanged", "held")] == [1, 1, 0, 0]
    assert [run.get("error", {}).get("kind") for run in told["runs"]] == ["run.busy", None]
    ran = library.run("sync")
    assert [(run["agency"], run["received"]) for run in ran.document["runs"]] == [(FIRST, 1), (SECOND, 0)], ran.out

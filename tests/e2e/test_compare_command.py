"""`compare fbs` as an operator runs it: against the mock's FBS, killed, stopped, refused, and read as table and CSV."""

from __future__ import annotations

import csv
import io
import json
import shutil
import signal
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import started
from e2e_library import Library, Ran, assert_refused, new_library, personal
from town import PEOPLE_FILE

from cprsync.mock import control
from cprsync.mock.server import running

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.xdist_group("compare")
#: HELLE is protected, AFDOED dead, NINA lives elsewhere.
KEYS = ["ANNA", "BO", "CLARA", "DAVID", "EDITH", "FINN", "HELLE", "NINA", "AFDOED", "HENRIK"]
READING = {"POST login", "GET patron", "POST preauthenticated"}
#: Ends its own process once the share of that number is written.
ENDS_ITSELF = """
import os, sys
from cprsync.cli.main import run
from cprsync.services.outward.comparing import Comparing
from cprsync.store.outward.comparisons import SqlComparisons
after, how = int(sys.argv.pop(1)), int(sys.argv.pop(1))
Comparing.__init__.__kwdefaults__["share"] = 3
keep, kept = SqlComparisons.keep, []
def keep_and_end(*args):
    result = keep(*args)
    kept.append(1)
    if len(kept) == after:
        os.kill(os.getpid(), how)
    return result
SqlComparisons.keep = keep_and_end
sys.exit(run())
"""


class Town:
    """A mock with FBS, and a library whose records are as the register says."""

    def __init__(self, ready: dict[str, Any], library: Library) -> None:
        self.ready, self.library = ready, library

    def calls(self) -> Counter[str]:
        """How often FBS was asked, by method and call."""
        return Counter(control.fbs(self.ready)["calls"])


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory, mock_keys: Path) -> Iterator[Town]:
    folder = tmp_path_factory.mktemp("compare")
    shutil.copytree(mock_keys, folder / "mock")
    with running(folder / "mock", PEOPLE_FILE, with_fbs=True) as ready:
        library = new_library(folder / "library", folder / "mock", KEYS)
        assert library.call("sync").exit in {0, 3, 4}
        yield Town(ready, library)


@pytest.fixture
def town(first: Town, tmp_path: Path) -> Iterator[Town]:
    """The library, copied, and FBS as the register says."""
    yield Town(first.ready, first.library.copy(tmp_path / "library"))
    control.calm(first.ready)
    for key in KEYS:
        control.fbs_write(first.ready, "follow", key)


def ending_itself(library: Library, *, after: int, how: int) -> started.Ended:
    """The command in a process of its own, which ends itself after so many shares of three."""
    config = str(library.folder / "cprsync.toml")
    command = (str(after), str(how), "compare", "fbs", "--json", "--config", config)
    return started.program(ENDS_ITSELF, *command, ceiling=60)


def drift(town: Town) -> None:
    """Something of each kind, made by hand."""
    ready = town.ready
    control.fbs_write(ready, "set", "HELLE", field="street", to="Teglbrændervænget 55, 1. th")
    control.fbs_write(ready, "set", "ANNA", field="name", to="Mette Aagaard")
    control.fbs_write(ready, "set", "BO", field="street", to="Kastanjeløkken 5, 2. tv")
    control.fbs_write(ready, "set", "CLARA", field="birthday", to="1992-02-18")
    control.fbs_write(ready, "set", "NINA", field="resident", to="true")
    control.fbs_write(ready, "block", "EDITH", to="D")
    control.fbs_write(ready, "remove", "DAVID")
    control.fbs_write(ready, "set", "FINN", field="name")


EXPECTED = {
    **dict.fromkeys(("protected_open", "living_blocked", "name", "address", "birth", "resident"), 1),
    **dict.fromkeys(("missing_there", "name_unknown"), 1),
}


def counts(ran: Ran) -> dict[str, int]:
    return {kind: count for kind, count in ran.document["deviations"].items() if count}


# -- what it tells -----------------------------------------------------------------------------------------


def test_where_both_follow_the_register_nothing_differs(town: Town) -> None:
    before = town.library.records()
    ran = town.library.call("compare", "fbs")
    assert (ran.exit, counts(ran), ran.document["compared"]) == (0, {}, len(KEYS))
    assert town.library.records() == before
    assert town.calls().keys() <= READING


def test_each_difference_is_told_by_kind_and_number_and_nothing_is_written_there(town: Town) -> None:
    drift(town)
    before = control.fbs(town.ready)["patrons"]
    ran = town.library.call("compare", "fbs")
    assert (ran.exit, counts(ran)) == (3, EXPECTED)
    assert control.fbs(town.ready)["patrons"] == before
    assert town.calls().keys() <= READING
    patrons = [one for all_ in ran.document["patrons"].values() for one in all_]
    assert len(set(patrons)) == len(EXPECTED)
    assert all(len(one) == 8 for one in patrons)


def test_the_table_the_csv_and_the_trend_say_the_same(town: Town) -> None:
    town.library.text("compare", "fbs")
    drift(town)
    table = town.library.text("compare", "fbs", "--lang", "en")
    for line in ("Protected here, but Cicero shows the address", "Another address", "Not in Cicero", "+1"):
        assert line in table
    rows = list(csv.DictReader(io.StringIO(town.library.text("compare", "fbs", "--format", "csv"))))
    assert Counter(row["kind"] for row in rows) == EXPECTED
    trend = town.library.text("compare", "fbs", "--trend", "--format", "csv")
    days = list(csv.DictReader(io.StringIO(trend)))
    assert [(day["name"], day["compared"]) for day in days] == [("0", "10"), ("1", "10"), ("1", "10")]
    shown = town.library.text("compare", "fbs", "--trend", "--last", "2", "--lang", "en")
    assert "Patrons compared" in shown
    document = town.library.call("compare", "fbs", "--trend").document
    assert [one["deviations"]["name"] for one in document["trend"]] == [0, 1, 1]


def test_nothing_that_it_prints_or_keeps_holds_anything_of_a_person(town: Town) -> None:
    drift(town)
    told = "".join(
        town.library.text("compare", "fbs", *more)
        for more in ((), ("--lang", "en"), ("--format", "csv"), ("--json",), ("--trend",))
    )
    kept = str(town.library.rows("comparison", "comparison_finding", "known_elsewhere"))
    assert "protected_open" in told
    assert not [word for word in personal() if word in told or word in kept]


# -- killed, stopped, refused --------------------------------------------------------------------------------


def test_one_that_is_killed_and_run_again_asks_about_nobody_twice(town: Town) -> None:
    drift(town)
    before = town.calls()
    killed = ending_itself(town.library, after=2, how=signal.SIGKILL)
    assert killed.returncode == -signal.SIGKILL
    assert (town.calls() - before)["POST preauthenticated"] == 6
    ran = town.library.call("compare", "fbs")
    assert (ran.document["resumed"], ran.document["compared"], counts(ran)) == (True, len(KEYS), EXPECTED)
    assert (town.calls() - before)["POST preauthenticated"] == len(KEYS)


def test_one_that_is_stopped_ends_after_its_share_and_says_how_to_go_on(town: Town) -> None:
    stopped = ending_itself(town.library, after=1, how=signal.SIGTERM)
    document = json.loads(stopped.stdout)
    assert (stopped.returncode, document["done"], document["compared"]) == (7, False, 3)
    assert document["error"]["kind"] == "run.stopped"
    assert "comparison" in document["error"]["message"]
    assert town.library.call("compare", "fbs").document["compared"] == len(KEYS)


@pytest.mark.parametrize(
    ("fault", "code", "kind"),
    [("fbs-down", 4, "fbs.closed"), ("fbs-credentials", 2, "fbs.refused"), ("fbs-gone", 2, "fbs.version")],
)
def test_a_counterpart_that_fails_is_named_and_nobody_counts_as_missing(
    town: Town, fault: str, code: int, kind: str
) -> None:
    control.fault(town.ready, fault, 1000)
    before = town.library.records()
    ran = town.library.call("compare", "fbs")
    assert (ran.exit, ran.error["kind"], counts(ran), ran.document["done"]) == (code, kind, {}, False)
    assert not [word for word in personal() if word in ran.out]
    assert town.library.records() == before
    said = town.library.text("compare", "fbs", "--lang", "en")
    assert "not finished" in said
    control.calm(town.ready)
    assert town.library.call("compare", "fbs").exit == 0


def test_a_patron_whose_facts_are_null_is_unknown_and_stops_nobody(town: Town) -> None:
    control.fault(town.ready, "fbs-null", 1)
    ran = town.library.call("compare", "fbs")
    assert (ran.exit, ran.document["done"]) == (3, True)
    assert set(counts(ran)) <= {
        *("name_unknown", "address_unknown", "birth_unknown", "resident_unknown", "dead_active")
    }


def test_without_the_section_it_says_what_to_write(town: Town) -> None:
    town.library.rewrite("cprsync.toml", "[library.fbs]", "[library.fbs_]")
    assert_refused(town.library.call("compare", "fbs"), code=2, kind="configuration", says="fbs_", advises="")
    path = town.library.folder / "cprsync.toml"
    head, _, rest = path.read_text(encoding="utf-8").partition("[library.fbs_]")
    path.write_text(head + rest[rest.index("\n# CULR") :], encoding="utf-8")
    assert_refused(
        town.library.call("compare", "fbs"), code=2, kind="fbs.off", says="[library.fbs]", advises="[library.fbs]"
    )
    assert town.library.rows("comparison")["comparison"] == []


# -- a list of Cicero's own --------------------------------------------------------------------------------


def test_a_list_of_numbers_tells_who_is_only_in_cicero(town: Town) -> None:
    listed = town.library.folder / "list.txt"
    patrons = control.fbs(town.ready)["patrons"]
    ours = [str(patrons[key]["patronId"]) for key in KEYS]
    listed.write_text("\n".join(["\ufeff" + ours[0], *ours[1:], "", "77", " 0000123 "]), encoding="utf-8")
    ran = town.library.call("compare", "fbs", "--list", str(listed))
    assert (ran.exit, ran.document["patrons"]) == (3, {"missing_here": ["77", "123"]})


@pytest.mark.parametrize("line", ["Jensen", "12-34", "1" * 20, "0405850670", "040585-0670", "640585A670"])
def test_a_list_of_something_else_is_refused_before_anybody_is_asked(town: Town, line: str) -> None:
    listed = town.library.folder / "list.txt"
    listed.write_text(f"77\n{line}\n", encoding="utf-8")
    before = town.calls()
    ran = town.library.call("compare", "fbs", "--list", str(listed))
    assert (ran.exit, ran.error["kind"]) == (1, "input")
    assert "line 2" in ran.error["message"]
    assert line not in ran.out
    assert town.calls() == before
    assert town.library.rows("comparison")["comparison"] == []


# -- a night later: the last test, because the town moves on -------------------------------------------------


def test_a_move_that_fbs_has_missed_is_found_the_morning_after(town: Town) -> None:
    """Peers: an old address left standing, and a missed night lost; here in the other system."""
    control.fbs_write(town.ready, "freeze", "BO")
    control.event(town.ready, "move", "BO", "HAVNEN")
    control.event(town.ready, "move", "ANNA", "HAVNEN")
    control.night(town.ready)
    town.library.rewrite("cprsync.toml", 'path = "IN"', f'path = "{Path(town.ready["ca"]).parents[1]}/IN"')
    assert town.library.call("sync").document["actions"] == {"move": 2}
    assert counts(town.library.call("compare", "fbs")) == {"address": 1}
    control.fbs_write(town.ready, "follow", "BO")
    assert counts(town.library.call("compare", "fbs")) == {}

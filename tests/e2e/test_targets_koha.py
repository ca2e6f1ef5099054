"""Koha as an operator keeps it true: the differences before the first write, nights, a kill, drift, and its repair."""

from __future__ import annotations

import shutil
import signal
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
import started
from e2e_library import Library, new_library
from town import PEOPLE, PEOPLE_FILE

from cprsync.cli.demo.koha_week import SETTINGS
from cprsync.mock import control
from cprsync.mock.koha import calls
from cprsync.mock.server import running

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.xdist_group("targets-koha")
#: HELLE is protected, AFDOED dead; DAVID is not in Koha.
KEYS = ["ANNA", "BO", "CLARA", "DAVID", "EDITH", "HELLE", "AFDOED"]
IN_KOHA = [key for key in KEYS if key != "DAVID"]
#: Ends its own process right after Koha has made the write of that number, before the answer is noted.
ENDS_ITSELF = """
import os, sys
from cprsync.cli.main import run
from cprsync.outward.koha_calls import KohaCalls
after, made, replace = int(sys.argv.pop(1)), [], KohaCalls.replace
def replace_and_end(*args):
    replace(*args)
    made.append(1)
    if len(made) == after:
        os.kill(os.getpid(), 9)
KohaCalls.replace = replace_and_end
sys.exit(run())
"""


class Town:
    """A mock with a Koha that was filled by hand, and a library whose records are as the register says."""

    def __init__(self, ready: dict[str, Any], library: Library) -> None:
        self.ready, self.library = ready, library
        self.begun = len(calls.read_log(ready))

    def written(self) -> Counter[int]:
        """How often our client has written each patron in Koha."""
        return Counter(one["patron"] for one in calls.read_log(self.ready, after=self.begun) if one["by"] == "cprsync")

    def holds(self, key: str) -> dict[str, Any]:
        (found,) = [one for one in calls.show(self.ready)["patrons"] if one["who"] == key]
        return dict(found)


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory, mock_keys: Path) -> Iterator[tuple[dict[str, Any], Library]]:
    folder = tmp_path_factory.mktemp("targets")
    shutil.copytree(mock_keys, folder / "mock")
    with running(folder / "mock", PEOPLE_FILE, with_koha=True) as ready:
        library = new_library(folder / "library", folder / "mock", KEYS)
        assert library.call("sync").exit in {0, 3, 4}
        config = library.folder / "cprsync.toml"
        with config.open("a", encoding="utf-8") as file:
            file.write(SETTINGS.format(ca=ready["ca"], **ready["koha"]) + 'missing = "create"\n')
        yield ready, library


@pytest.fixture
def town(first: tuple[dict[str, Any], Library], tmp_path: Path) -> Iterator[Town]:
    """The library, copied, and Koha as its staff had filled it."""
    ready, library = first
    for one in calls.show(ready)["patrons"]:
        calls.edit(ready, patron=one["patron_id"], deletes=True)
    calls.seed(ready, who=IN_KOHA)
    yield Town(ready, library.copy(tmp_path / "library"))
    control.calm(ready)


def test_before_the_first_write_each_difference_is_told_by_kind_and_number(town: Town) -> None:
    before = town.library.records()
    ran = town.library.call("targets", "diff", "koha")
    counts = {kind: count for kind, count in ran.document["differences"].items() if count}
    assert ran.exit == 3
    assert counts["protected_open"] == 1
    assert (counts["absent"], counts["flag"], ran.document["compared"]) == (1, 1, len(KEYS))
    assert not town.written()
    assert town.library.records() == before
    shown = town.library.text("targets", "diff", "koha", "--lang", "da")
    assert "Beskyttet her, men adressen står der" in shown
    table = town.library.text("targets", "diff", "koha", "--format", "csv")
    rows = [line.split(",") for line in table.splitlines()]
    assert rows[0] == ["kind", "patron"]
    assert len(rows) - 1 == sum(counts.values())
    assert not any(part in shown + table for part in ("Teglbrændervænget", "Aagaard"))


def test_after_a_night_koha_is_equal_and_what_staff_change_is_found_and_set_right(town: Town) -> None:
    assert town.library.call("sync").exit in {0, 3, 4}
    assert town.holds("HELLE")["address"] is None
    assert town.holds("DAVID")["surname"]
    assert town.library.call("targets", "verify", "koha").exit == 0
    calls.edit(town.ready, who="HELLE", set={"address": "Teglbrændervænget 55"})
    calls.edit(town.ready, who="BO", set={"city": "Ry", "postal_code": "8680", "phone": "11223344"})
    drifted = town.library.call("targets", "verify", "koha")
    counts = {kind: count for kind, count in drifted.document["differences"].items() if count}
    assert (drifted.exit, counts) == (3, {"protected_open": 1, "address": 2})
    repaired = town.library.call("targets", "verify", "koha", "--repair")
    assert (repaired.exit, repaired.document["queued"]) == (3, 2)
    assert town.library.call("targets", "send", "koha").exit == 0
    assert town.library.call("targets", "verify", "koha").exit == 0
    assert town.holds("HELLE")["address"] is None
    assert town.holds("BO")["phone"] == "11223344"


def test_a_koha_that_leaves_the_protected_out_has_no_address_of_one_whom_staff_had_written_down(town: Town) -> None:
    library = town.library
    library.rewrite("cprsync.toml", 'missing = "create"', 'missing = "create"\nprotected = "leave out"')
    assert library.call("targets", "diff", "koha").document["differences"]["gone_open"] >= 1
    assert town.holds("HELLE")["address"]
    assert library.call("sync").exit in {0, 3, 4}
    assert town.holds("HELLE")["address"] is None
    assert library.call("targets", "verify", "koha").exit == 0
    calls.edit(town.ready, who="HELLE", set={"address": "Teglbrændervænget 55"})
    assert library.call("targets", "verify", "koha", "--repair").exit == 3
    assert library.call("targets", "send", "koha").exit == 0
    assert town.holds("HELLE")["address"] is None


def test_a_comparison_goes_on_where_a_share_ended(town: Town) -> None:
    first = town.library.call("targets", "diff", "koha", "--limit", "3")
    assert (first.document["done"], first.document["compared"]) == (False, 3)
    rest = town.library.call("targets", "diff", "koha", "--after", first.document["reached"])
    assert (rest.document["done"], rest.document["compared"]) == (True, len(KEYS) - 3)


def test_while_koha_does_not_answer_nothing_is_told_as_equal(town: Town) -> None:
    before = town.library.records()
    control.fault(town.ready, "koha-maintenance", times=100)
    ran = town.library.call("targets", "verify", "koha")
    assert (ran.exit, ran.document["error"]["kind"], ran.document["done"]) == (4, "target.maintenance", False)
    assert town.library.records() == before
    unknown = town.library.call("targets", "verify", "koala")
    assert (unknown.exit, unknown.error["kind"]) == (2, "target.unknown")


@pytest.mark.parametrize("after", [1, 3])
def test_a_night_that_is_killed_after_a_write_leaves_each_change_once_in_koha(town: Town, after: int) -> None:
    config = str(town.library.folder / "cprsync.toml")
    ended = started.program(ENDS_ITSELF, str(after), "sync", "--json", "--config", config, ceiling=60)
    assert ended.returncode == -signal.SIGKILL
    assert sum(town.written().values()) >= after
    assert town.library.call("sync").exit in {0, 3, 4}
    # DAVID was added, the others were changed
    assert set(town.written().values()) == {1}
    assert town.library.call("targets", "verify", "koha").exit == 0


def test_answers_that_are_lost_and_nights_that_are_missed_lose_no_change(town: Town) -> None:
    control.fault(town.ready, "koha-lost", times=1000, share=0.25, seed=3)
    for _ in range(2):
        assert town.library.call("sync").exit in {0, 3, 4}
    control.calm(town.ready)
    assert town.library.call("sync").exit in {0, 3, 4}
    assert set(town.written().values()) == {1}
    assert town.library.call("targets", "verify", "koha").exit == 0


def test_whom_koha_does_not_have_waits_for_staff_with_its_answer_and_is_sent_again(town: Town) -> None:
    library = town.library
    library.rewrite("cprsync.toml", 'missing = "create"', 'missing = "review"')
    assert library.call("sync").exit == 3
    [item] = [one for one in library.call("review", "list").document["items"] if one["kind"] == "target.not_taken"]
    assert item["targets"] == [{"name": "koha", "code": "unknown_patron"}]
    listed = library.text("review", "list", "--lang", "da")
    assert "koha: har ingen låner med CPR-nummeret" in listed
    alone = library.call("targets", "diff", "koha", "--patron", item["patron"])
    assert alone.document["patrons"] == {"absent": [item["patron"]]}
    calls.seed(town.ready, who=["DAVID"])
    assert library.call("review", "accept", str(item["id"])).exit == 0
    assert library.call("targets", "send", "koha").exit == 0
    assert library.call("targets", "verify", "koha").exit == 0
    kinds = [one["kind"] for one in library.call("review", "list").document["items"]]
    assert "target.not_taken" not in kinds


def text_of(library: Library, item: dict[str, Any], language: str = "da") -> str:
    return library.text("review", "show", str(item["id"]), "--lang", language)


def refused_items(library: Library) -> list[dict[str, Any]]:
    return [one for one in library.call("review", "list").document["items"] if one["kind"] == "target.not_taken"]


def sides_of(library: Library, item: dict[str, Any]) -> dict[str, Any]:
    [target] = library.call("review", "show", str(item["id"])).document["targets"]
    return dict(target["sides"])


def test_a_refused_item_shows_what_koha_has_now_beside_what_is_sent_again(town: Town) -> None:
    library = town.library
    library.rewrite("cprsync.toml", '"status"]', '"status", "group"]')
    with (library.folder / "cprsync.toml").open("a", encoding="utf-8") as file:
        file.write('categories = { Voksen = "NOWHERE" }\n')
    assert library.call("sync").exit in {3, 4}
    codes = {one["targets"][0]["code"]: one for one in refused_items(library)}
    item = codes["unknown_category"]
    sides = sides_of(library, item)
    fields = {one["field"]: one for one in sides["held"][0]["fields"]}
    assert (sides["reading"], sides["match"], sides["sending"]) == ("read", "one", "writes")
    assert (fields["category_id"]["ours"], fields["category_id"]["again"]) == ("NOWHERE", "sets")
    assert fields["category_id"]["theirs"] == "VOKSEN"
    shown = text_of(library, item, "en")
    assert "the category is not there (unknown_category)" in shown
    assert "≠ Category" in shown


def test_of_a_protected_patron_whom_koha_has_twice_neither_side_is_shown(town: Town) -> None:
    library = town.library
    calls.twin(town.ready, who="HELLE")
    assert library.call("sync").exit in {3, 4}
    [item] = refused_items(library)
    sides = sides_of(library, item)
    assert (sides["match"], len(sides["held"])) == ("several", 2)
    calls.edit(town.ready, patron=int(sides["held"][0]["remote"]), set={"address": "Teglbrændervænget 55"})
    told = text_of(library, item) + str(library.call("review", "show", str(item["id"])).document)
    assert "tømmes" in told
    helle = PEOPLE["HELLE"]
    hidden = [helle["number"], helle["number"][:6], helle["name"]["last"], "Teglbrændervænget"]
    assert [word for word in hidden if word in told] == []


def test_while_koha_is_down_or_refuses_us_the_item_says_so_and_shows_our_side(town: Town) -> None:
    library = town.library
    library.rewrite("cprsync.toml", 'missing = "create"', 'missing = "review"')
    assert library.call("sync").exit == 3
    [item] = refused_items(library)
    control.fault(town.ready, "koha-maintenance", times=100)
    down = sides_of(library, item)
    assert (down["reading"], down["failure"]) == ("unanswered", "target.maintenance")
    assert "koha kunne ikke spørges nu. Prøv igen om lidt." in text_of(library, item)
    control.calm(town.ready)
    library.rewrite("cprsync.toml", 'client = "cprsync"', 'client = "somebody"')
    barred = sides_of(library, item)
    assert (barred["reading"], barred["failure"]) == ("refused", "target.refused")
    assert barred["held"][0]["fields"]
    assert library.call("review", "reject", str(item["id"]), "--reason", "Oprettes ikke").exit == 0

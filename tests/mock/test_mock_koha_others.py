"""Koha is not the client's alone: staff and a nightly job write too, answers are lost, and the mock is killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest
import requests
from koha_caller import ATTRIBUTES, KohaCaller, new_patron, number_of, whole
from town import PEOPLE_FILE, number

from cprsync.errors import BadInput
from cprsync.mock import control
from cprsync.mock.asking import ask
from cprsync.mock.koha import calls
from cprsync.mock.koha.patrons import KohaPatrons
from cprsync.mock.town.faults import KOHA_KINDS
from cprsync.mock.town.state import Memory

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager
    from pathlib import Path

    Start = Callable[..., AbstractContextManager[dict[str, Any]]]


def changes(koha: KohaCaller, patron_id: int) -> list[dict[str, Any]]:
    """What happened to a patron after they were made."""
    return [one for one in calls.read_log(koha.ready) if one["patron"] == patron_id][1:]


# -- staff -----------------------------------------------------------------------------------------------------


def test_staff_who_write_after_a_read_are_seen_by_the_next_one(koha: KohaCaller) -> None:
    patron = koha.make(city="Ry")
    calls.edit(koha.ready, patron=patron["patron_id"], set={"city": "Odder"}, when="read")
    first, second, third = (koha.patron(patron["patron_id"]) for _ in range(3))
    assert (first["city"], second["city"]) == ("Ry", "Odder")
    assert second["updated_on"] > first["updated_on"]
    assert second == third
    assert [one["by"] for one in changes(koha, patron["patron_id"])] == ["staff"]


def test_staff_who_write_before_a_write_are_overwritten_by_whoever_sends_all_fields(koha: KohaCaller) -> None:
    patron = koha.make(city="Ry")
    calls.edit(koha.ready, patron=patron["patron_id"], set={"phone": "11223344", "city": "Odder"}, when="write")
    assert koha.put(patron["patron_id"], whole(patron, address="Vej 1")).status_code == 200
    assert changes(koha, patron["patron_id"])[0]["by"] == "cprsync"
    body = koha.patron(patron["patron_id"])
    assert koha.put(patron["patron_id"], whole(body, address="Vej 2")).status_code == 200
    after = koha.patron(patron["patron_id"])
    assert [one["by"] for one in changes(koha, patron["patron_id"])] == ["cprsync", "staff", "cprsync"]
    assert (after["city"], after["phone"]) == ("Ry", None)


def test_staff_write_as_often_as_asked_and_a_search_is_a_read_too(koha: KohaCaller) -> None:
    patron = koha.make()
    calls.edit(koha.ready, patron=patron["patron_id"], hidden={"checkouts": 1}, when="read", times=1)
    calls.edit(koha.ready, patron=patron["patron_id"], set={"city": "Odder"}, when="write", times=2)
    for n in range(4):
        (seen,) = koha.search({"patron_id": patron["patron_id"]}).json()
        koha.put(patron["patron_id"], whole(seen, city=f"By {n}"))
    assert [one["by"] for one in changes(koha, patron["patron_id"])].count("staff") == 3
    assert calls.show(koha.ready)["script"] == []


def test_what_no_api_shows_changes_nothing_that_it_shows(koha: KohaCaller) -> None:
    patron = koha.make()
    calls.edit(koha.ready, patron=patron["patron_id"], hidden={"checkouts": 2})
    assert koha.patron(patron["patron_id"]) == patron


def test_staff_who_write_before_a_write_wait_for_a_read_each_time(koha: KohaCaller) -> None:
    patron = koha.make()
    calls.edit(koha.ready, patron=patron["patron_id"], set={"city": "Odder"}, when="write", times=2)
    for n, is_read in enumerate((True, False, True)):
        if is_read:
            koha.patron(patron["patron_id"])
        koha.put(patron["patron_id"], whole(patron, city=f"By {n}"))
    by = [one["by"] for one in changes(koha, patron["patron_id"])]
    assert by == ["staff", "cprsync", "cprsync", "staff", "cprsync"]


def test_two_writes_in_one_second_look_like_one(koha: KohaCaller) -> None:
    patron = koha.make()
    calls.edit(koha.ready, patron=patron["patron_id"], set={"city": "Odder"}, same_second=True)
    assert koha.patron(patron["patron_id"]) == {**patron, "city": "Odder"}


def test_an_attribute_may_leave_the_clock_where_it_is(koha: KohaCaller) -> None:
    patron = koha.make()
    calls.setup(koha.ready, {"attributes_move_updated_on": False})
    try:
        calls.edit(koha.ready, patron=patron["patron_id"], attributes={"KOMMUNE": ["0751"]})
    finally:
        calls.setup(koha.ready, {"attributes_move_updated_on": True})
    after = koha.patron(patron["patron_id"])
    assert after["updated_on"] == patron["updated_on"]
    assert [one["value"] for one in after[ATTRIBUTES]] == [number_of(patron), "0751"]


def test_a_patron_whom_staff_delete_in_between_is_gone_at_the_write(koha: KohaCaller) -> None:
    patron = koha.patron(koha.make()["patron_id"])
    calls.edit(koha.ready, patron=patron["patron_id"], deletes=True, when="write")
    koha.patron(patron["patron_id"])
    assert koha.put(patron["patron_id"], whole(patron, city="Ry")).status_code == 404
    assert koha.found({"patron_id": patron["patron_id"]}) == []


def test_a_twin_has_the_same_number_and_neither_may_be_given_it_again(koha: KohaCaller) -> None:
    patron = koha.make(cardnumber="K910001")
    twin = calls.twin(koha.ready, patron=patron["patron_id"])
    query = {"extended_attributes.code": "CPR", "extended_attributes.value": number_of(patron)}
    assert koha.found(query) == [patron["patron_id"], twin]
    assert koha.patron(twin)["cardnumber"] is None
    answer = koha.put(patron["patron_id"], whole(patron, city="Ry"))
    assert (answer.status_code, answer.json()["error_code"]) == (400, "attribute_not_unique")


@pytest.mark.parametrize(
    "what",
    [
        {"set": {"shoe_size": "44"}},
        {"set": {"category_id": "SENIOR"}},
        {"set": {"updated_on": "2020-01-01T00:00:00Z"}},
        {"set": {"surname": None}},
        {"attributes": {"HOBBY": ["1"]}},
        {"attributes": {"CPR": "1"}},
        {"hidden": {"colour": 1}},
        {"when": "later"},
        {"times": 0},
        {"set": []},
    ],
)
def test_staff_write_nothing_that_koha_has_no_place_for(koha: KohaCaller, what: dict[str, Any]) -> None:
    patron = koha.make()
    with pytest.raises(BadInput) as refused:
        calls.edit(koha.ready, patron=patron["patron_id"], **what)
    assert refused.value.kind == "mock.koha"
    assert koha.patron(patron["patron_id"]) == patron


def test_a_category_that_is_taken_away_is_not_there(koha: KohaCaller) -> None:
    patron, before = koha.make(category_id="INSTITUTION"), calls.setup(koha.ready)
    assert "INSTITUTION" not in calls.setup(koha.ready, without=["INSTITUTION"])["categories"]
    answer = koha.put(patron["patron_id"], whole(patron, city="Ry"))
    assert (answer.status_code, answer.json()) == (400, {"error": "Given category_id does not exist"})
    assert calls.setup(koha.ready, before) == before
    assert koha.put(patron["patron_id"], whole(patron, city="Ry")).status_code == 200


@pytest.mark.parametrize(
    "given", [{"colour": "red"}, {"categories": {}}, {"categories": {"X": {"name": "X", "from_age": -1}}}]
)
def test_a_setup_that_is_none_is_refused(koha: KohaCaller, given: dict[str, Any]) -> None:
    before = calls.setup(koha.ready)
    with pytest.raises(BadInput):
        calls.setup(koha.ready, given)
    assert calls.setup(koha.ready) == before


# -- the town in Koha, and Koha's own night ------------------------------------------------------------------------


def test_the_towns_people_are_brought_in_once_and_named_by_their_keys(start: Start) -> None:
    with start(with_koha=True) as ready:
        assert calls.seed(ready, who=["ANNA"]) == 1
        total = calls.seed(ready)
        assert calls.seed(ready) == total > 40
        anna = next(one for one in calls.show(ready)["patrons"] if one["who"] == "ANNA")
        assert (anna["surname"], anna["address"], anna["category_id"]) == (
            "Skovgaard",
            "Uglesporet 16B, st th",
            "VOKSEN",
        )
        assert number("ANNA") in {one["value"] for one in anna[ATTRIBUTES]}
        with pytest.raises(BadInput):
            calls.seed(ready, who=["NOBODY"])
        assert len(calls.show(ready)["patrons"]) == total


@pytest.mark.parametrize(
    "patrons",
    [
        [new_patron(1), new_patron(2, category_id="SENIOR")],
        [new_patron(1, cardnumber="K1"), new_patron(2, cardnumber="k1")],
        [new_patron(1), {"surname": "Alene"}],
        [new_patron(1), new_patron(2, hidden={"colour": 1})],
    ],
)
def test_patrons_are_brought_in_together_or_not_at_all(koha: KohaCaller, patrons: list[dict[str, Any]]) -> None:
    before = koha.everything()
    with pytest.raises(BadInput):
        calls.seed(koha.ready, patrons=patrons)
    assert koha.everything() == before


def test_more_patrons_than_one_answer_holds_are_all_told(start: Start) -> None:
    with start(with_koha=True) as ready:
        assert calls.seed(ready, patrons=[new_patron(n) for n in range(1, 1_202)]) == 1_201
        assert [one["patron_id"] for one in calls.show(ready)["patrons"]] == list(range(1, 1_202))
        assert [one["n"] for one in calls.read_log(ready)] == list(range(1, 1_202))
        page = ask(ready, "/koha/log", {"after": 3, "limit": 2})
        assert ([one["n"] for one in page["changes"]], page["next"]) == ([4, 5], 5)
        assert [one["n"] for one in calls.read_log(ready, after=1_200)] == [1_201]


def test_kohas_night_moves_those_whose_age_has_left_their_category_and_nobody_else(start: Start) -> None:
    with start(with_koha=True) as ready:
        koha = KohaCaller(ready)
        patrons = {
            "VOKSEN": koha.make(category_id="UNG", date_of_birth="2009-03-23"),
            "BARN": koha.make(category_id="BARN", date_of_birth="2015-01-01"),
            "PERSONALE": koha.make(category_id="PERSONALE", date_of_birth="1980-01-01"),
        }
        assert calls.age_job(ready) == {"on": False, "moved": 0}
        control.night(ready)
        assert koha.patron(patrons["VOKSEN"]["patron_id"])["category_id"] == "UNG"
        calls.age_job(ready, on=True)
        control.night(ready)
        after = {category: koha.patron(patron["patron_id"]) for category, patron in patrons.items()}
        assert {category: patron["category_id"] for category, patron in after.items()} == {c: c for c in patrons}
        assert [one["by"] for one in changes(koha, after["VOKSEN"]["patron_id"])] == ["age-job"]
        # two writers fight: whoever writes it back meets the job again
        koha.put(after["VOKSEN"]["patron_id"], whole(after["VOKSEN"], category_id="UNG"))
        assert calls.age_job(ready, run=True)["moved"] == 1


# -- what goes wrong ---------------------------------------------------------------------------------------------


def test_each_fault_of_koha_is_what_its_name_says_and_then_over(koha: KohaCaller) -> None:
    patron = koha.make()
    for n, (kind, description) in enumerate(KOHA_KINDS.items()):
        control.fault(koha.ready, kind, seconds=0)
        body = whole(koha.patron(patron["patron_id"])) if kind in {"koha-lost", "koha-500"} else whole(patron)
        try:
            status: object = koha.put(patron["patron_id"], {**body, "city": f"By {n}"}).status_code
        except requests.ConnectionError:
            status = "dropped"
        expected = {
            "koha-lost": "dropped",
            "koha-500": 500,
            "koha-garbage": 200,
            "koha-slow": 200,
            "koha-down": "dropped",
            "koha-maintenance": 503,
            "koha-expired": 401,
            "koha-forbidden": 403,
            "koha-gone": 404,
            "koha-blocked": 403,
            "koha-moved": 301,
        }
        assert status == expected[kind], kind
        if kind == "koha-expired":
            assert koha.ask("GET", f"/patrons/{patron['patron_id']}").status_code == 401
            koha.sign_in()
        is_done = koha.patron(patron["patron_id"])["city"] == f"By {n}"
        assert is_done == (not description.startswith("nothing is done")), kind
    assert calls.show(koha.ready)["faults"] == []


def test_a_share_of_writes_is_done_and_never_answered_and_the_same_seed_loses_the_same(koha: KohaCaller) -> None:
    patron = koha.make()
    lost: list[list[int]] = []
    for _ in range(2):
        control.fault(koha.ready, "koha-lost", 1_000, share=0.3, seed=5)
        missed = []
        for n in range(20):
            try:
                koha.put(patron["patron_id"], whole(patron, city=f"By {n}"))
            except requests.ConnectionError:
                missed.append(n)
        lost.append(missed)
        control.calm(koha.ready)
    assert 2 <= len(lost[0]) <= 12
    assert lost[0] == lost[1]
    told = [one["set"]["city"] for one in changes(koha, patron["patron_id"])]
    assert told == [f"By {n}" for n in range(20)] * 2


def test_a_fault_of_koha_is_refused_where_none_is_served(ready: dict[str, Any]) -> None:
    for asked in (lambda: control.fault(ready, "koha-down"), lambda: calls.show(ready)):
        with pytest.raises(BadInput, match="--koha"):
            asked()
    assert control.state(ready)["faults"] == []


def test_a_token_ends_with_its_time(koha: KohaCaller) -> None:
    before = calls.setup(koha.ready)
    calls.setup(koha.ready, {"token_seconds": 0.001})
    try:
        koha.sign_in()
        assert koha.ask("GET", "/patrons").status_code == 401
    finally:
        calls.setup(koha.ready, before)
    koha.sign_in()
    assert koha.ask("GET", "/patrons").status_code == 200


def test_both_ways_to_sign_in_are_preferences(koha: KohaCaller) -> None:
    calls.setup(koha.ready, {"oauth": False, "basic": False})
    try:
        assert koha.token(client_id="cprsync", client_secret=koha.secret).status_code == 400
        assert koha.ask("GET", "/patrons").status_code == 401
        basic = requests.get(f"{koha.url}/patrons", verify=koha.ready["ca"], auth=("cprsync", koha.secret), timeout=20)
        assert basic.status_code == 401
    finally:
        calls.setup(koha.ready, {"oauth": True, "basic": True})


def test_each_answer_takes_as_long_as_asked(koha: KohaCaller) -> None:
    calls.latency(koha.ready, 0.2)
    try:
        began = time.monotonic()
        koha.ask("GET", "/patrons")
        assert time.monotonic() - began >= 0.2
    finally:
        calls.latency(koha.ready, 0)


# -- a restart, and a kill ---------------------------------------------------------------------------------------


def test_a_restart_keeps_the_patrons_the_tokens_the_setup_and_what_waits(start: Start) -> None:
    with start(with_koha=True) as first:
        koha = KohaCaller(first)
        patron = koha.make(city="Ry")
        koha.put(patron["patron_id"], whole(patron, city="Odder"))
        calls.edit(first, patron=patron["patron_id"], set={"city": "Viby"}, when="read")
        calls.setup(first, {"libraries": {"HB": "Hovedbiblioteket", "NY": "Ny filial"}})
        calls.age_job(first, on=True)
        control.fault(first, "koha-maintenance", 2)
        before = {name: value for name, value in calls.show(first).items() if name != "calls"}
    with start(with_koha=True) as second:
        assert second == first
        assert {name: value for name, value in calls.show(second).items() if name != "calls"} == before
        assert [koha.ask("GET", "/patrons").status_code for _ in range(3)] == [503, 503, 200]
        assert koha.patron(patron["patron_id"])["city"] == "Viby"
    with start() as without:
        assert without == {**first, "koha": None}
    with start(with_koha=True) as third:
        assert third == first


PROGRAM = """
import json, pathlib, sys
from datetime import UTC, datetime
from cprsync.mock.server import Ports, serve
serve(folder=pathlib.Path(sys.argv[1]), people=pathlib.Path(sys.argv[2]), ports=Ports(*[None] * 7), with_koha=True,
      now=lambda: datetime.now(UTC), announce=lambda ready: print(json.dumps(ready), flush=True), stop=None)
"""


def test_a_mock_that_is_killed_in_the_middle_of_writes_has_each_answered_one_and_no_half_one(
    start: Start, tmp_path: Path, mock_keys: Path
) -> None:
    folder = tmp_path / "mock"
    folder.mkdir()
    (folder / "certs").symlink_to(mock_keys / "certs")
    answered: dict[int, int] = {}
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(folder), str(PEOPLE_FILE)], stdout=subprocess.PIPE, text=True
    ) as program:
        assert program.stdout is not None
        ready = json.loads(program.stdout.readline())
        callers = [KohaCaller(ready) for _ in range(3)]
        patrons = [caller.make(city="0", address="0") for caller in callers]

        def write(caller: KohaCaller, patron: dict[str, Any]) -> None:
            for n in range(1, 100_000):
                attributes = [*patron[ATTRIBUTES], {"type": "INTERESSE", "value": str(n)}]
                try:
                    caller.put(
                        patron["patron_id"], whole(patron, city=str(n), address=str(n), **{ATTRIBUTES: attributes})
                    )
                except requests.RequestException:
                    return
                answered[patron["patron_id"]] = n

        threads = [threading.Thread(target=write, args=pair) for pair in zip(callers, patrons, strict=True)]
        for thread in threads:
            thread.start()
        while len(answered) < len(patrons) or min(answered.values()) < 5:
            assert all(thread.is_alive() for thread in threads)
        os.kill(program.pid, signal.SIGKILL)
        for thread in threads:
            thread.join(20)
    with (folder / "koha.jsonl").open("a", encoding="utf-8") as journal:
        journal.write('[{"op":"change","patron":1,"set":{"city":"to')
    with start(folder, with_koha=True) as again:
        koha = KohaCaller(again)
        for patron in patrons:
            after = koha.patron(patron["patron_id"])
            n = int(after["city"])
            assert n - answered[patron["patron_id"]] in {0, 1}
            assert (after["address"], after[ATTRIBUTES][-1]["value"]) == (str(n), str(n))
            assert koha.put(patron["patron_id"], whole(after, city="Ry")).status_code == 200
    memory = Memory(folder)
    assert [patron.get("city") for patron in KohaPatrons(memory)] == ["Ry"] * 3

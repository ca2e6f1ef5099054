"""The mock as a program: ready document, restart, ports, faults on command, and the control."""

from __future__ import annotations

import http.client
import json
import shutil
import signal
import socket
import subprocess
import sys
import textwrap
import threading
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
import requests
import started
from lxml import etree
from mock_delivery import delivery
from mock_wire import LOOKUP, Caller
from town import ANNA, PEOPLE, PEOPLE_FILE, number

from cprsync.errors import BadInput, ConfigurationError, RegisterUnavailable, RunStopped
from cprsync.language.errors import advice_for
from cprsync.mock import asking, control
from cprsync.mock.server import Ports
from cprsync.mock.town.faults import CALL_KINDS, HALF_FILE, NO_METADATA
from cprsync.mock.town.people import load_town
from cprsync.resources import compile_schemas

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager
    from pathlib import Path

    Start = Callable[..., AbstractContextManager[dict[str, Any]]]


# -- ready --------------------------------------------------------------------------------------------------


def test_the_ready_document_has_the_promised_shape_and_lies_in_the_folder(
    ready: dict[str, Any], tmp_path: Path
) -> None:
    assert ready["ready"] is True
    assert ready["day"] == "2027-03-22"
    assert ready["lookup_url"].endswith("/service/CPR/PersonBaseDataExtended/5")
    assert ready["subscription_url"].endswith("/service/CPRSubscription/CPRSubscription/1/")
    assert urlsplit(ready["lookup_url"]).netloc == urlsplit(ready["subscription_url"]).netloc
    assert ready["task"] == "123456"
    assert ready["culr_url"].startswith("https://localhost:")
    assert ready["culr_url"].endswith("/1.6/CulrWebService")
    assert (ready["culr"]["user"], ready["culr"]["group"]) == ("bibliotek", "710100")
    assert set(ready["sftp"]) == {"host", "port", "user", "key", "known_hosts", "folder"}
    assert ready["people"] == len(PEOPLE)
    first, second = ready["agreements"]
    assert first == {**ready["agreement"], "task": "123456", "culr": ready["culr"], "sftp": ready["sftp"]}
    own = {name: second["sftp"].pop(name) for name in ("user", "key")}
    assert (second["task"], second["sftp"]) == ("123457", {k: v for k, v in first["sftp"].items() if k not in own})
    assert own.items().isdisjoint(first["sftp"].items())
    second["sftp"] |= own
    assert second.keys() == first.keys()
    assert set(ready["agreement"]) == {"agency", "service_agreement", "user_system", "user", "cvr"}
    assert json.loads((tmp_path / "mock" / "ready.json").read_text(encoding="utf-8")) == ready


def test_a_restart_keeps_everything(start: Start) -> None:
    with start() as first:
        caller = Caller(first)
        caller.subscribe(ANNA)
        caller.subscription("AddMunicipalityCodeSubscription", "<x:MunicipalityCode>0751</x:MunicipalityCode>")
        control.event(first, "number", "ANNA")
        control.night(first)
        control.event(first, "birth", "UFOEDT")
        control.event(first, "die", "BO")
        control.fault(first, "slow", 3, seconds=1)
        control.fault(first, "culr-lost", 3, share=0.5, seed=7)
        control.culr_write(first, "create", "785100", "BO", to="851")
        control.culr_write(first, "update", "785100", "BO", to="")
        before, told = control.state(first), control.culr(first)
    with start() as second:
        assert second == {**first, "day": "2027-03-23"}
        assert (control.state(second), control.culr(second)) == (before, told)
        assert control.night(second)["files"] == ["D270323.L123456"]


def change_stored_persons(folder: Path, change: Callable[[dict[str, Any]], object]) -> bytes:
    """Let a mock's state hold its people as another version has written them."""
    path = folder / "state.json"
    state = json.loads(path.read_text(encoding="utf-8"))
    for person in (*state["person"], *filter(None, state["published"].values())):
        change(person)
    path.write_text(json.dumps(state), encoding="utf-8")
    return path.read_bytes()


@pytest.mark.parametrize("empty", ["", [], {}, None, False])
def test_a_folder_of_another_version_starts_while_nobody_uses_the_field_that_differs(
    start: Start, tmp_path: Path, empty: Any
) -> None:
    with start() as first:
        control.event(first, "move", "ANNA", "SKOLEN")
        before = control.state(first)

    def write_as_another(person: dict[str, Any]) -> None:
        person["of_another_version"] = empty
        person["name"]["of_another_version"] = empty
        del person["ends"]

    change_stored_persons(tmp_path / "mock", write_as_another)
    with start() as second:
        assert control.state(second) == before


def test_a_folder_with_a_value_that_only_another_version_knows_is_left_as_it_is(start: Start, tmp_path: Path) -> None:
    with start():
        pass
    before = change_stored_persons(tmp_path / "mock", lambda person: person.update(of_another_version="2027-03-01"))
    with pytest.raises(ConfigurationError, match="or the version that wrote this one") as refused, start():
        pass
    assert refused.value.kind == "mock.state"
    assert (tmp_path / "mock" / "state.json").read_bytes() == before


def test_a_journals_torn_last_line_is_dropped_and_the_next_one_is_whole(start: Start, tmp_path: Path) -> None:
    with start() as ready:
        Caller(ready).subscribe(ANNA)
    with (tmp_path / "mock" / "subscriptions.jsonl").open("a", encoding="utf-8") as journal:
        journal.write('["torn')
    with start() as ready:
        assert Caller(ready).subscribe(number("BO")) == "ADDED"
        before = control.state(ready)["subscriptions"]
    with start() as ready:
        assert control.state(ready)["subscriptions"] == before
        assert before[ready["agreement"]["service_agreement"]]["PNR"] == [ANNA, number("BO")]


def owe(folder: Path, name: str) -> None:
    """Leave a mock's state as it is between closing a day and delivering it."""
    state = json.loads((folder / "state.json").read_text(encoding="utf-8"))
    assert (state["owed"], list(folder.glob("owed*"))) == ([], [])
    owed = [{"name": name, "agency": "710100", "half": False}]
    (folder / "state.json").write_text(json.dumps({**state, "owed": owed}), encoding="utf-8")


def test_a_mock_killed_between_closing_a_day_and_delivering_it_delivers_on_the_next_start(
    start: Start, tmp_path: Path
) -> None:
    """The day is kept as closed first: an event after the restart belongs to the next day's file."""
    folder, inbox = tmp_path / "mock", tmp_path / "mock" / "IN"
    with start() as ready:
        Caller(ready).subscribe(ANNA)
        control.event(ready, "move", "ANNA", "SKOLEN")
        (name,) = control.night(ready)["files"]
        before = control.state(ready)
    content = (inbox / name).read_bytes()
    owe(folder, name)
    (folder / f"owed.{name}").write_bytes(content)
    for path in inbox.iterdir():
        path.unlink()
    (inbox / f".{name}.1").write_bytes(content[:9])
    with start() as ready:
        assert (inbox / name).read_bytes() == content
        assert control.state(ready)["day"] == before["day"]
        assert not list(inbox.glob(".*"))
        (inbox / name).unlink()
    with start():
        assert not (inbox / name).exists()


def test_a_delivery_that_is_owed_and_gone_is_said(start: Start, tmp_path: Path) -> None:
    folder = tmp_path / "mock"
    with start() as ready:
        (name,) = control.night(ready)["files"]
    owe(folder, name)
    with pytest.raises(ConfigurationError) as refused, start():
        pass
    assert refused.value.kind == "mock.state"


def test_a_folder_that_cannot_be_written_is_said_and_the_delivery_follows(
    ready: dict[str, Any], tmp_path: Path
) -> None:
    inbox = tmp_path / "mock" / "IN"
    inbox.rmdir()
    inbox.write_text("no folder", encoding="utf-8")
    with pytest.raises(BadInput) as refused:
        control.night(ready)
    assert refused.value.kind == "mock.folder"
    inbox.unlink()
    (second,) = control.night(ready)["files"]
    assert sorted(path.name for path in inbox.glob("D*.L123456")) == ["D270322.L123456", second]


def test_a_second_mock_in_the_same_folder_is_refused(ready: dict[str, Any], start: Start) -> None:
    with pytest.raises(ConfigurationError, match="another mock runs"), start():
        pass
    assert asking.clock(ready)["day"] == "2027-03-22"


def test_a_free_port_is_none_that_an_outgoing_connection_may_get_before_the_next_start(
    start: Start, tmp_path: Path
) -> None:
    with start() as ready, start(tmp_path / "another") as another:
        ports = [
            urlsplit(one[name]).port for one in (ready, another) for name in ("lookup_url", "culr_url", "control_url")
        ]
        ports += [one["sftp"]["port"] for one in (ready, another)]
    assert len(set(ports)) == len(ports)
    assert {20_000 <= port < 32_768 for port in ports} == {True}


def test_a_folder_whose_free_ports_are_taken_gets_the_next_ones(start: Start, tmp_path: Path) -> None:
    with start() as ready:
        first = urlsplit(ready["lookup_url"]).port
    (tmp_path / "mock" / "ports.json").unlink()
    with socket.create_server(("127.0.0.1", first or 0)), start() as ready:
        assert first < urlsplit(ready["lookup_url"]).port <= first + 50


def test_a_port_that_is_taken_is_named(start: Start) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ConfigurationError, match=f"port {port} "), start(ports=Ports(soap=port)):
            pass


def test_the_program_says_one_line_and_stops_on_sigterm(tmp_path: Path, mock_keys: Path) -> None:
    (tmp_path / "mock").mkdir()
    (tmp_path / "mock" / "certs").symlink_to(mock_keys / "certs")
    program = """
    import json, pathlib, sys
    from datetime import UTC, datetime
    from cprsync.mock.server import Ports, serve
    serve(folder=pathlib.Path(sys.argv[1]), people=pathlib.Path(sys.argv[2]), ports=Ports(None, None, None, None, None),
          now=lambda: datetime.now(UTC), announce=lambda ready: print(json.dumps(ready), flush=True), stop=None)
    """
    with subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(program), str(tmp_path / "mock"), str(PEOPLE_FILE)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as running_program:
        try:
            assert running_program.stdout is not None
            ready = json.loads(running_program.stdout.readline())
            assert Caller(ready).look_up(ANNA).status == 200
            running_program.send_signal(signal.SIGTERM)
            out, err = running_program.communicate(timeout=60)
        finally:
            running_program.kill()
    assert (running_program.returncode, out, err) == (0, "", "")


# -- faults on command -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", CALL_KINDS)
def test_a_fault_happens_as_often_as_asked_and_then_no_more(ready: dict[str, Any], caller: Caller, kind: str) -> None:
    good = caller.look_up(ANNA)
    control.fault(ready, kind, 1, seconds=0)
    if kind == "close":
        with pytest.raises((http.client.HTTPException, OSError)):
            caller.look_up(ANNA)
    else:
        bad = caller.look_up(ANNA)
        assert bad != good or kind == "slow"
    assert caller.look_up(ANNA) == good
    assert [call["outcome"] for call in control.state(ready)["calls"]] == [
        "ok",
        "fault" if kind == "platform-fault" else kind,
        "ok",
    ]


def test_each_fault_is_what_its_name_says(ready: dict[str, Any], caller: Caller) -> None:
    def next_answer(kind: str) -> Any:
        control.fault(ready, kind)
        return caller.look_up(ANNA)

    assert next_answer("http-500-html").status == 500
    assert next_answer("http-500-html").body.startswith(b"<!DOCTYPE html>")
    assert (next_answer("empty-200").status, next_answer("empty-200").body) == (200, b"")
    with pytest.raises(etree.XMLSyntaxError):
        _ = next_answer("truncated").payload
    assert len(next_answer("oversized").body) > 2 * 1024 * 1024
    assert next_answer("other-person").value("persondata/personnummer") not in {None, ANNA}
    assert next_answer("wrong-root").payload.tag != f"{{{LOOKUP}}}PersonLookupResponse"
    schema = compile_schemas().lookup
    assert not schema.validate(next_answer("bad-schema").payload)
    assert next_answer("platform-fault").status == 500
    assert schema.validate(next_answer("other-person").payload)


def test_an_answer_about_somebody_else_waits_for_a_look_up(ready: dict[str, Any], caller: Caller) -> None:
    control.fault(ready, "other-person")
    assert caller.subscribe(ANNA) == "ADDED"
    assert caller.look_up(ANNA).value("persondata/personnummer") != ANNA


def test_half_a_file_is_shorter_than_its_metadata_says_and_the_next_is_whole(
    ready: dict[str, Any], tmp_path: Path
) -> None:
    control.fault(ready, HALF_FILE)
    first, second = control.night(ready, count=2)["files"]
    assert len(delivery(tmp_path / "mock", first).content) < delivery(tmp_path / "mock", first).promised
    assert len(delivery(tmp_path / "mock", second).content) == delivery(tmp_path / "mock", second).promised


def test_the_companion_of_a_delivery_can_be_left_away(ready: dict[str, Any], tmp_path: Path) -> None:
    control.fault(ready, NO_METADATA)
    first, second = control.night(ready, count=2)["files"]
    inbox = tmp_path / "mock" / "IN"
    assert (inbox / first).is_file()
    assert [(inbox / f"{name}.metadata").exists() for name in (first, second)] == [False, True]


@pytest.mark.parametrize(
    ("kind", "times", "seconds"),
    [("flood", 1, 1), ("slow", 0, 1), ("slow", 1, 121), ("slow", 1, 10**400), ("slow", True, 1)],
)
def test_an_unknown_or_endless_fault_is_refused(still: dict[str, Any], kind: str, times: int, seconds: float) -> None:
    before = control.state(still)
    with pytest.raises(BadInput):
        control.fault(still, kind, times, seconds=seconds)
    assert control.state(still) == before


# -- the control -----------------------------------------------------------------------------------------------


def test_the_mock_is_found_by_folder_file_or_document(ready: dict[str, Any], tmp_path: Path) -> None:
    named = (tmp_path / "mock", tmp_path / "mock" / "ready.json", ready, {"control_url": ready["control_url"]})
    assert [asking.clock(mock)["day"] for mock in named] == ["2027-03-22"] * 4


def test_a_mock_that_does_not_run_says_so(start: Start, tmp_path: Path) -> None:
    with pytest.raises(RegisterUnavailable) as never:
        asking.clock(tmp_path)
    with start() as ready:
        pass
    with pytest.raises(RegisterUnavailable) as stopped:
        asking.clock(ready)
    assert never.value.kind == stopped.value.kind == "mock.not_running"


def test_a_mock_that_stops_in_the_middle_of_many_nights_says_how_many_are_closed(
    ready: dict[str, Any], tmp_path: Path
) -> None:
    """The third night finds no folder to deliver to."""
    inbox = tmp_path / "mock" / "IN"
    asked: list[str] = []

    class Hooked(dict[str, Any]):
        def __getitem__(self, name: str) -> Any:
            asked.append(name)
            if len(asked) == 3:
                shutil.rmtree(inbox)
                inbox.write_text("no folder", encoding="utf-8")
            return super().__getitem__(name)

    with pytest.raises(RunStopped) as stopped:
        control.night(Hooked(ready), count=5)
    assert stopped.value.kind == "mock.stopped"
    assert "2 of 5 days are closed" in stopped.value.message
    inbox.unlink()
    assert advice_for(stopped.value).exit == 7
    assert asking.clock(ready)["day"] == "2027-03-25"


def test_a_mock_that_is_killed_while_it_answers_is_said_to_have_begun() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def hang_up() -> None:
            listener.accept()[0].close()

        thread = threading.Thread(target=hang_up, daemon=True)
        listener.settimeout(10)
        thread.start()
        killed = {"control_url": f"http://127.0.0.1:{listener.getsockname()[1]}"}
        try:
            with pytest.raises(RunStopped, match="may be done") as stopped:
                control.night(killed, count=2)
        finally:
            thread.join(20)
    assert stopped.value.kind == "mock.stopped"


def test_many_nights_are_told_as_one(ready: dict[str, Any], caller: Caller) -> None:
    caller.subscribe(ANNA)
    control.event(ready, "move", "ANNA", "SKOLEN")
    done = control.night(ready, count=3)
    files = ["D270322.L123456", "D270323.L123456", "D270324.L123456"]
    days = ["2027-03-22", "2027-03-23", "2027-03-24"]
    assert done == {"day": "2027-03-25", "files": files, "persons": 1, "closed": days, "skipped": []}


@pytest.mark.parametrize(
    "headers",
    [{"Content-Type": "text/plain"}, {"Content-Type": "application/json", "Host": "evil.test"}],
)
def test_the_control_takes_nothing_from_a_web_page(still: dict[str, Any], headers: dict[str, str]) -> None:
    answer = requests.post(f"{still['control_url']}/day", data="{}", headers=headers, timeout=10)
    assert answer.status_code == 403
    assert asking.clock(still)["day"] == "2027-03-22"


@pytest.mark.parametrize("body", ["", "{", "\0", "[" * 100_000, '{"a":' * 50_000, '{"count":' + "9" * 5000 + "}"])
def test_the_control_refuses_what_is_no_json_and_goes_on(still: dict[str, Any], body: str) -> None:
    headers = {"Content-Type": "application/json"}
    answer = requests.post(f"{still['control_url']}/night", data=body, headers=headers, timeout=10)
    assert (answer.status_code, answer.json()["error"]["kind"]) == (400, "mock.control")
    assert asking.clock(still)["day"] == "2027-03-22"


@pytest.mark.parametrize("count", [0, 371, "many", True])
def test_an_impossible_number_of_nights_is_refused(still: dict[str, Any], count: Any) -> None:
    with pytest.raises(BadInput):
        control.night(still, count=count)
    assert asking.clock(still)["day"] == "2027-03-22"


# -- the people file ---------------------------------------------------------------------------------------------

HEAD = '[town]\nday = 2027-03-22\ntask = "123456"\n'
ONE = f'[[person]]\nkey = "A"\nnumber = "{ANNA}"\nstatus = "01"\nsex = "K"\nborn = 1985-05-04\n'

MISTAKES = [
    ("no TOML", "= 1", "line 1, column 1"),
    ("no town", ONE, "day and a task"),
    ("no number", HEAD + ONE.replace(f'number = "{ANNA}"\n', ""), "A: person lacks number"),
    ("a short number", HEAD + ONE.replace(ANNA, ANNA[:9]), "A: person number"),
    ("an unknown status", HEAD + ONE.replace('"01"', '"02"'), "A: person status"),
    ("the same key", HEAD + ONE + ONE, "A: the key is used twice"),
    ("the same number", HEAD + ONE + ONE.replace('"A"', '"B"'), "B: a number is used twice"),
    ("no such spouse", HEAD + ONE + 'spouse = "C"\n', "A: a relative's key"),
    (
        "a long addressing name",
        HEAD + ONE + f'name = {{ first = "X", addressing = "{"x" * 35}" }}\n',
        "name addressing",
    ),
    ("no Latin-1", HEAD + ONE + 'name = { first = "Łukasz", last = "X" }\n', "A: name first"),
    ("a field nobody knows", HEAD + ONE + 'noerregade = "x"\n', "A: a field of person"),
]


@pytest.mark.parametrize(("text", "where"), [mistake[1:] for mistake in MISTAKES], ids=[m[0] for m in MISTAKES])
def test_a_mistake_in_the_people_file_is_placed_and_never_quoted(tmp_path: Path, text: str, where: str) -> None:
    path = tmp_path / "people.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigurationError) as refusal:
        load_town(path)
    assert where in refusal.value.message
    assert not any(secret in refusal.value.message for secret in (ANNA[:9], "Łukasz", "noerregade"))


def test_a_missing_people_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be read"):
        load_town(tmp_path / "none.toml")


@pytest.mark.parametrize(("language", "advice"), [("da", "Ret indstillingen"), ("en", "Mend the setting")])
def test_a_mock_that_cannot_start_gives_its_advice_in_the_readers_language(
    tmp_path: Path, language: str, advice: str
) -> None:
    missing = str(tmp_path / "none.toml")
    ran = started.command("mock", "serve", "--dir", str(tmp_path / "mock"), "--people", missing, "--lang", language)
    assert (ran.returncode, ran.stdout) == (2, "")
    assert advice in ran.stderr


@pytest.mark.parametrize(("language", "message"), [("da", "kan ikke bruges"), ("en", "cannot be used")])
def test_a_port_that_is_taken_is_told_in_the_readers_language(tmp_path: Path, language: str, message: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        ran = started.command("mock", "serve", "--dir", str(tmp_path / "mock"), "--port", port, "--lang", language)
    assert (ran.returncode, ran.stdout) == (2, "")
    assert f"port {port} {message}" in ran.stderr
    assert "ss -ltnp" in ran.stderr

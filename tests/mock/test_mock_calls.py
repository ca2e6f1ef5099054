"""What the mock was asked, as another program's test reads it, and the way back to the first day."""

from __future__ import annotations

import io
import json
import stat
from codecs import BOM_UTF8
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import asyncssh
import pytest
from cryptography import x509
from culr_calls import Library, user
from koha_caller import KohaCaller
from mock_wire import Caller, client_context, lookup_envelope, post
from test_mock_sftp import ask
from town import ANNA, number

from cprsync.cli.main import app
from cprsync.errors import BadInput
from cprsync.language.errors import error_text
from cprsync.mock import control
from cprsync.mock.koha import calls as koha_calls
from cprsync.mock.town.calls import KEPT_MAX, CallLog, LoggedCall
from cprsync.mock.town.state import Memory

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    Start = Callable[..., AbstractContextManager[dict[str, Any]]]

NOBODY = "0101010101"


def said(ready: dict[str, Any], *names: str, **asked: Any) -> list[tuple[Any, ...]]:
    """The named parts of the calls that are asked for."""
    return [tuple(call[name] for name in names) for call in control.calls(ready, **asked)["calls"]]


# -- what is recorded ------------------------------------------------------------------------------------------


def test_a_call_names_the_person_by_their_key_and_nobody_by_their_number(ready: dict[str, Any], caller: Caller) -> None:
    caller.look_up(ANNA)
    caller.subscribe(number("BO"))
    caller.look_up(NOBODY)
    Library(ready).ask("createAccount", user(ANNA))
    assert said(ready, "n", "service", "operation", "who", "outcome") == [
        (1, "register", "PersonLookup", "ANNA", "ok"),
        (2, "register", "AddPNRSubscription", "BO", "ok"),
        (3, "register", "PersonLookup", None, "fault"),
        (4, "culr", "createAccount", "ANNA", "OK200"),
    ]
    text = json.dumps(control.calls(ready))
    assert not any(digits in text for digits in (ANNA, number("BO"), NOBODY))


def test_a_call_that_is_refused_is_recorded_with_what_the_fault_said(ready: dict[str, Any], caller: Caller) -> None:
    caller.look_up(NOBODY)
    caller.post(b"no XML")
    Library(ready).post("<nothing/>")
    assert said(ready, "operation", "outcome", "fault") == [
        ("PersonLookup", "fault", "PNR not found"),
        ("?", "fault", "The request is not well-formed XML."),
        ("?", "fault", "The request breaks the contract near line 1: nothing is not expected there."),
    ]


def test_a_call_names_the_certificate_that_was_shown(ready: dict[str, Any]) -> None:
    context = client_context(ready)
    post(ready["lookup_url"], lookup_envelope(ANNA), context)
    shown = x509.load_pem_x509_certificate(Path(ready["client_cert"]).read_bytes())
    assert [int(serial, 16) for (serial,) in said(ready, "certificate")] == [shown.serial_number]


def test_each_step_of_a_fetch_is_recorded_and_half_a_file_is_not_a_whole_one(ready: dict[str, Any]) -> None:
    (name,) = control.night(ready)["files"]

    async def fetch(client: asyncssh.SFTPClient) -> None:
        await client.listdir("IN")
        async with client.open(f"IN/{name}", "rb") as file:
            await file.read(5)
        async with client.open(f"IN/{name}", "rb") as file:
            await file.read()
        await client.remove(f"IN/{name}")

    ask(ready, fetch)
    assert said(ready, "operation", "file", "outcome", "agreement", service="sftp") == [
        ("login", None, "ok", "bibliotek"),
        ("list", None, "ok", "bibliotek"),
        ("fetch", name, "part", "bibliotek"),
        ("fetch", name, "ok", "bibliotek"),
        ("remove", name, "ok", "bibliotek"),
    ]


def test_a_key_that_is_not_accepted_is_recorded(ready: dict[str, Any]) -> None:
    with pytest.raises(asyncssh.PermissionDenied):
        ask(ready, lambda client: client.listdir("IN"), key=ready["agreements"][1]["sftp"]["key"])
    control.fault(ready, "sftp-refuse")
    with pytest.raises(asyncssh.PermissionDenied):
        ask(ready, lambda client: client.listdir("IN"))
    assert said(ready, "operation", "outcome") == [("login", "refused"), ("login", "sftp-refuse")]


def test_a_fetch_that_a_fault_cut_is_recorded_with_the_fault(ready: dict[str, Any]) -> None:
    (name,) = control.night(ready)["files"]
    control.fault(ready, "sftp-cut")

    async def fetch(client: asyncssh.SFTPClient) -> None:
        async with client.open(f"IN/{name}", "rb") as file:
            await file.read()

    with pytest.raises((asyncssh.SFTPError, asyncssh.DisconnectError)):
        ask(ready, fetch)
    assert said(ready, "file", "outcome", operation="fetch") == [(name, "sftp-cut")]


# -- what is asked for --------------------------------------------------------------------------------------------


def test_a_test_asks_for_what_its_program_did_since_a_call(ready: dict[str, Any], caller: Caller) -> None:
    for digits in (ANNA, number("BO"), ANNA):
        caller.look_up(digits)
    caller.subscribe(ANNA)
    assert said(ready, "n", who="ANNA", operation="PersonLookup") == [(1,), (3,)]
    assert said(ready, "n", who="ANNA", operation="PersonLookup", after=1) == [(3,)]
    assert said(ready, "n", limit=1) == [(4,)]
    found = control.calls(ready, outcome="fault", after=2)
    assert (found["calls"], found["matched"], found["count"], found["forgotten"]) == ([], 0, 4, 0)
    assert found["operations"] == {"AddPNRSubscription": 1, "PersonLookup": 1}


@pytest.mark.parametrize(
    "asked", [{"who": "NOBODY"}, {"service": "koha"}, {"after": -1}, {"after": True}, {"limit": 0}, {"limit": 10**6}]
)
def test_a_question_that_can_find_nothing_is_refused(still: dict[str, Any], asked: dict[str, Any]) -> None:
    with pytest.raises(BadInput) as refused:
        control.calls(still, **asked)
    assert refused.value.kind == "mock.calls"


def test_a_restart_keeps_the_calls_and_counts_on(start: Start) -> None:
    with start() as ready:
        Caller(ready).look_up(ANNA)
        before = control.calls(ready)
    with start() as ready:
        assert control.calls(ready) == before
        Caller(ready).look_up(ANNA)
        assert said(ready, "n") == [(1,), (2,)]


def test_the_mock_keeps_the_last_calls_in_its_folder_too_and_says_how_many_it_forgot(tmp_path: Path) -> None:
    memory = Memory(tmp_path)
    calls = CallLog(memory)
    call = LoggedCall("PersonLookup", "", "", "", "ok", "")
    for _ in range(2 * KEPT_MAX + 5):
        calls.record(call)
    memory.close()
    found = CallLog(Memory(tmp_path)).select({"limit": 1})
    assert (found["calls"][0]["n"], found["forgotten"]) == (2 * KEPT_MAX + 5, KEPT_MAX + 5)
    assert len((tmp_path / "calls.jsonl").read_text(encoding="utf-8").splitlines()) < KEPT_MAX + 10


def test_calls_that_an_older_mock_wrote_are_read(tmp_path: Path) -> None:
    row = {"operation": "PersonLookup", "agreement": "", "serial": "", "certificate": "", "outcome": "ok", "at": ""}
    (tmp_path / "calls.jsonl").write_text(f"{json.dumps(row)}\n" * 2, encoding="utf-8")
    assert [call.n for call in CallLog(Memory(tmp_path))] == [1, 2]


class Screen(io.StringIO):
    """Standard output that is a terminal."""

    def isatty(self) -> bool:
        return True


def test_a_person_reads_a_table_and_a_program_lines_with_tabs(
    ready: dict[str, Any], caller: Caller, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    caller.look_up(NOBODY)
    command = ["mock", "journal", "--dir", str(Path(ready["ca"]).parent.parent), "--lang", "en"]
    app(command, standalone_mode=False)
    (call,) = control.calls(ready)["calls"]
    parts = ("1", call["at"], "register", "PersonLookup", "-", "fault: PNR not found", call["certificate"])
    assert capsys.readouterr().out == "\t".join(parts) + "\n"
    app([*command, "--json"], standalone_mode=False)
    assert json.loads(capsys.readouterr().out) == control.calls(ready)
    screen = Screen()
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setattr("sys.stdout", screen)
    app(command, standalone_mode=False)
    head, row, end = screen.getvalue().splitlines()
    assert head.split("  ")[0] == "no."
    assert row.index("PersonLookup") == head.index("operation")
    assert row.endswith(call["certificate"][:8])
    assert end == "1 shown of 1. The mock was asked for: PersonLookup 1"


# -- the people ------------------------------------------------------------------------------------------------------


def test_the_people_are_shown_as_of_today_and_as_of_the_last_night(ready: dict[str, Any], caller: Caller) -> None:
    caller.subscribe(ANNA)
    control.event(ready, "protect", "ANNA")
    (anna,) = control.people(ready, "ANNA")["people"]
    assert (anna["key"], anna["today"]["number"], anna["protected"], anna["subscribed"]) == ("ANNA", ANNA, True, True)
    assert (anna["published"]["protections"], anna["today"]["protections"].keys()) == ({}, {"0001"})
    (unborn,) = control.people(ready, "UFOEDT")["people"]
    assert (unborn["published"], unborn["today"]["unborn"]) == (None, True)
    with pytest.raises(BadInput):
        control.people(ready, "NOBODY")


def test_the_people_are_listed_with_their_numbers_and_one_who_is_not_born_as_such(
    still: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["mock", "people", "--dir", str(Path(still["ca"]).parent.parent), "--lang", "en"]
    app(command, standalone_mode=False)
    rows = [line.split("\t") for line in capsys.readouterr().out.splitlines()]
    assert len(rows) == still["people"]
    assert ["ANNA", ANNA, "01", "no", "0751", "no"] in rows
    assert ["UFOEDT", number("UFOEDT"), "not born", "no", "-", "no"] in rows


# -- from the beginning --------------------------------------------------------------------------------------------


def live(ready: dict[str, Any]) -> None:
    """Change something of everything that a mock remembers."""
    Caller(ready).subscribe(ANNA)
    Library(ready).ask("createAccount", user(ANNA))
    for kind, who in (("move", "ANNA"), ("number", "ANNA"), ("birth", "UFOEDT"), ("die", "BO")):
        control.event(ready, kind, who)
    control.night(ready)
    control.event(ready, "rename", "CLARA")
    control.fault(ready, "slow", 3)
    control.latency(ready, 0.01)
    control.fbs_write(ready, "freeze", "ANNA")
    koha_calls.seed(ready)
    koha_calls.age_job(ready, on=True)
    KohaCaller(ready)


def everything(ready: dict[str, Any]) -> tuple[Any, ...]:
    koha = {name: part for name, part in koha_calls.show(ready).items() if name != "calls"}
    boxes = [sorted(Path(ready["ca"]).parent.parent.glob(place)) for place in ("IN/*", "710200/IN/*", "owed*")]
    return control.state(ready), control.culr(ready), control.fbs(ready), control.webhook(ready), koha, boxes


def test_a_reset_leaves_nothing_of_what_has_happened_and_the_same_life_follows(
    start: Start, capsys: pytest.CaptureFixture[str]
) -> None:
    options = {"with_fbs": True, "with_koha": True, "with_webhook": True}
    with start(**options) as ready:
        before = everything(ready)
        live(ready)
        assert all(now != then for now, then in zip(everything(ready)[:3], before[:3], strict=True))
        assert control.reset(ready) == {"day": "2027-03-22", "people": 60}
        assert everything(ready) == before
        assert Caller(ready).look_up(ANNA).status == 200
        app(["mock", "reset", "--dir", str(Path(ready["ca"]).parent.parent), "--lang", "en"], standalone_mode=False)
        assert capsys.readouterr().out == "From the beginning: it is 2027-03-22, and the town has 60 people.\n"
    with start(**options) as ready:
        assert everything(ready) == before
        live(ready)
        assert control.night(ready)["files"] == ["D270323.L123456"]


def test_a_reset_needs_the_people_of_the_first_start(start: Start, tmp_path: Path) -> None:
    with start() as ready:
        control.event(ready, "die", "BO")
        before, copy = control.state(ready), tmp_path / "mock" / "people.toml"
        people = copy.read_bytes()
        for spoilt, says in (
            (None, "is gone from the mock's folder"),
            (people[:-9], "in the mock's folder: the people"),
        ):
            copy.unlink() if spoilt is None else copy.write_bytes(spoilt)
            with pytest.raises(BadInput, match=rf"^people.toml {says}") as refused:
                control.reset(ready)
            assert (refused.value.kind, control.state(ready)) == ("mock.reset", before)
        # as some editors save it
        copy.write_bytes(BOM_UTF8 + people)
        assert control.reset(ready)["people"] == 60


# -- how it stands, copies, and bad weather ----------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["fbs-down", "koha-down", "hook-down"])
def test_a_fault_of_what_is_not_served_is_refused_and_does_not_wait(still: dict[str, Any], kind: str) -> None:
    with pytest.raises(BadInput, match="start it with --"):
        control.fault(still, kind)
    assert control.state(still)["faults"] == []


def test_chaos_shares_the_answers_out_among_the_faults_of_each_service_that_is_served(
    koha: KohaCaller, koha_mock: dict[str, Any]
) -> None:
    assert koha
    faults = control.chaos(koha_mock, share=0.2, seed=7)["faults"]
    shares = Counter[str]()
    for one in faults:
        begin = one["kind"].partition("-")[0]
        shares[begin if begin in {"sftp", "culr", "koha", "fbs", "hook"} else "register"] += one["share"]
    assert {service: round(share, 6) for service, share in shares.items()} == dict.fromkeys(
        ("register", "sftp", "culr", "koha"), 0.2
    )
    assert len({one["seed"] for one in faults}) == len(faults)


def test_in_chaos_some_calls_fail_and_others_do_not(ready: dict[str, Any], caller: Caller) -> None:
    folder = str(Path(ready["ca"]).parent.parent)
    app(["mock", "chaos", "--dir", folder, "--share", "0.5", "--seconds", "0"], standalone_mode=False)
    for _ in range(12):
        with suppress(OSError):
            caller.look_up(ANNA)
    outcomes = {one["outcome"] for one in control.calls(ready)["calls"]}
    assert "ok" in outcomes
    assert len(outcomes) > 1


def test_a_mock_goes_on_in_a_copy_from_the_moment_of_the_copy(
    start: Start, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    copy = tmp_path / "copy"
    with start() as ready:
        Caller(ready).subscribe(ANNA)
        control.event(ready, "rename", "ANNA")
        command = ["mock", "snapshot", str(copy), "--dir", str(Path(ready["ca"]).parent.parent), "--lang", "en"]
        app(command, standalone_mode=False)
        assert capsys.readouterr().out.startswith(f"Copied to {copy} as it stood on 2027-03-22")
        before = control.state(ready)
        with pytest.raises(BadInput, match="not there yet"):
            control.snapshot(ready, copy)
        control.night(ready)
        with start(copy) as another:
            assert control.state(another) == before
            assert control.night(another)["persons"] == 1
        assert stat.S_IMODE((copy / "state.json").stat().st_mode) == 0o600


def test_the_state_on_a_terminal_has_the_day_what_waits_and_the_faults(
    ready: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    control.event(ready, "rename", "ANNA")
    control.fault(ready, "slow", times=3)
    command = ["mock", "state", "--dir", str(Path(ready["ca"]).parent.parent), "--lang", "en"]
    app(command, standalone_mode=False)
    assert capsys.readouterr().out.splitlines() == [
        "It is 2027-03-22: 60 people, 1 with changes for the night, 0 subscriptions, 0 calls.",
        "  slow × 3",
    ]
    app([*command, "--json"], standalone_mode=False)
    assert json.loads(capsys.readouterr().out) == control.state(ready)


@pytest.mark.parametrize(
    ("asks", "told"),
    [
        (lambda mock: control.fault(mock, "nonsense"), "der er ingen sådan fejl; der er http-500-html, "),
        (
            lambda mock: control.event(mock, "move", "NOBODY"),
            "der er ingen sådan person: skriv en nøgle fra personfilen, ",
        ),
        (lambda mock: control.event(mock, "birth", "ANNA"), "birth: personen er født allerede"),
        (lambda mock: control.event(mock, "die", "ANNA", "BO"), "die tager ingen --to"),
    ],
)
def test_what_a_running_mock_refuses_is_told_in_danish_with_its_values(
    still: dict[str, Any], asks: Callable[[dict[str, Any]], Any], told: str
) -> None:
    before = control.state(still)
    with pytest.raises(BadInput) as refused:
        asks(still)
    assert error_text(refused.value, "da").startswith(told)
    assert control.state(still) == before

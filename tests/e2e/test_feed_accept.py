"""`cprsync feed accept FILE --reason`: a delivery that stops the nights is taken after all, and the reason is kept."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest
from e2e_library import DERIVED, RECORDS, Library, new_library, personal
from town import PEOPLE_FILE, number

from cprsync.cli.main import app
from cprsync.cli.terminal.user import user_name
from cprsync.language.words import long_day
from cprsync.mock import control
from cprsync.mock.server import running

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

pytestmark = pytest.mark.xdist_group("feed accept")

REASON = "the platform has lost the file before it"
METADATA = "<Trigger><FileDescriptor><SizeInBytes>{size}</SizeInBytes></FileDescriptor></Trigger>"


@dataclass(frozen=True)
class Week:
    """A library that has taken the first delivery, and the two after it: ANNA moves, then BO gets another name."""

    library: Library
    moved: tuple[str, bytes]
    renamed: tuple[str, bytes]
    mock: dict[str, Any]


@pytest.fixture(scope="module")
def week(tmp_path_factory: pytest.TempPathFactory, mock_keys: Path) -> Iterator[Week]:
    folder = tmp_path_factory.mktemp("accept")
    shutil.copytree(mock_keys, folder / "mock")
    with running(folder / "mock", PEOPLE_FILE) as ready:
        library = new_library(folder / "library", folder / "mock", ["ANNA", "BO"])
        files = []
        for event, key in ((None, ""), ("move", "ANNA"), ("rename", "BO")):
            if event:
                control.event(ready, event, key)
            (name,) = control.night(ready)["files"]
            files.append((name, (folder / "mock" / "IN" / name).read_bytes()))
            if event is None:
                deliver(library, *files[0])
                assert library.call("sync").exit == 0
        yield Week(library, files[1], files[2], ready)


@pytest.fixture
def library(week: Week, tmp_path: Path) -> Library:
    return week.library.copy(tmp_path / "library")


#: What a record says of a window, besides when its rights were derived.
WINDOW = DERIVED | {"unverified_since", "unverified_why", "unverified_until", "unverified_asked"}


def deliver(library: Library, name: str, content: bytes) -> None:
    (library.inbox / name).write_bytes(content)
    (library.inbox / f"{name}.metadata").write_text(METADATA.format(size=len(content)), encoding="utf-8")


def another(week: Week) -> bytes:
    """Another content for the day on which ANNA moves: what the file after it says, under this one's record 000."""
    header, rest = week.moved[1].partition(b"\n")[0], week.renamed[1].partition(b"\n")[2]
    return header + b"\n" + rest


def accepted(library: Library) -> list[dict[str, Any]]:
    rows = [json.loads(row[5]) for row in library.rows("audit")["audit"]]
    return [row for row in rows if row["kind"] == "accept"]


def assert_applied_once(
    library: Library, *actions: str, file: str, sha256: str, asked: int = 0, late: bool = False
) -> None:
    """The next `sync` applies what was accepted, and the one after it does nothing."""
    # by now the file after a replaced one is late
    ends = 4 if late else 0
    ran = library.call("sync")
    told = (ran.exit, ran.document["state"], ran.document["actions"])
    assert told == (ends, "done", dict.fromkeys(actions, 1)), ran.out
    assert (ran.document["windows"]["asked"], ran.document["windows"]["left"]) == (asked, 0)
    taken = [line for line in ran.document["deliveries"] if line["outcome"] == "applied"]
    assert [(line["file"], line["sha256"]) for line in taken] == [(file, sha256)]
    before = library.records()
    ran = library.call("sync")
    assert (ran.exit, ran.document["state"], ran.document["actions"]) == (ends, "nothing", {}), ran.out
    assert library.records() == before
    assert len(accepted(library)) == 1


@pytest.fixture
def gap(week: Week, library: Library) -> Library:
    """The delivery in which ANNA moves never came."""
    deliver(library, *week.renamed)
    ran = library.call("sync")
    assert (ran.exit, ran.error["kind"]) == (1, "delivery.gap")
    assert "feed accept" in ran.error["next"]
    return library


@pytest.fixture
def replaced(week: Week, library: Library) -> Library:
    """The delivery in which ANNA moves came twice, the second time as one in which BO gets another name."""
    deliver(library, *week.moved)
    assert library.call("sync").document["actions"] == {"move": 1}
    deliver(library, week.moved[0], another(week))
    ran = library.call("sync")
    assert (ran.exit, ran.error["kind"]) == (1, "delivery.replaced")
    assert "feed accept" in ran.error["next"]
    assert "remove the other file from the place it was delivered to (IN)" in ran.error["next"]
    return library


def test_the_doctor_names_the_missing_day_as_the_status_does(gap: Library) -> None:
    missing = gap.call("status").document["deliveries"]["missing"]
    (chain,) = (one for one in gap.call("doctor").document["checks"] if one["check"] == "feed.chain")
    (finding,) = chain["findings"]
    assert (chain["state"], finding["kind"]) == ("fault", "chain_missing")
    assert long_day(date.fromisoformat(missing), "da") in finding["next"]["da"]


def test_a_gap_is_gone_over_with_the_delivery_that_waits_in_the_inbox(week: Week, gap: Library) -> None:
    records = gap.rows(*RECORDS, but=WINDOW)
    ran = gap.call("feed", "accept", week.renamed[0], "--reason", REASON)
    told = ran.document
    assert (ran.exit, told["file"], told["accepted"], told["reason"]) == (0, week.renamed[0], "gap", REASON), ran.out
    assert gap.rows(*RECORDS, but=WINDOW) == records
    listed = gap.call("feed", "windows").document
    assert (listed["count"], {row["why"] for row in listed["windows"]}) == (told["unverified"], {"gap"}) == (2, {"gap"})
    # what the lost file told is looked up
    assert_applied_once(gap, "move", "rename", file=week.renamed[0], sha256=told["sha256"], asked=2)


def test_what_a_lost_file_told_is_looked_up_between_two_nights_too(week: Week, gap: Library) -> None:
    gap.call("feed", "accept", week.renamed[0], "--reason", REASON)
    ran = gap.call("feed", "heal", "--limit", "1")
    # what is answered is written; the file that waits will count as newer, so nobody is verified before it is taken
    assert (ran.exit, ran.document["asked"], ran.document["answered"], ran.document["left"]) == (0, 1, 0, 2), ran.out
    ran = gap.call("feed", "heal")
    assert (ran.exit, ran.document["left"]) == (0, 2), ran.out
    healed = gap.records()
    ran = gap.call("sync")
    assert (ran.exit, ran.document["windows"]["answered"], ran.document["windows"]["left"]) == (0, 2, 0), ran.out
    assert gap.call("feed", "windows").document["windows"] == []
    before = gap.records()
    assert len(before) == len(healed)
    ran = gap.call("feed", "heal")
    assert (ran.exit, ran.document["asked"]) == (0, 0)
    assert gap.records() == before


def test_an_operator_has_everyone_looked_up_and_is_told_so(
    week: Week, library: Library, capsys: pytest.CaptureFixture[str]
) -> None:
    ran = library.call("feed", "heal", "--everyone", "CPR har sendt fejl i går")
    # a delivery is due, so that no answer could verify anybody: the night that takes it has the whole quota
    assert (ran.exit, ran.document["asked"], ran.document["left"]) == (0, 0, 2), ran.out
    assert ran.document["awaits_delivery"]
    assert ran.document["why"] == {"requested": 2}
    listed = library.call("feed", "windows").document["windows"]
    assert [one["why"] for one in listed] == ["requested"] * 2
    shown = library.call("patron", "show", listed[0]["patron"]).document
    assert shown["window"] == {"since": listed[0]["since"], "why": "requested"}
    for lang, words in (("da", "driften bad om opslag på alle"), ("en", "an operator asked for a look-up of everyone")):
        app(
            ["feed", "windows", "--config", str(library.folder / "cprsync.toml"), "--lang", lang], standalone_mode=False
        )
        assert capsys.readouterr().out.count(words) == 2
    for delivery in (week.moved, week.renamed):
        deliver(library, *delivery)
    ran = library.call("sync")
    assert (ran.exit, ran.document["windows"]["answered"], ran.document["windows"]["left"]) == (0, 2, 0), ran.out
    before = library.rows()
    ran = library.call("feed", "heal", "--everyone", " ")
    assert (ran.exit, ran.error["kind"]) == (1, "input.reason")
    assert library.rows() == before


def test_an_operator_tells_that_the_whole_machine_was_put_back(week: Week, library: Library) -> None:
    before = library.rows()
    ran = library.call("feed", "heal", "--older-copy", "VM fra i går", "--everyone", "VM fra i går")
    assert (ran.exit, ran.error["kind"]) == (2, "usage")
    assert library.rows() == before
    ran = library.call("feed", "heal", "--older-copy", "VM fra i går")
    assert (ran.exit, ran.document["asked"], ran.document["why"]) == (0, 0, {"restored": 2}), ran.out
    for delivery in (week.moved, week.renamed):
        deliver(library, *delivery)
    ran = library.call("sync")
    assert (ran.exit, ran.document["windows"]["answered"], ran.document["windows"]["left"]) == (0, 2, 0), ran.out


@pytest.mark.parametrize("option", ["--everyone", "--older-copy"])
def test_nobodys_window_is_opened_by_a_clock_that_is_wrong(
    library: Library, option: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A window that is opened ahead of time outlasts the answers."""
    before = library.rows()
    # the machine's clock cannot be set for a test
    monkeypatch.setattr("cprsync.register.soap.client.SoapRegister.measure_offset", lambda _: -3600.0)
    ran = library.call("feed", "heal", option, "VM fra i går")
    assert (ran.exit, ran.error["kind"], ran.error["changed"]) == (2, "clock", "nothing"), ran.out
    assert library.rows() == before


def test_who_opens_everyones_window_is_never_told_that_nothing_changed(week: Week, library: Library) -> None:
    """The windows are open, whether or not the register answers, and while another run asks."""
    control.fault(week.mock, "http-500-html", times=100)
    ran = library.call("feed", "heal", "--limit", "2", "--older-copy", "VM fra i går")
    assert (ran.exit, ran.document["why"], ran.error["changed"]) == (4, {"restored": 2}, "part"), ran.out
    ran = library.call("feed", "heal", "--limit", "2")
    assert (ran.exit, ran.error["changed"]) == (4, "nothing"), ran.out
    control.calm(week.mock)
    with library.holding_the_lock():
        ran = library.call("feed", "heal", "--limit", "2", "--older-copy", "VM fra i går")
        assert (ran.exit, ran.error["kind"], ran.error["changed"]) == (4, "run.busy", "part"), ran.out
        ran = library.call("feed", "heal", "--limit", "2")
        assert (ran.exit, ran.error["kind"], ran.error["changed"]) == (4, "run.busy", "nothing"), ran.out


def test_the_advice_at_a_gap_is_to_name_the_delivery_that_waits_and_not_the_lost_one(week: Week, gap: Library) -> None:
    stopped = gap.call("sync").error
    assert stopped["message"].startswith(f"{week.renamed[0]}: ")
    assert "FILE is the waiting delivery named above, not the missing one" in stopped["next"]
    before = gap.rows()
    lost = gap.call("feed", "accept", week.moved[0], "--reason", REASON)
    assert (lost.exit, lost.error["kind"]) == (1, "delivery.unknown")
    assert "the one behind the missing one, not the missing one itself" in lost.error["next"]
    assert gap.rows() == before


def test_a_gap_is_gone_over_with_a_file_on_disk(week: Week, library: Library, tmp_path: Path) -> None:
    file = tmp_path / week.renamed[0]
    file.write_bytes(week.renamed[1])
    ran = library.call("feed", "accept", str(file), "--reason", REASON)
    assert (ran.exit, ran.document["accepted"]) == (0, "gap"), ran.out
    assert_applied_once(library, "move", "rename", file=week.renamed[0], sha256=ran.document["sha256"], asked=2)


def test_a_replacement_that_waits_in_the_inbox_is_taken(week: Week, replaced: Library) -> None:
    ran = replaced.call("feed", "accept", week.moved[0], "--reason", REASON)
    assert (ran.exit, ran.document["accepted"]) == (0, "replaced"), ran.out
    assert_applied_once(replaced, "rename", file=week.moved[0], sha256=ran.document["sha256"], late=True)


def test_where_the_first_was_right_the_nights_go_on_once_the_other_is_removed(week: Week, replaced: Library) -> None:
    assert replaced.call("sync").error["kind"] == "delivery.replaced"
    for file in replaced.inbox.glob(f"{week.moved[0]}*"):
        file.unlink()
    deliver(replaced, *week.renamed)
    ran = replaced.call("sync")
    assert (ran.exit, ran.document["state"], ran.document["actions"]) == (0, "done", {"rename": 1}), ran.out


def test_a_replacement_on_disk_is_taken(week: Week, library: Library, tmp_path: Path) -> None:
    deliver(library, *week.moved)
    assert library.call("sync").document["actions"] == {"move": 1}
    file = tmp_path / week.moved[0]
    file.write_bytes(another(week))
    ran = library.call("feed", "accept", str(file), "--reason", REASON)
    assert (ran.exit, ran.document["accepted"]) == (0, "replaced"), ran.out
    assert_applied_once(library, "rename", file=week.moved[0], sha256=ran.document["sha256"], late=True)


def test_the_audit_keeps_who_accepted_which_delivery_and_the_reason_is_nowhere_in_clear(
    week: Week, gap: Library
) -> None:
    told = gap.call("feed", "accept", week.renamed[0], "--reason", REASON).document
    (entry,) = accepted(gap)
    assert (entry["kind"], entry["actions"], entry["user"]) == ("accept", ["gap"], user_name())
    assert entry["delivery"] == told["sha256"]
    assert REASON not in str(gap.rows())


def test_nothing_has_to_be_accepted_when_the_missing_delivery_comes_after_all(week: Week, gap: Library) -> None:
    deliver(gap, *week.moved)
    ran = gap.call("sync")
    assert (ran.exit, ran.document["actions"]) == (0, {"move": 1, "rename": 1}), ran.out


WRONG: dict[str, tuple[str, Callable[[bytes], bytes | None]]] = {
    "of another name": ("delivery.unknown", lambda _: None),
    "damaged": ("delivery.damaged", lambda content: content[:-20]),
    "empty": ("delivery.empty", lambda _: b""),
    "of another task": ("delivery.task", lambda content: content[:13] + b"654321" + content[19:]),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_a_file_is_refused_that_is(wrong: str, week: Week, gap: Library, tmp_path: Path) -> None:
    kind, damage = WRONG[wrong]
    file = tmp_path / week.renamed[0]
    if (content := damage(week.renamed[1])) is not None:
        file.write_bytes(content)
    before = gap.rows()
    ran = gap.call("feed", "accept", str(file), "--reason", REASON)
    assert (ran.exit, ran.error["kind"], ran.error["changed"]) == (1, kind, "nothing"), ran.out
    assert not [word for word in personal() if word in ran.out]
    assert gap.rows() == before
    assert gap.call("sync").error["kind"] == "delivery.gap"


def test_a_delivery_that_stops_nothing_is_not_accepted(week: Week, library: Library, tmp_path: Path) -> None:
    file = tmp_path / week.moved[0]
    file.write_bytes(week.moved[1])
    before = library.rows()
    ran = library.call("feed", "accept", str(file), "--reason", REASON)
    assert (ran.exit, ran.error["kind"], ran.error["changed"]) == (1, "delivery.not_stopped", "nothing")
    assert library.rows() == before


@pytest.mark.parametrize(
    ("reason", "code", "kind"),
    [
        ((), 2, "usage"),
        (("--reason", " "), 1, "input.reason"),
        (("--reason", f"for {number('ANNA')}"), 1, "input.reason"),
    ],
    ids=["no reason", "an empty reason", "a reason with a number in it"],
)
def test_nothing_is_accepted_with(reason: tuple[str, ...], code: int, kind: str, week: Week, gap: Library) -> None:
    before = gap.rows()
    ran = gap.run("feed", "accept", week.renamed[0], *reason)
    assert (ran.exit, ran.error["kind"], ran.error["changed"]) == (code, kind, "nothing"), ran.out
    assert number("ANNA") not in ran.out + ran.err
    assert gap.rows() == before

"""Links, statements, rights and statistics as their commands are typed, on a library of the mock's."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest
from e2e_library import Library, Ran, assert_refused, new_library, personal
from town import PEOPLE_FILE, number

from cprsync.mock import control
from cprsync.mock.server import running

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.xdist_group("people")
METADATA = "<Trigger><FileDescriptor><SizeInBytes>{size}</SizeInBytes></FileDescriptor></Trigger>"


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory, mock_keys: Path) -> Iterator[Library]:
    """LIV, who is a minor, ANNA, and BO, who is protected, after a night."""
    folder = tmp_path_factory.mktemp("people")
    shutil.copytree(mock_keys, folder / "mock")
    with running(folder / "mock", PEOPLE_FILE) as ready:
        library = new_library(folder / "library", folder / "mock", ["ANNA", "BO", "LIV"])
        control.event(ready, "protect", "BO")
        (name,) = control.night(ready)["files"]
        content = (folder / "mock" / "IN" / name).read_bytes()
        (library.inbox / name).write_bytes(content)
        (library.inbox / f"{name}.metadata").write_text(METADATA.format(size=len(content)), encoding="utf-8")
        assert library.call("sync").exit == 0
        yield library


def typed(library: Library, monkeypatch: pytest.MonkeyPatch, key: str, *command: str) -> Ran:
    """A command that asks for someone's number."""
    monkeypatch.setattr("sys.stdin", _Line(number(key)))
    return library.call(*command)


class _Line:
    """Standard input with one line on it."""

    def __init__(self, text: str) -> None:
        self._text = text

    def isatty(self) -> bool:
        return False

    def readline(self, _: int = -1) -> str:
        return f"{self._text}\n"


def patron(library: Library, monkeypatch: pytest.MonkeyPatch, key: str) -> str:
    found: str = typed(library, monkeypatch, key, "patron", "find").document["patron"]
    return found


def test_a_link_is_added_listed_refused_and_ended(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    liv = patron(library, monkeypatch, "LIV")
    added = typed(library, monkeypatch, "QUINNIE", "patron", "responsible", liv, "add")
    assert (added.exit, added.document["outcome"], added.document["kind"]) == (0, "added", "responsible")
    (link,) = library.call("patron", "responsible", liv, "list").document["responsibles"]
    assert (link["patron"], link["letters"], link["in_force"]) == (added.document["responsible"], "go", True)
    # the list names them, so the log has that somebody looked
    looked = library.call("audit", "list", "--patron", liv).document["entries"]
    assert [one["why"] for one in looked if one["what"] == "view"] == ["serve"]
    assert_refused(
        typed(library, monkeypatch, "LIV", "patron", "responsible", liv, "add"),
        code=1,
        kind="responsible.self",
        says="does not answer for their own debts",
        advises="the person who answers",
    )
    ended = library.call("patron", "responsible", liv, "end", "--responsible", link["patron"])
    assert ended.document["outcome"] == "ended"
    assert library.call("patron", "responsible", liv, "list").document["responsibles"] == []


def test_a_statement_of_a_protected_patron_tells_nothing_of_her(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    bo, anna = (patron(library, monkeypatch, key) for key in ("BO", "ANNA"))
    shut = library.call("statement", bo)
    assert (shut.exit, shut.document["letter"], shut.document["envelope"]) == (0, "sealed", None)
    assert library.call("statement", anna).document["letter"] == "goes"
    assert_refused(
        library.call("statement", anna, "--reason", "regning"),
        code=2,
        kind="usage.reason",
        says="nothing is opened",
        advises="--reason",
    )
    opened = library.call("statement", bo, "--reveal", "--reason", "regning på papir")
    assert opened.document["envelope"][-1].startswith("8")


def test_the_rights_of_a_protected_patron_are_told_without_a_word_of_her_address(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    bo, anna = (patron(library, monkeypatch, key) for key in ("BO", "ANNA"))
    # asked day by day, the answers would tell the birth date
    another_day = library.call("entitlements", "show", bo, "--on", "2027-06-01")
    assert (another_day.exit, another_day.error["changed"]) == (1, "nothing")
    shown = library.call("entitlements", "show", bo)
    assert shown.exit == 0
    assert shown.document["municipality"]["code"] == "0751"
    products = [(right["product"], right["answer"]) for right in shown.document["rights"]]
    assert products == [("ereolen", "yes"), ("filmstriben", "yes")]
    assert [word for word in personal() if word in shown.out] == []
    rights = library.call("entitlements", "show", anna).document["rights"]
    assert [(right["product"], right["answer"]) for right in rights] == products


def test_a_number_changed_in_culr_is_named_by_verify_and_put_right_by_the_night_after_reconcile(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    anna = patron(library, monkeypatch, "ANNA")
    right = library.call("entitlements", "verify")
    assert (right.exit, right.document["ok"], right.document["read"]) == (0, True, 3)
    mock = library.folder.parent / "mock"
    control.culr_write(mock, "update", right.document["agency"], "ANNA", to="461")
    wrong = library.call("entitlements", "verify")
    assert (wrong.exit, wrong.document["ok"], wrong.document["who"]) == (1, False, {"stale": [anna]})
    assert (wrong.error["kind"], wrong.error["changed"]) == ("entitlements.wrong", "nothing")
    assert library.call("entitlements", "verify", "--offline").exit == 0
    dry = library.call("entitlements", "reconcile", "--all", "--dry-run")
    assert (dry.exit, dry.document["stale"], dry.document["repaired"]) == (0, 1, 0)
    done = library.call("entitlements", "reconcile", "--all")
    assert (done.exit, done.document["patrons"]["stale"], done.document["repaired"]) == (0, [anna], 1)
    assert library.call("sync").document["published"]["sent"] == 1
    assert library.call("entitlements", "verify").exit == 0
    control.fault(mock, "culr-down", 99)
    down = library.call("entitlements", "verify")
    assert (down.exit, down.document["ok"], down.document["wrong"]["rights"]) == (4, False, 0)
    assert down.error["kind"].startswith("netmedia.")
    control.calm(mock)
    with library.holding_the_lock():
        busy = library.call("entitlements", "verify")
    assert (busy.exit, busy.document["ok"], busy.document["error"]["kind"]) == (4, False, "run.busy")


def card_accounts(library: Library) -> int:
    """How many accounts under cards the mock's CULR holds."""
    patrons = control.culr(library.folder.parent / "mock")["patrons"]
    return sum(account["type"] == "LOCAL" for one in patrons for account in one["accounts"])


def test_cards_log_in_from_now_on_and_no_longer_as_the_settings_and_a_person_say(library: Library) -> None:
    library.rewrite("cprsync.toml", 'local_accounts = "none"', 'local_accounts = "cards"')
    begun = library.call("entitlements", "cards", "--now")
    assert (begun.exit, begun.document["told"], begun.document["stage"]) == (0, 3, "all")
    assert card_accounts(library) == 0
    assert library.call("sync").document["cards"]["accounts"] == card_accounts(library) == 3
    assert_refused(
        library.call("entitlements", "cards", "--remove", "--yes"),
        code=2,
        kind="configuration",
        says="the cards log in",
        advises="Mend the setti",
    )
    library.rewrite("cprsync.toml", 'local_accounts = "cards"', 'local_accounts = "none"')
    assert library.call("entitlements", "verify").document["cards_stay"] == 3
    before = library.records()
    unsaid = library.call("entitlements", "cards", "--remove")
    assert (unsaid.exit, unsaid.error["kind"], unsaid.document["accounts"]) == (1, "confirm.needed", 3)
    assert (library.records(), card_accounts(library)) == (before, 3)
    ended = library.call("entitlements", "cards", "--remove", "--yes")
    assert (ended.exit, ended.document["told"], ended.document["stays"]) == (0, 3, False)
    assert library.call("sync").document["cards"]["accounts"] == card_accounts(library) == 0
    assert library.call("entitlements", "verify").document["ok"]


def test_statistics_name_nobody(library: Library) -> None:
    told = library.call("statistics")
    assert (told.exit, told.document["patrons"]) == (0, None)
    assert [word for word in personal() if word in told.out] == []

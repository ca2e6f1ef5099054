"""A command that dies between the erase journal and the database leaves no older copy, and a real one is still seen."""

from __future__ import annotations

import hmac
import json
import shutil
from typing import TYPE_CHECKING, Any

import pytest
from doubles import AGENCY, MONDAY, Killed, happened, unseen
from test_leaving import calls, erase, leave, lookup
from test_window_nights import windows
from townspeople import cpr

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from doubles import Library


def killed_in(library: Library, method: str, go: Callable[[Library, str], object], *, first: bool) -> None:
    """The process dies in a call of the journal; `first`: before the call has done anything."""
    journal = library.store._tenant.journal
    real = getattr(journal, method)

    def killed(*args: Any, **values: Any) -> None:
        if not first:
            real(*args, **values)
        raise Killed

    setattr(journal, method, killed)
    with pytest.raises(Killed):
        go(library, library.id_of("ANNA"))
    setattr(journal, method, real)


def between(library: Library, go: Callable[[Library, str], object]) -> None:
    """The journal has the line, and the database does not."""
    killed_in(library, "append", go, first=False)


def note_of(library: Library) -> Path:
    return library.folder / f"erase-journal.log.{AGENCY}.begun"


def opened_again(library: Library, times: int = 2) -> list[int]:
    return [library.store.journal.replay() for _ in range(times)]


def brought_beside(old: Library, library: Library) -> None:
    """The older copy gets the journal that survived, and the note beside it."""
    for path in library.folder.glob("erase-journal.log*"):
        shutil.copy(path, old.folder)


@pytest.mark.parametrize("go", [leave, erase])
def test_a_patron_whose_leaving_was_killed_leaves_with_the_next_command_and_nobody_is_asked_about(
    either_library: Library, go: Any
) -> None:
    library = either_library
    anna, kind = library.id_of("ANNA"), {leave: "close", erase: "erase"}[go]
    between(library, go)
    # the desk goes on meanwhile
    lookup(library, "BO")
    asked = calls(library)
    assert note_of(library).exists()
    assert opened_again(library) == [1, 0]
    assert (library.store.patrons.find(cpr("ANNA")), windows(library)) == (None, {})
    assert happened(library.everything())[kind, anna] == 1
    library.deliver(MONDAY)
    assert library.one_night().document()["windows"]["asked"] == 0
    assert (calls(library), note_of(library).exists()) == (asked, False)
    assert library.store.audit.check().problems == ()


@pytest.mark.parametrize("method", ["begin", "append"])
def test_a_command_killed_before_its_line_was_written_leaves_nothing(library: Library, method: str) -> None:
    before = library.everything()
    killed_in(library, method, leave, first=method == "append")
    assert note_of(library).exists()
    assert opened_again(library) == [0, 0]
    assert unseen(library.everything()) == unseen(before)
    assert not note_of(library).exists()


def test_a_command_killed_after_the_database_followed_asks_nobody_again(library: Library) -> None:
    killed_in(library, "settle", leave, first=True)
    before = library.everything()
    assert note_of(library).exists()
    assert opened_again(library) == [0, 0]
    assert (unseen(library.everything()), windows(library)) == (unseen(before), {})
    assert not note_of(library).exists()


def test_the_next_command_may_be_killed_too(library: Library) -> None:
    between(library, leave)
    killed_in(library, "settle", lambda library, _: library.store.journal.replay(), first=True)
    assert opened_again(library) == [0, 0]
    assert (library.store.patrons.find(cpr("ANNA")), windows(library)) == (None, {})
    assert not note_of(library).exists()


# -- and a real copy is seen as before --------------------------------------------------------------------


def older(library: Library, at: Path) -> Library:
    """A copy, before the desk asked about BO, and before ANNA's leaving was killed."""
    old = library.copy(at)
    lookup(library, "BO")
    between(library, leave)
    return old


def settled(library: Library, at: Path) -> Library:
    """A copy in exactly the state in which ANNA left, without a look before it."""
    old = library.copy(at)
    library.store.leaving.leave(library.id_of("ANNA"), user="lisbeth")
    return old


def settled_after_a_kill(library: Library, at: Path) -> Library:
    """The same; the leaving was killed, and the next command did it."""
    old = library.copy(at)
    between(library, lambda library, anna: library.store.leaving.leave(anna, user="lisbeth"))
    library.store.journal.replay()
    return old


def forged(library: Library, at: Path) -> Library:
    """The same; somebody without a key wrote a note."""
    old = library.copy(at)
    between(library, leave)
    note_of(library).write_bytes(note_of(library).read_bytes().replace(b'"lines":0', b'"lines":00'))
    return old


def forged_under_no_key(library: Library, at: Path) -> Library:
    """The same; the note is made for the older copy, and signed with nothing, under a key that nobody has."""
    old = library.copy(at)
    between(library, lambda library, anna: library.store.leaving.leave(anna, user="lisbeth"))
    text = note_of(library).read_bytes().partition(b"\t")[0]
    told = json.dumps(json.loads(text) | {"key": "00000000"}, sort_keys=True).encode()
    code = hmac.digest(b"", b"begun" + told, "sha256").hex().encode()
    note_of(library).write_bytes(told + b"\t" + code + b"\n")
    return old


def torn(library: Library, at: Path) -> Library:
    old = library.copy(at)
    between(library, leave)
    note_of(library).write_bytes(note_of(library).read_bytes()[:-9])
    return old


def left_twice(library: Library, at: Path) -> Library:
    """The note is about the second of two who left, and the copy is older than both."""
    old = library.copy(at)
    leave(library, library.id_of("BO"))
    between(library, leave)
    return old


@pytest.mark.parametrize("lived", [older, settled, settled_after_a_kill, forged, forged_under_no_key, torn, left_twice])
def test_an_older_copy_that_is_put_back_opens_nobody_whatever_stands_beside_the_journal(
    library: Library, tmp_path: Path, lived: Callable[[Library, Path], Library]
) -> None:
    """The heads and their witness were put back with it, so that the journal alone can tell."""
    old = lived(library, tmp_path / "old")
    brought_beside(old, library)
    assert opened_again(old)[0] >= 1
    assert old.store.patrons.find(cpr("ANNA")) is None
    assert set(windows(old).values()) == {"restored"}
    assert not note_of(old).exists()
    old.engine.dispose()

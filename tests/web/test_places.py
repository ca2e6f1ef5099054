"""The places at the desk: each is given back, and neither a database nor a register that hangs takes them all."""

from __future__ import annotations

import threading
import time
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from test_box import patron_of
from townspeople import cpr

from cprsync.web.memory import places
from cprsync.web.memory.places import ASKING_MAX, PLACES_MAX, DeskBusy, Places
from cprsync.wire.limits import Patience

if TYPE_CHECKING:
    from collections.abc import Iterator

    from browser import Served


class _Site:
    """A site whose desk opens when it is let."""

    def __init__(self, opens: threading.Event | None = None) -> None:
        self._opens = opens

    def wait_anew(self) -> None:
        """Nothing waits."""

    @contextmanager
    def desk(self) -> Iterator[None]:
        if self._opens is not None:
            self._opens.wait(20)
        yield None


def test_a_place_that_opens_slowly_holds_up_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    """A database that hangs while one place is opened is no reason to wait without end for another."""
    monkeypatch.setattr(places, "WAIT_SECONDS", 0.2)
    opens, sites = threading.Event(), iter([_Site(), _Site()])
    slow = _Site(opens)
    order = iter([slow, *sites])
    many = Places(lambda: next(order))  # type: ignore[arg-type,return-value]  # as much of a site as places use

    def take_slowly() -> None:
        with many.taken():
            pass

    thread = threading.Thread(target=take_slowly)
    thread.start()
    time.sleep(0.1)
    began = time.monotonic()
    with many.taken():
        took = time.monotonic() - began
    opens.set()
    thread.join()
    many.close()
    assert took < 5


def test_a_register_that_hangs_leaves_places_for_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "WAIT_SECONDS", 0.1)
    many = Places(_Site)  # type: ignore[arg-type,return-value]  # as much of a site as places use
    with ExitStack() as held:
        for _ in range(ASKING_MAX):
            held.enter_context(many.taken(asks=True))
        with pytest.raises(DeskBusy), many.taken(asks=True):
            pass
        for _ in range(PLACES_MAX - ASKING_MAX):
            held.enter_context(many.taken())
        with pytest.raises(DeskBusy), many.taken():
            pass
    with many.taken(asks=True):
        # all were given back
        pass
    many.close()


def test_while_as_many_ask_as_may_a_target_is_not_asked_and_the_page_does_not_wait() -> None:
    """A review item is shown with our side, also while the register hangs."""
    asked: list[bool] = []

    class Noting(_Site):
        @contextmanager
        def targets(self, _: Any, *, asks: bool) -> Iterator[tuple[()]]:
            asked.append(asks)
            yield ()

    many = Places(Noting)  # type: ignore[arg-type,return-value]  # as much of a site as places use
    with ExitStack() as held:
        for _ in range(ASKING_MAX):
            held.enter_context(many.taken(asks=True))
        with many.taken() as place, place.targets(Patience()):
            pass
    for _ in range(2 * ASKING_MAX):
        with many.taken() as place, place.targets(Patience()), many.taken() as other, other.targets(Patience()):
            pass
    many.close()
    assert asked == [False, *[True] * 4 * ASKING_MAX]


def test_a_place_that_cannot_be_opened_is_given_back() -> None:
    class Broken(_Site):
        @contextmanager
        def desk(self) -> Iterator[None]:
            raise RuntimeError("the database is gone")
            yield None

    many = Places(Broken)  # type: ignore[arg-type,return-value]  # as much of a site as places use
    for _ in range(2 * PLACES_MAX):
        with pytest.raises(RuntimeError), many.taken():
            pass
    many.close()


def test_a_database_that_comes_back_is_used_again(desk: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    patron = patron_of(desk, "ANNA")
    with monkeypatch.context() as gone:

        def breaks(*_: object) -> None:
            raise OSError(cpr("ANNA").digits)

        gone.setattr("cprsync.web.pages.finding.Finder", breaks)
        for _ in range(2 * PLACES_MAX):
            assert desk.browser().open("/").send("/find", typed=cpr("ANNA").digits).answer.status_code == 500
    assert desk.browser().open("/").send("/find", typed=cpr("ANNA").digits).path == f"/patrons/{patron}"

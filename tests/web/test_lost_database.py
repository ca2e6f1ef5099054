"""PostgreSQL goes away under an open desk, and comes back."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from begun import begin
from browser import Served, serving
from doubles import Library
from ready_databases import fresh_database
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_CLOSE = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :name AND pid <> pg_backend_pid()"


@pytest.fixture
def desk(tmp_path: Path, empty_store: Path, postgresql: str) -> Iterator[tuple[Served, str]]:
    """The served desk, and where its database is."""
    shutil.copytree(empty_store, tmp_path / "library")
    with fresh_database(postgresql) as url:
        library = Library(tmp_path / "library", url=url)
        begin(library)
        with serving(library) as served:
            yield served, url
        library.engine.dispose()


def lets_in(url: str, *, is_open: bool) -> None:
    """Break every connection, as a restart does. The database takes new ones, or none as one that is down."""
    parts = make_url(url)
    name = str(parts.database)
    engine = create_engine(parts.set(database="postgres"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f'ALTER DATABASE "{name}" WITH ALLOW_CONNECTIONS {str(is_open).lower()}'))
        connection.execute(text(_CLOSE), {"name": name})
    engine.dispose()


def test_a_restart_between_two_pages_is_not_noticed(desk: tuple[Served, str]) -> None:
    served, url = desk
    browser = served.browser().open("/")
    lets_in(url, is_open=True)
    assert browser.open("/reviews").answer.status_code == 200


def test_a_database_that_is_down_is_said_and_used_again_when_it_is_back(desk: tuple[Served, str]) -> None:
    served, url = desk
    patron = served.library.id_of("ANNA")
    browser = served.browser().open(f"/patrons/{patron}")
    form = {"form_token": browser.token, "field": "telephones", "text": "20304050", "doing": "add"}
    lets_in(url, is_open=False)
    asked = len(served.library.register.looked_up)
    assert browser.open("/reviews").answer.status_code == 503
    assert "databasen" in browser.text.lower()
    assert browser.post(f"/patrons/{patron}/set", form).answer.status_code == 503
    assert browser.post(f"/patrons/{patron}/look-up", {**form, "purpose": "renewal"}).answer.status_code == 503
    assert urlsplit(url).query not in browser.answer.text
    assert len(served.library.register.looked_up) == asked
    lets_in(url, is_open=True)
    assert served.library.view("ANNA").local.telephones == ()
    browser.open(f"/patrons/{patron}").post(f"/patrons/{patron}/set", form)
    assert browser.answer.status_code == 200
    assert [one.number for one in served.library.view("ANNA").local.telephones] == ["20304050"]

"""A backup that is taken while a night writes is one moment, and its night ends as the other did."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING, Any

import pytest
from beginnings import DATABASES, Beginnings
from begun import begin
from doubles import MONDAY, KilledStore, Library, Wrapped
from ready_databases import PROGRAMS, fresh_database
from townspeople import dies, gains_protection, moves, person

from cprsync.domain.trust.backup import Facts, compare_copy
from cprsync.store.backup.databases import open_moment, put_back
from cprsync.store.backup.facts import copy_heads, read_facts
from cprsync.store.core.engine import reading

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

    from cprsync.store.beside.checkpoints import HeadsSeen

#: What says when something was written, and in which run.
PATRONS = ("ANNA", "BO", "CLARA", "DAVID")

#: each database copies itself in a way of its own
pytestmark = pytest.mark.both_databases


def news(library: Library) -> None:
    library.register.knows(dies(person("ANNA")), gains_protection(person("CLARA")), moves(person("DAVID"), "ODENSE"))
    library.deliver(MONDAY, dies(person("ANNA")), gains_protection(person("CLARA")), moves(person("DAVID"), "ODENSE"))


@pytest.fixture(params=DATABASES)
def library(
    request: pytest.FixtureRequest, beginnings: Beginnings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Library]:
    monkeypatch.setenv("PATH", f"{PROGRAMS}{os.pathsep}{os.environ['PATH']}")
    with beginnings.copied(tmp_path / "library", begin, news, on=request.param) as copied:
        yield copied


def elsewhere(library: Library, request: pytest.FixtureRequest, folder: Path) -> AbstractContextManager[str]:
    """An empty database of the same kind."""
    if library.engine.dialect.name == "postgresql":
        return fresh_database(request.getfixturevalue("postgresql"), like="template0")
    from contextlib import nullcontext

    return nullcontext(f"sqlite:///{folder / 'store.db'}")


def url_of(library: Library) -> str:
    return library.engine.url.render_as_string(hide_password=False)


class Backed:
    """The real store, of which a backup is taken when its n-th write of a night is committed."""

    def __init__(self, library: Library, folder: Path, *, at: int) -> None:
        self._library, self._folder, self._at, self._writes = library, folder, at, 0
        self.facts: Facts | None = None
        self.content = b""
        self.end: HeadsSeen | None = None
        self.store = Wrapped(library.store, self._counted)

    def _counted(self, name: str, real: Any) -> Any:
        def write(*args: Any, **kwargs: Any) -> Any:
            result = real(*args, **kwargs)
            self._writes += 1
            if self._writes == self._at:
                self._back_up()
            return result

        return write if name in KilledStore.WRITES else real

    def _back_up(self) -> None:
        draft = self._folder / "draft"
        draft.mkdir()
        with open_moment(url_of(self._library), draft) as moment:
            self.content, self.facts = b"".join(moment.content), moment.facts
        self.end = copy_heads(self._library.store._tenant.heads, moment.ends, self._folder / "heads")


def outcome(library: Library) -> Any:
    return [(library.record(key), library.view(key).register.protection, library.outbox(key)) for key in PATRONS]


@pytest.mark.parametrize("at", [2, 5, 8, 11])
def test_a_backup_in_the_middle_of_a_night_is_one_moment_and_its_night_is_resumed(
    library: Library, request: pytest.FixtureRequest, tmp_path: Path, at: int
) -> None:
    backed = Backed(library, tmp_path, at=at)
    library.one_night(backed.store)
    assert backed.facts is not None
    again = tmp_path / "again"
    shutil.copytree(library.folder / "keys", again / "keys")
    shutil.copy(tmp_path / "heads", again / "keys" / "audit-heads.log")
    with elsewhere(library, request, again) as url:
        put_back(url, [backed.content])
        other = Library(again, url=url)
        with reading(other.engine) as connection:
            assert compare_copy(backed.facts, read_facts(connection)) == []
        assert backed.end is not None
        other.store._tenant.heads.write_witness(backed.end)
        assert other.store.audit.check().problems == ()
        other.clock.moment = library.clock.moment
        other.register, other.feed, other.reader = library.register, library.feed, library.reader
        other.policy = library.policy
        report = other.one_night()
        assert report.document()["state"] in {"done", "nothing"}
        assert outcome(other) == outcome(library)
        other.nothing_is_left()
        other.engine.dispose()

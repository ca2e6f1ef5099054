"""A library for tests of the program as a whole: a folder made once, copied for each case, and the real command line.

What the store holds is read here with sqlite3 and not through the store: equal rows, seals included, are equal records.
"""

from __future__ import annotations

import contextlib
import io
import json
import re
import shutil
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import started
from ready_databases import put_empty_store
from town import PEOPLE, TOWN

from cprsync.cli.demo.demo import _write_patrons
from cprsync.cli.imports.lists import import_file
from cprsync.cli.main import app
from cprsync.cli.setup.installation import write_folder
from cprsync.config.settings import load_settings
from cprsync.wiring.site import Site, library_of, site_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cprsync.domain.person.person import Person

#: What is known of patrons. A failing night may add its run, what it fetched and its audit entry, and nothing here.
#: Columns that tell when a patron's rights and finding keys were last derived: no part of her record.
DERIVED = frozenset({"rights_due", "rights_local", "found_register", "found_local"})
RECORDS = (
    "patron",
    "patron_key",
    "issued_id",
    "subscription",
    "before_image",
    "follow_up",
    "review_item",
    "outbox",
    "loan",
    "reservation",
    "balance",
    "message",
)
#: Shorter words stand in ordinary text too.
WORD_MIN = 6
Rows = dict[str, list[tuple[Any, ...]]]


@dataclass(frozen=True)
class Ran:
    """A command that has ended."""

    exit: int
    out: str
    err: str

    @property
    def document(self) -> dict[str, Any]:
        document: dict[str, Any] = json.loads(self.out)
        return document

    @property
    def error(self) -> dict[str, Any]:
        error: dict[str, Any] = self.document["error"]
        return error


def run_here(*command: str) -> Ran:
    """Run a command in the test's own process: only the start is spared."""
    out, code = io.StringIO(), 0
    with contextlib.redirect_stdout(out):
        try:
            code = app(list(command), standalone_mode=False) or 0
        except SystemExit as ended:
            code = int(ended.code or 0)
    return Ran(code, out.getvalue(), "")


@dataclass(frozen=True)
class Library:
    """The folder of one library: configuration, policy, keys and an SQLite store."""

    folder: Path

    def run(self, *command: str) -> Ran:
        """Run a command of this library as a process of its own, in JSON."""
        done = started.command(*command, "--config", str(self.folder / "cprsync.toml"), "--json", cwd=self.folder)
        return Ran(done.returncode, done.stdout, done.stderr)

    def call(self, *command: str) -> Ran:
        """Run a command of this library in the test's own process, in JSON."""
        return run_here(*command, "--config", str(self.folder / "cprsync.toml"), "--json")

    def text(self, *command: str) -> str:
        """What a command of this library says to people, in the test's own process."""
        return run_here(*command, "--config", str(self.folder / "cprsync.toml")).out

    @contextlib.contextmanager
    def holding_the_lock(self, agency: str | None = None) -> Iterator[None]:
        """Be another run at work."""
        settings = load_settings(self.folder / "cprsync.toml")
        section = library_of(settings, agency)
        with Site(settings, section).store_to_show() as store, store.runs.lock():
            yield

    def copy(self, to: Path) -> Library:
        shutil.copytree(self.folder, to)
        return Library(to)

    @property
    def inbox(self) -> Path:
        """The folder in which deliveries arrive: this library's own, not the mock's."""
        return self.folder / "IN"

    @property
    def store(self) -> Path:
        return self.folder / "cprsync.db"

    def rewrite(self, name: str, old: str, new: str) -> None:
        """Change a line of a file of the folder."""
        path = self.folder / name
        text = path.read_text(encoding="utf-8")
        assert old in text, old
        path.write_text(text.replace(old, new), encoding="utf-8")

    def deliver_to_folder(self) -> None:
        """Take deliveries from a folder of its own instead of the mock's SFTP server."""
        path = self.folder / "cprsync.toml"
        text, count = re.subn(r'(?ms)^host = .*?^folder = "IN"$', 'path = "IN"', path.read_text(encoding="utf-8"))
        assert count == 1
        path.write_text(text, encoding="utf-8")

    def rows(self, *tables: str, but: frozenset[str] = frozenset()) -> Rows:
        """The rows of some tables, or of all, as they stand in the file; without the columns named in `but`."""
        with closing(sqlite3.connect(f"file:{self.store}?mode=ro", uri=True)) as connection:
            found = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
            return {name: _rows(connection, name, but) for name in tables or found}

    def records(self) -> Rows:
        """What a record is; when its rights were last derived is no part of it."""
        return self.rows(*RECORDS, but=DERIVED)

    def opened(self) -> dict[str, Any]:
        """By key of the people file: the register's part of the record."""
        keys = {person["number"]: key for key, person in PEOPLE.items()}
        return {keys[person.number.digits]: person for person in self.persons()}

    def persons(self) -> list[Person]:
        """The register's part of each record."""
        return list(self.persons_by_patron().values())

    def persons_by_patron(self) -> dict[str, Person]:
        """By patron number, the register's part of the record."""
        settings = load_settings(self.folder / "cprsync.toml")
        with Site(settings, library_of(settings, None)).store_to_show() as store:
            return {patron: person for patron, person, _ in store.views.opened_records()}


def _rows(connection: sqlite3.Connection, table: str, but: frozenset[str]) -> list[tuple[Any, ...]]:
    names = [name for _, name, *_ in connection.execute(f'PRAGMA table_info("{table}")') if name not in but]
    wanted = ", ".join(f'"{name}"' for name in names)
    return sorted(connection.execute(f'SELECT {wanted} FROM "{table}"').fetchall(), key=repr)  # noqa: S608 -- names of its own


def new_library(folder: Path, mock: Path, patrons: list[str]) -> Library:
    """Set a library up against a mock, with some patrons who have not been subscribed yet."""
    write_folder(folder, mock=mock / "ready.json")
    library = Library(folder)
    library.inbox.mkdir()
    library.deliver_to_folder()
    settings = load_settings(folder / "cprsync.toml")
    put_empty_store(library.store)
    _write_patrons(folder / "patrons.csv", patrons)
    import_file(site_of(settings, None), folder / "patrons.csv", apply=True)
    return library


def personal() -> set[str]:
    """What no message may quote: every number, name, street and line of an address of the town."""
    found: set[str] = set()
    for person in TOWN["person"]:
        found |= {person["number"], *person.get("next_numbers", []), *(person.get("name") or {}).values()}
        found |= {str(value) for value in person.get("address", {}).values() if isinstance(value, str)}
    return {word for word in found if len(word) >= WORD_MIN}


def assert_refused(  # noqa: PLR0913 -- the parts of a refusal
    ran: Ran, *, code: int, kind: str, says: str, advises: str, changed: str = "nothing"
) -> None:
    """It failed as it should: exit code and kind, whose fault it was, what to do, and nothing personal."""
    told = f"{ran.out}\n{ran.err}"
    assert (ran.exit, ran.error["kind"]) == (code, kind), told
    assert says in ran.error["message"]
    assert advises in ran.error["next"]
    assert ran.error["changed"] == changed
    assert ran.error["reference"]
    assert not [word for word in personal() if word in told]
    assert "Traceback" not in told

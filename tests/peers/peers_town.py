"""The town for the module of peers' faults: nights of the mock brought to a library's folder, each lived twice."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from e2e_library import Library, Ran, new_library
from town import number

from cprsync.config.settings import load_settings
from cprsync.domain.person.number import CprNumber
from cprsync.mock import control
from cprsync.wiring.site import Site, library_of, site_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    from cprsync.register.soap.client import SoapRegister

#: Each test lets something happen to some of these; no two tests to the same one.
PATRONS = (
    *("ANNA", "BO", "CLARA", "DAVID", "FINN", "GRETHE", "HELLE", "HENRIK", "IVAN", "JOHANNE", "LAURA", "MOGENS"),
    *("NINA", "OLDEMOR", "OSCAR", "RIKKE", "SOFIE", "THOMAS", "YRSA", "ZENIA", "QUINNIE", "SKAEV"),
)
#: (kind, who) or (kind, who, to), as `mock event` takes them.
Event = tuple[str, ...]


@dataclass(frozen=True)
class Town:
    """A running mock, and a library that knows it, from which each test has a copy."""

    mock: Path
    ready: dict[str, Any]
    first: Library

    def closes_the_day(self, *events: Event) -> str:
        """Let things happen, and name the night's delivery, which is then alone in the register's folder."""
        self.earlier.mkdir(exist_ok=True)
        for file in (self.mock / "IN").iterdir():
            file.rename(self.earlier / file.name)
        for event in events:
            control.event(self.ready, *event)
        (name,) = control.night(self.ready)["files"]
        return str(name)

    @property
    def earlier(self) -> Path:
        return self.mock / "earlier"

    def content(self, name: str) -> bytes:
        return self._path(name).read_bytes()

    def _path(self, name: str) -> Path:
        path = self.mock / "IN" / name
        return path if path.exists() else self.earlier / name

    def brings(self, name: str, to: Library) -> None:
        """Take a delivery, companion first and not in part, to where the library looks."""
        shutil.copy(self._path(f"{name}.metadata"), to.inbox)
        shutil.copy(self._path(name), to.inbox)

    def delivers(self, to: Library, *events: Event) -> str:
        name = self.closes_the_day(*events)
        self.brings(name, to)
        return name

    @property
    def subscribed(self) -> set[str]:
        """The numbers that the register has under our agreement."""
        groups = control.state(self.ready)["subscriptions"]
        return set(groups[self.ready["agreement"]["service_agreement"]]["PNR"])

    def subscribes_again(self, keys: Sequence[str]) -> None:
        """Give the register back the numbers that an earlier test's library let go: a copy of the first has them."""
        lost = {number(key) for key in keys} - self.subscribed
        if lost:
            with self.register() as register:
                list(register.subscribe_many([CprNumber.parse(one) for one in sorted(lost)]))

    def register(self) -> AbstractContextManager[SoapRegister]:
        """A client of the mock, as the first library is."""
        settings = load_settings(self.first.folder / "cprsync.toml")
        return site_of(settings, None).counterparts.register()

    def over_sftp(self, library: Library) -> None:
        """Take deliveries from the mock's SFTP server."""
        sftp = self.ready["sftp"]
        texts = "\n".join(f'{key} = "{sftp[key]}"' for key in ("host", "user", "key", "known_hosts", "folder"))
        library.rewrite("cprsync.toml", '\npath = "IN"\n', f"\n{texts}\nport = {sftp['port']}\n")


def installed(folder: Path, mock: Path, patrons: list[str]) -> Library:
    library = new_library(folder, mock, patrons)
    ran = library.run("sync")
    # SKAEV's birth date is not her number's: a person is told
    left = 3 if "SKAEV" in patrons else 0
    assert (ran.exit, ran.document["actions"]) == (left, {"first_copy": len(patrons)}), ran.out
    return library


def night(library: Library) -> Ran:
    """One night by the command line, and a second one that finds nothing to do."""
    ran = library.call("sync")
    nothing_is_left(library)
    return ran


def nothing_is_left(library: Library) -> None:
    """Another run of the same night changes no record."""
    before = library.records()
    again = library.call("sync").document
    assert (again["received"], again["actions"], library.records()) == (0, {}, before)


def patron_of(library: Library, key: str) -> str:
    """The patron's own number."""
    settings = load_settings(library.folder / "cprsync.toml")
    section = library_of(settings, None)
    with Site(settings, section).store_to_show() as store:
        found: str | None = store.patrons.find(CprNumber.parse(number(key)))
    assert found is not None
    return found


def fields(library: Library, key: str) -> dict[str, Any]:
    """Her record as the command line shows it: by field, the value or, where it is sealed, that."""
    shown = library.call("patron", "show", patron_of(library, key)).document["fields"]
    return {name: "sealed" if entry.get("sealed") else entry["value"] for name, entry in shown.items()}


def with_number(content: bytes, old: str, new: str) -> bytes:
    """The delivery with one person's number replaced by another."""
    assert old.encode() in content
    return content.replace(old.encode(), new.encode())


def without_records(content: bytes, kind: str, key: str) -> bytes:
    """The delivery without a person's records of one type, and counted right."""
    lines = content.splitlines(keepends=True)
    left = [line for line in lines if not line.startswith(f"{kind}{number(key)}".encode())]
    assert len(left) < len(lines)
    # 999: type (3), nines (10), how many records (8)
    count = int(left[-1][13:21]) - len(lines) + len(left)
    left[-1] = left[-1][:13] + f"{count:08}".encode() + left[-1][21:]
    return b"".join(left)

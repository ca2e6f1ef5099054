"""Two libraries in one database: the same people and days, and each its own deliveries, staff, nights and others.

What one of them does changes no row of the other, and in the end each is as true as if it were alone. Their patrons
have the same numbers, so that a statement which forgets whose they are meets both.
"""

from __future__ import annotations

import shutil
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import zip_longest
from random import Random
from typing import TYPE_CHECKING

from culr_double import CulrDouble
from doubles import Library
from living import people
from on_server import begin_library
from sqlalchemy import select
from staff import Staff
from staffed import BEGINS, Day, Town, keep_journal
from whole import verify_audit

from cprsync.services.ports.trust.keys import PURPOSES
from cprsync.services.trust.keys import Rotating, rotate_keys
from cprsync.store import tables
from cprsync.store.core.engine import reading

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from on_server import Copies

OTHER = "710100"
#: How many random bytes make a patron's number.
_ID_BYTES = 8


@dataclass
class Pair:
    """Two towns that are one, with a library each."""

    folder: Path
    first: Town
    other: Town
    #: both subscribe under one agreement, and get the same deliveries
    shares: bool = False
    copies: int = 0
    saved: tuple[Library, Library] | None = None

    @property
    def towns(self) -> tuple[Town, Town]:
        return self.first, self.other

    @property
    def libraries(self) -> tuple[Library, Library]:
        return self.first.library, self.other.library

    def begin(self) -> None:
        with self._alone(self.first, "the beginning"):
            self.first.begin(4)
        ours, theirs = self.libraries
        theirs.net_media = CulrDouble(OTHER, self.first.culr.accounts)
        if self.shares:
            ours.shared = theirs.shared = True
            theirs.register = ours.register
        with self._alone(self.other, "the beginning"):
            self.other.begin(3)

    def live(self, days: tuple[Day, Day]) -> None:
        told = {}
        for town, day in zip(self.towns, days, strict=True):
            town.wake()
            # of two changes of one person in a day the register tells the last one
            told |= {line["number"]: line for line in town.happen(day)}
        for town in self.towns:
            town.close()
        delivered = [town.listed(list(told.values())) for town in self.towns]
        for town, day, lines in zip(self.towns, days, delivered, strict=True):
            with self._alone(town, "the night"):
                town.night(day.trouble, lines)
        for town in self.towns:
            town.open()
        for turn in zip_longest(*(day.deeds for day in days)):
            for town, deed in zip(self.towns, turn, strict=True):
                if deed is not None:
                    self._do(town, *deed)

    def _do(self, town: Town, what: str, whose: int, n: int) -> None:
        common = {"back_up": self._back_up, "restore": self._restore, "rotate": self._rotate}.get(what)
        if common is None:
            with self._alone(town, what):
                town.do(what, whose, n)
        elif common():
            for one in self.towns:
                one.told.append(what)
                one.look(what)

    @contextmanager
    def _alone(self, town: Town, what: str) -> Iterator[None]:
        """Whatever the town's library does meanwhile, it does to itself alone."""
        (other,) = [one for one in self.towns if one is not town]
        before = rows_of(other.library)
        yield
        after = rows_of(other.library)
        changed = {name for name in after if after[name] != before[name]}
        assert not changed, town.but(what, f"rows of the other library changed: {changed}")
        verify_audit(other.library.store)

    # -- what concerns both

    def _back_up(self) -> bool:
        self.saved = self._copy(self.libraries)
        return True

    def _restore(self) -> bool:
        if self.saved is None:
            return False
        then = self._copy(self.saved, keys=self.first.library.folder / "keys")
        keep_journal(self.first.library, then[0])
        for town, library in zip(self.towns, then, strict=True):
            town.go_back(library)
        return True

    def _rotate(self) -> bool:
        how = Rotating("drift", lambda _: None, lambda: 0.0, self.first.library.clock.now)
        stores = [one.store for one in self.libraries]
        rotate_keys(stores, PURPOSES, how)
        assert [one.keys.unfinished() for one in stores] == [[], []], self.first.but("rotate", "it is not finished")
        return True

    def _copy(self, libraries: tuple[Library, Library], *, keys: Path | None = None) -> tuple[Library, Library]:
        """Copy the folder of both. `keys`: newer ones, which are added."""
        self.copies += 1
        to, (ours, theirs) = self.folder / f"copy{self.copies}", libraries
        theirs.engine.dispose()
        first = ours.copy(to)
        for path in () if keys is None else keys.glob("*.key"):
            shutil.copy2(path, to / "keys")
        return first, theirs.copy_in(to, url=first.url)

    def end(self) -> Counter[str]:
        for town in self.towns:
            town.let_go()
        for _ in range(3):
            self.live((Day(), Day()))
        for town in self.towns:
            with self._alone(town, "the end"):
                town.compare()
        return self.first.reached + self.other.reached


def rows_of(library: Library) -> dict[str, list[str]]:
    """Every row of a library, as the database holds it."""
    owned = [table for table in tables.metadata.sorted_tables if "agency" in table.c]
    with reading(library.engine) as connection:
        found = {one.name: connection.execute(select(one).where(one.c.agency == library.agency)) for one in owned}
        return {name: sorted(repr(tuple(row)) for row in rows) for name, rows in found.items()}


def same_numbers() -> Callable[[int], bytes]:
    """Random bytes: of each two that are made, patrons get the same numbers, one after the other."""
    ids, rest = Random(1), Random()  # noqa: S311 -- nothing is secret here
    return lambda count: (ids if count == _ID_BYTES else rest).randbytes(count)


def live_together(
    days: Sequence[tuple[Day, Day]],
    folder: Path,
    empty_store: Path,
    *,
    shares: bool = False,
    copies: Copies | None = None,
) -> Counter[str]:
    """Live it in two libraries of one database. Returns how often what was reached in both.

    `shares`: both have one agreement. `copies`: what copies databases of PostgreSQL.
    """
    world = people(BEGINS)
    ours = begin_library(folder / "first", empty_store, copies, random=same_numbers())
    agreement = ours.agreement if shares else "other"
    theirs = Library(ours.folder, url=ours.url, agency=OTHER, agreement=agreement, random=same_numbers())
    pair = Pair(folder, *(Town(folder, Staff(library), world) for library in (ours, theirs)), shares)
    try:
        pair.begin()
        for both in days:
            pair.live(both)
        return pair.end()
    finally:
        for library in pair.libraries:
            library.engine.dispose()
        shutil.rmtree(folder)

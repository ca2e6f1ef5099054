"""Looks at all that other systems were told, could be told, or hold, in a life of `outward_life`."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

from doubles import AGENCY, Library
from outward_town import Town, told_of, words_of
from sqlalchemy import select

from cprsync.domain.outward.record import OutwardField, write_record
from cprsync.domain.outward.target import ProtectedRule, Target, TargetKind
from cprsync.services.outward.feeding import FeedReader
from cprsync.store import tables
from cprsync.store.core.engine import reading
from cprsync.store.outward.changes import last_changes, open_change
from cprsync.store.outward.describing import describe_patrons

if TYPE_CHECKING:
    from datetime import date

    from cprsync.domain.outward.record import OutwardRecord

EVERYTHING: Final = frozenset(OutwardField)
TARGETS: Final = tuple(Target(rule.name.lower(), TargetKind.KOHA, EVERYTHING, rule) for rule in (*ProtectedRule,))
#: A reader that fetches, and that sees the protected without an address.
FEED: Final = Target("website", TargetKind.FEED, EVERYTHING, ProtectedRule.WITHOUT_ADDRESS)
#: Changes that a reader fetches at once.
PAGE: Final = 50


class Leaked(AssertionError):
    """Something protected was told, or something that should be told was not."""


@dataclass
class Watch:
    """What was looked at so far, and a reader of the feed."""

    library: Library
    town: Town
    _seen: dict[str, int] = field(default_factory=lambda: {one.name: 0 for one in TARGETS})
    #: what a reader holds, and how far it has read
    _read: dict[str, Any] = field(default_factory=dict)
    _cursor: str = ""

    @property
    def today(self) -> date:
        return self.library.clock.today()

    def check(self, when: str) -> None:
        """Search all that was told, waits, or is kept to be told, and hold the last change against the record."""
        self.town.note_homes()
        sealed = [one for one in self.town.people.values() if one.is_on_record and one.is_sealed]
        for where, patron_id, text in (*self._told_now(), *self._would_tell(), *self._fetched(), *self._kept()):
            found = words_of(text)
            hidden = self.town.never.union(*(self.town.hidden_from(patron_id, one) for one in sealed)) & found
            if hidden or (found and any(one.patron_id == patron_id for one in sealed)):
                raise Leaked(f"{when}: {where} of {patron_id} holds {sorted(hidden or found)}")
        self._complete(when)

    def _told_now(self) -> list[tuple[str, str, str]]:
        found = []
        for target in TARGETS:
            calls = self.library.target(target.name).calls
            new, self._seen[target.name] = calls[self._seen[target.name] :], len(calls)
            found += [(target.name, one.patron_id, json.dumps(one.payload)) for one in new]
        return found

    def _would_tell(self) -> list[tuple[str, str, str]]:
        queues = self.library.store.queues
        return [
            (f"the queue for {target.name}", effect.patron_id, json.dumps(effect.payload))
            for target in TARGETS
            for queue in queues.queues(target, queues.order(target.name))
            for effect in queue
        ]

    def _fetched(self) -> list[tuple[str, str, str]]:
        """What a reader gets that begins now."""
        return [("the feed", line["patron"], json.dumps(line)) for line in self._pages("")[0]]

    def _pages(self, cursor: str) -> tuple[list[dict[str, Any]], str]:
        source, found, more = FeedReader(self.library.store, AGENCY, FEED, FEED.name), [], True
        while more:
            *lines, end = [json.loads(line) for line in source.fetch(cursor, PAGE).body.splitlines()]
            found += lines
            cursor, more = end["next"], end["more"]
        return found, cursor

    def _catch_up(self) -> None:
        """A reader that goes on where it was."""
        lines, self._cursor = self._pages(self._cursor)
        for line in lines:
            if line.get("gone"):
                self._read.pop(line["patron"], None)
            else:
                self._read[line["patron"]] = line

    def _kept(self) -> list[tuple[str, str, str]]:
        tenant = self.library.store._tenant
        with reading(tenant.engine) as connection:
            rows = connection.execute(select(tables.change)).all()
        opened = [(row.patron_id, open_change(tenant, row)) for row in rows]
        return [("a change", patron_id, write_record(one).decode()) for patron_id, one in opened if one is not None]

    def _complete(self, when: str) -> None:
        """No writer has escaped: nothing is marked any more, and each last change is what the record says now."""
        tenant = self.library.store._tenant
        with tenant.reading() as transaction:
            marked = transaction.execute(select(tables.change_mark)).all()
            ids = [one.patron_id for one in self.town.people.values() if one.patron_id]
            last = {key: open_change(tenant, row) for key, row in last_changes(transaction, ids).items()}
            now, broken = describe_patrons(transaction, ids)
        # what a record remembers of its past is not in what is described now
        differ = [
            one for one in ids if now[one] != last.get(one) and without_past(now[one]) != without_past(last.get(one))
        ]
        if marked or differ or broken:
            raise Leaked(f"{when}: {len(marked)} are marked, {len(broken)} do not open, and {differ} differ")

    def compare(self, *, catches_up: bool = True) -> None:
        """Each target to which nothing is owed holds what the facts say."""
        waiting = {state.name: state.backlog.waiting for state in self.library.store.targets.states()}
        for target in TARGETS:
            if not waiting[target.name]:
                self._compare_one(target, self.library.target(target.name).holds)
        if catches_up:
            self._catch_up()
            self._compare_one(FEED, self._read)

    def _compare_one(self, target: Target, holds: dict[str, Any]) -> None:
        if holds.keys() - {one.patron_id for one in self.town.people.values()}:
            raise Leaked(f"{target.name} holds somebody whom nobody knows")
        for one in self.town.people.values():
            want = self.town.expected(one, target.protected.value, self.today)
            got = told_of(holds.get(one.patron_id)) if one.patron_id else None
            if got != want:
                raise Leaked(f"{self.today}: {target.name} holds of {one.key}\n{got}\nand not\n{want}")


def without_past(record: OutwardRecord | None) -> OutwardRecord | None:
    """What a record says now. A person who is no borrower, and never was one here, is told to nobody."""
    return None if record is None else replace(record, was=())

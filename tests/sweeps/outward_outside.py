"""Looks at what the real clients of a leak life let out, and at what then stands in Koha, in the files and at the hook.

It reads requests, files and Koha's own dump, and knows only the town's plain facts. A leak is a `Leaked`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from outward_town import PATRON, told_of, words_of
from outward_watch import TARGETS, Leaked
from outward_wire import FILES, KOHA, WireTarget

if TYPE_CHECKING:
    from doubles import Library
    from outward_town import Somebody, Town
    from outward_wire import Wires

    from cprsync.domain.outward.target import Target

#: Koha's fields that say where somebody lives, and where else letters may go.
HOME: Final = ("address", "address2", "street_number", "street_type", "city", "state", "postal_code", "country")
OTHER: Final = tuple(f"altaddress_{name}" for name in (*HOME, "notes"))
#: All that a webhook may say.
POSTED: Final = frozenset({"target", "patron", "version", "gone"})


@dataclass
class Outside:
    """What was looked at so far."""

    library: Library
    town: Town
    wires: Wires
    _requests: dict[str, int] = field(default_factory=dict)
    _posts: int = 0
    _files: set[str] = field(default_factory=set)

    def check(self, when: str) -> None:
        """Search every request, file and post since the last time, and what Koha holds now."""
        sealed = [one for one in self.town.people.values() if one.is_on_record and one.is_sealed]
        for where, patron_id, text in (*self._asked(), *self._written(), *self._posted()):
            found = words_of(text)
            hidden = self.town.never.union(*(self.town.hidden_from(patron_id, one) for one in sealed)) & found
            if hidden or (found and any(one.patron_id == patron_id for one in sealed)):
                raise Leaked(f"{when}: {where} of {patron_id} holds {sorted(hidden or found)}")
        self._look_into_koha(when, sealed)

    def compare(self) -> None:
        """A target to which nothing is owed holds what the facts say, by its own word."""
        waiting = {state.name: state.backlog.waiting for state in self.library.store.targets.states()}
        for target in TARGETS:
            if waiting[target.name]:
                continue
            if self.wires.kind_of(target.name) == FILES:
                self._compare_files(target)
            if self.wires.kind_of(target.name) == KOHA:
                self._compare_koha(target)

    # -- what went out

    def _asked(self) -> list[tuple[str, str, str]]:
        found = []
        numbers = {number for one in self.town.people.values() for number in one.numbers}
        for target in TARGETS:
            wire = self._wire(target.name)
            if any(number in url or words_of(url) for url in wire.urls for number in numbers):
                raise Leaked(f"an address of a request to {wire.kind} names somebody")
            wire.urls.clear()
            found += [(f"a request to {wire.kind}", patron_id, text) for patron_id, text in wire.wire]
            wire.wire.clear()
        return found

    def _written(self) -> list[tuple[str, str, str]]:
        lines = [line for line in self.wires.in_files() if line[1].name not in self._files]
        self._files |= {path.name for _, path, _ in lines}
        names = [("a file's name", "", path.name) for _, path, _ in lines]
        return [*names, *((f"the file {path.name}", patron_id, line) for patron_id, path, line in lines)]

    def _posted(self) -> list[tuple[str, str, str]]:
        posts = self.wires.receiver.said()[self._posts :]
        self._posts += len(posts)
        for one in posts:
            if one.keys() - POSTED or words_of(json.dumps(one)):
                raise Leaked(f"a webhook says {sorted(one.keys() - POSTED)}")
        return []

    # -- what stands there

    def _look_into_koha(self, when: str, sealed: list[Somebody]) -> None:
        """Whoever is sealed and of whom Koha has heard all has no address there, and no housemate shows it."""
        for one, row in self._settled_in_koha():
            places = words_of(*(row[name] for name in (*HOME, *OTHER)))
            if one in sealed and places:
                raise Leaked(f"{when}: in Koha {one.key} still lives at {sorted(places)}")
            hidden = set().union(*(self.town.hidden_from(one.patron_id, other) for other in sealed))
            places |= words_of(row["staff_notes"]) if self._stays_where_staff_wrote(one) else set()
            if hidden & places:
                raise Leaked(f"{when}: in Koha {one.key} shows {sorted(hidden & places)}")

    def _settled_in_koha(self) -> list[tuple[Somebody, dict[str, Any]]]:
        """The people of whom Koha was told, with their rows there, unless something waits or was refused."""
        told, name = {call.patron_id for call in self._koha.calls}, self._koha_name
        rows, queues = self.wires.in_koha(), self.library.store.queues
        people = [one for one in self.town.people.values() if one.patron_id in told and one.number.digits in rows]
        refused = queues.refused([one.patron_id for one in people])
        owed = {one.patron_id for one in people if one.patron_id in queues.around(one.patron_id).get(name, ())}
        owed |= {patron_id for patron_id, those in refused.items() if any(that["name"] == name for that in those)}
        return [(one, rows[one.number.digits]) for one in people if one.patron_id not in owed]

    def _stays_where_staff_wrote(self, one: Somebody) -> bool:
        """Whether Koha's note is about the only home of which it was ever told: a client can find no other in it.

        Who came back from abroad had their foreign address there last.
        """
        home = self.wires.written.get(one.key)
        if home is None or one.heard is None or one.heard[0].n != home.n:
            return False
        payloads = [call.payload for call in self._koha.calls if call.patron_id == one.patron_id and call.payload]
        told = [payload["address"] for payload in payloads if payload.get("address")]
        is_abroad = any(payload.get("abroad") for payload in payloads)
        return bool(told) and not is_abroad and all(home.word("r") in str(at) for at in told)

    def _compare_koha(self, target: Target) -> None:
        for one, row in self._settled_in_koha():
            want = self.town.expected(one, target.protected.value, self.library.clock.today())
            if want is None or one.standing != PATRON or one.is_sealed or "address" in want.get("withheld", ()):
                continue
            at, abroad = want["address"], want["abroad"]
            lines = abroad["lines"] if abroad else at["lines"] if at and at["current"] else None
            if lines and words_of(*lines) != words_of(*(row[name] for name in HOME)):
                raise Leaked(f"Koha holds of {one.key} {[row[name] for name in HOME]} and not {lines}")
            if words_of(*want["contact_address"]) != words_of(*(row[name] for name in OTHER)):
                raise Leaked(f"Koha holds another contact address of {one.key}")

    def _compare_files(self, target: Target) -> None:
        holds: dict[str, Any] = {}
        for patron_id, _, line in self.wires.in_files():
            if patron_id:
                document = json.loads(line)
                holds[patron_id] = None if document.get("gone") else document
        for one in self.town.people.values():
            want = self.town.expected(one, target.protected.value, self.library.clock.today())
            got = told_of(holds.get(one.patron_id)) if one.patron_id else None
            if got != want:
                raise Leaked(f"the files tell of {one.key}\n{got}\nand not\n{want}")

    @property
    def _koha_name(self) -> str:
        return next(one.name for one in TARGETS if self.wires.kind_of(one.name) == KOHA)

    @property
    def _koha(self) -> WireTarget:
        return self._wire(self._koha_name)

    def _wire(self, name: str) -> WireTarget:
        found = self.library.target(name)
        assert isinstance(found, WireTarget)
        return found

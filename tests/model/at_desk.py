"""Staff who do through the desk's JSON API what `staff` does by the use cases, look at everything, and send old forms.

Each answer is judged, and so is each page:

- it is none that nobody foresaw, and what it refuses has changed nothing, unless it says so;
- nobody's CPR number is in it, and of whom the register protects no name and no address;
- who is named in it is in the log as looked at by whoever was answered.
"""

from __future__ import annotations

import json
import re
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from desk_calls import DeskCalls
from living import people
from reading import read
from slow_register import EMPTY, SILENT
from staff import DEEDS, Staff, chosen
from staffed import BEGINS, Town

from cprsync.errors import CprsyncError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from doubles import Library
    from slow_register import Dict

#: What differs each time: keys, tokens, references, and the room on the disk.
_DIFFERS = re.compile(r"[\w-]{43}|(?<=\"reference\":\")\w{8}|(?<=\"free\":)\d+|\d+,\d GB")
#: What a refusal may leave: that somebody tried, and that they looked.
_NOTED = frozenset({"audit", "audit_head", "desk_attempt", "desk_outcome"})
#: Ends the address of what opens what is sealed.
_REVEAL = "/reveal"
#: In nearly every address.
_TOWN = "Aarhus"
_SEEN_FOR = timedelta(minutes=15)
_LOOKS = frozenset({"view", "search", "lookup", "seconded", "reveal"})
_OF_PATRON = ("standing", "entitlements", "statement", "responsibles", "reviews", "changes", "leave", "erase")
_OF_LIBRARY = (
    *("/session", "/library", "/reviews?all=true", "/looks", "/requests", "/checks", "/status"),
    *("/nights", "/nights/deliveries", "/nights/changes", "/nights/forecast", "/nights/held"),
)
_PAGES = ("/", "/reviews", "/reviews?view=answered", "/looks", "/requests", "/checks", "/log", "/nights")
_PAGES_OF_PATRON = ("changes", "paper/record", "paper/statement", "leave", "erase")
#: As often as `staff` does each, and what is done at the desk alone.
AT_DESK = (
    *DEEDS,
    *("look_around",) * 2,
    *("open_form", "send_form") * 3,
    *("later", "note", "answer_for", "come_without_number", "give_number", "reveal", "bulk", "back_up", "restore"),
)


class Refused(CprsyncError):
    """An answer that refuses."""

    kind = "refused"


@dataclass
class DeskStaff(Staff):
    """The same people, at the desk."""

    #: everybody whom an answer may be about, and the keys of those of whom none may tell
    world: list[Dict] = field(default_factory=list)
    shut: set[str] = field(default_factory=set)
    #: forms that stand open: where each goes, and what it says
    forms: list[tuple[str, Dict]] = field(default_factory=list)
    _calls: DeskCalls | None = None

    # -- calls

    def get(self, path: str, user: str = "anna") -> Any:
        return self._ask(user, "GET", path, None)

    def post(self, path: str, asked: Dict, user: str = "anna") -> Any:
        return self._ask(user, "POST", path, asked)

    def _ask(self, user: str, method: str, path: str, asked: Dict | None) -> Any:
        before = self.library.everything()
        status, text = self.calls.call(user, method, path, asked)
        told = json.loads(text)
        self._judge(f"{method} {path}", user, status, text)
        if status < 400:
            return told
        after = self.library.everything()
        changed = {table for table in after if after[table] != before[table]} - _NOTED
        assert told["changed"] == "part" or not changed, f"{method} {path} was refused and changed {changed}: {text}"
        raise Refused(told["detail"], kind=told["kind"])

    @property
    def calls(self) -> DeskCalls:
        """The desk of the library as it is now: another database may have been put back."""
        if self._calls is None or self._calls.library is not self.library:
            self.leave_desk()
            self._calls = DeskCalls(self.library)
        return self._calls

    def leave_desk(self) -> None:
        if self._calls is not None:
            self._calls.close()
        self._calls = None
        self.forms.clear()

    def _judge(self, what: str, user: str, status: int, text: str) -> None:
        self.answers.append(_DIFFERS.sub("…", f"{what}: {status} {text}"))
        assert status < 500, self.answers[-1]
        for one in self.world:
            assert not [number for number in one["numbers"] if number in text], f"{what} tells a number: {text}"
            if one["name"] == EMPTY or one["name"][1] not in text:
                continue
            assert one["key"] not in self.shut or what.endswith(_REVEAL), f"{what} names {one['key']}: {text}"
            # two patrons may be one person
            patrons = {found for number in one["numbers"] if (found := self.find(number))}
            looked = any(self._has_looked(user, patron) for patron in patrons)
            assert looked or not patrons, f"{what}: nobody looked at {one['key']}: {text}"
        if self.shut and _TOWN in text and not what.endswith(_REVEAL):
            assert not [line for line in self._sealed_lines() if line in text], f"{what} tells an address: {text}"

    def _has_looked(self, user: str, patron: str) -> bool:
        entries = [json.loads(bytes.fromhex(row["entry"])) for row in self.library.rows("audit")]
        since = self.library.clock.now() - _SEEN_FOR
        theirs = [one for one in entries if one.get("user") == user and one["kind"] in _LOOKS]
        # a record names who answers for the patron; a list, and somebody who was no patron yet, has no patron number
        answering = self.library.store.responsibles
        named = {patron, None, *(one.responsible_id for one in answering.links(patron))}
        named |= {one.patron_id for one in answering.minors_of(patron)}
        return any(one["patron"] in named and datetime.fromisoformat(one["at"]) >= since for one in theirs)

    def _sealed_lines(self) -> Iterator[str]:
        """Where the sealed live, as long as nobody else lives at what is written alike."""
        lines: dict[str, set[str]] = {}
        for one in self.world:
            for number in filter(self.find, one["numbers"]):
                address = read(self.library, number)["address"]
                if isinstance(address, dict) and address["road"]:
                    lines.setdefault(f"{address['road']} {address['house']}".strip(), set()).add(one["key"])
        yield from (line for line, keys in lines.items() if keys <= self.shut)

    # -- all that there is to see

    def look_around(self, one: Dict, n: int) -> str:
        """Look at the library, at one patron, one review and one night in each way, and search for two people."""
        rows = {name: self.library.rows(name) for name in ("patron", "review_item", "run")}
        patron, run = (rows[name][n % len(rows[name])]["id"] for name in ("patron", "run"))
        item = chosen(rows["review_item"], n)
        items = [] if item is None else [f"/reviews/{item['id']}"]
        seen = [f"/patrons/{patron}", f"/nights/{run}", *items]
        for path in [*_OF_LIBRARY, *seen, *(f"/patrons/{patron}/{part}" for part in _OF_PATRON)]:
            with suppress(Refused):
                self.get(path, "lone")
        for path in [*_PAGES, *seen, *(f"/patrons/{patron}/{part}" for part in _PAGES_OF_PATRON)]:
            self._judge(path, "rie", *self.calls.page("rie", path))
        for who in (one, self.world[n % len(self.world)]):
            born = "" if who["birth"] == SILENT else who["birth"][0].isoformat()
            name = "" if who["name"] == EMPTY else who["name"][0]
            number = who["numbers"][n % len(who["numbers"])]
            with suppress(Refused):
                self.post("/patrons/find", {"typed": number if n % 2 else f"{name} {born}"}, "lone")
                self.post("/log/citizen", {"who": number}, "lone")
        return "look around"

    # -- what `staff` does too

    def _listed(self, query: str = "") -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = self.get(f"/reviews{query}")["items"]
        return items

    def _answer(self, item: dict[str, Any], answer: str, user: str = "anna", **more: Any) -> str:
        about = self.get(f"/reviews/{item['id']}", user)["about"]
        shown = {"about": about} if about is not None and answer in {"accept", "reject"} else {}
        self.post(f"/reviews/{item['id']}/answer", {"answer": answer, **shown, **more}, user)
        return f"{answer} {item['kind']}"

    def accept(self, _one: Dict, n: int) -> str | None:
        if (item := chosen(self._listed(), n)) is None:
            return None
        done = self._answer(item, "accept")
        with suppress(Refused):
            self._answer(item, "accept", "bo")
        return done

    def reject(self, _one: Dict, n: int) -> str | None:
        item = chosen(self._listed(), n)
        return None if item is None else self._answer(item, "reject", reason="seen")

    def take_back(self, _one: Dict, n: int) -> str | None:
        if (item := self._answered_item(n, "accepted")) is None:
            return None
        shown = self.get(f"/reviews/{item['id']}/taking-back") if item["kind"] == "number.set" else None
        digest = {} if shown is None else {"digest": shown["preview"]["digest"]}
        return self._answer(item, "undo", reason="mistaken", **digest)

    def reopen(self, _one: Dict, n: int) -> str | None:
        item = self._answered_item(n, "rejected", "undone")
        return None if item is None else self._answer(item, "reopen", reason="again")

    def _answered_item(self, n: int, *states: str) -> dict[str, Any] | None:
        return chosen([one for one in self._listed("?answered=true") if one["state"] in states], n)

    def look_up(self, one: Dict, n: int) -> str:
        return self._send(*self._look_up(one, n))

    def leave(self, one: Dict, n: int) -> str | None:
        patron = self.find(one["numbers"][-1])
        return None if patron is None or n % 3 else self._send(*self._end(patron, "leave"))

    def erase(self, _one: Dict, n: int) -> str | None:
        gone = chosen([row for row in self.library.rows("patron") if row["status_class"] == "closed"], n)
        return None if gone is None else self._send(*self._end(gone["id"], "erase"))

    def correct(self, one: Dict, n: int) -> str | None:
        patron = self.find(one["numbers"][-1])
        return None if patron is None else self._send(*self._correct(patron, n))

    # -- what is done at the desk alone

    def later(self, _one: Dict, n: int) -> str | None:
        item, until = chosen(self._listed(), n), self.library.clock.today() + timedelta(days=1 + n % 9)
        return None if item is None else self._answer(item, "later", until=until.isoformat(), reason="soon")

    def note(self, one: Dict, n: int) -> str | None:
        patron = self.find(one["numbers"][n % len(one["numbers"])])
        return None if patron is None else self._send(*self._note(patron, n))

    def answer_for(self, one: Dict, n: int) -> str | None:
        """Let somebody answer for somebody, or end that."""
        patron, who = self.find(one["numbers"][-1]), self.world[n % len(self.world)]["numbers"][-1]
        asked = {"who": who, "doing": "add" if n % 3 else "end"}
        return None if patron is None else self._send(f"/patrons/{patron}/responsibles", asked)

    def come_without_number(self, one: Dict, n: int) -> str:
        """Register a child, or somebody who is none, by their own words."""
        asked = {"name": f"Gæst {n}", "birth_date": "2015-01-01" if n % 2 else "1980-04-10"}
        answers = {"responsible": one["numbers"][-1]} if n % 2 else {}
        shown = self.post("/registrations/own-words", asked | answers)
        return self._send("/registrations/confirm", {"key": shown["key"], "reason": "agreed"})

    def give_number(self, one: Dict, n: int) -> str | None:
        asked = self._number(one, n)
        return None if asked is None else self._send(*asked)

    def reveal(self, one: Dict, n: int) -> str | None:
        patron = self.find(one["numbers"][-1])
        way = ("", "/statement")[n % 2]
        return None if patron is None else self._send(f"/patrons/{patron}{way}{_REVEAL}", {"reason": "here"})

    def bulk(self, _one: Dict, _n: int) -> str | None:
        items = [one["id"] for one in self._listed() if one["in_bulk"]]
        if not items:
            return None
        shown = self.post("/reviews/bulk/preview", {"items": items})
        return self._send("/reviews/bulk/accept", {"items": items, "digest": shown["digest"]})

    # -- forms that stand open

    def open_form(self, one: Dict, n: int) -> str | None:
        """Open a form, and leave it standing."""
        patron, item = self.find(one["numbers"][-1]), chosen(self._listed(), n)
        made: tuple[str, Dict] | None = None
        match n % 6:
            case 0:
                made = self._look_up(one, n // 6)
            case 1 if patron is not None:
                made = self._end(patron, "leave")
            case 2 if patron is not None:
                made = self._correct(patron, n)
            case 3 if patron is not None:
                made = self._note(patron, n)
            case 4:
                made = self._number(one, n)
            case 5 if item is not None:
                about = self.get(f"/reviews/{item['id']}")["about"]
                asked = {"answer": "accept" if n % 4 else "reject", "reason": "seen", "about": about}
                made = f"/reviews/{item['id']}/answer", asked
        if made is not None:
            self.forms.append(made)
        return None if made is None else f"open {made[0].rpartition('/')[2]}"

    def send_form(self, _one: Dict, n: int) -> str | None:
        """Send one of the forms that stand open, whatever has happened since."""
        return self._send(*self.forms.pop(n % len(self.forms))) if self.forms else None

    def _send(self, path: str, asked: Dict) -> str:
        try:
            self.post(path, asked)
        except Refused as error:
            return f"refused {path.rpartition('/')[2]} {error.kind}"
        return f"sent {path.rpartition('/')[2]}"

    def _look_up(self, one: Dict, n: int) -> tuple[str, Dict]:
        number, purpose = one["numbers"][n % len(one["numbers"])], ("registration", "correction")[n % 2]
        shown = self.post("/registrations/preview", {"cpr_number": number, "purpose": purpose})
        return "/registrations/confirm", {"key": shown["key"], "reason": "agreed"}

    def _end(self, patron: str, way: str) -> tuple[str, Dict]:
        shown = self.get(f"/patrons/{patron}/{way}")
        return f"/patrons/{patron}/{way}", {"digest": shown["digest"], "reason": "agreed"}

    def _correct(self, patron: str, n: int) -> tuple[str, Dict]:
        until = (self.library.clock.today() + timedelta(days=1 + n % 5)).isoformat()
        name, text = (("address", "Skrivergade 1\n8000 Aarhus C"), ("name", "Rettet Navn"))[n % 2]
        return f"/patrons/{patron}/fields", {"field": name, "text": text, "reason": "saw it", "until": until}

    def _note(self, patron: str, n: int) -> tuple[str, Dict]:
        name, text = (("internal_note", f"En note {n}"), ("telephones", f"2030{n:04}"), ("blocks", "Bog"))[n % 3]
        return f"/patrons/{patron}/fields", {"field": name, "text": text}

    def _number(self, one: Dict, n: int) -> tuple[str, Dict] | None:
        """Give a number to somebody who has none of the register's, or once had none."""
        without = chosen([row for row in self.library.rows("patron") if not row["real_number"]], n)
        if without is None:
            return None
        path = f"/patrons/{without['id']}/number"
        shown = self.post(f"{path}/preview", {"cpr_number": one["numbers"][-1]})
        return f"{path}/confirm", {"key": shown["key"], "reason": "agreed"}


def town_at_desk(folder: Path, library: Library) -> Town:
    staff = DeskStaff(library, world=people(BEGINS))
    return Town(folder, staff, staff.world, shut=staff.shut)

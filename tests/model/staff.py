"""What staff and operators do to a library, by name and in any order.

Each deed returns what it was. None: nothing of the kind can be done.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import said_yes
from living import CODES

from cprsync.domain.desk.confirming import Confirmation
from cprsync.domain.patron.local import Card, Local
from cprsync.domain.patron.patron import Purpose
from cprsync.domain.person.number import CprNumber
from cprsync.errors import CprsyncError
from cprsync.services.desk.lookup import Asked, Desk
from cprsync.services.desk.reviewing import StaffReviews
from cprsync.services.desk.setting import Setting, SettingDesk, set_field
from cprsync.services.feed.questions import ask_about_windows_between_nights
from cprsync.services.leaving.departing import LeavingDesk
from cprsync.services.night.reverting import preview_revert, release, revert
from cprsync.services.ports.patrons import NewPatron

if TYPE_CHECKING:
    from doubles import Library
    from slow_register import Dict

#: Each is a method of `Staff`, or of whoever has one; more often what is about an undo or a review.
DEEDS = (
    *("undo",) * 4,
    *("release",) * 2,
    *("accept",) * 4,
    *("reject",) * 2,
    *("take_back",) * 2,
    *("look_up",) * 2,
    *("enrol", "second", "second", "leave", "erase", "correct", "heal", "reopen"),
)


@dataclass
class Staff:
    """Two people at one library."""

    library: Library
    #: what they were answered, in its order
    answers: list[str] = field(default_factory=list)

    def leave_desk(self) -> None:
        """Nobody works there any more."""

    # -- undone nights

    def undo(self, _one: Dict, n: int) -> str | None:
        """Undo one of the last four runs."""
        runs = sorted(row["id"] for row in self.library.rows("run"))
        number = runs[-1 - n % min(len(runs), 4)]
        ports = self.library.ports()
        seen = preview_revert(ports, number)
        revert(ports, seen, Confirmation(seen.preview.digest, "wrong"), user="anna")
        return "undo"

    def release(self, _one: Dict, n: int) -> str | None:
        undone = self.undone()
        if not undone:
            return None
        self.let_go(undone[n % len(undone)])
        return "release"

    def let_go(self, run: int) -> None:
        release(self.library.store, run, user="anna", reason="looked at")

    def undone(self) -> list[int]:
        """The runs that undid another one."""
        return sorted(row["id"] for row in self.library.rows("run") if row["reverts"] is not None)

    # -- reviews

    def reviews(self, user: str = "anna") -> StaffReviews:
        return StaffReviews(self.library, user)

    def _answered(self, *states: str) -> list[dict[str, Any]]:
        return [item for item in self.reviews().answered(most=20) if item["state"] in states]

    def accept(self, _one: Dict, n: int) -> str | None:
        """Accept an item, and let the other one sign it too, if it needs two."""
        item = chosen(self.reviews().listed(), n)
        if item is None:
            return None
        self.reviews("anna").accept(item["id"])
        with suppress(CprsyncError):
            self.reviews("bo").accept(item["id"])
        return f"accept {item['kind']}"

    def reject(self, _one: Dict, n: int) -> str | None:
        item = chosen(self.reviews().listed(), n)
        if item is None:
            return None
        self.reviews().reject(item["id"], reason="seen")
        return f"reject {item['kind']}"

    def take_back(self, _one: Dict, n: int) -> str | None:
        item = chosen(self._answered("accepted"), n)
        if item is None:
            return None
        self.reviews().undo(item["id"], reason="mistaken", is_shown=True)
        return f"take back {item['kind']}"

    def reopen(self, _one: Dict, n: int) -> str | None:
        item = chosen(self._answered("rejected", "undone"), n)
        if item is None:
            return None
        self.reviews().reopen(item["id"], reason="again")
        return f"reopen {item['kind']}"

    # -- the register

    def look_up(self, one: Dict, n: int) -> str | None:
        """By any number they ever had."""
        library, number = self.library, CprNumber.parse(one["numbers"][n % len(one["numbers"])])
        desk = Desk(library.agency, library.store, library.register, library.clock, library.policy)
        said_yes.register(desk, Asked(number, Purpose.CORRECTION, "lone"))
        return "look up"

    def heal(self, _one: Dict, _n: int) -> str | None:
        ask_about_windows_between_nights(self.library.ports())
        return "heal"

    # -- patrons

    def enrol(self, one: Dict, n: int) -> str | None:
        """Import somebody who is no patron, under any number they ever had."""
        if any(self.find(number) for number in one["numbers"]):
            return None
        self.take(one, one["numbers"][n % len(one["numbers"])])
        return "enrol"

    def second(self, one: Dict, n: int) -> str | None:
        """Import somebody a second time, under another number of theirs."""
        free = [number for number in dict.fromkeys(one["numbers"]) if not self.find(number)]
        if not free or len(free) == len(set(one["numbers"])):
            return None
        self.take(one, free[n % len(free)])
        return "second"

    def leave(self, one: Dict, n: int) -> str | None:
        patron = self.find(one["numbers"][-1])
        if patron is None or n % 3:
            return None
        said_yes.leave(self._exit(), patron)
        return "leave"

    def erase(self, _one: Dict, n: int) -> str | None:
        gone = sorted(row["id"] for row in self.library.rows("patron") if row["status_class"] == "closed")
        if not gone:
            return None
        said_yes.erase(self._exit(), gone[n % len(gone)])
        return "erase"

    def correct(self, one: Dict, n: int) -> str | None:
        """Correct what the register says, for some days."""
        patron = self.find(one["numbers"][-1])
        if patron is None:
            return None
        until = self.library.clock.today() + timedelta(days=1 + n % 5)
        name, text = (("address", "Skrivergade 1\n8000 Aarhus C"), ("name", "Rettet Navn"))[n % 2]
        asked = Setting(patron, name, text, "lone", reason="saw it", until=until)
        set_field(SettingDesk(self.library, CODES), asked)
        return "correct"

    def take(self, one: Dict, number: str) -> None:
        new = NewPatron(CprNumber.parse(number), Local(cards=(Card(f"{one['key']}{number[-3:]}"),)))
        self.library.store.imports.take_patrons([new])

    def find(self, number: str) -> str | None:
        return self.library.store.patrons.find(CprNumber.parse(number))

    def _exit(self) -> LeavingDesk:
        return LeavingDesk(self.library, "lone")


def chosen(items: list[dict[str, Any]], n: int) -> dict[str, Any] | None:
    return items[n % len(items)] if items else None

"""The people of a leak life as plain facts, and what a target may hold of each, worked out from these facts alone.

Shares no code with `domain.outward`. Every address has words of its own, so that a search finds it wherever it went.
"""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any

from cprsync.domain.person.number import CprNumber
from cprsync.domain.person.person import EMPTY, SILENT, Abroad, Birth, Contact, Person, Protection, Status
from cprsync.domain.person.person import silence_by_status as by_status
from cprsync.domain.person.sealed import Address, Name

if TYPE_CHECKING:
    from collections.abc import Iterable

#: A word that stands in one address alone: of a dwelling, of a c/o, of a foreign, a contact or a typed address.
WORD = re.compile(r"Zq\d{5}[a-z]")
LIVES_SOMEWHERE = frozenset({"01", "03", "20"})
#: The words that the store has for a status.
STATUS_WORDS = {"01": "resident", "03": "resident", "70": "disappeared", "80": "emigrated", "90": "dead"}
#: How somebody stands to the library. A merged record is another's now.
STRANGER, WAITS, PATRON, RESPONSIBLE, GONE, MERGED = "stranger", "waits", "patron", "responsible", "gone", "merged"


def words_of(*texts: object) -> set[str]:
    """The address words in these texts."""
    return {word for text in texts for word in WORD.findall(str(text))}


@dataclass(frozen=True)
class Home:
    """A dwelling, and the words that are its own."""

    n: int
    municipality: str
    #: street codes 9900-9999: whoever lives there is sealed
    administrative: bool = False

    def word(self, part: str) -> str:
        return f"Zq{self.n:05}{part}"

    @property
    def words(self) -> str:
        # not by way of an Address, which shows nothing of itself
        return " ".join(map(self.word, "ltdr"))

    def address(self, co: str = "") -> Address:
        return Address(
            municipality=self.municipality,
            street_code=f"{(9900 + self.n % 100) if self.administrative else 1000 + self.n % 8000:04}",
            house=f"{1 + self.n % 900}",
            floor="02",
            door="tv",
            co=co,
            locality=self.word("l"),
            town=self.word("t"),
            postcode="8000",
            district=self.word("d"),
            road=self.word("r"),
        )


@dataclass
class Somebody:
    """What is true of one person, and what the library has been told so far."""

    key: str
    born: date
    numbers: list[str]
    home: Home
    names: list[str] = field(default_factory=list)
    co: str = ""
    status: str = "01"
    protected: bool = False
    abroad: tuple[str, ...] = ()
    #: an answer of the register does not say that there is no protection
    answers_silently: bool = False

    # -- the library's side
    standing: str = STRANGER
    patron_id: str = ""
    #: no source has said whether there is a protection
    silent: bool = True
    #: where they live as last heard, with the c/o; of who went abroad before that, nothing
    heard: tuple[Home, str] | None = None
    parked: bool = False
    typed: dict[str, tuple[str, date]] = field(default_factory=dict)
    contact: tuple[str, ...] = ()
    answers_for: set[str] = field(default_factory=set)

    @property
    def number(self) -> CprNumber:
        return CprNumber.parse(self.numbers[-1])

    @property
    def is_on_record(self) -> bool:
        return self.standing in {WAITS, PATRON, RESPONSIBLE}

    @property
    def is_sealed(self) -> bool:
        """For a reason of their own, as far as the library knows."""
        if self.standing == WAITS:
            return True
        return self.parked or self.protected or self.silent or (self.heard is not None and self.heard[0].administrative)

    def hear(self) -> None:
        """Note what the register has just told of the address."""
        if self.status in LIVES_SOMEWHERE:
            self.heard = self.home, self.co

    def typed_on(self, name: str, day: date) -> str | None:
        text, until = self.typed.get(name, ("", date.min))
        return text if day <= until else None

    def own_words(self) -> set[str]:
        """The words of any address that is this person's alone, as far as the library can know."""
        typed = [text for text, _ in self.typed.values()]
        return words_of(self.heard[1] if self.heard else "", self.abroad, self.contact, typed)


def line_of(one: Somebody, *, looked_up: bool = False) -> Person:
    """What a delivery or an answer says."""
    silent = looked_up and one.answers_silently and not one.protected
    first, last = one.names[-1].split(" ")
    whole = Person(
        one.number,
        name=Name(one.names[-1], first, "", last),
        birth=Birth(one.born),
        status=Status(one.status),
        address=one.home.address(one.co) if one.status in LIVES_SOMEWHERE else SILENT,
        protection=Protection.NAME_AND_ADDRESS if one.protected else SILENT if silent else EMPTY,
        current_number=EMPTY,
        abroad=Abroad("5120", (*one.abroad, "", "", "")) if one.status == "80" else SILENT,
        # the register's contact address is for no target at all
        contact=SILENT if looked_up else Contact((f"Zq{90_000 + int(one.numbers[0][-3:]):05}k", "", "", "", "")),
    )
    return by_status(whole)


def old_line(old: str, new: str) -> Person:
    """The old number, replaced by another."""
    return by_status(Person(CprNumber.parse(old), status=Status.CHANGED, current_number=CprNumber.parse(new)))


class Town:
    """Everybody, in the order of their keys, and new words for new addresses."""

    def __init__(self, keys: Iterable[str]) -> None:
        # as numbers, because a town is copied with where it stands
        self._last_word = self._last_number = 0
        #: a patron, another, and the dwelling in which both have lived at one time
        self.shared: set[tuple[str, str, int]] = set()
        self.people = {key: self._born(key, ordinal) for ordinal, key in enumerate(keys)}
        #: words that nobody but the register may have
        self.never = {f"Zq{90_000 + int(one.numbers[0][-3:]):05}k" for one in self.people.values()}

    def _born(self, key: str, ordinal: int) -> Somebody:
        # two children, who need somebody to answer for them
        born = date(2016, 3, 1 + ordinal) if ordinal in {1, 4} else date(1970 + ordinal, 5, 2 + ordinal)
        return Somebody(key, born, [self.new_number(born)], self.new_home("0751"), names=[f"{key} Aagaard"])

    def new_number(self, born: date) -> str:
        self._last_number += 1
        # the seventh digit tells the century
        return f"{born:%d%m%y}{(4000 if born.year >= 2000 else 1000) + self._last_number}"

    def new_home(self, municipality: str, *, administrative: bool = False) -> Home:
        self._last_word += 1
        return Home(self._last_word, municipality, administrative)

    def new_word(self, part: str) -> str:
        self._last_word += 1
        return f"Zq{self._last_word:05}{part}"

    # -- what a target may hold

    def note_homes(self) -> None:
        """Remember who has lived with whom, and where."""
        there = [one for one in self.people.values() if one.is_on_record and one.heard]
        self.shared |= {
            (one.patron_id, other.patron_id, one.heard[0].n)
            for one, other in itertools.permutations(there, 2)
            if one.heard and other.heard and one.heard[0] == other.heard[0]
        }

    def hidden_from(self, patron_id: str, sealed: Somebody) -> set[str]:
        """The words of a sealed person's addresses that nothing told of a patron may hold.

        A dwelling has more tenants in its time. It gives a person away only through whom they live with, or have lived.
        """
        if sealed.heard is None:
            return sealed.own_words()
        home = sealed.heard[0]
        is_told = patron_id == sealed.patron_id or (patron_id, sealed.patron_id, home.n) in self.shared
        return sealed.own_words() | (words_of(home.words) if is_told else set())

    def around(self, one: Somebody) -> list[Somebody]:
        """Whoever lives there too, or is linked, and is on record."""
        others = [other for other in self.people.values() if other is not one and other.is_on_record]
        return [
            other
            for other in others
            if (one.heard and other.heard and other.heard[0].n == one.heard[0].n)
            or other.key in one.answers_for
            or one.key in other.answers_for
        ]

    def expected(self, one: Somebody, rule: str, day: date) -> dict[str, Any] | None:
        """What a target with all fields may hold; None: nothing. Only the fields that these facts decide."""
        if one.standing not in {WAITS, PATRON} or (one.is_sealed and rule == "leave out"):
            return None
        known = one.standing == PATRON
        address = self._address(one, day) if known else None
        abroad = {"country": "5120", "lines": list(one.abroad)} if known and one.status == "80" else None
        values = {"address": address, "abroad": abroad, "contact_address": list(one.contact)}
        if one.is_sealed:
            withheld = sorted(name for name, value in values.items() if value)
        else:
            is_shared = any(other.is_sealed for other in self.around(one))
            withheld = ["address"] if is_shared and address else []
        told: dict[str, Any] = {"patron": one.patron_id, "protected": one.is_sealed, "number": one.number.digits}
        told |= {"withheld": withheld} if withheld else {}
        if one.is_sealed and rule == "sealed flag only":
            return told
        if not one.is_sealed:
            told |= values | dict.fromkeys(withheld)
        name = one.typed_on("name", day) or (one.names[-1] if known else None)
        told["name"] = name
        told["status"] = STATUS_WORDS[one.status] if known else None
        return told

    def _address(self, one: Somebody, day: date) -> dict[str, Any] | None:
        lives, typed = one.status in LIVES_SOMEWHERE, one.typed_on("address", day)
        if typed is not None:
            return {"road": "", "lines": typed.split("\n"), "current": lives}
        if one.heard is None:
            return None
        at = one.heard[0].address(one.heard[1])
        street = f"{at.road} {at.house}, 02. tv"
        lines = [line for line in (at.co, at.locality, street, at.town, f"8000 {at.district}") if line]
        return {"road": at.road, "lines": lines, "current": lives}


def told_of(payload: dict[str, Any] | None) -> dict[str, Any] | None:
    """What of a payload `expected` decides."""
    if payload is None:
        return None
    names = ("patron", "protected", "number", "withheld", "address", "abroad", "contact_address", "name", "status")
    told = {name: payload[name] for name in names if name in payload}
    if told.get("name"):
        told["name"] = told["name"]["addressing"]
    if told.get("address"):
        at = told["address"]
        told["address"] = {"road": at.get("street"), "lines": at.get("lines"), "current": at.get("current")}
    return told

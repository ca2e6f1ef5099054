"""The patrons in Koha, what they are found by, and the journal that holds every change.

A change of several patrons is one line of the journal, so that a kill leaves all of it or nothing. Knows no rule of
Koha but that a card number and a user id belong to one patron: `writing` decides what may be changed.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from itertools import islice
from sys import intern
from typing import TYPE_CHECKING, Any, Final, Generic, TypeAlias, TypeVar

from cprsync.mock.koha.fields import BLANK, UNIQUE, Row

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from cprsync.mock.town.state import Memory

_JOURNAL: Final = "koha"

#: One change of one patron: `op` is create, change or delete; `set` has the new values, and `hidden` what no API shows.
#: Its `attributes` are all that the patron has afterwards.
Written: TypeAlias = dict[str, Any]


@dataclass(frozen=True, slots=True, repr=False)
class KohaAttribute:
    """One extended attribute."""

    ordinal: int
    code: str
    value: str

    def document(self) -> Row:
        return {"extended_attribute_id": self.ordinal, "type": self.code, "value": self.value}


@dataclass(slots=True, repr=False)
class KohaPatron:
    """A patron. Holds only what is not blank, because there may be many."""

    patron_id: int
    fields: Row = field(default_factory=dict)
    attributes: tuple[KohaAttribute, ...] = ()
    #: what no API shows: checkouts, overdues, debt, guarantees, superlibrarian, anonymous, welcomed
    hidden: Row = field(default_factory=dict)

    def get(self, name: str) -> Any:
        return self.patron_id if name == "patron_id" else self.fields.get(name, BLANK[name])

    def row(self) -> Row:
        """The patron as the API shows them, without what is embedded."""
        return {**BLANK, **self.fields, "patron_id": self.patron_id}

    def pairs(self) -> list[tuple[str, str]]:
        return [(one.code, one.value) for one in self.attributes]


K = TypeVar("K")


class _KeyIndex(Generic[K]):
    """Who has a key. Most keys have one patron, and a set for each of them would be most of the memory."""

    def __init__(self) -> None:
        self._held: dict[K, int | set[int]] = {}

    def of(self, key: K) -> set[int]:
        held = self._held.get(key, set())
        return held if isinstance(held, set) else {held}

    def add(self, key: K, patron_id: int) -> None:
        held = self.of(key)
        held.add(patron_id)
        self._held[key] = held if len(held) > 1 else patron_id

    def discard(self, key: K, patron_id: int) -> None:
        left = self.of(key)
        left.discard(patron_id)
        if left:
            self._held[key] = left
        else:
            self._held.pop(key, None)


class KohaPatrons:
    """All patrons, in the order of their ids."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory
        self._by_id: dict[int, KohaPatron] = {}
        self._unique: dict[str, dict[str, int]] = {name: {} for name in UNIQUE}
        self._by_value: _KeyIndex[str] = _KeyIndex()
        self._by_person: _KeyIndex[tuple[str, ...]] = _KeyIndex()
        #: the highest id that was ever given
        self.last_id = self._last_attribute = 0
        for line in memory.journal(_JOURNAL):
            self._apply(line)

    def begin_anew(self) -> KohaPatrons:
        """What the journal holds now."""
        return KohaPatrons(self._memory)

    def __len__(self) -> int:
        return len(self._by_id)

    def __iter__(self) -> Iterator[KohaPatron]:
        return iter(self._by_id.values())

    def find(self, patron_id: int) -> KohaPatron | None:
        return self._by_id.get(patron_id)

    def holder_of(self, name: str, value: str) -> int | None:
        """Who has this card number or user id."""
        return self._unique[name].get(value.casefold())

    def with_value(self, value: str) -> set[int]:
        """Everyone with an attribute of this value, of any type."""
        return self._by_value.of(value.casefold())

    def with_attribute(self, code: str, value: str) -> list[KohaPatron]:
        """Everyone with this attribute, in the order of their ids."""
        found = (self._by_id[one] for one in sorted(self.with_value(value)))
        return [one for one in found if (code, value.casefold()) in ((c, v.casefold()) for c, v in one.pairs())]

    def same_person_as(self, fields: Mapping[str, Any]) -> set[int]:
        """Everyone with this name and birth date."""
        person = _person_of(fields)
        return set() if person is None else self._by_person.of(person)

    def take_id(self) -> int:
        """The id of a new patron. No id is given twice."""
        self.last_id += 1
        return self.last_id

    def number_attributes(
        self, pairs: Iterable[tuple[str, str]], kept: Iterable[KohaAttribute] = ()
    ) -> list[list[Any]]:
        """Attributes as the journal has them: a pair that stays keeps its id, and so does one with another value."""
        wanted, left = list(pairs), list(kept)
        ids: list[int | None] = [_take(left, lambda one, pair=pair: (one.code, one.value) == pair) for pair in wanted]  # type: ignore[misc]  # mypy takes the default for a parameter
        for position, (code, _) in enumerate(wanted):
            if ids[position] is None:
                ids[position] = _take(left, lambda one, code=code: one.code == code)  # type: ignore[misc]  # the same
        return [
            [self._take_attribute_id() if one is None else one, *pair] for one, pair in zip(ids, wanted, strict=True)
        ]

    def _take_attribute_id(self) -> int:
        self._last_attribute += 1
        return self._last_attribute

    def write(self, changes: list[Written]) -> None:
        """Store changes as a whole. They are in the folder when this returns."""
        if changes:
            self._memory.append(_JOURNAL, changes)
            self._apply(changes)

    def read_log(self, *, after: int, limit: int) -> list[Row]:
        """What was written after the first `after` changes, oldest first."""
        changes = (change for line in self._memory.journal(_JOURNAL) for change in line)
        return [{"n": n, **change} for n, change in islice(enumerate(changes, start=1), after, after + limit)]

    # -- inside --------------------------------------------------------------------------------------------

    def _apply(self, changes: Iterable[Written]) -> None:
        for change in changes:
            patron_id = change["patron"]
            patron = self._by_id.get(patron_id) or KohaPatron(patron_id)
            self._unindex(patron)
            if change["op"] == "delete":
                del self._by_id[patron_id]
                continue
            self._fill(patron, change)
            self._by_id[patron_id] = patron
            self._index(patron)
            self.last_id = max(self.last_id, patron_id)

    def _fill(self, patron: KohaPatron, change: Written) -> None:
        # each line of the journal brings names of its own
        patron.fields |= {intern(name): value for name, value in change.get("set", {}).items()}
        patron.hidden |= change.get("hidden", {})
        for name in [name for name, value in patron.fields.items() if value == BLANK[name]]:
            del patron.fields[name]
        if "attributes" in change:
            patron.attributes = tuple(KohaAttribute(n, intern(code), value) for n, code, value in change["attributes"])
            self._last_attribute = max([self._last_attribute, *(one.ordinal for one in patron.attributes)])

    def _index(self, patron: KohaPatron) -> None:
        for name, held in self._unique.items():
            if value := patron.get(name):
                held[value.casefold()] = patron.patron_id
        for one in patron.attributes:
            self._by_value.add(one.value.casefold(), patron.patron_id)
        if (person := _person_of(patron.fields)) is not None:
            self._by_person.add(person, patron.patron_id)

    def _unindex(self, patron: KohaPatron) -> None:
        for name, held in self._unique.items():
            if (value := patron.get(name)) and held.get(value.casefold()) == patron.patron_id:
                del held[value.casefold()]
        for one in patron.attributes:
            self._by_value.discard(one.value.casefold(), patron.patron_id)
        if (person := _person_of(patron.fields)) is not None:
            self._by_person.discard(person, patron.patron_id)


def _take(left: list[KohaAttribute], is_meant: Callable[[KohaAttribute], bool]) -> int | None:
    """Take the first attribute that is meant out of the list. Return its id; None: there is none."""
    found = next((one for one in left if is_meant(one)), None)
    if found is None:
        return None
    left.remove(found)
    return found.ordinal


def _person_of(fields: Mapping[str, Any]) -> tuple[str, ...] | None:
    """What a possible duplicate has in common. None: too little is known to tell."""
    parts = [fields.get(name) for name in ("surname", "firstname", "date_of_birth")]
    return tuple(str(part).casefold() for part in parts) if all(parts) else None


def find_doubled(values: Iterable[str]) -> list[str]:
    """The values that stand there more than once."""
    return [value for value, times in Counter(values).items() if times > 1]

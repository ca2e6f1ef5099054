"""What the mock's FBS holds of the town: it follows the register each night, except where somebody made it differ.

The real one subscribes to CPR itself, so its patrons follow the register's published people. Whoever tests lets single
patrons differ: frozen as they are now, gone, with another value, or with a block. This is stored in the folder. Speaks
no protocol: `service` does.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from cprsync.errors import BadInput
from cprsync.mock.town.people import no_such_person

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from cprsync.mock.town.people import TownAddress, TownPerson
    from cprsync.mock.town.register import TownRegister

_JOURNAL: Final = "fbs"
#: The number of the first patron; the next ones follow in the order of the people file.
_FIRST_ID: Final = 2_000_001
#: Where the town's library is: who lives there is resident.
HOME: Final = "0751"
_PROTECTION: Final = "0001"
_DEAD, _ABROAD_FROM = "90", 70
_NUMBER_ONLY: Final = frozenset({"30", "50", "60"})
_OF_ADDRESS: Final = frozenset({"street", "postalCode", "city", "coName"})
_OF_PATRON: Final = frozenset({"name", "birthday", "resident"})
_FLAGS: Final = {"true": True, "false": False}


@dataclass(slots=True)
class Edits:
    """How one patron differs from the register."""

    #: the patron as they were on the day on which FBS stopped following; None: it follows
    frozen: dict[str, Any] | None = field(default=None, repr=False)
    removed: bool = False
    fields: dict[str, Any] = field(default_factory=dict, repr=False)
    blocks: list[str] = field(default_factory=list)


class FbsPatrons:
    """All patrons of the mock's FBS: everybody known to the register last night."""

    def __init__(self, register: TownRegister) -> None:
        self._register = register
        self._edits: dict[str, Edits] = {}
        for kind, who, name, to in register.memory.journal(_JOURNAL):
            KINDS[kind](self._edits.setdefault(who, Edits()), name, to)

    def begin_anew(self) -> None:
        """Let nobody differ from the register."""
        self._edits.clear()

    def by_number(self, number: str) -> dict[str, Any] | None:
        """The patron of a CPR number. None: there is none."""
        person = self._register.find(number)
        return None if person is None else self.by_key(person.key)

    def by_id(self, number: int) -> dict[str, Any] | None:
        """The patron of a number of FBS's own. None: there is none."""
        keys = list(self._register.people)
        position = number - _FIRST_ID
        return self.by_key(keys[position]) if 0 <= position < len(keys) else None

    def by_key(self, key: str) -> dict[str, Any] | None:
        """The patron of a person. None: there is none."""
        edits, person = self._edits.get(key, Edits()), self._register.published.get(key)
        if edits.removed or person is None or person.unborn or person.status in _NUMBER_ONLY:
            return None
        patron = edits.frozen or self._as_registered(person)
        address = dict(patron["address"] or _NO_ADDRESS)
        address |= {name: value for name, value in edits.fields.items() if name in _OF_ADDRESS}
        blocks = [*(patron["blockStatus"] or ()), *map(_block, edits.blocks)]
        return {
            **patron,
            **{name: value for name, value in edits.fields.items() if name in _OF_PATRON},
            "address": address if patron["address"] or _OF_ADDRESS & edits.fields.keys() else None,
            "blockStatus": blocks or None,
        }

    def edit(self, kind: str, who: str, *, name: str | None = None, to: str | None = None) -> None:
        """Let one patron differ, or follow again. Raises BadInput: no such person, kind or field."""
        if who not in self._register.people:
            raise no_such_person(self._register.people, kind="mock.fbs")
        if kind not in KINDS:
            raise BadInput("no such thing; there are {named}", named=", ".join(KINDS), kind="mock.fbs")
        if kind == "set" and name not in FIELDS:
            raise BadInput("no such field; there are {named}", named=", ".join(FIELDS), kind="mock.fbs")
        if kind == "block" and not to:
            raise BadInput("say the reason's code, such as O, U, F, S, W, E or D", kind="mock.fbs")
        entry = [kind, who, name, self.by_key(who) if kind == "freeze" else to]
        KINDS[kind](self._edits.setdefault(who, Edits()), name, entry[3])
        self._register.memory.append(_JOURNAL, entry)

    def dump(self) -> dict[str, dict[str, Any]]:
        """Every patron by the key of the people file."""
        found = ((key, self.by_key(key)) for key in self._register.people)
        return {key: patron for key, patron in found if patron is not None}

    def _as_registered(self, person: TownPerson) -> dict[str, Any]:
        """A patron as FBS has them from the register."""
        protected = _PROTECTION in person.protections
        home = person.address if int(person.status) < _ABROAD_FROM else None
        return {
            "patronId": _FIRST_ID + list(self._register.people).index(person.key),
            "name": _full_name(person) or None,
            "birthday": person.born,
            # Cicero's setting for the protected: their address is shown to nobody
            "address": None if home is None or protected else _address(home),
            "resident": home is not None and home.municipality == HOME,
            "blockStatus": [_block("D")] if person.status == _DEAD else None,
        }


_NO_ADDRESS: Final = {"coName": None, "street": None, "postalCode": None, "city": None, "country": "DK"}
FIELDS: Final = tuple(sorted(_OF_ADDRESS | _OF_PATRON))


def _full_name(person: TownPerson) -> str:
    name = person.name
    return " ".join(part for part in (name.first, name.middle, name.last) if part) or name.addressing


def _address(at: TownAddress) -> dict[str, Any]:
    """An address as people write it: with the road's long name and `2. sal`."""
    house = at.house.lstrip("0") or (f"B-{at.building.lstrip('0')}" if at.building else "")
    floor, door = at.floor.lstrip("0"), at.door.lstrip("0")
    storey = f"{floor}. sal" if floor.isdigit() else f"{floor}." if floor else ""
    where = " ".join(part for part in (at.long_road or at.road, house) if part)
    street = ", ".join(part for part in (where, " ".join(part for part in (storey, door) if part)) if part)
    return {
        "coName": at.co or None,
        "street": street or None,
        "postalCode": at.postcode,
        "city": at.district,
        "country": "DK",
    }


def _block(code: str) -> dict[str, Any]:
    return {"blockedReason": code, "blockedSince": "2027-03-01", "message": None}


# -- what may differ ------------------------------------------------------------------------------------------


def _set(edits: Edits, name: Any, to: Any) -> None:
    edits.fields[name] = _FLAGS.get(to, to) if name == "resident" else to


def _freeze(edits: Edits, _name: Any, patron: Any) -> None:
    edits.frozen = patron


def _remove(edits: Edits, _name: Any, _to: Any) -> None:
    edits.removed = True


def _block_with(edits: Edits, _name: Any, code: Any) -> None:
    edits.blocks.append(code)


def _follow(edits: Edits, _name: Any, _to: Any) -> None:
    edits.frozen, edits.removed = None, False
    edits.fields.clear()
    edits.blocks.clear()


#: What somebody may do to one patron: stop following the register, be gone, have another value, be blocked, be as the
#: register says again.
KINDS: Final[Mapping[str, Callable[[Edits, Any, Any], None]]] = {
    "freeze": _freeze,
    "remove": _remove,
    "set": _set,
    "block": _block_with,
    "follow": _follow,
}

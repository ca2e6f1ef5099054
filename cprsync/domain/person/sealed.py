"""A name and an address, and a value that shows nothing of itself: protected data are sealed from parser to store.

Printing, formatting, an error, JSON and pickle either give `<skjult>` or are refused. A sealed value compares like
its content, so that a rule can see that nothing is new. Other questions of a rule are functions here, which answer and
reveal nothing. Leaves out who may open: see `Opening`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any, Final, Generic, NoReturn, Self, TypeVar

T = TypeVar("T")
#: All that is visible of a sealed value.
SHOWN: Final = "<skjult>"
#: The parts of a typed address: its words, and its numbers.
_PARTS: Final = re.compile(r"[0-9]+|[^\W\d_]+")
_POSTCODE: Final = re.compile(r"[0-9]{4}", re.ASCII)
#: Street codes from here on are administrative, for example no fixed abode (status 03 and 07). All codes have four
#: digits, so their text order is their numerical order.
ADMINISTRATIVE_STREET = "9900"


@dataclass(frozen=True, slots=True, repr=False)
class Name:
    """The record shows the addressing name, as the health card does. The other parts are for sorting."""

    addressing: str
    first: str = ""
    middle: str = ""
    last: str = ""


@dataclass(frozen=True, slots=True, repr=False)
class Address:
    """An address by its parts, in canonical form: see `address_of`."""

    municipality: str
    street_code: str
    house: str = ""
    building: str = ""
    floor: str = ""
    door: str = ""
    co: str = ""
    locality: str = ""
    town: str = ""
    postcode: str = ""
    district: str = ""
    road: str = ""
    supplementary: tuple[str, str, str, str, str] = ("", "", "", "", "")
    #: the last known address of a person who had status 03 or 07 there and has another now: it stays sealed
    stays_sealed: bool = False

    @classmethod
    def somewhere_in(cls, municipality: str) -> Self:
        """An address with a readable municipality and nothing else. Its street does not seal."""
        return cls(municipality, "0001")

    @property
    def is_administrative(self) -> bool:
        """True if it is sealed like a protected address: street codes 9900-9999, and `stays_sealed` (decision 2)."""
        return self.street_code >= ADMINISTRATIVE_STREET or self.stays_sealed

    @property
    def dwelling(self) -> tuple[str, str, str, str, str, str]:
        """The parts that make two people one household."""
        return self.municipality, self.street_code, self.house, self.building, self.floor, self.door


def label_lines(address: Address) -> list[str]:
    """The lines below the name, in CPR's order: c/o, locality, road and house, town, postcode and district.

    Road, floor and door have the form in use since 2023: `Strandvejen 123A, st. tv` (CPR, "Bilag - Formater").
    Greenland's building number replaces a missing house number, or follows it: `Rypelien B-3412`.
    """
    building = f"B-{address.building.removeprefix('B').removeprefix('-')}" if address.building else ""
    where = " ".join(part for part in (address.road, address.house or building) if part)
    up = " ".join(part for part in (f"{address.floor}." if address.floor else "", address.door) if part)
    lines = (
        address.co,
        address.locality,
        ", ".join(part for part in (where, building if address.house else "", up) if part),
        address.town,
        f"{address.postcode} {address.district}".strip(),
    )
    return [line for line in lines if line]


class Opening:
    """The permission to open. The audit port makes one after it has written its entry; the store's codec has its own.

    A test reads the whole package and fails if any third place makes one.
    """

    __slots__ = ()


class Sealed(Generic[T]):
    """A value that only opens with an `Opening`."""

    __slots__ = ("_value",)

    def __init__(self, value: T) -> None:
        _VALUE.__set__(self, value)

    def open(self, opening: Opening) -> T:
        """Returns the content. Raises TypeError without an opening."""
        if not isinstance(opening, Opening):
            raise TypeError("a sealed value opens with an Opening only")
        return _inside(self)

    def __eq__(self, other: object) -> bool:
        return bool(_inside(self) == (_inside(other) if isinstance(other, Sealed) else other))

    def __hash__(self) -> int:
        return hash(_inside(self))

    def __repr__(self) -> str:
        return SHOWN

    def __format__(self, spec: str) -> str:
        return SHOWN

    def __copy__(self) -> Sealed[T]:
        return self

    def __deepcopy__(self, memo: object) -> Sealed[T]:
        return self

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("a sealed value is not written")


# The slot of the value, taken off the class. No attribute leads to it, so no walk over attributes finds it.
_VALUE: Final[Any] = Sealed.__dict__["_value"]
del Sealed._value  # type: ignore[attr-defined]  # noqa: SLF001 -- our own, and mypy knows slots by their annotations


def _inside(sealed: Sealed[T]) -> T:
    value: T = _VALUE.__get__(sealed)
    return value


class SealedAddress(Sealed["Address"]):
    """An address that shows only its municipality and whether it is administrative.

    The municipality decides the net media. An administrative address seals its person (`Person.is_shut`).
    """

    __slots__ = ()

    @property
    def municipality(self) -> str:
        return _inside(self).municipality

    @property
    def is_administrative(self) -> bool:
        return _inside(self).is_administrative


def keep_sealed(at: SealedAddress) -> SealedAddress:
    """The same address as the last known one. It stays sealed until another address comes."""
    return SealedAddress(replace(_inside(at), stays_sealed=True))


def same_dwelling(one: Address | SealedAddress, other: Address | SealedAddress) -> bool:
    """Tells whether two addresses belong to one household."""
    return _address(one).dwelling == _address(other).dwelling


def same_writing(one: Address | SealedAddress, other: Address | SealedAddress) -> bool:
    """Tells whether a letter would have the same words. Different codes for them do no harm."""
    one, other = _address(one), _address(other)
    # the last line of most addresses; it is enough to tell most moves
    if one.postcode and other.postcode and (one.postcode, one.district) != (other.postcode, other.district):
        return False
    return one == other or _written(one) == _written(other)


def has_label(at: Address | SealedAddress, text: str) -> bool:
    """Tells whether the address has these lines on a label."""
    return "\n".join(label_lines(_address(at))) == text


def has_name(name: Name | Sealed[Name], text: str) -> bool:
    """Tells whether this is the name on the record."""
    return (_inside(name) if isinstance(name, Sealed) else name).addressing == text


def is_named_alike(one: Name | Sealed[Name], other: Name | Sealed[Name]) -> bool:
    """Tells whether two names may belong to one person: the same first and last word, with any words between."""
    return _ends(one) == _ends(other)


def is_same_family(one: Name | Sealed[Name], other: Name | Sealed[Name]) -> bool:
    """Tells whether two names end in the same word."""
    return _ends(one)[1] == _ends(other)[1] != ""


def is_written_at(at: Address | SealedAddress, text: str) -> bool:
    """Tells whether a text that somebody typed may be this address: road, house number, and the postcode if typed."""
    address, typed = _address(at), set(_PARTS.findall(text.casefold()))
    is_there = set(_PARTS.findall(f"{address.road} {address.house}".casefold())) <= typed
    postcodes = {part for part in typed if _POSTCODE.fullmatch(part)}
    return is_there and (not postcodes or not address.postcode or address.postcode in postcodes)


def _ends(name: Name | Sealed[Name]) -> tuple[str, str]:
    words = (_inside(name) if isinstance(name, Sealed) else name).addressing.casefold().split()
    return (words[0], words[-1]) if words else ("", "")


def _address(at: Address | SealedAddress) -> Address:
    return _inside(at) if isinstance(at, SealedAddress) else at


def _written(at: Address) -> tuple[str, ...]:
    return (*label_lines(at), *at.supplementary)

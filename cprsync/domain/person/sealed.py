"""A value that shows nothing of itself. Protected data are sealed from the parser to the store, and in every view.

Printing, formatting, an error, JSON and pickle either give `<beskyttet>` or are refused. A sealed value compares like
its content, so that a rule can see that nothing is new. Other questions of a rule are functions here, which answer and
reveal nothing. Leaves out who may open: see `Opening`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, Generic, NoReturn, TypeVar

from cprsync.domain.person.address import label_lines

if TYPE_CHECKING:
    from cprsync.domain.person.address import Address, Name

T = TypeVar("T")

#: All that is visible of a sealed value.
SHOWN: Final = "<beskyttet>"


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


# -- questions that reveal nothing -------------------------------------------------------------------------


def same_dwelling(one: Address | SealedAddress, other: Address | SealedAddress) -> bool:
    """Tells whether two addresses belong to one household."""
    return _address(one).dwelling == _address(other).dwelling


def same_writing(one: Address | SealedAddress, other: Address | SealedAddress) -> bool:
    """Tells whether a letter would have the same words. Different codes for them do no harm (trust, R-21)."""
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


def _ends(name: Name | Sealed[Name]) -> tuple[str, str]:
    words = (_inside(name) if isinstance(name, Sealed) else name).addressing.casefold().split()
    return (words[0], words[-1]) if words else ("", "")


def _address(at: Address | SealedAddress) -> Address:
    return _inside(at) if isinstance(at, SealedAddress) else at


def _written(at: Address) -> tuple[str, ...]:
    return (*label_lines(at), *at.supplementary)

"""What the library writes for a patron whose number no register knows: name, birth date, and protection.

These values stand where the register's would. The register's values replace them once the patron has a real number.
Leaves out the fields that patron and staff own for every patron: see `typed`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from cprsync.domain.patron.override import TEXT_MAX
from cprsync.domain.person.address import Name
from cprsync.domain.person.age import parse_birth_date
from cprsync.domain.person.canonical import text_of
from cprsync.domain.person.person import SILENT, Birth, Protection

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import date

    from cprsync.domain.person.person import Person

_YES: Final = frozenset({"ja", "yes"})
_NO: Final = frozenset({"nej", "no"})


def with_name(person: Person, text: str) -> Person:
    """The same person with this name. An empty text removes the name.

    Raises:
        ValueError: it is not a name. The message does not quote it.
    """
    name = text_of(text)
    if len(name) > TEXT_MAX or "\n" in text.strip():
        raise ValueError(f"expected one line of at most {TEXT_MAX} characters")
    return replace(person, name=Name(name) if name else SILENT)


def with_protection(person: Person, text: str) -> Person:
    """The same person with or without protection by staff. An empty text means no.

    Raises:
        ValueError: it is neither yes nor no.
    """
    word = text.strip().casefold()
    if word and word not in _YES | _NO:
        raise ValueError("expected ja or nej")
    return replace(person, protection=Protection.NAME_AND_ADDRESS if word in _YES else SILENT)


def with_birth_date(person: Person, text: str, today: date) -> Person:
    """The same person with this birth date. An empty text removes it.

    Raises:
        ValueError: it is not a birth date. The message does not quote it.
    """
    typed = text.strip()
    return replace(person, birth=Birth(parse_birth_date(typed, today)) if typed else SILENT)


#: What writes each field, by the name of the field.
UNREGISTERED_FIELDS: Final[Mapping[str, Callable[[Person, str, date], Person]]] = {
    "name": lambda person, text, _: with_name(person, text),
    "birth_date": with_birth_date,
    "protection": lambda person, text, _: with_protection(person, text),
}

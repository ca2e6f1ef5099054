"""Where a letter on paper goes (decision 8), or why there is none. Leaves out what it says and who sends it."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

from cprsync.domain.patron.override import Overridden
from cprsync.domain.person.address import Address, Name, label_lines
from cprsync.domain.person.person import SILENT, Contact
from cprsync.domain.person.sealed import Sealed
from cprsync.domain.person.status import STATUS_RULES, Letters

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cprsync.domain.patron.local import Local
    from cprsync.domain.patron.override import Override
    from cprsync.domain.person.person import Gap, Person, Silent
    from cprsync.domain.person.sealed import SealedAddress

_NONE: Final[Mapping[Overridden, Override]] = {}


#: The language of a statement if the patron's own language is not one of these.
OUR_LANGUAGE: Final = "da"
LETTER_LANGUAGES: Final = (OUR_LANGUAGE, "en")


def letter_language(chosen: str) -> str:
    """The language of a patron's statements."""
    return chosen if chosen in LETTER_LANGUAGES else OUR_LANGUAGE


class NoLetter(enum.Enum):
    """Why no letter is sent."""

    #: the patron is dead; only staff see a contact address
    STOPPED = "stopped"
    #: name and address are sealed: a letter needs staff to open them first and give a reason
    SEALED = "sealed"
    #: no known address would receive a letter
    NOWHERE = "nowhere"


@dataclass(frozen=True, slots=True, repr=False)
class Letter:
    """The lines of the envelope, with the name first. A child without a name yet has no name line."""

    lines: tuple[str, ...]

    def __repr__(self) -> str:
        return "Letter(…)"


class Addressee(Protocol):
    """What an envelope is written from: a person, or the opened values of a sealed person."""

    @property
    def name(self) -> Name | Sealed[Name] | Gap: ...
    @property
    def address(self) -> Address | SealedAddress | Silent: ...
    @property
    def contact(self) -> Contact | Sealed[Contact] | Gap: ...


def letter_to(  # noqa: PLR0913 -- what may keep a letter back, one by one
    person: Person,
    local: Local,
    *,
    stopped: bool,
    sealed: bool,
    holding: Mapping[Overridden, Override] = _NONE,
    opened: Addressee | None = None,
) -> Letter | NoLetter:
    """The envelope: the patron's own contact address, else the register's, else the registered address.

    Args:
        person: the register's part of the record.
        local: the part that patron and staff own.
        stopped: letters are stopped already, while the rest of a death waits (decision 3).
        sealed: whether name and address are sealed.
        holding: staff's corrections that hold. They replace the register's values.
        opened: the opened values, for a reason that the audit has. A sealed `person` never has them open.
    """
    rule = Letters.CONTACT_ADDRESS if person.status is SILENT else STATUS_RULES[person.status].letters
    if stopped or rule is Letters.STOPPED:
        return NoLetter.STOPPED
    own, said = local.contact_address, person if opened is None else opened
    parts = (said.name, said.address, said.contact, *(one.value for one in holding.values()))
    if sealed or isinstance(own, Sealed) or any(isinstance(part, Sealed) for part in parts):
        return NoLetter.SEALED
    corrected = _corrected(holding, Overridden.ADDRESS)
    registered = corrected or (_registered_lines(said) if rule is Letters.GO else ())
    lines = _contact_lines(said, own) or registered
    if not lines:
        return NoLetter.NOWHERE
    return Letter((*name_lines(said.name, holding), *lines))


def name_lines(name: Name | Sealed[Name] | Gap, holding: Mapping[Overridden, Override]) -> tuple[str, ...]:
    """The name line, from staff's correction or from the register. Empty if the name is sealed or not yet given."""
    registered = (name.addressing,) if isinstance(name, Name) else ()
    typed = holding.get(Overridden.NAME)
    return registered if typed is None or isinstance(typed.value, Sealed) else (typed.text,)


def _corrected(holding: Mapping[Overridden, Override], field: Overridden) -> tuple[str, ...]:
    override = holding.get(field)
    return () if override is None else tuple(override.text.split("\n"))


def _contact_lines(said: Addressee, typed: tuple[str, ...]) -> tuple[str, ...]:
    own = tuple(line for line in typed if line)
    if own or not isinstance(said.contact, Contact):
        return own
    return tuple(line for line in said.contact.lines if line)


def _registered_lines(said: Addressee) -> tuple[str, ...]:
    at = said.address
    # a letter to an administrative street would not reach the patron, whatever the status
    return tuple(label_lines(at)) if isinstance(at, Address) and not at.is_administrative else ()

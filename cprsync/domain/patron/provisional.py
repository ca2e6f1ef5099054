"""A person who was registered while the register did not answer: what they said, and whether it was right.

Nothing of what they said is part of the record: the record stays without a source, so that it counts as protected until
one has spoken. What they said is kept apart and sealed, and is compared with the register's answer.
"""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final, Self

from cprsync.domain.patron.review import SAID_ADDRESS, SAID_BOTH, SAID_NAME
from cprsync.domain.person.person import SILENT, Gap
from cprsync.domain.person.sealed import Name, is_named_alike, is_written_at
from cprsync.errors import WrongValue

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import datetime

    from cprsync.domain.person.person import Person

#: How long the register may be asked in vain before somebody has to look: a night's hours more than a day.
WAITS_MOST: Final = timedelta(hours=26)
#: The longest name, and the most and the longest lines of an address.
NAME_MAX: Final = 120
LINES_MAX: Final = 5
LINE_MAX: Final = 120


class Differs(enum.Enum):
    """What the register says otherwise."""

    NAME = "name"
    ADDRESS = "address"


@dataclass(frozen=True, slots=True, repr=False)
class OwnStatement:
    """What a person said of themselves at the desk. The birth date is the number's."""

    name: str
    address: tuple[str, ...] = ()

    @classmethod
    def of(cls, name: str, address: str) -> Self:
        """Read what was typed. Raises WrongValue."""
        lines = tuple(line.strip() for line in re.split(r"[|\n]", address) if line.strip())
        too_long = len(lines) > LINES_MAX or any(len(line) > LINE_MAX for line in lines)
        if not name.strip() or len(name.strip()) > NAME_MAX or too_long:
            raise WrongValue("expected a name, and an address of at most {lines} lines", lines=LINES_MAX)
        return cls(name.strip(), lines)


def find_differences(said: OwnStatement, person: Person) -> frozenset[Differs]:
    """What the register says otherwise. A gap of the register's differs from nothing. Opens nothing."""
    found = set()
    if not isinstance(person.name, Gap) and not is_named_alike(Name(said.name), person.name):
        found.add(Differs.NAME)
    if said.address and not isinstance(person.address, Gap):
        found |= set() if is_written_at(person.address, " ".join(said.address)) else {Differs.ADDRESS}
    return frozenset(found)


def review_of(differs: Collection[Differs]) -> str | None:
    """The kind of the review that differences raise; None: there are none."""
    if not differs:
        return None
    return SAID_BOTH if len(differs) > 1 else SAID_NAME if Differs.NAME in differs else SAID_ADDRESS


def compare_said(said: Mapping[str, OwnStatement], known: Mapping[str, Person]) -> dict[str, str | None]:
    """By patron, the review to raise about what they said; None: the register says the same.

    Left out is who has no name of the register's, as with an annulled number: what they said is all that says who they
    are.

    Args:
        said: what the patrons said.
        known: the register's part of their records, as soon as a source has spoken. Others are left out.
    """
    named = sorted(one for one in said.keys() & known.keys() if known[one].name is not SILENT)
    return {one: review_of(find_differences(said[one], known[one])) for one in named}


def is_late(since: datetime, now: datetime) -> bool:
    """Whether the register has been asked in vain for too long."""
    return now - since > WAITS_MOST

"""The facts that decide a patron's rights to net media on any day: no name, no address, no protection."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from cprsync.domain.patron.local import Stage
from cprsync.domain.patron.override import Overridden
from cprsync.domain.patron.patron import PatronKind
from cprsync.domain.person.address import Address
from cprsync.domain.person.person import SILENT, Person

if TYPE_CHECKING:
    from datetime import date

    from cprsync.domain.patron.local import Block, Local
    from cprsync.domain.patron.override import Override
    from cprsync.domain.patron.patron import Patron

#: Any street: only the municipality counts for a right.
_SOME_STREET: Final = "0001"
#: The corrections by staff that count for a right.
_COUNTS: Final = frozenset({Overridden.BIRTH_DATE, Overridden.MUNICIPALITY, Overridden.GROUP})


@dataclass(frozen=True, slots=True, repr=False)
class RightFacts:
    """The facts of one patron. Of `register` only number, status, birth date and municipality are filled in."""

    register: Person
    #: the patron group that the patron is in now
    group: str = ""
    #: the overrides of birth date, municipality and group, whether they hold or not
    overrides: tuple[Override, ...] = ()
    blocks: tuple[Block, ...] = ()
    kind: PatronKind = PatronKind.PERSON
    stage: Stage = Stage.ACTIVE
    #: since when the register's municipality and status are as they are; None: unknown
    municipality_since: date | None = None
    status_since: date | None = None
    #: the day on which a death stopped letters; None: letters are sent
    letters_stopped: date | None = None


def right_facts(
    patron: Patron,
    local: Local,
    *,
    stage: Stage = Stage.ACTIVE,
    municipality_since: date | None = None,
    status_since: date | None = None,
) -> RightFacts:
    """Takes from a patron what counts for a right.

    Leaves out protection and name, and all of the address except its municipality.
    """
    register = patron.register
    at = register.address
    return RightFacts(
        register=Person(
            register.number,
            birth=register.birth,
            status=register.status,
            address=SILENT if at is SILENT else Address(at.municipality, _SOME_STREET),
        ),
        group=patron.group,
        overrides=tuple(one for one in patron.overrides if one.field in _COUNTS),
        blocks=local.blocks,
        kind=patron.kind,
        stage=stage,
        municipality_since=municipality_since,
        status_since=status_since,
        letters_stopped=patron.letters_stopped,
    )

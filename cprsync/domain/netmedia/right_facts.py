"""What of a patron a right to net media hangs on, whatever the day: neither name nor address nor protection."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from cprsync.domain.patron.local import Stage
from cprsync.domain.patron.override import Overridden
from cprsync.domain.patron.patron import PatronKind
from cprsync.domain.person.person import SILENT, Address, Person

if TYPE_CHECKING:
    from datetime import date

    from cprsync.domain.patron.local import Block, Local
    from cprsync.domain.patron.override import Override
    from cprsync.domain.patron.patron import Patron

#: Any street: where in the municipality she lives has no say.
_SOME_STREET: Final = "0001"
#: What staff may correct that a right hangs on.
_COUNTS: Final = frozenset({Overridden.BIRTH_DATE, Overridden.MUNICIPALITY, Overridden.GROUP})


@dataclass(frozen=True, slots=True, repr=False)
class RightFacts:
    """The facts of one patron. `register` has number, status, birth date and municipality, and nothing else of hers."""

    register: Person
    #: the patron group she is in now
    group: str = ""
    #: those of birth date, municipality and group, whether they hold or not
    overrides: tuple[Override, ...] = ()
    blocks: tuple[Block, ...] = ()
    kind: PatronKind = PatronKind.PERSON
    stage: Stage = Stage.ACTIVE
    #: since when the register's municipality, and its status, are what they are; None: nobody knows
    municipality_since: date | None = None
    status_since: date | None = None
    #: the day on which a death stopped letters; None: they go out
    letters_stopped: date | None = None


def right_facts(
    patron: Patron,
    local: Local,
    *,
    stage: Stage = Stage.ACTIVE,
    municipality_since: date | None = None,
    status_since: date | None = None,
) -> RightFacts:
    """What counts of a patron; protection, name, and all of the address but its municipality stay behind."""
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

"""The audit as it is read, on each database: the birthday of someone sealed is nobody's."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from test_calendar_part import POLICY
from townspeople import gains_protection, person

from cprsync.domain.person.person import Birth
from cprsync.services.ports.trust.audit import AuditFilter
from cprsync.services.trust.audit import list_entries

if TYPE_CHECKING:
    from doubles import Library

#: Twins: both turn 14 in the last night.
SEALED, OPEN = "LIV", "LEO"


def aged(library: Library) -> None:
    """A night as children, and the next on their fourteenth birthday."""
    library.policy = POLICY
    library.one_night()
    born = date.fromordinal(library.clock.today().toordinal() + 1)
    birth = Birth(born.replace(year=born.year - 14))
    library.enrol(SEALED, OPEN)
    library.register.knows(gains_protection(person(SEALED, birth=birth)), person(OPEN, birth=birth))
    library.one_night()
    library.clock.set_after(library.clock.today())
    library.one_night()


def test_the_night_of_a_sealed_birthday_stands_without_the_patron_and_another_with_it(either_library: Library) -> None:
    library = either_library
    aged(library)
    steps = [one for one in list_entries(library.store, library.policy, AuditFilter()) if "age_step" in one.actions]
    told = {(one.patron, one.withheld) for one in steps}
    assert told >= {(library.id_of(OPEN), False), (None, True)}
    assert library.id_of(SEALED) not in {patron for patron, _ in told}
    of_one = list(list_entries(library.store, library.policy, AuditFilter(library.id_of(SEALED))))
    assert of_one
    assert not [one for one in of_one if "age_step" in one.actions or one.what == "rights"]
    assert [one for one in list_entries(library.store, library.policy, AuditFilter(library.id_of(OPEN))) if one.actions]

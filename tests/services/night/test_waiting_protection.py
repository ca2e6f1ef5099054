"""A 0001 counts from its delivery's day, also in a record that had to wait (decision 43).

Only a look-up of a later day ends the protection.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from doubles import MONDAY, TUESDAY, WEDNESDAY, Library, unreadable
from test_accepting import accept
from test_number_change import NEW, OLD, anna, register_of, replaced
from test_window_nights import windows
from townspeople import PROTECTED, gains_protection, moves, person

from cprsync.domain.person.person import SILENT
from cprsync.services.ports.deliveries import Unreadable

if TYPE_CHECKING:
    from collections.abc import Callable

    from cprsync.services.night.report import Report

ANNA = person("ANNA")
THURSDAY = WEDNESDAY.replace(day=25)


def number_change(library: Library) -> None:
    """The new number comes with a 0001 in a record that cannot be read."""
    library.register.knows(moves(anna()))
    library.deliver(MONDAY, replaced(OLD, NEW), Unreadable(NEW, "address.street", PROTECTED))


def number_change_without_an_address(library: Library) -> None:
    """The new number comes with a 0001 and without an address. It is subscribed late, so the register is asked."""
    library.register.knows(moves(anna()))
    library.deliver(MONDAY, replaced(OLD, NEW), gains_protection(replace(anna(), address=SILENT)))


def window(library: Library) -> None:
    """Somebody wants everyone asked about, on the day of such a record."""
    library.register.knows(moves(ANNA))
    library.store.windows.open_for_everyone(user="lisbeth", reason="en prøve")
    library.deliver(MONDAY, unreadable("ANNA", "address.street", PROTECTED))


def accepted_gap(library: Library) -> None:
    """The delivery before that of such a record is lost, and the gap is accepted."""
    library.register.knows(moves(ANNA))
    library.deliver(TUESDAY, unreadable("ANNA", "address.street", PROTECTED))
    assert library.one_night().exit_code == 1
    accept(library, f"D{TUESDAY:%y%m%d}.L123456")


WAYS = [number_change, number_change_without_an_address, window, accepted_gap]


def live_on(library: Library) -> list[Report]:
    """The nights of the next two deliveries, which tell of nobody."""
    day, reports = library.store.inbox.last_produced(), []
    for produced in (TUESDAY, WEDNESDAY, THURSDAY):
        if day is not None and produced > day and len(reports) < 2:
            library.deliver(produced)
            reports.append(library.one_night())
    return reports


@pytest.mark.parametrize("happens", WAYS)
def test_a_look_up_of_the_same_day_opens_nobody(either_library: Library, happens: Callable[[Library], None]) -> None:
    library = either_library
    patron = library.id_of("ANNA")
    happens(library)
    report = library.one_night()
    assert "unprotect" not in report.document()["actions"]
    record = register_of(library, patron)
    assert record.protection is PROTECTED
    # the rest of the answer is written, and the patron's window is over
    assert record.address == moves(ANNA).address
    assert patron not in windows(library)
    assert (patron, "protection_end") in library.questions()


@pytest.mark.parametrize("happens", WAYS)
def test_a_look_up_of_a_later_day_opens_the_patron(library: Library, happens: Callable[[Library], None]) -> None:
    patron = library.id_of("ANNA")
    happens(library)
    library.one_night()
    lifted = [report.actions_outside.get("unprotect", 0) for report in live_on(library)]
    assert sum(lifted) == 1, lifted
    assert register_of(library, patron).protection is not PROTECTED
    assert (patron, "protection_end") not in library.questions()
    library.nothing_is_left()


@pytest.mark.parametrize("happens", WAYS)
def test_a_second_run_of_the_same_day_opens_nobody_either(library: Library, happens: Callable[[Library], None]) -> None:
    patron = library.id_of("ANNA")
    happens(library)
    for _ in range(3):
        library.one_night()
        assert register_of(library, patron).protection is PROTECTED

"""What keeps a patron shut counts as long as the audit has it, whatever somebody writes in the database past us.

The day of a protection, and a window: the check of the audit names each that was altered or taken away, with table and
patron, and the next night begins by putting it back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from doubles import MONDAY, TUESDAY, Library
from test_bound_rows import do, told
from test_number_change import register_of
from test_waiting_protection import WAYS
from test_window_nights import windows
from townspeople import PROTECTED, person

from cprsync.domain.feed.delivery import WindowReason
from cprsync.domain.leaving.leaving import Forgotten
from cprsync.errors import RegisterUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable

    from cprsync.services.night.report import Report

DAYS = {
    "UPDATE patron SET protected_on = NULL": "gone",
    "UPDATE patron SET protected_on = '2020-01-01' WHERE protected_on IS NOT NULL": "altered",
}


def named(library: Library) -> list[str]:
    """What the check of the audit says, in English."""
    return [str(one) for one in library.store.audit.check().problems]


def shut_again(report: Report) -> list[str]:
    """The patron of each problem that the night's report has: the night says that it has put it back."""
    problems = report.document()["audit"]["problems"]
    assert all("this night has put it back" in one["message"] for one in problems)
    return [one["values"]["row"]["values"]["patron"] for one in problems]


# -- the day of a protection -------------------------------------------------------------------------------


@pytest.mark.parametrize("statement", DAYS)
@pytest.mark.parametrize("happens", WAYS)
def test_a_protection_whose_day_somebody_moves_in_the_database_opens_in_no_night(
    either_library: Library, happens: Callable[[Library], None], statement: str
) -> None:
    library, patron = either_library, either_library.id_of("ANNA")
    happens(library)
    library.one_night()
    assert told(library) == []
    do(library, statement)
    assert told(library) == [("protected", patron, DAYS[statement])]
    assert all("patron.protected_on" in one and patron in one for one in named(library))
    report = library.one_night()
    assert shut_again(report) == [patron]
    assert register_of(library, patron).protection is PROTECTED
    library.one_night()
    assert register_of(library, patron).protection is PROTECTED
    assert told(library) == []


# -- windows -----------------------------------------------------------------------------------------------

NO_WINDOW = "UPDATE patron SET unverified_since = NULL, unverified_why = NULL, unverified_until = NULL"
WINDOWS = {
    NO_WINDOW: "gone",
    f"{NO_WINDOW}, unverified_asked = NULL": "gone",
    "UPDATE patron SET unverified_since = NULL": "gone",
    "UPDATE patron SET unverified_until = '2020-01-01'": "altered",
    "UPDATE patron SET unverified_why = 'asked' WHERE unverified_why IS NOT NULL": "altered",
}


@pytest.mark.parametrize("statement", WINDOWS)
def test_a_window_that_somebody_closes_in_the_database_is_open_again_after_the_next_night(
    either_library: Library, statement: str
) -> None:
    library, patron = either_library, either_library.id_of("ANNA")
    library.store.windows.open_for_everyone(user="lisbeth", reason="en prøve")
    library.register.down = RegisterUnavailable("no answer")
    before = windows(library)
    do(library, f"{statement}{' AND' if 'WHERE' in statement else ' WHERE'} id = '{patron}'")
    assert told(library) == [("window", patron, WINDOWS[statement])]
    assert all("patron.unverified_since" in one and patron in one for one in named(library))
    assert shut_again(library.one_night()) == [patron]
    assert windows(library) == before
    assert told(library) == []


def test_windows_that_open_last_longer_and_close_have_their_entries(either_library: Library) -> None:
    library = either_library
    library.register.knows(*map(person, ("ANNA", "BO", "CLARA", "DAVID")))
    library.deliver(MONDAY)
    library.one_night()
    library.store.windows.open_for_everyone(user="lisbeth", reason="en prøve")
    until = {row["unverified_until"] for row in library.rows("patron")}
    library.deliver(TUESDAY)
    library.store.windows.open_for_everyone(user="lisbeth", reason="en prøve")
    assert {row["unverified_until"] for row in library.rows("patron")} != until
    assert told(library) == []
    library.one_night()
    assert windows(library) == {}
    assert told(library) == []


# -- how long ----------------------------------------------------------------------------------------------


def test_what_keeps_somebody_shut_counts_on_when_its_entry_has_passed_its_retention_period(
    either_library: Library,
) -> None:
    library, patron = either_library, either_library.id_of("ANNA")
    library.store.windows.open_for_everyone(user="lisbeth", reason="en prøve")
    do(library, "UPDATE patron SET unverified_since = NULL WHERE id = :id", id=patron)
    library.clock.moment += (TUESDAY - MONDAY) * 2000
    while library.store.retention.forget(None, Forgotten.LOG, library.policy, on=library.clock.now().date(), limit=500):
        pass
    assert told(library) == [("window", patron, "gone")]
    assert set(windows(library).values()) == {WindowReason.REQUESTED.value}


@pytest.mark.parametrize("erased", [False, True], ids=["left", "erased"])
def test_nobody_misses_the_window_or_the_protection_of_a_patron_who_is_gone(
    either_library: Library, erased: bool
) -> None:
    library, patron = either_library, either_library.id_of("ANNA")
    WAYS[0](library)
    library.one_night()
    library.store.windows.open_for_everyone(user="lisbeth", reason="en prøve")
    assert [row["protected_on"] for row in library.rows("patron") if row["id"] == patron] != [None]
    if erased:
        library.store.erasing.erase(patron, user="lisbeth")
    else:
        library.store.leaving.leave(patron, user="lisbeth")
    assert told(library) == []
    library.one_night()
    library.one_night()
    assert told(library) == []

"""An operator had everyone looked up: each is asked about, and what others are told goes on (decisions 32, 33).

The record is no older than what others were told: a copy of the database that is older is noticed by itself.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from beginnings import DATABASES, Beginnings
from begun import PATRONS, begin
from culr_double import CulrDouble
from doubles import TUESDAY, Library
from test_account_drift import behind_our_back
from test_publishing import account
from test_put_back import KOHA, culr, move_waits_for_culr, without_the_register
from test_window_nights import document, windows
from townspeople import cpr, gains_protection, moves, person

from cprsync.errors import RegisterUnavailable
from cprsync.language.night import report_lines
from cprsync.language.record import marks_of
from cprsync.services.feed.questions import ask_about_windows_between_nights

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cprsync.domain.patron.patron import Patron

MOVED, OTHER = "DAVID", "ANNA"


def has_told(library: Library) -> None:
    """CULR and a target have heard of everyone, a day ago; then a move waits for CULR, which did not answer."""
    library.net_media = CulrDouble()
    library.sets_culr_up()
    library.sets_targets_up(KOHA)
    library.night()
    move_waits_for_culr(library, MOVED)
    library.clock.moment += timedelta(days=1)


@pytest.fixture(params=DATABASES)
def asked(request: pytest.FixtureRequest, beginnings: Beginnings, tmp_path: Path) -> Iterator[Library]:
    """A library whose operator has just asked for a look-up of everyone."""
    with beginnings.copied(tmp_path / "asked", begin, has_told, on=request.param) as library:
        assert library.store.windows.open_for_everyone(user="drift", reason="CPR har sendt fejl") == len(PATRONS)
        yield library


def patron(library: Library, key: str) -> Patron:
    (found,) = library.store.patrons.read([library.id_of(key)])
    return found


def test_at_the_desk_each_is_unverified_by_the_operators_request_and_not_by_an_older_copy(asked: Library) -> None:
    shown = [document(asked, asked.id_of(key)) for key in PATRONS]
    assert {one["window"]["why"] for one in shown} == {"requested"}
    assert not any(one["verified"] for one in shown)
    assert all("mark_window" in marks_of(one) for one in shown if not one["protected"])


def test_the_night_asks_about_everyone_and_ends_each_window(asked: Library) -> None:
    asked.register.knows(gains_protection(person(OTHER)), moves(person(MOVED), "ODENSE"))
    asked.deliver(TUESDAY)
    report = asked.one_night().document()["windows"]
    assert (report["asked"], report["answered"], report["left"], report["why"]) == (4, 4, 0, {})
    assert patron(asked, OTHER).register.is_shut
    assert windows(asked) == {}
    asked.register.looked_up.clear()
    asked.night()
    assert asked.register.looked_up == []


@pytest.mark.parametrize(
    ("language", "why"),
    [("da", "driften bad om opslag på alle 4"), ("en", "an operator asked for a look-up of everyone 4")],
)
def test_a_report_says_whose_request_left_them_unverified(asked: Library, language: str, why: str) -> None:
    asked.deliver(TUESDAY)
    report = asked.one_night_with(windows_a_day=0)
    assert why in "\n".join(report_lines(report.document(), language))


def test_what_waits_for_the_net_media_is_told_while_the_register_is_silent(asked: Library) -> None:
    assert culr(asked).holds(account(MOVED)) == "751"
    without_the_register(asked)
    assert set(windows(asked).values()) == {"requested"}
    assert culr(asked).holds(account(MOVED)) == "461"


def test_the_net_media_are_compared_and_repaired_while_the_register_is_silent(asked: Library) -> None:
    behind_our_back(culr(asked), "update", OTHER, "101")
    without_the_register(asked)
    assert set(windows(asked).values()) == {"requested"}
    assert culr(asked).holds(account(OTHER)) == "751"


def test_a_target_is_told_what_becomes_of_them(asked: Library) -> None:
    asked.register.failures = {cpr(key): RegisterUnavailable("no answer") for key in PATRONS}
    asked.deliver(TUESDAY, moves(person(OTHER), "ODENSE"))
    asked.one_night()
    assert asked.target("koha").holds[asked.id_of(OTHER)]["municipality"] == "0461"


def test_an_older_copy_that_is_noticed_later_holds_back_what_others_are_told(asked: Library) -> None:
    asked.store.journal.put_back(user="drift", backup="cprsync-20270324T053000Z")
    assert set(windows(asked).values()) == {"restored"}
    asked.store.windows.open_for_everyone(user="drift", reason="Sikkerhedskopi lagt tilbage")
    assert set(windows(asked).values()) == {"restored"}
    without_the_register(asked)
    assert culr(asked).holds(account(MOVED)) == "751"


def test_between_two_nights_nobody_is_asked_while_a_due_delivery_is_not_taken(asked: Library) -> None:
    """An answer would verify nobody, and the night that takes the delivery would find the day's quota used."""
    asked.deliver(TUESDAY)
    before = asked.everything()
    asked.register.looked_up.clear()
    found = ask_about_windows_between_nights(asked.ports())
    assert (found.asked, found.awaits_delivery, found.left) == (0, True, {"requested": 4})
    assert asked.register.looked_up == []
    assert asked.everything() == before
    asked.one_night_with(windows_a_day=1)
    assert (len(asked.register.looked_up), len(windows(asked))) == (1, 3)
    found = ask_about_windows_between_nights(asked.ports())
    assert (found.asked, found.awaits_delivery, windows(asked)) == (3, False, {})


def test_whoever_says_how_many_has_them_asked_about_before_the_delivery_is_taken(asked: Library) -> None:
    asked.deliver(TUESDAY)
    asked.register.knows(gains_protection(person(OTHER)))
    asked.register.looked_up.clear()
    found = ask_about_windows_between_nights(asked.ports(), more=4)
    assert (found.asked, found.answered, len(asked.register.looked_up)) == (4, 0, 4)
    assert patron(asked, OTHER).register.is_shut
    assert len(windows(asked)) == 4

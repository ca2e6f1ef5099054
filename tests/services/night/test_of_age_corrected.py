"""A corrected birth date that makes a minor an adult ends no responsibility: a person is asked; a birthday does.

The responsible person's record, name and subscription are the last thing to go, so a mistaken date must not empty them.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from beginnings import DATABASES, Beginnings
from begun import begin
from doubles import MONDAY, TUESDAY, WEDNESDAY, Library, refused
from kills import is_closed, killed, lived_whole, sample
from test_dry_run import as_planned
from test_night_killed import outcome
from test_responsibles import OF_AGE, add, end, links, listed, row, subscription
from test_reviewing import number_of, reviews, waits
from test_setting import correct, set_
from townspeople import cpr, person
from whole import verify_audit

from cprsync.domain.person.person import Birth, Person
from cprsync.errors import ReviewChanged, ReviewClosed
from cprsync.services.night.calendar import foresee
from cprsync.services.night.dry_run import plan_night

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ASKED, DIFFERS = "responsible.of_age", "birth.differs"
ADULT, OLDER = Birth(date(1991, 5, 6)), Birth(date(1990, 5, 6))
WHY = "Sundhedskortet er set"


@pytest.fixture(params=DATABASES)
def town(request: pytest.FixtureRequest, beginnings: Beginnings, tmp_path: Path) -> Iterator[Library]:
    """ALFRED and LIV are minors; QUINNIE, who is no patron, answers for LIV."""
    with beginnings.copied(tmp_path / "town", begin, with_quinnie, on=request.param) as town:
        yield town


def with_quinnie(library: Library) -> Library:
    library.enrol("ALFRED", "LIV")
    library.register.knows(*(person(key) for key in ("ALFRED", "LIV", "QUINNIE", "RIKKE")))
    library.one_night()
    add(library, "LIV", "QUINNIE")
    library.night()
    return library


def born(birth: Birth, key: str = "LIV") -> Person:
    return replace(person(key), birth=birth)


def quinnie(library: Library) -> dict[str, Any]:
    """All there is of her who answers for LIV, but the link: that is asked after by itself."""
    return {
        "name": library.record("QUINNIE").name,
        "row": row(library, "QUINNIE"),
        "subscription": subscription(library, "QUINNIE"),
        "listed": cpr("QUINNIE") in library.register.listed,
    }


def ends(library: Library, minor: str = "LIV") -> list[date | None]:
    return [until for one, _, until in links(library) if one == library.id_of(minor)]


def foretold(library: Library, days: int = 30) -> list[tuple[str, str]]:
    told = foresee(library.store, library.policy, today=library.clock.today(), days=days).events
    return [(one.day.isoformat(), one.kind) for one in told if one.kind.startswith("responsibility")]


def planned_night(library: Library) -> dict[str, Any]:
    """The document of a night that did, day by day too, what its dry run had told; a second one finds nothing."""
    planned = plan_night(library.ports()).document()["calendar"]
    document = as_planned(library).document()
    assert document["calendar"] == planned
    library.nothing_is_left()
    return document


def next_day(library: Library, days: int = 1) -> None:
    library.clock.moment += timedelta(days=days)


def corrected(library: Library, produced: date = MONDAY, birth: Birth = ADULT) -> int:
    """LIV is an adult, a delivery says; returns the number of the item that asks."""
    library.deliver(produced, born(birth))
    planned_night(library)
    return number_of(library, ASKED)


def test_a_date_there_and_back_in_two_nights_leaves_whoever_answers_as_they_were(town: Library) -> None:
    before = quinnie(town)
    town.deliver(MONDAY, born(ADULT))
    document = planned_night(town)
    assert (document["exit"], document["calendar"]["responsibility_asked"]) == (3, 1)
    assert document["reviews"]["kinds"] == {DIFFERS: 1, ASKED: 1}
    assert (ends(town), quinnie(town), sorted(waits(town))) == ([None], before, [DIFFERS, ASKED])
    town.deliver(TUESDAY, person("LIV"))
    document = planned_night(town)
    assert (document["exit"], document["calendar"]["responsibility_kept"]) == (0, 1)
    assert (ends(town), quinnie(town), waits(town)) == ([None], before, [])
    assert [one["in_force"] for one in listed(town, "LIV")] == [True]


def test_it_is_asked_once_however_many_nights_nobody_answers(town: Library) -> None:
    number = corrected(town)
    town.deliver(TUESDAY, born(OLDER))
    planned_night(town)
    next_day(town, 9)
    planned_night(town)
    assert (number_of(town, ASKED), ends(town), foretold(town)) == (number, [None], [])


def test_a_date_there_and_back_before_a_night_comes_asks_nobody(town: Library) -> None:
    before = quinnie(town)
    town.deliver(MONDAY, born(ADULT))
    town.deliver(TUESDAY, person("LIV"))
    assert as_planned(town).exit_code == 0
    assert (ends(town), quinnie(town), waits(town)) == ([None], before, [])


def test_an_ordinary_birthday_ends_beside_a_corrected_date_of_the_same_night(town: Library) -> None:
    add(town, "ALFRED", "RIKKE")
    town.clock.set_after(OF_AGE - timedelta(days=2))
    town.one_night()
    town.deliver(OF_AGE - timedelta(days=1), born(ADULT), previous=MONDAY - timedelta(days=3))
    assert town.clock.today() == OF_AGE
    document = as_planned(town).document()
    assert (document["calendar"]["responsibility_ended"], document["calendar"]["responsibility_asked"]) == (1, 1)
    # with her last link her record went
    assert (ends(town), ends(town, "ALFRED"), town.store.patrons.find(cpr("RIKKE"))) == ([None], [], None)
    town.nothing_is_left()


@pytest.mark.parametrize("meanwhile", ["nothing", "absence", "correction"])
def test_a_birthday_in_a_week_that_no_night_lived_is_a_birthday(town: Library, meanwhile: str) -> None:
    """Also where the desk wrote of the minor meanwhile, and of a date that is corrected to a day of that week."""
    add(town, "ALFRED", "RIKKE")
    town.clock.set_after(OF_AGE - timedelta(days=5))
    town.one_night()
    next_day(town, 7)
    if meanwhile == "absence":
        set_(town, "absence", "2027-04-10 2027-05-01", key="ALFRED")
    if meanwhile == "correction":
        day_before = Birth(OF_AGE.replace(year=2009) - timedelta(days=1))
        town.deliver(date(2027, 4, 2), born(day_before, "ALFRED"), previous=date(2027, 3, 19))
    assert foretold(town)[:1] == [(OF_AGE.isoformat(), "responsibility_ended")]
    document = planned_night(town)
    assert (document["calendar"]["responsibility_ended"], ASKED in waits(town)) == (1, False)
    assert (ends(town, "ALFRED"), town.store.patrons.find(cpr("RIKKE"))) == ([], None)


def test_a_missed_week_hides_no_correction(town: Library) -> None:
    next_day(town, 7)
    before = quinnie(town)
    town.deliver(MONDAY, born(ADULT))
    next_day(town, 7)
    assert planned_night(town)["calendar"]["responsibility_asked"] == 1
    assert (ends(town), quinnie(town)) == ([None], before)


def test_a_correction_typed_at_the_desk_and_its_end_ask_too(town: Library) -> None:
    correct(town, "birth_date", "1991-05-06", key="LIV", until=town.clock.today() + timedelta(days=3))
    assert [kind for _, kind in foretold(town, days=9)] == ["responsibility_asked", "responsibility_kept"]
    next_day(town)
    planned_night(town)
    assert (ASKED in waits(town), ends(town)) == (True, [None])
    next_day(town, 4)
    planned_night(town)
    assert (ASKED in waits(town), ends(town)) == (False, [None])


# -- answered ------------------------------------------------------------------------------------------------


def test_a_yes_ends_every_link_of_the_minor_and_can_be_taken_back(town: Library) -> None:
    add(town, "LIV", "ANNA")
    before, number = row(town, "QUINNIE"), corrected(town)
    reviews(town).accept(number)
    assert (ends(town), row(town, "QUINNIE")["standing"]) == ([town.clock.today()] * 2, "leaving")
    reviews(town).undo(number)
    assert (ends(town), row(town, "QUINNIE")) == ([None, None], before)
    next_day(town)
    planned_night(town)
    assert (ends(town), ASKED in waits(town)) == ([None, None], False)
    reviews(town).reopen(number, reason=WHY)
    reviews(town).accept(number)
    next_day(town)
    town.night()
    assert town.store.patrons.find(cpr("QUINNIE")) is None
    refused(town, lambda: reviews(town).undo(number), ReviewClosed)
    verify_audit(town.store)


def test_a_no_keeps_the_links_until_the_patron_is_a_minor_again(town: Library) -> None:
    before = quinnie(town)
    number = corrected(town)
    reviews(town).reject(number, reason=WHY)
    town.deliver(TUESDAY, born(OLDER))
    planned_night(town)
    assert (ASKED in waits(town), ends(town), quinnie(town)) == (False, [None], before)
    town.deliver(WEDNESDAY, person("LIV"))
    planned_night(town)
    refused(town, lambda: reviews(town).reopen(number, reason=WHY), ReviewClosed)
    town.deliver(WEDNESDAY + timedelta(days=1), born(ADULT))
    planned_night(town)
    assert (number_of(town, ASKED) != number, ends(town)) == (True, [None])


def test_what_waits_goes_with_the_last_link_that_the_desk_ends(town: Library) -> None:
    add(town, "LIV", "ANNA")
    number = corrected(town)
    end(town, "LIV", "ANNA")
    assert number_of(town, ASKED) == number
    end(town, "LIV", "QUINNIE")
    assert ASKED not in waits(town)


def test_what_was_rejected_does_not_wait_again_when_nobody_answers(town: Library) -> None:
    number = corrected(town)
    reviews(town).reject(number, reason=WHY)
    end(town, "LIV", "QUINNIE")
    refused(town, lambda: reviews(town).reopen(number, reason=WHY), ReviewChanged)


def test_a_question_that_nobody_answered_is_settled_by_the_birthday_itself(town: Library) -> None:
    corrected(town)
    day = TUESDAY + timedelta(days=1)
    town.deliver(TUESDAY, born(Birth(day.replace(year=2009))))
    assert town.clock.today() == day
    assert planned_night(town)["calendar"]["responsibility_ended"] == 1
    assert (ends(town), ASKED in waits(town)) == ([], False)


def test_a_night_killed_while_it_asks_ends_as_one_that_was_not(new_library: Library, tmp_path: Path) -> None:
    library = new_library
    library.enrol("LIV")
    library.register.knows(person("LIV"), person("QUINNIE"))
    library.deliver(date(2027, 3, 19))
    library.one_night()
    add(library, "LIV", "QUINNIE")
    library.deliver(MONDAY, born(ADULT))
    whole, _, writes = lived_whole(library, tmp_path)
    wanted = outcome(whole)
    assert sorted(waits(whole)) == [DIFFERS, ASKED]
    for other in killed(library, tmp_path, sample(writes)):
        if not is_closed(other):
            other.one_night()
        assert outcome(other) == wanted
        assert sorted(waits(other)) == [DIFFERS, ASKED]
    whole.engine.dispose()

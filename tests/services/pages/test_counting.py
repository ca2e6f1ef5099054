"""Statistics of a library: who is counted, by what, and in which words."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

from doubles import AGENCY, MONDAY, Library
from sqlalchemy import update
from test_calendar_part import POLICY
from test_setting import correct
from townspeople import dies, person

from cprsync.cli.pages.statistics import LEFT_OUT, statistics_lines
from cprsync.municipalities import load_municipalities
from cprsync.services.pages.statistics import count_patrons
from cprsync.store import tables
from cprsync.store.core.engine import writing

if TYPE_CHECKING:
    from cprsync.services.pages.statistics import PatronCounts

MORE = ("FINN", "GRETHE", "HENRIK", "IVAN", "LARS", "RIKKE", "JOHANNE", "NINA", "SVEND", "UNA", "VIGGO")


def a_town(library: Library) -> None:
    """ANNA, BO, CLARA and DAVID, and eleven more: nine grown-ups in Aarhus, one each elsewhere, three children."""
    library.policy = POLICY
    library.enrol(*MORE)
    library.register.knows(*(person(key) for key in MORE))
    library.one_night()


def told(library: Library, on: date | None = None) -> PatronCounts:
    """What is counted; counting writes nothing."""
    before = library.everything()
    day = on or library.clock.today()
    found = count_patrons(library.store, library.policy, agency=AGENCY, on=day, municipalities=load_municipalities())
    assert library.everything() == before
    return found


def number(counts: PatronCounts, municipality: str = "*", age: str = "*", group: str = "*") -> int | None:
    cells = {(one.municipality, one.age, one.group): one.count for one in counts.cells}
    return cells.get((municipality, age, group), 0)


def test_patrons_are_counted_by_municipality_age_and_group_on_both_databases(either_library: Library) -> None:
    a_town(either_library)
    counts = told(either_library)
    assert (counts.patrons, counts.on) == (15, either_library.clock.today())
    assert [one.code for one in counts.municipalities] == ["0101", "0751", "0851"]
    assert counts.municipalities[1].name == "Aarhus"
    assert counts.groups == ("Barn", "Voksen")
    # one in Copenhagen and one in Aalborg are too few to be shown, and with the three children so are the two groups
    assert number(counts, "0101") is None
    assert number(counts, "0851") is None
    assert number(counts, "0751") is None
    assert number(counts, group="Barn") is None


def test_the_ages_are_those_of_the_day_asked_about(library: Library) -> None:
    a_town(library)
    today = library.clock.today()
    bands = {one.age for one in told(library, today + timedelta(days=365 * 20)).cells}
    assert "0-6" not in bands
    assert "75+" in bands


def test_whoever_came_later_was_not_there(library: Library) -> None:
    a_town(library)
    assert told(library, library.clock.today() - timedelta(days=30)).cells == ()


def test_a_corrected_birth_date_and_municipality_count(library: Library) -> None:
    a_town(library)
    correct(library, "municipality", "0461", until=date(2027, 6, 1))
    correct(library, "birth_date", "1949-01-01", until=date(2027, 6, 1))
    cells = {(one.municipality, one.age) for one in told(library).cells}
    assert ("0461", "75+") in cells


def test_the_dead_the_closed_the_merged_and_those_who_only_answer_are_not_counted(library: Library) -> None:
    a_town(library)
    assert told(library).patrons == 15
    library.deliver(MONDAY, dies(person("DAVID")))
    library.one_night()
    for key, column, value in (
        ("BO", "status_class", "closed"),
        ("CLARA", "status_class", "merged"),
        ("FINN", "kind", "responsible"),
    ):
        row = update(tables.patron).where(tables.patron.c.id == library.id_of(key))
        with writing(library.engine) as connection:
            connection.execute(row.values({column: value}))
    assert told(library).patrons == 11


def test_it_is_shown_as_tables_that_say_what_is_left_out(library: Library) -> None:
    a_town(library)
    counts = told(library)
    danish, english = ("\n".join(statistics_lines(counts, language)) for language in ("da", "en"))
    assert "Lånere den 20. marts 2027: 15" in danish
    assert "  Aarhus (0751)  " in danish
    assert "0751 Aarhus" not in danish
    assert LEFT_OUT in danish
    assert "Kommune og lånergruppe" in danish
    assert "Municipality and patron group" in english


def test_an_empty_library_has_nobody(new_library: Library) -> None:
    counts = told(new_library)
    assert (counts.patrons, counts.cells) == (0, ())
    assert "0" in "\n".join(statistics_lines(counts, "da"))


def test_nobody_is_lost_between_two_pages(library: Library) -> None:
    a_town(library)
    counted, on = library.store.statistics.counted, library.clock.today()
    whole = list(counted(on, library.policy))
    assert len(whole) == 15
    assert [list(counted(on, library.policy, page=page)) for page in (1, 4, 15)] == [whole] * 3

"""Rights to net media are derived in the night for whoever's are due, and the report says what became of them."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
import said_yes
from culr_double import CulrDouble
from doubles import MONDAY, TUESDAY
from kills import killed, lived_whole, sample
from sqlalchemy import update
from test_leaving import owes
from test_setting import set_
from townspeople import dies, gains_protection, moves, person
from whole import patron_ids

from cprsync.domain.netmedia.right_day import right_facts
from cprsync.domain.netmedia.rights import rights_of, stored_line
from cprsync.domain.patron.local import Block
from cprsync.domain.policy.policy import Harm, Limit, Policy
from cprsync.domain.policy.product import LicensedBy, Product, Products
from cprsync.domain.wording import Wording
from cprsync.errors import NetMediaUnavailable
from cprsync.services.desk.reviewing import StaffReviews
from cprsync.services.leaving.departing import LeavingDesk
from cprsync.services.night.calendar import foresee
from cprsync.services.ports.desk import LocalChange
from cprsync.store import tables

if TYPE_CHECKING:
    from pathlib import Path

    from doubles import Library

SINCE = date(2020, 1, 1)
BOOKS = Product("ereolen", Wording("eReolen", "eReolen"), SINCE, LicensedBy.MUNICIPALITY, licensed=frozenset({"0751"}))
FILMS = Product("filmstriben", Wording("Filmstriben", "Filmstriben"), SINCE, LicensedBy.MUNICIPALITY, from_age=15)
TERMS = Policy(home=frozenset({"0751"}), products=Products((BOOKS, FILMS)))


@pytest.fixture
def reading(library: Library) -> Library:
    """A library with two products, whose rights were derived in its last night."""
    library.policy = TERMS
    library.night()
    return library


def rights(library: Library) -> dict[str, dict[str, str]]:
    """By patron and product, the answer that is kept."""
    return {row["patron_id"]: answers(row["rights"]) for row in library.rows("entitlement")}


def answers(line: str) -> dict[str, str]:
    return {product: answer for product, (answer, _) in json.loads(line).items()}


def turned(report: Any) -> dict[str, dict[str, int]]:
    turns: dict[str, dict[str, int]] = report.document()["entitlements"]
    return {
        product: {turn: n for turn, n in counts.items() if n and turn != "waiting"} for product, counts in turns.items()
    }


def turns(library: Library) -> list[tuple[str, str, str]]:
    """What became of rights in the last run."""
    everything = library.everything()
    last = max(run["id"] for run in everything["run"])
    rows = everything["entitlement_turn"]
    return sorted((row["patron_id"], row["product"], row["turn"]) for row in rows if row["run_id"] == last)


def are_fresh(library: Library) -> None:
    """What is kept of everyone equals what is derived from her record now."""
    day = library.clock.today()
    for one in library.store.account_repairs.checked_page("", 100):
        facts = right_facts(one.patron, one.local, stage=one.stage)
        assert one.gone or one.rights == stored_line(rights_of(facts, library.policy, day)), one.patron.id


# -- whose are derived ---------------------------------------------------------------------------------------------


def test_a_library_with_products_derives_everyones_once(either_library: Library) -> None:
    library = either_library
    assert library.night().document()["entitlements"] == {}
    library.policy = TERMS
    report = library.night()
    assert turned(report) == {"ereolen": {"opened": 4}, "filmstriben": {"opened": 4}}
    assert set(rights(library)) == set(patron_ids(library.store))
    assert report.document()["products"]["ereolen"] == {"da": "eReolen", "en": "eReolen"}
    assert library.one_night().document()["entitlements"]["ereolen"] == {
        "opened": 0,
        "closed": 0,
        "undecided": 0,
        "unchanged": 4,
        "waiting": 4,  # there is no CULR to tell
    }
    are_fresh(library)


def test_what_turned_in_a_run_is_forgotten_with_the_next_that_finds_it_told(reading: Library) -> None:
    net_media = reading.net_media = CulrDouble()
    reading.night()
    reading.deliver(MONDAY, dies(person("ANNA")))
    net_media.down = NetMediaUnavailable("no answer")
    for _ in range(2):
        reading.one_night()
        assert len(reading.rows("entitlement_turn")) == 2
    net_media.down = None
    reading.one_night()
    reading.one_night()
    assert reading.rows("entitlement_turn") == []


def test_a_move_leaves_undecided_what_the_new_municipality_may_have_no_licence_for(reading: Library) -> None:
    anna = reading.id_of("ANNA")
    reading.deliver(MONDAY, moves(person("ANNA"), "ODENSE"))
    said = turned(reading.night())
    assert said == {"ereolen": {"undecided": 1, "unchanged": 3}, "filmstriben": {"unchanged": 4}}
    assert rights(reading)[anna] == {"ereolen": "undecided", "filmstriben": "yes"}
    are_fresh(reading)


def test_a_move_to_a_municipality_without_a_licence_counts_for_the_brake(reading: Library) -> None:
    reading.policy = replace(TERMS, products=Products((replace(BOOKS, unlicensed=frozenset({"0461"})),)))
    reading.night()
    reading.policy = replace(reading.policy, limits={**reading.policy.limits, Harm.ENTITLEMENT_LOST: Limit(0, 0.0)})
    before = reading.rows("entitlement")
    reading.deliver(MONDAY, moves(person("ANNA"), "ODENSE"), moves(person("DAVID"), "SKOLEN"))
    report = reading.one_night()
    assert report.exit_code == 5
    assert [(one.harm, one.count) for one in report.planned.excess] == [(Harm.ENTITLEMENT_LOST, 1)]
    assert reading.rows("entitlement") == before


def test_a_protection_changes_no_right(reading: Library) -> None:
    reading.deliver(MONDAY, gains_protection(person("ANNA")))
    assert turned(reading.night()) == {"ereolen": {"unchanged": 4}, "filmstriben": {"unchanged": 4}}
    are_fresh(reading)


def test_a_death_closes_and_its_annulment_opens_again(reading: Library) -> None:
    before = rights(reading)
    reading.deliver(MONDAY, dies(person("ANNA")))
    assert turned(reading.night())["ereolen"] == {"closed": 1, "unchanged": 3}
    reading.deliver(TUESDAY, person("ANNA"))
    assert turned(reading.night())["ereolen"] == {"opened": 1, "unchanged": 3}
    assert rights(reading) == before


def test_a_block_at_the_desk_counts_from_the_next_night(reading: Library) -> None:
    anna = reading.id_of("ANNA")
    block = Block(reading.clock.today(), "gæld")
    reading.store.staff_changes.change_local(
        LocalChange(anna, "blocks", partial(replace, blocks=(block,))), user="lone"
    )
    assert rights(reading)[anna]["ereolen"] == "yes"
    assert turned(reading.night())["ereolen"] == {"closed": 1, "unchanged": 3}
    are_fresh(reading)


def test_whoever_asks_to_leave_has_none_from_the_next_night(reading: Library) -> None:
    anna = reading.id_of("ANNA")
    owes(reading, anna, tables.loan, due=TUESDAY)
    said_yes.leave(LeavingDesk(reading, "lone"), anna)
    assert turned(reading.night())["ereolen"] == {"closed": 1, "unchanged": 3}
    are_fresh(reading)


def test_whoever_was_merged_has_none_kept_and_nothing_was_closed_for_her(reading: Library) -> None:
    clara, anna = reading.id_of("CLARA"), reading.id_of("ANNA")
    reading.store.desk.ask_staff(clara, "parked.number.both_patrons", about=anna)
    StaffReviews(reading, "lisbeth").accept(1)
    assert turned(reading.night())["ereolen"] == {"unchanged": 3}
    assert clara not in rights(reading)
    are_fresh(reading)


def test_a_birthday_opens_a_right_on_its_day(reading: Library) -> None:
    anna = reading.id_of("ANNA")
    day = reading.record("ANNA").birth.day
    years = reading.clock.today().year - day.year + 1
    birthday = day.replace(year=day.year + years)
    reading.policy = replace(TERMS, products=Products((replace(FILMS, from_age=years),)))
    reading.night()
    assert rights(reading)[anna] == {"filmstriben": "no"}
    reading.clock.set_after(birthday - timedelta(days=2))
    reading.one_night()
    assert rights(reading)[anna] == {"filmstriben": "no"}
    reading.clock.set_after(birthday - timedelta(days=1))
    assert turned(reading.one_night())["filmstriben"]["opened"] >= 1
    assert rights(reading)[anna] == {"filmstriben": "yes"}


def test_another_policy_is_derived_for_everyone_and_one_without_products_keeps_none(reading: Library) -> None:
    reading.policy = replace(TERMS, products=Products((FILMS,)))
    reading.night()
    assert {tuple(one) for one in rights(reading).values()} == {("filmstriben",)}
    reading.policy = Policy()
    assert reading.night().document()["entitlements"] == {}
    are_fresh(reading)


# -- what a forecast says before ---------------------------------------------------------------------------------------


def foreseen(library: Library, days: int) -> list[tuple[str, str, str, str]]:
    told = foresee(library.store, library.policy, today=library.clock.today(), days=days).events
    rights = [one for one in told if one.kind.startswith("right_")]
    return sorted((one.day.isoformat(), str(one.patron), one.what, one.kind.removeprefix("right_")) for one in rights)


def test_the_rights_of_thirty_nights_lived_are_the_thirty_days_forecast(reading: Library) -> None:
    """With a birthday, corrections that end, a block of today, and a product that begins and ends."""
    today = reading.clock.today()
    born = today + timedelta(days=3)
    set_(reading, "birth_date", f"{born.year - 15}{born:-%m-%d}", reason="Pas", until=today + timedelta(days=20))
    set_(reading, "municipality", "0101", key="BO", reason="Viste lejekontrakt", until=today + timedelta(days=9))
    reading.night()
    block = Block(today, "gæld")
    reading.store.staff_changes.change_local(
        LocalChange(reading.id_of("CLARA"), "blocks", partial(replace, blocks=(block,))), user="lone"
    )
    papers = replace(BOOKS, name="aviser", since=today + timedelta(days=5), until=today + timedelta(days=12))
    reading.policy = replace(TERMS, products=Products((BOOKS, FILMS, papers)))
    before = reading.everything()
    said = foreseen(reading, 30)
    assert reading.everything() == before
    assert {(day[-2:], what) for day, _, what, _ in said} >= {
        ("23", "filmstriben"),
        ("30", "ereolen"),
        ("21", "ereolen"),
    }
    lived: list[tuple[str, str, str, str]] = []
    for night in range(1, 31):
        reading.clock.moment += timedelta(days=1)
        reading.one_night()
        day = reading.clock.today().isoformat()
        lived += [(day, *turn) for turn in turns(reading)]
        if night in {1, 4}:  # everyone is derived by then, and whoever's day is to come is read
            assert foreseen(reading, 30 - night) == [one for one in said if one[0] > day]
    assert sorted(lived) == said
    assert foreseen(reading, 1) == []


def test_rights_on_days_that_no_night_has_lived_are_forecast_for_the_next_one(either_library: Library) -> None:
    library = either_library
    library.policy = TERMS
    today = library.clock.today()
    set_(library, "municipality", "0101", key="BO", reason="Viste lejekontrakt", until=today + timedelta(days=4))
    library.night()
    library.clock.moment += timedelta(days=20)
    said = foreseen(library, 1)
    library.one_night()
    assert said == [(library.clock.today().isoformat(), *turn) for turn in turns(library)] != []


def test_without_products_no_right_is_forecast(library: Library) -> None:
    assert foreseen(library, 366) == []


# -- what the report says ----------------------------------------------------------------------------------------------


def untold(library: Library) -> tuple[int, dict[str, int]]:
    """How many changes wait after one more night, and by product of how many patrons."""
    document = library.one_night().document()
    rights = document["entitlements"]
    return document["published"]["waiting"], {product: counts["waiting"] for product, counts in rights.items()}


def test_a_right_waits_night_after_night_until_the_net_media_know(either_library: Library) -> None:
    """A move to where only books may be undecided, and a death; the second night turns nothing."""
    library = either_library
    library.policy, library.net_media = TERMS, CulrDouble()
    library.night()
    library.net_media.down = NetMediaUnavailable("no answer")
    library.deliver(MONDAY, dies(person("ANNA")), moves(person("DAVID"), "ODENSE"))
    assert untold(library) == (2, {"ereolen": 2, "filmstriben": 1})
    library.clock.moment += timedelta(days=1)
    assert untold(library) == (2, {"ereolen": 2, "filmstriben": 1})
    library.net_media.down = None
    assert untold(library) == (0, {"ereolen": 0, "filmstriben": 0})


def test_a_right_that_turned_before_what_waits_is_not_what_waits(reading: Library) -> None:
    """A block at the desk closed it, of which CULR is never told; she moves on a later day."""
    net_media = reading.net_media = CulrDouble()
    block = Block(reading.clock.today(), "gæld")
    reading.store.staff_changes.change_local(
        LocalChange(reading.id_of("ANNA"), "blocks", partial(replace, blocks=(block,))), user="lone"
    )
    assert turned(reading.one_night())["ereolen"]["closed"] == 1
    net_media.down = NetMediaUnavailable("no answer")
    reading.deliver(MONDAY, moves(person("ANNA"), "ODENSE"))
    reading.clock.moment += timedelta(minutes=1)
    assert untold(reading) == (1, {"ereolen": 0, "filmstriben": 0})


@pytest.mark.parametrize("later", ["closed", "undecided"])
def test_whoever_loses_a_right_by_a_move_is_told_of_before_who_keeps_hers(either_library: Library, later: str) -> None:
    """She is told of first, though what waits of the others has waited longer."""
    library = either_library
    unlicensed = frozenset({"0461"}) if later == "closed" else frozenset()
    books = replace(BOOKS, licensed=frozenset({"0751", "0101"}), unlicensed=unlicensed)
    library.policy, library.net_media = replace(TERMS, products=Products((books,))), CulrDouble()
    library.night()
    library.net_media.down = NetMediaUnavailable("no answer")
    library.deliver(MONDAY, moves(person("ANNA"), "KOEBENHAVN"), moves(person("CLARA"), "KOEBENHAVN"))
    assert turned(library.one_night())["ereolen"] == {"unchanged": 4}
    library.deliver(TUESDAY, moves(person("DAVID"), "ODENSE"))
    assert turned(library.one_night())["ereolen"] == {later: 1, "unchanged": 3}
    library.one_night()  # the outage goes on, and nothing turns
    first, *rest = library.store.outbox.order()
    assert (first, set(rest)) == (library.id_of("DAVID"), {library.id_of("ANNA"), library.id_of("CLARA")})


def test_the_audit_says_which_rights_turned_and_of_whom(reading: Library) -> None:
    reading.deliver(MONDAY, dies(person("ANNA")))
    reading.night()
    entries = [json.loads(bytes.fromhex(row["entry"])) for row in reading.rows("audit")]
    said = [entry for entry in entries if entry["kind"] == "rights" and entry["patron"] == reading.id_of("ANNA")]
    assert said[-1]["actions"] == ["closed:ereolen", "closed:filmstriben"]


def test_a_night_killed_anywhere_derives_each_right_once(reading: Library, tmp_path: Path) -> None:
    reading.deliver(MONDAY, dies(person("ANNA")), moves(person("DAVID"), "ODENSE"))
    reading.batch = 1
    whole, _, writes = lived_whole(reading, tmp_path)
    for other in killed(reading, tmp_path, sample(writes)):
        other.one_night()
        # killed at its very end the run is over, and the next one has forgotten what it turned
        assert turns(other) in (turns(whole), [])
        assert rights(other) == rights(whole)
    whole.engine.dispose()


def test_a_row_that_somebody_altered_is_not_what_is_derived(reading: Library) -> None:
    with reading.engine.begin() as connection:
        connection.execute(update(tables.entitlement).values(rights='{"ereolen":["no",null]}'))
    with pytest.raises(AssertionError):
        are_fresh(reading)

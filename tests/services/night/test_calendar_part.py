"""The calendar part: days lived by each night, with or without a delivery, and the forecast that says them before."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import pytest
import said_yes
from beginnings import DATABASES, Beginnings
from doubles import AGENCY, MONDAY, TUESDAY, Killed, Library, altered, unreadable
from kills import is_closed, killed, lived_whole, sample
from test_night_killed import outcome
from test_setting import correct, row, set_, states
from townspeople import corrects_her_birth_date, cpr, dies, moves, person
from whole import verify_audit

from cprsync.domain.patron.patron import Purpose
from cprsync.domain.person.person import Birth, Status, silence_by_status
from cprsync.domain.policy.policy import AgeGroup, Harm, Ladder, Ladders, Policy, RetentionDays
from cprsync.errors import BadInput, Exit
from cprsync.services.desk.lookup import Asked, Desk
from cprsync.services.night.calendar import ForeseenEvent, foresee
from cprsync.services.night.dry_run import plan_night
from cprsync.services.trust.status import find_nights, night_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CHILD, YOUTH, BIG, ADULT = AgeGroup("Barn", 0), AgeGroup("Ung", 14), AgeGroup("Stor", 15), AgeGroup("Voksen", 18)
FIRST = Ladder(date(2000, 1, 1), (CHILD, YOUTH, BIG, ADULT))
#: From a day in the middle of the window on, whoever is 17 is grown up.
SECOND = Ladder(date(2027, 3, 12), (CHILD, YOUTH, BIG, replace(ADULT, from_age=17)))
POLICY = Policy(ladders=Ladders((FIRST, SECOND)), dead_subscription_days=10)
THURSDAY = date(2027, 2, 18)
DAYS = 30
ONE_DAY = timedelta(days=1)

#: Who they are on 19 February: seven to whom the calendar means something, and some to whom it does not.
PEOPLE = {
    "WILMA": person("WILMA", birth=Birth(date(2013, 3, 2))),
    "XERXES": person("XERXES", birth=Birth(date(2009, 3, 5))),
    "SKUDDAG": person("SKUDDAG", birth=Birth(date(2012, 2, 29))),
    "ALFRED": person("ALFRED"),
    **{key: person(key) for key in ("ANNA", "BO", "CLARA", "DAVID", "EDITH", "JESPER")},
}


@pytest.fixture(params=DATABASES)
def town(request: pytest.FixtureRequest, beginnings: Beginnings, tmp_path: Path) -> Iterator[Library]:
    """A library on each database, on the morning of 19 February, with first copies."""
    with beginnings.copied(tmp_path / "town", begin_in_february, on=request.param) as town:
        yield town


def begin_in_february(library: Library) -> None:
    library.clock.set_after(THURSDAY)
    library.policy = POLICY
    library.enrol(*PEOPLE)
    library.register.knows(*PEOPLE.values())
    library.deliver(THURSDAY)
    library.night()


def corrections(library: Library) -> None:
    """What staff typed that day."""
    correct(library, "name", "Mette Skov", until=date(2027, 3, 10))
    correct(library, "municipality", "0101", key="BO", until=date(2027, 3, 3))
    correct(library, "birth_date", "2013-03-15", key="EDITH", until=date(2027, 3, 6))
    correct(library, "group", "Personale", key="JESPER", until=date(2027, 3, 8))
    set_(library, "absence", "2027-02-20 2027-03-01", key="CLARA")


def events(library: Library, after: date = date.min) -> list[tuple[str, str, str, str]]:
    """What the nights have lived, as a forecast tells it."""
    rows = library.rows("calendar_event")
    return sorted((str(r["day"]), r["patron_id"], r["kind"], r["what"]) for r in rows if r["day"] > after)


def forecast(library: Library, days: int = DAYS) -> list[tuple[str, str, str, str]]:
    told = foresee(library.store, library.policy, today=library.clock.today(), days=days).events
    return sorted((one.day.isoformat(), one.patron, one.kind, one.what) for one in told if one.patron)


def a_night_without_a_delivery(library: Library, days: int = 1) -> Any:
    library.clock.moment += timedelta(days=days)
    return library.one_night()


def group(library: Library, key: str) -> tuple[str, Any]:
    return row(library, key)["patron_group"], row(library, key)["next_age_step"]


# -- thirty nights ---------------------------------------------------------------------------------------


def test_thirty_nights_lived_are_the_thirty_days_forecast(town: Library) -> None:
    """With a birthday of 14, of 18, of 29 February, a policy of a later day, corrections, an absence and a death."""
    corrections(town)
    town.deliver(date(2027, 2, 19), dies(PEOPLE["DAVID"]))
    town.one_night()
    today = town.clock.today()
    told = foresee(town.store, town.policy, today=today, days=DAYS)
    said = forecast(town)
    assert Counter(kind for _, _, kind, _ in said) == {
        "age_step": 5,
        "override_ended": 4,
        "override_warned": 2,
        "absence_ended": 1,
        "subscription_ended": 1,
    }
    assert (told.from_, told.to) == (date(2027, 2, 21), date(2027, 3, 22))
    assert ForeseenEvent(date(2027, 3, 12), None, "policy", "age_groups") in told.events
    lived: Counter[str] = Counter()
    for day in range(1, DAYS + 1):
        town.clock.moment += ONE_DAY
        if day in {9, 10, 18}:
            continue  # nobody ran it: the next night catches up
        if day == 5:
            town.deliver(date(2027, 2, 24), moves(PEOPLE["ANNA"]), person("FINN"), previous=date(2027, 2, 19))
        report = town.one_night()
        assert town.clock.today() == today + timedelta(days=day)
        lived.update({kind: count for kind, count in report.calendar.items() if kind != "days"})
        if day % 7 == 0:
            town.nothing_is_left()
    # JESPER is sealed: of no step of theirs a day is told, not even of one that came with a correction's end
    withheld = [one for one in events(town, today) if one[1:3] == (town.id_of("JESPER"), "age_step")]
    assert len(withheld) == 1
    assert [one for one in events(town, today) if one not in withheld] == said
    assert lived == Counter(kind for _, _, kind, _ in (*said, *withheld))
    assert town.register.unsubscribed == [cpr("DAVID")]
    assert forecast(town, 1) == []


def test_a_forecast_writes_nothing_and_says_the_same_twice(town: Library) -> None:
    corrections(town)
    before = town.everything()
    assert forecast(town) == forecast(town) != []
    assert town.everything() == before


@pytest.mark.parametrize("days", [0, 367])
def test_a_forecast_has_a_ceiling(library: Library, days: int) -> None:
    with pytest.raises(ValueError, match="1 to 366"):
        foresee(library.store, library.policy, today=MONDAY, days=days)


def test_after_a_change_of_policy_more_patrons_than_there_is_time_for_are_foreseen_after_the_next_night(
    town: Library,
) -> None:
    def foretell(most: int) -> object:
        return foresee(town.store, town.policy, today=town.clock.today(), days=DAYS, most=most)

    assert foretell(1)
    town.policy = replace(POLICY, ladders=Ladders((FIRST,)))
    before = town.everything()
    assert foretell(len(PEOPLE))
    with pytest.raises(BadInput) as refused:
        foretell(len(PEOPLE) - 1)
    assert refused.value.kind == "forecast.everyone"
    assert town.everything() == before
    town.clock.moment += ONE_DAY
    town.night()
    assert foretell(1)


def test_a_forecast_begins_with_the_days_that_no_night_has_lived(town: Library) -> None:
    town.clock.moment += timedelta(days=20)
    told = foresee(town.store, town.policy, today=town.clock.today(), days=1)
    assert (told.from_, told.to) == (date(2027, 2, 20), date(2027, 3, 11))
    said = forecast(town, 1)
    assert len(said) == 3
    assert town.night().calendar == {"days": 20, "age_step": 3}
    assert events(town, date(2027, 2, 19)) == said


def test_a_dry_run_says_what_the_calendar_part_would_do_and_does_nothing(town: Library) -> None:
    corrections(town)
    town.clock.moment += timedelta(days=20)
    before = town.everything()
    planned = plan_night(town.ports()).calendar
    assert town.everything() == before
    assert (
        town.one_night().calendar
        == planned
        == {
            "absence_ended": 1,
            "age_step": 5,
            "days": 20,
            "override_ended": 4,
            "override_warned": 4,
        }
    )


# -- which nights live -------------------------------------------------------------------------------------


def test_a_night_that_a_brake_stops_leaves_its_days_to_the_next(town: Library) -> None:
    """Stopped by a brake: nothing is written but what decision 3 lets through (commands, exit 5)."""
    town.limit(Harm.GONE, 0)
    town.deliver(date(2027, 3, 1), dies(PEOPLE["DAVID"]), previous=THURSDAY)
    before = events(town)
    held = town.one_night()
    assert (held.state, held.calendar, events(town)) == ("held", {"days": 0}, before)
    town.policy = POLICY
    assert town.one_night().calendar["age_step"] == 2
    assert group(town, "WILMA")[0] == "Ung"


def test_a_library_that_has_not_run_for_years_lives_a_year_and_does_what_was_due_before(town: Library) -> None:
    corrections(town)
    town.policy = replace(town.policy, retention=RetentionDays(inactive_days=0))
    town.clock.moment += timedelta(days=3 * 366)
    assert town.night().calendar["days"] == 366
    assert group(town, "WILMA") == ("Stor", date(2030, 3, 2))
    # ended on the first of those days, and longer ago by now than what was typed is kept
    assert states(town) == [(field, "forgotten") for field in ("name", "municipality", "birth_date", "group")]


def test_a_night_killed_in_its_calendar_part_ends_as_one_that_was_not_and_counts_once(
    new_library: Library, tmp_path: Path
) -> None:
    library = new_library
    library.policy, library.batch = POLICY, 2
    library.clock.set_after(THURSDAY)
    library.enrol(*PEOPLE)
    library.register.knows(*PEOPLE.values())
    library.deliver(THURSDAY)
    library.one_night()
    corrections(library)
    library.deliver(date(2027, 2, 19), dies(PEOPLE["DAVID"]))
    library.one_night()
    library.policy = replace(POLICY, override_warn_days=5)
    library.clock.moment += timedelta(days=12)
    whole, expected, writes = lived_whole(library, tmp_path)
    wanted = outcome(whole)
    for other in killed(library, tmp_path, sample(writes)):
        if not is_closed(other, expected.run.id):
            assert other.one_night().calendar == expected.calendar
        assert outcome(other) == wanted
        verify_audit(other.store)
    assert writes > 15
    whole.engine.dispose()


def test_a_night_that_goes_on_days_after_it_was_killed_lives_the_days_between(town: Library) -> None:
    """No night is missed afterwards, and nobody waits for the next one: WILMA turned 14 while the machine was down."""

    def die(*_: object, **__: object) -> None:
        raise Killed

    town.deliver(date(2027, 2, 19), moves(PEOPLE["BO"]))
    with pytest.raises(Killed):
        town.one_night(altered(town.store, runs_close=die))
    town.clock.moment += timedelta(days=12)
    assert group(town, "WILMA")[0] == CHILD.name
    report = town.one_night()
    assert (report.run.resumed, report.document()["day"], report.exit_code) == (True, "2027-03-04", Exit.LATER)
    assert (group(town, "WILMA")[0], group(town, "BO")[0]) == (YOUTH.name, ADULT.name)
    assert night_of(find_nights(town.store)[0], town.clock.now()).missed is None
    assert town.nothing_is_left().calendar == {"days": 0}


def test_another_policy_is_lived_once_for_everyone(town: Library) -> None:
    assert group(town, "EDITH") == ("Voksen", None)
    ladder = Ladder(date(2000, 1, 1), (CHILD, replace(ADULT, from_age=15), AgeGroup("Senior", 60)))
    town.policy = Policy(ladders=Ladders((ladder,)))
    said = forecast(town, 1)
    assert a_night_without_a_delivery(town).calendar == {"days": 1, **Counter(kind for _, _, kind, _ in said)}
    assert events(town, THURSDAY + ONE_DAY) == said
    assert group(town, "WILMA") == ("Barn", date(2028, 3, 2))
    # their groups are in no policy any more: that is no reason to stay in them
    assert {group(town, key)[0] for key in ("ALFRED", "XERXES", "SKUDDAG")} == {"Voksen", "Barn"}
    town.policy = Policy()
    a_night_without_a_delivery(town)
    assert group(town, "WILMA") == ("Barn", None)


def test_another_policy_on_a_day_already_lived_is_lived_that_day(town: Library) -> None:
    town.policy = Policy(ladders=Ladders((FIRST,)))
    town.night()
    assert group(town, "ALFRED") == ("Stor", date(2027, 4, 1))


# -- writes that move a birthday -----------------------------------------------------------------------------


def test_a_first_copy_takes_group_and_next_step_with_it(town: Library) -> None:
    town.enrol("LIV")
    town.register.knows(person("LIV", birth=Birth(date(2013, 6, 1))))
    town.deliver(date(2027, 2, 19))
    town.night()
    assert group(town, "LIV") == ("Barn", date(2027, 6, 1))
    assert [one for one in events(town) if one[1] == town.id_of("LIV")] == []


def test_a_corrected_birth_date_takes_group_and_next_step_with_it(town: Library) -> None:
    town.deliver(date(2027, 2, 19), replace(corrects_her_birth_date(PEOPLE["ANNA"]), birth=Birth(date(2014, 1, 1))))
    report = town.night()
    assert (report.document()["actions"], report.calendar) == ({"birth_corrected": 1}, {"days": 1})
    assert group(town, "ANNA") == ("Barn", date(2028, 1, 1))


def test_a_move_leaves_group_and_next_step_as_they_are(town: Library) -> None:
    before = group(town, "WILMA")
    town.deliver(date(2027, 2, 19), moves(PEOPLE["WILMA"]))
    town.night()
    assert group(town, "WILMA") == before == ("Barn", date(2027, 3, 2))


# -- what ends ---------------------------------------------------------------------------------------------


def test_a_municipality_that_gives_way_is_told_to_the_net_media_again(town: Library) -> None:
    corrections(town)
    assert [number for _, number in town.outbox("BO")] == ["751", "101"]
    a_night_without_a_delivery(town, 13)
    assert ([number for _, number in town.outbox("BO")], row(town, "BO")["municipality"]) == (
        ["751", "101", "751"],
        "0751",
    )
    assert town.record("BO") == PEOPLE["BO"]
    assert row(town, "BO")["overrides"] == 0
    verify_audit(town.store)


def test_an_absence_that_ends_goes_and_the_rest_of_the_record_stays(town: Library) -> None:
    corrections(town)
    before = town.view("CLARA").local
    assert before.absence is not None
    a_night_without_a_delivery(town, 11)
    assert town.view("CLARA").local == replace(before, absence=None)
    assert row(town, "CLARA")["local_due"] is None


def test_the_audit_names_the_fields_that_a_day_changed_and_no_value(town: Library) -> None:
    corrections(town)
    report = a_night_without_a_delivery(town, 16)
    entries = [json.loads(bytes.fromhex(one["entry"])) for one in town.rows("audit")]
    told = [one for one in entries if one["kind"] == "calendar" and one["run"] == report.run.id]
    hers = [(one["actions"], one["fields"]) for one in told if one["patron"] == town.id_of("EDITH")]
    assert hers == [
        (["override_warned"], "birth_date"),
        (["override_ended", "age_step"], "birth_date,group"),
    ]
    assert "Voksen" not in json.dumps(told)


# -- the dead ----------------------------------------------------------------------------------------------


def subscription(library: Library, key: str) -> tuple[str, Any]:
    (found,) = [one for one in library.rows("subscription") if one["patron_id"] == library.id_of(key)]
    return found["reason"], found["until"]


def death_of(library: Library, key: str = "DAVID") -> None:
    library.deliver(date(2027, 2, 19), dies(PEOPLE[key]))
    library.one_night()


def test_the_dead_stay_subscribed_for_a_time_and_then_no_more(town: Library) -> None:
    """Decision 10: so that an annulment arrives."""
    death_of(town)
    assert subscription(town, "DAVID") == ("dead", date(2027, 3, 2))
    assert town.store.subscriptions.count() == len(PEOPLE)
    a_night_without_a_delivery(town, 10)
    assert (cpr("DAVID") in town.register.listed, town.store.subscriptions.count()) == (True, len(PEOPLE))
    report = a_night_without_a_delivery(town)
    assert (report.calendar["subscription_ended"], report.counts.unsubscribed) == (1, 1)
    assert (cpr("DAVID") in town.register.listed, subscription(town, "DAVID")) == (False, ("died", date(2027, 3, 2)))
    town.nothing_is_left()
    assert town.register.subscribed.count(cpr("DAVID")) == 1


def test_an_annulled_death_takes_the_end_away(town: Library) -> None:
    death_of(town)
    town.deliver(date(2027, 2, 22), PEOPLE["DAVID"], previous=date(2027, 2, 19))
    town.one_night()
    assert subscription(town, "DAVID") == ("patron", None)
    assert a_night_without_a_delivery(town, 30).calendar.get("subscription_ended") is None
    assert cpr("DAVID") in town.register.listed


def test_whoever_is_subscribed_no_more_and_turns_out_to_live_is_subscribed_again(town: Library) -> None:
    death_of(town)
    a_night_without_a_delivery(town, 11)
    town.deliver(date(2027, 3, 3), PEOPLE["DAVID"], previous=date(2027, 2, 19))
    town.one_night()
    town.one_night()
    assert cpr("DAVID") in town.register.listed
    town.nothing_is_left()


def test_whoever_is_dead_and_registered_again_at_the_desk_is_subscribed_for_a_time(town: Library) -> None:
    """Her subscription had ended: the new one ends as the first did, and no night subscribes her once more."""
    death_of(town)
    a_night_without_a_delivery(town, 11)
    assert cpr("DAVID") not in town.register.listed
    town.register.knows(dies(PEOPLE["DAVID"]))
    desk = Desk(AGENCY, town.store, town.register, town.clock, town.policy)
    last = town.clock.today() + timedelta(days=POLICY.dead_subscription_days)
    said_yes.register(desk, Asked(cpr("DAVID"), Purpose.DEBT, "lisbeth"))
    hers = [row for row in town.rows("subscription") if row["patron_id"] == town.id_of("DAVID")]
    assert sorted((row["reason"], row["until"]) for row in hers) == [("dead", last), ("died", date(2027, 3, 2))]
    a_night_without_a_delivery(town, 11)
    assert (cpr("DAVID") in town.register.listed, subscription(town, "DAVID")) == (False, ("died", last))
    # the number was subscribed late and no delivery has come: each run asks about it, and changes nothing
    before = town.everything()
    town.one_night()
    after = town.everything()
    assert all(after[table] == before[table] for table in ("patron", "subscription", "review_item", "outbox"))


def test_a_guard_that_stops_removals_keeps_the_number_until_it_lets_go(town: Library) -> None:
    death_of(town)
    town.limit(Harm.UNSUBSCRIBED, 0)
    report = a_night_without_a_delivery(town, 11)
    assert (report.exit_code, report.calendar) == (5, {"days": 0})
    assert cpr("DAVID") in town.register.listed
    town.policy = POLICY
    after = town.one_night()
    assert (after.counts.unsubscribed, after.calendar["subscription_ended"]) == (1, 1)
    assert cpr("DAVID") not in town.register.listed


def test_a_death_that_a_brake_holds_back_ends_no_subscription(town: Library) -> None:
    town.limit(Harm.GONE, 0)
    death_of(town)
    assert subscription(town, "DAVID") == ("patron", None)


def test_the_dead_have_no_birthday(town: Library) -> None:
    death_of(town, "WILMA")
    assert group(town, "WILMA") == ("Barn", None)
    a_night_without_a_delivery(town, 20)
    assert group(town, "WILMA") == ("Barn", None)
    # an annulled number is no annulment of the death
    annulled = silence_by_status(replace(PEOPLE["WILMA"], status=Status.ANNULLED))
    town.deliver(date(2027, 3, 11), annulled, previous=date(2027, 2, 19))
    town.one_night()
    assert group(town, "WILMA") == ("Barn", None)
    town.deliver(date(2027, 3, 12), PEOPLE["WILMA"], previous=date(2027, 3, 11))
    town.one_night()
    assert group(town, "WILMA") == ("Ung", date(2028, 3, 2))


@pytest.mark.parametrize("key", ["age-dead"])
def test_the_dead_have_the_group_of_the_registers_own_day_of_death(town: Library, key: str) -> None:
    """The register tells of it a week later, after WILMA's birthday. HENRIK is dead at the first look-up."""
    died = BIRTHDAY - ONE_DAY
    town.clock.set_after(BIRTHDAY)
    town.one_night()
    assert group(town, "WILMA")[0] == "Ung"
    late = replace(dies(PEOPLE["WILMA"]), status_since=died)
    henrik = replace(dies(person("HENRIK", birth=PEOPLE["WILMA"].birth)), status_since=died)
    town.enrol("HENRIK")
    town.register.knows(henrik)
    town.deliver(date(2027, 3, 9), late, previous=THURSDAY)
    town.one_night()
    assert (group(town, "WILMA"), group(town, "HENRIK")[0]) == (("Barn", None), "Barn"), key


BIRTHDAY = date(2027, 3, 2)


@pytest.mark.parametrize("key", ["age-dead"])
@pytest.mark.parametrize("late", ["the file is late", "a brake holds the file", "the record waits"])
def test_the_dead_have_the_group_of_the_day_of_death_whenever_the_night_hears(
    town: Library, late: str, key: str
) -> None:
    """WILMA turns fourteen a day after she died, and that night lives the birthday (decision 48)."""
    died, told = BIRTHDAY - ONE_DAY, dies(PEOPLE["WILMA"])
    if late == "the record waits":
        town.deliver(died, unreadable("WILMA", status=Status.DEAD), previous=THURSDAY)
    elif late == "a brake holds the file":
        town.limit(Harm.GONE, 0)
        town.deliver(died, told, previous=THURSDAY)
    town.clock.set_after(died)
    town.one_night()
    a_night_without_a_delivery(town)
    if late == "the file is late":
        assert group(town, "WILMA")[0] == "Ung"
    if late == "the record waits":
        town.deliver(BIRTHDAY + ONE_DAY, told, previous=died)
    elif late == "the file is late":
        town.deliver(died, told, previous=THURSDAY)
    town.clock.set_after(BIRTHDAY + ONE_DAY)
    town.policy = replace(POLICY)
    town.one_night()
    assert town.record("WILMA").status is Status.DEAD
    assert group(town, "WILMA") == ("Barn", None), key
    town.nothing_is_left()


def test_without_age_groups_nothing_follows_age(library: Library) -> None:
    library.deliver(MONDAY)
    library.night()
    library.deliver(TUESDAY)
    assert library.night().calendar == {"days": 1}
    assert events(library) == []

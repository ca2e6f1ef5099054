"""The town keeps its promises: numbers nobody has, keys that say nothing, and somebody for every case.

What the mock and the reader make of it is tested elsewhere.
"""

from __future__ import annotations

import tomllib
from collections import Counter
from datetime import date
from itertools import chain
from typing import Any

import pytest
from town import ANNA, FIXTURES, PEOPLE, TOWN, number

from cprsync.domain.feed.delivery import is_working_day
from cprsync.domain.policy.policy import DEFAULT_LIMITS

EVERYONE = list(PEOPLE.values())
EVERY_KEY = list(PEOPLE)
DAY: date = TOWN["town"]["day"]
DEMO: dict[str, Any] = tomllib.loads((FIXTURES / "demo.toml").read_text(encoding="utf-8"))
POLICY: dict[str, Any] = tomllib.loads((FIXTURES / "policy.toml").read_text(encoding="utf-8"))
EVENTS = [event for night in (*DEMO["night"], DEMO["desk"]) for event in night["events"]]

WEIGHTS = (4, 3, 2, 7, 6, 5, 4, 3, 2, 1)
STATUSES = {"01", "03", "05", "07", "20", "30", "50", "60", "70", "80", "90"}
#: The one whose registered birth date is another than the number's.
MISMATCH = "SKAEV"
#: The one whose registered birth date is none.
IMPOSSIBLE = "UMULIG"

PERSON_KEYS = {"key", "why", "number", "status", "status_since", "sex", "born", "born_uncertain", "unborn", "name"}
PERSON_KEYS |= {"address", "abroad", "contact", "protections", "disappeared", "current", "next_numbers", "spouse"}
PERSON_KEYS |= {"mother", "father", "citizenship", "occupation"}
NAME_LENGTHS = {"first": 50, "middle": 40, "last": 40, "addressing": 34}
NAME_MARKS = {"first_mark", "middle_mark", "last_mark"}
ADDRESS_LENGTHS = {"municipality": 4, "street": 4, "house": 4, "floor": 2, "door": 4, "building": 4, "co": 34}
ADDRESS_LENGTHS |= {"locality": 34, "town": 34, "postcode": 4, "district": 20, "road": 20, "long_road": 40}


def numbers() -> list[str]:
    return [digits for person in EVERYONE for digits in (person["number"], *person.get("next_numbers", ()))]


def date_of(digits: str) -> date:
    """The date in a number, with the century of its seventh digit (cpr.dk, the table of the number's make-up)."""
    day, month, year, seventh = int(digits[:2]), int(digits[2:4]), int(digits[4:6]), int(digits[6])
    if seventh <= 3:
        century = 1900
    elif seventh in (4, 9):
        century = 2000 if year <= 36 else 1900
    else:
        century = 2000 if year <= 57 else 1800
    return date(century + year, month, day)


def names() -> list[str]:
    tables = chain((person["name"] for person in EVERYONE), TOWN["names"].values())
    return [text for table in tables for part, text in table.items() if part in NAME_LENGTHS]


def addresses() -> list[dict[str, Any]]:
    return [*(person["address"] for person in EVERYONE if "address" in person), *TOWN["streets"].values()]


def age(key: str, on: date) -> int:
    born: date = PEOPLE[key]["born"]
    return on.year - born.year - ((on.month, on.day) < (born.month, born.day))


def protected(person: dict[str, Any]) -> bool:
    return "0001" in person.get("protections", {})


def home(person: dict[str, Any]) -> str:
    return str(sorted((part, text) for part, text in person["address"].items() if part != "since"))


# -- numbers and keys --------------------------------------------------------------------------------------


def test_the_town_has_sixty_people_and_no_key_or_number_twice() -> None:
    assert len(TOWN["person"]) == len(PEOPLE) == 60
    assert len(set(numbers())) == len(numbers())


def test_no_number_passes_modulus_11_or_falls_on_a_1_january() -> None:
    """Issued numbers nearly always pass, so one that fails is unlikely to be anybody's."""
    for digits in numbers():
        assert len(digits) == 10
        assert digits.isascii()
        assert digits.isdigit()
        assert sum(weight * int(digit) for weight, digit in zip(WEIGHTS, digits, strict=True)) % 11 != 0
        assert digits[:4] != "0101"


@pytest.mark.parametrize("key", EVERY_KEY)
def test_a_number_carries_the_sex_and_the_birth_date_of(key: str) -> None:
    person = PEOPLE[key]
    in_number = date_of(person["number"])
    assert person["sex"] == "MK"[int(person["number"][9]) % 2 == 0]
    if key == IMPOSSIBLE:
        assert person["born"] == "1950-00-00"
        assert in_number.year == 1950
    else:
        assert (in_number == person["born"]) is (key != MISMATCH)


def test_no_key_is_part_of_anyones_name() -> None:
    everything = [*names(), *(address.get("co", "") for address in addresses())]
    for key in EVERY_KEY:
        assert not [text for text in everything if key.lower() in text.lower()], key


@pytest.mark.parametrize("key", EVERY_KEY)
def test_a_line_says_why_she_is_there(key: str) -> None:
    why = PEOPLE[key]["why"]
    assert "\n" not in why
    assert why.endswith(".")
    assert set(key) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZ_")


# -- what the register can carry ---------------------------------------------------------------------------


def test_no_person_has_a_field_the_format_does_not_know() -> None:
    for person in EVERYONE:
        assert set(person) <= PERSON_KEYS, person["key"]
        assert set(person["name"]) <= NAME_LENGTHS.keys() | NAME_MARKS, person["key"]
    for address in addresses():
        assert set(address) <= ADDRESS_LENGTHS.keys() | {"supplementary", "since"}


def test_every_text_fits_its_field_and_its_alphabet() -> None:
    """Lengths of records 002, 003 and 008; the register's alphabet is ISO-8859-1."""
    tables = chain((person["name"] for person in EVERYONE), TOWN["names"].values())
    for table in tables:
        assert all(len(table.get(part, "")) <= length for part, length in NAME_LENGTHS.items())
    for address in addresses():
        assert all(len(address.get(part, "")) <= length for part, length in ADDRESS_LENGTHS.items())
    for person in EVERYONE:
        loose = [*person.get("abroad", {}).get("lines", ()), *person.get("contact", {}).get("lines", ())]
        loose += person.get("address", {}).get("supplementary", ())
        assert len(loose) <= 10
        assert all(len(line) <= 34 for line in loose)
    (FIXTURES / "people.toml").read_text(encoding="utf-8").encode("iso-8859-1")


def test_a_road_has_one_code_in_its_municipality_and_a_code_one_road() -> None:
    known = {(a["municipality"], a["street"], a["road"]) for a in addresses() if "road" in a}
    assert len({(municipality, code) for municipality, code, _ in known}) == len(known)
    assert len({(municipality, road) for municipality, _, road in known}) == len(known)


@pytest.mark.parametrize("key", EVERY_KEY)
def test_status_and_address_fit_together_for(key: str) -> None:
    """A status of 30 or more has no address in the register's extract (record 002 is for those below)."""
    person = PEOPLE[key]
    address = person.get("address", {})
    assert (person["status"] < "30") is bool(address)
    assert (address.get("street", "") >= "9900") is (person["status"] in {"03", "07"})
    assert (address.get("municipality", "")[:3] in {"095", "096"}) is (person["status"] in {"05", "07"})
    assert ("current" in person) is (person["status"] in {"50", "60"})
    assert ("abroad" in person) is (person["status"] == "80")
    assert ("disappeared" in person) is (person["status"] == "70")


def test_whoever_is_named_by_key_exists() -> None:
    for person in EVERYONE:
        for relation in ("spouse", "mother", "father", "current"):
            assert person.get(relation, "ANNA") in PEOPLE, person["key"]
        assert "spouse" not in person or PEOPLE[person["spouse"]]["spouse"] == person["key"]
        assert person.get("mother") != person["key"]
        assert PEOPLE[person.get("mother", "ANNA")]["sex"] == "K"


# -- somebody for every case -------------------------------------------------------------------------------


def test_anna_comes_first_and_is_an_ordinary_adult() -> None:
    anna = EVERYONE[0]
    assert anna["number"] == number("ANNA") == ANNA
    assert (anna["status"], anna["address"]["municipality"]) == ("01", "0751")
    assert age("ANNA", DAY) >= 18
    assert {"floor", "door"} <= set(anna["address"])
    assert not anna.keys() & {"protections", "unborn", "born_uncertain", "contact"}


def test_every_status_is_there() -> None:
    assert {person["status"] for person in EVERYONE} == STATUSES


def test_every_kind_of_protection_is_there() -> None:
    sealed = [person for person in EVERYONE if protected(person)]
    assert len(sealed) >= 5
    assert any(person["protections"]["0001"] > DAY for person in sealed)
    assert any(person["status"] == "03" for person in sealed)
    assert any("0003" in person["protections"] for person in sealed)
    assert any(age(person["key"], DAY) < 18 for person in sealed)
    assert any("spouse" in person and not protected(PEOPLE[person["spouse"]]) for person in sealed)
    assert {"0002", "0003"} <= {
        code for person in EVERYONE if not protected(person) for code in person.get("protections", ())
    }


@pytest.mark.parametrize("part", ["co", "locality", "town", "building", "floor", "door", "long_road", "supplementary"])
def test_some_address_has_a(part: str) -> None:
    assert any(address.get(part) for address in addresses())


def test_every_kind_of_name_is_there() -> None:
    marks = {text for person in EVERYONE for part, text in person["name"].items() if part in NAME_MARKS}
    assert marks == {"+", "*", "="}
    assert any(len(text) == 34 for text in names())
    assert any(not person["name"] and "unborn" not in person for person in EVERYONE)
    assert any(person.get("unborn") for person in EVERYONE)
    assert any(set(person["name"]) & {"first", "middle", "last"} == {"last"} for person in EVERYONE)
    assert set("æøåéü-'") <= set("".join(names()).lower())


def test_replaced_duplicate_and_waiting_numbers_are_there() -> None:
    new = PEOPLE[PEOPLE["GAMMELNUMMER"]["current"]]
    assert (PEOPLE["GAMMELNUMMER"]["status"], new["status"]) == ("60", "01")
    assert PEOPLE["DOBBELT"]["status"] == "50"
    assert any(person.get("next_numbers") for person in EVERYONE)


def test_ages_that_matter_are_there() -> None:
    first, last = DEMO["night"][0]["day"], DEMO["night"][-1]["day"]
    dated = [key for key in EVERY_KEY if isinstance(PEOPLE[key]["born"], date)]
    for limit in (14, 18):
        assert any(age(key, first) < limit == age(key, last) for key in dated)
        assert any(key in DEMO["demo"]["patrons"] for key in dated if age(key, first) < limit == age(key, last))
    assert any(age(key, DAY) == 0 for key in dated)
    assert any(age(key, DAY) > 100 for key in dated)
    assert any((PEOPLE[key]["born"].month, PEOPLE[key]["born"].day) == (2, 29) for key in dated)
    assert any(PEOPLE[key].get("born_uncertain") for key in dated)
    assert {"4", "5", "6", "7", "8", "9"} <= {digits[6] for digits in numbers()}


def test_twins_and_a_household_are_there() -> None:
    born = Counter((person["born"], person.get("mother")) for person in EVERYONE if "mother" in person)
    homes = Counter(home(person) for person in EVERYONE if "address" in person)
    assert max(born.values()) == 2
    assert max(homes.values()) >= 4


def test_there_are_streets_to_move_to_and_names_to_take() -> None:
    assert len(TOWN["streets"]) >= 6
    assert {"0751", "0101", "0461"} <= {street["municipality"] for street in TOWN["streets"].values()}
    assert len(TOWN["names"]) >= 4
    assert not PEOPLE.keys() & (TOWN["streets"].keys() | TOWN["names"].keys())


# -- the demo's week and the policy ------------------------------------------------------------------------


def test_the_demo_has_forty_patrons_whom_a_first_look_up_can_settle() -> None:
    patrons = DEMO["demo"]["patrons"]
    assert len(patrons) == len(set(patrons)) == 40
    assert {PEOPLE[key]["status"] for key in patrons} <= {"01", "03", "05", "80", "90"}
    assert not [key for key in patrons if PEOPLE[key].get("unborn") or not PEOPLE[key]["name"]]


def test_the_demo_has_seven_working_days_around_easter() -> None:
    days = [night["day"] for night in DEMO["night"]]
    assert days[0] == DEMO["demo"]["start"] == DAY
    assert len(days) == 7
    between = [date.fromordinal(n) for n in range(days[0].toordinal(), days[-1].toordinal() + 1)]
    assert days == [day for day in between if is_working_day(day)]
    assert all(night["note_da"] and night["note_en"] for night in (*DEMO["night"], DEMO["desk"]))


def test_the_demo_uses_only_events_that_have_a_rule_about_people_and_places_that_exist() -> None:
    targets = {"move": TOWN["streets"].keys() | PEOPLE.keys(), "rename": TOWN["names"].keys() | PEOPLE.keys()}
    ruled = {"move", "rename", "protect", "unprotect", "emigrate", "die", "undie", "number", "birthdate", "resend"}
    ruled |= {"vanish"}
    assert {event["kind"] for event in EVENTS} == ruled
    for event in EVENTS:
        assert event["who"] in PEOPLE
        assert event.get("to", "") in targets.get(event["kind"], {event.get("to", "")})


def test_some_of_the_demos_events_are_about_people_who_are_no_patrons() -> None:
    assert {event["who"] for event in EVENTS} - set(DEMO["demo"]["patrons"])


def test_the_shipped_policy_is_the_default_one() -> None:
    shipped = {name: (t["count"], t["share"], t.get("ceiling")) for name, t in POLICY["guard"].items()}
    assert shipped == {h.value: (limit.count, limit.share, limit.ceiling) for h, limit in DEFAULT_LIMITS.items()}
    assert POLICY["silent_protection"] == "sealed"

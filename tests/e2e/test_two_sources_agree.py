"""The town read twice, over SOAP and from the file: the two agree about each of its 60 people (decision 1).

Where a source says nothing about a group, the reason is typed here by hand; any other silence fails.
"""

from __future__ import annotations

import secrets
import shutil
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from comparing import disagreements
from town import PEOPLE, PEOPLE_FILE, number

from cprsync.domain.deciding.decide import Change, Parked, Unchanged, WhyUnchanged, decide
from cprsync.domain.patron.patron import AsOf, Patron, Source
from cprsync.domain.person.number import CprNumber
from cprsync.domain.person.person import EMPTY, GROUPS, SILENT, Person
from cprsync.domain.person.status import Action
from cprsync.mock import control
from cprsync.mock.server import running
from cprsync.register.extract.reader import ExtractReader
from cprsync.register.settings import RegisterSettings
from cprsync.register.soap.client import SoapRegister
from cprsync.resources import compile_schemas
from cprsync.services.ports.register import Found
from cprsync.wire.calls import CallSurroundings

pytestmark = pytest.mark.xdist_group("two sources")

NUMBERS = {CprNumber(person["number"]): key for key, person in PEOPLE.items()}
#: How the mock is started: the framing of its files, and whether it leaves beskyttet=false out.
WAYS = {"lines": ("lines", False), "stream, --omit-false": ("stream", True)}
NIGHT = date(2027, 3, 22)


@dataclass(frozen=True)
class Heard:
    """What the two sources say on one day, by key."""

    soap: dict[str, Person]
    file: dict[str, Person]


def register_settings(ready: dict[str, Any]) -> RegisterSettings:
    return RegisterSettings(
        lookup_url=ready["lookup_url"],
        subscription_url=ready["subscription_url"],
        ca=Path(ready["ca"]),
        client_cert=Path(ready["client_cert"]),
        client_key=Path(ready["client_key"]),
        **{name: ready["agreement"][name] for name in ("service_agreement", "user_system", "user", "cvr")},
    )


def listen(ready: dict[str, Any], folder: Path) -> Heard:
    """Subscribe everyone, let everyone be sent again (the unborn be born), live the night, and read it twice."""
    with closing(
        SoapRegister(register_settings(ready), schemas=compile_schemas(), surroundings=CallSurroundings())
    ) as register:
        assert len(list(register.subscribe_many(NUMBERS))) == 60
        for key, person in PEOPLE.items():
            control.event(ready, "birth" if person.get("unborn") else "resend", key)
        # a parent is named beside the custody, anybody else in it
        control.event(ready, "custody", "LIV")
        control.event(ready, "custody", "LEO", "THOMAS")
        (file,) = control.night(ready)["files"]
        answers = list(register.look_up_many(NUMBERS))
    soap = {NUMBERS[answer.number]: answer.person for answer in answers if isinstance(answer, Found)}
    reader = ExtractReader(task=ready["task"], hash_key=secrets.token_bytes(32))
    with (folder / "IN" / file).open("rb") as content:
        persons = [person for person in reader.persons(content) if isinstance(person, Person)]
    return Heard(soap, {NUMBERS[person.number]: person for person in persons})


@pytest.fixture(scope="module")
def heard(tmp_path_factory: pytest.TempPathFactory, mock_keys: Path) -> dict[str, Heard]:
    towns = {}
    for way, (framing, omit_false) in WAYS.items():
        folder = tmp_path_factory.mktemp("town")
        shutil.copytree(mock_keys, folder, dirs_exist_ok=True)
        with running(folder, PEOPLE_FILE, framing=framing, omit_false=omit_false) as ready:  # type: ignore[arg-type]  # a literal, from the table
            towns[way] = listen(ready, folder)
    return towns


# -- agreement -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("way", WAYS)
def test_the_two_sources_agree_about_60_of_60(way: str, heard: dict[str, Heard]) -> None:
    soap, file = heard[way].soap, heard[way].file
    agreeing = [key for key in PEOPLE if disagreements(soap[key], file[key]) == []]
    assert len(agreeing) == 60, sorted(PEOPLE.keys() - set(agreeing))


@pytest.mark.parametrize("way", WAYS)
def test_the_two_sources_give_the_same_days_of_status_and_move(way: str, heard: dict[str, Heard]) -> None:
    soap, file = heard[way].soap, heard[way].file
    days = {key: (soap[key].status_since, soap[key].moved_in) for key in PEOPLE}
    assert days == {key: (file[key].status_since, file[key].moved_in) for key in PEOPLE}
    assert all(any(of is not None for of in some) for some in zip(*days.values(), strict=True))


@pytest.mark.parametrize("way", WAYS)
def test_the_two_sources_name_the_same_people_who_have_custody(way: str, heard: dict[str, Heard]) -> None:
    soap, file = heard[way].soap, heard[way].file
    assert {key: soap[key].custody for key in PEOPLE} == {key: file[key].custody for key in PEOPLE}
    held = {key: one.holders for key in PEOPLE if (one := file[key].custody) is not None}
    assert held == {"LIV": {CprNumber(number("QUINNIE"))}, "LEO": {CprNumber(number("THOMAS"))}}


def test_both_framings_give_equal_persons(heard: dict[str, Heard]) -> None:
    lines, stream = (heard[way].file for way in WAYS)
    assert lines == stream


# -- silence, typed by hand ------------------------------------------------------------------------------

#: For these numbers only status and current number are known.
NUMBERS_ONLY = frozenset({"GAMMELNUMMER", "DOBBELT", "ANNULLERET"})


def everyone_but(*keys: str) -> frozenset[str]:
    return frozenset(PEOPLE) - frozenset(keys)


#: Of both sources: (group, keys, reason).
SILENT_IN_BOTH = (
    ("name", NUMBERS_ONLY, "status 30, 50, 60: a number, no person"),
    ("birth", NUMBERS_ONLY, "status 30, 50, 60: a number, no person"),
    ("birth", frozenset({"UMULIG"}), "1950-00-00 is no date, and no xs:date can say it"),
    ("address", NUMBERS_ONLY, "status 30, 50, 60: a number, no person"),
    ("address", frozenset({"SKAT"}), "status 20: an administrative municipality without a street is no address"),
    ("address", frozenset({"FORSVUNDET", "UDREJST", "AFDOED"}), "status 70, 80, 90: no address, residence has ended"),
    ("protection", NUMBERS_ONLY, "status 30, 50, 60: a number, no person"),
    ("abroad", everyone_but("UDREJST"), "read at status 80 only"),
    ("contact", NUMBERS_ONLY, "status 30, 50, 60: a number, no person"),
)
#: Of SOAP alone.
SILENT_IN_SOAP = (
    (
        "contact",
        everyone_but("UDREJST", "AFDOED", *NUMBERS_ONLY),
        "an absent element: SOAP cannot say that there is none",
    ),
)
#: Of SOAP alone, when the platform leaves beskyttet=false out.
SILENT_WHEN_OMITTED = (
    (
        "protection",
        everyone_but("HELLE", "MIA", "INGER", "JESPER", "KAREN", "PIA", *NUMBERS_ONLY),
        "an absent flag, never taken as unprotected",
    ),
)


def expected_silent(way: str) -> dict[tuple[str, str, str], str]:
    """By (key, source, group): why the source says nothing."""
    soap = (*SILENT_IN_BOTH, *SILENT_IN_SOAP, *(SILENT_WHEN_OMITTED if WAYS[way][1] else ()))
    return {
        (key, source, group): reason
        for source, table in (("soap", soap), ("file", SILENT_IN_BOTH))
        for group, keys, reason in table
        for key in keys
    }


@pytest.mark.parametrize("way", WAYS)
def test_every_silence_has_its_reason_and_no_reason_is_idle(way: str, heard: dict[str, Heard]) -> None:
    found = {
        (key, source, group)
        for source, people in (("soap", heard[way].soap), ("file", heard[way].file))
        for key, person in people.items()
        for group, value in person.groups()
        if value is SILENT
    }
    expected = expected_silent(way)
    assert (sorted(found - expected.keys()), sorted(expected.keys() - found)) == ([], [])


def test_no_group_is_silent_for_all_in_both_sources(heard: dict[str, Heard]) -> None:
    """Otherwise agreement about it would say nothing."""
    for group in GROUPS:
        spoken = [key for key in PEOPLE if SILENT not in {getattr(h[key], group) for h in _both(heard["lines"])}]
        assert spoken, group


def _both(heard: Heard) -> tuple[dict[str, Person], dict[str, Person]]:
    return heard.soap, heard.file


# -- a new patron ------------------------------------------------------------------------------------------

SOAP, FILE = AsOf(NIGHT, Source.LOOKUP), AsOf(NIGHT, Source.FILE)
#: Replaced numbers: nobody becomes a patron from one.
REPLACED = ("GAMMELNUMMER", "DOBBELT")


def new_patron(key: str) -> Patron:
    number = next(number for number, other in NUMBERS.items() if other == key)
    return Patron("12345678", Person(number), None, 1)


def first_copy(person: Person, key: str, as_of: AsOf) -> Change:
    decision = decide(person, new_patron(key), as_of=as_of)
    assert isinstance(decision, Change)
    assert decision.actions == (Action.FIRST_COPY,)
    return decision


@pytest.mark.parametrize("key", [key for key in PEOPLE if key not in REPLACED])
def test_a_new_patron_gets_the_same_record_from_either_source(key: str, heard: dict[str, Heard]) -> None:
    soap, file = (people[key] for people in _both(heard["lines"]))
    assert first_copy(soap, key, SOAP) == first_copy(file, key, FILE)


@pytest.mark.parametrize("key", REPLACED)
@pytest.mark.parametrize("way", WAYS)
def test_a_replaced_number_is_parked_from_either_source(key: str, way: str, heard: dict[str, Heard]) -> None:
    parked = Parked("number.unresolved")
    assert {decide(people[key], new_patron(key), as_of=FILE) for people in _both(heard[way])} == {parked}


#: Of an annulled number both sources are silent about protection.
@pytest.mark.parametrize("key", [key for key in PEOPLE if key not in {*REPLACED, "ANNULLERET"}])
def test_without_the_flag_the_records_differ_in_protection_alone(key: str, heard: dict[str, Heard]) -> None:
    """Whose protection no source has spoken of is sealed until one has (decision 2); the file then settles it."""
    way = "stream, --omit-false"
    from_soap = first_copy(heard[way].soap[key], key, SOAP).after
    from_file = first_copy(heard[way].file[key], key, FILE).after
    differing = {name for name in GROUPS if getattr(from_soap, name) != getattr(from_file, name)}
    silent = (key, "soap", "protection") in expected_silent(way)
    assert differing == ({"protection"} if silent else set())
    assert (from_soap.protection, from_file.protection) == (SILENT, EMPTY) if silent else True
    settled = decide(heard[way].file[key], Patron("12345678", from_soap, SOAP, 2), as_of=FILE)
    actions = settled.actions if isinstance(settled, Change) else ()
    assert actions == ((Action.PROTECTION_SETTLED,) if silent else ())


@pytest.mark.parametrize("key", [key for key in PEOPLE if key not in REPLACED])
def test_the_other_source_has_nothing_to_add(key: str, heard: dict[str, Heard]) -> None:
    soap, file = (people[key] for people in _both(heard["lines"]))
    from_soap = Patron("12345678", first_copy(soap, key, SOAP).after, SOAP, 2)
    assert decide(file, from_soap, as_of=FILE) == Unchanged(WhyUnchanged.EQUAL)
    from_file = Patron("12345678", first_copy(file, key, FILE).after, FILE, 2)
    assert decide(soap, from_file, as_of=AsOf(date(2027, 3, 23), Source.LOOKUP)) == Unchanged(WhyUnchanged.EQUAL)

"""Command, page and API tell the same of every person of the town: value by value, in both languages, to each role.

Needs the served town, and no browser.
"""

from __future__ import annotations

import io
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import pytest
from callers import Caller
from e2e_library import WORD_MIN
from town import PEOPLE, number

from chromium.seat import PASSWORD
from chromium.town_records import find_differences, printed_fields, shown_fields
from cprsync.config.settings import load_settings
from cprsync.domain.patron.fields import FIELDS
from cprsync.domain.patron.patron import Purpose
from cprsync.domain.person.number import CprNumber
from cprsync.mock import control
from cprsync.services.desk.lookup import Asked, look_up
from cprsync.web.api.description import PATH
from cprsync.wiring.site import site_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from browser import Browser
    from e2e_library import Ran

    from chromium.town_desk import TownDesk
    from cprsync.catalogues import Language

pytestmark = pytest.mark.xdist_group("chromium")
LANGUAGES: Final[tuple[Language, ...]] = ("da", "en")
#: What a library's lists tell of loans and the like. A look-up leaves it out.
CIRCULATING: Final = frozenset(field.key for field in FIELDS if field.entry)
#: The statuses that the town's people have in the register, and that a look-up of them tells.
STATUSES: Final = {"01", "03", "05", "07", "20", "30", "70", "80", "90"}
#: One of each kind, also looked up by the command itself: ordinary, moved, protected, dead, abroad, replaced, unborn.
BY_COMMAND: Final = frozenset({"ANNA", "DAVID", "HELLE", "INGER", "OLDEMOR", "UDREJST", "GAMMELNUMMER", "UFOEDT"})
#: Somebody whom no register knows, with more than one entry in a list.
GUEST: Final = {"name": "Gæst Gæstesen", "address": "Havnegade 1 | 8000 Aarhus C", "telephones": "*20304050 | 30405060"}
FOR_A_TIME: Final = ("--reason", "Bor midlertidigt", "--until", "2027-04-20")
#: Those who are shown no patron.
OTHERS: Final = ("privat", "drift")


@dataclass
class Reader:
    """Somebody at the desk, with one window for each language, and their calls of the API."""

    town: TownDesk
    windows: dict[Language, Browser]
    api: Caller

    def look_up_by_page(self, key: str, patron: str | None, language: Language) -> Browser:
        """Ask the register about somebody: a patron from their record, anybody else from the box."""
        window = self.windows[language]
        if patron is not None:
            return window.open(f"/patrons/{patron}").send(f"/patrons/{patron}/look-up", purpose="renewal")
        return window.open("/").send("/find", typed=number(key)).send("/register/look-up", purpose="registration")


def sit_down_to_read(town: TownDesk, name: str) -> Reader:
    windows = {"da": sign_in(town, name), "en": sign_in(town, name)}
    windows["en"].send("/language", to="en")
    api = Caller(town.url + PATH, windows["da"].jar).begin()
    return Reader(town, windows, api)  # type: ignore[arg-type]  # the keys are languages


def sign_in(town: TownDesk, name: str) -> Browser:
    return town.open.browser().open("/sign-in").send("/sign-in", name=name, password=PASSWORD)


@pytest.fixture(scope="module")
def reader(town: TownDesk) -> Iterator[Reader]:
    reader = sit_down_to_read(town, "skranke")
    yield reader
    for window in reader.windows.values():
        window.jar.close()


@pytest.fixture
def type_in(town: TownDesk, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Ran]:
    """Run a command to which a text is typed."""

    def type_in(text: str, *command: str) -> Ran:
        monkeypatch.setattr("sys.stdin", io.StringIO(f"{text}\n"))
        return town.library.call(*command)

    return type_in


def find_patron(reader: Reader, key: str) -> str | None:
    found: str | None = reader.api.post("/patrons/find", {"typed": number(key)}).json()["patron"]
    return found


def test_command_page_and_api_tell_the_same_of_every_person_of_the_town(
    reader: Reader, town: TownDesk, type_in: Callable[..., Ran]
) -> None:
    told: dict[str, list[str]] = {}
    seen: list[Mapping[str, Any]] = []
    with site_of(load_settings(town.library.folder / "cprsync.toml"), None).desk() as desk:
        for key in PEOPLE:
            patron = find_patron(reader, key)
            # what the command prints; the desk is opened once for all
            asked = Asked(CprNumber.parse(number(key)), Purpose(purpose_for(patron)), "lone")
            document = look_up(desk, asked).document
            seen.append(document)
            told[key] = list(compare_look_ups(reader, key, patron, document))
            if patron is not None:
                told[key] += compare_looked_up(reader.api.get(f"/patrons/{patron}").json(), document)
                told[key] += compare_pages(reader, reader.api.get(f"/patrons/{patron}").json())
            if key in BY_COMMAND:
                ran = type_in(number(key), "lookup", "--purpose", purpose_for(patron))
                by_command = ran.document
                failure = by_command.pop("error", None)
                told[key] += find_differences(document, by_command)
                # of a number that nobody has, a command says besides what to do next
                assert (failure is None) == document["found"]
    assert {key: differences for key, differences in told.items() if differences} == {}
    # the walk met all kinds of people
    assert {one["fields"].get("status", {}).get("value") for one in seen} >= STATUSES
    assert {(one["found"], one["patron"] is None) for one in seen} == {(True, True), (True, False), (False, True)}
    assert {one.get("sealed_by") for one in seen} >= {None, "protection"}


def purpose_for(patron: str | None) -> str:
    return "registration" if patron is None else "renewal"


def compare_look_ups(reader: Reader, key: str, patron: str | None, document: Mapping[str, Any]) -> Iterator[str]:
    """What the command says the register says, against the API and the page of the look-up."""
    asked = {"cpr_number": number(key), "purpose": purpose_for(patron)}
    yield from find_differences(document, reader.api.post("/look-ups", asked).json())
    # a patron's record is read in both languages below
    for language in LANGUAGES if patron is None else LANGUAGES[:1]:
        window = reader.look_up_by_page(key, patron, language)
        if patron is None and document["patron"] is not None:
            # a replaced number leads to the record of its patron
            assert window.path == f"/patrons/{document['patron']}"
            continue
        page = window.answer.text
        yield from find_differences(printed_fields(document["fields"], language), shown_fields(page, language))


def compare_looked_up(record: Mapping[str, Any], document: Mapping[str, Any]) -> Iterator[str]:
    """The record that the command showed when it looked the patron up, against the one of the API."""
    # beside a value of ours the look-up says what the register says
    ours = {name: {part: one[part] for part in one if part != "register"} for name, one in document["fields"].items()}
    kept = {name: one for name, one in record["fields"].items() if name not in CIRCULATING}
    yield from find_differences(ours, kept)


def compare_pages(reader: Reader, record: Mapping[str, Any]) -> Iterator[str]:
    """A record, against its page in both languages."""
    for language in LANGUAGES:
        page = reader.windows[language].open(f"/patrons/{record['patron']}").answer.text
        yield from find_differences(printed_fields(record["fields"], language), shown_fields(page, language))


# -- whom the town does not have -----------------------------------------------------------------------------


@pytest.fixture
def unusual(town: TownDesk, type_in: Callable[..., Ran], reader: Reader) -> dict[str, str]:
    """By what is unusual about them: patrons as the desk makes them."""
    written = {
        "without number": type_in(json.dumps(GUEST), "patron", "add", "--yes"),
        "left": type_in(json.dumps({"name": "Rejsende Gæst"}), "patron", "add", "--yes"),
        "answers only": type_in(number("YRSA"), "lookup", "--purpose", "guardian", "--register", "--yes"),
    }
    control.fault(town.mock, "close", times=50)
    # what CPR says too, once it answers: no case is raised
    words = json.dumps({"cpr_number": number("MALIK"), "name": PEOPLE["MALIK"]["name"]["addressing"]})
    written["provisional"] = type_in(words, "patron", "add", "--provisional", "--yes")
    control.calm(town.mock)
    patrons = {what: str(ran.document["patron"]) for what, ran in written.items()}
    assert type_in("", "patron", "leave", patrons["left"], "--yes", "--reason", "Er rejst").exit == 0
    patrons["corrected"] = str(find_patron(reader, "LEO"))
    corrected = type_in("Havnegade 1\n8000 Aarhus C", "patron", "set", patrons["corrected"], "address", *FOR_A_TIME)
    assert corrected.exit == 0, corrected
    return patrons


def test_command_page_and_api_tell_the_same_of_whoever_the_town_does_not_have(
    reader: Reader, town: TownDesk, unusual: dict[str, str]
) -> None:
    told: dict[str, list[str]] = {}
    for what, patron in unusual.items():
        record = town.library.call("patron", "show", patron).document
        told[what] = [*find_differences(record, reader.api.get(f"/patrons/{patron}").json())]
        told[what] += compare_pages(reader, record)
    assert {what: differences for what, differences in told.items() if differences} == {}


# -- who looks -----------------------------------------------------------------------------------------------


def test_a_supervisor_reads_what_the_desk_reads_and_no_other_role_reads_a_record(
    reader: Reader, town: TownDesk
) -> None:
    patrons = {key: patron for key in PEOPLE if (patron := find_patron(reader, key)) is not None}
    supervisor, strangers = sit_down_to_read(town, "leder"), [sit_down_to_read(town, name) for name in OTHERS]
    for key, patron in patrons.items():
        record = reader.api.get(f"/patrons/{patron}")
        assert supervisor.api.get(f"/patrons/{patron}").content == record.content
        assert list(compare_pages(supervisor, record.json())) == []
        for stranger in strangers:
            page, answer = (
                stranger.windows["da"].open(f"/patrons/{patron}").answer,
                stranger.api.get(f"/patrons/{patron}"),
            )
            assert (page.status_code, answer.status_code) == (403, 403)
            assert not [word for word in words_of(key) if word in page.text or word in answer.text]


def test_the_privacy_officer_is_told_of_looks_at_a_person_and_nothing_of_their_record(town: TownDesk) -> None:
    window = sign_in(town, "privat")
    for key in PEOPLE:
        window.open("/log").send("/log/citizen", citizen=number(key))
        assert window.answer.status_code == 200
        assert not [word for word in words_of(key) if word in window.answer.text]


def words_of(key: str) -> set[str]:
    """What the town's file says of a person, as far as it could stand in no ordinary text."""
    person = PEOPLE[key]
    told = {person["number"], *person.get("name", {}).values(), person.get("address", {}).get("road", "")}
    return {word for word in told if len(word) >= WORD_MIN}


def test_one_letter_that_differs_is_found(reader: Reader) -> None:
    record = reader.api.get(f"/patrons/{find_patron(reader, 'BO')}").json()
    record["fields"]["name"]["value"] += "x"
    assert len(list(compare_pages(reader, record))) == len(LANGUAGES)

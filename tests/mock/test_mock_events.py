"""What may happen to people: every kind of event, what it changes, and when it is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from mock_delivery import Delivery, delivery
from town import ANNA, PEOPLE, TOWN, number

from cprsync.errors import BadInput
from cprsync.mock import control
from cprsync.mock.town.events import KINDS
from cprsync.resources import compile_schemas

if TYPE_CHECKING:
    from pathlib import Path

    from mock_wire import Caller

#: The kinds that the command line promises.
PROMISED = (
    "move no-road no-municipality rename birth die undie protect unprotect no-end end-date emigrate return vanish "
    "found number undo-number marry divorce custody birthdate resend"
)


@pytest.fixture
def town(ready: dict[str, Any], caller: Caller) -> dict[str, Any]:
    """A mock whose every change is delivered."""
    caller.subscription("AddNoFilterSubscription")
    return ready


def tonight(ready: dict[str, Any], tmp_path: Path) -> Delivery:
    (file,) = control.night(ready)["files"]
    return delivery(tmp_path / "mock", file)


def person(ready: dict[str, Any], key: str) -> dict[str, Any]:
    found: dict[str, Any] = control.state(ready)["persons"][key]
    return found


def test_the_table_holds_exactly_the_promised_kinds() -> None:
    assert list(KINDS) == PROMISED.split()


# Kind, who, --to, the code with its mark, and what is then true of her.
HAPPENS = [
    ("move", "ANNA", "ODENSE", "A01", {"status": "01", "address.municipality": "0461", "address.since": "2027-03-22"}),
    ("move", "ANNA", "BO", "A01", {"address.street": "2231", "address.house": "003"}),
    ("move", "ANNA", None, "A01", {"address.road": "Skoledraget"}),
    ("no-road", "ANNA", None, "A09", {"address.road": "", "address.house": "016B"}),
    ("no-municipality", "ANNA", None, "A09", {"address.municipality": "0998", "address.road": "Uglesporet"}),
    ("rename", "GRETHE", "EFTER_BRYLLUP", "A13", {"name.last": "Wibroe", "name.since": "2027-03-22"}),
    ("rename", "ANNA", "FINN", "A13", {"name.first": "Mette Marie", "name.last": "Wibroe"}),
    ("rename", "ANNA", None, "A13", {"name.addressing": "Birgit Ravnholt Wibroe"}),
    ("birth", "UFOEDT", None, "A05", {"born": "2027-03-22", "unborn": False, "name.addressing": ""}),
    ("die", "ANNA", None, "A21", {"status": "90", "status_since": "2027-03-22"}),
    ("protect", "ANNA", None, "A33", {"protections.0001": "2027-03-22"}),
    ("unprotect", "HELLE", None, "A33", {"protections": {}}),
    ("no-end", "HELLE", None, "A33", {"protections": {}, "ended": "2026-11-01"}),
    ("end-date", "HELLE", "2027-05-01", "A33", {"protections.0001": "2026-11-01", "ends": "2027-05-01"}),
    ("emigrate", "ANNA", "5120", "A06", {"status": "80", "abroad.country": "5120", "abroad.left": "2027-03-22"}),
    ("emigrate", "ANNA", None, "A06", {"status": "80", "abroad.country": "5180"}),
    ("return", "UDREJST", "SKOLEN", "A04", {"status": "01", "abroad": None, "address.street": "2244"}),
    ("return", "UDREJST", None, "A04", {"status": "01", "abroad": None}),
    ("vanish", "ANNA", None, "A02", {"status": "70", "disappeared": "2027-03-22"}),
    ("number", "ANNA", None, "P03PN", {"number": PEOPLE["ANNA"]["next_numbers"][0], "status": "01"}),
    ("marry", "ANNA", "BO", "A24", {"spouse": "BO", "divorced": False, "married_since": "2027-03-22"}),
    ("divorce", "SOFIE", None, "A24", {"spouse": "", "divorced": True, "married_since": "2027-03-22"}),
    ("custody", "MIA", "BO", "A05", {"custody": ["BO"], "custody_since": "2027-03-22"}),
    ("custody", "MIA", None, "A05", {"custody": ["HELLE"]}),
    ("birthdate", "ANNA", "1985-05-05", "P35", {"born": "1985-05-05", "number": ANNA}),
    ("birthdate", "ANNA", "1985-00-00", "P35", {"born": "1985-00-00", "number": ANNA}),
    ("birthdate", "ANNA", "1985-05-00", "P35", {"born": "1985-05-00", "number": ANNA}),
    ("resend", "ANNA", None, "A74", {"status": "01"}),
    ("resend", "GAMMELNUMMER", None, "A74", {"status": "60"}),
]


@pytest.mark.parametrize(("event", "code", "then"), [(row[:3], *row[3:]) for row in HAPPENS])
def test_what_happens_changes_the_person_and_is_delivered_with_its_code(
    town: dict[str, Any], tmp_path: Path, event: tuple[str, str, str | None], code: str, then: dict[str, Any]
) -> None:
    kind, who, to = event
    control.event(town, kind, who, to)
    now = person(town, who)
    for path, expected in then.items():
        value: Any = now
        for name in path.split("."):
            value = value[name]
        assert value == expected, path
    assert code in tonight(town, tmp_path).codes(now["number"])


def test_a_marriage_and_its_end_are_in_the_records_and_look_ups_of_both(
    town: dict[str, Any], tmp_path: Path, caller: Caller
) -> None:
    """012: CIVST at 14, AEGTEPNR at 15-24, HAENSTART-CIVILSTAND at 71-82."""
    pair = {"ANNA": "BO", "BO": "ANNA"}
    control.event(town, "marry", "ANNA", "BO")
    married = tonight(town, tmp_path)
    for key, other in pair.items():
        record = married.record(number(key), "012")
        assert (record[13], record[14:24], record[70:82]) == ("G", number(other), "202703220000")
        answer = caller.look_up(number(key))
        assert answer.value("persondata/civilstand/civilstand") == "G"
        assert answer.value("relationer/aegtefaelle/personnummer") == number(other)
    control.event(town, "divorce", "BO")
    divorced = tonight(town, tmp_path)
    for key in pair:
        record = divorced.record(number(key), "012")
        assert (record[13], record[14:24].strip(), record[70:82]) == ("F", "", "202703230000")
        answer = caller.look_up(number(key))
        assert answer.value("persondata/civilstand/civilstand") == "F"
        assert not answer.has("relationer/aegtefaelle")
        compile_schemas().lookup.assertValid(answer.payload)


def test_custody_names_a_parent_by_kind_and_another_by_number(
    town: dict[str, Any], tmp_path: Path, caller: Caller
) -> None:
    """016: RELTYP at 14-17, START_DT at 18-27, RELPNR at 39-48. contracts.md: 3 is the mother, and 5 another."""
    child = number("MIA")
    control.event(town, "custody", "MIA")
    record = tonight(town, tmp_path).record(child, "016")
    assert (record[13:17], record[17:27], record[38:48].strip()) == ("0003", "2027-03-22", "")
    control.event(town, "custody", "MIA", "BO")
    record = tonight(town, tmp_path).record(child, "016")
    assert (record[13:17], record[17:27], record[38:48]) == ("0005", "2027-03-23", number("BO"))
    answer = caller.look_up(child)
    assert answer.value("relationer/foraeldremyndighed/foraeldremyndighedtype") == "5"
    assert answer.value("relationer/foraeldremyndighed/relationPersonnummer") == number("BO")
    compile_schemas().lookup.assertValid(answer.payload)


# What comes first, what undoes it, its code.
UNDONE = [("die", "undie", "A25"), ("vanish", "found", "A03"), ("emigrate", "return", "A04")]


@pytest.mark.parametrize(("first", "then", "code"), UNDONE)
def test_what_is_undone_brings_her_back_to_her_last_address(
    town: dict[str, Any], tmp_path: Path, first: str, then: str, code: str
) -> None:
    before = person(town, "ANNA")
    control.event(town, first, "ANNA")
    gone = tonight(town, tmp_path)
    assert "002" not in gone.kinds(ANNA)
    assert gone.record(ANNA, "003")[47:].strip() == ""
    control.event(town, then, "ANNA")
    back = tonight(town, tmp_path)
    after = person(town, "ANNA")
    assert back.codes(ANNA) == [code]
    assert back.record(ANNA, "002")[17:25] == "1104016B"
    assert after["status"] == "01"
    assert {**after["address"], "since": ""} == {**before["address"], "since": ""}


def test_a_death_abroad_that_is_annulled_leaves_her_abroad(town: dict[str, Any]) -> None:
    control.event(town, "die", "UDREJST")
    control.event(town, "undie", "UDREJST")
    assert person(town, "UDREJST")["status"] == "80"
    assert person(town, "UDREJST")["abroad"]["country"] == "5120"


def test_a_child_is_born_and_then_named(town: dict[str, Any], tmp_path: Path) -> None:
    child = number("UFOEDT")
    control.event(town, "birth", "UFOEDT")
    born = tonight(town, tmp_path)
    assert born.record(child, "001")[39:49] == "2027-03-22"
    assert born.record(child, "008")[13:].strip("0 ") == ""
    control.event(town, "rename", "UFOEDT", "NAVNGIVET")
    named = tonight(town, tmp_path)
    assert named.codes(child) == ["A14"]
    assert named.record(child, "008")[13:63].rstrip() == TOWN["names"]["NAVNGIVET"]["first"]


def test_a_changed_number_delivers_both_numbers(town: dict[str, Any], tmp_path: Path) -> None:
    """cpr-data.md G: the old one with status 60 and the new in its place, the new one in full with its history."""
    new = PEOPLE["ANNA"]["next_numbers"][0]
    control.event(town, "number", "ANNA")
    file = tonight(town, tmp_path)
    assert file.record(ANNA, "001")[13:25] == f"{new}60"  # 14-23 PNRGAELD, 24-25 STATUS
    assert file.codes(ANNA) == ["P03"]
    assert "002" not in file.kinds(ANNA)
    assert file.record(ANNA, "003")[47:].strip() == ""
    assert file.record(new, "001")[13:25] == " " * 10 + "01"
    assert file.record(new, "022")[13:23] == ANNA  # 14-23 the old number
    assert file.record(new, "022")[34:44] == "2027-03-22"  # 35-44 the day it stopped
    assert file.codes(new) == ["P03PN"]


def test_who_subscribes_to_the_old_number_only_gets_both(ready: dict[str, Any], caller: Caller, tmp_path: Path) -> None:
    caller.subscribe(ANNA)
    control.event(ready, "number", "ANNA")
    file = tonight(ready, tmp_path)
    assert {line[3:13] for line in file.lines[1:-1]} == {ANNA, PEOPLE["ANNA"]["next_numbers"][0]}


def test_a_look_up_of_the_old_number_names_the_new_one_from_the_next_morning(
    town: dict[str, Any], caller: Caller
) -> None:
    control.event(town, "number", "ANNA")
    assert caller.look_up(ANNA).value("persondata/status/status") == "1"
    control.night(town)
    answer = caller.look_up(ANNA)
    assert answer.value("persondata/status/status") == "60"
    assert answer.value("persondata/gaeldendePersonnummer") == PEOPLE["ANNA"]["next_numbers"][0]


def test_an_undone_number_gives_the_old_one_back(town: dict[str, Any], tmp_path: Path) -> None:
    mistaken = PEOPLE["ANNA"]["next_numbers"][0]
    control.event(town, "number", "ANNA")
    control.night(town)
    control.event(town, "undo-number", "ANNA")
    file = tonight(town, tmp_path)
    assert person(town, "ANNA")["number"] == ANNA
    assert file.record(mistaken, "001")[13:25] == f"{ANNA}60"
    assert file.codes(mistaken) == ["P42"]
    assert file.codes(ANNA) == ["P42PN"]
    assert file.record(ANNA, "001")[23:25] == "01"


def test_an_undone_number_can_not_be_undone_again(town: dict[str, Any]) -> None:
    control.event(town, "number", "ANNA")
    control.event(town, "undo-number", "ANNA")
    before = control.state(town)
    with pytest.raises(BadInput, match="never changed"):
        control.event(town, "undo-number", "ANNA")
    assert control.state(town) == before


def test_a_change_of_number_from_before_the_town_can_be_undone(town: dict[str, Any]) -> None:
    control.event(town, "undo-number", "NYNUMMER")
    assert person(town, "NYNUMMER")["number"] == number("GAMMELNUMMER")
    assert person(town, "GAMMELNUMMER")["number"] == number("NYNUMMER")


def test_a_move_to_greenland_or_to_no_fixed_abode_changes_the_status(town: dict[str, Any]) -> None:
    at = {key: p["status"] for key, p in PEOPLE.items() if p["status"] in {"03", "05", "07"} and p.get("address")}
    for key, status in at.items():
        control.event(town, "move", "ANNA", key)
        assert person(town, "ANNA")["status"] == status
    assert set(at.values()) == {"03", "05", "07"}


def test_a_move_without_a_place_goes_on_to_the_next_one_each_time(town: dict[str, Any]) -> None:
    roads = []
    for _ in TOWN["streets"]:
        control.event(town, "move", "ANNA")
        roads.append(person(town, "ANNA")["address"]["road"])
    assert roads == [street["road"] for street in TOWN["streets"].values()]


# Kind, who, --to, and what the refusal says.
REFUSED = [
    ("dance", "ANNA", None, "no such kind"),
    ("move", "NOBODY", None, "no such person: .* one of AFDOED, .*ANNA, .*ZENIA$"),
    ("move", "ANNA", "NOWHERE", "neither a street nor a person.*; the streets are .*KOEBENHAVN"),
    ("move", "ANNA", "UDREJST", "neither a street nor a person"),
    ("move", "ANNA", "ANNA", "lives there already"),
    ("move", "UDREJST", "SKOLEN", "status 80"),
    ("move", "UFOEDT", "SKOLEN", "not born yet"),
    ("rename", "ANNA", "NOBODY", "neither a name of the people file nor a person.*; the names are EFTER_BRYLLUP"),
    ("rename", "GAMMELNUMMER", None, "status 60"),
    ("birth", "ANNA", None, "already born"),
    ("die", "ANNA", "SKOLEN", "takes no --to"),
    ("undie", "ANNA", None, "status 01"),
    ("protect", "HELLE", None, "protected already"),
    ("unprotect", "ANNA", None, "not protected"),
    ("no-end", "ANNA", None, "not protected"),
    ("end-date", "ANNA", "2027-05-01", "not protected"),
    ("end-date", "HELLE", "1 May", "is a day"),
    ("end-date", "HELLE", "2026-10-31", "begins later"),
    ("emigrate", "ANNA", "Sweden", "a country's code"),
    ("emigrate", "ANNA", "5100", "not Denmark"),
    ("emigrate", "UDREJST", None, "status 80"),
    ("return", "ANNA", None, "status 01"),
    ("found", "ANNA", None, "status 01"),
    ("number", "BO", None, "no further number"),
    ("undo-number", "ANNA", None, "never changed"),
    ("marry", "ANNA", None, "another person's key"),
    ("marry", "ANNA", "ANNA", "another person's key"),
    ("marry", "ANNA", "UFOEDT", "another person's key"),
    ("marry", "ANNA", "SOFIE", "is married"),
    ("marry", "ANNA", "MIA", "under 18"),
    ("divorce", "ANNA", None, "not married"),
    ("custody", "ANNA", "BO", "not under 18"),
    ("custody", "MIA", "NOBODY", "another person's key"),
    ("birthdate", "ANNA", None, "is a day"),
    ("birthdate", "ANNA", "1985-02-30", "is a day"),
    ("birthdate", "ANNA", "2027-03-23", "not in the future"),
    ("birthdate", "ANNA", "1985-05-04", "that is the registered day already"),
]


@pytest.mark.parametrize(("kind", "who", "to", "reason"), REFUSED)
def test_what_makes_no_sense_is_refused_and_nothing_changes(
    still: dict[str, Any], kind: str, who: str, to: str | None, reason: str
) -> None:
    before = control.state(still)
    with pytest.raises(BadInput, match=reason):
        control.event(still, kind, who, to)
    assert control.state(still) == before

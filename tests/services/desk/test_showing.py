"""One record as it may be shown: whose each field is, since when, and what of a protected patron stays closed."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from doubles import AGENCY, MONDAY, TUESDAY, WEDNESDAY, Library
from test_importing import take
from test_setting import set_
from townspeople import cpr, dies, emigrates, gains_protection, moves, person, renames

from cprsync.domain.patron.fields import FIELD, SEALED, SHOWN
from cprsync.domain.person.person import SILENT, Birth
from cprsync.domain.person.sealed import Address, label_lines
from cprsync.domain.policy.policy import AgeGroup, Ladder, Ladders, Policy
from cprsync.language.record import record_lines
from cprsync.municipalities import load_municipalities
from cprsync.services.desk.setting import Setting, SettingDesk, set_field
from cprsync.services.desk.showing import patron_document
from cprsync.services.desk.viewing import RecordViewer

CHILD_OR_ADULT = Ladders((Ladder(date(2000, 1, 1), (AgeGroup("Barn", 0), AgeGroup("Voksen", 18))),))


def shown(library: Library, key: str, policy: Policy | None = None) -> dict[str, Any]:
    document = patron_document(library.view(key), policy or library.policy, agency=AGENCY, on=library.clock.today())
    return dict(json.loads(json.dumps(document)))


def test_a_record_shows_every_field_of_the_table_in_its_order(library: Library) -> None:
    window = RecordViewer(library, "lone")
    fields = window.shown(library.id_of("ANNA"))["fields"]
    # the patron number stands over them
    assert list(fields) == [key for key in SHOWN if key != "patron"]
    assert {key: entry["owner"] for key, entry in fields.items()} == {
        key: FIELD[key].owner.value if key != "group" else "staff" for key in fields
    }


def test_a_record_tells_which_telephone_is_the_one_for_notices(library: Library) -> None:
    set_(library, "telephones", "87000000\n*87000001")
    told = shown(library, "ANNA")["fields"]
    assert (told["telephones"]["value"], told["telephones"]["notices"]) == (["87000000", "87000001"], "87000001")
    assert told["emails"]["notices"] is None


def test_a_field_tells_its_owner_source_and_days(library: Library) -> None:
    library.deliver(MONDAY, moves(person("ANNA"), "ODENSE"))
    library.night()
    library.deliver(TUESDAY, person("CLARA"), renames(moves(person("ANNA"), "ODENSE")))
    library.night()
    document = shown(library, "ANNA")
    assert [document[key] for key in ("patron", "library", "protected", "verified")] == [
        library.id_of("ANNA"),
        AGENCY,
        False,
        True,
    ]
    common = {"owner": "register", "source": "file", "as_of": "2027-03-23", "override": None}
    assert document["fields"]["municipality"] == {"value": "0461", "since": "2027-03-23", **common}
    assert document["fields"]["name"] == {"value": "Mette Aagaard", "since": "2027-03-24", **common}
    assert document["fields"]["birth_date"] == {"value": "1985-05-04", "since": "2027-03-20", **common}
    assert document["fields"]["cards"]["owner"] == "staff"
    assert cpr("ANNA").digits not in str(document)


def test_the_birth_date_that_counts_is_shown_and_marked_where_the_register_knows_none(new_library: Library) -> None:
    """1950-00-00 is no date, so that the group follows the number's: the screen shows the same one."""
    library = new_library
    library.policy = replace(library.policy, ladders=CHILD_OR_ADULT)
    library.enrol("ANNA", "CLARA")
    unsure = Birth(date(1992, 2, 17), uncertain=True)
    library.register.knows(person("ANNA", birth=SILENT), person("CLARA", birth=unsure))
    library.night()
    document = shown(library, "ANNA")
    told = document["fields"]["birth_date"]
    assert (told["value"], told["uncertain"], told["source"], told["since"]) == ("1985-05-04", True, "number", None)
    assert library.view("ANNA").patron.group == "Voksen"
    lines = [line for line in record_lines(document) if "Fødselsdato" in line]
    assert [" ".join(line.split()) for line in lines] == ["Fødselsdato 4. maj 1985 (usikker) [af CPR-nummeret]"]
    clara = shown(library, "CLARA")["fields"]["birth_date"]
    assert (clara["value"], clara["uncertain"], clara["source"]) == ("1992-02-17", True, "lookup")
    # what staff correct they are sure of, and the number's date is nobody's word beside it
    set_(library, "birth_date", "1985-05-05", reason="Pas", until=library.clock.today() + timedelta(days=60))
    told = shown(library, "ANNA")["fields"]["birth_date"]
    assert (told["value"], told["source"], "uncertain" in told) == ("1985-05-05", "staff", False)
    assert told["override"]["register"] is None


def test_an_uncertain_birth_date_of_someone_sealed_shows_an_age_alone(new_library: Library) -> None:
    new_library.enrol("ANNA")
    new_library.register.knows(gains_protection(person("ANNA", birth=SILENT)))
    new_library.night()
    told = shown(new_library, "ANNA")["fields"]["birth_date"]
    assert (told["value"], told["sealed"], told["age"], told["uncertain"]) == (None, True, 41, True)


def test_a_record_shows_the_lines_of_an_address_that_stand_on_no_letter(library: Library) -> None:
    home = person("EDITH").address
    assert isinstance(home, Address)
    library.enrol("EDITH")
    library.register.knows(person("EDITH"))
    library.deliver(MONDAY)
    library.night()
    assert home.supplementary.count("") == 2
    assert shown(library, "EDITH")["fields"]["address"]["value"] == [
        *label_lines(home),
        *(line for line in home.supplementary if line),
    ]


def test_a_protected_patrons_name_and_address_are_closed_and_her_municipality_is_not(library: Library) -> None:
    document = shown(library, "BO")
    assert document["protected"] is True
    for name in SEALED:
        assert (document["fields"][name]["value"], document["fields"][name]["sealed"]) == (None, True)
    assert document["fields"]["municipality"]["value"] == "0751"
    assert "sealed" not in document["fields"]["municipality"]
    bo = person("BO")
    for value in (bo.name.addressing, bo.name.last, bo.address.road):  # type: ignore[union-attr]  # known
        assert value not in json.dumps(document, ensure_ascii=False)


def test_a_patron_whom_no_source_has_spoken_of_is_closed_unless_policy_says_otherwise(library: Library) -> None:
    library.enrol("HENRIK")
    document = shown(library, "HENRIK")
    assert (document["protected"], document["verified"]) == (True, False)
    assert document["fields"]["name"] == {
        "value": None,
        "owner": "register",
        "source": None,
        "since": None,
        "as_of": None,
        "override": None,
        "sealed": True,
    }
    assert shown(library, "HENRIK", Policy(silent_is_sealed=False))["protected"] is False


def test_a_record_closes_the_night_protection_begins(library: Library) -> None:
    assert shown(library, "ANNA")["fields"]["address"]["value"]
    library.deliver(MONDAY, gains_protection(person("ANNA")))
    library.night()
    assert shown(library, "ANNA")["fields"]["address"]["value"] is None


def test_the_dead_and_those_abroad_are_shown_with_what_is_last_known(library: Library) -> None:
    library.deliver(WEDNESDAY, dies(person("ANNA")), emigrates(person("CLARA")), previous=MONDAY.replace(day=19))
    library.night()
    anna, clara = shown(library, "ANNA"), shown(library, "CLARA")
    assert (anna["fields"]["status"]["value"], anna["letters_stopped"]) == ("90", "2027-03-25")
    assert anna["fields"]["municipality"]["value"] == "0751"
    assert clara["fields"]["address_abroad"]["value"] == ["Storgatan 1"]


# -- what staff corrected ---------------------------------------------------------------------------------


def correct(library: Library, key: str, field: str, text: str) -> None:
    codes = load_municipalities().homes()
    until = None if field == "group" else date(2027, 5, 1)
    asked = Setting(library.id_of(key), field, text, "lone", reason="Showed her lease", until=until)
    set_field(SettingDesk(library, codes), asked)


def test_a_corrected_field_shows_both_words_who_why_and_until_when(library: Library) -> None:
    correct(library, "ANNA", "municipality", "0101")
    assert shown(library, "ANNA")["fields"]["municipality"] == {
        "value": "0101",
        "owner": "register",
        "source": "staff",
        "since": "2027-03-20",
        "as_of": "2027-03-19",
        "override": {"by": "lone", "reason": "Showed her lease", "until": "2027-05-01", "register": "0751"},
    }
    told = [line for line in record_lines(shown(library, "ANNA")) if "Kommune" in line]
    corrected = "rettelse: lone, 20. marts 2027 – 1. maj 2027; CPR: Aarhus (0751)"
    assert told[0].endswith(f" København (0101)  [{corrected}]")


def test_a_corrected_address_is_shown_as_lines(library: Library) -> None:
    before = shown(library, "ANNA")["fields"]["address"]["value"]
    correct(library, "ANNA", "address", "Havnen 2\n8000 Aarhus C")
    entry = shown(library, "ANNA")["fields"]["address"]
    assert (entry["value"], entry["override"]["register"]) == (["Havnen 2", "8000 Aarhus C"], before)


def test_a_pinned_group_shows_the_one_that_age_would_give(library: Library) -> None:
    ladder = Ladder(date(2000, 1, 1), (AgeGroup("Barn", 0), AgeGroup("Voksen", 18)))
    library.policy = replace(library.policy, ladders=Ladders((ladder,)))
    correct(library, "ANNA", "group", "Personale")
    entry = shown(library, "ANNA")["fields"]["group"]
    assert (entry["value"], entry["override"]["register"], entry["override"]["until"]) == ("Personale", "Voksen", None)
    told = [line for line in record_lines(shown(library, "ANNA")) if "Lånergruppe" in line]
    assert told[0].endswith(" Personale  [rettelse: lone, 20. marts 2027; efter alder: Voksen]")


def test_a_group_says_whether_age_gave_it(library: Library) -> None:
    """Pinned over a group of the library's own, no age stands behind the other one."""
    ladder = Ladder(date(2000, 1, 1), (AgeGroup("Barn", 0), AgeGroup("Voksen", 18)))
    library.policy = replace(library.policy, ladders=Ladders((ladder,)))
    grouped(library, "ANNA", "Voksen")
    assert shown(library, "ANNA")["fields"]["group"]["source"] == "rule"
    assert group_line(library, "ANNA").endswith(" Voksen  [efter alder]")
    grouped(library, "CLARA", "Institution")
    assert group_line(library, "CLARA").endswith(" Institution  [bibliotekets]")
    correct(library, "CLARA", "group", "Personale")
    assert "rule" not in shown(library, "CLARA")["fields"]["group"]["override"]
    assert group_line(library, "CLARA").endswith("; ellers: Institution]")


def grouped(library: Library, key: str, group: str) -> None:
    text = f"cpr_number,group\n{cpr(key).digits},{group}\n"
    take(library, text)


def group_line(library: Library, key: str) -> str:
    (line,) = [line for line in record_lines(shown(library, key)) if line.startswith("  Lånergruppe ")]
    return line


def test_a_correction_is_shown_no_longer_than_it_holds(library: Library) -> None:
    correct(library, "ANNA", "municipality", "0101")
    library.clock.set_after(date(2027, 5, 1))
    entry = shown(library, "ANNA")["fields"]["municipality"]
    assert (entry["value"], entry["override"], entry["source"]) == ("0751", None, "lookup")


def test_protection_beats_a_correction(library: Library) -> None:
    """Staff's name and address of a sealed patron are sealed as well, with the register's word and the reason."""
    for field, text in (("name", "Bo Ny"), ("address", "Havnen 2"), ("municipality", "0101")):
        correct(library, "BO", field, text)
    document = shown(library, "BO")
    sealed = {"by": "lone", "reason": None, "until": "2027-05-01", "register": None}
    for field in ("name", "address"):
        entry = document["fields"][field]
        assert (entry["value"], entry["sealed"], entry["override"]) == (None, True, sealed)
    assert document["fields"]["municipality"]["override"]["register"] == "0751"
    told = "\n".join([json.dumps(document, ensure_ascii=False), *record_lines(document)])
    assert "Bo Ny" not in told
    assert "Havnen" not in told
    assert "<skjult>  [rettelse: lone, 20. marts 2027 – 1. maj 2027]" in told


def test_a_correction_closes_the_night_protection_begins(library: Library) -> None:
    correct(library, "ANNA", "name", "Anna Ny")
    assert shown(library, "ANNA")["fields"]["name"]["value"] == "Anna Ny"
    library.deliver(MONDAY, gains_protection(person("ANNA")))
    library.night()
    assert "Anna Ny" not in json.dumps(shown(library, "ANNA"))

"""One record as it may be shown: whose each field is, since when, and what of a protected patron stays closed."""

from __future__ import annotations

import json
from typing import Any

from doubles import AGENCY, MONDAY, TUESDAY, WEDNESDAY, Library
from townspeople import cpr, dies, emigrates, gains_protection, moves, person, renames

from cprsync.domain.policy import Policy
from cprsync.sync.showing import SEALED, patron_document


def shown(library: Library, key: str, policy: Policy | None = None) -> dict[str, Any]:
    document = patron_document(library.view(key), policy or library.policy, agency=AGENCY)
    return dict(json.loads(json.dumps(document)))


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

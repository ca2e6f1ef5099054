"""Where a patron lives: in the library's municipalities, elsewhere, or unknown; and what the net media are told."""

from __future__ import annotations

from dataclasses import replace

import pytest
from people import dies, emigrates, person, unverified
from town import PEOPLE

from cprsync.domain.person.municipality import NOT_A_RESIDENCE, Residence, culr_number_of, municipality_of, residence_of
from cprsync.domain.person.person import SILENT, Person, Status
from cprsync.domain.person.sealed import Address

AARHUS = frozenset({"0751"})
HOME, AWAY, UNKNOWN = Residence.RESIDENT, Residence.NOT_RESIDENT, Residence.UNKNOWN


def living_in(municipality: str, status: Status = Status.RESIDENT) -> Person:
    return replace(person("ANNA"), status=status, address=Address(municipality, "1104", "16B"))


@pytest.mark.parametrize(
    ("key", "residence", "culr"),
    [
        ("ANNA", HOME, "751"),
        ("HELLE", HOME, "751"),
        ("KLAUS", HOME, "751"),
        ("JOHANNE", AWAY, "101"),
        ("LAURA", AWAY, "147"),
        ("OSCAR", AWAY, "411"),
        ("NUKA", AWAY, ""),
        ("MALIK", AWAY, ""),
        ("SKAT", AWAY, ""),
        ("UDREJST", AWAY, ""),
        ("AFDOED", AWAY, ""),
        ("FORSVUNDET", UNKNOWN, None),
        ("ANNULLERET", UNKNOWN, None),
        ("DOBBELT", UNKNOWN, None),
        ("GAMMELNUMMER", UNKNOWN, None),
    ],
)
def test_the_town_lives_where_its_status_and_address_say(key: str, residence: Residence, culr: str | None) -> None:
    """Decision 11: three digits, Christiansø among them; a deliberate empty; or nothing is sent."""
    assert residence_of(person(key), AARHUS) is residence
    assert culr_number_of(person(key)) == culr


def test_the_town_shows_every_status() -> None:
    assert {raw["status"] for raw in PEOPLE.values()} == {status.value for status in Status}


@pytest.mark.parametrize(
    ("status", "residence", "culr"),
    [
        (Status.RESIDENT, HOME, "751"),
        (Status.RESIDENT_ADMINISTRATIVE, HOME, "751"),
        (Status.GREENLAND, AWAY, ""),
        (Status.GREENLAND_ADMINISTRATIVE, AWAY, ""),
        (Status.NO_RESIDENCE, AWAY, ""),
        (Status.ANNULLED, UNKNOWN, None),
        (Status.DUPLICATE, UNKNOWN, None),
        (Status.CHANGED, UNKNOWN, None),
        (Status.DISAPPEARED, UNKNOWN, None),
        (Status.EMIGRATED, AWAY, ""),
        (Status.DEAD, AWAY, ""),
        (SILENT, UNKNOWN, None),
    ],
)
def test_the_status_ends_residence_whatever_the_last_address_says(
    status: Status, residence: Residence, culr: str | None
) -> None:
    kept = living_in("0751", status)
    assert residence_of(kept, AARHUS) is residence
    assert culr_number_of(kept) == culr


@pytest.mark.parametrize("code", sorted(NOT_A_RESIDENCE))
def test_a_code_that_is_no_place_is_unknown_and_never_not_resident(code: str) -> None:
    assert residence_of(living_in(code), AARHUS) is UNKNOWN
    assert culr_number_of(living_in(code)) is None


@pytest.mark.parametrize("code", [f"09{number}" for number in range(55, 62)])
def test_greenland_is_elsewhere_even_for_a_status_that_does_not_say_so(code: str) -> None:
    assert residence_of(living_in(code), AARHUS) is AWAY
    assert culr_number_of(living_in(code)) == ""


def test_of_whom_nothing_is_known_nothing_is_said() -> None:
    for nobody in (unverified("ANNA").register, replace(person("ANNA"), address=SILENT)):
        assert municipality_of(nobody) is None
        assert residence_of(nobody, AARHUS) is UNKNOWN
        assert culr_number_of(nobody) is None


def test_a_library_may_serve_several_municipalities_or_none() -> None:
    assert residence_of(person("JOHANNE"), frozenset({"0101", "0751"})) is HOME
    assert residence_of(person("ANNA"), frozenset()) is AWAY


def test_the_last_known_municipality_is_kept_though_residence_has_ended() -> None:
    for gone in (dies, emigrates):
        kept = replace(gone(person("ANNA")), address=person("ANNA").address)
        assert municipality_of(kept) == "0751"
        assert residence_of(kept, AARHUS) is AWAY

"""An address as lines for a label."""

from __future__ import annotations

import pytest
from people import person, street

from cprsync.domain.person.sealed import Address, Opening, SealedAddress, label_lines


def address(key: str) -> Address:
    at = person(key).address
    if isinstance(at, SealedAddress):
        # no fixed abode is sealed; how its words are laid out is shown all the same
        at = at.open(Opening())
    assert isinstance(at, Address)
    return at


@pytest.mark.parametrize(
    ("key", "lines"),
    [
        ("ANNA", ["Uglesporet 16B, st. th", "8000 Aarhus C"]),
        ("CLARA", ["c/o Vestergaard", "Frøken Elvers Gade 42, 4. mf", "8000 Aarhus C"]),
        ("DAVID", ["Møllegården", "Møllebækslugten 7", "Mejlby", "8530 Hjortshøj"]),
        ("EDITH", ["Rønnebærkrogen 118", "8270 Højbjerg"]),
        ("HENRIK", ["Ovb. Lindegaards Pl. 9, 1. 3", "8230 Åbyhøj"]),
        ("IVAN", ["Frøken Elvers Gade 11, kl. 12", "8000 Aarhus C"]),
        ("NUKA", ["Rypelien B-3412, 2. 204", "3900 Nuuk"]),
        ("KLAUS", ["Midlertidigt ophold"]),
    ],
)
def test_a_label_has_the_lines_in_cprs_order(key: str, lines: list[str]) -> None:
    """c/o, locality, road with house and floor as since 2023, town, postcode and district (CPR, "Bilag - Formater")."""
    assert label_lines(address(key)) == lines


def test_a_floor_without_a_door_ends_in_a_full_stop() -> None:
    assert label_lines(street("AMAGER")) == ["Kulsviergangen 27, kl.", "2300 København S"]


@pytest.mark.parametrize(
    ("parts", "lines"),
    [
        ({"door": "th"}, ["th"]),
        ({"postcode": "8000"}, ["8000"]),
        ({"district": "Aarhus C"}, ["Aarhus C"]),
        ({"house": "4"}, ["4"]),
        ({"building": "3412"}, ["B-3412"]),
        ({"building": "B3412"}, ["B-3412"]),
        ({"building": "B-3412", "road": "Rypelien", "house": "12", "floor": "2"}, ["Rypelien 12, B-3412, 2."]),
        ({"co": "c/o A", "locality": "B", "town": "C", "postcode": "8000"}, ["c/o A", "B", "C", "8000"]),
        ({}, []),
    ],
)
def test_what_is_missing_leaves_no_blank_behind(parts: dict[str, str], lines: list[str]) -> None:
    assert label_lines(Address("0751", "1104", **parts)) == lines  # type: ignore[arg-type]  # all of them are text

"""Canonical forms (decision 1): two sources that write the same thing differently say the same thing."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

from cprsync.domain.municipality_codes import LISTED
from cprsync.domain.person import EMPTY, LINES, SILENT, Abroad, Address, Contact, Gap, Name, Silent

if TYPE_CHECKING:
    from collections.abc import Iterable

#: til højre, til venstre, midtfor
SIDES = frozenset({"th", "tv", "mf"})
#: Of a municipality's code and a street's.
_CODE_DIGITS = 4
_UNSET = "0000"
#: Control, format, unassigned and the like, and the two separators that end a line on a label or in a log.
_BREAKS = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def text_of(raw: str) -> str:
    """Canonical text: NFC, control characters and line separators turned to blanks, ends stripped."""
    if raw.isascii() and raw.isprintable():
        return raw.strip()
    composed = unicodedata.normalize("NFC", raw)
    if not composed.isprintable():
        composed = "".join(" " if unicodedata.category(c) in _BREAKS else c for c in composed)
    return composed.strip()


def code_of(raw: str) -> str:
    """Canonical four-digit code: unset is 0000, as a number without leading zeros or a padded field."""
    return _code(text_of(raw))


def part_of(raw: str) -> str:
    """Canonical house, floor or door: without leading zeros (`016B` is `16B`)."""
    return _part(text_of(raw))


def door_of(raw: str) -> str:
    """Canonical door: th, tv and mf in lower case, any other name of a door as it is."""
    return _door(text_of(raw))


def _code(text: str) -> str:
    return text.zfill(_CODE_DIGITS)


def _part(text: str) -> str:
    return text.lstrip("0")


def _door(text: str) -> str:
    door = text.lstrip("0")
    lower = door.lower()
    return lower if lower in SIDES else door


def lines_of(raw: Iterable[str]) -> tuple[str, str, str, str, str]:
    """Canonical lines: always five, blank ones kept in their place."""
    written = [text_of(line) for line in raw]
    if not any(written):
        return _BLANK
    one, two, three, four, five = (written + [""] * LINES)[:LINES]
    return one, two, three, four, five


#: Most people have no such lines.
_BLANK = ("", "", "", "", "")


def name_of(addressing: str, first: str, middle: str, last: str) -> Name | Gap:
    """Canonical name; a blank addressing name is a child not yet named."""
    name = Name(*_texts_of((addressing, first, middle, last)))
    return name if name.addressing else EMPTY


def _texts_of(raw: Iterable[str]) -> list[str]:
    """The canonical texts: looked at together, since nearly all only need their ends stripped."""
    texts = [text.strip() for text in raw]
    together = "".join(texts)
    # of a composed text every part is composed
    plain = together.isprintable() and unicodedata.is_normalized("NFC", together)
    return texts if plain else list(map(text_of, texts))


def address_of(  # noqa: PLR0913 -- one parameter for each part of the record
    *,
    municipality: str,
    street_code: str,
    house: str = "",
    building: str = "",
    floor: str = "",
    door: str = "",
    co: str = "",
    locality: str = "",
    town: str = "",
    postcode: str = "",
    district: str = "",
    road: str = "",
    supplementary: Iterable[str] = (),
) -> Address | Silent:
    """Canonical address, or silent when it is too little to be one.

    It counts when it has a municipality that there is, a street code, and a house or a building on a road with a
    name; an administrative street code needs neither. Raises ValueError if a code is no number, or one of more than
    four digits.
    """
    raw = (municipality, street_code, house, building, floor, door, co, locality, town, postcode, district, road)
    municipality, street_code, house, building, floor, door, *words = _texts_of(raw)
    co, locality, town, postcode, district, road = words
    address = Address(
        municipality=_code(municipality),
        street_code=_code(street_code),
        house=_part(house),
        building=_part(building),
        floor=_part(floor).lower(),
        door=_door(door),
        co=co,
        locality=locality,
        town=town,
        postcode=_postcode(postcode),
        district=district,
        road=road,
        supplementary=lines_of(supplementary),
    )
    codes = address.municipality + address.street_code + address.postcode
    if not (codes.isascii() and codes.isdigit()):
        raise ValueError("not an address: a code is not a number")
    if len(address.municipality) > _CODE_DIGITS or len(address.street_code) > _CODE_DIGITS:
        raise ValueError("not an address: a code has more than four digits")
    # a house without its road is what is left of an address: written, it would take the road of the last one away
    located = address.is_administrative or (address.road and (address.house or address.building))
    if address.municipality == _UNSET or address.municipality not in LISTED or address.street_code == _UNSET:
        return SILENT
    return address if located else SILENT


def abroad_of(country: str, lines: Iterable[str]) -> Abroad:
    """Canonical foreign address."""
    return Abroad(code_of(country), lines_of(lines))


def contact_of(lines: Iterable[str]) -> Contact | Gap:
    """Canonical contact address; five blank lines are none."""
    contact = Contact(lines_of(lines))
    return contact if any(contact.lines) else EMPTY


def _postcode(digits: str) -> str:
    # 0000 and blank both mean "no postcode": an unset number in the file, an absent element in SOAP.
    return "" if digits.strip("0") == "" else digits.zfill(4)

"""Canonical forms (decision 1): the same value gets the same form, however a source writes it."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

from cprsync.domain.person.municipality import LISTED
from cprsync.domain.person.person import EMPTY, LINES, SILENT, Abroad, Contact, Gap, Silent
from cprsync.domain.person.sealed import Address, Name

if TYPE_CHECKING:
    from collections.abc import Iterable

#: til højre, til venstre, midtfor
SIDES = frozenset({"th", "tv", "mf"})
#: The length of a municipality code and of a street code.
_CODE_DIGITS = 4
_UNSET = "0000"
#: Categories of control, format and unassigned characters and the like, and the two line separators.
_BREAKS = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


#: The characters of windows-1252 for the bytes 0x80-0x9F. Five of these bytes have none.
_1252 = "€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ"
#: What a name or an address of the register never has. Either it is a control character of ISO-8859-1, or a letter that
#: could not be decoded. Or it is UTF-8 that was read as ISO-8859-1 or windows-1252. In the last case `Prøve` becomes
#: `PrÃ¸ve`. CPR uses only the letters of ISO-8859-1. In UTF-8 their first byte reads as Â or Ã, and their second is
#: from 0x80 to 0xBF. Â and Ã before a letter, as in `São`, are no such pair. `â€` is a misread dash or quotation mark,
#: and `ï¿½` a lost letter.
_MISREAD = re.compile(f"[\x80-\x9f\ufffd]|[ÂÃ][\x80-\xbf{_1252}]|â€|ï¿½")


class Misread(Exception):
    """A name or an address was read in another encoding than it was written in. The error holds none of the text."""


def text_of(raw: str) -> str:
    """Canonical text: NFC, control characters and line separators replaced by blanks, both ends stripped."""
    if raw.isascii() and raw.isprintable():
        return raw.strip()
    composed = unicodedata.normalize("NFC", raw)
    if not composed.isprintable():
        composed = "".join(" " if unicodedata.category(c) in _BREAKS else c for c in composed)
    return composed.strip()


def code_of(raw: str) -> str:
    """Canonical four-digit code. Missing leading zeros are added, so that unset is 0000."""
    return _code(text_of(raw))


def part_of(raw: str) -> str:
    """Canonical house, floor or door: without leading zeros (`016B` becomes `16B`)."""
    return _part(text_of(raw))


def door_of(raw: str) -> str:
    """Canonical door: th, tv and mf in lower case, any other door as it is."""
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
    """Canonical lines: always five, with blank lines in their place. Raises Misread."""
    read = list(raw)
    _raise_if_misread(" ".join(read))
    written = [text_of(line) for line in read]
    if not any(written):
        return _BLANK
    one, two, three, four, five = (written + [""] * LINES)[:LINES]
    return one, two, three, four, five


#: Most people have no such lines.
_BLANK = ("", "", "", "", "")


#: The most characters of the addressing name, and of first, middle and last name: the widths of record 008. The
#: contract of the look-up has no limit, and the two sources have to give the same name.
_NAME_WIDTHS = (34, 50, 40, 40)


def name_of(addressing: str, first: str, middle: str, last: str) -> Name | Gap:
    """Canonical name. A blank addressing name means a child without a name yet. Raises Misread."""
    texts = zip(_texts_of((addressing, first, middle, last)), _NAME_WIDTHS, strict=True)
    name = Name(*(text[:width].rstrip() for text, width in texts))
    return name if name.addressing else EMPTY


def _texts_of(raw: Iterable[str]) -> list[str]:
    """The canonical texts. They are checked together for speed: most only need their ends stripped."""
    read = list(raw)
    # Joined with blanks, so that two texts form no pair. Not yet stripped: stripping may remove the second byte of `Ã`.
    together = " ".join(read)
    _raise_if_misread(together)
    texts = [text.strip() for text in read]
    # if the joined text is in NFC, so is every part
    plain = together.isprintable() and unicodedata.is_normalized("NFC", together)
    return texts if plain else list(map(text_of, texts))


def _raise_if_misread(text: str) -> None:
    if not text.isascii() and _MISREAD.search(text):
        raise Misread


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
    """Canonical address, or silent if the parts are too few for an address.

    An address needs an existing municipality, a street code, a road name, and a house or a building. With an
    administrative street code it needs no road, house or building.

    Raises:
        ValueError: a code is not a number, or has more than four digits.
        Misread: a part was read in another encoding than it was written in.
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
    # A house without a road is only a part of an address. Writing it would remove the road of the last address.
    located = address.is_administrative or (address.road and (address.house or address.building))
    if address.municipality == _UNSET or address.municipality not in LISTED or address.street_code == _UNSET:
        return SILENT
    return address if located else SILENT


def abroad_of(country: str, lines: Iterable[str]) -> Abroad | Silent:
    """Canonical foreign address, or silent without a country and any line. Raises Misread."""
    abroad = Abroad(code_of(country), lines_of(lines))
    return SILENT if abroad.country == _UNSET and not any(abroad.lines) else abroad


def contact_of(lines: Iterable[str]) -> Contact | Gap:
    """Canonical contact address. Five blank lines mean that there is none. Raises Misread."""
    contact = Contact(lines_of(lines))
    return contact if any(contact.lines) else EMPTY


def _postcode(digits: str) -> str:
    # 0000 and blank both mean "no postcode": an unset number in the file, an absent element in SOAP.
    return "" if digits.strip("0") == "" else digits.zfill(4)

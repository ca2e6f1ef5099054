"""Whether another system writes the same name or the same address as the register.

Systems write differently without meaning anything else: capital letters, blanks, hyphens, `Aa` for `Å`, initials of
middle names, abbreviated roads, `2. sal` for `2.`, leading zeros. None of this is a difference. A missing floor is one.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cprsync.domain.person.sealed import Address, Name

#: CPR cuts an addressing name off at this length, and other systems cut names off near it.
_CUT_OFF: Final = 30
#: Abbreviations that are written without a full stop too.
_SHORT: Final = {
    "boul": "boulevard",
    "chr": "christian",
    "dr": "doktor",
    "gl": "gammel",
    "gml": "gammel",
    "kgs": "kongens",
    "ll": "lille",
    "ndr": "nordre",
    "nr": "nørre",
    "pl": "plads",
    "sct": "sankt",
    "sdr": "søndre",
    "skt": "sankt",
    "st": "store",
    "vestr": "vestre",
}
#: How floors and sides are written out, and words that add nothing.
_HOME: Final = {"stuen": "st", "stue": "st", "kælder": "kl", "kld": "kl", "midt": "mf"}
_NOTHING: Final = frozenset({"sal", "etage", "dør"})
#: What may stand before a number and adds nothing: `nr.`, and the `B-` of a building in Greenland.
_NUMBER_SIGN: Final = re.compile(r"\b(?:nr\.?|b-)\s*\Z")
_WORD: Final = re.compile(r"[^\W_]+\.?")
#: The parts of a house, a floor or a door: `16B` and `16 B` are one, `2th` is two.
_PART: Final = re.compile(r"0*([0-9]+)\s*([a-zæøå](?![^\W_]))?|([^\W\d_]+)")
_NUMBER: Final = re.compile(r"(?<![^\W_])[0-9]")


def is_same_name(name: Name, text: str) -> bool:
    """True if the text is the name, as the register shortens it or in full. `Hansen, Anna` is `Anna Hansen`."""
    last, comma, first = text.partition(",")
    theirs = _words(f"{first} {last}" if comma else text)
    full = f"{name.first} {name.middle} {name.last}"
    forms = [words for words in (_words(name.addressing), _words(full), _words(f"{name.first} {name.last}")) if words]
    if any(_are_names_alike(ours, theirs) for ours in forms):
        return True
    joined = "".join(theirs)
    return len(text.strip()) >= _CUT_OFF and any("".join(ours).startswith(joined) for ours in forms)


def is_same_address(address: Address, *, street: str, postcode: str, city: str) -> bool:
    """True if road, house, floor, door and postcode are the same. `""`: the other system does not say it.

    The city counts only where there is no postcode. A c/o name does not count: staff type theirs into the same field.
    """
    if address.postcode and postcode.strip():
        if address.postcode != postcode.strip():
            return False
    elif address.district and city.strip() and _words(address.district) != _words(city):
        return False
    road = _WORD.findall(_fold(address.road))
    home = _parts(" ".join((address.house or address.building.removeprefix("B"), address.floor, address.door)))
    written = _fold(street)
    # a road may have a number in its name: each number may begin the house
    begins = [found.start() for found in _NUMBER.finditer(written) if found.start()] or [len(written)]
    return any(
        _is_same_road(road, _WORD.findall(_NUMBER_SIGN.sub("", written[:begin]))) and home == _parts(written[begin:])
        for begin in begins
    )


def is_same_city(ours: str, theirs: str) -> bool:
    """True if the two name one city, or one of them names none. `Aarhus` is `Århus C`."""
    one, other = _words(ours), _words(theirs)
    shorter = min(len(one), len(other))
    return one[:shorter] == other[:shorter]


def _fold(text: str) -> str:
    return text.casefold().replace("aa", "å")


def _words(text: str) -> list[str]:
    return [word.removesuffix(".") for word in _WORD.findall(_fold(text))]


def _are_names_alike(ours: Sequence[str], theirs: Sequence[str]) -> bool:
    """Word by word. Any word but the last may be an initial."""
    if len(ours) != len(theirs) or ours[-1] != theirs[-1]:
        return False
    return all(
        one == other or (1 in {len(one), len(other)} and one[0] == other[0])
        for one, other in zip(ours[:-1], theirs[:-1], strict=True)
    )


def _is_same_road(ours: Sequence[str], theirs: Sequence[str]) -> bool:
    """Word by word with abbreviations, or all together, as `H.C. Andersens Vej` and `HC Andersensvej`."""
    if len(ours) == len(theirs) and all(map(_is_same_word, ours, theirs)):
        return True
    return _together(ours) == _together(theirs) != ""


def _together(words: Sequence[str]) -> str:
    return "".join(_long(word) for word in words)


def _long(word: str) -> str:
    bare = word.removesuffix(".")
    return _SHORT.get(bare, bare)


def _is_same_word(one: str, other: str) -> bool:
    if _long(one) == _long(other):
        return True
    return _abbreviates(one, other) or _abbreviates(other, one)


def _abbreviates(short: str, word: str) -> bool:
    """True for `ovb.` and `overbibliotekar`: the same first letter, and the other letters in their order."""
    letters = iter(word.removesuffix("."))
    return short.endswith(".") and short[0] == word[0] and all(letter in letters for letter in short.removesuffix("."))


def _parts(text: str) -> list[str]:
    """House, floor and door as words, without what adds nothing."""
    found = [(number + (letter or "")) or word for number, letter, word in _PART.findall(_fold(text))]
    return [_HOME.get(part, part) for part in found if part not in _NOTHING]

"""Turns what staff type into the local fields (`Local`), or refuses it.

An empty text empties the field. No message quotes the typed text.
"""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING, Any, Final

from cprsync.domain.patron.lists import LONGEST, TypedBlock
from cprsync.domain.patron.local import Absence, Email, Local, Telephone, distinct_cards
from cprsync.domain.patron.override import TEXT_MAX
from cprsync.domain.person.canonical import text_of
from cprsync.domain.person.person import LINES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

BRANCH_MAX: Final = 64
NOTE_MAX: Final = 2000
EMAIL_MAX: Final = 254
#: The longest card number.
CARD_MAX: Final = 254
#: The longest line of a block, with its day.
BLOCK_MAX: Final = 200
_CO: Final = "c/o"
_LANGUAGE: Final = re.compile(r"[a-z]{2,3}", re.ASCII)
_TELEPHONE: Final = re.compile(r"\+?[0-9]{4,15}", re.ASCII)
_EMAIL: Final = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_DAY: Final = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
#: A day in any other form is not accepted as part of the reason.
_BLOCK: Final = re.compile(rf"(?:(?P<day>{_DAY})\s+)?(?P<reason>(?![0-9]+[-./][0-9])\S.*)", re.ASCII)
_PIN: Final = re.compile(r"[0-9]{4,12}", re.ASCII)
#: Between the two days: the words or signs that people write there, or another system's.
_ABSENCE: Final = re.compile(
    rf"(?:(?:fra|from)\s+)?({_DAY})(?:(?:\s*[/|–]\s*|\s+-\s+|\s+(?:til|to)\s+|\s+)({_DAY}))?", re.ASCII | re.IGNORECASE
)


def _lines(text: str) -> list[str]:
    lines = [text_of(line) for line in text.splitlines()]
    return [line for line in lines if line]


def _one_line(text: str, longest: int) -> str:
    lines = _lines(text)
    if len(lines) > 1 or any(len(line) > longest for line in lines):
        raise ValueError(f"expected one line of at most {longest} characters")
    return lines[0] if lines else ""


def _branch(text: str) -> dict[str, Any]:
    return {"branch": _one_line(text, BRANCH_MAX)}


def _language(text: str) -> dict[str, Any]:
    code = _one_line(text, BRANCH_MAX) or Local().language
    if not _LANGUAGE.fullmatch(code):
        raise ValueError("expected a language code such as da or en")
    return {"language": code}


def _cards(text: str) -> dict[str, Any]:
    """One card a line. The store keeps their PINs."""
    cards = distinct_cards(_lines(text))
    if len(cards) > LONGEST["cards"] or any(len(card.number) > CARD_MAX for card in cards):
        raise ValueError(f"expected up to {LONGEST['cards']} cards, one a line, each of at most {CARD_MAX} characters")
    return {"cards": cards}


def _contact_address(text: str) -> dict[str, Any]:
    lines = _lines(text)
    co = lines.pop(0) if lines and lines[0].lower().startswith(_CO) else ""
    if len(lines) > LINES or any(len(line) > TEXT_MAX for line in (co, *lines)):
        raise ValueError(f"expected a line c/o and up to {LINES} more, of at most {TEXT_MAX} characters")
    return {"contact_co": co, "contact_lines": tuple(lines)}


def _contacts(text: str) -> list[tuple[str, bool]]:
    """One entry a line, with a star before the one that gets notices. Without a star, no entry gets them.

    Libraries explain Mobil (notif) and E-mail (notif) as fields of their own. Staff use any other telephone or address
    to call or write. This is so even if it is the only one.
    """
    lines = _lines(text)
    if len(lines) > LONGEST["telephones"] or sum(line.startswith("*") for line in lines) > 1:
        raise ValueError(f"expected up to {LONGEST['telephones']}, one a line, and a * before one of them at most")
    return [(line.removeprefix("*").strip(), line.startswith("*")) for line in lines]


def _telephones(text: str) -> dict[str, Any]:
    typed = [("".join(number.split()), notices) for number, notices in _contacts(text)]
    if not all(_TELEPHONE.fullmatch(number) for number, _ in typed):
        raise ValueError("expected telephone numbers: digits, with a + before a foreign one")
    return {"telephones": tuple(Telephone(number, notices) for number, notices in typed)}


def _emails(text: str) -> dict[str, Any]:
    typed = _contacts(text)
    if not all(_EMAIL.fullmatch(address) and len(address) <= EMAIL_MAX for address, _ in typed):
        raise ValueError("expected e-mail addresses: name@place")
    return {"emails": tuple(Email(address, notices) for address, notices in typed)}


def _note(text: str) -> str:
    note = "\n".join(text_of(line) for line in text.strip().splitlines())
    if len(note) > NOTE_MAX:
        raise ValueError(f"longer than {NOTE_MAX} characters")
    return note


def _internal_note(text: str) -> dict[str, Any]:
    return {"internal_note": _note(text)}


def _note_to_patron(text: str) -> dict[str, Any]:
    return {"note_to_patron": _note(text)}


def _pin(text: str) -> dict[str, Any]:
    pin = text.strip()
    if pin and not _PIN.fullmatch(pin):
        raise ValueError("expected a PIN of 4 to 12 digits")
    return {"pin": pin}


def _blocks(text: str) -> dict[str, Any]:
    """One block a line: its reason, and before that its first day, if that is not today."""
    lines = _lines(text)
    if len(lines) > LONGEST["blocks"] or any(len(line) > BLOCK_MAX for line in lines):
        raise ValueError(f"expected up to {LONGEST['blocks']} blocks, one a line of at most {BLOCK_MAX} characters")
    found = [match for line in lines if (match := _BLOCK.fullmatch(line)) is not None]
    if len(found) != len(lines):
        raise ValueError("expected on each line why, after the day it began if that is not today: YYYY-MM-DD")
    try:
        return {"blocks": tuple(_block(one["reason"], one["day"]) for one in found)}
    except ValueError:
        raise ValueError("there is no such day") from None


def _block(reason: str, day: str | None) -> TypedBlock:
    return TypedBlock(reason, None if day is None else date.fromisoformat(day))


def _absence(text: str) -> dict[str, Any]:
    if not text.strip():
        return {"absence": None}
    days = _ABSENCE.fullmatch(text.strip())
    if days is None:
        raise ValueError("expected the first day and the last, as 2027-04-10 til 2027-04-20, or the first alone")
    try:
        since, until = (None if day is None else date.fromisoformat(day) for day in days.groups())
    except ValueError:
        raise ValueError("there is no such day") from None
    if since is None or (until is not None and until < since):
        raise ValueError("the last day comes before the first")
    return {"absence": Absence(since, until)}


#: What reads each field, by the name of the field, in the order of the help text.
LOCAL_FIELDS: Final[Mapping[str, Callable[[str], dict[str, Any]]]] = {
    "branch": _branch,
    "language": _language,
    "cards": _cards,
    "contact_address": _contact_address,
    "telephones": _telephones,
    "emails": _emails,
    "internal_note": _internal_note,
    "note_to_patron": _note_to_patron,
    "absence": _absence,
    "blocks": _blocks,
    "pin": _pin,
}

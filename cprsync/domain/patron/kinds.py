"""The kinds of values that a field may have: how staff type one, how it is shown, and what it becomes beside another.

A field of plain text needs none of its own: see `line_of` and `note_of`. An empty text empties a field. No message
quotes the typed text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from cprsync.domain.patron.local import (
    BLOCKS_MOST,
    CARDS_MOST,
    CONTACTS_MOST,
    Absence,
    Block,
    Card,
    Email,
    ListChange,
    Local,
    Telephone,
    TypedBlock,
    card_key,
    change_blocks,
    change_cards,
    change_contacts,
    check_new_telephones,
    distinct_cards,
    keep_mark,
)
from cprsync.domain.patron.override import GROUP_MAX, TEXT_MAX, typed_lines
from cprsync.domain.person.canonical import text_of
from cprsync.domain.person.days import TYPED_DAY, day_of
from cprsync.domain.person.number import holds_number, is_mask
from cprsync.domain.person.person import LINES
from cprsync.errors import WrongValue

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import date

#: The longest text of one line, and of a note, unless the field says another. See `line_of` and `note_of`.
LINE_MAX: Final = 64
NOTE_MAX: Final = 2000
#: A longer line is read of no field, unless the field says so.
CELL_MAX: Final = 254
EMAIL_MAX: Final = 254
#: The longest card number.
CARD_MAX: Final = 254
#: The longest line of a block, with its day.
BLOCK_MAX: Final = 200
#: Why a free text is refused.
HOLDS_NUMBER: Final = "it holds what looks like a CPR number: leave it out"
_CO: Final = "c/o"
_LANGUAGE: Final = re.compile(r"[a-z]{2,3}", re.ASCII)
_TELEPHONE: Final = re.compile(r"\+?[0-9]{4,15}", re.ASCII)
#: What people write between the digits. A slash stands between two numbers.
_BETWEEN_DIGITS: Final = re.compile(r"[\s.()\-\u2010-\u2013]+")
_EMAIL: Final = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
#: A day in any other form is not accepted as part of the reason.
_BLOCK: Final = re.compile(rf"(?:(?P<day>{TYPED_DAY})\s+)?(?P<reason>(?![0-9]+[-./][0-9])\S.*)", re.ASCII)
_PIN: Final = re.compile(r"[0-9]{4,12}", re.ASCII)
#: Between the two days: the words or signs that people write there, or another system's.
_ABSENCE: Final = re.compile(
    rf"(?:(?:fra|from)\s+)?(?P<since>{TYPED_DAY})(?:(?:\s*[/|–]\s*|\s+-\s+|\s+(?:til|to)\s+|\s+)(?P<until>{TYPED_DAY}))?",
    re.ASCII | re.IGNORECASE,
)


def _parse_line(text: str, longest: int = LINE_MAX) -> str:
    lines = typed_lines(text)
    if len(lines) > 1 or any(len(line) > longest for line in lines):
        raise WrongValue("expected one line of at most {most} characters", most=longest)
    return lines[0] if lines else ""


def _parse_language(text: str) -> str:
    code = _parse_line(text) or Local().language
    if not _LANGUAGE.fullmatch(code):
        raise WrongValue("expected a language code such as da or en")
    return code


def _parse_cards(text: str) -> tuple[Card, ...]:
    """One card a line. The store keeps their PINs."""
    cards = distinct_cards(typed_lines(text))
    if len(cards) > CARDS_MOST or any(len(card.number) > CARD_MAX for card in cards):
        raise WrongValue(
            "expected up to {most}, one a line, each of at most {length} characters",
            most=CARDS_MOST,
            length=CARD_MAX,
        )
    if any(is_mask(card.number) for card in cards):
        raise WrongValue("a hidden CPR number is no card: scan the card")
    return cards


def is_co(line: str) -> bool:
    """Whether a line of an address is its c/o line."""
    return line.lower().startswith(_CO)


def _parse_contact_address(text: str) -> tuple[str, ...]:
    lines = typed_lines(text)
    most = LINES + (1 if lines and is_co(lines[0]) else 0)
    if len(lines) > most or any(len(line) > TEXT_MAX for line in lines):
        raise WrongValue(
            "expected a line c/o and up to {lines} more, of at most {most} characters", lines=LINES, most=TEXT_MAX
        )
    return tuple(lines)


def _parse_contacts(text: str) -> list[tuple[str, bool]]:
    """One entry a line, with a star before the one that gets notices. Without a star, no entry gets them.

    Libraries explain Mobil (notif) and E-mail (notif) as fields of their own. Staff use any other telephone or address
    to call or write. This is so even if it is the only one.
    """
    lines = typed_lines(text)
    if len(lines) > CONTACTS_MOST or sum(line.startswith("*") for line in lines) > 1:
        raise WrongValue("expected up to {most}, one a line, and a * before one of them at most", most=CONTACTS_MOST)
    return [(line.removeprefix("*").strip(), line.startswith("*")) for line in lines]


def _parse_telephones(text: str) -> tuple[Telephone, ...]:
    typed = [(_BETWEEN_DIGITS.sub("", number), notices) for number, notices in _parse_contacts(text)]
    if not all(_TELEPHONE.fullmatch(number) for number, _ in typed):
        raise WrongValue("expected digits alone, with a + before a foreign one")
    return tuple(Telephone(number, notices) for number, notices in typed)


def _parse_emails(text: str) -> tuple[Email, ...]:
    typed = _parse_contacts(text)
    if not all(_EMAIL.fullmatch(address) and len(address) <= EMAIL_MAX for address, _ in typed):
        raise WrongValue("expected name@place")
    return tuple(Email(address, notices) for address, notices in typed)


def _parse_note(text: str, longest: int) -> str:
    note = "\n".join(text_of(line) for line in text.strip().splitlines())
    if len(note) > longest:
        raise WrongValue("longer than {most} characters", most=longest)
    return note


def _parse_pin(text: str) -> str:
    pin = text.strip()
    if pin and not _PIN.fullmatch(pin):
        raise WrongValue("expected 4 to 12 digits")
    if pin and _is_guessed_first(pin):
        raise WrongValue("that PIN is guessed first: choose one that is neither one digit repeated nor digits in order")
    return pin


def _is_guessed_first(pin: str) -> bool:
    """Whether a PIN is one digit again and again, or digits in order, such as 0000, 1234, 4321 and 7890."""
    steps = {(int(after) - int(before)) % 10 for before, after in pairwise(pin)}
    return len(steps) == 1 and steps <= {0, 1, 9}


def _parse_blocks(text: str) -> tuple[TypedBlock, ...]:
    """One block a line: its reason, and before that its first day, if that is not today."""
    lines = typed_lines(text)
    if len(lines) > BLOCKS_MOST or any(len(line) > BLOCK_MAX for line in lines):
        raise WrongValue(
            "expected up to {most}, one a line of at most {length} characters",
            most=BLOCKS_MOST,
            length=BLOCK_MAX,
        )
    found = [match for line in lines if (match := _BLOCK.fullmatch(line)) is not None]
    if len(found) != len(lines):
        raise WrongValue("expected on each line why, after the day it began if that is not today: 2027-04-10")
    try:
        return tuple(_parse_block(one["reason"], one["day"]) for one in found)
    except ValueError:
        raise WrongValue("there is no such day") from None


def _parse_block(reason: str, day: str | None) -> TypedBlock:
    return TypedBlock(reason, None if day is None else day_of(day))


def _parse_absence(text: str) -> Absence | None:
    if not text.strip():
        return None
    days = _ABSENCE.fullmatch(text.strip())
    if days is None:
        raise WrongValue("expected the first day and the last, as 2027-04-10 til 2027-04-20, or the first alone")
    try:
        since, until = (None if days[name] is None else day_of(days[name]) for name in ("since", "until"))
    except ValueError:
        raise WrongValue("there is no such day") from None
    if since is None or (until is not None and until < since):
        raise WrongValue("the last day comes before the first")
    return Absence(since, until)


def _keep_first(keeps: Any, _: Any) -> Any:
    return keeps


def _keep_or_take(keeps: Any, closes: Any) -> Any:
    return keeps or closes


def _join_lists(keeps: tuple[Any, ...], closes: tuple[Any, ...]) -> tuple[Any, ...]:
    return (*keeps, *(one for one in closes if one not in keeps))


def _join_texts(keeps: str, closes: str) -> str:
    return keeps if closes in {"", keeps} else "\n".join(filter(None, (keeps, closes)))


def _take_if_given(held: Any, given: Any) -> Any:
    return given or held


def _keep_marks(held: tuple[Any, ...], given: tuple[Any, ...]) -> tuple[Any, ...]:
    return keep_mark(held, given) if given else held


def _add_cards(held: tuple[Card, ...], given: tuple[Card, ...]) -> tuple[Card, ...]:
    cards = {card_key(card.number): card for card in held}
    # a known card keeps its PIN unless the import gives a new one
    cards |= {key: card for card in given if (key := card_key(card.number)) not in cards or card.pin_hash}
    return tuple(cards.values())


def _add_blocks(held: tuple[Block, ...], given: tuple[Block, ...]) -> tuple[Block, ...]:
    return (*held, *(block for block in given if not _is_listed(held, block)))


def _is_listed(held: tuple[Block, ...], given: Block) -> bool:
    """Whether the list repeats a stored block: it is in force, or was lifted and began on the same day."""
    return any(block.reason == given.reason and (block.lifted is None or block.since == given.since) for block in held)


def shown_block(block: Block) -> dict[str, str]:
    """A block as JSON shows it."""
    document = {"since": block.since.isoformat(), "reason": block.reason}
    return document if block.lifted is None else document | {"lifted": block.lifted.isoformat()}


def _absence_document(absence: Absence | None) -> list[str | None] | None:
    if absence is None:
        return None
    return [absence.since.isoformat(), None if absence.until is None else absence.until.isoformat()]


#: Values of targets in JSON Schema: a text, several, a day.
TEXT: Final[Mapping[str, Any]] = {"type": "string"}
TEXTS: Final[Mapping[str, Any]] = {"type": "array", "items": TEXT}
DAY: Final[Mapping[str, Any]] = {"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"}
#: What a list becomes: the stored entries, the typed ones, what to do with them, and the day.
_Change: TypeAlias = "Callable[[tuple[Any, ...], tuple[Any, ...], ListChange, date], tuple[Any, ...]]"


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldKind:
    """What holds for all values of a kind. The defaults are those of a plain text."""

    #: what the store writes and reads back
    type: Any = str
    empty: Any = ""
    #: the value of what staff type; raises ValueError
    typed: Callable[[str], Any] = _parse_line
    #: as JSON shows the value; True: the patron is sealed
    shown: Callable[[Any, bool], Any] = lambda value, _: value
    #: as a target gets the value on a day, and its JSON Schema
    told: Callable[[Any, date], Any] = lambda value, _: value
    schema: Mapping[str, Any] = field(default_factory=lambda: TEXT)
    #: in a merge of two patrons: what the one who stays gets
    merged: Callable[[Any, Any], Any] = _keep_or_take
    #: what a stored value becomes if an import gives another one; an empty one changes nothing
    imported: Callable[[Any, Any], Any] = _take_if_given
    #: for a list: what staff may add to, remove from, or replace
    change: _Change | None = None
    #: typed on several lines
    lines: bool = False
    #: a cell of an import may hold several values or lines, separated by a bar
    several: bool = False
    #: what joins the values of several columns; None: a field has one column
    joined_by: str | None = None
    #: the longest text that is read at all: a line in a cell of an import, a text in the API
    cell_max: int = CELL_MAX
    #: why a row with an unreadable cell is refused
    unfit: str = "cell"
    #: one value may be marked for notices, with a star
    notices: bool = False
    #: a form takes one value, from a scanner
    scanned: bool = False
    #: anybody may write anything there, and it is shown and printed as it is: no CPR number may stand in it
    free_text: bool = True
    #: the prompt hides what is typed
    hidden: bool = False
    #: two days, each typed in a place of its own
    is_period: bool = False
    #: an entry that is removed is lifted: it stays for a while, and says so
    is_lifted: bool = False
    #: an entry of a protected patron may be shown in part, so that it cannot be typed again from what is shown
    is_masked: bool = False
    #: what is asked of an entry that staff type anew, and not of one that came with a list; raises ValueError
    check_new: Callable[[Any], None] = lambda _: None
    #: the type of its input on a page
    input: str = "text"
    #: an example for the prompt
    form: str = ""
    #: what the help of `patron set` says beside it
    help: str = ""

    def refuse_number(self, text: str) -> None:
        """Refuse a CPR number in a free text. Raises WrongValue, which does not quote it."""
        if self.free_text and holds_number(text):
            raise WrongValue(HOLDS_NUMBER)

    @property
    def is_list(self) -> bool:
        """Whether a value has entries: staff add and remove them, and each counts alone when records are parted."""
        return self.change is not None


def line_of(longest: int) -> FieldKind:
    """One line of text, of at most so many characters."""
    return FieldKind(typed=partial(_parse_line, longest=longest), cell_max=max(longest, CELL_MAX))


def note_of(longest: int) -> FieldKind:
    """Several lines of text, of at most so many characters together. A merge keeps both texts."""
    typed = partial(_parse_note, longest=longest)
    return FieldKind(typed=typed, merged=_join_texts, lines=True, joined_by="\n", cell_max=longest)


LINE: Final = line_of(LINE_MAX)
#: One of the library's branches, if its policy names them.
BRANCH: Final = replace(LINE)
#: A text that the staying patron keeps in a merge, even if it is the default.
GROUP: Final = replace(line_of(GROUP_MAX), merged=_keep_first)
LANGUAGE: Final = FieldKind(
    typed=_parse_language, merged=_keep_first, unfit="language", help="letters go out in da and en"
)
NOTE: Final = note_of(NOTE_MAX)
PIN: Final = FieldKind(typed=_parse_pin, hidden=True, free_text=False)
#: The number of a person.
NUMBER: Final = FieldKind(free_text=False)
#: Of the register's own fields, only how a list brings them: `override` reads what staff type.
NAME: Final = FieldKind(joined_by=" ")
ADDRESS: Final = FieldKind(lines=True, several=True, joined_by="\n")
CONTACT_ADDRESS: Final = FieldKind(
    type=tuple[str, ...],
    empty=(),
    typed=_parse_contact_address,
    shown=lambda lines, _: [*lines],
    told=lambda lines, _: [*lines],
    schema=TEXTS,
    lines=True,
    several=True,
    joined_by="\n",
    unfit="contact_address",
)
ABSENCE: Final = FieldKind(
    type=Absence | None,
    empty=None,
    typed=_parse_absence,
    shown=lambda absence, _: _absence_document(absence),
    told=lambda absence, _: _absence_document(absence),
    schema={"type": "array", "items": {"anyOf": [DAY, {"type": "null"}]}},
    merged=_keep_first,
    joined_by=" ",
    unfit="absence",
    is_period=True,
    form="10.04.2027 til 20.04.2027",
    help="2027-04-10 til 2027-04-20, or the first day alone",
)
_LIST: Final = FieldKind(
    empty=(), merged=_join_lists, lines=True, several=True, joined_by="\n", free_text=False, schema=TEXTS
)
_CONTACTS: Final = replace(_LIST, imported=_keep_marks, change=change_contacts, notices=True)
CARDS: Final = replace(
    _LIST,
    type=tuple[Card, ...],
    typed=_parse_cards,
    shown=lambda cards, shut: [card.shown(shut=shut) for card in cards],
    told=lambda cards, _: [card.number for card in cards],
    imported=_add_cards,
    change=change_cards,
    scanned=True,
    is_masked=True,
)
TELEPHONES: Final = replace(
    _CONTACTS,
    type=tuple[Telephone, ...],
    typed=_parse_telephones,
    shown=lambda telephones, _: [one.number for one in telephones],
    told=lambda telephones, _: [one.number for one in telephones],
    unfit="telephones",
    check_new=check_new_telephones,
    input="tel",
)
EMAILS: Final = replace(
    _CONTACTS,
    type=tuple[Email, ...],
    typed=_parse_emails,
    shown=lambda emails, _: [one.address for one in emails],
    told=lambda emails, _: [one.address for one in emails],
    unfit="emails",
)
BLOCKS: Final = FieldKind(
    type=tuple[Block, ...],
    empty=(),
    typed=_parse_blocks,
    shown=lambda blocks, _: [shown_block(block) for block in blocks],
    told=lambda blocks, on: [shown_block(replace(block, lifted=None)) for block in blocks if block.holds_on(on)],
    schema={
        "type": "array",
        "items": {
            "type": "object",
            "properties": {"since": DAY, "reason": TEXT},
            "required": ["reason", "since"],
            "additionalProperties": False,
        },
    },
    merged=_join_lists,
    imported=_add_blocks,
    change=change_blocks,
    lines=True,
    is_lifted=True,
    form="10.04.2027 Mistet kort",
    help="the reason, and before it the day it began if that is not today",
)

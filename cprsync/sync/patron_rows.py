"""One row of a list of patrons: text becomes a patron to create or update, or is refused by field. Knows no store."""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING, Any, Final

from cprsync.domain.number import CprNumber
from cprsync.domain.record import Block, Card, Local
from cprsync.domain.typed import BLOCK_MAX, LOCAL_FIELDS, NOTE_MAX
from cprsync.sync.refused import Refused
from cprsync.sync.rows import BETWEEN
from cprsync.sync.values import NewPatron

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cprsync.sync.seen import Seen

#: A line of a cell is not longer than this, but for notes.
CELL_MAX: Final = 254
#: The name of a patron group.
GROUP_MAX: Final = 64
NOTES: Final = frozenset({"internal_note", "note_to_patron"})
#: A number whose first digit is 0, as a spreadsheet writes it.
_NINE: Final = re.compile(r"[0-9]{9}", re.ASCII)
#: Fields that take several values, separated by a bar or a line break.
SEVERAL: Final = frozenset({"address", "cards", "telephones", "emails", "contact_address"})
#: What `domain.typed` reads.
TYPED: Final = ("branch", "language", "contact_address", "telephones", "emails", *sorted(NOTES), "absence")
KINDS: Final[Mapping[str, str]] = {
    "person": "person",
    "institution": "institution",
    "library": "library",
    "bibliotek": "library",
}


class _Unfit(Exception):
    """The row is not taken: which field, and why."""

    def __init__(self, field: str, why: str) -> None:
        super().__init__()
        self.field, self.why = field, why


def as_patron(line: int, values: Mapping[str, str], seen: Seen, *, on: date) -> NewPatron | Refused:
    """The patron of a row. Whoever stands on an earlier line is refused, and so is a card that does."""
    try:
        _check(values)
        number = _number(values.get("cpr_number", ""), on)
        local = _local(values, on)
        cards = [card.number for card in local.cards]
        _once(number, values.get("patron", ""), cards, seen)
        return NewPatron(
            number,
            local,
            values.get("patron", ""),
            _kind(values.get("kind", "")),
            name=values.get("name", ""),
            address=values.get("address", "").replace("|", BETWEEN),
        )
    except _Unfit as unfit:
        return Refused(line, unfit.field, unfit.why)


def _check(values: Mapping[str, str]) -> None:
    for name, value in values.items():
        longest = NOTE_MAX if name in NOTES else CELL_MAX
        lines = value.splitlines()
        if any(len(part) > longest or not part.isprintable() for line in lines for part in _parts(name, line)):
            raise _Unfit(name, "cell")


def _parts(name: str, line: str) -> list[str]:
    return line.split("|") if name in SEVERAL else [line]


def _number(text: str, on: date) -> CprNumber | None:
    if not text:
        return None
    try:
        number = CprNumber.parse_any(text)
    except ValueError:
        raise _Unfit("cpr_number", "nine" if _NINE.fullmatch(text) else "form") from None
    if not number.is_possible:
        # the register would not know it, and the night after could only park it
        raise _Unfit("cpr_number", "impossible")
    if number.born is not None and number.born > on:
        raise _Unfit("cpr_number", "future")
    return number


def _once(number: CprNumber | None, patron: str, cards: list[str], seen: Seen) -> None:
    if number is None and not patron and not cards:
        raise _Unfit("cpr_number", "nobody")
    told = [("cpr_number", "twice", number.digits)] if number is not None else []
    told += [("patron", "twice", patron)] if patron else []
    told += [("cards", "card.earlier", card) for card in cards]
    for name, why, value in told:
        if (name, value) in seen:
            raise _Unfit(name, why)
    for name, _, value in told:
        seen.add((name, value))


def _local(values: Mapping[str, str], on: date) -> Local:
    """A cell left empty says nothing: it never overwrites what the record has."""
    known: dict[str, Any] = {"language": ""}
    for name in TYPED:
        if text := values.get(name, ""):
            known |= _typed(name, text)
    absence = known.get("absence")
    if absence is not None and absence.until is not None and absence.until < on:
        known["absence"] = None  # it is over, and the calendar would end it again
    group = values.get("group", "")
    if len(group) > GROUP_MAX or BETWEEN in group:
        raise _Unfit("group", "cell")
    return Local(cards=_cards(values.get("cards", "")), group=group, blocks=_blocks(values, on), **known)


def _typed(name: str, text: str) -> dict[str, Any]:
    try:
        return LOCAL_FIELDS[name](text.replace("|", BETWEEN) if name in SEVERAL else text)
    except ValueError:
        raise _Unfit(name, name if name not in NOTES | {"branch"} else "cell") from None


def _cards(text: str) -> tuple[Card, ...]:
    numbers = (number.strip() for number in text.replace("|", BETWEEN).splitlines())
    return tuple(Card(number) for number in dict.fromkeys(numbers) if number)


def _blocks(values: Mapping[str, str], on: date) -> tuple[Block, ...]:
    since, reason = values.get("blocked_since", ""), values.get("blocked_reason", "")
    if not since and not reason:
        return ()
    if not reason or len(reason) > BLOCK_MAX or BETWEEN in reason:
        raise _Unfit("blocked_reason", "blocked")
    try:
        # some systems keep no day; a block of the same reason that holds is the same block
        return (Block(date.fromisoformat(since) if since else on, reason),)
    except ValueError:
        raise _Unfit("blocked_since", "blocked") from None


def _kind(text: str) -> str:
    if not text:
        return ""
    if text.casefold() not in KINDS:
        raise _Unfit("kind", "kind")
    return KINDS[text.casefold()]

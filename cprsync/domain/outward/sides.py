"""Both sides of one patron at a target: what is ours and what the target holds, field by field, as a desk may see it.

A value that is withheld is on neither side: it is taken out here, and only said to be withheld. A CPR number is always
masked. What another system holds may be anything, so that each value is made plain and short.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from cprsync.domain.outward.record import WITHHELD_IF_PROTECTED, OutwardField
from cprsync.domain.patron.fields import OUTWARD

if TYPE_CHECKING:
    from collections.abc import Mapping

#: The most signs of one value; a field of a library system is rarely longer.
SIGNS_MOST: Final = 200
_DIGITS: Final = 10
Value: TypeAlias = "str | bool | None"


class Match(enum.Enum):
    """Whom the target has for the patron."""

    ONE = "one"
    NOBODY = "nobody"
    #: several have the number
    SEVERAL = "several"
    #: the patron that we knew there is somebody else now
    OTHER_PERSON = "other_person"


class Sending(enum.Enum):
    """What happens if it is sent again."""

    WRITES = "writes"
    ADDS = "adds"
    NOTHING = "nothing"
    #: it is refused again, until somebody has done something there
    REFUSED = "refused"


class Again(enum.Enum):
    """What becomes of one field if it is sent again."""

    KEEPS = "keeps"
    SETS = "sets"
    EMPTIES = "empties"

    __hash__ = object.__hash__


class Withholding(enum.IntEnum):
    """How much of a patron nobody at a desk may see. The higher one includes the lower."""

    NOTHING = 0
    #: to protect someone else of the household
    ADDRESSES = 1
    #: name, birth date and addresses
    PERSON = 2


class WithheldFor(enum.Enum):
    """Why a value is shown on neither side."""

    PROTECTION = "protection"
    #: staff of the other system may have written anything
    FREE_TEXT = "free_text"


@dataclass(frozen=True, slots=True, repr=False)
class FieldPair:
    """One field on both sides."""

    #: the target's own name of the field; `domain.outward.record.OutwardField` if nothing can be read there
    field: str
    ours: Value = None
    theirs: Value = None
    #: None: nobody can tell
    again: Again | None = None
    withheld: WithheldFor | None = None


@dataclass(frozen=True, slots=True, repr=False)
class HeldThere:
    """What a target holds of one of its patrons, beside ours."""

    #: what the target calls the patron; None: it has none
    remote: str | None
    pairs: tuple[FieldPair, ...] = ()


@dataclass(frozen=True, slots=True, repr=False)
class Sides:
    """Both sides, as they are now."""

    match: Match
    sending: Sending
    held: tuple[HeldThere, ...]
    #: in which ways the two differ, as a comparison of the target counts them
    kinds: tuple[str, ...] = ()


def withholding_of(payload: Mapping[str, Any] | None) -> Withholding:
    """How much of the patron is withheld by what the target may get. None: nobody knows why it may get nothing."""
    if payload is None or payload["protected"]:
        return Withholding.PERSON
    return Withholding.ADDRESSES if payload.get("withheld") else Withholding.NOTHING


def make_plain(value: object) -> Value:
    """A value as it may be printed: a text without control characters, not too long. An empty one is None."""
    if value is None or isinstance(value, bool):
        return value
    text = "".join(sign if sign.isprintable() else " " for sign in str(value)).strip()
    return (text if len(text) <= SIGNS_MOST else f"{text[: SIGNS_MOST - 1]}…") or None


def mask_number(text: str | None, *, is_shut: bool) -> str | None:
    """A CPR number with its last digits hidden. Hidden whole: what is no number, and one with a withheld birth date."""
    if not text:
        return None
    is_number = len(text) == _DIGITS and text.isascii() and text.isdecimal()
    return f"{text[:6]}-xxxx" if is_number and not is_shut else "xxxxxx-xxxx"


# -- a target that shows nothing -------------------------------------------------------------------------------

#: What is withheld of a protected patron on a screen: as their record hides it.
_OF_PERSON: Final = frozenset(OutwardField(word) for word, field in OUTWARD.items() if field.sealed)


def list_ours(payload: Mapping[str, Any], least: Withholding) -> tuple[FieldPair, ...]:
    """What a target may get of a patron, where nobody can look there: our side alone, as `OutwardField` orders it."""
    shut = max(least, withholding_of(payload))
    hidden = _OF_PERSON if shut is Withholding.PERSON else WITHHELD_IF_PROTECTED if shut else frozenset()
    withheld = {one.value for one in hidden}
    told = [
        one.value for one in OutwardField if payload.get(one.value) not in (None, [], {}) or _is_kept_back(one, payload)
    ]
    return tuple(
        FieldPair(name, withheld=WithheldFor.PROTECTION)
        if name in withheld
        else FieldPair(name, _ours(name, payload[name], is_shut=shut is Withholding.PERSON))
        for name in told
    )


def _is_kept_back(field: OutwardField, payload: Mapping[str, Any]) -> bool:
    return field.value in payload.get("withheld", ())


def _ours(name: str, value: Any, *, is_shut: bool) -> Value:
    """A value of a payload as one line."""
    match OutwardField(name):
        case OutwardField.NUMBER:
            return mask_number(value, is_shut=is_shut)
        case OutwardField.NAME:
            return make_plain(value["addressing"])
        case OutwardField.ADDRESS | OutwardField.ABROAD:
            return make_plain(", ".join(value.get("lines", ())))
        case OutwardField.BLOCKS:
            return make_plain(", ".join(one["reason"] for one in value))
        case OutwardField.RIGHTS:
            return make_plain(", ".join(f"{product}: {answer}" for product, answer in value.items()))
    return make_plain(", ".join(filter(None, value)) if isinstance(value, list) else value)

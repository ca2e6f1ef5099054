"""Parses what FBS shows of a patron, by the published contract, without trusting it.

A value that is absent, null, blank or of another type than the contract says is unknown, and not an error: FBS sends
null where its contract promises a text. A code that is on no list is kept as it is. Only an answer of which nobody can
tell whom it is about is refused. No error quotes the answer.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any, Final

from cprsync.domain.outward.deviation import Elsewhere
from cprsync.errors import PatronUnreadable
from cprsync.wire.errors import AnswerBroken

if TYPE_CHECKING:
    from collections.abc import Mapping

_INVALID: Final = "INVALID"
_ISO_DAY: Final = 10
#: The most blocks that one patron can have; the rest adds nothing.
_BLOCKS_MOST: Final = 50
_TEXT_MOST: Final = 500


def parse_patron(document: Mapping[str, Any]) -> Elsewhere | None:
    """Return the patron. None: FBS does not know them.

    Raises:
        PatronUnreadable: FBS has the patron, and does not show them, for example after wrong PINs.
        AnswerBroken: the patron has no number.
    """
    patron = document.get("patron")
    if patron is None:
        # the older versions say `authenticated`, the newer ones a word
        if document.get("authenticateStatus") == _INVALID or document.get("authenticated") is False:
            return None
        raise PatronUnreadable("FBS does not show the patron")
    if not isinstance(patron, dict):
        raise AnswerBroken("the answer's patron is no object", kind="no_patron")
    address = patron.get("address")
    parts = address if isinstance(address, dict) else {}
    return Elsewhere(
        id=_id(patron.get("patronId")),
        name=_text(patron.get("name")),
        street=_text(parts.get("street")),
        postcode=_text(parts.get("postalCode")),
        city=_text(parts.get("city")),
        birth=_day(patron.get("birthday")),
        resident=_flag(patron.get("resident")),
        blocks=_blocks(patron.get("blockStatus")),
    )


def _id(value: Any) -> str:
    # a flag is a number too, in Python
    number = str(value) if isinstance(value, int | str) and not isinstance(value, bool) else ""
    if not (number.isascii() and number.isdigit() and len(number) <= 20):  # noqa: PLR2004 -- an int64 has 19 digits
        raise AnswerBroken("the answer's patron has no number", kind="no_patron")
    return number


def _text(value: Any) -> str | None:
    return value.strip()[:_TEXT_MOST] or None if isinstance(value, str) else None


def _flag(value: Any) -> bool | None:
    return value if isinstance(value, bool) else None


def _day(value: Any) -> date | None:
    """The day of a text that begins with one. A time of day behind it does not matter."""
    try:
        return date.fromisoformat(str(value)[:_ISO_DAY]) if isinstance(value, str) else None
    except ValueError:
        return None


def _blocks(value: Any) -> tuple[str, ...] | None:
    """The codes. Null, absent and empty all mean that nothing blocks the patron: so the contract says."""
    if value is None:
        return ()
    if not isinstance(value, list):
        return None
    return tuple(_code(block) for block in value[:_BLOCKS_MOST])


def _code(block: Any) -> str:
    """The code of a block. A block without a readable code is a block all the same."""
    code = block.get("blockedReason") if isinstance(block, dict) else None
    return _text(code) or "?"

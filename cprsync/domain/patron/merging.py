"""What patron and staff own of two records that are one person's: joined, and parted again. Pure."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any, Final

from cprsync.domain.patron.local import Local

#: Fields that hold several: those of both are kept.
_SEVERAL: Final = ("cards", "telephones", "emails", "blocks")
#: Free text: one under the other.
_NOTES: Final = ("internal_note", "note_to_patron")
#: The address is one thing in two fields.
_CONTACT: Final = ("contact_co", "contact_lines")


def joined(keeps: Local, closes: Local) -> Local:
    """The record of the patron who stays: hers first, and beside it what only the other one had.

    Where there is room for one, hers stands: language, group and absence always, branch and contact address if she
    has any.
    """
    both: dict[str, Any] = {name: _union(getattr(keeps, name), getattr(closes, name)) for name in _SEVERAL}
    both |= {name: _under(getattr(keeps, name), getattr(closes, name)) for name in _NOTES}
    if not any(getattr(keeps, name) for name in _CONTACT):
        both |= {name: getattr(closes, name) for name in _CONTACT}
    both["branch"] = keeps.branch or closes.branch
    return replace(keeps, **both)


def parted(now: Local, *, before: Local, joined: Local) -> Local:
    """The record as it would be had the other's never come to it; what was changed since stays.

    Args:
        now: as it is.
        before: as it was when the two were joined.
        joined: as that left it.
    """
    return Local(**{field.name: _without(field.name, now, before, joined) for field in fields(Local)})


def _without(name: str, now: Local, before: Local, joined: Local) -> Any:
    value, was, became = (getattr(one, name) for one in (now, before, joined))
    if value == became:
        return was
    if name in _SEVERAL:
        return tuple(one for one in value if one in was or one not in became)
    return value


def _union(ours: tuple[Any, ...], theirs: tuple[Any, ...]) -> tuple[Any, ...]:
    return (*ours, *(one for one in theirs if one not in ours))


def _under(ours: str, theirs: str) -> str:
    return ours if theirs in {"", ours} else "\n".join(filter(None, (ours, theirs)))

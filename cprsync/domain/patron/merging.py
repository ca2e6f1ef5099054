"""Joins and parts the local parts of two records that belong to one person. Pure."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any, Final

from cprsync.domain.patron.local import Local

#: Fields with several entries: the entries of both records are kept.
_SEVERAL: Final = ("cards", "telephones", "emails", "blocks")
#: Free text: one text is put under the other.
_NOTES: Final = ("internal_note", "note_to_patron")
#: One address, kept in two fields.
_CONTACT: Final = ("contact_co", "contact_lines")


def joined(keeps: Local, closes: Local) -> Local:
    """The local part of the patron who stays, with what only the other record has added.

    If a field has room for one value, the staying patron's value is kept. This is always so for language, group and
    absence; for branch and contact address, if the staying patron has one.
    """
    both: dict[str, Any] = {name: _union(getattr(keeps, name), getattr(closes, name)) for name in _SEVERAL}
    both |= {name: _under(getattr(keeps, name), getattr(closes, name)) for name in _NOTES}
    if not any(getattr(keeps, name) for name in _CONTACT):
        both |= {name: getattr(closes, name) for name in _CONTACT}
    both["branch"] = keeps.branch or closes.branch
    return replace(keeps, **both)


def parted(now: Local, *, before: Local, joined: Local) -> Local:
    """The record without what the other record brought. What was changed after the join stays.

    Args:
        now: the record as it is.
        before: the record before the join.
        joined: the record as the join left it.
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

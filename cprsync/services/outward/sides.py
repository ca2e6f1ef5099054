"""Shows a review item about a target that refused a patron, with both sides: ours, and what the target holds now.

The target is read when somebody opens the item, after the audit holds that they look at the patron. It is read once,
and within the ceiling that the caller has set. What keeps it from being read never keeps the item from being shown.
"""

from __future__ import annotations

import enum
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from cprsync.domain.outward.sides import HeldThere, Withholding, list_ours
from cprsync.errors import CprsyncError, TargetUnavailable, TargetUntrusted

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from contextlib import AbstractContextManager

    from cprsync.services.desk.reviewing import StaffReviews
    from cprsync.services.ports.outward import Expected, OpenTarget, OutwardEffect


class Reading(enum.Enum):
    """Whether the target's side could be read."""

    READ = "read"
    #: a target of this kind shows nothing
    NEVER = "never"
    #: it does not answer now
    UNANSWERED = "unanswered"
    #: it does not let us in, or is set up wrongly: trying again alone does not help
    REFUSED = "refused"
    #: it is not set up any more
    REMOVED = "removed"
    #: it is to hold nothing of the patron, and was told nothing
    NOTHING = "nothing"


def show_with_sides(
    reviews: StaffReviews, number: int, open_targets: Callable[[], AbstractContextManager[Sequence[OpenTarget]]]
) -> dict[str, Any]:
    """Return the shape of `review show`. Raises ReviewUnknown.

    `open_targets`: opens the targets of the library; called only for an item that a target refused.
    """
    # this writes to the audit that the patron is looked at
    document = reviews.shown(number)
    refused = document.get("targets")
    if not refused:
        return document
    least = _least_withheld(document["record"])
    with open_targets() as targets:
        by_name = {one.target.name: one for one in targets}
        shown = [
            one | {"sides": _sides_of(reviews, document["patron"], by_name.get(one["name"]), least)} for one in refused
        ]
    return document | {"targets": shown}


def _least_withheld(record: Mapping[str, Any] | None) -> Withholding:
    """What the desk's own rules withhold. Of a record that cannot be shown, everything."""
    if record is None or record["protected"]:
        return Withholding.PERSON
    return Withholding.ADDRESSES if record["household"] else Withholding.NOTHING


def _sides_of(reviews: StaffReviews, patron_id: str, one: OpenTarget | None, least: Withholding) -> dict[str, Any]:
    if one is None:
        return _document(Reading.REMOVED)
    expected = reviews.library.store.expecting.only(one.target, patron_id)
    beside = {"kind": one.target.kind.value, "newer_waits": patron_id in expected.waiting}
    return _read(one, expected, least) | beside


def _read(one: OpenTarget, expected: Expected, least: Withholding) -> dict[str, Any]:
    effect = next(iter(expected.effects), None)
    if effect is None:
        return _document(Reading.NOTHING)
    if one.reader is None:
        return _document(Reading.NEVER, held=_ours_alone(effect, least))
    try:
        sides = one.reader.look(effect, least=least)
    except CprsyncError as error:
        return _document(_why_unread(error), held=_ours_alone(effect, least), failure=error.kind)
    told = {"match": sides.match.value, "sending": sides.sending.value, "kinds": list(sides.kinds)}
    return _document(Reading.READ, held=sides.held, **told)


def _why_unread(error: CprsyncError) -> Reading:
    may_pass = isinstance(error, TargetUnavailable) and not isinstance(error, TargetUntrusted)
    return Reading.UNANSWERED if may_pass else Reading.REFUSED


def _ours_alone(effect: OutwardEffect, least: Withholding) -> tuple[HeldThere, ...]:
    """What the target is to hold. Empty: it is to forget the patron."""
    return () if effect.payload is None else (HeldThere(effect.remote, list_ours(effect.payload, least)),)


def _document(reading: Reading, *, held: Sequence[HeldThere] = (), **told: Any) -> dict[str, Any]:
    """The JSON shape of both sides at one target."""
    return {
        "kind": None,
        "reading": reading.value,
        "failure": None,
        "match": None,
        "sending": None,
        "kinds": [],
        "newer_waits": False,
        "held": [_held_document(one) for one in held],
    } | told


def _held_document(held: HeldThere) -> dict[str, Any]:
    fields = [
        {name: value.value if isinstance(value, enum.Enum) else value for name, value in asdict(pair).items()}
        for pair in held.pairs
    ]
    return {"remote": held.remote, "fields": fields}

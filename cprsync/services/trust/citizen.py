"""What a citizen may be told of the look-ups on them: when, what for, by which organisation, and who was told.

No employee is named (decision 12). Making the report is in the audit itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from cprsync.errors import BadInput
from cprsync.services.desk.viewing import find_patron, read_number
from cprsync.services.ports.desk import OWN
from cprsync.services.ports.trust import AuditFilter

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from cprsync.domain.person.number import CprNumber
    from cprsync.services.ports.store import Store
    from cprsync.services.ports.trust import Happening

#: What counts as somebody having looked, and as somebody having been told. The names are the audit's.
_LOOKED: Final = frozenset({"lookup", "reveal", "view", "search"})
_TOLD: Final = "told"
#: The most entries that one report reads.
_MOST: Final = 100_000


@dataclass(frozen=True, slots=True, repr=False)
class Citizen:
    """Who asks. Somebody who was looked up and never became a patron has a number alone."""

    patron_id: str | None
    number: CprNumber | None


def citizen_of(store: Store, typed: str) -> Citizen:
    """Whom a typed number means.

    Raises BadInput: it is neither a patron's nor a CPR number.
    """
    found, number = find_patron(store, typed), read_number(typed)
    if not found["found"]:
        if number is None:
            raise BadInput("no patron has that number, and it is no CPR number", kind="input.number")
        return Citizen(None, number)
    patrons = store.patrons.read([found["patron"]])
    return Citizen(found["patron"], patrons[0].number if patrons else number)


def citizen_report(store: Store, citizen: Citizen, *, organisation: str, user: str) -> dict[str, Any]:
    """The JSON shape of `audit citizen`. The audit has who made it, before anything is read."""
    store.audit.note_reading(user=user, patron=citizen.patron_id, of="citizen")
    entries: list[Happening] = []
    if citizen.patron_id is not None:
        entries = list(store.audit.entries(AuditFilter(citizen.patron_id, limit=_MOST)))
    looks = [
        {"at": one.at, "what": one.what, "why": one.why, "organisation": organisation}
        for one in entries
        # who opens their own record has not been looked up
        if one.what in _LOOKED and one.why != OWN
    ]
    looks += [
        {
            "at": one.at.isoformat(timespec="seconds"),
            "what": one.doing,
            "why": one.purpose,
            "organisation": organisation,
        }
        for one in ([] if citizen.number is None else store.access.looked_up(citizen.number))
    ]
    return {
        "patron": citizen.patron_id,
        "organisation": organisation,
        "looks": sorted(looks, key=_at, reverse=True),
        "recipients": _recipients(entries),
    }


def _at(look: Mapping[str, str]) -> str:
    # both forms begin with the second
    return look["at"][:19]


def _recipients(entries: Iterable[Happening]) -> list[dict[str, Any]]:
    """Who was told of the citizen, how often, and when last."""
    told: dict[str, list[str]] = {}
    for one in entries:
        if one.what == _TOLD:
            for recipient in one.actions:
                told.setdefault(recipient, []).append(one.at)
    return [{"who": who, "count": len(times), "last": max(times)} for who, times in sorted(told.items())]

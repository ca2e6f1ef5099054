"""What a citizen may be told of the look-ups on them: when, what for, by which organisation, and who was told.

What was looked up before they were a patron, or under another number, is theirs too. No employee is named
(decision 12). Making the report is in the audit itself.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from cprsync.domain.person.number import unspaced
from cprsync.errors import BadInput
from cprsync.services.desk.viewing import CPR_NUMBER, find_patron, is_patron_number, read_number
from cprsync.services.ports.desk import OWN
from cprsync.services.ports.trust.audit import AuditFilter

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from cprsync.domain.person.number import CprNumber
    from cprsync.services.ports.store import Store
    from cprsync.services.ports.trust.audit import Happening

#: What counts as somebody having looked, and as somebody having been told. The names are the audit's.
_LOOKED: Final = frozenset({"lookup", "reveal", "view", "search"})
_TOLD: Final = "told"
#: The most entries that one report reads.
_MOST: Final = 100_000


@dataclass(frozen=True, slots=True, repr=False)
class Citizen:
    """Who asks. Somebody who was looked up and never became a patron has a number alone."""

    patron_id: str | None
    #: as it was typed; None: it was no CPR number
    number: CprNumber | None = None

    def entries(self, wanted: AuditFilter) -> AuditFilter:
        """Same as `wanted`, of the entries that are about them."""
        return replace(wanted, patron=self.patron_id, number=self.number, unregistered=True)


def citizen_of(store: Store, typed: str) -> Citizen:
    """Whom a typed number means.

    A patron number stands for itself when nothing is left of the record: what was done is told as long as it is kept.

    Raises BadInput: it is neither a patron's nor a CPR number.
    """
    found, number = find_patron(store, typed), read_number(typed)
    if not found["found"]:
        if is_patron_number(typed) and store.leaving.was_given(unspaced(typed)):
            return Citizen(unspaced(typed))
        if number is None:
            raise BadInput("no patron has that number, and it is no CPR number", kind="input.number")
        return Citizen(None, number)
    # a card may look like a number, which is then another person's
    return Citizen(found["patron"], number if found["by"] == CPR_NUMBER else None)


def searched_citizen_of(store: Store, typed: str) -> Citizen:
    """Same as `citizen_of`, for a search of the log: a patron number stands for itself when the record is gone."""
    try:
        return citizen_of(store, typed)
    except BadInput:
        if is_patron_number(typed):
            return Citizen(unspaced(typed))
        raise


@dataclass(frozen=True, slots=True)
class CitizenLook:
    """One time that somebody looked. `what` and `why` are the audit's names."""

    at: str
    what: str
    why: str | None
    organisation: str


@dataclass(frozen=True, slots=True)
class CitizenTold:
    """Who was told of the citizen, how often, and when last."""

    who: str
    count: int
    last: str


@dataclass(frozen=True, slots=True)
class CitizenReport:
    """What a citizen may be told."""

    patron: str | None
    organisation: str
    looks: tuple[CitizenLook, ...]
    recipients: tuple[CitizenTold, ...]


def citizen_report(store: Store, citizen: Citizen, *, organisation: str, user: str) -> CitizenReport:
    """Read what a citizen may be told. The audit has who made the report, before anything is read."""
    store.audit.note_reading(user=user, patron=citizen.patron_id, of="citizen")
    entries = list(store.audit.entries(citizen.entries(AuditFilter(limit=_MOST))))
    looks = (
        CitizenLook(one.moment, one.what, one.why, organisation)
        for one in entries
        # who opens their own record has not been looked up
        if one.what in _LOOKED and one.why != OWN
    )
    return CitizenReport(citizen.patron_id, organisation, tuple(looks), tuple(_recipients(entries)))


def _recipients(entries: Iterable[Happening]) -> Iterator[CitizenTold]:
    told: dict[str, list[str]] = {}
    for one in entries:
        if one.what == _TOLD:
            for recipient in one.actions:
                told.setdefault(recipient, []).append(one.moment)
    return (CitizenTold(who, len(times), max(times)) for who, times in sorted(told.items()))

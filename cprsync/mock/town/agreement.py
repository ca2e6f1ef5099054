"""The service agreements, invented and the same in every mock, and what each of them subscribes to.

Knows filters as text and no XML: `soap.services` reads the elements. Stores no filter.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from datetime import date
    from pathlib import Path

    from cprsync.mock.town.people import TownPerson

#: The mock's ids have letters in every group, so that no group looks like a number of ten digits.
SERVICE_AGREEMENT = "7e1f0c4a-3b9d-4c68-a5e2-d94b8f6a1c3e"
USER_SYSTEM = "b25d8e9f-6a1c-4f37-9e4b-c8a3d7f5e61b"
#: The folder in each box where deliveries arrive.
INBOX = "IN"
USER = "c9a4f7d2-e85b-4a16-8d3c-f1b7e6a9d48c"

#: The groups have the names of the element FilterGroup.
GROUPS = ("PNR", "AgeRange", "MunicipalityCode", "EventChangeCode", "NoFilter")
ADDED = "ADDED"
ALREADY_EXISTED = "ALREADY_EXISTED"
REMOVED = "REMOVED"
# Known for numbers. The platform's word for the other groups is unknown, and clients read all groups by one list.
NON_EXISTING = "NON_EXISTING_PNR"
#: An agreement, a group, a filter as text, and whether it was added or removed.
Entry: TypeAlias = "tuple[str, str, str, bool]"


@dataclass(frozen=True, slots=True)
class CallingAgreement:
    """What a client must know to call under this agreement."""

    agency: str
    service_agreement: str
    user_system: str
    user: str
    cvr: str
    #: the user that fetches the deliveries
    sftp_user: str = field(repr=False)
    #: the distance of its task number from the town's
    task_after: int = field(default=0, repr=False)
    #: its user at CULR, in the group of its agency
    culr_user: str = field(default="bibliotek", repr=False)
    culr_password: str = field(default="mock-culr-et", repr=False)
    #: the box: a folder inside the mock's folder
    box: str = field(default=".", repr=False)

    def document(self) -> dict[str, str]:
        own = asdict(self)
        return {name: own[name] for name in ("agency", "service_agreement", "user_system", "user", "cvr")}

    def task(self, town: str) -> str:
        """The number of its task, counted from the town's."""
        return f"{(int(town) + self.task_after) % 1_000_000:06}"

    def keep_culr_password(self, folder: Path) -> Path:
        """Write the password to a file in the mock's folder, as an installation has it."""
        path = folder / "culr" / self.agency
        path.parent.mkdir(mode=0o700, exist_ok=True)
        path.write_text(f"{self.culr_password}\n", encoding="utf-8")
        path.chmod(0o600)
        return path

    def inbox(self, folder: Path) -> Path:
        """The folder for its deliveries, inside the mock's folder."""
        return folder / self.box / INBOX


#: The CVR number in the development client's certificate. No company has it.
DEFAULT = CallingAgreement("710100", SERVICE_AGREEMENT, USER_SYSTEM, USER, "1" * 8, sftp_user="bibliotek")
#: Another library of the same town. It gets its own task and deliveries when it subscribes to someone.
SECOND = CallingAgreement(
    "710200",
    "3d8b6f2e-9a4c-4e17-b8d5-f6c1a7e92b4d",
    "f4a7c2d9-1e6b-4b83-a9c5-d8e3b6f17a2c",
    "a6e1d8b3-7c4f-4d92-8b6e-c5f9a2d73e1b",
    "1" * 8,
    sftp_user="bibliotek-2",
    task_after=1,
    box="710200",
    culr_user="bibliotek-2",
    culr_password="mock-culr-to",  # noqa: S106 -- the mock's, where every password is invented
)
ALL = (DEFAULT, SECOND)


@dataclass(slots=True)
class Filters:
    """The filters of one agreement. An age range is `start-end`; NoFilter has at most one entry."""

    groups: dict[str, dict[str, None]] = field(default_factory=lambda: {group: {} for group in GROUPS})

    def change(self, group: str, value: str, *, added: bool) -> str:
        """Add or remove a filter. Return the platform's word for what happened."""
        filters = self.groups[group]
        if added == (value in filters):
            return ALREADY_EXISTED if added else NON_EXISTING
        if added:
            filters[value] = None
            return ADDED
        del filters[value]
        return REMOVED

    def of(self, group: str) -> list[str]:
        return list(self.groups[group])

    def selects(
        self, numbers: Iterable[str], states: Collection[TownPerson], *, codes: Collection[str], day: date
    ) -> bool:
        """Whether any filter selects this person: the groups are a union.

        `numbers`: all numbers of the person this night. `states`: the person before and now, so that a person who moves
        into a municipality is selected like one who leaves it.
        """
        if self.groups["NoFilter"] or not self.groups["PNR"].keys().isdisjoint(numbers):
            return True
        if not self.groups["EventChangeCode"].keys().isdisjoint(codes):
            return True
        homes = {str(int(s.address.municipality)) for s in states if s.lives_somewhere and s.address}
        return not self.groups["MunicipalityCode"].keys().isdisjoint(homes) or any(
            self._age_is_taken(state.age_on(day)) for state in states
        )

    def _age_is_taken(self, age: int | None) -> bool:
        if age is None:
            return False
        return any(int(start) <= age <= int(end) for start, end in (r.split("-") for r in self.groups["AgeRange"]))


def replay(entries: Iterable[Entry]) -> dict[str, Filters]:
    """The filters of every agreement after all additions and removals."""
    agreements: dict[str, Filters] = {}
    for agreement, group, value, added in entries:
        agreements.setdefault(agreement, Filters()).change(group, value, added=added)
    return agreements


def dump(agreements: Mapping[str, Filters]) -> dict[str, dict[str, list[str]]]:
    """All filters by agreement and group."""
    return {name: {group: filters.of(group) for group in GROUPS} for name, filters in agreements.items()}

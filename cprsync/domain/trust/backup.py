"""What a backup says of itself, which backups have had their time, and what a restored copy must agree with.

A manifest names no person: it has counts, codes and hashes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, Self

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

#: The longest that a backup may be kept: an erased patron is in no backup after it.
KEEP_DAYS_MAX: Final = 35
#: The form of a manifest that this program writes and reads.
FORM: Final = 1
#: To the microsecond: a part is sealed for the backup of its name, and no two may have one name.
_STAMP: Final = "%Y%m%dT%H%M%S.%fZ"
_NAME: Final = re.compile(r"cprsync-[0-9]{8}T[0-9]{6}\.[0-9]{6}Z", re.ASCII)
_PREFIX: Final = "cprsync-"
#: What is dated later than this from now, a backup or a drill, was made by a clock that was ahead.
AHEAD_MOST: Final = timedelta(days=1)
#: How many stay whatever their age, and how much time is taken to pass between two at most.
_STAY: Final = 2
_BETWEEN_MOST: Final = timedelta(days=7)


def name_backup(moment: datetime) -> str:
    """The name of the backup that begins at a moment. Names sort by time."""
    return _PREFIX + moment.astimezone(UTC).strftime(_STAMP)


def time_of(name: str) -> datetime | None:
    """When a backup began, by its name. None: it is not the name of a backup."""
    if _NAME.fullmatch(name) is None:
        return None
    try:
        return datetime.strptime(name.removeprefix(_PREFIX), _STAMP).replace(tzinfo=UTC)
    except ValueError:  # no such day
        return None


def is_ahead(name: str, now: datetime) -> bool:
    """Whether a backup is dated later than now: the clock was ahead when it was made, or is behind now.

    Nobody knows its age. So it is not the newest, and does not go for its age.
    """
    made = time_of(name)
    return made is not None and made > now + AHEAD_MOST


def find_expired(names: Iterable[str], *, now: datetime, keep_days: int) -> list[str]:
    """The backups that have had their time once the newest is made, the oldest first.

    The two newest stay, whatever their age. One that is dated later than now stays until its date has come, or somebody
    removes it. A clock that is ahead makes all others look old. So at most a week is taken to have passed since the
    backup before the newest: the first backup by such a clock removes a week's worth too early, the second the rest.
    """
    dated = sorted((made, name) for name in names if (made := time_of(name)) is not None and not is_ahead(name, now))
    if len(dated) <= _STAY:
        return []
    before, _ = dated[-2]
    over = min(now, before + _BETWEEN_MOST) - timedelta(days=keep_days)
    return [name for made, name in dated[:-_STAY] if made < over]


@dataclass(frozen=True, slots=True)
class Facts:
    """What is true of a store at one moment, without anything about a person."""

    #: the newest migration
    migration: str
    #: rows by table
    counts: Mapping[str, int]
    #: by library and stream, `NUMBER-CODE` of the audit's last entry
    streams: Mapping[str, Mapping[str, str]]
    #: by library, the last delivery that was taken; None: none was
    deliveries: Mapping[str, str | None]

    def document(self) -> dict[str, Any]:
        """The facts as a manifest has them."""
        return {
            "migration": self.migration,
            "counts": dict(self.counts),
            "streams": {agency: dict(ends) for agency, ends in self.streams.items()},
            "deliveries": dict(self.deliveries),
        }


@dataclass(frozen=True, slots=True)
class BackupPart:
    """One file of a backup."""

    name: str
    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup says of itself."""

    name: str
    #: the version of the program that made it
    program: str
    #: sqlite or postgresql
    database: str
    #: names the public key that it is encrypted to
    recipient: str
    #: the state of the audit, as `audit verify --code` takes it
    code: str
    facts: Facts
    parts: tuple[BackupPart, ...]

    def part(self, name: str) -> BackupPart:
        """The part with a name. Raises ValueError."""
        found = next((one for one in self.parts if one.name == name), None)
        if found is None:
            raise ValueError("the manifest does not name this part")
        return found

    def document(self) -> dict[str, Any]:
        """The manifest as JSON."""
        return {
            "form": FORM,
            "name": self.name,
            "program": self.program,
            "database": self.database,
            "recipient": self.recipient,
            "code": self.code,
            **self.facts.document(),
            "parts": [{"name": one.name, "bytes": one.bytes, "sha256": one.sha256} for one in self.parts],
        }

    @classmethod
    def parse(cls, document: Any) -> Self:
        """Read a manifest. Raises ValueError: it is none, or of another form."""
        try:
            if document["form"] != FORM:
                raise ValueError("the manifest has a form that this program does not know")
            return cls(
                str(document["name"]),
                str(document["program"]),
                str(document["database"]),
                str(document["recipient"]),
                str(document["code"]),
                Facts(
                    str(document["migration"]),
                    {str(table): int(count) for table, count in document["counts"].items()},
                    {
                        str(agency): {str(stream): str(end) for stream, end in ends.items()}
                        for agency, ends in document["streams"].items()
                    },
                    {str(agency): None if day is None else str(day) for agency, day in document["deliveries"].items()},
                ),
                tuple(BackupPart(str(one["name"]), int(one["bytes"]), str(one["sha256"])) for one in document["parts"]),
            )
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError("this is no manifest of a backup") from error


@dataclass(frozen=True, slots=True)
class CopyDifference:
    """Something that a restored copy has in another way than it must."""

    #: what differs, such as `patron` or `710100/desk`
    what: str
    expected: str
    found: str


def compare_copy(expected: Facts, found: Facts) -> list[CopyDifference]:
    """What a restored copy has in another way than the backup's manifest says."""
    told, there = _flat(expected), _flat(found)
    return [
        CopyDifference(what, told.get(what, "-"), there.get(what, "-"))
        for what in sorted({*told, *there})
        if told.get(what) != there.get(what)
    ]


def _flat(facts: Facts) -> dict[str, str]:
    return {
        "migration": facts.migration,
        **{table: str(count) for table, count in facts.counts.items()},
        **{f"{agency}/{stream}": end for agency, ends in facts.streams.items() for stream, end in ends.items()},
        **{f"{agency}/delivery": day or "-" for agency, day in facts.deliveries.items()},
    }

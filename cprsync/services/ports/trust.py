"""The audit, the keys and the upkeep: the ports of the store, what they answer, and the reasons that users give.

A reason is one line in the user's own words. The audit keeps it sealed.
"""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Protocol

from cprsync.errors import BadInput, ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from contextlib import AbstractContextManager
    from datetime import date, datetime

    from cprsync.domain.person.number import CprNumber
    from cprsync.errors import CprsyncError
    from cprsync.services.ports.access import AttemptCounts


REASON_MAX = 200
#: The reason is sealed, but kept as long as the audit: it must hold no CPR number.
_NUMBER = re.compile(r"\d{6}-?\d{4}", re.ASCII)


@dataclass(frozen=True, slots=True)
class AuditState:
    """The result of checking the audit from end to end."""

    #: how many entries pass the check, in how many streams
    entries: int
    streams: int
    #: names this state of the audit; kept elsewhere, it reveals if the whole audit was reset to an earlier state
    code: str
    #: all errors found
    problems: tuple[CprsyncError, ...] = ()
    #: how many sealed records were opened, and the last one's id: the next night continues after it
    records: int = 0
    last_record: str = ""

    def document(self) -> dict[str, Any]:
        """The JSON shape of the result. `code` is to be kept elsewhere."""
        return {
            "whole": not self.problems,
            "entries": self.entries,
            "streams": self.streams,
            "code": self.code,
            "records": self.records,
            "last_record": self.last_record or None,
            "problems": [_problem_document(one) for one in self.problems],
        }


@dataclass(frozen=True, slots=True)
class AuditGlance:
    """The result of comparing the audit's ends, which takes as long for many entries as for few."""

    entries: int
    streams: int
    #: as in `AuditState`
    code: str
    #: when heads were last kept outside the database; None: never
    kept: str | None
    #: how many entries came after that
    since: int
    #: when somebody last accepted an audit that was not whole; None: not lately
    accepted: str | None = None
    problems: tuple[CprsyncError, ...] = ()

    def document(self) -> dict[str, Any]:
        """The JSON shape of the result."""
        return {
            "whole": not self.problems,
            "entries": self.entries,
            "streams": self.streams,
            "code": self.code,
            "kept": self.kept,
            "since": self.since,
            "problems": [_problem_document(one) for one in self.problems],
        }


def _problem_document(one: CprsyncError) -> dict[str, Any]:
    place = {"stream": str(one.values["stream"]), "entry": int(str(one.values["seq"]))}
    return place | {"message": one.message} | one.document()


#: More records than any library has, so that all are opened.
EVERY_RECORD: Final = 1_000_000_000


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """Which entries of the audit to show."""

    patron: str | None = None
    #: the user who did it; "": entries that name no user
    by: str | None = None
    #: the earliest moment, and the latest
    since: datetime | None = None
    until: datetime | None = None
    #: what a look-up was for, or what sealed data was opened for
    purpose: str | None = None
    limit: int = 200
    #: open the reasons that users gave
    reasons: bool = False
    #: what was only looked at or looked for, too
    seen: bool = True
    #: what was done with the person's data while they were no patron, too, by the numbers that they have or had
    unregistered: bool = False
    #: a number of the person; with `unregistered`
    number: CprNumber | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Happening:
    """One entry of the audit: who did what, when and why. Holds no value of a record."""

    at: str
    #: None: the program itself
    who: str | None
    what: str
    patron: str | None
    actions: tuple[str, ...]
    #: the purpose of a look-up, or of opening sealed data
    why: str | None
    has_reason: bool
    #: the user's own words, if they were asked for
    reason: str | None = field(repr=False)
    run: int | None
    stream: str
    seq: int
    #: the patron is sealed and the entry may reveal a birthday: it is shown without the patron
    withheld: bool = False


@dataclass(frozen=True, slots=True)
class StoreVersion:
    """The version that a store has (None: not set up) and the version it should have."""

    current: str | None
    wanted: str

    @property
    def up_to_date(self) -> bool:
        return self.current == self.wanted

    @property
    def is_newer(self) -> bool:
        """Whether the store is at a migration that this program does not know."""
        return self.current is not None and self.current > self.wanted


class Audit(Protocol):
    """Who did what, when and why."""

    def check(self, *, code: str | None = None, records: int = 0) -> AuditState:
        """Check the audit from end to end.

        `code`: the state that an earlier check returned; the audit must contain it. `records`: the most sealed
        records to open, starting where the last night stopped.
        """

    def glance(self) -> AuditGlance:
        """Compare the ends of the audit: its last entries, its heads, and what is kept outside the database."""

    def noted_keys(self) -> set[tuple[str, str]]:
        """Return purpose and id of every key that has written here. Reads no record."""

    def accept(self, *, user: str, reason: str) -> AuditState:
        """Accept the audit and the records as they are now. Returns what was wrong. Raises BadInput if nothing is."""

    def entries(self, wanted: AuditFilter) -> Iterator[Happening]:
        """Yield the entries that are wanted, the latest first."""

    def note_reading(self, *, user: str, patron: str | None = None, of: str = "") -> None:
        """Write an audit entry that someone is about to read. `of`: what; "": the reasons that people gave."""

    def keys_in_use(self) -> set[tuple[str, str]]:
        """Return purpose and id of every key that a row names. Reads every row."""


class Task(enum.Enum):
    """What is done to keep an installation safe."""

    BACKUP = "backup"
    RESTORE = "restore"
    DRILL = "drill"
    #: all rows were brought to the newest key of a purpose
    KEYS = "keys"


class Outcome(enum.Enum):
    """How it ended."""

    DONE = "done"
    #: a part was done, and no more was asked for: a drill without the private key opens no keys
    PART = "part"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Upkeep:
    """Something that was done to keep the installation safe, and when."""

    task: Task
    at: datetime
    outcome: Outcome
    #: words and numbers for screens and alarms, never of a person; what failed is in `kind`
    detail: Mapping[str, str | int]


class UpkeepLog(Protocol):
    """What was done to keep the installation safe."""

    def note(self, task: Task, outcome: Outcome, detail: Mapping[str, str | int]) -> None:
        """Write that it was done now. The oldest are deleted when there are many."""

    def last(self, task: Task, *outcomes: Outcome) -> Upkeep | None:
        """Return the last time that it was done, with one of these outcomes if any are named. None: never."""


class Figures(Protocol):
    """What is counted for an operator's measurements, and for nothing else."""

    def oldest_review(self) -> date | None:
        """Return the day on which the oldest review that waits was opened. None: none waits."""

    def attempts(self, since: datetime) -> AttemptCounts:
        """Count what people at the desk did with one person's data since then."""


def demanded_reason(reason: str, *, of: str) -> str:
    """Same as `checked_reason`, for an action that requires a reason.

    Raises:
        ConfigurationError: there is no reason; `of` says what requires one.
        BadInput: the reason cannot be kept.
    """
    if not reason.strip():
        raise ConfigurationError(of, kind="usage.reason")
    return checked_reason(reason)


def checked_reason(reason: str) -> str:
    """The reason as the audit keeps it. Raises BadInput."""
    reason = reason.strip()
    if not reason:
        raise BadInput("there is no reason", kind="input.reason")
    if len(reason) > REASON_MAX or not reason.isprintable():
        raise BadInput(
            "the reason is longer than {most} characters, or not on one line",
            most=REASON_MAX,
            kind="input.reason",
        )
    if _NUMBER.search(reason):
        raise BadInput(
            "the reason holds what looks like a CPR number: the audit is no place for one", kind="input.reason"
        )
    return reason


class KeyState(enum.Enum):
    """What a key does."""

    #: seals and signs what is written now
    WRITES = "writes"
    #: opens what was written with it
    READS = "reads"
    #: was added, and does not write yet: everybody takes it first
    NEXT = "next"
    #: rows name it, and it is not in the key folder
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class KeyUse:
    """One key, and what names it."""

    purpose: str
    id: str
    state: KeyState
    #: the file's own date; None: the key is lost
    made: datetime | None
    #: how many rows name it, by table, in this library
    rows: Mapping[str, int]
    #: how many lines of the files beside the database name it, by file, in all libraries
    lines: Mapping[str, int]

    def document(self) -> dict[str, Any]:
        """The JSON shape of it."""
        return {
            "purpose": self.purpose,
            "id": self.id,
            "state": self.state.value,
            "made": None if self.made is None else self.made.isoformat(timespec="seconds"),
            "rows": dict(self.rows),
            "lines": dict(self.lines),
            "total": sum(self.rows.values()) + sum(self.lines.values()),
        }


#: What a key is for, in the order in which keys are rotated.
PURPOSES: Final = ("seal", "index", "fingerprint", "audit", "checkpoint", "pin")


@dataclass(frozen=True, slots=True)
class SharePlace:
    """Where the next share of a rotation begins: the pass, and the key of the last row. Names no person."""

    number: int
    after: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Share:
    """What one transaction of a rotation did."""

    table: str
    #: rows that name the newest key now
    done: int
    #: values that do not open: they stay as they are
    left: int
    #: where the next share begins; None: this was the last
    place: SharePlace | None


class Keys(Protocol):
    """The keys of the store."""

    def uses(self) -> list[KeyUse]:
        """Return every key of the folder, and every other one that is named, by purpose and the newest first.

        Reads every row.
        """

    def rotating(self) -> AbstractContextManager[None]:
        """Let nobody else change the keys of the folder meanwhile. Raises RunBusy if somebody does."""

    def is_unfinished(self, purpose: str) -> bool:
        """Tells whether an older key of the purpose is there, and the rows were not all brought to the newest one."""

    def add(self, purpose: str, *, user: str) -> str:
        """Add a key that does not write yet, unless one is there, and note it. Returns its id."""

    def let_write(self, purpose: str) -> str:
        """Make the added key the one that writes. Returns the id of the key that writes now."""

    def note_writing(self, purpose: str, *, user: str) -> None:
        """Write in the audit that the added key is about to write."""

    def apply_share(self, purpose: str, place: SharePlace | None, *, most: int) -> Share:
        """Bring at most `most` rows to the newest key, in one transaction. `place`: as the last share told it.

        Raises AuditBroken if the records are not what was written, which a rotation would hide.
        """

    def finish(self, purpose: str, *, rows: int, user: str) -> None:
        """Note that all rows of the library were brought to the newest key."""

    def destroy(self, purpose: str, key_id: str, *, user: str) -> None:
        """Destroy a key that nothing names, as seen under the lock of every library.

        Raises BadInput if something names it, or if it is the one that writes, or no key of the folder.
        """

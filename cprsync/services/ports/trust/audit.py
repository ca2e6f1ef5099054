"""The audit: the port of the store, what it answers, and the reasons that users give.

A reason is one line in the user's own words. The audit keeps it sealed.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Protocol

from cprsync.domain.desk.pins import PinTry
from cprsync.domain.person.number import holds_number
from cprsync.domain.person.status import Action
from cprsync.errors import BadInput, ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from cprsync.domain.person.number import CprNumber
    from cprsync.errors import CprsyncError

#: The kinds of entries that say that somebody looked, and that change nothing.
LOOKING: Final = frozenset({"lookup", "reveal", "own_view", "view", "search"})
#: The kinds of entries of machines and readers that ask, of attempts that are refused, and of a second person's yes.
#: They change no record either.
ASKING: Final = frozenset({"feed_read", "refused", "seconded", *(one.value for one in PinTry)})
#: What happens at a busy desk all the time, and hides nobody who was shown before, unless one of `HIDING` is among its
#: actions. The first answer of a source may say that the person is protected. At a new address somebody may be hidden
#: who is not protected, and whoever is protected hides the address of those who live there.
WRITING: Final = frozenset({"register", "subscribe", "confirm", "set", "change"})
HIDING: Final = frozenset(
    {
        "protection",
        *(one.value for one in (Action.PROTECT, Action.FIRST_COPY, Action.MOVE, Action.ADDRESS_CORRECTED)),
        *(one.value for one in (Action.FOUND, Action.RETURN, Action.STATUS)),
    }
)
REASON_MAX = 200


@dataclass(frozen=True, slots=True)
class AuditState:
    """The result of checking the audit from end to end."""

    #: how many entries pass the check, in how many streams; after an acceptance, those that came later
    entries: int
    streams: int
    #: names this state of the audit; kept elsewhere, it reveals if the whole audit was reset to an earlier state
    code: str
    #: all errors found
    problems: tuple[CprsyncError, ...] = ()
    #: how many sealed records were opened, and the last one's id: the next night continues after it
    records: int = 0
    last_record: str = ""
    #: somebody has accepted what came before
    is_accepted: bool = False

    def document(self) -> dict[str, Any]:
        """The JSON shape of the result. `code` is to be kept elsewhere."""
        return {
            "whole": not self.problems,
            "entries": self.entries,
            "streams": self.streams,
            "accepted": self.is_accepted,
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
    #: when it was by the clock, if `at` is later: the clock was ahead before, and stamps never go backward
    clock: str | None = None

    @property
    def moment(self) -> str:
        """When it was, by the clock of that moment."""
        return self.clock or self.at


class Audit(Protocol):
    """Who did what, when and why."""

    def check(self, *, code: str | None = None, records: int = 0) -> AuditState:
        """Check the audit from end to end.

        `code`: the state that an earlier check returned; the audit must contain it. `records`: the most sealed
        records to open, starting where the last night stopped.
        """

    def count_records(self) -> int:
        """Count all records that `check` can open, also those that were merged or have left."""

    def glance(self) -> AuditGlance:
        """Compare the ends of the audit: its last entries, its heads, and what is kept outside the database."""

    def noted_keys(self) -> set[tuple[str, str]]:
        """Return purpose and id of every key that has written here. Reads no record."""

    def accept(self, *, user: str, reason: str) -> AuditState:
        """Accept the audit and the records as they are now. Returns what was wrong. Raises BadInput if nothing is."""

    def ends(self) -> Mapping[str, int]:
        """Return the number of each stream's last entry."""

    def may_have_hidden(self, ends: Mapping[str, int]) -> bool:
        """Return whether anything was done since `ends` were returned that may hide somebody who was shown before.

        That is anything beside `LOOKING` and `ASKING`, and beside `WRITING` without `HIDING`.
        """

    def entries(self, wanted: AuditFilter) -> Iterator[Happening]:
        """Yield the entries that are wanted, the latest first."""

    def note_reading(self, *, user: str, patron: str | None = None, of: str = "") -> None:
        """Write an audit entry that someone is about to read. `of`: what; "": the reasons that people gave."""

    def note_certificate(self, *, user: str, serial: int, ends: datetime) -> None:
        """Write an audit entry that someone is about to put a new certificate in the place of ours."""


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
    # it is sealed, but kept as long as the audit
    refuse_number_in_reason(reason)
    return reason


def refuse_number_in_reason(reason: str) -> None:
    """Raise BadInput, which does not quote it, if a reason holds a CPR number."""
    if holds_number(reason):
        raise BadInput("the reason holds what looks like a CPR number: leave it out", kind="input.reason")

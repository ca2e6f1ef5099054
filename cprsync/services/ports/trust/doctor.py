"""The check of an installation: what it asks for, and what a check finds.

Whatever is asked raises a CprsyncError if the answer is an error that already says what is wrong and what to do.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import date, datetime

    from cprsync.errors import CprsyncError
    from cprsync.services.ports.deliveries import Inspection
    from cprsync.services.ports.trust.alarms import UntoldChannel
    from cprsync.services.ports.trust.audit import AuditGlance
    from cprsync.services.ports.trust.keys import Rotation


class Level(enum.Enum):
    """How a thing stands."""

    OK = "ok"
    #: it works, and somebody has to look
    WARNING = "warning"
    FAULT = "fault"
    #: it is not set up here, or could not be looked at because of something else
    NOT_USED = "not_used"


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check has found: a word for it with its values, or an error that says it."""

    level: Level
    #: the key of the sentence, and of what to do if it is not OK; "": `error` has both
    what: str = ""
    values: Mapping[str, object] = field(default_factory=dict)
    error: CprsyncError | None = None


class Need(enum.Enum):
    """What has to be set up for a check."""

    SFTP = "sftp"
    FOLDER = "folder"
    CULR = "culr"
    FBS = "fbs"
    TARGETS = "targets"
    SIGN_IN = "sign_in"
    #: [backup] names something, or the persons are real
    BACKUP = "backup"
    #: [alarms] names somebody, or the persons are real
    ALARMS = "alarms"
    POSTGRESQL = "postgresql"
    SYSTEMD = "systemd"


class Component(NamedTuple):
    """A program that ours rests on: its version, and the least that it needs."""

    name: str
    found: str
    least: str
    is_old: bool


class Host(NamedTuple):
    """A counterpart's host, and the setting that names it."""

    setting: str
    host: str
    is_near: bool
    #: the platform's place for tests
    is_for_test: bool


class FeedFiles(NamedTuple):
    """The names of the files that wait, and of those that are still being written."""

    waiting: Sequence[str]
    unfinished: Sequence[str]
    #: of another task than ours
    foreign: int


class NamedBackup(NamedTuple):
    """What [backup] names; None: it does not."""

    folder: str | None
    recipient: str | None


class Contents(NamedTuple):
    """What the store has of a library."""

    patrons: int
    #: nothing is there, and what is kept beside the store remembers more
    is_lost: bool


class Machine(Protocol):
    """The machine and the program, without any setting."""

    def components(self) -> list[Component]:
        """Return Python, its libraries, and what comes with them."""

    def compile_schemas(self) -> None:
        """Compile the packaged schemas."""

    def danish_hours(self) -> tuple[float, float]:
        """Return by how many hours Danish clocks are ahead of UTC in winter and in summer."""

    def is_root(self) -> bool: ...

    def umask(self) -> int: ...

    def timer(self) -> Mapping[str, str]:
        """Return what systemd says of the night's timer: `LoadState`, `ActiveState`, `UnitFileState`."""

    def has(self, need: Need) -> bool:
        """Whether it is set up here."""


class AskedStore(Protocol):
    """The store of an installation, and what is kept beside it, as one of its libraries opens it."""

    def store_version(self) -> str:
        """Return the store's version, which is this program's.

        Raises:
            StoreMismatch: it is not, or the store lacks a part of it.
        """

    def store_environments(self) -> Mapping[str, str]:
        """By agency of which environment the records in the store are."""

    def unnamed_libraries(self) -> Sequence[str]:
        """Return the libraries that have patrons in the store, and that no section of the settings names."""

    def contents(self) -> Contents:
        """Return whether the library is in the store, and was there before."""

    def wrong_settings(self) -> Sequence[str]:
        """Return how the database is set up otherwise than it should be, and the rights of its roles."""

    def try_to_write(self) -> None:
        """Write a row and take it back."""

    def store_offset(self) -> float:
        """Return how many seconds the database's clock is ahead of ours."""

    def lost_keys(self) -> Sequence[tuple[str, str]]:
        """Return purpose and id of the keys that rows name and the folder lacks."""

    def rotations(self) -> Sequence[Rotation]:
        """Return the rotations of keys that are not finished."""

    def journal_lines(self) -> int:
        """Check the erase journal, and that it can be written. Returns how many lines it has."""

    def glance(self) -> AuditGlance:
        """Compare the audit's ends, and check that the heads can be written."""

    def undelivered(self) -> Sequence[UntoldChannel]:
        """Return the channels of alarms whose last delivery did not go well."""

    def deliveries(self) -> Mapping[str, Any]:
        """Return which deliveries have come and which is missing, as in `status`."""

    def last_delivery(self) -> tuple[date, Inspection] | None:
        """Count the last delivery that was taken. None: there is none, or it is forgotten."""


class AskedPeers(Protocol):
    """The counterparts of one library."""

    def certificates(self) -> Sequence[Mapping[str, object]]:
        """Return a line for each certificate, ours and the counterparts', as in `certs check`."""

    def knock(self) -> tuple[datetime | None, datetime]:
        """Ask the look-up service for nothing. Returns its clock, if it tells it, and ours."""

    def ask_agreement(self) -> None:
        """Begin to read our list of subscriptions, without its numbers."""

    def feed_files(self) -> FeedFiles:
        """List where deliveries arrive."""

    def agreed_records(self) -> frozenset[str]:
        """Return the record types that the reader takes for part of the task."""

    def ask_culr(self) -> str:
        """Read an account that nobody has. Returns CULR's word."""

    def ask_fbs(self) -> None:
        """Sign in at FBS."""

    def targets(self) -> Sequence[str]:
        """Return the names of the targets."""

    def ask_target(self, name: str) -> str:
        """Reach a target without a patron. Returns its kind."""

    def ask_receiver(self, channel: str) -> None:
        """See the certificate of what takes alarms, or the calls of the heartbeat. Mail is not asked."""

    def providers(self) -> Sequence[str]:
        """Return where people sign in: `desk`, `patron_page`."""

    def ask_provider(self, name: str) -> None:
        """Read a provider's description of itself."""


class Installed(Machine, Protocol):
    """An installation with its settings and files, and one of its libraries."""

    agency: str
    is_production: bool
    store: AskedStore
    peers: AskedPeers

    def files(self) -> Sequence[str]:
        """Return which files the settings come from."""

    def hosts(self) -> Sequence[Host]:
        """Return the counterparts of all libraries."""

    def sees_mock(self) -> bool:
        """Whether a mock gives the clock."""

    def is_ours_for_test(self) -> bool:
        """Whether our own certificate is for test."""

    def open_files(self) -> Iterator[CprsyncError]:
        """Yield what is wrong with the mode or the owner of each file and folder."""

    def load_keys(self) -> int:
        """Read the keys. Returns how many."""

    def disks(self) -> Sequence[Mapping[str, int | str | None]]:
        """Return how much room is left, as in `status`."""

    def named_backup(self) -> NamedBackup:
        """Return what the settings say of backups."""

    def is_backup_folder_there(self) -> bool:
        """Whether their folder is there. One that is not can be made. Raises if nothing can be written."""

    def backups_ahead(self) -> list[str]:
        """Return the names of the backups that are dated later than now."""

    def read_recipient(self) -> None:
        """Read the public key that backups are encrypted to."""

    def make_sure_of_programs(self) -> None:
        """Find the program that copies the database."""

    def alarm_channels(self) -> Sequence[str]:
        """Return by what somebody hears of a night that has stopped, as [alarms] names it."""

    def policy_changes(self) -> Sequence[str] | None:
        """Return what of the policy file is not as `init` writes it. None: the library has no such file."""

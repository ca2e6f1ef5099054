"""The keys of a store: files away from the database, one purpose each. The newest key of a purpose writes.

Makes, checks and reads the files. Keys are used in `vault` and `audit`. A key in `PURPOSE-N.next` reads and does not
write yet, so that every process has it before anything is written with it: each looks at the folder when a transaction
begins.
"""

from __future__ import annotations

import enum
import os
import re
import stat
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, Self

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC

from cprsync.errors import ConfigurationError
from cprsync.private import link_refused, open_private, sync_folder, write_new_private

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

KEY_BYTES = 32
ID_BYTES = 4
#: Permissions of group and others that a file must not have.
_OTHERS = 0o077
#: No key file is longer than this many bytes.
FILE_MAX = 200
_NAME = re.compile(r"([a-z]+)-([0-9]{1,4})\.(?:key|next)", re.ASCII)
#: How the name of a key's file ends when it writes or reads, and when it was added and does not write yet.
KEY, NEXT = ".key", ".next"
_FORM = re.compile(r"([0-9a-f]{8}) ([0-9a-f]{64})\n?", re.ASCII)


class KeyPurpose(enum.Enum):
    """What a key is for. No key has two purposes."""

    #: seals records, deliveries and payloads
    SEAL = "seal"
    #: finds patrons by number, card, telephone and address
    INDEX = "index"
    #: tells whether a record is the same
    FINGERPRINT = "fingerprint"
    #: chains the audit entries
    AUDIT = "audit"
    #: signs the heads of the chain that are kept elsewhere
    CHECKPOINT = "checkpoint"
    #: goes into the hash of each PIN, so that the database alone cannot test a PIN
    PIN = "pin"


#: What a key of each purpose does, in the words of an error message.
SERVES: Final = {
    KeyPurpose.SEAL: "seals and opens records",
    KeyPurpose.INDEX: "finds patrons by number, card, telephone and address",
    KeyPurpose.FINGERPRINT: "tells whether a record is the same",
    KeyPurpose.AUDIT: "chains the audit",
    KeyPurpose.CHECKPOINT: "signs the audit's heads and the erase journal",
    KeyPurpose.PIN: "checks a PIN",
}
#: The id of a key that stands for one that is lost.
NOBODYS = ""


@dataclass(frozen=True, slots=True, repr=False)
class Key:
    """One secret, and the name by which rows refer to it."""

    id: str
    secret: bytes
    #: the date of its file
    made: datetime
    #: it was added, and does not write yet
    is_next: bool = False


@dataclass(slots=True, repr=False, eq=False)
class Keyring:
    """All live keys, for each purpose the newest first, and after them one that does not write yet."""

    folder: Path
    keys: Mapping[KeyPurpose, tuple[Key, ...]]
    #: the folder as it was when the keys were read
    seen: tuple[int, int]

    @classmethod
    def load(cls, folder: Path, *, may_lack: bool = False) -> Self:
        """Read the keys of a folder.

        Args:
            folder: where they are.
            may_lack: a purpose may have no key: one that nothing names stands for it, and is kept nowhere.

        Raises:
            ConfigurationError: a purpose has no key, or a file has open permissions or the wrong form.
        """
        _check_private(folder)
        # before the keys: what changes meanwhile is seen at the next look
        seen = _state_of(folder)
        found: dict[KeyPurpose, list[tuple[int, Key]]] = {purpose: [] for purpose in KeyPurpose}
        purposes = {purpose.value: purpose for purpose in KeyPurpose}
        for path in sorted([*folder.glob(f"*{KEY}"), *folder.glob(f"*{NEXT}")]):
            name = _NAME.fullmatch(path.name)
            if name is None or name[1] not in purposes:
                raise ConfigurationError(
                    "the file {name} in the key folder is no key", name=path.name, kind="keys.foreign"
                )
            purpose = purposes[name[1]]
            found[purpose].append((int(name[2]), _read(path, purpose)))
        for purpose, keys in found.items():
            if may_lack and not keys:
                keys.append((0, Key(NOBODYS, os.urandom(KEY_BYTES), datetime.fromtimestamp(0, tz=UTC))))
            if all(key.is_next for _, key in keys):
                raise _lacks_key(purpose)
        ordered = {
            purpose: tuple(key for _, key in sorted(keys, key=lambda one: (one[1].is_next, -one[0])))
            for purpose, keys in found.items()
        }
        return cls(folder, ordered, seen)

    def follow(self) -> None:
        """Read the keys again if the folder has changed. One look at the folder if it has not.

        Raises:
            ConfigurationError: as `load`. The keys at hand stay.
        """
        if _state_of(self.folder) != self.seen:
            fresh = self.load(self.folder)
            self.keys, self.seen = fresh.keys, fresh.seen

    def next(self, purpose: KeyPurpose) -> Key | None:
        """Return the key that was added and does not write yet."""
        last = self.keys[purpose][-1]
        return last if last.is_next else None

    def newest(self, purpose: KeyPurpose) -> Key:
        """Return the key that writes."""
        return self.keys[purpose][0]

    def by_id(self, purpose: KeyPurpose) -> dict[str, Key]:
        """Return all keys that may read, by id."""
        return {key.id: key for key in self.keys[purpose]}


class Keyed:
    """Makes keyed digests (HMAC with SHA-256). The key is set up once for all the values of a night."""

    def __init__(self, secret: bytes) -> None:
        self._begun = HMAC(secret, SHA256())

    def digest(self, value: bytes) -> bytes:
        """Return the same digest as `hmac.digest`, in a third of the time, because the key is set up already."""
        begun = self._begun.copy()
        begun.update(value)
        return begun.finalize()


def is_key_file(name: str) -> bool:
    """Return whether a file of this name holds a key, by its name."""
    found = _NAME.fullmatch(name)
    return found is not None and found[1] in {purpose.value for purpose in KeyPurpose}


def create_keys(folder: Path, *, random: Callable[[int], bytes] = os.urandom) -> None:
    """Make one key of each purpose in a folder that has none yet.

    Raises:
        ConfigurationError: the folder holds keys already, or cannot be made.
    """
    if folder.is_symlink():
        raise link_refused(folder)
    if folder.is_dir() and any(folder.glob("*.key")):
        raise ConfigurationError("the key folder holds keys already: they are never overwritten", kind="keys.exist")
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.chmod(0o700)
    except OSError as error:
        raise ConfigurationError("the key folder cannot be made", kind="keys.missing") from error
    for purpose in KeyPurpose:
        add_key(folder, purpose, random=random)


def _lacks_key(purpose: KeyPurpose) -> ConfigurationError:
    return ConfigurationError(
        "the key folder holds no {purpose} key ({purpose}-….key): it {serves}",
        purpose=purpose.value,
        serves=SERVES[purpose],
        kind="keys.missing",
    )


def add_key(
    folder: Path, purpose: KeyPurpose, *, random: Callable[[int], bytes] = os.urandom, ending: str = KEY
) -> None:
    """Add a newer key of one purpose. It writes from each process's next transaction on, and the older keys still read.

    `ending`: NEXT for a key that does not write yet.
    """
    numbers = [int(path.stem.rpartition("-")[2]) for path in folder.glob(f"{purpose.value}-*{KEY}")]
    path = folder / f"{purpose.value}-{max(numbers, default=0) + 1}{ending}"
    line = f"{random(ID_BYTES).hex()} {random(KEY_BYTES).hex()}\n"
    new = path.with_name(f"{path.name}.new")
    # a process that was killed here has left a file that no key is read from
    new.unlink(missing_ok=True)
    with write_new_private(new) as file:
        file.write(line.encode("ascii"))
    # whole or not at all: a running desk may look at any moment; never over a key that is there
    os.link(new, path)
    new.unlink()
    sync_folder(folder)


def let_write(folder: Path, purpose: KeyPurpose) -> None:
    """Make the key that was added the one that writes."""
    for path in folder.glob(f"{purpose.value}-*{NEXT}"):
        if path.with_suffix(KEY).exists():
            raise ConfigurationError("the file {name} in the key folder is no key", name=path.name, kind="keys.foreign")
        path.rename(path.with_suffix(KEY))
    sync_folder(folder)


def destroy_key(folder: Path, purpose: KeyPurpose, key_id: str) -> None:
    """Overwrite and delete the file of one key. A disk may keep older bytes of it all the same."""
    for path in folder.glob(f"{purpose.value}-*{KEY}"):
        if _read(path, purpose).id == key_id:
            with path.open("r+b") as file:
                file.write(b"0" * path.stat().st_size)
                file.flush()
                os.fsync(file.fileno())
            path.unlink()
    sync_folder(folder)


def _state_of(folder: Path) -> tuple[int, int]:
    """Return what changes when a file is added, renamed or deleted."""
    try:
        one = folder.stat()
    except OSError as error:
        raise ConfigurationError(
            "the key folder or file {name} is missing", name=folder.name, kind="keys.missing"
        ) from error
    return one.st_ino, one.st_mtime_ns


def _read(path: Path, purpose: KeyPurpose) -> Key:
    _check_private(path)
    with open_private(path) as file:
        form = _FORM.fullmatch(file.read(FILE_MAX).decode("ascii", errors="replace"))
    if form is None:
        raise ConfigurationError(
            "the key file {name} is damaged and does not have the form of a key: it {serves}",
            name=path.name,
            serves=SERVES[purpose],
            kind="keys.form",
        )
    made = datetime.fromtimestamp(path.stat().st_mtime, tz=UTC)
    return Key(form[1], bytes.fromhex(form[2]), made, is_next=path.suffix == NEXT)


def _check_private(path: Path) -> None:
    try:
        state = path.lstat()
    except OSError as error:
        raise ConfigurationError(
            "the key folder or file {name} is missing", name=path.name, kind="keys.missing"
        ) from error
    if stat.S_ISLNK(state.st_mode):
        raise link_refused(path)
    # root could read them, and would leave files beside the store that the service cannot write
    if state.st_uid != os.geteuid():
        raise ConfigurationError("{path} belongs to another user", path=path, kind="file.owner")
    if stat.S_IMODE(state.st_mode) & _OTHERS:
        raise ConfigurationError(
            "{name} must be this user's alone: mode 0600, a folder 0700", name=path.name, kind="keys.mode"
        )

"""Opens files that belong to us alone: follows no link, and refuses files that others may read or change.

Links and modes are checked on the open file itself, so that nobody can replace it in between.
"""

from __future__ import annotations

import errno
import os
import shlex
import shutil
import stat
from contextlib import contextmanager, suppress
from typing import IO, TYPE_CHECKING, Final

from cprsync.errors import ConfigurationError, CredentialUnseen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from cprsync.errors import CprsyncError

#: The longest secret that is read. A provider of identities may give long ones.
PASSWORD_MAX_BYTES: Final = 4096
#: How a path begins that names a secret which systemd hands to the service (LoadCredential).
CREDENTIAL: Final = "credential:"
#: The permissions that group and others must not have on a secret: any.
OTHERS: Final = 0o077
#: The permissions that they must not have on a file without a secret: to change it.
OTHERS_WRITE: Final = 0o022
#: A file that root owns may be read by its group: this gives it to one service, which cannot change it.
_OTHERS_OF_ROOT: Final = 0o027
_MODES: Final = {OTHERS: "600", OTHERS_WRITE: "go-w"}
_ROOT: Final = 0


def leave_no_dump() -> None:
    """Let a crash of this process, or of one that it starts, leave no dump of its memory, which holds keys and records.

    Nothing happens where there are no such limits.
    """
    with suppress(ImportError):
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


@contextmanager
def open_private(path: Path, *, forbidden: int = OTHERS) -> Iterator[IO[bytes]]:
    """Open a file for reading.

    Raises:
        ConfigurationError: kinds `file.link`, `file.private`, `file.owner`, `file.kind`.
        CredentialUnseen: it is handed to the service alone.
        OSError: the file is missing or cannot be read.
    """
    try:
        # non-blocking: a pipe in the file's place would wait for a writer
        handle = open_unfollowed(path, os.O_RDONLY | os.O_NONBLOCK)
    except FileNotFoundError:
        if path.name.startswith(CREDENTIAL):
            raise CredentialUnseen("{name} is handed to the service alone", name=path.name) from None
        raise
    with os.fdopen(handle, "rb") as file:
        check_private(handle, path, forbidden=forbidden)
        yield file


def read_password(path: Path) -> str:
    """Read the one secret that a file holds. Raises ConfigurationError, which names the file and nothing in it."""
    try:
        with open_private(path) as file:
            password = file.read(PASSWORD_MAX_BYTES).decode("utf-8").strip("\r\n")
    except FileNotFoundError:
        raise ConfigurationError("{path} is not there", path=path, kind="configuration.password") from None
    except (OSError, UnicodeDecodeError):
        # from None: nothing in the file may be in a message
        raise ConfigurationError(
            "{path}: no password can be read there", path=path, kind="configuration.password"
        ) from None
    if not password:
        raise ConfigurationError("{path}: there is no password in it", path=path, kind="configuration.password")
    return password


def open_new_private(path: Path) -> int:
    """Open a file for writing from its beginning. A new file gets mode 0600; an existing one must be private already.

    Raises as `open_private`. The old content is deleted only if the file may be written.
    """
    handle = open_unfollowed(path, os.O_WRONLY | os.O_CREAT | os.O_NONBLOCK)
    try:
        check_private(handle, path)
        if stat.S_ISREG(os.fstat(handle).st_mode):
            os.ftruncate(handle, 0)
    except BaseException:
        os.close(handle)
        raise
    return handle


def create_private(path: Path, content: str) -> None:
    """Write a new file with mode 0600. Raises FileExistsError, also for a broken link."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(content)


@contextmanager
def write_new_private(path: Path) -> Iterator[IO[bytes]]:
    """Write a new file with mode 0600 and sync it to disk. Raises FileExistsError, also for a broken link."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    with os.fdopen(handle, "wb") as file:
        yield file
        file.flush()
        os.fsync(file.fileno())


@contextmanager
def hold_alone(path: Path, busy: Callable[[], CprsyncError]) -> Iterator[None]:
    """Hold a lock file while the block runs, or raise what `busy` makes at once: another process has it.

    The lock ends with its holder. The file stays, because two processes could otherwise lock two files. Raises
    ConfigurationError for a link, and OSError.
    """
    import fcntl

    handle = open_unfollowed(path, os.O_RDWR | os.O_CREAT)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise busy() from error
        yield
    finally:
        os.close(handle)


def state_of_files(*paths: Path | None) -> tuple[int, ...]:
    """What changes when one of the files does. One that is not there, or not named, is left out."""
    found: list[int] = []
    for path in paths:
        with suppress(OSError):
            one = None if path is None else path.stat()
            found += [] if one is None else [one.st_ino, one.st_size, one.st_mtime_ns]
    return tuple(found)


def replace_private(path: Path, content: bytes, *, mode: int = 0o600, is_synced: bool = False) -> None:
    """Write a file completely or not at all, in place of any other. It has its mode from the first byte on.

    `is_synced`: its content is on the disk before it takes the place, whatever happens to the machine.
    """
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode), "wb") as file:
        file.write(content)
        if is_synced:
            file.flush()
            os.fsync(file.fileno())
    draft.replace(path)


def copy_private(source: Path, path: Path) -> None:
    """Copy a file of any size completely or not at all, in place of any other, with mode 0600."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.unlink(missing_ok=True)
    with write_new_private(draft) as file, source.open("rb") as content:
        shutil.copyfileobj(content, file)
    draft.replace(path)


def remove_folder(folder: Path) -> None:
    """Remove a folder and all in it, as well as it goes: also if someone stops the program meanwhile."""
    try:
        shutil.rmtree(folder, ignore_errors=True)
    except KeyboardInterrupt:
        # it may hold keys: what was asked for in the meantime is done after this
        shutil.rmtree(folder, ignore_errors=True)
        raise


def sync_folder(folder: Path) -> None:
    """Wait until the names in a folder are on the disk: only then a file is there, or gone, after a power cut."""
    handle = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def append_private(path: Path) -> IO[str]:
    """Open a file to add lines, with mode 0600, whatever mode it had. Raises ConfigurationError for a link, OSError."""
    handle = open_unfollowed(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.fchmod(handle, 0o600)
    return os.fdopen(handle, "a", encoding="utf-8")


def open_unfollowed(path: Path, how: int) -> int:
    """Open a file; a new one gets mode 0600. Raises ConfigurationError for a link, and OSError."""
    try:
        return os.open(path, how | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise link_refused(path) from error
        raise


def make_private(path: Path) -> None:
    """Make sure that a private file is there, and do not open one that is.

    When a process closes a file, its other locks on that file end too (POSIX): SQLite's would, on its database.

    Raises:
        ConfigurationError: kinds `file.link`, `file.private`, `file.owner`, `file.kind`.
        OSError: it cannot be made, or not be read and written.
    """
    with suppress(FileExistsError):
        create_private(path, "")
    state = path.lstat()
    if stat.S_ISLNK(state.st_mode):
        raise link_refused(path)
    _check_state(state, path, forbidden=OTHERS)
    if not os.access(path, os.R_OK | os.W_OK, effective_ids=True):
        # a disk that may only be read refuses its owner too
        why = errno.EROFS if os.statvfs(path).f_flag & os.ST_RDONLY else errno.EACCES
        raise OSError(why, os.strerror(why))


def refuse_root_at(path: Path) -> None:
    """Refuse root where a path belongs to another user, who could not write the files that root would leave.

    A path that is missing passes. Raises ConfigurationError of kind `file.owner`.
    """
    if os.geteuid() != _ROOT:
        return
    with suppress(FileNotFoundError, NotADirectoryError):
        if path.stat().st_uid != _ROOT:
            raise ConfigurationError("{path} belongs to another user", path=path, kind="file.owner")


def make_sure_that_usable(path: Path) -> None:
    """Refuse a file or folder of ours that this user may not read and write. A missing one passes.

    Raises ConfigurationError of kind `file.owner`, and OSError for a disk that may only be read.
    """
    try:
        path.lstat()
        is_usable = os.access(path, os.R_OK | os.W_OK, effective_ids=True)
    except (FileNotFoundError, NotADirectoryError):
        return
    except PermissionError:
        is_usable = False
    if not is_usable:
        with suppress(PermissionError):
            if os.statvfs(path).f_flag & os.ST_RDONLY:
                raise OSError(errno.EROFS, os.strerror(errno.EROFS))
        raise closed_to_us(path)


def closed_to_us(path: Path) -> ConfigurationError:
    """Return the error for a file or folder of ours that the system does not let this user open."""
    return ConfigurationError("{path}: this user may not read and write it", path=path, kind="file.owner")


def check_private(handle: int, path: Path, *, forbidden: int = OTHERS) -> None:
    """Check that others may not use an open file. A device has no secret. Raises ConfigurationError."""
    _check_state(os.fstat(handle), path, forbidden=forbidden)


def _check_state(state: os.stat_result, path: Path, *, forbidden: int) -> None:
    if stat.S_ISCHR(state.st_mode):
        return
    if not stat.S_ISREG(state.st_mode):
        raise ConfigurationError("{path} is no ordinary file", path=path, kind="file.kind")
    check_mode(state, path, forbidden=forbidden)


def link_refused(path: Path) -> ConfigurationError:
    """Return the error for a link in the place of a file or folder of ours."""
    return ConfigurationError("{path} is a link: name the file itself", path=path, kind="file.link")


def check_mode(state: os.stat_result, path: Path, *, forbidden: int = OTHERS) -> None:
    """Check a file's state for the same. Raises ConfigurationError, which says what command to run."""
    ours = os.geteuid()
    if state.st_uid not in {ours, _ROOT} and ours != _ROOT:
        raise ConfigurationError("{path} belongs to another user", path=path, kind="file.owner")
    roots = state.st_uid == _ROOT != ours
    wrong = state.st_mode & (forbidden & _OTHERS_OF_ROOT if roots else forbidden)
    if wrong:
        mend = f"chmod {'640' if roots and forbidden == OTHERS else _MODES[forbidden]} {shlex.quote(str(path))}"
        told = (
            "{path}: others may read it: {mend}" if not wrong & OTHERS_WRITE else "{path}: others may change it: {mend}"
        )
        raise ConfigurationError(told, path=path, mend=mend, kind="file.private")


def check_unchangeable(path: Path) -> None:
    """Refuse a file without secrets that is a link, or that others may change. A missing file passes.

    Raises ConfigurationError.
    """
    try:
        with open_private(path, forbidden=OTHERS_WRITE):
            pass
    except OSError:
        return


def check_folder(folder: Path) -> None:
    """Refuse a folder to write into if it is a link, or if others may put files into it. Raises ConfigurationError."""
    state = folder.lstat()
    if stat.S_ISLNK(state.st_mode):
        raise link_refused(folder)
    # in a sticky folder, such as /tmp, nobody can replace another user's files
    if not state.st_mode & stat.S_ISVTX:
        check_mode(state, folder, forbidden=OTHERS_WRITE)

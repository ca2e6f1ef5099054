"""Who may read and change the files of an installation. Opens none of them: closing SQLite's would end its locks."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import TYPE_CHECKING, Final

from cprsync.errors import ConfigurationError, CprsyncError
from cprsync.private import OTHERS, OTHERS_WRITE, check_folder, check_mode, link_refused
from cprsync.store.beside.checkpoints import FILE as HEADS
from cprsync.store.beside.checkpoints import WITNESS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cprsync.config.settings import LibrarySection, Settings

_SQLITE: Final = "sqlite:///"


def find_open_files(settings: Settings, config: Path) -> Iterator[CprsyncError]:
    """Yield what is wrong with the mode or the owner of each file, and with each folder that is written into."""
    for path in _folders(settings, config):
        yield from _look(path, OTHERS_WRITE, is_folder=True)
    yield from _look(settings.keys.dir, OTHERS)
    for path in _written(settings):
        yield from _look(path, OTHERS)
    for path in (config, *_secrets(settings)):
        yield from _look(path, OTHERS)
    for path in _public(settings):
        yield from _look(path, OTHERS_WRITE)


def _folders(settings: Settings, config: Path) -> list[Path]:
    store = [_store(settings).parent] if settings.store.url.startswith(_SQLITE) else []
    return sorted({config.resolve().parent, settings.store.erase_journal.parent, *store})


def _store(settings: Settings) -> Path:
    return Path(settings.store.url.removeprefix(_SQLITE))


def _written(settings: Settings) -> Iterator[Path]:
    """What the program writes itself."""
    if settings.store.url.startswith(_SQLITE):
        store = _store(settings)
        yield from (store, *(store.with_name(f"{store.name}{end}") for end in ("-wal", "-shm")))
    journal = settings.store.erase_journal
    yield from (journal, journal.with_name(WITNESS), settings.keys.dir / HEADS)
    yield from settings.keys.dir.glob("*.key") if settings.keys.dir.is_dir() else ()


def _secrets(settings: Settings) -> Iterator[Path]:
    desk = settings.desk
    found = [desk.accounts, desk.key, None if desk.sign_in is None else desk.sign_in.client_secret_file]
    alarms = settings.alarms
    found += [None if alarms.email is None else alarms.email.password_file]
    found += () if alarms.webhook is None else alarms.webhook.keys
    for library in settings.library:
        register = library.register_
        found += [register.client_key, register.p12, register.p12_password_file, library.feed.key]
        found += [one.password_file for one in (library.culr, library.fbs) if one is not None]
        found += _of_targets(library)
        page = None if library.patron_page is None else library.patron_page.sign_in
        found.append(None if page is None else page.client_secret_file)
    yield from (one for one in found if one is not None)


def _of_targets(library: LibrarySection) -> Iterator[Path]:
    for one in library.target:
        if one.kind == "koha":
            yield one.secret_file
        elif one.kind == "webhook":
            yield from one.keys


def _public(settings: Settings) -> Iterator[Path]:
    for library in settings.library:
        register = library.register_
        found = [register.ca, register.client_cert, library.feed.known_hosts, library.policy]
        found += [one.ca for one in (library.culr, library.fbs) if one is not None]
        yield from (one for one in found if one is not None)


def _look(path: Path, forbidden: int, *, is_folder: bool = False) -> Iterator[CprsyncError]:
    try:
        if is_folder:
            check_folder(path)
            return
        state = path.lstat()
        if stat.S_ISLNK(state.st_mode) and forbidden == OTHERS:
            yield link_refused(path)
            return
        check_mode(path.stat(), path, forbidden=forbidden)
    except ConfigurationError as error:
        yield error
    except OSError:
        # a missing file is told by the check that needs it
        return

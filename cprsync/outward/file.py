"""Files for another system: each sending leaves new files in a folder, whole or not at all, each with a checksum.

A killed process loses no change and tells none twice. A file is written under a hidden name first. Then a list of what
is in it is written, the ledger. Then the file gets its name. The next sending deletes a file that has no name yet, with
its ledger. It takes what any other ledger lists as told. The reader may take and delete the files at any time, but
never the hidden ones.

A file's name has the target, the time, and the first and the last version in it: nothing of a patron.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from cprsync.domain.outward.lines import list_cells, list_columns, write_line
from cprsync.errors import ConfigurationError, CprsyncError
from cprsync.private import check_folder, replace_private, sync_folder
from cprsync.services.ports.outward import Delivered, TargetClient

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path
    from typing import IO

    from cprsync.outward.settings import FileSettings
    from cprsync.services.ports.outward import OutwardEffect

Outcome: TypeAlias = "tuple[OutwardEffect, Delivered | CprsyncError]"
CHECKSUM: Final = ".sha256"
_PART, _LEDGER = ".part", ".ledger"
#: How long it is remembered what was in a file. If nothing is sent for so long after a kill, it may be told twice.
LEDGER_DAYS: Final = 7
#: The longest ledger that is read: a file with the most records.
_LEDGER_MAX_BYTES: Final = 16 * 1024 * 1024


@dataclass(slots=True)
class _Draft:
    """A file that is being written."""

    path: Path
    file: IO[bytes]
    size: int = 0
    hashed: Any = field(default_factory=hashlib.sha256)
    effects: list[OutwardEffect] = field(default_factory=list)

    def write(self, content: bytes) -> None:
        self.file.write(content)
        self.hashed.update(content)
        self.size += len(content)


class FileClient(TargetClient):
    """The folder of one target."""

    def __init__(self, settings: FileSettings, *, now: Callable[[], datetime]) -> None:
        self._settings, self._now = settings, now
        self._target, self._folder = settings.target, settings.folder
        #: the time in the name of the last file
        self._last: datetime | None = None

    def send_many(self, queues: Iterable[Sequence[OutwardEffect]]) -> Iterator[Outcome]:
        """Write the effects into as few files as their ceilings allow, as the port describes."""
        draft: _Draft | None = None
        last: OutwardEffect | None = None
        try:
            self._make_sure_of_folder()
            told = self._settle_earlier()
            for queue in queues:
                for last in queue:
                    effect = last
                    if _key(effect) in told:
                        yield effect, Delivered()
                        continue
                    draft = draft or self._begin()
                    self._add(draft, effect)
                    if self._is_full(draft):
                        whole, draft = draft, None
                        yield from self._end(whole)
            if draft is not None:
                whole, draft = draft, None
                yield from self._end(whole)
        except OSError as error:
            failed = _refused(self._folder, error)
            if last is None:
                raise failed from error
            yield last, failed
        finally:
            if draft is not None:
                draft.file.close()
                draft.path.unlink(missing_ok=True)

    # -- one file ---------------------------------------------------------------------------------------

    def _begin(self) -> _Draft:
        path = self._folder / f".{self._target.name}{_PART}"
        how = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
        draft = _Draft(path, os.fdopen(os.open(path, how, 0o600), "wb"))
        if self._settings.is_table:
            draft.write(_row(list_columns(self._target)))
        return draft

    def _add(self, draft: _Draft, effect: OutwardEffect) -> None:
        said: dict[str, Any] = {"gone": True} if effect.payload is None else effect.payload
        document = {"patron": effect.patron_id, "version": effect.version, **said}
        is_table = self._settings.is_table
        draft.write(_row(list_cells(document, self._target)) if is_table else write_line(document))
        draft.effects.append(effect)

    def _is_full(self, draft: _Draft) -> bool:
        return len(draft.effects) >= self._settings.records_most or draft.size >= self._settings.bytes_most

    def _end(self, draft: _Draft) -> Iterator[Outcome]:
        """Give the file its name, and only then say what was told."""
        with draft.file:
            draft.file.flush()
            os.fsync(draft.file.fileno())
        name = self._name(draft.effects)
        part = self._folder / f".{name}{_PART}"
        draft.path.replace(part)
        ledger = {"told": [_key(effect) for effect in draft.effects]}
        replace_private(self._folder / f".{name}{_LEDGER}", json.dumps(ledger).encode())
        sync_folder(self._folder)
        self._publish(name, draft.hashed.hexdigest())
        for effect in draft.effects:
            yield effect, Delivered()

    def _publish(self, name: str, checksum: str) -> None:
        """Give a whole file its name. Its checksum is there before it."""
        replace_private(self._folder / f"{name}{CHECKSUM}", f"{checksum}  {name}\n".encode())
        (self._folder / f".{name}{_PART}").replace(self._folder / name)
        sync_folder(self._folder)

    def _name(self, effects: Sequence[OutwardEffect]) -> str:
        versions = [effect.version for effect in effects]
        ending = "csv" if self._settings.is_table else "ndjson"
        # readers go by the names: each comes after the one before, even if the clock was set back
        earlier = self._last
        at = self._last = self._now() if earlier is None else max(self._now(), earlier + timedelta(microseconds=1))
        return f"{self._target.name}-{at:%Y%m%dT%H%M%S%fZ}-{min(versions)}-{max(versions)}.{ending}"

    # -- the files of earlier sendings ------------------------------------------------------------------

    def _make_sure_of_folder(self) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        check_folder(self._folder)

    def _settle_earlier(self) -> set[str]:
        """Delete what a killed sending left without a name, and what is over. Return what was told."""
        now, told = self._now(), set[str]()
        for path in self._ours(_LEDGER):
            name = path.name.removeprefix(".").removesuffix(_LEDGER)
            self._last = self._time_of(name)
            if (self._folder / f".{name}{_PART}").exists():
                # Nobody has read it. Who is in it may be protected since: what waits now is told in its place.
                (self._folder / f"{name}{CHECKSUM}").unlink(missing_ok=True)
                path.unlink()
                # a ledger without its file would say that all in it was told
                sync_folder(self._folder)
                continue
            told.update(_read_ledger(path)["told"])
            if self._is_over(name, now, LEDGER_DAYS):
                path.unlink(missing_ok=True)
        for path in self._ours(_PART):
            path.unlink(missing_ok=True)
        if self._settings.keep_days is not None:
            self._delete_old(now, self._settings.keep_days)
        return told

    def _ours(self, ending: str) -> list[Path]:
        found = self._folder.glob(f".{self._target.name}*{ending}")
        return sorted(path for path in found if self._is_ours(path.name.removeprefix(".")))

    def _is_ours(self, name: str) -> bool:
        """Whether a file is this target's, and not that of one with a longer name."""
        rest = name.removeprefix(self._target.name)
        return rest == _PART or self._time_of(name) is not None

    def _delete_old(self, now: datetime, days: int) -> None:
        for path in self._folder.glob(f"{self._target.name}-*"):
            if self._is_ours(path.name) and self._is_over(path.name, now, days):
                path.unlink(missing_ok=True)

    def _is_over(self, name: str, now: datetime, days: int) -> bool:
        at = self._time_of(name)
        return at is not None and at < now - timedelta(days=days)

    def _time_of(self, name: str) -> datetime | None:
        """The time in the name of one of this target's files. None: it is none of them."""
        with suppress(ValueError, IndexError):
            written = name.removeprefix(self._target.name).split("-")[1]
            return datetime.strptime(written, "%Y%m%dT%H%M%S%fZ").replace(tzinfo=UTC)
        return None


def _key(effect: OutwardEffect) -> str:
    """What names an effect among all that were ever queued."""
    return f"{effect.patron_id} {effect.version} {effect.queued}"


def _row(cells: Sequence[str]) -> bytes:
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerow(cells)
    return out.getvalue().encode()


def _read_ledger(path: Path) -> dict[str, Any]:
    with path.open("rb") as file:
        ledger: dict[str, Any] = json.loads(file.read(_LEDGER_MAX_BYTES))
    return ledger


def _refused(folder: Path, error: OSError) -> ConfigurationError:
    return ConfigurationError(
        "{path}: the target's files cannot be written there ({strerror})",
        path=folder,
        strerror=error.strerror,
        kind="target.folder",
    )

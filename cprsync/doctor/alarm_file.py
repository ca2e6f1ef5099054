"""The alarm that the store itself cannot be opened: kept in a file, for it cannot be kept in the store.

The file is beside the erase journal. One process at a time uses it.
"""

from __future__ import annotations

import fcntl
import json
import os
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from cprsync.domain.trust.alarms import PAUSE_MOST, Alarm, Telling, Word, pause_after
from cprsync.errors import ConfigurationError
from cprsync.private import closed_to_us, open_unfollowed
from cprsync.services.ports.trust.alarms import Message, UntoldChannel
from cprsync.store.core.engine import moment_of, stamp_of
from cprsync.store.trust.alarms import TAKEN

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime
    from pathlib import Path

    from cprsync.domain.trust.alarms import Weighed

#: Beside the erase journal, with the agency before it.
FILE: Final = "alarm.json"
_BYTES_MOST: Final = 256 * 1024
_EMPTY: Final[dict[str, Any]] = {"alarms": [], "messages": [], "arrived": {}, "next": 1}


@dataclass(frozen=True, slots=True)
class AlarmFile:
    """As `services.ports.trust.alarms.AlarmLog`, for the few alarms that are about the store."""

    path: Path
    now: Callable[[], datetime]

    @property
    def is_in_use(self) -> bool:
        """Whether anything is kept: most of the time there is no file."""
        return self.path.exists()

    def weigh(self, decide: Callable[[Sequence[Alarm]], Weighed], channels: Sequence[str]) -> None:
        with self._held() as kept:
            weighed = decide([_alarm_of(one) for one in kept["alarms"]])
            kept["alarms"] = [_row_of(one) for one in weighed.alarms]
            causes = {one.cause for one in weighed.alarms}
            kept["arrived"] = {cause: at for cause, at in kept["arrived"].items() if cause in causes}
            at = stamp_of(self.now())
            for telling in weighed.tellings:
                for channel in channels:
                    row = {"id": kept["next"], "channel": channel, "word": telling.word.value, "at": at, "due": at}
                    kept["messages"].append(row | {"tries": 0, "why": None, "alarm": _row_of(telling.alarm)})
                    kept["next"] += 1

    def take(self, channel: str) -> list[Message]:
        now = self.now()
        with self._held() as kept:
            ours = [one for one in kept["messages"] if one["channel"] == channel]
            due = [one for one in ours if not stamp_of(now) < one["due"] <= stamp_of(now + PAUSE_MOST)]
            for one in due:
                one["due"], one["tries"] = stamp_of(now + TAKEN), one["tries"] + 1
            return [_message_of(one) for one in due]

    def note(self, messages: Sequence[Message], why: str | None) -> None:
        now, told = self.now(), {one.id: one for one in messages}
        with self._held() as kept:
            for one in [one for one in kept["messages"] if one["id"] in told]:
                pause = None if why is None else pause_after(one["tries"])
                if pause is None:
                    kept["messages"].remove(one)
                    if why is None:
                        kept["arrived"][one["alarm"]["cause"]] = stamp_of(now)
                else:
                    one["due"], one["why"] = stamp_of(now + pause), why

    def note_carries(self, channel: str) -> None:
        if not self.is_in_use:
            return
        now = self.now()
        with self._held() as kept:
            for one in [one for one in kept["messages"] if one["channel"] == channel]:
                one["why"] = None
                if one["due"] > stamp_of(now + TAKEN):
                    one["due"] = stamp_of(now)

    def standing(self) -> list[Alarm]:
        if not self.is_in_use:
            return []
        with self._held() as kept:
            return [_alarm_of(one) for one in kept["alarms"]]

    def arrived(self) -> dict[str, datetime]:
        if not self.is_in_use:
            return {}
        with self._held() as kept:
            return {cause: moment_of(at) for cause, at in kept["arrived"].items()}

    def undelivered(self) -> list[UntoldChannel]:
        if not self.is_in_use:
            return []
        with self._held() as kept:
            failed = [one for one in kept["messages"] if one["why"] is not None]
        names = sorted({one["channel"] for one in failed})
        of = {name: [one for one in failed if one["channel"] == name] for name in names}
        return [UntoldChannel(name, len(rows), rows[-1]["why"]) for name, rows in of.items()]

    @contextmanager
    def _held(self) -> Iterator[dict[str, Any]]:
        """What is kept, for one process at a time. It is written back, and deleted once nothing is left."""
        try:
            handle = open_unfollowed(self.path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT)
            with os.fdopen(handle, "r+b") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                kept = self._read()
                yield kept
                self._write(kept)
        except PermissionError:
            raise closed_to_us(self.path) from None
        except OSError as error:
            raise ConfigurationError(
                "{path}: the file of the alarms cannot be used ({strerror})",
                path=self.path,
                strerror=error.strerror,
                kind="alarm.file",
            ) from None

    def _read(self) -> dict[str, Any]:
        try:
            said = self.path.read_bytes()[:_BYTES_MOST]
            read: dict[str, Any] = json.loads(said)
        except (FileNotFoundError, ValueError):
            # one that is torn is begun anew: then an alarm is told twice at worst
            return json.loads(json.dumps(_EMPTY))  # type: ignore[no-any-return]  # a fresh copy
        return read

    def _write(self, kept: dict[str, Any]) -> None:
        if not kept["alarms"] and not kept["messages"]:
            self.path.unlink(missing_ok=True)
            return
        beside = self.path.with_suffix(".new")
        handle = open_unfollowed(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(kept, file)
        beside.replace(self.path)


def _row_of(alarm: Alarm) -> dict[str, Any]:
    told, gone = (None if at is None else stamp_of(at) for at in (alarm.told, alarm.gone))
    values = {"cause": alarm.cause, "what": alarm.what, "values": dict(alarm.values)}
    return values | {"since": stamp_of(alarm.since), "told": told, "gone": gone}


def _alarm_of(row: dict[str, Any]) -> Alarm:
    told, gone = (None if at is None else moment_of(at) for at in (row["told"], row["gone"]))
    return Alarm(row["cause"], row["what"], row["values"], moment_of(row["since"]), told, gone)


def _message_of(row: dict[str, Any]) -> Message:
    telling = Telling(Word(row["word"]), _alarm_of(row["alarm"]))
    return Message(row["id"], row["channel"], telling, moment_of(row["at"]), row["tries"])

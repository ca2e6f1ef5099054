"""The mock's memory: one document that is replaced as a whole, and journals that only grow.

The register's people, day and faults are in `state.json`. Subscriptions, calls and CULR's changes are one line each in
a journal, because there may be many. Knows how they are stored, not what they mean.
"""

from __future__ import annotations

import json
import os
from contextlib import ExitStack, contextmanager
from dataclasses import fields
from typing import IO, TYPE_CHECKING, Any

from cprsync.errors import ConfigurationError
from cprsync.private import append_private, hold_alone, replace_private

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

_VERSION = 1


class Memory:
    """What the mock stores in its folder between two starts."""

    def __init__(self, folder: Path) -> None:
        self._state = folder / "state.json"
        self._journals: dict[str, IO[str]] = {}
        self._folder = folder

    def load(self) -> dict[str, Any] | None:
        """The document. None: the folder is new.

        Raises:
            ConfigurationError: kind `mock.town.state`; the document is damaged or of another version.
        """
        try:
            document = json.loads(self._state.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            raise _unreadable() from error
        if not isinstance(document, dict) or document.get("version") != _VERSION:
            raise _unreadable()
        return document

    def save(self, document: dict[str, Any]) -> None:
        """Replace the document. A dataclass in it is written as its fields."""
        whole = {"version": _VERSION, **document}
        text = json.dumps(whole, ensure_ascii=False, separators=(",", ":"), default=_fields_of)
        replace_private(self._state, text.encode())

    def put_aside(self, name: str, content: bytes) -> None:
        """Store a delivery until it is in its box. The document describes it."""
        replace_private(self._path_aside(name), content)

    def aside(self, name: str) -> bytes:
        """What was put aside under this name. Raises ConfigurationError, kind `mock.town.state`: it is gone."""
        try:
            return self._path_aside(name).read_bytes()
        except OSError as error:
            raise _unreadable() from error

    def clear_aside(self) -> None:
        """Remove all that was put aside, because nothing is owed any more."""
        for path in self._folder.glob("*owed.*"):
            path.unlink()

    def _path_aside(self, name: str) -> Path:
        return self._folder / f"owed.{name}"

    def append(self, journal: str, entry: Any) -> None:
        """Add a line to a journal. The operating system has it when this returns."""
        if journal not in self._journals:
            self._cut_incomplete_line(journal)
            self._journals[journal] = append_private(self._folder / f"{journal}.jsonl")
        file = self._journals[journal]
        file.write(_line(entry))
        file.flush()

    def replace_journal(self, journal: str, entries: Iterable[Any]) -> None:
        """Let a journal have these lines, and no others."""
        if journal in self._journals:
            self._journals.pop(journal).close()
        replace_private(self._folder / f"{journal}.jsonl", "".join(map(_line, entries)).encode())

    def forget_journals(self) -> None:
        """Remove every journal: nothing has happened yet."""
        self.close()
        for path in self._folder.glob("*.jsonl"):
            path.unlink()

    def journal(self, name: str) -> Iterator[Any]:
        """The lines of a journal. An incomplete last line was never answered, so it is dropped."""
        try:
            file = (self._folder / f"{name}.jsonl").open(encoding="utf-8")
        except FileNotFoundError:
            return
        with file:
            for line in file:
                if line.endswith("\n"):
                    yield json.loads(line)

    def close(self) -> None:
        for file in self._journals.values():
            file.close()
        self._journals.clear()

    def _cut_incomplete_line(self, name: str) -> None:
        """Cut an incomplete last line off, so that the next line does not continue it."""
        path = self._folder / f"{name}.jsonl"
        if not path.exists():
            return
        content = path.read_bytes()
        whole = content.rfind(b"\n") + 1
        if whole < len(content):
            os.truncate(path, whole)


@contextmanager
def lock_folder(folder: Path) -> Iterator[None]:
    """Lock the folder, because two mocks in one would overwrite each other's memory.

    Raises:
        ConfigurationError: kind `mock.folder`; another mock runs in it, or it cannot be written.
    """
    with ExitStack() as stack:
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            stack.enter_context(hold_alone(folder / "lock", _busy))
        except OSError as error:
            raise ConfigurationError("the mock's folder cannot be written", kind="mock.folder") from error
        yield


def _busy() -> ConfigurationError:
    return ConfigurationError("another mock runs in this folder", kind="mock.folder")


def _line(entry: Any) -> str:
    return json.dumps(entry, ensure_ascii=False, separators=(",", ":")) + "\n"


def _fields_of(value: Any) -> dict[str, Any]:
    # `asdict` would copy each text of each person first, at each event
    return {one.name: getattr(value, one.name) for one in fields(value)}


def _unreadable() -> ConfigurationError:
    return ConfigurationError(
        "the mock's kept state is damaged or of another version: use a new folder", kind="mock.state"
    )

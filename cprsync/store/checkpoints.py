"""The heads of the audit chain, kept outside the database and signed with a key of their own.

They show what the chain itself cannot: that its end was cut off together with its head; and where we cut its beginning.
"""

from __future__ import annotations

import hmac
import json
import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cprsync.errors import ConfigurationError
from cprsync.private import open_unfollowed
from cprsync.store.failures import AuditBroken
from cprsync.store.keys import Purpose

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from cprsync.store.keys import Keyring

FILE = "audit-heads.log"
#: No line of the file is longer than this many bytes.
LINE_MAX = 1000


def keep_heads(keyring: Keyring, agency: str, heads: Iterable[tuple[str, int, bytes]]) -> None:
    """Append one signed line for each stream, and see it on disk.

    Raises:
        ConfigurationError: the key folder cannot be written to.
    """
    _append(keyring, agency, heads)


def keep_cuts(keyring: Keyring, agency: str, cuts: Iterable[tuple[str, int, bytes]]) -> None:
    """The same of the last entry of each stream that is about to be deleted, with all before it."""
    _append(keyring, agency, cuts, cut=True)


def _append(keyring: Keyring, agency: str, heads: Iterable[tuple[str, int, bytes]], **more: bool) -> None:
    key = keyring.newest(Purpose.CHECKPOINT)
    lines = []
    for stream, seq, mac in heads:
        head = {"agency": agency, "key": key.id, "mac": mac.hex(), "seq": seq, "stream": stream}
        text = json.dumps(head | more, sort_keys=True)
        lines.append(f"{text}\t{_signature(key.secret, text)}\n")
    try:
        handle = open_unfollowed(_path(keyring), os.O_CREAT | os.O_APPEND | os.O_WRONLY)
        with os.fdopen(handle, "a", encoding="ascii") as file:
            file.write("".join(lines))
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise ConfigurationError(
            "{file} in the key folder cannot be written", file=FILE, kind="audit.checkpoint"
        ) from error


@dataclass(frozen=True, slots=True)
class Kept:
    """Of one stream the codes at the numbers that were kept, and those of the numbers at which it was cut."""

    heads: dict[int, bytes] = field(default_factory=dict)
    cuts: dict[int, bytes] = field(default_factory=dict)


def heads_kept(keyring: Keyring, agency: str) -> dict[str, Kept]:
    """What was kept of each stream of the agency; empty before the first.

    Raises:
        AuditBroken: a line is not signed by us; `seq` is its number in the file.
    """
    if not _path(keyring).exists():
        return {}
    keys = keyring.by_id(Purpose.CHECKPOINT)
    kept: dict[str, Kept] = {}
    with _path(keyring).open(encoding="ascii", errors="replace") as file:
        for number, line in enumerate(file, start=1):
            text, _, signature = line[:LINE_MAX].rstrip("\n").partition("\t")
            if not any(_is_signed(key.secret, text, signature) for key in keys.values()):
                raise AuditBroken(FILE, number, "the line is not signed by us")
            head = json.loads(text)
            if head["agency"] == agency:
                of_stream = kept.setdefault(head["stream"], Kept())
                of_stream.heads[head["seq"]] = bytes.fromhex(head["mac"])
                if head.get("cut"):
                    of_stream.cuts[head["seq"]] = bytes.fromhex(head["mac"])
    return kept


def _path(keyring: Keyring) -> Path:
    return keyring.folder / FILE


def _signature(secret: bytes, text: str) -> str:
    return hmac.digest(secret, text.encode(), "sha256").hex()


def _is_signed(secret: bytes, text: str, signature: str) -> bool:
    return hmac.compare_digest(_signature(secret, text).encode(), signature.encode())

"""The witness to the end of the audit's heads: one signed line in a file of its own, replaced as the heads grow.

If the end of the heads' file is cut off, the rest still verifies. The witness has seen the end that is missing. It is
beside the erase journal, away from the database and the keys.
"""

from __future__ import annotations

import hmac
import json
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from cprsync.private import open_unfollowed
from cprsync.store.seals.failures import AuditBroken

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from cprsync.store.seals.keys import Key

#: Its name, beside the erase journal.
FILE: Final = "audit-witness.log"
_SIZE_MAX: Final = 1000


@dataclass(frozen=True, slots=True)
class Seen:
    """How many lines the file of the heads had, and the code of the last."""

    lines: int
    code: bytes

    def __str__(self) -> str:
        """The form that a person keeps. It names one state of the whole audit."""
        return f"{self.lines}-{self.code.hex()[:32]}"


def read_witness(path: Path, secrets: Mapping[str, bytes]) -> Seen | None:
    """Return what was last seen; None: there is no witness yet.

    Raises:
        AuditBroken: it is not signed by us, or cannot be read.
    """
    try:
        with path.open("rb") as file:
            text, _, signature = file.read(_SIZE_MAX).rstrip(b"\n").partition(b"\t")
    except FileNotFoundError:
        return None
    except OSError:
        raise AuditBroken(FILE, 1, "the witness cannot be read") from None
    try:
        told = json.loads(text)
        secret = secrets[told["key"]]
        seen = Seen(told["line"], bytes.fromhex(told["code"]))
    except (ValueError, KeyError, TypeError):
        raise AuditBroken(FILE, 1, "the line is not signed by us") from None
    if not hmac.compare_digest(_signature(secret, text), signature):
        raise AuditBroken(FILE, 1, "the line is not signed by us")
    return seen


def write_witness(path: Path, key: Key, seen: Seen) -> None:
    """Replace the witness by what is seen now.

    Raises:
        OSError: the file cannot be written.
    """
    text = json.dumps({"code": seen.code.hex(), "key": key.id, "line": seen.lines}, sort_keys=True).encode()
    new = path.with_name(f"{path.name}.new")
    handle = open_unfollowed(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    with os.fdopen(handle, "wb") as file:
        file.write(text + b"\t" + _signature(key.secret, text) + b"\n")
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)


def _signature(secret: bytes, text: bytes) -> bytes:
    return hmac.digest(secret, b"witness|" + text, "sha256").hex().encode()

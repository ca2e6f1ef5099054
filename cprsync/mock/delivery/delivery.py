"""Writes a delivery as files in the folder: the data completely or not at all, and its companion after it.

Knows no record: the content comes from `extract`.
"""

from __future__ import annotations

import os
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

from cprsync.private import write_private

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

_NAMESPACE = "http://serviceplatformen.dk/xml/wsdl/soap11/SFTP/1/types"
#: The platform's user that sends; any name works.
_SENDER = "serviceplatformen"


@dataclass(frozen=True, slots=True)
class Owed:
    """A delivery of a closed day that is not yet in its library's box. `half`: a fault cuts it."""

    name: str
    agency: str
    half: bool = False


def delivery_name(produced: date, task: str) -> str:
    return f"D{produced:%y%m%d}.L{task}"


def write_delivery(folder: Path, name: str, content: bytes, *, recipient: str, half: bool = False) -> None:
    """Write a delivery and then its `.metadata`. `half`: cut the data in the middle, but announce its full size."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    _write(folder / name, content[: len(content) // 2] if half else content)
    _write(folder / f"{name}.metadata", _metadata(name, len(content), recipient).encode())


def clear_drafts(folder: Path) -> None:
    """Remove the drafts of a mock that was killed."""
    for draft in folder.glob(".D*"):
        draft.unlink()


def _metadata(name: str, size: int, recipient: str) -> str:
    # The same file always has the same number, so that a repeated night changes nothing.
    transfer = uuid.uuid5(uuid.NAMESPACE_OID, f"{name} {size}")
    return (
        '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
        f'<ns2:Trigger xmlns:ns2="{_NAMESPACE}">\n'
        f"  <FileTransferUUID>{transfer}</FileTransferUUID>\n"
        "  <FileDescriptor>\n"
        f"    <FileName>{escape(name)}</FileName>\n"
        f"    <SizeInBytes>{size}</SizeInBytes>\n"
        f"    <Sender>{_SENDER}</Sender>\n"
        f"    <Recipients>{escape(recipient)}</Recipients>\n"
        "  </FileDescriptor>\n"
        "  <FileContentDescriptor/>\n"
        "</ns2:Trigger>\n"
    )


def _write(path: Path, content: bytes) -> None:
    # A dot file is no delivery, so that nobody takes a file that is still being written.
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    write_private(draft, content)
    draft.replace(path)

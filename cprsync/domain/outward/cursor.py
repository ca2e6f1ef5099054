"""Where a reader of the changes has come to, as text that only we make and read.

A cursor belongs to one target of one library, with the settings it had. The store adds a keyed sign, so that nobody
else can make one.
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from cprsync.domain.outward.target import Target

#: The longest text that is looked at, in characters.
CURSOR_MAX: Final = 400
#: So much of a target's stamp tells two settings apart.
_STAMP: Final = 16
_PARTS: Final = 7
_NUMBER: Final = re.compile(r"0|[1-9][0-9]{0,17}", re.ASCII)
_BETWEEN: Final = "|"


@dataclass(frozen=True, slots=True)
class Cursor:
    """What a reader has read of the changes."""

    agency: str
    target: str
    #: the settings of the target
    stamp: str
    #: the epoch that numbers the last change that was read; "": none was there yet
    epoch: str
    #: the number of the last change that was read; 0: none
    seq: int
    #: the highest number of a forgotten tombstone when the reader began: it never heard of those patrons
    began: int = 0
    #: the reader has read what a database that was put back has lost: once the register has answered, they begin again
    lost: bool = False

    @property
    def written(self) -> str:
        """All of it as text. Equal cursors have equal texts."""
        # once the reader is past its beginning, the beginning does not matter any more
        began = self.began if self.seq < self.began else 0
        numbers = map(str, (self.seq, began, int(self.lost)))
        return _BETWEEN.join((self.agency, self.target, self.stamp, self.epoch, *numbers))


def beginning(agency: str, target: Target, *, began: int) -> Cursor:
    """The cursor of a reader who has read nothing."""
    return Cursor(agency, target.name, short_stamp(target), "", 0, began)


def short_stamp(target: Target) -> str:
    """What a cursor says of the target's settings."""
    return target.stamp[:_STAMP]


def read_cursor(written: str) -> Cursor | None:
    """Read what `written` gives. None: it is no cursor."""
    parts = written.split(_BETWEEN)
    if len(parts) != _PARTS or not all(map(_NUMBER.fullmatch, parts[4:])) or parts[-1] not in {"0", "1"}:
        return None
    agency, target, stamp, epoch = parts[:4]
    seq, began, lost = map(int, parts[4:])
    return Cursor(agency, target, stamp, epoch, seq, began, lost=bool(lost))


def wrap(written: str, sign: bytes) -> str:
    """The text that a reader gets, with a sign of ours."""
    return base64.urlsafe_b64encode(sign + written.encode()).decode().rstrip("=")


def unwrap(text: str, *, sign_bytes: int) -> tuple[str, bytes] | None:
    """What is written in a reader's text, and the sign. None: it is no text of ours."""
    if len(text) > CURSOR_MAX:
        return None
    try:
        plain = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        written = plain[sign_bytes:].decode()
    except (binascii.Error, ValueError):
        return None
    sign = plain[:sign_bytes]
    # another text that decodes to the same would be a second name of one cursor
    return (written, sign) if wrap(written, sign) == text else None

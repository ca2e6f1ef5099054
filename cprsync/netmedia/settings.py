"""The settings of CULR's client: address, trust, credentials and ceilings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cprsync.wire.limits import AnswerLimits, PeerSettings

if TYPE_CHECKING:
    from pathlib import Path

#: An answer names the accounts of one person, a few hundred bytes each.
_ANSWER = AnswerLimits(max_bytes=256 * 1024, max_elements=4_000, seconds=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class NetMediaSettings(PeerSettings):
    """One library's access to CULR."""

    url: str
    #: the library that owns the accounts: six digits
    agency: str
    user: str
    group: str
    password_file: Path
    workers: int = 16
    answer: AnswerLimits = _ANSWER

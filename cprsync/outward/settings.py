"""The settings of the client of Cicero (FBS): address, trust, credentials and ceilings."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cprsync.wire.limits import AnswerLimits, CallLimits, PeerSettings

if TYPE_CHECKING:
    from pathlib import Path

#: One patron is a few thousand bytes. An answer in JSON has no elements.
_ANSWER = AnswerLimits(max_bytes=256 * 1024, max_elements=0, seconds=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class FbsLimits(CallLimits):
    """The ceilings of a call and of its tries."""

    answer: AnswerLimits = _ANSWER


@dataclass(frozen=True, slots=True, kw_only=True)
class FbsSettings(PeerSettings):
    """One library's access to FBS."""

    #: where the API begins, without a slash at the end
    url: str
    #: the library as FBS calls it: its ISIL, such as DK-710100
    agency: str
    user: str
    password_file: Path
    workers: int = 8
    limits: FbsLimits = field(default_factory=FbsLimits)

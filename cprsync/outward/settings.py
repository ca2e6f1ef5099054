"""The settings of the clients of other library systems: address, trust, credentials and ceilings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cprsync.wire.limits import AnswerLimits, PeerSettings

if TYPE_CHECKING:
    from pathlib import Path

    from cprsync.domain.outward.koha import KohaRules
    from cprsync.domain.outward.target import Target

#: One patron is a few thousand bytes. An answer in JSON has no elements.
_ANSWER = AnswerLimits(max_bytes=256 * 1024, max_elements=0, seconds=30)


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
    answer: AnswerLimits = _ANSWER


#: A hundred patrons with their attributes are half a million bytes.
_KOHA_ANSWER = AnswerLimits(max_bytes=4 * 1024 * 1024, max_elements=0, seconds=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class KohaSettings(PeerSettings):
    """One library's access to its Koha, and what it has decided about it."""

    #: where the API begins, without a slash at the end: `https://koha.example/api/v1`
    url: str
    client: str
    secret_file: Path
    #: a token for the client's secret, or the secret in each call
    basic: bool = False
    #: Koha may send a new patron its welcome letter
    welcomes: bool = False
    rules: KohaRules
    workers: int = 8
    answer: AnswerLimits = _KOHA_ANSWER


#: Of a receiver's answer only the status counts.
_WEBHOOK_ANSWER = AnswerLimits(max_bytes=64 * 1024, max_elements=0, seconds=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookSettings(PeerSettings):
    """One receiver of one library."""

    url: str
    agency: str
    #: the files of the keys, the newest first: each of them signs
    keys: tuple[Path, ...]
    workers: int = 4
    answer: AnswerLimits = _WEBHOOK_ANSWER


@dataclass(frozen=True, slots=True, kw_only=True)
class FileSettings:
    """Where the files of one target go, and how large they may be."""

    target: Target
    folder: Path
    #: CSV, and not NDJSON
    is_table: bool = False
    records_most: int = 10_000
    bytes_most: int = 64 * 1024 * 1024
    #: files are deleted after this many days; None: their reader deletes them
    keep_days: int | None = None

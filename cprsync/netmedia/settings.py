"""The settings of CULR's client: address, trust, credentials and ceilings."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cprsync.errors import ConfigurationError
from cprsync.private import open_private
from cprsync.wire.limits import AnswerLimits, CallLimits, PeerSettings

if TYPE_CHECKING:
    from pathlib import Path

#: An answer names the accounts of one person, a few hundred bytes each.
_ANSWER = AnswerLimits(max_bytes=256 * 1024, max_elements=4_000, seconds=30)
_PASSWORD_MAX_BYTES = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits(CallLimits):
    """The ceilings of a call and of its tries."""

    answer: AnswerLimits = _ANSWER


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
    limits: Limits = field(default_factory=Limits)


def load_password(settings: NetMediaSettings) -> str:
    """Read the password of the library's user. Raises ConfigurationError, which names the file and nothing in it."""
    path = settings.password_file
    try:
        with open_private(path) as file:
            password = file.read(_PASSWORD_MAX_BYTES).decode("utf-8").strip("\r\n")
    except (OSError, UnicodeDecodeError):
        # from None: nothing in the file may be in a message
        raise ConfigurationError(
            "{path}: no password can be read there", path=path, kind="configuration.password"
        ) from None
    if not password:
        raise ConfigurationError("{path}: there is no password in it", path=path, kind="configuration.password")
    return password

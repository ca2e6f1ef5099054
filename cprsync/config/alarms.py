"""The `[alarms]` section of cprsync.toml: who is told when something is wrong, and how. Opens nothing."""

from __future__ import annotations

from datetime import time, timedelta
from pathlib import Path  # noqa: TC003 -- pydantic reads the annotations
from typing import Annotated, Final, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from cprsync.config.addresses import Address, parse_hour
from cprsync.config.toml import Strict
from cprsync.domain.trust.alarms import Manner
from cprsync.errors import WrongValue

_MAILBOX: Final = r"^[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9.-]{1,190}$"


def _check_quiet(typed: str) -> str:
    if typed and _parse_quiet(typed) is None:
        raise WrongValue('expected two times as "22:00-07:00", or "" for no quiet hours')
    return typed


def _parse_quiet(typed: str) -> tuple[time, time] | None:
    """Return when the quiet begins and ends. None: they are no two times, or the same."""
    begins, ends = map(parse_hour, typed.partition("-")[::2])
    return None if begins is None or ends is None or begins == ends else (begins, ends)


Mailbox = Annotated[str, Field(pattern=_MAILBOX)]
Quiet = Annotated[str, AfterValidator(_check_quiet)]


class MailSection(Strict):
    """The mail server, our log-in there, and who is written to."""

    host: str = Field(pattern=r"^[A-Za-z0-9.-]{1,253}$")
    port: int = Field(default=587, ge=1, le=65535, strict=True)
    #: `starttls` (mostly port 587), or `implicit` (mostly 465); never without TLS
    tls: Literal["starttls", "implicit"] = "starttls"
    #: the issuers that its certificate may come from
    ca: Path
    user: str | None = Field(default=None, min_length=1)
    password_file: Path | None = None
    sender: Mailbox
    to: tuple[Mailbox, ...] = Field(min_length=1, max_length=20)

    @model_validator(mode="after")
    def _check_log_in(self) -> Self:
        if (self.user is None) is not (self.password_file is None):
            raise WrongValue("user and password_file go together")
        return self


class HookSection(Strict):
    """A webhook that gets each alarm, signed as a target's."""

    url: Address
    ca: Path
    crl: tuple[Path, ...] = ()
    keys: tuple[Path, ...] = Field(min_length=1, max_length=4)


class HeartbeatSection(Strict):
    """An address that is called when all nights have gone well, so that its owner misses us when they have not."""

    url: Address
    ca: Path
    crl: tuple[Path, ...] = ()


class AlarmsSection(Strict):
    """Who is told, and when."""

    email: MailSection | None = None
    webhook: HookSection | None = None
    heartbeat: HeartbeatSection | None = None
    #: what is not urgent waits for the end of these hours, in Copenhagen
    quiet: Quiet = "22:00-07:00"
    #: what still stands is told again after so many hours; 0: never
    again_hours: int = Field(default=24, ge=0, le=720, strict=True)
    lang: Literal["da", "en"] = "da"

    @property
    def channels(self) -> tuple[str, ...]:
        """The names of what tells somebody."""
        return tuple(name for name in ("email", "webhook") if getattr(self, name) is not None)

    @property
    def has_channels(self) -> bool:
        """Whether anybody is told."""
        return bool(self.channels)

    def manner(self) -> Manner:
        """When something is told."""
        return Manner(_parse_quiet(self.quiet), timedelta(hours=self.again_hours) if self.again_hours else None)

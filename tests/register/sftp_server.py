"""The mock's SFTP server for tests of the pick-up: a folder to put files in, and settings that wait for nothing."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cprsync.mock import control
from cprsync.register.pickup.sftp import SftpFeed
from cprsync.register.pickup.sftp_session import SftpSettings

if TYPE_CHECKING:
    from collections.abc import Callable

NAME = "D270301.L123456"


def metadata(size: int) -> bytes:
    namespace = "http://serviceplatformen.dk/xml/wsdl/soap11/SFTP/1/types"
    return f'<x:Trigger xmlns:x="{namespace}"><a><SizeInBytes>{size}</SizeInBytes></a></x:Trigger>'.encode()


@dataclass
class Server:
    """The mock's SFTP side, and the feeds that tests have opened at it."""

    ready: dict[str, Any]
    folder: Path
    slept: list[float] = field(default_factory=list)
    feeds: list[SftpFeed] = field(default_factory=list)

    @property
    def settings(self) -> SftpSettings:
        sftp = self.ready["sftp"]
        paths = {name: Path(sftp[name]) for name in ("key", "known_hosts")}
        return SftpSettings(**{**sftp, **paths})

    def feed(self, *, sleep: Callable[[float], None] | None = None, **changed: Any) -> SftpFeed:
        """A feed at this server with some settings changed. It never sleeps, and waits for no companion."""
        settings = replace(self.settings, **{"metadata_minutes": 0, **changed})
        self.feeds.append(SftpFeed(settings, sleep=sleep or self.slept.append))
        return self.feeds[-1]

    def put(self, content: bytes, name: str = NAME, *, announced: int | None = None) -> Path:
        """Put a file and its companion into the folder."""
        (self.folder / f"{name}.metadata").write_bytes(metadata(len(content) if announced is None else announced))
        (self.folder / name).write_bytes(content)
        return self.folder / name

    def fault(self, kind: str, times: int = 1, seconds: float = 5.0) -> None:
        control.fault(self.ready, kind, times, seconds=seconds)

    def faults(self) -> list[dict[str, Any]]:
        faults: list[dict[str, Any]] = control.state(self.ready)["faults"]
        return faults

    def names(self) -> set[str]:
        return {path.name for path in self.folder.iterdir()}


def fetched(feed: SftpFeed) -> dict[str, bytes]:
    """Everything that waits, read to its end."""
    content = {}
    for file in feed.waiting():
        with file.open() as opened:
            content[file.name] = opened.read()
    return content

"""The mock's identity provider alone, over TLS on a free port, and our client of it."""

from __future__ import annotations

import asyncio
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar

from cprsync.identity.calls import ProviderCalls
from cprsync.identity.provider import Provider
from cprsync.identity.settings import ProviderSettings
from cprsync.mock.certs import develop_certificates
from cprsync.mock.identity import IdentityProvider, identity_app, load_identity
from cprsync.mock.tls import make_context
from cprsync.mock.town.people import load_town
from cprsync.mock.town.register import new_register
from cprsync.mock.town.state import Memory
from cprsync.mock.web import make_server
from cprsync.resources import fixture_path
from cprsync.web.serving import listen

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_SECONDS = 20


@dataclass
class RealTime:
    """The real time, until a test moves it."""

    ahead: timedelta = field(default_factory=timedelta)

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead


@dataclass
class Known:
    """A provider that runs."""

    identity: IdentityProvider
    folder: Path
    ca: Path
    #: the provider's clock
    time: RealTime
    #: our client's clocks
    now: RealTime = field(default_factory=RealTime)
    seconds: float = 0.0
    #: the providers that run, the latest last
    running: ClassVar[list[Known]] = []

    def fails(self, kind: str, times: int = 1, **more: Any) -> None:
        """Let the next answers go wrong."""
        self.identity.register.add_fault(kind, times=times, **{"seconds": 0.0, **more})

    def client(self, url: str, *, back: str = "/sign-in/answer", name: str = "desk", **more: Any) -> Provider:
        """Our registration at it, of a program that browsers reach at `url`."""
        settings = ProviderSettings(
            **{
                "issuer": self.identity.issuer,
                "client_id": name,
                "secret_file": self.folder / "secret",
                "ca": self.ca,
                "redirect_uri": f"{url}{back}",
                "after_sign_out": f"{url}/sign-in",
                **more,
            }
        )
        calls = ProviderCalls(settings, now=self.now, monotonic=lambda: time.monotonic() + self.seconds)
        return Provider(settings, calls, now=self.now)


@contextmanager
def known_provider(folder: Path, mock_keys: Path) -> Iterator[Known]:
    """Run a provider with the town's people."""
    folder.mkdir()
    memory, clock = Memory(folder), RealTime()
    register = new_register(folder, memory, load_town(fixture_path("people.toml")), framing="lines")
    certificates = develop_certificates(mock_keys / "certs", now=datetime.now(UTC))
    listener = listen(0)
    issuer = f"https://localhost:{listener.getsockname()[1]}"
    identity = load_identity(folder / "oidc", register, issuer=issuer, now=clock)
    server = make_server(identity_app(identity), lambda: make_context(certificates, mutual=False))  # type: ignore[arg-type]  # starlette's own types
    thread = threading.Thread(target=lambda: asyncio.run(server.serve(sockets=[listener])), daemon=True)
    thread.start()
    try:
        until = time.monotonic() + _SECONDS
        while not server.started and time.monotonic() < until:
            time.sleep(0.01)
        known = Known(identity, folder / "oidc", certificates.ca, clock)
        Known.running.append(known)
        yield known
    finally:
        Known.running.pop()
        server.should_exit = True
        thread.join(_SECONDS)
        listener.close()
        memory.close()

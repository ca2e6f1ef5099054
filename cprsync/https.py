"""What the desk and the mock need of uvicorn over TLS, and uvicorn does not do: the client's certificate, a quick stop.

Leaves out whether a client must show a certificate: the TLS context says so.
"""

from __future__ import annotations

import asyncio
import hashlib
import ssl
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Mapping

#: Where an application finds the certificate: in its request's state. None: the client showed none.
SHOWN: Final = "shown_certificate"


@dataclass(frozen=True, slots=True)
class ShownCertificate:
    """A client's certificate that OpenSSL has checked against the issuers and the dates."""

    #: as `ssl` reads it
    parts: Mapping[str, Any] = field(repr=False)
    der: bytes = field(repr=False)

    @property
    def fingerprint(self) -> str:
        """The SHA-256 of the certificate, in hex."""
        return hashlib.sha256(self.der).hexdigest()

    def is_in_date(self, now: float) -> bool:
        """Whether it is still valid. A connection may stay open for longer than the certificate is."""
        first, last = (ssl.cert_time_to_seconds(str(self.parts[name])) for name in ("notBefore", "notAfter"))
        return first <= now <= last


class PeerProtocol(H11Protocol):
    """Passes the client's certificate to the application."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's own
        super().connection_made(transport)
        self.app_state = {**self.app_state, SHOWN: _shown_on(transport)}


def _shown_on(transport: asyncio.Transport) -> ShownCertificate | None:
    tls = transport.get_extra_info("ssl_object")
    parts, der = (None, None) if tls is None else (tls.getpeercert(), tls.getpeercert(binary_form=True))
    return ShownCertificate(parts, der) if parts and der else None


class QuickServer(uvicorn.Server):
    """A server that stops without waiting for idle connections: over TLS it would wait for each client's goodbye."""

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._abort(lambda connection: connection.cycle is None or connection.cycle.response_complete)
        await super().shutdown(sockets)
        self._abort(lambda _: True)
        await asyncio.sleep(0)

    def _abort(self, which: Callable[[Any], bool]) -> None:
        for connection in list(self.server_state.connections):
            if which(connection):
                connection.transport.abort()

"""Calls a counterpart by HTTP over TLS: connections kept open, one deadline for a whole answer. Knows no SOAP."""

from __future__ import annotations

import http.client
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import requests
import urllib3
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPSConnection
from urllib3.connectionpool import HTTPSConnectionPool

from cprsync.wire.tls import DeadlineContext, connection_error

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterator, Mapping

    from cprsync.wire.limits import Patience

#: What urllib3 calls a failure, by its kind.
_ALSO: Final = {"timeout": urllib3.exceptions.TimeoutError, "cut": urllib3.exceptions.ProtocolError}


class _QuietConnection(HTTPSConnection):
    # http.client prints every byte if someone sets its class's debuglevel: ours stays silent.
    debuglevel = 0

    def set_debuglevel(self, level: int) -> None:
        pass

    def connect(self) -> None:
        if isinstance(self.ssl_context, DeadlineContext):
            self.ssl_context = self.ssl_context.newest()
        super().connect()


class _QuietPool(HTTPSConnectionPool):
    ConnectionCls = _QuietConnection


class _Adapter(HTTPAdapter):
    """requests' adapter with our context. `verify`, `cert` and the environment change nothing."""

    def __init__(self, context: ssl.SSLContext, *, connections: int) -> None:
        self._context = context
        super().__init__(pool_connections=2, pool_maxsize=connections, pool_block=True, max_retries=0)

    def init_poolmanager(self, connections: int, maxsize: int, block: bool = False, **_: Any) -> None:
        self.poolmanager = urllib3.PoolManager(
            num_pools=connections, maxsize=maxsize, block=block, ssl_context=self._context, cert_reqs="CERT_REQUIRED"
        )
        self.poolmanager.pool_classes_by_scheme = {"https": _QuietPool}

    def build_connection_pool_key_attributes(
        self,
        request: requests.PreparedRequest,
        verify: Any,  # noqa: ARG002 -- on purpose: the context decides
        cert: Any = None,  # noqa: ARG002 -- the same
    ) -> tuple[Any, Any]:
        url = urlsplit(request.url or "")
        return {"scheme": url.scheme, "host": url.hostname, "port": url.port}, {}

    def cert_verify(self, conn: Any, url: str, verify: Any, cert: Any) -> None:
        """Do nothing: the context decides."""


class Channel:
    """Open connections to a counterpart's hosts. Answers are returned unread, to be read within the call's deadline."""

    def __init__(
        self, context: DeadlineContext, *, connections: int, connect_seconds: float, patience: Patience
    ) -> None:
        self._context = context
        self._patience = patience
        self._connect_seconds = min(connect_seconds, self._patience.connect_seconds)
        self._answered: set[str] = set()
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.adapters.clear()
        self._session.mount("https://", _Adapter(context, connections=connections))
        self._session.headers.update({"User-Agent": "cprsync", "Accept": "text/xml", "Accept-Encoding": "gzip"})

    @contextmanager
    def deadline(self, url: str, seconds: float) -> Iterator[None]:
        """Limit the calling thread's exchange. Failures are raised as our errors, which say which side is at fault."""
        host = urlsplit(url).netloc
        self._context.calls.deadline = self._context.monotonic() + min(seconds, self._patience.left())
        try:
            yield
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError, http.client.HTTPException) as error:
            raise connection_error(error, host=host, answered=host in self._answered, also=_ALSO) from error
        finally:
            self._context.calls.deadline = None

    def left(self) -> float:
        """Seconds until the calling thread's deadline. Raises TimeoutError if it has passed."""
        return self._context.left() or 0

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> requests.Response:
        """Post a request, as `send` does."""
        return self.send("POST", url, body, headers)

    def send(self, method: str, url: str, body: bytes, headers: Mapping[str, str]) -> requests.Response:
        """Send a request and return when the answer's headers are there. Does not follow redirects.

        Call it within `deadline`.
        """
        left = self.left()
        timeout = (min(self._connect_seconds, left), left)
        response = self._session.request(
            method, url, data=body or None, headers=headers, timeout=timeout, stream=True, allow_redirects=False
        )
        self._answered.add(urlsplit(url).netloc)
        return response

    def close(self) -> None:
        self._session.close()

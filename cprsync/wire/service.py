"""Builds and sends requests with zeep, by a packaged WSDL. Answers are returned unread.

zeep writes the messages but does not read them. It does not validate a schema, accepts a wrong root element, and logs
and quotes what it reads. Importing this module loads zeep (0.3 s).
"""

from __future__ import annotations

import logging
from functools import cache
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import zeep
import zeep.exceptions
import zeep.wsdl
from lxml import etree

from cprsync.resources import schema_path
from cprsync.wire.parsing import BODY, Contract

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import requests

    from cprsync.errors import CprsyncError
    from cprsync.wire.channel import Channel

#: raw_response: we read the answer ourselves. The rest are zeep's defaults or stricter, written out.
_SETTINGS: Final = zeep.Settings(
    strict=True,
    raw_response=True,
    xml_huge_tree=False,
    forbid_dtd=True,
    forbid_entities=True,
    forbid_external=True,
)


class Service:
    """One SOAP service at one address. Many threads may call it."""

    def __init__(  # noqa: PLR0913 -- keyword-only, each its own thing
        self,
        wsdl: str,
        binding: str,
        *,
        url: str,
        channel: Channel,
        contract: Contract,
        breach: Callable[[str], CprsyncError],
    ) -> None:
        """Take the service's contract. `breach` makes the error for a request that would break the schema.

        It gets the rule and the place.
        """
        if urlsplit(url).scheme != "https" or not urlsplit(url).hostname:
            raise ValueError("a counterpart has an https address")
        self.contract, self._breach = contract, breach
        _silence_logs()
        client = zeep.Client(  # type: ignore[no-untyped-call]  # zeep carries no types
            _read_wsdl(str(schema_path(wsdl))),
            transport=_Transport(channel),
            plugins=[_Outgoing(contract, breach)],
            settings=_SETTINGS,
        )
        self._proxy = client.create_service(binding, url)  # type: ignore[no-untyped-call]  # zeep carries no types

    def send(self, operation: str, **parts: Any) -> requests.Response:
        """Send one request. If it would break the schema, raises what `breach` makes."""
        try:
            response: requests.Response = self._proxy[operation](**parts)
        except zeep.exceptions.Error:
            # from None: zeep's text may quote the request.
            raise self._breach("it cannot be written") from None
        return response


@cache
def _read_wsdl(path: str) -> zeep.wsdl.Document:
    """Read a WSDL with its schemas: once, because every client of the service has the same."""
    packaged: Any = _Packaged()  # of a transport, a document only asks to load
    return zeep.wsdl.Document(path, packaged, settings=_SETTINGS)


class _Packaged:
    """What zeep reads a WSDL with: packaged files alone."""

    def load(self, url: str) -> bytes:
        # Only the file name counts: a file that is not packaged is never read.
        return schema_path(url.rsplit("/", maxsplit=1)[-1]).read_bytes()


class _Transport:
    """What zeep sends with. Logs nothing, and reads nothing."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel

    def post_xml(self, address: str, envelope: etree._Element, headers: Mapping[str, str]) -> requests.Response:
        body = etree.tostring(envelope, encoding="utf-8", xml_declaration=True)
        return self._channel.post(address, body, headers)


class _Outgoing:
    """Validates each request against the schema: zeep ignores facets and would send anything."""

    def __init__(self, contract: Contract, breach: Callable[[str], CprsyncError]) -> None:
        self._contract, self._breach = contract, breach

    def egress(
        self, envelope: etree._Element, http_headers: dict[str, str], *_: Any
    ) -> tuple[etree._Element, dict[str, str]]:
        body = envelope.find(BODY)
        breach = "it has no body" if body is None or not len(body) else self._contract.breach(body[0])
        if breach is not None:
            raise self._breach(breach)
        return envelope, http_headers


def _silence_logs() -> None:
    # Our transport logs nothing. This keeps the logs of zeep, urllib3 and requests out of a root handler.
    for name in ("zeep", "urllib3", "requests"):
        logger = logging.getLogger(name)
        logger.propagate = False
        if not logger.handlers:
            logger.addHandler(logging.NullHandler())

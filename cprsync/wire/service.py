"""Build and send requests with zeep, under a packaged WSDL. Answers come back unread.

zeep writes the messages; it does not read them: it is no schema validator, takes a wrong root for an
object of nothing, and logs and quotes what it reads. Importing this module loads zeep (0.3 s).
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import zeep
import zeep.exceptions
from lxml import etree

from cprsync.resources import schema_path
from cprsync.wire.parsing import BODY, Contract

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import requests

    from cprsync.errors import CprsyncError
    from cprsync.wire.tls import Channel


class Service:
    """One SOAP service at one address; many threads may call."""

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
        """`breach` makes the error for a request that would break the schema, from the rule and the place."""
        self.contract, self._breach = contract, breach
        _quiet()
        # raw_response: the answer is ours to read. The rest are zeep's defaults or stricter, spelled out.
        settings = zeep.Settings(
            strict=True,
            raw_response=True,
            xml_huge_tree=False,
            forbid_dtd=True,
            forbid_entities=True,
            forbid_external=True,
        )
        path = str(schema_path(wsdl))
        client = zeep.Client(  # type: ignore[no-untyped-call]  # zeep carries no types
            path, transport=_Transport(channel), plugins=[_Outgoing(contract, breach)], settings=settings
        )
        self._proxy = client.create_service(binding, url)  # type: ignore[no-untyped-call]  # zeep carries no types

    def send(self, operation: str, **parts: Any) -> requests.Response:
        """Send one request. Raises what `breach` makes if it would break the schema."""
        try:
            response: requests.Response = self._proxy[operation](**parts)
        except zeep.exceptions.Error:
            # from None: zeep's text may quote the request.
            raise self._breach("it cannot be written") from None
        return response


class _Transport:
    """What zeep needs of a transport. It logs nothing and reads packaged files only."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel

    def load(self, url: str) -> bytes:
        # The name alone counts: whatever a file refers to, it is found among the packaged ones or not at all.
        return schema_path(url.rsplit("/", maxsplit=1)[-1]).read_bytes()

    def post_xml(self, address: str, envelope: etree._Element, headers: Mapping[str, str]) -> requests.Response:
        body = etree.tostring(envelope, encoding="utf-8", xml_declaration=True)
        return self._channel.post(address, body, headers)


class _Outgoing:
    """Holds each request against the schema: zeep ignores facets and would send anything."""

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


def _quiet() -> None:
    # Our transport logs nothing. This keeps what zeep, urllib3 and requests say elsewhere out of a root handler.
    for name in ("zeep", "urllib3", "requests"):
        logger = logging.getLogger(name)
        logger.propagate = False
        if not logger.handlers:
            logger.addHandler(logging.NullHandler())

"""Damages answers: one table from the kind of fault to a function on the good answer.

Which fault is due is decided in `faults`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from cprsync.mock.soap.envelopes import LOOKUP, PNR, SUBSCRIPTION

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

XML = "text/xml;charset=UTF-8"
_OVERSIZE = 2 * 1024 * 1024 + 512 * 1024
_PAGE = b"<!DOCTYPE html><html><head><title>500</title></head><body><h1>Internal Server Error</h1></body></html>"
_TEXTS = re.compile(rb">[^<]+<")
_END = b"</soap:Body></soap:Envelope>"


@dataclass(frozen=True, slots=True, repr=False)
class Response:
    """An HTTP answer. `drop`: close the connection instead. `wait`: seconds before either."""

    status: int
    body: bytes
    content_type: str = XML
    drop: bool = False
    wait: float = 0.0


def damaged(kind: str, response: Response) -> Response:
    """The response with the fault. A kind that is not in the table changes nothing."""
    return DAMAGES[kind](response) if kind in DAMAGES else response


def _truncated(response: Response) -> Response:
    return replace(response, body=response.body[: len(response.body) // 2])


def _oversized(response: Response) -> Response:
    filler = b"<!--" + b"x" * _OVERSIZE + b"-->"
    return replace(response, body=response.body.replace(_END, filler + _END))


def _wrong_root(response: Response) -> Response:
    """An answer of another operation."""
    service, name = (SUBSCRIPTION, "GetAllFiltersResponse")
    if SUBSCRIPTION.encode() in response.body:
        service, name = (LOOKUP, "PersonLookupResponse")
    child = "<ns3:noFilter>false</ns3:noFilter>" if service == SUBSCRIPTION else ""
    payload = f'<ns3:{name} xmlns:ns2="{PNR}" xmlns:ns3="{service}">{child}</ns3:{name}>'
    start = '<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body>'
    return Response(200, start.encode() + payload.encode() + _END)


def _bad_schema(response: Response) -> Response:
    """The response with an unknown element at the end of the payload."""
    at = response.body.rfind(b"</", 0, response.body.rfind(_END))
    return replace(response, body=response.body[:at] + b"<ns3:ukendt>1</ns3:ukendt>" + response.body[at:])


def _instruction(response: Response) -> Response:
    """The response with a processing instruction, which SOAP forbids, at the end of the payload."""
    at = response.body.rfind(b"</", 0, response.body.rfind(_END))
    return replace(response, body=response.body[:at] + b'<?xml-stylesheet href="a.xsl"?>' + response.body[at:])


def _mojibake(response: Response) -> Response:
    """The response with every text as if its UTF-8 had been read as ISO-8859-1: `Prøve` becomes `PrÃ¸ve`."""
    body = _TEXTS.sub(lambda text: text[0].decode("iso-8859-1").encode("utf-8"), response.body)
    return replace(response, body=body)


def _utf_16(response: Response) -> Response:
    return replace(
        response, body=response.body.decode("utf-8").encode("utf-16"), content_type="text/xml;charset=UTF-16"
    )


DAMAGES: Mapping[str, Callable[[Response], Response]] = {
    "http-500-html": lambda _: Response(500, _PAGE, "text/html;charset=UTF-8"),
    "empty-200": lambda _: Response(200, b""),
    "truncated": _truncated,
    "oversized": _oversized,
    "wrong-root": _wrong_root,
    "close": lambda response: replace(response, drop=True),
    "bad-schema": _bad_schema,
    "instruction": _instruction,
    "mojibake": _mojibake,
    "utf-16": _utf_16,
    "culr-lost": lambda response: replace(response, drop=True),
    "culr-500": lambda _: Response(500, _PAGE, "text/html;charset=UTF-8"),
    "culr-garbage": lambda response: replace(response, body=b"<responseCode>OK200</responseCode>"),
}

"""Calls to the mock by hand: envelopes typed here, sent with the standard library. Knows no code of the client."""

from __future__ import annotations

import http.client
import re
import ssl
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from lxml import etree

SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
LOOKUP = "http://serviceplatformen.dk/xml/wsdl/soap11/CPR/PersonBaseDataExtended/5/"
SUBSCRIPTION = "http://serviceplatformen.dk/xml/wsdl/soap11/CprSubscriptionService/1/"
PNR = "http://serviceplatformen.dk/xml/schemas/cpr/PNR/1/"
AGREEMENT = "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee"

INVOCATION = """<ic:InvocationContext xmlns:ic="http://serviceplatformen.dk/xml/schemas/InvocationContext/1/">
<ic:ServiceAgreementUUID>{agreement}</ic:ServiceAgreementUUID>
<ic:UserSystemUUID>bbbbbbbb-bbbb-cccc-dddd-eeeeeeeeeeee</ic:UserSystemUUID>
<ic:UserUUID>cccccccc-bbbb-cccc-dddd-eeeeeeeeeeee</ic:UserUUID>
<ic:ServiceUUID>dddddddd-bbbb-cccc-dddd-eeeeeeeeeeee</ic:ServiceUUID></ic:InvocationContext>"""
AUTHORITY = """<a:AuthorityContext xmlns:a="http://serviceplatformen.dk/xml/schemas/AuthorityContext/1/">
<a:MunicipalityCVR>11111111</a:MunicipalityCVR></a:AuthorityContext>"""


@dataclass(frozen=True)
class Answer:
    status: int
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode("utf-8")

    @property
    def payload(self) -> etree._Element:
        (payload,) = etree.fromstring(self.body).iterfind(f"{{{SOAP}}}Body/*")
        return payload

    def value(self, path: str, namespace: str = LOOKUP) -> str | None:
        """The text of a path of local names under the payload; None where there is no such element."""
        return self.payload.findtext("/".join(f"{{{namespace}}}{name}" for name in path.split("/")))

    def has(self, path: str) -> bool:
        return self.payload.find("/".join(f"{{{LOOKUP}}}{name}" for name in path.split("/"))) is not None

    @property
    def result(self) -> str | None:
        return self.value("Result", SUBSCRIPTION)

    @property
    def fault(self) -> str:
        found = re.search("<faultstring>(.*?)</faultstring>", self.text, re.DOTALL)
        return found.group(1) if found else ""


def envelope(content: str) -> bytes:
    return f'<s:Envelope xmlns:s="{SOAP}"><s:Header/><s:Body>{content}</s:Body></s:Envelope>'.encode()


def lookup_envelope(number: str, context: str | None = None) -> bytes:
    context = INVOCATION.format(agreement=AGREEMENT) if context is None else context
    return envelope(
        f'<q:PersonLookupRequest xmlns:q="{LOOKUP}">{context}<p:PNR xmlns:p="{PNR}">{number}</p:PNR>'
        "</q:PersonLookupRequest>"
    )


def client_context(ready: dict[str, Any], *, certificate: bool = True) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=ready["ca"])
    if certificate:
        context.load_cert_chain(ready["client_cert"], ready["client_key"])
    return context


def post(url: str, body: bytes, context: ssl.SSLContext, headers: dict[str, str] | None = None) -> Answer:
    """Post bytes with no header but those HTTP needs."""
    parts = urlsplit(url)
    connection = http.client.HTTPSConnection(parts.hostname or "", parts.port, context=context, timeout=20)
    try:
        connection.putrequest("POST", parts.path, skip_accept_encoding=True)
        connection.putheader("Content-Length", str(len(body)))
        for name, value in (headers or {}).items():
            connection.putheader(name, value)
        connection.endheaders(body)
        response = connection.getresponse()
        return Answer(response.status, response.read())
    finally:
        connection.close()


class Caller:
    """A client of one mock."""

    def __init__(self, ready: dict[str, Any]) -> None:
        self.ready = ready
        self._context = client_context(ready)

    def post(self, body: bytes, *, url: str = "lookup_url", headers: dict[str, str] | None = None) -> Answer:
        return post(self.ready[url], body, self._context, headers)

    def look_up(self, number: str, context: str | None = None) -> Answer:
        return self.post(lookup_envelope(number, context))

    def subscription(self, operation: str, content: str = "", *, agreement: str | None = None) -> Answer:
        context = INVOCATION.format(agreement=agreement or self.ready["agreement"]["service_agreement"])
        message = f'<x:{operation} xmlns:x="{SUBSCRIPTION}" xmlns:p="{PNR}">{context}{content}</x:{operation}>'
        return self.post(envelope(message), url="subscription_url")

    def subscribe(self, number: str, **options: str) -> str | None:
        return self.subscription("AddPNRSubscription", f"<p:PNR>{number}</p:PNR>", **options).result

"""SOAP 1.1 as the platform writes it: envelopes with its prefixes, faults with its texts, answers damaged on command.

Builds and reads only envelopes; the content of a Body is known by `answers` and `services`. Which damage is due is
decided in `town.faults`.
"""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TypeAlias

from lxml import etree

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
CALL_CONTEXT = "http://serviceplatformen.dk/xml/schemas/CallContext/1/"
AUTHORITY_CONTEXT = "http://serviceplatformen.dk/xml/schemas/AuthorityContext/1/"
INVOCATION_CONTEXT = "http://serviceplatformen.dk/xml/schemas/InvocationContext/1/"
PNR = "http://serviceplatformen.dk/xml/schemas/cpr/PNR/1/"
LOOKUP = "http://serviceplatformen.dk/xml/wsdl/soap11/CPR/PersonBaseDataExtended/5/"
SUBSCRIPTION = "http://serviceplatformen.dk/xml/wsdl/soap11/CprSubscriptionService/1/"
_FAULT = "http://serviceplatformen.dk/xml/schemas/ServiceplatformFault/1/"

Element: TypeAlias = etree._Element  # noqa: SLF001 -- lxml has no public name for the type of an element


class SoapFault(Exception):
    """The call is answered with a soap:Fault. `blame`: Client or Server. The text never quotes the request."""

    def __init__(self, text: str, *, blame: str = "Client", code: str | None = None, status: int = 500) -> None:
        super().__init__(text)
        self.text = text
        self.blame = blame
        self.code = code
        self.status = status


def parse_request(body: bytes, charset: str | None) -> Element:
    """Return the Body's only child.

    Accepts what the platform accepts: any prefix, no XML declaration, undeclared Latin-1. Raises SoapFault for anything
    but a SOAP 1.1 envelope with one element in its Body.
    """
    root = _parse(body, charset)
    if root.getroottree().docinfo.doctype:  # type: ignore[attr-defined]  # the stubs lack it
        raise SoapFault("A document type declaration is not allowed.")
    if root.tag != f"{{{SOAP}}}Envelope":
        raise SoapFault("The request is not a SOAP 1.1 envelope.")
    bodies = root.findall(f"{{{SOAP}}}Body")
    children = list(bodies[0].iterchildren("*")) if len(bodies) == 1 else []
    if len(children) != 1:
        raise SoapFault("The envelope needs one Body with one element in it.")
    return children[0]


def _parse(body: bytes, charset: str | None) -> Element:
    # First the header's charset, then the document's own (or UTF-8), then Latin-1.
    for encoding in dict.fromkeys((charset, None, "iso-8859-1")):
        try:
            parser = etree.XMLParser(
                encoding=encoding, no_network=True, resolve_entities=False, load_dtd=False, huge_tree=False
            )
            return etree.fromstring(body, parser)
        except (etree.XMLSyntaxError, ValueError, LookupError):
            continue
    raise SoapFault("The request is not well-formed XML.")


def refuse_unless_valid(request: Element, schema: etree.XMLSchema, *, what: str) -> None:
    """Raise SoapFault, which names the line, unless the request keeps the schema. `what`: how the schema is called."""
    if not schema.validate(request):
        # the validator's own text quotes the request
        line: int = schema.error_log.last_error.line  # type: ignore[attr-defined]  # the stubs lack it
        raise SoapFault(f"The request breaks the {what} near line {line}.")


def build_envelope(payload: Element, *, prefix: str = "soap", declared: bool = False) -> bytes:
    envelope = etree.Element(f"{{{SOAP}}}Envelope", nsmap={prefix: SOAP})
    etree.SubElement(envelope, f"{{{SOAP}}}Body").append(payload)
    return etree.tostring(envelope, encoding="utf-8", xml_declaration=declared)


def build_fault(fault: SoapFault, moment: datetime) -> bytes:
    """Write a fault as the platform does: the text, and the trailer for its helpdesk."""
    received = moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    trailer = (
        "\n\nFor further information contact Serviceplatformen Helpdesk and inform:"
        f"\n    CallUUID: {uuid.uuid4()}\n    Received: {received}"
    )
    element = etree.Element(f"{{{SOAP}}}Fault", nsmap={"soap": SOAP})
    # The children of a fault have no namespace.
    etree.SubElement(element, "faultcode").text = f"soap:{fault.blame}"
    etree.SubElement(element, "faultstring").text = f"{fault.text}{trailer}"
    if fault.code is not None:
        detail = etree.SubElement(
            etree.SubElement(element, "detail"), f"{{{_FAULT}}}ServiceplatformFault", nsmap={"ns2": _FAULT}
        )
        error = etree.SubElement(etree.SubElement(detail, f"{{{_FAULT}}}ErrorList"), f"{{{_FAULT}}}Error")
        etree.SubElement(error, f"{{{_FAULT}}}ErrorCode").text = fault.code
        etree.SubElement(error, f"{{{_FAULT}}}ErrorText").text = fault.text
    return build_envelope(element)


# -- damage: one table from the kind of fault to a function on the good answer --------------------------------

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


def damage(kind: str, response: Response) -> Response:
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

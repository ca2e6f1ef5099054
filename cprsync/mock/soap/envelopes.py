"""SOAP 1.1 as the platform writes it: envelopes with its prefixes, faults with its texts.

Builds and reads only envelopes; the content of a Body is known by `answers` and `operations`.
"""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import TypeAlias

from lxml import etree

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


def build_envelope(payload: Element) -> bytes:
    envelope = etree.Element(f"{{{SOAP}}}Envelope", nsmap={"soap": SOAP})
    etree.SubElement(envelope, f"{{{SOAP}}}Body").append(payload)
    return etree.tostring(envelope, encoding="utf-8", xml_declaration=False)


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

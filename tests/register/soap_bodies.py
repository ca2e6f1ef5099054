"""SOAP answers typed by hand for the tests, in the platform's own manner: its prefixes, dates and integers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lxml import etree

if TYPE_CHECKING:
    from collections.abc import Iterable

LOOKUP = "http://serviceplatformen.dk/xml/wsdl/soap11/CPR/PersonBaseDataExtended/5/"
SUBSCRIPTION = "http://serviceplatformen.dk/xml/wsdl/soap11/CprSubscriptionService/1/"
NUMBER = "http://serviceplatformen.dk/xml/schemas/cpr/PNR/1/"
INVOCATION = "http://serviceplatformen.dk/xml/schemas/InvocationContext/1/"

NAME = (
    "<ns3:navn><ns3:personadresseringsnavn>Mette Ærø Skovgaard</ns3:personadresseringsnavn>"
    "<ns3:fornavn>Mette</ns3:fornavn>"
    "<ns3:mellemnavn>Ærø</ns3:mellemnavn><ns3:efternavn>Skovgaard</ns3:efternavn>"
    "<ns3:efternavnMarkering>+</ns3:efternavnMarkering></ns3:navn>"
)
BIRTH = "<ns3:foedselsdato><ns3:dato>1985-05-04+02:00</ns3:dato></ns3:foedselsdato>"
ADDRESS = (
    "<ns3:aktuelAdresse><ns3:kommunekode>751</ns3:kommunekode><ns3:vejkode>104</ns3:vejkode><ns3:husnummer>016B</ns3:husnummer>"
    "<ns3:etage>ST</ns3:etage><ns3:sidedoer>th</ns3:sidedoer><ns3:conavn>c/o Vestergaard</ns3:conavn>"
    "<ns3:postnummer>8000</ns3:postnummer><ns3:postdistrikt>Aarhus C</ns3:postdistrikt>"
    "<ns3:vejadresseringsnavn>Uglesporet</ns3:vejadresseringsnavn>"
    "<ns3:tilflytningsdato><ns3:dato>2019-06-01T00:00:00.000+02:00</ns3:dato></ns3:tilflytningsdato>"
    "<ns3:adr1-supladr>Porten</ns3:adr1-supladr><ns3:adr3-supladr>Baghuset</ns3:adr3-supladr></ns3:aktuelAdresse>"
)


def status(code: int) -> str:
    return f"<ns3:status><ns3:status>{code}</ns3:status></ns3:status>"


def persondata(number: str, *, current: str | None = None, before: str = NAME + BIRTH, after: str = "") -> str:
    """`before` and `after` stand on either side of the one required element."""
    current_element = "" if current is None else f"<ns3:gaeldendePersonnummer>{current}</ns3:gaeldendePersonnummer>"
    return (
        f"<ns3:persondata><ns3:personnummer>{number}</ns3:personnummer>{current_element}{before}"
        f"<ns3:antalBoernUnder18>0</ns3:antalBoernUnder18>{after}</ns3:persondata>"
    )


def answer(person: str, *, address: str = "") -> str:
    inner = f"<ns3:adresse>{address}</ns3:adresse>" if address else ""
    return (
        f'<ns3:PersonLookupResponse xmlns:ns3="{LOOKUP}" xmlns="{INVOCATION}" xmlns:ns2="{NUMBER}">'
        f"{person}{inner}</ns3:PersonLookupResponse>"
    )


def anna(number: str) -> str:
    """A whole answer about somebody ordinary."""
    return answer(persondata(number, current=number, after=status(1)), address=ADDRESS)


def envelope(payload: str, *, declaration: str = "") -> str:
    return (
        f'{declaration}<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body>'
        f"{payload}</soap:Body></soap:Envelope>"
    )


def fault(text: str, *, code: str = "soap:Server", detail: str = "") -> str:
    return envelope(
        f"<soap:Fault><faultcode>{code}</faultcode><faultstring>{text}</faultstring><detail>{detail}</detail></soap:Fault>"
    )


def result(operation: str, word: str) -> str:
    return envelope(
        f'<ns3:{operation}Response xmlns:ns3="{SUBSCRIPTION}"><ns3:Result>{word}</ns3:Result></ns3:{operation}Response>'
    )


def filters(numbers: Iterable[str], *, before: str = "", end: str = "<ns3:noFilter>false</ns3:noFilter>") -> str:
    listed = "".join(f"<ns2:PNR>{number}</ns2:PNR>" for number in numbers)
    return envelope(
        f'<ns3:GetAllFiltersResponse xmlns:ns3="{SUBSCRIPTION}" xmlns:ns2="{NUMBER}">'
        f"{before}{listed}{end}</ns3:GetAllFiltersResponse>"
    )


def element(xml: str) -> etree._Element:
    return etree.fromstring(xml)

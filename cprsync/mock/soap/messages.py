"""SOAP 1.1 as the platform writes it: envelopes and faults, a person element by element, and damage on command.

The elements of a person come in the schema's order, without those that are not set. Whether there is a person at all
is decided in `services`, and which damage is due in `town.faults`.
"""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, TypeAlias

from lxml import etree

from cprsync.mock.town.delivery import civil_status, current_number, offset_on
from cprsync.mock.town.people import NUMBER_ONLY, REPLACED, TownPerson, children_of, custody_of, standard_address

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
CALL_CONTEXT = "http://serviceplatformen.dk/xml/schemas/CallContext/1/"
AUTHORITY_CONTEXT = "http://serviceplatformen.dk/xml/schemas/AuthorityContext/1/"
INVOCATION_CONTEXT = "http://serviceplatformen.dk/xml/schemas/InvocationContext/1/"
PNR = "http://serviceplatformen.dk/xml/schemas/cpr/PNR/1/"
LOOKUP = "http://serviceplatformen.dk/xml/wsdl/soap11/CPR/PersonBaseDataExtended/5/"
SUBSCRIPTION = "http://serviceplatformen.dk/xml/wsdl/soap11/CprSubscriptionService/1/"
_FAULT = "http://serviceplatformen.dk/xml/schemas/ServiceplatformFault/1/"

Element: TypeAlias = etree._Element  # noqa: SLF001 -- lxml has no public name for the type of an element

XML = "text/xml;charset=UTF-8"
_OVERSIZE = 2 * 1024 * 1024 + 512 * 1024
_PAGE = b"<!DOCTYPE html><html><head><title>500</title></head><body><h1>Internal Server Error</h1></body></html>"
_TEXTS = re.compile(rb">[^<]+<")
_END = b"</soap:Body></soap:Envelope>"

#: In the validator's texts: the element that is wrong, and those that it expects. A name has no digits, so that no
#: number of a careless request is repeated.
_MISTAKEN = re.compile(r"Element '(?:\{[^}]*\})?([A-Za-zÆØÅæøå]{1,60})'")
_EXPECTED = re.compile(r"Expected is (?:one of )?\( (.+) \)")
_NAME = re.compile(r"(?:\{([^}]*)\})?([^\s,{}]+)")
_ADULT = 18
_ALIVE_WITH_ADDRESS = frozenset({"01", "03", "05", "07"})
_GONE = frozenset({"80", "90"})
_PROTECTIONS = {
    "0001": "adressebeskyttelse",
    "0002": "vejviserbeskyttelse",
    "0003": "markedsfoeringsbeskyttelse",
}
_NAME_AND_ADDRESS = "0001"
#: The prefixes that the platform writes. It does not use the default namespace here.
PREFIXES: dict[str | None, str] = {None: CALL_CONTEXT, "ns2": PNR, "ns3": LOOKUP}


class SoapFault(Exception):
    """The call is answered with a soap:Fault. `blame`: Client or Server. The text never quotes the request."""

    def __init__(self, text: str, *, blame: str = "Client", code: str | None = None) -> None:
        super().__init__(text)
        self.text = text
        self.blame = blame
        self.code = code


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
    """Raise SoapFault, which says where, unless the request keeps the schema. `what`: how the schema is called."""
    if not schema.validate(request):
        mistake = schema.error_log[0]  # type: ignore[index]  # the stubs lack it
        raise SoapFault(f"The request breaks the {what} near line {mistake.line}: {_describe(mistake.message)}.")


def _describe(mistake: str) -> str:
    """What is wrong, by the names of elements. The validator's own text may quote a value."""
    found, expected = _MISTAKEN.match(mistake), _EXPECTED.search(mistake)
    name = found[1] if found else "an element"
    names = "" if expected is None else _name_expected(_NAME.findall(expected[1]), name)
    if "Missing child" in mistake:
        return f"{name} lacks {names}" if names else f"{name} lacks an element"
    if "not expected" in mistake or "No matching" in mistake:
        return f"{name} is not expected there{names and f', but {names}'}"
    return f"{name} has another form than it may"


def _name_expected(expected: Sequence[tuple[str, str]], found: str) -> str:
    """The elements that are expected. One of the same name as the one that was found is told with its namespace."""
    namespaces = [namespace for namespace, name in expected if name == found]
    if namespaces:
        return f"{found} of {namespaces[0] or 'no namespace'}"
    return " or ".join(name for _, name in expected)


def build_envelope(payload: Element, *, prefix: str = "soap", declared: bool = False) -> bytes:
    envelope = etree.Element(f"{{{SOAP}}}Envelope", nsmap={prefix: SOAP})
    etree.SubElement(envelope, f"{{{SOAP}}}Body").append(payload)
    return etree.tostring(envelope, encoding="utf-8", xml_declaration=declared)


def build_fault(
    fault: SoapFault, moment: datetime | None = None, *, prefix: str = "soap", declared: bool = False
) -> bytes:
    """Write a fault. `moment`: of the call, for the trailer that the platform adds for its helpdesk."""
    element = etree.Element(f"{{{SOAP}}}Fault", nsmap={prefix: SOAP})
    # The children of a fault have no namespace.
    etree.SubElement(element, "faultcode").text = f"{prefix}:{fault.blame}"
    etree.SubElement(element, "faultstring").text = fault.text + ("" if moment is None else _trailer(moment))
    if fault.code is not None:
        detail = etree.SubElement(
            etree.SubElement(element, "detail"), f"{{{_FAULT}}}ServiceplatformFault", nsmap={"ns2": _FAULT}
        )
        error = etree.SubElement(etree.SubElement(detail, f"{{{_FAULT}}}ErrorList"), f"{{{_FAULT}}}Error")
        etree.SubElement(error, f"{{{_FAULT}}}ErrorCode").text = fault.code
        etree.SubElement(error, f"{{{_FAULT}}}ErrorText").text = fault.text
    return build_envelope(element, prefix=prefix, declared=declared)


def _trailer(moment: datetime) -> str:
    received = moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return (
        "\n\nFor further information contact Serviceplatformen Helpdesk and inform:"
        f"\n    CallUUID: {uuid.uuid4()}\n    Received: {received}"
    )


@dataclass(frozen=True, slots=True, repr=False)
class View:
    """What an answer depends on: everybody as of last night, the day of the call, and how protection is written."""

    people: Mapping[str, TownPerson]
    day: date
    #: Leave out protections that a person does not have, instead of writing `beskyttet=false`.
    omit_false: bool = False


def build_lookup_response(person: TownPerson, view: View) -> Element:
    """Build a PersonLookupResponse."""
    answer = etree.Element(f"{{{LOOKUP}}}PersonLookupResponse", nsmap=PREFIXES)  # type: ignore[arg-type]  # the stubs forget the default namespace
    if person.status in NUMBER_ONLY:
        _number_only(_group(answer, "persondata"), person, view)
        return answer
    _person(_group(answer, "persondata"), person, view)
    _addresses(answer, person)
    _relations(answer, person, view)
    return answer


def _number_only(at: Element, person: TownPerson, view: View) -> None:
    """For a replaced or annulled number: only the number in force, and the status."""
    _put(at, "personnummer", person.number)
    current = current_number(person, view.people) if person.status in REPLACED else person.number
    _put(at, "gaeldendePersonnummer", current)
    _put(at, "antalBoernUnder18", "0")
    _status(at, person)


def _person(at: Element, person: TownPerson, view: View) -> None:
    _put(at, "personnummer", person.number)
    _put(at, "gaeldendePersonnummer", person.number)
    _name(at, person)
    age = person.age_on(view.day)
    if age is not None:
        _day(at, "foedselsdato", person.born, uncertain=person.born_uncertain)
        _put(at, "alder", str(age))
    _put(at, "koen", person.sex)
    _put(at, "antalBoernUnder18", str(_children_at_home(person, view)))
    _put(at, "stilling", person.occupation)
    _status(at, person)
    if person.spouse or person.divorced:
        group = _group(at, "civilstand")
        _put(group, "civilstand", civil_status(person, view.people))
        _moment(group, "civilstandsdato", person.married_since)
    if person.citizenship:
        _put(_group(at, "statsborgerskab"), "landekode", str(int(person.citizenship)))
    if person.status == "70":
        _moment(at, "forsvindingsdato", person.disappeared)
    for code, element in _PROTECTIONS.items():
        start, ended, ends = person.protections.get(code, ""), "", ""
        if code == _NAME_AND_ADDRESS:
            ended, ends = person.ended, person.ends
        is_over = not start or (ends != "" and ends < view.day.isoformat())
        flag = _flag(start or ended, view, is_over=is_over)
        if start or ended or flag:
            group = _group(at, element)
            _put(group, "startdato", _zoned(start or ended))
            _put(group, "slutdato", _zoned(ends))
            _put(group, "beskyttet", flag)


def _name(at: Element, person: TownPerson) -> None:
    name = person.name
    group = _group(at, "navn")
    # Required by the schema: it is empty for a child without a name.
    etree.SubElement(group, f"{{{LOOKUP}}}personadresseringsnavn").text = name.addressing
    _put(group, "fornavn", name.first)
    _put(group, "mellemnavn", name.middle)
    _put(group, "efternavn", name.last)
    _put(group, "fornavnMarkering", name.first_mark)
    _put(group, "mellemnavnMarkering", name.middle_mark)
    _put(group, "efternavnMarkering", name.last_mark)
    _moment(group, "navnestartdato", name.since)


def _status(at: Element, person: TownPerson) -> None:
    group = _group(at, "status")
    _put(group, "status", str(int(person.status)))
    _moment(group, "statusdato", person.status_since)


def _flag(start: str, view: View, *, is_over: bool) -> str:
    """Whether a protection is in force. `start`: also of one that is over, which is sent beside a "no"."""
    if not start:
        return "" if view.omit_false else "false"
    if is_over:
        return "false"
    # A protection that begins later is sent without the flag, as the platform's clients expect.
    return "true" if date.fromisoformat(start) <= view.day else ""


def _addresses(answer: Element, person: TownPerson) -> None:
    group = etree.Element(f"{{{LOOKUP}}}adresse")
    if person.lives_somewhere:
        _current_address(_group(group, "aktuelAdresse"), person)
    if person.abroad and person.status in _GONE:
        abroad = _group(group, "udrejseoplysninger")
        _put(abroad, "udrejselandekode", str(int(person.abroad.country)))
        _moment(abroad, "udrejsedato", person.abroad.left)
        _lines(abroad, "udlandsadresse{}", person.abroad.lines)
    if person.contact:
        contact = _group(group, "kontaktAdresse")
        _lines(contact, "kontaktAdr{}", person.contact.lines)
        _put(contact, "startdato", _zoned(person.contact.since))
    if len(group):
        answer.append(group)


def _current_address(at: Element, person: TownPerson) -> None:
    address = person.address
    if address is None:
        return
    _put(at, "kommunekode", _integer(address.municipality))
    _put(at, "vejkode", _integer(address.street))
    _put(at, "husnummer", address.house)
    _put(at, "etage", address.floor)
    _put(at, "sidedoer", address.door)
    _put(at, "bygningsnummer", address.building)
    _put(at, "conavn", address.co)
    _put(at, "lokalitet", address.locality)
    _put(at, "bynavn", address.town)
    _put(at, "postnummer", address.postcode)
    _put(at, "postdistrikt", address.district)
    _put(at, "vejnavn", address.long_road or address.road)
    _put(at, "standardadresse", standard_address(address))
    _put(at, "adresseringsnavn", person.name.addressing)
    _put(at, "vejadresseringsnavn", address.road)
    _moment(at, "tilflytningsdato", address.since)
    _lines(at, "adr{}-supladr", address.supplementary)


def _relations(answer: Element, person: TownPerson, view: View) -> None:
    group = etree.Element(f"{{{LOOKUP}}}relationer")
    if person.spouse:
        _put(_group(group, "aegtefaelle"), "personnummer", view.people[person.spouse].number)
    for child in children_of(person, view.people):
        _put(_group(group, "barn"), "personnummer", child.number)
    for element, key in (("mor", person.mother), ("far", person.father)):
        if key:
            _put(_group(group, element), "personnummer", view.people[key].number)
    for digit, key in custody_of(person):
        _custody(_group(group, "foraeldremyndighed"), digit, view.people[key], person)
    if len(group):
        answer.append(group)


def _custody(at: Element, digit: int, holder: TownPerson, child: TownPerson) -> None:
    """Who has custody of a child. A parent is named beside, so that only another is here."""
    _put(at, "foraeldremyndighedtype", str(digit))
    _day(at, "foraeldremyndighedStartdato", child.custody_since, uncertain=False)
    if holder.key not in (child.mother, child.father):
        _put(at, "relationPersonnummer", holder.number)
        _put(at, "relationStartdato", _zoned(child.custody_since))


def _children_at_home(person: TownPerson, view: View) -> int:
    """How many children are under 18, alive, and have an address. A child with an invalid birth date does not count."""
    children = (child for child in children_of(person, view.people) if child.status in _ALIVE_WITH_ADDRESS)
    return sum(age is not None and age < _ADULT for age in (child.age_on(view.day) for child in children))


def _group(at: Element, name: str) -> Element:
    return etree.SubElement(at, f"{{{LOOKUP}}}{name}")


def _put(at: Element, name: str, text: str) -> None:
    if text:
        etree.SubElement(at, f"{{{LOOKUP}}}{name}").text = text


def _lines(at: Element, pattern: str, lines: tuple[str, ...]) -> None:
    for position, line in enumerate(lines, start=1):
        _put(at, pattern.format(position), line)


def _day(at: Element, name: str, day: str, *, uncertain: bool) -> None:
    group = _group(at, name)
    _put(group, "dato", _zoned(day))
    _put(group, "usikkerhedsmarkering", "*" if uncertain else "")


def _moment(at: Element, name: str, day: str) -> None:
    if day:
        _put(_group(at, name), "dato", f"{day}T00:00:00.000{offset_on(date.fromisoformat(day))}")


def _zoned(day: str) -> str:
    """A day with the offset that Copenhagen had: `1962-12-10+01:00`. No day has none."""
    return f"{day}{offset_on(date.fromisoformat(day))}" if day else ""


def _integer(code: str) -> str:
    """A code as xs:integer: leading zeros are lost, and an unset code is left out."""
    return str(int(code)) if code.strip("0") else ""


@dataclass(frozen=True, slots=True, repr=False)
class Response:
    """An HTTP answer. `drop`: close the connection instead. `wait`: seconds before either."""

    status: int
    body: bytes
    content_type: str = XML
    drop: bool = False
    wait: float = 0.0
    headers: tuple[tuple[str, str], ...] = ()


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

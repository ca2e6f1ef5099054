"""What the register answers: its HTTP status, a fault, its schema, and the person in it.

Every wrong answer becomes an error of ours that quotes nothing. A fault's text may hold anything, so only its CallUUID
is kept, which the platform's helpdesk asks for. What is absent from a person is silent, never "remove" (decision 1).
Name markers, dates of protection, and everything that the library may not keep are not read.
"""

from __future__ import annotations

import re
from contextlib import closing, contextmanager
from datetime import date
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from cprsync.domain.person.canonical import Misread, abroad_of, address_of, contact_of, name_of
from cprsync.domain.person.number import CprNumber
from cprsync.domain.person.person import (
    EMPTY,
    LINES,
    SILENT,
    Abroad,
    Birth,
    Contact,
    Custody,
    Gap,
    Person,
    Protection,
    Silent,
    Status,
    silence_by_status,
)
from cprsync.errors import BadAnswer, CprsyncError, NoSuchPerson, RegisterRefused, RegisterUnavailable
from cprsync.wire.errors import AnswerBroken
from cprsync.wire.parsing import FAULT, Contract, payload, root_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import requests
    from lxml import etree

    from cprsync.domain.person.sealed import Address, Name
    from cprsync.wire.limits import AnswerLimits

    Read: TypeAlias = Callable[[requests.Response, AnswerLimits], etree._Element]  # noqa: SLF001 -- the stubs' name

NAMESPACE = "http://serviceplatformen.dk/xml/wsdl/soap11/CPR/PersonBaseDataExtended/5/"
RESPONSE = f"{{{NAMESPACE}}}PersonLookupResponse"
_NS = {"p": NAMESPACE}
_DAY = len("2027-03-01")
_TRUE = frozenset({"true", "1"})
#: The register's fields have at most 50 characters; the schema has no limit.
_TEXT_LIMIT = 200
_CODE_MAX = 9999
#: The HTTP statuses that carry SOAP: an answer, or a fault.
_OK = 200
_SOAP_STATUSES = frozenset({_OK, 500})
#: By HTTP status: why sending the same again does not help. All other statuses may pass.
_REFUSALS = {
    301: "it points to another address, which is not followed",
    302: "it points to another address, which is not followed",
    303: "it points to another address, which is not followed",
    307: "it points to another address, which is not followed",
    308: "it points to another address, which is not followed",
    401: "it wants another kind of access",
    403: "our certificate or agreement has no access",
    404: "there is no such service: check the address",
    405: "there is no such service: check the address",
    413: "our request is too large",
}
_CALL = re.compile(r"CallUUID:\s*([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\b", re.IGNORECASE)


def receive(response: requests.Response, limits: AnswerLimits, *, read: Read = root_of) -> etree._Element:
    """Read the element in the answer's body. `read`: how the envelope is read.

    Raises BadAnswer, or the error for the fault or the HTTP status in its place.
    """
    with closing(response), _check_status(response):
        element = payload(read(response, limits))
    if element.tag == FAULT:
        raise parse_fault(element)
    if response.status_code != _OK:
        # SOAP 1.1 sends only faults with 500.
        raise _unavailable(response.status_code)
    return element


@contextmanager
def _check_status(response: requests.Response) -> Iterator[None]:
    status = response.status_code
    if status in _REFUSALS:
        raise RegisterRefused(
            "the register answers HTTP {status}: {why}", status=status, why=_REFUSALS[status], kind="register.http"
        )
    if status not in _SOAP_STATUSES:
        raise _unavailable(status)
    try:
        yield
    except (AnswerBroken, BadAnswer):
        if status == _OK:
            raise
        # A gateway's page in place of the service.
        raise _unavailable(status) from None


def _unavailable(status: int) -> RegisterUnavailable:
    return RegisterUnavailable("the register answers HTTP {status} and no SOAP", status=status, kind="register.http")


def check_answer(element: etree._Element, root: str, contract: Contract) -> None:
    """Raise BadAnswer if the answer is another operation's or breaks the schema."""
    if element.tag != root:
        raise BadAnswer("the answer belongs to another operation", kind="register.wrong_root")
    breach = contract.breach(element)
    if breach is not None:
        raise BadAnswer("the answer breaks the register's schema ({breach})", breach=breach, kind="register.schema")


class Meaning(NamedTuple):
    """What a fault means to us."""

    error: type[CprsyncError]
    kind: str
    message: str


#: From a part of the fault's text, in any case, to its meaning. The first match counts.
FAULTS: dict[str, Meaning] = {
    "pnr not found": Meaning(NoSuchPerson, "register.no_such_person", "the register does not know the number"),
    "pnrnotfound": Meaning(NoSuchPerson, "register.no_such_person", "the register does not know the number"),
    "security model": Meaning(
        RegisterRefused, "register.context", "the register does not take the context model that we sent"
    ),
    "agreement": Meaning(
        RegisterRefused, "register.agreement", "the register does not accept our service agreement for this call"
    ),
    "certificate": Meaning(
        RegisterRefused, "register.certificate", "the register does not accept our certificate for this call"
    ),
    "unmarshalling": Meaning(RegisterRefused, "register.request", "the register finds our request malformed"),
    "schema": Meaning(RegisterRefused, "register.request", "the register finds our request malformed"),
}


#: By SOAP 1.1's fault codes: the fault is ours, or it is theirs and may pass.
_CLIENT = Meaning(RegisterRefused, "register.refused", "the register refuses the call as our mistake")
_SERVER = Meaning(RegisterUnavailable, "register.fault", "the register reports a fault of its own")


def parse_fault(fault: etree._Element) -> CprsyncError:
    """Return the error that a soap:Fault means."""
    text = " ".join(str(part) for part in fault.itertext())
    meaning = _meaning(text.lower(), code=fault.findtext("faultcode", "").rpartition(":")[2].strip())
    call = _CALL.search(text)
    if call is None:
        return meaning.error(meaning.message, kind=meaning.kind)
    return meaning.error("{why} (CallUUID {call})", why=meaning.message, call=call[1], kind=meaning.kind)


def _meaning(text: str, *, code: str) -> Meaning:
    for part, meaning in FAULTS.items():
        if part in text:
            return meaning
    # SOAP 1.1 allows `Client.Authentication` and the like.
    return _CLIENT if code.split(".", maxsplit=1)[0] in {"Client", "VersionMismatch", "MustUnderstand"} else _SERVER


def parse_person(response: etree._Element, asked: CprNumber, *, today: date) -> Person:
    """Return the person in an answer about `asked`.

    `today` decides whether a protection's end has passed; the answer carries no day. Raises BadAnswer: the answer holds
    no person or another one, a value is impossible, or a name or address was read in another encoding than it was
    written in.
    """
    persondata = response.find("p:persondata", _NS)
    if persondata is None:
        raise BadAnswer("the answer holds no person", kind="register.empty_answer")
    _check_number(persondata, asked)
    try:
        person = Person(
            number=asked,
            name=_name(persondata),
            birth=_birth(persondata),
            status=_status(persondata),
            address=_address(response),
            protection=_protection(persondata, today),
            is_end_doubted=_is_end_doubted(persondata, today),
            current_number=_current_number(persondata, asked),
            abroad=_abroad(response),
            contact=_contact(response),
            status_since=_certain_day(persondata, "p:status/p:statusdato"),
            moved_in=_certain_day(response, "p:adresse/p:aktuelAdresse/p:tilflytningsdato"),
            custody=_custody(response),
        )
    except Misread:
        raise BadAnswer("a name or an address was read in another encoding", kind="register.misread") from None
    except ValueError:
        # from None: the library's text quotes the value.
        raise BadAnswer("the answer holds an impossible value", kind="register.impossible_value") from None
    return silence_by_status(person)


def _check_number(persondata: etree._Element, asked: CprNumber) -> None:
    # Compared as text: the contract allows neither a hyphen nor digits of other scripts.
    if persondata.findtext("p:personnummer", "", _NS) != asked.digits:
        raise BadAnswer("the answer is not about the number asked for", kind="register.other_person")


def _name(persondata: etree._Element) -> Name | Gap:
    navn = persondata.find("p:navn", _NS)
    if navn is None:
        return SILENT
    return name_of(
        _text(navn, "p:personadresseringsnavn"),
        _text(navn, "p:fornavn"),
        _text(navn, "p:mellemnavn"),
        _text(navn, "p:efternavn"),
    )


def _birth(persondata: etree._Element) -> Birth | Silent:
    day = _day(_text(persondata, "p:foedselsdato/p:dato"))
    if day is None:
        return SILENT
    return Birth(day, uncertain=_text(persondata, "p:foedselsdato/p:usikkerhedsmarkering") == "*")


def _status(persondata: etree._Element) -> Status | Silent:
    text = _text(persondata, "p:status/p:status")
    return Status(f"{int(text):02d}") if text else SILENT


def _protection(persondata: etree._Element, today: date) -> Protection | Gap:
    element = persondata.find("p:adressebeskyttelse", _NS)
    if element is None:
        return SILENT
    flag = _text(element, "p:beskyttet")
    # If the flag is missing, or the dates contradict a "no", the person counts as protected.
    if flag in _TRUE or not flag or not _agrees_with_no(element, today):
        return Protection.NAME_AND_ADDRESS
    return EMPTY


def _is_end_doubted(persondata: etree._Element, today: date) -> bool:
    """Whether the flag says no beside a period that has begun and has no end (decision 35)."""
    element = persondata.find("p:adressebeskyttelse", _NS)
    if element is None:
        return False
    flag, start = _text(element, "p:beskyttet"), _day(_text(element, "p:startdato"))
    says_no = bool(flag) and flag not in _TRUE
    return says_no and start is not None and start <= today and not _text(element, "p:slutdato")


def _agrees_with_no(element: etree._Element, today: date) -> bool:
    """Whether there is no period, or one that has ended. A start in the future protects at once (decision 2)."""
    start, end = _text(element, "p:startdato"), _text(element, "p:slutdato")
    if not start and not end:
        return True
    first, last = _day(start), _day(end)
    if last is None or last >= today:
        return False
    return not start or (first is not None and first <= last)


def _current_number(persondata: etree._Element, asked: CprNumber) -> CprNumber | Gap:
    text = _text(persondata, "p:gaeldendePersonnummer")
    # The person's own number says nothing about a successor; `by_status` makes it empty for the living.
    if text in {"", asked.digits}:
        return SILENT
    number = CprNumber.parse(text)
    if number.is_replacement:
        raise ValueError("not a number of the register's")
    return number


def _address(response: etree._Element) -> Address | Silent:
    element = response.find("p:adresse/p:aktuelAdresse", _NS)
    if element is None:
        return SILENT
    return address_of(
        municipality=_code(element, "p:kommunekode"),
        street_code=_code(element, "p:vejkode"),
        house=_text(element, "p:husnummer"),
        building=_text(element, "p:bygningsnummer"),
        floor=_text(element, "p:etage"),
        door=_text(element, "p:sidedoer"),
        co=_text(element, "p:conavn"),
        locality=_text(element, "p:lokalitet"),
        town=_text(element, "p:bynavn"),
        postcode=_text(element, "p:postnummer"),
        district=_text(element, "p:postdistrikt"),
        road=_text(element, "p:vejadresseringsnavn"),
        supplementary=_lines(element, "p:adr{}-supladr"),
    )


def _abroad(response: etree._Element) -> Abroad | Silent:
    element = response.find("p:adresse/p:udrejseoplysninger", _NS)
    if element is None:
        return SILENT
    # A departure date alone is no address.
    return abroad_of(_code(element, "p:udrejselandekode"), _lines(element, "p:udlandsadresse{}"))


def _contact(response: etree._Element) -> Contact | Silent:
    element = response.find("p:adresse/p:kontaktAdresse", _NS)
    if element is None:
        return SILENT
    contact = contact_of(_lines(element, "p:kontaktAdr{}"))
    # The service cannot say "none": five blank lines say nothing.
    return contact if isinstance(contact, Contact) else SILENT


def _custody(response: etree._Element) -> Custody | None:
    """Who has custody. A parent is named beside the custody, anybody else in it.

    None: no certain day is known, or somebody has custody whose number is not told.
    """
    relations = response.find("p:relationer", _NS)
    if relations is None:
        return None
    parents = {kind: _text(relations, f"p:{name}/p:personnummer") for kind, name in (("3", "mor"), ("4", "far"))}
    found = relations.findall("p:foraeldremyndighed", _NS)
    days = [day for one in found if (day := _certain_day(one, "p:foraeldremyndighedStartdato")) is not None]
    named = [
        parents.get(_text(one, "p:foraeldremyndighedtype")) or _text(one, "p:relationPersonnummer") for one in found
    ]
    numbers = [digits for digits in named if re.fullmatch(r"[0-9]{10}", digits) and digits.strip("0")]
    return Custody(frozenset(map(CprNumber, numbers)), max(days)) if days and len(numbers) == len(named) else None


def _text(element: etree._Element, path: str) -> str:
    text = (element.findtext(path, "", _NS) or "").strip(" \t\r\n")
    if len(text) > _TEXT_LIMIT:
        raise ValueError("longer than any field of the register")
    return text


def _code(element: etree._Element, path: str) -> str:
    text = _text(element, path)
    if text and not 0 <= int(text) <= _CODE_MAX:
        raise ValueError("not a code of four digits")
    return str(int(text)) if text else ""


def _lines(element: etree._Element, pattern: str) -> list[str]:
    return [_text(element, pattern.format(number)) for number in range(1, LINES + 1)]


def _certain_day(element: etree._Element, path: str) -> date | None:
    """A day that the register gives and is sure of; None: there is none."""
    if _text(element, f"{path}/p:usikkerhedsmarkering") == "*":
        return None
    return _day(_text(element, f"{path}/p:dato"))


def _day(text: str) -> date | None:
    # The date as written: converting `1962-12-10T00:00:00.000+01:00` to UTC would give the day before.
    try:
        return date.fromisoformat(text[:_DAY])
    except ValueError:
        return None

"""Deliveries and SOAP answers about one person that differ only in what they say of protection, typed by hand.

Positions and elements are the register's own; nothing here comes from our writer, our layout or our schema.
"""

from __future__ import annotations

from datetime import date
from io import BytesIO

from town import number

from cprsync.domain.person.number import CprNumber
from cprsync.domain.person.person import Person
from cprsync.register.extract.reader import ExtractReader
from cprsync.register.soap.answers import RESPONSE, check_answer, parse_person
from cprsync.resources import LOOKUP_SCHEMA, compile_schema
from cprsync.wire.limits import AnswerLimits
from cprsync.wire.parsing import AnswerParser, Contract, payload

ANNA = number("ANNA")
_LIMITS = AnswerLimits(max_bytes=64 * 1024, max_elements=1000, seconds=5)
_CONTRACT = Contract(compile_schema(LOOKUP_SCHEMA))
_PLATFORM = "http://serviceplatformen.dk/xml/wsdl/soap11/CPR/PersonBaseDataExtended/5/"

# -- the file: 1-3 record type, 4-13 CPR number, then as numbered -----------------------------------------------

_AGREED = frozenset({"001", "002", "003", "008"})
#: 14-17 type, 18-27 since, 28-37 deletion date
_0001 = f"004{ANNA}00012020-01-01{'':10}"
_0001_DELETED_LONG_AGO = f"004{ANNA}00012020-01-012021-01-01"
_0001_FROM_A_DAY_TO_COME = f"004{ANNA}00012030-01-01{'':10}"
_OTHERS = tuple(f"004{ANNA}{kind}2020-01-01{'':10}" for kind in ("0002", "0003", "0004", "0005", "0006"))
_0003 = f"004{ANNA}00032020-01-01{'':10}"
#: What the file says: records 004, and the status that leaves protection its meaning. Under status 30, nothing but
#: the status is known: that is how a file is silent though 004 is in the agreement.
_FILE: dict[str, tuple[str, tuple[str, ...]]] = {
    "known": ("01", (_0003, _0001)),
    "contradictory": ("01", (_0001_DELETED_LONG_AGO, _0003)),
    "empty": ("01", (_0003,)),
    "silent": ("30", ()),
    # other ways to say one of the four
    "from a day to come": ("01", (_0001_FROM_A_DAY_TO_COME,)),
    "other kinds": ("01", _OTHERS),
    "other kinds and 0001": ("01", (*_OTHERS, _0001)),
}


def from_file(says: str, *, agreed: bool, status: str | None = None) -> Person:
    """What the reader makes of a delivery that says this, at that status; `agreed`: 004 is in the agreement."""
    usual, protections = _FILE[says]
    status = status or usual
    # 24-25 status, 26-37 since, 39 sex, 40-49 born, 50 uncertain
    main = f"001{ANNA}{'':10}{status}202001011200 K1985-05-04 "
    # 14-17 municipality, 18-21 street, 22-25 house, 26-27 floor, 28-31 door, 32-35 building
    address = f"002{ANNA}07511104016Bst  th    "
    # 14-63 first, 65-104 middle, 106-145 last, 147-158 since, 160-193 addressing name
    name = f"008{ANNA}{'Mette':50} {'':40} {'Skov':40} 202001011200 {'Mette Skov':34}"
    # 14-183 name, c/o, locality, address, town; 184-187 postcode, 188-207 district, 208-229 as 002, 230-249 road
    text = f"003{ANNA}{'':170}8000{'Aarhus C':20}07511104016Bst  th    {'Uglesporet':20}"
    body = (main, *(() if says == "silent" else (address, text, *protections, name)))
    # 14-19 task, 20-27 produced, 28-35 previous; the last one counts the records between
    first, last = "0000000000000123456" + "20270322" + "20270319", f"9999999999999{len(body):08}"
    content = "".join(f"{record.rstrip()}\n" for record in (first, *body, last)).encode("iso-8859-1")
    reader = ExtractReader(
        task="123456",
        hash_key=b"a key for the tests, 32 bytes lo",
        agreement=_AGREED | ({"004"} if agreed else frozenset()),
    )
    (person,) = reader.persons(BytesIO(content))
    assert isinstance(person, Person)
    return person


# -- the SOAP answer ---------------------------------------------------------------------------------------------

_SOAP = {
    "known": "<r:adressebeskyttelse><r:beskyttet>true</r:beskyttet></r:adressebeskyttelse>",
    "contradictory": (
        "<r:adressebeskyttelse><r:startdato>2020-01-01+01:00</r:startdato>"
        "<r:beskyttet>false</r:beskyttet></r:adressebeskyttelse>"
    ),
    "without the flag": "<r:adressebeskyttelse><r:startdato>2020-01-01+01:00</r:startdato></r:adressebeskyttelse>",
    "true, from a day to come": (
        "<r:adressebeskyttelse><r:startdato>2030-01-01+01:00</r:startdato>"
        "<r:beskyttet>true</r:beskyttet></r:adressebeskyttelse>"
    ),
    "false, from a day to come": (
        "<r:adressebeskyttelse><r:startdato>2030-01-01+01:00</r:startdato>"
        "<r:beskyttet>false</r:beskyttet></r:adressebeskyttelse>"
    ),
    "false, until a day to come": (
        "<r:adressebeskyttelse><r:startdato>2020-01-01+01:00</r:startdato><r:slutdato>2030-01-01+01:00</r:slutdato>"
        "<r:beskyttet>false</r:beskyttet></r:adressebeskyttelse>"
    ),
    "true, and over": (
        "<r:adressebeskyttelse><r:startdato>2020-01-01+01:00</r:startdato><r:slutdato>2021-01-01+01:00</r:slutdato>"
        "<r:beskyttet>true</r:beskyttet></r:adressebeskyttelse>"
    ),
    "false, and over": (
        "<r:adressebeskyttelse><r:startdato>2020-01-01+01:00</r:startdato><r:slutdato>2021-01-01+01:00</r:slutdato>"
        "<r:beskyttet>false</r:beskyttet></r:adressebeskyttelse>"
    ),
    "empty": "<r:adressebeskyttelse><r:beskyttet>false</r:beskyttet></r:adressebeskyttelse>",
    "silent": "",
}


def from_soap(says: str, *, status: str = "1") -> Person:
    """What the decoder makes of an answer that says this, at that status; it has passed the schema."""
    answer = (
        '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>'
        f'<r:PersonLookupResponse xmlns:r="{_PLATFORM}"><r:persondata><r:personnummer>{ANNA}</r:personnummer>'
        "<r:navn><r:personadresseringsnavn>Mette Skov</r:personadresseringsnavn></r:navn>"
        "<r:antalBoernUnder18>0</r:antalBoernUnder18><r:status>"
        f"<r:status>{status}</r:status></r:status>"
        f"{_SOAP[says]}</r:persondata><r:adresse><r:aktuelAdresse><r:kommunekode>751</r:kommunekode>"
        "<r:vejkode>1104</r:vejkode><r:husnummer>016B</r:husnummer>"
        "<r:vejadresseringsnavn>Uglesporet</r:vejadresseringsnavn></r:aktuelAdresse></r:adresse>"
        "</r:PersonLookupResponse></s:Body></s:Envelope>"
    )
    element = payload(AnswerParser(_LIMITS, header_charset=None).root([answer.encode("utf-8")]))
    check_answer(element, RESPONSE, _CONTRACT)
    return parse_person(element, CprNumber(ANNA), today=date(2027, 3, 22))

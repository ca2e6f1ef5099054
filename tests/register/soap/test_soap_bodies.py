"""What the client makes of answers: good ones, hostile ones and faults. Bodies by `responses`, so no TLS here."""

from __future__ import annotations

import gzip
import zlib
from typing import TYPE_CHECKING

import pytest
from soap_bodies import (
    anna,
    answer,
    envelope,
    fault,
    persondata,
    result,
    status,
)
from soap_wire import BOMB, DEEP, FETCH, LOOKUP_URL, WIDE, says, sent_body
from town import number

from cprsync.domain.person.number import CprNumber
from cprsync.domain.person.sealed import Name
from cprsync.errors import (
    BadAnswer,
    ConfigurationError,
    CprsyncError,
    NoSuchPerson,
    RegisterRefused,
    RegisterUnavailable,
)
from cprsync.wire.limits import CallLimits

if TYPE_CHECKING:
    from collections.abc import Callable

    import responses

    from cprsync.register.soap.client import SoapRegister

ANNA, BO = number("ANNA"), number("BO")
WHO = CprNumber(ANNA)
DECLARED = '<?xml version="1.0" encoding="{}"?>'


def refusal(register: SoapRegister) -> CprsyncError:
    """The error of a look-up, which never holds what the answer held."""
    with pytest.raises(CprsyncError) as caught:
        register.look_up(WHO)
    assert ANNA not in str(caught.value)
    assert BO not in str(caught.value)
    assert "Skovgaard" not in str(caught.value)
    return caught.value


# -- requests ---------------------------------------------------------------------------------------------


def test_a_look_up_asks_with_an_invocation_context(
    wire: responses.RequestsMock, make_register: Callable[..., SoapRegister]
) -> None:
    says(wire, envelope(anna(ANNA)))
    person = make_register().look_up(WHO)
    assert isinstance(person.name, Name)
    assert person.name.last == "Skovgaard"
    sent = sent_body(wire)
    assert "4925d7a0-1b5b-11ec-bdc6-b312b83236d4" in sent
    assert "aaaaaaaa-1111-2222-3333-444444444444" in sent
    assert "AuthorityContext" not in sent
    assert wire.calls[0].request.headers["SOAPAction"].strip('"').endswith("/PersonLookup")


def test_a_look_up_asks_with_an_authority_context(
    wire: responses.RequestsMock, make_register: Callable[..., SoapRegister]
) -> None:
    says(wire, envelope(anna(ANNA)))
    make_register(context="authority").look_up(WHO)
    sent = sent_body(wire)
    assert ">12345678</" in sent
    assert "InvocationContext" not in sent.replace("xmlns", "").split("PersonLookupRequest")[1]
    assert sent.index("CallContext") < sent.index("AuthorityContext") < sent.index("PNR")


def test_a_request_that_breaks_the_schema_is_not_sent(
    wire: responses.RequestsMock, make_register: Callable[..., SoapRegister]
) -> None:
    """The platform's UUIDs are lower-case; zeep would send anything."""
    says(wire, envelope(anna(ANNA)))
    with pytest.raises(ConfigurationError) as refused:
        make_register(user="CCCCCCCC-1111-2222-3333-444444444444").look_up(WHO)
    assert refused.value.kind == "register.request"
    assert "CCCCCCCC" not in str(refused.value)
    assert len(wire.calls) == 0


# -- hostile answers --------------------------------------------------------------------------------------


def header(must_understand: str) -> str:
    return f'<soap:Header><a soap:mustUnderstand="{must_understand}"/></soap:Header>'


HOSTILE: dict[str, tuple[str | bytes, str]] = {
    "html": ("<html><body>Log in</body></html>", "register.not_soap"),
    "broken html": ("<html><br>Log in", "register.not_xml"),
    "json": ('{"error": 1}', "register.not_xml"),
    "cut": (envelope(anna(ANNA))[:-40], "register.not_xml"),
    "cut in the prolog": (b"<?xml vers", "register.not_xml"),
    "empty body": (envelope(""), "register.body"),
    "no body": ('<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"/>', "register.not_soap"),
    "SOAP 1.2": (envelope(anna(ANNA)).replace("schemas.xmlsoap.org/soap", "www.w3.org/2003/05"), "register.not_soap"),
    "two in the body": (envelope(anna(ANNA) * 2), "register.body"),
    "two bodies": (envelope(anna(ANNA)).replace("</soap:Body>", "</soap:Body><soap:Body/>"), "register.not_soap"),
    "something after the body": (envelope(anna(ANNA)).replace("</soap:Body>", "</soap:Body><a/>"), "register.not_soap"),
    "a header after the body": (
        envelope(anna(ANNA)).replace("</soap:Body>", "</soap:Body><soap:Header/>"),
        "register.not_soap",
    ),
    "text in the body": (envelope("Error" + anna(ANNA)), "register.not_soap"),
    "a demand": (envelope(anna(ANNA)).replace("<soap:Body>", header("1") + "<soap:Body>"), "register.must_understand"),
    "a demand in words": (
        envelope(anna(ANNA)).replace("<soap:Body>", header(" true ") + "<soap:Body>"),
        "register.must_understand",
    ),
    "too many namespaces": (
        envelope("<a " + " ".join(f'xmlns:n{i}="n{i}"' for i in range(300)) + "/>"),
        "register.oversized",
    ),
    "another operation": (result("AddPNRSubscription", "ADDED"), "register.wrong_root"),
    "other namespace": (envelope(anna(ANNA)).replace("Extended/5/", "Extended/4/"), "register.wrong_root"),
    "required element missing": (
        envelope(anna(ANNA)).replace("<ns3:antalBoernUnder18>0</ns3:antalBoernUnder18>", ""),
        "register.schema",
    ),
    "unknown status": (envelope(answer(persondata(ANNA, after=status(2)))), "register.schema"),
    "impossible date": (envelope(anna(ANNA)).replace("1985-05-04", "1985-00-00"), "register.schema"),
    "somebody else": (envelope(anna(BO)), "register.other_person"),
    "nobody": (envelope(answer("")), "register.empty_answer"),
    "entity bomb": (BOMB + envelope(anna(ANNA)), "register.doctype"),
    "entity to fetch": (FETCH + envelope(anna(ANNA)), "register.doctype"),
    "too deep": (envelope(DEEP), "register.oversized"),
    "too many attributes": (envelope(WIDE), "register.oversized"),
    "too many elements": (envelope("<a/>" * 20_001), "register.oversized"),
    "too many bytes": (envelope(f"<a>{'x' * 2 * 1024 * 1024}</a>"), "register.oversized"),
    "an instruction in the answer": (
        envelope(anna(ANNA)).replace("<ns3:persondata>", "<ns3:persondata><?php echo 1?>"),
        "register.instruction",
    ),
    "an instruction before the envelope": (
        '<?xml-stylesheet href="a"?>' + envelope(anna(ANNA)),
        "register.instruction",
    ),
    "an instruction behind the envelope": (envelope(anna(ANNA)) + "<?a?>", "register.instruction"),
    "an instruction in a value": (
        envelope(anna(ANNA)).replace("Skovgaard</ns3:efternavn>", "Skov<?a?>gaard</ns3:efternavn>"),
        "register.instruction",
    ),
    "UTF-16": (envelope(anna(ANNA)).encode("utf-16"), "register.charset"),
    "UTF-16, declared": ((DECLARED.format("utf-16") + envelope(anna(ANNA))).encode("utf-16-be"), "register.charset"),
    "UTF-16 without its mark": (envelope(anna(ANNA)).encode("utf-16-le"), "register.charset"),
    "UTF-32": (envelope(anna(ANNA)).encode("utf-32"), "register.charset"),
    "UTF-7": (DECLARED.format("utf-7") + envelope(anna(ANNA)), "register.charset"),
    "not UTF-8": (envelope(anna(ANNA)).encode("iso-8859-1"), "register.not_xml"),
}


@pytest.mark.parametrize(("body", "kind"), HOSTILE.values(), ids=HOSTILE.keys())
def test_a_bad_answer_is_refused(
    body: str | bytes, kind: str, wire: responses.RequestsMock, make_register: Callable[..., SoapRegister]
) -> None:
    says(wire, body)
    error = refusal(make_register())
    assert isinstance(error, BadAnswer)
    assert error.kind == kind
    assert len(wire.calls) == 1  # trying again would not mend it


def test_what_a_parser_or_a_schema_says_of_a_value_is_dropped(
    wire: responses.RequestsMock, make_register: Callable[..., SoapRegister]
) -> None:
    says(wire, envelope(anna(ANNA)).replace("<ns3:antalBoernUnder18>0<", "<ns3:antalBoernUnder18>Skovgaard<"))
    error = refusal(make_register())
    assert "SCHEMAV_" in str(error)
    assert error.__cause__ is None


@pytest.mark.parametrize("charset", ["utf-8", "UTF-8", "ISO-8859-1"])
def test_an_answer_in_a_charset_of_the_platform_is_read(
    charset: str, wire: responses.RequestsMock, make_register: Callable[..., SoapRegister]
) -> None:
    says(wire, (DECLARED.format(charset) + envelope(anna(ANNA))).encode(charset), content_type="text/xml")
    name = make_register().look_up(WHO).name
    assert isinstance(name, Name)
    assert name.middle == "Ærø"


def test_the_header_tells_the_charset_when_the_document_does_not(
    wire: responses.RequestsMock, make_register: Callable[..., SoapRegister]
) -> None:
    says(wire, envelope(anna(ANNA)).encode("iso-8859-1"), content_type="text/xml; charset=ISO-8859-1")
    name = make_register().look_up(WHO).name
    assert isinstance(name, Name)
    assert name.middle == "Ærø"


@pytest.mark.parametrize("charset", ["utf-16", "utf-7", "æ", '"utf-8'])
def test_a_header_with_an_unknown_charset_is_refused(
    charset: str, wire: responses.RequestsMock, make_register: Callable[..., SoapRegister]
) -> None:
    says(wire, envelope(anna(ANNA)), content_type=f"text/xml; charset={charset}")
    assert refusal(make_register()).kind == "register.charset"


@pytest.mark.parametrize("charset", ["a%00b''x", "hex''utf-8", "'" * 5, "idna''%ff"])
def test_a_charset_in_the_long_way_of_headers_is_refused_and_breaks_nothing(
    charset: str, wire: responses.RequestsMock, make_register: Callable[..., SoapRegister]
) -> None:
    says(wire, envelope(anna(ANNA)), content_type=f"text/xml; charset*={charset}")
    assert refusal(make_register()).kind == "register.charset"


def test_a_header_that_demands_nothing_is_no_matter(
    wire: responses.RequestsMock, make_register: Callable[..., SoapRegister]
) -> None:
    says(wire, envelope(anna(ANNA)).replace("<soap:Body>", header("0") + "<soap:Body>"))
    assert make_register().look_up(WHO).number == WHO


def test_any_prefix_will_do(wire: responses.RequestsMock, make_register: Callable[..., SoapRegister]) -> None:
    says(
        wire,
        envelope(anna(ANNA))
        .replace("ns3:", "q:")
        .replace(":ns3", ":q")
        .replace("soap:", "E:")
        .replace(":soap=", ":E="),
    )
    assert make_register().look_up(WHO).number == WHO


def test_a_zipped_answer_is_read(wire: responses.RequestsMock, make_register: Callable[..., SoapRegister]) -> None:
    says(wire, gzip.compress(envelope(anna(ANNA)).encode()), headers={"Content-Encoding": "gzip"})
    assert make_register().look_up(WHO).number == WHO


#: Blocks without content: what comes in grows, and what comes out does not.
EMPTY_BLOCKS = b"\x1f\x8b\x08\0\0\0\0\0\0\xff" + b"\0\0\0\xff\xff" * 1024 * 1024
#: 50 MiB of spaces in equal blocks, since to pack them all takes long, and each worker that collects the tests does it.
PACKED = zlib.compressobj(wbits=-zlib.MAX_WBITS)
BLOCK = PACKED.compress(b" " * 1024 * 1024) + PACKED.flush(zlib.Z_FULL_FLUSH)
SPACES = b" " * 50 * 1024 * 1024
SUMMED = zlib.crc32(SPACES).to_bytes(4, "little") + len(SPACES).to_bytes(4, "little")
BOMB = b"\x1f\x8b\x08\0\0\0\0\0\0\xff" + BLOCK * 50 + b"\x03\0" + SUMMED


@pytest.mark.parametrize(
    ("packed", "encoding", "kind"),
    [
        (BOMB, "gzip", "register.oversized"),
        (gzip.compress(envelope(anna(ANNA)).encode())[:-30], "gzip", "register.not_xml"),
        (b"no gzip at all", "gzip", "register.not_xml"),
        (zlib.compress(envelope(anna(ANNA)).encode()), "deflate", "register.encoding"),
        (gzip.compress(envelope(anna(ANNA)).encode()) + b"x", "gzip", "register.not_xml"),
        (gzip.compress(envelope(anna(ANNA)).encode()) + b"x" * 3 * 1024 * 1024, "gzip", "register.not_xml"),
        (gzip.compress(b"<a>") + gzip.compress(b"</a>"), "gzip", "register.not_xml"),
        (EMPTY_BLOCKS, "gzip", "register.oversized"),
        (gzip.compress(BOMB), "gzip, gzip", "register.encoding"),
    ],
    # Not from the bytes: they hold the second in which they were packed, and two workers would differ.
    ids=[
        "bomb",
        "cut",
        "not packed",
        "something behind",
        "much behind",
        "two packings",
        "nothing inside",
        "deflate",
        "twice",
    ],
)
def test_a_badly_zipped_answer_is_refused(
    packed: bytes, encoding: str, kind: str, wire: responses.RequestsMock, make_register: Callable[..., SoapRegister]
) -> None:
    says(wire, packed, headers={"Content-Encoding": encoding})
    assert refusal(make_register()).kind == kind


# -- faults and HTTP --------------------------------------------------------------------------------------

TRAILER = "\n\nFor further information contact the Helpdesk and inform:\n    CallUUID: {}\n    Received: 2025-10-23\n"
CALL = "0f0e0d0c-1a2b-3c4d-5e6f-a1b2c3d4e5f6"


@pytest.mark.parametrize(
    ("text", "code", "error", "kind"),
    [
        (f"PNR not found {ANNA}", "soap:Server", NoSuchPerson, "register.no_such_person"),
        ("PNRNotFound", "soap:Server", NoSuchPerson, "register.no_such_person"),
        (
            "Security model for the called operation was not provided.",
            "soap:Server",
            RegisterRefused,
            "register.context",
        ),
        ("Unknown service agreement", "soap:Server", RegisterRefused, "register.agreement"),
        ("Certificate is not registered", "soap:Server", RegisterRefused, "register.certificate"),
        ("Unmarshalling Error: cvc-pattern-valid", "soap:Client", RegisterRefused, "register.request"),
        (f"Something about {ANNA} Skovgaard", "soap:Client", RegisterRefused, "register.refused"),
        (f"Something about {ANNA} Skovgaard", "Client.Authentication", RegisterRefused, "register.refused"),
        (f"Something about {ANNA} Skovgaard", "soap:Server", RegisterUnavailable, "register.fault"),
        (f"Something about {ANNA} Skovgaard", "", RegisterUnavailable, "register.fault"),
    ],
    # a test's name is printed: it holds no number of the town
    ids=[
        "not found, by number",
        "not found, in one word",
        "security model",
        "agreement",
        "certificate",
        "unmarshalling",
        "unknown of the client",
        "unknown of the client's rights",
        "unknown of the server",
        "unknown of nobody",
    ],
)
def test_a_fault_means_one_error(  # noqa: PLR0913, PLR0917 -- a row of the table and two fixtures
    text: str,
    code: str,
    error: type[CprsyncError],
    kind: str,
    wire: responses.RequestsMock,
    make_register: Callable[..., SoapRegister],
) -> None:
    says(wire, fault(text + TRAILER.format(CALL), code=code), status=500)
    caught = refusal(make_register())
    assert type(caught) is error
    assert caught.kind == kind
    assert CALL in str(caught)


def test_the_detail_of_a_fault_is_read_too(
    wire: responses.RequestsMock, make_register: Callable[..., SoapRegister]
) -> None:
    """Where the platform writes PNRNotFound is not known."""
    detail = "<x><ErrorCode>PNRNotFound</ErrorCode></x>"
    says(wire, fault("An error", detail=detail), status=500)
    assert isinstance(refusal(make_register()), NoSuchPerson)


@pytest.mark.parametrize(
    ("code", "error"),
    [
        (301, RegisterRefused),
        (302, RegisterRefused),
        (303, RegisterRefused),
        (403, RegisterRefused),
        (404, RegisterRefused),
        (202, RegisterUnavailable),
        (429, RegisterUnavailable),
        (500, RegisterUnavailable),
        (502, RegisterUnavailable),
        (503, RegisterUnavailable),
    ],
)
def test_a_page_in_place_of_the_service_is_the_registers_trouble(
    code: int, error: type[CprsyncError], wire: responses.RequestsMock, make_register: Callable[..., SoapRegister]
) -> None:
    says(
        wire,
        "<html><p>Oops</html>",
        status=code,
        headers={"Location": "https://elsewhere.test/"},
        content_type="text/html",
    )
    caught = refusal(make_register())
    assert type(caught) is error
    assert f"HTTP {code}" in str(caught)
    assert {call.request.url for call in wire.calls} == {LOOKUP_URL}  # no redirect is followed


def test_an_answer_with_the_status_of_a_fault_is_no_answer(
    wire: responses.RequestsMock, make_register: Callable[..., SoapRegister]
) -> None:
    """SOAP 1.1 over HTTP: 500 goes with a fault."""
    says(wire, envelope(anna(ANNA)), status=500)
    assert type(refusal(make_register())) is RegisterUnavailable


# -- tries ------------------------------------------------------------------------------------------------


def test_trouble_that_passes_is_tried_again_after_a_short_wait(
    wire: responses.RequestsMock, make_register: Callable[..., SoapRegister]
) -> None:
    waits: list[float] = []
    says(wire, "", status=503)
    says(wire, envelope(anna(ANNA)))
    assert make_register(sleep=waits.append).look_up(WHO).number == WHO
    assert len(waits) == 1
    assert 0.2 <= waits[0] <= 2


@pytest.mark.parametrize("body", [b"", b"  \n "])
def test_an_answer_of_nothing_is_none_and_another_try_may_help(
    body: bytes, wire: responses.RequestsMock, make_register: Callable[..., SoapRegister]
) -> None:
    """A gateway with nobody behind it says 200 and no more. A desk goes on as if nobody had answered."""
    says(wire, body)
    error = refusal(make_register())
    assert isinstance(error, RegisterUnavailable)
    assert error.kind == "register.empty_body"
    assert len(wire.calls) == 3
    says(wire, envelope(anna(ANNA)))
    assert make_register().look_up(WHO).number == WHO


def test_tries_end(wire: responses.RequestsMock, make_register: Callable[..., SoapRegister]) -> None:
    says(wire, "", status=503)
    refusal(make_register())
    assert len(wire.calls) == 3


def test_no_try_begins_after_the_total_time(
    wire: responses.RequestsMock, make_register: Callable[..., SoapRegister]
) -> None:
    clock = iter(range(0, 10**6, 25))
    says(wire, "", status=503)
    refusal(make_register(monotonic=lambda: next(clock), limits=CallLimits(tries_seconds=60)))
    assert len(wire.calls) == 1

"""A client that nobody here wrote: it fetches the description, and a fault says what is wrong with its request."""

from __future__ import annotations

import gzip
import http.client
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
import zeep
from culr_calls import CULR, Library
from mock_wire import (
    AGREEMENT,
    INVOCATION,
    LOOKUP,
    PNR,
    SUBSCRIPTION,
    Caller,
    client_context,
    envelope,
    lookup_envelope,
)
from town import ANNA
from zeep.transports import Transport

from cprsync.mock import control

CONTEXT = INVOCATION.format(agreement=AGREEMENT)
WITHOUT_USER = CONTEXT.replace("<ic:UserUUID>cccccccc-bbbb-cccc-dddd-eeeeeeeeeeee</ic:UserUUID>", "")


def session(ready: dict[str, Any]) -> requests.Session:
    made = requests.Session()
    made.trust_env, made.verify, made.cert = False, ready["ca"], (ready["client_cert"], ready["client_key"])
    return made


# -- the description ------------------------------------------------------------------------------------------


def test_a_client_that_has_the_address_alone_can_ask(ready: dict[str, Any]) -> None:
    """Zeep fetches the WSDL with every schema that it names, and calls at the address in it."""
    parts = ("ServiceAgreementUUID", "UserSystemUUID", "UserUUID", "ServiceUUID")
    context = dict.fromkeys(parts, AGREEMENT)
    transport = Transport(session=session(ready))
    lookup = zeep.Client(f"{ready['lookup_url']}?wsdl", transport=transport)
    found = lookup.service.PersonLookup(InvocationContext=context, PNR=ANNA)
    assert found.persondata.personnummer == ANNA
    subscription = zeep.Client(f"{ready['subscription_url']}?WSDL", transport=transport)
    assert subscription.service.AddPNRSubscription(InvocationContext=context, PNR=ANNA) == "ADDED"
    culr = zeep.Client(f"{ready['culr_url']}?wsdl", transport=transport)
    assert culr.service.hasCulrAccount  # described


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("", 405),
        ("?xsd=CprNumber1.xsd", 200),
        ("?xsd=Nothing.xsd", 404),
        ("?xsd=../pyproject.toml", 404),
        ("?xsd=event-codes.csv", 404),
    ],
)
def test_only_the_description_is_fetched(still: dict[str, Any], query: str, status: int) -> None:
    answer = session(still).get(still["lookup_url"] + query, timeout=20)
    assert (answer.status_code, "<xs:schema" in answer.text) == (status, status == 200)


def test_a_description_names_the_host_that_was_asked_and_breaks_at_no_name(still: dict[str, Any]) -> None:
    answer = session(still).get(f"{still['lookup_url']}?wsdl", headers={"Host": 'a"<b'}, timeout=20)
    assert 'location="https://a&quot;&lt;b/service/CPR/PersonBaseDataExtended/5"' in answer.text


# -- what a fault says ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (lookup_envelope(ANNA, WITHOUT_USER), "InvocationContext lacks UserUUID"),
        (envelope(f'<q:PersonLookupRequest xmlns:q="{LOOKUP}"/>'), "AuthorityContext or InvocationContext or PNR."),
        (lookup_envelope(ANNA).replace(b"/PNR/1/", b"/PNR/2/"), f"PNR is not expected there, but PNR of {PNR}"),
        (lookup_envelope("121179-1283"), "PNR has another form than it may"),
        (lookup_envelope(ANNA).replace(b"</q:", b"<q:More/></q:"), "More is not expected there."),
        (lookup_envelope(ANNA).replace(b"<p:PNR", f"{ANNA}<p:PNR".encode()), "PersonLookupRequest has another form"),
        (lookup_envelope(ANNA).replace(b"p:PNR", f"p:P{ANNA}".encode()), "an element is not expected there, but"),
        (lookup_envelope(ANNA).replace(b"Extended/5/", b"Extended/4/"), f"expected PersonLookupRequest of {LOOKUP}"),
    ],
    ids=["lacks a part", "lacks all", "namespace", "form", "too much", "text", "a number as a name", "version"],
)
def test_a_fault_says_which_element_is_wrong_and_what_was_expected(reader: Caller, body: bytes, said: str) -> None:
    answer = reader.post(body)
    assert said in answer.fault
    assert not any(digits in answer.text for digits in (ANNA, "121179"))


def test_a_request_at_the_other_services_address_is_told_what_is_served_there(reader: Caller) -> None:
    answer = reader.post(lookup_envelope(ANNA), url="subscription_url")
    assert f"AddPNRSubscription or another operation of {SUBSCRIPTION}" in answer.fault


def test_culr_says_which_element_its_contract_lacks(still: dict[str, Any]) -> None:
    told = Library(still).post(f'<c:createAccount xmlns:c="{CULR}"><agencyId>710100</agencyId></c:createAccount>')
    assert b"createAccount lacks userCredentials." in told.body
    told = Library(still).post(f'<c:createAccount xmlns:c="{CULR}"><c:agencyId>710100</c:agencyId></c:createAccount>')
    assert b"agencyId is not expected there, but agencyId of no namespace." in told.body


@pytest.mark.parametrize("url", ["lookup_url", "culr_url"])
def test_a_compressed_request_is_called_that_and_not_broken_xml(ready: dict[str, Any], url: str) -> None:
    body = gzip.compress(lookup_envelope(ANNA))
    answer = session(ready).post(ready[url], body, headers={"Content-Encoding": "gzip"}, timeout=20)
    assert (answer.status_code, "send it without Content-Encoding" in answer.text) == (415, True)
    (call,) = control.calls(ready)["calls"]
    assert (call["outcome"], call["fault"]) == ("fault", "The request is compressed: send it without Content-Encoding.")


def test_a_request_that_its_client_did_not_finish_is_no_request(ready: dict[str, Any]) -> None:
    parts = urlsplit(ready["lookup_url"])
    connection = http.client.HTTPSConnection("localhost", parts.port, context=client_context(ready), timeout=20)
    connection.putrequest("POST", parts.path)
    connection.putheader("Content-Length", "99999")
    connection.endheaders(lookup_envelope(ANNA))
    connection.close()
    Caller(ready).look_up(ANNA)
    assert [call["outcome"] for call in control.calls(ready)["calls"]] == ["ok"]

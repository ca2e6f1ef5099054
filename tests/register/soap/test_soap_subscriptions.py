"""Subscribing, unsubscribing and the list of all subscriptions. Bodies by `responses`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from soap_bodies import envelope, fault, filters, result
from soap_wire import BOMB, DEEP, SUBSCRIPTION_URL, says, sent_body
from town import number

from cprsync.domain.person.number import CprNumber
from cprsync.errors import BadAnswer, CprsyncError, NoSuchPerson, RegisterRefused
from cprsync.services.ports.register import Subscribed
from cprsync.wire.limits import AnswerLimits

if TYPE_CHECKING:
    from collections.abc import Callable

    import responses

    from cprsync.register.soap.client import SoapRegister

ANNA, BO = number("ANNA"), number("BO")
WHO = CprNumber(ANNA)


@pytest.mark.parametrize(("word", "meaning"), [("ADDED", Subscribed.ADDED), ("ALREADY_EXISTED", Subscribed.ALREADY)])
def test_subscribing_says_what_it_did(
    word: str, meaning: Subscribed, wire: responses.RequestsMock, make_register: Callable[..., SoapRegister]
) -> None:
    says(wire, result("AddPNRSubscription", word), url=SUBSCRIPTION_URL)
    assert list(make_register().subscribe_many([WHO])) == [(WHO, meaning)]
    assert "9cdccc2f-3243-11e2-8fef-d4bed98c5934" in sent_body(wire)


@pytest.mark.parametrize(
    ("word", "meaning"), [("REMOVED", Subscribed.REMOVED), ("NON_EXISTING_PNR", Subscribed.ABSENT)]
)
def test_unsubscribing_says_what_it_did(
    word: str, meaning: Subscribed, wire: responses.RequestsMock, make_register: Callable[..., SoapRegister]
) -> None:
    says(wire, result("RemovePNRSubscription", word), url=SUBSCRIPTION_URL)
    assert make_register().unsubscribe(WHO) is meaning


@pytest.mark.parametrize(
    ("body", "error", "kind"),
    [
        (result("AddPNRSubscription", "NON_EXISTING_PNR"), NoSuchPerson, "register.no_such_person"),
        (result("AddPNRSubscription", "REMOVED"), BadAnswer, "register.unknown_result"),
        (result("AddPNRSubscription", ""), BadAnswer, "register.unknown_result"),
        (result("RemovePNRSubscription", "REMOVED"), BadAnswer, "register.wrong_root"),
        (result("AddPNRSubscription", "ADDED").replace("ns3:Result", "ns3:Outcome"), BadAnswer, "register.schema"),
    ],
)
def test_another_word_than_the_known_ones_is_an_error(
    body: str,
    error: type[CprsyncError],
    kind: str,
    wire: responses.RequestsMock,
    make_register: Callable[..., SoapRegister],
) -> None:
    says(wire, body, url=SUBSCRIPTION_URL)
    ((_, outcome),) = make_register().subscribe_many([WHO])
    assert type(outcome) is error
    assert outcome.kind == kind  # type: ignore[union-attr]  # it is an error, as the line above says


MUNICIPALITY = "<ns3:MunicipalityCode>706</ns3:MunicipalityCode>"
AGES = "<ns3:AgeRange><ns3:StartAge>1</ns3:StartAge><ns3:EndAge>5</ns3:EndAge></ns3:AgeRange>"


@pytest.mark.parametrize("numbers", [[], [ANNA], [ANNA, BO], [ANNA, BO, ANNA]])
def test_all_subscribed_numbers_are_listed(
    numbers: list[str], wire: responses.RequestsMock, make_register: Callable[..., SoapRegister]
) -> None:
    says(wire, filters(numbers, before=AGES + MUNICIPALITY), url=SUBSCRIPTION_URL)
    assert make_register().subscriptions() == {CprNumber(n) for n in numbers}


def test_a_list_in_a_header_is_not_the_answer(
    wire: responses.RequestsMock, make_register: Callable[..., SoapRegister]
) -> None:
    _, _, inner = filters([BO]).partition("<soap:Body>")
    header = f"<soap:Header>{inner.partition('</soap:Body>')[0]}</soap:Header>"
    says(wire, filters([ANNA]).replace("<soap:Body>", f"{header}<soap:Body>"), url=SUBSCRIPTION_URL)
    assert make_register().subscriptions() == {CprNumber(ANNA)}


OVERSIZED = "register.oversized"
DEMAND = '<soap:Header><a soap:mustUnderstand="1"/></soap:Header>'


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (filters([ANNA], end=""), "register.schema"),
        (filters([ANNA], end="<ns3:noFilter>false</ns3:noFilter>" + MUNICIPALITY), "register.schema"),
        (filters([ANNA], before="<ns3:Unknown/>"), "register.schema"),
        (filters([], before=MUNICIPALITY + AGES), "register.schema"),
        (filters([""]), "register.impossible_value"),
        (filters(["".join(chr(ord("０") + int(d)) for d in ANNA)]), "register.impossible_value"),
        (filters([ANNA])[:-30], "register.not_xml"),
        (envelope(""), "register.body"),
        (result("AddPNRSubscription", "ADDED"), "register.wrong_root"),
        ("<html/>", "register.not_soap"),
        (BOMB + filters([ANNA]), "register.doctype"),
        (fault("x", detail=DEEP), OVERSIZED),
        (fault("x", detail="<a/>" * 1000), OVERSIZED),
        (filters([ANNA]).replace("<soap:Body>", f"<soap:Header>{'<a/>' * 1001}</soap:Header><soap:Body>"), OVERSIZED),
        (filters([ANNA]).replace("<soap:Body>", f"{DEMAND}<soap:Body>"), "register.must_understand"),
        (filters([ANNA]).replace("</soap:Body>", "</soap:Body><soap:Header/>"), "register.not_soap"),
        (filters([ANNA]).replace("</soap:Body>", "</soap:Body><soap:Body/>"), "register.not_soap"),
        (filters([ANNA], before="<ns3:ChangeCode><a/></ns3:ChangeCode>"), "register.schema"),
        (filters([ANNA], before="<ns3:AgeRange><a/></ns3:AgeRange>"), "register.schema"),
        (filters([ANNA], before='<ns3:AgeRange a="1"/>'), "register.schema"),
        (filters([ANNA], before="none"), "register.schema"),
        (filters([ANNA, BO, ANNA]).replace("</ns2:PNR><ns2:PNR>", "</ns2:PNR>none<ns2:PNR>"), "register.schema"),
        (filters([ANNA, BO]).replace("<ns2:PNR>", '<ns2:PNR a="1">'), "register.schema"),
        (filters([ANNA, BO]).replace(ANNA, f"{ANNA}<a/>"), "register.schema"),
        (filters([ANNA, BO], end=f"{MUNICIPALITY}<ns3:noFilter>false</ns3:noFilter>"), "register.schema"),
        (filters([ANNA], end="<ns3:noFilter>maybe</ns3:noFilter>"), "register.schema"),
        (filters([f"{ANNA[:6]}-{ANNA[6:]}"]), "register.impossible_value"),
    ],
)
def test_a_bad_list_of_subscriptions_is_refused(
    body: str, kind: str, wire: responses.RequestsMock, make_register: Callable[..., SoapRegister]
) -> None:
    says(wire, body, url=SUBSCRIPTION_URL)
    with pytest.raises(BadAnswer) as refused:
        make_register().subscriptions()
    assert refused.value.kind == kind


def test_a_fault_in_place_of_the_list_is_its_error(
    wire: responses.RequestsMock, make_register: Callable[..., SoapRegister]
) -> None:
    says(wire, fault("Unknown agreement"), url=SUBSCRIPTION_URL, status=500)
    with pytest.raises(RegisterRefused):
        make_register().subscriptions()


@pytest.mark.parametrize(
    "limits",
    [
        AnswerLimits(max_bytes=10_000, max_elements=10**6, seconds=9),
        AnswerLimits(max_bytes=10**6, max_elements=99, seconds=9),
    ],
)
def test_a_list_over_its_own_ceilings_is_refused(
    limits: AnswerLimits, wire: responses.RequestsMock, make_register: Callable[..., SoapRegister]
) -> None:
    says(wire, filters([ANNA] * 500), url=SUBSCRIPTION_URL)
    with pytest.raises(BadAnswer) as refused:
        make_register(filters_answer=limits).subscriptions()
    assert refused.value.kind == "register.oversized"


def test_a_long_list_is_read_as_a_stream(
    wire: responses.RequestsMock, make_register: Callable[..., SoapRegister]
) -> None:
    """More than a look-up's ceiling: 100,000 numbers."""
    numbers = [f"{n:010}" for n in range(100_000)]
    says(wire, filters(numbers), url=SUBSCRIPTION_URL)
    assert len(make_register().subscriptions()) == 100_000

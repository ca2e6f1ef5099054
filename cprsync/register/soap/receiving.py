"""Receives an answer: checks its HTTP status, its bytes under the operation's ceilings, a fault in it, and its schema.

Every wrong answer becomes an error of ours that quotes nothing.
"""

from __future__ import annotations

from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

from cprsync.errors import BadAnswer, NoSuchPerson, RegisterRefused, RegisterUnavailable
from cprsync.register.soap.faults import parse_fault
from cprsync.register.soap.filters import read_subscriptions
from cprsync.services.ports.values import Subscribed
from cprsync.wire.errors import AnswerBroken
from cprsync.wire.parsing import FAULT, Contract, events_of, payload, root_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    import requests
    from lxml import etree

    from cprsync.domain.person.number import CprNumber
    from cprsync.wire.limits import AnswerLimits

_SUBSCRIPTION = "{http://serviceplatformen.dk/xml/wsdl/soap11/CprSubscriptionService/1/}"
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
#: By operation: the results that it may answer. Any other word is an error.
_RESULTS = {
    "AddPNRSubscription": {"ADDED": Subscribed.ADDED, "ALREADY_EXISTED": Subscribed.ALREADY},
    "RemovePNRSubscription": {"REMOVED": Subscribed.REMOVED, "NON_EXISTING_PNR": Subscribed.ABSENT},
}


def receive(response: requests.Response, limits: AnswerLimits) -> etree._Element:
    """Read the element in the answer's body.

    Raises BadAnswer, or the error for the fault or the HTTP status in its place.
    """
    with closing(response), _as_answered(response):
        element = payload(root_of(response, limits))
    if element.tag == FAULT:
        raise parse_fault(element)
    if response.status_code != _OK:
        # SOAP 1.1 sends only faults with 500.
        raise _unavailable(response.status_code)
    return element


def receive_subscriptions(response: requests.Response, limits: AnswerLimits) -> set[CprNumber]:
    """Read the numbers of a GetAllFilters answer as a stream. Raises as `receive` does."""
    with closing(response), _as_answered(response):
        numbers = read_subscriptions(events_of(response, limits))
    if response.status_code != _OK:
        raise _unavailable(response.status_code)
    return numbers


def check_answer(element: etree._Element, root: str, contract: Contract) -> None:
    """Raise BadAnswer if the answer is another operation's or breaks the schema."""
    if element.tag != root:
        raise BadAnswer("the answer belongs to another operation", kind="register.wrong_root")
    breach = contract.breach(element)
    if breach is not None:
        raise BadAnswer("the answer breaks the register's schema ({breach})", breach=breach, kind="register.schema")


def parse_result(operation: str, element: etree._Element) -> Subscribed:
    """Return the result of a subscription call. Raises NoSuchPerson, BadAnswer."""
    word = element.findtext(f"{_SUBSCRIPTION}Result", "").strip()
    known = _RESULTS[operation]
    if word in known:
        return known[word]
    if word == "NON_EXISTING_PNR":
        raise NoSuchPerson("the register does not know the number")
    raise BadAnswer("the register answers with an unknown result", kind="register.unknown_result")


@contextmanager
def _as_answered(response: requests.Response) -> Iterator[None]:
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

"""Receives an answer: checks its HTTP status, its bytes under the operation's ceilings, a fault in it, and its schema.

Every wrong answer becomes an error of ours that quotes nothing. A fault's text may hold anything, so only its CallUUID
is kept, which the platform's helpdesk asks for. The list of subscriptions may hold a million numbers: it is read as a
stream that keeps none of their elements (decision 27).
"""

from __future__ import annotations

import re
from contextlib import closing, contextmanager
from functools import partial
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from cprsync.domain.person.number import CprNumber
from cprsync.errors import BadAnswer, CprsyncError, NoSuchPerson, RegisterRefused, RegisterUnavailable
from cprsync.services.ports.register import Subscribed
from cprsync.wire.errors import AnswerBroken
from cprsync.wire.parsing import FAULT, Contract, events_of, payload, root_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import requests
    from lxml import etree

    from cprsync.wire.limits import AnswerLimits

    Read: TypeAlias = Callable[[requests.Response, AnswerLimits], etree._Element]  # noqa: SLF001 -- the stubs' name

_SUBSCRIPTION = "{http://serviceplatformen.dk/xml/wsdl/soap11/CprSubscriptionService/1/}"
_LIST = f"{_SUBSCRIPTION}GetAllFiltersResponse"
_NUMBER = "{http://serviceplatformen.dk/xml/schemas/cpr/PNR/1/}PNR"
#: The most elements beside a list's numbers. A genuine answer has about ten.
_KEPT_MOST = 1000
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


def receive_subscriptions(response: requests.Response, limits: AnswerLimits, contract: Contract) -> set[CprNumber]:
    """Read the numbers of a GetAllFilters answer as a stream. Raises as `receive` and `check_answer` do."""
    lists: dict[etree._Element, set[CprNumber]] = {}
    element = receive(response, limits, read=partial(_root_without_numbers, lists=lists))
    check_answer(element, _LIST, contract)
    return lists.get(element, set())


def _root_without_numbers(
    response: requests.Response, limits: AnswerLimits, *, lists: dict[etree._Element, set[CprNumber]]
) -> etree._Element:
    """Return the envelope with one number in place of several in a row, and fill `lists` with the numbers of each list.

    What is left keeps the schema exactly if the whole answer does: a number may repeat. lxml's own way, a schema for
    the parser, takes an answer that is cut short.
    """
    root, kept = None, 0
    for event, element in events_of(response, limits):
        parent = element.getparent()
        root = element if root is None else root
        if parent is None or parent.tag != _LIST or element.tag != _NUMBER:
            kept += event == "start"
            if kept > _KEPT_MOST:
                raise BadAnswer("the answer's fault or header is too large", kind="register.oversized")
        elif event == "end":
            lists.setdefault(parent, set()).add(_number(element))
            _drop_previous(element, parent)
    if root is None:
        raise _broken()
    return root


def _number(element: etree._Element) -> CprNumber:
    if element.attrib or len(element):
        raise _broken()
    try:
        # `CprNumber.parse` accepts a hyphen; the schema's ten characters do not.
        return CprNumber.parse("" if "-" in (element.text or "") else element.text or "")
    except ValueError:
        raise BadAnswer(
            "the list of subscriptions holds something that is not a number", kind="register.impossible_value"
        ) from None


def _drop_previous(element: etree._Element, parent: etree._Element) -> None:
    before = element.getprevious()
    if before is not None and before.tag == _NUMBER:
        if (before.tail or "").strip():
            raise _broken()
        parent.remove(before)


def _broken() -> BadAnswer:
    return BadAnswer("the list of subscriptions breaks the register's schema", kind="register.schema")


def check_answer(element: etree._Element, root: str, contract: Contract) -> None:
    """Raise BadAnswer if the answer is another operation's or breaks the schema."""
    if element.tag != root:
        raise BadAnswer("the answer belongs to another operation", kind="register.wrong_root")
    breach = contract.breach(element)
    if breach is not None:
        raise BadAnswer("the answer breaks the register's schema ({breach})", breach=breach, kind="register.schema")


def receive_result(
    response: requests.Response, limits: AnswerLimits, contract: Contract, *, operation: str
) -> Subscribed:
    """Return the result of a subscription call. Raises NoSuchPerson, and as `receive` and `check_answer` do."""
    element = receive(response, limits)
    check_answer(element, f"{_SUBSCRIPTION}{operation}Response", contract)
    word = element.findtext(f"{_SUBSCRIPTION}Result", "").strip()
    known = _RESULTS[operation]
    if word in known:
        return known[word]
    if word == "NON_EXISTING_PNR":
        raise NoSuchPerson("the register does not know the number")
    raise BadAnswer("the register answers with an unknown result", kind="register.unknown_result")


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


# -- the platform's faults, by one table ----------------------------------------------------------------------

_CALL = re.compile(r"CallUUID:\s*([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\b", re.IGNORECASE)


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

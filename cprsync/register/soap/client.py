"""The register over SOAP: looks people up and keeps subscriptions. Each call has a limit on time, size and tries.

The list of subscriptions may hold a million numbers: it is read as a stream that keeps none of their elements (decision
27). Leaves out the platform's token model (OIO-IDWS).
"""

from __future__ import annotations

from contextlib import closing, suppress
from email.utils import parsedate_to_datetime
from functools import partial
from typing import TYPE_CHECKING, Any, Final, TypeVar

import structlog

from cprsync.domain.person.number import CprNumber
from cprsync.domain.trust.lifetime import LONGEST_RUN
from cprsync.errors import (
    BadAnswer,
    CertificateRefused,
    ConfigurationError,
    CprsyncError,
    NoSuchPerson,
    PeerCertificateError,
    RegisterUnavailable,
)
from cprsync.register.kept_certificate import KeptIdentity, check_outlives
from cprsync.register.soap.answers import RESPONSE, check_answer, parse_person, receive
from cprsync.services.ports.register import CivilRegister, Found, NotFound, Subscribed
from cprsync.wire.calls import Calls, CallSurroundings, Circuit, Peer, side_by_side
from cprsync.wire.certificates import Revocation, RevocationLists, read_trusted
from cprsync.wire.errors import AnswerBroken, CallFailed, OursRefused, PeerUntrusted
from cprsync.wire.parsing import Contract, events_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from datetime import datetime, timedelta

    import requests
    from lxml import etree

    from cprsync.domain.person.person import Person
    from cprsync.register.settings import RegisterSettings
    from cprsync.resources import Schemas
    from cprsync.wire.limits import AnswerLimits

T = TypeVar("T")

_LOOKUP = (
    "PersonBaseDataExtended5.wsdl",
    "{http://serviceplatformen.dk/xml/wsdl/soap11/CPR/PersonBaseDataExtended/5/}PersonBaseDataExtendedBinding",
)
_NAMESPACE = "http://serviceplatformen.dk/xml/wsdl/soap11/CprSubscriptionService/1/"
_SUBSCRIPTION = ("CprSubscription1.wsdl", f"{{{_NAMESPACE}}}CprSubscriptionWebServiceBinding")
_LIST = f"{{{_NAMESPACE}}}GetAllFiltersResponse"
_NUMBER = "{http://serviceplatformen.dk/xml/schemas/cpr/PNR/1/}PNR"
#: The most elements beside a list's numbers. A genuine answer has about ten.
_KEPT_MOST = 1000
#: By operation: the results that it may answer. Any other word is an error.
_RESULTS = {
    "AddPNRSubscription": {"ADDED": Subscribed.ADDED, "ALREADY_EXISTED": Subscribed.ALREADY},
    "RemovePNRSubscription": {"REMOVED": Subscribed.REMOVED, "NON_EXISTING_PNR": Subscribed.ABSENT},
}
#: PersonBaseDataExtended 5 in the platform's catalogue
LOOKUP_SERVICE = "4925d7a0-1b5b-11ec-bdc6-b312b83236d4"
#: CPRSubscription 1
SUBSCRIPTION_SERVICE = "9cdccc2f-3243-11e2-8fef-d4bed98c5934"
#: No number has day 00 of month 00: asking for it, or ending its subscription, is about nobody.
_NOBODY = CprNumber("0000000000")
#: How long a night waits for the time by the service's clock, before it begins.
_KNOCK_SECONDS: Final = 5.0
#: Names the caller in the platform's own log; never a person.
CALLER = "cprsync"


def _translate(error: CallFailed) -> CprsyncError:
    """The register's error for one of a call."""
    match error:
        case PeerUntrusted():
            return PeerCertificateError(error.sentence, kind=error.kind, **error.values)
        case OursRefused():
            return CertificateRefused(error.sentence, kind=error.kind, **error.values)
        case AnswerBroken():
            return BadAnswer(error.sentence, kind=f"register.{error.kind}", **error.values)
        case _:
            return RegisterUnavailable(error.sentence, kind=f"register.{error.kind}", **error.values)


_REGISTER = Peer(
    "register",
    _translate,
    unanswered=RegisterUnavailable,
    hopeless=(ConfigurationError, PeerCertificateError, CertificateRefused),
)


class SoapRegister(CivilRegister):
    """The civil register through the platform's two SOAP services, over mutual TLS. Close it after use."""

    def __init__(self, settings: RegisterSettings, *, schemas: Schemas, surroundings: CallSurroundings) -> None:
        """Raises CertificateError or ConfigurationError before anything is sent."""
        from cprsync.wire.service import Service  # loads zeep, which takes 0.3 s

        self._settings, self._now, self._today = settings, surroundings.now, surroundings.today
        log = surroundings.log if surroundings.log is not None else structlog.get_logger("cprsync.register")
        self._own = KeptIdentity(settings, now=surroundings.now, log=log)
        self._own.current().check(self._now())
        self._own.current().check_shape(company=settings.company)
        self._calls = Calls(_REGISTER, settings, identity=self._own, surroundings=surroundings)
        self._channel = self._calls.channel
        self._check_revocation(self._calls.revoked)
        lookup, subscription = Contract(schemas.lookup), Contract(schemas.subscription)
        self._lookup = Service(
            *_LOOKUP, url=settings.lookup_url, channel=self._channel, contract=lookup, breach=_breach
        )
        self._subscription = Service(
            *_SUBSCRIPTION, url=settings.subscription_url, channel=self._channel, contract=subscription, breach=_breach
        )

    def _check_revocation(self, lists: RevocationLists) -> None:
        trusted = read_trusted(self._settings.ca)
        state = self._own.current().check_revocation(lists, trusted=trusted, now=self._now())
        if self._settings.production and state is not Revocation.GOOD:
            self._calls.log.warning("certificate.revocation", whose="ours", state=state.value)
        for path in lists.unreadable:
            self._calls.log.warning("certificate.revocation.unreadable", path=str(path))

    def make_sure_outlives(self, span: timedelta = LONGEST_RUN) -> None:
        """Check that our certificate is still valid at the end of something that begins now and takes so long.

        Raises CertificateError.
        """
        check_outlives(self._own.current(), self._now(), span)

    def prove(self) -> None:
        """Make one call to each service that changes nothing: about a number that nobody can have.

        Raises as `look_up` and `unsubscribe`, but not NoSuchPerson.
        """
        for call in (self.look_up, self.unsubscribe):
            with suppress(NoSuchPerson):
                call(_NOBODY)

    def close(self) -> None:
        """Close the open connections."""
        self._calls.close()

    # -- the port ------------------------------------------------------------------------------------

    def look_up_many(self, numbers: Iterable[CprNumber]) -> Iterator[Found | NotFound]:
        """Answer each number once, in any order.

        After `unanswered_in_a_row` calls without an answer, or after a refused certificate, the rest is not asked: they
        are `NotFound` at once.
        """
        for number, outcome in self._call_each(numbers, self.look_up):
            yield NotFound(number, outcome) if isinstance(outcome, CprsyncError) else Found(number, outcome)

    def subscribe_many(self, numbers: Iterable[CprNumber]) -> Iterator[tuple[CprNumber, Subscribed | CprsyncError]]:
        """Subscribe each number once, in any order. Gives up as `look_up_many` does."""
        yield from self._call_each(numbers, self.subscribe)

    def unsubscribe_many(self, numbers: Iterable[CprNumber]) -> Iterator[tuple[CprNumber, Subscribed | CprsyncError]]:
        """End the subscription of each number once. Gives up as `look_up_many` does."""
        yield from self._call_each(numbers, self.unsubscribe)

    def subscriptions(self) -> set[CprNumber]:
        """Return all numbers subscribed under our agreement, read as a stream."""
        return self._call("GetAllFilters", self._get_filters)

    def knock(self) -> datetime | None:
        """Ask the look-up service for nothing, and show our certificate. Returns the time by the service's clock.

        None: it does not tell the time. No person is asked about: what it answers does not count.
        """
        return self._call("knock", self._knock)

    def measure_offset(self) -> float | None:
        """Return by how many seconds the service's clock is ahead of ours. None: it does not tell the time.

        Raises CprsyncError: it does not answer the one try. The calls that follow say why.
        """
        try:
            theirs = self._knock(_KNOCK_SECONDS)
        except CallFailed as error:
            raise _translate(error) from error.__cause__
        return None if theirs is None else (theirs - self._now()).total_seconds()

    def ask_agreement(self) -> None:
        """Begin to read the list of subscriptions, and leave its numbers. Raises if our agreement is refused."""
        self._call("GetAllFilters", self._begin_list)

    # -- one number ----------------------------------------------------------------------------------

    def look_up(self, number: CprNumber) -> Person:
        """Return the person. Raises NoSuchPerson, and every other error of the register's side."""
        return self._call("PersonLookup", lambda: self._look_up(number))

    def subscribe(self, number: CprNumber) -> Subscribed:
        """Subscribe a number. Raises NoSuchPerson if the register does not know it."""
        return self._call("AddPNRSubscription", lambda: self._change("AddPNRSubscription", number))

    def unsubscribe(self, number: CprNumber) -> Subscribed:
        """End a subscription. ABSENT: there was none."""
        return self._call("RemovePNRSubscription", lambda: self._change("RemovePNRSubscription", number))

    # -- operations: one try ---------------------------------------------------------------------------

    def _look_up(self, number: CprNumber) -> Person:
        limits = self._settings.lookup_answer
        with self._channel.deadline(self._settings.lookup_url, limits.seconds):
            response = self._lookup.send("PersonLookup", **_lookup_context(self._settings), PNR=number.digits)
            element = receive(response, limits)
        check_answer(element, RESPONSE, self._lookup.contract)
        return parse_person(element, number, today=self._today())

    def _change(self, operation: str, number: CprNumber) -> Subscribed:
        limits, context = self._settings.subscribe_answer, _subscription_context(self._settings)
        with self._channel.deadline(self._settings.subscription_url, limits.seconds):
            response = self._subscription.send(operation, **context, PNR=number.digits)
            return _parse_result(response, limits, self._subscription.contract, operation=operation)

    def _knock(self, seconds: float | None = None) -> datetime | None:
        url, limits = self._settings.lookup_url, self._settings.lookup_answer
        with (
            self._channel.deadline(url, seconds or limits.seconds),
            closing(self._channel.send("GET", url, b"", {})) as response,
        ):
            return _told_time(response.headers.get("Date", ""))

    def _begin_list(self) -> None:
        limits, context = self._settings.lookup_answer, _subscription_context(self._settings)
        with self._channel.deadline(self._settings.subscription_url, limits.seconds):
            response = self._subscription.send("GetAllFilters", **context)
            if receive(response, limits, read=_root_that_begins).tag != _LIST:
                raise _broken()

    def _get_filters(self) -> set[CprNumber]:
        limits, context = self._settings.filters_answer, _subscription_context(self._settings)
        with self._channel.deadline(self._settings.subscription_url, limits.seconds):
            response = self._subscription.send("GetAllFilters", **context)
            return _parse_subscriptions(response, limits, self._subscription.contract)

    # -- calls -----------------------------------------------------------------------------------------

    def _call(self, operation: str, once: Callable[[], T]) -> T:
        self._own.current().check(self._now())
        return self._calls.make(operation, once)

    def _call_each(
        self, numbers: Iterable[CprNumber], call: Callable[[CprNumber], T]
    ) -> Iterator[tuple[CprNumber, T | CprsyncError]]:
        """Yield each number once with its result or its error, in the order in which they come."""
        circuit, waiting = Circuit(self._settings.limits.unanswered_in_a_row, _REGISTER), iter(numbers)

        def ask(number: CprNumber) -> list[tuple[CprNumber, T | CprsyncError]]:
            return [(number, _find_reason(circuit) if circuit.is_open else circuit.outcome_of(call, number))]

        yield from side_by_side(waiting, ask, threads=self._settings.workers, circuit=circuit)
        yield from ((number, _find_reason(circuit)) for number in waiting)


def _find_reason(circuit: Circuit) -> CprsyncError:
    return circuit.hopeless or RegisterUnavailable(
        "not asked: {ceiling} calls in a row got no answer", ceiling=circuit.ceiling, kind="register.given_up"
    )


def _lookup_context(settings: RegisterSettings) -> dict[str, Any]:
    """Return the context elements of a look-up: InvocationContext, or AuthorityContext with CallContext."""
    if settings.context == "authority":
        return {
            "CallContext": {"CallersServiceCallIdentifier": CALLER},
            "AuthorityContext": {"MunicipalityCVR": settings.cvr},
        }
    return {"InvocationContext": _invocation(settings, LOOKUP_SERVICE)}


def _subscription_context(settings: RegisterSettings) -> dict[str, Any]:
    """Return the context of a subscription call, which allows only the InvocationContext."""
    return {"InvocationContext": _invocation(settings, SUBSCRIPTION_SERVICE)}


def _invocation(settings: RegisterSettings, service: str) -> dict[str, str]:
    return {
        "ServiceAgreementUUID": settings.service_agreement,
        "UserSystemUUID": settings.user_system,
        "UserUUID": settings.user,
        "ServiceUUID": service,
    }


def _breach(what: str) -> ConfigurationError:
    return ConfigurationError(
        "a request of ours breaks the register's schema ({what}): check service_agreement, user_system, user and cvr",
        what=what,
        kind="register.request",
    )


def _parse_result(
    response: requests.Response, limits: AnswerLimits, contract: Contract, *, operation: str
) -> Subscribed:
    """Return the result of a subscription call. Raises NoSuchPerson, and as `receive` and `check_answer` do."""
    element = receive(response, limits)
    check_answer(element, f"{{{_NAMESPACE}}}{operation}Response", contract)
    word = element.findtext(f"{{{_NAMESPACE}}}Result", "").strip()
    known = _RESULTS[operation]
    if word in known:
        return known[word]
    if word == "NON_EXISTING_PNR":
        raise NoSuchPerson("the register does not know the number")
    raise BadAnswer("the register answers with an unknown result", kind="register.unknown_result")


def _parse_subscriptions(response: requests.Response, limits: AnswerLimits, contract: Contract) -> set[CprNumber]:
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


def _root_that_begins(response: requests.Response, limits: AnswerLimits) -> etree._Element:
    """Return the envelope as far as its list begins, or the whole of another answer."""
    root = None
    for _, element in events_of(response, limits):
        root = element if root is None else root
        if element.tag == _LIST:
            break
    if root is None:
        raise _broken()
    return root


def _told_time(header: str) -> datetime | None:
    try:
        return parsedate_to_datetime(header)
    except ValueError:
        return None


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

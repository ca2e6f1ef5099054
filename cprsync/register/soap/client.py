"""The register over SOAP: looks people up and keeps subscriptions. Each call has a limit on time, size and tries.

Implements `services.ports.register.Register`. Leaves out the platform's token model (OIO-IDWS).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from cprsync.errors import (
    BadAnswer,
    CertificateRefused,
    ConfigurationError,
    CprsyncError,
    PeerCertificateError,
    RegisterUnavailable,
)
from cprsync.register.identity.identity import load_identity
from cprsync.register.soap import answers
from cprsync.register.soap.receiving import check_answer, receive, receive_result, receive_subscriptions
from cprsync.services.ports.register import Found, NotFound, Subscribed
from cprsync.wire.calls import Calls, Circuit, Peer, Surroundings, side_by_side
from cprsync.wire.errors import AnswerBroken, CallFailed, OursRefused, PeerUntrusted
from cprsync.wire.parsing import Contract
from cprsync.wire.peer import Revocation, RevocationLists, read_trusted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from cprsync.domain.person.number import CprNumber
    from cprsync.domain.person.person import Person
    from cprsync.register.settings import RegisterSettings
    from cprsync.schemas import Schemas

T = TypeVar("T")

_LOOKUP = (
    "PersonBaseDataExtended5.wsdl",
    "{http://serviceplatformen.dk/xml/wsdl/soap11/CPR/PersonBaseDataExtended/5/}PersonBaseDataExtendedBinding",
)
_SUBSCRIPTION = (
    "CprSubscription1.wsdl",
    "{http://serviceplatformen.dk/xml/wsdl/soap11/CprSubscriptionService/1/}CprSubscriptionWebServiceBinding",
)
#: PersonBaseDataExtended 5 in the platform's catalogue
LOOKUP_SERVICE = "4925d7a0-1b5b-11ec-bdc6-b312b83236d4"
#: CPRSubscription 1
SUBSCRIPTION_SERVICE = "9cdccc2f-3243-11e2-8fef-d4bed98c5934"
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


class SoapRegister:
    """The civil register through the platform's two SOAP services, over mutual TLS. Close it after use."""

    def __init__(self, settings: RegisterSettings, *, schemas: Schemas, surroundings: Surroundings) -> None:
        """Raises CertificateError or ConfigurationError before anything is sent."""
        from cprsync.wire.service import Service  # loads zeep, which takes 0.3 s

        self._settings, self._now = settings, surroundings.now
        self._identity = load_identity(settings)
        self._identity.check(self._now())
        self._identity.check_shape(company=settings.company)
        self._calls = Calls(_REGISTER, settings, settings.limits, identity=self._identity, surroundings=surroundings)
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
        state = self._identity.check_revocation(lists, trusted=trusted, now=self._now())
        if self._settings.production and state is not Revocation.GOOD:
            self._calls.log.warning("certificate.revocation", whose="ours", state=state.value)
        for path in lists.unreadable:
            self._calls.log.warning("certificate.revocation.unreadable", path=str(path))

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
        limits = self._settings.limits.lookup
        with self._channel.deadline(self._settings.lookup_url, limits.seconds):
            response = self._lookup.send("PersonLookup", **_lookup_context(self._settings), PNR=number.digits)
            element = receive(response, limits)
        check_answer(element, answers.RESPONSE, self._lookup.contract)
        # The day in UTC is never ahead of Copenhagen's, so that no protection ends too early.
        return answers.parse_person(element, number, today=self._now().date())

    def _change(self, operation: str, number: CprNumber) -> Subscribed:
        limits, context = self._settings.limits.subscribe, _subscription_context(self._settings)
        with self._channel.deadline(self._settings.subscription_url, limits.seconds):
            response = self._subscription.send(operation, **context, PNR=number.digits)
            return receive_result(response, limits, self._subscription.contract, operation=operation)

    def _get_filters(self) -> set[CprNumber]:
        limits, context = self._settings.limits.filters, _subscription_context(self._settings)
        with self._channel.deadline(self._settings.subscription_url, limits.seconds):
            response = self._subscription.send("GetAllFilters", **context)
            return receive_subscriptions(response, limits, self._subscription.contract)

    # -- calls -----------------------------------------------------------------------------------------

    def _call(self, operation: str, once: Callable[[], T]) -> T:
        self._identity.check(self._now())
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


# -- requests --------------------------------------------------------------------------------------------


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

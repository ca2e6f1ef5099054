"""The register over SOAP: looks people up and keeps subscriptions. Each call has a limit on time, size and tries.

Implements `services.ports.ports.Register`. Threads stay inside this module; callers get iterators.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Self, TypeVar

import structlog
from tenacity import Retrying, retry_if_exception, stop_after_attempt, wait_exponential, wait_random

from cprsync.errors import CertificateRefused, CprsyncError, PeerCertificateError, RegisterUnavailable
from cprsync.register.identity.identity import load_identity
from cprsync.register.settings import AnswerLimits, Limits, RegisterSettings
from cprsync.register.soap import answers
from cprsync.register.soap.contexts import build_lookup_context, build_subscription_context
from cprsync.register.soap.fanout import fan_out
from cprsync.register.soap.receiving import check_answer, parse_result, receive, receive_subscriptions
from cprsync.services.ports.values import Found, NotFound, Subscribed
from cprsync.wire.parsing import Contract
from cprsync.wire.patience import Patience
from cprsync.wire.peer import PeerJudge, read_trusted
from cprsync.wire.quota import Quota
from cprsync.wire.revocation import Revocation, RevocationLists
from cprsync.wire.tls import Channel, ClosedUnanswered, build_context, refused_in_silence

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from cprsync.domain.person.number import CprNumber
    from cprsync.domain.person.person import Person
    from cprsync.schemas import Schemas

__all__ = ["AnswerLimits", "Limits", "RegisterSettings", "SoapRegister"]

T = TypeVar("T")

_SUBSCRIPTION = "{http://serviceplatformen.dk/xml/wsdl/soap11/CprSubscriptionService/1/}"


def _now() -> datetime:
    return datetime.now(tz=UTC)


class SoapRegister:
    """The civil register through the platform's two SOAP services, over mutual TLS. Close it after use."""

    def __init__(  # noqa: PLR0913 -- clocks, sleep and log are passed in
        self,
        settings: RegisterSettings,
        *,
        schemas: Schemas,
        sleep: Callable[[float], None] = time.sleep,
        monotonic: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = _now,
        log: Any = None,
        patience: Patience | None = None,
    ) -> None:
        """Raises CertificateError or ConfigurationError before anything is sent.

        `patience`: a desk's total waiting time.
        """
        from cprsync.register.soap import client  # loads zeep

        self._settings = settings
        self._sleep, self._monotonic, self._now = sleep, monotonic, now
        self._log = log if log is not None else structlog.get_logger("cprsync.register")
        self._identity = load_identity(settings)
        self._identity.check(now())
        self._identity.check_shape(company=settings.company)
        lists = RevocationLists.load(settings.crl)
        judge = PeerJudge(settings.ca, lists, production=settings.production, now=now, log=self._log)
        self._check_revocation(lists)
        context = build_context(settings.ca, self._identity, monotonic=monotonic, judge=judge)
        limits, self._patience = settings.limits, patience or Patience()
        self._quota = Quota(settings.per_second, sleep=sleep, monotonic=monotonic)
        self._channel = Channel(
            context,
            connections=settings.workers,
            connect_seconds=limits.connect_seconds,
            patience=self._patience,
        )
        self._lookup = client.lookup_service(settings.lookup_url, self._channel, Contract(schemas.lookup))
        self._subscription = client.subscription_service(
            settings.subscription_url, self._channel, Contract(schemas.subscription)
        )

    def _check_revocation(self, lists: RevocationLists) -> None:
        trusted = read_trusted(self._settings.ca)
        state = self._identity.check_revocation(lists, trusted=trusted, now=self._now())
        if self._settings.production and state is not Revocation.GOOD:
            self._log.warning("certificate.revocation", whose="ours", state=state.value)
        for path in lists.unreadable:
            self._log.warning("certificate.revocation.unreadable", path=str(path))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the open connections."""
        self._channel.close()

    # -- the port ------------------------------------------------------------------------------------

    def look_up_many(self, numbers: Iterable[CprNumber]) -> Iterator[Found | NotFound]:
        """Answer each number once, in any order.

        After `unanswered_in_a_row` calls without an answer, or after a refused certificate, the rest is not asked: they
        are `NotFound` at once.
        """
        for number, outcome in self._fan_out(numbers, self.look_up):
            yield NotFound(number, outcome) if isinstance(outcome, CprsyncError) else Found(number, outcome)

    def subscribe_many(self, numbers: Iterable[CprNumber]) -> Iterator[tuple[CprNumber, Subscribed | CprsyncError]]:
        """Subscribe each number once, in any order. Gives up as `look_up_many` does."""
        yield from self._fan_out(numbers, self.subscribe)

    def unsubscribe_many(self, numbers: Iterable[CprNumber]) -> Iterator[tuple[CprNumber, Subscribed | CprsyncError]]:
        """End the subscription of each number once. Gives up as `look_up_many` does."""
        yield from self._fan_out(numbers, self.unsubscribe)

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
            response = self._lookup.send("PersonLookup", **build_lookup_context(self._settings), PNR=number.digits)
            element = receive(response, limits)
        check_answer(element, answers.RESPONSE, self._lookup.contract)
        # The day in UTC is never ahead of Copenhagen's, so that no protection ends too early.
        return answers.parse_person(element, number, today=self._now().date())

    def _change(self, operation: str, number: CprNumber) -> Subscribed:
        limits, context = self._settings.limits.subscribe, build_subscription_context(self._settings)
        with self._channel.deadline(self._settings.subscription_url, limits.seconds):
            element = receive(self._subscription.send(operation, **context, PNR=number.digits), limits)
        check_answer(element, f"{_SUBSCRIPTION}{operation}Response", self._subscription.contract)
        return parse_result(operation, element)

    def _get_filters(self) -> set[CprNumber]:
        limits, context = self._settings.limits.filters, build_subscription_context(self._settings)
        with self._channel.deadline(self._settings.subscription_url, limits.seconds):
            return receive_subscriptions(self._subscription.send("GetAllFilters", **context), limits)

    # -- tries -----------------------------------------------------------------------------------------

    def _call(self, operation: str, once: Callable[[], T]) -> T:
        self._identity.check(self._now())
        limits, started = self._settings.limits, self._monotonic()
        first = stop_after_attempt(limits.tries)
        tries = Retrying(
            retry=retry_if_exception(_may_pass),
            stop=lambda state: (
                first(state) or self._monotonic() - started >= limits.tries_seconds or self._patience.is_over
            ),
            wait=wait_exponential(multiplier=0.2, max=1.6) + wait_random(0, 0.4),  # 0.2 to 2 s
            sleep=lambda seconds: self._sleep(min(seconds, self._patience.left())),
            reraise=True,
        )
        try:
            with self._patience.waiting():
                result: T = tries(self._logged, operation, once)
        except ClosedUnanswered as error:
            raise refused_in_silence(error) from error
        return result

    def _logged(self, operation: str, once: Callable[[], T]) -> T:
        # each try is a call to the counterpart
        self._quota.wait()
        started, outcome = self._monotonic(), "unexpected"
        try:
            result = once()
            outcome = "ok"
        except CprsyncError as error:
            outcome = error.kind
            raise
        finally:
            milliseconds = round((self._monotonic() - started) * 1000)
            self._log.debug("register.call", operation=operation, outcome=outcome, milliseconds=milliseconds)
        return result

    def _fan_out(
        self, numbers: Iterable[CprNumber], call: Callable[[CprNumber], T]
    ) -> Iterator[tuple[CprNumber, T | CprsyncError]]:
        settings = self._settings
        return fan_out(numbers, call, workers=settings.workers, unanswered_in_a_row=settings.limits.unanswered_in_a_row)


def _may_pass(error: BaseException) -> bool:
    # A refused certificate, a refusal and a bad answer stay the same at the next try.
    return isinstance(error, RegisterUnavailable) and not isinstance(error, PeerCertificateError | CertificateRefused)

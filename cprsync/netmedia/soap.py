"""CULR over SOAP: settles effects and reads accounts. Each call has a limit on time, size and tries.

Implements `services.ports.ports.NetMedia`. Threads stay inside this module; callers get iterators.
"""

from __future__ import annotations

import time
from contextlib import closing
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Self, TypeVar

import structlog
from tenacity import Retrying, retry_if_exception, stop_after_attempt, wait_exponential, wait_random

from cprsync.domain.netmedia.account import REFUSED, Code, Held, Settled, Unsettled, reading_of, settle
from cprsync.errors import (
    BadAnswer,
    CertificateRefused,
    ConfigurationError,
    CprsyncError,
    NetMediaUnavailable,
    NetMediaUntrusted,
    PeerCertificateError,
    RegisterUnavailable,
)
from cprsync.netmedia.calls import build_call
from cprsync.netmedia.replies import parse_reply
from cprsync.netmedia.settings import NetMediaSettings, load_credentials
from cprsync.netmedia.side_by_side import Circuit, side_by_side
from cprsync.wire.parsing import FAULT, Contract, payload
from cprsync.wire.patience import Patience
from cprsync.wire.peer import PeerJudge
from cprsync.wire.quota import Quota
from cprsync.wire.reading import root_of
from cprsync.wire.revocation import RevocationLists
from cprsync.wire.tls import Channel, build_context

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    import requests
    from lxml import etree

    from cprsync.domain.netmedia.account import Call, Effect, Identity, Reply
    from cprsync.schemas import Schemas

T = TypeVar("T")
R = TypeVar("R")

_WSDL, _BINDING = "CulrWebService1.wsdl", "{http://ws.culrservice.dbc.dk/}CulrWebServicePortBinding"
_OK = 200


def _now() -> datetime:
    return datetime.now(tz=UTC)


class SoapNetMedia:
    """CULR as one library, over TLS. Close it after use."""

    def __init__(  # noqa: PLR0913 -- clocks, sleep and log are passed in
        self,
        settings: NetMediaSettings,
        *,
        schemas: Schemas,
        sleep: Callable[[float], None] = time.sleep,
        monotonic: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = _now,
        log: Any = None,
        patience: Patience | None = None,
    ) -> None:
        """Raises ConfigurationError before anything is sent. `patience`: a desk's total waiting time."""
        from cprsync.wire.service import Service  # loads zeep

        self._settings = settings
        self._credentials = load_credentials(settings)
        self._sleep, self._monotonic, self._patience = sleep, monotonic, patience or Patience()
        self._log = log if log is not None else structlog.get_logger("cprsync.netmedia")
        self._quota = Quota(settings.per_second, sleep=sleep, monotonic=monotonic)
        lists = RevocationLists.load(settings.crl)
        judge = PeerJudge(settings.ca, lists, production=settings.production, now=now, log=self._log)
        self._channel = Channel(
            build_context(settings.ca, None, monotonic=monotonic, judge=judge),
            # calls wait for a free connection: the further threads of `_threads` write their requests meanwhile
            connections=settings.workers,
            connect_seconds=settings.limits.connect_seconds,
            patience=self._patience,
        )
        contract = Contract(schemas.net_media)
        self._service = Service(
            _WSDL, _BINDING, url=settings.url, channel=self._channel, contract=contract, breach=_breach
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the open connections."""
        self._channel.close()

    # -- the port ------------------------------------------------------------------------------------

    def send_many(
        self, queues: Iterable[Sequence[Effect]]
    ) -> Iterator[tuple[Effect, Settled | Unsettled | CprsyncError]]:
        """Settle the effects of each queue in order, the queues side by side, as the port describes."""
        circuit = self._circuit()

        def carry_out(queue: Sequence[Effect]) -> list[tuple[Effect, Settled | Unsettled | CprsyncError]]:
            done: list[tuple[Effect, Settled | Unsettled | CprsyncError]] = []
            for effect in queue:
                outcome = circuit.note(_outcome(self._settle, effect))
                done.append((effect, outcome))
                # after a refused effect, which staff must look at, the next may follow: it sets a state of its own
                if not (isinstance(outcome, Settled) or (isinstance(outcome, Unsettled) and outcome.code in REFUSED)):
                    break
                if circuit.is_open:
                    break
            return done

        yield from side_by_side(queues, carry_out, threads=self._threads, circuit=circuit, touches=_touched_by)

    def read_many(self, identities: Iterable[Identity]) -> Iterator[tuple[Identity, Held | Unsettled | CprsyncError]]:
        """Read the accounts under each identity, in any order. Stops early as `send_many` does."""
        circuit = self._circuit()

        def carry_out(identity: Identity) -> list[tuple[Identity, Held | Unsettled | CprsyncError]]:
            return [(identity, circuit.note(_outcome(self._read, identity)))]

        yield from side_by_side(identities, carry_out, threads=self._threads, circuit=circuit)

    # -- one at a time ---------------------------------------------------------------------------------

    def _settle(self, effect: Effect) -> Settled | Unsettled:
        calls = settle(effect, agency=self._settings.agency)
        try:
            call = next(calls)
            while True:
                call = calls.send(self.ask(call))
        except StopIteration as ended:
            outcome: Settled | Unsettled = ended.value
            return outcome

    def _read(self, identity: Identity) -> Held | Unsettled:
        reply = self.ask(reading_of(identity))
        if reply.held is not None:
            return reply.held
        return Held(account=False) if reply.code is Code.MISSING else Unsettled(reply.code)

    def ask(self, call: Call) -> Reply:
        """Make one call, and try again if nobody answers. Raises NetMediaUnavailable, ConfigurationError."""
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
        with self._patience.waiting():
            reply: Reply = tries(self._logged, call)
        return reply

    def _logged(self, call: Call) -> Reply:
        # each try is a call to the counterpart
        self._quota.wait()
        started, outcome = self._monotonic(), "unexpected"
        try:
            reply = self._once(call)
            outcome = reply.code.value
        except CprsyncError as error:
            outcome = error.kind
            raise
        finally:
            milliseconds = round((self._monotonic() - started) * 1000)
            self._log.debug("netmedia.call", operation=call.operation.value, outcome=outcome, milliseconds=milliseconds)
        return reply

    def _once(self, call: Call) -> Reply:
        limits, agency = self._settings.limits.answer, self._settings.agency
        parts = build_call(call, agency=agency, credentials=self._credentials)
        try:
            with self._channel.deadline(self._settings.url, limits.seconds):
                element = self._receive(self._service.send(call.operation.value, **parts))
            return parse_reply(call, element, agency=agency)
        except BadAnswer as error:
            raise NetMediaUnavailable(
                "CULR's answer cannot be read: {why}", why=error, kind="netmedia.bad_answer"
            ) from error
        except PeerCertificateError as error:
            raise NetMediaUntrusted("CULR's certificate is not to be trusted: {why}", why=error) from error
        except RegisterUnavailable as error:
            # `wire` serves the register too, and names its errors for it
            what = "tls" if isinstance(error, CertificateRefused) else error.kind.rpartition(".")[2]
            raise NetMediaUnavailable("CULR does not answer: {why}", why=error, kind=f"netmedia.{what}") from error

    def _receive(self, response: requests.Response) -> etree._Element:
        with closing(response):
            # CULR answers errors with 200 too: any other status is a fault, or a gateway's page
            if response.status_code != _OK:
                raise NetMediaUnavailable(
                    "CULR answers HTTP {status}", status=response.status_code, kind="netmedia.http"
                )
            element = payload(root_of(response, self._settings.limits.answer))
        if element.tag == FAULT:
            raise NetMediaUnavailable("CULR reports a fault of its own", kind="netmedia.fault")
        return element

    # -- inside ------------------------------------------------------------------------------------------

    @property
    def _threads(self) -> int:
        """A quarter more threads than calls: while calls wait for CULR, the rest write and read."""
        return self._settings.workers + self._settings.workers // 4

    def _circuit(self) -> Circuit:
        return Circuit(self._settings.limits.unanswered_in_a_row)


def _outcome(call: Callable[[T], R], about: T) -> R | CprsyncError:
    try:
        return call(about)
    except CprsyncError as error:
        return error


def _touched_by(queue: Sequence[Effect]) -> set[Identity]:
    return {identity for effect in queue for identity in effect.touches}


def _may_pass(error: BaseException) -> bool:
    # a certificate that is not trusted now is not trusted a second later either
    return isinstance(error, NetMediaUnavailable) and not isinstance(error, NetMediaUntrusted)


def _breach(what: str) -> ConfigurationError:
    return ConfigurationError(
        "a request of ours breaks CULR's contract ({what}): check agency, user and group",
        what=what,
        kind="netmedia.request",
    )

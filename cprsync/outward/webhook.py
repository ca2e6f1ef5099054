"""A webhook: posts which patron has changed, and nothing about the patron. The receiver fetches the rest from a feed.

Each post is signed over its time and its body, with every key that the library has, so that a receiver may change keys
at its own time. No redirect is followed.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from contextlib import closing, suppress
from typing import TYPE_CHECKING, Final, TypeAlias, TypeVar

from cprsync.errors import ConfigurationError, CprsyncError, TargetRefused, TargetUnavailable, TargetUntrusted
from cprsync.outward.queued import send_queues
from cprsync.private import read_password
from cprsync.services.ports.outward import Delivered, TargetClient, Undelivered
from cprsync.wire.calls import Calls, CallSurroundings, Circuit, Peer
from cprsync.wire.errors import CallFailed, PeerUntrusted

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from cprsync.outward.settings import WebhookSettings
    from cprsync.services.ports.outward import OutwardEffect

R = TypeVar("R")
Outcome: TypeAlias = "Delivered | Undelivered | CprsyncError"

SIGNATURE: Final = "Cprsync-Signature"
#: The same at each try of one delivery.
DELIVERY: Final = "Cprsync-Delivery"
#: The fewest characters of a key.
KEY_LEAST: Final = 32
#: How long the rest of an answer may take, once its status is known. It is not needed.
_REST_SECONDS: Final = 0.5
#: How many hexadecimal digits a delivery's id has.
_ID_DIGITS: Final = 32
#: The name of a key, which is its file's without the ending.
_KEY_NAME: Final = re.compile(r"[A-Za-z0-9-]{2,32}", re.ASCII)
_SUCCESS, _MOVED, _CLIENT_ERROR, _SERVER_ERROR = range(200, 300), range(300, 400), range(400, 500), range(500, 600)
#: The receiver does not accept us at all.
_FORBIDDEN: Final = frozenset({401, 403, 407})
#: Nobody is served now. The answer is mostly a gateway's.
_LATER: Final = frozenset({425, 429, 502, 503, 504})
#: The receiver gave up on this one delivery.
_TIMED_OUT: Final = 408
#: These concern all patrons. Any other failure may be about one delivery alone, until too many come in a row.
_ABOUT_ALL: Final = frozenset({"target.unreachable", "target.certificate"})


class _Broke(TargetUnavailable):
    """The receiver failed on this delivery: another try may help."""

    def __init__(self, status: int) -> None:
        super().__init__("the receiver answers HTTP {status}", status=status, kind="target.http")
        self.status = status


def _translate(error: CallFailed) -> CprsyncError:
    """The client's error for one of a call."""
    if isinstance(error, PeerUntrusted):
        return TargetUntrusted("the receiver's certificate is not to be trusted: {why}", why=error)
    return TargetUnavailable("the receiver does not answer: {why}", why=error, kind=f"target.{error.kind}")


RECEIVER: Final = Peer(
    "webhook",
    _translate,
    unanswered=TargetUnavailable,
    hopeless=(ConfigurationError, TargetUntrusted, TargetRefused),
)


class _Receiver(Circuit):
    """Opens after too many final refusals in a row too: then the address is wrong, and not each patron."""

    def __init__(self, ceiling: int) -> None:
        super().__init__(ceiling, RECEIVER)
        self._refused = 0
        #: what all these refusals say together
        self.refuses_all: TargetRefused | None = None

    def note(self, outcome: R) -> R | CprsyncError:
        noted = super().note(outcome)
        with self._lock:
            self._refused = self._refused + 1 if _is_refusal(outcome) else 0
            if self._refused < self.ceiling:
                return noted
            self.is_open = True
            said = "the receiver refuses {ceiling} deliveries in a row"
            self.refuses_all = self.refuses_all or TargetRefused(said, ceiling=self.ceiling)
            return self.refuses_all

    def hold_back(self, told: Iterable[tuple[OutwardEffect, Outcome]]) -> Iterator[tuple[OutwardEffect, Outcome]]:
        """Yield final refusals only once another answer shows that the address is right, or all is told.

        If the address is wrong, no patron is refused: they all wait until it is right.
        """
        held: list[tuple[OutwardEffect, Outcome]] = []
        for effect, outcome in told:
            if _is_refusal(outcome):
                held.append((effect, outcome))
                continue
            if self.refuses_all is None:
                yield from held
                held.clear()
            yield effect, outcome
        yield from ((effect, self.refuses_all or outcome) for effect, outcome in held)


def _is_refusal(outcome: object) -> bool:
    return isinstance(outcome, Undelivered) and outcome.final


class WebhookClient(TargetClient):
    """One receiver, over TLS. Close it after use."""

    def __init__(self, settings: WebhookSettings, *, surroundings: CallSurroundings) -> None:
        """Raises ConfigurationError before anything is sent."""
        self._settings, self._now = settings, surroundings.now
        self._keys = read_keys(settings.keys)
        self._calls = Calls(RECEIVER, settings, identity=None, surroundings=surroundings)

    def close(self) -> None:
        """Close the open connections."""
        self._calls.close()

    def send_many(self, queues: Iterable[Sequence[OutwardEffect]]) -> Iterator[tuple[OutwardEffect, Outcome]]:
        """Post the effects of each queue, as the port describes."""
        circuit = _Receiver(self._settings.limits.unanswered_in_a_row)
        threads = self._settings.workers
        told = send_queues(queues, lambda effect: self._send(effect, circuit), threads=threads, circuit=circuit)
        return circuit.hold_back(told)

    # -- inside -----------------------------------------------------------------------------------------

    def _send(self, effect: OutwardEffect, circuit: Circuit) -> Outcome:
        """Post one effect, and count what became of it."""
        noted = circuit.outcome_of(self._deliver, effect)
        if not isinstance(noted, TargetUnavailable) or circuit.is_open or noted.kind in _ABOUT_ALL:
            if isinstance(noted, CprsyncError):
                circuit.is_open = True
            return noted
        return Undelivered(f"http_{noted.status}" if isinstance(noted, _Broke) else "no_answer")

    def _deliver(self, effect: OutwardEffect) -> Delivered | Undelivered:
        body = write_body(effect)
        headers = {
            "Accept": "*/*",
            "Content-Type": "application/json",
            DELIVERY: delivery_id(self._settings.agency, effect),
        }
        return self._calls.make("post", lambda: self._post(body, headers), outcome=_word)

    def _post(self, body: bytes, headers: Mapping[str, str]) -> Delivered | Undelivered:
        """One post and its answer, of which only the status counts. Each try has its own time, and so its signature."""
        settings, channel = self._settings, self._calls.channel
        signed = {**headers, SIGNATURE: sign_body(body, at=int(self._now().timestamp()), keys=self._keys)}
        with (
            channel.deadline(settings.url, settings.answer.seconds),
            closing(channel.send("POST", settings.url, body, signed)) as response,
        ):
            outcome = _read_status(response.status_code)
            # so that the connection can be used again; what does not come changes nothing
            with suppress(CallFailed), channel.deadline(settings.url, _REST_SECONDS):
                response.raw.read(settings.answer.max_bytes)
        return outcome


def _read_status(status: int) -> Delivered | Undelivered:
    """What a status says of a delivery. Raises TargetRefused, and TargetUnavailable for one that is tried again."""
    if status in _SUCCESS:
        return Delivered()
    if status in _FORBIDDEN:
        raise TargetRefused("the receiver does not accept our signature (HTTP {status})", status=status)
    if status in _MOVED:
        raise TargetRefused(
            "the receiver sends us to another address (HTTP {status}): no redirect is followed", status=status
        )
    if status in _LATER:
        raise TargetUnavailable("the receiver answers HTTP {status}", status=status, kind="target.http")
    if status in _SERVER_ERROR or status == _TIMED_OUT:
        raise _Broke(status)
    if status in _CLIENT_ERROR:
        return Undelivered(f"http_{status}", final=True)
    raise TargetUnavailable("the receiver answers HTTP {status}", status=status, kind="target.http")


def write_body(effect: OutwardEffect) -> bytes:
    """All that a receiver is told: which patron, which version, and whether the patron is gone."""
    document = {
        "gone": effect.payload is None,
        "patron": effect.patron_id,
        "target": effect.target,
        "version": effect.version,
    }
    return json.dumps(document, separators=(",", ":")).encode()


def delivery_id(agency: str, effect: OutwardEffect) -> str:
    """The id of a delivery: the same at each try, another one if the same change is queued again."""
    said = "|".join((agency, effect.target, effect.patron_id, str(effect.version), effect.queued))
    return hashlib.sha256(said.encode()).hexdigest()[:_ID_DIGITS]


def sign_body(body: bytes, *, at: int, keys: Mapping[str, bytes]) -> str:
    """The header that proves whom a body comes from and when: `t=TIME,KEY=HMAC`, with a pair for each key."""
    message = f"{at}.".encode() + body
    signed = (f"{name}={hmac.new(key, message, hashlib.sha256).hexdigest()}" for name, key in keys.items())
    return ",".join((f"t={at}", *signed))


def read_keys(paths: Sequence[Path]) -> dict[str, bytes]:
    """The keys by their names, in the order of the settings. Raises ConfigurationError."""
    keys: dict[str, bytes] = {}
    for path in paths:
        if not _KEY_NAME.fullmatch(path.stem) or path.stem in keys:
            raise ConfigurationError(
                "{path}: a key's file is called by letters, digits and hyphens, and each otherwise",
                path=path,
                kind="configuration.key",
            )
        key = read_password(path)
        if len(key) < KEY_LEAST:
            raise ConfigurationError(
                "{path}: a key has at least {least} characters", path=path, least=KEY_LEAST, kind="configuration.key"
            )
        keys[path.stem] = key.encode()
    return keys


def _word(outcome: Delivered | Undelivered) -> str:
    return "ok" if isinstance(outcome, Delivered) else outcome.code

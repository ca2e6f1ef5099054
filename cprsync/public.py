"""What other programs import from `cprsync`: look people up, read a delivery, keep subscriptions.

Everything that `cprsync.__all__` names stays: a name, a parameter or a field goes away only with a new major version,
after a version that warns. The rest of the package may change at any time. Needs no configuration file and no store.
"""

from __future__ import annotations

import json
import secrets
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Final, Self

import structlog

from cprsync.domain.person.number import CprNumber
from cprsync.errors import ConfigurationError
from cprsync.services.ports.register import Subscribed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from types import TracebackType

    from cprsync.domain.person.person import Person
    from cprsync.register.extract.reader import ExtractReader
    from cprsync.services.ports.deliveries import Unreadable
    from cprsync.services.ports.register import Found, NotFound

#: The bytes of the key with which the reader of a delivery tells numbers apart. It is new for each delivery.
_KEY_BYTES: Final = 32


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class RegisterAccess:
    """An agreement's access to the register. Give `client_cert` with `client_key`, or `p12` alone.

    `test` is for a register of invented people: in production a test certificate and a loopback address are refused.
    """

    lookup_url: str
    subscription_url: str
    #: the issuers that the platform's certificate may come from, as a PEM file
    ca: Path
    service_agreement: str
    user_system: str
    user: str
    #: the library's company number
    cvr: str
    client_cert: Path | None = None
    client_key: Path | None = None
    p12: Path | None = None
    p12_password_file: Path | None = None
    test: bool = False

    def __repr__(self) -> str:
        return "RegisterAccess(…)"

    @classmethod
    def of_mock(cls, folder: Path) -> Self:
        """The access to a mock register, from its folder. Raises ConfigurationError: no mock was ever started there."""
        try:
            ready: Mapping[str, Any] = json.loads((folder / "ready.json").read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise ConfigurationError("{path}: no mock was ever started there", path=folder, kind="file") from error
        agreement = ready["agreement"]
        return cls(
            lookup_url=ready["lookup_url"],
            subscription_url=ready["subscription_url"],
            ca=Path(ready["ca"]),
            client_cert=Path(ready["client_cert"]),
            client_key=Path(ready["client_key"]),
            **{name: agreement[name] for name in ("service_agreement", "user_system", "user", "cvr")},
            test=True,
        )


class Register:
    """The civil register over SOAP with mutual TLS. Use it in a `with` block, or close it.

    Calls have limits on time, size and tries, and go out in one thread, except those of `look_up_many`. Each number may
    be a CprNumber or its ten digits. No exception and no log line holds a number.
    """

    def __init__(self, access: RegisterAccess) -> None:
        """Raises ConfigurationError or CertificateRefused before anything is sent: a file or certificate is wrong."""
        from cprsync.register.settings import RegisterSettings
        from cprsync.register.soap.client import SoapRegister
        from cprsync.resources import compile_schemas
        from cprsync.wire.calls import CallSurroundings

        _log_as_a_library()
        settings = RegisterSettings(
            lookup_url=access.lookup_url,
            subscription_url=access.subscription_url,
            ca=access.ca,
            client_cert=access.client_cert,
            client_key=access.client_key,
            p12=access.p12,
            p12_password_file=access.p12_password_file,
            service_agreement=access.service_agreement,
            user_system=access.user_system,
            user=access.user,
            cvr=access.cvr,
            production=not access.test,
        )
        self._register = SoapRegister(settings, schemas=compile_schemas(), surroundings=CallSurroundings())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._register.close()

    def look_up(self, number: CprNumber | str) -> Person:
        """Look one person up.

        Raises:
            ValueError: it is no CPR number.
            NoSuchPerson: the register knows nobody with the number.
            RegisterUnavailable: it does not answer; try later.
            RegisterRefused: it answered with a fault.
            BadAnswer: it answered with something that cannot be used.
        """
        return self._register.look_up(_number(number))

    def look_up_many(self, numbers: Iterable[CprNumber | str]) -> Iterator[Found | NotFound]:
        """Look many people up, side by side. Yield each number once, in any order.

        After several calls in a row without an answer, the rest is `NotFound` at once.
        """
        return self._register.look_up_many(map(_number, numbers))

    def subscribe(self, number: CprNumber | str) -> bool:
        """Ask for the changes of a person. Returns False if they were asked for already. Raises as `look_up`."""
        return self._register.subscribe(_number(number)) is Subscribed.ADDED

    def unsubscribe(self, number: CprNumber | str) -> bool:
        """Ask for the changes of a person no more. Returns False if they were not asked for. Raises as `look_up`."""
        return self._register.unsubscribe(_number(number)) is Subscribed.REMOVED

    def subscriptions(self) -> set[CprNumber]:
        """Return every number whose changes the agreement gets. Raises as `look_up`."""
        return self._register.subscriptions()


def read_delivery(source: Path | BinaryIO, *, task: str | None = None) -> Iterator[Person | Unreadable]:
    """Read a change extract (U12170-P). Yield each distinct number once. Memory stays flat.

    The whole delivery is verified before the first person: a damaged or incomplete one yields nobody.

    Args:
        source: the file, or an open binary file that can seek.
        task: the six digits of the agreement's task; a delivery of another task is refused. None: any.

    Raises:
        DeliveryRefused: it is damaged, incomplete, or of another task.
    """
    with _opened(source) as content:
        yield from _reader(task).persons(content)


def inspect_delivery(source: Path | BinaryIO, *, task: str | None = None) -> dict[str, Any]:
    """Verify a delivery and count what it holds, in the shape of `cprsync feed inspect --json`.

    A damaged one has `complete` false and its `problem`.
    """
    with _opened(source) as content:
        document, _ = _reader(task).examine(content)
    return document


def _log_as_a_library() -> None:
    """Let log lines go to Python's `logging`, unless the program has set structlog up: a library prints nothing."""
    if not structlog.is_configured():
        structlog.configure(
            processors=[structlog.stdlib.filter_by_level, structlog.processors.KeyValueRenderer(key_order=["event"])],
            wrapper_class=structlog.stdlib.BoundLogger,
            logger_factory=structlog.stdlib.LoggerFactory(),
        )


def _reader(task: str | None) -> ExtractReader:
    from cprsync.register.extract.reader import ExtractReader

    return ExtractReader(task=task, hash_key=secrets.token_bytes(_KEY_BYTES))


@contextmanager
def _opened(source: Path | BinaryIO) -> Iterator[BinaryIO]:
    if isinstance(source, Path):
        with source.open("rb") as content:
            yield content
    else:
        yield source


def _number(number: CprNumber | str) -> CprNumber:
    return CprNumber.parse(number) if isinstance(number, str) else number

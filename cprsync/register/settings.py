"""The settings of the register's client: addresses, certificates, identifiers and ceilings. Reads no file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from cprsync.wire.limits import AnswerLimits, PeerSettings

if TYPE_CHECKING:
    from pathlib import Path

MIB = 1024 * 1024
_ONE = AnswerLimits(max_bytes=2 * MIB, max_elements=20_000, seconds=30)
_ALL = AnswerLimits(max_bytes=64 * MIB, max_elements=2_000_000, seconds=300)


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterSettings(PeerSettings):
    """One agreement's access to the register. Needs `client_cert` with `client_key`, or `p12` alone."""

    lookup_url: str
    subscription_url: str
    client_cert: Path | None = None
    client_key: Path | None = None
    p12: Path | None = None
    #: holds the password of the .p12; a key in PEM form has none
    p12_password_file: Path | None = None
    service_agreement: str
    user_system: str
    user: str
    cvr: str
    #: the company number in our certificate, if it belongs to another company, such as a supplier
    certificate_cvr: str | None = None
    context: Literal["invocation", "authority"] = "invocation"
    workers: int = 4
    #: the ceilings of an answer belong to the operation (decision 27)
    lookup_answer: AnswerLimits = _ONE
    subscribe_answer: AnswerLimits = _ONE
    filters_answer: AnswerLimits = _ALL

    @property
    def company(self) -> str | None:
        """The company number that our certificate must have. None outside production."""
        return (self.certificate_cvr or self.cvr) if self.production else None

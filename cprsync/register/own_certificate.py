"""Our own certificate with its key, what is wrong with it before a call, and a report on every certificate.

OpenSSL judges the counterpart's certificate (`wire.tls`). Keys are never written to a disk. Only the report connects
to counterparts, and it sends them nothing.
"""

from __future__ import annotations

import os
import socket
import ssl
from contextlib import suppress
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

import structlog
from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
    pkcs12,
)

from cprsync.domain.feed.delivery import COPENHAGEN
from cprsync.domain.trust.lifetime import BROWSERS, REGISTERED, days_left, level_of, step_of
from cprsync.errors import CertificateError, CprsyncError, CredentialUnseen
from cprsync.language.errors import error_text
from cprsync.register.certificate_files import read_public, read_secret
from cprsync.wire.certificates import (
    CERTIFICATE,
    ISSUER,
    ISSUER_IN_PRODUCTION,
    OURS,
    OURS_IN_PRODUCTION,
    PRIVATE_KEY,
    SAFE_HASH,
    PeerJudge,
    Revocation,
    RevocationLists,
    company_in,
    find_fault,
    find_path,
    has_issued,
    read_trusted,
    why_unreadable,
)
from cprsync.wire.tls import build_context, connection_error

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime
    from pathlib import Path

    from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes

    from cprsync.domain.trust.lifetime import WarningSteps
    from cprsync.register.settings import RegisterSettings

MOMENT = "%Y-%m-%d %H:%M %Z"
#: How the name of a file ends that is about to take the place of the one in use.
NEW = ".new"
_PROBE_SECONDS = 10
_READS = 3
#: What messages call the certificates.
OWN = "our own certificate"
OWN_ISSUER = "the issuer of our own certificate"


def _ours(problem: str, kind: str, *, which: str = OWN) -> CertificateError:
    return CertificateError("{which} {problem}", which=which, problem=problem, kind=f"certificate.ours.{kind}")


@dataclass(frozen=True, slots=True)
class Identity:
    """Our certificate, the certificates above it that we send along, and the key."""

    certificate: x509.Certificate
    chain: tuple[x509.Certificate, ...] = ()
    key: PrivateKeyTypes = field(kw_only=True, repr=False)

    def check(self, now: datetime) -> None:
        """Raise CertificateError, with the date, if a certificate of ours is not valid now."""
        which = OWN
        for certificate in (self.certificate, *self.chain):
            begin = certificate.not_valid_before_utc.astimezone(COPENHAGEN)
            end = certificate.not_valid_after_utc.astimezone(COPENHAGEN)
            if now < begin:
                raise CertificateError(
                    "{which} is not valid before {moment}",
                    which=which,
                    moment=f"{begin:{MOMENT}}",
                    kind="certificate.ours.not_yet_valid",
                )
            if now > end:
                raise CertificateError(
                    "{which} has expired: {moment}",
                    which=which,
                    moment=f"{end:{MOMENT}}",
                    kind="certificate.ours.expired",
                )
            which = OWN_ISSUER

    def check_shape(self, *, company: str | None) -> None:
        """Check our certificate and those above it against the rules.

        Args:
            company: in production, the company number that ours must have; None elsewhere.

        Raises CertificateError, with the first fault.
        """
        ours, above = (OURS, ISSUER) if company is None else (OURS_IN_PRODUCTION, ISSUER_IN_PRODUCTION)
        if (fault := find_fault(self.certificate, ours)) is not None:
            raise _ours(fault.problem, fault.kind)
        found = company_in(self.certificate)
        if company is not None and found != company:
            raise CertificateError(
                "{which} belongs to company {found}, and the configuration says {company}",
                which=OWN,
                found=found,
                company=company,
                kind="certificate.ours.cvr",
            )
        for certificate in self.chain:
            if (fault := find_fault(certificate, above)) is not None:
                raise _ours(fault.problem, fault.kind, which=OWN_ISSUER)

    def check_revocation(
        self, lists: RevocationLists, *, trusted: Sequence[x509.Certificate], now: datetime
    ) -> Revocation:
        """What the lists say about our certificate.

        Raises CertificateError if it or an issuer has been revoked, or another key signed it in the name of an issuer
        that we trust.
        """
        issuers = (*self.chain, *trusted)
        self._check_issuer(trusted)
        for link in find_path(self.certificate, issuers):
            if lists.state_of(link, issuers=issuers, now=now) is Revocation.REVOKED:
                raise _ours("has been revoked", "revoked", which=OWN if link is self.certificate else OWN_ISSUER)
        return lists.state_of(self.certificate, issuers=issuers, now=now)

    def _check_issuer(self, trusted: Sequence[x509.Certificate]) -> None:
        last = (self.certificate, *self.chain)[-1]
        named = [one for one in trusted if one.subject == last.issuer]
        if named and last not in trusted and not any(has_issued(one, last) for one in named):
            raise CertificateError(
                "{which} names {issuer} as its issuer, and the one that we trust has another key",
                which=OWN_ISSUER if self.chain else OWN,
                issuer=subject_of(named[0]),
                kind="certificate.ours.chain",
            )

    def current(self) -> Identity:
        """Return itself: it does not follow its files."""
        return self

    def load_into(self, context: ssl.SSLContext) -> None:
        """Load certificate and key into a TLS context, through memory and never through a file on disk."""
        password = os.urandom(32).hex().encode()
        pem = b"".join(c.public_bytes(Encoding.PEM) for c in (self.certificate, *self.chain))
        pem += self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(password))
        descriptor = os.memfd_create("certificate", os.MFD_CLOEXEC)
        try:
            with open(descriptor, "wb", closefd=False) as file:
                file.write(pem)
            context.load_cert_chain(f"/proc/self/fd/{descriptor}", password=password)
        except ssl.SSLError as error:
            raise CertificateError(
                "{which} is not taken by OpenSSL: {why}", which=OWN, why=error.reason, kind="certificate.ours.unusable"
            ) from error
        except OSError as error:
            # a limit on the size of files holds for one in memory too
            raise CertificateError(
                "{which} finds no room in memory: {why}", which=OWN, why=error.strerror, kind="certificate.ours.no_room"
            ) from error
        finally:
            os.close(descriptor)


def load_identity(settings: RegisterSettings, *, checks_key: bool = True) -> Identity:
    """Read our certificate and key, from a .p12 or from PEM files.

    A renewal that was killed between its two moves has left the new certificate beside its place: then that is read.
    `checks_key`: whether the numbers of an RSA key are held against each other, for a tenth of a second and more. False
    for a caller who does not use the key; that it belongs to the certificate is checked either way.

    Raises CertificateError: missing, unreadable, with another key, or not issued by the next one in the file.
    """
    # read again if they do not fit: the two files of a renewal are written one right after the other
    for one in (settings, half_renewed(settings)) * _READS:
        with suppress(CertificateError):
            identity = read_fitting(one, checks_key=checks_key)
            break
    else:
        identity = read_fitting(settings, checks_key=checks_key)
    _check_chain(identity)
    return identity


def read_fitting(settings: RegisterSettings, *, checks_key: bool = True) -> Identity:
    """Read certificate and key as the files are now. Raises CertificateError: unreadable, or of two renewals."""
    identity = _read_identity(settings, checks_key=checks_key)
    if identity.certificate.public_key() != identity.key.public_key():
        raise _ours("does not belong to the key", "key_mismatch")
    return identity


def half_renewed(settings: RegisterSettings) -> RegisterSettings:
    """Return the settings with the certificate that lies beside its place, and the key, or the password, as it is."""
    if settings.p12 is not None:
        return replace(settings, p12=settings.p12.with_name(f"{settings.p12.name}{NEW}"))
    if settings.client_cert is None or settings.client_key in {None, settings.client_cert}:
        return settings  # one file, which is replaced at once
    return replace(settings, client_cert=settings.client_cert.with_name(f"{settings.client_cert.name}{NEW}"))


def _read_identity(settings: RegisterSettings, *, checks_key: bool) -> Identity:
    if settings.p12 is not None:
        password = read_secret(settings.p12_password_file).rstrip(b"\r\n") if settings.p12_password_file else None
        identity = _from_p12(read_secret(settings.p12), password)
    elif settings.client_cert is not None:
        identity = _from_pem(settings.client_cert, settings.client_key or settings.client_cert, checks_key=checks_key)
    else:
        raise _ours("is not set: give client_cert and client_key, or p12", "missing")
    return identity


def subject_of(certificate: x509.Certificate) -> str:
    """Return the common name of a certificate, or else its whole subject."""
    names = certificate.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
    name = str(names[0].value) if names else certificate.subject.rfc4514_string()
    # anyone may have made the name: it must stay on one line
    return " ".join(name.split())


def read_certificates(path: Path, *, of: str) -> list[x509.Certificate]:
    """Read all certificates of a PEM file. `of`: what its errors are a kind of. Raises CertificateError."""
    content = read_public(path, of=of)
    try:
        return _load_all(content)
    except ValueError:
        why = why_unreadable(content, CERTIFICATE)
        raise CertificateError("{path} {why}", path=path, why=why, kind=f"certificate.{of}.unreadable") from None


def _from_pem(certificates: Path, key: Path, *, checks_key: bool) -> Identity:
    secret, public = read_secret(key), read_public(certificates)
    # from None: no word of a file may be in a message
    try:
        first, *chain = _load_all(public)
    except ValueError:
        raise _unreadable(certificates, why_unreadable(public, CERTIFICATE)) from None
    try:
        ours = load_pem_private_key(secret, None, unsafe_skip_rsa_key_validation=not checks_key)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise _unreadable(key, why_unreadable(secret, PRIVATE_KEY)) from None
    return Identity(first, tuple(chain), key=ours)


def _load_all(content: bytes) -> list[x509.Certificate]:
    """Load a PEM file. Raises ValueError, also if it ends within a certificate, which the library passes over."""
    found = x509.load_pem_x509_certificates(content)
    if content.count(b"-----BEGIN CERTIFICATE-----") != len(found):
        raise ValueError("it ends within a certificate")
    return found


def _unreadable(path: Path, why: str) -> CertificateError:
    return CertificateError("{path} {why}", path=path, why=why, kind="certificate.ours.unreadable")


def _from_p12(content: bytes, password: bytes | None) -> Identity:
    try:
        key, certificate, chain = pkcs12.load_key_and_certificates(content, password)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise _ours("is no .p12, or its password is missing or wrong", "unreadable") from None
    if key is None or certificate is None:
        raise _ours("lacks the key or the certificate in its .p12", "unreadable")
    return Identity(certificate, _in_order(certificate, chain), key=key)


def _in_order(certificate: x509.Certificate, others: list[x509.Certificate]) -> tuple[x509.Certificate, ...]:
    # A .p12 has no order: each next certificate is the issuer of the one before. The root need not be sent.
    chain: list[x509.Certificate] = []
    last = certificate
    for _ in others:
        above = [c for c in others if c.subject == last.issuer and c.subject != c.issuer and c not in chain]
        if not above:
            break
        last = above[0]
        chain.append(last)
    return tuple(chain)


def _check_chain(identity: Identity) -> None:
    links = (identity.certificate, *identity.chain)
    for certificate, issuer in pairwise(links):
        # before the signature is checked, which may no longer be possible
        if (fault := find_fault(certificate, (SAFE_HASH,))) is not None:
            raise _ours(fault.problem, fault.kind)
        try:
            certificate.verify_directly_issued_by(issuer)
        except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm) as error:
            raise _ours("was not issued by the certificate that follows it in the file", "chain") from error


class Counterpart(NamedTuple):
    """Where a counterpart is, and what its certificate is judged by."""

    url: str
    #: the issuers that its certificate may have
    ca: Path
    #: lists of revoked certificates
    crl: tuple[Path, ...] = ()


def certificate_report(
    settings: RegisterSettings, now: datetime, *, beside: Iterable[Counterpart] = ()
) -> list[dict[str, Any]]:
    """Return a line for each certificate: ours, its chain, the issuers we trust, the counterparts'.

    `beside`: further counterparts. Keys of a line: whose (ours, chain, trusted, theirs), host, subject, not_after,
    days_left, step (the last that was passed), level (ok, warn, critical), problem and problem_da, revocation (good,
    stale or unknown; only for ours and theirs).
    """
    return [*own_certificates(settings, now), *_counterpart_lines(settings, beside, now)]


def own_certificates(settings: RegisterSettings, now: datetime, *, checks_key: bool = True) -> list[dict[str, Any]]:
    """Same as `certificate_report`, only for our own files: nobody is asked. `checks_key`: as in `load_identity`."""
    return [*_own_lines(settings, now, checks_key=checks_key), *_trusted_lines(settings, now)]


def desk_certificate(path: Path, now: datetime) -> dict[str, Any]:
    """The line of the certificate that the desk shows to browsers."""
    return _line_without_key("desk", path, now, ladder=BROWSERS, of="desk")


def _line_without_key(whose: str, path: Path, now: datetime, *, ladder: WarningSteps, of: str) -> dict[str, Any]:
    try:
        return _line(whose, read_certificates(path, of=of)[0], now, ladder=ladder)
    except CertificateError as error:
        return _problem(whose, error)


def _own_lines(settings: RegisterSettings, now: datetime, *, checks_key: bool) -> Iterator[dict[str, Any]]:
    try:
        identity = load_identity(settings, checks_key=checks_key)
    except CertificateError as error:
        yield _problem("ours", error)
        return
    except CredentialUnseen:
        # the service alone has the key; when the certificate ends, anybody may know
        if settings.client_cert is not None:
            yield _line_without_key("ours", settings.client_cert, now, ladder=REGISTERED, of="ours")
        return
    line = _line("ours", identity.certificate, now)
    try:
        yield _with_revocation(line, _own_state(identity, settings, now), production=settings.production)
    except CertificateError as error:
        yield line if line["problem"] else {**line, "level": "critical", **_told(error)}
    yield from (_line("chain", certificate, now) for certificate in identity.chain)


def _own_state(identity: Identity, settings: RegisterSettings, now: datetime) -> Revocation:
    identity.check_shape(company=settings.company)
    lists = RevocationLists.load(settings.crl)
    return identity.check_revocation(lists, trusted=read_trusted(settings.ca), now=now)


def _with_revocation(line: dict[str, Any], state: Revocation, *, production: bool) -> dict[str, Any]:
    """The line with its revocation state. In production, missing revocation data raises `ok` to `warn`."""
    warns = production and state is not Revocation.GOOD and line["level"] == "ok"
    return {**line, "revocation": state.value, "level": "warn" if warns else line["level"]}


def _trusted_lines(settings: RegisterSettings, now: datetime) -> Iterator[dict[str, Any]]:
    try:
        yield from (_line("trusted", certificate, now) for certificate in read_certificates(settings.ca, of="ca"))
    except CertificateError as error:
        yield _problem("trusted", error)


def _counterpart_lines(
    settings: RegisterSettings, beside: Iterable[Counterpart], now: datetime
) -> Iterator[dict[str, Any]]:
    register = [Counterpart(url, settings.ca, settings.crl) for url in (settings.lookup_url, settings.subscription_url)]
    hosts: dict[tuple[str, int], Counterpart] = {}
    for place in (*register, *beside):
        hosts.setdefault((urlsplit(place.url).hostname or "", urlsplit(place.url).port or 443), place)
    for (host, port), place in hosts.items():
        try:
            yield counterpart_line(settings, place, now, shows_ours=place in register)
        except CprsyncError as error:
            if is_told_of_trusted(error, place, settings):
                continue
            yield _problem("theirs", error, host=f"{host}:{port}")


def is_told_of_trusted(error: CprsyncError, place: Counterpart, settings: RegisterSettings) -> bool:
    """Whether the line of those that we trust tells already what keeps us from asking a counterpart."""
    return place.ca == settings.ca and error.kind in {"certificate.ca.missing", "certificate.ca.unreadable"}


def counterpart_line(
    settings: RegisterSettings, place: Counterpart, now: datetime, *, shows_ours: bool, checks_key: bool = True
) -> dict[str, Any]:
    """The line of a counterpart's certificate. `shows_ours`: it is shown our own. `checks_key`: as in `load_identity`.

    Raises CprsyncError.
    """
    host, port = urlsplit(place.url).hostname or "", urlsplit(place.url).port or 443
    ours = None
    with suppress(CertificateError):  # the line of our own certificate tells it, and a counterpart is not to blame
        ours = load_identity(settings, checks_key=checks_key) if shows_ours else None
    try:
        return _counterpart_line((host, port), place, settings, now, ours=ours)
    except OSError as error:
        raise connection_error(error, host=f"{host}:{port}", answered=False) from error


def _counterpart_line(
    address: tuple[str, int], place: Counterpart, settings: RegisterSettings, now: datetime, *, ours: Identity | None
) -> dict[str, Any]:
    """Open a connection, which shows the counterpart's certificate, and send nothing."""
    lists, log = RevocationLists.load(place.crl), structlog.get_logger("cprsync.register")
    judge = PeerJudge(place.ca, lists, production=settings.production, now=lambda: now, log=log)
    context = build_context(place.ca, ours, judge=judge)
    host, port = address
    with (
        socket.create_connection(address, timeout=_PROBE_SECONDS) as plain,
        context.wrap_socket(plain, server_hostname=host) as secured,
    ):
        der = secured.getpeercert(binary_form=True)
    if der is None:
        raise ssl.SSLError("the counterpart showed no certificate")
    certificate = x509.load_der_x509_certificate(der)
    line = _line("theirs", certificate, now, host=f"{host}:{port}")
    return _with_revocation(line, judge.revocation(certificate), production=settings.production)


def _line(
    whose: str,
    certificate: x509.Certificate,
    now: datetime,
    *,
    host: str | None = None,
    ladder: WarningSteps = REGISTERED,
) -> dict[str, Any]:
    left = days_left(certificate.not_valid_after_utc, now)
    early = now < certificate.not_valid_before_utc
    late = now > certificate.not_valid_after_utc
    problem = _of_dates(whose, early=early) if early or late else None
    return {
        "whose": whose,
        "host": host,
        "subject": subject_of(certificate),
        "not_after": certificate.not_valid_after_utc.isoformat(),
        "days_left": left,
        "step": step_of(left, ladder),
        "level": level_of(left, ladder, is_wrong=problem is not None),
        **_told(problem),
        "revocation": None,
    }


def _of_dates(whose: str, *, early: bool) -> CertificateError:
    of, kind = "theirs" if whose == "theirs" else "ours", "not_yet_valid" if early else "expired"
    return CertificateError("it is not valid yet" if early else "it has expired", kind=f"certificate.{of}.{kind}")


def _problem(whose: str, error: CprsyncError, *, host: str | None = None) -> dict[str, Any]:
    nothing = dict.fromkeys(("subject", "not_after", "days_left", "step"))
    return {"whose": whose, "host": host, **nothing, "level": "critical", **_told(error), "revocation": None}


def _told(error: CprsyncError | None) -> dict[str, str | None]:
    """What is wrong with a certificate, as its line tells it. The line says whose it is, so the sentence does not."""
    if error is not None and error.values.get("which") == OWN:
        error = CertificateError(error.sentence, kind=error.kind, **{**error.values, "which": "it"})
    return {**name_problem(error), "kind": None if error is None else error.kind}


def name_problem(error: CprsyncError | None) -> dict[str, str | None]:
    """What is wrong with a certificate, in both languages, as a line has it."""
    told = (None, None) if error is None else (error.message, error_text(error, "da"))
    return dict(zip(("problem", "problem_da"), told, strict=True))

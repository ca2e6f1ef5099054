"""TLS of the mock: what its servers show, and what goes wrong with a connection to the register on command."""

from __future__ import annotations

import ssl
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from cprsync.mock.certs import load_key, make_authority, packaged_profile
from cprsync.mock.town.faults import TLS_KINDS

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from cprsync.mock.certs import DevCertificates, IssuedIdentity
    from cprsync.mock.town.register import TownRegister

#: A certificate that has ended was good for a day, until a day ago.
_DAY = timedelta(days=1)
_OTHER_HOST = "another.example"


def make_context(certificates: DevCertificates, *, mutual: bool = True) -> ssl.SSLContext:
    """TLS 1.2 or later. If `mutual`, only clients with a certificate of our CA are accepted."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.verify_mode = ssl.CERT_REQUIRED if mutual else ssl.CERT_NONE
    context.load_cert_chain(certificates.server, certificates.server_key)
    context.load_verify_locations(certificates.ca)
    return context


@dataclass(frozen=True, slots=True)
class RegisterTls:
    """The register's TLS: as everywhere, but for a connection for which a fault is due."""

    register: TownRegister
    certificates: DevCertificates
    now: Callable[[], datetime]

    def make_context(self) -> ssl.SSLContext:
        """A context that looks for a fault at the beginning of each connection."""
        context = make_context(self.certificates)
        context.sni_callback = self._begin
        return context

    def _begin(self, tls: ssl.SSLObject, _name: str | None, _context: ssl.SSLContext) -> None:
        fault = self.register.take_fault(TLS_KINDS)
        if fault is not None:
            tls.context = self._spoiled(fault.kind)

    def _spoiled(self, kind: str) -> ssl.SSLContext:
        """The context that a connection of this fault meets."""
        if kind == "tls-refuse":
            # it trusts nobody
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(self.certificates.server, self.certificates.server_key)
            return context
        self._issue(kind).write(self.certificates.server.parent, kind)
        shown = self.certificates.server.with_name(f"{kind}.pem")
        return make_context(replace(self.certificates, server=shown))

    def _issue(self, kind: str) -> IssuedIdentity:
        """A certificate with which something is wrong, for the server's own key."""
        folder, now = self.certificates.server.parent, self.now()
        key = load_key(self.certificates.server_key)
        authority = make_authority(folder, profile=packaged_profile(), now=now)
        if kind == "tls-expired":
            return authority.issue_server(valid_from=now - 2 * _DAY, days=1, key=key)
        if kind == "tls-other-host":
            return authority.issue_server(valid_from=now - _DAY, hosts=(_OTHER_HOST,), key=key)
        # an authority of the same name that signs with another key
        return replace(authority, key=key).issue_server(valid_from=now - _DAY, key=key)

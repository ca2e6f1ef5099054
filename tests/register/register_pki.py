"""Certificates of the tests of the register's client, by name."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from tls_servers import server_context

from cprsync.mock.certs import packaged_profile

if TYPE_CHECKING:
    import ssl
    from pathlib import Path

#: Real time: OpenSSL looks at the clock itself.
NOW = datetime.now(UTC)
MONTH = timedelta(days=30)
SMALL = packaged_profile().with_key_bits(2048)
#: of an authority that has nothing to do with ours, not even the names
ANOTHERS = replace(
    SMALL,
    root=replace(SMALL.root, common_name="another invented root CA"),
    issuing=replace(SMALL.issuing, common_name="another invented issuing CA"),
)


@dataclass(frozen=True)
class Pki:
    """A folder of certificates by name: NAME.pem, NAME.key, NAME.p12."""

    folder: Path

    def __getitem__(self, name: str) -> tuple[Path, Path]:
        return self.folder / f"{name}.pem", self.folder / f"{name}.key"

    def context(self, name: str, version: ssl.TLSVersion) -> ssl.SSLContext:
        chain, key = self[name]
        return server_context(chain, key, trust=self.folder / "ca.pem", version=version)

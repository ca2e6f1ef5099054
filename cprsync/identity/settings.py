"""What a client of an identity provider is given: where the provider is, and as whom we ask."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from cprsync.errors import ConfigurationError
from cprsync.private import open_private

if TYPE_CHECKING:
    from pathlib import Path

_SECRET_MAX_BYTES: Final = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderSettings:
    """One registration of ours at one provider."""

    #: exactly as the provider writes it in its tokens
    issuer: str
    client_id: str
    secret_file: Path
    #: the only issuers that the provider's certificate may come from
    ca: Path
    crl: tuple[Path, ...] = ()
    #: where browsers come back to. It is registered at the provider, and no request changes it
    redirect_uri: str
    #: where browsers come back to after signing out at the provider
    after_sign_out: str
    scopes: tuple[str, ...] = ("openid",)
    #: whether test certificates are refused
    production: bool = False


def load_secret(path: Path) -> str:
    """Read our secret at the provider. Raises ConfigurationError, which names the file and nothing in it."""
    try:
        with open_private(path) as file:
            secret = file.read(_SECRET_MAX_BYTES).decode("utf-8").strip("\r\n")
    except (OSError, UnicodeDecodeError):
        # from None: nothing in the file may be in a message
        raise ConfigurationError(
            "{path}: no password can be read there", path=path, kind="configuration.password"
        ) from None
    if not secret:
        raise ConfigurationError("{path}: there is no password in it", path=path, kind="configuration.password")
    return secret

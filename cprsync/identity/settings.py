"""What a client of an identity provider needs: where the provider is, and who we are there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


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
    #: the levels that are enough, the best first; empty: any is
    acr_values: tuple[str, ...] = ()
    #: whether further claims are read from the provider's page of claims
    userinfo: bool = False
    #: whether test certificates are refused
    production: bool = False

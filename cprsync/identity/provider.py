"""Signs people in at one identity provider: the code flow of OpenID Connect with PKCE.

Believes a token only if the provider's own key signed it, for us, for this browser's sign-in, and just now. Keeps
nothing of anybody: what a sign-in has to remember is a `Started`, which the caller keeps with the browser.
"""

from __future__ import annotations

import re
import secrets
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from authlib.common.urls import add_params_to_uri
from authlib.oauth2.base import OAuth2Error
from authlib.oauth2.client import OAuth2Client
from authlib.oidc.core.claims import CodeIDToken
from joserfc import jwt
from joserfc.errors import (
    BadSignatureError,
    ExpiredTokenError,
    InvalidClaimError,
    InvalidKeyIdError,
    JoseError,
    MissingClaimError,
)
from joserfc.jwk import KeySet

from cprsync.errors import SignInRefused, SignInUnavailable
from cprsync.identity.calls import SIGN_IN_SECONDS
from cprsync.private import read_password

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from cprsync.identity.calls import ProviderCalls
    from cprsync.identity.settings import ProviderSettings

    Claims = Mapping[str, Any]

#: Signatures with a key that only the provider has. Neither `none`, nor one with a secret that we share.
ALGORITHMS: Final = ("RS256", "PS256", "ES256", "ES384")
#: How long the provider's description of itself is used before it is read again.
METADATA_SECONDS: Final = 600
#: An unknown key lets the keys be read again, but not more often than this.
KEYS_SECONDS: Final = 60
#: By how many seconds two clocks may differ.
LEEWAY_SECONDS: Final = 60
_TOKEN_BYTES: Final = 32
#: An access token as a header may carry it (RFC 6750).
_BEARER: Final = re.compile(r"[A-Za-z0-9._~+/-]{1,16384}=*")
#: By the claim that is wrong, the last word of the error's kind. Others are `token`.
_WRONG_CLAIMS: Final[Mapping[str, str]] = {
    "iss": "issuer",
    "aud": "audience",
    "azp": "audience",
    "nonce": "nonce",
    "exp": "expired",
    "iat": "early",
    "nbf": "early",
}


@dataclass(frozen=True, slots=True)
class Started:
    """What a browser's sign-in has to remember until the browser comes back."""

    state: str = field(repr=False)
    nonce: str = field(repr=False)
    #: of PKCE: without it nobody can redeem the code
    verifier: str = field(repr=False)


class Provider:
    """One registration of ours at one provider. Many threads may use it. Close it at the end."""

    def __init__(self, settings: ProviderSettings, calls: ProviderCalls, *, now: Callable[[], datetime]) -> None:
        """Raises ConfigurationError: our secret cannot be read."""
        self._settings, self._calls, self._now = settings, calls, now
        self._secret = read_password(settings.secret_file)
        self._lock = threading.Lock()
        self._metadata: tuple[float, Mapping[str, Any]] | None = None
        self._keys: KeySet | None = None
        #: when an unknown key last let them be read again
        self._read_again = calls.monotonic() - KEYS_SECONDS

    def begin(self) -> tuple[str, Started]:
        """The provider's address to send a browser to, and what to remember. Raises SignInUnavailable."""
        metadata = self._described(self._until())
        started = Started(*(secrets.token_urlsafe(_TOKEN_BYTES) for _ in range(3)))
        levels = {"acr_values": " ".join(self._settings.acr_values)} if self._settings.acr_values else {}
        address, _ = self._client(metadata, None).create_authorization_url(
            metadata["authorization_endpoint"],
            state=started.state,
            code_verifier=started.verifier,
            nonce=started.nonce,
            **levels,
        )
        return str(address), started

    def finish(self, started: Started, answer: Mapping[str, str]) -> Claims:
        """What the provider says of the person who comes back with an answer.

        Raises:
            SignInRefused: the answer is not of this sign-in, or proves nothing.
            SignInUnavailable: the provider does not answer.
        """
        if not secrets.compare_digest(answer.get("state", "").encode(), started.state.encode()):
            raise _refused("state")
        until = self._until()
        metadata = self._described(until)
        self._check_sender(metadata, answer)
        if "error" in answer:
            raise _refused("declined")
        if not answer.get("code"):
            raise _refused("code")
        token = self._redeem(metadata, answer["code"], started, until)
        claims = self._read_token(metadata, token, started, until)
        if self._settings.acr_values and claims.get("acr") not in self._settings.acr_values:
            raise _refused("level")
        # what the provider's key signed wins
        return {**self._ask_for_claims(metadata, token, claims, until), **claims} if self._settings.userinfo else claims

    def check(self) -> None:
        """Read the provider's description of itself. Raises SignInUnavailable."""
        self._described(self._until())

    def sign_out_address(self) -> str | None:
        """Where a browser signs out at the provider too. None: the provider has no such place, or does not answer.

        The address names us, not the person: no token stands in it.
        """
        try:
            place = self._described(self._until()).get("end_session_endpoint")
        except SignInUnavailable:
            return None
        if not _is_https(place):
            return None
        params = [
            ("client_id", self._settings.client_id),
            ("post_logout_redirect_uri", self._settings.after_sign_out),
        ]
        return str(add_params_to_uri(place, params))

    def close(self) -> None:
        """Close the open connections."""
        self._calls.close()

    def _until(self) -> float:
        return self._calls.monotonic() + SIGN_IN_SECONDS

    def _described(self, until: float) -> Mapping[str, Any]:
        """The provider's description of itself (OpenID Connect Discovery)."""
        held = self._metadata
        if held is not None and self._calls.monotonic() - held[0] < METADATA_SECONDS:
            return held[1]
        place = f"{self._settings.issuer.rstrip('/')}/.well-known/openid-configuration"
        found = self._calls.read(place, until=until)
        if found.get("issuer") != self._settings.issuer:
            raise SignInUnavailable(
                "the identity provider calls itself by another name", kind="sign_in.unavailable.described"
            )
        if not all(_is_https(found.get(f"{one}")) for one in ("authorization_endpoint", "token_endpoint", "jwks_uri")):
            raise SignInUnavailable(
                "the identity provider does not say where it is", kind="sign_in.unavailable.described"
            )
        self._metadata = (self._calls.monotonic(), found)
        return found

    def _client(self, metadata: Mapping[str, Any], until: float | None) -> OAuth2Client:
        ways = metadata.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
        return OAuth2Client(
            None if until is None else self._calls.session(until=until),
            client_id=self._settings.client_id,
            client_secret=self._secret,
            token_endpoint_auth_method="client_secret_basic" if "client_secret_basic" in ways else "client_secret_post",
            scope=list(self._settings.scopes),
            redirect_uri=self._settings.redirect_uri,
            code_challenge_method="S256",
        )

    def _check_sender(self, metadata: Mapping[str, Any], answer: Mapping[str, str]) -> None:
        """Refuse what another provider sent (RFC 9207)."""
        says_who = metadata.get("authorization_response_iss_parameter_supported") is True
        if (says_who or "iss" in answer) and answer.get("iss") != self._settings.issuer:
            raise _refused("other_provider")

    def _redeem(self, metadata: Mapping[str, Any], code: str, started: Started, until: float) -> Mapping[str, Any]:
        try:
            token = self._client(metadata, until).fetch_token(
                metadata["token_endpoint"],
                grant_type="authorization_code",
                code=code,
                code_verifier=started.verifier,
            )
        except (OAuth2Error, ValueError):
            # from None: its text is the provider's
            raise _refused("code") from None
        if not isinstance(token, dict) or not isinstance(token.get("id_token"), str):
            raise _refused("token")
        return token

    def _ask_for_claims(
        self, metadata: Mapping[str, Any], token: Mapping[str, Any], claims: Claims, until: float
    ) -> Claims:
        """What the provider's page of claims says of the same person (OpenID Connect, section 5.3)."""
        place, access = metadata.get("userinfo_endpoint"), token.get("access_token")
        if not _is_https(place):
            raise SignInUnavailable(
                "the identity provider does not say where it is", kind="sign_in.unavailable.described"
            )
        if not isinstance(access, str) or not _BEARER.fullmatch(access):
            raise _refused("token")
        more = self._calls.read(str(place), until=until, bearer=access)
        # else a token that was put in the place of ours would bring another person's claims
        if not isinstance(more.get("sub"), str) or more["sub"] != claims.get("sub"):
            raise _refused("another_person")
        return more

    # -- the token

    def _read_token(
        self, metadata: Mapping[str, Any], token: Mapping[str, Any], started: Started, until: float
    ) -> Claims:
        """The claims of a token of this sign-in. Raises SignInRefused."""
        signed = self._signed(metadata, token["id_token"], until)
        options = {
            "iss": {"essential": True, "value": self._settings.issuer},
            "aud": {"essential": True, "value": self._settings.client_id},
        }
        about = {
            "nonce": started.nonce,
            "client_id": self._settings.client_id,
            "access_token": token.get("access_token"),
        }
        claims = CodeIDToken(signed.claims, signed.header, options, about)
        try:
            claims.validate(now=int(self._now().timestamp()), leeway=LEEWAY_SECONDS)
        except ExpiredTokenError:
            raise _refused("expired") from None
        except (InvalidClaimError, MissingClaimError) as error:
            raise _refused(_WRONG_CLAIMS.get(str(error.claim), "token")) from None
        except (JoseError, TypeError, ValueError):
            # a claim of another type than the standard's
            raise _refused("token") from None
        return dict(claims)

    def _signed(self, metadata: Mapping[str, Any], text: str, until: float) -> jwt.Token:
        """The token, if a key of the provider signed it. An unknown key lets the keys be read again, once."""
        try:
            return self._decode(text, self._read_keys(metadata, until))
        except InvalidKeyIdError:
            pass
        try:
            return self._decode(text, self._read_keys(metadata, until, again=True))
        except InvalidKeyIdError:
            raise _refused("signature") from None

    @staticmethod
    def _decode(text: str, keys: KeySet) -> jwt.Token:
        try:
            return jwt.decode(text, keys, algorithms=list(ALGORITHMS))
        except InvalidKeyIdError:
            raise
        except BadSignatureError:
            raise _refused("signature") from None
        except (JoseError, RecursionError, TypeError, ValueError):
            # among them an algorithm that is none of ours, and a head that is nested too deeply
            raise _refused("signature") from None

    def _read_keys(self, metadata: Mapping[str, Any], until: float, *, again: bool = False) -> KeySet:
        with self._lock:
            held, now = self._keys, self._calls.monotonic()
            may_read = held is None or (again and now - self._read_again >= KEYS_SECONDS)
            if may_read and again:
                self._read_again = now
        if held is not None and not may_read:
            return held
        document = self._calls.read(metadata["jwks_uri"], until=until)
        try:
            keys = KeySet.import_key_set(document)  # type: ignore[arg-type]  # it checks what it is given
        except (JoseError, KeyError, TypeError, ValueError):
            raise SignInUnavailable(
                "the identity provider's keys cannot be read", kind="sign_in.unavailable.keys"
            ) from None
        self._keys = keys
        return keys


def _is_https(place: object) -> bool:
    try:
        return isinstance(place, str) and urlsplit(place).scheme == "https" and bool(urlsplit(place).hostname)
    except ValueError:
        return False


#: What is wrong with an answer, by the last word of the error's kind. The page says the same of all but some.
_WHY: Final[Mapping[str, str]] = {
    "state": "the answer belongs to no sign-in that this browser began",
    "other_provider": "the answer comes from another identity provider",
    "declined": "the identity provider did not sign the person in",
    "code": "the identity provider does not take the code",
    "token": "the identity provider's token is not complete",
    "signature": "no key of the identity provider signed the token",
    "issuer": "the token comes from another issuer",
    "audience": "the token is for another program",
    "nonce": "the token is of another sign-in",
    "expired": "the token has expired",
    "early": "the token is of the future",
    "level": "the person signed in at a lower level than the library demands",
    "another_person": "the identity provider's claims are about another person than its token",
}


def _refused(why: str) -> SignInRefused:
    return SignInRefused(_WHY[why], kind=f"sign_in.{why}")

"""An identity provider (OpenID Connect) for the town: everybody in it signs in by a click, and so do invented staff.

The code flow with PKCE, as a program under test must do it: a code counts once, for a minute, for the program that
asked, and with its verifier alone. Faults on command damage an answer. Nobody has a password: it proves nothing.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import html
import json
import secrets
from collections import OrderedDict
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import RSAKey
from starlette.applications import Starlette
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse
from starlette.routing import Route

from cprsync.mock.certs import read_key
from cprsync.private import open_private, replace_private

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping
    from datetime import datetime
    from pathlib import Path

    from starlette.requests import Request
    from starlette.responses import Response

    from cprsync.mock.town.faults import TownFault
    from cprsync.mock.town.register import TownRegister

#: Who works at the libraries, and what the claim `groups` says of them. The last one has no role anywhere.
STAFF: Final = {
    "skranke": ["desk"],
    "leder": ["desk", "supervisor"],
    "privat": ["privacy_officer"],
    "drift": ["operator"],
    "vikar": [],
}
#: Who of them is somebody of the town, and may be a patron.
OWN: Final = {"skranke": "ANNA", "leder": "BO"}
#: What our own desk is called here. Any other name is as good, with the same secret.
CLIENT: Final = "cprsync"
CODE_SECONDS: Final = 60
TOKEN_SECONDS: Final = 300
_CODES_MAX: Final = 1_000
_FORM_MAX_BYTES: Final = 64 * 1024
_KEY_BITS: Final = 2048
_NEAR: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_ALGORITHM: Final = "RS256"


@dataclass(frozen=True, slots=True)
class Granted:
    """A code that somebody signed in for."""

    claims: Mapping[str, Any]
    client: str
    back: str
    nonce: str
    challenge: str
    until: float
    #: the level at which the person signed in; "": none was asked for
    level: str = ""


@dataclass
class IdentityProvider:
    """The provider: its name, its key, our clients' secret, and the codes that nobody has redeemed."""

    issuer: str
    secret: str
    register: TownRegister
    now: Callable[[], datetime]
    key: RSAKey
    codes: OrderedDict[str, Granted] = field(default_factory=OrderedDict)
    #: of access tokens, for the page of claims
    tokens: OrderedDict[str, Granted] = field(default_factory=OrderedDict)

    @property
    def _seconds(self) -> float:
        return self.now().timestamp()

    def people(self) -> dict[str, Mapping[str, Any]]:
        """What is said of each person, by the key under which they sign in."""
        staff: dict[str, dict[str, Any]] = {
            name: {"preferred_username": name, "groups": groups, **self._own(name)} for name, groups in STAFF.items()
        }
        town: dict[str, dict[str, Any]] = {
            key: {"cpr": person.number, "name": person.name.addressing} for key, person in self.register.people.items()
        }
        return {key: {"sub": f"mock-{key.lower()}", **claims} for key, claims in {**staff, **town}.items()}

    def _own(self, name: str) -> dict[str, str]:
        """The number of somebody at the library, if they live in the town."""
        person = self.register.people.get(OWN.get(name, ""))
        return {} if person is None else {"cpr": person.number}

    def take(self, *kinds: str) -> TownFault | None:
        """A fault of one of these kinds, if one is due."""
        return self.register.take_fault(kinds)

    def grant(self, asked: Mapping[str, str], who: str) -> str:
        """A code for somebody."""
        code = secrets.token_urlsafe(32)
        self.codes[code] = Granted(
            self.people()[who],
            asked["client_id"],
            asked["redirect_uri"],
            asked.get("nonce", ""),
            asked["code_challenge"],
            self._seconds + CODE_SECONDS,
            # a click counts at the level that was asked for
            next(iter(asked.get("acr_values", "").split()), ""),
        )
        while len(self.codes) > _CODES_MAX:
            self.codes.popitem(last=False)
        return code

    def redeem(self, form: Mapping[str, str], client: str) -> Granted | None:
        """What a code was granted for. None: it counts no more, or not for this request. It never counts again."""
        granted = self.codes.pop(form.get("code", ""), None)
        if granted is None or granted.until < self._seconds or granted.client != client:
            return None
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).decode().rstrip("=")
        return granted if challenge == granted.challenge and form.get("redirect_uri") == granted.back else None

    def token(self, granted: Granted) -> str:
        """The signed token, or a damaged one."""
        now = int(self._seconds)
        claims = {"iss": self.issuer, "aud": granted.client, "iat": now, "exp": now + TOKEN_SECONDS, **granted.claims}
        claims |= {name: value for name, value in (("nonce", granted.nonce), ("acr", granted.level)) if value}
        fault = self.take(*_OF_TOKENS)
        kind = "" if fault is None else fault.kind
        if kind:
            claims |= _OF_TOKENS[kind](now)
        claims = {name: value for name, value in claims.items() if not _is_left_out(kind, name)}
        if kind == "oidc-none":
            return _unsigned(claims)
        other = kind in {"oidc-signature", "oidc-key"}
        key = RSAKey.generate_key(_KEY_BITS, {"kid": str(self.key.kid)}) if other else self.key
        return jwt.encode({"alg": _ALGORITHM, "kid": "gone" if kind == "oidc-key" else self.key.kid}, claims, key)

    def turn_key(self) -> None:
        """Sign with a new key from now on, as providers do from time to time."""
        self.key = new_key()


#: What each fault writes into a token's claims.
_OF_TOKENS: Final[Mapping[str, Callable[[int], Mapping[str, Any]]]] = {
    "oidc-nonce": lambda _: {"nonce": "another"},
    "oidc-audience": lambda _: {"aud": "another-program"},
    "oidc-issuer": lambda _: {"iss": "https://another.example"},
    "oidc-expired": lambda now: {"iat": now - 7200, "exp": now - 3600},
    "oidc-none": lambda _: {},
    "oidc-signature": lambda _: {},
    "oidc-key": lambda _: {},
    "oidc-level": lambda _: {"acr": "urn:cprsync:mock:low"},
    "oidc-no-level": lambda _: {},
    "oidc-thin": lambda _: {},
}
#: What stays in a thin token.
_THIN: Final = frozenset({"iss", "sub", "aud", "exp", "iat", "nonce", "acr"})


def _is_left_out(kind: str, name: str) -> bool:
    return (kind == "oidc-no-level" and name == "acr") or (kind == "oidc-thin" and name not in _THIN)


def new_key() -> RSAKey:
    """A key with an id of its own."""
    key = RSAKey.generate_key(_KEY_BITS)
    key.ensure_kid()
    return key


def _unsigned(claims: Mapping[str, Any]) -> str:
    parts = (json.dumps(part).encode() for part in ({"alg": "none"}, claims))
    return ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts) + "."


def load_identity(
    folder: Path, register: TownRegister, *, issuer: str, now: Callable[[], datetime]
) -> IdentityProvider:
    """The provider of a folder, with the key and the secret that it had last time."""
    folder.mkdir(mode=0o700, exist_ok=True)
    secret = folder / "secret"
    if not secret.exists():
        replace_private(secret, secrets.token_urlsafe(32).encode())
    with open_private(secret) as file:
        return IdentityProvider(issuer, file.read().decode(), register, now, ensure_key(folder))


def ensure_key(folder: Path) -> RSAKey:
    """The key of a folder, made where there is none."""
    path = folder / "key.pem"
    if not path.exists():
        replace_private(path, new_key().as_pem(private=True))
    with open_private(path) as file:
        kept = RSAKey.import_key(read_key(file.read()))
    kept.ensure_kid()
    return kept


# -- over HTTP ---------------------------------------------------------------------------------------------


def identity_app(identity: IdentityProvider) -> Starlette:
    """The application of the provider."""
    pages: dict[str, tuple[str, Callable[[IdentityProvider, Request], Awaitable[Response]]]] = {
        "/.well-known/openid-configuration": ("GET", _describe),
        "/keys": ("GET", _show_keys),
        "/authorize": ("GET", _choose),
        "/signed-in": ("POST", _answer),
        "/token": ("POST", _redeem),
        "/claims": ("GET", _show_claims),
        "/sign-out": ("GET", _sign_out),
    }
    routes = [Route(path, partial(_served, identity, page), methods=[way]) for path, (way, page) in pages.items()]
    return Starlette(routes=routes)


async def _served(
    identity: IdentityProvider, page: Callable[[IdentityProvider, Request], Awaitable[Response]], request: Request
) -> Response:
    fault = identity.take("oidc-down", "oidc-slow")
    if fault is not None and fault.kind == "oidc-slow":
        await asyncio.sleep(fault.seconds)
    if fault is not None and fault.kind == "oidc-down":
        return HTMLResponse("<h1>Out of order</h1>", status_code=503)
    return await page(identity, request)


async def _describe(identity: IdentityProvider, _: Request) -> Response:
    at = identity.issuer
    return JSONResponse(
        {
            "issuer": at,
            "authorization_endpoint": f"{at}/authorize",
            "token_endpoint": f"{at}/token",
            "userinfo_endpoint": f"{at}/claims",
            "jwks_uri": f"{at}/keys",
            "end_session_endpoint": f"{at}/sign-out",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": [_ALGORITHM],
            "scopes_supported": ["openid", "profile"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
            "code_challenge_methods_supported": ["S256"],
            "authorization_response_iss_parameter_supported": True,
        }
    )


async def _show_keys(identity: IdentityProvider, _: Request) -> Response:
    return JSONResponse({"keys": [{**identity.key.as_dict(private=False), "use": "sig", "alg": _ALGORITHM}]})


async def _choose(identity: IdentityProvider, request: Request) -> Response:
    """The list of everybody who may sign in. With `login_hint`, nobody is asked."""
    asked = dict(request.query_params)
    if (wrong := _mistake_in(asked)) is not None:
        return HTMLResponse(f"<h1>{wrong}</h1>", status_code=400)
    if asked.get("login_hint") in identity.people():
        return _sent_back(identity, asked, asked["login_hint"])
    hidden = "".join(
        f'<input type="hidden" name="{html.escape(name)}" value="{html.escape(value)}">'
        for name, value in asked.items()
    )
    buttons = "".join(
        f'<p><button name="who" value="{html.escape(key)}">{html.escape(key)}</button> '
        f"{html.escape(str(claims.get('name') or ', '.join(claims.get('groups', ()))))}</p>"
        for key, claims in identity.people().items()
    )
    return HTMLResponse(
        '<!doctype html><html lang="en"><title>Mock identity provider</title><h1>Sign in as</h1>'
        f'<form method="post" action="/signed-in">{hidden}{buttons}'
        '<p><button name="who" value="">Nobody</button></p></form></html>'
    )


def _mistake_in(asked: Mapping[str, str]) -> str | None:
    """What a program under test has to mend. None: nothing."""
    back = urlsplit(asked.get("redirect_uri", ""))
    if back.hostname not in _NEAR or back.scheme not in {"http", "https"}:
        return "redirect_uri has to be on this machine"
    if asked.get("response_type") != "code" or not asked.get("client_id"):
        return "response_type has to be code, with a client_id"
    if "openid" not in asked.get("scope", "").split():
        return "scope has to have openid in it"
    if not asked.get("code_challenge") or asked.get("code_challenge_method") != "S256":
        return "PKCE is needed: code_challenge with code_challenge_method S256"
    return None


async def _answer(identity: IdentityProvider, request: Request) -> Response:
    asked = await _form(request)
    if asked is None or _mistake_in(asked) is not None:
        return HTMLResponse("<h1>no such request</h1>", status_code=400)
    return _sent_back(identity, asked, asked.get("who", ""))


def _sent_back(identity: IdentityProvider, asked: Mapping[str, str], who: str) -> Response:
    answer = {"state": asked.get("state", ""), "iss": identity.issuer}
    if who in identity.people():
        answer["code"] = identity.grant(asked, who)
    else:
        answer["error"] = "access_denied"
    fault = identity.take("oidc-state", "oidc-sender")
    if fault is not None:
        answer |= {"state": "another"} if fault.kind == "oidc-state" else {"iss": "https://another.example"}
    return RedirectResponse(f"{asked['redirect_uri']}?{urlencode(answer)}", status_code=303)


async def _redeem(identity: IdentityProvider, request: Request) -> Response:
    form = await _form(request) or {}
    client = _client_of(identity, request.headers.get("authorization", ""), form)
    if client is None:
        return JSONResponse({"error": "invalid_client"}, status_code=401)
    granted = identity.redeem(form, client) if form.get("grant_type") == "authorization_code" else None
    if granted is None:
        return JSONResponse({"error": "invalid_grant"}, status_code=400)
    access = secrets.token_urlsafe(32)
    identity.tokens[access] = granted
    while len(identity.tokens) > _CODES_MAX:
        identity.tokens.popitem(last=False)
    token = {"access_token": access, "token_type": "Bearer", "expires_in": TOKEN_SECONDS}
    return JSONResponse({**token, "id_token": identity.token(granted)})


async def _show_claims(identity: IdentityProvider, request: Request) -> Response:
    granted = identity.tokens.get(request.headers.get("authorization", "").removeprefix("Bearer "))
    if granted is None:
        return JSONResponse({"error": "invalid_token"}, status_code=401)
    fault = identity.take("oidc-claims", "oidc-claims-down")
    if fault is not None and fault.kind == "oidc-claims-down":
        return HTMLResponse("<h1>Out of order</h1>", status_code=503)
    return JSONResponse({**granted.claims, **({} if fault is None else {"sub": "mock-another"})})


async def _sign_out(_: IdentityProvider, request: Request) -> Response:
    back = request.query_params.get("post_logout_redirect_uri", "")
    if urlsplit(back).hostname in _NEAR:
        return RedirectResponse(back, status_code=303)
    return HTMLResponse("<h1>Signed out</h1>")


def _client_of(identity: IdentityProvider, header: str, form: Mapping[str, str]) -> str | None:
    """Which program asks, if it knows the secret. None: it does not."""
    client, secret = form.get("client_id", ""), form.get("client_secret", "")
    if header.startswith("Basic "):
        try:
            client, _, secret = base64.b64decode(header.removeprefix("Basic ")).decode().partition(":")
        except ValueError:
            return None
    return client if client and secrets.compare_digest(secret.encode(), identity.secret.encode()) else None


async def _form(request: Request) -> dict[str, str] | None:
    """The fields of a form. None: it is too large, or no text."""
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > _FORM_MAX_BYTES:
            return None
    try:
        return {name: values[0] for name, values in parse_qs(body.decode(), keep_blank_values=True).items()}
    except ValueError:
        return None

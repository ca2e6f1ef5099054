"""Koha's answers: from a request over HTTP to the status and the document that Koha gives.

The order is Koha's: maintenance, who is calling, what they may, the body's shape, whether the patron is there, and only
then the rules. Speaks no HTTP: `web` does.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, TypeAlias
from urllib.parse import parse_qs

from cprsync.mock.koha import routes
from cprsync.mock.koha.access import DELETE, EDIT, LIST, parse_basic
from cprsync.mock.koha.routes import KOHA_PATH, KohaAnswer, KohaRequest, Malformed
from cprsync.mock.koha.writing import KohaRefused
from cprsync.mock.soap.messages import Response

if TYPE_CHECKING:
    from collections.abc import Callable

    from cprsync.mock.koha.state import Koha

_TOKEN_PATH: Final = "/oauth/token"  # noqa: S105 -- a path
_JSON: Final = "application/json;charset=UTF-8"
_HTML: Final = b"<!DOCTYPE html><html><title>Koha</title><p>Out of order</html>"
#: What a server before Koha answers, so that Koha hears nothing.
_BEFORE_KOHA: Final = {
    "koha-down": Response(503, b"", drop=True),
    "koha-gone": Response(404, _HTML, "text/html"),
    "koha-blocked": Response(403, _HTML, "text/html"),
    "koha-moved": Response(301, b"", "text/html", headers=(("Location", "https://localhost/elsewhere"),)),
}
_WRITES: Final = frozenset(("POST", "PUT", "PATCH", "DELETE"))


@dataclass(frozen=True, slots=True)
class KohaService:
    """Koha over HTTP."""

    koha: Koha

    def answer(self, request: KohaRequest) -> Response:
        """Answer one request. What it changes is stored, whatever happens to the answer."""
        is_sign_in = request.path == KOHA_PATH + _TOKEN_PATH
        is_write = request.method in _WRITES and not is_sign_in
        fault = self.koha.take_fault(is_write=is_write, is_sign_in=is_sign_in)
        kind = "" if fault is None else fault.kind
        if kind in _BEFORE_KOHA:
            return replace(_BEFORE_KOHA[kind], wait=self.koha.latency)
        place, answer = self._answer(request, kind)
        self.koha.calls[f"{request.method} {place} {answer.status}"] += 1
        wait = self.koha.latency + (fault.seconds if fault is not None and kind == "koha-slow" else 0)
        return replace(_damage(kind, _build_response(answer)), wait=wait)

    def _answer(self, request: KohaRequest, kind: str) -> tuple[str, KohaAnswer]:
        """The pattern of the path, and what is answered there."""
        if kind == "koha-maintenance":
            return "*", KohaAnswer(503, {"error": "System is under maintenance."})
        route, place, ids = _find_route(request)
        if route is None:
            return place, KohaAnswer(404, {"error": "Not found."})
        try:
            client = "" if route.permission is None else self._sign_in(request, route.permission, kind)
            return place, route.serve(self.koha, replace(request, ids=ids, client=client))
        except KohaRefused as refused:
            return place, KohaAnswer(refused.status, refused.document)
        except Malformed as malformed:
            return place, KohaAnswer(400, {"errors": malformed.mistakes, "status": 400})

    def _sign_in(self, request: KohaRequest, permission: str, kind: str) -> str:
        """Who calls. Raises KohaRefused: Koha does not know them, or they may not."""
        client = self._client_of(request.headers.get("authorization", ""), is_expired=kind == "koha-expired")
        if client is None:
            raise KohaRefused(401, "Authentication failure.")
        if kind == "koha-forbidden" or not self.koha.access.may(client, permission):
            needed = {"borrowers": permission}
            raise KohaRefused(
                403, "Authorization failure. Missing required permission(s).", required_permissions=needed
            )
        return client

    def _client_of(self, header: str, *, is_expired: bool) -> str | None:
        access, (way, _, given) = self.koha.access, header.partition(" ")
        if way.lower() == "bearer" and self.koha.setup.oauth:
            if is_expired:
                access.expire(given)
                self.koha.keep()
            return access.client_of(given)
        if way.lower() == "basic" and self.koha.setup.basic and not is_expired:
            name, secret = parse_basic(given)
            return name if access.is_secret(name, secret) else None
        return None


def _build_response(answer: KohaAnswer) -> Response:
    body = b"" if answer.document is None else json.dumps(answer.document, ensure_ascii=False).encode()
    return Response(answer.status, body, _JSON, headers=tuple(answer.headers.items()))


def _damage(kind: str, response: Response) -> Response:
    """The response with the fault. Any other kind changes nothing."""
    if kind == "koha-lost":
        return replace(response, drop=True)
    if kind == "koha-500":
        document = {
            "error": "Something went wrong, check Koha logs for details.",
            "error_code": "internal_server_error",
        }
        return Response(500, json.dumps(document).encode(), _JSON)
    return Response(200, _HTML, "text/html") if kind == "koha-garbage" else response


# -- signing in ------------------------------------------------------------------------------------------------


def _give_token(koha: Koha, request: KohaRequest) -> KohaAnswer:
    """A token for a client's secret, in the form or in a Basic header."""
    form = {name: values[0] for name, values in parse_qs(request.body.decode("utf-8", "replace")).items()}
    if form.get("grant_type") != "client_credentials" or not koha.setup.oauth:
        raise KohaRefused(400, "Unimplemented grant type")
    way, _, given = request.headers.get("authorization", "").partition(" ")
    name, secret = parse_basic(given) if way.lower() == "basic" else (form.get("client_id"), form.get("client_secret"))
    if not name or not secret or not koha.access.is_secret(name, secret):
        raise KohaRefused(403, "unauthorized_client")
    token = koha.access.grant(name, koha.setup.token_seconds)
    koha.keep()
    document = {"access_token": token, "token_type": "Bearer", "expires_in": int(koha.setup.token_seconds)}
    return KohaAnswer(200, document)


# -- routes ----------------------------------------------------------------------------------------------------

Serve: TypeAlias = "Callable[[Koha, KohaRequest], KohaAnswer]"


@dataclass(frozen=True, slots=True)
class Route:
    """What is served at a method and a path, and the permission that it needs. None: none."""

    serve: Serve
    permission: str | None


_PATRONS, _PATRON = "/patrons", "/patrons/{}"
_ATTRIBUTES, _ATTRIBUTE = f"{_PATRON}/extended_attributes", f"{_PATRON}/extended_attributes/{{}}"
_ROUTES: Final[dict[tuple[str, str], Route]] = {
    ("POST", _TOKEN_PATH): Route(_give_token, None),
    ("GET", _PATRONS): Route(routes.list_patrons, LIST),
    ("POST", _PATRONS): Route(routes.add_patron, EDIT),
    ("GET", _PATRON): Route(routes.show_patron, LIST),
    ("PUT", _PATRON): Route(routes.replace_patron, EDIT),
    ("DELETE", _PATRON): Route(routes.delete_patron, DELETE),
    ("GET", _ATTRIBUTES): Route(routes.list_attributes, LIST),
    ("PUT", _ATTRIBUTES): Route(routes.replace_attributes, EDIT),
    ("POST", _ATTRIBUTES): Route(routes.add_attribute, EDIT),
    ("PATCH", _ATTRIBUTE): Route(routes.change_attribute, EDIT),
    ("DELETE", _ATTRIBUTE): Route(routes.delete_attribute, EDIT),
}
_ID: Final = re.compile(r"/([0-9]{1,18})(?=/|$)", re.ASCII)


def _find_route(request: KohaRequest) -> tuple[Route | None, str, tuple[int, ...]]:
    """The route of a request, the pattern of its path, and the ids in it."""
    if not request.path.startswith(f"{KOHA_PATH}/"):
        return None, "*", ()
    path = request.path.removeprefix(KOHA_PATH)
    place, ids = _ID.sub("/{}", path), tuple(int(one) for one in _ID.findall(path))
    route = _ROUTES.get((request.method, place))
    return route, place if route is not None else "*", ids

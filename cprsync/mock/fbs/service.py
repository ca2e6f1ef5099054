"""FBS over HTTP: log-in, sessions, and the two calls that show a patron, with the faults that were asked for.

Everything is counted by method and call, what writes as well: it is answered with 405 and changes nothing, so that a
test can show that nobody tried. Speaks JSON as DBC's adapter contract has it: keys that the contract requires may still
be null.
"""

from __future__ import annotations

import json
import re
import secrets
from collections import Counter
from typing import TYPE_CHECKING, Any, Final

from cprsync.errors import BadInput
from cprsync.mock.soap.messages import Response
from cprsync.mock.town import agreement

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime
    from pathlib import Path

    from cprsync.mock.fbs.patrons import FbsPatrons
    from cprsync.mock.town.register import TownRegister

USER, PASSWORD = "cprsync", "mock-fbs"
#: A session ends so many seconds after it began.
SESSION_SECONDS: Final = 1800
_SESSIONS_MAX: Final = 1_000
_JSON: Final = "application/json"
_AGENCIES: Final = frozenset(f"DK-{one.agency}" for one in agreement.ALL)
_LOG_IN: Final = re.compile(r"/external/v1/(?P<agency>[^/]+)/authentication/login")
_PATRON: Final = re.compile(r"/external/(?P<agency>[^/]+)/patrons/(?P<id>[0-9]{1,19})/v4")
_PREAUTHENTICATED: Final = re.compile(r"/external/(?P<agency>[^/]+)/patrons/preauthenticated/v10")
#: By method: the path of each call that is answered, and its name in the count.
_CALLS: Final = (
    ("POST", _LOG_IN, "login"),
    ("GET", _PATRON, "patron"),
    ("POST", _PREAUTHENTICATED, "preauthenticated"),
)
#: The faults of any call, and those of an answer about a patron.
_OF_CALLS: Final = frozenset({"fbs-500", "fbs-down", "fbs-slow", "fbs-garbage", "fbs-gone"})
_OF_PATRONS: Final = frozenset(
    {
        *("fbs-expired", "fbs-forbidden", "fbs-absent"),
        *("fbs-null", "fbs-thin", "fbs-unknown-block", "fbs-other", "fbs-locked"),
    }
)
#: What the contract lets be null or absent, and some that it does not, but FBS sends as null all the same.
_OPTIONAL: Final = ("name", "birthday", "address", "blockStatus", "resident")


class FbsService:
    """FBS on the mock's patrons."""

    def __init__(self, register: TownRegister, patrons: FbsPatrons, now: Callable[[], datetime]) -> None:
        self._register, self._now = register, now
        self.patrons = patrons
        #: by method and call, how often it was asked since the start; a call that is in no contract is `other`
        self.calls: Counter[tuple[str, str]] = Counter()
        #: how many seconds each answer takes
        self.latency = 0.0
        self._sessions: dict[str, float] = {}

    def answer(self, method: str, path: str, *, session: str, body: bytes) -> Response:
        """Answer one call."""
        found = _find(method, path)
        self.calls[method, "other" if found is None else found[0]] += 1
        if found is None:
            return _refuse(405, "methodNotAllowed")
        name, place = found
        fault = self._register.take_fault(_OF_CALLS | (_OF_PATRONS if name != "login" else {"fbs-credentials"}))
        kind = "" if fault is None else fault.kind
        if kind == "fbs-down":
            return Response(503, b"", drop=True)
        wait = self.latency + (fault.seconds if fault is not None and kind == "fbs-slow" else 0)
        response = self._damaged(kind) or self._answer(name, place.groupdict(), session=session, body=body, kind=kind)
        return Response(response.status, response.body, response.content_type, wait=wait)

    def dump(self) -> dict[str, Any]:
        """Everything, for comparisons in tests: patrons by key, calls by method and name."""
        calls = {f"{method} {name}": count for (method, name), count in sorted(self.calls.items())}
        return {"patrons": self.patrons.dump(), "calls": calls}

    def begin_anew(self) -> None:
        """Follow the register again in all, and forget the calls."""
        self.patrons.begin_anew()
        self.calls.clear()
        self.latency = 0.0

    def _damaged(self, kind: str) -> Response | None:
        """The answer in place of a real one. None: the real one is given."""
        if kind == "fbs-expired":
            self._sessions.clear()
        return _IN_PLACE.get(kind)

    def _answer(self, name: str, place: Mapping[str, str], *, session: str, body: bytes, kind: str) -> Response:
        if place["agency"] not in _AGENCIES:
            return _refuse(403, "forbidden")
        if name == "login":
            return self._log_in(body) if kind != "fbs-credentials" else _refuse(401, "unauthorized")
        if self._sessions.get(session, 0.0) <= self._now().timestamp():
            return _refuse(401, "unauthorized")
        if name == "patron":
            return _show(self.patrons.by_id(int(place["id"])), kind, newest=False)
        number = body.decode("utf-8", "replace").strip('" \n')
        if not re.fullmatch(r"[0-9]{10}", number, re.ASCII):
            return _refuse(400, "badRequest")
        return _show(self.patrons.by_number(number), kind, newest=True)

    def _log_in(self, body: bytes) -> Response:
        try:
            said = json.loads(body)
        except ValueError:
            return _refuse(400, "badRequest")
        if not isinstance(said, dict) or (said.get("username"), said.get("password")) != (USER, PASSWORD):
            return _refuse(401, "unauthorized")
        key = secrets.token_urlsafe(24)
        while len(self._sessions) >= _SESSIONS_MAX:
            self._sessions.pop(next(iter(self._sessions)))
        self._sessions[key] = self._now().timestamp() + SESSION_SECONDS
        return _answer_with({"sessionKey": key})


def _find(method: str, path: str) -> tuple[str, re.Match[str]] | None:
    """The call's name, and what its path names. None: it is no call that is answered."""
    for verb, form, name in _CALLS:
        if verb == method and (place := form.fullmatch(path)) is not None:
            return name, place
    return None


def keep_password(folder: Path) -> Path:
    """Write the password to a file in the mock's folder, as an installation has it."""
    path = folder / "fbs-password"
    path.touch(mode=0o600)
    path.write_text(f"{PASSWORD}\n", encoding="utf-8")
    return path


def fbs_paths(service: FbsService | None) -> dict[str, Callable[[TownRegister, Mapping[str, Any]], dict[str, Any]]]:
    """What the mock's control may ask of FBS. Each raises BadInput if none is served."""
    if service is None:
        return dict.fromkeys(("/fbs", "/fbs/write", "/fbs/latency"), _refuse_unserved)

    def write(_: TownRegister, asked: Mapping[str, Any]) -> dict[str, Any]:
        name, to = asked.get("field"), asked.get("to")
        service.patrons.edit(str(asked.get("kind")), str(asked.get("who")), name=name, to=to)
        return {"kind": asked["kind"], "who": asked["who"]}

    def set_latency(_: TownRegister, asked: Mapping[str, Any]) -> dict[str, Any]:
        service.latency = float(asked["seconds"])
        return {"latency": service.latency}

    return {"/fbs": lambda _, __: service.dump(), "/fbs/write": write, "/fbs/latency": set_latency}


def _refuse_unserved(_: TownRegister, __: Mapping[str, Any]) -> dict[str, Any]:
    raise BadInput("this mock serves no FBS: start it with --fbs", kind="mock.fbs")


# -- answers --------------------------------------------------------------------------------------------------


def _show(patron: dict[str, Any] | None, kind: str, *, newest: bool) -> Response:
    """A patron in the form of a version: PatronV7, or PatronV9 with what is newer."""
    if kind == "fbs-locked":
        return _answer_with({"authenticateStatus": "LOANER_LOCKED_OUT", "patron": None})
    if patron is None:
        return _answer_with({"authenticateStatus": "INVALID"})
    shown = {**_SETTINGS, **patron}
    if newest:
        shown |= {"hasNationalRegistrySynchronizationConsent": True, "keepLoanHistoricalData": False}
        if shown["address"] is not None:
            shown["address"] = {**shown["address"], "district": None, "subDistrict": None}
    return _answer_with({"authenticateStatus": "VALID", "patron": _alter(shown, kind)})


def _alter(shown: dict[str, Any], kind: str) -> dict[str, Any]:
    """The patron with the damage of a fault."""
    match kind:
        case "fbs-null":
            return {name: None if name in _OPTIONAL else value for name, value in shown.items()}
        case "fbs-thin":
            return {"patronId": shown["patronId"]}
        case "fbs-unknown-block":
            return {**shown, "blockStatus": [{"blockedReason": "Ø9", "blockedSince": None, "message": None}, None]}
        case "fbs-other":
            return {**shown, "patronId": shown["patronId"] + 1}
        case _:
            return shown


#: What FBS says besides, the same of everybody: nobody compares it.
_SETTINGS: Final[dict[str, Any]] = {
    "preferredPickupBranch": "DK-710100",
    "preferredLanguage": None,
    "defaultInterestPeriod": 180,
    "emailAddress": None,
    "phoneNumber": None,
    "receiveEmail": False,
    "receiveSms": False,
    "receivePostalMail": True,
    "guardianVisibility": False,
    "allowBookings": False,
    "notificationProtocols": [],
    "interests": [],
    "tags": [],
    "onHold": None,
    "secondaryAddress": None,
}


def _answer_with(document: dict[str, Any]) -> Response:
    return Response(200, json.dumps(document, ensure_ascii=False).encode(), _JSON)


def _page(status: int, title: str) -> Response:
    return Response(status, f"<html><h1>{title}</h1></html>".encode(), "text/html")


def _refuse(status: int, code: str) -> Response:
    return Response(status, json.dumps({"errorCode": code, "message": "the mock says no"}).encode(), _JSON)


#: The faults that answer in place of the call.
_IN_PLACE: Final[Mapping[str, Response]] = {
    "fbs-500": _page(500, "Internal Server Error"),
    "fbs-garbage": _page(200, "Maintenance"),
    "fbs-gone": _page(404, "Not Found"),
    "fbs-forbidden": _refuse(403, "forbidden"),
    "fbs-absent": _refuse(404, "dataNotFound"),
}

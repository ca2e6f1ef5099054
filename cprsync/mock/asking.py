"""A call to the control of a running mock, what may be wrong with it, and the call that every command makes.

A mock is named by its folder, by its ready document, or by a document with only a `control_url`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import closing
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any, TypeAlias
from urllib.parse import urlsplit

from cprsync.errors import BadInput, ConfigurationError, RegisterUnavailable, RunStopped

#: Seconds for connecting and for the answer: a year of nights in one call takes a while.
TIMEOUT = (5.0, 120.0)

Mock: TypeAlias = "Path | str | Mapping[str, Any]"
Document: TypeAlias = dict[str, Any]


class _NoAnswer(RegisterUnavailable):
    """The mock was reached, but did not answer."""


def change(mock: Mock, path: str, asked: Mapping[str, Any]) -> dict[str, Any]:
    """Ask for a change.

    Raises:
        BadInput: the mock refuses it.
        RegisterUnavailable: kind `mock.not_running`.
        RunStopped: kind `mock.stopped`; the mock was asked, but has not answered.
    """
    try:
        return ask(mock, path, asked)
    except _NoAnswer as error:
        raise RunStopped(
            "the mock stopped before it answered: what was asked for may be done", kind="mock.stopped"
        ) from error


def ask(mock: Mock, path: str, asked: Mapping[str, Any], timeout: tuple[float, float] = TIMEOUT) -> dict[str, Any]:
    """Ask for a document. Raises BadInput, and RegisterUnavailable if there is no answer."""
    try:
        status, document = _post(f"{_control_url(mock)}{path}", json.dumps(asked).encode(), timeout)
    except (OSError, HTTPException, ValueError) as error:
        raise not_running(_NoAnswer) from error
    if not isinstance(document, dict):
        raise not_running()
    if status == HTTPStatus.OK:
        return document
    problem = document.get("error")
    if not isinstance(problem, dict):
        raise not_running()
    # with the values apart the sentence is told in the reader's language
    sentence, values = problem.get("sentence", problem.get("message")), problem.get("values") or {}
    raise BadInput(str(sentence), kind=str(problem.get("kind")), **values)


def clock(mock: Mock, *, seconds: float | None = None) -> dict[str, Any]:
    """The register's day and time. `seconds`: how long to wait for the answer; None: as for everything else."""
    return ask(mock, "/clock", {}, TIMEOUT if seconds is None else (seconds, seconds))


def _post(url: str, content: bytes, timeout: tuple[float, float]) -> tuple[int, Any]:
    """The status and the JSON of the answer. Raises RegisterUnavailable if nobody takes the call."""
    seconds_to_connect, seconds_to_answer = timeout
    try:
        parts = urlsplit(url)
        # The standard library's, because every command against a mock asks for the day: a client with more to it takes
        # longer to load than to answer. It also knows no proxies, and none may get calls to the loopback interface.
        connection = HTTPConnection(parts.hostname or "", parts.port, timeout=seconds_to_connect)
        connection.connect()
    except (OSError, ValueError) as error:
        raise not_running() from error
    with closing(connection):
        connection.sock.settimeout(seconds_to_answer)
        connection.request("POST", parts.path, content, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())


def _control_url(mock: Mock) -> str:
    if isinstance(mock, Mapping):
        return str(mock["control_url"])
    path = Path(mock)
    path = path / "ready.json" if path.is_dir() else path
    try:
        return str(json.loads(path.read_text(encoding="utf-8"))["control_url"])
    except FileNotFoundError as error:
        raise not_running() from error
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ConfigurationError("the mock's ready.json is damaged: start the mock again", kind="mock.ready") from error


def not_running(kind: type[RegisterUnavailable] = RegisterUnavailable) -> RegisterUnavailable:
    return kind("the mock does not answer: start it with `cprsync mock serve --dir DIR`", kind="mock.not_running")

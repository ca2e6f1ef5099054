"""A call to the control of a running mock, and what may be wrong with it.

A mock is named by its folder, by its ready document, or by a document with only a `control_url`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeAlias

import requests
from urllib3.exceptions import NewConnectionError

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
    url = f"{_control_url(mock)}{path}"
    try:
        with requests.Session() as session:
            # A proxy of the environment must not get calls to the loopback interface.
            session.trust_env = False
            answer = session.post(url, json=asked, timeout=timeout, allow_redirects=False)
            document = answer.json()
    except (requests.RequestException, ValueError) as error:
        raise (not_running() if _is_not_there(error) else not_running(_NoAnswer)) from error
    if not isinstance(document, dict):
        raise not_running()
    if answer.status_code == requests.codes.ok:
        return document
    problem = document.get("error")
    if not isinstance(problem, dict):
        raise not_running()
    raise BadInput(str(problem.get("message")), kind=str(problem.get("kind")))


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


def _is_not_there(error: Exception) -> bool:
    """Whether nobody took the call; False if only the answer failed."""
    reason = getattr(error.args[0], "reason", None) if error.args else None
    return isinstance(reason, NewConnectionError) or isinstance(error, requests.ConnectTimeout)


def not_running(kind: type[RegisterUnavailable] = RegisterUnavailable) -> RegisterUnavailable:
    return kind("the mock does not answer: start it with `cprsync mock serve --dir DIR`", kind="mock.not_running")

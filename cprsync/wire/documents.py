"""Reads a JSON answer under ceilings. Knows no counterpart. No error quotes the answer."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from cprsync.wire.errors import AnswerBroken
from cprsync.wire.parsing import read_chunks

if TYPE_CHECKING:
    import requests

    from cprsync.wire.limits import AnswerLimits


def read_document(response: requests.Response, limits: AnswerLimits) -> dict[str, Any]:
    """Parse the whole answer. Raises AnswerBroken: it is too large, or no JSON object in UTF-8."""
    document = read_json(response, limits)
    if not isinstance(document, dict):
        raise AnswerBroken("the answer is no JSON object", kind="not_json")
    return document


def read_json(response: requests.Response, limits: AnswerLimits) -> Any:
    """Parse the whole answer, an object or a list. Raises AnswerBroken: it is too large, or no JSON in UTF-8."""
    body = b"".join(read_chunks(response, limits))
    try:
        return json.loads(body.decode("utf-8"))
    except (ValueError, RecursionError):
        # from None: the library's text quotes the answer
        raise AnswerBroken("the answer is no JSON document, or is cut short", kind="not_json") from None

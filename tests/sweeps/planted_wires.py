"""Mistakes as somebody might make them in the clients of a Koha, of a folder of files, and of a webhook.

The payload is right in each: only what goes over the wire, or what then stands there, shows the mistake.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

from outward_days import Day
from outward_outside import HOME

from cprsync.domain.outward import koha
from cprsync.outward import koha_shown, webhook
from cprsync.outward.file import FileClient
from cprsync.outward.koha_calls import KohaCalls

if TYPE_CHECKING:
    from planted_leaks import Mistake


def _leaves_the_address(right: Any) -> Any:
    """What Koha's staff wrote stays, as if the protection only meant that nothing new is told."""

    def merges(present: Any, payload: Any, rules: Any, *, on: Any) -> Any:
        wanted = right(present, payload, rules, on=on)
        if payload is None or not payload["protected"]:
            return wanted
        return replace(wanted, fields=wanted.fields | {name: present.fields.get(name) for name in HOME})

    return merges


def _fills_gaps(right: Any) -> Any:
    """A field without a value is sent as it was sent before, as if Koha would not take an empty one."""
    sent: dict[int | None, dict[str, Any]] = {}

    def writes(record: Any, **options: Any) -> Any:
        body = right(record, **options)
        held = sent.setdefault(record.id, {name: body.get(name) for name in HOME})
        held |= {name: body[name] for name in HOME if body.get(name)}
        return body | {name: value for name, value in held.items() if not body.get(name)}

    return writes


def _asks_in_the_address(right: Any) -> Any:
    def searches(self: Any, query: dict[str, Any], *, most: int) -> Any:
        self._ask("GET", f"patrons?{urlencode({'q': json.dumps(query)})}")
        return right(self, query, most=most)

    return searches


def _adds_to_the_earlier(right: Any) -> Any:
    """A line of a file has what an earlier one had, where the new one says nothing."""
    said: dict[str, dict[str, Any]] = {}

    def adds(self: Any, draft: Any, effect: Any) -> None:
        earlier = said.get(effect.patron_id, {})
        said[effect.patron_id] = earlier | (effect.payload or {})
        right(self, draft, replace(effect, payload=effect.payload and said[effect.patron_id]))

    return adds


def _posts_all(right: Any) -> Any:
    return lambda effect: json.dumps(json.loads(right(effect)) | (effect.payload or {})).encode()


_MOVED: Final = Day((("move", "Ane", 1),))
_NEW: Final = Day(desk=(("enrol", "Bent", 0),))
_PROTECTED: Final = Day((("protect", "Ane", 0),))

#: By name: what is changed, the life in which it shows, and the seed that puts the client behind the right rule.
WIRED: Final[dict[str, tuple[Mistake, list[Day], int]]] = {
    "Koha keeps the address that staff wrote of the protected": (
        (koha, "merge_koha_record", _leaves_the_address),
        [_PROTECTED],
        2,
    ),
    "a write to Koha fills what is empty with what was sent before": (
        (koha_shown, "write_body", _fills_gaps),
        [_MOVED, _PROTECTED],
        2,
    ),
    "a search in Koha has the number in its address": ((KohaCalls, "_search", _asks_in_the_address), [_NEW, _MOVED], 2),
    "a file adds what an earlier one said": ((FileClient, "_add", _adds_to_the_earlier), [_MOVED, _PROTECTED], 0),
    "a webhook posts what the target may have": ((webhook, "write_body", _posts_all), [_MOVED], 1),
}

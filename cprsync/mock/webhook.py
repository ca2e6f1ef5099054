"""A receiver of webhooks: checks each post as the guide says, keeps what was told, and fails on command.

A target of kind `webhook` can be tried without code of one's own. It has a key for a start; every other `.key` file
that is laid into its folder counts too, at once. What it got is forgotten when the mock ends.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from collections import deque
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

from cprsync.errors import BadInput
from cprsync.mock.soap.messages import Response
from cprsync.mock.town.faults import WEBHOOK_KINDS
from cprsync.private import replace_private

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime
    from pathlib import Path

    from cprsync.mock.town.register import TownRegister

#: Where posts go, the folder of the keys, and the key of a new folder.
PATH: Final = "/hook"
FOLDER: Final = "webhook"
KEY_FILE: Final = "hook-1.key"
#: A post is believed for so many seconds before and after its time.
FRESH_SECONDS: Final = 300
#: The last posts that are kept, and the ids by which a repeated one is known.
KEPT_MAX: Final = 10_000
_KEY_BYTES: Final = 32
_KEYS_MAX: Final = 16
_KEY_MAX_BYTES: Final = 4096
_SAID: Final[Mapping[str, type]] = {"gone": bool, "patron": str, "target": str, "version": int}
_NO_CONTENT: Final = Response(204, b"")
#: The faults that answer in place of the receiver, which has then kept nothing.
_IN_PLACE: Final[Mapping[str, Response]] = {
    "hook-500": Response(500, b"out of order\n", "text/plain"),
    "hook-busy": Response(429, b"too many\n", "text/plain", headers=(("Retry-After", "5"),)),
    "hook-maintenance": Response(503, b"maintenance\n", "text/plain"),
    "hook-refuse": Response(400, b"not taken\n", "text/plain"),
    "hook-gone": Response(404, b"no such page\n", "text/plain"),
    "hook-forbidden": Response(401, b"who are you?\n", "text/plain"),
    "hook-moved": Response(302, b"", "text/plain", headers=(("Location", "https://localhost/elsewhere"),)),
    "hook-down": Response(503, b"", drop=True),
}


@dataclass(frozen=True, slots=True)
class ProvenPost:
    """One post that was proved."""

    at: str
    #: the id of the delivery, and whether it had come before
    delivery: str
    repeated: bool
    #: the keys that it is signed with, and that are ours
    keys: tuple[str, ...]
    patron: str
    version: int
    gone: bool
    target: str


class WebhookService:
    """The receiver of one folder."""

    def __init__(self, register: TownRegister, now: Callable[[], datetime]) -> None:
        self._register, self._now = register, now
        self.folder = register.folder / FOLDER
        self._told: deque[ProvenPost] = deque(maxlen=KEPT_MAX)
        #: how many posts came since the start, and how many of them were not proved, or said nothing that we know
        self.posts = self.unproved = self.unread = 0
        _keep_key(self.folder)

    def answer(self, method: str, path: str, *, headers: Mapping[str, str], body: bytes) -> Response:
        """Answer one request."""
        if path != PATH:
            return Response(404, b"the receiver is at /hook\n", "text/plain")
        if method != "POST":
            return Response(405, b"webhooks are posted\n", "text/plain")
        self.posts += 1
        fault = self._register.take_fault(WEBHOOK_KINDS)
        kind = "" if fault is None else fault.kind
        if kind in _IN_PLACE:
            return _IN_PLACE[kind]
        response = self._take(headers, body)
        if fault is not None and kind == "hook-slow":
            return Response(response.status, response.body, response.content_type, wait=fault.seconds)
        return Response(200, b"", drop=True) if kind == "hook-lost" else response

    def dump(self) -> dict[str, Any]:
        """What came since the start: counts, and the last posts in their order."""
        counts = {"posts": self.posts, "unproved": self.unproved, "unread": self.unread}
        return {**counts, "keys": sorted(self._keys()), "received": [asdict(one) for one in self._told]}

    def begin_anew(self) -> None:
        """Forget what came. The keys stay."""
        self._told.clear()
        self.posts = self.unproved = self.unread = 0

    def _take(self, headers: Mapping[str, str], body: bytes) -> Response:
        """Check a post, and keep what it says."""
        proved = self._proved_by(headers.get("cprsync-signature", ""), body)
        if not proved:
            self.unproved += 1
            return Response(401, b"no key of ours has signed this, or it is old\n", "text/plain")
        said = _read(body)
        delivery = headers.get("cprsync-delivery", "")
        if said is None or not delivery:
            self.unread += 1
            return Response(400, b"this is no webhook of cprsync\n", "text/plain")
        repeated = any(one.delivery == delivery for one in self._told)
        at = self._now().isoformat(timespec="seconds")
        self._told.append(ProvenPost(at=at, delivery=delivery, repeated=repeated, keys=proved, **said))
        return _NO_CONTENT

    def _proved_by(self, header: str, body: bytes) -> tuple[str, ...]:
        """The keys of ours that have signed a post just now."""
        said = dict(part.split("=", 1) for part in header.split(",") if "=" in part)
        at = said.pop("t", "")
        is_time = at.isascii() and at.isdigit() and len(at) <= 12  # noqa: PLR2004 -- far beyond any date
        if not is_time or abs(self._now().timestamp() - int(at)) > FRESH_SECONDS:
            return ()
        signed = f"{at}.".encode() + body
        proofs = {name: hmac.new(key, signed, hashlib.sha256).hexdigest() for name, key in self._keys().items()}
        return tuple(name for name in sorted(proofs) if hmac.compare_digest(proofs[name], said.get(name, "")))

    def _keys(self) -> dict[str, bytes]:
        """The keys in the folder, by their names."""
        paths = sorted(self.folder.glob("*.key"))[:_KEYS_MAX]
        return {path.stem: path.read_bytes()[:_KEY_MAX_BYTES].strip() for path in paths}


def _keep_key(folder: Path) -> None:
    folder.mkdir(mode=0o700, exist_ok=True)
    if not any(folder.glob("*.key")):
        replace_private(folder / KEY_FILE, f"{secrets.token_urlsafe(_KEY_BYTES)}\n".encode())


def _read(body: bytes) -> dict[str, Any] | None:
    """What a post says. None: it is not what cprsync posts."""
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        return None
    is_ours = isinstance(said, dict) and {name: type(value) for name, value in said.items()} == _SAID
    return said if is_ours else None


def ready_document(folder: Path, port: int) -> dict[str, Any]:
    """Where the receiver is, and the key that signs."""
    keys = sorted(map(str, (folder / FOLDER).glob("*.key")))
    return {"url": f"https://localhost:{port}{PATH}", "key_file": keys[0]}


def webhook_paths(
    service: WebhookService | None,
) -> dict[str, Callable[[TownRegister, Mapping[str, Any]], dict[str, Any]]]:
    """What the mock's control may ask of the receiver. Raises BadInput there: none is served."""

    def dump(_: TownRegister, __: Mapping[str, Any]) -> dict[str, Any]:
        if service is None:
            raise BadInput("this mock has no receiver of webhooks: start it with --webhook", kind="mock.webhook")
        return service.dump()

    return {"/webhook": dump}

"""Who may call Koha: programs with a secret, their permissions, and the tokens that expire.

Secrets are in files of their own; the tokens are in the mock's folder, so that a restart keeps them.
"""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Self

from cprsync.errors import BadInput
from cprsync.private import read_password, replace_private

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime
    from pathlib import Path

LIST: Final = "list_borrowers"
EDIT: Final = "edit_borrowers"
DELETE: Final = "delete_borrowers"
PERMISSIONS: Final = (LIST, EDIT, DELETE)
#: The client of a new folder. It may not delete: a patron who leaves expires.
CLIENT: Final = "cprsync"
_TOKENS_MAX: Final = 1_000
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}", re.ASCII)


@dataclass
class KohaAccess:
    """The clients with their permissions, and the tokens that were given out."""

    folder: Path
    now: Callable[[], datetime]
    clients: dict[str, tuple[str, ...]] = field(default_factory=lambda: {CLIENT: (LIST, EDIT)})
    #: by the digest of the token: the client, and until when in seconds
    tokens: dict[str, tuple[str, float]] = field(default_factory=dict)

    @classmethod
    def parse(cls, folder: Path, now: Callable[[], datetime], document: Any) -> Self:
        clients = {name: tuple(may) for name, may in document["clients"].items()}
        tokens = {digest: (client, float(until)) for digest, (client, until) in document["tokens"].items()}
        return cls(folder, now, clients, tokens)

    def dump(self) -> dict[str, Any]:
        return {"clients": {name: list(may) for name, may in self.clients.items()}, "tokens": self.tokens}

    def secret_file(self, client: str) -> Path:
        """The file with a client's secret, made where there is none."""
        path = self.folder / f"{client}.secret"
        if not path.exists():
            replace_private(path, secrets.token_urlsafe(32).encode())
        return path

    def set_client(self, client: str, permissions: Iterable[str]) -> Path:
        """Let a program in with these permissions. Return the file with its secret.

        Raises:
            BadInput: kind `mock.koha`; the name or a permission is not possible.
        """
        may = tuple(permissions)
        if not _NAME.fullmatch(client):
            raise BadInput("a client's name has small letters, digits, - and _", kind="mock.koha")
        if not set(may) <= set(PERMISSIONS):
            raise BadInput("there are these permissions: {named}", named=", ".join(PERMISSIONS), kind="mock.koha")
        self.clients[client] = may
        return self.secret_file(client)

    def is_secret(self, client: str, secret: str) -> bool:
        """Whether this is the secret of a client that may come in."""
        return client in self.clients and secrets.compare_digest(
            secret.encode(), read_password(self.secret_file(client)).encode()
        )

    def grant(self, client: str, seconds: float) -> str:
        """A new token for a client."""
        now, token = self.now().timestamp(), secrets.token_urlsafe(32)
        self.tokens = {digest: held for digest, held in self.tokens.items() if held[1] > now}
        self.tokens[_digest(token)] = (client, now + seconds)
        for digest in list(self.tokens)[:-_TOKENS_MAX]:
            del self.tokens[digest]
        return token

    def client_of(self, token: str) -> str | None:
        """Whose token it is. None: it has expired, or nobody's."""
        client, until = self.tokens.get(_digest(token), ("", 0.0))
        return client if client in self.clients and until > self.now().timestamp() else None

    def expire(self, token: str) -> None:
        self.tokens.pop(_digest(token), None)

    def may(self, client: str, permission: str) -> bool:
        return permission in self.clients.get(client, ())


def parse_basic(header: str) -> tuple[str, str]:
    """The name and the secret of a Basic header; both are empty if it cannot be read."""
    try:
        name, _, secret = base64.b64decode(header, validate=True).decode().partition(":")
    except ValueError:
        return "", ""
    return name, secret


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()

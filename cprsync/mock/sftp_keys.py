"""The SSH keys of the mock: the server's, that of the library that fetches, and the known_hosts that pins the first.

Development keys: made once in the mock's folder. RSA, as the platform asks for.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

import asyncssh

if TYPE_CHECKING:
    from pathlib import Path

_ALGORITHM = "ssh-rsa"
#: Enough for a key that guards invented people, and made in a moment.
_BITS = 2048


@dataclass(frozen=True, slots=True)
class SftpKeys:
    """Paths, all absolute."""

    host: Path
    client: Path
    public: Path
    known_hosts: Path


def keep_keys(folder: Path, *, host: str, port: int) -> SftpKeys:
    """Make the keys that are not there yet, and write which host key this address has."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    keys = SftpKeys(folder / "host_key", folder / "client_key", folder / "client_key.pub", folder / "known_hosts")
    server = _kept(keys.host)
    _kept(keys.client).write_public_key(str(keys.public))
    public = server.export_public_key().decode("ascii").strip()
    keys.known_hosts.write_text(f"[{host}]:{port} {public}\n", encoding="ascii")
    return keys


def _kept(path: Path) -> asyncssh.SSHKey:
    if path.exists():
        return asyncssh.read_private_key(str(path))
    key = asyncssh.generate_private_key(_ALGORITHM, key_size=_BITS)
    draft = path.with_suffix(f".{os.getpid()}")
    draft.touch(mode=0o600)
    key.write_private_key(str(draft))
    draft.replace(path)
    return key

"""The mock's SSH keys: the server's, those of the libraries that fetch, and the known_hosts file for the server's.

Development keys, made once in the mock's folder. RSA, as the platform requires.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

import asyncssh

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

_ALGORITHM = "ssh-rsa"
#: Enough for a key that protects invented people, and quick to make.
_BITS = 2048


@dataclass(frozen=True, slots=True)
class Login:
    """A library's key pair."""

    key: Path
    public: Path


@dataclass(frozen=True, slots=True)
class SftpKeys:
    """The paths of the keys, all absolute."""

    host: Path
    known_hosts: Path
    #: by user
    logins: dict[str, Login]


def keep_keys(folder: Path, *, users: Iterable[str], host: str, port: int) -> SftpKeys:
    """Make the missing keys, and write the host key of this address."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    names = {user: f"client_key{number or ''}" for number, user in enumerate(users)}
    logins = {user: Login(folder / name, folder / f"{name}.pub") for user, name in names.items()}
    keys = SftpKeys(folder / "host_key", folder / "known_hosts", logins)
    server = _kept(keys.host)
    for login in logins.values():
        _kept(login.key).write_public_key(str(login.public))
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

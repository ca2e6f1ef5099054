"""The local accounts: names, roles, and passwords kept as Argon2id. Locks a name after wrong passwords in a row.

The file is looked at before every page, so that a removed account sees none any more. Leaves out OpenID
Connect.
"""

from __future__ import annotations

import json
import os
import re
import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Final

from cryptography.exceptions import InvalidKey
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from pydantic import Field, ValidationError

from cprsync.config.toml import Strict, build_error, first_mistake, read_toml
from cprsync.domain.desk.confirming import NAME_MAX
from cprsync.domain.desk.roles import Role  # noqa: TC001 -- pydantic reads the annotations
from cprsync.errors import BadInput
from cprsync.private import replace_private

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

#: After so many wrong passwords in a row the name is locked, for so long.
WRONG_MAX: Final = 5
LOCKED_SECONDS: Final = 15 * 60
#: The longest password that is tried. Argon2 takes any length, and a page takes no more.
PASSWORD_MAX: Final = 1024
PASSWORD_LEAST: Final = 12
#: The most passwords that are checked at the same time: each takes _MEMORY_KIB.
CHECKS_MAX: Final = 2
#: The most names whose wrong passwords are remembered.
_NAMES_MAX: Final = 10_000
#: Argon2id: RFC 9106's second choice, but in one lane: with several, OpenSSL's checks wait for each other without end
#: when two run at once.
_SALT_BYTES, _HASH_BYTES, _ITERATIONS, _LANES, _MEMORY_KIB = 16, 32, 3, 1, 64 * 1024
_HASH: Final = rf"^\$argon2id\$v=19\$m=\d+,t=\d+,p={_LANES}\$[\w=+/]+\$[\w=+/]+$"

_NAME: Final = re.compile(r"[\w.@-]+")
Name = Annotated[str, Field(min_length=1, max_length=NAME_MAX, pattern=rf"^{_NAME.pattern}$")]


class AccountEntry(Strict):
    """One person's account."""

    name: Name
    password: str = Field(pattern=_HASH)
    roles: frozenset[Role] = Field(min_length=1)
    #: the agency numbers of the libraries where the roles count
    libraries: frozenset[Annotated[str, Field(pattern=r"^[0-9]{6}$")]] = Field(min_length=1)


class AccountsDocument(Strict):
    """The file of accounts."""

    account: tuple[AccountEntry, ...] = ()


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Who signed in, and what they are at this library."""

    name: str
    roles: frozenset[Role]
    #: the password as the file keeps it: another one ends the session
    proof: str = field(repr=False)


class Accounts:
    """The accounts of one library. Many threads may use it."""

    def __init__(self, path: Path, *, agency: str, monotonic: Callable[[], float]) -> None:
        """Raises ConfigurationError, which names the file and the line."""
        self._path, self._agency, self._monotonic = path, agency, monotonic
        #: wrong passwords in a row by name, and when the last one was typed
        self._wrong: OrderedDict[str, tuple[int, float]] = OrderedDict()
        self._lock = threading.Lock()
        # what is checked for an unknown name, so that it takes as long as for a known one
        self._nobody = hash_password(os.urandom(_HASH_BYTES).hex())
        #: the accounts by name, and the state of the file that they were read from
        self._read: tuple[tuple[int, ...], dict[str, AccountEntry]] = ((), {})
        self._entries()

    def sign_in(self, name: str, password: str) -> SignedIn | None:
        """The person, if the password is theirs. None: it is not, or the name is locked; nobody learns which."""
        # a longer name is no account's, and is not worth its memory
        name = name[: NAME_MAX + 1]
        if not self._may_try(name):
            return None
        entry = self._entries().get(name)
        is_theirs = _is_password(password[:PASSWORD_MAX], self._nobody if entry is None else entry.password)
        if entry is None or not is_theirs or self._agency not in entry.libraries:
            return None
        with self._lock:
            self._wrong.pop(name, None)
        return SignedIn(entry.name, entry.roles, entry.password)

    def roles_of(self, name: str, proof: str) -> frozenset[Role] | None:
        """What somebody who signed in is today. None: the account is gone, or has another password.

        Raises ConfigurationError: the file can no longer be read.
        """
        entry = self._entries().get(name)
        if entry is None or entry.password != proof or self._agency not in entry.libraries:
            return None
        return entry.roles

    def _entries(self) -> dict[str, AccountEntry]:
        """The accounts by name. The file is read again when it has changed."""
        state = _state_of(self._path)
        read, entries = self._read
        if not state or state != read:
            entries = {one.name: one for one in read_accounts(self._path).account}
            self._read = (state, entries)
        return entries

    def _may_try(self, name: str) -> bool:
        """Count a try before it is made, so that many at once are many. False: the name is locked."""
        with self._lock:
            count, at = self._wrong.get(name, (0, 0.0))
            now = self._monotonic()
            if now - at > LOCKED_SECONDS:
                count = 0
            if count >= WRONG_MAX:
                return False
            self._wrong[name] = (count + 1, now)
            self._wrong.move_to_end(name)
            while len(self._wrong) > _NAMES_MAX:
                self._wrong.popitem(last=False)
            return True


def _state_of(path: Path) -> tuple[int, ...]:
    """What changes when the file does. Empty: it is not there."""
    try:
        found = path.stat()
    except OSError:
        return ()
    return found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_mode


def read_accounts(path: Path) -> AccountsDocument:
    """The file of accounts. Raises ConfigurationError, which names the line and quotes nothing."""
    document, text = read_toml(path, "accounts", private=True)
    try:
        return AccountsDocument(**document)
    except ValidationError as error:
        raise build_error(path, text, first_mistake(error), kind="configuration") from None


def check_name(name: str) -> None:
    """Refuse a name that no account can have. Raises BadInput."""
    if not 0 < len(name) <= NAME_MAX or not _NAME.fullmatch(name):
        raise BadInput(
            "a name has at most {most} letters, digits and the signs . _ - @", most=NAME_MAX, kind="account.name"
        )


def write_accounts(path: Path, accounts: Iterable[AccountEntry]) -> None:
    """Write the file completely or not at all, for its owner alone. Every value is free of quotes and backslashes."""
    lines = ["# The accounts of the desk. `cprsync accounts` writes this file.\n"]
    for one in sorted(accounts, key=lambda entry: entry.name):
        roles, libraries = sorted(role.value for role in one.roles), sorted(one.libraries)
        lines += [
            "[[account]]\n",
            f'name = "{one.name}"\n',
            f'password = "{one.password}"\n',
            f"roles = {json.dumps(roles)}\n",
            f"libraries = {json.dumps(libraries)}\n\n",
        ]
    replace_private(path, "".join(lines).encode())


def hash_password(password: str) -> str:
    """A password as the file keeps it."""
    argon = Argon2id(
        salt=os.urandom(_SALT_BYTES),
        length=_HASH_BYTES,
        iterations=_ITERATIONS,
        lanes=_LANES,
        memory_cost=_MEMORY_KIB,
    )
    return argon.derive_phc_encoded(password.encode())


def _is_password(password: str, kept: str) -> bool:
    try:
        Argon2id.verify_phc_encoded(password.encode(), kept)
    except (InvalidKey, ValueError):
        return False
    return True

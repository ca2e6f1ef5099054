"""The local accounts: names, roles at each library, and passwords kept as Argon2id.

The file is looked at before every page, so that a removed account sees none any more. Leaves out OpenID Connect, and
what slows down a guesser of passwords: see `memory.tries`.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Annotated, Final, Self, TypeVar

from cryptography.exceptions import InvalidKey
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from pydantic import Field, ValidationError, model_validator

from cprsync.config.toml import Strict, TomlPlaces, build_error, first_mistake, read_toml
from cprsync.domain.deciding.approval import people_behind
from cprsync.domain.desk.confirming import NAME_MAX
from cprsync.domain.desk.pins import USUAL, AskingQuota
from cprsync.domain.desk.roles import Role  # noqa: TC001 -- pydantic reads the annotations
from cprsync.errors import BadInput, WrongValue
from cprsync.private import replace_private
from cprsync.web.memory.tries import Tries, who_tries, with_mark

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from cprsync.web.memory.tries import Counts

#: The longest password that is tried. Argon2 takes any length, and a page takes no more.
PASSWORD_MAX: Final = 1024
PASSWORD_LEAST: Final = 12
#: The most passwords that are checked at the same time: each takes _MEMORY_KIB.
CHECKS_MAX: Final = 2
#: Argon2id: RFC 9106's second choice, but in one lane: with several, OpenSSL's checks wait for each other without end
#: when two run at once.
_SALT_BYTES, _HASH_BYTES, _ITERATIONS, _LANES, _MEMORY_KIB = 16, 32, 3, 1, 64 * 1024
_HASH: Final = rf"^\$argon2id\$v=19\$m=\d+,t=\d+,p={_LANES}\$[\w=+/]+\$[\w=+/]+$"

_NAME: Final = re.compile(r"[\w.@-]+")
Name = Annotated[str, Field(min_length=1, max_length=NAME_MAX, pattern=rf"^{_NAME.pattern}$")]


class AccountEntry(Strict):
    """What one person is at some libraries. A person with other roles elsewhere has another entry."""

    name: Name
    password: str = Field(pattern=_HASH)
    roles: frozenset[Role] = Field(min_length=1)
    #: the agency numbers of the libraries where the roles count
    libraries: frozenset[Annotated[str, Field(pattern=r"^[0-9]{6}$")]] = Field(min_length=1)
    #: their own patron number, so that a second person signs for what concerns them; None: they gave none
    patron: str | None = Field(default=None, pattern=r"^[0-9]{8}$")


class MachineEntry(Strict):
    """One machine at some libraries: a program that asks by card and PIN, and shows a certificate."""

    name: Name
    #: the SHA-256 of each certificate that is its own: two, while a new one replaces an old one
    certificates: frozenset[Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]] = Field(min_length=1, max_length=4)
    libraries: frozenset[Annotated[str, Field(pattern=r"^[0-9]{6}$")]] = Field(min_length=1)
    #: how often it may ask in a minute
    asks_a_minute: int = Field(default=USUAL.asks, ge=1, le=600)
    #: how many cards and PINs may not fit in an hour
    wrong_an_hour: int = Field(default=USUAL.wrong, ge=1, le=600)

    @property
    def quota(self) -> AskingQuota:
        return AskingQuota(self.asks_a_minute, self.wrong_an_hour)


class ReaderEntry(Strict):
    """The reader of the targets with its name, at some libraries: a program that fetches the changes."""

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,31}$")]
    #: the SHA-256 of its secret, which we draw: too long to be guessed, so that one pass is enough; None: it has none
    secret: str | None = Field(default=None, pattern=r"^[0-9a-f]{64}$")
    certificates: frozenset[Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]] = Field(default=frozenset(), max_length=4)
    libraries: frozenset[Annotated[str, Field(pattern=r"^[0-9]{6}$")]] = Field(min_length=1)
    asks_a_minute: int = Field(default=120, ge=1, le=6000)

    @model_validator(mode="after")
    def _check_ways(self) -> Self:
        if self.secret is None and not self.certificates:
            raise WrongValue("a reader needs a secret or a certificate")
        return self

    @property
    def proof(self) -> str:
        """What a token says of the secret: another secret ends the token."""
        return hashlib.sha256(f"token {self.secret}".encode()).hexdigest()[:16]


Entry = TypeVar("Entry", AccountEntry, MachineEntry, ReaderEntry)


class AccountsDocument(Strict):
    """The file of accounts."""

    account: tuple[AccountEntry, ...] = ()
    machine: tuple[MachineEntry, ...] = ()
    reader: tuple[ReaderEntry, ...] = ()

    @model_validator(mode="after")
    def _check_entries(self) -> Self:
        passwords: dict[str, str] = {}
        places = [(one.name, agency) for one in self.account for agency in one.libraries]
        if len(places) != len(set(places)):
            raise WrongValue("a person has one entry for each library")
        if any(passwords.setdefault(one.name, one.password) != one.password for one in self.account):
            raise WrongValue("a person has the same password in each entry")
        for agency in {agency for _, agency in places}:
            here = [people_behind(one.name) for one in self.account if agency in one.libraries]
            if sum(map(len, here)) != len(frozenset().union(*here)):
                raise WrongValue("two people have names with the same letters and digits, and would count as one")
        return self

    @model_validator(mode="after")
    def _check_machines(self) -> Self:
        """A library's audit names people and machines by their names alone, and a certificate is one machine's."""
        programs: list[MachineEntry | ReaderEntry] = [*self.machine, *self.reader]
        places = [(one.name, agency) for one in programs for agency in one.libraries]
        kinds = {one.name: type(one) for one in (*self.account, *programs)}
        owners = {each: one.name for one in programs for each in one.certificates}
        if (
            len(places) != len(set(places))
            or any(kinds[one.name] is not type(one) for one in (*self.account, *programs))
            or any(owners[each] != one.name for one in programs for each in one.certificates)
        ):
            raise WrongValue("two accounts or machines have the same name, or the same certificate")
        return self


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Who signed in, and what they are at this library."""

    name: str
    roles: frozenset[Role]
    #: the password as the file keeps it: another one ends the session
    proof: str = field(repr=False)
    #: the marks of the browser, with this person's
    marks: str = field(repr=False, default="")


class StaffAccounts:
    """The accounts of one library. Many threads may use it."""

    def __init__(self, path: Path, *, agency: str, monotonic: Callable[[], float], tries: Counts | None = None) -> None:
        """Raises ConfigurationError, which names the file and the line.

        `tries`: where wrong passwords are counted, if not here alone.
        """
        self._path, self._agency = path, agency
        self._tries = Tries(monotonic=monotonic) if tries is None else tries
        # what is checked for an unknown name, so that it takes as long as for a known one
        self._nobody = hash_password(os.urandom(_HASH_BYTES).hex())
        #: the accounts by name, the machines by certificate, and the state of the file that they were read from
        self._read: tuple[tuple[int, ...], dict[str, AccountEntry], dict[str, MachineEntry]] = ((), {}, {})
        self._readers: tuple[ReaderEntry, ...] = ()
        self._entries()

    def sign_in(self, name: str, password: str, marks: str = "") -> SignedIn | None:
        """The person, if the password is theirs. None: it is not, or too many were tried; nobody learns which.

        `marks`: of the people who have signed in in this browser before.
        """
        # a longer name is no account's, and is not worth its memory
        name = name[: NAME_MAX + 1]
        entry = self._entries().get(name)
        kept = self._nobody if entry is None else entry.password
        counted_by = who_tries(name, marks, kept)
        if not self._tries.may_try(counted_by):
            return None
        if not _is_password(password[:PASSWORD_MAX], kept) or entry is None:
            return None
        self._tries.forgive(counted_by)
        return SignedIn(entry.name, entry.roles, entry.password, with_mark(marks, entry.password))

    def roles_of(self, name: str, proof: str) -> frozenset[Role] | None:
        """What somebody who signed in is today. None: the account is gone, or has another password.

        Raises ConfigurationError: the file can no longer be read.
        """
        entry = self._entries().get(name)
        if entry is None or entry.password != proof:
            return None
        return entry.roles

    def machine_of(self, fingerprint: str) -> MachineEntry | None:
        """The machine whose certificate it is, by the file of today. None: it is no machine of the library.

        Raises ConfigurationError: the file can no longer be read.
        """
        self._entries()
        return self._read[2].get(fingerprint)

    def reader_of(self, fingerprint: str) -> ReaderEntry | None:
        """The reader whose certificate it is, by the file of today. None: it is no reader of the library."""
        return self._reader(lambda one: fingerprint in one.certificates)

    def reader_with(self, name: str, secret: str) -> ReaderEntry | None:
        """The reader with this secret. None: it is not theirs; nobody learns which."""
        shown = hash_secret(secret[:PASSWORD_MAX])
        return self._reader(lambda one: one.name == name and hmac.compare_digest(one.secret or "", shown))

    def reader_by(self, name: str, proof: str) -> ReaderEntry | None:
        """The reader of a token. None: it was removed, or has another secret or none."""
        return self._reader(lambda one: one.name == name and one.secret is not None and one.proof == proof)

    def _reader(self, is_meant: Callable[[ReaderEntry], bool]) -> ReaderEntry | None:
        self._entries()
        return next((one for one in self._readers if is_meant(one)), None)

    def _entries(self) -> dict[str, AccountEntry]:
        """The library's accounts by name. The file is read again when it has changed."""
        state = _state_of(self._path)
        read, entries, _ = self._read
        if not state or state != read:
            document = read_accounts(self._path)
            entries = {one.name: one for one in document.account if self._agency in one.libraries}
            machines = [one for one in document.machine if self._agency in one.libraries]
            self._readers = tuple(one for one in document.reader if self._agency in one.libraries)
            self._read = (state, entries, {each: one for one in machines for each in one.certificates})
        return entries


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
        raise build_error(
            path, TomlPlaces(text, shows_names=False), first_mistake(error), kind="configuration"
        ) from None


@lru_cache(maxsize=4)
def _patrons_of(path: Path, state: tuple[int, ...], agency: str) -> dict[str, str | None]:  # noqa: ARG001 -- another state is another file
    return {one.name: one.patron for one in read_accounts(path).account if agency in one.libraries}


def own_patron(path: Path, agency: str, user: str) -> str | None:
    """The patron number that a person gave with their account. None: they gave none, or have no account.

    Raises ConfigurationError: the file cannot be read, and nobody can tell.
    """
    # a person named by a service has the service's account behind their name
    return _patrons_of(path, _state_of(path), agency).get(user.partition(" (")[0])


def check_name(name: str) -> None:
    """Refuse a name that no account can have. Raises BadInput."""
    if not 0 < len(name) <= NAME_MAX or not _NAME.fullmatch(name):
        raise BadInput(
            "a name has at most {most} letters, digits and the signs . _ - @", most=NAME_MAX, kind="account.name"
        )


def with_account(accounts: Iterable[AccountEntry], given: AccountEntry) -> list[AccountEntry]:
    """The accounts with another entry of a person. What they are at other libraries stays; their password is new."""
    return [
        one.model_copy(update={"password": given.password}) if one.name == given.name else one
        for one in with_entry(accounts, given)
    ]


def with_entry(entries: Iterable[Entry], given: Entry) -> list[Entry]:
    """The entries with another one of a person or a program. What they are at other libraries stays."""
    kept = _without(entries, given.name, given.libraries)
    kept.append(given)
    return kept


def without_entry(entries: Iterable[Entry], name: str, *, agency: str) -> list[Entry]:
    """The entries without what a person or a program is at one library."""
    return _without(entries, name, frozenset({agency}))


def _without(entries: Iterable[Entry], name: str, libraries: frozenset[str]) -> list[Entry]:
    others = [
        one.model_copy(update={"libraries": one.libraries - libraries}) if one.name == name else one for one in entries
    ]
    return [one for one in others if one.libraries]


def write_accounts(
    path: Path,
    accounts: Iterable[AccountEntry],
    machines: Iterable[MachineEntry] = (),
    readers: Iterable[ReaderEntry] = (),
) -> None:
    """Write the file completely or not at all, for its owner alone."""
    lines = ["# The accounts of the desk. `cprsync accounts` writes this file.\n"]
    lines += [_table("account", one) for one in _sort(accounts)]
    lines += [_table("machine", one) for one in _sort(machines)]
    lines += [_table("reader", one) for one in _sort(readers)]
    replace_private(path, "".join(lines).encode())


def _sort(entries: Iterable[Entry]) -> list[Entry]:
    return sorted(entries, key=lambda one: (one.name, sorted(one.libraries)))


def _table(heading: str, entry: AccountEntry | MachineEntry | ReaderEntry) -> str:
    """An entry as TOML. Every text of it is free of quotes and backslashes, so that it is written as JSON writes it."""
    keys = entry.model_dump(mode="json", exclude_none=True).items()
    values = {key: sorted(value) if isinstance(value, list) else value for key, value in keys}
    return "".join((f"[[{heading}]]\n", *(f"{key} = {json.dumps(value)}\n" for key, value in values.items()), "\n"))


def hash_secret(secret: str) -> str:
    """A reader's secret as the file keeps it."""
    return hashlib.sha256(secret.encode()).hexdigest()


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

"""`serve` opens the desk to browsers; `accounts` says who may sign in there; `openapi` describes its API.

A password is never an argument.
"""

from __future__ import annotations

import re
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cprsync.cli.desk.opening import say_ready, serve_as_worker, serve_site, supervise_workers
from cprsync.cli.desk.surroundings import Only
from cprsync.cli.terminal.frame import Frame, Json, Lang, framed, print_document
from cprsync.config.settings import WORKERS_MAX
from cprsync.domain.deciding.approval import are_one_person
from cprsync.domain.desk.pins import PATRONS_OWN
from cprsync.domain.desk.roles import Role
from cprsync.errors import BadInput, ConfigurationError
from cprsync.language.words import desk_word, word

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from cprsync.catalogues import Language
    from cprsync.web.accounts import AccountEntry, MachineEntry, ReaderEntry

#: Where a browser finds the desk, unless another port is given.
PORT = 8710
#: How much of a fingerprint tells two certificates apart.
FINGERPRINT_SHOWN = 16


app = typer.Typer()
accounts_app, openapi_app = typer.Typer(), typer.Typer()
Name = Annotated[str, typer.Argument(help="The name that they sign in with; the audit names them by it.")]


@app.command("serve")
@framed
def serve_desk(
    *,
    port: Annotated[
        int, typer.Option("--port", min=0, max=65535, help="Where browsers ask; 0 picks a free one.")
    ] = PORT,
    only: Annotated[
        Only | None, typer.Option("--only", help="The desk alone, or the patrons' own pages alone.")
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option("--workers", min=1, max=WORKERS_MAX, help="How many processes answer; else as [desk] says, or 1."),
    ] = None,
    as_worker: Annotated[
        bool, typer.Option("--as-worker", hidden=True, help="Be one of them: `serve` starts them so.")
    ] = False,
    frame: Frame,
) -> int:
    """Serve the desk to browsers, until stopped.

    [desk] in the configuration says who may sign in, by which certificate and on which address. Without it nobody has
    to sign in: the audit names the person who started it, and only this machine is answered.
    """
    with frame.opened() as site:
        if as_worker:
            serve_as_worker(site, only)
            return 0
        told = partial(say_ready, language=frame.lang, as_json=frame.as_json)
        size = workers or site.settings.desk.workers
        if size > 1:
            return supervise_workers(site, port, only, size=size, told=told)
        serve_site(site, port, told, only=only)
        return 0


@openapi_app.command("openapi")
def print_description(
    *,
    lang: Lang = "da",  # noqa: ARG001 -- an error is told in it
    as_json: Json = False,
) -> None:
    """Print what the desk's JSON API takes and answers.

    Needs no configuration. It is in English. With --json it is the whole description (OpenAPI 3.1). `serve` answers it
    at /api/v1/openapi.json.
    """
    from cprsync.web.api.api import build_description
    from cprsync.web.api.description import outline

    document = build_description()
    print_document(document, outline(document), as_json=as_json)


# -- accounts ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class AccountsFile:
    """The file of accounts, and the library that the command is about."""

    path: Path
    agency: str
    accounts: tuple[AccountEntry, ...]
    machines: tuple[MachineEntry, ...]
    readers: tuple[ReaderEntry, ...]
    #: the library's targets that readers fetch from
    feeds: frozenset[str]
    #: what [desk] has to name before the desk asks programs for a certificate; empty: it does
    lacking: tuple[str, ...]
    #: whether people may sign in at an identity provider too
    has_provider: bool

    def here(self) -> dict[str, AccountEntry]:
        """Who may sign in at the library, by name."""
        return {one.name: one for one in self.accounts if self.agency in one.libraries}

    def check_free(self, kind: type, name: str, certificates: frozenset[str] = frozenset()) -> None:
        """Raise BadInput if one of another kind has the name, or a program of another name one of the certificates.

        A new name has to be another also to the rules that take two people (`are_one_person`).
        """
        programs: list[MachineEntry | ReaderEntry] = [*self.machines, *self.readers]
        everyone: list[AccountEntry | MachineEntry | ReaderEntry] = [*self.accounts, *programs]
        is_known = any(one.name == name and isinstance(one, kind) for one in everyone)
        here = [one.name for one in everyone if self.agency in one.libraries]
        if any(one.name == name and not isinstance(one, kind) for one in everyone) or (
            not is_known and any(are_one_person(name, one) for one in (*here, PATRONS_OWN))
        ):
            raise BadInput(
                "a person or a machine has that name, or one with the same letters and digits", kind="account.name"
            )
        if any(one.name != name and one.certificates & certificates for one in programs):
            raise BadInput("another machine has that certificate", kind="account.certificate")

    def write(
        self,
        accounts: Iterable[AccountEntry] | None = None,
        *,
        machines: Iterable[MachineEntry] | None = None,
        readers: Iterable[ReaderEntry] | None = None,
    ) -> None:
        """Write the file. What is left out stays."""
        from cprsync.web.accounts import write_accounts

        people = self.accounts if accounts is None else accounts
        machines = self.machines if machines is None else machines
        write_accounts(self.path, people, machines, self.readers if readers is None else readers)


@contextmanager
def open_accounts(frame: Frame) -> Iterator[AccountsFile]:
    from cprsync.web.accounts import AccountsDocument, read_accounts

    with frame.opened() as site:
        path = site.settings.desk.accounts
        if path is None:
            raise ConfigurationError('[desk] names no file of accounts: accounts = "accounts.toml"', kind="accounts")
        document = read_accounts(path) if path.exists() else AccountsDocument()
        feeds = frozenset(one.name for one in site.section.target if one.target_kind.is_fetched)
        desk = site.settings.desk
        needed = {"machines_ca": desk.machines_ca, "certificate": desk.certificate, "key": desk.key}
        lacking = tuple(name for name, named in needed.items() if named is None)
        people, machines, readers = document.account, document.machine, document.reader
        has_provider = desk.sign_in is not None
        yield AccountsFile(path, site.section.agency, people, machines, readers, feeds, lacking, has_provider)


@accounts_app.command("set")
@framed
def set_account(
    name: Name,
    *,
    role: Annotated[list[Role], typer.Option("--role", help="What they are at the library; again for each role.")],
    keep_password: Annotated[
        bool, typer.Option("--keep-password", help="Leave the password as it is: of somebody who has one already.")
    ] = False,
    patron: Annotated[
        str, typer.Option("--patron", help="Their own patron number: a second person signs for what concerns them.")
    ] = "",
    frame: Frame,
) -> None:
    """Let a person sign in at the library, or change their roles.

    What they are at other libraries stays. The password is one for all: it is asked for, or read from standard input.
    """
    from cprsync.web.accounts import AccountEntry, check_name, hash_password, with_account

    with open_accounts(frame) as file:
        check_name(name)
        file.check_free(AccountEntry, name)
        kept = next((one.password for one in file.accounts if one.name == name), None) if keep_password else None
        if keep_password and kept is None:
            raise BadInput("nobody signs in by that name", kind="account.unknown")
        entry = AccountEntry(
            name=name,
            password=kept or hash_password(_ask_password(frame.lang)),
            roles=frozenset(role),
            libraries=frozenset({file.agency}),
            patron=_patron_number(patron),
        )
        file.write(with_account(file.accounts, entry))
    frame.print(_document(entry), [word("account_set", frame.lang, line=_line(entry, frame.lang))])


@accounts_app.command("list")
@framed
def list_accounts(frame: Frame) -> None:
    """List the people, the machines and the readers."""
    with open_accounts(frame) as file:
        entries = [one for _, one in sorted(file.here().items())]
        machines = sorted((one for one in file.machines if file.agency in one.libraries), key=lambda one: one.name)
    lines = [_line(one, frame.lang) for one in entries] or [word("account_none", frame.lang)]
    readers = sorted((one for one in file.readers if file.agency in one.libraries), key=lambda one: one.name)
    lines += [*(machine_line(one, frame.lang) for one in machines), *(reader_line(one, frame.lang) for one in readers)]
    document = {"accounts": [_document(one) for one in entries], "machines": list(map(machine_document, machines))}
    frame.print(document | {"readers": list(map(reader_document, readers))}, lines)


@accounts_app.command("remove")
@framed
def remove_account(name: Name, frame: Frame) -> None:
    """End what a person, machine or reader may do here.

    An open session ends with its next page, and a reader's token with its next request.
    """
    from cprsync.web.accounts import without_entry

    with open_accounts(frame) as file:
        entry = file.here().get(name)
        machine = next((one for one in file.machines if one.name == name and file.agency in one.libraries), None)
        reader = next((one for one in file.readers if one.name == name and file.agency in one.libraries), None)
        if entry is not None:
            file.write(without_entry(file.accounts, name, agency=file.agency))
            document = _document(entry)
        elif machine is not None:
            file.write(machines=without_entry(file.machines, name, agency=file.agency))
            document = machine_document(machine)
        elif reader is not None:
            file.write(readers=without_entry(file.readers, name, agency=file.agency))
            document = reader_document(reader)
        else:
            raise BadInput("nobody signs in by that name", kind="account.unknown")
    told = "account_removed_here" if entry is not None and file.has_provider else "account_removed"
    frame.print(document, [word(told, frame.lang, name=name)])


def _patron_number(typed: str) -> str | None:
    if typed and not re.fullmatch(r"[0-9]{8}", typed):
        raise BadInput("a patron number has eight digits", kind="account.patron")
    return typed or None


def _ask_password(language: Language) -> str:
    from cprsync.cli.terminal.user import ask_value
    from cprsync.web.accounts import PASSWORD_LEAST, PASSWORD_MAX

    typed = ask_value(word("account_password", language), lines=False, hidden=True).strip("\n")
    if not PASSWORD_LEAST <= len(typed) <= PASSWORD_MAX:
        raise BadInput("a password has at least {least} characters", least=PASSWORD_LEAST, kind="account.password")
    if not typed.isprintable():
        # nobody could type it where one signs in
        raise BadInput("a password is one line, without control characters", kind="account.password")
    if sys.stdin.isatty() and typed != ask_value(word("account_again", language), lines=False, hidden=True).strip("\n"):
        raise BadInput("the two passwords differ: nothing was written", kind="account.password")
    return typed


def _document(entry: AccountEntry) -> dict[str, object]:
    return {
        "name": entry.name,
        "roles": sorted(role.value for role in entry.roles),
        "libraries": sorted(entry.libraries),
    }


def _line(entry: AccountEntry, language: Language) -> str:
    roles = ", ".join(desk_word(f"role_{role.value}", language) for role in Role if role in entry.roles)
    return f"{entry.name}: {roles}"


def machine_document(entry: MachineEntry) -> dict[str, Any]:
    """The JSON shape of a machine."""
    return {
        "name": entry.name,
        "certificates": sorted(entry.certificates),
        "libraries": sorted(entry.libraries),
        "asks_a_minute": entry.asks_a_minute,
        "wrong_an_hour": entry.wrong_an_hour,
    }


def machine_line(entry: MachineEntry, language: Language) -> str:
    """A machine as one line."""
    shown = ", ".join(f"sha256:{one[:FINGERPRINT_SHOWN]}…" for one in sorted(entry.certificates))
    return f"{entry.name}: {word('account_machine', language, certificates=shown, asks=entry.asks_a_minute)}"


def lacking_lines(file: AccountsFile, certificates: frozenset[str], language: Language) -> list[str]:
    """What the desk lacks, if it does not ask for certificates yet, and somebody is to come in by one."""
    if not file.lacking or not certificates:
        return []
    return [word("account_lacking", language, some=", ".join(file.lacking))]


def reader_document(entry: ReaderEntry) -> dict[str, Any]:
    """The JSON shape of a reader. Its secret is nowhere."""
    return {
        "name": entry.name,
        "secret_set": entry.secret is not None,
        "certificates": sorted(entry.certificates),
        "libraries": sorted(entry.libraries),
        "asks_a_minute": entry.asks_a_minute,
    }


def reader_line(entry: ReaderEntry, language: Language) -> str:
    """A reader as one line."""
    ways = [word("account_by_secret", language)] if entry.secret is not None else []
    ways += [f"sha256:{one[:FINGERPRINT_SHOWN]}…" for one in sorted(entry.certificates)]
    return f"{entry.name}: {word('account_reader', language, ways=', '.join(ways), asks=entry.asks_a_minute)}"

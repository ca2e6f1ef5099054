"""`serve` opens the desk to browsers; `accounts` says who may sign in there; `openapi` describes its API.

A password is never an argument.
"""

from __future__ import annotations

import enum
import json
import re
import sys
import time
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cprsync.cli.terminal.frame import CONFIG, Config, Json, Lang, Library, opened, print_document
from cprsync.cli.terminal.output import say
from cprsync.domain.desk.confirming import SERVICE
from cprsync.domain.desk.roles import Role
from cprsync.errors import BadInput, ConfigurationError
from cprsync.language.words import desk_word, word

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from cprsync.catalogues import Language
    from cprsync.web.accounts import AccountEntry, MachineEntry
    from cprsync.web.entry import Surroundings
    from cprsync.web.journeys import StaffProvider
    from cprsync.web.me.area import PatronArea
    from cprsync.wiring import Site

#: Where a browser finds the desk, unless another port is given.
PORT = 8710
#: How much of a fingerprint tells two certificates apart.
FINGERPRINT_SHOWN = 16


class Only(enum.Enum):
    """What is served, if not all of it."""

    DESK = "desk"
    PATRONS = "patrons"


app = typer.Typer()
accounts_app, openapi_app = typer.Typer(), typer.Typer()
Name = Annotated[str, typer.Argument(help="The name that they sign in with; the audit names them by it.")]


@app.command("serve")
def serve_desk(
    *,
    port: Annotated[
        int, typer.Option("--port", min=0, max=65535, help="Where browsers ask; 0 picks a free one.")
    ] = PORT,
    only: Annotated[
        Only | None, typer.Option("--only", help="The desk alone, or the patrons' own pages alone.")
    ] = None,
    config: Config = CONFIG,
    library: Library = None,
    lang: Lang = "da",
    as_json: Json = False,
) -> None:
    """Serve the desk to browsers, until stopped.

    [desk] in the configuration says who may sign in, by which certificate and on which address. Without it nobody has
    to sign in: the audit names the person who started it, and only this machine is answered.
    """
    with opened(config, library, as_json=as_json) as site:
        serve_site(site, port, lang, as_json=as_json, only=only)


@openapi_app.command("openapi")
def print_description(*, as_json: Json = False) -> None:
    """Print what the desk's JSON API takes and answers.

    Needs no configuration. With --json it is the whole description (OpenAPI 3.1). `serve` answers it at
    /api/v1/openapi.json.
    """
    from cprsync.web.api.api import build_description
    from cprsync.web.api.description import outline

    document = build_description()
    print_document(document, outline(document), as_json=as_json)


def serve_site(site: Site, port: int, language: Language, *, as_json: bool, only: Only | None = None) -> None:
    """Serve one library's desk until SIGINT or SIGTERM.

    Raises:
        ConfigurationError: a setting, the certificate or the file of accounts is wrong, or the port is taken.
    """
    from cprsync.cli.desk.verifying import verifying
    from cprsync.web.app import make_app
    from cprsync.web.serving import Certificate, listen, make_server
    from cprsync.wiring import Site

    desk = site.settings.desk
    _check_parts(site, only)
    certificate = None
    if desk.certificate is not None and desk.key is not None:
        certificate = Certificate(desk.certificate, desk.key, desk.machines_ca)
    with _surroundings(site, only) as around, closing(listen(port, host=desk.host)) as listener:
        with around.places.taken():
            # what is wrong with the store or the register's settings is said before a browser asks
            pass
        scheme, name = "https" if around.secure else "http", min(desk.names, default=around.hosts[0])
        url = f"{scheme}://{name}:{listener.getsockname()[1]}/{'' if around.shows_desk else 'me'}"
        ready = partial(_say_ready, url, around, language, as_json=as_json)
        with verifying(Site(site.settings, site.section, stays_open=True)):
            make_server(make_app(around), certificate, ready).run(sockets=[listener])


def _check_parts(site: Site, only: Only | None) -> None:
    """Refuse to serve what is not set up, or a desk without log-in beside pages for everybody."""
    page, desk = site.section.patron_page, site.settings.desk
    if only is Only.PATRONS and page is None:
        raise ConfigurationError("the library has no [library.patron_page]", kind="setting")
    if only is None and page is not None and not desk.signs_in:
        raise ConfigurationError(
            "beside the patrons' pages the desk needs accounts or sign_in: add one, or serve one of both with --only",
            kind="setting",
        )


@contextmanager
def _surroundings(site: Site, only: Only | None = None) -> Iterator[Surroundings]:
    """What the pages are given: the library's places, sessions, and who may sign in."""
    from cprsync.cli.terminal.user import user_name
    from cprsync.config.addresses import LOOPBACK
    from cprsync.web.accounts import Accounts
    from cprsync.web.entry import Surroundings
    from cprsync.web.places import Places
    from cprsync.web.sessions import Sessions
    from cprsync.wiring import Site

    desk, agency = site.settings.desk, site.section.agency
    accounts = None if desk.accounts is None else Accounts(desk.accounts, agency=agency, monotonic=time.monotonic)
    open_site = partial(Site, site.settings, site.section, stays_open=True, own_patron=site.own_patron)
    with ExitStack() as stack:
        provider = stack.enter_context(_staff_provider(site))
        yield Surroundings(
            stack.enter_context(closing(Places(open_site))),
            Sessions(monotonic=time.monotonic),
            site.section.name,
            user_name(),
            accounts,
            (*LOOPBACK, *sorted(desk.names)),
            secure=desk.certificate is not None,
            provider=provider,
            patrons=None if only is Only.DESK else stack.enter_context(_patron_area(site)),
            shows_desk=only is not Only.PATRONS,
        )


@contextmanager
def _staff_provider(site: Site) -> Iterator[StaffProvider | None]:
    """Where staff sign in beside the accounts. None: nowhere."""
    section = site.settings.desk.sign_in
    if section is None:
        yield None
        return
    from cprsync.web.journeys import Journeys, StaffProvider
    from cprsync.web.open_id import BACK
    from cprsync.wiring import real_time

    with site.provider(section, back=BACK, after="/sign-in") as provider:
        secure = site.settings.desk.certificate is not None
        journeys = Journeys(provider, cookie="cprsync-way", secure=secure, now=real_time)
        yield StaffProvider(journeys, section.title, section.rules(), site.section.agency)


@contextmanager
def _patron_area(site: Site) -> Iterator[PatronArea | None]:
    """The patron's own pages. None: the library has none."""
    section = site.section.patron_page
    if section is None:
        yield None
        return
    from cprsync.web.journeys import Journeys
    from cprsync.web.me.area import BACK, IDLE_SECONDS, LONGEST_SECONDS, SIGN_IN, PatronArea, PatronProvider
    from cprsync.web.sessions import Sessions
    from cprsync.wiring import real_time

    sessions = Sessions(monotonic=time.monotonic, idle_seconds=IDLE_SECONDS, longest_seconds=LONGEST_SECONDS)
    if section.sign_in is None:
        yield PatronArea(sessions, section.cards, None, time.monotonic)
        return
    with site.provider(section.sign_in, back=BACK, after=SIGN_IN) as provider:
        secure = site.settings.desk.certificate is not None
        journeys = Journeys(provider, cookie="cprsync-me-way", secure=secure, now=real_time)
        named_by, claim = section.sign_in.claim
        door = PatronProvider(journeys, section.sign_in.title, claim, named_by)
        yield PatronArea(sessions, section.cards, door, time.monotonic)


def _say_ready(url: str, around: Surroundings, language: Language, *, as_json: bool) -> None:
    if as_json:
        # on one line, as programs that wait for it read lines
        say(json.dumps({"ready": True, "url": url, "sign_in": around.signs_in}))
        return
    say(word("serve_ready", language, url=url))
    if around.shows_desk and not around.signs_in:
        user = word("audit_nobody", language) if around.user == SERVICE else around.user
        say(word("serve_no_login", language, user=user))


# -- accounts ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class AccountsFile:
    """The file of accounts, and the library that the command is about."""

    path: Path
    agency: str
    accounts: tuple[AccountEntry, ...]
    machines: tuple[MachineEntry, ...]

    def here(self) -> dict[str, AccountEntry]:
        """Who may sign in at the library, by name."""
        return {one.name: one for one in self.accounts if self.agency in one.libraries}

    def write(
        self, accounts: Iterable[AccountEntry] | None = None, *, machines: Iterable[MachineEntry] | None = None
    ) -> None:
        """Write the file. What is left out stays."""
        from cprsync.web.accounts import write_accounts

        people = self.accounts if accounts is None else accounts
        write_accounts(self.path, people, self.machines if machines is None else machines)


@contextmanager
def open_accounts(config: Path, library: str | None, *, as_json: bool) -> Iterator[AccountsFile]:
    from cprsync.web.accounts import AccountsDocument, read_accounts

    with opened(config, library, as_json=as_json) as site:
        path = site.settings.desk.accounts
        if path is None:
            raise ConfigurationError('[desk] names no file of accounts: accounts = "accounts.toml"', kind="accounts")
        document = read_accounts(path) if path.exists() else AccountsDocument()
        yield AccountsFile(path, site.section.agency, document.account, document.machine)


@accounts_app.command("set")
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
    config: Config = CONFIG,
    library: Library = None,
    lang: Lang = "da",
    as_json: Json = False,
) -> None:
    """Let a person sign in at the library, or change their roles.

    What they are at other libraries stays. The password is one for all: it is asked for, or read from standard input.
    """
    from cprsync.web.accounts import AccountEntry, check_name, hash_password, with_account

    with open_accounts(config, library, as_json=as_json) as file:
        check_name(name)
        if any(one.name == name for one in file.machines):
            raise BadInput("a machine has that name", kind="account.name")
        kept = next((one.password for one in file.accounts if one.name == name), None) if keep_password else None
        if keep_password and kept is None:
            raise BadInput("nobody signs in by that name", kind="account.unknown")
        entry = AccountEntry(
            name=name,
            password=kept or hash_password(_ask_password(lang)),
            roles=frozenset(role),
            libraries=frozenset({file.agency}),
            patron=_patron_number(patron),
        )
        file.write(with_account(file.accounts, entry))
    print_document(_document(entry), [word("account_set", lang, line=_line(entry, lang))], as_json=as_json)


@accounts_app.command("list")
def list_accounts(
    *, config: Config = CONFIG, library: Library = None, lang: Lang = "da", as_json: Json = False
) -> None:
    """List who may sign in, and which machines may ask."""
    with open_accounts(config, library, as_json=as_json) as file:
        entries = [one for _, one in sorted(file.here().items())]
        machines = sorted((one for one in file.machines if file.agency in one.libraries), key=lambda one: one.name)
    lines = [_line(one, lang) for one in entries] or [word("account_none", lang)]
    lines += [machine_line(one, lang) for one in machines]
    document = {"accounts": [_document(one) for one in entries]}
    print_document(document | {"machines": list(map(machine_document, machines))}, lines, as_json=as_json)


@accounts_app.command("remove")
def remove_account(
    name: Name, *, config: Config = CONFIG, library: Library = None, lang: Lang = "da", as_json: Json = False
) -> None:
    """End what a person or a machine may do at the library.

    An open session ends with its next page.
    """
    from cprsync.web.accounts import without_account

    with open_accounts(config, library, as_json=as_json) as file:
        entry = file.here().get(name)
        machine = next((one for one in file.machines if one.name == name and file.agency in one.libraries), None)
        if entry is not None:
            file.write(without_account(file.accounts, name, agency=file.agency))
            document = _document(entry)
        elif machine is not None:
            file.write(machines=[one for one in file.machines if one is not machine])
            document = machine_document(machine)
        else:
            raise BadInput("nobody signs in by that name", kind="account.unknown")
    print_document(document, [word("account_removed", lang, name=name)], as_json=as_json)


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

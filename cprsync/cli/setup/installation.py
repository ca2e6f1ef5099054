"""Sets an installation up: `init` writes its files, `certs` makes and checks certificates, `db` sets the store up.

`db` also says which version the store has, and accepts an erase journal that has lost lines.
"""

from __future__ import annotations

import json
import os
import shlex
import sys
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from cprsync.catalogues import Language
from cprsync.cli.setup.units import (
    SERVICE_USER,
    find_closed_program,
    installed_command,
    next_lines,
    read_template,
    service_user,
    unit_texts,
)
from cprsync.cli.terminal.failures import failures, never
from cprsync.cli.terminal.frame import CONFIG, Config, Frame, Json, Lang, Reason, framed, print_document
from cprsync.cli.terminal.output import note, print_json, say
from cprsync.errors import ConfigurationError, Exit
from cprsync.language.status import mending_text, problem_text, whose_text
from cprsync.language.words import moment_text, word
from cprsync.private import check_folder, create_private, refuse_root_at

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from cprsync.register.own_certificate import Identity
    from cprsync.services.ports.trust.upkeep import StoreVersion

TESTING = """
[test]
# Only with environment = "test": take the day from the mock.
control_url = "{control_url}"
"""
#: How a certificate stands, by its level: as `doctor` marks it.
_MARK: Final = {"ok": "✓", "warn": "!", "critical": "✗"}
app, certs_app, db_app = typer.Typer(), typer.Typer(), typer.Typer()


@app.command()
def init(
    folder: Annotated[Path, typer.Argument(help="Where an installation is to be; what is there stays.")],
    *,
    mock: Annotated[Path | None, typer.Option("--mock", help="Point at a mock: the ready.json in its folder.")] = None,
    lang: Lang = "da",
    as_json: Json = False,
) -> None:
    """Write the files that an installation starts from.

    cprsync.toml and policy.toml with comments, the keys that seal the records, systemd units.
    """
    with failures(as_json=as_json):
        written = write_folder(folder, mock=mock)
    lines = [
        f"{folder}: {', '.join(written) if written else word('init_there', lang)}",
    ]
    upgrade = f"cprsync db upgrade --config {shlex.quote(f'{folder}/cprsync.toml')}"
    lines += next_lines((str(folder),), (upgrade,), lang)
    command = installed_command(sys.executable)
    closed = find_closed_program(command)
    if closed is not None:
        lines.append("! " + word("init_closed", lang, command=command, user=SERVICE_USER, place=closed))
    document = {"folder": str(folder), "written": written, "closed": None if closed is None else str(closed)}
    print_document(document, lines, as_json=as_json)


def write_folder(folder: Path, *, mock: Path | None) -> list[str]:
    """Write the missing files and return their names. Raises ConfigurationError."""
    from cprsync.resources import fixture_path
    from cprsync.wiring.setting_up import create_keys, make_sure_that_empty

    make_sure_that_own(folder)
    ready = paths_from(folder.resolve(), _read_ready(mock))
    texts = {
        "cprsync.toml": _configuration(ready, mock),
        "policy.toml": fixture_path("policy.toml").read_text(encoding="utf-8"),
        **unit_texts(folder.resolve(), installed_command(sys.executable), user=service_user()),
    }
    try:
        if new_keys := not (folder / "keys").exists():
            make_sure_that_empty(_store_url(folder))
        written = _write_missing(folder, texts)
        if new_keys:
            create_keys(folder / "keys")
            written.append("keys")
    except OSError as error:
        raise folder_refused(folder, error) from error
    return written


def make_sure_that_own(folder: Path, *, root: Path = Path("/")) -> None:
    """Refuse a folder of the system, as /etc or /srv: what comes next is to give all of it to the service.

    Raises ConfigurationError.
    """
    place = folder.resolve()
    is_top = root in {place, place.parent}
    with suppress(FileNotFoundError, NotADirectoryError, PermissionError):
        if is_top and not (place / "cprsync.toml").exists() and any(place.iterdir()):
            raise ConfigurationError("{path} holds other things already", path=folder, kind="init.folder")


def _store_url(folder: Path) -> str:
    """The url of a folder's store, present or future.

    Raises ConfigurationError if its configuration does not name one.
    """
    from cprsync.config.settings import load_settings

    config = folder / "cprsync.toml"
    return load_settings(config).store.url if config.exists() else f"sqlite:///{folder.resolve() / 'cprsync.db'}"


def folder_refused(folder: Path, error: OSError) -> ConfigurationError:
    """The error for a folder that cannot be written to."""
    return ConfigurationError(
        "{path}: nothing can be written there ({strerror})", path=folder, strerror=error.strerror, kind="init.folder"
    )


def _write_missing(folder: Path, texts: Mapping[str, str]) -> list[str]:
    """Write the missing files and return their names."""
    if not folder.is_symlink():
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    check_folder(folder)
    # a link counts as present, wherever it leads: it is refused when the file is read
    missing = [name for name in texts if not os.path.lexists(folder / name)]
    for name in missing:
        create_private(folder / name, texts[name])
    return missing


def _read_ready(mock: Path | None) -> dict[str, Any]:
    if mock is None:
        return _placeholders()
    try:
        document: Any = json.loads(mock.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise ConfigurationError("{mock}: not the mock's ready.json", mock=mock) from None
    if not (isinstance(document, dict) and document.get("sftp")):
        raise ConfigurationError("{mock}: of an older mock: start it again", mock=mock)
    return dict(document)


def paths_from(folder: Path, value: Any) -> Any:
    """The mock's document with each path below the folder written from there, so that the folder can be moved."""
    if isinstance(value, dict):
        return {key: paths_from(folder, part) for key, part in value.items()}
    is_below = isinstance(value, str) and Path(value).is_relative_to(folder)
    return str(Path(value).relative_to(folder)) if is_below else value


def _configuration(ready: dict[str, Any], mock: Path | None) -> str:
    keys = ("lookup_url", "subscription_url", "ca", "client_cert", "client_key", "task")
    sftp = ready["sftp"]
    text = read_template("cprsync.toml").format(
        **{key: ready[key] for key in keys},
        **ready["agreement"],
        environment="test",
        name="Bibliotekerne" if mock is None else "Byens bibliotek (demo)",
        municipalities='"0101"' if mock is None else '"0751"',
        sftp_user=sftp["user"],
        **{key: sftp[key] for key in ("host", "port", "key", "known_hosts", "folder")},
        culr=_section("culr", _culr_of(ready)),
        fbs=_section("fbs", _fbs_of(ready)),
        target=_commented(read_template("target.toml")),
    )
    return text if mock is None else text + TESTING.format(control_url=ready["control_url"])


def _section(name: str, values: dict[str, Any] | None) -> str:
    """The section of a counterpart, commented out if it is not known."""
    section = read_template(f"{name}.toml")
    if values is not None:
        return section.format(**values)
    return _commented(section.format(**_placeholders()[name]))


def _commented(section: str) -> str:
    return "".join(f"# {line}" if line.strip() else line for line in section.splitlines(keepends=True))


def _culr_of(ready: dict[str, Any]) -> dict[str, Any] | None:
    """CULR as the mock serves it."""
    if ready.get("culr_url") is None:
        return None
    return {"url": ready["culr_url"], "ca": ready["ca"], **ready["culr"]}


def _fbs_of(ready: dict[str, Any]) -> dict[str, Any] | None:
    """FBS as the mock serves it, if it was asked to. The placeholders are no counterpart."""
    return {"ca": ready["ca"], **ready["fbs"]} if ready.get("ready") and ready.get("fbs") else None


def _placeholders() -> dict[str, Any]:
    """Values that say what belongs there, until the platform has given a real agreement, and DBC a user of CULR."""
    placeholders: dict[str, Any] = json.loads(read_template("placeholders.json"))
    return placeholders


@certs_app.command("dev")
def certs_dev(
    folder: Annotated[Path, typer.Argument(help="Where they go; valid ones stay.")],
    *,
    client_days: Annotated[
        int | None,
        typer.Option("--client-days", min=0, max=1095, help="A new client's one that ends in so many days; 0: it has."),
    ] = None,
    lang: Lang = "da",
    as_json: Json = False,
) -> None:
    """Make a development CA, a server and a client certificate.

    Shaped like the OCES3 test certificates; production refuses them.
    """
    from cprsync.mock.certs import develop_certificates

    with failures(as_json=as_json):
        made = develop_certificates(folder, now=datetime.now(UTC), client_days=client_days)
    names = ("ca", "client", "client_key", "client_p12", "server", "server_key")
    paths = {name: str(getattr(made, name)) for name in names}
    document = {**paths, "serial": made.serial}
    lines = [f"{name:<12} {value}" for name, value in document.items()]
    print_document(document, [*lines, word("certs_dev", lang)], as_json=as_json)


@certs_app.command("renew")
@framed
def certs_renew(
    *,
    cert: Annotated[Path, typer.Option("--cert", help="The new certificate with its chain (PEM), or the new .p12.")],
    key: Annotated[Path | None, typer.Option("--key", help="Its key (PEM), if it is in a file of its own.")] = None,
    password: Annotated[
        Path | None, typer.Option("--p12-password-file", help="The password of the new .p12, if it is another one.")
    ] = None,
    ends_earlier: Annotated[
        bool, typer.Option("--ends-earlier", help="Take one that ends earlier than the one in use, such as to go back.")
    ] = False,
    frame: Frame,
) -> None:
    """Put a new certificate in the place of ours.

    It is checked, and tried with one harmless call to each service, before it is used. The configured paths stay, and
    the old files are kept beside the new ones. A running desk or night takes them with its next connection. If it was
    killed, run it again.
    """
    from cprsync.cli.terminal.user import user_name
    from cprsync.register.renewing import NewFiles

    with frame.opened() as site, site.store() as store:
        acting = user_name()

        def note(fresh: Identity) -> None:
            of = fresh.certificate
            store.audit.note_certificate(user=acting, serial=of.serial_number, ends=of.not_valid_after_utc)

        new = NewFiles(cert, key, password, may_end_earlier=ends_earlier)
        document = site.counterparts.renew_certificate(new, note=note)
    lines = [word("certs_renewed", frame.lang, subject=document["subject"], count=document["days_left"])]
    lines += [f"  {path}" for path in document["written"]]
    frame.print(document, [*lines, word("certs_previous", frame.lang)])


@certs_app.command("check")
@framed
def certs_check(frame: Frame) -> int:
    """Say whose each certificate is, and how many days are left.

    Ours, its chain, those we trust, and the counterparts' own; exit 2 when one cannot be used.
    """
    from cprsync.register.own_certificate import Counterpart, certificate_report
    from cprsync.wiring.counterparts import register_settings

    with frame.opened() as site:
        culr = site.section.culr
        beside = [] if culr is None else [Counterpart(culr.url, culr.ca, culr.crl)]
        register = register_settings(site.section.register_, production=site.settings.is_production)
        rows = certificate_report(register, now=datetime.now(UTC), beside=beside)
    frame.print({"certificates": rows}, _certificate_lines(rows, frame.lang))
    return Exit.WRONG if any(row["level"] == "critical" for row in rows) else Exit.DONE


def _certificate_lines(rows: Sequence[Mapping[str, Any]], language: Language) -> Iterator[str]:
    """Whose each is, its subject and its end, in columns; beneath it what is wrong."""
    whose = [whose_text(row, language) for row in rows]
    widths = [max(map(len, cells), default=0) for cells in (whose, [row["subject"] or "" for row in rows])]
    for row, named in zip(rows, whose, strict=True):
        cells = [f"{_MARK[row['level']]} {named:<{widths[0]}}"]
        if row["subject"]:
            moment = moment_text(row["not_after"], language)
            ends = word("certs_ends", language, moment=moment, count=max(row["days_left"], 0))
            cells += [f"{row['subject']:<{widths[1]}}", ends]
        if row["revocation"]:
            cells.append(word(f"certs_revocation_{row['revocation']}", language))
        yield "  ".join(cells)
        if row["problem"]:
            yield f"    {problem_text(row, language)}"
        if mending := mending_text(row, language):
            yield f"    {mending}"


@db_app.command("upgrade")
def db_upgrade(
    *,
    copy: Annotated[
        bool, typer.Option("--copy/--no-copy", help="First copy a database that holds patrons, beside cprsync.toml.")
    ] = True,
    config: Config = CONFIG,
    lang: Lang = "da",
    as_json: Json = False,
) -> None:
    """Set the store up, or bring it to this program's version."""
    from cprsync.config.settings import load_settings
    from cprsync.wiring.setting_up import remembers_another, upgrade_store

    with failures(as_json=as_json):
        # keys and copies go there, also where the database is a server's
        refuse_root_at(config.resolve().parent)
        settings = load_settings(config)
        copies = config.resolve().parent if copy else None
        document = upgrade_store(settings.store, copies=copies)
        document["earlier"] = document["created"] is not None and remembers_another(settings)
    lines = [word("db_upgraded", lang, version=document["version"])]
    if document["created"] is not None:
        lines.insert(0, word("db_created", lang, place=document["created"]))
    if document["earlier"]:
        lines.append(f"  ! {word('db_earlier', lang)}")
    if document["copy"] is not None:
        lines.append(f"  {word('db_copied', lang, path=document['copy'])}")
    print_document(document, lines, as_json=as_json)


@db_app.command("status")
def db_status(*, config: Config = CONFIG, lang: Lang = "da", as_json: Json = False) -> int:
    """Say which version the store is of, and which is needed."""
    from cprsync.config.settings import load_settings
    from cprsync.wiring.setting_up import look_at_store, remembers_another

    with failures(as_json=as_json, stays=never):
        settings = load_settings(config)
        found, missing = look_at_store(settings.store.url)
    document = {"version": found.current, "needed": found.wanted, "missing": missing}
    is_gone = found.current is None and remembers_another(settings)
    key = "db_gone" if is_gone else _state_key(found, missing)
    state = word(key, lang, version=found.current, wanted=found.wanted)
    print_document(document, [state, *(f"  {name}" for name in missing)], as_json=as_json)
    # also when a part of this version is missing
    return Exit.DONE if found.up_to_date and not missing else Exit.WRONG


def _state_key(found: StoreVersion, missing: list[str]) -> str:
    """The key of the words for the store's state."""
    if found.current is None:
        return "db_none"
    if missing:
        return "db_lacks"
    if found.up_to_date:
        return "db_current"
    return "db_newer" if found.is_newer else "db_other"


@db_app.command("accept-journal")
@framed
def db_accept_journal(*, reason: Reason = "", frame: Frame) -> None:
    """Accept an erase journal that has lost lines.

    Use this only when the newest journal is gone for good: every other command stops until the database and the journal
    agree. Nothing remembers the patrons whose erasure was in the lost lines. An older copy of the database would bring
    them back.
    """
    from cprsync.cli.terminal.user import user_name
    from cprsync.services.trust.audit import accept_journal

    with frame.opened() as site, site.unchecked_store() as store:
        document = accept_journal(store, agency=site.section.agency, user=user_name(), reason=reason)
    if frame.as_json:
        print_json(document)
    else:
        _show_accepted(document, frame.lang)


def _show_accepted(document: Mapping[str, Any], language: Language) -> None:
    say(word("journal_accepted", language, **document))
    if document["set_aside"]:
        say("  " + word("journal_set_aside", language))
    note("  ! " + word("journal_lost", language))
    say("  " + word("journal_audit", language))
    say("  " + word("journal_backup", language))

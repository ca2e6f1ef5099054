"""`init`: the files that an installation starts from."""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cprsync.cli.language.words import word
from cprsync.cli.terminal.acting import account_of
from cprsync.cli.terminal.command import print_document
from cprsync.cli.terminal.failures import failures
from cprsync.cli.terminal.options import Json, Lang
from cprsync.errors import ConfigurationError
from cprsync.private import check_folder, create_private

if TYPE_CHECKING:
    from collections.abc import Mapping

#: Placeholders that say what belongs there, until the platform has given a real agreement.
PLACEHOLDER: dict[str, Any] = {
    "lookup_url": "https://exttest.serviceplatformen.dk/service/CPR/PersonBaseDataExtended/5",
    "subscription_url": "https://exttest.serviceplatformen.dk/service/CPRSubscription/CPRSubscription/1/",
    "ca": "certs/ca.pem",
    "client_cert": "certs/client.pem",
    "client_key": "certs/client.key",
    "task": "000000",
    "sftp": {
        "host": "sftpexttest.serviceplatformen.dk",
        "port": 22,
        "user": "user-of-the-sftp-agreement",
        "key": "sftp/key",
        "known_hosts": "sftp/known_hosts",
        "folder": "IN",
    },
    "agreement": {
        "agency": "700000",
        "service_agreement": "00000000-0000-0000-0000-000000000000",
        "user_system": "00000000-0000-0000-0000-000000000000",
        "user": "00000000-0000-0000-0000-000000000000",
        "cvr": "00000000",
    },
}

CONFIGURATION = """\
# cprsync's configuration. A relative path is meant from this file's folder.
# Environment variables win: CPRSYNC_STORE__URL is [store] url.

# "production", or "test" against a mock or the platform's external test environment.
environment = "{environment}"
# DEBUG, INFO, WARNING or ERROR; events go to standard error and hold no personal data.
log_level = "WARNING"

[store]
# sqlite:///file, or postgresql+psycopg://user@host/database
url = "sqlite:///cprsync.db"
# Who was closed or erased, so that an older copy of the database brings nobody back. Put it on another disk than the
# database, and never restore it together with it.
erase_journal = "erase-journal.log"

[keys]
# The keys that seal the records. Keep a copy apart from the database's backup: without them nothing opens.
dir = "keys"

[audit]
# Accounts of this machine that are nobody's own, besides those below 1000: who acts under one is "the service".
service_accounts = []
# Accounts that may name the person they act for: cprsync --as NAME
may_name = []

[[library]]
# The library's six-digit agency number, and its name.
agency = "{agency}"
name = "{name}"
# The Danish municipalities that count as residence.
municipalities = [{municipalities}]
# The guard's limits.
policy = "policy.toml"

[library.register]
lookup_url = "{lookup_url}"
subscription_url = "{subscription_url}"
# The counterpart's certificate authority, and our own certificate with its key (or one p12 file).
ca = "{ca}"
client_cert = "{client_cert}"
client_key = "{client_key}"
# p12 = "client.p12"
# p12_password_file = "client.p12-password"
# The company number (CVR) in the certificate, when a supplier calls for the library.
# certificate_cvr = "12345678"
# Lists of revoked certificates that something else keeps fresh; certs/README.md says how.
# crl = ["issuing.crl"]
# From the service agreement; all lower case.
service_agreement = "{service_agreement}"
user_system = "{user_system}"
user = "{user}"
cvr = "{cvr}"
# Which of the platform's two models a call uses to say who asks: invocation or authority.
context = "invocation"
# true: others subscribe under this agreement too, and only the subscriptions that we added are ever removed.
shared = false
# How many calls may be under way at the same time (1 to 64), and how many are made in a second at most (1 to 1000).
# 100,000 new patrons, two calls each at 50 ms: 42 minutes with 4 workers, 17 with 16 and this quota.
workers = 4
per_second = 200
# How many patrons a day the register is asked about because deliveries could not have told of them.
windows_a_day = 20000

[library.feed]
# The SFTP server on which deliveries arrive, and our user there.
host = "{host}"
port = {port}
user = "{sftp_user}"
# Our private SSH key, which only its owner may read, and the known_hosts file that pins the server's key.
key = "{key}"
known_hosts = "{known_hosts}"
# The folder there.
folder = "{folder}"
# Instead of these six: path, a folder of this machine to which something else brings the deliveries.
# path = "IN"
# The task number (opgavenr) of the agreement: a file of another task is refused.
task = "{task}"
# strict: a missing delivery, or a wrong count at the end of one, stops; warn: it is reported.
chain = "strict"
count = "strict"
# What happens to a file once it is sealed in the inbox: keep or delete.
after = "keep"
# How long a run waits for the SFTP server: seconds for one answer; the slowest that a file may come, in bytes a second,
# over so many seconds of waiting; and seconds for all that the run asks. At 90,000 bytes a second 300 MB take an hour.
stall_seconds = 60
floor_bytes_per_second = 1024
floor_seconds = 60
total_seconds = 3600

# CULR, which the net media ask for a patron's municipality; without it, what they are to hear waits. The issuers that
# its certificate may come from, the user and group that DBC has given the library, and a file with just the password;
# workers and calls a second as for the register. local_accounts: with cards each card is an account of its own too, by
# which it logs in; with none CULR hears of no card.
{culr}"""
CULR = """\
[library.culr]
url = "{url}"
ca = "{ca}"
user = "{user}"
group = "{group}"
password_file = "{password_file}"
local_accounts = "none"
workers = 16
per_second = 500
"""
#: Placeholders, until DBC has given the library a user.
NO_CULR: dict[str, str] = {
    "url": "https://culr.addi.dk/1.6/CulrWebService",
    "ca": "/etc/ssl/certs/ca-certificates.crt",
    "user": "user-at-culr",
    "group": "700000",
    "password_file": "culr-password",
}
TESTING = """
[test]
# Only with environment = "test": take the day from the mock.
control_url = "{control_url}"
"""
SERVICE = """\
[Unit]
Description=cprsync: the night
Wants=network-online.target
After=network-online.target

[Service]
Type=oneshot
# The user that owns this folder, and nothing else.
User={user}
WorkingDirectory={folder}
# Fetch fresh lists of revoked certificates first (certs/README.md); without them the night warns and goes on.
#ExecStartPre=-/usr/local/bin/fetch-lists
ExecStart={command} sync --config {configuration} --json
SuccessExitStatus=3
TimeoutStartSec=4h

# It writes into this folder. If the erase journal, or `path` of [library.feed], is elsewhere, add that folder.
ReadWritePaths={written}
UMask=0077
LimitCORE=0
ProtectSystem=strict
ProtectHome=read-only
PrivateTmp=true
PrivateDevices=true
DevicePolicy=closed
PrivateUsers=true
ProtectClock=true
ProtectControlGroups=true
ProtectHostname=true
ProtectKernelLogs=true
ProtectKernelModules=true
ProtectKernelTunables=true
ProtectProc=invisible
ProcSubset=pid
NoNewPrivileges=true
CapabilityBoundingSet=
AmbientCapabilities=
KeyringMode=private
LockPersonality=true
MemoryDenyWriteExecute=true
RemoveIPC=true
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX
RestrictNamespaces=true
RestrictRealtime=true
RestrictSUIDSGID=true
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallFilter=~@privileged @resources
SystemCallErrorNumber=EPERM
"""
#: root must not run the night: the README says how to create this user.
SERVICE_USER = "cprsync"
TIMER = """\
[Unit]
Description=cprsync: every morning, after the register's delivery

[Timer]
OnCalendar=*-*-* 06:15 Europe/Copenhagen
OnCalendar=*-*-* 09:15 Europe/Copenhagen
OnCalendar=*-*-* 11:45 Europe/Copenhagen
Persistent=true

[Install]
WantedBy=timers.target
"""


app = typer.Typer()


@app.command()
def init(
    folder: Annotated[Path, typer.Argument(help="Where an installation is to be; what is there stays.")],
    *,
    mock: Annotated[Path | None, typer.Option("--mock", help="Point at a mock: the ready.json in its folder.")] = None,
    lang: Lang = "da",
    as_json: Json = False,
) -> None:
    """Write the files that an installation starts from.

    cprsync.toml and policy.toml with comments, the keys that seal the records, a systemd service and timer.
    """
    with failures(as_json=as_json):
        written = write_folder(folder, mock=mock)
    lines = [
        f"{folder}: {', '.join(written) if written else word('init_there', lang)}",
        word("init_next", lang, command=f"cprsync db upgrade --config {folder}/cprsync.toml"),
    ]
    print_document({"folder": str(folder), "written": written}, lines, as_json=as_json)


def write_folder(folder: Path, *, mock: Path | None) -> list[str]:
    """Write the missing files and return their names. Raises ConfigurationError."""
    from cprsync.resources import fixture_path
    from cprsync.wiring import create_keys, make_sure_that_empty

    ready = _ready(mock)
    texts = {
        "cprsync.toml": _configuration(ready, mock),
        "policy.toml": fixture_path("policy.toml").read_text(encoding="utf-8"),
        "cprsync.service": service_text(folder.resolve(), installed_command(sys.executable), user=service_user()),
        "cprsync.timer": TIMER,
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


def _store_url(folder: Path) -> str:
    """The url of a folder's store, present or future.

    Raises ConfigurationError if its configuration does not name one.
    """
    from cprsync.config.settings import load_settings

    config = folder / "cprsync.toml"
    return load_settings(config).store.url if config.exists() else f"sqlite:///{folder.resolve() / 'cprsync.db'}"


def service_text(folder: Path, command: str, *, user: str) -> str:
    """The systemd unit for one folder's night."""
    return SERVICE.format(
        user=user,
        folder=_unit_path(str(folder)),
        written=_unit_word(str(folder)),
        command=_unit_word(command.replace("$", "$$")),
        configuration=_unit_word(f"{folder}/cprsync.toml".replace("$", "$$")),
    )


def service_user() -> str:
    """The user that owns the folder after `init`."""
    uid = os.geteuid()
    return SERVICE_USER if uid == 0 else account_of(uid).name


def _unit_path(text: str) -> str:
    # a percent sign begins one of systemd's own names
    return text.replace("%", "%%")


def _unit_word(text: str) -> str:
    """One word of a line that has several."""
    word = _unit_path(text)
    if not any(sign in word for sign in " \t\"'\\"):
        return word
    return '"' + word.replace("\\", "\\\\").replace('"', '\\"') + '"'


def installed_command(interpreter: str) -> str:
    """The command beside the interpreter, or else the one on PATH, because systemd needs a path.

    Links are not resolved, because the interpreter of an environment is one.
    """
    beside = Path(interpreter).absolute().parent / "cprsync"
    if beside.is_file():
        return str(beside)
    found = shutil.which("cprsync")
    return "cprsync" if found is None else str(Path(found).absolute())


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


def _ready(mock: Path | None) -> dict[str, Any]:
    if mock is None:
        return PLACEHOLDER
    try:
        document: Any = json.loads(mock.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise ConfigurationError("{mock}: not the mock's ready.json", mock=mock) from None
    if not (isinstance(document, dict) and document.get("sftp")):
        raise ConfigurationError("{mock}: of an older mock: start it again", mock=mock)
    return dict(document)


def _configuration(ready: dict[str, Any], mock: Path | None) -> str:
    keys = ("lookup_url", "subscription_url", "ca", "client_cert", "client_key", "task")
    sftp = ready["sftp"]
    text = CONFIGURATION.format(
        **{key: ready[key] for key in keys},
        **ready["agreement"],
        environment="test",
        name="Bibliotekerne" if mock is None else "Byens bibliotek (demo)",
        municipalities='"0101"' if mock is None else '"0751"',
        sftp_user=sftp["user"],
        **{key: sftp[key] for key in ("host", "port", "key", "known_hosts", "folder")},
        culr=_culr(ready),
    )
    return text if mock is None else text + TESTING.format(control_url=ready["control_url"])


def _culr(ready: dict[str, Any]) -> str:
    """The section, commented out if no CULR is known."""
    if ready.get("culr_url") is not None:
        return CULR.format(url=ready["culr_url"], ca=ready["ca"], **ready["culr"])
    return "".join(f"# {line}" for line in CULR.format(**NO_CULR).splitlines(keepends=True))

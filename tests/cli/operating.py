"""What an operator runs on the site that a demo has left, each command loud. For the tests that listen.

The mock serves again, the next night is held by a limit, and alarms go to a mail server and a webhook. What these get
is written to a folder, so that whoever searches files finds it.
"""

from __future__ import annotations

import re
import secrets
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from mail_server import PASSWORD, USER, MailServer, Watcher, mailing, watching
from town import PEOPLE_FILE

from cprsync.mock import control
from cprsync.mock.certs import make_authority, packaged_profile
from cprsync.mock.server import running

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

RENEWAL = "a renewed certificate"
#: In the order in which they run, with their exit. Paths that are left out are those of the operator.
COMMANDS: dict[str, tuple[tuple[str, ...], int]] = {
    "a held night": (("sync",), 5),
    "its plan": (("plan", "show"), 0),
    "what undoing would do": (("runs", "revert", "4"), 1),
    "status": (("status",), 1),
    "status as a document": (("status", "--json"), 1),
    "doctor": (("doctor",), 0),
    "metrics": (("metrics",), 0),
    "metrics in a file": (("metrics", "--textfile", "{outside}/cprsync.prom"), 0),
    "alarms": (("alarms", "check"), 0),
    "a test of the alarms": (("alarms", "test"), 0),
    "what rings": (("alarms", "list"), 0),
    "a backup": (("backup", "make", "{outside}/backups"), 0),
    "the backups": (("backup", "list", "{outside}/backups"), 0),
    "a backup read to its end": (("backup", "check", "{outside}/backups"), 0),
    "the audit": (("audit", "verify"), 0),
    "the keys": (("keys", "list"), 0),
    RENEWAL: (("certs", "renew", "--cert", "{new}.pem", "--key", "{new}.key"), 0),
}
#: Of these, what holds or sends the most. Each is a program that starts, so `tests/sweeps/leaks.py` runs the others.
SAMPLE = (
    *("a held night", "its plan", "what undoing would do", "status as a document"),
    *("metrics", "a test of the alarms", "a backup"),
)
ALARMS = """
[alarms.email]
host = "localhost"
port = {mail.port}
ca = "{mail.ca}"
user = "{user}"
password_file = "smtp-password"
sender = "cprsync@byens.example"
to = ["drift@byens.example"]
[alarms.webhook]
url = "{hook.url}"
ca = "{mail.ca}"
keys = ["alarms-1.key"]
"""


@dataclass(frozen=True)
class Operated:
    """A site, and what listens to its alarms."""

    site: Path
    mail: MailServer
    hook: Watcher
    #: as `test_leaks.listen_to`
    listen: Callable[..., str]

    def run(self, name: str, folder: Path, *, leak: str = "") -> str:
        """All that one command says. What it writes, and what is told outside, is in a folder of this one."""
        command, code = COMMANDS[name]
        outside = folder / "outside"
        outside.mkdir(parents=True, exist_ok=True)
        places = {"outside": outside, "new": self.site / "new"}
        asked = [part.format(**places) for part in command]
        if name == RENEWAL:
            _issue_new(self.site)
        self.mail.begin_anew()
        self.hook.came.clear()
        heard = self.listen(folder, *asked, "--config", str(self.site / "cprsync.toml"), leak=leak, code=code)
        told = [*map(bytes, self.mail.got), *self.hook.came]
        (outside / f"{name}.told").write_bytes(b"\n".join(told))
        # so that a mail is searched as it is read, and not as it is encoded
        return "\n".join([heard, *(f"{one['Subject']}\n{one.get_content()}" for one in self.mail.got)])


@contextmanager
def operated(site: Path, listen: Callable[..., str]) -> Iterator[Operated]:
    """The site of a demo with a Koha, with its mock at work, as an operator has it."""
    certificates = site / "mock" / "certs"
    with (
        running(site / "mock", PEOPLE_FILE, with_koha=True) as ready,
        mailing(certificates / "server.pem", certificates / "server.key", certificates / "ca.pem") as mail,
        watching(certificates) as hook,
    ):
        _set_up(site, mail, hook)
        for kind, who in (("rename", "ANNA"), ("protect", "BO")):
            control.event(ready, kind, who)
        control.night(ready)
        yield Operated(site, mail, hook, listen)


def _set_up(site: Path, mail: MailServer, hook: Watcher) -> None:
    """Let alarms be told at once, and hold each night that changes anybody."""
    config, policy = site / "cprsync.toml", site / "policy.toml"
    text = config.read_text(encoding="utf-8").replace('quiet = "22:00-07:00"', 'quiet = ""')
    text = re.sub(r"^\[backup\]$", '[backup]\nrecipient = "backups.key.pub"', text, flags=re.MULTILINE)
    config.write_text(text + ALARMS.format(mail=mail, hook=hook, user=USER), encoding="utf-8")
    rules = policy.read_text(encoding="utf-8")
    rules = re.sub(r"^changed = .*$", "changed = { count = 0, share = 0.0 }", rules, flags=re.MULTILINE)
    policy.write_text(rules, encoding="utf-8")
    for name, secret in (("smtp-password", PASSWORD), ("alarms-1.key", secrets.token_hex(32))):
        (site / name).touch(mode=0o600)
        (site / name).write_text(secret, encoding="ascii")


def _issue_new(site: Path) -> None:
    now = datetime.now(UTC)
    authority = make_authority(site / "mock" / "certs", profile=packaged_profile(), now=now)
    authority.issue_client(valid_from=now - timedelta(hours=1)).write(site, "new")

"""Leaks as somebody might make them, one for each way out of the program. `loud.py` runs it with one of them.

Each of `LEAKS` sends the number of whoever is looked for where no number may be, and each of `OPERATORS` that of
somebody in the town.
"""

from __future__ import annotations

import base64
import hashlib
import os
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import requests
import structlog
from town import TOWN

from cprsync.cli.night import plans, reverting
from cprsync.cli.trust import audit as audit_commands
from cprsync.cli.trust import doctor, keys, metrics
from cprsync.domain.trust import metrics as exposition
from cprsync.domain.trust.backup import Manifest
from cprsync.outward.alarms import HookChannel, MailChannel
from cprsync.register import renewing
from cprsync.services.night.report import Report
from cprsync.services.trust import status
from cprsync.store.audit import audit
from cprsync.store.seals import vault
from cprsync.store.seals.keys import Keyed

log = structlog.get_logger("planted")
Plant = Callable[[], None]
#: The numbers that were looked for, the latest last.
SEEN: list[str] = []
#: Somebody's whom no one has to look for first.
NUMBER: str = TOWN["person"][0]["number"]


def at_each_number(leak: Callable[[str], object]) -> Plant:
    """Leak each number of which an index is made."""

    def plant() -> None:
        right = vault.Vault.number_index

        def index(self: Any, number: Any) -> bytes:
            leak(number.digits)
            return right(self, number)

        vault.Vault.number_index = index

    return plant


def _folder() -> Path:
    return Path(os.environ["LOUD_FOLDER"])


def _write_and_remove(number: str) -> None:
    handle, name = tempfile.mkstemp(dir=_folder())
    os.write(handle, number.encode())
    os.close(handle)
    Path(name).unlink()


def _write_and_replace(number: str) -> None:
    path = _folder() / "list.csv"
    path.write_text(number, encoding="utf-8")
    other = _folder() / "list.new"
    other.touch()
    other.replace(path)


def _dump(number: str) -> None:
    with (_folder() / "core").open("ab") as file:
        file.write(number.encode("utf-16-le"))


def _fail_with(number: str) -> None:
    try:
        int(f"no such person: {number}")
    except ValueError:
        # the log leaves an exception's text out, so it takes more than that
        traceback.print_exc()


def seal_nothing() -> None:
    vault.Vault.seal = lambda _self, plain, **_: plain
    vault.Vault.unseal = lambda _self, sealed, _key, **_: sealed


def hash_without_a_key(name: str) -> Plant:
    def plant() -> None:
        Keyed.digest = lambda _self, written: hashlib.new(name, written.removeprefix(b"number|")).digest()

    return plant


def tell_the_audit() -> None:
    at_each_number(SEEN.append)()
    right = audit.append

    def append(connection: Any, tenant: Any, stream: str, happened: Any, **more: Any) -> Any:
        told = [replace(one, more=(*one.more, ("about", "".join(SEEN[-1:])))) for one in happened]
        return right(connection, tenant, stream, told, **more)

    audit.append = append


def tell_the_report() -> None:
    at_each_number(SEEN.append)()
    right = Report.document
    Report.document = lambda self: {**right(self), "about": SEEN[-3:]}


def ask_in_the_url() -> None:
    right = requests.Session.request

    def request(self: Any, method: str, url: str, *arguments: Any, **named: Any) -> Any:
        return right(self, method, f"{url}?cpr={NUMBER}", *arguments, **named)

    requests.Session.request = request


LEAKS: dict[str, Plant] = {
    "a line of the log": at_each_number(lambda number: log.warning("asked", number=number)),
    "a line at debug, with a hyphen": at_each_number(lambda n: log.debug("asked", about=f"{n[:6]}-{n[6:]}")),
    "a line, encoded": at_each_number(lambda n: log.info("asked", token=base64.b64encode(n.encode()).decode())),
    "an exception's text": at_each_number(_fail_with),
    "standard output": at_each_number(lambda number: sys.stdout.write(f"{number}\n")),
    "standard error, backwards": at_each_number(lambda number: sys.stderr.write(f"{number[::-1]}\n")),
    "a file that is removed again": at_each_number(_write_and_remove),
    "a file that is replaced": at_each_number(_write_and_replace),
    "the name of a file": at_each_number(lambda number: (_folder() / f"answer-{number}.xml").touch()),
    "the name of a folder": at_each_number(lambda number: (_folder() / number).mkdir(exist_ok=True)),
    "an argument of a program": at_each_number(lambda number: subprocess.run(["/bin/true", number], check=True)),
    "the environment of a program": at_each_number(
        lambda number: subprocess.run(["/bin/true"], check=True, env={"PATRON": number})
    ),
    "the program's own environment": at_each_number(lambda number: os.environ.update(PATRON=number)),
    "a dump of memory": at_each_number(_dump),
    "values that are not sealed": seal_nothing,
    "an index that is a bare SHA-256": hash_without_a_key("sha256"),
    "an index that is a bare MD5": hash_without_a_key("md5"),
    "an entry of the audit": tell_the_audit,
    "the report of a night": tell_the_report,
    "the address of a call": ask_in_the_url,
}


# -- in what an operator runs ----------------------------------------------------------------------------------


def instead(place: Any, name: str, change: Callable[[Any], Any]) -> Plant:
    """Give out something else than a function of this place returns."""

    def plant() -> None:
        right = getattr(place, name)
        setattr(place, name, lambda *given, **named: change(right(*given, **named)))

    return plant


def one_line_more(place: Any, name: str) -> Plant:
    return instead(place, name, lambda lines: [*lines, f"CPR {NUMBER}"])


def one_key_more(place: Any, name: str) -> Plant:
    return instead(place, name, lambda document: {**document, "about": NUMBER})


def _name_in_a_header(mail: Any) -> Any:
    mail["X-About"] = NUMBER
    return mail


def _leave_a_part(document: Any) -> Any:
    (_folder() / f"{NUMBER}.part").touch()
    return document


def write_more_to_the_textfile() -> None:
    right = metrics.write_whole
    metrics.write_whole = lambda path, text: right(path, f"{text}# {NUMBER}\n")


#: Each with the command of `operating.COMMANDS` in which it is.
OPERATORS: dict[str, tuple[str, Plant]] = {
    "a mail of an alarm": ("a test of the alarms", instead(MailChannel, "_mail", _name_in_a_header)),
    "the post of an alarm": ("a test of the alarms", one_key_more(HookChannel, "_document")),
    "a label of the metrics": (
        "metrics",
        instead(exposition, "render", lambda text: f'{text}cprsync_patron{{number="{NUMBER}"}} 1\n'),
    ),
    "the textfile of the metrics": ("metrics in a file", write_more_to_the_textfile),
    "the manifest of a backup": ("a backup", one_key_more(Manifest, "document")),
    "the name of a backup's part": ("a backup", instead(Manifest, "document", _leave_a_part)),
    "the state of an installation": ("status as a document", one_key_more(status, "status_of")),
    "a finding of the doctor": ("doctor", one_line_more(doctor, "result_lines")),
    "the plan of a held night": ("its plan", one_line_more(plans, "plan_lines")),
    "the preview of an undoing": ("what undoing would do", one_line_more(reverting, "preview_lines")),
    "the state of the audit": ("the audit", one_line_more(audit_commands, "audit_lines")),
    "the list of the keys": ("the keys", one_line_more(keys, "_key_lines")),
    "a renewed certificate": (
        "a renewed certificate",
        instead(renewing, "renew", lambda document: {**document, "subject": f"serialNumber={NUMBER}"}),
    ),
}

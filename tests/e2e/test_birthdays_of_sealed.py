"""No command that reads tells the birth date of someone sealed, nor a day from which it follows.

The commands come from the parser: one that is added has to be put with those that read or those that write.
"""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import dataclass
from datetime import date
from itertools import product
from typing import TYPE_CHECKING, Any, Final

import pytest
import typer
from town import PEOPLE
from typer.testing import CliRunner

from cprsync.cli.main import app
from cprsync.language.words import long_day
from cprsync.mock import asking, control
from cprsync.mock.server import running
from cprsync.resources import fixture_path

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from conftest import LivedDemo

pytestmark = pytest.mark.xdist_group("demo")

#: SVEND is 10 on 9 May 2027 and 11 a year later, MIA is 9 on 25 June 2027; both are protected.
CHILDREN: Final = ("SVEND", "MIA")
ON: Final = date(2027, 5, 11)
POLICY = """
[[product]]
name = "born"
title = { da = "Børnefilm", en = "Films for children" }
since = 2000-01-01
licensed_by = "library"
below_age = 11
closed_groups = ["Tiaar"]

[[product]]
name = "film9"
title = { da = "Film fra 9", en = "Films from 9" }
since = 2000-01-01
licensed_by = "municipality"
municipalities = "all"
from_age = 9
"""
#: LIV, who is not protected, is 13 on 11 June 2027.
GROUPS: Final = (
    '{ name = "Ung", from = 14 }',
    '{ name = "Tiaar", from = 10 }, { name = "Elleve", from = 11 }, { name = "Ung", from = 13 }',
)

#: Commands that read, each with its arguments: {patron} is the child's patron number, {number} the CPR number on stdin.
READING: Final[dict[str, tuple[tuple[str, ...], ...]]] = {
    "access list": ((),),
    "audit citizen": ((),),
    "audit list": ((), ("--patron", "{patron}"), ("--by", "tjenesten")),
    "audit verify": ((),),
    "compare fbs": (("--trend",),),
    "doctor": ((),),
    "patron list": ((), ("--status", "resident")),
    "db status": ((),),
    "entitlements cards": ((),),
    "entitlements show": (("{patron}",), ("{patron}", "--on", "2027-05-09")),
    "entitlements verify": ((),),
    "feed windows": ((),),
    "fees": (),
    "fields": (),
    "keys list": ((),),
    "guide": (),
    "forecast": (("--days", "366"), ("--days", "44"), ("--days", "45")),
    "lookup": (("--purpose", "renewal"),),
    "openapi": (),
    "patron find": ((),),
    "patron kept-blocks": ((),),
    "patron responsible": (("{patron}", "list"),),
    "patron show": (("{patron}",),),
    "patron standing": (("{patron}",),),
    "review list": ((), ("--all",)),
    "review show": (("{item}",),),
    "rules": (),
    "runs list": ((),),
    "targets list": ((),),
    "plan show": ((), ("{run}",)),
    "runs show": (("{run}",),),
    "statement": (("{patron}",),),
    "statistics": ((),),
    "status": ((),),
    "subscriptions list": ((),),
}
#: Commands that write once someone says yes: what they say before that is read as well.
PLANNING: Final[dict[str, tuple[tuple[str, ...], ...]]] = {
    "patron erase": (("{patron}",),),
    "patron leave": (("{patron}",),),
    "patron set-cpr": (("{patron}",),),
    "retention run": ((),),
    "subscriptions reconcile": ((),),
    "sync": (("--dry-run",),),
}
#: Commands that write, or that look at no record of a library.
WRITING: Final = frozenset(
    {
        *("access check", "access explain", "access lift", "access sign", "access watch"),
        *("accounts list", "accounts machine", "accounts reader", "accounts remove", "accounts set", "serve"),
        *(
            "audit accept",
            "backup check",
            "backup key",
            "backup list",
            "backup make",
            "bench",
            "certs check",
            "certs dev",
            "certs renew",
            "circulation import",
            "db accept-journal",
            "db upgrade",
            "demo",
            "drill",
            "alarms check",
            "alarms list",
            "alarms test",
            "metrics",
            "restore",
        ),
        *("entitlements reconcile", "feed accept", "feed discard", "feed fetch", "feed heal", "feed inspect", "init"),
        *(
            "mock chaos",
            "mock journal",
            "mock calm",
            "mock culr",
            "mock fbs",
            "mock day",
            "mock event",
            "mock fault",
            "mock night",
            "mock people",
            "mock reset",
            "mock serve",
            "mock snapshot",
            "mock state",
            "mock webhook",
        ),
        *("mock koha age-job", "mock koha client", "mock koha delay", "mock koha delete", "mock koha edit"),
        *("mock koha log", "mock koha seed", "mock koha setup", "mock koha show", "mock koha twin"),
        *("patron add", "patron import", "patron set", "plan approve", "runs release", "runs revert"),
        *("keys rotate", "keys destroy"),
        *("targets forget", "targets load", "targets release", "targets send"),
        *("targets diff", "targets verify", "export"),
        *("review accept", "review later", "review reject", "review reopen", "review undo"),
    }
)


#: A text in both languages, and the document, whose days are the same in either.
SHAPES: Final = (("da", False), ("en", False), ("da", True))
#: They ask for a CPR number.
ASKED_BY_NUMBER: Final = frozenset({"audit citizen", "lookup", "patron find", "patron set-cpr"})


def commands() -> set[str]:
    """Every command of the program, as it is typed."""

    def below(command: Any, name: str) -> Iterator[str]:
        words = command.list_commands(None) if hasattr(command, "list_commands") else []
        for word in words:
            yield from below(command.get_command(None, word), f"{name} {word}".strip())
        if not words:
            yield name

    return set(below(typer.main.get_command(app), ""))


def test_every_command_of_the_parser_is_known_to_read_or_to_write() -> None:
    assert commands() == {*READING, *PLANNING, *WRITING}
    assert not set(READING) & set(PLANNING) & WRITING


# -- what a text tells -------------------------------------------------------------------------------------


def forms(day: date) -> re.Pattern[str]:
    """A day in every way in which it is written."""
    written = [day.isoformat(), f"{day:%d.%m.%Y}", f"{day:%d-%m-%Y}", f"{day.day}.{day.month}.{day.year}"]
    written += [re.escape(long_day(day, "da"))]
    written += [long_day(day, "en"), f"{day:%d%m%y}", f"{day:%Y%m%d}"]
    return re.compile(r"(?<!\d)(" + "|".join(written) + r")(?!\d)")


#: The highest patron number: the audit check has read up to it. It says nothing about that patron.
_OF_NOBODY: Final = "last_record"
#: Any day that a line names.
A_DAY: Final = re.compile(r"\d{4}-\d\d-\d\d|(?<!\d)\d{1,2}\.? [a-zA-Z]{3,9} \d{4}")


def is_told_in_lines(text: str, patron: str, day: date) -> bool:
    """Whether a line with the patron's number stands on the day, or below a line that names it last."""
    under = ""
    for line in text.splitlines():
        named = A_DAY.findall(line)
        under = named[-1] if named else under
        if patron in line and (forms(day).search(line) or forms(day).search(under)):
            return True
    return False


def is_told_in_document(document: Any, patron: str, day: date, around: tuple[str, ...] = ()) -> bool:
    """Whether an entry about the patron holds the day, or stands in one that does."""
    if isinstance(document, list):
        return any(is_told_in_document(one, patron, day, around) for one in document)
    if not isinstance(document, dict):
        return False
    around = (*around, *(str(value) for value in document.values() if not isinstance(value, dict | list)))
    about = [value for name, value in document.items() if name != _OF_NOBODY]
    if patron in about and forms(day).search(" ".join((*around, json.dumps(document)))):
        return True
    return any(is_told_in_document(value, patron, day, around) for value in document.values())


# -- a library with protected children -------------------------------------------------------------------------


@dataclass(frozen=True)
class Town:
    """The demo's library some weeks later, with a policy of ages that the children reach."""

    config: Path
    patrons: dict[str, str]
    runs: list[str]
    items: list[str]

    def says(self, command: str, arguments: tuple[str, ...], *, stdin: str = "") -> str:
        """All that a command prints."""
        ran = CliRunner().invoke(app, [*command.split(), *arguments, *self._where(command)], input=stdin)
        assert ran.exit_code != 2, (command, arguments, ran.output)
        assert ran.exception is None or isinstance(ran.exception, SystemExit), (command, ran.exception)
        return ran.output

    def _where(self, command: str) -> tuple[str, ...]:
        return ("--config", str(self.config)) if command not in {"rules", "fees", "fields", "guide", "openapi"} else ()


@pytest.fixture(scope="module")
def town(lived_demo: LivedDemo, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    folder = shutil.copytree(lived_demo.folder, tmp_path_factory.mktemp("birthdays") / "demo")
    policy = folder / "policy.toml"
    written = policy.read_text(encoding="utf-8")
    assert GROUPS[0] in written
    policy.write_text(written.replace(*GROUPS) + POLICY, encoding="utf-8")
    with running(folder / "mock", fixture_path("people.toml")) as ready:
        yield _lived(ready, folder)


def _lived(ready: Any, folder: Path) -> Town:
    """With a night on the day before SVEND's birthday, on it, and two days after, which catches up."""
    first = Town(folder / "cprsync.toml", {}, [], [])
    for night in (date(2027, 5, 8), date(2027, 5, 9), ON):
        while date.fromisoformat(asking.clock(ready)["day"]) < night:
            control.day(ready)
        first.says("sync", ())
    found = {key: json.loads(first.says("patron find", ("--json",), stdin=number_of(key))) for key in CHILDREN}
    runs = json.loads(first.says("runs list", ("--json",)))
    items = json.loads(first.says("review list", ("--all", "--json")))
    return Town(
        first.config,
        {key: one["patron"] for key, one in found.items()},
        [str(one["run"]) for one in runs["runs"]],
        [str(one["id"]) for one in items["items"]],
    )


def number_of(key: str) -> str:
    return f"{PEOPLE[key]['number']}\n"


def said(town: Town, command: str, *, key: str, language: str, as_json: bool) -> Iterator[tuple[bool, str]]:
    """What a command says in every way in which it is asked, and whether that is about the child alone."""
    shape = ("--json",) if as_json else ()
    for arguments in {**READING, **PLANNING}[command]:
        if key != CHILDREN[0] and "{patron}" not in arguments and command not in ASKED_BY_NUMBER:
            continue  # it says the same whoever is thought of
        for given in _filled(town, arguments, town.patrons[key]):
            about = "{patron}" in arguments
            yield about, town.says(command, (*given, "--lang", language, *shape), stdin=number_of(key))


def _filled(town: Town, arguments: tuple[str, ...], patron: str) -> Iterator[tuple[str, ...]]:
    """The arguments for each run and each item, where they ask for one."""
    for item in town.items if "{item}" in arguments else [""]:
        for run in town.runs if "{run}" in arguments else [""]:
            yield tuple(one.format(patron=patron, item=item, run=run) for one in arguments)


@pytest.mark.parametrize("command", sorted({**READING, **PLANNING}))
def test_nothing_tells_the_birth_date_of_a_protected_child(town: Town, command: str) -> None:
    for (language, as_json), key in product(SHAPES, CHILDREN):
        for about, text in said(town, command, key=key, language=language, as_json=as_json):
            for child in [key] if about else CHILDREN:
                assert not tells(town, child, text, about=about, as_json=as_json), (command, language, as_json, text)


def tells(town: Town, key: str, text: str, *, about: bool, as_json: bool) -> bool:
    """Whether a text tells when a child was born: what is about the child alone may not name a birthday at all."""
    born, patron = PEOPLE[key]["born"], town.patrons[key]
    birthdays = [born.replace(year=year) for year in range(2026, 2030)]
    if about or forms(born).search(text):
        return any(forms(day).search(text) for day in (born, *birthdays))
    if as_json:
        return any(is_told_in_document(json.loads(text), patron, day) for day in birthdays)
    return any(is_told_in_lines(text, patron, day) for day in birthdays)


def test_of_someone_who_is_not_protected_the_same_search_finds_the_birthdays(town: Town) -> None:
    """Otherwise silence would prove nothing."""
    text, document = (town.says("forecast", ("--days", "366", *shape)) for shape in ((), ("--json",)))
    ahead = [one for one in json.loads(document)["events"] if one["kind"] == "age_step"]
    assert ahead
    for one in ahead:
        assert is_told_in_lines(text, one["patron"], date.fromisoformat(one["day"]))
        assert is_told_in_document(json.loads(document), one["patron"], date.fromisoformat(one["day"]))


def test_a_forecast_of_one_day_more_says_no_more_of_a_protected_child(town: Town) -> None:
    """No count, no sentence and no total turns on the birthday: MIA's is the 45th day."""
    days = [json.loads(town.says("forecast", ("--days", str(days), "--json"))) for days in (44, 45)]
    assert date.fromisoformat(days[1]["to"]) == date(2027, 6, 25)
    shown = [[one for one in told["events"] if one["day"] != "2027-06-25"] for told in days]
    assert shown[0] == shown[1]
    assert [
        one for one in days[1]["events"] if one["day"] == "2027-06-25" and one["patron"] == town.patrons["MIA"]
    ] == []
    assert {key: value for key, value in days[0].items() if key not in {"to", "events"}} == {
        key: value for key, value in days[1].items() if key not in {"to", "events"}
    }

"""`circulation import` and `retention run` at the terminal: what they say, their documents and exit codes."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from datetime import date
from typing import TYPE_CHECKING

import pytest
from test_import_text import library, take

from cprsync.cli.imports.lists import Type, circulation_import
from cprsync.cli.leaving.leaving import retention_run
from cprsync.cli.main import app

if TYPE_CHECKING:
    from pathlib import Path

assert library  # a fixture

#: The day is given, because no register is there to check a clock.
TODAY = date(2026, 3, 2)
#: Returned so long ago that nothing of it is kept, still out, and one of nobody's.
ROWS = (
    "id,patron,title,loaned,due,returned\n"
    "L1,C1,Ulysses,2020-01-01,2020-02-01,2020-02-01\n"
    "L2,C1,Dubliners,2020-01-01,2020-02-01,\n"
    "L3,NOBODY,Exiles,2020-01-01,2020-02-01,\n"
)


@pytest.fixture
def lent(library: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    take(library, apply=True)
    (library / "loans.csv").write_text(ROWS, encoding="utf-8")
    capsys.readouterr()
    return library


def lend(lent: Path, *, apply: bool = True, as_json: bool = False, kind: str | None = "loan") -> int:
    config, of_type = lent / "cprsync.toml", None if kind is None else Type(kind)
    return circulation_import(lent / "loans.csv", kind=of_type, config=config, lang="en", as_json=as_json, apply=apply)


def forget(lent: Path, *, dry_run: bool = False, as_json: bool = False) -> None:
    retention_run(dry_run=dry_run, config=lent / "cprsync.toml", today=TODAY, lang="en", as_json=as_json)


def test_a_list_of_one_type_is_taken_and_the_row_of_nobody_listed(
    lent: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert lend(lent) == 3
    told = capsys.readouterr()
    counted, over = told.out.splitlines()
    assert counted == "3 rows: 1 created, 0 updated, 0 unchanged, 1 refused"
    assert over.startswith("1 left out: too old or over")
    assert "line 4, patron: no patron has that number or card" in told.err
    assert "NOBODY" not in told.err + told.out


def test_the_document_is_that_of_every_import(lent: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert lend(lent, apply=False, as_json=True) == 3
    document = json.loads(capsys.readouterr().out)
    assert (document["rows"], document["created"], document["applied"]) == (3, 1, False)
    assert [one["field"] for one in document["refused"]] == ["patron"]


def test_without_a_type_each_row_is_refused(lent: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert lend(lent, kind=None) == 3
    assert capsys.readouterr().err.count("type: expected loan, reservation, balance or message") == 3


def test_retention_says_when_there_is_nothing_to_forget(lent: Path, capsys: pytest.CaptureFixture[str]) -> None:
    forget(lent)
    assert capsys.readouterr().out == "There is nothing to delete.\n"


def test_retention_counts_in_a_dry_run_and_forgets_once(lent: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lend(lent)
    (lent / "loans.csv").write_text(
        ROWS.replace("Dubliners,2020-01-01,2020-02-01,", "D,2020-01-01,2020-02-01,2020-02-02")
    )
    lend(lent)
    capsys.readouterr()
    forget(lent, dry_run=True)
    assert capsys.readouterr().out == "This would be deleted: loans 1\n"
    forget(lent, as_json=True)
    document = json.loads(capsys.readouterr().out)
    assert (document["forgotten"], document["applied"]) == ({"loans": 1}, True)
    forget(lent)
    assert capsys.readouterr().out == "There is nothing to delete.\n"


def test_a_file_that_is_not_there_changes_nothing(lent: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (lent / "loans.csv").unlink()
    with pytest.raises(SystemExit) as ended:
        lend(lent)
    assert ended.value.code == 1
    assert "intet" in capsys.readouterr().err


def test_the_commands_take_their_options(lent: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = str(lent / "cprsync.toml")
    options = ["--config", config, "--lang", "da"]
    loans = ["circulation", "import", str(lent / "loans.csv"), "--type", "loan", *options]
    assert app(loans, standalone_mode=False) == 3
    assert not app(["retention", "run", "--dry-run", *options], standalone_mode=False)
    assert "Der er intet at slette." in capsys.readouterr().out


def test_the_retention_says_that_it_cut_nothing_of_an_audit_that_is_not_whole(
    lent: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with closing(sqlite3.connect(next(lent.glob("*.db")), isolation_level=None)) as database:
        database.execute("UPDATE audit_head SET seq = seq + 1")
    run = ["retention", "run", "--config", str(lent / "cprsync.toml"), "--today", TODAY.isoformat()]
    for options in ([], ["--dry-run"]):
        assert app([*run, "--lang", "da", *options], standalone_mode=False) == 1
        told = capsys.readouterr()
        assert "Af revisionssporet er intet slettet, for det er ikke helt:" in told.out
        assert "audit.broken" in told.err
        assert "Der er intet at slette." not in told.out
    code = app([*run, "--json"], standalone_mode=False)
    document = json.loads(capsys.readouterr().out)
    assert (code, document["error"]["kind"], document["error"]["changed"]) == (1, "audit.broken", "nothing")

"""What `patron import` says: a dry run what would happen, the real one what did, and where refused rows are found."""

from __future__ import annotations

import json
import re
from collections import Counter
from typing import TYPE_CHECKING

import pytest
from ready_databases import put_empty_store
from sqlalchemy import text
from town import number

from cprsync.cli.imports.lists import SHOWN_MAX, escape_formula, patron_import, show_import
from cprsync.cli.setup.installation import write_folder
from cprsync.config.columns import load_columns
from cprsync.config.settings import load_settings
from cprsync.errors import ConfigurationError
from cprsync.services.imports.results import Imported, PatronNotes
from cprsync.store.core.engine import reading
from cprsync.wiring.setting_up import open_database

if TYPE_CHECKING:
    from pathlib import Path

    from cprsync.catalogues import Language

#: Ten digits that hold no date, and a card that two patrons want.
ROWS = f"cpr_number,card\n{number('ANNA')},C1\n{number('BO')},C1\n1234567890,C3\n"


@pytest.fixture
def library(tmp_path: Path) -> Path:
    write_folder(tmp_path / "library", mock=None)
    put_empty_store(tmp_path / "library" / "cprsync.db")
    (tmp_path / "library" / "patrons.csv").write_text(ROWS, encoding="utf-8")
    return tmp_path / "library"


def take(library: Path, language: Language = "da", *, apply: bool = False, as_json: bool = False) -> int:
    file, config = library / "patrons.csv", library / "cprsync.toml"
    return patron_import(file, apply=apply, config=config, lang=language, as_json=as_json)


def patrons(library: Path) -> int:
    url = load_settings(library / "cprsync.toml").store.url
    with open_database(url) as engine, reading(engine) as connection:
        return connection.execute(text("SELECT count(*) FROM patron")).scalar_one()


@pytest.mark.parametrize(
    ("language", "told"),
    [
        ("da", "3 rækker: 1 ville blive oprettet, 0 ville blive ændret, 0 uændret, 2 afvist"),
        ("en", "3 rows: 1 would be created, 0 would be updated, 0 unchanged, 2 refused"),
    ],
)
def test_a_dry_run_says_what_would_happen(
    library: Path, language: Language, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert take(library, language) == 3
    assert capsys.readouterr().out.splitlines()[0] == told
    assert patrons(library) == 0


@pytest.mark.parametrize(
    ("language", "told"), [("da", "1 række: 1 ville blive oprettet, "), ("en", "1 row: 1 would be created, ")]
)
def test_one_row_is_counted_as_one(
    library: Path, language: Language, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    file = library / "patrons.csv"
    rows = file.read_text(encoding="utf-8").splitlines(keepends=True)
    file.write_text("".join(rows[:2]), encoding="utf-8")
    take(library, language)
    assert capsys.readouterr().out.startswith(told)


def test_an_applied_import_says_what_was_done(library: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert take(library, "en", apply=True) == 3
    summed, made = capsys.readouterr().out.splitlines()
    assert summed == "3 rows: 1 created, 0 updated, 0 unchanged, 2 refused"
    assert re.fullmatch(r"New patron numbers \(line: number\): 2: [0-9]{8}", made)
    assert patrons(library) == 1


@pytest.mark.parametrize("apply", [False, True])
def test_the_document_says_whether_it_was_applied(
    library: Path, apply: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    take(library, apply=apply, as_json=True)
    document = json.loads(capsys.readouterr().out)
    assert (document["applied"], document["created"], patrons(library)) == (apply, 1, int(apply))
    # which patron number each new one got, by line
    assert [(one["line"], len(one["patron"])) for one in document["patrons"]] == [(2, 8)] * apply


@pytest.mark.parametrize(
    ("language", "told"),
    [
        (
            "da",
            ("linje 3, Lånerkort: det samme lånerkort står", "linje 4, CPR-nummer: ikke et muligt", "ikke i review"),
        ),
        ("en", ("line 3, cards: the same card stands", "line 4, cpr_number: not a possible", "not in review")),
    ],
)
def test_refused_rows_are_listed_with_where_to_mend_them(
    library: Path, language: Language, told: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    take(library, language, apply=True)
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == len(told)
    for line, expected in zip(lines, told, strict=True):
        assert expected in line
        assert "1234567890" not in line


def test_a_group_that_may_be_misspelt_is_told_with_those_that_there_are_and_leaves_nothing_to_do(
    library: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = f"cpr_number,group\n{number('ANNA')},Voksne\n{number('BO')},Voksne\n"
    (library / "patrons.csv").write_text(rows, encoding="utf-8")
    assert take(library) == 0
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("  ! linje 2, Lånergruppe: biblioteket har ingen sådan lånergruppe")
    assert line.endswith("Der er Barn, Ung, Voksen (2 rækker)")


def test_where_nothing_is_refused_nothing_is_left_to_anyone(library: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (library / "patrons.csv").write_text(f"cpr_number\n{number('ANNA')}\n", encoding="utf-8")
    assert take(library, apply=True) == 0
    assert not capsys.readouterr().err


@pytest.mark.parametrize(("language", "told"), [("da", "linje 2, rækken: "), ("en", "line 2, row: ")])
def test_a_row_with_more_cells_than_columns_is_refused_as_a_whole(
    library: Path, language: Language, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (library / "patrons.csv").write_text(f"cpr_number\n{number('ANNA')},Anna\n", encoding="utf-8")
    assert take(library, language, apply=True) == 3
    assert capsys.readouterr().err.strip().startswith(told)
    assert patrons(library) == 0


@pytest.mark.parametrize(
    ("language", "as_json", "header", "fields"),
    [
        ("da", False, "linje,felt,grund", ["Lånerkort", "CPR-nummer"]),
        ("en", False, "line,field,reason", ["cards", "cpr_number"]),
        ("da", True, "line,field,reason", ["cards", "cpr_number"]),
    ],
    ids=["in Danish", "in English", "for a program"],
)
def test_refused_rows_are_written_as_a_list_without_their_values(
    library: Path, language: Language, *, as_json: bool, header: str, fields: list[str]
) -> None:
    config, into = library / "cprsync.toml", library / "refused.csv"
    assert patron_import(library / "patrons.csv", lang=language, as_json=as_json, refused=into, config=config) == 3
    lines = into.read_text(encoding="utf-8").splitlines()
    assert lines[0] == header
    assert [line.split(",")[:2] for line in lines[1:]] == [["3", fields[0]], ["4", fields[1]]]
    assert "1234567890" not in "".join(lines)
    assert into.stat().st_mode & 0o077 == 0


def test_the_patron_numbers_that_were_made_are_written_by_line(
    library: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = "".join(f"I{place}\n" for place in range(SHOWN_MAX + 1))
    (library / "patrons.csv").write_text(f"cards\n{rows}", encoding="utf-8")
    config, into = library / "cprsync.toml", library / "numbers.csv"
    assert patron_import(library / "patrons.csv", apply=True, config=config, numbers=into) == 0
    _, made = capsys.readouterr().out.splitlines()
    lines = into.read_text(encoding="utf-8").splitlines()
    assert lines[0] == "line,patron"
    assert [line.split(",")[0] for line in lines[1:]] == [str(line) for line in range(2, SHOWN_MAX + 3)]
    assert made.startswith(f"Nye lånernumre (linje: nummer): 2: {lines[1].split(',')[1]}, 3: ")
    assert made.endswith(f"{lines[SHOWN_MAX].split(',')[1]}, …")


def test_the_list_of_patron_numbers_is_advised_only_to_those_who_did_not_ask_for_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    patrons = PatronNotes()
    patrons.lines.extend(range(SHOWN_MAX + 1))
    patrons.numbers.extend(range(SHOWN_MAX + 1))
    show_import(Imported(patrons=patrons), "da", apply=True, as_json=False, refused=None)
    assert "--numbers FIL" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("apply", "told"),
    [
        (True, "2 har før forladt biblioteket og er nu nye lånere med nye lånernumre"),
        (False, "2 har før forladt biblioteket og ville blive nye lånere med nye lånernumre"),
    ],
)
def test_who_came_back_and_what_was_left_out_is_said_without_a_name(
    apply: bool, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    patrons = PatronNotes(returns=[(7, None), (9, None)], left=Counter({"name": 2, "address": 1}))
    show_import(Imported(patrons=patrons), "da", apply=apply, as_json=False, refused=None)
    assert capsys.readouterr().out.splitlines()[1:5] == [
        told,
        "  linje: 7, 9",
        "Adresse i 1 række er ikke taget: låneren har CPR-nummer, og CPR ejer feltet",
        "Navn i 2 rækker er ikke taget: lånerne har CPR-nummer, og CPR ejer feltet",
    ]


@pytest.mark.parametrize("cell", ["=1+1", "+45", "-1", "@a", "\tx", "\rx"])
def test_what_a_spreadsheet_would_take_for_a_formula_is_defused_when_it_is_written(cell: str) -> None:
    assert escape_formula(cell) == f"'{cell}"
    assert escape_formula("Voksen") == "Voksen"


@pytest.mark.parametrize(
    ("written", "says"),
    [
        ('[columns]\na = "nickname"\n', "columns.a"),
        ('[columns]\na = "status"\n', "columns.a"),
        ('notices = ["a"]\n[columns]\na = "group"\n', "notices.a"),
        ('notices = ["b"]\n[columns]\na = "group"\n', "notices.b"),
        ('[columns]\na = "absence"\n[dates]\na = "DD/MM"\n', "dates.a"),
        ('[columns]\na = "group"\n[values.b]\nx = "y"\n', "values.b"),
        ("[columns]\n", "columns"),
        ("[colums]\n", "colums"),
    ],
)
def test_a_mapping_that_cannot_be_is_refused_with_the_key(library: Path, written: str, says: str) -> None:
    path = library / "columns.toml"
    path.write_text(written, encoding="utf-8")
    with pytest.raises(ConfigurationError, match=says):
        load_columns(path)


def test_columns_that_a_mapping_does_not_name_are_left_out(library: Path) -> None:
    columns = library / "columns.toml"
    columns.write_text('[columns]\nNummer = "cpr_number"\n', encoding="utf-8")
    (library / "patrons.csv").write_text(f"nummer;navn\n{number('ANNA')};x\n", encoding="utf-8")
    config = library / "cprsync.toml"
    assert patron_import(library / "patrons.csv", apply=True, config=config, columns=columns) == 0
    assert patrons(library) == 1

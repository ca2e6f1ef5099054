"""`cprsync rules`: the same tables in text, JSON and Markdown, and those in the guide are today's."""

from __future__ import annotations

import json
import re
import tomllib
from typing import TYPE_CHECKING

import pytest

from cprsync.cli.pages.guide import BEGIN, END, rules
from cprsync.config.packaged import TABLES, load_reasons, load_rule_tables
from cprsync.config.policy import load_policy
from cprsync.domain.policy.policy import Policy
from cprsync.errors import ConfigurationError
from cprsync.resources import fixture_path, guide_paths, rulebook_path

if TYPE_CHECKING:
    from pathlib import Path

    from cprsync.catalogues import Language

PAGE = guide_paths()["rules"]


def printed(capsys: pytest.CaptureFixture[str], **wanted: object) -> str:
    rules(**wanted)  # type: ignore[arg-type]  # what a test varies
    return capsys.readouterr().out


def test_the_guides_tables_are_those_of_the_code(capsys: pytest.CaptureFixture[str]) -> None:
    """Drifted: `cprsync rules --markdown --into cprsync/guide/rules.md`."""
    _, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    made, ended, _ = rest.partition(END)
    assert ended
    assert made.strip() == printed(capsys, as_markdown=True).strip()


def test_json_has_every_row_with_its_key_and_source_in_both_languages(capsys: pytest.CaptureFixture[str]) -> None:
    document = json.loads(printed(capsys, as_json=True))
    tables = load_rule_tables(load_policy(fixture_path("policy.toml"), frozenset()))
    assert [table["name"] for table in document["tables"]] == list(TABLES)
    for told, table in zip(document["tables"], tables, strict=True):
        assert [row["key"] for row in told["rows"]] == list(table.keys)
        columns = [column["key"] for column in told["columns"]]
        assert columns[-1] == "source"
        for row in told["rows"]:
            assert list(row) == ["key", *columns]
            assert all(row[column]["da"] and row[column]["en"] for column in columns), row["key"]
    assert {entry["number"] for entry in document["decisions"]} == set(load_reasons().decisions)
    assert [(entry["key"], entry["name"]["en"]) for entry in document["principles"]] == [("one-owner", "one owner")]


def test_every_decision_that_a_source_names_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    document = json.loads(printed(capsys, as_json=True))
    told = {str(entry["number"]) for entry in document["decisions"]}
    for table in document["tables"]:
        for row in table["rows"]:
            _, named, numbers = row["source"]["da"].lower().partition("beslutning ")
            for number in (
                numbers.partition(":")[0].partition(";")[0].replace(" og ", ", ").split(", ") if named else ()
            ):
                assert number in told, row["key"]


def test_text_is_danish_and_english_is_english(capsys: pytest.CaptureFixture[str]) -> None:
    assert "Navne- og adressebeskyttelse" in printed(capsys)
    english = printed(capsys, lang="en")
    assert "Name and address protection" in english
    assert "Navne- og adressebeskyttelse" not in english


@pytest.mark.parametrize(("language", "words"), [("da", r"hun|hendes?"), ("en", r"she|hers?|whoever")])
def test_no_cell_speaks_of_a_patron_as_a_woman(
    language: Language, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    told = printed(capsys, lang=language, as_markdown=True)
    assert [one for one in told.splitlines() if re.search(rf"\b(?:{words})\b", one, re.IGNORECASE)] == []


def test_a_librarys_policy_has_its_own_age_steps(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "policy.toml"
    path.write_text(
        '[age]\nleap_day = "02-28"\n[[age_groups]]\nsince = 2026-01-01\n'
        'groups = [{ name = "Barn", from = 0 }, { name = "Voksen", from = 16 }]\n',
        encoding="utf-8",
    )
    rules(policy=path, as_json=True)
    (table,) = [one for one in json.loads(capsys.readouterr().out)["tables"] if one["name"] == "age"]
    (step,) = [row for row in table["rows"] if row["key"] == "age-2026-01-01-16"]
    assert (step["step"]["da"], step["rule"]["da"]) == ("16 år", "Voksen")
    assert "28. februar" in step["day"]["da"]


def test_a_file_is_written_between_its_markers_and_a_second_time_stays_as_it_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "README.md"
    path.write_text(f"before\n{BEGIN}\nthe table of long ago\n{END}\nafter\n", encoding="utf-8")
    assert printed(capsys, into=path) == ""
    once = path.read_text(encoding="utf-8")
    assert once.startswith(f"before\n{BEGIN}\n\n### Status\n")
    assert once.endswith(f"\n\n{END}\nafter\n")
    assert "long ago" not in once
    printed(capsys, into=path)
    assert path.read_text(encoding="utf-8") == once


@pytest.mark.parametrize("content", ["", BEGIN, f"{END}\n{BEGIN}", f"{BEGIN}{BEGIN}{END}", f"{BEGIN}{END}{END}", None])
def test_a_file_without_both_markers_is_refused_and_left_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: str | None
) -> None:
    path = tmp_path / "README.md"
    if content is not None:
        path.write_text(content, encoding="utf-8")
    with pytest.raises(SystemExit) as ended:
        printed(capsys, into=path)
    assert ended.value.code == 1
    assert (path.read_text(encoding="utf-8") if path.exists() else None) == content


@pytest.mark.parametrize(
    ("written", "instead", "why"),
    [
        # the program does something else
        ('letters = "stopped"', 'letters = "go"', "line 217: rows.status-90.letters: the program has another rule"),
        ('block = "proposed_and_cancels"', 'block = "doubted"', "rows.status-90.block: the program has another rule"),
        # a name that stands nowhere
        (
            'block = "as_before"',
            'block = "as_befor"',
            "rows.status-other.block: no value of the program has this name",
        ),
        ('coming = "number_annulled"\nrecord.da = "kun status læses, ', 'coming = "x"\nrecord.da = "', "has this name"),
        # too little, and too much
        ('events = "A25"\n', "", "rows.status-90: this setting is missing"),
        ('events = "A25"', 'event = "A25"', "rows.status-90.event: there is no such setting"),
        ('title.en = "Status"\n', "", "title.en: this setting is missing"),
        ("[rows.status-90]", "[rows.status-91]", "rows.status-90: this setting is missing"),
    ],
)
def test_a_row_that_is_wrong_is_refused_by_its_file_line_and_cell(
    tmp_path: Path, written: str, instead: str, why: str
) -> None:
    """A table that says something else than the program does is never printed."""
    text = rulebook_path("status.toml").read_text(encoding="utf-8")
    assert written in text
    file = tmp_path / "status.toml"
    file.write_text(text.replace(written, instead, 1), encoding="utf-8")
    with pytest.raises(ConfigurationError) as refused:
        load_rule_tables(Policy(), file)
    assert str(refused.value).startswith(str(file))
    assert why in str(refused.value)


def test_each_word_that_is_explained_is_used_in_a_row() -> None:
    used = set()
    for table in TABLES:
        written = tomllib.loads(rulebook_path(f"{table}.toml").read_text(encoding="utf-8"))
        groups = {column: of.get("words") for column, of in written["columns"].items()}
        used |= {(groups[column], str(cell)) for row in written["rows"].values() for column, cell in row.items()}
    words = tomllib.loads(rulebook_path("words.toml").read_text(encoding="utf-8"))
    assert [f"{group}.{name}" for group, names in words.items() for name in names if (group, name) not in used] == []

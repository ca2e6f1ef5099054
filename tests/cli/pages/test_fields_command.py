"""`cprsync fields`: the table and its two pages, for people and for programs, without any configuration."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from cprsync.cli.pages.policy import WIDTH, fields
from cprsync.domain.patron.fields import PRINTED
from cprsync.resources import fixture_path, guide_paths

if TYPE_CHECKING:
    from pathlib import Path


def printed(capsys: pytest.CaptureFixture[str], **options: object) -> str:
    fields(**options)  # type: ignore[arg-type] -- options as a command line gives them
    return capsys.readouterr().out


def test_the_privacy_page_is_text_no_wider_than_paper(capsys: pytest.CaptureFixture[str]) -> None:
    page = printed(capsys, privacy="da")
    assert page.startswith("Dine oplysninger i bibliotekets lånerregister\n")
    assert all(len(line) <= WIDTH for line in page.splitlines())
    for field in PRINTED:
        assert not field.explained or f"\n{field.name.da} - " in page


def test_the_privacy_page_speaks_english_when_asked(capsys: pytest.CaptureFixture[str]) -> None:
    page = printed(capsys, privacy="en")
    assert "\nAbsence - Days on which" in page
    assert "Fravær" not in page


def test_a_page_is_one_json_document_with_a_paragraph_each(capsys: pytest.CaptureFixture[str]) -> None:
    document = json.loads(printed(capsys, privacy="da", as_json=True))
    named = [one for one in document["paragraphs"] if one["name"] == "Fravær"]
    assert document["language"] == "da"
    assert [one["section"] for one in named] == ["Felterne"]


def test_a_page_asks_calmly_for_what_only_the_library_knows_and_is_printed_all_the_same(
    capsys: pytest.CaptureFixture[str],
) -> None:
    fields(privacy="da")
    page = capsys.readouterr()
    assert "Dataansvarlig - [bibliotekets navn]" in page.out
    assert "policy.toml under [controller]: name (bibliotekets navn), contact (" in page.err
    document = json.loads(printed(capsys, article30=True, controller="Byens Bibliotek", as_json=True))
    assert document["missing"] == ["officer", "stored"]
    assert "Dataansvarlig - Byens Bibliotek\n" in printed(capsys, article30=True, controller="Byens Bibliotek")


def test_a_page_that_lacks_nothing_asks_for_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = fixture_path("policy.toml").read_text(encoding="utf-8").partition("# [controller]")[2].splitlines()[1:5]
    text = "\n".join(["[controller]", *(line.removeprefix("# ") for line in lines)])
    (tmp_path / "policy.toml").write_text(text, encoding="utf-8")
    fields(policy=tmp_path / "policy.toml", privacy="en")
    page = capsys.readouterr()
    assert "Data controller - Byens Bibliotek, Torvet 1" in page.out
    assert ("[" in page.out, page.err) == (False, "")


def test_the_table_has_every_field_with_its_key(capsys: pytest.CaptureFixture[str]) -> None:
    document = json.loads(printed(capsys, as_json=True))
    assert [one["key"] for one in document["fields"]] == [field.key for field in PRINTED]
    table = printed(capsys, lang="en")
    for field in PRINTED:
        assert f"{field.name.en}  {field.key}" in table


def test_two_pages_at_once_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as refused:
        printed(capsys, privacy="da", article30=True)
    assert refused.value.code == 2
    assert capsys.readouterr().out == ""


def test_the_page_follows_a_librarys_own_policy(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = fixture_path("policy.toml").read_text(encoding="utf-8").replace("dead_days = 90", "dead_days = 17")
    (tmp_path / "policy.toml").write_text(text, encoding="utf-8")
    assert "huskes den i 17 dage" in printed(capsys, policy=tmp_path / "policy.toml", privacy="da").replace("\n", " ")


def test_the_guides_table_of_what_may_be_set_is_that_of_the_code(tmp_path: Path) -> None:
    """Drifted: `cprsync fields --into cprsync/guide/librarian.md`."""
    page = guide_paths()["librarian"].read_text(encoding="utf-8")
    (copy := tmp_path / "librarian.md").write_text(page, encoding="utf-8")
    fields(into=copy)
    assert copy.read_text(encoding="utf-8") == page, "run: cprsync fields --into cprsync/guide/librarian.md"


def test_a_page_without_the_two_markers_of_the_fields_stays_as_it_is(tmp_path: Path) -> None:
    page = guide_paths()["rules"].read_text(encoding="utf-8")
    (path := tmp_path / "page.md").write_text(page, encoding="utf-8")
    with pytest.raises(SystemExit) as ended:
        fields(into=path)
    assert (ended.value.code, path.read_text(encoding="utf-8")) == (1, page)

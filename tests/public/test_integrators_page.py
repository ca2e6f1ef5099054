"""The page for those who build on cprsync: each example on it does what the page says."""

from __future__ import annotations

import contextlib
import dataclasses
import io
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import structlog
from started import command

from cprsync import (
    Address,
    DeliveryRefused,
    Found,
    Name,
    NotFound,
    Person,
    Register,
    RegisterAccess,
    inspect_delivery,
    read_delivery,
)
from cprsync.errors import ConfigurationError
from cprsync.mock.server import running
from cprsync.resources import fixture_path, guide_paths
from cprsync.store.tables import STATUS_CLASSES

ROOT = Path(__file__).parents[2]
_BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def run_page(folder: Path, page: str) -> list[tuple[str, str]]:
    """Do what the page says, block by block. Return what each example printed, with what the page says it does."""
    told: list[tuple[str, str]] = []
    names: dict[str, Any] = {}
    for language, block in _BLOCK.findall(page):
        if language == "python":
            out = io.StringIO()
            with contextlib.redirect_stdout(out):
                exec(compile(block, "integrator.md", "exec"), names)  # noqa: S102 -- the examples of our own guide
            told.append((out.getvalue(), ""))
        elif language == "text":
            told[-1] = (told[-1][0], block)
        elif not language:
            for line in block.splitlines():
                words = line.partition("#")[0].split()
                if words[:2] == ["cprsync", "mock"] and words[2] != "serve":
                    ended = command(*words[1:], cwd=folder)
                    assert ended.returncode == 0, ended.stderr
    return told


@pytest.fixture
def without_structlog() -> None:
    """As in a program that has not set structlog up."""
    structlog.reset_defaults()


@pytest.mark.usefixtures("without_structlog")
def test_each_example_prints_what_the_page_says_and_the_program_prints_nothing(
    tmp_path: Path, mock_keys: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(mock_keys, tmp_path / "town")
    # the page's second mock is the one in the folder of `cprsync demo --keep play`
    (tmp_path / "mock").symlink_to("town")
    monkeypatch.chdir(tmp_path)
    with running(tmp_path / "town", fixture_path("people.toml"), with_webhook=True):
        told = run_page(tmp_path, guide_paths()["integrator"].read_text(encoding="utf-8"))
    assert len(told) >= 5
    for printed, promised in told:
        assert printed == promised


def test_the_examples_pass_a_strict_type_checker_as_somebody_copies_them(tmp_path: Path) -> None:
    """All of them as one program. The package's own cache makes it seconds."""
    page = guide_paths()["integrator"].read_text(encoding="utf-8")
    program = tmp_path / "copied.py"
    program.write_text("\n".join(block for language, block in _BLOCK.findall(page) if language == "python"))
    checked = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", str(program)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert checked.returncode == 0, checked.stdout


def test_every_field_of_a_public_value_stands_on_the_page() -> None:
    page = guide_paths()["integrator"].read_text(encoding="utf-8")
    for value in (Found, NotFound, Person, Address, Name):
        for field in dataclasses.fields(value):
            assert f"`{field.name}`" in page or field.name == "stays_sealed", (value, field.name)
    assert "`digits`" in page


def test_a_folder_without_a_mock_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="no mock was ever started there"):
        RegisterAccess.of_mock(tmp_path)


def test_an_access_shows_none_of_its_values(tmp_path: Path) -> None:
    access = RegisterAccess(
        lookup_url="https://localhost/1",
        subscription_url="https://localhost/2",
        ca=tmp_path,
        service_agreement="secret",
        user_system="secret",
        user="secret",
        cvr="12345678",
    )
    assert repr(access) == "RegisterAccess(…)"
    with pytest.raises(ConfigurationError):
        Register(access)


def test_a_damaged_delivery_yields_nobody_and_says_what_is_wrong(tmp_path: Path) -> None:
    path = tmp_path / "D270322.L123456"
    path.write_bytes(b"000123456")
    with pytest.raises(DeliveryRefused):
        list(read_delivery(path))
    assert inspect_delivery(path)["complete"] is False
    with path.open("rb") as content:
        assert inspect_delivery(content)["problem"]


def test_the_page_names_each_word_of_a_status_and_no_other() -> None:
    page = guide_paths()["integrator"].read_text(encoding="utf-8")
    table = page.partition("| `status` | the patron |\n|---|---|\n")[2].partition("\n\n")[0]
    assert set(re.findall(r"^\| `(\w+)`", table, re.MULTILINE)) == set(STATUS_CLASSES.values())

"""`patron show --reveal`: what is sealed opens for a reason, the audit says so, and nothing opens without one."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest
from e2e_library import Library, assert_refused, new_library, personal
from town import PEOPLE, PEOPLE_FILE

from cprsync.cli.terminal.user import user_name
from cprsync.mock.server import running

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.xdist_group("reveal")
REASON = "Brev om en bog, hun har glemt"


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory, mock_keys: Path) -> Iterator[tuple[Library, str]]:
    """INGER, who is protected, is a patron and has her first copy; her patron number."""
    folder = tmp_path_factory.mktemp("reveal")
    shutil.copytree(mock_keys, folder / "mock")
    with running(folder / "mock", PEOPLE_FILE):
        library = new_library(folder / "library", folder / "mock", ["INGER"])
        assert library.call("sync").exit in {0, 4}
        (row,) = library.rows("patron")["patron"]
        yield library, str(row[1])


@pytest.fixture
def library(first: tuple[Library, str], tmp_path: Path) -> Library:
    return first[0].copy(tmp_path / "library")


def audits(library: Library) -> int:
    return len(library.rows("audit")["audit"])


def test_without_it_nothing_shows_and_only_the_look_is_written(library: Library, first: tuple[Library, str]) -> None:
    before = audits(library)
    ran = library.call("patron", "show", first[1])
    library.call("patron", "show", first[1])
    assert (ran.exit, ran.document["revealed"], ran.document["fields"]["name"]["value"]) == (0, False, None)
    assert not [word for word in personal() if word in ran.out]
    assert audits(library) == before + 1


def test_with_a_reason_the_values_show_and_the_audit_says_who_and_why(
    library: Library, first: tuple[Library, str]
) -> None:
    before = audits(library)
    ran = library.call("patron", "show", first[1], "--reveal", "--reason", REASON)
    assert (ran.exit, ran.document["revealed"], ran.document["protected"]) == (0, True, True)
    assert ran.document["fields"]["name"]["value"] == PEOPLE["INGER"]["name"]["addressing"]
    assert audits(library) == before + 1
    entry = str(library.rows("audit")["audit"])
    for told in ("reveal", user_name(), first[1]):
        assert told in entry
    assert REASON not in entry
    assert len(library.rows("audit_reason")["audit_reason"]) == 1
    assert PEOPLE["INGER"]["name"]["addressing"] not in entry
    assert library.call("patron", "show", first[1]).document["fields"]["name"]["value"] is None


def test_as_text_it_says_that_it_was_opened(library: Library, first: tuple[Library, str]) -> None:
    told = library.text("patron", "show", first[1], "--reveal", "--reason", REASON)
    assert "åbnet, og skrevet i loggen" in told
    assert PEOPLE["INGER"]["name"]["addressing"] in told


@pytest.mark.parametrize("options", [("--reveal",), ("--reveal", "--reason", " "), ("--reason", REASON)])
def test_reveal_and_reason_come_together_or_it_is_wrong_usage(
    library: Library, first: tuple[Library, str], options: tuple[str, ...]
) -> None:
    before = library.rows()
    ran = library.call("patron", "show", first[1], *options)
    assert_refused(ran, code=2, kind="usage.reason", says="reason", advises="--reason")
    assert library.rows() == before


def test_a_reason_that_holds_a_number_is_not_kept(library: Library, first: tuple[Library, str]) -> None:
    before = library.rows()
    ran = library.call("patron", "show", first[1], "--reveal", "--reason", f"om {PEOPLE['INGER']['number']}")
    assert_refused(ran, code=1, kind="input.reason", says="CPR number", advises="")
    assert library.rows() == before

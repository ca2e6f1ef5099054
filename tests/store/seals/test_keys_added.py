"""Keys of purposes that came later: an older folder gets them once, and nothing else of it changes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cprsync.errors import ConfigurationError
from cprsync.store.seals.keys import ADDED_LATER, Keyring, Purpose, add_missing_keys, create_keys

if TYPE_CHECKING:
    from pathlib import Path


def contents(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in sorted(folder.iterdir())}


@pytest.fixture
def older(tmp_path: Path) -> Path:
    create_keys(tmp_path / "keys")
    for purpose in ADDED_LATER:
        (tmp_path / "keys" / f"{purpose.value}-1.key").unlink()
    return tmp_path / "keys"


def test_an_older_folder_gets_the_keys_that_it_lacks_and_keeps_its_own(older: Path) -> None:
    with pytest.raises(ConfigurationError) as refused:
        Keyring.load(older)
    assert refused.value.kind == "keys.older"
    before = contents(older)
    add_missing_keys(older)
    assert set(Keyring.load(older).keys) == set(Purpose)
    after = contents(older)
    assert {name: text for name, text in after.items() if name in before} == before
    add_missing_keys(older)
    assert contents(older) == after


def test_a_key_of_the_first_version_that_is_lost_is_never_made_anew(older: Path) -> None:
    (older / "seal-1.key").unlink()
    add_missing_keys(older)
    with pytest.raises(ConfigurationError) as refused:
        Keyring.load(older)
    assert refused.value.kind == "keys.missing"


def test_a_folder_without_keys_is_left_without(tmp_path: Path) -> None:
    add_missing_keys(tmp_path)
    assert list(tmp_path.iterdir()) == []

"""Which Chromium is used, and what is said where there is none."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from chromium.launching import demand, find_chromium

if TYPE_CHECKING:
    from pathlib import Path


def test_the_chromium_that_is_named_wins_over_one_that_is_found(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    found = tmp_path / "chromium"
    found.write_text("#!/bin/sh\n")
    found.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CPRSYNC_CHROMIUM", raising=False)
    assert find_chromium() == str(found)
    monkeypatch.setenv("CPRSYNC_CHROMIUM", "/opt/another")
    assert find_chromium() == "/opt/another"


@pytest.mark.parametrize(("ci", "refusal"), [("", pytest.skip.Exception), ("true", pytest.fail.Exception)])
def test_without_one_the_tests_are_not_run_and_in_continuous_integration_they_fail(
    monkeypatch: pytest.MonkeyPatch, ci: str, refusal: type[BaseException]
) -> None:
    monkeypatch.setenv("CI", ci)
    with pytest.raises(refusal, match="not run: no Chromium was found"):
        demand(None)

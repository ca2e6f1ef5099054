"""What the tests of the whole share: certificates made once in a worker, and commands that log as the program does."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
import structlog

from cprsync.cli.logs import configure
from cprsync.mock.authority import develop_certificates

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="session")
def made_certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The certificates of a mock: keys of the real size take seconds to make."""
    folder = tmp_path_factory.mktemp("certificates") / "certs"
    develop_certificates(folder, now=datetime.now(UTC))
    return folder


@pytest.fixture(scope="module", autouse=True)
def logging_as_the_program_does() -> Iterator[None]:
    configure("WARNING")
    yield
    structlog.reset_defaults()

"""Commands run in the test's own process log as the program does: to standard error."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import structlog

from cprsync.cli.terminal.logs import configure

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module", autouse=True)
def logging_as_the_program_does() -> Iterator[None]:
    configure("WARNING")
    yield
    structlog.reset_defaults()

"""Certificates for the mocks of the sweeps: keys of the real size take seconds to make."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from cprsync.mock.authority import develop_certificates

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="session")
def made_certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("certificates") / "certs"
    develop_certificates(folder, now=datetime.now(UTC))
    return folder

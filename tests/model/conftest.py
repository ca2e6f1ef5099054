"""The empty store that every life begins with. Doubles and people of `tests/sync` are found there, not copied."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parent.parent / "sync"))

from sync.conftest import empty_store, postgresql

__all__ = ["empty_store", "postgresql"]

"""Doubles and people of `tests/services` are found there, not copied."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parent.parent / "services"))

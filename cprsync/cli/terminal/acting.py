"""The person whom `--as` names. Decides nothing: `user` says whether the account may name one."""

from __future__ import annotations

from contextvars import ContextVar
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

#: The person named with --as, and the configuration that says who may name one. Used for the audit.
ACTING: ContextVar[tuple[str | None, Path | None]] = ContextVar("acting", default=(None, None))

"""The paths that settings name, wherever they stand: find them, or move them. Opens no file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


def map_paths(move: Callable[[Path], Path], value: Any) -> Any:
    """The value with every path in it moved."""
    match value:
        case Path():
            return move(value)
        case BaseModel():
            return value.model_copy(update={name: map_paths(move, part) for name, part in value})
        case tuple():
            return tuple(map_paths(move, part) for part in value)
        case _:
            return value


def named_paths(value: Any) -> Iterator[Path]:
    """Yield every path that settings name."""
    match value:
        case Path():
            yield value
        case BaseModel():
            for _, part in value:
                yield from named_paths(part)
        case tuple():
            for part in value:
                yield from named_paths(part)

"""Values that a night makes by the ten thousand: frozen like any other, and made in half the time."""

from __future__ import annotations

from dataclasses import MISSING, fields
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

    from _typeshed import DataclassInstance

T = TypeVar("T", bound="DataclassInstance")


def made_often(value: type[T]) -> type[T]:
    """Let a frozen dataclass with slots fill them itself as it is made.

    The `__init__` that Python writes for one has each field found by its name again, since a frozen value refuses to
    be assigned to: a tenth of a night went into that. This one does the same through the slots, and nothing else may.

    Raises:
        TypeError: a default is made anew for each value, or a field is none of what it is made from.
    """
    if any(field.default_factory is not MISSING or not field.init or field.kw_only for field in fields(value)):
        raise TypeError("a value that is made often has plain fields only")
    names = [field.name for field in fields(value)]
    slots = {f"_fill_{name}": getattr(value, name).__set__ for name in names}
    defaults = {f"_{field.name}": field.default for field in fields(value) if field.default is not MISSING}
    taken = ", ".join(f"{name}=_{name}" if f"_{name}" in defaults else name for name in names)
    lines = [f"_fill_{name}(self, {name})" for name in names]
    if hasattr(value, "__post_init__"):
        lines.append("self.__post_init__()")
    made: dict[str, Callable[..., None]] = {}
    source = f"def __init__(self, {taken}):\n    " + "\n    ".join(lines)
    scope: dict[str, Any] = slots | defaults
    exec(source, scope, made)  # noqa: S102 -- as dataclasses do: all that stands in it are the names of our own fields
    made["__init__"].__qualname__ = f"{value.__qualname__}.__init__"
    value.__init__ = made["__init__"]  # type: ignore[method-assign]
    return value

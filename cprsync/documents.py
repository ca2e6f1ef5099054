"""Makes the JSON document of a typed result: the one way to what `--json` prints, the API sends and a run keeps.

A result is a frozen dataclass that stands with its use case. Its attributes are the names of the document, so that a
misspelt one fails the type check. A class that hides all of itself (`repr=False`), such as a CPR number, is no part of
a document: a result that holds personal data hides its attributes one by one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field, fields, is_dataclass
from datetime import date, datetime
from enum import Enum
from typing import TYPE_CHECKING, Any, Final, TypeGuard

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

_LEFT_OUT: Final = "left_out"
#: Where dataclasses keep how a class was made.
_PARAMETERS: Final = "__dataclass_params__"


def left_out() -> Any:
    """A part of a result that its document does not have if it is None. Other parts are null then."""
    return field(default=None, metadata={_LEFT_OUT: True})


def document_of(result: DataclassInstance) -> dict[str, Any]:
    """The document of a result. An attribute that would be a word of Python ends in `_`, which the document lacks."""
    values = ((one, getattr(result, one.name)) for one in fields(result))
    return {
        one.name.rstrip("_"): _plain(value)
        for one, value in values
        if value is not None or not one.metadata.get(_LEFT_OUT)
    }


def _plain(value: Any) -> Any:  # noqa: PLR0911 -- one for each kind of value
    match value:
        case None | str() | bool() | int() | float():
            return value
        case Enum():
            return value.value
        case datetime():
            return value.isoformat(timespec="seconds")
        case date():
            return value.isoformat()
        case Mapping():
            return {str(_plain(key)): _plain(below) for key, below in value.items()}
        case tuple() | list():
            return [_plain(below) for below in value]
    if is_result(value):
        return document_of(value)
    raise TypeError(f"no part of a document: {type(value).__name__}")


def is_result(value: Any) -> TypeGuard[DataclassInstance]:
    """Whether a value has a document: a dataclass that does not hide all of itself."""
    return is_dataclass(value) and not isinstance(value, type) and getattr(value, _PARAMETERS).repr

"""Ceilings of one answer."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerLimits:
    """Ceilings of one answer."""

    #: after inflating
    max_bytes: int
    max_elements: int
    #: from connecting to the last byte
    seconds: float
    max_depth: int = 64
    #: per element
    max_attributes: int = 64
    #: declared in the whole answer; the platform declares about ten
    max_namespaces: int = 256

"""The reason that a user gives for an action: one line in their own words, kept sealed in the audit."""

from __future__ import annotations

import re

from cprsync.errors import BadInput, ConfigurationError

REASON_MAX = 200


#: The reason is sealed, but kept as long as the audit: it must hold no CPR number.
_NUMBER = re.compile(r"\d{6}-?\d{4}", re.ASCII)


def demanded_reason(reason: str, *, of: str) -> str:
    """Same as `checked_reason`, for an action that requires a reason.

    Raises:
        ConfigurationError: there is no reason; `of` says what requires one.
        BadInput: the reason cannot be kept.
    """
    if not reason.strip():
        raise ConfigurationError(of, kind="usage.reason")
    return checked_reason(reason)


def checked_reason(reason: str) -> str:
    """The reason as the audit keeps it. Raises BadInput."""
    reason = reason.strip()
    if not reason:
        raise BadInput("there is no reason", kind="input.reason")
    if len(reason) > REASON_MAX or not reason.isprintable():
        raise BadInput(
            "the reason is longer than {most} characters, or not on one line",
            most=REASON_MAX,
            kind="input.reason",
        )
    if _NUMBER.search(reason):
        raise BadInput(
            "the reason holds what looks like a CPR number: the audit is no place for one", kind="input.reason"
        )
    return reason

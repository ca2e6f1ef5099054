"""Escapes control characters in text for a terminal or a log."""

from __future__ import annotations

import re

#: Characters that a terminal may take as a command or as a change of text order; all but line end and tab.
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


def harmless(text: str) -> str:
    """The text with its control characters escaped, because anyone may have made a certificate or a policy."""
    return _CONTROLS.sub(lambda found: f"\\u{ord(found[0]):04x}", text)

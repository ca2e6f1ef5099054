"""Control characters written out, for whatever goes to a terminal or a log."""

from __future__ import annotations

import re

#: What a terminal may take for a command, or for the order of what it shows: all but the end of a line and a tab.
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


def harmless(text: str) -> str:
    """The text with its control characters written out: a certificate or a policy may have been made by anyone."""
    return _CONTROLS.sub(lambda found: f"\\u{ord(found[0]):04x}", text)

"""Who sits at the terminal, and what only they may type: never from an argument, which others could see."""

from __future__ import annotations

import getpass
import os
import sys
from contextlib import suppress

from cprsync.domain.number import CprNumber
from cprsync.errors import BadInput

#: A number with its hyphen and the end of the line is far shorter.
_LINE_MAX = 64


def user_name() -> str:
    """The operating system's name of who runs this, not what the environment claims."""
    with suppress(ImportError, KeyError):
        import pwd

        return pwd.getpwuid(os.getuid()).pw_name
    return f"uid {os.getuid()}"


def ask_number() -> CprNumber:
    """Take a CPR number from a prompt that does not show it, or from one line of standard input.

    Raises:
        BadInput: it is none; the message does not quote it.
    """
    typed = getpass.getpass("CPR-nummer: ") if sys.stdin.isatty() else sys.stdin.readline(_LINE_MAX)
    try:
        return CprNumber.parse(typed.strip())
    except ValueError as error:
        raise BadInput(str(error), kind="input.number") from None

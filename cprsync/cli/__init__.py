"""The command line: commands, progress, text and JSON. Turns errors into exit codes and advice.

Notes the moment from which the user waits: the start of the program, or their last answer to a question. The rest of
the command line is loaded after this, so that the loading counts too.
"""

import time

_last = [time.monotonic()]


def note_answer() -> None:
    """Note that the user has just answered: from here on they wait."""
    _last[0] = time.monotonic()


def waits_since() -> float:
    """Since when the user waits, on the monotonic clock: their last answer, or the start of the program."""
    return _last[0]

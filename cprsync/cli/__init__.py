"""The command line: commands, progress, text and JSON. Turns errors into exit codes and advice.

Notes the moment from which the user waits: the start of the program, or their last answer to a question. The rest of
the command line is loaded after this, so that the loading counts too.
"""

import time

_last = [time.monotonic()]


def note_key() -> None:
    """Note that the user has just answered: from here on they wait."""
    _last[0] = time.monotonic()


def last_key() -> float:
    """When the user last pressed a key that the program works on, on the monotonic clock."""
    return _last[0]

"""Values that settings share: addresses, ours as browsers type it, how often to call, and a time of the day."""

from __future__ import annotations

import re
from datetime import time
from typing import Annotated, Final, TypeAlias
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field

from cprsync.errors import WrongValue

#: The names and the address of this machine alone.
LOOPBACK: Final = ("localhost", "127.0.0.1")
_HOUR: Final = re.compile(r"([01]\d|2[0-3]):([0-5]\d)", re.ASCII)


def _check_https(typed: str) -> str:
    try:
        parts = urlsplit(typed)
        names_a_host = parts.scheme == "https" and bool(parts.hostname) and parts.port != 0
    except ValueError:  # no port, or an unclosed bracket
        names_a_host = False
    if not names_a_host:
        raise WrongValue("expected an address that begins with https:// and names a host")
    return typed


def _check_own(typed: str) -> str:
    """Check an address of ours: scheme, host and port alone, and in clear on this machine alone."""
    try:
        parts = urlsplit(typed)
        is_near = parts.scheme == "http" and parts.hostname in LOOPBACK
        is_whole = (parts.scheme == "https" or is_near) and bool(parts.hostname) and parts.port != 0
    except ValueError:  # no port, or an unclosed bracket
        is_whole = False
    if not is_whole or typed != f"{parts.scheme}://{parts.netloc}" or "@" in parts.netloc:
        raise WrongValue("expected our own address as browsers type it, such as https://skranke.bibliotek.dk")
    return typed


def parse_hour(typed: str) -> time | None:
    """Return the time of the day that is written as "06:00". None: it is none."""
    found = _HOUR.fullmatch(typed)
    return found and time(int(found[1]), int(found[2]))


def _read_hour(typed: object) -> time:
    hour = parse_hour(typed) if isinstance(typed, str) else None
    if hour is None:
        raise WrongValue('expected a time of the day as "06:00"')
    return hour


#: A counterpart's.
Address: TypeAlias = Annotated[str, AfterValidator(_check_https)]
#: Ours.
OwnAddress: TypeAlias = Annotated[str, AfterValidator(_check_own)]
#: Each worker has its own connection and thread: more than these would wait for the store, not for the counterpart.
Workers: TypeAlias = Annotated[int, Field(ge=1, le=64, strict=True)]
#: What one library may ask of a counterpart that serves all libraries.
PerSecond: TypeAlias = Annotated[int, Field(ge=1, le=1000, strict=True)]
HourOfDay: TypeAlias = Annotated[time, BeforeValidator(_read_hour)]

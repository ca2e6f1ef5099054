"""Asks the machine and the program, without any setting."""

from __future__ import annotations

import os
import re
import sqlite3
import ssl
import subprocess
import sys
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from cprsync.resources import compile_schemas
from cprsync.services.ports.trust.doctor import Component, Need

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

#: A requirement of the package, as `lxml>=6.0`. What only an extra needs is left out.
_REQUIREMENT: Final = re.compile(r"([A-Za-z0-9._-]+)(?:\[[^\]]*\])?>=([0-9.]+)[^;]*(?:;(?!.*extra).*)?")
#: What the store's statements need, and what the certificates need.
_SQLITE, _OPENSSL, _PYTHON = "3.35", "3.0", "3.11"
_SYSTEMD: Final = Path("/run/systemd/system")
_TIMER_SECONDS: Final = 10
_UMASK: Final = re.compile(r"^Umask:\s*([0-7]+)$", re.MULTILINE)


class ThisMachine:
    """The machine that the command runs on."""

    def components(self) -> list[Component]:
        return list(_components())

    def compile_schemas(self) -> None:
        compile_schemas()

    def danish_hours(self) -> tuple[float, float]:
        zone = ZoneInfo.no_cache("Europe/Copenhagen")
        offsets = [datetime(2027, month, 15, tzinfo=UTC).astimezone(zone).utcoffset() for month in (1, 7)]
        winter, summer = (0.0 if one is None else one.total_seconds() / 3600 for one in offsets)
        return winter, summer

    def is_root(self) -> bool:
        return os.geteuid() == 0

    def umask(self) -> int:
        # setting it to read it would be felt by the other threads
        found = _UMASK.search(Path("/proc/self/status").read_text(encoding="ascii", errors="replace"))
        return 0o777 if found is None else int(found[1], 8)

    def timer(self) -> Mapping[str, str]:
        asked = ["systemctl", "show", "cprsync.timer", "--property=LoadState,ActiveState,UnitFileState"]
        told = subprocess.run(asked, capture_output=True, text=True, timeout=_TIMER_SECONDS, check=False)  # noqa: S603 -- fixed words
        pairs = (line.partition("=") for line in told.stdout.splitlines())
        return {name: value for name, _, value in pairs}

    def has(self, need: Need) -> bool:
        return need is Need.SYSTEMD and _SYSTEMD.is_dir()


def _components() -> Iterator[Component]:
    yield _component("Python", ".".join(map(str, sys.version_info[:3])), _PYTHON)
    yield _component("OpenSSL", ssl.OPENSSL_VERSION.split()[1], _OPENSSL)
    yield _component("SQLite", sqlite3.sqlite_version, _SQLITE)
    for line in requires("cprsync") or ():
        wanted = _REQUIREMENT.fullmatch(line)
        if wanted is not None:
            yield _component(wanted[1], _version_of(wanted[1]), wanted[2])


def _version_of(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def _component(name: str, found: str, least: str) -> Component:
    return Component(name, found, least, is_old=_numbers(found) < _numbers(least))


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(one) for one in re.findall(r"[0-9]+", text)[:3])

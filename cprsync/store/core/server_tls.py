"""The line to a PostgreSQL server: in clear on this machine alone, and otherwise to the very server that is named."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from cprsync.errors import ConfigurationError

if TYPE_CHECKING:
    from sqlalchemy.engine import URL

#: The one mode in which the driver checks who issued the server's certificate and that the name in it is the server's.
CHECKED: Final = "verify-full"
#: Names of this machine. A path is a socket of it.
_NEAR: Final = frozenset({"", "localhost", "127.0.0.1", "::1"})
#: Where the driver finds a server that the url does not name.
_NAMED_ELSEWHERE: Final = {"host": "PGHOST", "hostaddr": "PGHOSTADDR", "service": "PGSERVICE"}


def check_line(url: URL) -> None:
    """Refuse a server elsewhere over a line that others may read or change.

    Raises:
        ConfigurationError: the url does not say `sslmode=verify-full`, or leaves the server to a service file.
    """
    if _settings(url, "service"):
        raise ConfigurationError(
            "the store's url leaves the server to a service: name the server itself", kind="store.url"
        )
    if all(_is_near(host) for host in _hosts(url)) or CHECKED in _settings(url, "sslmode"):
        return
    raise ConfigurationError(
        "the line to the database's server is not protected: its url says {said}, and must say {checked}",
        said=f"sslmode={', '.join(_settings(url, 'sslmode')) or 'prefer'}",
        checked=f"sslmode={CHECKED}",
        kind="store.line",
    )


def _hosts(url: URL) -> list[str]:
    """Every server that the driver may speak to. It takes the first that answers."""
    named = [*([url.host] if url.host else []), *_settings(url, "host"), *_settings(url, "hostaddr")]
    return [host.partition(":")[0] if host.count(":") == 1 else host for host in named]


def _settings(url: URL, name: str) -> list[str]:
    """The values of a setting in the url, or else in the environment, where the driver looks next."""
    found = url.query.get(name, ())
    values = [found] if isinstance(found, str) else list(found)
    if not values and name in _NAMED_ELSEWHERE and not url.host:
        values = [os.environ.get(_NAMED_ELSEWHERE[name], "")]
    return [part for value in values for part in value.split(",") if part]


def _is_near(host: str) -> bool:
    return host in _NEAR or host.startswith(("/", "@"))

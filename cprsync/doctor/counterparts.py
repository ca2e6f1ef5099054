"""The counterparts that a library calls over TLS, and what certificates they show."""

from __future__ import annotations

import threading
import time
from itertools import chain
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from cprsync.errors import CprsyncError, CredentialUnseen
from cprsync.register.own_certificate import Counterpart, counterpart_line, is_told_of_trusted, name_problem
from cprsync.services.trust.status import NOT_SHOWN
from cprsync.wire.errors import Unanswered
from cprsync.wiring.counterparts import real_time, register_settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from cprsync.wiring.site import Site

#: How long a screen waits for counterparts that do not answer.
AT_ONCE_SECONDS: Final = 0.5
_HTTPS: Final = 443
_NOTHING: Final = dict.fromkeys(("subject", "not_after", "days_left", "step", "revocation"))


def counterparts_of(site: Site) -> list[Counterpart]:
    """Each counterpart's host once."""
    found: dict[str, Counterpart] = {}
    for one in chain(_register(site), _others(site)):
        found.setdefault(host_of(one), one)
    return list(found.values())


def _register(site: Site) -> Iterator[Counterpart]:
    section = site.section.register_
    for url in (section.lookup_url, section.subscription_url):
        yield Counterpart(url, section.ca, section.crl)


def _others(site: Site) -> Iterator[Counterpart]:
    library, page = site.section, site.section.patron_page
    for section in (library.culr, library.fbs):
        if section is not None:
            yield Counterpart(section.url, section.ca, section.crl)
    for target in library.target:
        if target.kind in {"koha", "webhook"}:
            yield Counterpart(target.url, target.ca, target.crl)
    for provider in (site.settings.desk.sign_in, None if page is None else page.sign_in):
        if provider is not None:
            yield Counterpart(provider.issuer, provider.ca, provider.crl)


def host_of(place: Counterpart) -> str:
    """The host and the port, as messages name a counterpart."""
    parts = urlsplit(place.url)
    return f"{parts.hostname}:{parts.port or _HTTPS}"


def ask_for_certificates(site: Site, *, seconds: float = AT_ONCE_SECONDS) -> Callable[[], list[dict[str, Any]]]:
    """Begin to ask each counterpart for its certificate, all at the same time.

    The result waits for their lines, as in `certs check`, for so many seconds in all. Nothing is sent to them. One that
    has not answered by then has the level `unknown`.
    """
    begun, lines = time.monotonic(), dict[str, dict[str, Any]]()
    hosts = {host_of(one): one for one in counterparts_of(site)}
    ours = {host_of(one) for one in _register(site)}

    def ask(host: str) -> None:
        lines[host] = _line_of(site, hosts[host], shows_ours=host in ours)

    threads = [threading.Thread(target=ask, args=(host,), daemon=True) for host in hosts]
    for one in threads:
        one.start()

    def wait() -> list[dict[str, Any]]:
        for one in threads:
            one.join(max(0.0, begun + seconds - time.monotonic()))
        return [lines.get(host) or _line(host, NOT_SHOWN, None) for host in hosts]

    return wait


def _line_of(site: Site, place: Counterpart, *, shows_ours: bool) -> dict[str, Any]:
    settings = register_settings(site.section.register_, production=site.settings.is_production)
    host = host_of(place)
    try:
        # while the key's numbers are held against each other, nothing else of the program runs
        return counterpart_line(settings, place, real_time(), shows_ours=shows_ours, checks_key=False)
    except (Unanswered, CredentialUnseen):
        return _line(host, NOT_SHOWN, None)
    except CprsyncError as error:
        if is_told_of_trusted(error, place, settings):
            return _line(host, NOT_SHOWN, None)
        return _line(host, "critical", error)


def _line(host: str, level: str, problem: CprsyncError | None) -> dict[str, Any]:
    told = {**name_problem(problem), "kind": None if problem is None else problem.kind}
    return {**_NOTHING, "whose": "theirs", "host": host, "level": level, **told}

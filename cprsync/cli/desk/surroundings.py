"""What the pages of a desk are given: the library's places, sessions, and who may sign in, by the settings."""

from __future__ import annotations

import enum
import time
from contextlib import ExitStack, closing, contextmanager
from functools import partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cprsync.identity.provider import Provider
    from cprsync.web.entry import Surroundings
    from cprsync.web.journeys import Journeys, StaffProvider
    from cprsync.web.me.area import PatronArea
    from cprsync.web.workers.together import Together, Worker
    from cprsync.wiring.site import Site


class Only(enum.Enum):
    """What is served, if not all of it."""

    DESK = "desk"
    PATRONS = "patrons"


@contextmanager
def surrounding(site: Site, only: Only | None = None, worker: Worker | None = None) -> Iterator[Surroundings]:
    """What the pages are given. `worker`: which of several this process is; None: it is the only one."""
    from cprsync.cli.terminal.user import user_name
    from cprsync.config.addresses import LOOPBACK
    from cprsync.doctor.measuring import measured
    from cprsync.web.accounts import StaffAccounts
    from cprsync.web.entry import Surroundings
    from cprsync.web.memory.places import Places
    from cprsync.web.memory.sessions import COOKIE, Sessions
    from cprsync.web.memory.tries import WRONG_MAX
    from cprsync.wiring.site import Site

    desk, agency = site.settings.desk, site.section.agency
    together = None if worker is None else worker.together
    tries = None if together is None else together.tries("accounts", most=WRONG_MAX)
    accounts = None
    if desk.accounts is not None:
        accounts = StaffAccounts(desk.accounts, agency=agency, monotonic=time.monotonic, tries=tries)
    open_site = partial(Site, site.settings, site.section, stays_open=True, own_patron=site.own_patron)
    with ExitStack() as stack:
        provider = stack.enter_context(_staff_provider(site, together))
        yield Surroundings(
            stack.enter_context(closing(Places(open_site))),
            Sessions(now=time.time, worker=None if worker is None else worker.number, seals=site.seals_at(COOKIE)),
            site.section.name,
            user_name(),
            accounts,
            (*LOOPBACK, *sorted(desk.names)),
            secure=desk.certificate is not None,
            provider=provider,
            patrons=None if only is Only.DESK else stack.enter_context(_patron_area(site, worker)),
            targets=tuple(one.target for one in site.section.target),
            shows_desk=only is not Only.PATRONS,
            agency=agency,
            measure=measured(Site(site.settings, site.section, stays_open=True)),
            worker=worker,
        )


@contextmanager
def _staff_provider(site: Site, together: Together | None) -> Iterator[StaffProvider | None]:
    """Where staff sign in beside the accounts. None: nowhere."""
    section = site.settings.desk.sign_in
    if section is None:
        yield None
        return
    from cprsync.web.journeys import StaffProvider
    from cprsync.web.open_id import BACK

    with site.counterparts.provider(section, back=BACK, after="/sign-in") as provider:
        secure = site.settings.desk.certificate is not None
        journeys = _journeys(provider, "cprsync-way", together, secure=secure)
        yield StaffProvider(journeys, section.title, section.rules(), site.section.agency)


@contextmanager
def _patron_area(site: Site, worker: Worker | None) -> Iterator[PatronArea | None]:
    """The patron's own pages. None: the library has none."""
    section = site.section.patron_page
    if section is None:
        yield None
        return
    from cprsync.web.me.area import BACK, SIGN_IN, PatronArea, PatronProvider, patron_sessions
    from cprsync.web.memory.sessions import PATRONS_COOKIE

    number, together = (None, None) if worker is None else (worker.number, worker.together)
    sessions = patron_sessions(time.time, worker=number, seals=site.seals_at(PATRONS_COOKIE))
    if section.sign_in is None:
        yield PatronArea(sessions, section.cards, None, time.time)
        return
    with site.counterparts.provider(section.sign_in, back=BACK, after=SIGN_IN) as provider:
        secure = site.settings.desk.certificate is not None
        journeys = _journeys(provider, "cprsync-me-way", together, secure=secure)
        named_by, claim = section.sign_in.claim
        door = PatronProvider(journeys, section.sign_in.title, claim, named_by)
        yield PatronArea(sessions, section.cards, door, time.time)


def _journeys(provider: Provider, cookie: str, together: Together | None, *, secure: bool) -> Journeys:
    """The ways of all browsers to a provider, also of those that come back to another worker."""
    from cprsync.web.journeys import Journeys
    from cprsync.wiring.counterparts import real_time

    if together is None:
        return Journeys(provider, cookie=cookie, secure=secure, now=real_time)
    key, used = together.key(cookie), together.used(cookie)
    return Journeys(provider, cookie=cookie, secure=secure, now=real_time, key=key, used=used)

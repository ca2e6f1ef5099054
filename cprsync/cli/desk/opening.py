"""Opens a desk: takes the port, and serves in this process, or in several workers that a parent keeps.

Why a session stays with its worker is in `web/workers`.
"""

from __future__ import annotations

import json
import socket
import sys
from contextlib import ExitStack, closing
from typing import TYPE_CHECKING, Any

from cprsync.cli.desk.surroundings import Only, surrounding
from cprsync.cli.terminal.output import say
from cprsync.domain.desk.confirming import SERVICE
from cprsync.errors import ConfigurationError
from cprsync.language.words import word

if TYPE_CHECKING:
    from collections.abc import Callable

    from cprsync.catalogues import Language
    from cprsync.web.entry import Surroundings
    from cprsync.wiring.site import Site

    #: told of an open desk: its `url`, and who may sign in there
    Told = Callable[[dict[str, Any]], None]


def serve_site(site: Site, port: int, told: Told, *, only: Only | None = None) -> None:
    """Serve one library's desk in this process until SIGINT or SIGTERM. `told`: called once it is open.

    Raises:
        ConfigurationError: a setting, the certificate or the file of accounts is wrong, or the port is taken.
    """
    from cprsync.web.serving import listen

    _check_parts(site, only)
    with surrounding(site, only) as around, closing(listen(port, host=site.settings.desk.host)) as listener:
        _serve(site, around, listener, told)


def supervise_workers(site: Site, port: int, only: Only | None, *, size: int, told: Told) -> int:
    """Serve one library's desk by several workers until SIGINT or SIGTERM. Return the exit code.

    Raises:
        ConfigurationError: a setting is wrong, or the port is taken. What a worker finds wrong, it says itself.
    """
    from cprsync.web.serving import listen
    from cprsync.web.workers.supervising import supervise

    _check_parts(site, only)
    # -P: the folder in which it is started is no place to look for the program
    command = [sys.executable, "-P", "-m", "cprsync", *sys.argv[1:], "--as-worker"]
    with closing(listen(port, host=site.settings.desk.host)) as listener:
        return supervise(command, listener, size, ready=told)


def serve_as_worker(site: Site, only: Only | None) -> None:
    """Serve as one worker of several, as the parent says on standard input."""
    from cprsync.web.workers.supervising import read_instructions
    from cprsync.web.workers.together import Worker

    instructions = read_instructions()
    worker = Worker.of(instructions)
    with (
        closing(socket.socket(fileno=instructions.listener)) as listener,
        surrounding(site, only, worker) as around,
    ):
        _serve(site, around, listener, worker.say_ready)


def _serve(site: Site, around: Surroundings, listener: socket.socket, told: Told) -> None:
    from cprsync.cli.desk.background import alarming, verifying
    from cprsync.web.app import make_app
    from cprsync.web.serving import Certificate, make_server
    from cprsync.web.workers.receiving import Receiver
    from cprsync.wiring.site import Site

    desk, worker = site.settings.desk, around.worker
    certificate = None
    if desk.certificate is not None and desk.key is not None:
        certificate = Certificate(desk.certificate, desk.key, desk.machines_ca)
    with around.places.taken():
        # what is wrong with the store or the register's settings is said before a browser asks
        pass
    opened = _describe(around, min(desk.names, default=around.hosts[0]), listener.getsockname()[1])
    app = make_app(around)
    beside = None if worker is None else Receiver(app.inner, worker.socket)
    with ExitStack() as stack:
        if worker is None or worker.is_first:
            stack.enter_context(verifying(Site(site.settings, site.section, stays_open=True)))
            stack.enter_context(alarming(Site(site.settings, site.section, stays_open=True)))
        make_server(app, certificate, lambda: told(opened), beside=beside).run(sockets=[listener])


def _check_parts(site: Site, only: Only | None) -> None:
    """Refuse to serve what is not set up, or a desk without log-in beside pages for everybody."""
    page, desk = site.section.patron_page, site.settings.desk
    if only is Only.PATRONS and page is None:
        raise ConfigurationError("the library has no [library.patron_page]", kind="setting")
    if only is None and page is not None and not desk.signs_in:
        raise ConfigurationError(
            "beside the patrons' pages the desk needs accounts or sign_in: add one, or serve one of both with --only",
            kind="setting",
        )


def _describe(around: Surroundings, name: str, port: int) -> dict[str, Any]:
    """An open desk, as the person who started it is told."""
    scheme = "https" if around.secure else "http"
    return {
        "url": f"{scheme}://{name}:{port}/{'' if around.shows_desk else 'me'}",
        "sign_in": around.signs_in,
        "user": around.user if around.shows_desk and not around.signs_in else None,
    }


def say_ready(opened: dict[str, Any], *, language: Language, as_json: bool) -> None:
    """Say where the desk is, and who acts if nobody signs in."""
    if as_json:
        # on one line, as programs that wait for it read lines
        say(json.dumps({"ready": True, "url": opened["url"], "sign_in": opened["sign_in"]}))
        return
    say(word("serve_ready", language, url=opened["url"]))
    if opened["user"] is not None:
        user = word("audit_nobody", language) if opened["user"] == SERVICE else opened["user"]
        say(word("serve_no_login", language, user=user))

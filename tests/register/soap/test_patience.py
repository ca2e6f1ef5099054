"""A person at the desk waits for all counterparts of a command together no longer than one ceiling."""

from __future__ import annotations

import io
import itertools
import math
import ssl
import time
from typing import TYPE_CHECKING

import pytest
from tls_servers import threaded
from town import number

from cprsync import cli
from cprsync.cli.terminal.failures import before_writing
from cprsync.domain.person.number import CprNumber
from cprsync.errors import RegisterUnavailable
from cprsync.wire.limits import Patience
from cprsync.wiring.site import DESK_CALLS_SECONDS, DESK_SECONDS, desk_patience

if TYPE_CHECKING:
    from collections.abc import Callable

    import responses
    from register_pki import Pki

    from cprsync.register.soap.client import SoapRegister

WHO = CprNumber(number("ANNA"))
DRIPPING = b"HTTP/1.1 200 OK\r\nContent-Length: 60000\r\n\r\n" + b" " * 60_000


class Watch:
    """A clock that a test moves."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_the_time_between_calls_is_free() -> None:
    watch = Watch()
    patience = Patience(8, monotonic=watch)
    with patience.waiting():
        watch.now += 5
        assert patience.left() == 3
    watch.now += 600  # someone reads the preview
    assert patience.left() == 3
    with patience.waiting():
        watch.now += 3
        assert patience.is_over
    assert patience.left() == 0


def test_another_request_has_all_the_time_again() -> None:
    watch = Watch()
    patience = Patience(8, monotonic=watch)
    with patience.waiting():
        watch.now += 9
    assert patience.is_over
    patience.begin_anew()
    assert patience.left() == 8


def test_the_start_of_the_program_counts_from_the_press_of_the_key() -> None:
    """It came on top: ten seconds and more at the desk."""
    watch, pressed = Watch(), [0.0]
    patience = Patience(8, since=lambda: pressed[0], least=3, monotonic=watch)
    watch.now += 60  # a question was open
    pressed[0] = watch.now
    watch.now += 2
    with patience.waiting():
        assert patience.left() == 6
        watch.now += 1
    watch.now += 600
    with patience.waiting():
        assert patience.left() == 5


def test_a_start_that_took_all_the_time_leaves_calls_some() -> None:
    watch = Watch()
    patience = Patience(8, since=lambda: 0.0, least=3, monotonic=watch)
    watch.now += 20
    with patience.waiting():
        assert patience.left() == 3


def test_the_desk_counts_from_the_last_key_and_a_script_from_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    """The next line of a script's input is no key that somebody presses."""
    began = cli.waits_since()
    monkeypatch.setattr(cli, "_last", [began])
    monkeypatch.setattr("sys.stdin", io.StringIO("ja\n"))
    with before_writing():
        assert cli.waits_since() == began
    assert cli.waits_since() == began
    monkeypatch.setattr(cli, "_last", [time.monotonic() - 100])
    slow = desk_patience(cli.waits_since)
    with slow.waiting():
        assert 2 < slow.left() <= DESK_CALLS_SECONDS
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    with before_writing():
        pass
    prompt = desk_patience(cli.waits_since)
    with prompt.waiting():
        assert DESK_CALLS_SECONDS < prompt.left() <= DESK_SECONDS


def test_calls_at_the_same_time_are_counted_once() -> None:
    watch = Watch()
    patience = Patience(8, monotonic=watch)
    with patience.waiting(), patience.waiting():
        watch.now += 2
    assert patience.left() == 6


def test_the_desk_has_less_than_eight_seconds_and_the_night_no_such_ceiling() -> None:
    """Half a second is for the program's own end."""
    assert desk_patience().left() == DESK_SECONDS == 7.5
    assert Patience().left() == math.inf


def test_a_register_that_drips_takes_no_more_than_the_desks_patience_over_all_tries_and_calls(
    pki: Pki, make_register: Callable[..., SoapRegister]
) -> None:
    """Without it each of three tries takes the thirty seconds of an answer. The server would go on for 20 minutes."""
    began = time.monotonic()
    with threaded(pki.context("server", ssl.TLSVersion.TLSv1_3), lambda _: DRIPPING, drip=True) as server:
        register = make_register(
            lookup_url=server.url, subscription_url=server.url, patience=Patience(1), sleep=time.sleep
        )
        for call in (register.look_up, register.subscribe, register.look_up):
            with pytest.raises(RegisterUnavailable) as late:
                call(WHO)
            assert late.value.kind == "register.timeout"
    assert time.monotonic() - began < 4


def test_waits_between_tries_are_counted_and_end_with_the_patience(
    wire: responses.RequestsMock, make_register: Callable[..., SoapRegister]
) -> None:
    wire.add("POST", "https://register.test/lookup", status=503)
    clock, waits = itertools.count(0, 0.25), list[float]()
    patience = Patience(1.5, monotonic=lambda: next(clock))
    with pytest.raises(RegisterUnavailable):
        make_register(patience=patience, sleep=waits.append).look_up(WHO)
    assert len(wire.calls) < 3
    assert all(wait <= 1.5 for wait in waits)

"""So many calls a second and no more, whichever threads make them, of both services and of each try."""

from __future__ import annotations

import threading
import time
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from soap_bodies import anna, envelope
from soap_wire import LOOKUP_URL
from test_soap_many import by_number, numbers
from town import number

from cprsync.domain.person.number import CprNumber
from cprsync.wire.calls import CallPace
from cprsync.wire.limits import CallLimits

if TYPE_CHECKING:
    from collections.abc import Callable

    import responses

    from cprsync.register.soap.client import SoapRegister


class Clock:
    """Stands still, and knows for how long it was asked to sleep."""

    def __init__(self) -> None:
        self.now = 0.0
        self.slept: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.slept.append(round(seconds, 6))

    def monotonic(self) -> float:
        return self.now


def test_calls_are_spaced_evenly_and_what_was_not_used_is_not_saved_up() -> None:
    clock = Clock()
    quota = CallPace(4, sleep=clock.sleep, monotonic=clock.monotonic)
    for _ in range(3):
        quota.wait()
    clock.now = 60.0
    for _ in range(3):
        quota.wait()
    assert clock.slept == [0.25, 0.5, 0.25, 0.5]


def test_without_a_quota_nobody_waits() -> None:
    clock = Clock()
    quota = CallPace(None, sleep=clock.sleep, monotonic=clock.monotonic)
    for _ in range(100):
        quota.wait()
    assert clock.slept == []


def test_many_threads_together_make_no_more_calls_than_the_quota() -> None:
    quota = CallPace(200, sleep=time.sleep, monotonic=time.monotonic)
    made: list[float] = []

    def call() -> None:
        for _ in range(10):
            quota.wait()
            made.append(time.monotonic())

    threads = [threading.Thread(target=call) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert max(made) - min(made) >= 79 / 200 * 0.98
    # no forty of them within less than a fifth of a second, but for a thread that woke late
    assert all(late - early > 0.1 for early, late in pairwise(sorted(made)[::40]))


@pytest.mark.parametrize("workers", [1, 8])
def test_a_register_is_asked_no_faster_than_the_quota_however_many_workers_there_are(
    wire: responses.RequestsMock, make_register: Callable[..., SoapRegister], workers: int
) -> None:
    wire.add_callback("POST", LOOKUP_URL, callback=by_number({}), content_type="text/xml")
    clock = Clock()
    register = make_register(
        workers=workers,
        per_second=100,
        limits=CallLimits(tries=1, unanswered_in_a_row=1000),
        sleep=clock.sleep,
        monotonic=clock.monotonic,
    )
    assert len(list(register.look_up_many(numbers(30)))) == len(wire.calls) == 30
    assert sorted(clock.slept) == [round(n / 100, 6) for n in range(1, 30)]


def test_another_try_is_another_call(wire: responses.RequestsMock, make_register: Callable[..., SoapRegister]) -> None:
    wire.post(LOOKUP_URL, status=503)
    wire.post(LOOKUP_URL, body=envelope(anna(number("ANNA"))), content_type="text/xml")
    clock = Clock()
    register = make_register(per_second=1000, sleep=clock.sleep, monotonic=clock.monotonic)
    register.look_up(CprNumber(number("ANNA")))
    backed_off, spaced = clock.slept
    assert (backed_off >= 0.2, spaced) == (True, 0.001)


@pytest.mark.parametrize("wrong", [{"workers": 0}, {"per_second": 0}])
def test_none_at_all_is_refused(make_register: Callable[..., SoapRegister], wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="at least one worker"):
        make_register(**wrong)

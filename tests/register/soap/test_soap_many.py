"""Many calls at once, and what the client lets out. Bodies by `responses`."""

from __future__ import annotations

import logging
import re
import subprocess
import sys
from http.client import HTTPConnection
from typing import TYPE_CHECKING, Any

import pytest
from soap_bodies import anna, envelope, fault
from soap_wire import LOOKUP_URL, says
from town import number

from cprsync.domain.person.number import CprNumber
from cprsync.errors import BadAnswer
from cprsync.services.ports.register import Found, NotFound
from cprsync.wire.limits import CallLimits

if TYPE_CHECKING:
    from collections.abc import Callable

    import responses

    from cprsync.register.soap.client import SoapRegister

ANNA, BO = number("ANNA"), number("BO")
WHO = CprNumber(ANNA)


def by_number(answers: dict[str, tuple[int, str]]) -> Callable[[Any], tuple[int, dict[str, str], str]]:
    def reply(request: Any) -> tuple[int, dict[str, str], str]:
        asked = re.search(rb"PNR[^>]*>([0-9]+)<", request.body)
        code, body = answers.get(asked[1].decode() if asked else "", (503, ""))
        return code, {}, body

    return reply


def test_one_failing_number_does_not_end_the_others(
    wire: responses.RequestsMock, make_register: Callable[..., SoapRegister]
) -> None:
    clara, david = number("CLARA"), number("DAVID")
    replies = {
        ANNA: (200, envelope(anna(ANNA))),
        BO: (500, fault("PNR not found")),
        clara: (200, "<html/>"),
        david: (200, envelope(anna(david))),
    }
    wire.add_callback("POST", LOOKUP_URL, callback=by_number(replies), content_type="text/xml")
    asked = [CprNumber(n) for n in (ANNA, BO, clara, david)]
    outcomes = {answer.number: answer for answer in make_register().look_up_many(iter(asked))}
    assert set(outcomes) == set(asked)
    assert {n.digits for n, answer in outcomes.items() if isinstance(answer, Found)} == {ANNA, david}
    errors = [type(answer.error) for answer in outcomes.values() if isinstance(answer, NotFound)]
    assert sorted(e.__name__ for e in errors) == ["BadAnswer", "NoSuchPerson"]


def numbers(count: int) -> list[CprNumber]:
    return [CprNumber(f"{n:010}") for n in range(count)]


def test_a_silent_register_is_not_asked_on_and_on(
    wire: responses.RequestsMock, make_register: Callable[..., SoapRegister]
) -> None:
    wire.add_callback("POST", LOOKUP_URL, callback=by_number({}), content_type="text/xml")
    register = make_register(limits=CallLimits(tries=1, unanswered_in_a_row=5), workers=2)
    answers = list(register.look_up_many(numbers(200)))
    assert {answer.number for answer in answers} == set(numbers(200))
    assert all(isinstance(answer, NotFound) for answer in answers)
    assert len(wire.calls) <= 5 + 2 * 2
    assert answers[-1].error.kind == "register.given_up"  # type: ignore[union-attr]  # all are NotFound


def test_numbers_are_taken_only_a_little_ahead(
    wire: responses.RequestsMock, make_register: Callable[..., SoapRegister]
) -> None:
    wire.add_callback("POST", LOOKUP_URL, callback=by_number({}), content_type="text/xml")
    waiting = iter(numbers(100))
    answers = make_register(limits=CallLimits(tries=1), workers=2).look_up_many(waiting)
    next(answers)
    answers.close()  # type: ignore[attr-defined]  # a generator in the form of an iterator
    assert len(list(waiting)) == 100 - 2 * 2


# -- leaks ------------------------------------------------------------------------------------------------


def test_with_wire_logging_forced_on_no_output_holds_a_number_or_a_name(
    wire: responses.RequestsMock,
    make_register: Callable[..., SoapRegister],
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(HTTPConnection, "debuglevel", 9)
    for name in ("", "zeep", "zeep.transports", "urllib3", "requests"):
        monkeypatch.setattr(logging.getLogger(name or None), "level", logging.DEBUG)
        monkeypatch.setattr(logging.getLogger(name or None), "handlers", [caplog.handler])
    says(wire, envelope(anna(ANNA)))
    says(wire, envelope(anna(BO)))
    says(wire, envelope(anna(ANNA)).replace("1985-05-04", "1985-00-00"))
    events: list[dict[str, Any]] = []
    register = make_register(log=_Log(events))
    register.look_up(WHO)
    for _ in range(2):
        with pytest.raises(BadAnswer):
            register.look_up(WHO)
    out = "".join(capfd.readouterr()) + caplog.text + repr(events) + repr(register) + repr(register.__dict__)
    for leak in (ANNA, BO, "Skovgaard", "Uglesporet"):
        assert leak not in out
    assert [event["outcome"] for event in events] == ["ok", "register.other_person", "register.schema"]
    assert {event["operation"] for event in events} == {"PersonLookup"}


class _Log:
    def __init__(self, events: list[dict[str, Any]]) -> None:
        self._events = events

    def debug(self, event: str, **keys: Any) -> None:
        self._events.append({"event": event, **keys})


def test_importing_the_client_does_not_load_zeep() -> None:
    """Zeep costs 0.3 s, and most commands never ask the register."""
    program = "import sys, cprsync.register.soap.client; sys.exit('zeep' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False, timeout=60).returncode == 0

"""The mock's control: events, nights, days, faults and the dump, as JSON on the loopback interface.

Takes keys of the people file, never numbers. Speaks no HTTP itself: `web` hands it a path and a document.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cprsync.errors import BadInput
from cprsync.mock.faults import SECONDS_MAX

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from cprsync.mock.register import Register

#: More than a year of working days in one call is a mistake.
NIGHTS_MAX = 370

Document = dict[str, Any]


def control(register: Register, path: str, asked: Mapping[str, Any]) -> Document:
    """Do what a path asks for.

    Raises:
        BadInput: there is no such path, or what is asked cannot be.
    """
    if path not in PATHS:
        raise BadInput("the mock's control has no such path", kind="mock.control")
    return PATHS[path](register, asked)


def _event(register: Register, asked: Mapping[str, Any]) -> Document:
    to = asked.get("to")
    touched = register.happen(str(asked.get("kind")), who=str(asked.get("who")), to=None if to is None else str(to))
    return {"day": register.day.isoformat(), "kind": asked["kind"], "who": asked["who"], "touched": touched}


def _night(register: Register, asked: Mapping[str, Any]) -> Document:
    count, empty = asked.get("count", 1), asked.get("empty", True)
    if not isinstance(count, int) or isinstance(count, bool) or not 1 <= count <= NIGHTS_MAX:
        raise BadInput(f"the number of nights is 1 to {NIGHTS_MAX}", kind="mock.control")
    nights = [register.close_day(empty=bool(empty)) for _ in range(count)]
    return {
        "day": register.day.isoformat(),
        "files": [night.file for night in nights if night.file],
        "persons": sum(night.persons for night in nights),
        "closed": [night.closed.isoformat() for night in nights],
        "skipped": [day.isoformat() for night in nights for day in night.skipped],
    }


def _day(register: Register, _asked: Mapping[str, Any]) -> Document:
    register.move_day()
    return {"day": register.day.isoformat(), "files": [], "persons": 0}


def _state(register: Register, _asked: Mapping[str, Any]) -> Document:
    return register.dump()


def _clock(register: Register, _asked: Mapping[str, Any]) -> Document:
    return {"day": register.day.isoformat(), "now": register.now.isoformat()}


def _fault(register: Register, asked: Mapping[str, Any]) -> Document:
    times, seconds = asked.get("times", 1), asked.get("seconds", 5.0)
    if not isinstance(times, int) or not isinstance(seconds, int | float) or isinstance(times, bool):
        raise BadInput("times and seconds are numbers", kind="mock.fault")
    if seconds > SECONDS_MAX:
        raise BadInput(f"a fault takes at most {SECONDS_MAX:.0f} seconds", kind="mock.fault")
    register.add_fault(str(asked.get("kind")), times=times, seconds=float(seconds))
    return {"faults": register.faults.dump()}


PATHS: Mapping[str, Callable[[Register, Mapping[str, Any]], Document]] = {
    "/event": _event,
    "/night": _night,
    "/day": _day,
    "/state": _state,
    "/clock": _clock,
    "/fault": _fault,
}

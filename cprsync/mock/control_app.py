"""The mock's control: events, nights, days, faults and the dump, as JSON on the loopback interface.

Persons are named by key. A number is only taken for an account at CULR that belongs to nobody in the mock. Speaks no
HTTP itself: `web` passes a path and a document.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cprsync.errors import BadInput
from cprsync.mock.town.culr_accounts import CPR, OK, Request
from cprsync.mock.town.faults import SECONDS_MAX

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from cprsync.mock.town.register import Register

#: More than a year of working days in one call is a mistake.
NIGHTS_MAX = 370

Document = dict[str, Any]


def control(register: Register, path: str, asked: Mapping[str, Any]) -> Document:
    """Do what a path asks for.

    Raises:
        BadInput: there is no such path, or the request is not possible.
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
    share, seed = asked.get("share", 1.0), asked.get("seed", 0)
    if not isinstance(share, int | float) or isinstance(share, bool) or not isinstance(seed, int):
        raise BadInput("share and seed are numbers", kind="mock.fault")
    register.add_fault(str(asked.get("kind")), times=times, seconds=float(seconds), share=float(share), seed=seed)
    return {"faults": register.faults.dump()}


def _calm(register: Register, _asked: Mapping[str, Any]) -> Document:
    register.calm()
    return {"faults": register.faults.dump()}


def _culr(register: Register, _asked: Mapping[str, Any]) -> Document:
    return register.culr.dump({person.number: key for key, person in register.people.items()})


def _latency(register: Register, asked: Mapping[str, Any]) -> Document:
    register.latency = _seconds(asked)
    return {"latency": register.latency}


def _culr_latency(register: Register, asked: Mapping[str, Any]) -> Document:
    register.culr.latency = _seconds(asked)
    return {"latency": register.culr.latency}


def _seconds(asked: Mapping[str, Any]) -> float:
    seconds = asked.get("seconds")
    if not isinstance(seconds, int | float) or not 0 <= seconds <= SECONDS_MAX:
        raise BadInput(f"an answer takes 0 to {SECONDS_MAX:.0f} seconds", kind="mock.control")
    return float(seconds)


def _culr_write(register: Register, asked: Mapping[str, Any]) -> Document:
    """Do what any library does at CULR, one of the mock's or not."""
    who, value, to = asked.get("who"), asked.get("value"), asked.get("to")
    if who is not None and who not in register.people:
        raise BadInput("no such person: --who takes a key of the people file", kind="mock.culr")
    if asked.get("kind") not in CULR_WRITES:
        raise BadInput(f"no such thing; there are {', '.join(CULR_WRITES)}", kind="mock.culr")
    number = None if who is None else register.people[str(who)].number
    # with a number of the library's own: an account beside the one under the CPR number
    uid = number or asked.get("uid")
    request = Request(
        CULR_WRITES[str(asked["kind"])],
        str(asked.get("agency")),
        str(asked.get("type", CPR)),
        str(number if value is None else value),
        None if to is None else str(to),
        uid=None if value is None or uid is None else str(uid),
    )
    result = register.culr.carry_out(request, by="control")
    if result.code != OK:
        raise BadInput(f"CULR answers {result.code}: {result.message}", kind="mock.culr")
    return {"code": result.code, "changes": len(register.culr.ledger)}


#: From a library's action at CULR to CULR's operation.
CULR_WRITES: Mapping[str, str] = {"create": "createAccount", "update": "updateAccount", "delete": "deleteAccount"}
PATHS: Mapping[str, Callable[[Register, Mapping[str, Any]], Document]] = {
    "/event": _event,
    "/night": _night,
    "/day": _day,
    "/state": _state,
    "/clock": _clock,
    "/fault": _fault,
    "/calm": _calm,
    "/culr": _culr,
    "/latency": _latency,
    "/culr/latency": _culr_latency,
    "/culr/write": _culr_write,
}

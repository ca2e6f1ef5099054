"""The mock's control: events, nights, days, faults and the dump, as JSON on the loopback interface.

First the calls to a running mock, for the command line, the demo and the tests; `asking` makes them. Then what the mock
answers, without HTTP: `web` passes a path and a document. Persons are named by their keys in the people file.
"""

from __future__ import annotations

import os
import shutil
from collections import Counter
from contextlib import suppress
from dataclasses import asdict
from itertools import chain
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from cprsync.errors import BadInput, CprsyncError, RunStopped
from cprsync.mock.asking import Document, Mock, ask, change
from cprsync.mock.town.calls import SERVICES
from cprsync.mock.town.culr_accounts import CPR, OK, CulrRequest
from cprsync.mock.town.events import PROTECTION
from cprsync.mock.town.faults import PASSING, PASSING_ON_REQUEST, SECONDS_MAX, read_fault
from cprsync.mock.town.people import no_such_person

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from cprsync.mock.town.people import TownPerson
    from cprsync.mock.town.register import TownRegister

#: More than a year of working days in one call is a mistake.
NIGHTS_MAX = 370

#: The faults of what is served on request, by how they begin, and a path of each.
ON_REQUEST: Final = {"fbs-": "/fbs", "koha-": "/koha", "hook-": "/webhook"}

#: Does what a path asks for.
Answering: TypeAlias = "Callable[[TownRegister, Mapping[str, Any]], Document]"


def event(mock: Mock, kind: str, who: str, to: str | None = None) -> dict[str, Any]:
    """Let one thing happen to one person. `touched` lists the keys of all persons that it changed.

    Raises:
        BadInput: the kind or a key is unknown, or the event makes no sense for this person.
        RegisterUnavailable: kind `mock.not_running`.
        RunStopped: kind `mock.stopped`; the mock was asked, but has not answered.
    """
    return change(mock, "/event", {"kind": kind, "who": who, "to": to})


def night(mock: Mock, count: int = 1, empty: bool = True) -> dict[str, Any]:
    """Close `count` working days. `empty`: write a delivery without persons on a day without changes.

    The days are closed one by one, so that their number is known if the mock stops in between. Raises as `event` does;
    RunStopped says how many are closed.
    """
    asked = {"count": count, "empty": empty}
    if count not in range(2, NIGHTS_MAX + 1):
        # one day, or a number that the mock refuses
        return change(mock, "/night", asked)
    done: dict[str, Any] = {}
    for closed in range(count):
        try:
            one = change(mock, "/night", {**asked, "count": 1})
        except CprsyncError as error:
            if closed == 0:
                raise
            why = "{closed} of {count} days are closed, and perhaps the next one; then: {why}"
            raise RunStopped(why, closed=closed, count=count, why=error, kind="mock.stopped") from error
        done = {name: _join(done[name], value) if name in done else value for name, value in one.items()}
    return done


def _join(before: Any, value: Any) -> Any:
    """Join files and days, add up persons, and take the newer day."""
    return value if isinstance(value, str) else before + value


def day(mock: Mock) -> dict[str, Any]:
    """Move forward one calendar day, without a delivery."""
    return change(mock, "/day", {})


def reset(mock: Mock) -> dict[str, Any]:
    """Go back to the first day: no event, subscription, delivery, account, call or fault is left.

    Raises as `event` does; BadInput, kind `mock.reset`: its copy of the people file is gone or spoilt.
    """
    return change(mock, "/reset", {})


def state(mock: Mock) -> dict[str, Any]:
    """Everything that the mock knows: day, persons by key, subscriptions by agreement, calls."""
    return ask(mock, "/state", {})


def people(mock: Mock, who: str | None = None) -> dict[str, Any]:
    """The people as they are today and as of the last night, protected or not, and subscribed to or not."""
    return ask(mock, "/people", {"who": who})


def calls(mock: Mock, **asked: Any) -> dict[str, Any]:
    """The last calls to the register and CULR, and the steps of fetches, in their order.

    Of `asked`: `after` is the number of a call, `limit` keeps the last ones, and `service`, `operation`, `who` and
    `outcome` are what a call must have. Raises BadInput: `who` or `service` is none that there is.
    """
    return ask(mock, "/calls", asked)


def fault(  # noqa: PLR0913 -- a fault's options
    mock: Mock, kind: str, times: int = 1, *, seconds: float = 5.0, share: float = 1.0, seed: int = 0
) -> dict[str, Any]:
    """Let the next `times` calls fail. `seconds` is for `slow`. `half-file` and `no-metadata` are of the next delivery.

    `share`: only about this share of the calls fail, until `times` have failed. The same seed selects the same calls.
    """
    asked = {"kind": kind, "times": times, "seconds": seconds, "share": share, "seed": seed}
    return change(mock, "/fault", asked)


def chaos(mock: Mock, *, share: float = 0.1, times: int = 1_000, seconds: float = 1.0, seed: int = 0) -> dict[str, Any]:
    """Let about a share of all answers go wrong, by a mix of faults that pass: each kind at most so many times."""
    return change(mock, "/chaos", {"share": share, "times": times, "seconds": seconds, "seed": seed})


def snapshot(mock: Mock, into: Path) -> dict[str, Any]:
    """Copy the mock as it stands to a new folder, on which another one goes on from here.

    Raises as `event` does; BadInput, kind `mock.snapshot`: something is there.
    """
    return change(mock, "/snapshot", {"into": str(into.absolute())})


def calm(mock: Mock) -> dict[str, Any]:
    """Cancel all faults that were asked for."""
    return change(mock, "/calm", {})


# -- CULR --------------------------------------------------------------------------------------------------


def culr(mock: Mock) -> dict[str, Any]:
    """What CULR holds: its patrons with their accounts, the ledger of every change in order, and the calls."""
    return ask(mock, "/culr", {})


def culr_write(mock: Mock, kind: str, agency: str, who: str | None = None, **about: str) -> dict[str, Any]:
    """Let any library `create`, `update` or `delete` an account at CULR.

    The person is named by key, or by `value` (with `type="LOCAL"` or `"UNILOGIN"`, a number that is no CPR number).
    With both, or with a CPR number as `uid`, the account under `value` belongs to the same person. `to` is the
    municipality number: three digits, or nothing for none.
    """
    return change(mock, "/culr/write", {"kind": kind, "agency": agency, "who": who, **about})


def latency(mock: Mock, seconds: float) -> dict[str, Any]:
    """Let every answer of the register take this many seconds."""
    return change(mock, "/latency", {"seconds": seconds})


def culr_latency(mock: Mock, seconds: float) -> dict[str, Any]:
    """Let every answer of CULR take this many seconds."""
    return change(mock, "/culr/latency", {"seconds": seconds})


# -- FBS ---------------------------------------------------------------------------------------------------


def fbs(mock: Mock) -> dict[str, Any]:
    """What FBS holds: its patrons by key, and how often it was asked, by method and call."""
    return ask(mock, "/fbs", {})


def fbs_write(mock: Mock, kind: str, who: str, *, field: str | None = None, to: str | None = None) -> dict[str, Any]:
    """Let one patron of FBS differ from the register: `freeze`, `remove`, `set`, `block`; or `follow` it again.

    `set` takes a field and its value; without a value the field is null. `block` takes the reason's code.
    """
    return change(mock, "/fbs/write", {"kind": kind, "who": who, "field": field, "to": to})


def webhook(mock: Mock) -> dict[str, Any]:
    """What the receiver of webhooks got since the start: counts, its keys, and the last posts in their order."""
    return ask(mock, "/webhook", {})


def fbs_latency(mock: Mock, seconds: float) -> dict[str, Any]:
    """Let every answer of FBS take this many seconds."""
    return change(mock, "/fbs/latency", {"seconds": seconds})


# -- what the mock answers ---------------------------------------------------------------------------------


def carry_out(
    register: TownRegister, path: str, asked: Mapping[str, Any], more: Mapping[str, Answering] = MappingProxyType({})
) -> Document:
    """Do what a path asks for. `more`: the paths of counterparts that are only served on request; they come first.

    Raises:
        BadInput: there is no such path, or the request is not possible.
    """
    if path == "/chaos":
        served = map(PASSING_ON_REQUEST.__getitem__, _served(register, more))
        return _chaos(register, asked, [*PASSING, *chain.from_iterable(served)])
    found = more.get(path) or PATHS.get(path)
    if found is None:
        raise BadInput("the mock's control has no such path", kind="mock.control")
    for begin, of in ON_REQUEST.items() if path == "/fault" else ():
        if str(asked.get("kind")).startswith(begin):
            # refused where it is not served: the fault would wait for a call that cannot come
            more[of](register, {})
    return found(register, asked)


def _served(register: TownRegister, more: Mapping[str, Answering]) -> Iterator[str]:
    """How the faults begin of what this mock serves on request."""
    for begin, path in ON_REQUEST.items():
        with suppress(BadInput):
            more[path](register, {})
            yield begin


def _event(register: TownRegister, asked: Mapping[str, Any]) -> Document:
    to = asked.get("to")
    touched = register.happen(str(asked.get("kind")), who=str(asked.get("who")), to=None if to is None else str(to))
    return {"day": register.day.isoformat(), "kind": asked["kind"], "who": asked["who"], "touched": touched}


def _night(register: TownRegister, asked: Mapping[str, Any]) -> Document:
    count, empty = asked.get("count", 1), asked.get("empty", True)
    if not isinstance(count, int) or isinstance(count, bool) or not 1 <= count <= NIGHTS_MAX:
        raise BadInput("the number of nights is 1 to {most}", most=NIGHTS_MAX, kind="mock.control")
    nights = [register.close_day(empty=bool(empty)) for _ in range(count)]
    return {
        "day": register.day.isoformat(),
        "files": [night.file for night in nights if night.file],
        "persons": sum(night.persons for night in nights),
        "closed": [night.closed.isoformat() for night in nights],
        "skipped": [day.isoformat() for night in nights for day in night.skipped],
    }


def _day(register: TownRegister, _asked: Mapping[str, Any]) -> Document:
    register.move_day()
    return {"day": register.day.isoformat(), "files": [], "persons": 0}


def _reset(register: TownRegister, _asked: Mapping[str, Any]) -> Document:
    register.begin_anew()
    return {"day": register.day.isoformat(), "people": len(register.people)}


def _state(register: TownRegister, _asked: Mapping[str, Any]) -> Document:
    return register.dump()


def _people(register: TownRegister, asked: Mapping[str, Any]) -> Document:
    who = asked.get("who")
    if who is not None and who not in register.people:
        raise no_such_person(register.people, kind="mock.people")
    shown = [person for key, person in register.people.items() if who in {None, key}]
    return {"day": register.day.isoformat(), "people": [_person(register, person) for person in shown]}


def _person(register: TownRegister, person: TownPerson) -> Document:
    published = register.published.get(person.key)
    return {
        "key": person.key,
        "protected": PROTECTION in person.protections,
        "subscribed": any(person.number in filters.groups["PNR"] for filters in register.filters.values()),
        "today": asdict(person),
        "published": None if published is None or published.unborn else asdict(published),
    }


def _calls(register: TownRegister, asked: Mapping[str, Any]) -> Document:
    if asked.get("who") is not None and asked["who"] not in register.people:
        raise no_such_person(register.people, kind="mock.calls")
    if asked.get("service") not in {None, *SERVICES}:
        raise BadInput("no such service; there are {named}", named=", ".join(SERVICES), kind="mock.calls")
    return register.calls.select(asked)


def _clock(register: TownRegister, _asked: Mapping[str, Any]) -> Document:
    return {"day": register.day.isoformat(), "now": register.now.isoformat()}


def _fault(register: TownRegister, asked: Mapping[str, Any]) -> Document:
    register.add_fault(**read_fault(asked))
    return {"faults": register.faults.dump()}


def _chaos(register: TownRegister, asked: Mapping[str, Any], kinds: Sequence[str]) -> Document:
    wanted = read_fault({**asked, "kind": kinds[0]})
    services = Counter(_service_of(kind) for kind in kinds)
    for place, kind in enumerate(kinds):
        # those of one service meet the same calls: together they are the share
        part = wanted["share"] / services[_service_of(kind)]
        register.add_fault(**wanted | {"kind": kind, "share": part, "seed": wanted["seed"] + place})
    return {"faults": register.faults.dump()}


def _service_of(kind: str) -> str:
    return next((one for one in ("sftp-", "culr-", *ON_REQUEST) if kind.startswith(one)), "register")


def _snapshot(register: TownRegister, asked: Mapping[str, Any]) -> Document:
    into = Path(str(asked.get("into")))
    if not into.is_absolute() or os.path.lexists(into):
        raise BadInput("a snapshot takes a folder that is not there yet", kind="mock.snapshot")
    # each mock has its own lock and its own ports
    shutil.copytree(register.folder, into, ignore=lambda _, names: {*names} & {"lock", "ports.json", "ready.json"})
    return {"day": register.day.isoformat(), "folder": str(into), "people": len(register.people)}


def _calm(register: TownRegister, _asked: Mapping[str, Any]) -> Document:
    register.calm()
    return {"faults": register.faults.dump()}


def _culr(register: TownRegister, _asked: Mapping[str, Any]) -> Document:
    return register.culr.dump({person.number: key for key, person in register.people.items()})


def _latency(register: TownRegister, asked: Mapping[str, Any]) -> Document:
    register.latency = _seconds(asked)
    return {"latency": register.latency}


def _culr_latency(register: TownRegister, asked: Mapping[str, Any]) -> Document:
    register.culr.latency = _seconds(asked)
    return {"latency": register.culr.latency}


def _seconds(asked: Mapping[str, Any]) -> float:
    seconds = asked.get("seconds")
    if not isinstance(seconds, int | float) or not 0 <= seconds <= SECONDS_MAX:
        raise BadInput("an answer takes 0 to {most} seconds", most=f"{SECONDS_MAX:.0f}", kind="mock.control")
    return float(seconds)


def _culr_write(register: TownRegister, asked: Mapping[str, Any]) -> Document:
    """Do what any library does at CULR, one of the mock's or not."""
    who, value, to = asked.get("who"), asked.get("value"), asked.get("to")
    if who is not None and who not in register.people:
        raise no_such_person(register.people, kind="mock.culr")
    if asked.get("kind") not in CULR_WRITES:
        raise BadInput("no such thing; there are {named}", named=", ".join(CULR_WRITES), kind="mock.culr")
    number = None if who is None else register.people[str(who)].number
    # with a number of the library's own: an account beside the one under the CPR number
    uid = number or asked.get("uid")
    request = CulrRequest(
        CULR_WRITES[str(asked["kind"])],
        str(asked.get("agency")),
        str(asked.get("type", CPR)),
        str(number if value is None else value),
        None if to is None else str(to),
        uid=None if value is None or uid is None else str(uid),
    )
    result = register.culr.carry_out(request, by="control")
    if result.code != OK:
        raise BadInput("CULR answers {code}: {told}", code=result.code, told=result.message, kind="mock.culr")
    return {"code": result.code, "changes": len(register.culr.ledger)}


#: From a library's action at CULR to CULR's operation.
CULR_WRITES: Mapping[str, str] = {"create": "createAccount", "update": "updateAccount", "delete": "deleteAccount"}
PATHS: Mapping[str, Answering] = {
    "/event": _event,
    "/night": _night,
    "/day": _day,
    "/reset": _reset,
    "/state": _state,
    "/calls": _calls,
    "/people": _people,
    "/clock": _clock,
    "/fault": _fault,
    "/snapshot": _snapshot,
    "/calm": _calm,
    "/culr": _culr,
    "/latency": _latency,
    "/culr/latency": _culr_latency,
    "/culr/write": _culr_write,
}

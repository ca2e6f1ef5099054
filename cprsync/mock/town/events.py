"""What may happen to a person: one table from the kind of event to a function and the register's event code.

Only decides: takes a scene, returns the changed persons with their event codes. `register` stores them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import TYPE_CHECKING, TypeVar

from cprsync.errors import BadInput
from cprsync.mock.town.people import NUMBER_ONLY, TownAbroad, TownAddress, TownName, TownPerson

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

T = TypeVar("T")
PROTECTION = "0001"
#: Where a person emigrates to by default: Germany.
_ABROAD = "5180"
_DENMARK = "5100"
_ADMINISTRATIVE = 9900
#: A birth date with only the year, or year and month, known.
_HALF_DAY = re.compile(r"[12]\d{3}-(0\d|1[0-2])-00")
_ADULT = 18
_GREENLAND = range(955, 962)
#: A code that no municipality has.
_NOWHERE = "0998"

#: The statuses with an address in the register, in Denmark or Greenland.
RESIDENT = frozenset({"01", "03", "05", "07"})
#: RESIDENT, and the statuses of persons who may return or be found again, or who never had an address.
ALIVE = RESIDENT | {"20", "70", "80"}


@dataclass(frozen=True, slots=True, repr=False)
class Scene:
    """The person that it happens to, the destination, the day, and all other people."""

    who: TownPerson
    to: str | None
    day: date
    people: Mapping[str, TownPerson]
    streets: Mapping[str, TownAddress]
    names: Mapping[str, TownName]


@dataclass(frozen=True, slots=True, repr=False)
class PersonAfter:
    """A person after an event, with the event's code, and a mark if the event only touches the person."""

    person: TownPerson
    code: str
    mark: str = ""


@dataclass(frozen=True, slots=True)
class EventKind:
    """A kind of event: what it does, for persons of which statuses, and whether it takes `--to`."""

    act: Callable[[Scene], Sequence[PersonAfter]]
    statuses: frozenset[str]
    takes_to: bool = False


def happen(kind: str, scene: Scene) -> Sequence[PersonAfter]:
    """Return the persons that an event changes.

    Raises:
        BadInput: the kind or `to` is unknown, or the event makes no sense for this person.
    """
    if kind not in KINDS:
        raise BadInput("no such kind of event; there are {named}", named=", ".join(KINDS), kind="mock.event")
    rule = KINDS[kind]
    if scene.to is not None and not rule.takes_to:
        raise _refused("{event} takes no --to", event=kind)
    if scene.who.unborn != (kind == "birth"):
        raise _refused(
            "{event}: the person is {born}", event=kind, born="not born yet" if scene.who.unborn else "already born"
        )
    if scene.who.status not in rule.statuses:
        raise _refused("{event} makes no sense for a person of status {status}", event=kind, status=scene.who.status)
    return rule.act(scene)


# -- name and address ---------------------------------------------------------------------------------


def _move(scene: Scene) -> list[PersonAfter]:
    address = _address(scene)
    if scene.who.address is not None and address.place == scene.who.address.place:
        raise _refused("move: the person lives there already")
    return [PersonAfter(_living_at(scene, address), "A01")]


def _rename(scene: Scene) -> list[PersonAfter]:
    name = _name(scene)
    if replace(name, since="") == replace(scene.who.name, since=""):
        raise _refused("rename: the person has that name already")
    # A child gets its first name: naming, not a change of name.
    code = "A13" if scene.who.name.addressing else "A14"
    return [PersonAfter(replace(scene.who, name=replace(name, since=scene.day.isoformat())), code)]


def _address(scene: Scene) -> TownAddress:
    if scene.to is None:
        return _next_after(scene.streets, scene.who.address, lambda one, other: one.place == other.place)
    if scene.to in scene.streets:
        return scene.streets[scene.to]
    host = scene.people.get(scene.to)
    if host is None or not host.lives_somewhere or host.address is None or host.unborn:
        streets = ", ".join(scene.streets)
        raise _refused(
            "--to names neither a street nor a person with an address; the streets are {named}", named=streets
        )
    return host.address


def _name(scene: Scene) -> TownName:
    if scene.to is None:
        return _next_after(scene.names, scene.who.name, lambda one, other: one.addressing == other.addressing)
    if scene.to in scene.names:
        return scene.names[scene.to]
    other = scene.people.get(scene.to)
    if other is None or not other.name.last:
        names = ", ".join(scene.names)
        raise _refused(
            "--to names neither a name of the people file nor a person with a name; the names are {named}", named=names
        )
    return _with_family_name(scene.who.name, other.name)


def _with_family_name(own: TownName, other: TownName) -> TownName:
    """Take another person's family name after one's own first name, or their whole name if one has no name yet."""
    if not own.first:
        return other
    full = f"{own.first} {other.last}"
    return replace(own, middle="", middle_mark="", last=other.last, last_mark=other.last_mark, addressing=full[:34])


def _next_after(entries: Mapping[str, T], current: T | None, same: Callable[[T, T], bool]) -> T:
    """The entry after the current one, or the first if none is current. Repeating an event moves the person on."""
    listed = list(entries.values())
    if not listed:
        raise _refused("the people file has nothing to choose from: say where with --to")
    here = [position for position, entry in enumerate(listed) if current is not None and same(entry, current)]
    return listed[(here[0] + 1) % len(listed)] if here else listed[0]


def _living_at(scene: Scene, address: TownAddress) -> TownPerson:
    """The person with this address from today on, and with the status that follows from it."""
    greenland = int(address.municipality) in _GREENLAND
    if int(address.street or 0) >= _ADMINISTRATIVE:
        status = "07" if greenland else "03"
    else:
        status = "05" if greenland else "01"
    since = scene.who.status_since if status == scene.who.status else scene.day.isoformat()
    return replace(
        scene.who,
        status=status,
        status_since=since,
        address=replace(address, since=scene.day.isoformat()),
        abroad=None,
        disappeared="",
    )


def _no_road(scene: Scene) -> list[PersonAfter]:
    """Correct the address so that its road has no name: a fault found in real deliveries."""
    return [PersonAfter(_correct_address(scene, "no-road", road="", long_road=""), "A09")]


def _no_municipality(scene: Scene) -> list[PersonAfter]:
    """Correct the address to a municipality that does not exist."""
    return [PersonAfter(_correct_address(scene, "no-municipality", municipality=_NOWHERE), "A09")]


def _correct_address(scene: Scene, kind: str, **parts: str) -> TownPerson:
    if scene.who.address is None:
        raise _refused("{event}: the person has no address", event=kind)
    address = replace(scene.who.address, **parts)  # type: ignore[arg-type]  # the parts of each call are an address's
    if address == scene.who.address:
        raise _refused("{event}: it is so already", event=kind)
    return replace(scene.who, address=address)


# -- coming and going -----------------------------------------------------------------------------------


def _birth(scene: Scene) -> list[PersonAfter]:
    born = scene.day.isoformat()
    child = replace(scene.who, unborn=False, born=born, name=TownName(), status_since=born)
    mother = scene.people.get(child.mother)
    address = child.address or (mother.address if mother else None)
    # The code of a birth is not public; A05 occurs in real files without a published meaning.
    return [PersonAfter(replace(child, address=replace(address, since=born) if address else None), "A05")]


def _die(scene: Scene) -> list[PersonAfter]:
    return [PersonAfter(_with_status(scene, "90", status_before=scene.who.status), "A21")]


def _undie(scene: Scene) -> list[PersonAfter]:
    if scene.who.status_before and scene.who.status_before not in RESIDENT:
        return [PersonAfter(_with_status(scene, scene.who.status_before, status_before=""), "A25")]
    return [PersonAfter(replace(_back_home(scene), status_before=""), "A25")]


def _emigrate(scene: Scene) -> list[PersonAfter]:
    country = scene.to or _ABROAD
    if not (len(country) == len(_ABROAD) and country.isdecimal() and country.isascii() and country[0] == "5"):
        raise _refused("--to of emigrate is a country's code: four digits, the first a 5")
    if country == _DENMARK:
        raise _refused("--to of emigrate is not Denmark")
    abroad = TownAbroad(country, scene.day.isoformat(), ("Poste restante", "Postfach 1"))
    return [PersonAfter(_with_status(scene, "80", abroad=abroad, disappeared=""), "A06")]


def _return(scene: Scene) -> list[PersonAfter]:
    return [PersonAfter(_back_home(scene), "A04")]


def _vanish(scene: Scene) -> list[PersonAfter]:
    return [PersonAfter(_with_status(scene, "70", disappeared=scene.day.isoformat()), "A02")]


def _found(scene: Scene) -> list[PersonAfter]:
    return [PersonAfter(_back_home(scene), "A03")]


def _back_home(scene: Scene) -> TownPerson:
    """The person back at their last Danish address, at a named one, or at the first street of the file."""
    if scene.to is not None or scene.who.address is None:
        return _living_at(scene, _address(scene))
    kept = scene.who.address
    person = _living_at(scene, kept)
    # Death annulled: the person never left, so the day on which they moved in stays.
    return replace(person, address=kept) if scene.who.status == "90" else person


def _with_status(scene: Scene, status: str, **fields: object) -> TownPerson:
    return replace(scene.who, status=status, status_since=scene.day.isoformat(), **fields)  # type: ignore[arg-type]  # the fields of each call are a person's


# -- protection ---------------------------------------------------------------------------------------------


def _protect(scene: Scene) -> list[PersonAfter]:
    if PROTECTION in scene.who.protections:
        raise _refused("protect: the person is protected already")
    protections = {**scene.who.protections, PROTECTION: scene.day.isoformat()}
    return [PersonAfter(replace(scene.who, protections=dict(sorted(protections.items())), ends="", ended=""), "A33")]


def _unprotect(scene: Scene) -> list[PersonAfter]:
    if PROTECTION not in scene.who.protections:
        raise _refused("unprotect: the person is not protected")
    return [PersonAfter(replace(_without_protection(scene.who), ends="", ended=""), "A33")]


def _no_end(scene: Scene) -> list[PersonAfter]:
    """End the protection. A look-up still reports its start beside a "no", without an end."""
    if PROTECTION not in scene.who.protections:
        raise _refused("no-end: the person is not protected")
    return [PersonAfter(replace(_without_protection(scene.who), ends=""), "A33")]


def _end_date(scene: Scene) -> list[PersonAfter]:
    """Set the last day of the protection. The register deletes the protection after that day by itself."""
    if PROTECTION not in scene.who.protections:
        raise _refused("end-date: the person is not protected")
    try:
        last = date.fromisoformat(scene.to or "")
    except ValueError as error:
        raise _refused("--to of end-date is a day, YYYY-MM-DD") from error
    if last.isoformat() < scene.who.protections[PROTECTION]:
        raise _refused("end-date: the protection begins later")
    return [PersonAfter(replace(scene.who, ends=last.isoformat()), "A33")]


def expire(person: TownPerson, day: date) -> PersonAfter | None:
    """The person once the last day of their protection has passed on `day`. None: it has not, or there is none."""
    if PROTECTION not in person.protections or not person.ends or person.status in NUMBER_ONLY:
        return None
    return PersonAfter(_without_protection(person), "P11") if person.ends < day.isoformat() else None


def _without_protection(person: TownPerson) -> TownPerson:
    kept = {code: start for code, start in person.protections.items() if code != PROTECTION}
    return replace(person, protections=kept, ended=person.protections[PROTECTION])


# -- number and birth date ------------------------------------------------------------------------------------


def _number(scene: Scene) -> list[PersonAfter]:
    """Give the person the next number. The old one stays in the register as status 60, under its own key."""
    if not scene.who.next_numbers:
        raise _refused("number: the people file gives this person no further number")
    number, *rest = scene.who.next_numbers
    new = replace(scene.who, number=number, next_numbers=tuple(rest), sex=_sex(number))
    return _change_numbers(scene, new, _former(scene, key=_free_key(scene), number=scene.who.number), code="P03")


def _undo_number(scene: Scene) -> list[PersonAfter]:
    """Give the person their last number back. The one given by mistake now points to it."""
    former = [p for p in scene.people.values() if p.status == "60" and not p.taken_back]
    former = [p for p in former if p.current in (scene.who.key, scene.who.number)]
    if not former:
        raise _refused("undo-number: the person's number was never changed")
    last = max(former, key=lambda person: (person.status_since, person.key))
    restored = replace(scene.who, number=last.number, sex=_sex(last.number))
    mistaken = replace(_former(scene, key=last.key, number=scene.who.number), taken_back=True)
    return _change_numbers(scene, restored, mistaken, code="P42")


def _change_numbers(scene: Scene, new: TownPerson, old: TownPerson, *, code: str) -> list[PersonAfter]:
    """Change both numbers, and the persons with records that name the number: spouse, children, parents."""
    changes = [PersonAfter(old, code), PersonAfter(new, code, "PN")]
    for other in scene.people.values():
        marks = {other.spouse: "ÆG", other.mother: "MO", other.father: "FA"}
        mark = marks.get(new.key) or ("BØ" if other.key in (new.mother, new.father) else "")
        if mark and not other.unborn and other.status not in NUMBER_ONLY:
            changes.append(PersonAfter(other, code, mark))
    return changes


def _former(scene: Scene, *, key: str, number: str) -> TownPerson:
    return replace(
        scene.who,
        key=key,
        why=f"A former number of {scene.who.key}.",
        number=number,
        status="60",
        status_since=scene.day.isoformat(),
        current=scene.who.key,
        next_numbers=(),
        spouse="",
        divorced=False,
        mother="",
        father="",
        custody=(),
        address=None,
        abroad=None,
        contact=None,
    )


def _free_key(scene: Scene) -> str:
    key = f"{scene.who.key}_GL"
    while key in scene.people:
        key += "L"
    return key


def _sex(number: str) -> str:
    return "M" if int(number[-1]) % 2 else "K"


def _birthdate(scene: Scene) -> list[PersonAfter]:
    born = scene.to or ""
    if not _HALF_DAY.fullmatch(born):
        try:
            born = date.fromisoformat(born).isoformat()
        except ValueError as error:
            raise _refused("--to of birthdate is a day, YYYY-MM-DD, or what is known of one, YYYY-00-00") from error
    if born > scene.day.isoformat():
        raise _refused("--to of birthdate is not in the future")
    if born == scene.who.born and not scene.who.born_uncertain:
        raise _refused("birthdate: that is the registered day already")
    # This code is not public either: P35 occurs in real files without a published meaning.
    return [PersonAfter(replace(scene.who, born=born, born_uncertain=False), "P35")]


# -- family -------------------------------------------------------------------------------------------------


def _marry(scene: Scene) -> list[PersonAfter]:
    """Marry two people. Each has the marriage in their own records; neither takes a name or moves."""
    other = _other(scene, "marry")
    for one in (scene.who, other):
        if _is_married(one, scene):
            raise _refused("marry: one of them is married")
        if (one.age_on(scene.day) or 0) < _ADULT:
            raise _refused("marry: one of them is under 18")
    day = scene.day.isoformat()
    pair = ((scene.who, other), (other, scene.who))
    return [PersonAfter(replace(one, spouse=to.key, divorced=False, married_since=day), "A24") for one, to in pair]


def _divorce(scene: Scene) -> list[PersonAfter]:
    if not _is_married(scene.who, scene):
        raise _refused("divorce: the person is not married")
    pair = (scene.who, scene.people[scene.who.spouse])
    ended = {"spouse": "", "divorced": True, "married_since": scene.day.isoformat()}
    return [PersonAfter(replace(one, **ended), "A24") for one in pair]  # type: ignore[arg-type]  # a person's own fields


def _custody(scene: Scene) -> list[PersonAfter]:
    """Give custody of a child to one person, or to both parents again."""
    if (scene.who.age_on(scene.day) or 0) >= _ADULT:
        raise _refused("custody: the person is not under 18")
    parents = tuple(filter(None, (scene.who.mother, scene.who.father)))
    holders = parents if scene.to is None else (_other(scene, "custody").key,)
    if not holders:
        raise _refused("custody: the people file names no parent: say who has it with --to")
    if holders == scene.who.custody:
        raise _refused("custody: it is so already")
    # A code of its own is not public; A05 occurs in real files without a published meaning.
    return [PersonAfter(replace(scene.who, custody=holders, custody_since=scene.day.isoformat()), "A05")]


def _other(scene: Scene, kind: str) -> TownPerson:
    """The other person, whom `--to` names."""
    other = scene.people.get(scene.to or "")
    if other is None or other.key == scene.who.key or other.unborn or other.status not in ALIVE:
        raise _refused("--to of {event} is another person's key, who is alive", event=kind)
    return other


def _is_married(person: TownPerson, scene: Scene) -> bool:
    return bool(person.spouse) and scene.people[person.spouse].status != "90"


def _resend(scene: Scene) -> list[PersonAfter]:
    return [PersonAfter(scene.who, "A74")]


def event_stamp_of(code: str, moment: datetime) -> str:
    """The time stamp of an event's code. A requisition has none."""
    return "" if code == "A74" else moment.strftime("%Y%m%d%H%M")


def _refused(reason: str, **values: object) -> BadInput:
    return BadInput(reason, kind="mock.event", **values)


_EVERY = ALIVE | NUMBER_ONLY | {"90"}
KINDS: Mapping[str, EventKind] = {
    "move": EventKind(_move, RESIDENT, takes_to=True),
    "no-road": EventKind(_no_road, RESIDENT),
    "no-municipality": EventKind(_no_municipality, RESIDENT),
    "rename": EventKind(_rename, ALIVE, takes_to=True),
    "birth": EventKind(_birth, _EVERY),
    "die": EventKind(_die, ALIVE),
    "undie": EventKind(_undie, frozenset({"90"})),
    "protect": EventKind(_protect, ALIVE),
    "unprotect": EventKind(_unprotect, ALIVE | {"90"}),
    "no-end": EventKind(_no_end, ALIVE | {"90"}),
    "end-date": EventKind(_end_date, ALIVE | {"90"}, takes_to=True),
    "emigrate": EventKind(_emigrate, RESIDENT | {"70"}, takes_to=True),
    "return": EventKind(_return, frozenset({"80"}), takes_to=True),
    "vanish": EventKind(_vanish, RESIDENT),
    "found": EventKind(_found, frozenset({"70"}), takes_to=True),
    "number": EventKind(_number, ALIVE),
    "undo-number": EventKind(_undo_number, ALIVE),
    "marry": EventKind(_marry, ALIVE, takes_to=True),
    "divorce": EventKind(_divorce, ALIVE),
    "custody": EventKind(_custody, ALIVE, takes_to=True),
    "birthdate": EventKind(_birthdate, ALIVE | {"90"}, takes_to=True),
    "resend": EventKind(_resend, _EVERY),
}

"""Makes a delivery: on which days, the change extract U12170-P by the mock's own layout, and its files in a box.

Each `_NNN` function writes one record, field by field with its width, so that a reader can compare it with the
published layout. Does not read the layout table, which the reader uses: the two must not agree merely because they
share it.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Literal, TypeAlias
from xml.sax.saxutils import escape
from zoneinfo import ZoneInfo

import holidays

from cprsync.mock.town.people import REPLACED, TownPerson, children_of, custody_of, standard_address
from cprsync.private import replace_private

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date
    from pathlib import Path

COPENHAGEN = ZoneInfo("Europe/Copenhagen")
#: The time when a night has ended: the delivery is in the folder, and look-ups answer from it.
MORNING = time(6, 30)
_SATURDAY = 5
_DANISH = holidays.country_holidays("DK", categories=("public",))
#: Not public holidays, but no delivery is made: 5 June, 24 and 31 December.
_CLOSED = frozenset({(6, 5), (12, 24), (12, 31)})

Framing: TypeAlias = Literal["lines", "stream"]
FRAMINGS: tuple[Framing, ...] = ("lines", "stream")
ENCODING = "iso-8859-1"
_NO_MOMENT = "0" * 12
_NO_NUMBER = "0" * 10
#: From here on custody is somebody's who is no parent.
_FATHER = 4
#: Emigrated, or emigrated and then dead.
_GONE = frozenset({"80", "90"})


def is_working_day(day: date) -> bool:
    """Whether a delivery is made for `day`."""
    return day.weekday() < _SATURDAY and (day.month, day.day) not in _CLOSED and day not in _DANISH


def next_working_day(day: date) -> date:
    """`day` itself if it is a working day, or else the first one after it."""
    while not is_working_day(day):
        day += timedelta(days=1)
    return day


def working_day_before(day: date) -> date:
    """The last working day before `day`."""
    day -= timedelta(days=1)
    while not is_working_day(day):
        day -= timedelta(days=1)
    return day


def offset_on(day: date) -> str:
    """Copenhagen's offset at the day's midnight, such as `+01:00`.

    Before 1894 local mean time was +00:50:20, which xs:date cannot express: then it is +01:00.
    """
    offset = datetime.combine(day, time(), tzinfo=COPENHAGEN).utcoffset()
    minutes, seconds = divmod(0 if offset is None else int(offset.total_seconds()), 60)
    return "+01:00" if seconds else f"+{minutes // 60:02}:{minutes % 60:02}"


@dataclass(frozen=True, slots=True)
class Event:
    """One event of a delivered person: time, code, and a mark if the event only touches the person."""

    stamp: str
    code: str
    mark: str = ""


@dataclass(frozen=True, slots=True)
class Head:
    """A delivery's record 000."""

    task: str
    produced: date
    previous: date


def build_extract(
    head: Head,
    delivered: Sequence[tuple[TownPerson, Sequence[Event]]],
    *,
    people: Mapping[str, TownPerson],
    framing: Framing,
) -> bytes:
    """Write a delivery: each person in full, and all 003 records as one block at the end."""
    by_number = sorted(delivered, key=lambda entry: entry[0].number)
    records = [record for person, events in by_number for record in _person(person, events, people)]
    # The register sorts this block by address.
    records += sorted((_003(person) for person, _ in by_number), key=lambda record: (record[207:229], record[3:13]))
    lines = [_000(head), *records, _999(len(records))]
    if framing == "stream":
        return "".join(lines).encode(ENCODING)
    return "".join(f"{line.rstrip()}\n" for line in lines).encode(ENCODING)


def _person(person: TownPerson, events: Sequence[Event], people: Mapping[str, TownPerson]) -> Iterable[str]:
    yield _001(person, people)
    yield from _home(person)
    yield _008(person)
    yield from _family(person, people)
    for former in _former(person, people):
        yield _022(person, former)
    for event in events:
        yield f"099{person.number}{event.stamp:12}{event.code:3}{event.mark:2}" + " " * 15


def _home(person: TownPerson) -> Iterable[str]:
    if person.lives_somewhere:
        yield _002(person)
    for kind, start in sorted(person.protections.items()):
        yield f"004{person.number}{kind:4}{start:10}" + " " * 10
    if person.abroad and person.status in _GONE:
        yield _005(person)
    if person.contact:
        yield _006(person)
    if person.disappeared and person.status == "70":
        yield f"007{person.number}{_moment(person.disappeared)} "


def _family(person: TownPerson, people: Mapping[str, TownPerson]) -> Iterable[str]:
    if person.citizenship:
        yield f"010{person.number}{person.citizenship:4}{_NO_MOMENT} "
    if person.spouse or person.divorced:
        yield _012(person, people)
    for child in children_of(person, people):
        yield f"014{person.number}{child.number}"
    if person.mother or person.father:
        yield _015(person, people)
    for digit, key in custody_of(person):
        yield _016(person, digit, people[key] if digit > _FATHER else None)


# -- the records, field by field ---------------------------------------------------------------------------


def _000(head: Head) -> str:
    return f"000{_NO_NUMBER}{head.task}{head.produced:%Y%m%d}{head.previous:%Y%m%d}"


def _999(count: int) -> str:
    return f"999{'9' * 10}{count:08}"


def _001(person: TownPerson, people: Mapping[str, TownPerson]) -> str:
    return (
        f"001{person.number}{current_number(person, people) if person.status in REPLACED else '':10}"
        f"{person.status}{_moment(person.status_since)} {person.sex}"
        f"{person.born:10}{'*' if person.born_uncertain else ' '}"
        f"{'':10} {'':10} {person.occupation:34}"
    )


def _002(person: TownPerson) -> str:
    address = person.address
    if address is None:
        raise AssertionError("a person without an address has no record 002")
    lines = _five(address.supplementary)
    return (
        f"002{person.number}{address.municipality:0>4}{address.street:0>4}{address.house:4}{address.floor:2}"
        f"{address.door:>4}{address.building:4}{address.co:34}{_moment(address.since)} {_moment(address.since)} "
        f"{'0000'}{_NO_MOMENT} {'0000'}{lines}{(address.since if lines.strip() else ''):10}{'':10}"
    )


def _003(person: TownPerson) -> str:
    address = person.address if person.lives_somewhere else None
    if address is None:
        return f"003{person.number}{person.name.addressing:34}{'':202}"
    return (
        f"003{person.number}{person.name.addressing:34}{address.co:34}{address.locality:34}"
        f"{standard_address(address):34}{address.town:34}{address.postcode:0>4}{address.district:20}"
        f"{address.municipality:0>4}{address.street:0>4}{address.house:4}{address.floor:2}{address.door:>4}"
        f"{address.building:4}{address.road:20}"
    )


def _005(person: TownPerson) -> str:
    abroad = person.abroad
    if abroad is None:
        raise AssertionError("a person who did not go abroad has no record 005")
    return f"005{person.number}{abroad.country:0>4}{_moment(abroad.left)} {_five(abroad.lines)}"


def _006(person: TownPerson) -> str:
    contact = person.contact
    if contact is None:
        raise AssertionError("a person without a contact address has no record 006")
    return f"006{person.number}{_five(contact.lines)}{contact.since:10}{'':10}"


def _008(person: TownPerson) -> str:
    name = person.name
    return (
        f"008{person.number}{name.first:50}{name.first_mark:1}{name.middle:40}{name.middle_mark:1}"
        f"{name.last:40}{name.last_mark:1}{_moment(name.since)} {name.addressing:34}"
    )


def _012(person: TownPerson, people: Mapping[str, TownPerson]) -> str:
    spouse, since = people[person.spouse].number if person.spouse else "", _moment(person.married_since)
    return f"012{person.number}{civil_status(person, people)}{spouse:10}{'':10} {'':34} {since} {_NO_MOMENT}"


def _015(person: TownPerson, people: Mapping[str, TownPerson]) -> str:
    mother, father = (people[key].number if key else _NO_NUMBER for key in (person.mother, person.father))
    return f"015{person.number}{'':10} {mother}{'':10} {'':34} {'':10} {father}{'':10} {'':34} "


def _016(person: TownPerson, digit: int, other: TownPerson | None) -> str:
    """`other`: who has custody and is no parent."""
    since = person.custody_since
    named = f"{other.number}{since:10}" if other is not None else " " * 20
    return f"016{person.number}{digit:04}{since:10} {'':10}{named}"


def _022(person: TownPerson, former: TownPerson) -> str:
    return f"022{person.number}{former.number}{'':10} {former.status_since:10} "


# -- parts --------------------------------------------------------------------------------------------------


def current_number(person: TownPerson, people: Mapping[str, TownPerson]) -> str:
    """The number that replaces this one. The file may name it by key or by digits."""
    return people[person.current].number if person.current in people else person.current


def civil_status(person: TownPerson, people: Mapping[str, TownPerson]) -> str:
    """D dead, E widowed, F divorced, G married, U unmarried."""
    if person.status == "90":
        return "D"
    if not person.spouse:
        return "F" if person.divorced else "U"
    return "E" if people[person.spouse].status == "90" else "G"


def _former(person: TownPerson, people: Mapping[str, TownPerson]) -> list[TownPerson]:
    if person.status in REPLACED:
        return []
    return [old for old in people.values() if old.status in REPLACED and current_number(old, people) == person.number]


def _moment(day: str) -> str:
    """A day as the register's twelve digits, at midnight. Zeros if it is not known."""
    return f"{day.replace('-', '')}0000" if day else _NO_MOMENT


def _five(lines: Iterable[str]) -> str:
    return "".join(f"{line:34}" for line in (*lines, *("",) * 5)[:5])


# -- the files: the data completely or not at all, and its companion after it ---------------------------------

_NAMESPACE = "http://serviceplatformen.dk/xml/wsdl/soap11/SFTP/1/types"
#: The platform's user that sends; any name works.
_SENDER = "serviceplatformen"


@dataclass(frozen=True, slots=True)
class OwedDelivery:
    """A delivery of a closed day that is not yet in its library's box."""

    name: str
    agency: str
    #: a fault cuts it
    half: bool = False
    #: a fault leaves its companion away
    bare: bool = False


def delivery_name(produced: date, task: str) -> str:
    return f"D{produced:%y%m%d}.L{task}"


def write_delivery(folder: Path, owed: OwedDelivery, content: bytes, *, recipient: str) -> None:
    """Write a delivery and then its `.metadata`, unless a fault says otherwise."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    # a draft is a dot file, which is no delivery: nobody takes a file that is still being written
    # half a file is announced with its full size
    replace_private(folder / owed.name, content[: len(content) // 2] if owed.half else content)
    if not owed.bare:
        replace_private(folder / f"{owed.name}.metadata", _metadata(owed.name, len(content), recipient).encode())


def clear_drafts(folder: Path) -> None:
    """Remove the drafts of a mock that was killed."""
    for draft in folder.glob(".D*"):
        draft.unlink()


def clear_box(folder: Path) -> None:
    """Remove every delivery."""
    for path in folder.glob("D??????.L*"):
        path.unlink()


def _metadata(name: str, size: int, recipient: str) -> str:
    # The same file always has the same number, so that a repeated night changes nothing.
    transfer = uuid.uuid5(uuid.NAMESPACE_OID, f"{name} {size}")
    return (
        '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
        f'<ns2:Trigger xmlns:ns2="{_NAMESPACE}">\n'
        f"  <FileTransferUUID>{transfer}</FileTransferUUID>\n"
        "  <FileDescriptor>\n"
        f"    <FileName>{escape(name)}</FileName>\n"
        f"    <SizeInBytes>{size}</SizeInBytes>\n"
        f"    <Sender>{_SENDER}</Sender>\n"
        f"    <Recipients>{escape(recipient)}</Recipients>\n"
        "  </FileDescriptor>\n"
        "  <FileContentDescriptor/>\n"
        "</ns2:Trigger>\n"
    )

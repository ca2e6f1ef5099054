"""Turns the records of one number into one Person. Knows what the fields mean; reads no file.

Silence, emptiness and status follow decision 1. A record that breaks the layout makes only this person unreadable, with
a stable reason. An impossible birth date counts as silent, not as broken.
"""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING

from cprsync.domain.person.canonical import (
    Misread,
    abroad_of,
    address_of,
    code_of,
    contact_of,
    door_of,
    name_of,
    part_of,
)
from cprsync.domain.person.number import CprNumber
from cprsync.domain.person.person import (
    EMPTY,
    NUMBER_ONLY,
    REPLACED,
    SILENT,
    WITH_ADDRESS,
    Abroad,
    Birth,
    Contact,
    Custody,
    Gap,
    Person,
    Protection,
    Silent,
    Status,
    silence_by_status,
)
from cprsync.register.extract.records import NUMBER, TYPE
from cprsync.services.ports.deliveries import Unreadable

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from cprsync.domain.person.sealed import Address, Name
    from cprsync.register.extract.records import Layout

#: Types of which we read at most one for a person.
_SINGLE = frozenset({"001", "002", "003", "005", "006", "008"})
#: A number that only these types name is not delivered: old numbers, events, errors and receipts.
_NO_DAMAGE = frozenset({"022", "099", "910", "997"})
_CODES = ("KOMKOD", "VEJKOD", "HUSNR", "ETAGE", "SIDEDOER", "BNR")
_UNSET = "0000"
#: The holders of custody who are parents: the mother, and the father or co-mother.
_PARENTS = ("0003", "0004")
#: Since when the status is so, and the mark of a day that the register is unsure of.
_STATUS_DAY = ("STATUSHAENSTART", "STATUSDTO_UMRK")
_STATUSES = {status.value: status for status in Status}
UNCERTAIN = "*"


class _BreaksLayout(ValueError):
    """These records cannot be a person. The argument is the reason's stable name."""


class PersonParser:
    """Parses the records of one number, given the record types that the agreement delivers."""

    def __init__(self, layout: Layout, agreement: frozenset[str]) -> None:
        self._agreement = agreement
        self._main = layout.pick("001", "PNRGAELD", "STATUS", "FOED_DT", "FOED_DT_UMRK", *_STATUS_DAY)
        self._name = layout.pick("008", "ADRNVN", "FORNVN", "MELNVN", "EFTERNVN")
        self._codes = layout.pick("002", *_CODES)
        self._co = layout.place("002", "CONVN")
        self._move = layout.pick("002", "TILFLYDTO", "TILFLYDT_UMRK")
        self._extra = layout.pick("002", *(f"ADR{line}-SUPLADR" for line in range(1, 6)))
        lines = [layout.place("002", f"ADR{line}-SUPLADR") for line in range(1, 6)]
        self._extra_lines = slice(min(place.start for place in lines), max(place.stop for place in lines))
        self._text_codes = layout.pick("003", *_CODES)
        self._text = layout.pick("003", "CONVN", "LOKALITET", "BYNVN", "POSTNR", "POSTDISTTXT", "VEJADRNVN")
        self._abroad = layout.pick("005", "UDR_LANDEKOD", *(f"UDLANDADR{line}" for line in range(1, 6)))
        self._contact = layout.pick("006", *(f"ADR{line}-KONTAKTADR" for line in range(1, 6)))
        self._protection_type = layout.place("004", "BESKYTTYPE")
        self._event = layout.place("099", "HAENDELSE")
        self._parents = layout.pick("015", "PNRMOR", "PNRFAR")
        self._custody = layout.pick(
            "016", "RELTYP-FORÆLDREMYN", "START_DT-FORÆLDREMYN", "START_DT_UMRK-FORÆLDREMYN", "RELPNR"
        )

    def parse(self, records: list[str]) -> Person | Unreadable | None:
        """Read one person. None: the records' types say nothing about a delivered person."""
        number = number_of(records[0])
        try:
            return self._parse(number, records)
        except _BreaksLayout as broken:
            return self._unreadable(number, str(broken), records)
        except Misread:
            # a delivery that is misread throughout is refused as a whole; this is one person only
            return self._unreadable(number, "person.misread", records)

    def _unreadable(self, number: CprNumber | None, reason: str, records: list[str]) -> Unreadable:
        """The person without their other data: a protection or a death is still taken as true."""
        protection = self._protected(self._protection_types(records))
        return Unreadable(number, reason, protection, self._dead(records))

    def _parse(self, number: CprNumber | None, records: list[str]) -> Person | None:
        # a person begins with their 001, so the rest need not be checked
        if records[0][TYPE] in _NO_DAMAGE and all(record[TYPE] in _NO_DAMAGE for record in records):
            return None
        if number is None:
            raise _BreaksLayout("person.number")
        single, protections, events = _sorted_by_type(records)
        if "001" not in single:
            raise _BreaksLayout("person.no_001")
        current, code, born, mark, began, unsure = self._main(single["001"])
        status = _status(code)
        if status in NUMBER_ONLY:
            successor = _current_number(current) if status in REPLACED else EMPTY
            return Person(
                number,
                status=status,
                current_number=successor,
                events=self._events(events),
                status_since=_day(began, unsure),
            )
        return silence_by_status(
            Person(
                number,
                name=self._parse_name(single.get("008")),
                birth=_birth(born, uncertain=mark == UNCERTAIN),
                status=status,
                address=self._parse_address(single) if status in WITH_ADDRESS else SILENT,
                protection=self._parse_protection(protections),
                current_number=EMPTY,
                abroad=self._parse_abroad(single.get("005")) if status is Status.EMIGRATED else SILENT,
                contact=self._parse_contact(single.get("006")),
                events=self._events(events),
                status_since=_day(began, unsure),
                moved_in=self._moved_in(single.get("002")) if status in WITH_ADDRESS else None,
                custody=self._parse_custody(records),
            )
        )

    def _parse_custody(self, records: Iterable[str]) -> Custody | None:
        """Who has custody by the records 016. A parent is named in record 015, anybody else beside the custody."""
        found = [self._custody(record) for record in records if record[TYPE] == "016"]
        if not found:
            return None
        parents = next((self._parents(record) for record in records if record[TYPE] == "015"), ("", ""))
        numbers = dict(zip(_PARENTS, parents, strict=True))
        held = [(numbers.get(kind) or other, start, mark) for kind, start, mark, other in found]
        return _custody_of(held)

    def _moved_in(self, record: str | None) -> date | None:
        return None if record is None or "002" not in self._agreement else _day(*self._move(record))

    def _parse_name(self, record: str | None) -> Name | Gap:
        if "008" not in self._agreement:
            return SILENT
        return EMPTY if record is None else name_of(*self._name(record))

    def _protection_types(self, records: Iterable[str]) -> list[str]:
        return [record[self._protection_type] for record in records if record[TYPE] == "004"]

    @staticmethod
    def _protected(types: list[str]) -> Protection | Gap:
        return Protection.NAME_AND_ADDRESS if Protection.NAME_AND_ADDRESS.value in types else SILENT

    def _dead(self, records: Iterable[str]) -> Status | Silent:
        codes = [self._main(record)[1] for record in records if record[TYPE] == "001"]
        return Status.DEAD if Status.DEAD.value in codes else SILENT

    def _parse_protection(self, records: list[str]) -> Protection | Gap:
        types = self._protection_types(records)
        for kind in types:
            if len(kind) != len(_UNSET) or not kind.isdecimal():
                raise _BreaksLayout("protection.type")
        # Seals even if the agreement does not include it, to be on the safe side.
        known = self._protected(types)
        return EMPTY if known is SILENT and "004" in self._agreement else known

    def _parse_abroad(self, record: str | None) -> Abroad | Silent:
        if record is None or "005" not in self._agreement:
            return SILENT
        country, *lines = self._abroad(record)
        _require_code(country, "abroad.country")
        return abroad_of(country, lines)

    def _parse_contact(self, record: str | None) -> Contact | Gap:
        if "006" not in self._agreement:
            return SILENT
        return EMPTY if record is None else contact_of(self._contact(record))

    def _parse_address(self, single: dict[str, str]) -> Address | Silent:
        codes = single.get("002") if "002" in self._agreement else None
        text = single.get("003") if "003" in self._agreement else None
        if (codes is None and "002" in self._agreement) or (text is None and "003" in self._agreement):
            return SILENT
        parts = self._address_codes(codes, text)
        if parts is None:
            return SILENT
        municipality, street_code, house, floor, door, building = parts
        text_co, locality, town, postcode, district, road = self._text(text or "")
        # few persons have supplementary lines: they are cut apart only if there is any text
        supplementary = self._extra(codes) if codes and codes[self._extra_lines].strip() else ()
        try:
            return address_of(
                municipality=municipality,
                street_code=street_code,
                house=house,
                floor=floor,
                door=door,
                building=building,
                co=codes[self._co] if codes is not None else text_co,
                locality=locality,
                town=town,
                postcode=postcode,
                district=district,
                road=road,
                supplementary=supplementary,
            )
        except ValueError as broken:
            raise _BreaksLayout("address.code") from broken

    def _address_codes(self, codes: str | None, text: str | None) -> tuple[str, ...] | None:
        """Return the six codes, on which 002 and 003 must agree. None: one of them holds no address."""
        ours = self._codes(codes) if codes is not None else None
        theirs = self._text_codes(text) if text is not None else None
        # nearly always equal, and then checked once
        for found in (ours,) if ours == theirs else (ours, theirs):
            if found is not None:
                _require_code(found[0], "address.municipality")
                _require_code(found[1], "address.street")
                if code_of(found[0]) == _UNSET:
                    return None
        if ours is not None and theirs is not None and ours != theirs and _canonical(ours) != _canonical(theirs):
            raise _BreaksLayout("address.contradiction")
        return ours or theirs

    def _events(self, records: Iterable[str]) -> tuple[str, ...]:
        return tuple([code for record in records if (code := record[self._event].strip())])


def number_of(record: str) -> CprNumber | None:
    """Return the number that a record is about. None: it is no number."""
    digits = record[NUMBER]
    return CprNumber(digits) if len(digits) == NUMBER.stop - NUMBER.start and digits.isdecimal() else None


def _sorted_by_type(records: list[str]) -> tuple[dict[str, str], list[str], list[str]]:
    single: dict[str, str] = {}
    protections, events = [], []
    for record in records:
        kind = record[TYPE]
        if kind in _SINGLE:
            if kind in single:
                raise _BreaksLayout(f"person.duplicate_{kind}")
            single[kind] = record
        elif kind == "004":
            protections.append(record)
        elif kind == "099":
            events.append(record)
    return single, protections, events


def _status(code: str) -> Status:
    status = _STATUSES.get(code)
    if status is None:
        raise _BreaksLayout("person.status")
    return status


def _current_number(raw: str) -> CprNumber | Gap:
    digits = raw.strip()
    if digits.strip("0") == "":
        return EMPTY
    if len(digits) != NUMBER.stop - NUMBER.start or not digits.isdecimal():
        raise _BreaksLayout("person.current_number")
    return CprNumber(digits)


def _birth(raw: str, *, uncertain: bool) -> Birth | Silent:
    try:
        # fromisoformat also reads week dates; requiring the second hyphen excludes them.
        return Birth(date.fromisoformat(raw), uncertain) if raw[7:8] == "-" else SILENT
    except ValueError:
        # 1950-00-00 and blanks: the source does not know the day (decision 1).
        return SILENT


def _custody_of(held: Sequence[tuple[str, str, str]]) -> Custody | None:
    """Put together who has custody: of each holder the number, the day and its mark.

    None: no certain day is known, or somebody has custody whose number is not told.
    """
    certain = [_birth(day, uncertain=False) for _, day, mark in held if mark != UNCERTAIN]
    days = [one.day for one in certain if one is not SILENT]
    numbers = [digits for digits, _, _ in held if re.fullmatch(r"[0-9]{10}", digits) and digits.strip("0")]
    return Custody(frozenset(map(CprNumber, numbers)), max(days)) if days and len(numbers) == len(held) else None


def _day(moment: str, mark: str) -> date | None:
    """The day of a moment of twelve digits. None: it is not set, or the register is unsure of it."""
    if mark == UNCERTAIN or moment[:8] == "00000000":
        return None
    try:
        return date(int(moment[:4]), int(moment[4:6]), int(moment[6:8]))
    except ValueError:
        # 195000000000 and blanks: the register does not know the day
        return None


def _require_code(raw: str, reason: str) -> None:
    digits = raw.strip()
    if digits and not digits.isdecimal():
        raise _BreaksLayout(reason)


def _canonical(codes: tuple[str, ...]) -> tuple[str, ...]:
    municipality, street, house, floor, door, building = codes
    return (
        code_of(municipality),
        code_of(street),
        part_of(house),
        part_of(floor).lower(),
        door_of(door),
        part_of(building),
    )

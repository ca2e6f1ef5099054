"""Between the model's plain dicts and the program's values: snapshots as a source hands them in, records as read."""

from __future__ import annotations

import json
from datetime import date
from typing import TYPE_CHECKING, Any

from slow_register import EMPTY, SILENT, Dict

from cprsync.domain.patron.effective import effective
from cprsync.domain.person import person as values
from cprsync.domain.person.number import CprNumber
from cprsync.domain.person.sealed import Opening, Sealed
from cprsync.services.desk.showing import patron_document

if TYPE_CHECKING:
    from doubles import Library

_GAPS = {EMPTY: values.EMPTY, SILENT: values.SILENT}
#: What the desk shows, as far as the model knows it.
_SHOWN = ("name", "address", "municipality")


def person_of(said: Dict) -> values.Person:
    """What a reader would make of this snapshot."""
    built: Dict = {name: _GAPS[value] for name, value in said.items() if isinstance(value, str) and value in _GAPS}
    makes: Dict = {
        "name": lambda parts: values.Name(*parts),
        "birth": lambda born: values.Birth(*born),
        "status": values.Status,
        "address": lambda parts: values.Address(**parts),
        "protection": values.Protection,
        "current": CprNumber.parse,
        "abroad": lambda told: values.Abroad(*told),
        "contact": values.Contact,
    }
    built |= {name: make(said[name]) for name, make in makes.items() if name not in built}
    built["current_number"] = built.pop("current")
    return values.Person(CprNumber.parse(said["number"]), **{k: v for k, v in built.items() if k != "number"})


def plain(one: values.Person) -> Dict:
    """The register's part of a record, group by group."""

    def told(value: Any) -> Any:
        if isinstance(value, Sealed):
            return told(value.open(Opening()))
        if isinstance(value, values.Gap):
            return value.value
        if isinstance(value, values.Address):
            # whether it stays sealed shows in what is sealed
            return {name: getattr(value, name) for name in value.__dataclass_fields__ if name != "stays_sealed"}
        if isinstance(value, values.Status | values.Protection):
            return value.value
        if isinstance(value, values.Contact):
            return value.lines
        return tuple(getattr(value, name) for name in value.__dataclass_fields__)

    # that there is no contact address, and that nobody has said so, is the same to everyone
    contact = EMPTY if one.contact is values.SILENT else told(one.contact)
    groups = ("name", "birth", "status", "address", "protection", "abroad")
    return {name: told(getattr(one, name)) for name in groups} | {"contact": contact, "number": one.number.digits}


def read(library: Library, number: str) -> Dict:
    """What the library holds of the patron with this number, as plain as the model says it."""
    view = library.store.views.patron(library.store.patrons.find(CprNumber.parse(number)) or "")
    assert view is not None
    today, patron, row = library.clock.today(), view.patron, library.row(view.patron.id)
    document = patron_document(view, library.policy, agency="", on=today)
    counted = effective(patron, library.policy, on=today)
    # what waits for a person is sealed beside: that is no part of this
    sealed = document["protected"] and not view.parked
    return plain(patron.register) | {
        "verified": patron.verified,
        "as_of": patron.as_of and patron.as_of.day,
        "stopped": patron.letters_stopped is not None,
        "group": row["patron_group"],
        "group_shown": document["fields"]["group"]["value"],
        "born": counted.birth and counted.birth.day,
        "residence": counted.residence.value,
        "culr": counted.culr,
        "municipality_in_clear": row["municipality"],
        "sealed": sealed,
        "waits": view.parked,
        "shown": {name: document["fields"][name]["value"] for name in _SHOWN},
    }


def accounts(library: Library, patron_id: str) -> dict[str, str]:
    """What the net media hold in the end: municipality by number, once every effect has been sent in order."""
    held: dict[str, str] = {}
    rows = [row for row in library.rows("outbox") if row["patron_id"] == patron_id]
    for row in sorted(rows, key=lambda row: int(row["version"])):
        told = json.loads(bytes.fromhex(row["payload"]))
        before = held.pop(told.get("replaces"), None)
        now = told.get("municipalityNo", before)
        if now is not None:
            held[told["userIdValue"]] = now
    return held


def questions(library: Library) -> set[tuple[str, str]]:
    return {question for question in library.questions() if question[1] != "first_copy"}


def day_of(text: str) -> date:
    return date.fromisoformat(text)

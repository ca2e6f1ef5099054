"""Compare every record with the register's own state, by rules of its own.

It reads the mock's state dump and rows opened outside `sync/`, and shares neither the client's
parser nor `decide`: code that agreed with itself would find nothing.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from cprsync.domain.person import Person

ADDRESS_PARTS = {
    "municipality": "municipality",
    "street": "street_code",
    "house": "house",
    "building": "building",
    "floor": "floor",
    "door": "door",
    "co": "co",
    "locality": "locality",
    "town": "town",
    "postcode": "postcode",
    "district": "district",
    "road": "road",
}
NAME_PARTS = ("addressing", "first", "middle", "last")


@dataclass(slots=True)
class Comparison:
    """What was found: by person's key the groups that differ, and what differs on purpose."""

    compared: int = 0
    differs: dict[str, list[str]] = field(default_factory=dict)
    intended: Counter[str] = field(default_factory=Counter)

    def document(self) -> dict[str, Any]:
        return {"compared": self.compared, "differs": self.differs, "intended": dict(self.intended)}


def compare(state: Mapping[str, Any], keys: Iterable[str], records: Iterable[tuple[Any, ...]]) -> Comparison:
    """Hold each patron's opened record against the person of the same number in the dump."""
    found = Comparison()
    by_number = {record[1].number.digits: record[1] for record in records}
    for key in keys:
        person = state["persons"][key]
        record = by_number.get(person["number"])
        found.compared += 1
        groups = ["record"] if record is None else _differences(person, record, found.intended)
        if groups:
            found.differs[key] = groups
    return found


def _differences(person: Mapping[str, Any], record: Person, intended: Counter[str]) -> list[str]:
    checks = (
        ("status", person["status"] == _text(getattr(record.status, "value", None))),
        ("name", _name(person, intended) == _record_name(record)),
        ("birth", _birth(person, record, intended)),
        ("protection", _protected(person) == (getattr(record.protection, "value", None) == "0001")),
        ("address", _address_equal(person, record, intended)),
        ("abroad", _abroad_equal(person, record)),
        ("contact", _lines(person.get("contact")) == _record_lines(record.contact)),
    )
    return [group for group, equal in checks if not equal]


def _name(person: Mapping[str, Any], intended: Counter[str]) -> tuple[str, ...]:
    name = person.get("name") or {}
    if any(name.get(f"{part}_mark") for part in ("first", "middle", "last")):
        intended["navnemarkeringer gemmes ikke / name markers are not stored"] += 1
    parts = tuple(_text(name.get(part)) for part in NAME_PARTS)
    return parts if parts[0] else ("", "", "", "")


def _record_name(record: Person) -> tuple[str, ...]:
    return tuple(_text(getattr(record.name, part, "")) for part in NAME_PARTS)


def _birth(person: Mapping[str, Any], record: Person, intended: Counter[str]) -> bool:
    born, held = _text(person.get("born")), getattr(record.birth, "day", None)
    if "-00" in born:
        intended["en umulig fødselsdato er ingen / an impossible birth date is none"] += 1
        return held is None
    uncertain = bool(person.get("born_uncertain")) == bool(getattr(record.birth, "uncertain", False))
    return held is not None and born == held.isoformat() and uncertain


def _protected(person: Mapping[str, Any]) -> bool:
    return "0001" in (person.get("protections") or {})


def _address_equal(person: Mapping[str, Any], record: Person, intended: Counter[str]) -> bool:
    if int(person["status"]) >= 30:  # noqa: PLR2004 -- from status 30 on the register gives no address
        if getattr(record.address, "municipality", None) is not None:
            intended["sidst kendte adresse beholdes / the last known address is kept"] += 1
        return True
    address = person.get("address") or {}
    for theirs, ours in ADDRESS_PARTS.items():
        if _part(theirs, address.get(theirs)) != _text(getattr(record.address, ours, "")):
            return False
    held = getattr(record.address, "supplementary", ("",) * 5)
    return _padded(address.get("supplementary")) == tuple(held)


def _part(name: str, value: object) -> str:
    text = _text(value)
    if name in {"house", "floor", "door", "building"}:
        text = text.lstrip("0")
    return text.lower() if name == "floor" or text.lower() in {"th", "tv", "mf"} else text


def _abroad_equal(person: Mapping[str, Any], record: Person) -> bool:
    if person["status"] != "80":
        return not hasattr(record.abroad, "lines")
    abroad = person.get("abroad") or {}
    country = _text(abroad.get("country")).zfill(4)
    return (country, _padded(abroad.get("lines"))) == (
        getattr(record.abroad, "country", "0000"),
        _record_lines(record.abroad),
    )


def _lines(group: Mapping[str, Any] | None) -> tuple[str, ...]:
    return _padded((group or {}).get("lines"))


def _record_lines(group: object) -> tuple[str, ...]:
    return tuple(getattr(group, "lines", ("",) * 5))


def _padded(lines: Iterable[object] | None) -> tuple[str, ...]:
    texts = [_text(line) for line in lines or ()]
    return tuple((texts + [""] * 5)[:5])


def _text(value: object) -> str:
    return "" if value is None else str(value).strip()

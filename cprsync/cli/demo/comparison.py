"""Compares every record with the register's own state, and every right with a freshly derived one.

Records are compared by rules of this file: it reads the mock's state dump and opened rows. It uses neither the client's
parser nor `decide`, because code that is compared with itself finds nothing. Sealed values are compared as they are.
Rights are compared by the library's own rules, as in `entitlements verify`.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from cprsync.catalogues import Language
from cprsync.domain.netmedia.drift import find_wrong_rights
from cprsync.domain.netmedia.right_day import right_facts
from cprsync.domain.netmedia.rights import rights_of
from cprsync.domain.person.person import Abroad, Contact, Gap
from cprsync.domain.person.sealed import Address, Name
from cprsync.language.words import word

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import date

    from cprsync.domain.netmedia.rights import Right
    from cprsync.domain.person.person import Person
    from cprsync.domain.policy.policy import Policy
    from cprsync.services.ports.netmedia import RecordWithRights

#: Rights by person's key.
Rights = dict[str, tuple["Right", ...]]
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
class TownComparison:
    """The result: by person's key, the groups that differ; and what differs on purpose."""

    compared: int = 0
    differs: dict[str, list[str]] = field(default_factory=dict)
    intended: Counter[str] = field(default_factory=Counter)

    def document(self) -> dict[str, Any]:
        return {"compared": self.compared, "differs": self.differs, "intended": dict(self.intended)}


def compare(state: Mapping[str, Any], keys: Iterable[str], records: Iterable[tuple[Any, ...]]) -> TownComparison:
    """Compare each patron's opened record with the person of the same number in the dump."""
    found = TownComparison()
    by_number = {record[1].number.digits: record[1] for record in records}
    for key in keys:
        person = state["persons"][key]
        record = by_number.get(person["number"])
        found.compared += 1
        groups = ["record"] if record is None else _differences(person, record, found.intended)
        if groups:
            found.differs[key] = groups
    return found


def compare_net_media(
    found: TownComparison, state: Mapping[str, Any], culr: Mapping[str, Any], keys: Iterable[str]
) -> None:
    """Compare each patron's number in CULR with the register's municipality.

    A person who lives elsewhere must have none.
    """
    held = {
        account["value"]: patron["municipality"] or ""
        for patron in culr["patrons"]
        for account in patron["accounts"]
        if account["type"] == "CPR"
    }
    for key in keys:
        person = state["persons"][key]
        if held.get(person["number"]) != _net_media_number(person):
            found.differs.setdefault(key, []).append("net_media")


def _net_media_number(person: Mapping[str, Any]) -> str:
    """The three digits of a person's Danish municipality. "": they live in none."""
    if person["status"] not in {"01", "03"}:
        return ""
    return text_of((person.get("address") or {}).get("municipality"))[1:]


def _differences(person: Mapping[str, Any], record: Person, intended: Counter[str]) -> list[str]:
    checks = (
        ("status", person["status"] == text_of(getattr(record.status, "value", None))),
        ("name", _is_equal(record.name, _name(person, intended))),
        ("birth", _birth(person, record, intended)),
        ("protection", _is_protected(person) == (getattr(record.protection, "value", None) == "0001")),
        ("address", _address_equal(person, record, intended)),
        ("abroad", _abroad_equal(person, record)),
        ("contact", _is_equal(record.contact, _contact(person))),
    )
    return [group for group, equal in checks if not equal]


def _is_equal(held: object, registered: object) -> bool:
    """Whether a group, sealed or not, equals the register's. `registered` None: the register has none."""
    return isinstance(held, Gap) if registered is None else held == registered


def _name(person: Mapping[str, Any], intended: Counter[str]) -> Name | None:
    name = person.get("name") or {}
    if any(name.get(f"{part}_mark") for part in ("first", "middle", "last")):
        intended["demo_markers"] += 1
    parts = {part: text_of(name.get(part)) for part in NAME_PARTS}
    return Name(**parts) if parts["addressing"] else None


def _birth(person: Mapping[str, Any], record: Person, intended: Counter[str]) -> bool:
    born, held = text_of(person.get("born")), getattr(record.birth, "day", None)
    if "-00" in born:
        intended["demo_no_date"] += 1
        return held is None
    uncertain = bool(person.get("born_uncertain")) == bool(getattr(record.birth, "uncertain", False))
    return held is not None and born == held.isoformat() and uncertain


def _is_protected(person: Mapping[str, Any]) -> bool:
    return "0001" in (person.get("protections") or {})


def _address_equal(person: Mapping[str, Any], record: Person, intended: Counter[str]) -> bool:
    if int(person["status"]) >= 30:  # noqa: PLR2004 -- from status 30 on the register gives no address
        if getattr(record.address, "municipality", None) is not None:
            intended["demo_last_address"] += 1
        return True
    address = person.get("address") or {}
    parts = {ours: part_of(theirs, address.get(theirs)) for theirs, ours in ADDRESS_PARTS.items()}
    if not any(parts.values()):
        return _is_equal(record.address, None)
    lines = _pad_lines(address.get("supplementary"))
    return _is_equal(record.address, Address(**parts, supplementary=lines, stays_sealed=False))


def part_of(name: str, value: object) -> str:
    """A part of an address, in the form in which people write it."""
    text = text_of(value)
    if name in {"house", "floor", "door", "building"}:
        text = text.lstrip("0")
    return text.lower() if name == "floor" or text.lower() in {"th", "tv", "mf"} else text


def _abroad_equal(person: Mapping[str, Any], record: Person) -> bool:
    abroad = person.get("abroad") or {}
    country, lines = text_of(abroad.get("country")).zfill(4), _pad_lines(abroad.get("lines"))
    has_address = person["status"] == "80" and (country != "0000" or any(lines))
    return _is_equal(record.abroad, Abroad(country, lines) if has_address else None)


def _contact(person: Mapping[str, Any]) -> Contact | None:
    lines = _pad_lines((person.get("contact") or {}).get("lines"))
    return Contact(lines) if any(lines) else None


def _pad_lines(lines: Iterable[object] | None) -> tuple[str, str, str, str, str]:
    one, two, three, four, five = ([text_of(line) for line in lines or ()] + [""] * 5)[:5]
    return one, two, three, four, five


def text_of(value: object) -> str:
    """What stands there, without the blanks around it. "": nothing does."""
    return "" if value is None else str(value).strip()


def compare_rights(
    found: TownComparison, persons: Mapping[str, Any], checked: Iterable[RecordWithRights], *, policy: Policy, on: date
) -> Rights:
    """Compare the stored rights of each person with freshly derived ones. Return the rights that agree.

    Rights that are still due count as wrong, because the week is over.
    """
    by_number = {one.patron.number.digits: one for one in checked if not one.gone}
    rights: Rights = {}
    for key, person in persons.items():
        one = by_number.get(person["number"])
        if one is None:
            continue  # a person without a record is reported elsewhere
        if any(find_wrong_rights(one.patron, one.local, one.stage, one.rights, policy=policy, on=on)):
            found.differs.setdefault(key, []).append("rights")
        else:
            rights[key] = rights_of(right_facts(one.patron, one.local, stage=one.stage), policy, on)
    return rights


def protected_movers(persons: Mapping[str, Any], rights: Rights, nights: Iterable[Mapping[str, Any]]) -> Rights:
    """The rights of the protected patrons who moved in the week."""
    moved = (event["who"] for night in nights for event in night["events"] if event["kind"] == "move")
    return {key: rights[key] for key in moved if key in rights and _is_protected(persons[key])}


def movers_document(movers: Rights) -> dict[str, dict[str, str]]:
    """The answer by person's key and product."""
    return {key: {one.product: one.answer.value for one in rights} for key, rights in movers.items()}


def mover_lines(movers: Rights, language: Language) -> Iterator[str]:
    """One line for all movers with the same rights."""
    same: dict[str, list[str]] = {}
    for key, rights in movers.items():
        answers = ", ".join(f"{one.title.text(language)} {word(one.answer.value, language)}" for one in rights)
        same.setdefault(answers, []).append(key)
    for answers, keys in same.items():
        yield word("demo_movers", language, who=", ".join(keys), rights=answers)

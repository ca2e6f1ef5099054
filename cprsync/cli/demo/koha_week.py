"""Lets a Koha live through the demo's week, and compares every patron in it with the register at the end.

The comparison reads two dumps of the mock, of its register and of its Koha, by rules of this file. It uses neither the
client's code nor the double's, because code that is compared with itself finds nothing.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from cprsync.cli.demo.comparison import part_of, text_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

Row = dict[str, Any]
#: What a library with a Koha adds to its settings.
SETTINGS: Final = """
# Koha hears of every change; `cprsync targets diff koha` shows what differs
[[library.target]]
name = "koha"
kind = "koha"
fields = ["number", "name", "birth_date", "address", "municipality", "status"]
url = "{url}"
ca = "{ca}"
client = "{client_id}"
secret_file = "{secret_file}"
library = "HB"
category = "VOKSEN"
"""
ADDRESS: Final = ("address", "address2", "street_number", "city", "postal_code")
#: What nobody but Koha's staff may have changed.
KOHAS_OWN: Final = ("cardnumber", "userid", "phone", "email", "library_id", "category_id", "lang", "opac_notes")
#: From this status of the register on, a person lives at no Danish address.
AWAY: Final = 30
DISAPPEARED, EMIGRATED, DEAD = "70", "80", "90"
_PROTECTION: Final = "0001"


@dataclass(slots=True)
class KohaComparison:
    """By person's key, what Koha has otherwise."""

    compared: int = 0
    differs: dict[str, list[str]] = field(default_factory=dict)

    def document(self) -> dict[str, Any]:
        return {"compared": self.compared, "differs": self.differs}


def join_koha(config: Path, ready: Mapping[str, Any], patrons: Iterable[str]) -> list[Row]:
    """Bring the patrons into Koha, as a library had them before, and set the target up. Return who is there."""
    from cprsync.cli.setup.installation import paths_from
    from cprsync.mock.koha import calls

    with config.open("a", encoding="utf-8") as file:
        file.write(SETTINGS.format(**paths_from(config.parent.resolve(), {"ca": ready["ca"], **ready["koha"]})))
    calls.seed(dict(ready), who=patrons)
    found: list[Row] = calls.show(dict(ready))["patrons"]
    return found


def compare_koha(
    persons: Mapping[str, Any], before: Iterable[Row], after: Iterable[Row], *, day: str
) -> KohaComparison:
    """Compare each of these persons of the register with the patron of the same number in Koha.

    `before`: Koha as it was at first.
    """
    found = KohaComparison()
    own = {row["patron_id"]: row for row in before}
    held: dict[str | None, list[Row]] = defaultdict(list)
    for row in after:
        held[row["who"]].append(row)
    hiding = {_dwelling(person) for person in persons.values() if _is_protected(person)}
    for key, person in persons.items():
        found.compared += 1
        rows = held[key]
        groups = ["patrons"] if len(rows) != 1 else _differences(person, rows[0], hiding, day)
        if len(rows) == 1 and not _is_untouched(own.get(rows[0]["patron_id"]), rows[0]):
            groups.append("own")
        if groups:
            found.differs[key] = groups
    return found


def _differences(person: Row, row: Row, hiding: set[tuple[str, ...]], day: str) -> list[str]:
    status, expiry = person["status"], row["expiry_date"]
    attributes = {one["type"]: one["value"] for one in row["extended_attributes"]}
    is_over = expiry is not None and expiry <= day
    checks = (
        ("name", _is_named(person, row)),
        ("birth", "-00" in text_of(person["born"]) or row["date_of_birth"] == person["born"]),
        ("address", _is_at_home(person, row, hiding)),
        ("flag", ("BESKYTTET" in attributes) == _is_protected(person)),
        ("municipality", int(status) >= AWAY or attributes.get("KOMMUNE") == _part(person, "municipality")),
        ("expiry", is_over == (status in {EMIGRATED, DEAD})),
        ("incorrect_address", row["incorrect_address"] == (status == DISAPPEARED)),
    )
    return [group for group, is_equal in checks if not is_equal]


def _is_named(person: Row, row: Row) -> bool:
    name = person.get("name") or {}
    first = " ".join(part for part in (text_of(name.get("first")), text_of(name.get("middle"))) if part)
    last = text_of(name.get("last"))
    if not last:
        return f"{row['firstname'] or ''} {row['surname']}".strip() == text_of(name.get("addressing"))
    return (row["surname"], row["firstname"] or "") == (last, first)


def _is_at_home(person: Row, row: Row, hiding: set[tuple[str, ...]]) -> bool:
    """Whether Koha has the address: nothing of it, where the person or someone who lives there is protected."""
    if _is_protected(person) or (int(person["status"]) < AWAY and _dwelling(person) in hiding):
        return not any(row[name] for name in (*ADDRESS, *(name for name in row if name.startswith("altaddress_"))))
    if int(person["status"]) >= AWAY:
        return True  # Koha keeps the last one
    written = [text_of(row[name]) for name in ("address", "street_number", "postal_code", "city")]
    house = _part(person, "house") or _part(person, "building")
    rest = [_part(person, name) for name in ("floor", "door", "co", "locality", "town")]
    more = text_of(row["address2"])
    road = _part(person, "road")
    return written == [road, house, _part(person, "postcode"), _part(person, "district")] and all(
        part in more for part in rest
    )


def _is_untouched(before: Row | None, after: Row) -> bool:
    """Whether the fields and the attributes of Koha's own are as they were."""
    if before is None:
        return True
    ours = {"CPR", "KOMMUNE", "STATUS", "BESKYTTET"}
    kept = [
        [(one["type"], one["value"]) for one in row["extended_attributes"] if one["type"] not in ours]
        for row in (before, after)
    ]
    return kept[0] == kept[1] and all(before[name] == after[name] for name in KOHAS_OWN)


def _is_protected(person: Row) -> bool:
    return _PROTECTION in (person.get("protections") or {})


def _dwelling(person: Row) -> tuple[str, ...]:
    names = ("municipality", "street", "house", "building", "floor", "door")
    return tuple(text_of((person.get("address") or {}).get(name)) for name in names)


def _part(person: Row, name: str) -> str:
    return part_of(name, (person.get("address") or {}).get(name))

"""A library with a Koha, as its staff and its administrator have it, for the tests of the client."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

from cprsync.mock.koha import calls
from cprsync.services.ports.outward import OutwardEffect

if TYPE_CHECKING:
    from cprsync.outward.koha import KohaClient


class KohaDesk:
    """The mock's Koha, as its staff and its administrator have it. Each patron has a number of their own."""

    _numbers = itertools.count(1)

    def __init__(self, ready: dict[str, Any]) -> None:
        self.ready = ready
        self.begun = len(calls.read_log(ready))

    def new_number(self) -> str:
        return f"98{next(self._numbers):08}"

    def has(self, number: str, **fields: Any) -> int:
        """Let Koha have a patron, as a library had written them down by hand."""
        row = {
            "surname": f"Holm{number}",
            "firstname": "Anna",
            "date_of_birth": "1990-01-01",
            "address": "Havnen 1",
            "postal_code": "8660",
            "city": "Skanderborg",
            "phone": "20304050",
            "library_id": "HB",
            "category_id": "VOKSEN",
            "extended_attributes": [{"type": "CPR", "value": number}, {"type": "INTERESSE", "value": "krimi"}],
        }
        calls.seed(self.ready, patrons=[row | fields])
        return int(self.all_with(number)[-1]["patron_id"]) if number else 0

    def all_with(self, number: str) -> list[dict[str, Any]]:
        return [one for one in calls.show(self.ready)["patrons"] if ("CPR", number) in pairs_of(one)]

    def patron(self, patron_id: int) -> dict[str, Any]:
        (found,) = [one for one in calls.show(self.ready)["patrons"] if one["patron_id"] == patron_id]
        return dict(found)

    def written(self) -> list[dict[str, Any]]:
        """What our client has written since the test began."""
        return [one for one in calls.read_log(self.ready, after=self.begun) if one["by"] == "cprsync"]


def pairs_of(patron: dict[str, Any]) -> list[tuple[str, str]]:
    return [(one["type"], one["value"]) for one in patron["extended_attributes"]]


def send(client: KohaClient, *effects: OutwardEffect) -> list[Any]:
    """Send effects of different patrons, and return what became of each, in their order."""
    outcomes = {id(effect): outcome for effect, outcome in client.send_many([(one,) for one in effects])}
    return [outcomes.get(id(one)) for one in effects]


def told(number: str, /, *, remote: int | None = None, **values: Any) -> OutwardEffect:
    """What Koha is to hold of the patron with a number."""
    payload = {
        "patron": "40817263",
        "protected": False,
        "number": number,
        "name": {"addressing": f"Anna Holm{number}", "first": "Anna", "middle": "", "last": f"Holm{number}"},
        "birth_date": "1990-01-01",
        "address": {
            **dict.fromkeys(("street_code", "building", "door", "floor", "co", "locality", "town"), ""),
            "street": "Strandvejen",
            "house": "12A",
            "postcode": "5220",
            "district": "Odense SØ",
            "lines": ["Strandvejen 12A", "5220 Odense SØ"],
            "current": True,
        },
        "municipality": "0461",
        "status": "resident",
        **values,
    }
    return OutwardEffect("koha", number, 1, payload, remote=None if remote is None else str(remote))


def protected(number: str, *, remote: int | None = None) -> OutwardEffect:
    shut = told(number, remote=remote, protected=True, withheld=["address"])
    assert shut.payload is not None
    del shut.payload["address"]
    return shut


def gone(number: str, *, remote: int) -> OutwardEffect:
    return OutwardEffect("koha", number, 2, None, remote=str(remote))

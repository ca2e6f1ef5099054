"""What a write does to a patron, and every reason for which Koha refuses one.

Decides alone: `state` stores what is decided here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from cprsync.errors import BadInput
from cprsync.mock.koha import fields
from cprsync.mock.koha.holdings import KohaWrite
from cprsync.mock.koha.patrons import find_doubled

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from cprsync.mock.koha.holdings import Holdings, Pairs
    from cprsync.mock.koha.patrons import KohaPatron

_TABLES: Final = (("library_id", "libraries"), ("category_id", "categories"))
#: What keeps a patron from being deleted: Koha's code, and the reason in words.
_HINDRANCES: Final = {
    "anonymous": ("is_anonymous_patron", "This is the anonymous patron."),
    "checkouts": ("has_checkouts", "The patron has checkouts."),
    "debt": ("has_debt", "The patron has debt."),
    "guarantees": ("has_guarantees", "The patron is a guarantor."),
    "protected": ("is_protected", "The patron is protected from deletion."),
}


class KohaRefused(Exception):
    """Koha's answer to a request that it does not carry out. Nothing was changed."""

    def __init__(self, status: int, error: str, **more: Any) -> None:
        super().__init__(error)
        self.status, self.document = status, {"error": error, **more}


def decide_creation(koha: Holdings, body: Mapping[str, Any], *, is_confirmed: bool) -> KohaWrite:
    """What a POST makes. Raises KohaRefused."""
    values = own_values(body)
    _refuse_foreign_codes(koha, values)
    _refuse_duplicates(koha, values, owner=None)
    if not is_confirmed and koha.patrons.same_person_as(values):
        raise KohaRefused(409, "A possible duplicate of this patron exists.", error_code="possible_duplicate")
    pairs = parse_pairs(body.get(fields.ATTRIBUTES, []))
    refuse_attributes(koha, pairs, owner=None)
    return KohaWrite({name: value for name, value in values.items() if value != fields.BLANK[name]}, pairs)


def decide_replacement(koha: Holdings, patron: KohaPatron, body: Mapping[str, Any]) -> KohaWrite:
    """What a PUT changes. What it leaves out stays. Raises KohaRefused."""
    changed = changed_fields(patron, own_values(body))
    if "email" in changed and patron.hidden.get("superlibrarian"):
        raise KohaRefused(403, "Not enough privileges to change the e-mail of a superlibrarian.")
    _refuse_foreign_codes(koha, own_values(body))
    _refuse_duplicates(koha, changed, owner=patron.patron_id)
    if fields.ATTRIBUTES not in body:
        return KohaWrite(changed)
    return KohaWrite(changed, decide_attributes(koha, patron, parse_pairs(body[fields.ATTRIBUTES])))


def decide_attributes(koha: Holdings, patron: KohaPatron, pairs: Pairs) -> Pairs | None:
    """All attributes of a patron after a write. None: they are these already. Raises KohaRefused."""
    refuse_attributes(koha, pairs, owner=patron.patron_id)
    return None if sorted(pairs) == sorted(patron.pairs()) else pairs


def refuse_deletion(patron: KohaPatron) -> None:
    """Refuse to delete a patron who still has loans, debt or the like. Raises KohaRefused."""
    held = {**patron.hidden, "protected": patron.get("protected")}
    for name, (code, reason) in _HINDRANCES.items():
        if held.get(name):
            raise KohaRefused(409, reason, error_code=code)


def changed_fields(patron: KohaPatron, values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if patron.get(name) != value}


def own_values(body: Mapping[str, Any]) -> dict[str, Any]:
    """The values that a body may set. An empty card number or user id is none."""
    return {
        name: None if name in fields.UNIQUE and not value else value
        for name, value in body.items()
        if name not in fields.OWN and name != fields.ATTRIBUTES
    }


def parse_pairs(attributes: Iterable[Mapping[str, Any]]) -> Pairs:
    return [(str(one["type"]), str(one["value"])) for one in attributes]


def refuse_attributes(koha: Holdings, pairs: Pairs, *, owner: int | None) -> None:
    """Refuse attributes that a patron may not have. Raises KohaRefused."""
    types = koha.setup.attribute_types
    codes = [code for code, _ in pairs]
    if any(code not in types for code in codes):
        raise KohaRefused(400, "There is no such attribute type.", error_code="invalid_attribute_type")
    if any(not types[code].is_repeatable for code in find_doubled(codes)):
        raise KohaRefused(400, "The attribute is not repeatable.", error_code="non_repeatable_attribute")
    if any(types[code].is_unique and _is_anothers(koha, code, value, owner) for code, value in pairs):
        raise KohaRefused(400, "The attribute is another patron's.", error_code="attribute_not_unique")
    if any(one.is_mandatory and code not in codes for code, one in types.items()):
        raise KohaRefused(400, "A mandatory attribute is missing.", error_code="missing_mandatory_attribute")


def _is_anothers(koha: Holdings, code: str, value: str, owner: int | None) -> bool:
    return any(one.patron_id != owner for one in koha.patrons.with_attribute(code, value))


def _refuse_foreign_codes(koha: Holdings, values: Mapping[str, Any]) -> None:
    for name, table in _TABLES:
        if name in values and values[name] not in getattr(koha.setup, table):
            raise KohaRefused(400, f"Given {name} does not exist")


def _refuse_duplicates(koha: Holdings, values: Mapping[str, Any], *, owner: int | None) -> None:
    for name in fields.UNIQUE:
        value = values.get(name)
        if value and koha.patrons.holder_of(name, value) not in {None, owner}:
            raise KohaRefused(409, f"Duplicate {name}", conflict=name)


def refuse_unknown_codes(
    koha: Holdings, values: Mapping[str, Any], attributes: Iterable[str], *, owner: int | None
) -> None:
    """Refuse what not even the database takes. Raises BadInput, kind `mock.koha`."""
    try:
        _refuse_foreign_codes(koha, values)
        _refuse_duplicates(koha, values, owner=owner)
    except KohaRefused as refused:
        raise BadInput(str(refused), kind="mock.koha") from None
    if any(code not in koha.setup.attribute_types for code in attributes):
        raise BadInput("no such attribute type in this Koha", kind="mock.koha")

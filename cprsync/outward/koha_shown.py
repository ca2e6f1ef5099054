"""Parses what Koha shows of a patron, and why it refuses a write. No error quotes the answer.

A field that we do not know is kept, because a write sends the whole record. What may not be sent back is left out. A
patron whose attributes cannot be read whole is refused: a write would delete those that are missing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from cprsync.domain.outward.koha import KohaRecord
from cprsync.wire.errors import AnswerBroken

if TYPE_CHECKING:
    from collections.abc import Mapping

ATTRIBUTES: Final = "extended_attributes"
#: Read-only, of Koha's own making, or embedded.
_NEVER_SENT: Final = frozenset(
    (
        *("patron_id", "updated_on", "last_seen", "restricted", "anonymized", ATTRIBUTES),
        *("checkouts_count", "overdues_count", "account_balance", "library", "_strings"),
    )
)
#: The most fields and attributes that a patron has: Koha has about eighty fields.
_FIELDS_MOST: Final = 300
_ATTRIBUTES_MOST: Final = 500
#: Koha's words for a refused write that staff are told as they are.
_KNOWN_CODES: Final = frozenset(
    (
        "missing_mandatory_attribute",
        "invalid_attribute_type",
        "non_repeatable_attribute",
        "attribute_not_unique",
        "possible_duplicate",
    )
)
#: By the field that a refusal names.
_UNKNOWN: Final = {"category_id": "unknown_category", "library_id": "unknown_library"}


def parse_record(document: Any) -> KohaRecord:
    """Return the patron. Raises AnswerBroken."""
    if not isinstance(document, dict):
        raise AnswerBroken("the answer's patron is no object", kind="no_patron")
    number = document.get("patron_id")
    # a flag is a number too, in Python
    if not isinstance(number, int) or isinstance(number, bool) or number < 1 or len(document) > _FIELDS_MOST:
        raise AnswerBroken("the answer's patron has no number", kind="no_patron")
    fields = {
        name: value
        for name, value in document.items()
        if name not in _NEVER_SENT and (value is None or isinstance(value, str | int | float))
    }
    return KohaRecord(number, fields, _attributes(document.get(ATTRIBUTES)))


def _attributes(shown: Any) -> tuple[tuple[str, str], ...]:
    if not isinstance(shown, list) or len(shown) > _ATTRIBUTES_MOST:
        raise AnswerBroken("the answer does not show the patron's attributes", kind="no_attributes")
    pairs = [(one.get("type"), one.get("value")) if isinstance(one, dict) else (None, None) for one in shown]
    if not all(isinstance(code, str) and isinstance(value, str) for code, value in pairs):
        raise AnswerBroken("the answer does not show the patron's attributes", kind="no_attributes")
    return tuple((str(code), str(value)) for code, value in pairs)


def parse_records(document: Any) -> list[KohaRecord]:
    """Return the patrons of a page. Raises AnswerBroken."""
    if not isinstance(document, list):
        raise AnswerBroken("the answer is no list of patrons", kind="no_patron")
    return [parse_record(one) for one in document]


def write_body(record: KohaRecord, *, with_attributes: bool = True) -> dict[str, Any]:
    """The record as Koha takes one."""
    attributes = [{"type": code, "value": value} for code, value in record.attributes]
    return {**record.fields, **({ATTRIBUTES: attributes} if with_attributes else {})}


def refusal_code(document: Mapping[str, Any]) -> str:
    """A word for why Koha refused a write. What it says beside a known word is not repeated: it may hold values."""
    if (code := document.get("error_code")) in _KNOWN_CODES:
        return str(code)
    if document.get("conflict"):
        return "duplicate"
    said = str(document.get("error", ""))
    return next((word for name, word in _UNKNOWN.items() if name in said), "refused")

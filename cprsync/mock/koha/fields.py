"""The patron as Koha's API describes them: a closed list of fields, and what is wrong with a body.

Knows what a field may hold. Whether a library or a category exists is known by `setup`.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Final, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Row: TypeAlias = dict[str, Any]
#: A list of objects with `message` and `path`, as a validator of OpenAPI gives it. Holds no value of the body.
Mistakes: TypeAlias = list[dict[str, str]]

_TEXTS: Final = (
    "cardnumber userid surname firstname middle_name preferred_name other_name title initials gender "
    "street_number street_type address address2 city state postal_code country "
    "email secondary_email phone secondary_phone mobile sms_number lang relationship_type "
    "altaddress_street_number altaddress_street_type altaddress_address altaddress_address2 altaddress_city "
    "altaddress_state altaddress_postal_code altaddress_country altaddress_email altaddress_phone altaddress_notes "
    "altcontact_firstname altcontact_surname altcontact_address altcontact_address2 altcontact_city altcontact_state "
    "altcontact_postal_code altcontact_country altcontact_phone "
    "staff_notes opac_notes statistics_1 statistics_2 library_id category_id"
)
TEXTS: Final = frozenset(_TEXTS.split())
DATES: Final = frozenset(("date_of_birth", "date_enrolled", "date_renewed", "expiry_date"))
_FLAGS: Final = (
    "incorrect_address patron_card_lost protected privacy_guarantor_checkouts privacy_guarantor_fines "
    "autorenew_checkouts restricted anonymized"
)
FLAGS: Final = frozenset(_FLAGS.split())
INTEGERS: Final = frozenset(("patron_id", "privacy"))
MOMENTS: Final = frozenset(("updated_on", "last_seen"))
ALL: Final = TEXTS | DATES | FLAGS | INTEGERS | MOMENTS

REQUIRED: Final = ("surname", "library_id", "category_id")
#: A body that holds one is refused.
READ_ONLY: Final = frozenset(("restricted", "anonymized"))
#: Koha sets them itself. A body that holds one is accepted, and the value is ignored.
OWN: Final = frozenset(("patron_id", "updated_on", "last_seen"))
#: By the word of `x-koha-embed`. None is part of a body but the attributes.
EMBEDS: Final[Mapping[str, str]] = {
    "extended_attributes": "extended_attributes",
    "library": "library",
    "account_balance": "account_balance",
    "checkouts+count": "checkouts_count",
    "overdues+count": "overdues_count",
    "+strings": "_strings",
}
ATTRIBUTES: Final = "extended_attributes"
#: No two patrons may have the same one.
UNIQUE: Final = ("cardnumber", "userid")
#: A patron with nothing known.
BLANK: Final[Row] = {name: False if name in FLAGS else None for name in sorted(ALL)}


def find_mistakes(body: Any) -> Mistakes:
    """What is wrong with a whole patron, as POST and PUT take one. An empty list: nothing is."""
    if not isinstance(body, dict):
        return [_mistake("Expected object.")]
    strangers = sorted(body.keys() - ALL - {ATTRIBUTES})
    # the names are the client's own words: only their number is told
    mistakes = [_mistake(f"Properties not allowed: {len(strangers)}.")] if strangers else []
    mistakes += [_mistake("Missing property.", name) for name in REQUIRED if name not in body]
    mistakes += [_mistake("Read-only.", name) for name in sorted(READ_ONLY & body.keys())]
    mistakes += [_mistake(f"Expected {_KINDS[name][0]}.", name) for name in body if _is_wrong(name, body[name])]
    return mistakes + find_attribute_mistakes(body.get(ATTRIBUTES, []), ATTRIBUTES)


def find_attribute_mistakes(attributes: Any, path: str = "") -> Mistakes:
    """What is wrong with a list of attributes."""
    if not isinstance(attributes, list):
        return [_mistake("Expected array.", path)]
    return [_mistake("Expected type and value.", path) for one in attributes if not _is_attribute(one)][:1]


def _is_attribute(one: Any) -> bool:
    """Whether it has a type and a value, and at most the id that Koha gave it."""
    return (
        isinstance(one, dict)
        and one.keys() - {"extended_attribute_id"} == {"type", "value"}
        and all(isinstance(one[name], str) for name in ("type", "value"))
    )


def _mistake(message: str, name: str = "") -> dict[str, str]:
    return {"message": message, "path": f"/body/{name}" if name else "/body"}


def _is_wrong(name: str, value: Any) -> bool:
    if name not in ALL or name in READ_ONLY | OWN:
        return False
    if value is None:
        return name in REQUIRED or name in FLAGS
    return not _KINDS[name][1](value)


def _is_date(value: Any) -> bool:
    try:
        return isinstance(value, str) and date.fromisoformat(value).isoformat() == value
    except ValueError:
        return False


def _is_moment(value: Any) -> bool:
    try:
        return isinstance(value, str) and datetime.fromisoformat(value) is not None
    except ValueError:
        return False


def _is_integer(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _kind_of(name: str) -> tuple[str, Callable[[Any], bool]]:
    kinds: tuple[tuple[frozenset[str], str, Callable[[Any], bool]], ...] = (
        (DATES, "a date", _is_date),
        (FLAGS, "boolean", lambda value: isinstance(value, bool)),
        (INTEGERS, "integer", _is_integer),
        (MOMENTS, "a date and time", _is_moment),
        (TEXTS, "string", lambda value: isinstance(value, str)),
    )
    return next((word, check) for names, word, check in kinds if name in names)


_KINDS: Final = {name: _kind_of(name) for name in ALL}

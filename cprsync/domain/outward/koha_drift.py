"""In which way a patron in Koha is not as our record says, by kind: to be counted before and after the first write."""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, Any, Final

from cprsync.domain.outward.koha import ADDRESS, ATTRIBUTE, NOTES, OTHER_ADDRESSES, differing, merge_koha_record
from cprsync.domain.outward.sameness import is_same_address, is_same_city
from cprsync.domain.person.sealed import Address

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from cprsync.domain.outward.koha import KohaRecord, KohaRules


class KohaDrift(enum.Enum):
    """A way in which Koha differs from the record. The order is the order of weight."""

    #: protected here, and Koha has an address
    PROTECTED_OPEN = "protected_open"
    #: none of ours any more, or not for Koha, and Koha has an address
    GONE_OPEN = "gone_open"
    #: dead, emigrated or disappeared here, and Koha does not say so; or Koha says so of someone who is not
    ENDING = "ending"
    #: the attribute that says whether the patron is protected
    FLAG = "flag"
    #: several patrons in Koha have the number
    DOUBLE = "double"
    #: the patron that we knew there is somebody else now
    OTHER_PERSON = "other_person"
    #: Koha has no such patron
    ABSENT = "absent"
    NUMBER = "number"
    NAME = "name"
    BIRTH = "birth"
    ADDRESS = "address"
    #: the same address, written otherwise
    ADDRESS_FORM = "address_form"
    CONTACT = "contact"
    MUNICIPALITY = "municipality"
    STATUS = "status"
    CATEGORY = "category"
    BRANCH = "branch"

    __hash__ = object.__hash__


_BY_FIELD: Final[Mapping[str, KohaDrift]] = {
    **dict.fromkeys(ADDRESS, KohaDrift.ADDRESS),
    **dict.fromkeys(OTHER_ADDRESSES, KohaDrift.CONTACT),
    **dict.fromkeys(("surname", "firstname", "middle_name", "preferred_name"), KohaDrift.NAME),
    **dict.fromkeys(("expiry_date", "incorrect_address", *NOTES), KohaDrift.ENDING),
    "date_of_birth": KohaDrift.BIRTH,
    "category_id": KohaDrift.CATEGORY,
    "library_id": KohaDrift.BRANCH,
}


def find_drift(
    present: KohaRecord, payload: Mapping[str, Any] | None, rules: KohaRules, *, on: date
) -> tuple[KohaDrift, ...]:
    """Compare one patron with what Koha is to hold. An empty tuple: all is equal."""
    names = differing(present, merge_koha_record(present, payload, rules, on=on))
    by_code = {
        rules.number: KohaDrift.NUMBER,
        rules.municipality: KohaDrift.MUNICIPALITY,
        rules.status: KohaDrift.STATUS,
        rules.protected: KohaDrift.FLAG,
    }
    found = {
        by_code[name.removeprefix(f"{ATTRIBUTE} ")] if name.startswith(ATTRIBUTE) else _BY_FIELD[name] for name in names
    }
    if found & {KohaDrift.ADDRESS, KohaDrift.CONTACT}:
        if payload is None:
            found.add(KohaDrift.GONE_OPEN)
        elif payload["protected"]:
            found.add(KohaDrift.PROTECTED_OPEN)
        elif KohaDrift.ADDRESS in found and _is_at_home(present, payload.get("address")):
            found = (found - {KohaDrift.ADDRESS}) | {KohaDrift.ADDRESS_FORM}
    return tuple(kind for kind in KohaDrift if kind in found)


def _is_at_home(present: KohaRecord, at: Mapping[str, Any] | None) -> bool:
    """Whether Koha has the place where the patron lives, however it is spread over the fields.

    Another city with the same postcode is another address: it is printed on letters.
    """
    if at is None or not at.get("street"):
        return False
    parts = {name: at[name] for name in ("house", "building", "floor", "door", "postcode", "district")}
    ours = Address("", at["street_code"], road=at["street"], **parts)
    held = {name: str(present.fields.get(name) or "") for name in ADDRESS}
    if not is_same_city(at["district"], held["city"]):
        return False
    street = f"{held['address']} {held['street_number']}".strip()
    return any(
        is_same_address(ours, street=written, postcode=held["postal_code"], city=held["city"])
        for written in (street, f"{street}, {held['address2']}")
    )

"""An address as lines for a label, in the order that CPR prescribes."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cprsync.domain.person.person import Address


def label_lines(address: Address) -> list[str]:
    """The lines below the name: c/o, locality, road and house, town, postcode and district.

    Road, floor and door have the form in use since 2023: `Strandvejen 123A, st. tv` (CPR, "Bilag - Formater").
    Greenland's building number replaces a missing house number, or follows it: `Rypelien B-3412`.
    """
    building = f"B-{address.building.removeprefix('B').removeprefix('-')}" if address.building else ""
    where = " ".join(part for part in (address.road, address.house or building) if part)
    up = " ".join(part for part in (f"{address.floor}." if address.floor else "", address.door) if part)
    lines = (
        address.co,
        address.locality,
        ", ".join(part for part in (where, building if address.house else "", up) if part),
        address.town,
        f"{address.postcode} {address.district}".strip(),
    )
    return [line for line in lines if line]

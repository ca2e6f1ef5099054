"""An address as lines for a label, in the order that CPR prescribes."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cprsync.domain.person import Address


def label_lines(address: Address) -> list[str]:
    """The lines below the name: c/o, locality, road and house, town, postcode and district.

    Road, floor and door as since 2023: `Strandvejen 123A, st. tv` (CPR, "Bilag - Formater").
    """
    where = " ".join(filter(None, (address.road, address.house or address.building)))
    up = " ".join(filter(None, (f"{address.floor}." if address.floor else "", address.door)))
    lines = (
        address.co,
        address.locality,
        ", ".join(filter(None, (where, up))),
        address.town,
        f"{address.postcode} {address.district}".strip(),
    )
    return [line for line in lines if line]

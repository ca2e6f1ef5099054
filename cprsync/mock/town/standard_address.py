"""One line of an address as the register has written it since 2023: `Strandvejen 123A, st. tv`."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cprsync.mock.town.people import Address

_LENGTH = 34


def standard_address(address: Address) -> str:
    """Road, house, floor and door in at most 34 characters. Empty without a road."""
    if not address.road:
        return ""
    house = address.house.lstrip("0") or (f"B-{address.building.lstrip('0')}" if address.building else "")
    floor = f"{address.floor.lstrip('0')}." if address.floor else ""
    home = " ".join(part for part in (floor, address.door.lstrip("0")) if part)
    road = " ".join(part for part in (address.road, house) if part)
    return (f"{road}, {home}" if home else road)[:_LENGTH].rstrip()

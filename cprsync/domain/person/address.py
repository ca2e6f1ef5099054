"""A name and an address as the register tells them, and an address as lines for a label."""

from __future__ import annotations

from dataclasses import dataclass

#: Street codes from here on are administrative, for example no fixed abode (status 03 and 07). All codes have four
#: digits, so their text order is their numerical order.
ADMINISTRATIVE_STREET = "9900"


@dataclass(frozen=True, slots=True, repr=False)
class Name:
    """The record shows the addressing name, as the health card does. The other parts are for sorting."""

    addressing: str
    first: str = ""
    middle: str = ""
    last: str = ""


@dataclass(frozen=True, slots=True, repr=False)
class Address:
    """An address by its parts, in canonical form: see `address_of`."""

    municipality: str
    street_code: str
    house: str = ""
    building: str = ""
    floor: str = ""
    door: str = ""
    co: str = ""
    locality: str = ""
    town: str = ""
    postcode: str = ""
    district: str = ""
    road: str = ""
    supplementary: tuple[str, str, str, str, str] = ("", "", "", "", "")
    #: the last known address of a person who had status 03 or 07 there and has another now: it stays sealed
    stays_sealed: bool = False

    @property
    def is_administrative(self) -> bool:
        """True if it is sealed like a protected address: street codes 9900-9999, and `stays_sealed` (decision 2)."""
        return self.street_code >= ADMINISTRATIVE_STREET or self.stays_sealed

    @property
    def dwelling(self) -> tuple[str, str, str, str, str, str]:
        """The parts that make two people one household."""
        return self.municipality, self.street_code, self.house, self.building, self.floor, self.door


def label_lines(address: Address) -> list[str]:
    """The lines below the name, in CPR's order: c/o, locality, road and house, town, postcode and district.

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

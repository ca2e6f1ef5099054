"""Municipality codes and what they mean for residence and for the net media.

Four digits everywhere but in CULR, which has three (reference: CPR's authority codes, CULR 1.6).
"""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING

from cprsync.domain.person import SILENT, Person, Status

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

#: Codes that are no place to live: unknown, tax and administrative numbers, Udbetaling Danmark.
NOT_A_RESIDENCE = frozenset({"0000", "0009", "0010", "0011", "0012", "0019", "0100"})
#: Grønland: 0955-0961. CULR's login broker accepts no such number.
GREENLAND_PREFIX = "09"
#: Statuses under which the address says where she lives; nobody knows where the disappeared or a dead number do.
_LIVES_THERE = frozenset({Status.RESIDENT, Status.RESIDENT_ADMINISTRATIVE})
#: Statuses under which nobody lives in a Danish municipality, whatever the last address says.
_ENDS_RESIDENCE = frozenset(
    {Status.GREENLAND, Status.GREENLAND_ADMINISTRATIVE, Status.NO_RESIDENCE, Status.EMIGRATED, Status.DEAD}
)


class Residence(enum.Enum):
    """Whether a patron lives in the library's municipalities. Unknown is never treated as not resident."""

    #: lives in one of the library's municipalities
    RESIDENT = "resident"
    #: lives elsewhere, abroad, or no longer
    NOT_RESIDENT = "not_resident"
    #: the register has not said
    UNKNOWN = "unknown"


def municipality_of(person: Person) -> str | None:
    """The code of the last known Danish or Greenlandic address; None if none is known."""
    return None if person.address is SILENT else person.address.municipality


def residence_of(person: Person, home: AbstractSet[str]) -> Residence:
    """Residence in the municipalities `home`, by status first and address second."""
    if person.status in _ENDS_RESIDENCE:
        return Residence.NOT_RESIDENT
    code = municipality_of(person)
    if person.status not in _LIVES_THERE or code is None or code in NOT_A_RESIDENCE:
        return Residence.UNKNOWN
    return Residence.RESIDENT if code in home else Residence.NOT_RESIDENT


def culr_number_of(person: Person) -> str | None:
    """What CULR is to hold (decision 11): three digits, "" for a deliberate empty, None to send nothing.

    Living in any Danish municipality, the library's own or not: its three digits. Emigrated,
    Greenland, status 20, dead: a deliberate empty. Unknown: nothing is sent.
    """
    if person.status in _ENDS_RESIDENCE:
        return ""
    code = municipality_of(person)
    if person.status not in _LIVES_THERE or code is None or code in NOT_A_RESIDENCE:
        return None
    if code.startswith(GREENLAND_PREFIX):
        return ""
    return code[1:]

"""Why someone is looked up: there is no look-up without a purpose (architecture, rule 8)."""

from __future__ import annotations

import enum
from typing import Final


class Purpose(enum.Enum):
    """What the answer is for."""

    #: the person wants to become a patron
    REGISTRATION = "registration"
    #: a registration is renewed
    RENEWAL = "renewal"
    #: the record may be wrong
    CORRECTION = "correction"
    #: something is owed
    DEBT = "debt"
    #: the person is responsible for a child who is a patron
    GUARDIAN = "guardian"


#: What patrons come to the desk for themselves: who was leaving stays, and who only answered for a minor borrows.
RETURNING: Final = frozenset({Purpose.REGISTRATION, Purpose.RENEWAL})


def may_make_borrower(purpose: Purpose) -> bool:
    """False of a purpose that only ever leads to a record without borrowing rights."""
    return purpose is not Purpose.GUARDIAN

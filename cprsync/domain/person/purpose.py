"""Why a person is looked up. Every look-up has a purpose (architecture, rule 8)."""

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
    #: the person owes something
    DEBT = "debt"
    #: the person is responsible for a child who is a patron
    GUARDIAN = "guardian"


#: Purposes for which patrons come to the desk for themselves.
#: A leaving patron then stays. A person who only answered for a minor then borrows.
RETURNING: Final = frozenset({Purpose.REGISTRATION, Purpose.RENEWAL})


def may_make_borrower(purpose: Purpose) -> bool:
    """False for a purpose that only leads to a record without borrowing rights."""
    return purpose is not Purpose.GUARDIAN

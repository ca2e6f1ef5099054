"""Why someone is looked up: there is no look-up without a purpose (architecture, rule 8)."""

from __future__ import annotations

import enum


class Purpose(enum.Enum):
    """What the answer is for."""

    #: she wants to become a patron
    REGISTRATION = "registration"
    #: her registration is renewed
    RENEWAL = "renewal"
    #: the record may be wrong
    CORRECTION = "correction"
    #: something is owed
    DEBT = "debt"
    #: she is responsible for a child who is a patron
    GUARDIAN = "guardian"

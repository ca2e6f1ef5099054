"""What of a registration was shown and waits for a yes, on the page and in the API, and what it would write.

How it is typed and shown is in `pages.registering` and `api.registering`.
"""

from __future__ import annotations

import enum
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cprsync.services.desk.adding import answered_by, preview_addition
from cprsync.services.desk.answering import preview_responsible

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cprsync.domain.person.number import CprNumber
    from cprsync.services.desk.adding import Addition
    from cprsync.services.desk.answering import ShownResponsible
    from cprsync.services.desk.lookup import Desk
    from cprsync.services.desk.registering import Registration


class Way(enum.Enum):
    """Which of three cases a registration is. The value is part of the names of its texts, and in the API's answers."""

    #: the register has answered
    REGISTER = "register"
    #: the register does not answer now: the person is registered by their own words until it does
    PROVISIONAL = "provisional"
    #: no register knows the person
    UNREGISTERED = "unregistered"


@dataclass(frozen=True, slots=True, repr=False)
class Case:
    """What was shown, and waits for a yes."""

    way: Way
    #: the register's answer; None: there is none
    registration: Registration | None = None
    #: the number that the register is to be asked about; None: there is none
    number: CprNumber | None = None
    #: what was typed, by field
    typed: Mapping[str, str] = field(default_factory=dict)
    #: who is to answer for a minor, as typed and as found
    answers: str = ""
    responsible: ShownResponsible | None = None

    def preview(self, desk: Desk, user: str) -> Addition:
        """What would be written, with who answers for a minor. The register is asked about them once.

        A patron is read anew each time: they may have been protected, or have left, since they were shown.

        Raises:
            BadInput: something that was typed is wrong.
        """
        is_provisional, typed = self.way is Way.PROVISIONAL, dict(self.typed)
        if is_provisional and self.number is not None:
            typed["cpr_number"] = self.number.digits
        text = json.dumps(typed)
        shown = preview_addition(desk, text, user=user, shown=self.registration, provisional=is_provisional)
        if not self.answers:
            return shown
        held = self.responsible
        if held is None or held.known is not None:
            held = preview_responsible(desk, shown.minor, self.answers, user)
        return answered_by(shown, held)

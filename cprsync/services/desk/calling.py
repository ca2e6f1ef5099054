"""Asks the register about one person from the desk, or subscribes to one. If it does not answer, the night asks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cprsync.domain.person.person import REPLACED
from cprsync.errors import BadInput, CprsyncError, RegisterUnavailable
from cprsync.services.ports.register import NotFound

if TYPE_CHECKING:
    from cprsync.domain.person.number import CprNumber
    from cprsync.domain.person.person import Person
    from cprsync.services.desk.lookup import Desk
    from cprsync.services.ports.register import Subscribed


def ask_about(desk: Desk, number: CprNumber) -> Person | None:
    """Return the person who has this number. None: the register does not answer now.

    Raises:
        BadInput: the register has replaced the number.
        NoSuchPerson: the register does not know the number.
    """
    (answer,) = desk.register.look_up_many([number])
    if isinstance(answer, NotFound):
        if isinstance(answer.error, RegisterUnavailable):
            return None
        raise answer.error
    if answer.person.status in REPLACED:
        raise BadInput("the register has replaced that number: ask for the new one", kind="number.replaced")
    return answer.person


def subscribe_to(desk: Desk, number: CprNumber) -> Subscribed | None:
    """Subscribe to the number. None: the register does not answer now, and the night subscribes later."""
    ((_, result),) = desk.register.subscribe_many([number])
    if isinstance(result, RegisterUnavailable):
        return None
    if isinstance(result, CprsyncError):
        raise result
    return result

"""What machines may ask: a self-service machine at the counter, or the library's website.

They show a certificate, and have the patron's card and PIN. They learn no name, no address, no number and no reason.
"""

from __future__ import annotations

from typing import Any

from cprsync.services.desk.cards import CardAsked
from cprsync.services.lending.machines import describe_borrower
from cprsync.web.api.calls import MachineCaller, router_for_machines
from cprsync.web.api.shapes import asked, lending

asking = router_for_machines()


@asking.post("/machine/borrower", response_model=lending.Borrower)
def show_borrower(call: MachineCaller, wanted: asked.Card) -> Any:
    """Whether the patron with this card and PIN may borrow, and their rights. The audit names the machine first."""
    with call.places.taken() as place:
        desk = place.desk
        asked_by = CardAsked(wanted.card, wanted.pin, call.machine.name)
        quota, ceilings = call.machine.quota, desk.policy.pins
        patron_id = call.door.open(desk.store, desk.clock, asked_by, quota, ceilings=ceilings)
        return describe_borrower(desk.store, desk.clock, desk.policy, patron_id)

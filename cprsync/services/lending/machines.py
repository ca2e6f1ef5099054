"""What a machine learns of the patron whose card and PIN it has: whether they may borrow, and their rights.

A self-service machine or a website needs no name, no address, no number and no reason, and gets none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cprsync.domain.lending.standing import BorrowRule, may_borrow, standing_of
from cprsync.domain.netmedia.right_day import right_facts
from cprsync.domain.netmedia.rights import rights_of
from cprsync.domain.patron.local import Stage
from cprsync.services.desk.viewing import living_view_of

if TYPE_CHECKING:
    from cprsync.domain.policy.policy import Policy
    from cprsync.services.ports.runs import Clock
    from cprsync.services.ports.store import Store


def describe_borrower(store: Store, clock: Clock, policy: Policy, patron_id: str) -> dict[str, Any]:
    """The JSON shape of `machine/borrower`. Raises BadInput if there is no such patron, or they have left."""
    view, today = living_view_of(store, patron_id), clock.today()
    debt = store.lending.owing(patron_id, today).total_oere
    leaving = view.stage is not Stage.ACTIVE
    standing = standing_of(view.patron, view.local, policy, on=today, debt_oere=debt, leaving=leaving)
    borrows = may_borrow(standing, policy, on=today)
    facts = right_facts(view.patron, view.local, stage=view.stage)
    return {
        "may_borrow": borrows.allowed,
        "blocked": BorrowRule.BLOCKED in borrows.rules,
        "age_class": None if standing.born is None else policy.ladders.group_on(standing.born, today),
        "rights": [{"product": one.product, "answer": one.answer.value} for one in rights_of(facts, policy, today)],
    }

"""A patron's standing at the desk: may they borrow, what do late loans cost today, may they be written to, and why.

Each answer names the rule, the group and the table that it comes from. Changes nothing and opens nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cprsync.domain.lending.borrowing import may_borrow
from cprsync.domain.lending.contacting import About, Channel, contact_facts, may_contact
from cprsync.domain.lending.fees import overdue_fees
from cprsync.domain.lending.standing import standing_of
from cprsync.domain.lending.statement import reminders_of
from cprsync.domain.patron.local import Stage
from cprsync.services.views.viewing import living_view_of

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    from cprsync.domain.lending.contacting import ContactFacts
    from cprsync.domain.lending.standing import Standing
    from cprsync.domain.lending.statement import LateLoan
    from cprsync.domain.policy.policy import Policy
    from cprsync.services.ports.clock import Clock
    from cprsync.services.ports.store import Store


@dataclass(frozen=True, slots=True)
class Standings:
    """Shows standings: one library's store and policy."""

    store: Store
    clock: Clock
    policy: Policy

    def standing(self, patron_id: str, *, film_from_age: int | None = None) -> dict[str, Any]:
        """The JSON shape of `patron standing`, without the words of its rules.

        Raises BadInput if there is no such patron.
        """
        view, today = living_view_of(self.store, patron_id), self.clock.today()
        owing = self.store.lending.owing(patron_id, today)
        leaving = view.stage is not Stage.ACTIVE
        standing = standing_of(
            view.patron, view.local, self.policy, on=today, debt_oere=owing.total_oere, leaving=leaving
        )
        borrows = may_borrow(standing, self.policy, on=today, film_from_age=film_from_age)
        reach = contact_facts(view.patron, view.local, self.policy, on=today, parked=view.parked)
        return {
            "patron": patron_id,
            "day": today.isoformat(),
            "group": standing.group,
            "debt_oere": owing.total_oere,
            "may_borrow": {"answer": borrows.allowed, "rules": _rules(borrows.rules)},
            "blocks": [
                {"since": block.since.isoformat(), "reason": block.reason}
                for block in standing.blocks
                if block.holds_on(today)
            ],
            "fees": list(self._fees(owing.loans, standing, today)),
            "may_contact": [self._contact(reach, channel, about) for channel in Channel for about in About],
        }

    def _fees(self, loans: Iterable[LateLoan], standing: Standing, today: date) -> Iterable[dict[str, Any]]:
        """What each late loan would still cost if all of them came back today.

        Leaves out what is on the balance already.

        For a loan that is given up as lost, the fee up to that day.
        """
        late = list(loans)
        raised = [loan.raised_oere for loan in late]
        fees = overdue_fees([loan.days for loan in late], standing, self.policy, returned=today, raised=raised)
        is_reminded = self.policy.group(standing.group).reminders and not standing.is_dead
        reminded = self.policy.letters.reminder_days if is_reminded else ()
        for loan, fee in zip(late, fees, strict=True):
            days = reminders_of(loan, reminded)
            yield {
                "title": loan.title,
                "due": loan.due.isoformat(),
                "days_late": fee.days_late,
                "oere": fee.oere,
                "raised_oere": fee.raised_oere,
                "lost": loan.lost and loan.lost.isoformat(),
                "billed": loan.billed,
                # by the library's policy: what its system has sent is among the messages
                "reminders": {
                    "due": [day.isoformat() for day in days if day <= today],
                    "next": next((day.isoformat() for day in days if day > today), None),
                },
                "tariff": fee.tariff and fee.tariff.isoformat(),
                "rule": fee.rule.value,
            }

    def _contact(self, reach: ContactFacts, channel: Channel, about: About) -> dict[str, Any]:
        ruling = may_contact(reach, channel, about, self.policy)
        return {
            "channel": channel.value,
            "about": about.value,
            "answer": ruling.allowed,
            "rules": _rules(ruling.rules),
        }


def _rules(rules: Iterable[Any]) -> list[dict[str, str]]:
    return [{"rule": rule.value} for rule in rules]

"""What one patron may use of the net media on a day, why, and what CULR knows. Changes nothing, opens nothing.

The municipality is shown even for a protected patron, because rights depend on it. The address stays sealed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cprsync.domain.netmedia.right_day import right_facts
from cprsync.domain.netmedia.right_rule import CHANGES
from cprsync.domain.netmedia.rights import rights_of
from cprsync.domain.patron.effective import effective
from cprsync.domain.patron.fields import FIELD
from cprsync.domain.patron.override import Overridden, in_force
from cprsync.errors import BadInput
from cprsync.services.views.finding import unmerged_view_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from cprsync.domain.netmedia.right_day import RightFacts
    from cprsync.domain.netmedia.rights import Right
    from cprsync.domain.person.municipality import Municipalities
    from cprsync.domain.policy.policy import Policy
    from cprsync.services.ports.desk import PatronView
    from cprsync.services.ports.netmedia import AccountState
    from cprsync.services.ports.run import Clock
    from cprsync.services.ports.store import Store


@dataclass(frozen=True, slots=True)
class Entitlements:
    """Shows rights: one library's store and policy, and the list of municipalities for their names."""

    store: Store
    clock: Clock
    policy: Policy
    municipalities: Municipalities

    def shown(self, patron_id: str, *, on: date | None = None) -> dict[str, Any]:
        """The JSON shape of `entitlements show`, by the present record, for today or another day.

        For a sealed patron, the days that follow from the birth date are left out, and no other day may be asked for:
        the answers would change on the birthday. Raises BadInput: there is no such patron, they were merged into
        another, or they are sealed and another day is asked for.
        """
        view, today = unmerged_view_of(self.store, patron_id), self.clock.today()
        day, facts = on or today, facts_of(view)
        sealed = view.patron.is_sealed(silent_is_sealed=self.policy.silent_is_sealed, parked=view.parked)
        if sealed and day != today:
            raise BadInput("the patron is sealed: the rights of another day would tell the birth date", kind="input")
        rights = rights_of(facts, self.policy, day)
        return {
            "patron": patron_id,
            "day": day.isoformat(),
            "kind": view.patron.kind.value,
            "standing": view.stage.value,
            "municipality": self._municipality(view, facts, day),
            "rights": [_right(right.without_birth_days if sealed else right) for right in rights],
            "culr": _culr(self.store.outbox.account_state(patron_id)),
        }

    def _municipality(self, view: PatronView, facts: RightFacts, day: date) -> dict[str, Any]:
        """The municipality in force, its source, and since when."""
        now = effective(facts, self.policy, on=day)
        typed = in_force(facts.overrides, day).get(Overridden.MUNICIPALITY)
        known = self.municipalities.by_code.get(now.municipality or "")
        as_of = view.patron.as_of
        source = None if as_of is None or now.municipality is None else as_of.source.value
        since = facts.municipality_since if typed is None else typed.since
        return {
            "code": now.municipality,
            "name": known and known.name,
            "residence": now.residence.value,
            "source": source if typed is None else "staff",
            "since": since and since.isoformat(),
        }


def facts_of(view: PatronView) -> RightFacts:
    """A record as the rules of rights need it, with the days on which runs wrote what rights depend on."""
    return right_facts(
        view.patron,
        view.local,
        stage=view.stage,
        municipality_since=_since(view.since, "municipality"),
        status_since=_since(view.since, "status"),
    )


def _since(since: Mapping[str, date], field: str) -> date | None:
    """The last day on which an action gave the field its value. None: no such day is recorded."""
    return max((since[kind] for kind in (*FIELD[field].given_by, "first_copy") if kind in since), default=None)


def _right(right: Right) -> dict[str, Any]:
    return {
        "product": right.product,
        "title": right.title.document(),
        "answer": right.answer.value,
        "rule": right.rule.value,
        "fact": right.fact,
        "valid_from": right.valid_from and right.valid_from.isoformat(),
        "until": right.until and right.until.isoformat(),
        "withheld": right.withheld,
        "from_age": right.from_age,
        "changes_when": right.changes_when.value,
        "text": right.text.document(),
        "why": right.why.document(),
        "change": CHANGES[right.changes_when].document(),
    }


def _culr(account: AccountState) -> dict[str, Any]:
    """What CULR was told, has confirmed, and must still be told.

    Numbers have three digits; "" means none on purpose.
    """
    return {
        "sent": account.sent,
        "confirmed": account.confirmed,
        "pending": account.pending,
        "deleting": account.deleting,
        "refused": account.refused,
        "checked_at": account.checked and account.checked.isoformat(),
        "account": account.exists,
    }

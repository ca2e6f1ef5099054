"""What an import's rows meet in the store beyond a patron's number: a number of hers that was replaced, and her age.

Leaves out what is written: see `imports`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import Connection, select

from cprsync.domain.due import Facts, age_step_of, derived_group
from cprsync.domain.person import Person
from cprsync.store import tables
from cprsync.store.engine import parts
from cprsync.store.numbers import OLD_NUMBER
from cprsync.store.records import from_row, overrides_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date

    from cprsync.domain.number import CprNumber
    from cprsync.domain.policy import Policy
    from cprsync.store.tenant import Tenant
    from cprsync.sync.values import NewPatron

_PATRON: Final = tables.patron.c
_KEY: Final = tables.patron_key.c


def replaced(connection: Connection, tenant: Tenant, rows: Sequence[NewPatron]) -> dict[str, str]:
    """Whose number was replaced, or went with a patron who was merged: its digits, and who has it now."""
    numbers = [row.number.digits for row in rows if row.number is not None]
    by_probe = {probe: digits for digits in numbers for probe in tenant.vault.probes(OLD_NUMBER, digits)}
    wanted = select(_KEY.key_index, _KEY.patron_id).where(_KEY.agency == tenant.agency, _KEY.kind == OLD_NUMBER)
    return {
        by_probe[found.key_index]: found.patron_id
        for part in parts(list(by_probe))
        for found in connection.execute(wanted.where(_KEY.key_index.in_(part)))
    }


def age_step_of_new(number: CprNumber, group: str, policy: Policy | None, *, on: date) -> tuple[str, date | None]:
    """The group of someone who comes with the list, and the next day on which age changes it.

    Of her age only the number tells by now. Without a policy, the next night's calendar part finds the day.
    """
    if policy is None:
        return group, on
    return age_step_of(Facts("", Person(number), group), on, policy)


def groups_by_age(
    connection: Connection, tenant: Tenant, given: Mapping[str, str], policy: Policy | None
) -> dict[str, str]:
    """The group of each patron that a list would put in one, by her id: age decides over a list, a pin over both."""
    if policy is None:
        return dict(given)
    aged = [one for one, group in given.items() if policy.ladders.follows_age(group)]
    return dict(given) | dict(_aged(connection, tenant, aged, given, policy))


def _aged(
    connection: Connection, tenant: Tenant, ids: Sequence[str], given: Mapping[str, str], policy: Policy
) -> Iterable[tuple[str, str]]:
    today = tenant.clock.today()
    for part in parts(ids):
        wanted = select(tables.patron).where(_PATRON.agency == tenant.agency, _PATRON.id.in_(part))
        rows = connection.execute(wanted).all()
        corrected = overrides_of(connection, tenant, rows)
        for row in rows:
            patron = from_row(tenant.vault, row, corrected.get(row.id, ()))
            facts = Facts(patron.id, patron.register, given[patron.id], patron.overrides)
            yield patron.id, derived_group(facts, today, policy)

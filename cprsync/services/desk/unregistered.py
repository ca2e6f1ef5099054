"""What staff write about a patron who is not in the register. It needs no reason and has no last day.

The fields are name, birth date and protection. With a real number these fields belong to the register again. Leaves out
corrections over the register: see `setting`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from cprsync.domain.patron.due import Facts, age_step_of
from cprsync.domain.patron.override import UNREGISTERED_FIELDS, Overridden
from cprsync.errors import BadInput
from cprsync.services.ports.desk import OwnWord
from cprsync.services.ports.patrons import Write

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date

    from cprsync.domain.patron.patron import Patron
    from cprsync.domain.person.person import Person
    from cprsync.domain.policy.policy import Policy
    from cprsync.services.desk.local_setting import Setting
    from cprsync.services.ports.patrons import Prepared


def may_be_ours(asked: Setting) -> bool:
    """Whether the request sets the library's own value, if the register does not know the patron.

    A name with a reason or a last day is a correction, as for any patron.
    """
    corrects = asked.field in {one.value for one in Overridden} and (bool(asked.reason) or asked.until is not None)
    return asked.field in UNREGISTERED_FIELDS and not corrects


def own_word(
    patron: Patron, asked: Setting, prepare: Callable[[Person], Prepared], *, on: date, policy: Policy
) -> OwnWord | None:
    """What is written. None: the record has the value already. Raises BadInput, which does not quote the text."""
    try:
        after = UNREGISTERED_FIELDS[asked.field](patron.register, asked.text or "", on)
    except ValueError as error:
        raise BadInput("{field}: {why}", field=asked.field, why=error, kind="input.value") from None
    if after == patron.register:
        return None
    write = Write(patron=patron, after=after, prepared=prepare(after), as_of=patron.as_of, actions=())
    return OwnWord(asked.field, with_age(write, on=on, policy=policy))


def with_age(write: Write, *, on: date, policy: Policy | None) -> Write:
    """Add the group and rights that follow from a new birth date. Without a policy, return the write unchanged."""
    patron = write.patron
    if policy is None or write.after.birth == patron.register.birth:
        return write
    facts = Facts(patron.id, write.after, patron.group, patron.overrides, borrows=patron.borrows)
    group, step = age_step_of(facts, on, policy)
    return replace(write, group=group, next_age_step=step, rights_due=bool(policy.products.periods))

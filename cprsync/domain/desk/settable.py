"""Which fields may be set at the desk, and what each takes. What setting one means for a record is left out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from cprsync.domain.patron.fields import FIELD, SETTABLE
from cprsync.domain.patron.kinds import BRANCH
from cprsync.domain.patron.override import ENDLESS, UNREGISTERED_FIELDS, Overridden

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cprsync.domain.policy.policy import Policy

#: The fields that are lists.
LISTS: Final = frozenset(key for key, field in SETTABLE.items() if field.kind.is_list)
#: The fields that have another source, over which a correction is set.
OVERRIDDEN: Final = frozenset(key for key, field in FIELD.items() if field.correctable)


def settable() -> tuple[str, ...]:
    """The fields that may be set, in the order in which help lists them."""
    return (*(one.value for one in Overridden), *SETTABLE)


def settable_of_anyone() -> tuple[str, ...]:
    """The same, and what the library itself says of a patron whom no register knows."""
    return tuple(dict.fromkeys((*settable(), *UNREGISTERED_FIELDS)))


def describe_settable(policy: Policy, homes: frozenset[str]) -> list[dict[str, Any]]:
    """The JSON shape of the fields that may be set: what each takes, and the only values that there are."""
    choices: dict[str, Sequence[str]] = {
        **{key: policy.branches for key, field in SETTABLE.items() if field.kind is BRANCH},
        Overridden.GROUP.value: policy.group_names,
        Overridden.MUNICIPALITY.value: sorted(homes),
    }
    return [
        {
            "field": key,
            "name": FIELD[key].name.document(),
            # over the register or a rule, for a reason
            "is_correction": key in OVERRIDDEN,
            "needs_last_day": key in OVERRIDDEN - {one.value for one in ENDLESS},
            # a patron unknown to the register: it is set for good too
            "is_own_word": key in UNREGISTERED_FIELDS,
            "is_list": key in LISTS,
            "has_lines": FIELD[key].kind.lines,
            "is_hidden": FIELD[key].kind.hidden,
            "has_notices": FIELD[key].kind.notices,
            "choices": list(choices.get(key, ())),
        }
        for key in settable_of_anyone()
    ]

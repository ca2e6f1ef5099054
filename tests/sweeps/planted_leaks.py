"""Twenty mistakes as somebody might make them, and for each a short life in which it leaks or withholds too much.

Each is planted in the running program by `planted`; the life must then raise `Leaked`.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final
from unittest.mock import patch

from outward_days import Day

from cprsync.domain.outward import record as records
from cprsync.domain.outward import target
from cprsync.domain.outward.record import OutwardField
from cprsync.domain.outward.target import ProtectedRule
from cprsync.store.outward import changes, describing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from doubles import Library

NONE: Final[frozenset[Any]] = frozenset()
#: What a mistake changes: in which module or class, what, and what stands there instead, made of what stood there.
Mistake = tuple[Any, str, "Callable[[Any], Any]"]


def _saying(**values: Any) -> Callable[[Any], Any]:
    """`describe` as it is, of surroundings that are wrong in something."""

    def make(right: Any) -> Any:
        return lambda patron, local, beside, *, on: right(patron, local, replace(beside, **values), on=on)

    return make


def _never(_: Any) -> Any:
    return lambda *_, **__: False


def _nothing(_: Any) -> Any:
    return lambda *_, **__: {}


def _forgets_the_rule(right: Any) -> Any:
    return lambda record, to: right(record, replace(to, protected=ProtectedRule.WITHOUT_ADDRESS))


def _tells_flag_only_the_rest(right: Any) -> Any:
    def sees(record: Any, to: Any) -> Any:
        wrong = ProtectedRule.WITHOUT_ADDRESS if to.protected is ProtectedRule.FLAG_ONLY else to.protected
        return right(record, replace(to, protected=wrong))

    return sees


def _owes_nothing(right: Any) -> Any:
    def drops(transaction: Any, ids: Any) -> Any:
        right(transaction, ids)
        return defaultdict(dict)

    return drops


def _never_lifted(right: Any) -> Any:
    def differs(*args: Any) -> Any:
        return [one for one in right(*args) if not (one[1] and one[2] and one[1].protected and not one[2].protected)]

    return differs


def _only_protection_closes(_: Any) -> Any:
    return lambda before, after, **__: bool(before and after and after.protected and not before.protected)


def _without(*fields: OutwardField) -> Callable[[Any], Any]:
    return lambda right: right - frozenset(fields)


def _holding_typed(right: Any) -> Any:
    """What staff typed is told whatever is withheld."""

    def tells(patron: Any, local: Any, beside: Any, *, on: Any) -> Any:
        told = right(patron, local, beside, on=on)
        holding = [one for one in patron.overrides if one.field.value == "address" and one.holds_on(on)]
        return replace(told, values={**told.values, "address": {"lines": [holding[-1].text]}}) if holding else told

    return tells


def _day(*events: tuple[str, str, int], desk: tuple[tuple[str, str, int], ...] = (), down: str = "") -> Day:
    return Day(events, desk, frozenset(down.split()))


ALL: Final = "leave_out without_address flag_only"
_PROTECTED: Final = [_day(("protect", "Ane", 0))]
_SHARED: Final = [_day(("move_in", "Ane", 0)), _day(("protect", "Lea", 0))]
_SILENT: Final = [_day(desk=(("enrol", "Bent", 1),)), _day()]

#: By name: what is changed, and the life in which it shows.
PLANTED: Final[dict[str, tuple[Mistake, list[Day]]]] = {
    "a target's rule for the protected is forgotten": ((target, "view", _forgets_the_rule), _PROTECTED),
    "a target that may only have the flag gets the rest": ((target, "view", _tells_flag_only_the_rest), _PROTECTED),
    "earlier changes stay when a protection begins": ((changes, "outdates", _never), _PROTECTED),
    "earlier changes stay when a neighbour is protected": ((changes, "outdates", _only_protection_closes), _SHARED),
    "the record of the protected withholds nothing": (
        (records, "WITHHELD_IF_PROTECTED", lambda _: NONE),
        _PROTECTED,
    ),
    "what waits unheard is dropped and nothing is owed": (
        (changes, "_delete_earlier", _owes_nothing),
        [_day(("protect", "Ane", 0), down=ALL), _day(("emigrate", "Ane", 0), down=ALL)],
    ),
    "the household is not asked": ((describing, "describe_patron", _saying(household=False)), _SHARED),
    "the links are forgotten": (
        (describing, "_linked", _nothing),
        [_day(desk=(("answer_for", "Uma", 0),)), _day(("protect", "Uma", 0))],
    ),
    "whoever lives there is not found": ((describing, "_mates", _nothing), _SHARED),
    "the neighbours are not described again": (
        (changes, "neighbours_of", lambda _: lambda *_, **__: set()),
        _SHARED,
    ),
    "a household seal never ends": (
        (changes, "_seals_differently", lambda right: lambda before, after: right(before, after) and after.protected),
        [*_SHARED, _day(("unprotect", "Lea", 0))],
    ),
    "a parked patron is no longer sealed": (
        (describing, "describe_patron", _saying(parked=False)),
        [_day(("unread", "Ane", 0))],
    ),
    "one of whom nobody has spoken is told": (
        (describing, "describe_patron", _saying(silent_is_sealed=False)),
        _SILENT,
    ),
    "the foreign address of the protected is told": (
        (records, "WITHHELD_IF_PROTECTED", _without(OutwardField.ABROAD)),
        [_day(("emigrate", "Ane", 0)), _day(("protect", "Ane", 0))],
    ),
    "the contact address of the protected is told": (
        (records, "WITHHELD_IF_PROTECTED", _without(OutwardField.CONTACT_ADDRESS)),
        [_day(("protect", "Ane", 0), desk=(("contact", "Ane", 1),))],
    ),
    "what staff typed over a protected address is told": (
        (describing, "describe_patron", _holding_typed),
        [_day(("protect", "Ane", 0), desk=(("correct_address", "Ane", 5),))],
    ),
    "what staff typed over a shared address is told": (
        (records, "WITHHELD_FOR_OTHERS", lambda _: NONE),
        [_day(("move_in", "Ane", 0), desk=(("correct_address", "Ane", 5),)), _day(("protect", "Lea", 0))],
    ),
    "one who has left stays at the target": (
        (target, "view", lambda right: lambda record, to: right(record, to) or {}),
        [_day(desk=(("leave", "Ane", 0),))],
    ),
    "where a patron lived with one who is protected stays to be read": (
        (changes, "_inhabited", lambda _: lambda *_, **__: frozenset()),
        [_day(("move_in", "Ane", 0)), _day(("move", "Ane", 1)), _day(("protect", "Lea", 0))],
    ),
    "a lifted protection is told to nobody": (
        (changes, "_differences", _never_lifted),
        [*_PROTECTED, _day(("unprotect", "Ane", 0))],
    ),
}
#: Triggers without which a writer escapes, each with a life that writes.
ESCAPES: Final[dict[str, list[Day]]] = {
    "mark_patron_update": _PROTECTED,
    "mark_review_item_insert": [_day(("unread", "Ane", 0))],
    "mark_responsible_insert": [_day(("protect", "Uma", 0), desk=(("answer_for", "Uma", 0),))],
}


@contextmanager
def planted(mistake: Mistake) -> Iterator[None]:
    """Make the mistake wherever the name is used, or the method of a class."""
    module, attribute, make = mistake
    right = getattr(module, attribute)
    wrong = make(right)
    places = [one for key, one in sys.modules.items() if key.startswith("cprsync.") and one is not module]
    with ExitStack() as stack:
        for one in (module, *places):
            if getattr(one, attribute, None) is right:
                stack.enter_context(patch.object(one, attribute, wrong))
        yield


def without_trigger(library: Library, name: str) -> None:
    """A migration has forgotten one."""
    with library.engine.begin() as connection:
        connection.exec_driver_sql(f"DROP TRIGGER {name}")

"""With `chain = "warn"` every order and repetition of a month's deliveries ends in the same records.

Held against each other is all that a record says, and what the net media hold of it. Runs, history, reviews, audit
and versions tell how it came to that, and differ. So does `as_of`, the day that a record is true for: a look-up that
one order needs and the other does not moves it on.

One thing more may differ, for a reason: what the newest delivery about someone says nothing of. `as_of` stands beside
the whole record, so that an older word is not taken once a newer source has spoken, though that one was silent here.
That is the last known address of someone who lives nowhere any more (status 20 and from 70 on), and of an annulled
number (status 30), of which the register says nothing but that, all the rest.

And the dead grow no older: whether they had a birthday first hangs on the night in which their death was heard of.

Drawn here is a sample. The whole: `sweeps/model.py --orders N`, 200 by default.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from drawn import orders
from hypothesis import HealthCheck, given, settings
from living import Life, Month, Night, arrive, asked_in_vain, month_of, silent_at_last
from slow_register import EMPTY, SILENT

if TYPE_CHECKING:
    from collections.abc import Sequence


def ends_alike(month: Month, order: Sequence[int], folder: Path, empty_store: Path) -> None:
    straight = arrive(month, range(len(month.deliveries)), folder / "straight", empty_store)
    mixed = arrive(month, order, folder / "mixed", empty_store)
    silent, in_vain = silent_at_last(month), asked_in_vain(month, order)
    for key, record in straight.items():
        unsaid = silent.get(key, set())
        if "name" in unsaid:
            continue  # annulled: her status is all that is known of her
        if "address" in unsaid:
            unsaid |= {"municipality_in_clear"}
        if record["status"] == "90":
            unsaid |= {"group", "group_shown"}
        if key in in_vain and (record["protection"], mixed[key]["protection"]) == (EMPTY, SILENT):
            unsaid |= {"protection"}
        said = [name for name in record if name not in unsaid]
        differs = {name: (record[name], mixed[key][name]) for name in said if record[name] != mixed[key][name]}
        assert not differs, f"{key} in the order {list(order)}: {differs}"


@settings(
    max_examples=4,
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(drawn=orders())
def test_every_order_and_repetition_ends_in_the_same_records(
    drawn: tuple[Month, tuple[int, ...]], empty_store: Path
) -> None:
    month, order = drawn
    with TemporaryDirectory() as folder:
        ends_alike(month, order, Path(folder), empty_store)


#: In one delivery her number changes, in the next one the change is undone.
UNDONE = (Night(events=(("change_number", 0, 1),)), Night(events=(("undo_number", 0, 1),)))
#: In the next one she moves.
MOVED = (Night(events=(("change_number", 0, 1),)), Night(events=(("move", 0, 2),)))


def test_a_number_change_that_was_undone_since_is_not_made_late(tmp_path: Path, empty_store: Path) -> None:
    ends_alike(month_of(Life(date(2027, 2, 15), UNDONE)), (1, 0), tmp_path, empty_store)


def test_what_came_under_the_new_number_first_is_not_lost(tmp_path: Path, empty_store: Path) -> None:
    ends_alike(month_of(Life(date(2027, 2, 15), MOVED)), (1, 0), tmp_path, empty_store)

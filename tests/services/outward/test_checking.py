"""A target is compared with the records share by share, and whoever differs is told again if that is asked for."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import pytest
from doubles import MONDAY, TUESDAY
from townspeople import gains_protection, moves, person

from cprsync.domain.outward.koha_drift import KohaDrift
from cprsync.domain.outward.record import OutwardField
from cprsync.domain.outward.target import ProtectedRule, Target, TargetKind
from cprsync.errors import ConfigurationError, RunStopped, TargetUnavailable
from cprsync.services.outward.checking import Checking, check_target
from cprsync.services.ports.outward import OpenTarget

if TYPE_CHECKING:
    from collections.abc import Sequence

    from doubles import Library, TargetDouble

    from cprsync.errors import CprsyncError
    from cprsync.services.ports.outward import OutwardEffect

KOHA = Target("koha", TargetKind.KOHA, frozenset(OutwardField), ProtectedRule.WITHOUT_ADDRESS)


@dataclass
class ReaderDouble:
    """Shows what a target double holds."""

    double: TargetDouble
    #: patrons of whom it says this instead
    says: dict[str, KohaDrift] = field(default_factory=dict)
    down: CprsyncError | None = None
    asked: list[str] = field(default_factory=list)

    def compare_many(self, expected: Sequence[OutwardEffect]) -> dict[str, tuple[KohaDrift, ...]]:
        if self.down is not None:
            raise self.down
        self.asked += [one.patron_id for one in expected]
        return {one.patron_id: self._kinds(one) for one in expected}

    def _kinds(self, one: OutwardEffect) -> tuple[KohaDrift, ...]:
        if one.patron_id in self.says:
            return (self.says[one.patron_id],)
        held = self.double.holds.get(one.patron_id)
        return () if held == one.payload else (KohaDrift.ABSENT if held is None else KohaDrift.ADDRESS,)


def reading(library: Library) -> ReaderDouble:
    library.sets_targets_up(KOHA)
    reader = ReaderDouble(library.target("koha"))
    library.targets = (OpenTarget(KOHA, reader.double, reader),)
    return reader


def check(library: Library, **what: Any) -> dict[str, Any]:
    return check_target(Checking(store=library.store, targets=library.targets, name="koha", **what))


def test_before_the_first_write_everybody_is_looked_for_and_nobody_is_told(either_library: Library) -> None:
    library = either_library
    reader = reading(library)
    found = check(library, with_waiting=True)
    assert found["patrons"] == {"absent": sorted(library.id_of(key) for key in ("ANNA", "BO", "CLARA", "DAVID"))}
    assert (found["done"], found["compared"], found["differing"], found["queued"]) == (True, 4, 4, None)
    assert not reader.double.holds
    assert library.store.targets.states()[0].backlog.waiting == 0


def test_what_was_told_is_equal_and_a_change_by_somebody_else_is_found_and_told_again(either_library: Library) -> None:
    library = either_library
    reader = reading(library)
    library.night()
    assert check(library)["differing"] == 0
    reader.double.holds[library.id_of("ANNA")] = {"patron": "changed"}
    found = check(library)
    assert (found["patrons"], found["queued"]) == ({"address": [library.id_of("ANNA")]}, None)
    assert check(library, repair=True)["queued"] == 1
    assert check(library)["waiting"] == 1
    library.night()
    assert check(library)["differing"] == 0
    assert reader.double.calls[-1].patron_id == library.id_of("ANNA")


def test_what_waits_is_no_drift_but_is_a_difference_before_it_is_sent(library: Library) -> None:
    reader = reading(library)
    library.night()
    reader.double.down = TargetUnavailable("it does not answer")
    library.deliver(MONDAY, moves(person("ANNA"), "ODENSE"))
    library.one_night()
    found = check(library)
    assert (found["compared"], found["waiting"], found["differing"]) == (3, 1, 0)
    assert check(library, with_waiting=True)["patrons"] == {"address": [library.id_of("ANNA")]}


def test_a_patron_who_is_gone_for_the_target_is_compared_as_long_as_it_knows_them(library: Library) -> None:
    library.sets_targets_up(left_out := Target("koha", TargetKind.KOHA, frozenset(OutwardField)))
    reader = ReaderDouble(library.target("koha"))
    library.targets = (OpenTarget(left_out, reader.double, reader),)
    library.night()
    # BO is protected from the beginning: the target was only told to forget BO, whom staff may have written down there
    assert library.id_of("BO") not in reader.double.holds
    reader.double.down = TargetUnavailable("it does not answer")
    library.deliver(TUESDAY, gains_protection(person("ANNA")))
    library.one_night()
    found = check(library, with_waiting=True)
    assert found["patrons"] == {"address": [library.id_of("ANNA")]}
    assert library.id_of("BO") in reader.asked


@pytest.mark.parametrize(
    ("kind", "says"),
    [
        (TargetKind.WEBHOOK, "koha is a webhook: .* told of 4 patrons; 0 changes wait, and it refuses 0 patrons$"),
        (TargetKind.FILE, "koha gets files, .* told of 4 patrons; 0 changes wait$"),
        (TargetKind.FEED, "koha is a feed: .* It has fetched nothing lately$"),
    ],
)
def test_a_target_that_cannot_be_read_says_what_is_known_of_it(library: Library, kind: TargetKind, says: str) -> None:
    library.sets_targets_up(replace(KOHA, kind=kind))
    library.night()
    before = library.everything()
    with pytest.raises(ConfigurationError, match=says) as caught:
        check(library)
    assert caught.value.kind == "target.unreadable"
    assert library.everything() == before


def test_one_patron_is_compared_alone(library: Library) -> None:
    reader = reading(library)
    found = check(library, with_waiting=True, only=library.id_of("BO"))
    assert (found["done"], found["patrons"]) == (True, {"absent": [library.id_of("BO")]})
    assert reader.asked == [library.id_of("BO")]
    assert check(library, with_waiting=True, only="00000000")["compared"] == 0


def test_what_only_a_person_can_set_right_is_not_told_again(library: Library) -> None:
    reader = reading(library)
    library.night()
    reader.says = {library.id_of("ANNA"): KohaDrift.DOUBLE, library.id_of("CLARA"): KohaDrift.OTHER_PERSON}
    found = check(library, repair=True)
    assert (found["differing"], found["queued"]) == (2, 0)
    assert library.store.targets.states()[0].backlog.waiting == 0


def test_a_comparison_goes_on_behind_the_patron_where_it_ended(library: Library) -> None:
    reader = reading(library)
    first = check(library, with_waiting=True, share=1, most=3)
    assert (first["done"], first["compared"]) == (False, 3)
    rest = check(library, with_waiting=True, after=first["reached"])
    assert (rest["done"], rest["compared"], rest["reached"]) == (True, 1, None)
    assert sorted(reader.asked) == sorted({*reader.asked})


def test_a_target_that_does_not_answer_ends_it_with_what_was_found(library: Library) -> None:
    reader = reading(library)
    reader.down = TargetUnavailable("it does not answer")
    found = check(library, with_waiting=True)
    assert (found["done"], found["compared"], found["reached"]) == (False, 0, None)
    assert isinstance(found["failure"], TargetUnavailable)


def test_an_operator_who_stops_it_loses_no_share(library: Library) -> None:
    reader, seen = reading(library), iter((False, True))

    def raise_if_stopped() -> None:
        if next(seen):
            raise RunStopped("the comparison was asked to stop, and has ended after a whole share")

    found = check(library, with_waiting=True, share=2, raise_if_stopped=raise_if_stopped)
    assert (found["done"], found["compared"], found["reached"]) == (False, 2, max(reader.asked))
    assert isinstance(found["failure"], RunStopped)


def test_a_target_that_is_not_there_or_that_nobody_can_read_is_refused(library: Library) -> None:
    with pytest.raises(ConfigurationError):
        check(library)
    library.sets_targets_up(KOHA)
    with pytest.raises(ConfigurationError):
        check(library)

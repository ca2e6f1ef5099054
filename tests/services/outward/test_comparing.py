"""All records compared with another system: in shares, over ends and restarts, with a trend, on both databases."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, cast

import pytest
from begun import PATRONS
from doubles import TUESDAY, WEDNESDAY, Library
from fbs_double import FbsDouble
from town import PEOPLE, number
from whole import verify_audit

from cprsync.domain.outward.deviation import Deviation
from cprsync.domain.policy.policy import Policy, RetentionDays
from cprsync.errors import (
    LibrarySystemRefused,
    LibrarySystemUnavailable,
    LibrarySystemUntrusted,
    PatronNotNamed,
    PatronUnreadable,
    RunStopped,
)
from cprsync.services.outward.comparing import Comparing, compare_all, trend_document
from cprsync.services.ports.comparing import ComparedShare
from cprsync.services.ports.trust.audit import AuditFilter

if TYPE_CHECKING:
    from cprsync.services.ports.store import Store

HOME = Policy(home=frozenset({"0751"}))
NOT_NAMED = PatronNotNamed("something is not there")
DOWN = LibrarySystemUnavailable("FBS does not answer: {why}", why="gone", kind="fbs.timeout")
TABLES = ("comparison", "comparison_finding", "known_elsewhere")


def work(library: Library, system: FbsDouble, **other: Any) -> Comparing:
    share = other.pop("share", 2)
    return Comparing(
        store=cast("Store", library.store),
        system=system,
        clock=library.clock,
        policy=other.pop("policy", HOME),
        user="kaj",
        share=share,
        **other,
    )


def compare(library: Library, system: FbsDouble, **other: Any) -> dict[str, Any]:
    return compare_all(work(library, system, **other))


def found(document: dict[str, Any]) -> dict[str, list[str]]:
    assert document["deviations"] == {kind.value: len(document["patrons"].get(kind.value, ())) for kind in Deviation}
    return dict(document["patrons"])


@pytest.fixture
def system() -> FbsDouble:
    """What follows the register: BO is protected, so that his address is hidden."""
    double = FbsDouble.of(*PATRONS)
    double.changes("BO", street=None)
    return double


# -- one comparison ----------------------------------------------------------------------------------------


def test_nothing_differs_and_only_the_comparison_is_written(either_library: Library, system: FbsDouble) -> None:
    before = either_library.everything()
    document = compare(either_library, system)
    assert found(document) == {}
    assert (document["done"], document["compared"], document["left_out"]) == (True, 4, 0)
    after = either_library.everything()
    assert {name for name in before if before[name] != after[name]} <= {
        *("comparison", "known_elsewhere", "audit", "audit_head")
    }
    verify_audit(either_library.store)


def test_each_difference_is_told_by_kind_and_patron_number(either_library: Library, system: FbsDouble) -> None:
    system.changes("ANNA", name="Somebody Else", street="Elsewhere 1")
    system.changes("BO", street="Kastanjeløkken 3, 2. tv")
    system.changes("CLARA", resident=None)
    del system.patrons[number("DAVID")]
    ids = {key: either_library.id_of(key) for key in PATRONS}
    document = compare(either_library, system)
    assert found(document) == {
        "protected_open": [ids["BO"]],
        "name": [ids["ANNA"]],
        "address": [ids["ANNA"]],
        "missing_there": [ids["DAVID"]],
        "resident_unknown": [ids["CLARA"]],
    }
    told = str(document)
    assert not any(number(key) in told for key in PATRONS)
    assert "Somebody" not in told


def test_who_has_no_number_in_use_is_left_out(library: Library, system: FbsDouble) -> None:
    """A number of the library's own is never sent anywhere."""
    from cprsync.domain.patron.local import Local
    from cprsync.domain.person.number import CprNumber
    from cprsync.services.ports.patrons import NewPatron

    library.store.imports.take_patrons([NewPatron(CprNumber.parse("6504850670"), Local())])
    document = compare(library, system)
    assert (document["compared"], document["left_out"]) == (4, 1)
    assert sorted(digits for digits, _ in system.asked) == sorted(number(key) for key in PATRONS)


def test_the_audit_has_who_read_all_records_before_the_first_is_read(library: Library, system: FbsDouble) -> None:
    def is_noted(_: object) -> None:
        entries = library.store.audit.entries(AuditFilter(limit=10, seen=True))
        assert [(one.what, one.who, one.actions) for one in entries][:1] == [("compare", "kaj", ("fbs",))]

    system.on_question = is_noted
    compare(library, system)
    assert system.asked


def test_a_number_that_the_other_system_has_told_is_used_from_then_on(
    either_library: Library, system: FbsDouble
) -> None:
    compare(either_library, system)
    compare(either_library, system)
    assert [known for _, known in system.asked] == [False] * 4 + [True] * 4
    system.changes("ANNA", id="7777")
    compare(either_library, system)
    assert either_library.store.comparisons.their_ids("fbs") == {"7777", "5001", "5002", "5003"}


def test_a_list_of_the_other_systems_numbers_tells_who_is_missing_here(library: Library, system: FbsDouble) -> None:
    document = compare(library, system, listed=frozenset({"5000", "5001", "9", "10"}))
    assert found(document) == {"missing_here": ["9", "10"]}
    assert document["listed"] == 4
    assert trend_document(cast("Store", library.store), 1)["trend"][0]["deviations"]["missing_here"] == 2


# -- when it ends early ------------------------------------------------------------------------------------


@pytest.mark.parametrize("shares", [1, 2, 3])
def test_one_that_was_killed_goes_on_where_it_was(either_library: Library, system: FbsDouble, shares: int) -> None:
    class Dead(BaseException):
        pass

    def dies(_: object) -> None:
        if len(system.asked) == shares:
            raise Dead

    system.changes("ANNA", name="Somebody Else")
    system.changes("DAVID", birth=None)
    system.on_question = dies
    with pytest.raises(Dead):
        compare(either_library, system, share=1)
    system.on_question = lambda _: None
    document = compare(either_library, system, share=1)
    assert (document["resumed"], document["done"], document["compared"]) == (True, True, 4)
    assert found(document) == {
        "name": [either_library.id_of("ANNA")],
        "birth_unknown": [either_library.id_of("DAVID")],
    }
    asked = [digits for digits, _ in system.asked]
    # what was asked when it was killed is asked again, and nothing else
    assert sorted(asked) == sorted([*map(number, PATRONS), asked[shares - 1]])
    assert len(trend_document(cast("Store", either_library.store), 9)["trend"]) == 1


def test_one_that_was_asked_to_stop_ends_after_its_share(library: Library, system: FbsDouble) -> None:
    def stop() -> None:
        raise RunStopped("asked to stop")

    document = compare(library, system, raise_if_stopped=stop)
    assert (document["done"], document["compared"], document["failure"].kind) == (False, 2, "run.stopped")
    assert trend_document(cast("Store", library.store), 9)["trend"] == []
    assert compare(library, system)["compared"] == 4
    assert len(system.asked) == 4


def test_when_the_other_system_stops_answering_nothing_is_taken_for_missing(
    library: Library, system: FbsDouble
) -> None:
    system.ends_at, system.ending = 2, DOWN
    document = compare(library, system)
    assert (document["done"], document["failure"], document["compared"]) == (False, DOWN, 2)
    assert found(document) == {}
    system.ends_at = None
    again = compare(library, system)
    assert (again["done"], again["resumed"], again["compared"]) == (True, True, 4)


@pytest.mark.parametrize(
    "error",
    [DOWN, LibrarySystemRefused("no"), LibrarySystemUntrusted("no")],
    ids=["down", "refused", "untrusted"],
)
def test_a_share_about_which_nobody_answers_ends_it(library: Library, system: FbsDouble, error: Any) -> None:
    system.failures = dict.fromkeys(system.patrons, error)
    document = compare(library, system, share=500)
    assert (document["done"], document["failure"], document["compared"]) == (False, error, 0)
    assert found(document) == {}


@pytest.mark.parametrize("error", [DOWN, PatronUnreadable("not shown")], ids=["unanswered", "not shown"])
def test_one_patron_who_is_not_read_stops_nobody_else(library: Library, system: FbsDouble, error: Any) -> None:
    """Peers: one unknown patron stops the whole run."""
    system.failures = {number("BO"): error}
    document = compare(library, system, share=500)
    assert document["done"]
    assert found(document) == {"unread": [library.id_of("BO")]}


def test_one_who_is_not_there_counts_as_missing_though_the_system_does_not_say_who_is_not(
    library: Library, system: FbsDouble
) -> None:
    """A 404 without a body, or without an errorCode."""
    system.failures = {number("BO"): NOT_NAMED}
    for share in (500, 1, 2):
        document = compare(library, system, share=share)
        assert (document["done"], found(document)) == (True, {"missing_there": [library.id_of("BO")]})


@pytest.mark.parametrize("count", [2, 25])
def test_a_system_that_names_nobody_has_withdrawn_the_call_and_nobody_counts_as_missing(
    new_library: Library, count: int
) -> None:
    keys = [key for key, one in PEOPLE.items() if one["status"] == "01" and not one.get("unborn")][:count]
    new_library.enrol(*keys)
    system = FbsDouble.of(*keys)
    system.failures = dict.fromkeys(system.patrons, NOT_NAMED)
    document = compare(new_library, system, share=500)
    assert (document["done"], document["failure"].kind, found(document)) == (False, "fbs.version", {})


def test_a_system_that_knows_nobody_of_many_is_asked_in_another_librarys_name(new_library: Library) -> None:
    """Otherwise a wrong agency would make everybody missing."""
    keys = [key for key, one in PEOPLE.items() if one["status"] == "01" and not one.get("unborn")][:25]
    new_library.enrol(*keys)
    document = compare(new_library, FbsDouble(), share=500)
    assert (document["done"], document["failure"].kind, found(document)) == (False, "fbs.refused", {})
    few = compare(new_library, FbsDouble.of(keys[0]), share=500)
    assert (few["done"], few["deviations"]["missing_there"]) == (True, 24)


def test_one_that_ended_long_ago_is_begun_anew(library: Library, system: FbsDouble) -> None:
    system.ends_at, system.ending = 2, DOWN
    compare(library, system)
    library.clock.moment += timedelta(hours=25)
    system.ends_at = None
    document = compare(library, system)
    assert (document["resumed"], document["compared"]) == (False, 4)
    assert len(library.rows("comparison")) == 1


def test_two_at_once_do_not_count_anybody_twice(either_library: Library, system: FbsDouble) -> None:
    def another(_: object) -> None:
        system.on_question = lambda _: None
        assert compare(either_library, system, share=1)["done"]

    system.on_question = another
    document = compare(either_library, system, share=1)
    assert (document["done"], document["failure"].kind) == (False, "run.busy")
    (only,) = trend_document(cast("Store", either_library.store), 9)["trend"]
    assert only["compared"] == 4


# -- the trend ---------------------------------------------------------------------------------------------


def test_each_comparison_leaves_its_counts_and_the_last_one_its_patrons(
    either_library: Library, system: FbsDouble
) -> None:
    system.changes("ANNA", name="Somebody Else")
    system.changes("CLARA", birth=None)
    compare(either_library, system)
    either_library.clock.set_after(TUESDAY)
    system.changes("ANNA", name="Mette Marie Skovgaard")
    document = compare(either_library, system)
    assert document["before"]["deviations"]["name"] == 1
    either_library.clock.set_after(WEDNESDAY)
    compare(either_library, system)
    trend = trend_document(cast("Store", either_library.store), 9)["trend"]
    assert [(one["day"], one["deviations"]["name"], one["deviations"]["birth_unknown"]) for one in trend] == [
        ("2027-03-20", 1, 1),
        ("2027-03-24", 0, 1),
        ("2027-03-25", 0, 1),
    ]
    assert len(trend_document(cast("Store", either_library.store), 2)["trend"]) == 2
    findings = either_library.rows("comparison_finding")
    assert [(row["patron_id"], row["kind"]) for row in findings] == [(either_library.id_of("CLARA"), "birth_unknown")]


def test_comparisons_older_than_the_nights_are_forgotten(library: Library, system: FbsDouble) -> None:
    short = replace(HOME, retention=RetentionDays(nights_days=2))
    compare(library, system)
    library.clock.set_after(WEDNESDAY)
    compare(library, system, policy=short)
    assert [row["day"].isoformat() for row in library.rows("comparison")] == ["2027-03-25"]


def test_the_night_forgets_who_differed_if_nobody_compares_again(either_library: Library, system: FbsDouble) -> None:
    system.changes("ANNA", name="Somebody Else")
    compare(either_library, system)
    either_library.policy = replace(either_library.policy, retention=RetentionDays(nights_days=2))
    either_library.clock.set_after(WEDNESDAY)
    assert either_library.store.retention.forgettable(either_library.policy, on=either_library.clock.today()) == {
        "comparisons": 1
    }
    either_library.one_night()
    rows = either_library.everything()
    assert rows["comparison_finding"] == []
    (only,) = trend_document(cast("Store", either_library.store), 9)["trend"]
    assert only["deviations"]["name"] == 1


# -- those who leave ---------------------------------------------------------------------------------------


def test_nothing_of_a_comparison_outlives_the_patron(either_library: Library, system: FbsDouble) -> None:
    system.changes("ANNA", name="Somebody Else")
    anna = either_library.id_of("ANNA")
    compare(either_library, system)
    assert [row["patron_id"] for row in either_library.rows("comparison_finding")] == [anna]
    either_library.store.journal.begin()
    assert either_library.store.erasing.erase(anna, user="kaj") is not None
    rows = either_library.everything()
    assert not [row for name in TABLES for row in rows[name] if row.get("patron_id") == anna]
    assert compare(either_library, system)["compared"] == 3


def test_a_closed_record_is_not_compared_and_leaves_nothing(library: Library, system: FbsDouble) -> None:
    system.changes("ANNA", name="Somebody Else")
    compare(library, system)
    anna = library.id_of("ANNA")
    library.store.journal.begin()
    assert library.store.leaving.leave(anna, user="kaj") is not None
    rows = library.everything()
    assert not [row for row in (*rows["comparison_finding"], *rows["known_elsewhere"]) if row["patron_id"] == anna]
    assert compare(library, system)["compared"] == 3


def test_whoever_is_erased_while_the_other_system_answers_is_left_out(
    either_library: Library, system: FbsDouble
) -> None:
    system.changes("ANNA", name="Somebody Else")
    anna = either_library.id_of("ANNA")
    either_library.store.journal.begin()

    def erase(_: object) -> None:
        system.on_question = lambda _: None
        either_library.store.erasing.erase(anna, user="kaj")

    system.on_question = erase
    document = compare(either_library, system, share=500)
    assert document["done"]
    assert found(document) == {}


def test_a_share_of_nobody_is_written_nowhere(library: Library) -> None:
    begun = library.store.comparisons.begin(
        "fbs", user="kaj", since=library.clock.now(), keep_from=library.clock.today()
    )
    moved = library.store.comparisons.keep(begun, "fbs", ComparedShare("99999999", 0, 0, {}, {}))
    assert library.store.comparisons.page("fbs", moved.reached, 9) == []
    assert library.rows("comparison_finding") == []

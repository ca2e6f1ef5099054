"""A night on an audit that someone has tampered with: it does its work, names what is wrong, and ends with 1."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from doubles import AGREEMENT, MONDAY, TUESDAY, WEDNESDAY, Library
from sqlalchemy import text
from test_forgetting import morning
from townspeople import gains_protection, moves, person, renames
from whole import verify_audit

from cprsync.domain.leaving.leaving import Forgotten
from cprsync.domain.policy.policy import Policy, RetentionDays
from cprsync.services.leaving.departing import forget_all
from cprsync.services.trust.audit import accept_audit

if TYPE_CHECKING:
    from datetime import date

NIGHT = f"night/{AGREEMENT}"
POLICY = Policy(retention=RetentionDays(log_days=400))
HEADS = {
    "lowered": "UPDATE audit_head SET seq = seq - 1 WHERE stream = :night",
    "set to nothing": "UPDATE audit_head SET seq = 0 WHERE stream = :night",
    "taken away": "DELETE FROM audit_head WHERE stream = :night",
    "raised": "UPDATE audit_head SET seq = seq + 1 WHERE stream = :night",
    "all taken away": "DELETE FROM audit_head WHERE :night = :night",
}


def tamper(library: Library, statement: str) -> None:
    with library.engine.begin() as connection:
        connection.execute(text(statement), {"night": NIGHT} if ":night" in statement else {})


def later(library: Library, days: int) -> date:
    morning(library, MONDAY + timedelta(days=days))
    return library.clock.today()


@pytest.mark.parametrize("how", HEADS)
def test_a_night_whose_head_was_tampered_with_works_on_and_names_it_until_it_is_accepted(
    either_library: Library, how: str
) -> None:
    either_library.deliver(MONDAY, moves(person("ANNA")))
    either_library.night()
    tamper(either_library, HEADS[how])
    either_library.deliver(TUESDAY, renames(moves(person("ANNA"))), gains_protection(person("CLARA")))
    for _ in range(2):
        report = either_library.one_night()
        assert (report.exit_code, report.failure and report.failure.kind) == (1, "audit.broken")
    assert either_library.record("ANNA") == renames(moves(person("ANNA")))
    assert either_library.record("CLARA") == gains_protection(person("CLARA"))
    state = accept_audit(either_library.store, user="lisbeth", reason="a copy was put back by hand")
    assert state.problems
    either_library.deliver(WEDNESDAY)
    assert either_library.night().exit_code == 0


@pytest.mark.parametrize("removed", [1, 2, 3])
def test_entries_removed_with_their_head_are_told_until_accepted_whatever_a_night_writes_in_their_place(
    either_library: Library, removed: int
) -> None:
    either_library.deliver(MONDAY, *(moves(person(key)) for key in ("ANNA", "CLARA", "DAVID")))
    either_library.night()
    with either_library.engine.begin() as connection:
        values = {"night": NIGHT, "removed": removed}
        last = connection.scalar(text("SELECT seq FROM audit_head WHERE stream = :night"), values)
        values["last"] = last - removed
        connection.execute(text("DELETE FROM audit WHERE stream = :night AND seq > :last"), values)
        connection.execute(
            text(
                "UPDATE audit_head SET seq = :last, "
                "mac = (SELECT mac FROM audit WHERE stream = :night AND seq = :last), "
                "at = (SELECT at FROM audit WHERE stream = :night AND seq = :last) WHERE stream = :night"
            ),
            values,
        )
    either_library.deliver(TUESDAY, *(renames(moves(person(key))) for key in ("ANNA", "CLARA")))
    for _ in range(3):
        assert either_library.one_night().exit_code == 1
        assert either_library.store.audit.check().problems
        assert either_library.store.audit.glance().problems
    accept_audit(either_library.store, user="lisbeth", reason="a copy was put back by hand")
    either_library.deliver(WEDNESDAY)
    assert either_library.night().exit_code == 0


def test_people_go_on_where_the_head_of_their_stream_was_lowered(either_library: Library) -> None:
    tamper(either_library, "UPDATE audit_head SET seq = 0 WHERE stream = 'import'")
    for key in ("RIKKE", "SVEND"):
        either_library.enrol(key)
    assert "import" in {problem.stream for problem in either_library.store.audit.check().problems}


def test_what_a_dry_run_counts_of_the_audit_goes_by_the_day_that_is_signed(either_library: Library) -> None:
    either_library.deliver(MONDAY, moves(person("ANNA")))
    either_library.night()
    day = later(either_library, 500)
    counted = either_library.store.retention.forgettable(POLICY, on=day)["log"]
    assert counted > 0
    # what stands beside an entry in clear says that it is young: the entry says when it was written
    tamper(either_library, "UPDATE audit SET at = '2099-01-01T00:00:00.000000Z' WHERE seq > 1")
    assert either_library.store.retention.forgettable(POLICY, on=day).get("log", 0) == 0
    assert forget_all(either_library.store, None, POLICY, on=day).get("log", 0) == 0


def test_a_dry_run_counts_what_the_run_then_cuts_however_few_at_a_time(either_library: Library) -> None:
    either_library.deliver(MONDAY, moves(person("ANNA")))
    either_library.night()
    day = later(either_library, 500)
    counted = either_library.store.retention.forgettable(POLICY, on=day)["log"]
    assert forget_all(either_library.store, None, POLICY, on=day, limit=1)["log"] == counted
    verify_audit(either_library.store)


@pytest.mark.parametrize("limit", [1, 500])
def test_nothing_is_cut_nor_counted_where_a_later_entry_among_the_old_does_not_hold(
    either_library: Library, limit: int
) -> None:
    """The first ones hold, and few are taken at a time."""
    either_library.deliver(MONDAY, moves(person("ANNA")))
    either_library.night()
    tamper(
        either_library,
        "UPDATE audit SET patron_id = NULL, mac = entry WHERE stream = :night "
        "AND seq = (SELECT max(seq) FROM audit WHERE stream = :night)",
    )
    day = later(either_library, 500)
    before = either_library.rows("audit")
    assert Forgotten.LOG.value not in either_library.store.retention.forgettable(POLICY, on=day)
    assert Forgotten.LOG.value not in forget_all(either_library.store, None, POLICY, on=day, limit=limit)
    assert either_library.rows("audit")[: len(before)] == before

"""Retention: what is over is forgotten as long after as the policy says, in each night and once only."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from doubles import AGENCY, MONDAY, TUESDAY, happened, unowned
from kills import is_closed, killed, lived_whole, sample
from sqlalchemy import func, insert, select
from test_night_killed import outcome
from test_number_change import replaced
from test_reviewing import number_of, reviews
from test_setting import correct, row, set_
from townspeople import cpr, dies, moves, person
from whole import verify_audit

from cprsync.domain.patron.local import ListChange
from cprsync.domain.policy.policy import Harm, RetentionDays
from cprsync.errors import ReviewClosed
from cprsync.services.leaving.departing import forget_all
from cprsync.store import tables
from cprsync.store.core.engine import reading, writing
from cprsync.store.lending import circulation

if TYPE_CHECKING:
    from pathlib import Path

    from doubles import Library
    from sqlalchemy import Table

#: The day of the night that the tests live, and the last day of what it forgets of most kinds.
TODAY = date(2027, 3, 23)
MONTH_AGO = TODAY - timedelta(days=30)
NOT_YET = MONTH_AGO + timedelta(days=1)
SECRET = "Ulysses"


def put(library: Library, table: Table, number: int, key: str = "ANNA", **clear: Any) -> None:
    """A row as it came in, told by its number."""
    tenant, patron_id = library.store._tenant, library.id_of(key)
    payload = json.dumps({"title": SECRET, "subject": SECRET, "content": SECRET, "channel": "sms"}).encode()
    sealed = circulation.seal_payload(tenant, table, payload, patron_id=patron_id, row_id=number)
    row = {"agency": AGENCY, "id": number, "patron_id": patron_id, "source_id": f"S{number}"}
    with writing(library.engine) as connection:
        connection.execute(insert(table).values(row | clear | sealed))


def loan(library: Library, number: int, returned: date | None, *owed: tuple[str, date | None]) -> None:
    put(library, tables.loan, number, due=MONTH_AGO, returned=returned)
    for place, (kind, settled) in enumerate(owed):
        balance(library, 10 * number + place, settled, kind=kind, loan_source=f"S{number}")


def balance(library: Library, number: int, settled: date | None, **clear: Any) -> None:
    put(library, tables.balance, number, raised=MONTH_AGO, settled=settled, **{"kind": "fee", **clear})


def ids(library: Library, table: str) -> list[int]:
    return [row["id"] for row in library.rows(table)]


def morning(library: Library, today: date = TODAY) -> None:
    library.clock.set_after(today - timedelta(days=1))


def forgotten(library: Library) -> dict[str, int]:
    """What one night forgets; a second one must forget nothing more."""
    told: dict[str, int] = library.night().document()["forgotten"]
    return told


# -- loans and what is owed for them ---------------------------------------------------------------------


def test_a_loan_is_forgotten_as_many_days_after_its_return_as_the_policy_says(either_library: Library) -> None:
    library = either_library
    loan(library, 1, MONTH_AGO)
    loan(library, 2, NOT_YET)
    loan(library, 3, None)
    morning(library)
    assert forgotten(library) == {"loans": 1}
    assert ids(library, "loan") == [2, 3]


def test_a_loan_for_which_money_is_owed_stays_until_as_long_after_that_is_settled(either_library: Library) -> None:
    library = either_library
    library.policy = replace(library.policy, retention=RetentionDays(fees_days=365))
    old = MONTH_AGO - timedelta(days=100)
    loan(library, 1, old, ("fee", None))
    loan(library, 2, old, ("fee", old), ("fee", NOT_YET))
    loan(library, 3, old, ("fee", MONTH_AGO), ("compensation", old))
    loan(library, 4, None, ("fee", old))
    morning(library)
    assert forgotten(library) == {"loans": 1, "compensations": 1}
    assert ids(library, "loan") == [1, 2, 4]


def test_a_loan_that_never_came_back_is_over_when_it_is_paid_for(either_library: Library) -> None:
    """Its compensation says so, and stays as long as the loan does, though a compensation's own days are fewer."""
    library = either_library
    library.policy = replace(library.policy, retention=RetentionDays(compensation_days=1))
    loan(library, 1, None, ("compensation", MONTH_AGO))
    loan(library, 2, None, ("compensation", NOT_YET))
    loan(library, 3, None, ("compensation", None))
    morning(library)
    assert library.store.retention.forgettable(library.policy, on=TODAY) == {"loans": 1, "compensations": 1}
    assert forgotten(library) == {"loans": 1, "compensations": 1}
    assert (ids(library, "loan"), ids(library, "balance")) == ([2, 3], [20, 30])


def test_fees_and_compensations_are_kept_for_days_of_their_own_after_payment(either_library: Library) -> None:
    library = either_library
    library.policy = replace(library.policy, retention=RetentionDays(compensation_days=365))
    for number, day in ((1, MONTH_AGO), (2, NOT_YET), (3, None)):
        balance(library, number, day)
    balance(library, 4, TODAY - timedelta(days=365), kind="compensation")
    balance(library, 5, MONTH_AGO, kind="compensation")
    morning(library)
    assert forgotten(library) == {"fees": 1, "compensations": 1}
    assert ids(library, "balance") == [2, 3, 5]


# -- reservations --------------------------------------------------------------------------------------------


def test_a_cancelled_reservation_is_forgotten_at_once(either_library: Library) -> None:
    for number, day in ((1, TODAY), (2, None)):
        put(either_library, tables.reservation, number, placed=MONTH_AGO, until=MONTH_AGO, cancelled=day)
    morning(either_library)
    assert forgotten(either_library) == {"reservations": 1}
    assert ids(either_library, "reservation") == [2]


def test_reservations_cancelled_for_a_death_stay_as_long_as_it_may_be_annulled(either_library: Library) -> None:
    library = either_library
    library.policy = replace(library.policy, dead_subscription_days=10)
    put(library, tables.reservation, 1, placed=MONTH_AGO, until=None, cancelled=None)
    library.deliver(MONDAY, dies(person("ANNA")))
    library.night()
    reviews(library).accept(number_of(library, "block.dead"))
    assert forgotten(library) == {}
    morning(library, TODAY + timedelta(days=10))
    assert forgotten(library) == {}
    morning(library, TODAY + timedelta(days=11))
    assert forgotten(library) == {"reservations": 1}


def test_reservations_stay_while_the_annulment_of_a_death_waits_for_a_person(library: Library) -> None:
    library.policy = replace(library.policy, dead_subscription_days=10)
    put(library, tables.reservation, 1, placed=MONTH_AGO, until=None, cancelled=None)
    library.deliver(MONDAY, dies(person("ANNA")))
    library.night()
    reviews(library).accept(number_of(library, "block.dead"))
    library.deliver(TUESDAY, person("ANNA"))
    library.night()
    morning(library, TODAY + timedelta(days=20))
    assert forgotten(library) == {}
    reviews(library).accept(number_of(library, "death.annulled"))
    assert [row["cancelled"] for row in library.rows("reservation")] == [None]


# -- messages --------------------------------------------------------------------------------------------------


def test_of_an_old_message_only_that_it_was_sent_is_kept(either_library: Library) -> None:
    library = either_library
    put(library, tables.message, 1, sent=MONTH_AGO, content_until=TODAY)
    put(library, tables.message, 2, sent=NOT_YET, content_until=TODAY)
    morning(library)
    assert forgotten(library) == {"messages": 1}
    old, new = library.rows("message")
    assert (json.loads(bytes.fromhex(old["payload"])), old["sent"]) == ({"channel": "sms"}, MONTH_AGO)
    assert (old["content_until"], json.loads(bytes.fromhex(new["payload"]))["content"]) == (None, SECRET)


# -- blocks ------------------------------------------------------------------------------------------------------


def test_a_block_that_was_lifted_goes_and_one_that_holds_stays(either_library: Library) -> None:
    library = either_library
    morning(library)
    set_(library, "blocks", "2027-03-01 gæld\n2027-03-02 mistet kort")
    set_(library, "blocks", "gæld", doing=ListChange.REMOVE)
    morning(library, TODAY + timedelta(days=29))
    assert "blocks" not in forgotten(library)
    morning(library, TODAY + timedelta(days=30))
    assert forgotten(library)["blocks"] == 1
    assert [block.reason for block in library.view("ANNA").local.blocks] == ["mistet kort"]
    assert row(library, "ANNA")["block_lifted"] is None


# -- the record's own past -----------------------------------------------------------------------------------------


def test_what_stood_in_a_record_goes_after_its_last_day(either_library: Library) -> None:
    library = either_library
    library.deliver(MONDAY, moves(person("ANNA")))
    library.night()
    (mine, *_), count = library.rows("before_image"), len(library.rows("before_image"))
    morning(library, mine["until_day"])
    kept = len(library.rows("before_image"))
    library.night()
    assert len(library.rows("before_image")) <= kept
    morning(library, max(row["until_day"] for row in library.rows("before_image")) + timedelta(days=1))
    assert forgotten(library)["before_images"] >= 1
    assert (library.rows("before_image"), count > 0) == ([], True)
    verify_audit(library.store)


def test_a_correction_that_ended_loses_its_value_and_its_reason(either_library: Library) -> None:
    library = either_library
    morning(library)
    correct(library, "name", "Mette Skov", until=TODAY, reason="sygesikringsbevis")
    correct(library, "name", "Mette Bæk", key="CLARA", until=TODAY + timedelta(days=60))
    morning(library, TODAY + timedelta(days=1))
    assert "corrections" not in forgotten(library)
    morning(library, TODAY + timedelta(days=31))
    assert forgotten(library)["corrections"] == 1
    ended, live = library.rows("override")
    assert (ended["state"], live["state"]) == ("forgotten", "live")
    assert "Skov" not in bytes.fromhex(ended["value"]).decode()
    assert "sygesikring" not in bytes.fromhex(ended["value"]).decode()
    assert ended["by_user"]


def test_what_taking_back_an_answer_needs_goes_and_a_block_that_holds_stays_liftable(library: Library) -> None:
    library.policy = replace(library.policy, retention=RetentionDays(answered_reviews_days=5))
    library.deliver(MONDAY, dies(person("ANNA")))
    library.night()
    number = number_of(library, "block.dead")
    reviews(library).accept(number)
    morning(library, TODAY + timedelta(days=40))
    assert "reviews" not in forgotten(library)
    reviews(library).undo(number)
    morning(library, TODAY + timedelta(days=50))
    assert forgotten(library)["reviews"] == 1
    (item,) = [row for row in library.rows("review_item") if row["id"] == number]
    assert (item["state"], item["undo"]) == ("undone", None)


# -- the register's files --------------------------------------------------------------------------------------------


def chunks(library: Library) -> int:
    with reading(library.engine) as connection:
        return connection.scalar(select(func.count()).select_from(tables.inbox_chunk)) or 0


def test_an_applied_delivery_loses_its_content_and_keeps_what_is_known_of_it(either_library: Library) -> None:
    library = either_library
    library.deliver(MONDAY, moves(person("ANNA")))
    library.night()
    first, before = library.rows("inbox"), chunks(library)
    morning(library, TODAY + timedelta(days=89))
    library.night()
    assert chunks(library) < before  # the one of Friday is gone by now
    morning(library, TODAY + timedelta(days=90))
    assert forgotten(library)["deliveries"] == 1
    assert (chunks(library), library.rows("inbox")) == (0, first)


def test_a_delivery_that_a_brake_holds_is_kept_however_old_it_is(library: Library) -> None:
    library.limit(Harm.GONE, 0)
    library.deliver(MONDAY, dies(person("ANNA")))
    library.one_night()
    held = chunks(library)
    morning(library, TODAY + timedelta(days=400))
    assert library.one_night().document()["forgotten"] == {}
    assert chunks(library) == held


# -- the night and the command ---------------------------------------------------------------------------------------


def much_is_over(library: Library) -> None:
    """Something of each kind that circulation has, more than a batch of it."""
    for number in range(1, 6):
        loan(library, number, MONTH_AGO, ("fee", MONTH_AGO))
        put(library, tables.reservation, number, "CLARA", placed=MONTH_AGO, until=None, cancelled=TODAY)
        put(library, tables.message, number, sent=MONTH_AGO, content_until=TODAY)
    morning(library)


def test_a_dry_run_counts_what_would_be_forgotten_and_forgets_nothing(either_library: Library) -> None:
    library = either_library
    much_is_over(library)
    before = library.everything()
    told = library.store.retention.forgettable(library.policy, on=TODAY)
    assert library.everything() == before
    assert told == {"loans": 5, "reservations": 5, "fees": 5, "messages": 5}
    assert forget_all(library.store, None, library.policy, on=TODAY, limit=2) == told
    assert forget_all(library.store, None, library.policy, on=TODAY) == {}
    assert forgotten(library) == {}


def test_the_audit_says_whose_and_how_many_and_never_what(library: Library) -> None:
    much_is_over(library)
    before = library.everything()
    library.night()
    new = happened(library.everything()) - happened(before)
    anna, clara = library.id_of("ANNA"), library.id_of("CLARA")
    assert new[("forget", anna)] == 3
    assert new[("forget", clara)] == 1
    entries = [json.loads(bytes.fromhex(row["entry"])) for row in library.rows("audit")]
    told = [(one["actions"], one["count"]) for one in entries if one["kind"] == "forget" and one["patron"] == clara]
    assert told == [(["reservations"], "5")]
    assert SECRET not in json.dumps(entries)


def test_a_night_killed_while_it_forgets_ends_as_one_that_was_not_and_counts_all_of_it(
    library: Library, tmp_path: Path
) -> None:
    library.batch = 2
    library.deliver(MONDAY, moves(person("ANNA")))
    much_is_over(library)
    whole, report, writes = lived_whole(library, tmp_path)
    wanted = report.document()["forgotten"]
    assert wanted == {"loans": 5, "reservations": 5, "fees": 5, "messages": 5}
    end = _without_batches(outcome(whole))
    for other in killed(library, tmp_path, sample(writes)):
        closed = is_closed(other)
        told = other.one_night().document()["forgotten"]
        assert told == ({} if closed else wanted)
        assert ids(other, "loan") == []
        if not closed:
            assert _without_batches(outcome(other)) == end
    whole.engine.dispose()
    assert writes > 20


def _without_batches(told: dict[str, Any]) -> dict[str, Any]:
    """Where the batches end is not compared: one entry in the audit or two."""
    audit = Counter({one: count for one, count in told["audit"].items() if one[0] != "forget"})
    return {**told, "audit": audit}


def test_a_night_that_something_stopped_forgets_nothing_and_the_next_one_does(library: Library) -> None:
    library.damage(MONDAY)
    loan(library, 1, MONTH_AGO)
    before = unowned(library.everything(), "inbox", "inbox_chunk")
    assert library.one_night().document()["forgotten"] == {}
    assert unowned(library.everything(), "inbox", "inbox_chunk") == before
    library.feed.files.clear()
    library.deliver(MONDAY)
    assert forgotten(library) == {"loans": 1}


def test_a_merge_answered_too_long_ago_is_not_undone_and_says_so(library: Library) -> None:
    library.deliver(MONDAY, replaced(cpr("ANNA"), cpr("CLARA")), person("CLARA"))
    library.night()
    number = number_of(library, "parked.number.both_patrons")
    reviews(library).accept(number)
    morning(library, library.clock.today() + timedelta(days=365))
    assert forgotten(library)["reviews"] == 1
    before = library.everything()
    with pytest.raises(ReviewClosed, match="too long ago"):
        reviews(library).undo(number)
    assert library.everything() == before

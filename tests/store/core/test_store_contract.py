"""The contract of the `Store` port, on SQLite and on PostgreSQL."""

from __future__ import annotations

import hashlib
import io
from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import insert, update
from store_people import (
    AGENCY,
    FILE,
    HEADER,
    MONDAY,
    STARTED,
    change,
    enrol,
    local,
    number,
    person,
    write,
)
from whole import patron_ids, verify_audit

from cprsync.domain.deciding.guard import Outcome
from cprsync.domain.feed.delivery import Link
from cprsync.domain.patron.patron import AsOf, Source
from cprsync.domain.person.number import CprNumber
from cprsync.domain.person.person import SILENT, Person, Status
from cprsync.domain.person.sealed import Name
from cprsync.domain.person.status import Action
from cprsync.domain.policy.policy import Harm
from cprsync.errors import FenceLost, LostCompare, RunBusy
from cprsync.services.ports.deliveries import InboxState
from cprsync.services.ports.imports import ImportOutcome
from cprsync.services.ports.patrons import Batch, Equal, Item, NewPatron, NotOurs, Touch
from cprsync.services.ports.register import FollowUp
from cprsync.services.ports.runs import PlanRow, RunState
from cprsync.store import tables
from cprsync.store.sql import SqlStore

if TYPE_CHECKING:
    from sqlalchemy import Engine
    from store_people import StoppedClock

    from cprsync.domain.patron.patron import Patron
    from cprsync.services.ports.runs import Run
    from cprsync.services.ports.store import Store
    from cprsync.store.seals.keys import Keyring

TUESDAY = MONDAY + timedelta(days=1)


def as_port(store: SqlStore) -> Store:
    """Mypy holds the class against the port here."""
    return store


# -- records -----------------------------------------------------------------------------------------


def test_a_new_patron_knows_only_her_number_and_is_not_verified(store: SqlStore) -> None:
    (patron_id,) = enrol(store, 1)
    (patron,) = as_port(store).patrons.read([patron_id])
    assert (patron.register, patron.as_of, patron.version) == (Person(number(0)), None, 1)


def test_a_patron_number_is_eight_random_digits(store: SqlStore) -> None:
    ids = enrol(store, 40)
    assert len(set(ids)) == 40
    assert all(len(one) == 8 and one.isdigit() and one[0] != "0" for one in ids)
    assert ids != sorted(ids)


def test_a_patron_number_is_never_given_twice(engine: Engine, keyring: Keyring, clock: StoppedClock) -> None:
    draws = iter([7, 7, 7, 8, 9])  # the second patron first draws the number of the first

    def random(size: int) -> bytes:
        return next(draws).to_bytes(size) if size == 8 else bytes(size)

    store = SqlStore(engine, agency=AGENCY, agreement="main", keyring=keyring, clock=clock, random=random)
    first, second = (store.imports.take_patrons([NewPatron(number(p), local(f"C{p}"))])[0] for p in (0, 1))
    assert first.patron_id == "10000007"
    assert second.patron_id == "10000008"


def test_recognise_opens_what_differs_and_only_that(store: SqlStore, run: Run) -> None:
    ids = enrol(store, 2)
    write(store, run, person(0), person(1))
    renamed = person(1, name=Name("Sørine Birk"))
    stranger, equal, other = store.patrons.recognise([person(7), person(0), renamed])
    assert stranger == NotOurs()
    assert equal == Equal(ids[0], 2, FILE)
    assert not isinstance(other, NotOurs | Equal)
    assert other.register == person(1)


def test_a_person_who_is_silent_on_something_is_opened_even_if_nothing_differs(store: SqlStore, run: Run) -> None:
    """A look-up is silent where the file speaks: its fingerprint can tell nothing (decision 16)."""
    enrol(store, 1)
    write(store, run, person(0))
    (recognised,) = store.patrons.recognise([person(0, contact=SILENT)])
    assert not isinstance(recognised, NotOurs | Equal)


def test_recognise_answers_more_persons_than_one_statement_names(store: SqlStore) -> None:
    enrol(store, 3)
    recognised = store.patrons.recognise([person(place % 3) for place in range(1001)])
    assert len(recognised) == 1001
    assert not any(isinstance(one, NotOurs) for one in recognised)


def test_a_write_moves_version_as_of_and_what_is_clear(store: SqlStore, run: Run) -> None:
    (patron_id,) = enrol(store, 1)
    write(store, run, person(0), culr="751")
    view = store.views.patron(patron_id)
    assert view is not None
    assert (view.register, view.patron.as_of, view.patron.version) == (person(0), FILE, 2)
    (row,) = store.views.everything("patron")["patron"]
    assert (row["municipality"], row["status_class"], row["patron_group"]) == ("0751", "resident", "adult")
    assert view.local == local("C0")
    assert view.since == {"first_copy": MONDAY}
    assert store.outbox.backlog().waiting == 1


def test_a_write_keeps_the_old_record_and_names_its_actions(store: SqlStore, run: Run) -> None:
    (patron_id,) = enrol(store, 1)
    write(store, run, person(0))
    store.patrons.write(run, Batch(writes=[change(store, person(0, name=Name("Ny")), Action.RENAME)]))
    everything = store.views.everything()
    assert [image["version"] for image in everything["before_image"]] == [1, 2]
    assert everything["before_image"][0]["until_day"] == MONDAY + timedelta(days=30)
    entries = [bytes.fromhex(row["entry"]).decode() for row in everything["audit"] if row["stream"] == "night/main"]
    assert any('"actions":["rename"]' in entry and patron_id in entry for entry in entries)
    assert not any("Ny" in entry for entry in entries)


def test_the_payload_for_culr_has_its_final_shape(store: SqlStore, run: Run) -> None:
    enrol(store, 1)
    write(store, run, person(0), culr="")
    (row,) = store.views.everything("outbox")["outbox"]
    payload = bytes.fromhex(row["payload"]).decode()
    assert payload == f'{{"municipalityNo":"","userIdType":"CPR","userIdValue":"{number(0).digits}"}}'
    assert (row["target"], row["version"], row["state"]) == ("culr", 2, "waiting")


def test_letters_stop_and_stay_stopped(store: SqlStore, run: Run) -> None:
    (patron_id,) = enrol(store, 1)
    write(store, run, person(0))
    dead = person(0, status=Status.DEAD)
    store.patrons.write(run, Batch(writes=[change(store, dead, Action.DIE, letters_stopped=MONDAY)]))
    store.patrons.write(run, Batch(writes=[change(store, replace(dead, name=Name("Ny")), Action.RENAME)]))
    (patron,) = store.patrons.read([patron_id])
    assert patron.letters_stopped == MONDAY


def test_a_touch_moves_as_of_forward_only_and_nothing_else(store: SqlStore, run: Run) -> None:
    ids = enrol(store, 1)
    write(store, run, person(0))
    before = store.views.everything()
    store.patrons.write(run, Batch(touches=[Touch(ids[0], AsOf(MONDAY - timedelta(days=1), Source.FILE))]))
    store.patrons.write(run, Batch(touches=[Touch(ids[0], AsOf(MONDAY, Source.LOOKUP))]))
    assert store.views.everything() == before
    store.patrons.write(run, Batch(touches=[Touch(ids[0], AsOf(TUESDAY, Source.FILE))]))
    after = store.views.everything()
    assert after["patron"][0]["as_of_day"] == TUESDAY
    after["patron"][0]["as_of_day"] = MONDAY
    assert after == before


def test_a_lost_compare_writes_nothing_of_the_batch(store: SqlStore, run: Run) -> None:
    ids = enrol(store, 2)
    stale = [change(store, person(place), culr="751") for place in (0, 1)]
    write(store, run, person(1, name=Name("Nyere")))
    before = store.views.everything()
    items = [Item(1, None, number(0), ids[0], Outcome.APPLIED)]
    with pytest.raises(LostCompare):
        store.patrons.write(
            run, Batch(writes=stale, items=items, asks=[FollowUp(ids[0], "protection_end")], checkpoint=9)
        )
    assert store.views.everything() == before


def test_the_older_run_writes_nothing_after_a_newer_one_took_over(store: SqlStore, run: Run) -> None:
    ids = enrol(store, 1)
    sealed = store.sealing.seal("D270301.L000001", io.BytesIO(b"000"))
    stale = change(store, person(0))
    store.runs.begin(day=TUESDAY, started=STARTED)
    before = store.views.everything()
    for attempt in (
        lambda: store.patrons.write(run, Batch(writes=[stale])),
        lambda: store.runs.set_state(run, RunState.APPLYING),
        lambda: store.inbox.accept(run, sealed, HEADER, received=1),
        lambda: store.runs.save_plan(run, []),
        lambda: store.subscriptions.intend(run, ids, "first_copy"),
        lambda: store.subscriptions.subscribed(run, [(ids[0], number(0))], since=MONDAY),
        lambda: store.runs.close(run, state=RunState.CLOSED, finished=STARTED, document={}),
    ):
        with pytest.raises(FenceLost):
            attempt()
    assert store.views.everything() == before


# -- runs --------------------------------------------------------------------------------------------


def test_an_unfinished_run_is_gone_on_with_at_its_checkpoint_and_on_the_new_day(store: SqlStore, run: Run) -> None:
    sealed = store.sealing.seal("D270301.L000001", io.BytesIO(b"000"))
    accepted = store.inbox.accept(run, sealed, HEADER, received=3)
    store.runs.set_state(run, RunState.APPLYING)
    store.patrons.write(run, Batch(checkpoint=2))
    again = store.runs.begin(day=TUESDAY, started=STARTED + timedelta(days=1))
    assert again == replace(run, epoch=run.epoch + 1, day=TUESDAY, resumed=True, checkpoint=2)
    assert store.inbox.accepted_by(again) == [accepted]


def test_a_run_that_looks_for_files_again_keeps_its_place(store: SqlStore, run: Run) -> None:
    store.inbox.accept(run, store.sealing.seal("D270301.L000001", io.BytesIO(b"000")), HEADER, received=3)
    store.patrons.write(run, Batch(checkpoint=2))
    store.runs.set_state(run, RunState.FETCHED)  # resumed, and killed again while fetching
    again = store.runs.begin(day=TUESDAY, started=STARTED)
    assert (again.resumed, again.checkpoint, again.day) == (True, 2, TUESDAY)


def test_a_run_that_had_accepted_nothing_begins_again_on_the_new_day(store: SqlStore, run: Run) -> None:
    again = store.runs.begin(day=TUESDAY, started=STARTED)
    assert again == replace(run, epoch=run.epoch + 1, day=TUESDAY)


def test_a_closed_run_is_followed_by_a_new_one(store: SqlStore, run: Run) -> None:
    assert store.runs.last_day() is None
    store.runs.close(run, state=RunState.CLOSED, finished=STARTED, document={"run": run.id, "exit": 0})
    assert store.runs.last_day() == MONDAY
    assert store.runs.begin(day=TUESDAY, started=STARTED).id == run.id + 1
    document = store.runs.document(run.id)
    assert document is not None
    assert (document["exit"], document["finished"], document["resumed"]) == (0, "2027-03-02T05:30:00.000000Z", False)
    assert [listed.state for listed in store.runs.list_runs()] == ["fetched", "closed"]
    assert store.runs.document(99) is None


def test_items_add_up_again_from_the_store(store: SqlStore, run: Run) -> None:
    ids = enrol(store, 1)
    items = [
        Item(1, None, number(0), ids[0], Outcome.APPLIED, (Action.MOVE, Action.MUNICIPALITY)),
        Item(2, None, None, None, Outcome.PARKED, (), "person.no_001"),
    ]
    store.patrons.write(run, Batch(items=items))
    assert store.runs.items(run.id) == [
        {"person": 1, "patron": ids[0], "actions": ["move", "municipality"], "outcome": "applied", "reason": None},
        {"person": 2, "patron": None, "actions": [], "outcome": "parked", "reason": "person.no_001"},
    ]


def test_a_tally_counts_outcomes_and_actions(store: SqlStore, run: Run) -> None:
    actions = (Action.MOVE, Action.MUNICIPALITY)
    items = [Item(place, None, number(place), None, Outcome.APPLIED, actions[:place]) for place in (1, 2)]
    store.patrons.write(run, Batch(items=[*items, Item(3, None, number(3), None, Outcome.NOT_OURS)]))
    tally = store.runs.tally(run)
    assert tally.outcomes == {Outcome.APPLIED: 2, Outcome.NOT_OURS: 1}
    assert tally.by_action == {"move": 2, "municipality": 1}


def test_the_plans_hash_tells_another_plan_apart(store: SqlStore, run: Run) -> None:
    (patron_id,) = enrol(store, 1)
    row = PlanRow(patron_id, 1, (Action.MOVE,), (Harm.CHANGED,), b"digest")
    first, same = store.runs.save_plan(run, [row]), store.runs.save_plan(run, [row])
    other = store.runs.save_plan(run, [replace(row, digest=b"other")])
    assert first == same != other
    assert first.startswith("sha256:")
    assert len(store.views.everything("plan_row")["plan_row"]) == 1


def test_one_lock_holds_the_other_back_until_it_is_let_go(store: SqlStore) -> None:
    with store.runs.lock(), pytest.raises(RunBusy), store.runs.lock():
        pass
    with store.runs.lock():
        pass


def test_another_agreements_lock_is_not_in_the_way(
    engine: Engine, store: SqlStore, keyring: Keyring, clock: StoppedClock
) -> None:
    other = SqlStore(engine, agency=AGENCY, agreement="second", keyring=keyring, clock=clock)
    with store.runs.lock(), other.runs.lock():
        pass


# -- the inbox ---------------------------------------------------------------------------------------


def test_a_delivery_comes_out_as_it_went_in_and_can_be_sought_in(store: SqlStore) -> None:
    content = bytes(range(256)) * 400  # three chunks and a part
    sealed = store.sealing.seal("D270301.L000001", io.BytesIO(content))
    assert (sealed.size, sealed.sha256) == (len(content), hashlib.sha256(content).hexdigest())
    with store.inbox.content(sealed) as source:
        assert source.read() == content
        for place in (0, 32767, 32768, 70000, len(content) - 3, len(content) + 9):
            source.seek(place)
            assert source.read(7) == content[place : place + 7]


def test_the_same_content_under_the_same_name_is_sealed_once(store: SqlStore) -> None:
    first = store.sealing.seal("D270301.L000001", io.BytesIO(b"one"))
    before = store.views.everything()
    assert store.sealing.seal("D270301.L000001", io.BytesIO(b"one")) == first
    assert store.views.everything() == before
    assert store.sealing.seal("D270301.L000001", io.BytesIO(b"two")).id != first.id


def test_an_accepted_delivery_moves_the_chain_and_a_refused_one_does_not(store: SqlStore, run: Run) -> None:
    bad = store.sealing.seal("D270302.L000001", io.BytesIO(b"bad"))
    store.inbox.refuse(bad, "delivery.damaged")
    assert (store.inbox.last_produced(), store.inbox.taken_on(MONDAY)) == (None, None)
    good = store.inbox.accept(run, store.sealing.seal("D270301.L000001", io.BytesIO(b"good")), HEADER, received=4)
    assert (good.state, good.header, good.received) == (InboxState.ACCEPTED, HEADER, 4)
    assert store.inbox.last_produced() == MONDAY
    assert store.inbox.taken_on(MONDAY) == Link(MONDAY, good.sha256)
    assert store.inbox.applied_until() is None
    store.runs.close(run, state=RunState.CLOSED, finished=STARTED, document={})
    assert store.inbox.applied_until() == MONDAY
    assert [row["state"] for row in store.views.everything("inbox")["inbox"]] == ["refused", "applied"]


def test_a_held_runs_deliveries_are_taken_up_by_the_next_run(store: SqlStore, run: Run) -> None:
    first = store.inbox.accept(run, store.sealing.seal("D270301.L000001", io.BytesIO(b"one")), HEADER, received=1)
    store.runs.close(run, state=RunState.CLOSED, finished=STARTED, document={})
    second = store.runs.begin(day=TUESDAY, started=STARTED)
    header = replace(HEADER, produced=TUESDAY, previous=MONDAY)
    held = store.inbox.accept(second, store.sealing.seal("D270302.L000001", io.BytesIO(b"two")), header, received=1)
    store.runs.close(second, state=RunState.HELD, finished=STARTED, document={})
    assert (store.inbox.last_produced(), store.inbox.taken_on(TUESDAY)) == (MONDAY, None)
    assert store.inbox.taken_on(MONDAY) == Link(MONDAY, first.sha256)
    assert [waiting.id for waiting in store.inbox.waiting()] == [held.id]


def test_what_is_applied_or_refused_waits_no_more(store: SqlStore, run: Run) -> None:
    first, second, third = (store.sealing.seal(f"D27030{n}.L000001", io.BytesIO(b"000")) for n in (1, 2, 3))
    store.inbox.accept(run, first, HEADER, received=1)
    store.inbox.refuse(second, "delivery.damaged")
    assert [waiting.id for waiting in store.inbox.waiting()] == [first.id, third.id]


# -- the register's side --------------------------------------------------------------------------------


def test_a_subscribed_patron_is_asked_for_until_her_first_copy_is_written(store: SqlStore, run: Run) -> None:
    ids = enrol(store, 2)
    waiting = store.subscriptions.unsubscribed(10)
    assert sorted(waiting) == sorted(zip(ids, (number(0), number(1)), strict=True))
    store.subscriptions.subscribed(run, waiting, since=MONDAY)
    before = store.views.everything()
    store.subscriptions.subscribed(run, waiting, since=TUESDAY)  # again after a kill: nothing
    assert store.views.everything() == before
    assert (store.subscriptions.unsubscribed(10), store.subscriptions.count()) == ([], 2)
    assert sorted(one.patron_id for one in store.subscriptions.follow_ups(10)) == sorted(ids)
    write(store, run, person(0))
    assert store.subscriptions.follow_ups(10) == [FollowUp(ids[1], "first_copy")]


def test_those_of_whom_no_source_has_spoken_can_be_asked_for_alone(store: SqlStore, run: Run) -> None:
    ids = enrol(store, 2)
    write(store, run, person(0))
    assert [one for one, _ in store.subscriptions.unsubscribed(10, unheard=True)] == ids[1:]
    assert sorted(one for one, _ in store.subscriptions.unsubscribed(10)) == sorted(ids)


def test_a_replacement_number_is_never_subscribed(store: SqlStore) -> None:
    made_up = CprNumber.parse("71" + number(3).digits[2:])
    store.imports.take_patrons([NewPatron(made_up, local("C9"))])
    assert store.subscriptions.unsubscribed(10) == []


def test_a_question_stays_open_until_it_is_answered_and_is_asked_once(store: SqlStore, run: Run) -> None:
    ids = enrol(store, 1)
    question = FollowUp(ids[0], "protection_end")
    store.patrons.write(run, Batch(asks=[question, question]))
    store.patrons.write(run, Batch(asks=[question]))
    assert store.subscriptions.follow_ups(10) == [question]
    store.patrons.write(run, Batch(answered=[question]))
    assert store.subscriptions.follow_ups(10) == []


def test_a_review_waits_once(store: SqlStore, run: Run) -> None:
    ids = enrol(store, 1)
    for _ in range(2):
        store.patrons.write(run, Batch(reviews=[(ids[0], "protection.contradicted")]))
    assert len(store.views.everything("review_item")["review_item"]) == 1


def test_an_intended_look_up_is_in_the_audit_before_the_call(store: SqlStore, run: Run) -> None:
    ids = enrol(store, 1)
    count = verify_audit(store)
    store.subscriptions.intend(run, ids, "first_copy")
    assert verify_audit(store) == count + 1


# -- imports -----------------------------------------------------------------------------------------


def test_an_import_creates_updates_or_leaves_alone_by_number(store: SqlStore) -> None:
    row = NewPatron(number(0), local("C0"))
    (created,) = store.imports.take_patrons([row])
    before = store.views.everything()
    (unchanged,) = store.imports.take_patrons([row])
    assert store.views.everything() == before
    (updated,) = store.imports.take_patrons([NewPatron(number(0), local("C1"))])
    outcomes = [one.outcome for one in (created, unchanged, updated)]
    assert outcomes == [ImportOutcome.CREATED, ImportOutcome.UNCHANGED, ImportOutcome.UPDATED]
    view = store.views.patron(created.patron_id or "")
    assert view is not None
    assert [card.number for card in view.local.cards] == ["C0", "C1"]


def test_an_import_without_apply_says_the_same_and_writes_nothing(store: SqlStore) -> None:
    rows = [NewPatron(number(0), local("C0")), NewPatron(number(0), local("C1")), NewPatron(number(1), local("C0"))]
    before = store.views.everything()
    told = store.imports.take_patrons(rows, apply=False)
    assert store.views.everything() == before
    assert [one.outcome for one in told] == [one.outcome for one in store.imports.take_patrons(rows)]


def test_a_new_patron_speaks_danish_and_an_import_that_names_no_language_changes_none(store: SqlStore) -> None:
    unsaid = replace(local("C0"), language="")
    (created,) = store.imports.take_patrons([NewPatron(number(0), unsaid)])
    store.imports.take_patrons([NewPatron(number(1), replace(local("C1"), language="en"))])
    (unchanged,) = store.imports.take_patrons([NewPatron(number(1), replace(local("C1"), language=""))])
    languages = [
        view.local.language for one in (created, unchanged) if (view := store.views.patron(one.patron_id or ""))
    ]
    assert (languages, unchanged.outcome) == (["da", "en"], ImportOutcome.UNCHANGED)


def test_a_card_of_another_patron_is_refused_and_nothing_of_that_row_is_taken(store: SqlStore) -> None:
    store.imports.take_patrons([NewPatron(number(0), local("C0"))])
    before = store.views.everything()
    (refused,) = store.imports.take_patrons([NewPatron(number(1), local("C0"))])
    assert (refused.outcome, refused.reason) == (ImportOutcome.REFUSED, "card.taken")
    assert store.views.everything() == before


def test_a_patron_is_found_by_number_in_her_own_library_only(
    engine: Engine, store: SqlStore, keyring: Keyring, clock: StoppedClock
) -> None:
    (patron_id,) = enrol(store, 1)
    other = SqlStore(engine, agency="765700", agreement="main", keyring=keyring, clock=clock)
    assert store.patrons.find(number(0)) == patron_id
    assert (store.patrons.find(number(1)), other.patrons.find(number(0)), other.patrons.count()) == (None, None, 0)
    assert (store.patrons.count(), patron_ids(store)) == (1, [patron_id])
    assert [opened[0] for opened in store.views.opened_records()] == [patron_id]


def test_two_opened_patrons_are_the_same_only_if_their_records_are(store: SqlStore, run: Run) -> None:
    enrol(store, 1)
    first: list[Patron] = store.patrons.read(patron_ids(store))
    write(store, run, person(0, birth=SILENT))
    assert store.patrons.read(patron_ids(store)) != first


def test_a_store_that_is_opened_again_holds_the_same(
    engine: Engine, store: SqlStore, keyring: Keyring, clock: StoppedClock
) -> None:
    enrol(store, 2)
    before = store.views.everything()
    again = SqlStore(engine, agency=AGENCY, agreement="main", keyring=keyring, clock=clock)
    assert again.views.everything() == before
    assert isinstance(before["patron"][0]["created"], str)
    assert date.fromisoformat(str(before["patron"][0]["created"])[:10]) == STARTED.date()


# -- who answers for a minor -------------------------------------------------------------------------------


def test_whoever_only_answers_is_subscribed_for_that_reason_alone(store: SqlStore, run: Run, engine: Engine) -> None:
    ids = enrol(store, 2)
    with engine.begin() as connection:
        connection.execute(update(tables.patron).where(tables.patron.c.id == ids[1]).values(kind="responsible"))
    as_port(store).subscriptions.subscribed(run, [(one, number(place)) for place, one in enumerate(ids)], since=MONDAY)
    assert {row["patron"]: row["reason"] for row in store.reconciliation.documents()} == {
        ids[0]: "patron",
        ids[1]: "responsible",
    }
    assert as_port(store).subscriptions.unsubscribed(10) == []


def test_the_net_media_and_age_know_no_one_who_only_answers(store: SqlStore, run: Run, engine: Engine) -> None:
    (patron_id,) = enrol(store, 1)
    with engine.begin() as connection:
        connection.execute(update(tables.patron).values(kind="responsible"))
    write(store, run, person(0), culr="751")
    view = store.views.patron(patron_id)
    assert view is not None
    assert not view.patron.borrows
    assert store.outbox.backlog().waiting == 0


def test_links_of_those_who_answer_are_all_those_of_their_minors(store: SqlStore, run: Run, engine: Engine) -> None:
    minor, one, other = enrol(store, 3)
    write(store, run, person(0), person(1), person(2, status=Status.DEAD))
    with engine.begin() as connection:
        for responsible in (one, other):
            link = {"agency": AGENCY, "patron_id": minor, "responsible_id": responsible, "since": MONDAY}
            connection.execute(insert(tables.responsible).values(link))
    told = {link.responsible_id: link.troubles for link in as_port(store).responsibles.answering([one])}
    assert told == {one: frozenset(), other: frozenset({"responsible.gone"})}
    assert as_port(store).responsibles.answering([minor]) == []

"""A change whose seal is broken is made anew from the record. It holds up nobody, and no protection."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from doubles import AGENCY, MONDAY, TUESDAY, Library, happened
from sqlalchemy import select, update
from test_sending import EVERYTHING, LEAVES_OUT, hears, held
from test_targets_moved import answer_item, sends, state
from townspeople import gains_protection, moves, person

from cprsync.domain.outward.target import Target, TargetKind
from cprsync.errors import SealBroken, TargetUnavailable
from cprsync.services.outward.feeding import FeedReader
from cprsync.store import tables
from cprsync.store.core.engine import writing

if TYPE_CHECKING:
    from sqlalchemy import Column, Table

FEED = Target("website", TargetKind.FEED, EVERYTHING)


def breaks(library: Library, table: Table, column: Column[bytes], patron: Column[str], key: str) -> None:
    """Somebody has changed a byte of what is sealed there of a patron. Done twice, it is as it was."""
    with writing(library.engine) as connection:
        theirs = patron == library.id_of(key)
        for row in connection.execute(select(column).where(theirs, column.is_not(None))).all():
            altered = row[0][:-1] + bytes([row[0][-1] ^ 1])
            connection.execute(update(table).where(theirs, column == row[0]).values({column.name: altered}))


def breaks_changes(library: Library, key: str) -> None:
    breaks(library, tables.change, tables.change.c.payload, tables.change.c.patron_id, key)


def breaks_record(library: Library, key: str) -> None:
    breaks(library, tables.patron, tables.patron.c.register_blob, tables.patron.c.id, key)


def renewed(library: Library) -> set[str | None]:
    return {patron for kind, patron in happened(library.everything()) if kind == "change_renewed"}


def changes(library: Library) -> list[int]:
    with writing(library.engine) as connection:
        return list(connection.scalars(select(tables.change.c.seq).order_by(tables.change.c.seq)))


@pytest.fixture
def waiting(either_library: Library) -> Library:
    """ANNA is protected, CLARA and DAVID have moved, and the target has not heard of it yet."""
    library = either_library
    hears(library)
    moved = [moves(person(key), "ODENSE") for key in ("CLARA", "DAVID")]
    library.deliver(MONDAY, gains_protection(person("ANNA")), *moved)
    library.one_night_with(targets=())
    return library


@pytest.mark.parametrize("key", ["ANNA", "CLARA"])
def test_a_change_that_does_not_open_is_made_anew_and_all_are_told(waiting: Library, key: str) -> None:
    breaks_changes(waiting, key)
    (sent,) = sends(waiting)
    double = waiting.target("koha")
    assert (sent.sent, sent.error, sent.left) == (3, None, ())
    assert held(double, waiting, "ANNA")["protected"]
    assert "address" not in held(double, waiting, "ANNA")
    assert held(double, waiting, "CLARA")["municipality"] == "0461"
    assert renewed(waiting) == {waiting.id_of(key)}
    assert state(waiting).waiting == 0
    # what was made anew is told once
    calls = len(double.calls)
    sends(waiting)
    assert len(double.calls) == calls


def test_one_whose_record_does_not_open_either_is_left_to_staff_and_the_rest_is_told(waiting: Library) -> None:
    clara = waiting.id_of("CLARA")
    breaks_changes(waiting, "CLARA")
    breaks_record(waiting, "CLARA")
    (sent,) = sends(waiting)
    double = waiting.target("koha")
    assert (sent.error, sent.left) == (None, ((clara, "target.not_taken"),))
    assert waiting.store.reviews.waiting() == {"target.not_taken": 1}
    assert waiting.store.queues.refused([clara])[clara] == [{"name": "koha", "code": "seal_broken"}]
    assert held(double, waiting, "ANNA")["protected"]
    assert held(double, waiting, "DAVID")["municipality"] == "0461"
    assert held(double, waiting, "CLARA")["municipality"] == "0751"
    # the record is put back, and staff say that it may be sent
    breaks_record(waiting, "CLARA")
    answer_item(waiting, "accept")
    sends(waiting)
    assert held(double, waiting, "CLARA")["municipality"] == "0461"
    assert state(waiting).failed == 0


def test_a_night_writes_and_tells_of_a_patron_whose_last_change_does_not_open(either_library: Library) -> None:
    library = either_library
    double = hears(library)
    breaks_changes(library, "ANNA")
    library.deliver(MONDAY, gains_protection(person("ANNA")), moves(person("CLARA"), "ODENSE"))
    report = library.one_night()
    assert report.error is None
    assert held(double, library, "ANNA")["protected"]
    assert held(double, library, "CLARA")["municipality"] == "0461"


def test_a_target_that_leaves_the_protected_out_loses_one_whose_change_did_not_open_also_if_it_is_stopped(
    library: Library,
) -> None:
    double = hears(library, LEAVES_OUT)
    double.down = TargetUnavailable("it does not answer")
    library.deliver(MONDAY, gains_protection(person("ANNA")))
    library.one_night()
    library.store.targets.stop("koha", "gone")
    breaks_changes(library, "ANNA")
    double.down = None
    sends(library)
    assert held(double, library, "ANNA") is None


def test_a_full_load_goes_past_one_of_whom_nothing_opens(library: Library) -> None:
    double = hears(library)
    double.holds.clear()
    breaks_changes(library, "CLARA")
    breaks_record(library, "CLARA")
    (sent,) = sends(library, load=True)
    assert (sent.sent, sent.left) == (3, ((library.id_of("CLARA"), "target.not_taken"),))
    assert set(double.holds) == {library.id_of(key) for key in ("ANNA", "BO", "DAVID")}


def test_a_reader_of_the_feed_goes_past_a_change_that_did_not_open(library: Library) -> None:
    library.sets_targets_up(FEED)
    library.night()
    breaks_changes(library, "ANNA")
    reader = FeedReader(library.store, AGENCY, FEED, "website")
    page = reader.fetch("", 100)
    told = {json.loads(line)["patron"] for line in page.lines}
    assert told == {library.id_of(key) for key in ("ANNA", "CLARA", "DAVID")}
    assert renewed(library) == {library.id_of("ANNA")}
    library.deliver(TUESDAY, gains_protection(person("ANNA")))
    library.one_night()
    (line,) = reader.fetch(page.next, 100).lines
    assert json.loads(line)["gone"]


def test_a_reader_is_told_nothing_of_a_patron_of_whom_nothing_opens(library: Library) -> None:
    library.sets_targets_up(FEED)
    library.night()
    before = changes(library)
    breaks_changes(library, "ANNA")
    breaks_record(library, "ANNA")
    with pytest.raises(SealBroken):
        FeedReader(library.store, AGENCY, FEED, "website").fetch("", 100)
    assert changes(library) == before

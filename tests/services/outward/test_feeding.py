"""A reader of the changes ends with what the record says, loses nothing, and is given nothing that is not theirs."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from beginnings import DATABASES, Beginnings
from begun import begin
from doubles import AGENCY, MONDAY, TUESDAY
from sqlalchemy import insert
from townspeople import dies, gains_protection, loses_protection, moves, person, renames

from cprsync.domain.outward.record import OutwardField
from cprsync.domain.outward.target import ProtectedRule, Target, TargetKind, view
from cprsync.domain.person.sealed import Address, label_lines
from cprsync.errors import BadInput, ConfigurationError, CursorGone, TargetNotLoaded, TargetUnavailable
from cprsync.services.outward.checking import Checking, check_target
from cprsync.services.outward.feeding import SHARES_MOST, FeedReader
from cprsync.services.outward.targets import find_targets
from cprsync.services.ports.trust.upkeep import UpkeepOutcome, UpkeepTask
from cprsync.store import tables
from cprsync.store.core.engine import writing
from cprsync.store.outward.changes import FOLLOWED_MOST
from cprsync.store.outward.describing import describe_patrons

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from doubles import Library

EVERYTHING = frozenset(OutwardField)
WEBSITE = Target("website", TargetKind.FEED, EVERYTHING, ProtectedRule.WITHOUT_ADDRESS)
TOWN = ("ANNA", "BO", "CLARA", "DAVID")


def reader(library: Library, target: Target = WEBSITE) -> FeedReader:
    return FeedReader(library.store, AGENCY, target, target.name)


def is_read(library: Library, *targets: Target) -> FeedReader:
    """A library whose changes tell of everyone, for these readers."""
    library.sets_targets_up(*(targets or (WEBSITE,)))
    library.night()
    return reader(library, *targets[:1])


class Copy:
    """What a program keeps that reads as the guide says. It knows nothing of ours."""

    def __init__(self, source: FeedReader, *, limit: int = 2) -> None:
        self.source, self.limit, self.cursor = source, limit, ""
        self.holds: dict[str, Any] = {}
        self.heard: list[dict[str, Any]] = []

    def catch_up(self) -> Copy:
        more = True
        while more:
            *lines, end = [json.loads(line) for line in self.source.fetch(self.cursor, self.limit).body.splitlines()]
            for line in lines:
                self.heard.append(line)
                if line.get("gone"):
                    self.holds.pop(line["patron"], None)
                else:
                    self.holds[line["patron"]] = {key: value for key, value in line.items() if key != "version"}
            self.cursor, more = end["next"], end["more"]
        return self

    def begin_again(self) -> Copy:
        self.cursor, self.holds = "", {}
        return self.catch_up()


def the_record(library: Library, target: Target = WEBSITE) -> dict[str, Any]:
    """What a reader has to hold, from the records themselves and not from the changes."""
    tenant = library.store._tenant
    ids = [row["id"] for row in library.rows("patron")]
    with tenant.reading() as transaction:
        described, _ = describe_patrons(transaction, ids)
    seen = {one: view(record, target) for one, record in described.items()}
    return {one: json.loads(json.dumps(payload)) for one, payload in seen.items() if payload is not None}


def test_a_reader_ends_with_the_record_whatever_happened_since_the_last_page(either_library: Library) -> None:
    library = either_library
    copy = Copy(is_read(library)).catch_up()
    assert copy.holds == the_record(library) != {}
    library.deliver(MONDAY, moves(person("ANNA"), "ODENSE"), renames(person("CLARA")), dies(person("DAVID")))
    library.night()
    library.deliver(TUESDAY, gains_protection(moves(person("ANNA"), "ODENSE")))
    library.night()
    assert copy.holds != the_record(library)
    assert copy.catch_up().holds == the_record(library)


def test_the_same_cursor_and_limit_give_the_same_bytes_also_after_more_changes(either_library: Library) -> None:
    library = either_library
    source = is_read(library)
    first = source.fetch("", 2)
    before = [first.body, source.fetch(first.next, 2).body]
    library.deliver(MONDAY, moves(person("ANNA"), "ODENSE"))
    library.night()
    again = reader(library)
    assert [again.fetch("", 2).body, again.fetch(first.next, 2).body] == before


def test_a_page_without_news_gives_the_same_cursor_back(library: Library) -> None:
    source = is_read(library)
    last = Copy(source).catch_up().cursor
    page = source.fetch(last, 100)
    assert (page.lines, page.next, page.more) == ((), last, False)


def test_each_fetch_is_one_audit_entry_without_a_value(library: Library) -> None:
    source = is_read(library)
    page = source.fetch("", 3)
    told = [json.loads(bytes.fromhex(row["entry"])) for row in library.rows("audit")]
    (entry,) = [one for one in told if one["kind"] == "feed_read"]
    assert (entry["user"], entry["target"]) == ("website", "website")
    assert entry["actions"] == ["after:0", f"until:{page.part.until}", "lines:3"]
    assert person("ANNA").name.addressing not in json.dumps(entry)


def test_how_far_each_reader_has_come_is_known_and_an_operators_export_is_none_of_it(either_library: Library) -> None:
    library = either_library
    source = is_read(library, WEBSITE, replace(WEBSITE, name="door"))
    replace(source, user="operator").fetch("", 3)
    assert library.store.changes.fetched() == {}
    page = source.fetch("", 3)
    found = library.store.changes.fetched()
    assert {name: (one.until, one.newer) for name, one in found.items()} == {"website": (page.part.until, 1)}
    *_, last = source.fetch_all(page.next)
    stands = {one.name: one for one in find_targets(library.store)}
    assert (stands["website"].told, stands["door"].told) == (None, None)
    assert stands["door"].fetched is None
    assert (stands["website"].fetched.until, stands["website"].fetched.newer) == (last.part.until, 0)
    with pytest.raises(ConfigurationError, match=rf"fetched at .* CES?T, up to change {last.part.until}; 0 changes"):
        check_target(Checking(store=library.store, targets=library.targets, name="website"))


def marks(library: Library, *, shares: int) -> None:
    """As after a write that concerns more than are described in its transaction, such as a restore."""
    # of these nothing is told, because nobody has these numbers
    ids = [f"{number:08}" for number in range(shares * FOLLOWED_MOST)]
    with writing(library.engine) as connection:
        connection.execute(insert(tables.change_mark), [{"agency": AGENCY, "patron_id": one} for one in ids])


def test_a_reader_waits_for_a_few_shares_of_those_who_are_marked_and_gets_no_page_before_all_are_followed(
    either_library: Library,
) -> None:
    """After a restore everybody is marked: of 100,000 the first page took a minute."""
    library = either_library
    source = is_read(library)
    copy = Copy(source).catch_up()
    # each step follows a share, and the end of its transaction another one
    marks(library, shares=2 * SHARES_MOST + 1)
    before = library.rows("audit")
    with pytest.raises(TargetNotLoaded):
        source.fetch(copy.cursor, 2)
    assert library.rows("audit") == before
    assert len(library.rows("change_mark")) == FOLLOWED_MOST
    held = copy.holds
    assert copy.catch_up().holds == held == the_record(library)
    assert library.rows("change_mark") == []


def test_one_write_follows_a_share_of_those_who_are_marked_and_an_export_all(either_library: Library) -> None:
    library = either_library
    source = is_read(library)
    marks(library, shares=SHARES_MOST)
    library.store.upkeep.note(UpkeepTask.BACKUP, UpkeepOutcome.DONE, {})
    assert len(library.rows("change_mark")) == (SHARES_MOST - 1) * FOLLOWED_MOST
    assert [page.more for page in source.fetch_all("")] == [False]
    assert library.rows("change_mark") == []


# -- who is not for the reader -----------------------------------------------------------------------------


def test_the_lines_beside_an_address_are_told_with_it_and_hidden_with_it(library: Library) -> None:
    """A care home and a ward (decision 1): without them nobody finds the patron there."""
    home = person("EDITH").address
    assert isinstance(home, Address)
    library.register.knows(person("EDITH"))
    library.enrol("EDITH")
    copy = Copy(is_read(library)).catch_up()
    lines = [line for line in home.supplementary if line]
    assert lines
    assert copy.holds[library.id_of("EDITH")]["address"]["supplementary"] == lines
    library.deliver(MONDAY, gains_protection(person("EDITH")))
    library.night()
    assert copy.catch_up().holds[library.id_of("EDITH")].get("address") is None
    assert not any(line in json.dumps(library.everything(), default=str) for line in lines)


def test_a_protected_patrons_address_is_in_no_byte_of_any_page_also_not_from_an_old_cursor(
    either_library: Library,
) -> None:
    library = either_library
    source = is_read(library)
    old = source.fetch("", 1).next
    library.deliver(MONDAY, moves(person("ANNA"), "ODENSE"))
    library.night()
    street = label_lines(moves(person("ANNA"), "ODENSE").address)[0].split()[0]
    read = b"".join(page.body for page in source.fetch_all(old))
    assert street.encode() in read
    library.deliver(TUESDAY, gains_protection(moves(person("ANNA"), "ODENSE")))
    library.night()
    for cursor in ("", old):
        pages = b"".join(page.body for page in reader(library).fetch_all(cursor))
        mine = [line for line in pages.splitlines() if library.id_of("ANNA").encode() in line]
        assert len(mine) == 1
        assert street.encode() not in mine[0]
        assert b'"address"' not in mine[0].replace(b'"withheld":["address"]', b"")


def test_a_patron_who_is_left_out_when_protected_becomes_a_tombstone_that_does_not_say_why(library: Library) -> None:
    target = replace(WEBSITE, protected=ProtectedRule.LEAVE_OUT)
    copy = Copy(is_read(library, target)).catch_up()
    assert library.id_of("BO") not in {line["patron"] for line in copy.heard}  # was protected before anybody read
    library.deliver(MONDAY, gains_protection(person("ANNA")))
    library.night()
    copy.heard.clear()
    copy.catch_up()
    (line,) = [line for line in copy.heard if line["patron"] == library.id_of("ANNA")]
    assert set(line) == {"patron", "version", "gone"}
    library.register.knows(loses_protection(person("ANNA")))
    library.deliver(TUESDAY, loses_protection(person("ANNA")))
    library.night()
    assert copy.catch_up().holds == the_record(library, target)
    assert library.id_of("ANNA") in copy.holds


def test_a_reader_of_some_municipalities_is_told_to_forget_who_moves_away_and_hears_of_nobody_else(
    library: Library,
) -> None:
    home = person("ANNA").address.municipality
    target = replace(WEBSITE, municipalities=frozenset({home}))
    copy = Copy(is_read(library, target)).catch_up()
    assert copy.holds == the_record(library, target) != {}
    known = set(copy.holds)
    library.deliver(MONDAY, *(moves(person(key), "ODENSE") for key in ("ANNA", "CLARA", "DAVID")))
    library.night()
    assert copy.catch_up().holds == the_record(library, target)
    assert library.id_of("ANNA") not in copy.holds
    assert {line["patron"] for line in copy.heard} == known


def test_who_left_is_a_tombstone(either_library: Library) -> None:
    library = either_library
    copy = Copy(is_read(library)).catch_up()
    gone = library.id_of("CLARA")
    library.store.erasing.erase(gone, user="lisbeth")
    assert gone in copy.holds
    assert copy.catch_up().holds == the_record(library)
    assert copy.heard[-1] == {"patron": gone, "version": copy.heard[-1]["version"], "gone": True}


def test_two_readers_with_other_fields_see_only_theirs(library: Library) -> None:
    few = Target("door", TargetKind.FEED, frozenset({OutwardField.GROUP}), ProtectedRule.LEAVE_OUT)
    all_ = is_read(library, WEBSITE, few)
    for line in Copy(reader(library, few)).catch_up().heard:
        assert set(line) <= {"patron", "version", "protected", "verified", "group"}
    assert any("name" in line for line in Copy(all_).catch_up().heard)


# -- cursors that are refused ------------------------------------------------------------------------------


def test_a_cursor_of_another_reader_and_one_that_was_altered_are_refused_and_nothing_is_given(
    library: Library,
) -> None:
    other = replace(WEBSITE, name="door")
    source = is_read(library, WEBSITE, other)
    good, theirs = source.fetch("", 1).next, reader(library, other).fetch("", 1).next
    before = library.everything()
    for cursor in (theirs, good[:-2], good + "A", good.swapcase(), "AAAA", "é", "x" * 5000, f"{good[:-1]}\n"):
        with pytest.raises(BadInput) as refused:
            source.fetch(cursor, 10)
        assert refused.value.kind == "cursor.unknown"
        assert cursor not in str(refused.value)
    assert library.everything() == before


def test_a_reader_whose_fields_have_changed_begins_again(library: Library) -> None:
    cursor = is_read(library).fetch("", 1).next
    fewer = replace(WEBSITE, fields=frozenset({OutwardField.GROUP}))
    library.sets_targets_up(fewer)
    library.night()
    before = library.everything()
    with pytest.raises(CursorGone):
        reader(library, fewer).fetch(cursor, 10)
    assert library.everything() == before
    assert Copy(reader(library, fewer)).catch_up().holds == the_record(library, fewer)


def test_nobody_reads_before_the_changes_tell_of_everyone(library: Library) -> None:
    library.sets_targets_up(WEBSITE)
    before = library.everything()
    with pytest.raises(TargetNotLoaded):
        reader(library).fetch("", 10)
    assert library.everything() == before


def told_once(library: Library) -> Library:
    is_read(library)
    return library


@pytest.fixture(params=DATABASES)
def copies(request: pytest.FixtureRequest, beginnings: Beginnings, tmp_path: Path) -> Iterator[tuple[Library, Library]]:
    """The library as it was, and the same to go on with."""
    with (
        beginnings.copied(tmp_path / "old", begin, told_once, on=request.param) as old,
        beginnings.copied(tmp_path / "now", begin, told_once, on=request.param) as now,
    ):
        for library in (old, now):
            library.sets_targets_up(WEBSITE)
        yield old, now


def test_a_reader_of_what_a_put_back_database_has_lost_begins_again_and_ends_with_the_record(
    copies: tuple[Library, Library],
) -> None:
    """Decision 38: a cursor survives a restore. What was read since the copy was made does not count any more."""
    old, now = copies
    behind, ahead = Copy(reader(now)).catch_up(), Copy(reader(now)).catch_up()
    now.deliver(MONDAY, moves(person("ANNA"), "ODENSE"))
    now.night()
    ahead.catch_up()
    # the older copy is put back; the file of the heads tells of what it has lost
    shutil.copy(now.store._tenant.heads.path, old.store._tenant.heads.path)
    old.store.journal.replay()
    old.deliver(MONDAY, renames(person("CLARA")), dies(person("DAVID")))
    old.one_night()
    behind.source = ahead.source = reader(old)
    before = old.everything()
    with pytest.raises(CursorGone):
        ahead.catch_up()
    assert old.everything() == before
    assert ahead.begin_again().holds == behind.catch_up().holds == the_record(old)
    assert ahead.holds[old.id_of("ANNA")]["municipality"] == "0751"


def test_a_number_that_is_given_again_after_a_restore_is_told_from_the_lost_one(
    copies: tuple[Library, Library],
) -> None:
    old, now = copies
    now.deliver(MONDAY, moves(person("ANNA"), "ODENSE"))
    now.night()
    lost = Copy(reader(now)).catch_up()
    shutil.copy(now.store._tenant.heads.path, old.store._tenant.heads.path)
    old.store.journal.replay()
    for day, one in ((MONDAY, renames(person("CLARA"))), (TUESDAY, moves(person("CLARA"), "ODENSE"))):
        old.deliver(day, one)
        old.one_night()
    assert Copy(reader(old)).catch_up().source.fetch("", 100).part.until >= lost.source.fetch("", 100).part.until
    with pytest.raises(CursorGone):
        reader(old).fetch(lost.cursor, 10)


def test_every_other_target_is_told_everything_again_after_a_restore(copies: tuple[Library, Library]) -> None:
    old, now = copies
    koha = Target("koha", TargetKind.KOHA, EVERYTHING, ProtectedRule.WITHOUT_ADDRESS)
    for library in copies:
        library.sets_targets_up(WEBSITE, koha)
        library.night()
    old.target("koha").calls.clear()
    now.deliver(MONDAY, moves(person("ANNA"), "ODENSE"))
    now.night()
    shutil.copy(now.store._tenant.heads.path, old.store._tenant.heads.path)
    old.store.journal.replay()
    old.deliver(MONDAY)
    old.one_night()
    assert {one.patron_id for one in old.target("koha").calls} == {old.id_of(key) for key in TOWN}


def test_a_koha_forgets_one_who_was_open_after_the_copy_and_whom_the_older_record_protects(
    copies: tuple[Library, Library],
) -> None:
    """The copy does not know that the target ever heard of them."""
    old, now = copies
    koha = Target("koha", TargetKind.KOHA, EVERYTHING)
    for library in copies:
        library.sets_targets_up(koha)
        library.night()
    now.register.knows(loses_protection(person("BO")))
    now.deliver(MONDAY, loses_protection(person("BO")))
    now.night()
    assert now.target("koha").holds[now.id_of("BO")]["address"]
    old.target("koha").takes_over(now.target("koha"))
    shutil.copy(now.store._tenant.heads.path, old.store._tenant.heads.path)
    old.store.journal.replay()
    old.deliver(MONDAY, gains_protection(person("BO")))
    old.one_night()
    assert old.id_of("BO") not in old.target("koha").holds


# -- what is forgotten -------------------------------------------------------------------------------------


def days_later(library: Library, days: int) -> None:
    """A night so many days later, in which what is over is forgotten."""
    library.clock.moment += timedelta(days=days)
    library.one_night()


def numbers(library: Library) -> list[int]:
    return [row["seq"] for row in library.rows("change")]


def test_superseded_changes_are_forgotten_and_a_reader_who_was_away_loses_nothing(either_library: Library) -> None:
    library = either_library
    copy = Copy(is_read(library)).catch_up()
    old = reader(library).fetch("", 1).next
    for day, one in ((MONDAY, moves(person("ANNA"), "ODENSE")), (TUESDAY, renames(moves(person("ANNA"), "ODENSE")))):
        library.deliver(day, one)
        library.night()
    before = len(numbers(library))
    days_later(library, library.policy.retention.feed_changes_days + 1)
    assert len(numbers(library)) == before - 2
    assert len({row["patron_id"] for row in library.rows("change")}) == len(numbers(library))
    assert copy.catch_up().holds == the_record(library)
    late = Copy(reader(library))
    late.cursor = old
    assert set(late.catch_up().holds) >= {library.id_of("ANNA")}


def test_a_change_that_waits_for_a_target_is_not_forgotten(library: Library) -> None:
    koha = Target("koha", TargetKind.KOHA, EVERYTHING, ProtectedRule.WITHOUT_ADDRESS)
    is_read(library, WEBSITE, koha)
    library.target("koha").down = TargetUnavailable("it does not answer")
    for day, one in ((MONDAY, moves(person("ANNA"), "ODENSE")), (TUESDAY, renames(moves(person("ANNA"), "ODENSE")))):
        library.deliver(day, one)
        library.one_night()
    waiting = [row["version"] for row in library.rows("outbox") if row["target"] == "koha"]
    days_later(library, library.policy.retention.feed_changes_days + 1)
    assert len(waiting) == 2
    assert set(waiting) <= set(numbers(library))


def test_after_a_tombstone_is_forgotten_an_older_cursor_is_refused_and_a_new_reader_reads_to_the_end(
    either_library: Library,
) -> None:
    library = either_library
    copy, away = Copy(is_read(library)).catch_up(), Copy(reader(library), limit=1).catch_up()
    gone = library.id_of("CLARA")
    library.store.erasing.erase(gone, user="lisbeth")
    assert copy.catch_up().holds == the_record(library)
    begun = Copy(reader(library), limit=1)
    begun.cursor = reader(library).fetch("", 1).next
    days_later(library, library.policy.retention.feed_tombstone_days + 1)
    assert gone not in {row["patron_id"] for row in library.rows("change")}
    before = library.everything()
    for one in (away, begun):
        with pytest.raises(CursorGone):
            one.catch_up()
    assert library.everything() == before
    assert gone in away.holds
    assert away.begin_again().holds == copy.catch_up().holds == the_record(library)

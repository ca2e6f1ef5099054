"""A database that was put back to an earlier time is noticed by what is kept outside it, once (decision 32)."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING
from unittest.mock import Mock

import pytest
import said_yes
from beginnings import DATABASES, Beginnings
from begun import begin
from doubles import MONDAY, TUESDAY, WEDNESDAY, Library
from sqlalchemy import update
from test_leaving import exit_of
from test_number_change import NEW, NEXT, anna, replaced
from test_window_nights import PROTECTED, desk, document, windows
from townspeople import cpr, gains_protection, moves, person, renames

from cprsync.domain.patron.patron import Purpose
from cprsync.domain.patron.review import SUBSCRIPTION_ENDED
from cprsync.errors import RegisterUnavailable
from cprsync.services.desk.lookup import Asked
from cprsync.services.feed.questions import ask_about_windows_between_nights
from cprsync.store import tables
from cprsync.store.audit.audit import DESK, SEEN, Happened, append
from cprsync.store.core.engine import writing
from cprsync.store.core.tenant import Transaction, library_transaction
from cprsync.store.feed.inbox import FEED_STREAM
from cprsync.store.imports import imports
from cprsync.store.leaving import journal
from cprsync.store.night import reverting
from cprsync.store.outward.reading import READERS
from cprsync.store.patrons.windows import WINDOWS_STREAM
from cprsync.store.records.kept_blocks import KEPT_BLOCK

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator
    from pathlib import Path

    from cprsync.domain.person.number import CprNumber


@pytest.fixture(params=DATABASES)
def copies(request: pytest.FixtureRequest, beginnings: Beginnings, tmp_path: Path) -> Iterator[tuple[Library, Library]]:
    """The library as it was, and as it went on: at the desk the register told of ANNA's protection."""
    with (
        beginnings.copied(tmp_path / "old", begin, on=request.param) as old,
        beginnings.copied(tmp_path / "now", begin, goes_on, on=request.param) as now,
    ):
        yield old, now


def goes_on(library: Library) -> Library:
    library.register.knows(gains_protection(person("ANNA")))
    said_yes.register(desk(library), Asked(cpr("ANNA"), Purpose.RENEWAL, "lone"))
    assert library.record("ANNA").protection is PROTECTED
    return library


def heads_are_newer(old: Library, now: Library) -> None:
    shutil.copy(now.store._tenant.heads.path, old.store._tenant.heads.path)


def witness_is_newer(old: Library, now: Library) -> None:
    """The keys, with the file of the heads, were put back too; the erase journal and the witness stand elsewhere."""
    shutil.copy(now.store._tenant.heads.witness, old.store._tenant.heads.witness)


def both_are_newer(old: Library, now: Library) -> None:
    heads_are_newer(old, now)
    witness_is_newer(old, now)


NEWER = [heads_are_newer, witness_is_newer, both_are_newer]


@pytest.mark.parametrize("newer", NEWER)
def test_everyone_subscribed_is_asked_about_once_after_an_older_copy_was_put_back(
    copies: tuple[Library, Library], newer: Callable[[Library, Library], None]
) -> None:
    old, now = copies
    newer(old, now)
    old.register = now.register
    old.register.looked_up.clear()
    assert old.record("ANNA").protection is not PROTECTED
    assert old.store.journal.replay() == 0
    assert set(windows(old).values()) == {"restored"}
    assert (len(windows(old)), document(old, old.id_of("ANNA"))["protected"]) == (4, True)
    old.deliver(MONDAY)
    report = old.one_night()
    assert report.document()["windows"]["answered"] == 4
    assert (old.record("ANNA").protection, windows(old)) == (PROTECTED, {})
    # the loss is still there, and is no reason to ask everyone again
    before = old.rows("patron")
    for _ in range(2):
        assert old.store.journal.replay() == 0
    old.deliver(TUESDAY)
    old.one_night()
    assert (len(old.register.looked_up), windows(old)) == (4, {})
    assert [row["version"] for row in old.rows("patron")] == [row["version"] for row in before]


def put_back(old: Library, now: Library, *, gone: Collection[CprNumber]) -> Library:
    """The older copy, which notices that it is one. The register has no subscription of `gone` any more."""
    heads_are_newer(old, now)
    old.register = now.register
    old.register.listed.difference_update(gone)
    assert old.store.journal.replay() == 0
    return old


def test_whoever_the_register_no_longer_has_is_left_to_staff_after_an_older_copy_was_put_back(
    copies: tuple[Library, Library],
) -> None:
    """Somebody closed or erased them since, and no erase journal tells it: they are back, and subscribed again."""
    old = put_back(*copies, gone=[cpr("CLARA")])
    old.deliver(MONDAY)
    report = old.one_night()
    left = [(old.id_of("CLARA"), SUBSCRIPTION_ENDED)]
    assert (old.reviews(), report.document()["reviews"]["kinds"]) == (left, {SUBSCRIPTION_ENDED: 1})
    assert cpr("CLARA") in old.register.listed
    # it is known by then that the copy is older, and a subscription that is lost is a window as any other
    old.register.listed.discard(cpr("CLARA"))
    old.deliver(TUESDAY)
    old.one_night()
    assert old.reviews() == left


def test_whoever_the_register_no_longer_has_is_left_to_staff_also_if_everyone_is_asked_about_before_the_night(
    copies: tuple[Library, Library],
) -> None:
    old = put_back(*copies, gone=[cpr("CLARA")])
    ask_about_windows_between_nights(old.ports(), more=10)
    assert (windows(old), old.reviews()) == ({}, [(old.id_of("CLARA"), SUBSCRIPTION_ENDED)])


def test_whoever_the_register_no_longer_has_is_left_to_staff_also_if_the_desk_asks_about_them_before_the_night(
    copies: tuple[Library, Library],
) -> None:
    """The register's answer ends their window. Whom it has a subscription of is subscribed as before."""
    old = put_back(*copies, gone=[cpr("CLARA")])
    before = old.rows("subscription")
    for key in ("CLARA", "BO"):
        said_yes.register(desk(old), Asked(cpr(key), Purpose.CORRECTION, "lone"))
    left = [(old.id_of("CLARA"), SUBSCRIPTION_ENDED)]
    assert (old.reviews(), cpr("CLARA") in old.register.listed, old.rows("subscription")) == (left, True, before)
    old.deliver(MONDAY)
    old.one_night()
    assert (windows(old), old.reviews()) == ({}, left)


@pytest.mark.parametrize("way", [[NEW], [NEXT, NEW]], ids=["at once", "by way of another"])
@pytest.mark.parametrize("night", [True, False])
def test_whoever_only_got_another_number_since_is_left_to_nobody_after_an_older_copy_was_put_back(
    copies: tuple[Library, Library], way: list[CprNumber], *, night: bool
) -> None:
    old, now = copies
    now.register.knows(*(replaced(*link) for link in zip([cpr("ANNA"), *way], way, strict=False)), anna(NEW))
    now.register.listed.add(NEW)
    put_back(old, now, gone=[cpr("ANNA")])
    if night:
        old.deliver(MONDAY)
        assert old.one_night().exit_code == 1  # the audit has lost its end, until somebody accepts that
    else:
        ask_about_windows_between_nights(old.ports(), more=10)
    assert (windows(old), old.reviews()) == ({}, [])
    assert old.store.patrons.find(NEW) == old.store.patrons.find(cpr("ANNA"))
    assert NEW in old.register.listed


def test_a_new_number_that_the_register_does_not_list_either_tells_of_nobody_who_stayed(
    copies: tuple[Library, Library],
) -> None:
    old, now = copies
    now.register.knows(replaced(cpr("ANNA"), NEW), anna(NEW))
    now.register.listed.add(cpr("EDITH"))
    put_back(old, now, gone=[cpr("ANNA")])
    patron = old.id_of("ANNA")
    old.deliver(MONDAY)
    old.one_night()
    assert old.reviews() == [(patron, SUBSCRIPTION_ENDED)]


def test_an_empty_list_of_the_register_leaves_nobody_to_staff_after_an_older_copy_was_put_back(
    copies: tuple[Library, Library],
) -> None:
    """Not all have left: the agreement is new, or the list is not whole."""
    old = put_back(*copies, gone=list(copies[1].register.listed))
    old.deliver(MONDAY)
    old.one_night()
    assert (old.reviews(), len(old.register.listed)) == ([], 4)


@pytest.mark.parametrize(
    "asks", [Library.one_night, lambda old: ask_about_windows_between_nights(old.ports(), more=10)]
)
def test_nobody_is_asked_about_after_an_older_copy_was_put_back_until_the_register_has_told_its_list(
    copies: tuple[Library, Library], asks: Callable[[Library], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    old = put_back(*copies, gone=[cpr("CLARA")])
    old.deliver(MONDAY)
    with monkeypatch.context() as patch:
        patch.setattr(old.register, "subscriptions", Mock(side_effect=RegisterUnavailable("the list does not come")))
        asks(old)
    assert set(windows(old).values()) == {"restored"}
    old.deliver(TUESDAY)
    old.one_night()
    assert (windows(old), old.reviews()) == ({}, [(old.id_of("CLARA"), SUBSCRIPTION_ENDED)])


@pytest.mark.parametrize("newer", NEWER)
def test_what_was_noticed_stays_a_fault_of_the_audit_until_it_is_accepted(
    copies: tuple[Library, Library], newer: Callable[[Library, Library], None]
) -> None:
    old, now = copies
    newer(old, now)
    old.deliver(MONDAY)
    old.one_night()
    assert old.store.audit.check().problems
    old.store.audit.accept(user="drift", reason="Sikkerhedskopi lagt tilbage")
    assert old.store.audit.check().problems == ()
    old.deliver(TUESDAY)
    old.night()
    assert windows(old) == {}


def look_up(library: Library) -> None:
    said_yes.register(desk(library), Asked(cpr("CLARA"), Purpose.RENEWAL, "lone"))


def live_a_night(library: Library) -> None:
    library.register.knows(person("RIKKE"))
    library.enrol("RIKKE")
    library.one_night()


def write_in(stream: str) -> Callable[[Library], None]:
    """Write a few entries in a stream at once, so that its next head is past the one that was lost."""

    def write(library: Library) -> None:
        with writing(library.engine) as connection:
            entries = [Happened("test", patron=None)] * (1 if stream not in written else 4)
            append(Transaction(connection, library.store._tenant), stream, entries)
        written.append(stream)

    written: list[str] = []
    write.__name__ = stream
    return write


STREAMS = (DESK, SEEN, FEED_STREAM, WINDOWS_STREAM, READERS, KEPT_BLOCK, imports.STREAM, reverting.STREAM)
LIVES = [look_up, live_a_night, *map(write_in, STREAMS)]


def is_refused(library: Library, code: str) -> bool:
    return any("the code belongs to" in str(one) for one in library.store.audit.check(code=code).problems)


@pytest.mark.parametrize("lives", LIVES, ids=lambda lives: lives.__name__)
def test_what_an_older_copy_has_lost_is_told_by_each_night_until_somebody_accepts_it(
    copies: tuple[Library, Library], lives: Callable[[Library], None]
) -> None:
    """The nights write more entries than were lost, and change records more often."""
    old, now = copies
    early = old.store.audit.check().code
    lives(now)
    lost = now.store.audit.check().code
    heads_are_newer(old, now)
    assert old.store.journal.replay() == 0
    lives(old)
    for day, one in ((MONDAY, renames(person("CLARA"))), (TUESDAY, moves(person("CLARA"), "ODENSE"))):
        old.deliver(day, one)
        report = old.one_night()
        assert (report.exit_code, report.failure and report.failure.kind) == (1, "audit.broken")
        assert old.store.audit.glance().problems
        assert old.store.audit.check().problems
        assert is_refused(old, lost)
    old.store.audit.accept(user="drift", reason="Sikkerhedskopi lagt tilbage")
    assert (old.store.audit.check(code=early).problems, old.store.audit.glance().problems) == ((), ())
    assert is_refused(old, lost)
    old.deliver(WEDNESDAY)
    assert old.one_night().exit_code == 0


def test_a_loss_that_a_killed_command_has_told_is_told_once_and_the_next_loss_again(
    library: Library, tmp_path: Path
) -> None:
    first, second = library.copy(tmp_path / "first"), library.copy(tmp_path / "second")
    heads_are_newer(first, goes_on(library))
    with pytest.raises(KeyboardInterrupt):
        tell_and_be_killed(first)
    assert first.store.journal.replay() == 0
    look_up(first)
    code = first.store.audit.check().code
    assert losses(first) == 1
    assert not is_refused(first, code)
    heads_are_newer(second, first)
    assert second.store.journal.replay() == 0
    assert losses(second) == 2
    assert is_refused(second, code)
    for library_ in (first, second):
        library_.engine.dispose()


def test_a_loss_that_only_the_witness_has_seen_is_told_also_after_an_earlier_one_was_accepted(
    library: Library, tmp_path: Path
) -> None:
    """Whoever accepted was killed before the database had seen its own lines, and is put back together with them."""
    first = library.copy(tmp_path / "first")
    heads_are_newer(first, goes_on(library))
    assert first.store.journal.replay() == 0
    first.store.audit.accept(user="drift", reason="Sikkerhedskopi lagt tilbage")
    second = first.copy(tmp_path / "second")
    with writing(second.engine) as connection:
        connection.execute(update(tables.library).values(heads_lines=1))
    look_up(first)
    witness_is_newer(second, first)
    assert second.store.journal.replay() == 0
    assert losses(second) == 2
    for day in (MONDAY, TUESDAY):
        second.deliver(day)
        assert second.one_night().exit_code == 1
    for library_ in (first, second):
        library_.engine.dispose()


def tell_and_be_killed(library: Library) -> None:
    with library_transaction(library.store._tenant) as transaction:
        journal._tell_loss(transaction)
        raise KeyboardInterrupt


def losses(library: Library) -> int:
    return library.store._tenant.heads.path.read_bytes().count(b'"lost":true')


def test_a_second_copy_that_is_put_back_is_noticed_too(library: Library, tmp_path: Path) -> None:
    """The lines that told of the first are seen by then, and ask nobody again."""
    first = library.copy(tmp_path / "first")
    heads_are_newer(first, goes_on(library))
    first.deliver(MONDAY)
    first.one_night()
    second = first.copy(tmp_path / "second")
    assert second.store.journal.replay() == 0
    assert windows(second) == {}
    said_yes.register(desk(first), Asked(cpr("CLARA"), Purpose.RENEWAL, "lone"))
    heads_are_newer(second, first)
    assert second.store.journal.replay() == 0
    assert set(windows(second).values()) == {"restored"}
    for library_ in (first, second):
        library_.engine.dispose()


def cut_the_end(library: Library) -> None:
    path = library.store._tenant.heads.path
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:-1]))


def lose_the_file(library: Library) -> None:
    library.store._tenant.heads.path.unlink()


def forge_a_line(library: Library) -> None:
    path = library.store._tenant.heads.path
    last = path.read_bytes().splitlines(keepends=True)[-1]
    number = len(path.read_bytes().splitlines())
    forged = last.replace(b'"line":%d' % number, b'"line":%d' % (number + 1)).replace(b'"seq":', b'"seq":9')
    path.write_bytes(path.read_bytes() + forged)


def lose_the_witness(library: Library) -> None:
    library.store._tenant.heads.witness.unlink()


@pytest.mark.parametrize("tamper", [cut_the_end, lose_the_file, forge_a_line, lose_the_witness])
def test_a_file_that_was_altered_shows_no_older_copy_and_is_found_all_the_same(
    library: Library, tamper: Callable[[Library], None]
) -> None:
    goes_on(library)
    tamper(library)
    before = library.everything()
    assert library.store.journal.replay() == 0
    assert library.everything() == before
    assert library.store.audit.check().problems


def test_a_database_that_goes_on_and_one_killed_before_it_has_seen_its_own_lines_are_no_older_copies(
    library: Library,
) -> None:
    goes_on(library)
    library.deliver(MONDAY)
    library.night()
    with writing(library.engine) as connection:
        connection.execute(update(tables.library).values(heads_lines=1))
    before = library.everything()
    assert library.store.journal.replay() == 0
    assert library.everything() == before


# -- a patron who left and is registered again ---------------------------------------------------------------


def test_a_patron_who_was_let_go_and_is_on_a_list_again_is_asked_about_the_same_night(either_library: Library) -> None:
    """Of the time without a subscription no delivery tells: here a protection."""
    library = either_library
    library.store.leaving.leave(library.id_of("ANNA"), user="lisbeth")
    library.deliver(MONDAY)
    library.night()
    assert cpr("ANNA") not in library.register.listed
    library.register.knows(gains_protection(person("ANNA")))
    library.enrol("ANNA")
    anna = library.id_of("ANNA")
    assert (document(library, anna)["verified"], document(library, anna)["protected"]) == (False, True)
    library.deliver(TUESDAY)
    library.night()
    assert (library.record("ANNA").protection, windows(library)) == (PROTECTED, {})
    assert cpr("ANNA") in library.register.listed


def test_a_patron_who_left_and_registers_again_is_told_of_as_the_register_says_by_then(either_library: Library) -> None:
    library = either_library
    said_yes.leave(exit_of(library), library.id_of("ANNA"))
    library.deliver(MONDAY)
    library.night()
    library.register.knows(gains_protection(person("ANNA")))
    library.enrol("ANNA")
    library.deliver(TUESDAY)
    library.night()
    assert (library.record("ANNA").protection, windows(library)) == (PROTECTED, {})
    assert document(library, library.id_of("ANNA"))["verified"]


@pytest.mark.parametrize("noticed", [False, True], ids=["not noticed before", "noticed before"])
@pytest.mark.parametrize("newer", NEWER)
def test_the_loss_of_one_library_stays_its_own_when_another_in_the_same_database_has_accepted_theirs(
    library: Library, tmp_path: Path, newer: Callable[[Library, Library], None], *, noticed: bool
) -> None:
    """They share the file of the heads and its witness: whoever accepts lets the witness forget what it has seen."""
    other = Library(library.folder, agency="765700", agreement="other")
    other.register.knows(person("ANNA"))
    other.enrol("ANNA")
    other.deliver(MONDAY)
    other.one_night()
    other.engine.dispose()
    old = library.copy(tmp_path / "old")
    other_old = other.copy_in(tmp_path / "old")
    for one in (library, other):
        one.deliver(TUESDAY, renames(person("ANNA")))
        one.one_night()
    newer(old, library)
    if noticed:
        other_old.store.journal.begin()
    old.store.journal.begin()
    old.store.audit.accept(user="drift", reason="Sikkerhedskopi lagt tilbage")
    for _ in range(2):
        other_old.store.journal.begin()
        assert set(windows(other_old).values()) == {"restored"}
        assert other_old.store.audit.check().problems
    other_old.store.audit.accept(user="drift", reason="Sikkerhedskopi lagt tilbage")
    other_old.deliver(TUESDAY, renames(person("ANNA")))
    assert other_old.one_night().exit_code == 0
    other_old.store.journal.begin()
    assert (windows(other_old), other_old.store.audit.check().problems, old.store.audit.check().problems) == (
        {},
        (),
        (),
    )
    for one in (other, old, other_old):
        one.engine.dispose()

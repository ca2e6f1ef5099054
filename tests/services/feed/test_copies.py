"""A delivery's name that came more than once: which copy an operator means is decided by its content and its state."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from doubles import FRIDAY, MONDAY, TUESDAY, WEDNESDAY, FileDouble, Library
from test_discarding import accept as accept_in_inbox
from test_discarding import discard, entries, name_of, refuse_unchanged
from townspeople import moves, person, renames

from cprsync.errors import BadInput, RegisterUnavailable
from cprsync.services.feed.stopped import DeliveryDecisions

if TYPE_CHECKING:
    from pathlib import Path

REASON = "the platform says so"
NAME = name_of(MONDAY)


def accept(library: Library, file: str, **how: Any) -> dict[str, Any]:
    decisions = DeliveryDecisions(library.store, library.reader, library.feed, library.strict)
    return decisions.accept(file, reason=REASON, user="lisbeth", **how)


def discard_copy(library: Library, file: str, sha256: str) -> dict[str, Any]:
    decisions = DeliveryDecisions(library.store, library.reader, library.feed, library.strict, library.clock)
    return decisions.discard(file, reason=REASON, user="lisbeth", sha256=sha256)


def accept_unchanged(library: Library, file: str, kind: str, **how: Any) -> BadInput:
    """It is not accepted, and nothing at all has changed."""
    before = library.everything()
    with pytest.raises(BadInput) as refused:
        accept(library, file, **how)
    assert refused.value.kind == kind
    assert library.everything() == before
    return refused.value


def damaged(library: Library, token: str) -> None:
    """A damaged file lies under the name."""
    library.feed.files[NAME] = FileDouble(NAME, token)
    library.clock.set_after(MONDAY)


def states(told: dict[str, Any]) -> list[str]:
    return [other["state"] for other in told["others"]]


def test_the_name_of_a_file_that_was_taken_is_told_as_taken(either_library: Library) -> None:
    """It is not one that was never fetched."""
    either_library.deliver(MONDAY, moves(person("ANNA")))
    either_library.night()
    for refused in (
        refuse_unchanged(either_library, NAME, "delivery.taken"),
        accept_unchanged(either_library, NAME, "delivery.taken"),
    ):
        assert NAME in str(refused)
    assert either_library.night().exit_code == 0


def test_a_file_that_was_taken_and_does_not_lie_there_any_more_is_told_as_taken(either_library: Library) -> None:
    either_library.deliver(MONDAY, moves(person("ANNA")))
    either_library.night()
    del either_library.feed.files[NAME]
    refuse_unchanged(either_library, NAME, "delivery.taken")
    accept_unchanged(either_library, NAME, "delivery.taken")


def test_a_whole_file_under_the_name_of_one_that_was_set_aside_is_not_told_as_set_aside(
    either_library: Library,
) -> None:
    damaged(either_library, "cut off")
    either_library.one_night()
    discard(either_library, NAME)
    either_library.deliver(MONDAY, moves(person("ANNA")))
    # no night has looked at it
    refuse_unchanged(either_library, NAME, "delivery.not_fetched")
    accept_unchanged(either_library, NAME, "delivery.not_fetched")
    assert either_library.night().exit_code == 0
    assert either_library.record("ANNA") == moves(person("ANNA"))
    refuse_unchanged(either_library, NAME, "delivery.taken")


def test_a_name_whose_first_copy_was_set_aside_and_whose_second_was_taken_is_taken(either_library: Library) -> None:
    """Looked at as the first copy it would be damaged."""
    damaged(either_library, "cut off")
    either_library.one_night()
    discard(either_library, NAME)
    either_library.deliver(MONDAY, moves(person("ANNA")))
    either_library.night()
    accept_unchanged(either_library, NAME, "delivery.taken")
    either_library.feed.files.clear()
    accept_unchanged(either_library, NAME, "delivery.taken")


def test_the_copy_that_lies_there_again_is_meant_and_not_the_one_that_was_set_aside_after_it(
    either_library: Library,
) -> None:
    damaged(either_library, "cut off here")
    either_library.one_night()
    damaged(either_library, "cut off there")
    either_library.one_night()
    discard(either_library, NAME)
    damaged(either_library, "cut off here")
    assert either_library.one_night().exit_code == 1
    told = discard(either_library, NAME)
    assert (told["discarded"], states(told)) == ("delivery.damaged", ["discarded"])
    report = either_library.night()
    assert (report.exit_code, report.error and report.error.kind) == (4, "delivery.late")


def test_a_second_copy_of_one_that_was_taken_is_set_aside_and_taken_after_all_by_its_content(
    either_library: Library,
) -> None:
    first = either_library.deliver(MONDAY, person("ANNA"))
    either_library.night()
    again = either_library.deliver(MONDAY, moves(person("ANNA")), token="again")
    assert either_library.one_night().exit_code == 1
    assert states(discard(either_library, NAME)) == ["taken"]
    # the first lies there again: it is what was taken
    either_library.feed.files[NAME] = first
    accept_unchanged(either_library, NAME, "delivery.taken")
    (entry,) = entries(either_library)
    told = accept(either_library, NAME, sha256=entry["delivery"][:8])
    assert (told["sha256"], told["accepted"], states(told)) == (entry["delivery"], "replaced", ["taken"])
    assert again.token == "again"
    assert either_library.one_night().exit_code == 0
    assert either_library.record("ANNA") == moves(person("ANNA"))


def test_what_was_refused_last_is_meant_where_files_do_not_stay(either_library: Library) -> None:
    """Nothing lies where deliveries arrive: the copy that nobody has decided about goes before the others."""
    damaged(either_library, "cut off")
    either_library.one_night()
    discard(either_library, NAME)
    either_library.deliver(MONDAY, person("ANNA"))
    either_library.night()
    damaged(either_library, "cut off again")
    assert either_library.one_night().exit_code == 1
    either_library.feed.files.clear()
    told = discard(either_library, NAME)
    assert (told["discarded"], sorted(states(told))) == ("delivery.damaged", ["discarded", "taken"])
    assert told["left"] == "nothing"
    refuse_unchanged(either_library, NAME, "delivery.discarded")


def test_two_copies_behind_a_gap_the_one_that_lies_there_is_accepted_and_the_other_is_named(
    either_library: Library,
) -> None:
    name = name_of(TUESDAY)
    either_library.deliver(TUESDAY, moves(person("ANNA")))
    either_library.one_night()
    either_library.deliver(TUESDAY, renames(person("ANNA")), token="the second")
    either_library.one_night()
    told = accept(either_library, name)
    assert states(told) == ["waiting"]
    either_library.register.knows(renames(person("ANNA")))
    either_library.one_night()
    assert either_library.record("ANNA").name == renames(person("ANNA")).name


@pytest.mark.parametrize("sha256", ["0" * 64, "0000000", "æ" * 8, "", "%" * 9])
def test_a_hash_that_no_copy_has_is_refused(library: Library, sha256: str) -> None:
    damaged(library, "cut off")
    library.one_night()
    before = library.everything()
    with pytest.raises(BadInput) as refused:
        discard_copy(library, NAME, sha256)
    assert refused.value.kind == "delivery.no_copy"
    assert library.everything() == before


def test_a_file_on_disk_is_held_to_the_hash_too(library: Library, tmp_path: Path) -> None:
    damaged(library, "cut off")
    library.one_night()
    (tmp_path / NAME).write_bytes(b"another")
    before = library.everything()
    with pytest.raises(BadInput) as refused:
        discard_copy(library, str(tmp_path / NAME), before["inbox"][-1]["sha256"][:8])
    assert refused.value.kind == "delivery.no_copy"
    assert library.everything() == before


def test_a_file_on_disk_that_was_set_aside_is_not_set_aside_twice(either_library: Library, tmp_path: Path) -> None:
    damaged(either_library, "cut off")
    either_library.one_night()
    discard(either_library, NAME)
    (tmp_path / NAME).write_bytes(b"cut off")
    refuse_unchanged(either_library, str(tmp_path / NAME), "delivery.discarded")


@pytest.mark.parametrize("half", [True, False], ids=["half of it", "only its companion"])
def test_a_file_that_never_became_whole_is_not_set_aside_twice(library: Library, *, half: bool) -> None:
    library.feed.being_written = [NAME]
    library.feed.halves = {NAME: FileDouble(NAME, "half a file")} if half else {}
    discard(library, NAME)
    refuse_unchanged(library, NAME, "delivery.discarded")


def test_a_file_that_was_taken_though_more_was_announced_is_not_set_aside(library: Library) -> None:
    """Its companion still says that more is to come: what was taken stays taken."""
    file = library.deliver(MONDAY, moves(person("ANNA")))
    del library.feed.files[NAME]
    library.feed.being_written, library.feed.halves = [NAME], {NAME: file}
    accept(library, NAME)
    assert library.one_night().exit_code == 0
    refuse_unchanged(library, NAME, "delivery.taken")
    assert library.night().exit_code == 0


def test_the_inbox_answers_for_the_names_it_knows_where_the_feed_does_not(library: Library) -> None:
    class Down:
        def waiting(self) -> Any:
            raise RegisterUnavailable("the SFTP server does not answer")

        unfinished = waiting

    damaged(library, "cut off")
    library.one_night()
    discard(library, NAME)
    library.feed = Down()  # type: ignore[assignment]  # all that is asked of it
    refuse_unchanged(library, NAME, "delivery.discarded")
    before = library.everything()
    with pytest.raises(RegisterUnavailable):
        discard(library, name_of(WEDNESDAY))
    assert library.everything() == before


def test_one_that_was_set_aside_before_its_day_came_is_taken_after_all(either_library: Library) -> None:
    file = either_library.deliver(TUESDAY, moves(person("ANNA")))
    either_library.clock.set_after(FRIDAY)
    assert either_library.one_night().exit_code == 1
    assert discard(either_library, file.name)["left"] == "expected"
    either_library.deliver(MONDAY)
    either_library.night()
    either_library.clock.set_after(TUESDAY)
    assert either_library.one_night().exit_code == 4
    assert accept(either_library, file.name)["accepted"] == "discarded"
    assert either_library.night().exit_code == 0
    assert either_library.record("ANNA") == moves(person("ANNA"))


def test_a_copy_whose_content_is_gone_is_not_accepted(library: Library) -> None:
    library.deliver(MONDAY, person("ANNA"))
    library.night()
    library.deliver(MONDAY, moves(person("ANNA")), token="again")
    library.one_night()
    discard(library, NAME)
    library.feed.files[NAME] = FileDouble(NAME, "again")
    with library.engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM inbox_chunk")
    accept_unchanged(library, NAME, "delivery.forgotten")


@pytest.mark.parametrize(
    ("day", "left"),
    [(FRIDAY, "nothing"), (MONDAY, "gap"), (TUESDAY, "wider_gap"), (WEDNESDAY, "wider_gap")],
)
def test_what_a_damaged_file_leaves_is_told_by_the_day_in_its_name(library: Library, day: Any, left: str) -> None:
    library.damage(day)
    library.clock.set_after(WEDNESDAY)
    library.one_night()
    assert discard(library, name_of(day))["left"] == left


def test_a_day_that_has_not_come_leaves_no_gap(library: Library) -> None:
    library.damage(WEDNESDAY)
    library.clock.set_after(FRIDAY)
    library.one_night()
    assert discard(library, name_of(WEDNESDAY))["left"] == "expected"


def test_accepting_by_name_needs_no_feed(library: Library) -> None:
    library.deliver(TUESDAY, moves(person("ANNA")))
    library.one_night()
    assert accept_in_inbox(library, name_of(TUESDAY))["accepted"] == "gap"

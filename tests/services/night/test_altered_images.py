# ruff: noqa: S608 -- the statements are put together of names that stand here
"""A before-image that was altered is named with patron and run, and the undo goes on for all others."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text
from test_reverted_runs import a_night, items, records, undo
from townspeople import person

from cprsync.services.night.reverting import preview_revert
from cprsync.services.ports.trust.audit import EVERY_RECORD
from cprsync.services.trust.audit import accept_audit
from cprsync.store.core.engine import writing

if TYPE_CHECKING:
    from collections.abc import Callable

    from doubles import Library


def do(library: Library, statement: str, **values: object) -> None:
    with writing(library.engine) as connection:
        connection.execute(text(statement), values)


#: The images of the last run: an earlier one has kept others of the same patrons.
LAST = "run_id = (SELECT max(id) FROM run)"


def blob_of(library: Library, patron: str) -> bytes:
    rows = [row for row in library.rows("before_image") if row["patron_id"] == patron]
    return bytes.fromhex(max(rows, key=lambda row: row["run_id"])["register_blob"])


def seal(library: Library, patron: str, blob: bytes) -> None:
    do(library, f"UPDATE before_image SET register_blob = :blob WHERE patron_id = :id AND {LAST}", blob=blob, id=patron)


def flip(library: Library, patron: str) -> None:
    blob = blob_of(library, patron)
    seal(library, patron, blob[:-1] + bytes([blob[-1] ^ 1]))


def take_anothers(library: Library, patron: str) -> None:
    seal(library, patron, blob_of(library, library.id_of("CLARA")))


def move(library: Library, patron: str) -> None:
    do(library, f"UPDATE before_image SET run_id = run_id + 7 WHERE patron_id = :id AND {LAST}", id=patron)


def say_another_version(library: Library, patron: str) -> None:
    do(library, f"UPDATE before_image SET version = version + 7 WHERE patron_id = :id AND {LAST}", id=patron)


def write_a_text(library: Library, patron: str) -> None:
    do(library, f"UPDATE before_image SET register_blob = 'abc' WHERE patron_id = :id AND {LAST}", id=patron)


ALTERED: dict[str, Callable[[Library, str], None]] = {
    "a bit of it": flip,
    "a text in its place": write_a_text,
    "another's in its place": take_anothers,
    "moved to another run": move,
    "put to another version": say_another_version,
}


def named(library: Library) -> list[tuple[str, str]]:
    told = [one["values"] for one in library.store.audit.check(records=EVERY_RECORD).document()["problems"]]
    return [(one["patron"], one["run"]) for one in told if "run" in one]


@pytest.mark.parametrize("case", ALTERED)
def test_the_undo_puts_all_others_back_and_says_whom_it_left(either_library: Library, case: str) -> None:
    library = either_library
    before = records(library)
    run = a_night(library)
    anna, after = library.id_of("ANNA"), library.record("ANNA")
    assert named(library) == []
    ALTERED[case](library, anna)
    assert named(library) == [(anna, str(run + 7 * (case == "moved to another run")))]
    shown = preview_revert(library.ports(), run).document
    assert (shown["restored"], shown["left_patrons"]) == (2, [{"patron": anna, "why": "altered"}])
    document = undo(library, run)
    assert (document["exit"], document["reverting"]["restored"]) == (3, 2)
    assert document["reverting"]["left"] == {"altered": 1}
    assert library.record("ANNA") == after
    assert library.record("CLARA") == person("CLARA")
    assert [one["patron"] for one in items(library, "reverted.altered")] == [anna]
    assert records(library) != before


def test_who_has_no_image_any_more_is_left_and_named_by_the_audit(either_library: Library) -> None:
    library = either_library
    run = a_night(library)
    anna, after = library.id_of("ANNA"), library.record("ANNA")
    do(library, f"DELETE FROM before_image WHERE patron_id = :id AND {LAST}", id=anna)
    assert undo(library, run)["reverting"]["left"] == {"altered": 1}
    assert (library.record("ANNA"), library.record("CLARA")) == (after, person("CLARA"))


def test_a_record_that_was_altered_is_left_and_the_others_go_back(either_library: Library) -> None:
    library = either_library
    run = a_night(library)
    anna = library.id_of("ANNA")
    do(library, "UPDATE patron SET version = version + 1 WHERE id = :id", id=anna)
    assert undo(library, run)["reverting"]["left"] == {"altered": 1}
    assert library.record("CLARA") == person("CLARA")


def test_a_day_beside_an_image_that_was_altered_is_not_put_back(either_library: Library) -> None:
    """The letters to somebody whom the night found dead are not sent again by a day that somebody wrote."""
    library = either_library
    run = a_night(library)
    stopped = library.view("CLARA").patron.letters_stopped
    do(library, "UPDATE before_image SET as_of_day = '2020-01-01', letters_stopped = '2020-01-01'")
    assert undo(library, run)["reverting"]["restored"] == 3
    assert library.view("CLARA").patron.letters_stopped == stopped


@pytest.mark.parametrize("case", ALTERED)
def test_whoever_accepts_the_audit_ends_what_is_told_and_puts_nothing_altered_back(
    either_library: Library, case: str
) -> None:
    """Otherwise each check and each drill would fail until the image's time is over, and nothing could end it."""
    library = either_library
    run = a_night(library)
    anna, after = library.id_of("ANNA"), library.record("ANNA")
    ALTERED[case](library, anna)
    accept_audit(library.store, user="drift", reason="a disk has flipped a bit")
    assert library.store.audit.check(records=EVERY_RECORD).problems == ()
    document = undo(library, run)
    assert (document["reverting"]["restored"], document["reverting"]["left"]) == (2, {"altered": 1})
    assert (library.record("ANNA"), library.record("CLARA")) == (after, person("CLARA"))


def test_a_day_that_was_altered_beside_an_image_is_not_put_back_after_somebody_accepted_it(
    either_library: Library,
) -> None:
    library = either_library
    run = a_night(library)
    stopped = library.view("CLARA").patron.letters_stopped
    do(library, "UPDATE before_image SET as_of_day = '2020-01-01', letters_stopped = '2020-01-01'")
    accept_audit(library.store, user="drift", reason="we know who it was")
    assert undo(library, run)["reverting"]["restored"] == 3
    assert library.view("CLARA").patron.letters_stopped == stopped

"""A sealed record that was altered is found by the night though nobody opens it, and by `audit verify`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from doubles import FRIDAY, MONDAY, TUESDAY, Library
from sqlalchemy import select, update
from townspeople import cpr, moves, person

from cprsync.errors import SealBroken
from cprsync.language.night import audit_lines
from cprsync.services.night.run import NIGHTS_A_ROUND, share_of_round
from cprsync.services.ports.runs import RunState
from cprsync.services.ports.trust.audit import EVERY_RECORD
from cprsync.store import tables
from cprsync.store.core.engine import writing

if TYPE_CHECKING:
    from collections.abc import Callable

    from cprsync.services.ports.runs import Run

_ROW = tables.patron.c
REGISTER = ("register_blob", "register_key", "fingerprint", "fingerprint_key")
LOCAL = ("local_blob", "local_key")


def alter(library: Library, patron: str, **values: object) -> None:
    with writing(library.engine) as connection:
        connection.execute(update(tables.patron).where(_ROW.id == patron).values(values))


def row_of(library: Library, patron: str) -> dict[str, object]:
    with writing(library.engine) as connection:
        return dict(connection.execute(select(tables.patron).where(_ROW.id == patron)).one()._mapping)


def anothers(columns: tuple[str, ...]) -> Callable[[Library, str], None]:
    def swap(library: Library, patron: str) -> None:
        other = row_of(library, library.id_of("CLARA"))
        alter(library, patron, **{name: other[name] for name in columns})

    return swap


def flipped(column: str) -> Callable[[Library, str], None]:
    def flip(library: Library, patron: str) -> None:
        blob = row_of(library, patron)[column]
        assert isinstance(blob, bytes)
        alter(library, patron, **{column: blob[:-1] + bytes([blob[-1] ^ 1])})

    return flip


def told(library: Library, *, records: int = EVERY_RECORD) -> list[dict[str, str]]:
    return [problem["values"] for problem in library.store.audit.check(records=records).document()["problems"]]


ALTERED = {
    "another's register part": anothers(REGISTER),
    "another's own part": anothers(LOCAL),
    "a byte of the register part": flipped("register_blob"),
    "a byte of the own part": flipped("local_blob"),
    "a byte of the fingerprint": flipped("fingerprint"),
    "an unknown key": lambda library, patron: alter(library, patron, register_key="ffffffff"),
    "nothing in its place": lambda library, patron: alter(library, patron, local_blob=b""),
}


@pytest.mark.parametrize("case", ALTERED)
def test_the_night_finds_whose_record_was_altered_though_nobody_opens_it(either_library: Library, case: str) -> None:
    library = either_library
    patron = library.id_of("ANNA")
    before = library.record("ANNA")
    as_it_was = row_of(library, patron)
    ALTERED[case](library, patron)
    library.deliver(MONDAY)
    report = library.one_night()
    document = report.document()
    assert (report.exit_code, document["error"]["kind"]) == (1, "audit.broken")
    assert [problem["values"]["patron"] for problem in document["audit"]["problems"]] == [patron]
    for language in ("da", "en"):
        text = "\n".join(audit_lines(document["audit"], language))
        assert patron in text
        assert cpr("ANNA").digits not in text
    # it is found each night, and by whoever verifies, until it is put right
    library.deliver(TUESDAY)
    assert library.one_night().exit_code == 1
    assert [one["patron"] for one in told(library)] == [patron]
    alter(library, patron, **{name: as_it_was[name] for name in (*REGISTER, *LOCAL)})
    assert (told(library), library.record("ANNA")) == ([], before)


@pytest.mark.parametrize(
    "written",
    [
        "patron SET local_blob = CAST(x'c3ff' AS TEXT)",
        "patron SET register_blob = 'blåbær'",
        "patron SET fingerprint = 1000000000000000",
        "audit SET entry = CAST(x'c3ff' AS TEXT)",
        "audit SET at = CAST(x'c3ff' AS TEXT)",
    ],
)
def test_what_sqlite_takes_for_bytes_or_text_is_found_as_altered(library: Library, written: str) -> None:
    """SQLite keeps what it is given, whatever the column says. The driver ended at it as at a database that is away."""
    with writing(library.engine) as connection:
        connection.exec_driver_sql(f"UPDATE {written} WHERE rowid = 2")
    assert told(library) != []
    library.deliver(MONDAY)
    report = library.one_night()
    assert (report.exit_code, report.document()["error"]["kind"]) == (1, "audit.broken")


def test_what_is_as_it_was_written_is_found_right_and_nothing_is_written(either_library: Library) -> None:
    library = either_library
    before = library.everything()
    state = library.store.audit.check(records=EVERY_RECORD)
    assert (state.problems, state.records) == ((), 4)
    assert library.everything() == before
    # the status opens nothing: it tells of the last night
    assert library.store.audit.check().records == 0


def test_a_night_with_a_ceiling_goes_on_where_the_last_one_stopped_and_comes_round(either_library: Library) -> None:
    library, ids = either_library, sorted(row["id"] for row in either_library.rows("patron"))
    run = library.store.runs.begin(day=FRIDAY, started=library.clock.now())
    flipped("local_blob")(library, ids[0])
    found: list[list[str]] = []
    for _ in range(4):
        state = library.store.audit.check(records=3)
        assert state.records == 3
        found.append([str(problem.values["patron"]) for problem in state.problems])
        close(library, run, state.document())
        run = library.store.runs.begin(day=FRIDAY, started=library.clock.now())
    # from the last night of the fixture on: four records, three a night
    assert sum(map(len, found)) == 3
    # with room for more than there are, each is opened once
    assert library.store.audit.check(records=5).records == 4


def close(library: Library, run: Run, audit: dict[str, Any]) -> None:
    document = {"audit": audit, "exit": 0}
    library.store.runs.close(run, state=RunState.CLOSED, finished=library.clock.now(), document=document)


REGISTER_PART = [case for case in ALTERED if case not in {"another's own part", "a byte of the own part"}][:-1]


@pytest.mark.parametrize("case", REGISTER_PART)
def test_a_change_for_a_patron_whose_record_was_altered_stops_the_night_at_once_and_names_them(
    either_library: Library, case: str
) -> None:
    library = either_library
    patron, before = library.id_of("ANNA"), library.record("ANNA")
    as_it_was = row_of(library, patron)
    ALTERED[case](library, patron)
    altered = row_of(library, patron)
    library.deliver(MONDAY, moves(person("ANNA")))
    for _ in range(2):
        with pytest.raises(SealBroken) as refused:
            library.one_night()
        assert patron in refused.value.message
        assert cpr("ANNA").digits not in refused.value.message
        assert row_of(library, patron) == altered
    alter(library, patron, **{name: as_it_was[name] for name in (*REGISTER, *LOCAL)})
    # put right, the night goes on where it stopped
    assert library.one_night().document()["actions"] == {"move": 1}
    assert library.record("ANNA") != before


@pytest.mark.parametrize("records", [0, 3, 2_000, 28_000, 28_001, 100_000, 1_000_000])
def test_fourteen_nights_open_every_record_and_one_night_of_a_city_few(records: int) -> None:
    share = share_of_round(records)
    assert NIGHTS_A_ROUND * share >= records
    assert share <= max(2_000, records / NIGHTS_A_ROUND + 1)


def test_the_round_counts_every_record_that_can_be_opened(either_library: Library) -> None:
    audit, rows = either_library.store.audit, either_library.rows("patron")
    assert audit.count_records() == len(rows) == audit.check(records=EVERY_RECORD).records

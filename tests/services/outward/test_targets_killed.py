"""A night with two targets that is killed at one of its writes: each target hears each change once and in order."""

from __future__ import annotations

import json
import os
from collections import defaultdict
from itertools import groupby, pairwise
from typing import TYPE_CHECKING, Any, Final

import pytest
from doubles import MONDAY, TUESDAY, WEDNESDAY, Killed, KilledStore, Library, altered
from kills import EACH, is_closed, killed
from test_sending import EVERYTHING
from test_targets_moved import AARHUS, state
from townspeople import dies, gains_protection, moves, person, renames

from cprsync.domain.outward import target as target_rules
from cprsync.domain.outward.target import ProtectedRule, Target, TargetKind
from cprsync.outward.file import FileClient
from cprsync.outward.settings import FileSettings
from cprsync.services.outward.targets import release_target

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date
    from pathlib import Path

FILES: Final = Target("warehouse", TargetKind.FILE, EVERYTHING, ProtectedRule.LEAVE_OUT)


def opens_files(library: Library) -> FileClient:
    settings = FileSettings(target=FILES, folder=library.folder / "warehouse")
    return FileClient(settings, now=library.clock.now)


# -- the evenings before -----------------------------------------------------------------------------------


def met_by_nobody(library: Library) -> date:
    """The night has its first load to do, and in it a protection."""
    library.sets_targets_up(AARHUS, FILES)
    library.deliver(MONDAY, gains_protection(person("CLARA")))
    return TUESDAY


def loaded(library: Library) -> date:
    """Both targets know everyone, and somebody of each kind is to be told of."""
    library.sets_targets_up(AARHUS, FILES)
    library.night()
    library.deliver(MONDAY, renames(person("ANNA")), gains_protection(person("CLARA")), dies(person("DAVID")))
    return TUESDAY


def losing_too_many(library: Library) -> date:
    """The brake stops one target, and a protection still reaches it."""
    library.sets_targets_up(AARHUS, FILES)
    library.night()
    moved = [moves(person(key), "ODENSE") for key in ("ANNA", "DAVID")]
    library.deliver(MONDAY, *moved, gains_protection(person("CLARA")))
    return TUESDAY


def let_go(library: Library) -> date:
    """Somebody has let the target go on."""
    losing_too_many(library)
    library.one_night()
    release_target(library.store, "koha", user="operator", reason="they have moved")
    library.deliver(TUESDAY, renames(moves(person("ANNA"), "ODENSE")))
    return WEDNESDAY


def braked_again(library: Library) -> date:
    """The target has lost them, and its brake is to hold again."""
    let_go(library)
    library.one_night()
    library.deliver(WEDNESDAY, person("ANNA"))
    return WEDNESDAY


#: With the write that each is there for.
EVENINGS: Final = {
    met_by_nobody: "targets.load",
    loaded: "queues.settle",
    losing_too_many: "targets.stop",
    let_go: "queues.offer",
    braked_again: "targets.brake_again",
}


# -- what both have heard ----------------------------------------------------------------------------------


def in_files(library: Library) -> dict[str, list[dict[str, Any]]]:
    """By patron, each line of each file that a reader sees. Their versions only ever rise."""
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for path in sorted((library.folder / "warehouse").glob("warehouse-*.ndjson")):
        for line in path.read_text(encoding="utf-8").splitlines():
            found[json.loads(line)["patron"]].append(json.loads(line))
    for told in found.values():
        assert all(earlier["version"] < later["version"] for earlier, later in pairwise(told))
    return {patron: [one | {"version": None} for one in told] for patron, told in found.items()}


def in_koha(library: Library) -> dict[str, list[Any]]:
    """By patron, each state in turn. Told twice, a state stands there once; and none comes after a later one."""
    found: dict[str, list[Any]] = defaultdict(list)
    versions: dict[str, int] = {}
    for call in library.target("koha").calls:
        assert call.version >= versions.get(call.patron_id, 0)
        versions[call.patron_id] = call.version
        found[call.patron_id].append(call.payload)
    return {patron: [one for one, _ in groupby(told)] for patron, told in found.items()}


def told(library: Library) -> list[Any]:
    states = [state(library, name) for name in ("koha", "warehouse")]
    stands = [(one.told, one.waiting, one.failed, one.why) for one in states]
    return [in_koha(library), library.target("koha").holds, in_files(library), stands]


@pytest.mark.parametrize("evening", EVENINGS)
def test_a_night_that_is_killed_after_any_write_ends_at_each_target_as_one_that_was_not(
    evening: Callable[[Library], date], library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(target_rules, "GONE_MOST", 1)
    library.clients["warehouse"] = opens_files
    next_day = evening(library)
    run = len(library.rows("run")) + 1
    whole = library.copy(tmp_path / "whole")
    counting = KilledStore(whole.store, at=0)
    whole.one_night(counting)
    assert EVENINGS[evening] in counting.written
    wanted = told(whole)
    for other in killed(library, tmp_path, writes_to_targets(counting.written)):
        if is_closed(other, run):
            other.clock.set_after(next_day)
        other.one_night()
        assert told(other) == wanted
    whole.engine.dispose()


def writes_to_targets(written: list[str]) -> list[int]:
    """Each of a night's writes, by its place; or of those that are about targets, the last of each name."""
    if EACH in os.environ:
        return list(range(1, len(written) + 1))
    last = {name: place for place, name in enumerate(written, 1) if name.startswith(("targets.", "queues."))}
    return sorted(last.values())


@pytest.mark.parametrize("name", ["koha", "warehouse"])
def test_a_night_that_is_killed_before_it_notes_what_a_target_took_tells_it_nothing_else(
    name: str, library: Library, tmp_path: Path
) -> None:
    library.clients["warehouse"] = opens_files
    loaded(library)
    whole = library.copy(tmp_path / "whole")
    whole.one_night()
    settle = library.store.queues.settle

    def dies_first(run: Any, outcomes: Any) -> Any:
        if outcomes[0][0].target == name:
            raise Killed
        return settle(run, outcomes)

    with pytest.raises(Killed):
        library.one_night(altered(library.store, queues_settle=dies_first))
    assert state(library, name).waiting
    library.one_night()
    assert told(library) == told(whole)
    whole.engine.dispose()

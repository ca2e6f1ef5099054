"""The brake through the command line: two are harmed, and the limit stands one above, at, and one below.

Below, the night exits 5 with its plan kept and writes nothing but what protects; with the limit raised it goes through.
"""

from __future__ import annotations

import re
import shutil
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from e2e_library import RECORDS, Library, new_library
from town import PEOPLE_FILE, number

from cprsync.config.settings import load_settings
from cprsync.domain.person.number import CprNumber
from cprsync.domain.policy.policy import Harm
from cprsync.mock import control
from cprsync.mock.server import running
from cprsync.wiring.site import Site, library_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

#: Both have a next number in the people file.
HARMED = ("ANNA", "SKAEV")
#: The rest of a held patron's row: its letters may be stopped, which costs a version.
PROTECTED_ROWS = {"patron", "before_image"}


@dataclass(frozen=True)
class Case:
    """How two patrons are harmed, and what becomes of them."""

    #: what happens in the register
    event: str | None
    #: what the night then does to both
    actions: dict[str, int]
    #: what happens to the first before the night before
    before: str | None = None
    #: what is done to the delivery
    damage: Callable[[bytes], bytes] | None = None
    #: what goes through the brake all the same
    let_through: dict[str, int] | None = None
    #: how the night ends once the limit allows it
    exit: int = 0


def of_an_unknown_status(content: bytes) -> bytes:
    """Record 001: type (3), number (10), current number (10), status (2)."""
    for key in HARMED:
        start = content.index(b"001" + number(key).encode())
        content = content[: start + 23] + b"42" + content[start + 25 :]
    return content


CASES: dict[Harm, Case] = {
    Harm.PROTECTION_LIFTED: Case("unprotect", {"unprotect": 2}, before="protect"),
    Harm.ENTITLEMENT_LOST: Case("emigrate", {"emigrate": 2}),
    Harm.GONE: Case("die", {"die": 2}, let_through={"stop_letters": 2}, exit=3),  # a block is proposed for each
    Harm.MERGED: Case("number", {"renumber": 2}),
    Harm.NAME_REPLACED: Case("rename", {"rename": 2}),
    Harm.CHANGED: Case("move", {"move": 2}),
    Harm.PARKED: Case("resend", {}, damage=of_an_unknown_status, exit=3),
    Harm.UNSUBSCRIBED: Case(None, {}),
}


@dataclass(frozen=True)
class Night:
    """A library to which the case's delivery has come, and the mock behind it."""

    library: Library
    ready: dict[str, Any]
    case: Case
    harm: Harm

    def limit(self, count: int) -> None:
        """Set the class's limit in policy.toml, whatever stands there."""
        path = self.library.folder / "policy.toml"
        text, lines = re.subn(
            rf"(?m)^{self.harm.value} = .*$",
            f"{self.harm.value} = {{ count = {count}, share = 0.0 }}",
            path.read_text(encoding="utf-8"),
        )
        assert lines == 1
        path.write_text(text, encoding="utf-8")

    def subscribed(self) -> Any:
        return control.state(self.ready)["subscriptions"]


@contextmanager
def a_night(harm: Harm, case: Case, tmp_path: Path, mock_keys: Path) -> Iterator[Night]:
    shutil.copytree(mock_keys, tmp_path / "mock")
    with running(tmp_path / "mock", PEOPLE_FILE) as ready:
        library = new_library(tmp_path / "library", tmp_path / "mock", ["ANNA", "BO", "SKAEV"])
        happens(ready, case.before)
        control.night(ready)
        assert library.call("sync").document["actions"] == {"first_copy": 3}
        if case.event is None:
            leave(library)
        happens(ready, case.event)
        (name,) = control.night(ready)["files"]
        deliver(library, tmp_path / "mock" / "IN" / name, case)
        yield Night(library, ready, case, harm)


@pytest.fixture(params=CASES, ids=lambda harm: harm.value)
def night(request: pytest.FixtureRequest, tmp_path: Path, mock_keys: Path) -> Iterator[Night]:
    with a_night(request.param, CASES[request.param], tmp_path, mock_keys) as prepared:
        yield prepared


def happens(ready: dict[str, Any], event: str | None) -> None:
    for key in HARMED if event else ():
        control.event(ready, str(event), key)


def leave(library: Library) -> None:
    settings = load_settings(library.folder / "cprsync.toml")
    with Site(settings, library_of(settings, None)).store() as store:
        for key in HARMED:
            patron = store.patrons.find(CprNumber.parse(number(key)))
            assert patron is not None
            assert library.call("patron", "leave", patron, "--yes").exit == 0


def deliver(library: Library, file: Path, case: Case) -> None:
    shutil.copy(file.with_name(f"{file.name}.metadata"), library.inbox)
    content = file.read_bytes()
    (library.inbox / file.name).write_bytes(content if case.damage is None else case.damage(content))


def test_every_class_of_harm_that_something_leads_to_is_tried() -> None:
    assert set(CASES) == set(Harm) - {Harm.ADDRESS_LOST}


@pytest.mark.parametrize(("harm", "limit"), [(Harm.CHANGED, 3), (Harm.GONE, 2)])
def test_as_many_as_the_limit_allows_go_through_at_once(
    harm: Harm, limit: int, tmp_path: Path, mock_keys: Path
) -> None:
    """What differs by class is not where the limit stands: as many of each go through after the night that was held."""
    case = CASES[harm]
    with a_night(harm, case, tmp_path, mock_keys) as night:
        night.limit(limit)
        ran = night.library.call("sync")
    told = ran.document
    assert (ran.exit, told["state"], told["brake"]) == (case.exit, "done", None), ran.out
    assert {action: told["actions"].get(action) for action in case.actions} == case.actions


def test_one_more_stops_the_night_until_the_limit_is_raised(night: Night) -> None:
    library, case = night.library, night.case
    night.limit(1)
    rows, opened, subscribed = library.records(), library.opened(), night.subscribed()
    planned = library.call("sync", "--dry-run")
    ran = library.call("sync")
    told = ran.document
    assert (planned.exit, ran.exit, told["state"]) == (5, 5, "held"), ran.out
    assert told["brake"]["classes"] == [{"class": night.harm.value, "count": 2, "limit": 1}]
    assert planned.document["brake"] == told["brake"]
    assert told["let_through"] == (case.let_through or {})
    assert told["applied"] == 0
    assert told["actions"] == (case.let_through or {})

    # both say what to do next, as any failure does; a plan changes nothing
    for document, changed in ((planned.document, "nothing"), (told, "part" if case.let_through else "nothing")):
        failure = document["error"]
        assert (failure["kind"], failure["changed"]) == ("run.braked", changed)
        assert ": 2, the limit is 1" in failure["message"]
        assert "policy.toml" in failure["next"]

    # nothing is written but what decision 3 lets through
    after = library.records()
    through = PROTECTED_ROWS if case.let_through else set()
    assert {name for name in RECORDS if after[name] != rows[name]} <= through
    assert (library.opened(), night.subscribed()) == (opened, subscribed)

    # the plan is kept and shown
    shown = library.call("runs", "show", str(told["run"])).document
    assert (shown["brake"], shown["plan"]) == (told["brake"], told["plan"])
    harmed = [row for row in shown["plan"] if night.harm.value in row["harm"]]
    assert len(harmed) == (0 if night.harm in {Harm.PARKED, Harm.UNSUBSCRIBED} else 2)
    assert not [key for key in HARMED if number(key) in ran.out]

    # held again, nothing goes through twice
    again = library.call("sync")
    assert (again.exit, again.document["let_through"]) == (5, {})
    assert library.records() == after

    night.limit(2)
    ran = library.call("sync")
    told = ran.document
    assert (ran.exit, told["state"], told["brake"], told["held"]) == (case.exit, "done", None, 0), ran.out
    assert {action: told["actions"].get(action) for action in case.actions} == case.actions
    if night.harm is Harm.UNSUBSCRIBED:
        assert told["subscriptions"]["removed"] == 2


def without_addresses(content: bytes) -> bytes:
    """Record 002: type (3), number (10), municipality (4)."""
    for key in HARMED:
        start = content.index(b"\n002" + number(key).encode()) + 1
        content = content[: start + 13] + b"0000" + content[start + 17 :]
    return content


ADDRESSES = Case("resend", {}, damage=without_addresses, exit=3)


def test_no_delivery_takes_an_address_away(tmp_path: Path, mock_keys: Path) -> None:
    """Nothing leads to `address_lost` yet: a resident without an address is parked, and that is what is braked."""
    with a_night(Harm.PARKED, ADDRESSES, tmp_path, mock_keys) as night:
        opened = night.library.opened()
        night.limit(1)
        assert night.library.call("sync").document["brake"]["classes"] == [{"class": "parked", "count": 2, "limit": 1}]
        night.limit(2)
        ran = night.library.call("sync")
        assert (ran.exit, ran.document["reasons"]) == (3, {"address.missing": 2}), ran.out
        assert night.library.opened() == opened

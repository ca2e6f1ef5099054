"""A library beside a mock lives on the mock's day, and so does every entry of its audit, whichever command wrote it.

A certificate is the exception: whether it is valid is judged by the machine's clock, because TLS does so too.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import ExitStack, closing
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from test_limits import CASES, a_night

from cprsync.cli.terminal.user import account_of
from cprsync.cli.trust.keys import _every_library
from cprsync.config.settings import load_settings
from cprsync.domain.feed.delivery import COPENHAGEN
from cprsync.domain.policy.policy import Harm
from cprsync.mock import asking, control
from cprsync.mock.certs import make_authority, packaged_profile
from cprsync.services.trust.keys import Rotating, rotate_keys
from cprsync.store.seals.failures import ReadOnly
from cprsync.wiring.site import Site

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from e2e_library import Library
    from test_limits import Night

# each copies one held night
pytestmark = pytest.mark.xdist_group("audit days")
PURPOSE = "index"


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory, mock_keys: Path) -> Iterator[Night]:
    """A night is held because two move where nobody may. The account of these tests may say who acts."""
    with a_night(Harm.CHANGED, CASES[Harm.CHANGED], tmp_path_factory.mktemp("days"), mock_keys) as prepared:
        prepared.limit(0)
        prepared.library.rewrite("cprsync.toml", "may_name = []", f'may_name = ["{account_of(os.getuid()).name}"]')
        yield prepared


def approve(night: Night, _: Path) -> None:
    """`plan approve`."""
    library = night.library
    assert library.call("sync").exit == 5
    plan = library.call("plan", "show").document["plan"]
    assert library.call("--as", "Anna", "plan", "approve", plan, "--reason", "set efter").exit == 0


def release(night: Night, _: Path) -> None:
    """`runs release`, after a night was undone."""
    night.limit(9)
    library = night.library
    run = library.call("sync").document["run"]
    undone = library.call("--as", "Anna", "runs", "revert", str(run), "--yes", "--reason", "filen var forkert")
    undo = str(undone.document["run"])
    assert library.call("--as", "Anna", "runs", "release", undo, "--reason", "rettet").document["released"] == 2


def rotate(night: Night, _: Path) -> None:
    """`keys rotate`, without its pauses."""
    with ExitStack() as stack:
        libraries = _every_library(night.library.folder / "cprsync.toml", stack)
        rotate_keys(
            libraries,
            [PURPOSE],
            Rotating("anna", sleep=lambda _: None, monotonic=lambda: 0.0, now=lambda: datetime.now(UTC)),
        )


def destroy(night: Night, path: Path) -> None:
    """`keys destroy` of what a rotation has replaced."""
    rotate(night, path)
    keys = night.library.call("keys", "list").document["keys"]
    older = next(one["id"] for one in keys if one["purpose"] == PURPOSE and one["state"] == "reads")
    assert night.library.call("--as", "Anna", "keys", "destroy", PURPOSE, older, "--backups-expired").exit == 0


def renew(night: Night, tmp_path: Path) -> None:
    """`certs renew`: the certificate is valid by the machine's clock."""
    now = datetime.now(UTC)
    authority = make_authority(night.library.folder.parent / "mock" / "certs", profile=packaged_profile(), now=now)
    authority.issue_client(valid_from=now - timedelta(hours=1)).write(tmp_path, "new")
    named = ("--cert", str(tmp_path / "new.pem"), "--key", str(tmp_path / "new.key"))
    assert night.library.call("--as", "Anna", "certs", "renew", *named).exit == 0


def entries(library: Library) -> dict[tuple[str, int], str]:
    """When each entry of the audit was written, by its place."""
    found: list[dict[str, Any]] = library.call("audit", "list", "--limit", "1000").document["entries"]
    return {(one["stream"], one["seq"]): one["at"] for one in found}


@pytest.mark.parametrize("act", [approve, release, rotate, destroy, renew], ids=lambda act: act.__name__)
def test_what_a_command_writes_to_the_audit_has_the_mocks_day(
    act: Callable[[Night, Path], None], night: Night, tmp_path: Path
) -> None:
    before = entries(night.library)
    act(night, tmp_path)
    written = [at for place, at in entries(night.library).items() if place not in before]
    days = {datetime.fromisoformat(at).astimezone(COPENHAGEN).date() for at in written}
    assert days == {date.fromisoformat(asking.clock(night.ready)["day"])}


def test_a_store_that_is_opened_to_be_shown_takes_no_entry(night: Night) -> None:
    settings = load_settings(night.library.folder / "cprsync.toml")
    before = night.library.rows("audit")
    with Site(settings, settings.library[0]).store_to_show() as store, pytest.raises(ReadOnly):
        store.audit.note_certificate(user="Anna", serial=255, ends=datetime(2028, 3, 1, tzinfo=UTC))
    assert night.library.rows("audit") == before


def test_what_is_shown_and_depends_on_the_day_is_of_the_mocks_day(night: Night) -> None:
    """Somebody who died stays subscribed for a time: counted are those whose time is not over on the mock's day."""
    settings = load_settings(night.library.folder / "cprsync.toml")
    today = date.fromisoformat(control.state(night.ready)["day"])
    counted = []
    for last in (today, today - timedelta(days=1)):
        with closing(sqlite3.connect(night.library.store)) as connection, connection:
            (one,) = connection.execute("SELECT min(patron_id) FROM subscription").fetchone()
            died = "UPDATE subscription SET reason = 'dead', until = ? WHERE patron_id = ?"
            connection.execute(died, [str(last), one])
        with Site(settings, settings.library[0]).store_to_show() as store:
            counted.append(store.subscriptions.count())
    assert counted[0] - counted[1] == 1

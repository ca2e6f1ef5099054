"""What `--json` prints, over the library that a demo leaves: the names and types of every document."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest
from outlines import assert_as_kept, outline
from typer.testing import CliRunner
from whole import patron_ids

from cprsync.cli.main import app
from cprsync.config.settings import load_settings
from cprsync.mock.server import running
from cprsync.resources import fixture_path
from cprsync.wiring.site import site_of

if TYPE_CHECKING:
    from conftest import LivedDemo

pytestmark = [pytest.mark.xdist_group("demo"), pytest.mark.usefixtures("keys_at_hand")]

#: In alphabetical order. Each is asked once, and changes nothing that a later one tells.
COMMANDS: Final = (
    *("access list", "alarms list", "audit list", "audit verify", "certs check", "db status", "doctor"),
    *("entitlements cards", "entitlements verify", "feed windows", "forecast --days 60", "keys list", "patron list"),
    *("plan show", "retention run", "review list --all", "review show 1", "runs list", "runs show 1", "runs show 5"),
    *("statistics", "status", "subscriptions list", "subscriptions reconcile", "sync --dry-run", "targets list"),
)
#: Of each patron: together they have all that the town shows.
OF_A_PATRON: Final = ("entitlements show", "patron leave", "patron show", "patron standing")
#: They need no library.
OF_NOBODY: Final = ("fees", "fields", "rules")


def _document(command: str, *more: str) -> object:
    ran = CliRunner().invoke(app, [*command.split(), *more, "--json"], input="\n")
    assert ran.exception is None or isinstance(ran.exception, SystemExit), (command, ran.exception)
    return json.loads(ran.stdout)


def test_the_documents_of_a_demo_have_the_names_and_types_that_are_kept(lived_demo: LivedDemo, tmp_path: Path) -> None:
    """Whoever changes one changes `documents.txt`, and everybody who reads the documents."""
    folder = shutil.copytree(lived_demo.folder, tmp_path / "demo")
    config = ("--config", str(folder / "cprsync.toml"))
    lines = outline("demo", lived_demo.document)
    with running(folder / "mock", fixture_path("people.toml")):
        with site_of(load_settings(folder / "cprsync.toml"), None).library() as library:
            patrons = patron_ids(library.store)
        for command in COMMANDS:
            lines += outline(command, _document(command, *config))
        for command in OF_A_PATRON:
            lines += outline(command, [_document(command, patron, *config) for patron in patrons])
    for command in OF_NOBODY:
        lines += outline(command, _document(command))
    assert_as_kept(lines, Path(__file__).with_name("documents.txt"))

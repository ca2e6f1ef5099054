"""An installation without counterparts, on either database, to be backed up: patrons of the town, keys, settings."""

from __future__ import annotations

import contextlib
import json
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from e2e_library import Ran, run_here
from ready_databases import put_empty_store
from town import PEOPLE

from cprsync.backup.backing_up import make_key
from cprsync.cli.demo.demo import _write_patrons
from cprsync.cli.imports.lists import import_file
from cprsync.cli.setup.installation import write_folder
from cprsync.config.settings import load_settings
from cprsync.wiring.site import site_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cprsync.config.settings import Settings
    from cprsync.store.sql import SqlStore

AGENCY, OTHER = "700000", "700001"


@dataclass(frozen=True)
class Installation:
    """A folder with settings, and where its backups and its private key are."""

    folder: Path
    backups: Path
    key: Path

    @property
    def config(self) -> Path:
        return self.folder / "cprsync.toml"

    @property
    def settings(self) -> Settings:
        return load_settings(self.config)

    def call(self, *command: str, config: bool = True) -> Ran:
        """Run a command in the test's own process, in JSON."""
        named = ("--config", str(self.config)) if config else ()
        return run_here(*command, *named, "--json")

    def back_up(self) -> dict[str, Any]:
        ran = self.call("backup", str(self.backups))
        assert ran.exit == 0, ran.out
        return ran.document

    def restore(self, into: Path, *more: str, folder: Path | None = None, key: Path | None = None) -> Ran:
        wanted = ("--into", str(into), "--key", str(key or self.key), *more)
        return self.call("restore", str(folder or self.backups), *wanted, config=False)

    @contextlib.contextmanager
    def store(self) -> Iterator[SqlStore]:
        with site_of(self.settings, None).store() as store:
            yield store

    def everything(self) -> dict[str, list[dict[str, Any]]]:
        """All rows, but what an opening of the store may note."""
        with self.store() as store:
            return store.views.everything()

    @contextlib.contextmanager
    def taken_out(self) -> Iterator[None]:
        """Take the library out of the settings, which name another one meanwhile."""
        text = self.config.read_text("utf-8")
        agreement = 'service_agreement = "00000000-'
        assert agreement in text
        self.config.write_text(text.replace(AGENCY, OTHER).replace(agreement, agreement.replace("0", "1")), "utf-8")
        yield
        self.config.write_text(text, "utf-8")

    def at(self, folder: Path) -> Installation:
        return Installation(folder, self.backups, self.key)


def set_up(folder: Path, url: str | None) -> Installation:
    """Set an installation up in a new folder. `url`: of an empty store; None: SQLite in the folder."""
    site = folder / "site"
    write_folder(site, mock=None)
    made = make_key(folder / "private.key")
    shutil.copy(made["public"], site / "backup.pub")
    config = site / "cprsync.toml"
    text = config.read_text(encoding="utf-8")
    text = text.replace('# recipient = "backup.pub"', 'recipient = "backup.pub"')
    if url is not None:
        text = text.replace('url = "sqlite:///cprsync.db"', f"url = {json.dumps(url)}")
    config.write_text(text, encoding="utf-8")
    installation = Installation(site, folder / "backups", folder / "private.key")
    if url is None:
        put_empty_store(site / "cprsync.db")
    patrons = site / "patrons.csv"
    _write_patrons(patrons, sorted(PEOPLE)[:12])
    import_file(site_of(installation.settings, None), patrons, apply=True)
    patrons.unlink()
    return installation

"""`cprsync metrics`: a library's numbers on the screen, and in a file that is there whole or not at all."""

from __future__ import annotations

import json
import stat
from typing import TYPE_CHECKING

import pytest
import started
from e2e_library import Library
from exposition import read
from ready_databases import put_empty_store

from cprsync.cli.setup.installation import write_folder
from cprsync.cli.trust.metrics import write_whole
from cprsync.errors import ConfigurationError

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Library:
    folder = tmp_path_factory.mktemp("metrics") / "library"
    write_folder(folder, mock=None)
    put_empty_store(folder / "cprsync.db")
    return Library(folder)


def test_a_library_is_measured_where_node_exporter_reads(library: Library, tmp_path: Path) -> None:
    path = tmp_path / "cprsync.prom"
    # the first time that a store is opened, it notes which keys it has
    assert library.call("metrics").exit == 0
    before = library.rows()
    assert library.call("metrics", "--textfile", str(path)).exit == 0
    found = read(path.read_text(encoding="utf-8"))
    agency = {"agency": "700000"}
    assert found["cprsync_measured"].of(**agency) == 1
    assert found["cprsync_problems"].of(**agency, kind="no_run") == 1
    assert {kind for (_, labels), _ in found["cprsync_key_made_seconds"].values.items() for _, kind in labels} >= {
        "seal",
        "index",
        "audit",
    }
    # none is there yet
    assert found["cprsync_certificate_wrong"].of(**agency, kind="ours") == 1
    # another user reads it, and it is the only file there
    assert stat.S_IMODE(path.stat().st_mode) == 0o644
    assert [one.name for one in tmp_path.iterdir()] == ["cprsync.prom"]
    assert library.rows() == before


def test_a_library_that_cannot_be_measured_is_told_in_the_file_too(library: Library, tmp_path: Path) -> None:
    broken, path = library.copy(tmp_path / "broken"), tmp_path / "cprsync.prom"
    broken.store.unlink()
    assert broken.call("metrics", "--textfile", str(path)).exit == 1
    assert path.read_text(encoding="utf-8").endswith('cprsync_measured{agency="700000"} 0\n')


def test_why_a_library_cannot_be_measured_is_said_in_the_readers_language(library: Library, tmp_path: Path) -> None:
    """What Prometheus reads is the same in both."""
    broken = library.copy(tmp_path / "broken")
    broken.store.unlink()
    said = {
        lang: started.command("metrics", "--config", str(broken.folder / "cprsync.toml"), "--lang", lang)
        for lang in ("da", "en")
    }
    assert "700000: databasen er ikke stillet op endnu" in said["da"].stderr
    assert "700000: the store is not set up" in said["en"].stderr
    assert said["da"].stdout == said["en"].stdout


def test_a_file_that_cannot_be_written_leaves_the_old_one_whole(tmp_path: Path) -> None:
    path = tmp_path / "cprsync.prom"
    write_whole(path, "old\n")
    with pytest.raises(ConfigurationError):
        write_whole(tmp_path / "nowhere" / "cprsync.prom", "new\n")
    assert path.read_text(encoding="utf-8") == "old\n"
    assert [one.name for one in tmp_path.iterdir()] == ["cprsync.prom"]


def test_rules_and_dashboard_need_no_settings(tmp_path: Path) -> None:
    rules, dashboard = (started.command("metrics", "--ready", name, cwd=tmp_path) for name in ("rules", "dashboard"))
    assert (rules.returncode, dashboard.returncode) == (0, 0)
    assert "alert: CprsyncNightMissed" in rules.stdout
    assert json.loads(dashboard.stdout)["uid"] == "cprsync"

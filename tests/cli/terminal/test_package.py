"""The wheel carries all that the demo needs: installed outside the tree, it runs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
CEILING_SECONDS = 300


@pytest.mark.xdist_group("package")
def test_an_installed_wheel_runs_the_demo_outside_the_tree(tmp_path: Path) -> None:
    site, elsewhere = tmp_path / "site", tmp_path / "elsewhere"
    elsewhere.mkdir()
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation", "--no-index"]
    subprocess.run([*install, "--target", str(site), str(ROOT)], check=True, timeout=CEILING_SECONDS, cwd=elsewhere)
    environment = {**os.environ, "PYTHONPATH": str(site)}
    where = subprocess.run(
        [sys.executable, "-c", "import cprsync; print(cprsync.__file__)"],
        capture_output=True,
        text=True,
        check=True,
        timeout=CEILING_SECONDS,
        cwd=elsewhere,
        env=environment,
    )
    assert Path(where.stdout.strip()).is_relative_to(site)
    done = subprocess.run(
        [sys.executable, "-m", "cprsync", "demo", "--json"],
        capture_output=True,
        text=True,
        check=False,
        timeout=CEILING_SECONDS,
        cwd=elsewhere,
        env=environment,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    comparison = json.loads(done.stdout)["comparison"]
    assert (comparison["compared"], comparison["differs"]) == (40, {})

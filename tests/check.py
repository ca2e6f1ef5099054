"""Set up an environment of its own and pass every check: format, lint, types, import contracts, domain coverage, tests.

The one command a developer and the continuous integration run. Needs git, python3 with venv and
the way to a package index; everything else is installed by hash from requirements.lock.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HOME = ROOT / ".venv"
PYTHON = HOME / "bin" / "python"
#: The whole check ends within this, or it is killed.
CEILING_SECONDS = 15 * 60

#: Every branch of every rule; only what is missing is printed.
COVERAGE = ("--cov=cprsync.domain", "--cov-branch", "--cov-fail-under=100", "--cov-report=term-missing:skip-covered")
CHECKS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("format", ("ruff", "format", "--check", ".")),
    ("lint", ("ruff", "check", ".")),
    ("types", ("mypy",)),
    ("import contracts", ("lint-imports",)),
    # the rules' own tests reach each of their branches, whatever else runs through them
    ("domain coverage", ("pytest", "tests/domain", *COVERAGE)),
    ("tests", ("pytest", "--ignore=tests/domain")),
)


def main() -> int:
    set_up()
    for name, (tool, *arguments) in CHECKS:
        print(f"== {name}", flush=True)
        done = subprocess.run([str(HOME / "bin" / tool), *arguments], cwd=ROOT, check=False, timeout=CEILING_SECONDS)
        if done.returncode != 0:
            print(f"== {name}: failed, see above", flush=True)
            return done.returncode
    print("== every check passed", flush=True)
    return 0


def set_up() -> None:
    """Make the environment, unless it was made from this very lock."""
    lock = ROOT / "requirements.lock"
    stamp = HOME / "lock.sha256"
    wanted = hashlib.sha256(lock.read_bytes() + sys.version.encode()).hexdigest()
    if not (stamp.exists() and stamp.read_text(encoding="ascii") == wanted):
        print("== set-up", flush=True)
        venv.create(HOME, with_pip=True, clear=True)
        pip("install", "--require-hashes", "-r", str(lock))
        stamp.write_text(wanted, encoding="ascii")
    pip("install", "--no-deps", "--no-build-isolation", "-e", str(ROOT))


def pip(*arguments: str) -> None:
    command = [str(PYTHON), "-m", "pip", "--disable-pip-version-check", "--quiet", *arguments]
    subprocess.run(command, cwd=ROOT, check=True, timeout=CEILING_SECONDS)


if __name__ == "__main__":
    sys.exit(main())

"""Set up an environment of its own and pass every check: format, lint, types, import contracts, domain coverage, tests.

The one command a developer and the continuous integration run. Needs git, python3 with venv and
the way to a package index; everything else is installed by hash from tests/requirements.lock.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
import venv
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from subprocess import PIPE, STDOUT, CompletedProcess

ROOT = Path(__file__).resolve().parent.parent
HOME = ROOT / ".venv"
PYTHON = HOME / "bin" / "python"
#: The whole check ends within this, or it is killed.
CEILING_SECONDS = 15 * 60

#: Every branch of every rule; only what is missing is printed.
COVERAGE = ("--cov=cprsync.domain", "--cov-branch", "--cov-fail-under=100", "--cov-report=term-missing:skip-covered")
Check = tuple[str, tuple[str, ...]]
#: These go side by side: the types are one process, and one for each core is at the rules' tests.
BESIDE: tuple[Check, ...] = (
    ("format", ("ruff", "format", "--check", ".")),
    ("lint", ("ruff", "check", ".")),
    ("import contracts", ("lint-imports",)),
    ("types", ("mypy",)),
    # the rules' own tests reach each of their branches, whatever else runs through them
    ("domain coverage", ("pytest", "tests/domain", *COVERAGE)),
)
#: This one is told as it goes.
TESTS: Check = ("tests", ("pytest", "--ignore=tests/domain"))


def main() -> int:
    set_up()
    with ThreadPoolExecutor(len(BESIDE)) as pool:
        for (name, _), done in zip(BESIDE, pool.map(lambda check: run(check, stdout=PIPE), BESIDE), strict=True):
            print(f"== {name}\n{done.stdout}", end="", flush=True)
            if done.returncode != 0:
                return failed(name, done)
    name, _ = TESTS
    print(f"== {name}", flush=True)
    done = run(TESTS)
    if done.returncode != 0:
        return failed(name, done)
    print("== every check passed", flush=True)
    return 0


def run(check: Check, *, stdout: int | None = None) -> CompletedProcess[str]:
    _, (tool, *arguments) = check
    command = [str(HOME / "bin" / tool), *arguments]
    return subprocess.run(
        command, cwd=ROOT, check=False, timeout=CEILING_SECONDS, stdout=stdout, stderr=stdout and STDOUT, text=True
    )


def failed(name: str, done: CompletedProcess[str]) -> int:
    print(f"== {name}: failed, see above", flush=True)
    return done.returncode


def set_up() -> None:
    """Make the environment, unless it was made from this very lock."""
    lock = ROOT / "tests" / "requirements.lock"
    stamp = HOME / "lock.sha256"
    wanted = hashlib.sha256(lock.read_bytes() + sys.version.encode()).hexdigest()
    if not (stamp.exists() and stamp.read_text(encoding="ascii") == wanted):
        print("== set-up", flush=True)
        venv.create(HOME, with_pip=True, clear=True)
        # A lock is never resolved: pip installs what it names, and `pip check` says whether that is enough.
        pip("install", "--no-deps", "--require-hashes", "-r", str(lock))
        stamp.write_text(wanted, encoding="ascii")
    pip("install", "--no-deps", "--no-build-isolation", "-e", str(ROOT))
    pip("check")


def pip(*arguments: str) -> None:
    command = [str(PYTHON), "-m", "pip", "--disable-pip-version-check", "--quiet", *arguments]
    subprocess.run(command, cwd=ROOT, check=True, timeout=CEILING_SECONDS)


if __name__ == "__main__":
    sys.exit(main())

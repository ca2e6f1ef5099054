"""Set up an environment of its own and pass every check: format, lint, types, import contracts, domain coverage, tests.

The one command a developer and the continuous integration run. Needs git, python3 with venv and
the way to a package index; everything else is installed by hash from tests/requirements.lock.
With `--near` it runs what the change at hand touches, for at most a minute: see `run_near`. With `--both` each use case
is lived on both databases, not on one of them.
"""

from __future__ import annotations

import argparse
import ast
import hashlib
import os
import re
import subprocess
import sys
import time
import venv
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from subprocess import PIPE, STDOUT, CompletedProcess

ROOT = Path(__file__).resolve().parent.parent
HOME = ROOT / ".venv"
PYTHON = HOME / "bin" / "python"
PIP = (str(PYTHON), "-m", "pip", "--disable-pip-version-check", "--quiet")
UV = (str(HOME / "bin" / "uv"), "pip", "--quiet")
#: A lock is never resolved: what it names is installed, and `pip check` says whether that is enough.
EXACTLY = ("install", "--no-deps", "--require-hashes")
#: The whole check ends within this, or it is killed. It takes about half of it on two cores that nobody else uses.
CEILING_SECONDS = 25 * 60

#: Every branch of every rule; only what is missing is printed.
COVERAGE = ("--cov=cprsync.domain", "--cov-branch", "--cov-fail-under=100", "--cov-report=term-missing:skip-covered")
#: The near check starts no more tests after that; the nearest to the change come first.
NEAR_SECONDS = 40
#: What is no module, or is read by tests that do not import it, and the tests that it breaks first.
BESIDE = {
    "cprsync/locale/": "tests/language/",
    "cprsync/rulebook/": "tests/domain/rulebook/",
    "cprsync/guide/": "tests/cli/pages/test_guide.py",
    "cprsync/web/templates/": "tests/web/test_desk_statements.py",
    "cprsync/domain/patron/fields.py": "tests/services/desk/test_one_more_field.py",
}
#: So many test files at a time, so that the near check can end between them.
NEAR_FILES = 4
Check = tuple[str, tuple[str, ...]]
#: These come first, and stop a check that cannot pass.
STYLE: tuple[Check, ...] = (
    ("format", ("ruff", "format", "--check", ".")),
    ("lint", ("ruff", "check", ".")),
    ("import contracts", ("lint-imports",)),
    ("types", ("mypy",)),
)
#: Goes beside them. Each worker collects all tests, and then finds what this one has rewritten: see `conftest.py`.
COLLECTION: Check = ("collection", ("pytest", "-n0", "--collect-only", "-qq", "tests"))
#: Goes beside the tests. The rules' own tests reach each of their branches, whatever else runs through them. One
#: process: workers would spend more on measuring their own start and collection than the tests take.
COVERED: Check = ("domain coverage", ("pytest", "-n0", "tests/domain", *COVERAGE))
TEST_FILES = "tests/**/test_*.py"
#: Each use case on one database, an eighth of them on PostgreSQL: see `one_database.py`.
ONE_DATABASE = "--one-database"
#: This one is told as it goes. Two workers more than the two cores: a quarter of the time a test waits, for a server
#: that is slow on purpose, starts or ends, and another test has its core.
TESTS: Check = ("tests", ("pytest", "-n4", "--ignore=tests/domain", ONE_DATABASE))


def main() -> int:
    asked = ask_which()
    if asked.near:
        return run_near()
    try:
        set_up()
    except subprocess.CalledProcessError as error:
        return failed("set-up", error.returncode)
    first = (*STYLE, COLLECTION)
    with ThreadPoolExecutor(len(first)) as pool:
        for (name, _), done in zip(first, pool.map(lambda check: run(check, stdout=PIPE), first), strict=True):
            # of a collection only what went wrong is worth reading
            said = done.stdout if done.returncode or name != COLLECTION[0] else ""
            print(f"\n== {name}\n{said}", end="", flush=True)
            if done.returncode != 0:
                return failed(name, done.returncode)
    return run_tests([part for part in TESTS[1] if part != ONE_DATABASE or not asked.both])


def ask_which() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Pass every check: the one command before a change is shared.")
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--near", action="store_true", help="what the change at hand touches, for at most a minute")
    which.add_argument("--both", action="store_true", help="each use case on both databases, not on one of them")
    return parser.parse_args()


def run_tests(command: list[str]) -> int:
    """Run the tests, and measure the domain's beside them: where a test waits, the other has its core."""
    tool, *arguments = command
    where = "one of the two databases" if ONE_DATABASE in arguments else "both databases"
    print(f"== tests, each use case on {where}, and beside them {COVERED[0]}", flush=True)
    with subprocess.Popen([str(HOME / "bin" / tool), *arguments], cwd=ROOT) as tests:
        done = run(COVERED, stdout=PIPE)
        print(f"\n== {COVERED[0]}\n{done.stdout}", end="", flush=True)
        if done.returncode != 0:
            tests.terminate()
            return failed(COVERED[0], done.returncode)
        return end(tests)


def end(tests: subprocess.Popen[bytes]) -> int:
    """Wait for the tests, which say themselves what is wrong."""
    try:
        code = tests.wait(CEILING_SECONDS)
    except subprocess.TimeoutExpired:
        tests.terminate()
        raise
    print("\n== every check passed" if code == 0 else "\n== tests: failed, see above", flush=True)
    return code


def run_near() -> int:
    """Check what the change at hand touches: style, contracts and types, then the nearest tests, for a minute.

    The change is what differs from the last commit, or the last commit itself when nothing does. The whole check
    comes before a change is shared.
    """
    ends = time.monotonic() + NEAR_SECONDS
    if not PYTHON.exists():
        set_up()
    changed = find_changed()
    for check in STYLE:
        if (done := run(check, stdout=PIPE)).returncode != 0:
            print(f"== {check[0]}\n{done.stdout}", end="")
            return failed(check[0], done.returncode)
    tests = rank_tests(
        changed, {str(path.relative_to(ROOT)): path.read_text("utf-8") for path in ROOT.glob(TEST_FILES)}
    )
    while tests and time.monotonic() < ends:
        part, tests = tests[:NEAR_FILES], tests[NEAR_FILES:]
        print("==", *part, flush=True)
        if (done := run(("near tests", ("pytest", *part)))).returncode != 0:
            return failed("near tests", done.returncode)
    print(f"== the near check passed; {len(tests)} more test files import what changed", flush=True)
    return 0


def find_changed() -> list[str]:
    """The files of the change at hand, as paths from the project's root."""

    def names(*what: str) -> list[str]:
        command = ["git", *what]
        return subprocess.run(command, cwd=ROOT, check=True, timeout=60, stdout=PIPE, text=True).stdout.split()

    fresh = names("diff", "--name-only", "HEAD") + names("ls-files", "--others", "--exclude-standard")
    return fresh or names("diff", "--name-only", "HEAD~1", "HEAD")


def rank_tests(changed: list[str], tests: dict[str, str]) -> list[str]:
    """The test files that changed or that `BESIDE` names, then those that import what changed.

    Of these first a module's own tests, which stand in the folder named as its own; then whoever imports the most.

    `tests`: the source of each test file, by its path.
    """
    modules = {path.removesuffix(".py").removesuffix("/__init__").replace("/", ".") for path in changed}
    beside = tuple(its for of, its in BESIDE.items() if any(path.startswith(of) for path in changed))
    own = sorted(path for path in tests if path in changed or path.startswith(beside))
    near = {path: len(imports_of(source) & modules) for path, source in tests.items() if path not in own}
    rooms = {str(Path("tests", *Path(path).parts[1:-1])) for path in changed}

    def place(path: str) -> tuple[bool, int, str]:
        return str(Path(path).parent) not in rooms, -near[path], path

    return own + sorted((path for path, count in near.items() if count), key=place)


def imports_of(source: str) -> set[str]:
    """Every module that a source imports, and every name of one, which may be a module too."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {one.name for one in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{one.name}" for one in node.names)}
    return found


def run(check: Check, *, stdout: int | None = None) -> CompletedProcess[str]:
    _, (tool, *arguments) = check
    command = [str(HOME / "bin" / tool), *arguments]
    # what the collection compiles is kept for all that tests start, even if the machine says that Python keeps nothing
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": ""}
    return subprocess.run(
        command,
        cwd=ROOT,
        env=environment,
        check=False,
        timeout=CEILING_SECONDS,
        stdout=stdout,
        stderr=stdout and STDOUT,
        text=True,
    )


def failed(name: str, code: int) -> int:
    print(f"== {name}: failed, see above", flush=True)
    return code


def set_up() -> None:
    """Make the environment, unless it was made from this very lock."""
    lock = ROOT / "tests" / "requirements.lock"
    stamp = HOME / "lock.sha256"
    wanted = hashlib.sha256(lock.read_bytes() + sys.version.encode()).hexdigest()
    if not (stamp.exists() and stamp.read_text(encoding="ascii") == wanted):
        print("== set-up", flush=True)
        venv.create(HOME, with_pip=True, clear=True)
        install(lock)
        stamp.write_text(wanted, encoding="ascii")
    call(*PIP, "install", "--no-deps", "--no-build-isolation", "-e", str(ROOT))
    call(*PIP, "check")


def install(lock: Path) -> None:
    """Install a lock with uv, which takes seconds; pip takes most of a minute. pip does it where uv cannot.

    uv is not made for every machine, and does not read pip's settings, such as an index of one's own.
    """
    first = HOME / "uv.lock"
    first.write_text(find_pin("uv", lock.read_text("utf-8")), "utf-8")
    try:
        call(*PIP, *EXACTLY, "--only-binary", ":all:", "-r", str(first))
        call(*UV, *EXACTLY, "--python", str(PYTHON), "-r", str(lock))
    except subprocess.CalledProcessError:
        print("== uv could not, for the reason above: pip installs the lock", flush=True)
        call(*PIP, *EXACTLY, "-r", str(lock))


def find_pin(name: str, lock: str) -> str:
    """The lines of a lock that pin one distribution, with its hashes."""
    return re.findall(rf"^{name}==.*\n(?: .*\n)*", lock, re.MULTILINE)[0]


def call(*command: str) -> None:
    subprocess.run(command, cwd=ROOT, check=True, timeout=CEILING_SECONDS)


if __name__ == "__main__":
    sys.exit(main())

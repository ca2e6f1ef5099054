"""Each lock is closed: it names all that its distributions need, on every Python we support, so nothing is resolved."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from importlib.metadata import requires
from pathlib import Path

import pytest
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
RUNNING = ROOT / "requirements.lock"
CHECKING = ROOT / "tests" / "requirements.lock"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PYTHONS = ("3.11", "3.12", "3.13", "3.14")
EACH_LOCK = pytest.mark.parametrize("lock", [RUNNING, CHECKING], ids=["running", "checking"])

Pins = Mapping[str, Requirement]


def read_pins(lock: Path) -> Pins:
    lines = lock.read_text(encoding="utf-8").splitlines()
    found = [Requirement(line.removesuffix("\\").strip()) for line in lines if re.match(r"[a-z]", line)]
    return {canonicalize_name(pin.name): pin for pin in found}


def direct_requirements(lock: Path) -> Iterator[Requirement]:
    groups = PROJECT["dependency-groups"]
    extras = [text for texts in PROJECT["project"]["optional-dependencies"].values() for text in texts]
    texts = [*PROJECT["project"]["dependencies"], *extras, *groups["build"]]
    if lock == CHECKING:
        texts += groups["checks"]
    return (Requirement(text) for text in texts)


def environment(python: str, extra: str = "") -> dict[str, str]:
    return {**default_environment(), "python_version": python, "python_full_version": f"{python}.0", "extra": extra}


def needed_by(pin: Requirement, python: str) -> Iterator[Requirement]:
    """What a pinned distribution needs with the extras that the lock asks of it."""
    environments = [environment(python, extra) for extra in ("", *pin.extras)]
    for text in requires(pin.name) or ():
        need = Requirement(text)
        if need.marker is None or any(need.marker.evaluate(each) for each in environments):
            yield need


def missing(need: Requirement, pins: Pins, python: str) -> list[str]:
    """How a lock falls short of one requirement: no pin, another version, or an extra that it dropped."""
    pin = pins.get(canonicalize_name(need.name))
    if pin is None or not (pin.marker is None or pin.marker.evaluate(environment(python))):
        return [f"{need.name} is not locked"]
    (version,) = [each.version for each in pin.specifier]
    wrong = [] if need.specifier.contains(version, prereleases=True) else [f"{need} is locked as {version}"]
    return wrong + [f"{need.name}[{extra}] is not locked" for extra in sorted(need.extras - pin.extras)]


def is_here(pin: Requirement) -> bool:
    return pin.marker is None or pin.marker.evaluate(environment("3.11"))


@EACH_LOCK
@pytest.mark.parametrize("python", PYTHONS)
def test_a_lock_names_all_that_its_distributions_need(lock: Path, python: str) -> None:
    pins = read_pins(lock)
    needs = [need for pin in pins.values() if is_here(pin) for need in needed_by(pin, python)]
    assert len(needs) > len(pins)
    assert [line for need in [*direct_requirements(lock), *needs] for line in missing(need, pins, python)] == []


def test_a_dropped_extra_would_be_found() -> None:
    """Pip resolved the lock again, and failed, for `coverage` stood where `coverage[toml]` was needed."""
    pins = {**read_pins(CHECKING), "coverage": Requirement("coverage==7.17.4")}
    assert missing(Requirement("coverage[toml]>=7.10.6"), pins, "3.11") == ["coverage[toml] is not locked"]
    assert missing(Requirement("no-such-thing"), pins, "3.11") == ["no-such-thing is not locked"]
    assert missing(Requirement("coverage>=99"), pins, "3.11") == ["coverage>=99 is locked as 7.17.4"]


def test_the_check_runs_on_the_versions_that_the_program_runs_on() -> None:
    running, checking = read_pins(RUNNING), read_pins(CHECKING)
    assert {name: checking.get(name) for name in running} == running


def test_the_running_lock_holds_nothing_of_the_check_alone() -> None:
    only_checks = {canonicalize_name(Requirement(text).name) for text in PROJECT["dependency-groups"]["checks"]}
    assert only_checks & set(read_pins(RUNNING)) == set()


@EACH_LOCK
def test_every_pin_has_hashes_and_no_address(lock: Path) -> None:
    text = lock.read_text(encoding="utf-8")
    blocks = re.split(r"\n(?=[a-z])", text)
    assert [block.split()[0] for block in blocks if "--hash=sha256:" not in block] == []
    assert "://" not in text


def test_the_readme_and_the_check_install_a_lock_without_resolving_it() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    check = (ROOT / "tests" / "check.py").read_text(encoding="utf-8")
    assert "pip install --quiet --no-deps --require-hashes -r requirements.lock" in readme
    assert '"install", "--no-deps", "--require-hashes"' in check

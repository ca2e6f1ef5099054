"""The near check finds the tests of a change, the tests of a group share a worker, and a lock is always installed."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

import check
import pytest
from check import BESIDE, ROOT, find_pin, imports_of, rank_tests
from one_database import lives_elsewhere

if TYPE_CHECKING:
    from pathlib import Path

TESTS = {
    "tests/domain/test_age.py": "from cprsync.domain.person.age import age_on",
    "tests/domain/test_status.py": "from cprsync.domain.person import status, age",
    "tests/domain/test_fees.py": "from cprsync.domain.lending.fees import fees_of",
    "tests/services/test_night.py": "def run():\n    import cprsync.domain.person.age",
}


def test_a_changed_test_comes_first_and_then_whoever_imports_what_changed() -> None:
    changed = ["tests/domain/test_fees.py", "cprsync/domain/person/age.py"]
    assert rank_tests(changed, TESTS) == [
        "tests/domain/test_fees.py",
        *("tests/domain/test_age.py", "tests/domain/test_status.py", "tests/services/test_night.py"),
    ]


def test_a_test_that_imports_more_of_what_changed_is_nearer() -> None:
    changed = ["cprsync/domain/person/age.py", "cprsync/domain/person/status.py"]
    assert rank_tests(changed, TESTS)[0] == "tests/domain/test_status.py"


def test_a_modules_own_tests_are_nearer_than_those_of_others_that_import_more() -> None:
    tests = {
        "tests/culr/test_a.py": "from cprsync.domain.person import age, status",
        "tests/domain/person/test_z.py": "from cprsync.domain.person import age",
    }
    changed = ["cprsync/domain/person/age.py", "cprsync/domain/person/status.py"]
    assert rank_tests(changed, tests) == ["tests/domain/person/test_z.py", "tests/culr/test_a.py"]


def test_a_package_is_meant_by_its_init_file() -> None:
    assert rank_tests(["cprsync/domain/person/__init__.py"], TESTS) == ["tests/domain/test_status.py"]


def test_a_change_that_no_test_imports_has_no_near_test() -> None:
    assert rank_tests(["README.md", "cprsync/domain/person/number.py"], TESTS) == []


def test_a_catalogue_has_its_tests_near_though_no_test_imports_it() -> None:
    tests = TESTS | {"tests/language/test_words.py": ""}
    assert rank_tests(["cprsync/locale/da/LC_MESSAGES/words.po"], tests) == ["tests/language/test_words.py"]


@pytest.mark.parametrize(("changed", "tests"), BESIDE.items())
def test_what_lies_beside_the_tests_is_there(changed: str, tests: str) -> None:
    assert (ROOT / changed).exists()
    assert (ROOT / tests).exists()


def test_an_import_within_a_function_counts() -> None:
    assert imports_of("def f():\n    from cprsync.wire import tls") == {"cprsync.wire", "cprsync.wire.tls"}


@pytest.mark.xdist_group("together")
def test_a_group_is_named_where_the_workers_get_their_tests(request: pytest.FixtureRequest) -> None:
    """By this name the tests of a group go to one worker, which makes once what they share."""
    assert request.node.nodeid.endswith("@together") or "PYTEST_XDIST_WORKER" not in os.environ


def test_of_a_use_case_on_both_databases_exactly_one_stays_and_of_many_either_is_there() -> None:
    pairs = [
        (f"tests/services/t.py::test_{n}[sqlite-{n}]", f"tests/services/t.py::test_{n}[postgresql-{n}]")
        for n in range(99)
    ]
    others = {name for pair in pairs for name in pair}
    stays = [[name for name in pair if not lives_elsewhere(name, others)] for pair in pairs]
    assert {len(one) for one in stays} == {1}
    assert {name.partition("[")[2].partition("-")[0] for (name,) in stays} == {"sqlite", "postgresql"}


def test_a_case_without_a_twin_stays() -> None:
    for name in (
        "tests/services/t.py::test_a[sqlite]",
        "tests/services/t.py::test_a[postgresql]",
        "tests/services/t.py::test_a",
    ):
        assert not lives_elsewhere(name, {name})


LOCK = ROOT / "tests" / "requirements.lock"


def test_a_pin_is_found_with_its_hashes_and_without_the_next_one() -> None:
    pins = ("uvicorn==1 \\\n    --hash=a\n", "uv==2 \\\n    --hash=b\n    # via us\n", "wheel==3 \\\n    --hash=c\n")
    assert find_pin("uv", "".join(pins)) == pins[1]


def test_uv_is_installed_as_the_lock_pins_it_and_installs_the_rest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = record_calls(tmp_path, monkeypatch, refused="nothing")
    assert calls == ["pip", "uv"]
    assert (tmp_path / "uv.lock").read_text("utf-8") == find_pin("uv", LOCK.read_text("utf-8"))


@pytest.mark.parametrize(("refused", "calls"), [("pip", ["pip", "pip"]), ("uv", ["pip", "uv", "pip"])])
def test_pip_installs_the_lock_where_there_is_no_uv_or_it_finds_no_way(
    refused: str, calls: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert record_calls(tmp_path, monkeypatch, refused=refused) == calls


def test_a_set_up_that_fails_ends_the_check_in_a_line_below_the_reason(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse() -> None:
        raise subprocess.CalledProcessError(2, ["pip"])

    monkeypatch.setattr(check, "set_up", refuse)
    monkeypatch.setattr("sys.argv", ["check.py"])
    assert check.main() == 2
    assert capsys.readouterr().out == "== set-up: failed, see above\n"


def test_a_misspelt_option_starts_no_check(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(check, "set_up", pytest.fail)
    monkeypatch.setattr("sys.argv", ["check.py", "--nera"])
    with pytest.raises(SystemExit) as ended:
        check.main()
    assert ended.value.code == 2
    assert "--near" in capsys.readouterr().err


def record_calls(home: Path, monkeypatch: pytest.MonkeyPatch, *, refused: str) -> list[str]:
    """Which tool each call started while the lock was installed; the first call of `refused` fails."""
    made: list[str] = []

    def call(*command: str) -> None:
        made.append("uv" if command[: len(check.UV)] == check.UV else "pip")
        assert "--require-hashes" in command
        if made.count(refused) == 1 and made[-1] == refused:
            raise subprocess.CalledProcessError(1, command)

    monkeypatch.setattr(check, "HOME", home)
    monkeypatch.setattr(check, "call", call)
    check.install(LOCK)
    return made

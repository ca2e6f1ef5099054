"""What the kernel tells of who began a process, and what the environment only claims."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from cprsync.cli.terminal.acting import ACTING
from cprsync.cli.terminal.user import account_of, login_account, process_owners, user_name
from cprsync.domain.desk.confirming import SystemUser
from cprsync.errors import ConfigurationError

if TYPE_CHECKING:
    from pathlib import Path

OWN = account_of(os.getuid())


def process(proc: Path, pid: int, *, uid: int, parent: int) -> None:
    folder = proc / str(pid)
    folder.mkdir(parents=True)
    (folder / "status").write_text(f"Name:\tsh\nPPid:\t{parent}\nUid:\t{uid}\t0\t0\t0\n")


@pytest.fixture
def proc(tmp_path: Path) -> Path:
    """This process came from sudo, which came from a shell of 1234's."""
    process(tmp_path, os.getppid(), uid=0, parent=71)
    process(tmp_path, 71, uid=1234, parent=70)
    process(tmp_path, 70, uid=0, parent=0)
    return tmp_path


def test_the_processes_before_this_one_are_followed_to_the_first(proc: Path) -> None:
    names = [account.uid for account in process_owners(proc)]
    assert names == [OWN.uid, 0, 1234, 0]


def test_what_cannot_be_seen_ends_the_list(proc: Path) -> None:
    (proc / "71" / "status").unlink()
    assert [account.uid for account in process_owners(proc)] == [OWN.uid, 0]
    assert process_owners(proc / "none") == [OWN]


@pytest.mark.parametrize(
    ("told", "uid"), [("1234", 1234), ("0\n", 0), ("4294967295", None), ("", None), ("nobody", None)]
)
def test_the_login_is_none_where_nobody_logged_in(tmp_path: Path, told: str, uid: int | None) -> None:
    (tmp_path / "self").mkdir()
    (tmp_path / "self" / "loginuid").write_text(told)
    found = login_account(tmp_path)
    assert (None if found is None else found.uid) == uid


def test_an_account_without_a_name_is_told_by_its_number() -> None:
    assert account_of(987_654_321) == SystemUser(987_654_321, "uid 987654321")


def test_who_the_environment_claims_is_not_believed() -> None:
    before = user_name()
    with pytest.MonkeyPatch.context() as patch:
        for name in ("SUDO_USER", "USER", "LOGNAME"):
            patch.setenv(name, "chefen")
        patch.setenv("SUDO_UID", "1234")
        assert user_name() == before != "chefen"


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "cprsync.toml"
    path.write_text(f'[audit]\nmay_name = ["{OWN.name}"]\n')
    return path


def as_(name: str | None, config: Path) -> str:
    token = ACTING.set((name, config))
    try:
        return user_name()
    finally:
        ACTING.reset(token)


def test_an_account_that_may_names_a_person(config: Path) -> None:
    assert as_("anna", config) == f"anna ({OWN.name})"


def test_an_account_that_may_not_is_refused(config: Path) -> None:
    config.write_text('[audit]\nmay_name = ["another"]\n')
    with pytest.raises(ConfigurationError) as refused:
        as_("anna", config)
    assert refused.value.kind == "as.account"


def test_a_name_that_cannot_be_kept_is_refused(config: Path) -> None:
    with pytest.raises(ConfigurationError):
        as_("an\nna", config)

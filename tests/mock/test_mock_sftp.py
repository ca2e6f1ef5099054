"""The mock's SFTP side, from outside: by OpenSSH's own sftp, and by a client that asks for what it may not."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import asyncssh
import pytest

from cprsync.errors import BadInput
from cprsync.mock import control
from cprsync.mock.server import Ports

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator
    from contextlib import AbstractContextManager

    Start = Callable[..., AbstractContextManager[dict[str, Any]]]
    Work = Callable[[asyncssh.SFTPClient], Awaitable[Any]]

SFTP = shutil.which("sftp")
CEILING_SECONDS = 30
#: Longer than a block, and of no round size.
CONTENT = bytes(range(256)) * 300 + b"end"


@pytest.fixture
def delivered(still: dict[str, Any]) -> Iterator[Path]:
    """A file in IN of the mock that is started once; taken away afterwards."""
    path = Path(still["sftp"]["key"]).parent.parent / "IN" / "D270301.L123456"
    path.write_bytes(CONTENT)
    yield path
    path.unlink(missing_ok=True)


def openssh(
    ready: dict[str, Any], program: str, *last: str, before: tuple[str, ...] = (), commands: str = ""
) -> subprocess.CompletedProcess[str]:
    """Run OpenSSH against the mock with a pinned host key and no configuration of the machine's."""
    sftp = ready["sftp"]
    options = ["-F", "none", "-i", sftp["key"], "-o", f"UserKnownHostsFile={sftp['known_hosts']}"]
    options += ["-o", "StrictHostKeyChecking=yes", "-o", "IdentitiesOnly=yes", "-o", "BatchMode=yes"]
    options += ["-b", "-", "-P"] if program == "sftp" else ["-p"]
    return subprocess.run(
        [program, *options, str(sftp["port"]), *before, f"{sftp['user']}@{sftp['host']}", *last],
        input=commands,
        capture_output=True,
        text=True,
        timeout=CEILING_SECONDS,
        check=False,
    )


def ask(ready: dict[str, Any], work: Work, **changed: Any) -> Any:
    """Do something over a connection of asyncssh's own."""
    sftp = {**ready["sftp"], **changed}

    async def connected() -> Any:
        async with (
            asyncssh.connect(
                sftp["host"],
                sftp["port"],
                username=sftp["user"],
                client_keys=[sftp["key"]],
                known_hosts=sftp["known_hosts"],
                config=None,
                agent_path=None,
            ) as connection,
            connection.start_sftp_client() as client,
        ):
            return await work(client)

    return asyncio.run(connected())


# -- another agreement ---------------------------------------------------------------------------------------


def second_of(ready: dict[str, Any]) -> dict[str, Any]:
    return {"sftp": ready["agreements"][1]["sftp"]}


def test_each_agreement_sees_its_own_deliveries_alone(still: dict[str, Any], delivered: Path) -> None:
    second = second_of(still)
    own = delivered.parent.parent / "710200" / "IN" / "D270301.L123457"
    own.write_bytes(b"its own")
    try:
        assert set(ask(second, lambda client: client.listdir("/"))) == {".", "..", "IN"}
        assert set(ask(second, lambda client: client.listdir("IN"))) == {".", "..", own.name}
        assert delivered.name in ask(still, lambda client: client.listdir("IN"))
        assert own.name not in ask(still, lambda client: client.listdir("IN"))
    finally:
        own.unlink()


@pytest.mark.parametrize("path", ["IN/D270301.L123456", "../IN", "/../IN", "IN/../../IN", "/710200/IN"])
def test_no_path_leads_from_one_box_to_the_other(still: dict[str, Any], delivered: Path, path: str) -> None:
    found: list[str] = []
    with suppress(asyncssh.SFTPNoSuchFile):
        found = ask(second_of(still), lambda client: client.listdir(path))
    assert delivered.name not in found
    with pytest.raises(asyncssh.SFTPNoSuchFile):
        ask(still, lambda client: client.listdir("/710200/IN"))


def test_the_one_agreements_key_is_not_the_others(still: dict[str, Any]) -> None:
    with pytest.raises(asyncssh.PermissionDenied):
        ask(still, lambda client: client.listdir("IN"), user=second_of(still)["sftp"]["user"])
    with pytest.raises(asyncssh.PermissionDenied):
        ask(second_of(still), lambda client: client.listdir("IN"), user=still["sftp"]["user"])


# -- OpenSSH ------------------------------------------------------------------------------------------------


@pytest.mark.skipif(SFTP is None, reason="not run: OpenSSH's sftp is not installed here")
def test_openssh_lists_fetches_and_removes(still: dict[str, Any], delivered: Path, tmp_path: Path) -> None:
    commands = f"pwd\nls -l IN\nget IN/{delivered.name} {tmp_path}/got\nrm IN/{delivered.name}\nls IN\n"
    done = openssh(still, "sftp", commands=commands)
    assert done.returncode == 0, done.stderr
    assert "Remote working directory: /\n" in done.stdout
    assert str(len(CONTENT)) in done.stdout
    assert (tmp_path / "got").read_bytes() == CONTENT
    assert not delivered.exists()


@pytest.mark.skipif(SFTP is None, reason="not run: OpenSSH's sftp is not installed here")
@pytest.mark.parametrize(
    "command", ["put {key} IN/x", "mkdir IN/x", "rename IN/{name} IN/x", "chmod 777 IN/{name}", "ln -s IN/{name} IN/x"]
)
def test_openssh_can_change_nothing_else(still: dict[str, Any], delivered: Path, command: str) -> None:
    command = command.format(key=still["sftp"]["known_hosts"], name=delivered.name)
    before = {path.name: path.stat().st_mode for path in delivered.parent.iterdir()}
    assert openssh(still, "sftp", commands=f"{command}\n").returncode != 0
    assert {path.name: path.stat().st_mode for path in delivered.parent.iterdir()} == before


@pytest.mark.skipif(SFTP is None, reason="not run: OpenSSH's sftp is not installed here")
def test_there_is_no_shell_and_no_forwarding(still: dict[str, Any]) -> None:
    """The control listens on the port asked for; nobody comes to it through here."""
    assert "exec request failed" in openssh(still, "ssh", "ls").stderr
    control_port = still["control_url"].rpartition(":")[2]
    forwarded = openssh(
        still, "ssh", before=("-W", f"127.0.0.1:{control_port}"), commands="POST /clock HTTP/1.0\r\n\r\n"
    )
    assert (forwarded.stdout, "open failed" in forwarded.stderr) == ("", True)


# -- what may be seen and done ------------------------------------------------------------------------------


def test_the_root_holds_the_folder_of_deliveries_and_nothing_of_the_mocks(still: dict[str, Any]) -> None:
    assert set(ask(still, lambda client: client.listdir("/"))) == {".", "..", "IN"}


@pytest.mark.parametrize(
    "path", ["state.json", "/state.json", "IN/../state.json", "../state.json", "certs/client.key", "sftp/client_key"]
)
def test_files_of_the_mock_itself_do_not_exist(still: dict[str, Any], path: str) -> None:
    for work in (lambda client: client.open(path, "rb"), lambda client: client.stat(path)):
        with pytest.raises(asyncssh.SFTPNoSuchFile):
            ask(still, work)


@pytest.mark.parametrize(
    "work",
    [
        lambda client: client.open("IN/x", "wb"),
        lambda client: client.open("IN/D270301.L123456", "r+b"),
        lambda client: client.open("IN/D270301.L123456", "ab"),
        lambda client: client.truncate("IN/D270301.L123456", 1),
        lambda client: client.posix_rename("IN/D270301.L123456", "IN/x"),
        lambda client: client.link("IN/D270301.L123456", "IN/x"),
        lambda client: client.symlink("/etc/hostname", "IN/x"),
        lambda client: client.rmdir("IN"),
    ],
)
def test_writing_is_refused(still: dict[str, Any], delivered: Path, work: Work) -> None:
    before = {path.name for path in delivered.parent.iterdir()}
    with pytest.raises(asyncssh.SFTPError):
        ask(still, work)
    assert {path.name for path in delivered.parent.iterdir()} == before
    assert delivered.read_bytes() == CONTENT


@pytest.mark.parametrize("user", ["root", "", "another"])
def test_only_the_one_user_comes_in(still: dict[str, Any], user: str) -> None:
    with pytest.raises(asyncssh.PermissionDenied):
        ask(still, lambda client: client.listdir("IN"), user=user)


def test_only_the_one_key_comes_in(still: dict[str, Any], tmp_path: Path) -> None:
    asyncssh.generate_private_key("ssh-rsa", key_size=2048).write_private_key(str(tmp_path / "key"))
    with pytest.raises(asyncssh.PermissionDenied):
        ask(still, lambda client: client.listdir("IN"), key=str(tmp_path / "key"))


# -- as a part of the mock ------------------------------------------------------------------------------------


def test_a_night_is_delivered_there_with_its_companion(start: Start) -> None:
    with start() as ready:
        (name,) = control.night(ready)["files"]
        assert {name, f"{name}.metadata"} <= set(ask(ready, lambda client: client.listdir("IN")))


def test_a_restart_keeps_the_keys_and_the_port(start: Start) -> None:
    with start() as first:
        keys = {path: Path(path).read_bytes() for path in (first["sftp"]["key"], first["sftp"]["known_hosts"])}
    with start() as second:
        assert second["sftp"] == first["sftp"]
        assert {path: Path(path).read_bytes() for path in keys} == keys
        assert "IN" in ask(second, lambda client: client.listdir("/"))


def test_another_port_is_pinned_too(start: Start) -> None:
    with start():
        pass
    with start(ports=Ports(None, None, 0, None, None)) as moved:
        assert "IN" in ask(moved, lambda client: client.listdir("/"))


def test_only_the_owner_reads_the_keys(still: dict[str, Any]) -> None:
    key = Path(still["sftp"]["key"])
    assert key.stat().st_mode & 0o777 == 0o600
    assert (key.parent / "host_key").stat().st_mode & 0o777 == 0o600
    assert asyncssh.read_private_key(str(key)).algorithm == b"ssh-rsa"


@pytest.mark.parametrize("kind", ["sftp-cut", "sftp-slow", "sftp-trickle", "sftp-refuse"])
def test_a_fault_happens_as_often_as_asked_and_not_to_soap(start: Start, kind: str) -> None:
    with start() as ready:
        (name,) = control.night(ready)["files"]
        control.fault(ready, kind, times=2, seconds=0.01)

        async def read(client: asyncssh.SFTPClient) -> bytes:
            async with client.open(f"IN/{name}", "rb") as file:
                content: bytes = await file.read(200)
                return content

        for left in (1, 0):
            if kind in {"sftp-slow", "sftp-trickle"}:
                ask(ready, read)
            else:
                with pytest.raises((asyncssh.Error, OSError)):
                    ask(ready, read)
            assert sum(fault["times"] for fault in control.state(ready)["faults"]) == left
        assert ask(ready, read)


def test_a_trickling_delivery_comes_byte_by_byte_and_whole(start: Start) -> None:
    with start() as ready:
        (name,) = control.night(ready)["files"]
        whole = (Path(ready["sftp"]["key"]).parents[1] / "IN" / name).read_bytes()
        control.fault(ready, "sftp-trickle", seconds=0.0)

        async def read(client: asyncssh.SFTPClient) -> list[bytes]:
            async with client.open(f"IN/{name}", "rb", block_size=0) as file:
                return [await file.read(100, at) for at in range(3)]

        assert ask(ready, read) == [whole[at : at + 1] for at in range(3)]


def test_an_unknown_fault_is_refused_with_the_names_there_are(still: dict[str, Any]) -> None:
    with pytest.raises(BadInput, match="sftp-cut"):
        control.fault(still, "sftp-explode")

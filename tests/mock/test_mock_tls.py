"""A connection to the mock's register goes wrong at the certificate on command, as often as asked."""

from __future__ import annotations

import ssl
import subprocess
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
from mock_wire import client_context, lookup_envelope, post
from town import number

from cprsync.mock import control
from cprsync.mock.town.faults import TLS_KINDS

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

ANNA = number("ANNA")
#: What OpenSSL says of the certificate: the number that it gives to the mistake.
MISTAKES = {"tls-expired": 10, "tls-other-ca": 20, "tls-other-host": 62}


@pytest.mark.parametrize("kind", TLS_KINDS)
def test_the_next_connection_goes_wrong_nothing_is_taken_on_it_and_the_one_after_is_answered(
    ready: dict[str, Any], kind: str
) -> None:
    before = control.state(ready)
    control.fault(ready, kind)
    with pytest.raises((ssl.SSLError, ConnectionError)) as failed:
        post(ready["lookup_url"], lookup_envelope(ANNA), client_context(ready))
    assert getattr(failed.value, "verify_code", None) == MISTAKES.get(kind)
    assert control.state(ready) == before
    assert post(ready["lookup_url"], lookup_envelope(ANNA), client_context(ready)).status == 200


def test_openssl_is_shown_a_certificate_that_has_ended_too(ready: dict[str, Any]) -> None:
    where = f"localhost:{urlsplit(ready['lookup_url']).port}"
    asked = ["openssl", "s_client", "-connect", where, "-CAfile", ready["ca"], "-verify_return_error"]
    asked += ["-cert", ready["client_cert"], "-key", ready["client_key"]]
    told = []
    control.fault(ready, "tls-expired")
    for _ in range(2):
        shown = subprocess.run(asked, input="", capture_output=True, text=True, check=False, timeout=60)
        told.append("certificate has expired" in shown.stderr)
    assert told == [True, False]


@pytest.mark.parametrize("kind", ["tls-refuse", "sftp-refuse"])
def test_a_fault_that_is_used_up_is_so_after_a_restart_too(
    start: Callable[..., AbstractContextManager[dict[str, Any]]], kind: str
) -> None:
    with start() as ready:
        control.fault(ready, kind)
        meet(ready, kind)
        assert control.state(ready)["faults"] == []
    with start() as ready:
        assert control.state(ready)["faults"] == []


def meet(ready: dict[str, Any], kind: str) -> None:
    """Begin a connection of the kind that a fault concerns."""
    if kind == "tls-refuse":
        with pytest.raises((ssl.SSLError, ConnectionError)):
            post(ready["lookup_url"], lookup_envelope(ANNA), client_context(ready))
        return
    box = ready["sftp"]
    command = ["sftp", "-b", "-", "-P", str(box["port"]), "-i", box["key"], "-o", "BatchMode=yes"]
    command += ["-o", f"UserKnownHostsFile={box['known_hosts']}", f"{box['user']}@{box['host']}"]
    assert subprocess.run(command, input="ls", capture_output=True, text=True, check=False, timeout=60).returncode != 0

"""A connection that is lost in the middle of TLS is told as closed, in whichever way OpenSSL says so."""

from __future__ import annotations

import ssl

import pytest

from cprsync.wire.errors import ClosedUnanswered, Unanswered
from cprsync.wire.tls import connection_error


def lost(number: int, library: str | None) -> ssl.SSLError:
    error = ssl.SSLError(number, "unknown error")
    # as OpenSSL leaves them
    error.library, error.reason = library, None  # type: ignore[assignment]  # typed as texts
    return error


@pytest.mark.parametrize("error", [lost(ssl.SSL_ERROR_SYSCALL, None), lost(ssl.SSL_ERROR_SSL, "SYS")])
def test_a_reset_before_an_answer_may_mean_that_our_certificate_is_not_known(error: ssl.SSLError) -> None:
    told = connection_error(error, host="localhost:1", answered=False)
    assert isinstance(told, ClosedUnanswered)
    assert "closed the connection" in told.message


def test_another_failure_of_tls_is_no_closed_connection() -> None:
    told = connection_error(lost(ssl.SSL_ERROR_SSL, "SSL"), host="localhost:1", answered=False)
    assert (type(told), told.kind) == (Unanswered, "unreachable")

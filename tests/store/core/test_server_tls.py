"""Which lines to a PostgreSQL server are taken: on this machine any, and elsewhere only a checked one."""

from __future__ import annotations

import pytest

from cprsync.errors import ConfigurationError
from cprsync.store.core.engine import open_engine

FAR = "postgresql+psycopg://cprsync@db.example.dk/cprsync"


@pytest.fixture(autouse=True)
def _no_server_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PGHOST", "PGHOSTADDR", "PGSERVICE"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://cprsync@/cprsync",
        "postgresql://cprsync@localhost/cprsync",
        "postgresql://cprsync@127.0.0.1:5433/cprsync",
        "postgresql://cprsync@[::1]/cprsync",
        "postgresql://cprsync@/cprsync?host=/run/postgresql",
        "postgresql://cprsync@/cprsync?host=@socket",
        f"{FAR}?sslmode=verify-full",
        f"{FAR}?sslmode=verify-full&sslrootcert=/etc/ca.pem",
    ],
)
def test_a_line_on_this_machine_and_a_checked_line_elsewhere_are_taken(url: str) -> None:
    open_engine(url).dispose()


@pytest.mark.parametrize(
    "url",
    [
        FAR,
        f"{FAR}?sslmode=require",
        f"{FAR}?sslmode=verify-ca",
        "postgresql://cprsync@/cprsync?host=db.example.dk",
        "postgresql://cprsync@/cprsync?host=localhost,db.example.dk",
        "postgresql://cprsync@/cprsync?host=localhost:5432&host=db.example.dk:5432",
        "postgresql://cprsync@localhost/cprsync?hostaddr=192.0.2.1",
    ],
)
def test_a_line_elsewhere_that_is_not_checked_is_refused(url: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        open_engine(url)
    assert refused.value.kind == "store.line"


def test_a_server_that_the_environment_names_counts_as_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGHOST", "db.example.dk")
    with pytest.raises(ConfigurationError) as refused:
        open_engine("postgresql://cprsync@/cprsync")
    assert refused.value.kind == "store.line"


def test_a_server_that_a_service_file_names_is_refused() -> None:
    with pytest.raises(ConfigurationError) as refused:
        open_engine("postgresql://cprsync@/cprsync?service=library")
    assert refused.value.kind == "store.url"

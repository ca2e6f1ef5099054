"""A PostgreSQL server that answers and lets nobody in is not one that does not answer."""

from __future__ import annotations

import pytest
from psycopg import OperationalError as Refused
from sqlalchemy.engine import make_url
from sqlalchemy.exc import OperationalError

from cprsync.errors import CprsyncError
from cprsync.language.errors import EXITS
from cprsync.store.core.drivers import translated
from cprsync.store.core.engine import open_engine, reading


def told_of(url: str) -> CprsyncError:
    engine = open_engine(url)
    try:
        with pytest.raises(CprsyncError) as refused, reading(engine):
            pass
    finally:
        engine.dispose()
    return refused.value


def test_a_server_says_which_database_and_which_role_it_does_not_know(postgresql: str) -> None:
    url = make_url(postgresql)
    nowhere = told_of(url.set(database="not_here").render_as_string(hide_password=False))
    nobody = told_of(url.set(username="nobody_here").render_as_string(hide_password=False))
    assert (nowhere.kind, nobody.kind) == ("store.database", "store.login")
    assert "here" not in nowhere.message
    # there are three roles, and one of them has to be mended
    assert nobody.message.startswith("the role nobody_here cannot log in: ")
    assert (EXITS["store.database"], EXITS["store.login"]) == (2, 2)


def test_no_server_at_all_does_not_answer() -> None:
    assert told_of("postgresql://somebody@127.0.0.1:1/store").kind == "store.unavailable"


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ('connection failed: FATAL:  password authentication failed for user "secret"', "store.login"),
        ("connection failed: fe_sendauth: no password supplied", "store.login"),
        ('connection failed: FATAL:  no pg_hba.conf entry for host "secret"', "store.login"),
        ('connection failed: FATAL:  Peer authentication failed for user "secret"', "store.login"),
        ("connection failed: FATAL:  the database system is starting up", "store.unavailable"),
        ('connection failed: FATAL:  could not write to file "secret": No space left on device', "store.no_room"),
    ],
)
def test_each_way_to_refuse_a_log_in_is_told_without_its_words(words: str, kind: str) -> None:
    with pytest.raises(CprsyncError) as refused, translated():
        raise OperationalError(None, None, Refused(words))
    assert refused.value.kind == kind
    assert "secret" not in refused.value.message

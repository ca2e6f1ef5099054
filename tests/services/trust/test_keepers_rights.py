"""On PostgreSQL the program and the keeper can do all of their work with their own rights, and the keeper no more."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
import said_yes
from begun import begin
from doubles import MONDAY, TUESDAY, Library
from sqlalchemy import text
from townspeople import dies, moves, person

from cprsync.errors import CprsyncError
from cprsync.services.leaving.departing import LeavingDesk, forget_all
from cprsync.store.core import database_roles
from cprsync.store.core.engine import open_engine, writing

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from beginnings import Beginnings
    from sqlalchemy import Engine

APP, KEEPER = "rights_app", "rights_keeper"


@pytest.fixture
def roles(beginnings: Beginnings, tmp_path: Path) -> Iterator[tuple[Library, Engine, Engine]]:
    """A library whose store works with the two roles."""
    with beginnings.copied(tmp_path / "library", begin, on="postgresql") as library:
        database_roles.grant_rights(library.engine, app=APP, keeper=KEEPER)
        tenant, url = library.store._tenant, library.engine.url
        app, keeper = (
            open_engine(url.set(username=one).render_as_string(hide_password=False)) for one in (APP, KEEPER)
        )
        library.store._bind(replace(tenant, engine=app), keeping=replace(tenant, engine=keeper))
        yield library, app, keeper
        library.store._bind(tenant)
        app.dispose()
        keeper.dispose()
        with writing(library.engine) as connection:
            for one in (APP, KEEPER):
                connection.exec_driver_sql(f"DROP OWNED BY {one}")
                connection.exec_driver_sql(f"DROP ROLE {one}")


def test_nights_erasures_retention_and_an_acceptance_need_no_other_right(
    roles: tuple[Library, Engine, Engine],
) -> None:
    library, _, _ = roles
    library.deliver(MONDAY, moves(person("ANNA")), dies(person("CLARA")))
    assert library.one_night().exit_code in {0, 3}
    said_yes.erase(LeavingDesk(library.ports(), "anna"), library.id_of("BO"))
    library.deliver(TUESDAY)
    library.one_night()
    library.clock.moment += timedelta(days=3000)
    forget_all(library.store, None, library.policy, on=library.clock.now().date())
    assert library.store.retention.forgettable(library.policy, on=library.clock.now().date()) == {}
    forged = (
        "DELETE FROM audit WHERE stream = 'retention'",
        "INSERT INTO plan_yes (agency, run_id, ordinal, who, at) SELECT agency, id, 1, 'bo', 'x' FROM run WHERE id = 1",
        "INSERT INTO desk_outcome (agency, seq, outcome, at, who) SELECT agency, 1, 'signed', 'x', 'bo' FROM library",
        "UPDATE run SET approved_run = 1",
        "UPDATE inbox SET accepted_reason = 'x'",
    )
    with writing(library.engine) as connection:
        for one in forged:
            connection.execute(text(one))
    assert library.store.audit.check().problems
    library.store.audit.accept(user="anna", reason="we know who did it")
    assert library.store.audit.check().problems == ()


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO plan_yes (agency, run_id, ordinal, who, at) VALUES ('775100', 1, 1, 'bo', 'now')",
        "UPDATE plan_yes SET who = 'bo'",
        "INSERT INTO run SELECT * FROM run",
        "INSERT INTO desk_outcome (agency, seq, outcome, at, who) VALUES ('775100', 1, 'signed', 'now', 'bo')",
        "UPDATE desk_attempt SET who = 'bo'",
        "INSERT INTO override SELECT * FROM override",
        "DELETE FROM watched_number",
        "UPDATE audit SET at = at",
        "DELETE FROM run",
        "DELETE FROM library",
    ],
)
def test_the_keeper_adds_nothing_that_opens_lifts_or_exempts(
    roles: tuple[Library, Engine, Engine], statement: str
) -> None:
    library, _, keeper = roles
    before = library.everything()
    with pytest.raises(CprsyncError) as refused, writing(keeper) as connection:
        connection.execute(text(statement))
    assert refused.value.kind == "store.rights"
    assert library.everything() == before


@pytest.mark.parametrize("statement", ["UPDATE plan_yes SET who = 'bo'", "DELETE FROM plan_yes"])
def test_the_program_changes_no_yes(roles: tuple[Library, Engine, Engine], statement: str) -> None:
    _, app, _ = roles
    with pytest.raises(CprsyncError) as refused, writing(app) as connection:
        connection.execute(text(statement))
    assert refused.value.kind == "store.rights"

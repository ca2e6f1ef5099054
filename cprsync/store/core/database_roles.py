"""Who may do what in a PostgreSQL database (decision 22): the owner, the program, and the keeper of the audit.

The owner makes and changes tables. The program reads and writes rows, and can only add to the audit, and to the yeses
to a plan. The keeper erases, and deletes what has passed its retention period, also from the audit. It cannot add to
what opens, lifts or exempts: no yes, no attempt or signature, no correction, no run. SQLite has no roles: there a
change is found, not prevented.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from sqlalchemy import text
from sqlalchemy.engine import make_url

from cprsync.errors import ConfigurationError, StoreMismatch
from cprsync.store.core.engine import open_engine, reading, writing
from cprsync.store.tables import metadata

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sqlalchemy import Connection, Engine

#: What a role may do with a table at all.
_EVERYTHING: Final = ("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER")
_READ: Final = frozenset({"SELECT"})
_ADD: Final = frozenset({"SELECT", "INSERT"})
_CHANGE: Final = frozenset({"SELECT", "UPDATE"})
_REMOVE: Final = frozenset({"SELECT", "DELETE"})
_MOVE: Final = frozenset({"SELECT", "INSERT", "UPDATE"})
_WRITE: Final = frozenset({"SELECT", "INSERT", "UPDATE", "DELETE"})
#: The version of the tables, which only a migration writes.
_VERSION: Final = "alembic_version"
#: What the program may do with each table; with all others it may read and write rows.
_APP: Final = {
    _VERSION: _READ,
    "issued_id": _ADD,
    "plan_yes": _ADD,
    "audit": _ADD,
    "audit_reason": _ADD,
    "audit_head": _MOVE,
}
#: What the keeper may do with each table; with all others it may read and write rows.
_KEEPER: Final = {
    _VERSION: _READ,
    "issued_id": _READ,
    "alarm": _READ,
    "alarm_message": _READ,
    "audit": _ADD | {"DELETE"},
    "audit_reason": _WRITE,
    "audit_head": _WRITE,
    # it may change what is there: an undone merge, or a row that has no entry when somebody accepts the audit
    **dict.fromkeys(("override", "inbox"), _WRITE - {"INSERT"}),
    **dict.fromkeys(("library", "agreement", "run"), _CHANGE),
    # what is over is deleted
    **dict.fromkeys(("plan_yes", "plan_row", "desk_attempt", "desk_outcome", "staff_patron", "inbox_chunk"), _REMOVE),
    "watched_number": _READ,
}


def grant_rights(engine: Engine, *, app: str, keeper: str) -> None:
    """Give the two roles exactly what they need, and everyone else nothing. Makes a role that does not exist.

    A new role can log in and has no password: how it proves itself is the server's setting.

    Args:
        engine: the owner's.
        app: the program's role.
        keeper: the role that deletes from the audit.

    Raises:
        ConfigurationError: a role is missing and the owner may not make it, or a role may do all that the owner may.
    """
    if app == keeper:
        raise ConfigurationError(
            "url and keeper_url name the same role {role}: each needs its own", role=app, kind="store.url"
        )
    with writing(engine) as connection:
        for role in (app, keeper):
            _make_role(connection, role)
            _refuse_owner(connection, role)
        _close_to_everyone(connection, (app, keeper))
        for role, rights in ((app, _APP), (keeper, _KEEPER)):
            _grant(connection, role, rights)


def find_wrong_grants(engine: Engine, *, keeper: bool = False) -> list[str]:
    """Name what the role of an engine may do and should not, or should and may not, such as `+ audit DELETE`.

    Empty for SQLite.
    """
    if engine.dialect.name != "postgresql":
        return []
    wanted = _KEEPER if keeper else _APP
    asked = text("SELECT has_table_privilege(current_user, :table, :right)")
    wrong = []
    with reading(engine) as connection:
        for table in _tables():
            for right in _EVERYTHING:
                may = bool(connection.scalar(asked, {"table": table, "right": right}))
                if may is not (right in wanted.get(table, _WRITE)):
                    wrong.append(f"{'+' if may else '-'} {table} {right}")
    return wrong


def try_log_ins(owner: str, *others: str) -> None:
    """Log in as each role, and write nothing. SQLite has no roles.

    Args:
        owner: the owner's url.
        others: the urls of the other roles, which have to be there already: a role that `grant_rights` makes has no
            password.

    Raises:
        StoreMismatch: the server lets a role not in, or has no role of that name. The message names the role.
    """
    if make_url(owner).get_backend_name() != "postgresql":
        return
    with _log_in(owner) as connection:
        there = set(connection.scalars(text("SELECT rolname FROM pg_roles")))
    for url in others:
        role = make_url(url).username
        if role and role not in there:
            raise StoreMismatch("the server has no role {role}", role=role, kind="store.role.missing")
        with _log_in(url):
            pass


@contextmanager
def _log_in(url: str) -> Iterator[Connection]:
    engine = open_engine(url)
    try:
        with reading(engine) as connection:
            yield connection
    finally:
        engine.dispose()


def role_of(url: str) -> str:
    """The role with which a url logs in. Raises ConfigurationError if it is not PostgreSQL's, or names none."""
    parsed = make_url(url)
    if parsed.get_backend_name() != "postgresql" or not parsed.username:
        raise ConfigurationError(
            "owner_url and keeper_url are for PostgreSQL, and each url names a role", kind="store.url"
        )
    return parsed.username


def _tables() -> list[str]:
    return [_VERSION, *(table.name for table in metadata.sorted_tables)]


def _make_role(connection: Connection, role: str) -> None:
    if connection.scalar(text("SELECT 1 FROM pg_roles WHERE rolname = :role"), {"role": role}):
        return
    may = "SELECT rolsuper OR rolcreaterole FROM pg_roles WHERE rolname = current_user"
    if not connection.scalar(text(may)):
        raise ConfigurationError(
            "the database has no role {role}, and the owner may not make one", role=role, kind="store.role"
        )
    connection.exec_driver_sql(f"CREATE ROLE {_quoted(connection, role)} LOGIN")


def _refuse_owner(connection: Connection, role: str) -> None:
    """A role that is the owner, or belongs to them, could take every right back."""
    asked = text(
        "SELECT rolsuper OR rolbypassrls OR rolcreaterole OR pg_has_role(rolname, current_user, 'MEMBER')"
        " FROM pg_roles WHERE rolname = :role"
    )
    if connection.scalar(asked, {"role": role}):
        raise ConfigurationError(
            "the role {role} may do all that the owner of the tables may", role=role, kind="store.role"
        )


def _close_to_everyone(connection: Connection, roles: tuple[str, ...]) -> None:
    """Take from everyone else what a new database gives them, as far as the owner owns it."""
    named = ", ".join(_quoted(connection, role) for role in roles)
    schema = _quoted(connection, connection.scalar(text("SELECT current_schema()")) or "public")
    is_ours = "SELECT pg_has_role(current_user, datdba, 'MEMBER') FROM pg_database WHERE datname = current_database()"
    if connection.scalar(text(is_ours)):
        database = _quoted(connection, str(connection.scalar(text("SELECT current_database()"))))
        connection.exec_driver_sql(f"REVOKE ALL ON DATABASE {database} FROM PUBLIC, {named}")
        connection.exec_driver_sql(f"GRANT CONNECT ON DATABASE {database} TO {named}")
        connection.exec_driver_sql(f"REVOKE ALL ON SCHEMA {schema} FROM PUBLIC, {named}")
        connection.exec_driver_sql(f"GRANT USAGE ON SCHEMA {schema} TO {named}")
    every = ", ".join(_quoted(connection, table) for table in _tables())
    connection.exec_driver_sql(f"REVOKE ALL ON {every} FROM PUBLIC, {named}")


def _grant(connection: Connection, role: str, rights: Mapping[str, frozenset[str]]) -> None:
    for table in _tables():
        granted = ", ".join(sorted(rights.get(table, _WRITE)))
        connection.exec_driver_sql(f"GRANT {granted} ON {_quoted(connection, table)} TO {_quoted(connection, role)}")


def _quoted(connection: Connection, name: str) -> str:
    return connection.dialect.identifier_preparer.quote_identifier(name)

"""Targets: what other systems may hear of each patron, and what marks a patron of whom something was written.

Triggers mark the patrons, so that no writer can forget to. A later migration that makes one of these tables anew must
make its triggers anew too: a test compares them with `MARKED`.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

#: Tables whose rows change what other systems hear: the columns that name the patrons, and, for an update, the columns
#: that count; without them, all of them count.
MARKED: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "patron": (
        ("id",),
        (
            *("version", "local_version", "patron_group", "status_class", "standing", "kind", "overrides"),
            *("unverified_since", "protection_silent", "as_of_day"),
        ),
    ),
    "entitlement": (("patron_id",), ()),
    "responsible": (("patron_id", "responsible_id"), ()),
    "review_item": (("patron_id",), ("state",)),
    "follow_up": (("patron_id",), ()),
}
_EVENTS = ("INSERT", "UPDATE", "DELETE")


def _event(event: str, columns: tuple[str, ...]) -> str:
    return f"{event} OF {', '.join(columns)}" if event == "UPDATE" and columns else event


def _mark_on_sqlite(table: str, event: str) -> str:
    patrons, columns = MARKED[table]
    row = "OLD" if event == "DELETE" else "NEW"
    # not OR IGNORE: the statement that fires a trigger decides about conflicts in it
    marks = " ".join(
        f"INSERT INTO change_mark (agency, patron_id) SELECT {row}.agency, {row}.{patron} WHERE NOT EXISTS"  # noqa: S608 -- names from the table above
        f" (SELECT 1 FROM change_mark WHERE agency = {row}.agency AND patron_id = {row}.{patron});"
        for patron in patrons
    )
    return (
        f"CREATE TRIGGER mark_{table}_{event.lower()} AFTER {_event(event, columns)} ON {table}"  # noqa: S608 -- names from the table above
        f" WHEN EXISTS (SELECT 1 FROM target WHERE target.agency = {row}.agency) BEGIN {marks} END"
    )


def _mark_on_postgresql(table: str) -> list[str]:
    patrons, columns = MARKED[table]
    marks = " ".join(
        "INSERT INTO change_mark (agency, patron_id)"  # noqa: S608 -- names from the table above
        f" VALUES (changed.agency, changed.{patron}) ON CONFLICT DO NOTHING;"
        for patron in patrons
    )
    function = (
        f"CREATE FUNCTION mark_{table}() RETURNS trigger LANGUAGE plpgsql AS $$"  # noqa: S608 -- names from the table above
        f" DECLARE changed {table}%ROWTYPE; BEGIN"
        " IF TG_OP = 'DELETE' THEN changed := OLD; ELSE changed := NEW; END IF;"
        f" IF EXISTS (SELECT 1 FROM target WHERE target.agency = changed.agency) THEN {marks} END IF;"
        " RETURN NULL; END $$"
    )
    return [
        function,
        *(
            f"CREATE TRIGGER mark_{table}_{event.lower()} AFTER {_event(event, columns)} ON {table}"
            f" FOR EACH ROW EXECUTE FUNCTION mark_{table}()"
            for event in _EVENTS
        ),
    ]


def upgrade() -> None:
    """Add the tables, let a row of the outbox have no payload of its own, and make the triggers."""
    _create(
        "target",
        sa.Column("name", sa.String(length=32), autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("stamp", sa.String(length=64), nullable=False),
        sa.Column("since", sa.String(length=27), nullable=False),
        sa.Column("loaded", sa.CHAR(length=8), nullable=True),
        sa.Column("stopped", sa.String(length=27), nullable=True),
        sa.Column("stopped_why", sa.String(length=32), nullable=True),
        key=("name",),
    )
    _create(
        "change",
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("patron_id", sa.CHAR(length=8), nullable=False),
        sa.Column("at", sa.String(length=27), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=True),
        sa.Column("key", sa.String(length=8), nullable=True),
        key=("seq",),
    )
    op.create_index("ix_change_patron_id", "change", ["agency", "patron_id", "seq"])
    _create(
        "change_mark",
        sa.Column("patron_id", sa.CHAR(length=8), autoincrement=False, nullable=False),
        key=("patron_id",),
        of_library=False,
    )
    _create(
        "change_epoch",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("word", sa.String(length=32), nullable=False),
        sa.Column("begins", sa.BigInteger(), nullable=False),
        sa.Column("last", sa.BigInteger(), nullable=False),
        sa.Column("forgotten", sa.BigInteger(), nullable=False, server_default="0"),
        key=("number",),
    )
    _create(
        "target_patron",
        sa.Column("target", sa.String(length=32), autoincrement=False, nullable=False),
        sa.Column("patron_id", sa.CHAR(length=8), autoincrement=False, nullable=False),
        sa.Column("told", sa.BigInteger(), nullable=False),
        sa.Column("remote", sa.String(length=64), nullable=True),
        key=("target", "patron_id"),
    )
    with op.batch_alter_table("outbox") as outbox:
        outbox.alter_column("payload", existing_type=sa.LargeBinary(), nullable=True)
        outbox.alter_column("key", existing_type=sa.String(length=8), nullable=True)
        outbox.alter_column("version", existing_type=sa.Integer(), type_=sa.BigInteger(), existing_nullable=False)
        outbox.add_column(sa.Column("urgent", sa.Boolean(), nullable=False, server_default="0"))
    on_sqlite = op.get_bind().dialect.name == "sqlite"
    for table in MARKED:
        made = [_mark_on_sqlite(table, event) for event in _EVENTS] if on_sqlite else _mark_on_postgresql(table)
        for statement in made:
            op.execute(statement)


def _create(name: str, *columns: sa.Column[object], key: tuple[str, ...], of_library: bool = True) -> None:
    library = sa.ForeignKeyConstraint(["agency"], ["library.agency"], name=f"fk_{name}_library")
    primary = sa.PrimaryKeyConstraint("agency", *key, name=f"pk_{name}")
    agency = sa.Column("agency", sa.String(length=16), autoincrement=False, nullable=False)
    op.create_table(name, agency, *columns, primary, *([library] if of_library else []))

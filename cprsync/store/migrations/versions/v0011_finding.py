"""Finding by telephone, and by name with birth date: keyed indexes, and from which versions they were made."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_IS_NEWER = sa.text("(found_register <> version OR found_local <> local_version)")


def upgrade() -> None:
    """Add the table and the columns. The next night makes the keys of patrons who are there already."""
    op.create_table(
        "finding_key",
        sa.Column("agency", sa.String(length=16), autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(length=32), autoincrement=False, nullable=False),
        sa.Column("key_index", sa.LargeBinary(), autoincrement=False, nullable=False),
        sa.Column("patron_id", sa.CHAR(length=8), autoincrement=False, nullable=False),
        sa.Column("key_id", sa.String(length=8), nullable=False),
        sa.ForeignKeyConstraint(["agency", "patron_id"], ["patron.agency", "patron.id"], name="fk_finding_key_patron"),
        sa.PrimaryKeyConstraint("agency", "kind", "key_index", "patron_id", name="pk_finding_key"),
    )
    op.create_index("ix_finding_key_patron_id", "finding_key", ["agency", "patron_id"], unique=False)
    for name in ("found_register", "found_local"):
        op.add_column("patron", sa.Column(name, sa.Integer(), nullable=False, server_default="0"))
    op.create_index(
        "ix_patron_found",
        "patron",
        ["agency", "id"],
        unique=False,
        sqlite_where=_IS_NEWER,
        postgresql_where=_IS_NEWER,
    )

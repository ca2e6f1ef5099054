"""A migration that only the tests have: a table, a column, an index of some rows, and rows that are written anew."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "9001"
#: the program's newest
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Give each patron a shelf."""
    op.create_table(
        "shelf",
        sa.Column("agency", sa.String(16), nullable=False),
        sa.Column("patron_id", sa.CHAR(8), nullable=False),
        sa.PrimaryKeyConstraint("agency", "patron_id", name="pk_shelf"),
    )
    op.execute("INSERT INTO shelf (agency, patron_id) SELECT agency, id FROM patron")
    op.add_column("patron", sa.Column("shelved", sa.Integer(), server_default="0", nullable=False))
    op.execute("UPDATE patron SET shelved = version + 1")
    some = sa.text("shelved > 1")
    op.create_index("ix_patron_shelved", "patron", ["agency"], sqlite_where=some, postgresql_where=some)

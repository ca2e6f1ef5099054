"""Patrons who were registered while the register did not answer: what they said of themselves, sealed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table. Nobody was registered so before."""
    op.create_table(
        "provisional",
        sa.Column("agency", sa.String(length=16), autoincrement=False, nullable=False),
        sa.Column("patron_id", sa.CHAR(length=8), autoincrement=False, nullable=False),
        sa.Column("since", sa.String(length=27), nullable=False),
        sa.Column("differs", sa.Boolean(), nullable=False),
        sa.Column("said", sa.LargeBinary(), nullable=False),
        sa.Column("key", sa.String(length=8), nullable=False),
        sa.ForeignKeyConstraint(["agency", "patron_id"], ["patron.agency", "patron.id"], name="fk_provisional_patron"),
        sa.PrimaryKeyConstraint("agency", "patron_id", name="pk_provisional"),
    )

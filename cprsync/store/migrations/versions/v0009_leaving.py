"""Blocks of patrons who left: kept by a keyed hash of the number."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table. It is empty for patrons who left before."""
    op.create_table(
        "kept_block",
        sa.Column("agency", sa.String(length=16), autoincrement=False, nullable=False),
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("patron_id", sa.CHAR(length=8), nullable=False),
        sa.Column("number_index", sa.LargeBinary(), nullable=False),
        sa.Column("number_key", sa.String(length=8), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("reason", sa.LargeBinary(), nullable=False),
        sa.Column("key", sa.String(length=8), nullable=False),
        sa.Column("kept", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("agency", "id", name="pk_kept_block"),
    )
    op.create_index("ix_kept_block_number_index", "kept_block", ["agency", "number_index"], unique=False)
    op.create_index("ix_kept_block_patron_id", "kept_block", ["agency", "patron_id"], unique=False)
    op.create_index("ix_kept_block_kept", "kept_block", ["agency", "kept"], unique=False)

"""Upkeep: what was done to keep the installation itself safe, and how it ended."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table."""
    op.create_table(
        "upkeep",
        sa.Column("agency", sa.String(length=16), autoincrement=False, nullable=False),
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("task", sa.String(length=32), nullable=False),
        sa.Column("at", sa.String(length=27), nullable=False),
        sa.Column("outcome", sa.String(length=32), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["agency"], ["library.agency"], name="fk_upkeep_library"),
        sa.PrimaryKeyConstraint("agency", "id", name="pk_upkeep"),
    )
    op.create_index("ix_upkeep_task", "upkeep", ["agency", "task", "id"])

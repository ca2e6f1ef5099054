"""Whose record is a member of staff's own, as their identity provider said when they signed in."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table. It fills as people sign in."""
    op.create_table(
        "staff_patron",
        sa.Column("agency", sa.String(length=16), autoincrement=False, nullable=False),
        sa.Column("who", sa.String(length=80), autoincrement=False, nullable=False),
        sa.Column("at", sa.String(length=27), nullable=False),
        sa.Column("patron_id", sa.CHAR(length=8), nullable=True),
        sa.Column("number_index", sa.LargeBinary(), nullable=True),
        sa.Column("number_key", sa.String(length=8), nullable=True),
        sa.PrimaryKeyConstraint("agency", "who", name="pk_staff_patron"),
    )

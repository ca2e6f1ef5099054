"""Protections whose end is in doubt: on how many nights the register has answered so."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns. Earlier answers were not counted."""
    op.add_column("follow_up", sa.Column("doubted", sa.Integer(), nullable=True))
    op.add_column("follow_up", sa.Column("doubted_on", sa.Date(), nullable=True))

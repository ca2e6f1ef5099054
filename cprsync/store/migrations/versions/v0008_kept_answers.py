"""Answers of the register that a night has not decided on yet: kept with their question until the night ends."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns. The next night asks again what an older program had not decided."""
    op.add_column("follow_up", sa.Column("answer", sa.LargeBinary(), nullable=True))
    op.add_column("follow_up", sa.Column("answer_key", sa.String(length=8), nullable=True))
    op.add_column("follow_up", sa.Column("answer_day", sa.Date(), nullable=True))
    op.add_column("follow_up", sa.Column("answer_run", sa.Integer(), nullable=True))

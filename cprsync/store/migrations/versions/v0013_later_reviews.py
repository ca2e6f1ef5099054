"""Reviews that are put off: the day on which one waits again, and who put it off."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns. No earlier item was put off."""
    op.add_column("review_item", sa.Column("later", sa.Date(), nullable=True))
    op.add_column("review_item", sa.Column("later_by", sa.String(length=64), nullable=True))

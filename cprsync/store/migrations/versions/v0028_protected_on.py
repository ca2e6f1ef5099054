"""Keep the day of the last delivery that told of a patron's protection, also in a record that had to wait."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column. What was told before keeps no day of its own."""
    op.add_column("patron", sa.Column("protected_on", sa.Date(), nullable=True))

"""Note of which environment a library's records are: test or production."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add a column. The next program that opens the store fills it from its settings."""
    op.add_column("library", sa.Column("environment", sa.String(length=32), nullable=True))

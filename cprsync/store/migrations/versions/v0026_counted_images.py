"""Note whether the sum over the records has the before-images too."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add a column. The next program that opens the store adds the before-images to the sum."""
    op.add_column("library", sa.Column("records_images", sa.Boolean(), server_default="0", nullable=False))

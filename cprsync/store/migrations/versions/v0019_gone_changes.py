"""Find the changes by which patrons went without reading all others."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the index."""
    gone = sa.text("payload IS NULL")
    op.create_index("ix_change_gone", "change", ["agency", "seq"], sqlite_where=gone, postgresql_where=gone)

"""Find the few patrons of whose protection a delivery has told: each night compares their days with the audit."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Index them."""
    told = sa.text("protected_on IS NOT NULL")
    op.create_index("ix_patron_protected_on", "patron", ["agency"], sqlite_where=told, postgresql_where=told)

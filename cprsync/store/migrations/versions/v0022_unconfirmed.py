"""Find the subscriptions that the register has not confirmed without reading all others."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the index."""
    unheard = sa.text("confirmed_at IS NULL")
    columns = ["agency", "agreement", "number_index"]
    name = "ix_subscription_unconfirmed"
    op.create_index(name, "subscription", columns, sqlite_where=unheard, postgresql_where=unheard)

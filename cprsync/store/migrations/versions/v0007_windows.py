"""Windows: since when, and why, the feed could not have told of a patron's number."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns. An older program opened no windows, so nobody is in one. An operator may open them."""
    op.add_column("patron", sa.Column("unverified_since", sa.Date(), nullable=True))
    op.add_column("patron", sa.Column("unverified_why", sa.String(length=32), nullable=True))
    op.add_column("patron", sa.Column("unverified_until", sa.Date(), nullable=True))
    op.add_column("patron", sa.Column("unverified_asked", sa.Date(), nullable=True))
    op.add_column("agreement", sa.Column("heal_day", sa.Date(), nullable=True))
    op.add_column("agreement", sa.Column("heal_asked", sa.Integer(), nullable=True))
    op.add_column("agreement", sa.Column("heal_harms", sa.Text(), nullable=True))
    which = sa.text("unverified_since IS NOT NULL")
    op.create_index(
        "ix_patron_unverified", "patron", ["agency"], unique=False, sqlite_where=which, postgresql_where=which
    )

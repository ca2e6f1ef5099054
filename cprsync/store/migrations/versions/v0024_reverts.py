"""Undo a run: which run undoes which, who is held until a person lets them go, and what a before-image lacks."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add columns. The images that are there are not whole: they lack the day and the stop of letters."""
    op.add_column("run", sa.Column("reverts", sa.Integer(), nullable=True))
    op.add_column("patron", sa.Column("held_by", sa.Integer(), nullable=True))
    held = sa.text("held_by IS NOT NULL")
    op.create_index(
        "ix_patron_held_by", "patron", ["agency", "held_by", "id"], sqlite_where=held, postgresql_where=held
    )
    op.add_column("before_image", sa.Column("as_of_day", sa.Date(), nullable=True))
    op.add_column("before_image", sa.Column("as_of_source", sa.String(length=32), nullable=True))
    op.add_column("before_image", sa.Column("letters_stopped", sa.Date(), nullable=True))
    op.add_column("before_image", sa.Column("is_whole", sa.Boolean(), server_default="0", nullable=False))

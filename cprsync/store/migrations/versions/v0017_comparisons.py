"""Comparisons of the records with other systems, and the patrons' numbers there."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the tables. Nothing was compared before."""
    op.create_table(
        "comparison",
        sa.Column("agency", sa.String(length=16), autoincrement=False, nullable=False),
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("target", sa.String(length=32), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("started", sa.String(length=27), nullable=False),
        sa.Column("finished", sa.String(length=27), nullable=True),
        sa.Column("reached", sa.String(length=8), nullable=False),
        sa.Column("compared", sa.Integer(), nullable=False),
        sa.Column("left_out", sa.Integer(), nullable=False),
        sa.Column("counts", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["agency"], ["library.agency"], name="fk_comparison_library"),
        sa.PrimaryKeyConstraint("agency", "id", name="pk_comparison"),
    )
    op.create_index("ix_comparison_target", "comparison", ["agency", "target", "finished"])
    op.create_table(
        "comparison_finding",
        sa.Column("agency", sa.String(length=16), autoincrement=False, nullable=False),
        sa.Column("comparison_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("patron_id", sa.CHAR(length=8), autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(length=32), autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(
            ["agency", "comparison_id"], ["comparison.agency", "comparison.id"], name="fk_comparison_finding_comparison"
        ),
        sa.ForeignKeyConstraint(
            ["agency", "patron_id"], ["patron.agency", "patron.id"], name="fk_comparison_finding_patron"
        ),
        sa.PrimaryKeyConstraint("agency", "comparison_id", "patron_id", "kind", name="pk_comparison_finding"),
    )
    op.create_index("ix_comparison_finding_patron_id", "comparison_finding", ["agency", "patron_id"])
    op.create_table(
        "known_elsewhere",
        sa.Column("agency", sa.String(length=16), autoincrement=False, nullable=False),
        sa.Column("patron_id", sa.CHAR(length=8), autoincrement=False, nullable=False),
        sa.Column("target", sa.String(length=32), autoincrement=False, nullable=False),
        sa.Column("their_id", sa.String(length=20), nullable=False),
        sa.ForeignKeyConstraint(
            ["agency", "patron_id"], ["patron.agency", "patron.id"], name="fk_known_elsewhere_patron"
        ),
        sa.PrimaryKeyConstraint("agency", "patron_id", "target", name="pk_known_elsewhere"),
    )

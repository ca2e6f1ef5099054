"""Keep who approved a held plan, and find what one run wrote."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add two tables, the column that says which approved plan a run writes, and an index."""
    op.add_column("run", sa.Column("approved_run", sa.Integer(), nullable=True))
    op.create_index("ix_before_image_run_id", "before_image", ["agency", "run_id"])
    op.create_table(
        "plan_mark",
        sa.Column("agency", sa.String(length=16), autoincrement=False, nullable=False),
        sa.Column("run_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("harm", sa.String(length=32), autoincrement=False, nullable=False),
        sa.Column("mark", sa.LargeBinary(), autoincrement=False, nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["agency", "run_id"], ["run.agency", "run.id"], name="fk_plan_mark_run"),
        sa.PrimaryKeyConstraint("agency", "run_id", "harm", "mark", name="pk_plan_mark"),
    )
    op.create_table(
        "plan_yes",
        sa.Column("agency", sa.String(length=16), autoincrement=False, nullable=False),
        sa.Column("run_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("ordinal", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("who", sa.String(length=80), nullable=False),
        sa.Column("at", sa.String(length=27), nullable=False),
        sa.ForeignKeyConstraint(["agency", "run_id"], ["run.agency", "run.id"], name="fk_plan_yes_run"),
        sa.PrimaryKeyConstraint("agency", "run_id", "ordinal", name="pk_plan_yes"),
    )

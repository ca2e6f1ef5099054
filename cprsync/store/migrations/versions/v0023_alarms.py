"""Alarms: what rings, and what is told of it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the tables."""
    op.create_table(
        "alarm",
        sa.Column("agency", sa.String(length=16), autoincrement=False, nullable=False),
        sa.Column("cause", sa.String(length=200), autoincrement=False, nullable=False),
        sa.Column("what", sa.String(length=32), nullable=False),
        sa.Column("told_values", sa.Text(), nullable=False),
        sa.Column("since", sa.String(length=27), nullable=False),
        sa.Column("told", sa.String(length=27), nullable=True),
        sa.Column("gone", sa.String(length=27), nullable=True),
        sa.ForeignKeyConstraint(["agency"], ["library.agency"], name="fk_alarm_library"),
        sa.PrimaryKeyConstraint("agency", "cause", name="pk_alarm"),
    )
    op.create_table(
        "alarm_message",
        sa.Column("agency", sa.String(length=16), autoincrement=False, nullable=False),
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("channel", sa.String(length=32), nullable=False),
        sa.Column("word", sa.String(length=32), nullable=False),
        sa.Column("cause", sa.String(length=200), nullable=False),
        sa.Column("what", sa.String(length=32), nullable=False),
        sa.Column("told_values", sa.Text(), nullable=False),
        sa.Column("since", sa.String(length=27), nullable=False),
        sa.Column("at", sa.String(length=27), nullable=False),
        sa.Column("due", sa.String(length=27), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("why", sa.String(length=64), nullable=True),
        sa.Column("outcome", sa.String(length=32), nullable=True),
        sa.ForeignKeyConstraint(["agency"], ["library.agency"], name="fk_alarm_message_library"),
        sa.PrimaryKeyConstraint("agency", "id", name="pk_alarm_message"),
    )
    op.create_index("ix_alarm_message_channel", "alarm_message", ["agency", "channel", "outcome", "due"])

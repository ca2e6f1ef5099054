"""What people at the desk did with whose data, what came of it, and who is watched."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the tables. Earlier look-ups are in the audit alone: no cap counts them."""
    op.create_table(
        "desk_attempt",
        sa.Column("agency", sa.String(length=16), autoincrement=False, nullable=False),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", sa.String(length=27), nullable=False),
        sa.Column("who", sa.String(length=80), nullable=False),
        sa.Column("doing", sa.String(length=32), nullable=False),
        sa.Column("purpose", sa.String(length=32), nullable=False),
        sa.Column("patron_id", sa.CHAR(length=8), nullable=True),
        sa.Column("number_index", sa.LargeBinary(), nullable=True),
        sa.Column("number_key", sa.String(length=8), nullable=True),
        sa.Column("refused", sa.String(length=32), nullable=False),
        sa.Column("closeness", sa.String(length=32), nullable=False),
        sa.Column("stranger", sa.Boolean(), nullable=False),
        sa.Column("follows", sa.Boolean(), nullable=False),
        sa.Column("sampled", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("agency", "seq", name="pk_desk_attempt"),
    )
    op.create_index("ix_desk_attempt_who", "desk_attempt", ["agency", "who", "seq"], unique=False)
    op.create_index("ix_desk_attempt_patron_id", "desk_attempt", ["agency", "patron_id"], unique=False)
    op.create_index("ix_desk_attempt_number_index", "desk_attempt", ["agency", "number_index"], unique=False)
    op.create_index("ix_desk_attempt_at", "desk_attempt", ["agency", "at"], unique=False)
    op.create_table(
        "desk_outcome",
        sa.Column("agency", sa.String(length=16), autoincrement=False, nullable=False),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("outcome", sa.String(length=32), autoincrement=False, nullable=False),
        sa.Column("at", sa.String(length=27), nullable=False),
        sa.Column("who", sa.String(length=80), nullable=False),
        sa.PrimaryKeyConstraint("agency", "seq", "outcome", name="pk_desk_outcome"),
    )
    op.create_index("ix_desk_outcome_outcome", "desk_outcome", ["agency", "outcome", "who"], unique=False)
    op.create_table(
        "watched_number",
        sa.Column("agency", sa.String(length=16), autoincrement=False, nullable=False),
        sa.Column("number_index", sa.LargeBinary(), autoincrement=False, nullable=False),
        sa.Column("number_key", sa.String(length=8), nullable=False),
        sa.Column("since", sa.String(length=27), nullable=False),
        sa.Column("who", sa.String(length=80), nullable=False),
        sa.PrimaryKeyConstraint("agency", "number_index", name="pk_watched_number"),
    )

"""Reasons: sealed beside the audit's entries, and no longer in clear beside the deliveries."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table. A delivery keeps that it was accepted, but not why."""
    op.create_table(
        "audit_reason",
        sa.Column("agency", sa.String(length=16), autoincrement=False, nullable=False),
        sa.Column("stream", sa.String(length=80), autoincrement=False, nullable=False),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("patron_id", sa.CHAR(length=8), nullable=True),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("key", sa.String(length=8), nullable=False),
        sa.PrimaryKeyConstraint("agency", "stream", "seq", name="pk_audit_reason"),
    )
    op.create_index("ix_audit_reason_patron_id", "audit_reason", ["agency", "patron_id"], unique=False)
    op.execute(sa.text("UPDATE inbox SET accepted_reason = '' WHERE accepted_reason IS NOT NULL"))

"""A patron's life: kind and standing, the responsibles of a minor, and the loan for which something is owed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Extend the tables. Every existing patron is an active person, and every existing balance is a fee."""
    _patron()
    _responsible()
    _circulation()
    _forgetting()
    op.add_column("library", sa.Column("journal_lines", sa.Integer(), nullable=True))
    op.add_column("library", sa.Column("journal_code", sa.LargeBinary(), nullable=True))


def _patron() -> None:
    word = sa.String(length=32)
    op.add_column("patron", sa.Column("kind", word, server_default="person", nullable=False))
    op.add_column("patron", sa.Column("standing", word, server_default="active", nullable=False))
    op.add_column("patron", sa.Column("leaves_since", sa.Date(), nullable=True))
    op.add_column("patron", sa.Column("last_seen", sa.Date(), nullable=True))
    op.add_column("patron", sa.Column("block_lifted", sa.Date(), nullable=True))
    lifted = sa.text("block_lifted IS NOT NULL")
    op.create_index(
        "ix_patron_block_lifted", "patron", ["agency", "block_lifted"], sqlite_where=lifted, postgresql_where=lifted
    )
    some = sa.text("standing <> 'active'")
    op.create_index("ix_patron_standing", "patron", ["agency", "standing"], sqlite_where=some, postgresql_where=some)
    seen = sa.text("last_seen IS NOT NULL")
    op.create_index("ix_patron_last_seen", "patron", ["agency", "last_seen"], sqlite_where=seen, postgresql_where=seen)


def _responsible() -> None:
    op.create_table(
        "responsible",
        sa.Column("agency", sa.String(length=16), autoincrement=False, nullable=False),
        sa.Column("patron_id", sa.CHAR(length=8), autoincrement=False, nullable=False),
        sa.Column("responsible_id", sa.CHAR(length=8), autoincrement=False, nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(["agency", "patron_id"], ["patron.agency", "patron.id"], name="fk_responsible_patron"),
        sa.ForeignKeyConstraint(
            ["agency", "responsible_id"], ["patron.agency", "patron.id"], name="fk_responsible_responsible"
        ),
        sa.PrimaryKeyConstraint("agency", "patron_id", "responsible_id", name="pk_responsible"),
    )
    op.create_index("ix_responsible_responsible_id", "responsible", ["agency", "responsible_id"], unique=False)
    op.create_index("ix_responsible_until", "responsible", ["agency", "until"], unique=False)


def _circulation() -> None:
    op.add_column("balance", sa.Column("kind", sa.String(length=32), server_default="fee", nullable=False))
    op.add_column("balance", sa.Column("loan_source", sa.String(length=64), nullable=True))
    for table, day in (
        ("loan", "returned"),
        ("reservation", "cancelled"),
        ("balance", "settled"),
        ("message", "content_until"),
    ):
        op.create_index(f"ix_{table}_{day}", table, ["agency", day], unique=False)


def _forgetting() -> None:
    """Add indexes that find what is over by its day, in the tables that grow with each night."""
    op.create_index("ix_before_image_until_day", "before_image", ["agency", "until_day"], unique=False)
    some = sa.text("undo IS NOT NULL")
    op.create_index(
        "ix_review_item_undo", "review_item", ["agency", "decided_at"], sqlite_where=some, postgresql_where=some
    )

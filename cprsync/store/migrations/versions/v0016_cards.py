"""The accounts of cards at the net media, and how far the library has come with letting its cards log in."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table and the columns. Where cards log in already, the next nights read which accounts there are."""
    op.create_table(
        "card_account",
        sa.Column("agency", sa.String(length=16), autoincrement=False, nullable=False),
        sa.Column("id_index", sa.LargeBinary(), autoincrement=False, nullable=False),
        sa.Column("card_index", sa.LargeBinary(), nullable=False),
        sa.Column("index_key", sa.String(length=8), nullable=False),
        sa.Column("patron_id", sa.CHAR(length=8), nullable=False),
        sa.Column("card", sa.LargeBinary(), nullable=False),
        sa.Column("key", sa.String(length=8), nullable=False),
        sa.ForeignKeyConstraint(["agency", "patron_id"], ["patron.agency", "patron.id"], name="fk_card_account_patron"),
        sa.PrimaryKeyConstraint("agency", "id_index", name="pk_card_account"),
    )
    op.create_index("ix_card_account_patron_id", "card_account", ["agency", "patron_id"], unique=False)
    op.create_index("ix_card_account_card_index", "card_account", ["agency", "card_index"], unique=False)
    op.add_column("library", sa.Column("cards_stage", sa.String(length=32), nullable=True))
    op.add_column("library", sa.Column("cards_after", sa.CHAR(length=8), nullable=True))

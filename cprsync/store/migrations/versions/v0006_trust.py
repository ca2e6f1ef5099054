"""Trust: the keys that have written here, what was seen of the audit's heads, and a sum over the records' versions."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table and the columns. The program fills them when it next opens the store with its keys."""
    op.create_table(
        "key_check",
        sa.Column("agency", sa.String(length=16), autoincrement=False, nullable=False),
        sa.Column("purpose", sa.String(length=32), autoincrement=False, nullable=False),
        sa.Column("id", sa.String(length=8), autoincrement=False, nullable=False),
        sa.Column("code", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["agency"], ["library.agency"], name="fk_key_check_library"),
        sa.PrimaryKeyConstraint("agency", "purpose", "id", name="pk_key_check"),
    )
    op.add_column("library", sa.Column("heads_lines", sa.Integer(), nullable=True))
    op.add_column("library", sa.Column("heads_code", sa.LargeBinary(), nullable=True))
    op.add_column("library", sa.Column("records_sum", sa.LargeBinary(), nullable=True))
    op.add_column("library", sa.Column("records_changes", sa.BigInteger(), nullable=True))
    op.add_column("library", sa.Column("records_key", sa.String(length=8), nullable=True))

"""Find what was charged for a loan without reading every balance."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

_IS_FOR_A_LOAN = sa.text("loan_source IS NOT NULL")


def upgrade() -> None:
    """Add an index of the balances that are owed for a loan."""
    op.create_index(
        "ix_balance_loan_source",
        "balance",
        ["agency", "kind", "loan_source", "settled"],
        sqlite_where=_IS_FOR_A_LOAN,
        postgresql_where=_IS_FOR_A_LOAN,
    )

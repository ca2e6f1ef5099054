"""Put the id into the index that finds patrons with rights from an older local part."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the index again. No row changes."""
    newer = sa.text("rights_local <> local_version")
    op.drop_index("ix_patron_rights_local", table_name="patron")
    op.create_index("ix_patron_rights_local", "patron", ["agency", "id"], sqlite_where=newer, postgresql_where=newer)

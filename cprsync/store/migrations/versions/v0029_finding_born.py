"""Finding by e-mail, and by birth date with the beginning of a name, in place of a key for each word of a name."""

from __future__ import annotations

from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Drop the keys of names. The next night makes those of each patron anew: it has the vault's key."""
    op.execute("DELETE FROM finding_key WHERE kind = 'name'")
    op.execute("UPDATE patron SET found_register = 0 WHERE found_register <> 0")

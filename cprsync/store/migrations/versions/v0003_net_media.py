"""Net media: what was offered and how it was answered, the accounts there, and each patron's rights."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_AGENCY = sa.String(length=16)
_PATRON = sa.CHAR(length=8)
_WORD = sa.String(length=32)
_STAMP = sa.String(length=27)


def upgrade() -> None:
    """Extend the tables. What waited counts as never offered. All rights are derived in the next night."""
    op.add_column("library", sa.Column("rights_stamp", sa.String(length=64), nullable=True))
    op.add_column("library", sa.Column("last_review", sa.Integer(), nullable=True))
    _patron()
    _outbox()
    _account()
    _entitlement()


def _patron() -> None:
    op.add_column("patron", sa.Column("rights_due", sa.Date(), nullable=True))
    op.add_column("patron", sa.Column("rights_local", sa.Integer(), server_default="0", nullable=False))
    due, local = sa.text("rights_due IS NOT NULL"), sa.text("rights_local <> local_version")
    op.create_index("ix_patron_rights_due", "patron", ["agency", "rights_due"], sqlite_where=due, postgresql_where=due)
    op.create_index("ix_patron_rights_local", "patron", ["agency"], sqlite_where=local, postgresql_where=local)


def _outbox() -> None:
    op.add_column("outbox", sa.Column("attempts", sa.Integer(), server_default="0", nullable=False))
    op.add_column("outbox", sa.Column("code", _WORD, nullable=True))
    op.add_column("outbox", sa.Column("offered", _STAMP, nullable=True))
    op.create_index("ix_outbox_state", "outbox", ["agency", "target", "state"], unique=False)


def _account() -> None:
    op.create_table(
        "account",
        sa.Column("agency", _AGENCY, autoincrement=False, nullable=False),
        sa.Column("patron_id", _PATRON, autoincrement=False, nullable=False),
        sa.Column("id_type", _WORD, nullable=False),
        sa.Column("id_index", sa.LargeBinary(), nullable=False),
        sa.Column("index_key", sa.String(length=8), nullable=False),
        sa.Column("municipality", sa.String(length=3), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("settled", _STAMP, nullable=False),
        sa.Column("seen", sa.String(length=4), nullable=True),
        sa.Column("checked", _STAMP, nullable=True),
        sa.ForeignKeyConstraint(["agency", "patron_id"], ["patron.agency", "patron.id"], name="fk_account_patron"),
        sa.PrimaryKeyConstraint("agency", "patron_id", name="pk_account"),
    )
    op.create_index("ix_account_checked", "account", ["agency", "checked"], unique=False)


def _entitlement() -> None:
    here, there = ["agency", "patron_id"], ["patron.agency", "patron.id"]
    op.create_table(
        "entitlement",
        sa.Column("agency", _AGENCY, autoincrement=False, nullable=False),
        sa.Column("patron_id", _PATRON, autoincrement=False, nullable=False),
        sa.Column("rights", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(here, there, name="fk_entitlement_patron"),
        sa.PrimaryKeyConstraint("agency", "patron_id", name="pk_entitlement"),
    )
    op.create_table(
        "entitlement_turn",
        sa.Column("agency", _AGENCY, autoincrement=False, nullable=False),
        sa.Column("run_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("patron_id", _PATRON, autoincrement=False, nullable=False),
        sa.Column("product", sa.String(length=64), autoincrement=False, nullable=False),
        sa.Column("turn", _WORD, nullable=False),
        sa.ForeignKeyConstraint(here, there, name="fk_entitlement_turn_patron"),
        sa.PrimaryKeyConstraint("agency", "run_id", "patron_id", "product", name="pk_entitlement_turn"),
    )

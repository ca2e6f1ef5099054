"""The first version of the tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make all tables, those first that others point to."""
    _library()
    _agreement()
    _patron()
    _issued_id()
    _patron_key()
    _subscription()
    _before_image()
    _follow_up()
    _override()
    _calendar_event()
    _review_item()
    _outbox()
    _circulation("loan", "due", "returned")
    _circulation("reservation", "placed", "until", "cancelled")
    _circulation("balance", "raised", "settled")
    _circulation("message", "sent", "content_until")
    _inbox()
    _inbox_chunk()
    _run()
    _run_delivery()
    _run_item()
    _plan_row()
    _audit()
    _audit_head()


def _library() -> None:
    op.create_table(
        "library",
        sa.Column("agency", sa.String(length=16), autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("calendar_stamp", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("agency", name="pk_library"),
    )


def _agreement() -> None:
    op.create_table(
        "agreement",
        sa.Column("agency", sa.String(length=16), autoincrement=False, nullable=False),
        sa.Column("id", sa.String(length=64), autoincrement=False, nullable=False),
        sa.Column("task", sa.String(length=32), nullable=True),
        sa.Column("last_produced", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(["agency"], ["library.agency"], name="fk_agreement_library"),
        sa.PrimaryKeyConstraint("agency", "id", name="pk_agreement"),
    )


def _patron() -> None:
    op.create_table(
        "patron",
        sa.Column("agency", sa.String(length=16), autoincrement=False, nullable=False),
        sa.Column("id", sa.CHAR(length=8), autoincrement=False, nullable=False),
        sa.Column("number_index", sa.LargeBinary(), nullable=False),
        sa.Column("index_key", sa.String(length=8), nullable=False),
        sa.Column("real_number", sa.Boolean(), nullable=False),
        sa.Column("register_blob", sa.LargeBinary(), nullable=False),
        sa.Column("register_key", sa.String(length=8), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(), nullable=False),
        sa.Column("fingerprint_key", sa.String(length=8), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("as_of_day", sa.Date(), nullable=True),
        sa.Column("as_of_source", sa.String(length=32), nullable=True),
        sa.Column("local_blob", sa.LargeBinary(), nullable=False),
        sa.Column("local_key", sa.String(length=8), nullable=False),
        sa.Column("local_version", sa.Integer(), nullable=False),
        sa.Column("municipality", sa.CHAR(length=4), nullable=True),
        sa.Column("status_class", sa.String(length=32), nullable=False),
        sa.Column("patron_group", sa.String(length=64), nullable=False),
        sa.Column("address_index", sa.LargeBinary(), nullable=True),
        sa.Column("address_key", sa.String(length=8), nullable=True),
        sa.Column("protection_silent", sa.Boolean(), nullable=False),
        sa.Column("next_age_step", sa.Date(), nullable=True),
        sa.Column("local_due", sa.Date(), nullable=True),
        sa.Column("overrides", sa.Integer(), nullable=False),
        sa.Column("letters_stopped", sa.Date(), nullable=True),
        sa.Column("created", sa.String(length=27), nullable=False),
        sa.Column("register_since", sa.String(length=27), nullable=True),
        sa.ForeignKeyConstraint(["agency"], ["library.agency"], name="fk_patron_library"),
        sa.PrimaryKeyConstraint("agency", "id", name="pk_patron"),
        sa.UniqueConstraint("agency", "number_index", name="uq_patron_number_index"),
        postgresql_with={"fillfactor": 60},
    )
    op.create_index("ix_patron_address_index", "patron", ["agency", "address_index"], unique=False)
    op.create_index("ix_patron_next_age_step", "patron", ["agency", "next_age_step"], unique=False)
    op.create_index("ix_patron_local_due", "patron", ["agency", "local_due"], unique=False)
    op.create_index("ix_patron_real_number", "patron", ["agency", "real_number", "id"], unique=False)
    for name, which in (("silent", "protection_silent"), ("merged", "status_class = 'merged'")):
        some = sa.text(which)
        op.create_index(f"ix_patron_{name}", "patron", ["agency"], sqlite_where=some, postgresql_where=some)


def _issued_id() -> None:
    op.create_table(
        "issued_id",
        sa.Column("agency", sa.String(length=16), autoincrement=False, nullable=False),
        sa.Column("id", sa.CHAR(length=8), autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(["agency"], ["library.agency"], name="fk_issued_id_library"),
        sa.PrimaryKeyConstraint("agency", "id", name="pk_issued_id"),
    )


def _patron_key() -> None:
    op.create_table(
        "patron_key",
        sa.Column("agency", sa.String(length=16), autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(length=32), autoincrement=False, nullable=False),
        sa.Column("key_index", sa.LargeBinary(), autoincrement=False, nullable=False),
        sa.Column("key_id", sa.String(length=8), nullable=False),
        sa.Column("patron_id", sa.CHAR(length=8), nullable=False),
        sa.ForeignKeyConstraint(["agency", "patron_id"], ["patron.agency", "patron.id"], name="fk_patron_key_patron"),
        sa.PrimaryKeyConstraint("agency", "kind", "key_index", name="pk_patron_key"),
    )
    op.create_index("ix_patron_key_patron_id", "patron_key", ["agency", "patron_id"], unique=False)


def _subscription() -> None:
    op.create_table(
        "subscription",
        sa.Column("agency", sa.String(length=16), autoincrement=False, nullable=False),
        sa.Column("agreement", sa.String(length=64), autoincrement=False, nullable=False),
        sa.Column("number_index", sa.LargeBinary(), autoincrement=False, nullable=False),
        sa.Column("reason", sa.String(length=32), autoincrement=False, nullable=False),
        sa.Column("patron_id", sa.CHAR(length=8), autoincrement=False, nullable=False),
        sa.Column("number", sa.LargeBinary(), nullable=False),
        sa.Column("number_key", sa.String(length=8), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("confirmed_at", sa.String(length=27), nullable=True),
        sa.ForeignKeyConstraint(
            ["agency", "agreement"], ["agreement.agency", "agreement.id"], name="fk_subscription_agreement"
        ),
        sa.ForeignKeyConstraint(["agency", "patron_id"], ["patron.agency", "patron.id"], name="fk_subscription_patron"),
        sa.PrimaryKeyConstraint("agency", "agreement", "number_index", "reason", "patron_id", name="pk_subscription"),
    )
    op.create_index("ix_subscription_patron_id", "subscription", ["agency", "patron_id", "agreement", "reason"])
    op.create_index("ix_subscription_until", "subscription", ["agency", "agreement", "until", "number_index"])


def _before_image() -> None:
    op.create_table(
        "before_image",
        sa.Column("agency", sa.String(length=16), autoincrement=False, nullable=False),
        sa.Column("patron_id", sa.CHAR(length=8), autoincrement=False, nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("register_blob", sa.LargeBinary(), nullable=False),
        sa.Column("register_key", sa.String(length=8), nullable=False),
        sa.Column("until_day", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(["agency", "patron_id"], ["patron.agency", "patron.id"], name="fk_before_image_patron"),
        sa.PrimaryKeyConstraint("agency", "patron_id", "version", name="pk_before_image"),
    )


def _follow_up() -> None:
    op.create_table(
        "follow_up",
        sa.Column("agency", sa.String(length=16), autoincrement=False, nullable=False),
        sa.Column("patron_id", sa.CHAR(length=8), autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(length=32), autoincrement=False, nullable=False),
        sa.Column("since", sa.String(length=27), nullable=False),
        sa.ForeignKeyConstraint(["agency", "patron_id"], ["patron.agency", "patron.id"], name="fk_follow_up_patron"),
        sa.PrimaryKeyConstraint("agency", "patron_id", "kind", name="pk_follow_up"),
    )


def _override() -> None:
    op.create_table(
        "override",
        sa.Column("agency", sa.String(length=16), autoincrement=False, nullable=False),
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("patron_id", sa.CHAR(length=8), nullable=False),
        sa.Column("field", sa.String(length=32), nullable=False),
        sa.Column("value", sa.LargeBinary(), nullable=False),
        sa.Column("key", sa.String(length=8), nullable=False),
        sa.Column("by_user", sa.String(length=64), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("warned", sa.Date(), nullable=True),
        sa.Column("ended", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(["agency", "patron_id"], ["patron.agency", "patron.id"], name="fk_override_patron"),
        sa.PrimaryKeyConstraint("agency", "id", name="pk_override"),
    )
    op.create_index("ix_override_patron_id", "override", ["agency", "patron_id", "state"], unique=False)
    op.create_index("ix_override_until", "override", ["agency", "state", "until"], unique=False)


def _calendar_event() -> None:
    op.create_table(
        "calendar_event",
        sa.Column("agency", sa.String(length=16), autoincrement=False, nullable=False),
        sa.Column("day", sa.Date(), autoincrement=False, nullable=False),
        sa.Column("patron_id", sa.CHAR(length=8), autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(length=32), autoincrement=False, nullable=False),
        sa.Column("what", sa.String(length=160), autoincrement=False, nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["agency", "patron_id"], ["patron.agency", "patron.id"], name="fk_calendar_event_patron"
        ),
        sa.PrimaryKeyConstraint("agency", "day", "patron_id", "kind", "what", name="pk_calendar_event"),
    )


def _review_item() -> None:
    op.create_table(
        "review_item",
        sa.Column("agency", sa.String(length=16), autoincrement=False, nullable=False),
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("patron_id", sa.CHAR(length=8), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("opened", sa.Date(), nullable=False),
        sa.Column("about", sa.CHAR(length=8), nullable=True),
        sa.Column("decided_by", sa.String(length=64), nullable=True),
        sa.Column("decided_at", sa.String(length=27), nullable=True),
        sa.Column("undo", sa.LargeBinary(), nullable=True),
        sa.Column("key", sa.String(length=8), nullable=True),
        sa.ForeignKeyConstraint(["agency", "patron_id"], ["patron.agency", "patron.id"], name="fk_review_item_patron"),
        sa.PrimaryKeyConstraint("agency", "id", name="pk_review_item"),
    )
    op.create_index("ix_review_item_patron_id", "review_item", ["agency", "patron_id", "state"], unique=False)
    op.create_index("ix_review_item_state", "review_item", ["agency", "state", "kind"], unique=False)
    op.create_index("ix_review_item_run_id", "review_item", ["agency", "run_id"], unique=False)


def _outbox() -> None:
    op.create_table(
        "outbox",
        sa.Column("agency", sa.String(length=16), autoincrement=False, nullable=False),
        sa.Column("target", sa.String(length=32), autoincrement=False, nullable=False),
        sa.Column("patron_id", sa.CHAR(length=8), autoincrement=False, nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.Column("key", sa.String(length=8), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("created", sa.String(length=27), nullable=False),
        sa.ForeignKeyConstraint(["agency", "patron_id"], ["patron.agency", "patron.id"], name="fk_outbox_patron"),
        sa.PrimaryKeyConstraint("agency", "target", "patron_id", "version", name="pk_outbox"),
    )


def _inbox() -> None:
    op.create_table(
        "inbox",
        sa.Column("agency", sa.String(length=16), autoincrement=False, nullable=False),
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("agreement", sa.String(length=64), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("sha256", sa.CHAR(length=64), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("key", sa.String(length=8), nullable=False),
        sa.Column("task", sa.String(length=32), nullable=True),
        sa.Column("produced", sa.Date(), nullable=True),
        sa.Column("previous", sa.Date(), nullable=True),
        sa.Column("received", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("accepted_reason", sa.Text(), nullable=True),
        sa.Column("mark", sa.Text(), nullable=True),
        sa.Column("sealed_at", sa.String(length=27), nullable=False),
        sa.ForeignKeyConstraint(
            ["agency", "agreement"], ["agreement.agency", "agreement.id"], name="fk_inbox_agreement"
        ),
        sa.PrimaryKeyConstraint("agency", "id", name="pk_inbox"),
        sa.UniqueConstraint("agency", "agreement", "name", "sha256", name="uq_inbox_agreement"),
    )


def _inbox_chunk() -> None:
    op.create_table(
        "inbox_chunk",
        sa.Column("agency", sa.String(length=16), autoincrement=False, nullable=False),
        sa.Column("inbox_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("blob", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["agency", "inbox_id"], ["inbox.agency", "inbox.id"], name="fk_inbox_chunk_inbox"),
        sa.PrimaryKeyConstraint("agency", "inbox_id", "seq", name="pk_inbox_chunk"),
    )


def _run() -> None:
    op.create_table(
        "run",
        sa.Column("agency", sa.String(length=16), autoincrement=False, nullable=False),
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("agreement", sa.String(length=64), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("started", sa.String(length=27), nullable=False),
        sa.Column("finished", sa.String(length=27), nullable=True),
        sa.Column("resumed", sa.Integer(), nullable=False),
        sa.Column("checkpoint", sa.Integer(), nullable=False),
        sa.Column("document", sa.Text(), nullable=True),
        sa.Column("plan_hash", sa.String(length=80), nullable=True),
        sa.Column("exit", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["agency", "agreement"], ["agreement.agency", "agreement.id"], name="fk_run_agreement"),
        sa.PrimaryKeyConstraint("agency", "id", name="pk_run"),
    )


def _run_delivery() -> None:
    op.create_table(
        "run_delivery",
        sa.Column("agency", sa.String(length=16), autoincrement=False, nullable=False),
        sa.Column("run_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("inbox_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["agency", "inbox_id"], ["inbox.agency", "inbox.id"], name="fk_run_delivery_inbox"),
        sa.ForeignKeyConstraint(["agency", "run_id"], ["run.agency", "run.id"], name="fk_run_delivery_run"),
        sa.PrimaryKeyConstraint("agency", "run_id", "position", name="pk_run_delivery"),
    )


def _run_item() -> None:
    op.create_table(
        "run_item",
        sa.Column("agency", sa.String(length=16), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("inbox_id", sa.Integer(), nullable=True),
        sa.Column("number_index", sa.LargeBinary(), nullable=True),
        sa.Column("patron_id", sa.CHAR(length=8), nullable=True),
        sa.Column("outcome", sa.String(length=32), nullable=False),
        sa.Column("actions", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["agency", "run_id"], ["run.agency", "run.id"], name="fk_run_item_run"),
    )
    op.create_index("ix_run_item_run_id", "run_item", ["agency", "run_id"], unique=False)


def _plan_row() -> None:
    op.create_table(
        "plan_row",
        sa.Column("agency", sa.String(length=16), autoincrement=False, nullable=False),
        sa.Column("run_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("ordinal", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("patron_id", sa.CHAR(length=8), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("actions", sa.Text(), nullable=False),
        sa.Column("harms", sa.Text(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["agency", "run_id"], ["run.agency", "run.id"], name="fk_plan_row_run"),
        sa.PrimaryKeyConstraint("agency", "run_id", "ordinal", name="pk_plan_row"),
    )


def _audit() -> None:
    op.create_table(
        "audit",
        sa.Column("agency", sa.String(length=16), autoincrement=False, nullable=False),
        sa.Column("stream", sa.String(length=80), autoincrement=False, nullable=False),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", sa.String(length=27), nullable=False),
        sa.Column("patron_id", sa.CHAR(length=8), nullable=True),
        sa.Column("entry", sa.LargeBinary(), nullable=False),
        sa.Column("mac", sa.LargeBinary(), nullable=False),
        sa.Column("key", sa.String(length=8), nullable=False),
        sa.PrimaryKeyConstraint("agency", "stream", "seq", name="pk_audit"),
    )
    op.create_index("ix_audit_patron_id", "audit", ["agency", "patron_id"], unique=False)


def _audit_head() -> None:
    op.create_table(
        "audit_head",
        sa.Column("agency", sa.String(length=16), autoincrement=False, nullable=False),
        sa.Column("stream", sa.String(length=80), autoincrement=False, nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("mac", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.String(length=27), nullable=False),
        sa.PrimaryKeyConstraint("agency", "stream", name="pk_audit_head"),
    )


def _circulation(name: str, *dates: str) -> None:
    op.create_table(
        name,
        sa.Column("agency", sa.String(length=16), autoincrement=False, nullable=False),
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("patron_id", sa.CHAR(length=8), nullable=False),
        sa.Column("source_id", sa.String(length=64), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.Column("key", sa.String(length=8), nullable=False),
        *(sa.Column(day, sa.Date(), nullable=True) for day in dates),
        sa.ForeignKeyConstraint(["agency", "patron_id"], ["patron.agency", "patron.id"], name=f"fk_{name}_patron"),
        sa.PrimaryKeyConstraint("agency", "id", name=f"pk_{name}"),
        sa.UniqueConstraint("agency", "source_id", name=f"uq_{name}_source_id"),
    )
    op.create_index(f"ix_{name}_patron_id", name, ["agency", "patron_id"], unique=False)

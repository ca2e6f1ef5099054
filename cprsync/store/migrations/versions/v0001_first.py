"""The tables of 0.1.0, with the triggers that mark patrons of whom something was written.

A migration imports nothing that a later version may change: a test compares its tables with `store/tables`.
Triggers mark the patrons, so that no writer can forget to. A later migration that makes one of these tables anew must
make its triggers anew too: a test compares them with `MARKED`.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

#: Tables whose rows change what other systems hear: the columns that name the patrons, and, for an update, the columns
#: that count; without them, all of them count.
MARKED: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "patron": (
        ("id",),
        (
            *("version", "local_version", "patron_group", "status_class", "standing", "kind", "overrides"),
            *("unverified_since", "protection_silent", "as_of_day"),
        ),
    ),
    "entitlement": (("patron_id",), ()),
    "responsible": (("patron_id", "responsible_id"), ()),
    "review_item": (("patron_id",), ("state",)),
    "follow_up": (("patron_id",), ()),
}
_EVENTS = ("INSERT", "UPDATE", "DELETE")


def upgrade() -> None:
    """Make all tables, those first that others point to, and then the triggers."""
    _core()
    _patrons()
    _records()
    _reviews()
    _feed()
    _night()
    _audit()
    _desk()
    _lending()
    _netmedia()
    _outward()
    _trust()
    _mark()


def _create(name: str, *parts: sa.Column[Any] | sa.Constraint, keyed: bool = True, **options: Any) -> None:
    agency = _key("agency", sa.String(16)) if keyed else _needed("agency", sa.String(16))
    keys = [part.name for part in (agency, *parts) if isinstance(part, sa.Column) and part.primary_key]
    primary = [sa.PrimaryKeyConstraint(*keys, name=f"pk_{name}")] if keyed else []
    op.create_table(name, agency, *parts, *primary, **options)


def _key(name: str, kind: Any) -> sa.Column[Any]:
    return sa.Column(name, kind, primary_key=True, autoincrement=False)


def _needed(name: str, kind: Any, given: str | None = None) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=False, server_default=given)


def _maybe(name: str, kind: Any) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=True)


def _points_to(table: str, target: str, *columns: str, name: str | None = None) -> sa.Constraint:
    there = [f"{target}.{column}" for column in ("agency", "id")[: len(columns) + 1]]
    return sa.ForeignKeyConstraint(["agency", *columns], there, name=name or f"fk_{table}_{target}")


def _one_of(table: str, column: str, *words: str) -> sa.Constraint:
    known = ", ".join(f"'{word}'" for word in sorted(words))
    return sa.CheckConstraint(f"{column} IN ({known})", name=f"ck_{table}_{column}")


def _index(name: str, table: str, *columns: str, which: str | None = None) -> None:
    """Make an index, of some rows only where `which` names them."""
    some = None if which is None else sa.text(which)
    op.create_index(name, table, ["agency", *columns], sqlite_where=some, postgresql_where=some)


def _core() -> None:
    _create(
        "library",
        _maybe("name", sa.Text),
        _maybe("environment", sa.String(32)),
        _maybe("calendar_stamp", sa.Text),
        _maybe("journal_lines", sa.Integer),
        _maybe("journal_code", sa.LargeBinary),
        _maybe("rights_stamp", sa.String(64)),
        _maybe("last_review", sa.Integer),
        _maybe("heads_lines", sa.Integer),
        _maybe("heads_code", sa.LargeBinary),
        _maybe("records_sum", sa.LargeBinary),
        _maybe("records_changes", sa.BigInteger),
        _maybe("records_key", sa.String(8)),
        _maybe("cards_stage", sa.String(32)),
        _maybe("cards_after", sa.CHAR(8)),
    )
    _create(
        "agreement",
        _key("id", sa.String(64)),
        _maybe("task", sa.String(32)),
        _maybe("last_produced", sa.Date),
        _maybe("heal_day", sa.Date),
        _maybe("heal_asked", sa.Integer),
        _maybe("heal_harms", sa.Text),
        _points_to("agreement", "library"),
    )


def _patrons() -> None:
    _create(
        "patron",
        _key("id", sa.CHAR(8)),
        _needed("number_index", sa.LargeBinary),
        _needed("index_key", sa.String(8)),
        _needed("real_number", sa.Boolean),
        _needed("register_blob", sa.LargeBinary),
        _needed("register_key", sa.String(8)),
        _needed("fingerprint", sa.LargeBinary),
        _needed("fingerprint_key", sa.String(8)),
        _needed("version", sa.Integer),
        _maybe("as_of_day", sa.Date),
        _maybe("as_of_source", sa.String(32)),
        _needed("local_blob", sa.LargeBinary),
        _needed("local_key", sa.String(8)),
        _needed("local_version", sa.Integer),
        _maybe("municipality", sa.CHAR(4)),
        _needed("status_class", sa.String(32)),
        _needed("patron_group", sa.String(64)),
        _maybe("address_index", sa.LargeBinary),
        _maybe("address_key", sa.String(8)),
        _needed("protection_silent", sa.Boolean),
        _maybe("next_age_step", sa.Date),
        _maybe("local_due", sa.Date),
        _maybe("block_lifted", sa.Date),
        _needed("overrides", sa.Integer),
        _maybe("letters_stopped", sa.Date),
        _needed("created", sa.String(27)),
        _maybe("register_since", sa.String(27)),
        _needed("kind", sa.String(32), "person"),
        _needed("standing", sa.String(32), "active"),
        _maybe("leaves_since", sa.Date),
        _maybe("last_seen", sa.Date),
        _maybe("rights_due", sa.Date),
        _needed("rights_local", sa.Integer, "0"),
        _maybe("unverified_since", sa.Date),
        _maybe("unverified_why", sa.String(32)),
        _maybe("unverified_until", sa.Date),
        _maybe("unverified_asked", sa.Date),
        _needed("found_register", sa.Integer, "0"),
        _needed("found_local", sa.Integer, "0"),
        _maybe("held_by", sa.Integer),
        _maybe("protected_on", sa.Date),
        _one_of("patron", "kind", "person", "institution", "library", "responsible"),
        _one_of("patron", "standing", "active", "leaving", "closed"),
        _one_of(
            *("patron", "status_class", "unknown", "resident", "greenland", "no_residence", "replaced", "disappeared"),
            *("emigrated", "dead", "merged", "closed", "erased"),
        ),
        _one_of("patron", "as_of_source", "file", "lookup"),
        sa.UniqueConstraint("agency", "number_index", name="uq_patron_number_index"),
        _points_to("patron", "library"),
        postgresql_with={"fillfactor": 60},
    )
    _index("ix_patron_address_index", "patron", "address_index")
    _index("ix_patron_block_lifted", "patron", "block_lifted", which="block_lifted IS NOT NULL")
    _index("ix_patron_found", "patron", "id", which="(found_register <> version OR found_local <> local_version)")
    _index("ix_patron_held_by", "patron", "held_by", "id", which="held_by IS NOT NULL")
    _index("ix_patron_last_seen", "patron", "last_seen", which="last_seen IS NOT NULL")
    _index("ix_patron_local_due", "patron", "local_due")
    _index("ix_patron_merged", "patron", which="status_class = 'merged'")
    _index("ix_patron_next_age_step", "patron", "next_age_step")
    _index("ix_patron_protected_on", "patron", which="protected_on IS NOT NULL")
    _index("ix_patron_real_number", "patron", "real_number", "id")
    _index("ix_patron_rights_due", "patron", "rights_due", which="rights_due IS NOT NULL")
    _index("ix_patron_rights_local", "patron", "id", which="rights_local <> local_version")
    _index("ix_patron_silent", "patron", which="protection_silent")
    _index("ix_patron_standing", "patron", "standing", which="standing <> 'active'")
    _index("ix_patron_unverified", "patron", which="unverified_since IS NOT NULL")
    _create(
        "finding_key",
        _key("kind", sa.String(32)),
        _key("key_index", sa.LargeBinary),
        _key("patron_id", sa.CHAR(8)),
        _needed("key_id", sa.String(8)),
        _points_to("finding_key", "patron", "patron_id"),
    )
    _index("ix_finding_key_patron_id", "finding_key", "patron_id")
    _create(
        "before_image",
        _key("patron_id", sa.CHAR(8)),
        _key("version", sa.Integer),
        _needed("run_id", sa.Integer),
        _needed("register_blob", sa.LargeBinary),
        _needed("register_key", sa.String(8)),
        _needed("until_day", sa.Date),
        _maybe("as_of_day", sa.Date),
        _maybe("as_of_source", sa.String(32)),
        _maybe("letters_stopped", sa.Date),
        _one_of("before_image", "as_of_source", "file", "lookup"),
        _points_to("before_image", "patron", "patron_id"),
    )
    _index("ix_before_image_run_id", "before_image", "run_id")
    _index("ix_before_image_until_day", "before_image", "until_day")
    _create(
        "responsible",
        _key("patron_id", sa.CHAR(8)),
        _key("responsible_id", sa.CHAR(8)),
        _needed("since", sa.Date),
        _maybe("until", sa.Date),
        _points_to("responsible", "patron", "patron_id"),
        _points_to("responsible", "patron", "responsible_id", name="fk_responsible_responsible"),
    )
    _index("ix_responsible_responsible_id", "responsible", "responsible_id")
    _index("ix_responsible_until", "responsible", "until")
    _create(
        "provisional",
        _key("patron_id", sa.CHAR(8)),
        _needed("since", sa.String(27)),
        _needed("differs", sa.Boolean),
        _needed("said", sa.LargeBinary),
        _needed("key", sa.String(8)),
        _points_to("provisional", "patron", "patron_id"),
    )


def _records() -> None:
    _create(
        "issued_id",
        _key("id", sa.CHAR(8)),
        _points_to("issued_id", "library"),
    )
    _create(
        "patron_key",
        _key("kind", sa.String(32)),
        _key("key_index", sa.LargeBinary),
        _needed("key_id", sa.String(8)),
        _needed("patron_id", sa.CHAR(8)),
        _points_to("patron_key", "patron", "patron_id"),
    )
    _index("ix_patron_key_patron_id", "patron_key", "patron_id")
    _create(
        "override",
        _key("id", sa.Integer),
        _needed("patron_id", sa.CHAR(8)),
        _needed("field", sa.String(32)),
        _needed("value", sa.LargeBinary),
        _needed("key", sa.String(8)),
        _needed("by_user", sa.String(64)),
        _needed("since", sa.Date),
        _maybe("until", sa.Date),
        _needed("state", sa.String(32)),
        _maybe("warned", sa.Date),
        _maybe("ended", sa.Date),
        _points_to("override", "patron", "patron_id"),
    )
    _index("ix_override_patron_id", "override", "patron_id", "state")
    _index("ix_override_until", "override", "state", "until")
    _create(
        "kept_block",
        _key("id", sa.Integer),
        _needed("patron_id", sa.CHAR(8)),
        _needed("number_index", sa.LargeBinary),
        _needed("number_key", sa.String(8)),
        _needed("since", sa.Date),
        _needed("reason", sa.LargeBinary),
        _needed("key", sa.String(8)),
        _needed("kept", sa.Date),
    )
    _index("ix_kept_block_kept", "kept_block", "kept")
    _index("ix_kept_block_number_index", "kept_block", "number_index")
    _index("ix_kept_block_patron_id", "kept_block", "patron_id")


def _reviews() -> None:
    _create(
        "review_item",
        _key("id", sa.Integer),
        _needed("patron_id", sa.CHAR(8)),
        _needed("kind", sa.String(64)),
        _needed("run_id", sa.Integer),
        _needed("state", sa.String(32)),
        _needed("opened", sa.Date),
        _maybe("about", sa.CHAR(8)),
        _maybe("decided_by", sa.String(64)),
        _maybe("decided_at", sa.String(27)),
        _maybe("later", sa.Date),
        _maybe("later_by", sa.String(64)),
        _maybe("undo", sa.LargeBinary),
        _maybe("key", sa.String(8)),
        _one_of("review_item", "state", "waiting", "accepted", "rejected", "settled", "undone"),
        _points_to("review_item", "patron", "patron_id"),
    )
    _index("ix_review_item_patron_id", "review_item", "patron_id", "state")
    _index("ix_review_item_run_id", "review_item", "run_id")
    _index("ix_review_item_state", "review_item", "state", "kind")
    _index("ix_review_item_undo", "review_item", "decided_at", which="undo IS NOT NULL")


def _feed() -> None:
    _create(
        "subscription",
        _key("agreement", sa.String(64)),
        _key("number_index", sa.LargeBinary),
        _key("reason", sa.String(32)),
        _key("patron_id", sa.CHAR(8)),
        _needed("number", sa.LargeBinary),
        _needed("number_key", sa.String(8)),
        _needed("since", sa.Date),
        _maybe("until", sa.Date),
        _maybe("confirmed_at", sa.String(27)),
        _points_to("subscription", "agreement", "agreement"),
        _points_to("subscription", "patron", "patron_id"),
    )
    _index("ix_subscription_patron_id", "subscription", "patron_id", "agreement", "reason")
    _index(
        "ix_subscription_unconfirmed",
        "subscription",
        "agreement",
        "number_index",
        which="confirmed_at IS NULL",
    )
    _index("ix_subscription_until", "subscription", "agreement", "until", "number_index")
    _create(
        "follow_up",
        _key("patron_id", sa.CHAR(8)),
        _key("kind", sa.String(32)),
        _needed("since", sa.String(27)),
        _maybe("answer", sa.LargeBinary),
        _maybe("answer_key", sa.String(8)),
        _maybe("answer_day", sa.Date),
        _maybe("answer_run", sa.Integer),
        _maybe("doubted", sa.Integer),
        _maybe("doubted_on", sa.Date),
        _points_to("follow_up", "patron", "patron_id"),
    )
    _create(
        "inbox",
        _key("id", sa.Integer),
        _needed("agreement", sa.String(64)),
        _needed("name", sa.Text),
        _needed("sha256", sa.CHAR(64)),
        _needed("size", sa.BigInteger),
        _needed("state", sa.String(32)),
        _needed("key", sa.String(8)),
        _maybe("task", sa.String(32)),
        _maybe("produced", sa.Date),
        _maybe("previous", sa.Date),
        _needed("received", sa.Integer),
        _maybe("reason", sa.Text),
        _maybe("accepted_reason", sa.Text),
        _maybe("mark", sa.Text),
        _needed("sealed_at", sa.String(27)),
        sa.UniqueConstraint("agency", "agreement", "name", "sha256", name="uq_inbox_agreement"),
        _one_of("inbox", "state", "receiving", "sealed", "accepted", "applied", "refused"),
        _points_to("inbox", "agreement", "agreement"),
    )
    _create(
        "inbox_chunk",
        _key("inbox_id", sa.Integer),
        _key("seq", sa.Integer),
        _needed("blob", sa.LargeBinary),
        _points_to("inbox_chunk", "inbox", "inbox_id"),
    )


def _night() -> None:
    _create(
        "run",
        _key("id", sa.Integer),
        _needed("agreement", sa.String(64)),
        _needed("epoch", sa.Integer),
        _needed("day", sa.Date),
        _needed("state", sa.String(32)),
        _needed("started", sa.String(27)),
        _maybe("finished", sa.String(27)),
        _needed("resumed", sa.Integer),
        _needed("checkpoint", sa.Integer),
        _maybe("document", sa.Text),
        _maybe("plan_hash", sa.String(80)),
        _maybe("exit", sa.Integer),
        _maybe("approved_run", sa.Integer),
        _maybe("reverts", sa.Integer),
        _points_to("run", "agreement", "agreement"),
    )
    _create(
        "run_delivery",
        _key("run_id", sa.Integer),
        _key("position", sa.Integer),
        _needed("inbox_id", sa.Integer),
        _points_to("run_delivery", "inbox", "inbox_id"),
        _points_to("run_delivery", "run", "run_id"),
    )
    _create(
        "run_item",
        _needed("run_id", sa.Integer),
        _needed("ordinal", sa.Integer),
        _maybe("inbox_id", sa.Integer),
        _maybe("number_index", sa.LargeBinary),
        _maybe("patron_id", sa.CHAR(8)),
        _needed("outcome", sa.String(32)),
        _needed("actions", sa.Text),
        _maybe("reason", sa.Text),
        _points_to("run_item", "run", "run_id"),
        keyed=False,
    )
    _index("ix_run_item_run_id", "run_item", "run_id")
    _create(
        "plan_row",
        _key("run_id", sa.Integer),
        _key("ordinal", sa.Integer),
        _needed("patron_id", sa.CHAR(8)),
        _needed("version", sa.Integer),
        _needed("actions", sa.Text),
        _needed("harms", sa.Text),
        _needed("digest", sa.LargeBinary),
        _points_to("plan_row", "run", "run_id"),
    )
    _create(
        "plan_mark",
        _key("run_id", sa.Integer),
        _key("harm", sa.String(32)),
        _key("mark", sa.LargeBinary),
        _needed("times", sa.Integer),
        _points_to("plan_mark", "run", "run_id"),
    )
    _create(
        "plan_yes",
        _key("run_id", sa.Integer),
        _key("ordinal", sa.Integer),
        _needed("who", sa.String(80)),
        _needed("at", sa.String(27)),
        _points_to("plan_yes", "run", "run_id"),
    )
    _create(
        "calendar_event",
        _key("day", sa.Date),
        _key("patron_id", sa.CHAR(8)),
        _key("kind", sa.String(32)),
        _key("what", sa.String(160)),
        _needed("run_id", sa.Integer),
        _points_to("calendar_event", "patron", "patron_id"),
    )


def _audit() -> None:
    _create(
        "audit",
        _key("stream", sa.String(80)),
        _key("seq", sa.BigInteger),
        _needed("at", sa.String(27)),
        _maybe("patron_id", sa.CHAR(8)),
        _needed("entry", sa.LargeBinary),
        _needed("mac", sa.LargeBinary),
        _needed("key", sa.String(8)),
    )
    _index("ix_audit_patron_id", "audit", "patron_id")
    _create(
        "audit_reason",
        _key("stream", sa.String(80)),
        _key("seq", sa.BigInteger),
        _maybe("patron_id", sa.CHAR(8)),
        _needed("sealed", sa.LargeBinary),
        _needed("key", sa.String(8)),
    )
    _index("ix_audit_reason_patron_id", "audit_reason", "patron_id")
    _create(
        "audit_head",
        _key("stream", sa.String(80)),
        _needed("seq", sa.BigInteger),
        _needed("mac", sa.LargeBinary),
        _needed("at", sa.String(27)),
    )


def _desk() -> None:
    _create(
        "desk_attempt",
        _key("seq", sa.BigInteger),
        _needed("at", sa.String(27)),
        _needed("who", sa.String(80)),
        _needed("doing", sa.String(32)),
        _needed("purpose", sa.String(32)),
        _maybe("patron_id", sa.CHAR(8)),
        _maybe("number_index", sa.LargeBinary),
        _maybe("number_key", sa.String(8)),
        _needed("refused", sa.String(32)),
        _needed("closeness", sa.String(32)),
        _needed("stranger", sa.Boolean),
        _needed("follows", sa.Boolean),
        _needed("sampled", sa.Boolean),
    )
    _index("ix_desk_attempt_at", "desk_attempt", "at")
    _index("ix_desk_attempt_number_index", "desk_attempt", "number_index")
    _index("ix_desk_attempt_patron_id", "desk_attempt", "patron_id")
    _index("ix_desk_attempt_who", "desk_attempt", "who", "seq")
    _create(
        "desk_outcome",
        _key("seq", sa.BigInteger),
        _key("outcome", sa.String(32)),
        _needed("at", sa.String(27)),
        _needed("who", sa.String(80)),
    )
    _index("ix_desk_outcome_outcome", "desk_outcome", "outcome", "who")
    _create(
        "watched_number",
        _key("number_index", sa.LargeBinary),
        _needed("number_key", sa.String(8)),
        _needed("since", sa.String(27)),
        _needed("who", sa.String(80)),
    )
    _create(
        "staff_patron",
        _key("who", sa.String(80)),
        _needed("at", sa.String(27)),
        _maybe("patron_id", sa.CHAR(8)),
        _maybe("number_index", sa.LargeBinary),
        _maybe("number_key", sa.String(8)),
    )


def _lending() -> None:
    _circulation("loan", "due", "returned")
    _circulation("reservation", "placed", "until", "cancelled")
    _circulation(
        *("balance", "raised", "settled"),
        more=(_needed("kind", sa.String(32), "fee"), _maybe("loan_source", sa.String(64))),
    )
    _index("ix_balance_loan_source", "balance", "kind", "loan_source", "settled", which="loan_source IS NOT NULL")
    _circulation("message", "sent", "content_until")


def _circulation(name: str, *days: str, more: tuple[sa.Column[Any], ...] = ()) -> None:
    """Make a table that no rule of the night reads. Its rows are found by the last of their days."""
    _create(
        name,
        _key("id", sa.Integer),
        _needed("patron_id", sa.CHAR(8)),
        _needed("source_id", sa.String(64)),
        _needed("payload", sa.LargeBinary),
        _needed("key", sa.String(8)),
        *(_maybe(day, sa.Date) for day in days),
        *more,
        sa.UniqueConstraint("agency", "source_id", name=f"uq_{name}_source_id"),
        _points_to(name, "patron", "patron_id"),
    )
    _index(f"ix_{name}_patron_id", name, "patron_id")
    _index(f"ix_{name}_{days[-1]}", name, days[-1])


def _netmedia() -> None:
    _create(
        "outbox",
        _key("target", sa.String(32)),
        _key("patron_id", sa.CHAR(8)),
        _key("version", sa.BigInteger),
        _maybe("payload", sa.LargeBinary),
        _maybe("key", sa.String(8)),
        _needed("state", sa.String(32)),
        _needed("created", sa.String(27)),
        _needed("attempts", sa.Integer, "0"),
        _maybe("code", sa.String(32)),
        _maybe("offered", sa.String(27)),
        _needed("urgent", sa.Boolean, "0"),
        _points_to("outbox", "patron", "patron_id"),
    )
    _index("ix_outbox_state", "outbox", "target", "state")
    _create(
        "account",
        _key("patron_id", sa.CHAR(8)),
        _needed("id_type", sa.String(32)),
        _needed("id_index", sa.LargeBinary),
        _needed("index_key", sa.String(8)),
        _maybe("municipality", sa.String(3)),
        _needed("version", sa.Integer),
        _needed("settled", sa.String(27)),
        _maybe("seen", sa.String(4)),
        _maybe("checked", sa.String(27)),
        _points_to("account", "patron", "patron_id"),
    )
    _index("ix_account_checked", "account", "checked")
    _create(
        "card_account",
        _key("id_index", sa.LargeBinary),
        _needed("card_index", sa.LargeBinary),
        _needed("index_key", sa.String(8)),
        _needed("patron_id", sa.CHAR(8)),
        _needed("card", sa.LargeBinary),
        _needed("key", sa.String(8)),
        _points_to("card_account", "patron", "patron_id"),
    )
    _index("ix_card_account_card_index", "card_account", "card_index")
    _index("ix_card_account_patron_id", "card_account", "patron_id")
    _create(
        "entitlement",
        _key("patron_id", sa.CHAR(8)),
        _needed("rights", sa.Text),
        _points_to("entitlement", "patron", "patron_id"),
    )
    _create(
        "entitlement_turn",
        _key("run_id", sa.Integer),
        _key("patron_id", sa.CHAR(8)),
        _key("product", sa.String(64)),
        _needed("turn", sa.String(32)),
        _points_to("entitlement_turn", "patron", "patron_id"),
    )


def _outward() -> None:
    _create(
        "target",
        _key("name", sa.String(32)),
        _needed("kind", sa.String(32)),
        _needed("stamp", sa.String(64)),
        _needed("since", sa.String(27)),
        _maybe("loaded", sa.CHAR(8)),
        _maybe("stopped", sa.String(27)),
        _maybe("stopped_why", sa.String(32)),
        _points_to("target", "library"),
    )
    _create(
        "change",
        _key("seq", sa.BigInteger),
        _needed("patron_id", sa.CHAR(8)),
        _needed("at", sa.String(27)),
        _maybe("payload", sa.LargeBinary),
        _maybe("key", sa.String(8)),
        _points_to("change", "library"),
    )
    _index("ix_change_gone", "change", "seq", which="payload IS NULL")
    _index("ix_change_patron_id", "change", "patron_id", "seq")
    _create(
        "change_mark",
        _key("patron_id", sa.CHAR(8)),
    )
    _create(
        "change_epoch",
        _key("number", sa.Integer),
        _needed("word", sa.String(32)),
        _needed("begins", sa.BigInteger),
        _needed("last", sa.BigInteger),
        _needed("forgotten", sa.BigInteger, "0"),
        _points_to("change_epoch", "library"),
    )
    _create(
        "target_patron",
        _key("target", sa.String(32)),
        _key("patron_id", sa.CHAR(8)),
        _needed("told", sa.BigInteger),
        _maybe("remote", sa.String(64)),
        _points_to("target_patron", "library"),
    )
    _create(
        "comparison",
        _key("id", sa.Integer),
        _needed("target", sa.String(32)),
        _needed("day", sa.Date),
        _needed("started", sa.String(27)),
        _maybe("finished", sa.String(27)),
        _needed("reached", sa.String(8)),
        _needed("compared", sa.Integer),
        _needed("left_out", sa.Integer),
        _maybe("counts", sa.Text),
        _points_to("comparison", "library"),
    )
    _index("ix_comparison_target", "comparison", "target", "finished")
    _create(
        "comparison_finding",
        _key("comparison_id", sa.Integer),
        _key("patron_id", sa.CHAR(8)),
        _key("kind", sa.String(32)),
        _points_to("comparison_finding", "comparison", "comparison_id"),
        _points_to("comparison_finding", "patron", "patron_id"),
    )
    _index("ix_comparison_finding_patron_id", "comparison_finding", "patron_id")
    _create(
        "known_elsewhere",
        _key("patron_id", sa.CHAR(8)),
        _key("target", sa.String(32)),
        _needed("their_id", sa.String(20)),
        _points_to("known_elsewhere", "patron", "patron_id"),
    )


def _trust() -> None:
    _create(
        "key_check",
        _key("purpose", sa.String(32)),
        _key("id", sa.String(8)),
        _needed("code", sa.LargeBinary),
        _points_to("key_check", "library"),
    )
    _create(
        "upkeep",
        _key("id", sa.Integer),
        _needed("task", sa.String(32)),
        _needed("at", sa.String(27)),
        _needed("outcome", sa.String(32)),
        _needed("detail", sa.Text),
        _points_to("upkeep", "library"),
    )
    _index("ix_upkeep_task", "upkeep", "task", "id")
    _create(
        "alarm",
        _key("cause", sa.String(200)),
        _needed("what", sa.String(32)),
        _needed("told_values", sa.Text),
        _needed("since", sa.String(27)),
        _maybe("told", sa.String(27)),
        _maybe("gone", sa.String(27)),
        _points_to("alarm", "library"),
    )
    _create(
        "alarm_message",
        _key("id", sa.Integer),
        _needed("channel", sa.String(32)),
        _needed("word", sa.String(32)),
        _needed("cause", sa.String(200)),
        _needed("what", sa.String(32)),
        _needed("told_values", sa.Text),
        _needed("since", sa.String(27)),
        _needed("at", sa.String(27)),
        _needed("due", sa.String(27)),
        _needed("tries", sa.Integer),
        _maybe("why", sa.String(64)),
        _maybe("outcome", sa.String(32)),
        _points_to("alarm_message", "library"),
    )
    _index("ix_alarm_message_channel", "alarm_message", "channel", "outcome", "due")


def _mark() -> None:
    on_sqlite = op.get_bind().dialect.name == "sqlite"
    for table in MARKED:
        made = [_mark_on_sqlite(table, event) for event in _EVENTS] if on_sqlite else _mark_on_postgresql(table)
        for statement in made:
            op.execute(statement)


def _event(event: str, columns: tuple[str, ...]) -> str:
    return f"{event} OF {', '.join(columns)}" if event == "UPDATE" and columns else event


def _mark_on_sqlite(table: str, event: str) -> str:
    patrons, columns = MARKED[table]
    row = "OLD" if event == "DELETE" else "NEW"
    # not OR IGNORE: the statement that fires a trigger decides about conflicts in it
    marks = " ".join(
        f"INSERT INTO change_mark (agency, patron_id) SELECT {row}.agency, {row}.{patron} WHERE NOT EXISTS"  # noqa: S608 -- names from the table above
        f" (SELECT 1 FROM change_mark WHERE agency = {row}.agency AND patron_id = {row}.{patron});"
        for patron in patrons
    )
    return (
        f"CREATE TRIGGER mark_{table}_{event.lower()} AFTER {_event(event, columns)} ON {table}"  # noqa: S608 -- names from the table above
        f" WHEN EXISTS (SELECT 1 FROM target WHERE target.agency = {row}.agency) BEGIN {marks} END"
    )


def _mark_on_postgresql(table: str) -> list[str]:
    patrons, columns = MARKED[table]
    marks = " ".join(
        "INSERT INTO change_mark (agency, patron_id)"  # noqa: S608 -- names from the table above
        f" VALUES (changed.agency, changed.{patron}) ON CONFLICT DO NOTHING;"
        for patron in patrons
    )
    function = (
        f"CREATE FUNCTION mark_{table}() RETURNS trigger LANGUAGE plpgsql AS $$"  # noqa: S608 -- names from the table above
        f" DECLARE changed {table}%ROWTYPE; BEGIN"
        " IF TG_OP = 'DELETE' THEN changed := OLD; ELSE changed := NEW; END IF;"
        f" IF EXISTS (SELECT 1 FROM target WHERE target.agency = changed.agency) THEN {marks} END IF;"
        " RETURN NULL; END $$"
    )
    return [
        function,
        *(
            f"CREATE TRIGGER mark_{table}_{event.lower()} AFTER {_event(event, columns)} ON {table}"
            f" FOR EACH ROW EXECUTE FUNCTION mark_{table}()"
            for event in _EVENTS
        ),
    ]

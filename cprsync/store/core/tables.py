"""The tables. Every row has its agency (decision 15); what is personal is sealed or a keyed index (decision 16).

Leaves out the steps from one version to the next: they are in `migrations`, and a test compares the two.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    CHAR,
    BigInteger,
    Boolean,
    Column,
    Date,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(referred_table_name)s",
        "uq": "uq_%(table_name)s_%(column_1_name)s",
        "ix": "ix_%(table_name)s_%(column_1_name)s",
    }
)

AGENCY = String(16)
AGREEMENT = String(64)
PATRON = CHAR(8)
KEY = String(8)
WORD = String(32)
#: A moment as `2027-03-01T05:30:00.000000Z`: sorts as text and is the same in both databases.
STAMP = String(27)


def _needed(name: str, kind: Any, given: str | None = None) -> Column[Any]:
    """A column that is never empty; `given` is what a row has that was written before the column was there."""
    return Column(name, kind, nullable=False, server_default=given)


def _key(name: str, kind: Any) -> Column[Any]:
    return Column(name, kind, primary_key=True, autoincrement=False)


def _maybe(name: str, kind: Any) -> Column[Any]:
    return Column(name, kind, nullable=True)


def _where(name: str, *columns: str, which: str) -> Index:
    """An index of some rows only."""
    return Index(name, *columns, sqlite_where=text(which), postgresql_where=text(which))


def _to(target: str, *columns: str, of: tuple[str, str] = ("agency", "id")) -> ForeignKeyConstraint:
    return ForeignKeyConstraint(columns, [f"{target}.{column}" for column in of[: len(columns)]])


# -- the library and its agreements ------------------------------------------------------------------

library = Table(
    "library",
    metadata,
    _key("agency", AGENCY),
    _maybe("name", Text),
    # of the policy that next_age_step was counted with; another one: it is counted again for everyone
    _maybe("calendar_stamp", Text),
    # how many lines of hers stood in the erase journal when last seen, and the code of the last; none: not seen yet
    _maybe("journal_lines", Integer),
    _maybe("journal_code", LargeBinary),
    # of the policy that rights were derived with; another one: they are derived again for everyone
    _maybe("rights_stamp", String(64)),
    # the last number of a review item; a number is never given twice
    _maybe("last_review", Integer),
    # how many lines of hers the file of the audit's heads had when last seen, and the code of the last
    _maybe("heads_lines", Integer),
    _maybe("heads_code", LargeBinary),
    # a sum over the versions of all her patrons' records, under a key, and how often it has changed
    _maybe("records_sum", LargeBinary),
    _maybe("records_changes", BigInteger),
    _maybe("records_key", KEY),
)

agreement = Table(
    "agreement",
    metadata,
    _key("agency", AGENCY),
    _key("id", AGREEMENT),
    _maybe("task", WORD),
    _maybe("last_produced", Date),
    # how many of those in a window the register was asked about on a day, and what harm its answers have done
    _maybe("heal_day", Date),
    _maybe("heal_asked", Integer),
    _maybe("heal_harms", Text),
    _to("library", "agency"),
)

#: The keys that rows were written with: of each what only that very key gives, so that no other passes for it.
key_check = Table(
    "key_check",
    metadata,
    _key("agency", AGENCY),
    _key("purpose", WORD),
    _key("id", KEY),
    _needed("code", LargeBinary),
    _to("library", "agency"),
)

#: The kind of patron, and the standing, of nearly everyone.
PERSON, ACTIVE = "person", "active"

#: The status class of a patron who was merged into another: an empty shell that is counted and lived no more; and
#: the kind of the key by which it points at her who keeps what it had.
MERGED = "merged"
#: The same of a patron who has left, and of one who was erased: a shell that stays while something hangs on it.
CLOSED, ERASED = "closed", "erased"
EMPTIED = (CLOSED, ERASED)
#: Who is no patron, though there is a row.
GONE = (MERGED, *EMPTIED)

#: Whose rights were derived from an older local part than she has.
LOCAL_IS_NEWER = "rights_local <> local_version"

# -- patrons -----------------------------------------------------------------------------------------

patron = Table(
    "patron",
    metadata,
    _key("agency", AGENCY),
    _key("id", PATRON),
    _needed("number_index", LargeBinary),
    _needed("index_key", KEY),
    # a number made by a library or hospital is not CPR's and is never subscribed
    _needed("real_number", Boolean),
    _needed("register_blob", LargeBinary),
    _needed("register_key", KEY),
    _needed("fingerprint", LargeBinary),
    _needed("fingerprint_key", KEY),
    _needed("version", Integer),
    _maybe("as_of_day", Date),
    _maybe("as_of_source", WORD),
    _needed("local_blob", LargeBinary),
    _needed("local_key", KEY),
    _needed("local_version", Integer),
    _maybe("municipality", CHAR(4)),
    _needed("status_class", WORD),
    _needed("patron_group", String(64)),
    _maybe("address_index", LargeBinary),
    _maybe("address_key", KEY),
    # no source has spoken of her protection; of whom one has, it does not say what
    _needed("protection_silent", Boolean),
    _maybe("next_age_step", Date),
    # the next day on which the calendar has something to do about the local part; it does not say what
    _maybe("local_due", Date),
    # the earliest day on which a block was lifted that is still kept; it does not say which, or why
    _maybe("block_lifted", Date),
    # how many overrides are in force: who has none is decided without a look at that table
    _needed("overrides", Integer),
    _maybe("letters_stopped", Date),
    _needed("created", STAMP),
    _maybe("register_since", STAMP),
    # a person, an institution, a library, or someone who only answers for a minor
    _needed("kind", WORD, PERSON),
    # active, leaving or closed
    _needed("standing", WORD, ACTIVE),
    # the day on which she asked to leave, or the policy asked for her
    _maybe("leaves_since", Date),
    # the last day of which anything of hers is known that she did herself
    _maybe("last_seen", Date),
    # the day on which her rights to net media have to be derived again, and the local part they were derived from
    _maybe("rights_due", Date),
    _needed("rights_local", Integer, "0"),
    # the day on which a window opened, and why; the day that an answer must have seen; when the register was asked last
    _maybe("unverified_since", Date),
    _maybe("unverified_why", WORD),
    _maybe("unverified_until", Date),
    _maybe("unverified_asked", Date),
    UniqueConstraint("agency", "number_index"),
    Index("ix_patron_address_index", "agency", "address_index"),
    Index("ix_patron_next_age_step", "agency", "next_age_step"),
    Index("ix_patron_local_due", "agency", "local_due"),
    _where("ix_patron_block_lifted", "agency", "block_lifted", which="block_lifted IS NOT NULL"),
    # with the next one: who is not subscribed yet is told each night without reading a row
    Index("ix_patron_real_number", "agency", "real_number", "id"),
    # the few that each night counts: without these it would read every row, sealed record and all
    _where("ix_patron_silent", "agency", which="protection_silent"),
    _where("ix_patron_merged", "agency", which=f"status_class = '{MERGED}'"),
    _where("ix_patron_standing", "agency", "standing", which=f"standing <> '{ACTIVE}'"),
    # of all rows, SQLite would take it for the few above, and read every patron for them
    _where("ix_patron_last_seen", "agency", "last_seen", which="last_seen IS NOT NULL"),
    _where("ix_patron_rights_due", "agency", "rights_due", which="rights_due IS NOT NULL"),
    _where("ix_patron_unverified", "agency", which="unverified_since IS NOT NULL"),
    # whoever writes a local part need not know that rights hang on it; by id, since they are read a page at a time,
    # and SQLite would take the primary key for "the next ones" and read every patron
    _where("ix_patron_rights_local", "agency", "id", which=LOCAL_IS_NEWER),
    _to("library", "agency"),
    # room for the next version of a row on its own page: 1.7 times the updates a second
    postgresql_with={"fillfactor": 60},
)

#: Every patron number ever given; a number is never given twice, even after a patron is erased.
issued_id = Table("issued_id", metadata, _key("agency", AGENCY), _key("id", PATRON), _to("library", "agency"))

#: Other keys that find a patron; `kind` is old_number, card or telephone.
patron_key = Table(
    "patron_key",
    metadata,
    _key("agency", AGENCY),
    _key("kind", WORD),
    _key("key_index", LargeBinary),
    _needed("key_id", KEY),
    _needed("patron_id", PATRON),
    Index("ix_patron_key_patron_id", "agency", "patron_id"),
    _to("patron", "agency", "patron_id"),
)

subscription = Table(
    "subscription",
    metadata,
    _key("agency", AGENCY),
    _key("agreement", AGREEMENT),
    _key("number_index", LargeBinary),
    _key("reason", WORD),
    _key("patron_id", PATRON),
    _needed("number", LargeBinary),
    _needed("number_key", KEY),
    _needed("since", Date),
    _maybe("until", Date),
    _maybe("confirmed_at", STAMP),
    Index("ix_subscription_patron_id", "agency", "patron_id", "agreement", "reason"),
    Index("ix_subscription_until", "agency", "agreement", "until", "number_index"),
    _to("agreement", "agency", "agreement"),
    _to("patron", "agency", "patron_id"),
)

before_image = Table(
    "before_image",
    metadata,
    _key("agency", AGENCY),
    _key("patron_id", PATRON),
    _key("version", Integer),
    _needed("run_id", Integer),
    _needed("register_blob", LargeBinary),
    _needed("register_key", KEY),
    _needed("until_day", Date),
    # what may be taken back no longer is found by its last day
    Index("ix_before_image_until_day", "agency", "until_day"),
    _to("patron", "agency", "patron_id"),
)

#: Who answers for a minor: typed by staff, never taken from the register's family records.
responsible = Table(
    "responsible",
    metadata,
    _key("agency", AGENCY),
    _key("patron_id", PATRON),
    _key("responsible_id", PATRON),
    _needed("since", Date),
    # the first day on which she no longer does: new debts are not hers
    _maybe("until", Date),
    Index("ix_responsible_responsible_id", "agency", "responsible_id"),
    Index("ix_responsible_until", "agency", "until"),
    _to("patron", "agency", "patron_id"),
    ForeignKeyConstraint(
        ["agency", "responsible_id"], ["patron.agency", "patron.id"], name="fk_responsible_responsible"
    ),
)

follow_up = Table(
    "follow_up",
    metadata,
    _key("agency", AGENCY),
    _key("patron_id", PATRON),
    _key("kind", WORD),
    _needed("since", STAMP),
    # what the register has answered in a run that has not decided on it yet, and as of which day
    _maybe("answer", LargeBinary),
    _maybe("answer_key", KEY),
    _maybe("answer_day", Date),
    _maybe("answer_run", Integer),
    # on how many nights the answer about the end of a protection was in doubt, and the last of them
    _maybe("doubted", Integer),
    _maybe("doubted_on", Date),
    _to("patron", "agency", "patron_id"),
)

#: What staff typed as a correction, with who, why and until when; the value and the reason are sealed.
override = Table(
    "override",
    metadata,
    _key("agency", AGENCY),
    _key("id", Integer),
    _needed("patron_id", PATRON),
    _needed("field", WORD),
    _needed("value", LargeBinary),
    _needed("key", KEY),
    _needed("by_user", String(64)),
    _needed("since", Date),
    _maybe("until", Date),
    # live, ended by its day, withdrawn by hand, replaced by a later one, or forgotten: its value is gone
    _needed("state", WORD),
    _maybe("warned", Date),
    _maybe("ended", Date),
    Index("ix_override_patron_id", "agency", "patron_id", "state"),
    Index("ix_override_until", "agency", "state", "until"),
    _to("patron", "agency", "patron_id"),
)

#: Blocks of patrons who left, by a hash of the number that says nothing without its key; the reason is sealed.
kept_block = Table(
    "kept_block",
    metadata,
    _key("agency", AGENCY),
    _key("id", Integer),
    # whose they were: they go when that patron is erased
    _needed("patron_id", PATRON),
    _needed("number_index", LargeBinary),
    _needed("number_key", KEY),
    _needed("since", Date),
    _needed("reason", LargeBinary),
    _needed("key", KEY),
    # the day on which the record was emptied
    _needed("kept", Date),
    Index("ix_kept_block_number_index", "agency", "number_index"),
    Index("ix_kept_block_patron_id", "agency", "patron_id"),
    Index("ix_kept_block_kept", "agency", "kept"),
)

#: What the calendar part of a night has done, day by day; a second run of the same day finds it here.
calendar_event = Table(
    "calendar_event",
    metadata,
    _key("agency", AGENCY),
    _key("day", Date),
    _key("patron_id", PATRON),
    _key("kind", WORD),
    _key("what", String(160)),
    _needed("run_id", Integer),
    _to("patron", "agency", "patron_id"),
)

review_item = Table(
    "review_item",
    metadata,
    _key("agency", AGENCY),
    _key("id", Integer),
    _needed("patron_id", PATRON),
    _needed("kind", String(64)),
    _needed("run_id", Integer),
    # waiting, accepted, rejected, or settled: it resolved itself
    _needed("state", WORD),
    _needed("opened", Date),
    # the other patron, where two are concerned
    _maybe("about", PATRON),
    _maybe("decided_by", String(64)),
    _maybe("decided_at", STAMP),
    # the numbers that it is about, or what an undo needs, sealed
    _maybe("undo", LargeBinary),
    _maybe("key", KEY),
    Index("ix_review_item_patron_id", "agency", "patron_id", "state"),
    # what waits is asked for with each batch, and what a run raised at its start: years of answers stand beside it
    Index("ix_review_item_state", "agency", "state", "kind"),
    Index("ix_review_item_run_id", "agency", "run_id"),
    # the few that still hold something sealed
    _where("ix_review_item_undo", "agency", "decided_at", which="undo IS NOT NULL"),
    _to("patron", "agency", "patron_id"),
)

outbox = Table(
    "outbox",
    metadata,
    _key("agency", AGENCY),
    _key("target", WORD),
    _key("patron_id", PATRON),
    _key("version", Integer),
    _needed("payload", LargeBinary),
    _needed("key", KEY),
    _needed("state", WORD),
    _needed("created", STAMP),
    # how often it was answered with something else than success, and with what the last time
    _needed("attempts", Integer, "0"),
    _maybe("code", WORD),
    # when it was first offered; none: the counterpart cannot have heard of it
    _maybe("offered", STAMP),
    Index("ix_outbox_state", "agency", "target", "state"),
    _to("patron", "agency", "patron_id"),
)

#: What the net media hold of a patron, as far as they have told: no row, no account.
account = Table(
    "account",
    metadata,
    _key("agency", AGENCY),
    _key("patron_id", PATRON),
    # CPR or LOCAL, and the number it stands under as a keyed index
    _needed("id_type", WORD),
    _needed("id_index", LargeBinary),
    _needed("index_key", KEY),
    # three digits, "" for none on purpose; not known: what another account held
    _maybe("municipality", String(3)),
    # of the last effect that came through
    _needed("version", Integer),
    _needed("settled", STAMP),
    # what a reading found there, which may be another library's and of any form, and when
    _maybe("seen", String(4)),
    _maybe("checked", STAMP),
    Index("ix_account_checked", "agency", "checked"),
    _to("patron", "agency", "patron_id"),
)

#: A patron's rights as they were last derived, as `domain.netmedia.rights.stored` writes them.
entitlement = Table(
    "entitlement",
    metadata,
    _key("agency", AGENCY),
    _key("patron_id", PATRON),
    _needed("rights", Text),
    _to("patron", "agency", "patron_id"),
)

#: What became of rights in a run; killed and gone on with, it counts each once. Kept until CULR was told.
entitlement_turn = Table(
    "entitlement_turn",
    metadata,
    _key("agency", AGENCY),
    _key("run_id", Integer),
    _key("patron_id", PATRON),
    _key("product", String(64)),
    _needed("turn", WORD),
    _to("patron", "agency", "patron_id"),
)


#: What a balance is for; the first, if its source does not say.
FEE, COMPENSATION = "fee", "compensation"


def _circulation(name: str, *dates: str, more: tuple[Column[Any], ...] = ()) -> Table:
    """Make a place for a part of the patron record that no rule of the night reads; `more` stands in clear too."""
    return Table(
        name,
        metadata,
        _key("agency", AGENCY),
        _key("id", Integer),
        _needed("patron_id", PATRON),
        _needed("source_id", String(64)),
        _needed("payload", LargeBinary),
        _needed("key", KEY),
        *(_maybe(day, Date) for day in dates),
        *more,
        UniqueConstraint("agency", "source_id"),
        Index(f"ix_{name}_patron_id", "agency", "patron_id"),
        # what is to be forgotten is found by its last day
        Index(f"ix_{name}_{dates[-1]}", "agency", dates[-1]),
        _to("patron", "agency", "patron_id"),
    )


#: Udlån: gone 30 days after return, or after what is owed for it is settled
loan = _circulation("loan", "due", "returned")
#: Reserveringer: gone when fulfilled or cancelled
reservation = _circulation("reservation", "placed", "until", "cancelled")
#: Mellemværende: gone 30 days after it is paid
balance = _circulation(
    "balance",
    "raised",
    "settled",
    # a fee or a compensation: kept for different times; and the source's id of the loan it is owed for
    more=(_needed("kind", WORD, FEE), _maybe("loan_source", String(64))),
)
#: Beskeder: the content is gone after 30 days, the fact stays
message = _circulation("message", "sent", "content_until")

# -- deliveries --------------------------------------------------------------------------------------

inbox = Table(
    "inbox",
    metadata,
    _key("agency", AGENCY),
    _key("id", Integer),
    _needed("agreement", AGREEMENT),
    _needed("name", Text),
    _needed("sha256", CHAR(64)),
    _needed("size", BigInteger),
    _needed("state", WORD),
    _needed("key", KEY),
    _maybe("task", WORD),
    _maybe("produced", Date),
    _maybe("previous", Date),
    _needed("received", Integer),
    _maybe("reason", Text),
    # why an operator takes it though it is out of chain
    _maybe("accepted_reason", Text),
    # what told the file at its source from another when it was sealed: its size, its time, and its companion's hash
    _maybe("mark", Text),
    _needed("sealed_at", STAMP),
    UniqueConstraint("agency", "agreement", "name", "sha256"),
    _to("agreement", "agency", "agreement"),
)

inbox_chunk = Table(
    "inbox_chunk",
    metadata,
    _key("agency", AGENCY),
    _key("inbox_id", Integer),
    _key("seq", Integer),
    _needed("blob", LargeBinary),
    _to("inbox", "agency", "inbox_id"),
)

# -- runs --------------------------------------------------------------------------------------------

run = Table(
    "run",
    metadata,
    _key("agency", AGENCY),
    _key("id", Integer),
    _needed("agreement", AGREEMENT),
    _needed("epoch", Integer),
    _needed("day", Date),
    _needed("state", WORD),
    _needed("started", STAMP),
    _maybe("finished", STAMP),
    _needed("resumed", Integer),
    _needed("checkpoint", Integer),
    _maybe("document", Text),
    _maybe("plan_hash", String(80)),
    _maybe("exit", Integer),
    _to("agreement", "agency", "agreement"),
)

run_delivery = Table(
    "run_delivery",
    metadata,
    _key("agency", AGENCY),
    _key("run_id", Integer),
    _key("position", Integer),
    _needed("inbox_id", Integer),
    _to("run", "agency", "run_id"),
    _to("inbox", "agency", "inbox_id"),
)

#: The balance sheet, one row for each number of a delivery (decision 24).
run_item = Table(
    "run_item",
    metadata,
    _needed("agency", AGENCY),
    _needed("run_id", Integer),
    _needed("ordinal", Integer),
    _maybe("inbox_id", Integer),
    _maybe("number_index", LargeBinary),
    _maybe("patron_id", PATRON),
    _needed("outcome", WORD),
    _needed("actions", Text),
    _maybe("reason", Text),
    Index("ix_run_item_run_id", "agency", "run_id"),
    _to("run", "agency", "run_id"),
)

plan_row = Table(
    "plan_row",
    metadata,
    _key("agency", AGENCY),
    _key("run_id", Integer),
    _key("ordinal", Integer),
    _needed("patron_id", PATRON),
    _needed("version", Integer),
    _needed("actions", Text),
    _needed("harms", Text),
    _needed("digest", LargeBinary),
    _to("run", "agency", "run_id"),
)

# -- audit -------------------------------------------------------------------------------------------

audit = Table(
    "audit",
    metadata,
    _key("agency", AGENCY),
    _key("stream", String(80)),
    _key("seq", BigInteger),
    _needed("at", STAMP),
    # a copy of what the entry says, so that one patron's entries are found at once
    _maybe("patron_id", PATRON),
    _needed("entry", LargeBinary),
    _needed("mac", LargeBinary),
    _needed("key", KEY),
    Index("ix_audit_patron_id", "agency", "patron_id"),
)

#: Why someone did what an entry says, in her own words and sealed: the entry has its hash, so that it can go alone.
audit_reason = Table(
    "audit_reason",
    metadata,
    _key("agency", AGENCY),
    _key("stream", String(80)),
    _key("seq", BigInteger),
    _maybe("patron_id", PATRON),
    _needed("sealed", LargeBinary),
    _needed("key", KEY),
    Index("ix_audit_reason_patron_id", "agency", "patron_id"),
)

audit_head = Table(
    "audit_head",
    metadata,
    _key("agency", AGENCY),
    _key("stream", String(80)),
    _needed("seq", BigInteger),
    _needed("mac", LargeBinary),
    _needed("at", STAMP),
)

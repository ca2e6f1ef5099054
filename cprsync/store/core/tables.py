"""The tables. Every row has its agency (decision 15). Personal data is sealed or a keyed index (decision 16).

The steps from one version to the next are in `migrations`. A test compares the two.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

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

from cprsync.domain.person.person import SILENT, Status

if TYPE_CHECKING:
    from cprsync.domain.person.person import Silent

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
#: A moment as `2027-03-01T05:30:00.000000Z`: it sorts as text and is the same in both databases.
STAMP = String(27)


def _needed(name: str, kind: Any, given: str | None = None) -> Column[Any]:
    """A column that is never empty. `given`: the value for rows written before the column existed."""
    return Column(name, kind, nullable=False, server_default=given)


def _key(name: str, kind: Any) -> Column[Any]:
    return Column(name, kind, primary_key=True, autoincrement=False)


def _maybe(name: str, kind: Any) -> Column[Any]:
    return Column(name, kind, nullable=True)


def _where(name: str, *columns: str, which: str) -> Index:
    """An index of some rows only."""
    return Index(name, *columns, sqlite_where=text(which), postgresql_where=text(which))


def _table(name: str, *parts: Column[Any] | Index | UniqueConstraint | ForeignKeyConstraint, **options: Any) -> Table:
    """A table whose rows have their agency as the first column of their key."""
    return Table(name, metadata, _key("agency", AGENCY), *parts, **options)


def _to(target: str, *columns: str) -> ForeignKeyConstraint:
    return ForeignKeyConstraint(columns, [f"{target}.{name}" for name in ("agency", "id")[: len(columns)]])


library = _table(
    "library",
    _maybe("name", Text),
    # the stamp of the policy with which next_age_step was counted; with another policy it is counted again for everyone
    _maybe("calendar_stamp", Text),
    # how many of the library's lines the erase journal had when last seen, and the code of the last; NULL: not seen yet
    _maybe("journal_lines", Integer),
    _maybe("journal_code", LargeBinary),
    # the stamp of the policy with which rights were derived; with another policy they are derived again for everyone
    _maybe("rights_stamp", String(64)),
    # the last number of a review item; a number is never issued twice
    _maybe("last_review", Integer),
    # how many of the library's lines the file of the audit's heads had when last seen, and the code of the last
    _maybe("heads_lines", Integer),
    _maybe("heads_code", LargeBinary),
    # a sum over the versions of all records of the library, under a key, and how often it has changed
    _maybe("records_sum", LargeBinary),
    _maybe("records_changes", BigInteger),
    _maybe("records_key", KEY),
    # how far the library has come with letting cards log in at the net media, and the last patron who was dealt with
    _maybe("cards_stage", WORD),
    _maybe("cards_after", PATRON),
)

agreement = _table(
    "agreement",
    _key("id", AGREEMENT),
    _maybe("task", WORD),
    _maybe("last_produced", Date),
    # how many patrons in a window the register was asked about on a day, and the harm that its answers did
    _maybe("heal_day", Date),
    _maybe("heal_asked", Integer),
    _maybe("heal_harms", Text),
    _to("library", "agency"),
)

#: The keys with which rows were written. The code can come from that very key only, so no other passes for it.
key_check = _table(
    "key_check",
    _key("purpose", WORD),
    _key("id", KEY),
    _needed("code", LargeBinary),
    _to("library", "agency"),
)

#: The kind and the standing of nearly all patrons.
PERSON, ACTIVE = "person", "active"

#: The status class of a patron who was merged into another: an empty shell that is not counted and not lived. Also the
#: kind of the key by which the shell points at the patron who keeps its contents.
MERGED = "merged"
#: The status classes of a patron who has left and of one who was erased: a shell that stays while something needs it.
CLOSED, ERASED = "closed", "erased"
EMPTIED = (CLOSED, ERASED)
#: The status classes of rows that are no patrons.
GONE = (MERGED, *EMPTIED)

#: The status class that a row shows in clear. It does not tell whether the patron has a fixed abode.
STATUS_CLASSES: dict[Status | Silent, str] = {
    SILENT: "unknown",
    Status.RESIDENT: "resident",
    Status.RESIDENT_ADMINISTRATIVE: "resident",
    Status.GREENLAND: "greenland",
    Status.GREENLAND_ADMINISTRATIVE: "greenland",
    Status.NO_RESIDENCE: "no_residence",
    Status.ANNULLED: "replaced",
    Status.DUPLICATE: "replaced",
    Status.CHANGED: "replaced",
    Status.DISAPPEARED: "disappeared",
    Status.EMIGRATED: "emigrated",
    Status.DEAD: "dead",
}

#: Rows whose rights were derived from an older local part.
LOCAL_IS_NEWER = "rights_local <> local_version"
#: Rows whose finding keys were made from an older record.
RECORD_IS_NEWER = "(found_register <> version OR found_local <> local_version)"

patron = _table(
    "patron",
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
    # no source has spoken about the protection; if one has, this does not show what it said
    _needed("protection_silent", Boolean),
    _maybe("next_age_step", Date),
    # the next day on which the calendar has something to do about the local part; it does not show what
    _maybe("local_due", Date),
    # the earliest day on which a block was lifted that is still kept; it does not show which, or why
    _maybe("block_lifted", Date),
    # how many overrides are in force: a patron with none is decided without reading that table
    _needed("overrides", Integer),
    _maybe("letters_stopped", Date),
    _needed("created", STAMP),
    _maybe("register_since", STAMP),
    # a person, an institution, a library, or a person who only answers for a minor
    _needed("kind", WORD, PERSON),
    # active, leaving or closed
    _needed("standing", WORD, ACTIVE),
    # the day on which the patron asked to leave, or the policy decided it
    _maybe("leaves_since", Date),
    # the last day on which the patron is known to have done something themselves
    _maybe("last_seen", Date),
    # the day on which the rights to net media are due, and the version of the local part they were derived from
    _maybe("rights_due", Date),
    _needed("rights_local", Integer, "0"),
    # the day on which a window opened, and why; the day that an answer must have seen; the day of the last question
    _maybe("unverified_since", Date),
    _maybe("unverified_why", WORD),
    _maybe("unverified_until", Date),
    _maybe("unverified_asked", Date),
    # the versions of the two parts from which the finding keys were made
    _needed("found_register", Integer, "0"),
    _needed("found_local", Integer, "0"),
    UniqueConstraint("agency", "number_index"),
    Index("ix_patron_address_index", "agency", "address_index"),
    Index("ix_patron_next_age_step", "agency", "next_age_step"),
    Index("ix_patron_local_due", "agency", "local_due"),
    _where("ix_patron_block_lifted", "agency", "block_lifted", which="block_lifted IS NOT NULL"),
    # with the next index, each night finds the patrons who are not subscribed yet without reading a row
    Index("ix_patron_real_number", "agency", "real_number", "id"),
    # the few that each night counts: without these indexes it would read every row with its sealed record
    _where("ix_patron_silent", "agency", which="protection_silent"),
    _where("ix_patron_merged", "agency", which=f"status_class = '{MERGED}'"),
    _where("ix_patron_standing", "agency", "standing", which=f"standing <> '{ACTIVE}'"),
    # if it held all rows, SQLite would use it for the few above and read every patron
    _where("ix_patron_last_seen", "agency", "last_seen", which="last_seen IS NOT NULL"),
    _where("ix_patron_rights_due", "agency", "rights_due", which="rights_due IS NOT NULL"),
    _where("ix_patron_unverified", "agency", which="unverified_since IS NOT NULL"),
    # Code that writes a local part need not know that rights depend on it. The index has the id, because the rows are
    # read a page at a time. SQLite would otherwise use the primary key for the next page and read every patron.
    _where("ix_patron_rights_local", "agency", "id", which=LOCAL_IS_NEWER),
    # the same for code that writes a name or a telephone
    _where("ix_patron_found", "agency", "id", which=RECORD_IS_NEWER),
    _to("library", "agency"),
    # leaves room for the next version of a row on its own page: 1.7 times as many updates a second
    postgresql_with={"fillfactor": 60},
)

#: Every patron number ever issued. A number is never issued twice, even after a patron is erased.
issued_id = _table("issued_id", _key("id", PATRON), _to("library", "agency"))

#: Other keys that find one patron. `kind` is old_number, card or merged.
patron_key = _table(
    "patron_key",
    _key("kind", WORD),
    _key("key_index", LargeBinary),
    _needed("key_id", KEY),
    _needed("patron_id", PATRON),
    Index("ix_patron_key_patron_id", "agency", "patron_id"),
    _to("patron", "agency", "patron_id"),
)

#: Keys that may find several patrons. `kind` is telephone, or name: one word of a name, with the birth date.
finding_key = _table(
    "finding_key",
    _key("kind", WORD),
    _key("key_index", LargeBinary),
    _key("patron_id", PATRON),
    _needed("key_id", KEY),
    Index("ix_finding_key_patron_id", "agency", "patron_id"),
    _to("patron", "agency", "patron_id"),
)

subscription = _table(
    "subscription",
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

before_image = _table(
    "before_image",
    _key("patron_id", PATRON),
    _key("version", Integer),
    _needed("run_id", Integer),
    _needed("register_blob", LargeBinary),
    _needed("register_key", KEY),
    _needed("until_day", Date),
    # the index finds what can no longer be taken back, by its last day
    Index("ix_before_image_until_day", "agency", "until_day"),
    _to("patron", "agency", "patron_id"),
)

#: The responsibles of a minor: typed by staff, never taken from the register's family records.
responsible = _table(
    "responsible",
    _key("patron_id", PATRON),
    _key("responsible_id", PATRON),
    _needed("since", Date),
    # the first day on which new debts are no longer the responsible's
    _maybe("until", Date),
    Index("ix_responsible_responsible_id", "agency", "responsible_id"),
    Index("ix_responsible_until", "agency", "until"),
    _to("patron", "agency", "patron_id"),
    ForeignKeyConstraint(
        ["agency", "responsible_id"], ["patron.agency", "patron.id"], name="fk_responsible_responsible"
    ),
)

follow_up = _table(
    "follow_up",
    _key("patron_id", PATRON),
    _key("kind", WORD),
    _needed("since", STAMP),
    # what the register answered in a run that has not decided on it yet, and the day of the answer
    _maybe("answer", LargeBinary),
    _maybe("answer_key", KEY),
    _maybe("answer_day", Date),
    _maybe("answer_run", Integer),
    # on how many nights the answer about the end of a protection was in doubt, and the last of them
    _maybe("doubted", Integer),
    _maybe("doubted_on", Date),
    _to("patron", "agency", "patron_id"),
)

#: Patrons who were registered while the register did not answer: what they said of themselves, sealed.
provisional = _table(
    "provisional",
    _key("patron_id", PATRON),
    _needed("since", STAMP),
    # the register has answered otherwise: kept until staff have looked
    _needed("differs", Boolean),
    _needed("said", LargeBinary),
    _needed("key", KEY),
    _to("patron", "agency", "patron_id"),
)

#: What staff typed as a correction, with who, why and until when. The value and the reason are sealed.
override = _table(
    "override",
    _key("id", Integer),
    _needed("patron_id", PATRON),
    _needed("field", WORD),
    _needed("value", LargeBinary),
    _needed("key", KEY),
    _needed("by_user", String(64)),
    _needed("since", Date),
    _maybe("until", Date),
    # live, ended by its day, withdrawn by hand, replaced by a later one, or forgotten: its value is deleted
    _needed("state", WORD),
    _maybe("warned", Date),
    _maybe("ended", Date),
    Index("ix_override_patron_id", "agency", "patron_id", "state"),
    Index("ix_override_until", "agency", "state", "until"),
    _to("patron", "agency", "patron_id"),
)

#: Blocks of patrons who left, by a keyed hash of the number. The hash shows nothing without the key. The reason is
#: sealed.
kept_block = _table(
    "kept_block",
    _key("id", Integer),
    # the patron who left: the blocks are deleted when that patron is erased
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

#: What the calendar part of a night has done, day by day. A second run of the same day finds it here.
calendar_event = _table(
    "calendar_event",
    _key("day", Date),
    _key("patron_id", PATRON),
    _key("kind", WORD),
    _key("what", String(160)),
    _needed("run_id", Integer),
    _to("patron", "agency", "patron_id"),
)

review_item = _table(
    "review_item",
    _key("id", Integer),
    _needed("patron_id", PATRON),
    _needed("kind", String(64)),
    _needed("run_id", Integer),
    # waiting, accepted, rejected, undone, or settled by itself
    _needed("state", WORD),
    _needed("opened", Date),
    # the other patron, if the item is about two
    _maybe("about", PATRON),
    _maybe("decided_by", String(64)),
    _maybe("decided_at", STAMP),
    # put off: the day on which it waits again, and who put it off
    _maybe("later", Date),
    _maybe("later_by", String(64)),
    # the numbers that the item is about, or what an undo needs, sealed
    _maybe("undo", LargeBinary),
    _maybe("key", KEY),
    Index("ix_review_item_patron_id", "agency", "patron_id", "state"),
    # each batch asks for what waits, and each start for what the run raised; the table also holds years of answers
    Index("ix_review_item_state", "agency", "state", "kind"),
    Index("ix_review_item_run_id", "agency", "run_id"),
    # the few that still hold something sealed
    _where("ix_review_item_undo", "agency", "decided_at", which="undo IS NOT NULL"),
    _to("patron", "agency", "patron_id"),
)

outbox = _table(
    "outbox",
    _key("target", WORD),
    _key("patron_id", PATRON),
    # for CULR the version of the record, for other targets the number of the change
    _key("version", BigInteger),
    # what CULR is to hold, sealed; other targets get their view of the change
    _maybe("payload", LargeBinary),
    _maybe("key", KEY),
    _needed("state", WORD),
    _needed("created", STAMP),
    # how often it was answered with something other than success, and the last such code
    _needed("attempts", Integer, "0"),
    _maybe("code", WORD),
    # when it was first offered; NULL: the counterpart cannot have heard of it
    _maybe("offered", STAMP),
    # a new protection, or something that the patron lost: goes before the rest
    _needed("urgent", Boolean, "0"),
    Index("ix_outbox_state", "agency", "target", "state"),
    _to("patron", "agency", "patron_id"),
)

#: What the net media hold of a patron, as far as they have told. Without a row there is no account.
account = _table(
    "account",
    _key("patron_id", PATRON),
    # CPR or LOCAL, and the keyed index of the number that the account is under
    _needed("id_type", WORD),
    _needed("id_index", LargeBinary),
    _needed("index_key", KEY),
    # three digits, or "" for none on purpose; NULL: unknown, what another account held
    _maybe("municipality", String(3)),
    # the version of the last effect that succeeded
    _needed("version", Integer),
    _needed("settled", STAMP),
    # what a reading found there and when; it may be another library's number, in any form
    _maybe("seen", String(4)),
    _maybe("checked", STAMP),
    Index("ix_account_checked", "agency", "checked"),
    _to("patron", "agency", "patron_id"),
)

#: The accounts under cards that the net media hold, as a reading has shown, and the patron whose they are.
card_account = _table(
    "card_account",
    # of the account's identity; `card_index` finds who has the card now, as in `patron_key`
    _key("id_index", LargeBinary),
    _needed("card_index", LargeBinary),
    _needed("index_key", KEY),
    _needed("patron_id", PATRON),
    _needed("card", LargeBinary),
    _needed("key", KEY),
    Index("ix_card_account_patron_id", "agency", "patron_id"),
    Index("ix_card_account_card_index", "agency", "card_index"),
    _to("patron", "agency", "patron_id"),
)

#: A patron's rights as last derived, as `domain.netmedia.rights.stored` writes them.
entitlement = _table(
    "entitlement",
    _key("patron_id", PATRON),
    _needed("rights", Text),
    _to("patron", "agency", "patron_id"),
)

#: What changed in a patron's rights in a run. A run that is killed and resumed counts each change once. A row is kept
#: until CULR was told.
entitlement_turn = _table(
    "entitlement_turn",
    _key("run_id", Integer),
    _key("patron_id", PATRON),
    _key("product", String(64)),
    _needed("turn", WORD),
    _to("patron", "agency", "patron_id"),
)


#: What a balance is for. A balance whose source does not say is a fee.
FEE, COMPENSATION = "fee", "compensation"


def _circulation(name: str, *dates: str, more: tuple[Column[Any], ...] = ()) -> Table:
    """Make a table for a part of the patron record that no rule of the night reads.

    `more`: further columns in clear.
    """
    return _table(
        name,
        _key("id", Integer),
        _needed("patron_id", PATRON),
        _needed("source_id", String(64)),
        _needed("payload", LargeBinary),
        _needed("key", KEY),
        *(_maybe(day, Date) for day in dates),
        *more,
        UniqueConstraint("agency", "source_id"),
        Index(f"ix_{name}_patron_id", "agency", "patron_id"),
        # the index finds what has to be deleted, by its last day
        Index(f"ix_{name}_{dates[-1]}", "agency", dates[-1]),
        _to("patron", "agency", "patron_id"),
    )


#: Udlån: deleted 30 days after return, or after what is owed for it is settled
loan = _circulation("loan", "due", "returned")
#: Reserveringer: deleted when fulfilled or cancelled
reservation = _circulation("reservation", "placed", "until", "cancelled")
#: Mellemværende: deleted 30 days after it is paid
balance = _circulation(
    "balance",
    "raised",
    "settled",
    # a fee or a compensation, which are kept for different times; and the source's id of the loan it is owed for
    more=(_needed("kind", WORD, FEE), _maybe("loan_source", String(64))),
)
#: Beskeder: the content is deleted after 30 days, the fact stays
message = _circulation("message", "sent", "content_until")

inbox = _table(
    "inbox",
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
    # why an operator accepts the delivery though it is out of chain
    _maybe("accepted_reason", Text),
    # identifies the state of the file at its source when it was sealed: its size, its time and its companion's hash
    _maybe("mark", Text),
    _needed("sealed_at", STAMP),
    UniqueConstraint("agency", "agreement", "name", "sha256"),
    _to("agreement", "agency", "agreement"),
)

inbox_chunk = _table(
    "inbox_chunk",
    _key("inbox_id", Integer),
    _key("seq", Integer),
    _needed("blob", LargeBinary),
    _to("inbox", "agency", "inbox_id"),
)

run = _table(
    "run",
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

run_delivery = _table(
    "run_delivery",
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

plan_row = _table(
    "plan_row",
    _key("run_id", Integer),
    _key("ordinal", Integer),
    _needed("patron_id", PATRON),
    _needed("version", Integer),
    _needed("actions", Text),
    _needed("harms", Text),
    _needed("digest", LargeBinary),
    _to("run", "agency", "run_id"),
)

audit = _table(
    "audit",
    _key("stream", String(80)),
    _key("seq", BigInteger),
    _needed("at", STAMP),
    # a copy from the entry, so that one patron's entries are found at once
    _maybe("patron_id", PATRON),
    _needed("entry", LargeBinary),
    _needed("mac", LargeBinary),
    _needed("key", KEY),
    Index("ix_audit_patron_id", "agency", "patron_id"),
)

#: Why someone did what an entry records, in their own words and sealed. The entry has its hash, so that the reason can
#: be deleted alone.
audit_reason = _table(
    "audit_reason",
    _key("stream", String(80)),
    _key("seq", BigInteger),
    _maybe("patron_id", PATRON),
    _needed("sealed", LargeBinary),
    _needed("key", KEY),
    Index("ix_audit_reason_patron_id", "agency", "patron_id"),
)

audit_head = _table(
    "audit_head",
    _key("stream", String(80)),
    _needed("seq", BigInteger),
    _needed("mac", LargeBinary),
    _needed("at", STAMP),
)

#: A comparison of all records with another system. Unfinished: `reached` is the checkpoint. Finished: `counts` has how
#: many patrons differed, by kind, for the trend.
comparison = _table(
    "comparison",
    _key("id", Integer),
    _needed("target", WORD),
    _needed("day", Date),
    _needed("started", STAMP),
    _maybe("finished", STAMP),
    _needed("reached", String(8)),
    _needed("compared", Integer),
    _needed("left_out", Integer),
    _maybe("counts", Text),
    Index("ix_comparison_target", "agency", "target", "finished"),
    _to("library", "agency"),
)

#: The patrons that the last comparison found, and the kind of what differs: never a value.
comparison_finding = _table(
    "comparison_finding",
    _key("comparison_id", Integer),
    _key("patron_id", PATRON),
    _key("kind", WORD),
    Index("ix_comparison_finding_patron_id", "agency", "patron_id"),
    _to("comparison", "agency", "comparison_id"),
    _to("patron", "agency", "patron_id"),
)

#: A patron's number in another system, once that system has told it.
known_elsewhere = _table(
    "known_elsewhere",
    _key("patron_id", PATRON),
    _key("target", WORD),
    _needed("their_id", String(20)),
    _to("patron", "agency", "patron_id"),
)

#: What people at the desk did, or were refused, with one person's data. Rows are only added. The number is that of the
#: audit entry.
desk_attempt = _table(
    "desk_attempt",
    _key("seq", BigInteger),
    _needed("at", STAMP),
    _needed("who", String(80)),
    _needed("doing", WORD),
    _needed("purpose", WORD),
    _maybe("patron_id", PATRON),
    # of whoever is no patron
    _maybe("number_index", LargeBinary),
    _maybe("number_key", KEY),
    # the rule that refused it; empty: it was made
    _needed("refused", WORD),
    _needed("closeness", WORD),
    # the person was no patron
    _needed("stranger", Boolean),
    # the same person is asked about again
    _needed("follows", Boolean),
    # a supervisor is to look at it
    _needed("sampled", Boolean),
    Index("ix_desk_attempt_who", "agency", "who", "seq"),
    Index("ix_desk_attempt_patron_id", "agency", "patron_id"),
    Index("ix_desk_attempt_number_index", "agency", "number_index"),
    Index("ix_desk_attempt_at", "agency", "at"),
)

#: What came of an attempt. Rows are only added, each outcome once.
desk_outcome = _table(
    "desk_outcome",
    _key("seq", BigInteger),
    _key("outcome", WORD),
    _needed("at", STAMP),
    # who it is about, or who gave it
    _needed("who", String(80)),
    Index("ix_desk_outcome_outcome", "agency", "outcome", "who"),
)

#: People whose look-ups a second person signs for, by a keyed hash of the number.
watched_number = _table(
    "watched_number",
    _key("number_index", LargeBinary),
    _needed("number_key", KEY),
    _needed("since", STAMP),
    _needed("who", String(80)),
)

#: Whose record is a member of staff's own, as their identity provider said when they last signed in.
staff_patron = _table(
    "staff_patron",
    _key("who", String(80)),
    _needed("at", STAMP),
    _maybe("patron_id", PATRON),
    # also of somebody who is no patron
    _maybe("number_index", LargeBinary),
    _maybe("number_key", KEY),
)


#: The targets that hear of patrons, as they were set up when last seen.
target = _table(
    "target",
    _key("name", WORD),
    _needed("kind", WORD),
    # the stamp of its settings; with another stamp everything is told again
    _needed("stamp", String(64)),
    _needed("since", STAMP),
    # the last patron that the first load has told; NULL: the load is done
    _maybe("loaded", PATRON),
    # when and why nothing more is sent until somebody lets it go on
    _maybe("stopped", STAMP),
    _maybe("stopped_why", WORD),
    _to("library", "agency"),
)

#: What other systems may hear, one row for each change of a patron, in the order of the commits. Rows are only added,
#: and deleted when nobody may see them any more or a later one has taken their place.
change = _table(
    "change",
    _key("seq", BigInteger),
    _needed("patron_id", PATRON),
    _needed("at", STAMP),
    # the record for other systems, sealed; NULL: the patron is none any more
    _maybe("payload", LargeBinary),
    _maybe("key", KEY),
    Index("ix_change_patron_id", "agency", "patron_id", "seq"),
    # the few that each night looks for: without it a night would read every row with its sealed record
    _where("ix_change_gone", "agency", "seq", which="payload IS NULL"),
    _to("library", "agency"),
)

#: Patrons of whom something was written that other systems may hear. Triggers add the rows, in the transaction of the
#: write; the end of the transaction makes a change of each and deletes it.
change_mark = _table("change_mark", _key("patron_id", PATRON))

#: The numbers of the changes, one row for each time that they began anew: a database that was put back begins an epoch,
#: because readers may have seen numbers that it gives again.
change_epoch = _table(
    "change_epoch",
    _key("number", Integer),
    # what a cursor says
    _needed("word", WORD),
    # the last number before the epoch, and the last number given in it
    _needed("begins", BigInteger),
    _needed("last", BigInteger),
    # the highest number of a row for a patron who left that is deleted by now: who read less far must begin again
    _needed("forgotten", BigInteger, "0"),
    _to("library", "agency"),
)

#: What a target was last told of a patron.
target_patron = _table(
    "target_patron",
    _key("target", WORD),
    _key("patron_id", PATRON),
    # the number of the change
    _needed("told", BigInteger),
    # what the target calls the patron, if it has a number of its own
    _maybe("remote", String(64)),
    _to("library", "agency"),
)

#: What was done to keep the installation itself safe: backups, drills, restores. It names no patron.
upkeep = _table(
    "upkeep",
    _key("id", Integer),
    _needed("task", WORD),
    _needed("at", STAMP),
    _needed("outcome", WORD),
    # what a screen or an alarm tells beside it, as JSON: words and numbers, never of a person
    _needed("detail", Text),
    Index("ix_upkeep_task", "agency", "task", "id"),
    _to("library", "agency"),
)

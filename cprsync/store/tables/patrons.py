"""Patrons, and what follows from one: finding keys, before-images, responsibles, what they said of themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import (
    CHAR,
    Boolean,
    Date,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    String,
    UniqueConstraint,
    text,
)

from cprsync.domain.patron.local import Stage
from cprsync.domain.patron.patron import PatronKind, Source
from cprsync.domain.person.person import SILENT, Status
from cprsync.store.tables.columns import (
    KEY,
    PATRON,
    STAMP,
    WORD,
    key,
    maybe,
    needed,
    one_of,
    points_to,
    some_rows,
    tenant_table,
)

if TYPE_CHECKING:
    from cprsync.domain.person.person import Silent

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

#: Patrons who leave or have left, in the same words as their index: SQLite would not use it with a bound value.
NOT_ACTIVE = text(f"patron.standing <> '{ACTIVE}'")
#: Rows whose rights were derived from an older local part.
LOCAL_IS_NEWER = "rights_local <> local_version"
#: Rows whose finding keys were made from an older record.
RECORD_IS_NEWER = "(found_register <> version OR found_local <> local_version)"

patron = tenant_table(
    "patron",
    key("id", PATRON),
    needed("number_index", LargeBinary),
    needed("index_key", KEY),
    # a number made by a library or hospital is not CPR's and is never subscribed
    needed("real_number", Boolean),
    needed("register_blob", LargeBinary),
    needed("register_key", KEY),
    needed("fingerprint", LargeBinary),
    needed("fingerprint_key", KEY),
    needed("version", Integer),
    maybe("as_of_day", Date),
    maybe("as_of_source", WORD),
    needed("local_blob", LargeBinary),
    needed("local_key", KEY),
    needed("local_version", Integer),
    maybe("municipality", CHAR(4)),
    needed("status_class", WORD),
    needed("patron_group", String(64)),
    maybe("address_index", LargeBinary),
    maybe("address_key", KEY),
    # no source has spoken about the protection; if one has, this does not show what it said
    needed("protection_silent", Boolean),
    maybe("next_age_step", Date),
    # the next day on which the calendar has something to do about the local part; it does not show what
    maybe("local_due", Date),
    # the earliest day on which a block was lifted that is still kept; it does not show which, or why
    maybe("block_lifted", Date),
    # how many overrides are in force: a patron with none is decided without reading that table
    needed("overrides", Integer),
    maybe("letters_stopped", Date),
    needed("created", STAMP),
    maybe("register_since", STAMP),
    # a person, an institution, a library, or a person who only answers for a minor
    needed("kind", WORD, PERSON),
    # active, leaving or closed
    needed("standing", WORD, ACTIVE),
    # the day on which the patron asked to leave, or the policy decided it
    maybe("leaves_since", Date),
    # the last day on which the patron is known to have done something themselves
    maybe("last_seen", Date),
    # the day on which the rights to net media are due, and the version of the local part they were derived from
    maybe("rights_due", Date),
    needed("rights_local", Integer, "0"),
    # the day on which a window opened, and why; the day that an answer must have seen; the day of the last question
    maybe("unverified_since", Date),
    maybe("unverified_why", WORD),
    maybe("unverified_until", Date),
    maybe("unverified_asked", Date),
    # the versions of the two parts from which the finding keys were made
    needed("found_register", Integer, "0"),
    needed("found_local", Integer, "0"),
    # the run that has put an earlier state back: until a person lets the patron go, no source changes the record
    maybe("held_by", Integer),
    # the day of the last delivery that told of a protection, also in a record that had to wait
    maybe("protected_on", Date),
    one_of("ck_patron_kind", "kind", (one.value for one in PatronKind)),
    one_of("ck_patron_standing", "standing", (one.value for one in Stage)),
    one_of("ck_patron_status_class", "status_class", (*STATUS_CLASSES.values(), *GONE)),
    one_of("ck_patron_as_of_source", "as_of_source", (one.value for one in Source)),
    UniqueConstraint("agency", "number_index"),
    Index("ix_patron_address_index", "agency", "address_index"),
    Index("ix_patron_next_age_step", "agency", "next_age_step"),
    Index("ix_patron_local_due", "agency", "local_due"),
    some_rows("ix_patron_block_lifted", "agency", "block_lifted", which="block_lifted IS NOT NULL"),
    # with the next index, each night finds the patrons who are not subscribed yet without reading a row
    Index("ix_patron_real_number", "agency", "real_number", "id"),
    # the few that each night counts: without these indexes it would read every row with its sealed record
    some_rows("ix_patron_silent", "agency", which="protection_silent"),
    some_rows("ix_patron_merged", "agency", which=f"status_class = '{MERGED}'"),
    some_rows("ix_patron_standing", "agency", "standing", which=f"standing <> '{ACTIVE}'"),
    # if it held all rows, SQLite would use it for the few above and read every patron
    some_rows("ix_patron_last_seen", "agency", "last_seen", which="last_seen IS NOT NULL"),
    some_rows("ix_patron_rights_due", "agency", "rights_due", which="rights_due IS NOT NULL"),
    some_rows("ix_patron_unverified", "agency", which="unverified_since IS NOT NULL"),
    some_rows("ix_patron_protected_on", "agency", which="protected_on IS NOT NULL"),
    some_rows("ix_patron_held_by", "agency", "held_by", "id", which="held_by IS NOT NULL"),
    # Code that writes a local part need not know that rights depend on it. The index has the id, because the rows are
    # read a page at a time. SQLite would otherwise use the primary key for the next page and read every patron.
    some_rows("ix_patron_rights_local", "agency", "id", which=LOCAL_IS_NEWER),
    # the same for code that writes what a patron is found by
    some_rows("ix_patron_found", "agency", "id", which=RECORD_IS_NEWER),
    points_to("library", "agency"),
    # leaves room for the next version of a row on its own page: 1.7 times as many updates a second
    postgresql_with={"fillfactor": 60},
)

#: Keys that may find several patrons. `kind` is telephone, email or born.
finding_key = tenant_table(
    "finding_key",
    key("kind", WORD),
    key("key_index", LargeBinary),
    key("patron_id", PATRON),
    needed("key_id", KEY),
    Index("ix_finding_key_patron_id", "agency", "patron_id"),
    points_to("patron", "agency", "patron_id"),
)

before_image = tenant_table(
    "before_image",
    key("patron_id", PATRON),
    key("version", Integer),
    needed("run_id", Integer),
    needed("register_blob", LargeBinary),
    needed("register_key", KEY),
    needed("until_day", Date),
    # what the row had beside it
    maybe("as_of_day", Date),
    maybe("as_of_source", WORD),
    maybe("letters_stopped", Date),
    one_of("ck_before_image_as_of_source", "as_of_source", (one.value for one in Source)),
    # the index finds what can no longer be taken back, by its last day
    Index("ix_before_image_until_day", "agency", "until_day"),
    # what one run wrote
    Index("ix_before_image_run_id", "agency", "run_id"),
    points_to("patron", "agency", "patron_id"),
)

#: The responsibles of a minor: typed by staff, never taken from the register's family records.
responsible = tenant_table(
    "responsible",
    key("patron_id", PATRON),
    key("responsible_id", PATRON),
    needed("since", Date),
    # the first day on which new debts are no longer the responsible's
    maybe("until", Date),
    Index("ix_responsible_responsible_id", "agency", "responsible_id"),
    Index("ix_responsible_until", "agency", "until"),
    points_to("patron", "agency", "patron_id"),
    ForeignKeyConstraint(
        ["agency", "responsible_id"], ["patron.agency", "patron.id"], name="fk_responsible_responsible"
    ),
)

#: Patrons who were registered while the register did not answer: what they said of themselves, sealed.
provisional = tenant_table(
    "provisional",
    key("patron_id", PATRON),
    needed("since", STAMP),
    # the register has answered otherwise: kept until staff have looked
    needed("differs", Boolean),
    needed("said", LargeBinary),
    needed("key", KEY),
    points_to("patron", "agency", "patron_id"),
)

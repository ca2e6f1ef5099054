"""Parts of a record that stand in tables of their own: numbers, cards, corrections, kept blocks."""

from __future__ import annotations

from sqlalchemy import Date, Index, Integer, LargeBinary, String

from cprsync.store.tables.columns import KEY, PATRON, WORD, key, maybe, needed, points_to, tenant_table

#: Every patron number ever issued. A number is never issued twice, even after a patron is erased.
issued_id = tenant_table("issued_id", key("id", PATRON), points_to("library", "agency"))

#: Other keys that find one patron. `kind` is old_number, card or merged.
patron_key = tenant_table(
    "patron_key",
    key("kind", WORD),
    key("key_index", LargeBinary),
    needed("key_id", KEY),
    needed("patron_id", PATRON),
    Index("ix_patron_key_patron_id", "agency", "patron_id"),
    points_to("patron", "agency", "patron_id"),
)

#: What staff typed as a correction, with who, why and until when. The value and the reason are sealed.
override = tenant_table(
    "override",
    key("id", Integer),
    needed("patron_id", PATRON),
    needed("field", WORD),
    needed("value", LargeBinary),
    needed("key", KEY),
    needed("by_user", String(64)),
    needed("since", Date),
    maybe("until", Date),
    # live, ended by its day, withdrawn by hand, replaced by a later one, or forgotten: its value is deleted
    needed("state", WORD),
    maybe("warned", Date),
    maybe("ended", Date),
    Index("ix_override_patron_id", "agency", "patron_id", "state"),
    Index("ix_override_until", "agency", "state", "until"),
    points_to("patron", "agency", "patron_id"),
)

#: Blocks of patrons who left, by a keyed hash of the number. The hash shows nothing without the key. The reason is
#: sealed.
kept_block = tenant_table(
    "kept_block",
    key("id", Integer),
    # the patron who left: the blocks are deleted when that patron is erased
    needed("patron_id", PATRON),
    needed("number_index", LargeBinary),
    needed("number_key", KEY),
    needed("since", Date),
    needed("reason", LargeBinary),
    needed("key", KEY),
    # the day on which the record was emptied
    needed("kept", Date),
    Index("ix_kept_block_number_index", "agency", "number_index"),
    Index("ix_kept_block_patron_id", "agency", "patron_id"),
    Index("ix_kept_block_kept", "agency", "kept"),
)

"""What people at the desk did, and who they are."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Index, LargeBinary, String

from cprsync.store.tables.columns import KEY, PATRON, STAMP, WORD, key, maybe, needed, tenant_table

#: What people at the desk did, or were refused, with one person's data. Rows are only added. The number is that of the
#: audit entry.
desk_attempt = tenant_table(
    "desk_attempt",
    key("seq", BigInteger),
    needed("at", STAMP),
    needed("who", String(80)),
    needed("doing", WORD),
    needed("purpose", WORD),
    maybe("patron_id", PATRON),
    # of whoever is no patron
    maybe("number_index", LargeBinary),
    maybe("number_key", KEY),
    # the rule that refused it; empty: it was made
    needed("refused", WORD),
    needed("closeness", WORD),
    # the person was no patron
    needed("stranger", Boolean),
    # the same person is asked about again
    needed("follows", Boolean),
    # a supervisor is to look at it
    needed("sampled", Boolean),
    Index("ix_desk_attempt_who", "agency", "who", "seq"),
    Index("ix_desk_attempt_patron_id", "agency", "patron_id"),
    Index("ix_desk_attempt_number_index", "agency", "number_index"),
    Index("ix_desk_attempt_at", "agency", "at"),
)

#: What came of an attempt. Rows are only added, each outcome once.
desk_outcome = tenant_table(
    "desk_outcome",
    key("seq", BigInteger),
    key("outcome", WORD),
    needed("at", STAMP),
    # who it is about, or who gave it
    needed("who", String(80)),
    Index("ix_desk_outcome_outcome", "agency", "outcome", "who"),
)

#: People whose look-ups a second person signs for, by a keyed hash of the number.
watched_number = tenant_table(
    "watched_number",
    key("number_index", LargeBinary),
    needed("number_key", KEY),
    needed("since", STAMP),
    needed("who", String(80)),
)

#: Whose record is a member of staff's own, as their identity provider said when they last signed in.
staff_patron = tenant_table(
    "staff_patron",
    key("who", String(80)),
    needed("at", STAMP),
    maybe("patron_id", PATRON),
    # also of somebody who is no patron
    maybe("number_index", LargeBinary),
    maybe("number_key", KEY),
)

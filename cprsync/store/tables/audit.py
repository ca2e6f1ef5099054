"""The audit chain, its reasons and its heads."""

from __future__ import annotations

from sqlalchemy import BigInteger, Index, LargeBinary, String

from cprsync.store.tables.columns import KEY, PATRON, STAMP, key, maybe, needed, tenant_table

audit = tenant_table(
    "audit",
    key("stream", String(80)),
    key("seq", BigInteger),
    needed("at", STAMP),
    # a copy from the entry, so that one patron's entries are found at once
    maybe("patron_id", PATRON),
    needed("entry", LargeBinary),
    needed("mac", LargeBinary),
    needed("key", KEY),
    Index("ix_audit_patron_id", "agency", "patron_id"),
)

#: Why someone did what an entry records, in their own words and sealed. The entry has its hash, so that the reason can
#: be deleted alone.
audit_reason = tenant_table(
    "audit_reason",
    key("stream", String(80)),
    key("seq", BigInteger),
    maybe("patron_id", PATRON),
    needed("sealed", LargeBinary),
    needed("key", KEY),
    Index("ix_audit_reason_patron_id", "agency", "patron_id"),
)

audit_head = tenant_table(
    "audit_head",
    key("stream", String(80)),
    needed("seq", BigInteger),
    needed("mac", LargeBinary),
    needed("at", STAMP),
)

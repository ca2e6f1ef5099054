"""Rights, accounts, and effects that wait for CULR and other systems."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Index, Integer, LargeBinary, String, Text

from cprsync.store.tables.columns import KEY, PATRON, STAMP, WORD, key, maybe, needed, points_to, tenant_table

outbox = tenant_table(
    "outbox",
    key("target", WORD),
    key("patron_id", PATRON),
    # for CULR the version of the record, for other targets the number of the change
    key("version", BigInteger),
    # what CULR is to hold, sealed; other targets get their view of the change
    maybe("payload", LargeBinary),
    maybe("key", KEY),
    needed("state", WORD),
    needed("created", STAMP),
    # how often it was answered with something other than success, and the last such code
    needed("attempts", Integer, "0"),
    maybe("code", WORD),
    # when it was first offered; NULL: the counterpart cannot have heard of it
    maybe("offered", STAMP),
    # a new protection, or something that the patron lost: goes before the rest
    needed("urgent", Boolean, "0"),
    Index("ix_outbox_state", "agency", "target", "state"),
    points_to("patron", "agency", "patron_id"),
)

#: What the net media hold of a patron, as far as they have told. Without a row there is no account.
account = tenant_table(
    "account",
    key("patron_id", PATRON),
    # CPR or LOCAL, and the keyed index of the number that the account is under
    needed("id_type", WORD),
    needed("id_index", LargeBinary),
    needed("index_key", KEY),
    # three digits, or "" for none on purpose; NULL: unknown, what another account held
    maybe("municipality", String(3)),
    # the version of the last effect that succeeded
    needed("version", Integer),
    needed("settled", STAMP),
    # what a reading found there and when; it may be another library's number, in any form
    maybe("seen", String(4)),
    maybe("checked", STAMP),
    Index("ix_account_checked", "agency", "checked"),
    points_to("patron", "agency", "patron_id"),
)

#: The accounts under cards that the net media hold, as a reading has shown, and the patron whose they are.
card_account = tenant_table(
    "card_account",
    # of the account's identity; `card_index` finds who has the card now, as in `patron_key`
    key("id_index", LargeBinary),
    needed("card_index", LargeBinary),
    needed("index_key", KEY),
    needed("patron_id", PATRON),
    needed("card", LargeBinary),
    needed("key", KEY),
    Index("ix_card_account_patron_id", "agency", "patron_id"),
    Index("ix_card_account_card_index", "agency", "card_index"),
    points_to("patron", "agency", "patron_id"),
)

#: A patron's rights as last derived, as `domain.netmedia.rights.stored` writes them.
entitlement = tenant_table(
    "entitlement",
    key("patron_id", PATRON),
    needed("rights", Text),
    points_to("patron", "agency", "patron_id"),
)

#: What changed in a patron's rights in a run. A run that is killed and resumed counts each change once. A row is kept
#: until CULR was told.
entitlement_turn = tenant_table(
    "entitlement_turn",
    key("run_id", Integer),
    key("patron_id", PATRON),
    key("product", String(64)),
    needed("turn", WORD),
    points_to("patron", "agency", "patron_id"),
)

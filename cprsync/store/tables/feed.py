"""Deliveries in the inbox, subscriptions, and what the register is still to answer."""

from __future__ import annotations

from sqlalchemy import CHAR, BigInteger, Date, Index, Integer, LargeBinary, Text, UniqueConstraint

from cprsync.services.ports.deliveries import InboxState
from cprsync.store.tables.columns import (
    AGREEMENT,
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

subscription = tenant_table(
    "subscription",
    key("agreement", AGREEMENT),
    key("number_index", LargeBinary),
    key("reason", WORD),
    key("patron_id", PATRON),
    needed("number", LargeBinary),
    needed("number_key", KEY),
    needed("since", Date),
    maybe("until", Date),
    maybe("confirmed_at", STAMP),
    Index("ix_subscription_patron_id", "agency", "patron_id", "agreement", "reason"),
    Index("ix_subscription_until", "agency", "agreement", "until", "number_index"),
    # the few that the register has not confirmed to us
    some_rows("ix_subscription_unconfirmed", "agency", "agreement", "number_index", which="confirmed_at IS NULL"),
    points_to("agreement", "agency", "agreement"),
    points_to("patron", "agency", "patron_id"),
)

follow_up = tenant_table(
    "follow_up",
    key("patron_id", PATRON),
    key("kind", WORD),
    needed("since", STAMP),
    # what the register answered in a run that has not decided on it yet, and the day of the answer
    maybe("answer", LargeBinary),
    maybe("answer_key", KEY),
    maybe("answer_day", Date),
    maybe("answer_run", Integer),
    # on how many nights the answer about the end of a protection was in doubt, and the last of them
    maybe("doubted", Integer),
    maybe("doubted_on", Date),
    points_to("patron", "agency", "patron_id"),
)

inbox = tenant_table(
    "inbox",
    key("id", Integer),
    needed("agreement", AGREEMENT),
    needed("name", Text),
    needed("sha256", CHAR(64)),
    needed("size", BigInteger),
    needed("state", WORD),
    needed("key", KEY),
    maybe("task", WORD),
    maybe("produced", Date),
    maybe("previous", Date),
    needed("received", Integer),
    maybe("reason", Text),
    # why an operator accepts the delivery though it is out of chain
    maybe("accepted_reason", Text),
    # identifies the state of the file at its source when it was sealed: its size, its time and its companion's hash
    maybe("mark", Text),
    needed("sealed_at", STAMP),
    one_of("ck_inbox_state", "state", (one.value for one in InboxState)),
    UniqueConstraint("agency", "agreement", "name", "sha256"),
    points_to("agreement", "agency", "agreement"),
)

inbox_chunk = tenant_table(
    "inbox_chunk",
    key("inbox_id", Integer),
    key("seq", Integer),
    needed("blob", LargeBinary),
    points_to("inbox", "agency", "inbox_id"),
)

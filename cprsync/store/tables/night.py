"""Runs, what each found and planned, and the days of the calendar that are lived."""

from __future__ import annotations

from sqlalchemy import Date, Index, Integer, LargeBinary, String, Table, Text

from cprsync.store.tables.columns import (
    AGENCY,
    AGREEMENT,
    PATRON,
    STAMP,
    WORD,
    key,
    maybe,
    metadata,
    needed,
    points_to,
    tenant_table,
)

run = tenant_table(
    "run",
    key("id", Integer),
    needed("agreement", AGREEMENT),
    needed("epoch", Integer),
    needed("day", Date),
    needed("state", WORD),
    needed("started", STAMP),
    maybe("finished", STAMP),
    needed("resumed", Integer),
    needed("checkpoint", Integer),
    maybe("document", Text),
    maybe("plan_hash", String(80)),
    maybe("exit", Integer),
    # the held run with the plan that two people approved, and that this run writes
    maybe("approved_run", Integer),
    # the run that this one undoes; NULL: it is a night
    maybe("reverts", Integer),
    points_to("agreement", "agency", "agreement"),
)

run_delivery = tenant_table(
    "run_delivery",
    key("run_id", Integer),
    key("position", Integer),
    needed("inbox_id", Integer),
    points_to("run", "agency", "run_id"),
    points_to("inbox", "agency", "inbox_id"),
)

#: The balance sheet, one row for each number of a delivery (decision 24).
run_item = Table(
    "run_item",
    metadata,
    needed("agency", AGENCY),
    needed("run_id", Integer),
    needed("ordinal", Integer),
    maybe("inbox_id", Integer),
    maybe("number_index", LargeBinary),
    maybe("patron_id", PATRON),
    needed("outcome", WORD),
    needed("actions", Text),
    maybe("reason", Text),
    Index("ix_run_item_run_id", "agency", "run_id"),
    points_to("run", "agency", "run_id"),
)

plan_row = tenant_table(
    "plan_row",
    key("run_id", Integer),
    key("ordinal", Integer),
    needed("patron_id", PATRON),
    needed("version", Integer),
    needed("actions", Text),
    needed("harms", Text),
    needed("digest", LargeBinary),
    points_to("run", "agency", "run_id"),
)

#: What a limit counted beside the changes of a held plan: keyed marks by class of harm, and how often each occurs.
plan_mark = tenant_table(
    "plan_mark",
    key("run_id", Integer),
    key("harm", WORD),
    key("mark", LargeBinary),
    needed("times", Integer),
    points_to("run", "agency", "run_id"),
)

#: Who said yes to a held plan, and when.
plan_yes = tenant_table(
    "plan_yes",
    key("run_id", Integer),
    key("ordinal", Integer),
    needed("who", String(80)),
    needed("at", STAMP),
    points_to("run", "agency", "run_id"),
)

#: What the calendar part of a night has done, day by day. A second run of the same day finds it here.
calendar_event = tenant_table(
    "calendar_event",
    key("day", Date),
    key("patron_id", PATRON),
    key("kind", WORD),
    key("what", String(160)),
    needed("run_id", Integer),
    points_to("patron", "agency", "patron_id"),
)

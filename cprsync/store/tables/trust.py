"""What shows that a key is the right one, and what was done to keep the installation safe."""

from __future__ import annotations

from sqlalchemy import Index, Integer, LargeBinary, Text

from cprsync.store.tables.columns import KEY, STAMP, WORD, key, needed, points_to, tenant_table

#: The keys with which rows were written. The code can come from that very key only, so no other passes for it.
key_check = tenant_table(
    "key_check",
    key("purpose", WORD),
    key("id", KEY),
    needed("code", LargeBinary),
    points_to("library", "agency"),
)

#: What was done to keep the installation itself safe: backups, drills, restores. It names no patron.
upkeep = tenant_table(
    "upkeep",
    key("id", Integer),
    needed("task", WORD),
    needed("at", STAMP),
    needed("outcome", WORD),
    # what a screen or an alarm tells beside it, as JSON: words and numbers, never of a person
    needed("detail", Text),
    Index("ix_upkeep_task", "agency", "task", "id"),
    points_to("library", "agency"),
)

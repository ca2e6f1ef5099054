"""What shows that a key is the right one, what was done to keep the installation safe, and what rings."""

from __future__ import annotations

from sqlalchemy import Index, Integer, LargeBinary, String, Text

from cprsync.store.tables.columns import KEY, STAMP, WORD, key, maybe, needed, points_to, tenant_table

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

#: What rings: causes that stand, or have just gone. It names no patron.
alarm = tenant_table(
    "alarm",
    key("cause", String(200)),
    needed("what", WORD),
    # what of it is told, as JSON: days, counts, and names from the settings
    needed("told_values", Text),
    needed("since", STAMP),
    maybe("told", STAMP),
    maybe("gone", STAMP),
    points_to("library", "agency"),
)

#: What is told of an alarm, once on each channel, and what came of it.
alarm_message = tenant_table(
    "alarm_message",
    key("id", Integer),
    needed("channel", WORD),
    # begun, stands or ended
    needed("word", WORD),
    needed("cause", String(200)),
    needed("what", WORD),
    needed("told_values", Text),
    needed("since", STAMP),
    needed("at", STAMP),
    # not before this; while somebody tells it, nobody else takes it
    needed("due", STAMP),
    needed("tries", Integer),
    # the kind of the last error
    maybe("why", String(64)),
    # told, or given up; NULL: it is still to be told
    maybe("outcome", WORD),
    Index("ix_alarm_message_channel", "agency", "channel", "outcome", "due"),
    points_to("library", "agency"),
)

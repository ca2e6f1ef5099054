"""Changes that other systems may hear of, the targets, and comparisons with what others hold."""

from __future__ import annotations

from sqlalchemy import BigInteger, Date, Index, Integer, LargeBinary, String, Text

from cprsync.store.tables.columns import (
    KEY,
    PATRON,
    STAMP,
    WORD,
    key,
    maybe,
    needed,
    points_to,
    some_rows,
    tenant_table,
)

#: The targets that hear of patrons, as they were set up when last seen.
target = tenant_table(
    "target",
    key("name", WORD),
    needed("kind", WORD),
    # the stamp of its settings; with another stamp everything is told again
    needed("stamp", String(64)),
    needed("since", STAMP),
    # the last patron that the first load has told; NULL: the load is done
    maybe("loaded", PATRON),
    # when and why nothing more is sent until somebody lets it go on
    maybe("stopped", STAMP),
    maybe("stopped_why", WORD),
    points_to("library", "agency"),
)

#: What other systems may hear, one row for each change of a patron, in the order of the commits. Rows are only added,
#: and deleted when nobody may see them any more or a later one has taken their place.
change = tenant_table(
    "change",
    key("seq", BigInteger),
    needed("patron_id", PATRON),
    needed("at", STAMP),
    # the record for other systems, sealed; NULL: the patron is none any more
    maybe("payload", LargeBinary),
    maybe("key", KEY),
    Index("ix_change_patron_id", "agency", "patron_id", "seq"),
    # the few that each night looks for: without it a night would read every row with its sealed record
    some_rows("ix_change_gone", "agency", "seq", which="payload IS NULL"),
    points_to("library", "agency"),
)

#: Patrons of whom something was written that other systems may hear. Triggers add the rows, in the transaction of the
#: write; the end of the transaction makes a change of each and deletes it.
change_mark = tenant_table("change_mark", key("patron_id", PATRON))

#: The numbers of the changes, one row for each time that they began anew: a database that was put back begins an epoch,
#: because readers may have seen numbers that it gives again.
change_epoch = tenant_table(
    "change_epoch",
    key("number", Integer),
    # what a cursor says
    needed("word", WORD),
    # the last number before the epoch, and the last number given in it
    needed("begins", BigInteger),
    needed("last", BigInteger),
    # the highest number of a row for a patron who left that is deleted by now: who read less far must begin again
    needed("forgotten", BigInteger, "0"),
    points_to("library", "agency"),
)

#: What a target was last told of a patron.
target_patron = tenant_table(
    "target_patron",
    key("target", WORD),
    key("patron_id", PATRON),
    # the number of the change
    needed("told", BigInteger),
    # what the target calls the patron, if it has a number of its own
    maybe("remote", String(64)),
    points_to("library", "agency"),
)

#: A comparison of all records with another system. Unfinished: `reached` is the checkpoint. Finished: `counts` has how
#: many patrons differed, by kind, for the trend.
comparison = tenant_table(
    "comparison",
    key("id", Integer),
    needed("target", WORD),
    needed("day", Date),
    needed("started", STAMP),
    maybe("finished", STAMP),
    needed("reached", String(8)),
    needed("compared", Integer),
    needed("left_out", Integer),
    maybe("counts", Text),
    Index("ix_comparison_target", "agency", "target", "finished"),
    points_to("library", "agency"),
)

#: The patrons that the last comparison found, and the kind of what differs: never a value.
comparison_finding = tenant_table(
    "comparison_finding",
    key("comparison_id", Integer),
    key("patron_id", PATRON),
    key("kind", WORD),
    Index("ix_comparison_finding_patron_id", "agency", "patron_id"),
    points_to("comparison", "agency", "comparison_id"),
    points_to("patron", "agency", "patron_id"),
)

#: A patron's number in another system, once that system has told it.
known_elsewhere = tenant_table(
    "known_elsewhere",
    key("patron_id", PATRON),
    key("target", WORD),
    needed("their_id", String(20)),
    points_to("patron", "agency", "patron_id"),
)

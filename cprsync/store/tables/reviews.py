"""What waits for a person."""

from __future__ import annotations

from sqlalchemy import Date, Index, Integer, LargeBinary, String

from cprsync.domain.patron.review import State
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

review_item = tenant_table(
    "review_item",
    key("id", Integer),
    needed("patron_id", PATRON),
    needed("kind", String(64)),
    needed("run_id", Integer),
    # waiting, accepted, rejected, undone, or settled by itself
    needed("state", WORD),
    needed("opened", Date),
    # the other patron, if the item is about two
    maybe("about", PATRON),
    maybe("decided_by", String(64)),
    maybe("decided_at", STAMP),
    # put off: the day on which it waits again, and who put it off
    maybe("later", Date),
    maybe("later_by", String(64)),
    # the numbers that the item is about, or what an undo needs, sealed
    maybe("undo", LargeBinary),
    maybe("key", KEY),
    one_of("ck_review_item_state", "state", (one.value for one in State)),
    Index("ix_review_item_patron_id", "agency", "patron_id", "state"),
    # each batch asks for what waits, and each start for what the run raised; the table also holds years of answers
    Index("ix_review_item_state", "agency", "state", "kind"),
    Index("ix_review_item_run_id", "agency", "run_id"),
    # the few that still hold something sealed
    some_rows("ix_review_item_undo", "agency", "decided_at", which="undo IS NOT NULL"),
    points_to("patron", "agency", "patron_id"),
)

"""Where sealed values are, and what each is bound to. A test compares the list with the tables.

Parts of a delivery are not here: the row of the delivery names their key.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from cprsync.store.lending import circulation

if TYPE_CHECKING:
    from collections.abc import Mapping


class SealedColumn(NamedTuple):
    """The columns of one sealed value."""

    value: str
    key: str
    place: str
    #: the owner, or the column that names it
    owner: str
    #: the column of the version, or the version
    version: str


SEALED: Final[Mapping[str, tuple[SealedColumn, ...]]] = {
    "patron": (
        SealedColumn("register_blob", "register_key", "id", "register", "version"),
        SealedColumn("local_blob", "local_key", "id", "local", "local_version"),
    ),
    "before_image": (SealedColumn("register_blob", "register_key", "patron_id", "register", "version"),),
    "change": (SealedColumn("payload", "key", "patron_id", "change", "seq"),),
    "outbox": (SealedColumn("payload", "key", "patron_id", "target", "version"),),
    "card_account": (SealedColumn("card", "key", "patron_id", "card_account", "1"),),
    "subscription": (SealedColumn("number", "number_key", "patron_id", "subscription", "1"),),
    "review_item": (SealedColumn("undo", "key", "patron_id", "review", "id"),),
    **{table.name: (SealedColumn("payload", "key", "patron_id", table.name, "id"),) for table in circulation.TABLES},
    "override": (SealedColumn("value", "key", "patron_id", "override", "id"),),
    "provisional": (SealedColumn("said", "key", "patron_id", "provisional", "1"),),
    "follow_up": (SealedColumn("answer", "answer_key", "patron_id", "kept_answer", "answer_run"),),
    "kept_block": (SealedColumn("reason", "key", "patron_id", "kept_block", "id"),),
    "audit_reason": (SealedColumn("sealed", "key", "stream", "reason", "seq"),),
}
#: Sealed for good: the audit's entry has the hash of the sealed bytes. They go when the audit's beginning is cut.
NEVER_ANEW: Final = frozenset({"audit_reason"})

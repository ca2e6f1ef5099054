"""Loans, reservations, balances and messages."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column, Date, Index, Integer, LargeBinary, String, Table, UniqueConstraint

from cprsync.store.tables.columns import KEY, PATRON, WORD, key, maybe, needed, points_to, some_rows, tenant_table

#: What a balance is for. A balance whose source does not say is a fee.
FEE, COMPENSATION = "fee", "compensation"


def _circulation(name: str, *dates: str, more: tuple[Column[Any] | Index, ...] = ()) -> Table:
    """Make a table for a part of the patron record that no rule of the night reads.

    `more`: further columns in clear, and their index.
    """
    return tenant_table(
        name,
        key("id", Integer),
        needed("patron_id", PATRON),
        needed("source_id", String(64)),
        needed("payload", LargeBinary),
        needed("key", KEY),
        *(maybe(day, Date) for day in dates),
        *more,
        UniqueConstraint("agency", "source_id"),
        Index(f"ix_{name}_patron_id", "agency", "patron_id"),
        # the index finds what has to be deleted, by its last day
        Index(f"ix_{name}_{dates[-1]}", "agency", dates[-1]),
        points_to("patron", "agency", "patron_id"),
    )


#: Udlån: deleted 30 days after return, or after what is owed for it is settled
loan = _circulation("loan", "due", "returned")
#: Reserveringer: deleted when fulfilled or cancelled
reservation = _circulation("reservation", "placed", "until", "cancelled")
#: Mellemværende: deleted 30 days after it is paid
balance = _circulation(
    "balance",
    "raised",
    "settled",
    # a fee or a compensation, which are kept for different times; and the source's id of the loan it is owed for
    more=(
        needed("kind", WORD, FEE),
        maybe("loan_source", String(64)),
        some_rows(
            *("ix_balance_loan_source", "agency", "kind", "loan_source", "settled"), which="loan_source IS NOT NULL"
        ),
    ),
)
#: Beskeder: the content is deleted after 30 days, the fact stays
message = _circulation("message", "sent", "content_until")

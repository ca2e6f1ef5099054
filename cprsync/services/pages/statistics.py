"""Counts patrons by municipality, age band and group on a day, without any number that may identify someone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cprsync.domain.pages.statistics import ALL, LEAST_SHOWN, count

if TYPE_CHECKING:
    from datetime import date

    from cprsync.domain.person.municipality import Municipalities
    from cprsync.domain.policy.policy import Policy
    from cprsync.services.ports.store import Store


def statistics(
    store: Store, policy: Policy, *, agency: str, on: date, municipalities: Municipalities
) -> dict[str, Any]:
    """The JSON shape of `statistics`: every cell that is not 0, with totals as `*`. A count of null is withheld."""
    told = count(store.statistics.counted(on, policy))
    codes = told.along(0)
    names = {code: municipalities.by_code[code].name for code in codes if code in municipalities.by_code}
    return {
        "library": agency,
        "on": on.isoformat(),
        "least_shown": LEAST_SHOWN,
        "patrons": told.shown((ALL, ALL, ALL)),
        "municipalities": [{"code": code, "name": names.get(code)} for code in codes],
        "age_bands": told.along(1),
        "groups": told.along(2),
        "cells": [
            {"municipality": cell[0], "age": cell[1], "group": cell[2], "count": told.shown(cell)}
            for cell in sorted(told.counts)
        ],
    }


def table(document: dict[str, Any], rows: str, columns: str) -> dict[tuple[str, str], int | None]:
    """Two of the three dimensions, over all of the third: counts by row and column, each a value or `*`."""
    (third,) = {"municipality", "age", "group"} - {rows, columns}
    return {(cell[rows], cell[columns]): cell["count"] for cell in document["cells"] if cell[third] == ALL}

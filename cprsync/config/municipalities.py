"""Reads the packaged list of municipality codes once, for the rules that depend on a code's kind."""

from __future__ import annotations

import csv
from datetime import date
from functools import cache

from cprsync.domain.person.municipality import Kind, Municipalities, Municipality
from cprsync.errors import ConfigurationError
from cprsync.resources import schema_path

FILE = "municipalities.csv"


@cache
def load_municipalities() -> Municipalities:
    """The 98 municipalities and Christiansø, Greenland's, codes that are no place, and codes no longer in use.

    Raises ConfigurationError: the packaged file is missing or damaged.
    """
    try:
        with schema_path(FILE).open(encoding="utf-8", newline="") as file:
            return Municipalities({row["code"]: _from_row(row) for row in csv.DictReader(file)})
    except (OSError, KeyError, ValueError) as error:
        raise ConfigurationError("the packaged list {file} cannot be read: install cprsync again", file=FILE) from error


def _from_row(row: dict[str, str]) -> Municipality:
    until = date.fromisoformat(row["until"]) if row["until"] else None
    return Municipality(row["code"], row["name"], Kind(row["kind"]), until)

"""The packaged list of municipalities, and how each is named wherever people read one."""

from __future__ import annotations

import csv
from datetime import date
from functools import cache
from typing import Final

from cprsync.domain.person.municipality import Municipalities, Municipality, MunicipalityKind, code_from
from cprsync.errors import ConfigurationError
from cprsync.resources import schema_path

MUNICIPALITIES: Final = "municipalities.csv"


@cache
def load_municipalities() -> Municipalities:
    """The 98 municipalities and Christiansø, Greenland's, codes that are no place, and codes no longer in use.

    Raises ConfigurationError: the packaged file is missing or damaged.
    """
    try:
        with schema_path(MUNICIPALITIES).open(encoding="utf-8", newline="") as file:
            return Municipalities({row["code"]: _municipality(row) for row in csv.DictReader(file)})
    except (OSError, KeyError, ValueError) as error:
        raise ConfigurationError(
            "the packaged list {file} cannot be read: install cprsync again", file=MUNICIPALITIES
        ) from error


def _municipality(row: dict[str, str]) -> Municipality:
    until = date.fromisoformat(row["until"]) if row["until"] else None
    return Municipality(row["code"], row["name"], MunicipalityKind(row["kind"]), until)


def name_municipality(code: str) -> str:
    """A municipality as people know it: its name, and its code of four digits, also for CULR's three.

    What no list has stands alone: another library may have given CULR anything.
    """
    known = load_municipalities().by_code.get(code_from(code))
    return code if known is None else f"{known.name} ({known.code})"


def code_of_municipality(text: str) -> str:
    """The code of a present municipality that is typed by its name, as in "Aarhus" or "Aarhus Kommune".

    Any other text stays as it is: it may be a code.
    """
    known = load_municipalities()
    name = text.strip().casefold().removesuffix(" kommune")
    return next((code for code in known.homes() if known.by_code[code].name.casefold() == name), text)

"""The town for tests: people of fixtures/people.toml by key. Reads the file raw, through no code of ours."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

FIXTURES = Path(__file__).resolve().parent.parent / "fixtures"
PEOPLE_FILE = FIXTURES / "people.toml"

TOWN: dict[str, Any] = tomllib.loads(PEOPLE_FILE.read_text(encoding="utf-8"))
#: Every person's table, in the order of the file.
PEOPLE: dict[str, dict[str, Any]] = {person["key"]: person for person in TOWN["person"]}


def number(key: str) -> str:
    """The ten digits of the person with this key."""
    digits: str = PEOPLE[key]["number"]
    return digits


ANNA = number("ANNA")

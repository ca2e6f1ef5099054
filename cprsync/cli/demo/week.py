"""The demo's script and stage: who the patrons are, what happens on each day, and where it is played."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from cprsync.cli.terminal.output import say
from cprsync.resources import fixture_path

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

    from cprsync.catalogues import Language
    from cprsync.config.settings import Settings


@dataclass(slots=True)
class Week:
    """The demo's script: the keys of the patrons, and what happens on each working day."""

    start: date
    patrons: list[str]
    nights: list[dict[str, Any]]
    #: one more working day, which leaves cases to people at the desk
    for_the_desk: dict[str, Any]


@dataclass(slots=True)
class DemoStage:
    """Where the demo is set up."""

    folder: Path
    ready: dict[str, Any]
    settings: Settings
    week: Week
    language: Language
    as_json: bool
    nights: list[dict[str, Any]] = field(default_factory=list)
    #: who was in Koha before the week; None: the week has no Koha
    koha_before: list[dict[str, Any]] | None = None

    def tell(self, text: str = "") -> None:
        if not self.as_json:
            say(text)


def load_week() -> Week:
    """The packaged week."""
    document = tomllib.loads(fixture_path("demo.toml").read_text(encoding="utf-8"))
    return Week(document["demo"]["start"], document["demo"]["patrons"], document["night"], document["desk"])


def read_numbers() -> dict[str, str]:
    """The people's numbers by key."""
    town = tomllib.loads(fixture_path("people.toml").read_text(encoding="utf-8"))
    return {person["key"]: person["number"] for person in town["person"]}

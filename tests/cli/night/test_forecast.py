"""`forecast` as people read it, and as a command over the folder that a demo leaves."""

from __future__ import annotations

import json
import shutil
from datetime import date
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner
from whole import patron_ids

from cprsync.cli.main import app
from cprsync.cli.night.overview import NAMED_MAX, forecast_lines
from cprsync.cli.terminal.output import emphasise
from cprsync.config.settings import load_settings
from cprsync.language.words import word
from cprsync.municipalities import load_municipalities
from cprsync.services.desk.setting import Setting, SettingDesk, set_field
from cprsync.services.night.calendar import Forecast, ForeseenEvent
from cprsync.wiring.site import site_of

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import LivedDemo


def event(day: str, patron: str | None, kind: str, what: str) -> ForeseenEvent:
    return ForeseenEvent(date.fromisoformat(day), patron, kind, what)


def foreseen(*events: ForeseenEvent) -> Forecast:
    return Forecast(date(2026, 12, 30), date(2027, 1, 28), events)


EVENTS = [
    event("2026-12-31", "11111111", "override_ended", "birth_date"),
    event("2026-12-31", "11111111", "age_step", "Ung > Voksen"),
    event("2026-12-31", "22222222", "age_step", "Barn > Ung"),
    event("2027-01-01", None, "policy", "age_groups"),
    event("2027-01-02", None, "products", "aviser"),
    event("2027-01-02", None, "products", "film"),
    event("2027-01-02", "33333333", "absence_ended", "absence"),
    event("2027-01-02", "33333333", "right_opened", "film"),
]


COUNTED = (
    "  I alt: rettelse ophørt 1, ny lånergruppe 2, nye aldersgrupper 1, "
    "nye vilkår for netmedier 2, fravær ophørt 1, ret til netmedie åbnes 1"
)


def test_a_forecast_is_a_calendar_by_day_with_counts_and_patron_numbers() -> None:
    assert list(forecast_lines(foreseen(*EVENTS), "da")) == [
        emphasise("Det sker fra 30. december 2026 til 28. januar 2027, hvis intet ændres i CPR"),
        COUNTED,
        f"  {word('forecast_withheld', 'da')}",
        "",
        "Torsdag 31. december 2026",
        "  rettelse ophørt: 1",
        "    11111111  fødselsdato",
        "  ny lånergruppe: 2",
        "    11111111  Ung > Voksen",
        "    22222222  Barn > Ung",
        "",
        "Fredag 1. januar 2027",
        "  nye aldersgrupper",
        "",
        "Lørdag 2. januar 2027",
        "  nye vilkår for netmedier: aviser, film",
        "  fravær ophørt: 1",
        "    33333333",
        "  ret til netmedie åbnes: 1",
        "    33333333  film",
    ]


def test_a_forecast_speaks_english_when_asked_to() -> None:
    told = "\n".join(forecast_lines(foreseen(EVENTS[0]), "en"))
    assert "Thursday 31 December 2026\n  correction ended: 1\n    11111111  birth date" in told


def test_days_without_anything_say_so() -> None:
    assert list(forecast_lines(foreseen(), "da"))[1] == "  Der sker intet."


def test_a_day_that_moves_everybody_names_some_and_counts_the_rest() -> None:
    many = [event("2027-01-01", f"{10_000_000 + n}", "age_step", "Barn > Ung") for n in range(NAMED_MAX + 7)]
    lines = list(forecast_lines(foreseen(*many), "da"))
    assert f"  ny lånergruppe: {NAMED_MAX + 7}" in lines
    assert sum(line.endswith("Barn > Ung") for line in lines) == NAMED_MAX
    assert lines[-1] == "    … og 7 til: se dem alle med --json"


@pytest.mark.parametrize("days", ["0", "367", "ti"])
def test_a_number_of_days_beyond_the_ceiling_is_wrong_usage(days: str) -> None:
    assert CliRunner().invoke(app, ["forecast", "--days", days]).exit_code == 2


def _corrected(folder: Path) -> str:
    """Someone at the desk corrects a municipality on the day after the demo; returns whose."""
    settings = load_settings(folder / "cprsync.toml")
    with site_of(settings, None, date(2027, 4, 3)).library() as library:
        patron = min(patron_ids(library.store))
        counter = SettingDesk(library, load_municipalities().homes())
        set_field(counter, Setting(patron, "municipality", "0461", "test", reason="studerer", until=date(2027, 5, 1)))
    return patron


@pytest.mark.xdist_group("demo")
def test_the_demo_lives_its_birthdays_and_a_correction_that_ends_and_the_next_one_is_forecast(
    lived_demo: LivedDemo, tmp_path: Path
) -> None:
    shutil.copytree(lived_demo.folder, tmp_path / "demo")
    nights = lived_demo.document["nights"]
    calendars = [{kind: n for kind, n in night["calendar"].items() if kind != "days"} for night in nights]
    assert calendars[1:] == [
        {"override_warned": 1},
        {"age_step": 1},
        {},
        {"age_step": 1, "override_ended": 1},
        {"age_step": 1},
        {},
        {},
    ]
    config = ["--config", str(tmp_path / "demo" / "cprsync.toml"), "--today", "2027-04-03"]
    asked = CliRunner().invoke(app, ["forecast", "--days", "10", "--json", *config])
    document = json.loads(asked.stdout)
    assert (asked.exit_code, document["from"], document["to"]) == (0, "2027-04-04", "2027-04-13")
    assert document["events"] == []
    patron = _corrected(tmp_path / "demo")
    later = json.loads(CliRunner().invoke(app, ["forecast", "--days", "90", "--json", *config]).stdout)
    rights = [one for one in later["events"] if one["kind"].startswith("right_")]
    # whatever she may use, it changes with the correction alone
    assert {(one["day"], one["patron"]) for one in rights} <= {("2027-04-04", patron), ("2027-05-02", patron)}
    assert [(one["day"], one["kind"], one["patron"]) for one in later["events"] if one not in rights] == [
        ("2027-04-17", "override_warned", patron),
        ("2027-05-02", "override_ended", patron),
    ]

"""The demo: a week that ends equal to the register, and that says so only when it is true."""

from __future__ import annotations

import json
import tomllib
from contextlib import redirect_stdout
from dataclasses import dataclass, field, replace
from io import StringIO
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select, update
from whole import patron_ids

from cprsync.cli.demo.demo import _report_comparison, live_day_for_the_desk, run_demo
from cprsync.cli.demo.desk import tell_what_to_try
from cprsync.cli.demo.week import DemoStage, load_week, read_numbers
from cprsync.cli.terminal.logs import configure
from cprsync.config.clock import SystemClock
from cprsync.domain.person.number import CprNumber
from cprsync.domain.person.person import Status
from cprsync.domain.person.sealed import Address
from cprsync.mock import control
from cprsync.mock.koha import calls
from cprsync.resources import fixture_path
from cprsync.services.ports.patrons import Batch, Write
from cprsync.services.ports.runs import RunState
from cprsync.store import tables
from cprsync.store.core.engine import open_engine, writing
from cprsync.wiring.site import Site, library_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from cprsync.catalogues import Language
    from cprsync.config.settings import Settings
    from cprsync.domain.person.person import Person

pytestmark = [pytest.mark.xdist_group("demo"), pytest.mark.usefixtures("keys_at_hand")]


def alter(change: Callable[[Person], Person]) -> Callable[[Settings], None]:
    """Write an unprotected resident's record otherwise than the register has it."""

    def meddle(settings: Settings) -> None:
        library = library_of(settings, None)
        with Site(settings, library).store() as store:
            ids = patron_ids(store)
            # whoever died or left keeps her last address, which the register does not have: hers is no difference
            residents = [p for p in store.patrons.read(ids) if p.register.status is Status.RESIDENT]
            # in which order they come is chance, and who is protected has no address to alter
            patron = next(p for p in residents if isinstance(p.register.address, Address))
            run = store.runs.begin(day=SystemClock().today(), started=SystemClock().now())
            after = change(patron.register)
            assert patron.as_of is not None
            store.patrons.write(
                run, Batch(writes=[Write(patron, after, store.patrons.prepare(after), patron.as_of, ())])
            )
            store.runs.close(run, state=RunState.CLOSED, finished=SystemClock().now(), document={"exit": 0})

    return meddle


def another_street(person: Person) -> Person:
    assert isinstance(person.address, Address)
    return replace(person, address=replace(person.address, road="Omvejen"))


@dataclass(frozen=True)
class Told:
    """What a comparison ends with: its exit and its document."""

    exit: int
    document: dict[str, Any]


@dataclass
class Lived:
    """A week, the story that it told, and how it was compared."""

    #: the folder that it leaves
    kept: Path
    exit: int = -1
    story: str = ""
    #: as it was lived
    compared: Told | None = None
    #: after something was altered in each place
    altered: Told | None = None
    #: the cases of the day after it, on which the desk opens
    cases: dict[str, int] = field(default_factory=dict)


def compare(stage: DemoStage) -> Told:
    with redirect_stdout(StringIO()) as said:
        code = _report_comparison(replace(stage, as_json=True), seconds=0, kept=None)
    return Told(code, json.loads(said.getvalue()))


@pytest.fixture(scope="module")
def lived(keys_at_hand: None, tmp_path_factory: pytest.TempPathFactory) -> Lived:
    configure("WARNING")
    week = Lived(kept=tmp_path_factory.mktemp("lived") / "demo")

    def meddle_and_open_desk(stage: DemoStage) -> None:
        meddle(stage.settings)
        week.altered = compare(stage)
        live_day_for_the_desk(stage)
        week.cases = dict(stage.nights[-1]["reviews"]["kinds"])

    def look(stage: DemoStage) -> None:
        week.compared = compare(stage)

    with redirect_stdout(StringIO()) as said:
        week.exit = run_demo(
            keep=week.kept,
            language="en",
            as_json=False,
            with_koha=True,
            before_comparing=look,
            before_leaving=meddle_and_open_desk,
        )
    week.story = said.getvalue()
    return week


def test_the_week_ends_with_every_record_equal_to_the_register(lived: Lived) -> None:
    assert lived.compared is not None
    document = lived.compared.document
    assert (lived.compared.exit, lived.exit) == (0, 0)
    assert document["koha"] == {"compared": 40, "differs": {}}
    assert document["comparison"]["compared"] == 40
    assert document["comparison"]["differs"] == {}
    # nobody has told this library whether København has films
    copenhagen = {"ereolen": "yes", "filmstriben": "undecided"}
    assert document["comparison"]["protected_movers"] == dict.fromkeys(("RIKKE", "SVEND", "HELLE"), copenhagen)
    # SKAEV's birth date is not her number's until the week corrects it, and the fourth working night brings a death:
    # both are left to a person
    assert [night["exit"] for night in document["nights"]] == [3, 0, 0, 0, 3, 0, 0, 0]
    waiting = [night["reviews"]["kinds"].get("birth.differs", 0) for night in document["nights"]]
    assert (waiting[0], waiting[-1]) == (1, 0)
    worth_seeing = [sum(night["actions"].values()) + night["unchanged"] for night in document["nights"]]
    assert all(worth_seeing)


def test_the_week_spans_a_weekend_and_a_holiday_and_the_desk_then_opens_with_three_cases(lived: Lived) -> None:
    assert lived.cases == {"birth.differs": 1, "block.dead": 1, "block.disappeared": 1}
    assert "Thursday 25 March – Monday 29 March: no delivery" in lived.story
    assert lived.story.count("(adds up)") == 7 + 1
    assert "as anyone in the municipality: RIKKE, SVEND, HELLE (eReolen" in lived.story


def test_what_is_kept_says_how_to_start_the_register_and_its_koha_again(lived: Lived) -> None:
    assert f"cprsync mock serve --dir {lived.kept}/mock --koha, and" in lived.story


@pytest.mark.parametrize("language", ["da", "en"])
def test_the_opened_desk_names_people_who_are_no_patrons_and_its_own_port(
    language: Language, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    week, numbers = load_week(), read_numbers()
    stage = DemoStage(tmp_path, {}, settings=None, week=week, language=language, as_json=False)  # type: ignore[arg-type] # nothing is asked of the settings
    tell_what_to_try(stage, password="kodeord", port=8799)
    told = capsys.readouterr().out
    assert "http://localhost:8799/me" in told
    tried = [one["who"] for one in week.for_the_desk["try"]]
    assert len(tried) == 4
    assert not set(tried) & set(week.patrons)
    assert all(f"{numbers[key][:6]}-{numbers[key][6:]}" in told for key in tried)


def close_films(settings: Settings, key: str) -> None:
    """Let what is kept of a patron's rights be another than the rules give."""
    town = tomllib.loads(fixture_path("people.toml").read_text(encoding="utf-8"))
    [digits] = [person["number"] for person in town["person"] if person["key"] == key]
    library = library_of(settings, None)
    with Site(settings, library).store_to_show() as store:
        patron_id = store.patrons.find(CprNumber.parse(digits))
    row, engine = tables.entitlement.c, open_engine(settings.store.url)
    with writing(engine) as connection:
        kept = connection.scalar(select(row.rights).where(row.patron_id == patron_id))
        altered = json.dumps(json.loads(kept) | {"filmstriben": ["no", None]})
        connection.execute(update(tables.entitlement).where(row.patron_id == patron_id).values(rights=altered))
    engine.dispose()


def meddle(settings: Settings) -> None:
    ready = json.loads((settings.keys.dir.parent / "mock" / "ready.json").read_text(encoding="utf-8"))
    control.culr_write(ready, "update", ready["agreement"]["agency"], "HELLE", to="751")
    close_films(settings, "HELLE")
    calls.edit(ready, who="BO", set={"city": "Ry"})
    alter(another_street)(settings)


def test_one_altered_street_municipality_city_in_koha_and_right_make_the_demo_fail(lived: Lived) -> None:
    """What differs is what was altered, and nothing else."""
    assert lived.altered is not None
    document = lived.altered.document
    assert lived.altered.exit == 1
    assert document["koha"]["differs"] == {"BO": ["address"]}
    comparison = document["comparison"]
    differs = comparison["differs"]
    # it may be HELLE whose street was altered
    assert sorted(field for fields in differs.values() for field in fields) == ["address", "net_media", "rights"]
    assert {"net_media", "rights"} <= set(differs["HELLE"])
    assert set(comparison["protected_movers"]) == {"RIKKE", "SVEND"}


def test_a_folder_that_is_kept_can_be_moved(lived: Lived) -> None:
    """Its settings name what lies in it from there."""
    settings = (lived.kept / "cprsync.toml").read_text(encoding="utf-8")
    assert str(lived.kept) not in settings
    assert settings.count('ca = "mock/certs/ca.pem"') == 3


def test_a_folder_that_is_not_empty_is_left_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "theirs").write_text("theirs", encoding="utf-8")
    with pytest.raises(SystemExit) as refused:
        run_demo(keep=tmp_path, language="da", as_json=True)
    assert refused.value.code == 1
    error = json.loads(capsys.readouterr().out)["error"]
    assert (error["kind"], error["changed"]) == ("input.folder", "nothing")
    assert "not empty" in error["message"]
    assert "Name a folder that is empty" in error["next"]
    assert [path.name for path in tmp_path.iterdir()] == ["theirs"]

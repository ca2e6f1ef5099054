"""`cprsync demo`: a week with a mock register, night by night, and a comparison at the end.

Everything is real except the people: certificates, mutual TLS, files, a store, and the commands that an operator runs.
"""

from __future__ import annotations

import csv
import tempfile
import time
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cprsync.catalogues import Language
from cprsync.cli.demo.week import DemoStage, load_week, read_numbers
from cprsync.cli.desk.serving import PORT
from cprsync.cli.terminal.failures import always, failures, never
from cprsync.cli.terminal.frame import Json, Lang
from cprsync.cli.terminal.output import emphasise, note, print_json, say
from cprsync.errors import Exit
from cprsync.language.words import heading, long_day, word

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from cprsync.cli.demo.comparison import Rights, TownComparison
    from cprsync.cli.demo.koha_week import KohaComparison

#: The most steps for the working nights and the days between them.
DAYS_MAX = 60


app = typer.Typer()


@app.command()
def demo(
    *,
    keep: Annotated[
        Path | None, typer.Option("--keep", help="Leave everything in this folder, which is empty or new.")
    ] = None,
    koha: Annotated[bool, typer.Option("--koha", help="Keep a Koha true too, and compare it at the end.")] = False,
    serve: Annotated[bool, typer.Option("--serve", help="Then open the desk on the town, until stopped.")] = False,
    port: Annotated[
        int, typer.Option("--port", min=0, max=65535, help="Where browsers ask the desk; 0 picks a free one.")
    ] = PORT,
    lang: Lang = "da",
    as_json: Json = False,
) -> int:
    """Live a week against a mock register, night by night.

    At its end every record is compared with the register's own; exit 0 only if all are equal.
    """
    with failures(as_json=as_json, stays=never if keep is None else always):
        before_leaving = partial(_open_desk, port=_free_port(port)) if serve else None
        return run_demo(keep=keep, language=lang, as_json=as_json, with_koha=koha, before_leaving=before_leaving)


def _free_port(port: int) -> int:
    """The port for the desk, tried before the week is lived. 0: a free one."""
    from cprsync.web.serving import listen

    with closing(listen(port)) as listener:
        free: int = listener.getsockname()[1]
        return free


def run_demo(
    *,
    keep: Path | None,
    language: Language,
    as_json: bool,
    with_koha: bool = False,
    before_comparing: Callable[[DemoStage], None] | None = None,
    before_leaving: Callable[[DemoStage], None] | None = None,
) -> int:
    """Run the week. Exit 0 only if every record equals the register.

    Args:
        keep: the folder to keep everything in; None: a temporary folder.
        language: the language of the story.
        as_json: print one document instead of the story.
        with_koha: a Koha is a target, and is compared too.
        before_comparing: called after the week; a test alters a record here.
        before_leaving: called after the comparison, while the mock still runs.
    """
    begun = time.monotonic()
    with failures(as_json=as_json, stays=never if keep is None else always), ExitStack() as stack:
        folder = _folder(keep, stack)
        stage = stack.enter_context(_set_up(folder, language, as_json=as_json, with_koha=with_koha))
        _live_week(stage)
        if before_comparing is not None:
            before_comparing(stage)
        outcome = _report_comparison(stage, seconds=time.monotonic() - begun, kept=keep)
        if before_leaving is not None:
            before_leaving(stage)
        return outcome


def _folder(keep: Path | None, stack: ExitStack) -> Path:
    from cprsync.cli.setup.installation import folder_refused
    from cprsync.errors import BadInput

    if keep is None:
        return Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="cprsync-demo-")))
    try:
        if keep.exists() and any(keep.iterdir()):
            raise BadInput(
                "{path}: the demo needs a folder of its own, and this one is not empty", path=keep, kind="input.folder"
            )
        keep.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise folder_refused(keep, error) from error
    return keep.resolve()


@contextmanager
def _set_up(folder: Path, language: Language, *, as_json: bool, with_koha: bool) -> Iterator[DemoStage]:
    from cprsync.cli.demo.koha_week import join_koha
    from cprsync.cli.setup.installation import write_folder
    from cprsync.config.settings import load_settings
    from cprsync.mock.server import running
    from cprsync.resources import fixture_path
    from cprsync.wiring.setting_up import upgrade_store

    week = load_week()
    if not as_json:
        title = word("demo_title", language)
        say(emphasise(f"{title}\n{'=' * len(title)}"))
        say(word("demo_set_up", language, patrons=len(week.patrons)))
    people, at = fixture_path("people.toml"), lambda: datetime.now(UTC)
    with running(folder=folder / "mock", people=people, now=at, with_koha=with_koha) as ready:
        if "policy.toml" in write_folder(folder, mock=folder / "mock" / "ready.json"):
            _name_branches(folder / "policy.toml")
        before = join_koha(folder / "cprsync.toml", ready, week.patrons) if with_koha else None
        settings = load_settings(folder / "cprsync.toml")
        upgrade_store(settings.store)
        yield DemoStage(folder, ready, settings, week, language, as_json, koha_before=before)


def _name_branches(policy: Path) -> None:
    """Add the branches of the town's library to the policy."""
    with policy.open("a", encoding="utf-8") as file:
        file.write('\n[branches]\nnames = ["Hovedbiblioteket", "Risskov"]\n')


def _live_week(stage: DemoStage) -> None:
    from cprsync.cli.imports.lists import import_file
    from cprsync.wiring.site import site_of

    patrons = stage.folder / "patrons.csv"
    _write_patrons(patrons, stage.week.patrons)
    import_file(site_of(stage.settings, None), patrons, apply=True)
    stage.tell(f"\n{word('demo_first', stage.language)}")
    _run_night(stage)
    for number, night in enumerate(stage.week.nights, start=1):
        _live_day(stage, night, f"  ({number}/{len(stage.week.nights)})")


def live_day_for_the_desk(stage: DemoStage) -> None:
    """Live one more day, so that the desk opens with something that waits for a person."""
    _live_day(stage, stage.week.for_the_desk)


def _open_desk(stage: DemoStage, *, port: int) -> None:
    from cprsync.cli.demo.desk import open_desk

    live_day_for_the_desk(stage)
    open_desk(stage, port=port)


def _live_day(stage: DemoStage, night: Mapping[str, Any], place: str = "") -> None:
    """Live until a working day, and through the night after it. `place`: where the day stands in the week."""
    from cprsync.mock import control

    _walk_to(stage, night["day"])
    _let_happen(stage, night, place)
    control.night(stage.ready)
    _run_night(stage)


def _write_patrons(path: Path, keys: list[str]) -> None:
    """Write the library's own list, as another system would export it. It names no group, because age decides that."""
    numbers = read_numbers()
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["cpr_number", "card", "branch", "language"])
        for position, key in enumerate(keys, start=1):
            writer.writerow([numbers[key], f"K{position:05}", "Hovedbiblioteket", "da"])


def _walk_to(stage: DemoStage, day: date) -> None:
    """Pass the days without a delivery up to a working day. The night still runs on each."""
    from cprsync.mock import asking, control

    quiet: list[date] = []
    for _ in range(DAYS_MAX):
        now = date.fromisoformat(asking.clock(stage.ready)["day"])
        if now >= day:
            break
        quiet.append(now)
        control.day(stage.ready)
    if quiet:
        until = "" if len(quiet) == 1 else f" – {heading(quiet[-1], stage.language, capital=False)}"
        stage.tell(f"\n{heading(quiet[0], stage.language)}{until}: {word('demo_quiet', stage.language)}")


def _let_happen(stage: DemoStage, night: Mapping[str, Any], place: str) -> None:
    from cprsync.mock import control

    stage.tell("\n" + emphasise(f"{heading(night['day'], stage.language)}{place}"))
    stage.tell(f"  {night[f'note_{stage.language}']}")
    for typed in night.get("desk", ()):
        _correct(stage, typed)
        what, until = word(f"field.{typed['field']}", stage.language), long_day(typed["until"], stage.language)
        stage.tell(f"    · {word('demo_desk', stage.language, who=typed['who'], field=what, until=until)}")
    for event in night["events"]:
        control.event(stage.ready, event["kind"], event["who"], event.get("to"))
        stage.tell(f"    · {_event_line(event, stage)}")


def _correct(stage: DemoStage, typed: Mapping[str, Any]) -> None:
    """Type a correction at the desk, for a time, after a patron has shown a document."""
    from cprsync.domain.person.number import CprNumber
    from cprsync.municipalities import load_municipalities
    from cprsync.services.desk.setting import Setting, SettingDesk, set_field
    from cprsync.wiring.site import site_of

    site = site_of(stage.settings, None)
    with site.store() as store:
        patron_id = store.patrons.find(CprNumber.parse(read_numbers()[typed["who"]]))
    with site.library() as ours:
        counter = SettingDesk(ours, load_municipalities().homes())
        text, reason, until = typed["value"], typed["reason"], typed["until"]
        set_field(counter, Setting(patron_id or "", typed["field"], text, "demo", reason=reason, until=until))


def _event_line(event: Mapping[str, Any], stage: DemoStage) -> str:
    """Who and what, by keys of the people file, which are no real names."""
    happens = word(f"event_{event['kind']}", stage.language)
    to = f" → {event['to']}" if "to" in event else ""
    patron = "" if event["who"] in stage.week.patrons else f" ({word('not_patron', stage.language)})"
    return f"{event['who']} {happens}{to}{patron}"


def _run_night(stage: DemoStage) -> None:
    from cprsync.cli.night.sync import run_library_night
    from cprsync.language.night import report_lines

    document = run_library_night(stage.settings, None, as_json=True)
    stage.nights.append(document)
    for line in report_lines(document, stage.language):
        stage.tell(f"  {line}")


def _compare_all(stage: DemoStage) -> tuple[TownComparison, Rights]:
    """Compare every record with the register, CULR and freshly derived rights. Also return protected movers' rights."""
    from cprsync.cli.demo.comparison import compare, compare_net_media, compare_rights, protected_movers
    from cprsync.mock import control
    from cprsync.services.netmedia.entitlements import AT_ONCE
    from cprsync.wiring.site import site_of

    site = site_of(stage.settings, None)
    state = control.state(stage.ready)
    persons = {key: state["persons"][key] for key in stage.week.patrons}
    with site.store() as store:
        result = compare(state, stage.week.patrons, store.views.opened_records())
        checked = store.account_repairs.checked_page("", AT_ONCE)
    compare_net_media(result, state, control.culr(stage.ready), stage.week.patrons)
    rights = compare_rights(result, persons, checked, policy=site.policy, on=site.clock.today())
    return result, protected_movers(persons, rights, stage.week.nights)


def _compare_koha(stage: DemoStage) -> KohaComparison | None:
    """Compare every patron in Koha with the register. None: the week had no Koha."""
    from cprsync.cli.demo.koha_week import compare_koha
    from cprsync.mock import asking, control
    from cprsync.mock.koha import calls

    if stage.koha_before is None:
        return None
    state = control.state(stage.ready)
    persons = {key: state["persons"][key] for key in stage.week.patrons}
    after = calls.show(stage.ready)["patrons"]
    return compare_koha(persons, stage.koha_before, after, day=asking.clock(stage.ready)["day"])


def _report_comparison(stage: DemoStage, *, seconds: float, kept: Path | None) -> int:
    from cprsync.cli.demo.comparison import mover_lines, movers_document
    from cprsync.services.ports.runs import WELL

    result, movers = _compare_all(stage)
    koha = _compare_koha(stage)
    # good nights may leave reviews: a block proposed after a death, a birth date that differs from the number's
    failed = [night for night in stage.nights if night["exit"] not in WELL]
    ok = not result.differs and not failed and (koha is None or not koha.differs)
    if stage.as_json:
        print_json(
            {
                "nights": stage.nights,
                "comparison": result.document() | {"protected_movers": movers_document(movers)},
                **({} if koha is None else {"koha": koha.document()}),
                "folder": None if kept is None else str(kept),
                "seconds": round(seconds, 1),
                "exit": Exit.DONE if ok else Exit.REFUSED,
            }
        )
        return Exit.DONE if ok else Exit.REFUSED
    stage.tell("\n" + emphasise(word("demo_compare", stage.language)))
    for why, count in result.intended.items():
        stage.tell(f"  {word('demo_intended', stage.language)}: {word(why, stage.language)} ({count})")
    for line in mover_lines(movers, stage.language):
        stage.tell(f"  {line}")
    for key, groups in result.differs.items():
        note(f"  {word('demo_differs', stage.language)}: {key}: {', '.join(groups)}")
    if koha is not None:
        _tell_of_koha(stage, koha)
    if kept is not None:
        options = "" if koha is None else " --koha"
        stage.tell(f"  {word('demo_kept', stage.language, folder=kept, options=options)}")
    equal = len(stage.week.patrons) - len(result.differs)
    last = word("demo_equal", stage.language, equal=equal, patrons=len(stage.week.patrons))
    stage.tell("  " + emphasise(f"{last}  ({seconds:.0f} s)", colour="green" if ok else "red"))
    return Exit.DONE if ok else Exit.REFUSED


def _tell_of_koha(stage: DemoStage, koha: KohaComparison) -> None:
    for key, groups in koha.differs.items():
        note(f"  {word('demo_koha_differs', stage.language)}: {key}: {', '.join(groups)}")
    equal = koha.compared - len(koha.differs)
    last = word("demo_koha_equal", stage.language, equal=equal, patrons=koha.compared)
    stage.tell("  " + emphasise(last, colour="red" if koha.differs else "green"))

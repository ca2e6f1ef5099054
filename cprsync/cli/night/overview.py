"""Shows the nights that were (`runs`), how it stands (`status`), and what the coming nights will do (`forecast`).

Shows patron numbers, groups and products, no names.
"""

from __future__ import annotations

from collections import Counter
from itertools import groupby
from operator import attrgetter
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from cprsync.catalogues import Language
from cprsync.cli.terminal.failures import show_error
from cprsync.cli.terminal.frame import Frame, Today, framed, print_document
from cprsync.cli.terminal.output import colour_mark, emphasise, note
from cprsync.documents import document_of
from cprsync.errors import BadInput, CprsyncError, Exit
from cprsync.language.errors import advice_for, error_document
from cprsync.language.night import run_line, run_lines
from cprsync.language.status import status_lines
from cprsync.language.words import has_word, heading, long_day, titles_of, word

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from cprsync.services.night.calendar import Forecast, ForeseenEvent
    from cprsync.services.ports.trust.status import LibraryStatus
    from cprsync.wiring.site import Site
#: The most patrons to name for one kind on a day; of further ones only the number is shown.
NAMED_MAX = 20
#: For a caller without products' titles.
NO_TITLES: Final[Mapping[str, str]] = {}
#: What happens says all about these already.
_SAYS_ENOUGH = frozenset({"absence", "dead", "responsible"})
runs_app, status_app, forecast_app = typer.Typer(), typer.Typer(), typer.Typer()


@runs_app.command("list")
@framed
def runs_list(frame: Frame) -> None:
    """List the nights, the latest first."""
    with frame.opened() as site, site.store_to_show() as store:
        runs = store.runs.list_runs()
    frame.print({"runs": [document_of(one) for one in runs]}, (run_line(one, frame.lang) for one in runs))


@runs_app.command("show")
@framed
def runs_show(
    run: Annotated[int, typer.Argument(help="The night's number, as `runs list` shows it.")], frame: Frame
) -> None:
    """Show one night's report, number by number."""
    with frame.opened() as site, site.store_to_show() as store:
        document, items = store.runs.document(run), store.runs.items(run)
        if document is None:
            raise BadInput("there is no run {run}", run=run, kind="run.unknown")
    frame.print({**document, "items": items}, run_lines(document, items, frame.lang))


@status_app.command()
@framed
def status(frame: Frame) -> int:
    """Show on one screen how it stands.

    Exit 1 when someone has to look after something. The last night, what waits and since when, certificates of ours
    and of the counterparts, keys, disks, backup, and the audit's ends. `cprsync doctor` looks deeper.
    """
    from cprsync.config.settings import load_settings
    from cprsync.wiring.site import sites_of

    with frame.failures():
        settings = load_settings(frame.config)
        sites = sites_of(settings, frame.library)
        if len(sites) == 1:
            status = _status(sites[0])
            frame.print(status, _emphasised(status, frame.lang))
            return Exit.DONE if status.ok else Exit.REFUSED
    return _show_each(sites, frame.lang, as_json=frame.as_json)


def _show_each(sites: Sequence[Site], language: Language, *, as_json: bool) -> int:
    """Show how each library stands. One that cannot be looked at hides no other."""
    documents: list[dict[str, Any]] = []
    shown: list[LibraryStatus] = []
    worst = Exit.DONE
    for site in sites:
        try:
            status = _status(site)
            shown.append(status)
            documents.append(document_of(status))
            code = Exit.DONE if status.ok else Exit.REFUSED
        except CprsyncError as error:
            told = error_document(error, changed="nothing")
            documents.append({"agency": site.section.agency, "name": site.section.name, "ok": False, "error": told})
            code = advice_for(error).exit
        worst = max(worst, code)
    lines = (line for one in shown for line in _emphasised(one, language))
    print_document({"libraries": documents}, lines, as_json=as_json)
    for one in () if as_json else documents:
        if "error" in one:
            note(f"{one['agency']}:")
            show_error(one["error"], language)
    return int(worst)


def _emphasised(status: LibraryStatus, language: Language) -> Iterator[str]:
    """The status, in colours if a terminal shows it."""
    title, *lines = status_lines(status, language)
    yield emphasise(title, colour="green" if status.ok else "red")
    yield from map(colour_mark, lines)


def _status(site: Site) -> LibraryStatus:
    from cprsync.doctor.counterparts import ask_for_certificates
    from cprsync.doctor.status import look_at

    # they answer while the store is opened
    theirs = ask_for_certificates(site)
    with site.store() as store:
        _ = site.policy  # a mistake in it ends the command, as it would end the night
        return look_at(site, store, theirs=theirs())


@forecast_app.command()
@framed
def forecast(
    *,
    days: Annotated[int, typer.Option("--days", min=1, max=366, help="How many days ahead.")] = 30,
    today: Today = None,
    frame: Frame,
) -> None:
    """Show what the coming nights will do by themselves.

    Birthdays, and corrections and absences that end, if the register changes nothing.
    """
    from cprsync.services.night.calendar import foresee

    with frame.opened(today=today) as site, site.store() as store:
        foreseen = foresee(store, site.policy, today=site.clock.today(), days=days)
    titles = titles_of(site.policy.products, frame.lang)
    frame.print(foreseen, forecast_lines(foreseen, frame.lang, titles))


def forecast_lines(foreseen: Forecast, language: Language, titles: Mapping[str, str] = NO_TITLES) -> Iterator[str]:
    """The calendar, line by line. Days on which nothing happens are left out."""
    first, last = long_day(foreseen.from_, language), long_day(foreseen.to, language)
    yield emphasise(word("forecast", language, first=first, last=last))
    yield f"  {_summary_text(foreseen.events, language)}"
    yield f"  {word('forecast_withheld', language)}"
    for day, of_day in groupby(foreseen.events, key=attrgetter("day")):
        yield ""
        yield f"{heading(day, language)} {day.year}"
        for kind, of_kind in groupby(of_day, key=attrgetter("kind")):
            yield from _kind_lines(kind, list(of_kind), language, titles)


def _summary_text(events: Iterable[ForeseenEvent], language: Language) -> str:
    counts = Counter(event.kind for event in events)
    if not counts:
        return word("forecast_nothing", language)
    counted = ", ".join(f"{word(kind, language)} {count}" for kind, count in counts.items())
    return f"{word('forecast_sum', language)}: {counted}"


def _kind_lines(kind: str, events: list[ForeseenEvent], language: Language, titles: Mapping[str, str]) -> Iterator[str]:
    from cprsync.services.night.calendar import PRODUCTS, RIGHTS

    theirs = [event for event in events if event.patron is not None]
    named = ", ".join(titles.get(event.what, event.what) for event in events) if kind == PRODUCTS else ""
    names = str(len(theirs)) if theirs else named
    yield f"  {word(kind, language)}" + (f": {names}" if names else "")
    shows = titles if kind in RIGHTS.values() else NO_TITLES
    for event in theirs[:NAMED_MAX]:
        yield f"    {event.patron}  {_what_text(event.what, language, shows)}".rstrip()
    if len(theirs) > NAMED_MAX:
        yield "    " + word("forecast_more", language, count=len(theirs) - NAMED_MAX)


def _what_text(what: str, language: Language, titles: Mapping[str, str]) -> str:
    """A product by its title, a field by its name; a group by the library's own word."""
    if what in _SAYS_ENOUGH:
        return ""
    return titles.get(what) or (word(f"field.{what}", language) if has_word(f"field.{what}") else what)

"""`forecast`: a calendar of what the coming nights will do by themselves.

Shows patron numbers, groups and products, no names.
"""

from __future__ import annotations

from collections import Counter
from datetime import date
from itertools import groupby
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from cprsync.cli.language.dates import day_text, heading
from cprsync.cli.language.words import Language, has_word, titles_of, word
from cprsync.cli.terminal.frame import opened, print_document
from cprsync.cli.terminal.options import CONFIG, Config, Json, Lang, Library, Today
from cprsync.cli.terminal.output import emphasise
from cprsync.services.night.calendar import PRODUCTS, RIGHTS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

#: The most patrons to name for one kind on a day; of further ones only the number is shown.
NAMED_MAX = 20
#: For a caller without products' titles.
NO_TITLES: Final[Mapping[str, str]] = {}


app = typer.Typer()


@app.command()
def forecast(
    *,
    days: Annotated[int, typer.Option("--days", min=1, max=366, help="How many days ahead.")] = 30,
    config: Config = CONFIG,
    library: Library = None,
    today: Today = None,
    lang: Lang = "da",
    as_json: Json = False,
) -> None:
    """Show what the coming nights will do by themselves.

    Birthdays, and corrections and absences that end, if the register changes nothing.
    """
    from cprsync.services.night.calendar import foresee

    with opened(config, library, as_json=as_json, today=today) as site, site.store() as store:
        document = foresee(store, site.policy, today=site.clock.today(), days=days)
    titles = titles_of(site.policy.products, lang)
    print_document(document, forecast_lines(document, lang, titles), as_json=as_json)


def forecast_lines(
    document: Mapping[str, Any], language: Language, titles: Mapping[str, str] = NO_TITLES
) -> Iterator[str]:
    """The calendar, line by line. Days on which nothing happens are left out."""
    first, last = (day_text(document[end], language) for end in ("from", "to"))
    yield emphasise(word("forecast", language, first=first, last=last))
    yield f"  {_summary_text(document['events'], language)}"
    if "withheld" in document:
        yield f"  {word('forecast_withheld', language)}"
    for day, of_day in groupby(document["events"], key=lambda event: event["day"]):
        yield ""
        on = date.fromisoformat(day)
        yield f"{heading(on, language)} {on.year}"
        for kind, of_kind in groupby(of_day, key=lambda event: event["kind"]):
            yield from _kind_lines(kind, list(of_kind), language, titles)


def _summary_text(events: Iterable[Mapping[str, Any]], language: Language) -> str:
    counts = Counter(event["kind"] for event in events)
    if not counts:
        return word("forecast_nothing", language)
    counted = ", ".join(f"{word(kind, language)} {count}" for kind, count in counts.items())
    return f"{word('forecast_sum', language)}: {counted}"


def _kind_lines(
    kind: str, events: list[Mapping[str, Any]], language: Language, titles: Mapping[str, str]
) -> Iterator[str]:
    theirs = [event for event in events if event["patron"] is not None]
    named = ", ".join(titles.get(event["what"], event["what"]) for event in events) if kind == PRODUCTS else ""
    names = str(len(theirs)) if theirs else named
    yield f"  {word(kind, language)}" + (f": {names}" if names else "")
    shows = titles if kind in RIGHTS.values() else NO_TITLES
    for event in theirs[:NAMED_MAX]:
        yield f"    {event['patron']}  {_what_text(event['what'], language, shows)}".rstrip()
    if len(theirs) > NAMED_MAX:
        yield "    " + word("forecast_more", language, count=len(theirs) - NAMED_MAX)


#: What happens says all about these already.
_SAYS_ENOUGH = frozenset({"absence", "dead", "responsible"})


def _what_text(what: str, language: Language, titles: Mapping[str, str]) -> str:
    """A product by its title, a field by its name; a group by the library's own word."""
    if what in _SAYS_ENOUGH:
        return ""
    return titles.get(what) or (word(f"field.{what}", language) if has_word(f"field.{what}") else what)

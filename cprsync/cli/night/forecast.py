"""`forecast`: a calendar of what the coming nights will do by themselves.

Shows patron numbers, groups and products, no names.
"""

from __future__ import annotations

from collections import Counter
from datetime import date
from itertools import groupby
from typing import TYPE_CHECKING, Any, Final

from cprsync.cli.language.dates import heading, long_day
from cprsync.cli.language.words import Language, has_word, titles_of, word
from cprsync.cli.terminal.output import emphasise, failures, print_json, say
from cprsync.services.night.forecasting import PRODUCTS, RIGHTS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

#: The most patrons to name for one kind on a day; of further ones only the number is shown.
NAMED_MAX = 20
#: For a caller without products' titles.
NO_TITLES: Final[Mapping[str, str]] = {}


def forecast_command(  # noqa: PLR0913 -- one parameter for each option
    days: int, *, config: Path, library: str | None, today: date | None, language: Language, as_json: bool
) -> None:
    """Show what will happen in the coming days."""
    from cprsync import wiring
    from cprsync.config.policy import load_policy
    from cprsync.config.settings import load_settings
    from cprsync.services.night.forecasting import foresee

    with failures(as_json=as_json):
        settings = load_settings(config)
        section = wiring.library_of(settings, library)
        clock = wiring.clock_for(settings, today)
        policy = load_policy(section.policy, section.municipalities)
        with wiring.opened_store(settings, section, clock) as store:
            document = foresee(store, policy, today=clock.today(), days=days)
        if as_json:
            print_json(document)
            return
        for line in forecast_lines(document, language, titles_of(policy.products, language)):
            say(line)


def forecast_lines(
    document: Mapping[str, Any], language: Language, titles: Mapping[str, str] = NO_TITLES
) -> Iterator[str]:
    """The calendar, line by line. Days on which nothing happens are left out."""
    first, last = (long_day(date.fromisoformat(document[end]), language) for end in ("from", "to"))
    yield emphasise(word("forecast", language, first=first, last=last))
    yield f"  {_summary(document['events'], language)}"
    if "withheld" in document:
        yield f"  {word('forecast_withheld', language)}"
    for day, of_day in groupby(document["events"], key=lambda event: event["day"]):
        yield ""
        on = date.fromisoformat(day)
        yield f"{heading(on, language)} {on.year}"
        for kind, of_kind in groupby(of_day, key=lambda event: event["kind"]):
            yield from _kind_lines(kind, list(of_kind), language, titles)


def _summary(events: Iterable[Mapping[str, Any]], language: Language) -> str:
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
    told = str(len(theirs)) if theirs else named
    yield f"  {word(kind, language)}" + (f": {told}" if told else "")
    shows = titles if kind in RIGHTS.values() else NO_TITLES
    for event in theirs[:NAMED_MAX]:
        yield f"    {event['patron']}  {_what(event['what'], language, shows)}".rstrip()
    if len(theirs) > NAMED_MAX:
        yield "    " + word("forecast_more", language, count=len(theirs) - NAMED_MAX)


#: What happens says all about these already.
_SAYS_ENOUGH = frozenset({"absence", "dead", "responsible"})


def _what(what: str, language: Language, titles: Mapping[str, str]) -> str:
    """A product by its title, a field by its name; a group by the library's own word."""
    if what in _SAYS_ENOUGH:
        return ""
    return titles.get(what) or (word(f"field.{what}", language) if has_word(f"field.{what}") else what)

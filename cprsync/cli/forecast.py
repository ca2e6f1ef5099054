"""`forecast`: a calendar of what the coming nights will do by themselves. Shows patron numbers and groups, no names."""

from __future__ import annotations

from collections import Counter
from datetime import date
from itertools import groupby
from typing import TYPE_CHECKING, Any

from cprsync.cli.dates import heading, long_day
from cprsync.cli.output import emphasise, failures, print_json, say
from cprsync.cli.words import WORDS, Language, word
from cprsync.sync.forecasting import PRODUCTS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

#: Patrons named under one kind of a day; how many more there are is said.
NAMED_MAX = 20


def forecast_command(  # noqa: PLR0913 -- one parameter for each option
    days: int, *, config: Path, library: str | None, today: date | None, language: Language, as_json: bool
) -> None:
    """Show what will happen in the coming days."""
    from cprsync import wiring
    from cprsync.policy_file import load_policy
    from cprsync.settings import load_settings
    from cprsync.sync.forecasting import foresee

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
        for line in forecast_lines(document, language):
            say(line)


def forecast_lines(document: Mapping[str, Any], language: Language) -> Iterator[str]:
    """The calendar, line by line; a day on which nothing happens is not in it."""
    first, last = (long_day(date.fromisoformat(document[end]), language) for end in ("from", "to"))
    yield emphasise(word("forecast", language, first=first, last=last))
    events = document["events"]
    if not events:
        yield "  " + word("forecast_nothing", language)
        return
    yield f"  {word('forecast_sum', language)}: {_counted(events, language)}"
    for day, of_day in groupby(events, key=lambda event: event["day"]):
        yield ""
        on = date.fromisoformat(day)
        yield f"{heading(on, language)} {on.year}"
        for kind, of_kind in groupby(of_day, key=lambda event: event["kind"]):
            yield from _kind_lines(kind, list(of_kind), language)


def _counted(events: Iterable[Mapping[str, Any]], language: Language) -> str:
    counts = Counter(event["kind"] for event in events)
    return ", ".join(f"{word(kind, language)} {count}" for kind, count in counts.items())


def _kind_lines(kind: str, events: list[Mapping[str, Any]], language: Language) -> Iterator[str]:
    hers = [event for event in events if event["patron"] is not None]
    named = ", ".join(event["what"] for event in events) if kind == PRODUCTS else ""
    told = str(len(hers)) if hers else named
    yield f"  {word(kind, language)}" + (f": {told}" if told else "")
    for event in hers[:NAMED_MAX]:
        yield f"    {event['patron']}  {_what(event['what'], language)}".rstrip()
    if len(hers) > NAMED_MAX:
        yield "    " + word("forecast_more", language, count=len(hers) - NAMED_MAX)


def _what(what: str, language: Language) -> str:
    """A field by its name; groups are the library's own words."""
    return word(f"field.{what}", language) if f"field.{what}" in WORDS else what

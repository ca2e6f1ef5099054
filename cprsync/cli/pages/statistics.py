"""`statistics`: how many patrons there are, by municipality, age band and group, as tables or as JSON."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from cprsync.catalogues import Language
from cprsync.cli.terminal.frame import TYPED, Frame, Today, day, framed
from cprsync.cli.terminal.output import emphasise
from cprsync.domain.pages.statistics import ALL, UNKNOWN
from cprsync.language.words import day_text, word
from cprsync.municipalities import load_municipalities, name_municipality
from cprsync.services.pages.statistics import table

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

#: Shown in place of a number that is withheld.
LEFT_OUT: Final = "··"


app = typer.Typer()


@app.command()
@framed
def statistics(
    *,
    on: Annotated[
        date | None,
        typer.Option("--on", parser=day, metavar=TYPED, help="YYYY-MM-DD: the day of the ages; else today."),
    ] = None,
    today: Today = None,
    frame: Frame,
) -> None:
    """Count patrons by municipality, age band and group.

    Counts the patrons who are patrons on the day, by their age and group on that day and by what the records hold now.
    A number under five is left out. So are the numbers that it could be computed from.
    """
    from cprsync.services.pages.statistics import statistics as count_patrons

    with frame.opened(today=today) as site:
        policy, of_day, homes = site.policy, on or site.clock.today(), load_municipalities()
        with site.store() as store:
            document = count_patrons(store, policy, agency=site.section.agency, on=of_day, municipalities=homes)
    frame.print(document, statistics_lines(document, frame.lang))


def statistics_lines(document: dict[str, Any], language: Language) -> Iterator[str]:
    """Three tables, each over all of the third dimension, and a legend for withheld numbers."""
    on = day_text(document["on"], language)
    yield emphasise(word("statistics", language, on=on, count=_number_text(document["patrons"])))
    for rows, columns in (("municipality", "age"), ("group", "age"), ("municipality", "group")):
        yield ""
        heading = word(f"statistics_{rows}", language), word(f"statistics_{columns}", language)
        yield emphasise(word("statistics_by", language, rows=heading[0], columns=heading[1].lower()))
        yield from _table_lines(document, rows, columns, language)
    yield ""
    yield word("statistics_legend", language, mark=LEFT_OUT, least=document["least_shown"])
    yield word("statistics_whom", language)


def _table_lines(document: dict[str, Any], rows: str, columns: str, language: Language) -> Iterator[str]:
    counts = table(document, rows, columns)
    across, down = ([*_keys(document, one), ALL] for one in (columns, rows))
    lines = [["", *(_name_of(columns, key, language) for key in across)]]
    for key in down:
        numbers = [_number_text(counts.get((key, column), 0)) for column in across]
        lines.append([_name_of(rows, key, language), *numbers])
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for name, *numbers in lines:
        cells = (cell.rjust(width) for cell, width in zip(numbers, widths[1:], strict=True))
        yield f"  {name:<{widths[0]}}  {'  '.join(cells)}"


def _keys(document: Mapping[str, Any], dimension: str) -> Sequence[str]:
    if dimension == "municipality":
        return [one["code"] for one in document["municipalities"]]
    keys: list[str] = document["age_bands" if dimension == "age" else "groups"]
    return keys


def _name_of(dimension: str, key: str, language: Language) -> str:
    if key == ALL:
        return word("statistics_all", language)
    if key == UNKNOWN:
        return word("statistics_none" if dimension == "group" else "statistics_unknown", language)
    return name_municipality(key) if dimension == "municipality" else key


def _number_text(count: int | None) -> str:
    return LEFT_OUT if count is None else str(count)

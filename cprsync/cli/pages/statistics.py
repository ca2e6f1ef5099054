"""`statistics`: how many patrons there are, by municipality, age band and group, as tables or as JSON."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Annotated, Final, TypeAlias

import typer

from cprsync.catalogues import Language
from cprsync.cli.terminal.frame import TYPED, Frame, Today, day, framed
from cprsync.cli.terminal.output import emphasise
from cprsync.domain.pages.statistics import ALL, UNKNOWN
from cprsync.language.words import long_day, word
from cprsync.municipalities import load_municipalities, name_municipality

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from cprsync.services.pages.statistics import PatronCounts

#: Shown in place of a number that is withheld.
LEFT_OUT: Final = "··"
#: The name of a dimension, and its values.
_Dimension: TypeAlias = "tuple[str, Sequence[str]]"


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
    from cprsync.services.pages.statistics import count_patrons

    with frame.opened(today=today) as site:
        policy, of_day, homes = site.policy, on or site.clock.today(), load_municipalities()
        with site.store() as store:
            counts = count_patrons(store, policy, agency=site.section.agency, on=of_day, municipalities=homes)
    frame.print(counts, statistics_lines(counts, frame.lang))


def statistics_lines(counts: PatronCounts, language: Language) -> Iterator[str]:
    """Three tables, each over all of the third dimension, and a legend for withheld numbers."""
    count = _number_text(counts.patrons)
    yield emphasise(word("statistics", language, on=long_day(counts.on, language), count=count))
    codes = [one.code for one in counts.municipalities]
    by_age = {(one.municipality, one.age): one.count for one in counts.cells if one.group == ALL}
    yield from _table_lines(("municipality", codes), ("age", counts.age_bands), by_age, language)
    by_group = {(one.group, one.age): one.count for one in counts.cells if one.municipality == ALL}
    yield from _table_lines(("group", counts.groups), ("age", counts.age_bands), by_group, language)
    of_groups = {(one.municipality, one.group): one.count for one in counts.cells if one.age == ALL}
    yield from _table_lines(("municipality", codes), ("group", counts.groups), of_groups, language)
    yield ""
    yield word("statistics_legend", language, mark=LEFT_OUT, least=counts.least_shown)
    yield word("statistics_whom", language)


def _table_lines(
    rows: _Dimension, columns: _Dimension, counts: Mapping[tuple[str, str], int | None], language: Language
) -> Iterator[str]:
    """A heading, a line of column names, and a line for each row, the totals last."""
    (down, keys), (across, heads) = rows, columns
    heading = word(f"statistics_{down}", language), word(f"statistics_{across}", language)
    yield ""
    yield emphasise(word("statistics_by", language, rows=heading[0], columns=heading[1].lower()))
    lines = [["", *(_name_of(across, head, language) for head in (*heads, ALL))]]
    for key in (*keys, ALL):
        numbers = [_number_text(counts.get((key, head), 0)) for head in (*heads, ALL)]
        lines.append([_name_of(down, key, language), *numbers])
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for name, *numbers in lines:
        cells = (cell.rjust(width) for cell, width in zip(numbers, widths[1:], strict=True))
        yield f"  {name:<{widths[0]}}  {'  '.join(cells)}"


def _name_of(dimension: str, key: str, language: Language) -> str:
    if key == ALL:
        return word("statistics_all", language)
    if key == UNKNOWN:
        return word("statistics_none" if dimension == "group" else "statistics_unknown", language)
    return name_municipality(key) if dimension == "municipality" else key


def _number_text(count: int | None) -> str:
    return LEFT_OUT if count is None else str(count)

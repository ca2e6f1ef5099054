"""`patron list`: who is a patron, by number, status, group and municipality. Nobody's name, address or CPR number."""

from __future__ import annotations

from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cprsync.cli.outward.tables import Excel, open_table
from cprsync.cli.terminal.frame import Frame, framed
from cprsync.cli.terminal.output import print_long_json, say_lines
from cprsync.errors import Misused
from cprsync.language.words import word
from cprsync.municipalities import load_municipalities, name_municipality

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from cprsync.catalogues import Language
    from cprsync.services.ports.finding import ListedPatron

_LIST, _CSV = "list", "csv"
#: Room for the name of a municipality and its code: all of Denmark's have room. And for a status in words.
_NAME_WIDTH, _STATUS_WIDTH = 24, 14
app = typer.Typer()


def _format(text: str) -> str:
    if text not in {_LIST, _CSV}:
        raise Misused("expected list or csv: --format")
    return text


@app.command("list")
@framed
def patron_list(
    *,
    group: Annotated[str | None, typer.Option("--group", help="Only this patron group (lånergruppe).")] = None,
    municipality: Annotated[str | None, typer.Option("--municipality", help="Only this one: four digits.")] = None,
    status: Annotated[
        str | None,
        typer.Option("--status", help="Only this status, such as resident or dead, or as the list says it."),
    ] = None,
    form: Annotated[
        str, typer.Option("--format", parser=_format, metavar="<list|csv>", help="Lines to read, or a table.")
    ] = _LIST,
    excel: Excel = False,
    frame: Frame,
) -> None:
    """List patrons: numbers and states, no names.

    In the order of the patron numbers. The table is plain UTF-8 with commas, for programs; --excel makes it one that
    opens in Excel. `cprsync export` writes more of each, as a target allows.
    """
    from cprsync.domain.person.municipality import code_from
    from cprsync.services.ports.finding import PatronFilter

    with frame.opened() as site, site.store_to_show() as store:
        if excel and form != _CSV:
            raise Misused("--excel belongs to --format csv")
        statuses = store.listing.statuses()
        status = next((one for one in statuses if status == word(f"listed_{one}", frame.lang)), status)
        if status is not None and status not in statuses:
            raise Misused("expected one of {some}: --status", some=", ".join(statuses))
        if group is not None:
            _check_group(group, site.policy.group_names, store.listing.groups())
        if municipality is not None:
            municipality = code_from(municipality)
            if municipality not in load_municipalities().by_code:
                raise Misused("expected the four digits of a municipality: --municipality")
        found = store.listing.patrons(PatronFilter(group, municipality, status))
        if frame.as_json:
            print_long_json({"agency": site.section.agency, "patrons": []}, "patrons", map(_document, found))
        elif form == _CSV:
            _write_table(found, excel=excel)
        else:
            say_lines(_lines(found, frame.lang))


def _check_group(group: str, of_policy: Iterable[str], of_patrons: Iterable[str]) -> None:
    """Raise Misused for a group that the policy does not name, and that no patron is in."""
    known = dict.fromkeys((*of_policy, *of_patrons))
    if group not in known:
        some = ", ".join(filter(None, known)) or "–"
        raise Misused("expected one of the patron groups {some}: --group", some=some)


def _document(one: ListedPatron) -> dict[str, Any]:
    return asdict(one)


def _write_table(found: Iterable[ListedPatron], *, excel: bool) -> None:
    from cprsync.domain.outward.lines import write_cell
    from cprsync.services.ports.finding import ListedPatron

    table = open_table(excel=excel)
    table.writerow([one.name for one in fields(ListedPatron)])
    table.writerows([write_cell(value) for value in asdict(one).values()] for one in found)


def _lines(found: Iterable[ListedPatron], language: Language) -> Iterator[str]:
    count = 0
    for one in found:
        count += 1
        unverified = "" if one.verified else f"  {word('list_unverified', language)}"
        lives = name_municipality(one.municipality) if one.municipality else "–"
        status = word(f"listed_{one.status}", language)
        yield f"{one.patron}  {status:<{_STATUS_WIDTH}}  {lives:<{_NAME_WIDTH}}  {one.group}{unverified}"
    yield word("list_count", language, count=count)

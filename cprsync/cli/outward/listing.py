"""`patron list`: who is a patron, by number, status, group and municipality. Nobody's name, address or CPR number."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cprsync.cli.terminal.frame import CONFIG, Config, Json, Lang, Library, opened
from cprsync.cli.terminal.output import print_long_json, say_lines
from cprsync.errors import Misused
from cprsync.language.words import word

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from cprsync.catalogues import Language
    from cprsync.services.ports.patrons import ListedPatron

app = typer.Typer()


@app.command("list")
def patron_list(
    *,
    group: Annotated[str | None, typer.Option("--group", help="Only this patron group (lånergruppe).")] = None,
    municipality: Annotated[str | None, typer.Option("--municipality", help="Only this one: four digits.")] = None,
    status: Annotated[
        str | None, typer.Option("--status", help="Only this status, such as resident, emigrated or dead.")
    ] = None,
    config: Config = CONFIG,
    library: Library = None,
    lang: Lang = "da",
    as_json: Json = False,
) -> None:
    """List patrons: numbers and states, no names.

    In the order of the patron numbers. `cprsync export` writes more of each, as a target allows.
    """
    from cprsync.config.packaged import load_municipalities
    from cprsync.domain.person.municipality import code_from
    from cprsync.services.ports.patrons import PatronFilter

    with opened(config, library, as_json=as_json) as site, site.store_by_own_clock() as store:
        statuses = store.listing.statuses()
        if status is not None and status not in statuses:
            raise Misused("expected one of {some}: --status", some=", ".join(statuses))
        if municipality is not None:
            municipality = code_from(municipality)
            if municipality not in load_municipalities().by_code:
                raise Misused("expected the four digits of a municipality: --municipality")
        found = store.listing.patrons(PatronFilter(group, municipality, status))
        if as_json:
            print_long_json({"agency": site.section.agency, "patrons": []}, "patrons", map(_document, found))
        else:
            say_lines(_lines(found, lang))


def _document(one: ListedPatron) -> dict[str, Any]:
    return asdict(one)


def _lines(found: Iterable[ListedPatron], language: Language) -> Iterator[str]:
    count = 0
    for one in found:
        count += 1
        unverified = "" if one.verified else f"  {word('list_unverified', language)}"
        yield f"{one.patron}  {one.status:<12}  {one.municipality or '–':<4}  {one.group}{unverified}"
    yield word("list_count", language, count=count)

"""`export`: the lines of the feed on standard output, with the fields of a target of `cprsync.toml`."""

from __future__ import annotations

import json
from contextlib import contextmanager
from itertools import chain
from typing import TYPE_CHECKING, Annotated

import typer

from cprsync.cli.outward.tables import Excel, open_table, write_out
from cprsync.cli.terminal.frame import Frame, framed
from cprsync.cli.terminal.long_work import progress, stoppable
from cprsync.cli.terminal.output import note, print_json, print_long_json
from cprsync.domain.outward.target import TargetKind
from cprsync.errors import ConfigurationError, Misused
from cprsync.language.words import word

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from cprsync.domain.outward.target import Target
    from cprsync.services.outward.feeding import Page
    from cprsync.wiring.site import Site

NDJSON, CSV = "ndjson", "csv"
#: What is exported: of other kinds nobody may have the lines.
_EXPORTED = (TargetKind.FEED, TargetKind.FILE)
app = typer.Typer()


def _format(text: str) -> str:
    if text not in {NDJSON, CSV}:
        raise Misused("expected ndjson or csv: --format")
    return text


@app.command("export")
@framed
def export_changes(
    target: Annotated[str, typer.Argument(help="A target of kind feed or file: its fields are written.")] = "",
    *,
    since: Annotated[
        str | None, typer.Option("--since", help="The cursor of an earlier export: what has changed after it.")
    ] = None,
    everyone: Annotated[bool, typer.Option("--all", help="From the beginning. A patron's last row counts.")] = False,
    form: Annotated[
        str, typer.Option("--format", parser=_format, metavar="<ndjson|csv>", help="Lines of JSON, or a table.")
    ] = NDJSON,
    excel: Excel = False,
    schema: Annotated[bool, typer.Option("--schema", help="Print the JSON Schema of the lines, and end.")] = False,
    frame: Frame,
) -> None:
    """Write what a target may get, as NDJSON or CSV.

    Writes every patron, or those who have changed since a cursor. The last line has the next cursor for --since; with
    --format csv it is on standard error. The table is plain UTF-8 with commas, for programs; --excel makes it one that
    opens in Excel. The output holds personal data: keep it as you keep the records.
    """
    with frame.opened() as site:
        chosen = _choose(site, target)
        if schema:
            from cprsync.domain.outward.schema import build_schema

            print_json(build_schema(chosen.fields))
            return
        if excel and form != CSV:
            raise Misused("--excel belongs to --format csv")
        if everyone is (since is not None):
            raise Misused("expected one of --since CURSOR and --all")
        with _pages(site, chosen, since or "", as_json=frame.as_json) as pages:
            if frame.as_json:
                documents = (json.loads(line) for page in pages for line in page.body.splitlines())
                print_long_json({"agency": site.section.agency, "target": target, "lines": []}, "lines", documents)
            elif form == CSV:
                note(word("export_next", frame.lang, cursor=_write_table(pages, chosen, excel=excel)))
            else:
                _write_lines(pages)


def _choose(site: Site, name: str) -> Target:
    """The target of a name. Raises ConfigurationError, which names those that there are."""
    targets = {one.name: one.target for one in site.section.target if one.target_kind in _EXPORTED}
    if name in targets:
        return targets[name]
    if not targets:
        raise ConfigurationError("no target of kind feed or file is set up", kind="target.unknown")
    raise ConfigurationError(
        "no target of kind feed or file has that name: name one of {some}",
        some=", ".join(sorted(targets)),
        kind="target.unknown",
    )


@contextmanager
def _pages(site: Site, target: Target, since: str, *, as_json: bool) -> Iterator[Iterator[Page]]:
    from cprsync.cli.terminal.user import user_name
    from cprsync.services.outward.feeding import FeedReader
    from cprsync.services.outward.sending import load_target

    stopping = stoppable("the export was asked to stop, and has ended after a whole page")
    with site.store(shows_records=True) as store, stopping as raise_if_stopped, progress(as_json=as_json) as shown:
        if target.kind.is_fetched:
            load_target(store, target, shown, raise_if_stopped)
        reader = FeedReader(store, site.section.agency, target, user_name())
        pages = reader.fetch_all(since, raise_if_stopped)
        # what is wrong with the cursor is said before anything is written
        yield chain([next(pages)], pages)


def _write_lines(pages: Iterable[Page]) -> None:
    """Write the lines of all pages, and at the end the cursor of the last page alone."""
    last = b""
    for page in pages:
        write_out(b"".join(page.lines))
        last = page.end
    write_out(last)


def _write_table(pages: Iterable[Page], target: Target, *, excel: bool) -> str:
    """Write the lines as a table. Returns the cursor."""
    from cprsync.domain.outward.lines import list_cells, list_columns

    table, cursor = open_table(excel=excel), ""
    table.writerow(list_columns(target))
    for page in pages:
        table.writerows(list_cells(json.loads(line), target) for line in page.lines)
        cursor = page.next
    return cursor

"""`runs`: shows past nights."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from cprsync.cli.language.dates import DAY_WIDTH, day_text
from cprsync.cli.language.errors import in_danish
from cprsync.cli.language.words import Language, reason_words, word
from cprsync.cli.night.report_text import report_lines
from cprsync.cli.terminal.frame import opened, print_document
from cprsync.cli.terminal.options import CONFIG, Config, Json, Lang, Library
from cprsync.errors import BadInput

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

app = typer.Typer()


@app.command("list")
def runs_list(*, config: Config = CONFIG, library: Library = None, lang: Lang = "da", as_json: Json = False) -> None:
    """List the nights, the latest first."""
    with opened(config, library, as_json=as_json) as site, site.store_by_own_clock() as store:
        documents = store.runs.documents()
    print_document({"runs": documents}, (run_line(document, lang) for document in documents), as_json=as_json)


@app.command("show")
def runs_show(
    run: Annotated[int, typer.Argument(help="The night's number, as `runs list` shows it.")],
    *,
    config: Config = CONFIG,
    library: Library = None,
    lang: Lang = "da",
    as_json: Json = False,
) -> None:
    """Show one night's report, number by number."""
    with opened(config, library, as_json=as_json) as site, site.store_by_own_clock() as store:
        document, items = store.runs.document(run), store.runs.items(run)
        if document is None:
            raise BadInput("there is no run {run}", run=run, kind="run.unknown")
    print_document({**document, "items": items}, _run_lines(document, items, lang), as_json=as_json)


def _run_lines(document: dict[str, Any], items: Sequence[Mapping[str, Any]], language: Language) -> Iterator[str]:
    """The report, and each of its numbers, counted again from the stored items."""
    if "sentence" in document.get("error", {}):
        document["error"]["da"] = {"message": in_danish(document["error"])}
    yield from report_lines(document, language)
    planned = {row["patron"]: row["actions"] for row in document["plan"]}
    if document["received"] and not items:
        yield f"    {word('lines_forgotten', language)}"
    for item in items:
        yield item_line(item, planned.get(item["patron"], ()), language)


def run_line(document: Mapping[str, Any], language: Language) -> str:
    """One night of the list: its state, the counts of its numbers, what it left to staff, and how it ended."""
    # the stored state of an unfinished run is only for programs
    state = word(f"state_{document['state'] if document['finished'] else 'open'}", language)
    counts = {key: document.get(key, 0) for key in ("received", "applied", "held")}
    # a parked line without a number has no review, and a proposal has no line
    counts["left_by_run"] = max(
        sum(document.get("reasons", {}).values()), document.get("parked", 0) + document.get("left_to_a_person", 0)
    )
    balance = "  ".join(f"{word(key, language)} {count}" for key, count in counts.items())
    ended = word(f"ended_{document['exit']}", language) if document["finished"] else "–"
    day = day_text(document["day"], language)
    return f"{document['run']:>5}  {day:<{DAY_WIDTH}}  {state:<13}  {balance}  {ended}"


def item_line(item: Mapping[str, Any], planned: Sequence[str], language: Language) -> str:
    """One number of a night: what was done. If it was held: what is planned, and what was let through."""
    said = actions = _actions_text(item["actions"], language)
    if item["outcome"] == "held":
        through = f"{word('let_through', language)}: {actions}" if actions else ""
        said = "; ".join(filter(None, (_actions_text(planned, language), through)))
    reason = f"({reason_words(item['reason'], language)})" if item["reason"] else ""
    parts = (f"    {item['person']:>4}  {item['patron'] or '–':<8} ", word(item["outcome"], language), said, reason)
    return " ".join(filter(None, parts))


def _actions_text(actions: Sequence[str], language: Language) -> str:
    return ", ".join(word(action, language) for action in actions)

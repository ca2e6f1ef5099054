"""`subscriptions`: lists ours by reason, and compares them with the register's list. Shows ids and counts."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cprsync.cli.language.dates import day_text
from cprsync.cli.language.words import word
from cprsync.cli.terminal.frame import opened, print_document, print_outcome
from cprsync.cli.terminal.long_work import progress
from cprsync.cli.terminal.options import CONFIG, Config, Json, Lang, Library

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from cprsync.cli.language.words import Language

#: The counts of a comparison.
COUNTED = ("kept", "missing", "surplus", "added", "removed")
#: Exit codes: done, left to staff, stopped by a limit.
DONE, LEFT, BRAKED = 0, 3, 5


app = typer.Typer()


@app.command("list")
def subscriptions_list(
    *, config: Config = CONFIG, library: Library = None, lang: Lang = "da", as_json: Json = False
) -> None:
    """List our subscriptions, by patron and reason."""
    with opened(config, library, as_json=as_json) as site, site.store_by_own_clock() as store:
        rows = store.reconciliation.documents()
        count = store.subscriptions.count()
    # the dead stay subscribed until a last day, which is set beforehand
    held = (row["reason"] for row in rows if row["until"] is None or row["reason"] == "dead")
    by_reason = dict(sorted(Counter(held).items()))
    document = {"agency": site.section.agency, "count": count, "by_reason": by_reason, "subscriptions": rows}
    print_document(document, list_lines(document, lang), as_json=as_json)


@app.command("reconcile")
def subscriptions_reconcile(
    *,
    apply: Annotated[bool, typer.Option("--apply", help="Add and remove; without it nothing is changed.")] = False,
    config: Config = CONFIG,
    library: Library = None,
    lang: Lang = "da",
    as_json: Json = False,
) -> int:
    """Compare our subscriptions with the register's list."""
    from cprsync.services.feed.subscriptions import reconcile

    with (
        opened(config, library, as_json=as_json) as site,
        progress(as_json=as_json) as shown,
        site.night(progress=shown) as night,
    ):
        document = reconcile(night, apply=apply)
    document["exit"] = BRAKED if document["brake"] else LEFT if document["refused"] else DONE
    return print_outcome(document, reconcile_lines(document, lang, applied=apply), lang, as_json=as_json)


def list_lines(document: Mapping[str, Any], language: Language) -> Iterator[str]:
    """The counts by reason, then one line for each subscription."""
    words = {reason: word(f"subscribed_{reason}", language) for reason in _reasons(document)}
    counts = "  ".join(f"{words[reason]} {number}" for reason, number in document["by_reason"].items())
    yield f"{document['agency']}: {document['count']}  {counts}".rstrip()
    width = max(map(len, words.values()), default=0)
    for row in document["subscriptions"]:
        until = day_text(row["until"], language) if row["until"] else ""
        days = f"{day_text(row['since'], language)} – {until}"
        yield f"  {row['patron']}  {words[row['reason']]:<{width}}  {days}".rstrip()


def _reasons(document: Mapping[str, Any]) -> set[str]:
    return {*document["by_reason"], *(row["reason"] for row in document["subscriptions"])}


def reconcile_lines(document: Mapping[str, Any], language: Language, *, applied: bool) -> Iterator[str]:
    """What is ours and theirs, what was done about it, and what to do next."""
    counts = {word(f"reconcile_{name}", language): document[name] for name in COUNTED}
    width = max(map(len, counts))
    for words, count in counts.items():
        yield f"{words:<{width}}  {count}"
    for entry in document["brake"]:
        yield word("reconcile_brake", language, count=entry["count"], limit=entry["limit"])
    if not applied:
        yield word("reconcile_dry", language)

"""`feed`: inspect a delivery without a store, fetch between nights, accept one out of chain, set one aside."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cprsync.catalogues import Language
from cprsync.cli.terminal.failures import failures, never, show_error
from cprsync.cli.terminal.frame import Frame, Json, Lang, Reason, framed, print_document
from cprsync.cli.terminal.long_work import progress
from cprsync.cli.terminal.output import note, print_json, say
from cprsync.language.errors import advice_for, error_document
from cprsync.language.words import day_text, word

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from cprsync.errors import CprsyncError
    from cprsync.services.feed.intake import FetchedFiles

Sha256 = Annotated[
    str | None,
    typer.Option("--sha256", metavar="HEX", help="Which copy, where a name came more than once: how its hash begins."),
]
app = typer.Typer()


@app.command("inspect")
def feed_inspect(
    file: Annotated[Path, typer.Argument(help="A delivery on disk.")], *, lang: Lang = "da", as_json: Json = False
) -> int:
    """Count what a delivery holds, and say whether it is whole."""
    from cprsync.register.extract.reader import describe_unread, examine_file

    def unread(error: dict[str, Any], _: int) -> dict[str, Any]:
        return {**describe_unread(error["message"]), "error": error}

    with failures(as_json=as_json, shape=unread, stays=never):
        document, refused = examine_file(file)
    error = {} if refused is None else {"error": error_document(refused, changed="nothing", reference="inspect")}
    print_document({**document, **error}, inspect_lines(document, lang), as_json=as_json)
    if error and not as_json:
        show_error(error["error"], lang)
    return 1 if error else 0


@app.command("fetch")
@framed
def feed_fetch(frame: Frame) -> int:
    """Take what waits into the inbox; the next night reads it."""
    from cprsync.services.feed.intake import fetch_between_nights

    with (
        frame.opened() as site,
        progress(as_json=frame.as_json) as shown,
        site.store() as store,
        site.counterparts.feed() as feed,
    ):
        fetched = fetch_between_nights(store, feed, shown, reader=site.reader(store))
    frame.print_outcome(_fetched_document(fetched), _fetched_lines(fetched, frame.lang))
    error = _find_error(fetched)
    return 0 if error is None else advice_for(error).exit


@app.command("accept")
@framed
def feed_accept(
    file: Annotated[str, typer.Argument(help="The waiting delivery, as `sync` names it, or a file on disk.")],
    *,
    reason: Reason,
    sha256: Sha256 = None,
    frame: Frame,
) -> None:
    """Take a replacement, or go on over a gap.

    The next night applies FILE: the new one of two, or the one behind the gap.
    """
    from cprsync.cli.terminal.user import user_name

    with frame.opened() as site, site.deliveries() as deliveries:
        document = deliveries.accept(file, reason=reason, user=user_name(), sha256=sha256)
    if frame.as_json:
        print_json(document)
        return
    say(f"{document['file']}  sha256 {document['sha256']}")
    dates = {key: day_text(document[key], frame.lang) for key in ("produced", "previous")}
    say("  " + word("feed_accepted" if not document["behind"] else "feed_accepted_behind", frame.lang, **dates))
    for one in document["instead_of"]:
        say("  " + word("feed_instead_of", frame.lang, file=one["file"], sha256=one["sha256"][:8]))
    _show_copies(document, frame.lang)
    for other in document["behind"]:
        note("  " + word("feed_behind", frame.lang, file=other))


@app.command("discard")
@framed
def feed_discard(
    file: Annotated[str, typer.Argument(help="The delivery that stops the nights, as `sync` names it, or a file.")],
    *,
    reason: Reason,
    sha256: Sha256 = None,
    frame: Frame,
) -> None:
    """Set aside for good a delivery that no night can take.

    It is damaged, half, of another kind, or the wrong one of two. Nothing of it is taken.
    The gap that it leaves stops the next delivery, which `feed accept` takes.
    """
    from cprsync.cli.terminal.user import user_name

    with frame.opened() as site, site.deliveries() as deliveries:
        document = deliveries.discard(file, reason=reason, user=user_name(), sha256=sha256)
    if frame.as_json:
        print_json(document)
        return
    say(f"{document['file']}  {document['size']} byte  sha256 {document['sha256']}")
    say("  " + word("feed_discarded", frame.lang))
    say("  " + word(f"feed_left_{document['left']}", frame.lang))
    _show_copies(document, frame.lang)


def inspect_lines(document: Mapping[str, Any], language: Language) -> Iterator[str]:
    """What a delivery holds, by kind."""
    # a damaged delivery is known only in part
    days = {key: day_text(document[key], language) for key in ("produced", "previous")}
    head = {"task": document["task"] or "–", **days}
    yield word("feed_delivery", language, **head)
    framing = word(f"feed_{document['framing']}", language) if document["framing"] else "–"
    counted = {what: word(f"feed_{what}", language, count=document[what]) for what in ("records", "persons")}
    yield word("feed_counts", language, framing=framing, **counted)
    for key in ("by_record", "by_status", "by_event"):
        if document[key]:
            counts = ", ".join(f"{name} {count}" for name, count in document[key].items())
            yield f"  {word(f'feed_{key}', language)}: {counts}"
    yield "  " + word("feed_protected", language, protected=document["protected"], events=document["events"])
    if document["unknown_records"]:
        unknown = ", ".join(f"{name} {count}" for name, count in document["unknown_records"].items())
        yield f"  {word('feed_unknown', language)}: {unknown}"
    if document["complete"]:
        yield "  " + word("feed_whole", language)


def _show_copies(document: Mapping[str, Any], language: Language) -> None:
    """Show how many lines were not verified, and the other copies of the name, which stay as they are."""
    if document["unverified"]:
        say("  " + word("feed_unverified", language, count=document["unverified"]))
    for other in document["others"]:
        state = word(f"feed_copy_{other['state']}", language)
        say("  " + word("feed_other_copy", language, sha256=other["sha256"][:8], size=other["size"], state=state))


def _fetched_document(fetched: FetchedFiles) -> dict[str, Any]:
    document: dict[str, Any] = {
        "fetched": [{"file": one.name, "sha256": one.sha256, "size": one.size} for one in fetched.new],
        "kept": len(fetched.known),
    }
    if (error := _find_error(fetched)) is not None:
        changed = "part" if fetched.new else "nothing"
        document["error"] = error_document(error, changed=changed, reference="fetch")
    return document


def _fetched_lines(fetched: FetchedFiles, language: Language) -> Iterator[str]:
    for delivery in fetched.new:
        yield f"{delivery.name}  {delivery.size} byte  sha256 {delivery.sha256}"
    yield word("feed_fetched", language, new=len(fetched.new), known=len(fetched.known))


def _find_error(fetched: FetchedFiles) -> CprsyncError | None:
    return fetched.refused[0][1] if fetched.refused else fetched.left

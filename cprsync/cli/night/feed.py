"""`feed`: inspect a delivery without a store, fetch between nights, accept one out of chain, set one aside."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cprsync.cli.language.advice import advice_for, error_document
from cprsync.cli.language.dates import told_day
from cprsync.cli.language.words import word
from cprsync.cli.terminal.output import failures, note, print_json, say, show_error
from cprsync.cli.terminal.progress import progress

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from cprsync.cli.language.words import Language
    from cprsync.errors import CprsyncError
    from cprsync.services.feed.fetching import Fetched


def inspect_command(file: Path, *, language: Language, as_json: bool) -> int:
    """Count what a delivery holds. If it is damaged, exit 1 and name the problem in the document."""
    from cprsync.register.extract.reader import examine_file

    with failures(as_json=as_json):
        document, refused = examine_file(file)
        error = None if refused is None else error_document(refused, changed="nothing", reference="inspect")
        if as_json:
            print_json(document if error is None else {**document, "error": error})
            return 0 if error is None else 1
        for line in inspect_lines(document, language):
            say(line)
        if error is not None:
            show_error(error, language)
        return 0 if error is None else 1


def inspect_lines(document: Mapping[str, Any], language: Language) -> Iterator[str]:
    """What a delivery holds, by kind."""
    # a damaged delivery is known only in part
    days = {key: told_day(document[key], language) for key in ("produced", "previous")}
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


def fetch_command(config: Path, *, library: str | None, language: Language, as_json: bool) -> int:
    """Seal what waits in the inbox. A file that could not be fetched decides the exit code."""
    from cprsync import wiring
    from cprsync.config.settings import load_settings
    from cprsync.services.feed.fetching import fetch_between_nights

    with failures(as_json=as_json), progress(as_json=as_json) as shown:
        settings = load_settings(config)
        section = wiring.library_of(settings, library)
        with (
            wiring.opened_store(settings, section, wiring.clock_for(settings)) as store,
            wiring.opened_feed(section.feed) as feed,
        ):
            fetched = fetch_between_nights(store, feed, shown)
    document = _fetched_document(fetched)
    if as_json:
        print_json(document)
    else:
        for delivery in fetched.new:
            say(f"{delivery.name}  {delivery.size} byte  sha256 {delivery.sha256}")
        say(word("feed_fetched", language, new=len(fetched.new), known=len(fetched.known)))
        if "error" in document:
            show_error(document["error"], language)
    error = _error(fetched)
    return 0 if error is None else advice_for(error).exit


def accept_command(  # noqa: PLR0913 -- one parameter for each option
    file: str,
    *,
    reason: str,
    config: Path,
    library: str | None,
    language: Language,
    as_json: bool,
    sha256: str | None = None,
) -> None:
    """Accept a delivery that stops the nights: one in the inbox by its name, or a file on disk."""
    from cprsync import wiring
    from cprsync.cli.terminal.operator import user_name
    from cprsync.config.settings import load_settings
    from cprsync.services.feed.accepting import accept_delivery

    with failures(as_json=as_json):
        settings = load_settings(config)
        section = wiring.library_of(settings, library)
        with (
            wiring.opened_store(settings, section, wiring.clock_for(settings)) as store,
            wiring.opened_feed(section.feed) as feed,
        ):
            document = accept_delivery(
                store,
                wiring.reader(section.feed, store),
                file,
                strict=section.feed.chain == "strict",
                reason=reason,
                user=user_name(),
                feed=feed,
                sha256=sha256,
            )
    if as_json:
        print_json(document)
        return
    say(f"{document['file']}  sha256 {document['sha256']}")
    dates = {key: told_day(document[key], language) for key in ("produced", "previous")}
    say("  " + word("feed_accepted" if not document["behind"] else "feed_accepted_behind", language, **dates))
    if document["unverified"]:
        say("  " + word("feed_unverified", language, count=document["unverified"]))
    _show_others(document, language)
    for other in document["behind"]:
        note("  " + word("feed_behind", language, file=other))


def discard_command(  # noqa: PLR0913 -- one parameter for each option
    file: str,
    *,
    reason: str,
    config: Path,
    library: str | None,
    language: Language,
    as_json: bool,
    sha256: str | None = None,
) -> None:
    """Set aside for good a delivery that no night will take."""
    from cprsync import wiring
    from cprsync.cli.terminal.operator import user_name
    from cprsync.config.settings import load_settings

    with failures(as_json=as_json):
        settings = load_settings(config)
        section = wiring.library_of(settings, library)
        with wiring.discarding(settings, section) as discarding:
            document = discarding.discard(file, reason=reason, user=user_name(), sha256=sha256)
    if as_json:
        print_json(document)
        return
    say(f"{document['file']}  {document['size']} byte  sha256 {document['sha256']}")
    say("  " + word("feed_discarded", language))
    say("  " + word(f"feed_left_{document['left']}", language))
    if document["unverified"]:
        say("  " + word("feed_unverified", language, count=document["unverified"]))
    _show_others(document, language)


def _show_others(document: Mapping[str, Any], language: Language) -> None:
    """Show the other copies of the name, which stay as they are."""
    for other in document["others"]:
        state = word(f"feed_copy_{other['state']}", language)
        say("  " + word("feed_other_copy", language, sha256=other["sha256"][:8], size=other["size"], state=state))


def _fetched_document(fetched: Fetched) -> dict[str, Any]:
    document: dict[str, Any] = {
        "fetched": [{"file": one.name, "sha256": one.sha256, "size": one.size} for one in fetched.new],
        "kept": len(fetched.known),
    }
    if (error := _error(fetched)) is not None:
        changed = "part" if fetched.new else "nothing"
        document["error"] = error_document(error, changed=changed, reference="fetch")
    return document


def _error(fetched: Fetched) -> CprsyncError | None:
    return fetched.refused[0][1] if fetched.refused else fetched.left

"""`feed`: look into a delivery without a store, fetch what waits between nights, and accept one out of chain."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cprsync.cli.advice import advice_for, error_document
from cprsync.cli.options import spoken
from cprsync.cli.output import failures, print_json, say, show_error
from cprsync.cli.progress import progress

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from cprsync.errors import CprsyncError
    from cprsync.sync.fetching import Fetched


def inspect_command(file: Path, *, as_json: bool) -> int:
    """Count what a delivery holds; damaged: exit 1, and the shape names the problem."""
    from cprsync.register.extract import examine_file

    with failures(as_json=as_json):
        document, refused = examine_file(file)
        error = None if refused is None else error_document(refused, changed="nothing", reference="inspect")
        if as_json:
            print_json(document if error is None else {**document, "error": error})
            return 0 if error is None else 1
        _show(document)
        if error is not None:
            show_error(error, spoken())
        return 0 if error is None else 1


def _show(document: Mapping[str, Any]) -> None:
    say(f"task {document['task']}, produced {document['produced']}, previous {document['previous']}")
    say(f"{document['framing']}: {document['records']} records, {document['persons']} persons")
    for title, key in (("by record", "by_record"), ("by status", "by_status"), ("by event", "by_event")):
        if document[key]:
            say(f"  {title}: " + ", ".join(f"{name} {count}" for name, count in document[key].items()))
    say(f"  protected: {document['protected']}, events: {document['events']}")
    if document["unknown_records"]:
        say("  unknown records: " + ", ".join(f"{n} {c}" for n, c in document["unknown_records"].items()))
    if document["complete"]:
        say("  whole and undamaged")


def fetch_command(config: Path, *, library: str | None, as_json: bool) -> int:
    """Seal what waits in the inbox; what could not be fetched decides the exit code."""
    from cprsync import wiring
    from cprsync.settings import load_settings
    from cprsync.sync.fetching import fetch_between_nights

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
            say(f"{delivery.name}  {delivery.size} bytes  sha256 {delivery.sha256}")
        say(f"{len(fetched.new)} sealed in the inbox, {len(fetched.known)} were there already")
        if "error" in document:
            show_error(document["error"], spoken())
    error = _error(fetched)
    return 0 if error is None else advice_for(error).exit


def accept_command(file: str, *, reason: str, config: Path, library: str | None, as_json: bool) -> None:
    """Take a delivery that stops the nights: one of the inbox by its name, or a file on disk."""
    from cprsync import wiring
    from cprsync.cli.operator import user_name
    from cprsync.settings import load_settings
    from cprsync.sync.accepting import accept_delivery

    with failures(as_json=as_json):
        settings = load_settings(config)
        section = wiring.library_of(settings, library)
        with wiring.opened_store(settings, section, wiring.clock_for(settings)) as store:
            document = accept_delivery(
                store,
                wiring.reader(section.feed, store),
                file,
                strict=section.feed.chain == "strict",
                reason=reason,
                user=user_name(),
            )
    if as_json:
        print_json(document)
        return
    say(f"{document['file']}  sha256 {document['sha256']}")
    say(f"  produced {document['produced']}, after {document['previous']}: the next `cprsync sync` applies it")


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

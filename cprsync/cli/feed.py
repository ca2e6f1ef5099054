"""`feed inspect`: look into a delivery without a store."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cprsync.cli.advice import error_document
from cprsync.cli.output import failures, print_json, say, show_error

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


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
            show_error(error)
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

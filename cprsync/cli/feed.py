"""`feed inspect`: look into a delivery without a store."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cprsync.cli.output import failures, note, print_json, say

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def inspect_command(file: Path, *, as_json: bool) -> int:
    """Count what a delivery holds; damaged: exit 1, and the shape names the problem."""
    from cprsync.errors import BadInput
    from cprsync.register.extract import inspect_file

    with failures(as_json=as_json):
        if not file.is_file():
            raise BadInput("there is no such file", kind="input.file")
        document = inspect_file(file)
        if as_json:
            print_json(document)
        else:
            _show(document)
        return 0 if document["complete"] else 1


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
    else:
        note(f"cprsync: the delivery is damaged: {document['problem']}")
        note("  next:      ask the platform to deliver it again")

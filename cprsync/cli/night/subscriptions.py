"""`subscriptions`: lists ours by reason, and compares them with the register's list. Shows ids and counts."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from cprsync.cli.language.dates import told_day
from cprsync.cli.language.words import word
from cprsync.cli.terminal.output import failures, print_json, say

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from cprsync.cli.language.words import Language

#: The counts of a comparison.
COUNTED = ("kept", "missing", "surplus", "added", "removed")
#: Exit codes: done, left to staff, stopped by a limit.
DONE, LEFT, BRAKED = 0, 3, 5


def list_command(config: Path, *, library: str | None, language: Language, as_json: bool) -> None:
    """List our subscriptions."""
    from cprsync import wiring
    from cprsync.config.settings import load_settings

    with failures(as_json=as_json):
        settings = load_settings(config)
        section = wiring.library_of(settings, library)
        with wiring.opened_store(settings, section, wiring.SystemClock()) as store:
            rows = store.subscription_list()
            count = store.subscription_count()
        # the dead stay subscribed until a last day, which is set beforehand
        held = (row["reason"] for row in rows if row["until"] is None or row["reason"] == "dead")
        by_reason = dict(sorted(Counter(held).items()))
        document = {"agency": section.agency, "count": count, "by_reason": by_reason, "subscriptions": rows}
        if as_json:
            print_json(document)
            return
        for line in list_lines(document, language):
            say(line)


def list_lines(document: Mapping[str, Any], language: Language) -> Iterator[str]:
    """The counts by reason, then one line for each subscription."""
    told = {reason: word(f"subscribed_{reason}", language) for reason in _reasons(document)}
    counts = "  ".join(f"{told[reason]} {number}" for reason, number in document["by_reason"].items())
    yield f"{document['agency']}: {document['count']}  {counts}".rstrip()
    width = max(map(len, told.values()), default=0)
    for row in document["subscriptions"]:
        until = told_day(row["until"], language) if row["until"] else ""
        days = f"{told_day(row['since'], language)} – {until}"
        yield f"  {row['patron']}  {told[row['reason']]:<{width}}  {days}".rstrip()


def _reasons(document: Mapping[str, Any]) -> set[str]:
    return {*document["by_reason"], *(row["reason"] for row in document["subscriptions"])}


def reconcile_command(config: Path, *, library: str | None, apply: bool, language: Language, as_json: bool) -> int:
    """Compare ours with the register's list. With `apply`, add what is missing and remove what has ended."""
    from cprsync import wiring
    from cprsync.cli.terminal.progress import progress
    from cprsync.config.settings import load_settings
    from cprsync.services.feed.subscriptions import reconcile

    with failures(as_json=as_json):
        settings = load_settings(config)
        section = wiring.library_of(settings, library)
        with progress(as_json=as_json) as shown, wiring.night(settings, section, progress=shown) as night:
            document = reconcile(night, apply=apply)
        code = _code(document)
        document["exit"] = code
        if as_json:
            print_json(document)
        else:
            for line in reconcile_lines(document, language, applied=apply):
                say(line)
        return code


def reconcile_lines(document: Mapping[str, Any], language: Language, *, applied: bool) -> Iterator[str]:
    """What is ours and theirs, what was done about it, and what to do next."""
    counts = {word(f"reconcile_{name}", language): document[name] for name in COUNTED}
    width = max(map(len, counts))
    for told, count in counts.items():
        yield f"{told:<{width}}  {count}"
    for entry in document["brake"]:
        yield word("reconcile_brake", language, count=entry["count"], limit=entry["limit"])
    if not applied:
        yield word("reconcile_dry", language)


def _code(document: dict[str, Any]) -> int:
    if document["brake"]:
        return BRAKED
    return LEFT if document["refused"] else DONE

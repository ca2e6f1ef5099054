"""`subscriptions`: ours by reason, and the comparison with the register's list. Shows ids and counts, no number."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from cprsync.cli.output import failures, print_json, say

if TYPE_CHECKING:
    from pathlib import Path

#: Exit codes: done, left to a person, stopped by a brake.
DONE, LEFT, BRAKED = 0, 3, 5


def list_command(config: Path, *, library: str | None, as_json: bool) -> None:
    """List our subscriptions."""
    from cprsync import wiring
    from cprsync.settings import load_settings

    with failures(as_json=as_json):
        settings = load_settings(config)
        section = wiring.library_of(settings, library)
        with wiring.opened_store(settings, section, wiring.SystemClock()) as store:
            rows = store.subscription_list()
            count = store.subscription_count()
        # the dead are subscribed until their day, which stands there beforehand
        held = (row["reason"] for row in rows if row["until"] is None or row["reason"] == "dead")
        by_reason = dict(sorted(Counter(held).items()))
        document = {"agency": section.agency, "count": count, "by_reason": by_reason, "subscriptions": rows}
        if as_json:
            print_json(document)
            return
        say(f"{section.agency}: {count}  " + "  ".join(f"{reason} {number}" for reason, number in by_reason.items()))
        for row in rows:
            say(f"  {row['patron']}  {row['reason']:<12}  {row['since']} – {row['until'] or ''}".rstrip())


def reconcile_command(config: Path, *, library: str | None, apply: bool, as_json: bool) -> int:
    """Compare ours with the register's list; with `apply` add what is missing and remove what ended."""
    from cprsync import wiring
    from cprsync.cli.progress import progress
    from cprsync.settings import load_settings
    from cprsync.sync.subscriptions import reconcile

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
            for name in ("kept", "missing", "surplus", "added", "removed"):
                say(f"{name:<8} {document[name]}")
            for entry in document["brake"]:
                say(f"stopped: {entry['count']}, at most {entry['limit']}: nothing was removed")
            if not apply:
                say("Nothing was changed: --apply does it.")
        return code


def _code(document: dict[str, Any]) -> int:
    if document["brake"]:
        return BRAKED
    return LEFT if document["refused"] else DONE

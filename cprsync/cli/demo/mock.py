"""`mock`: serves the counterparts, and lets things happen in the town."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from cprsync.cli.terminal.output import failures, print_json, say
from cprsync.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def serve_command(
    folder: Path,
    *,
    people: Path | None,
    ports: tuple[int | None, int | None, int | None, int | None],
    framing: str,
    omit_false: bool,
) -> None:
    """Serve until stopped. Print one line when ready."""
    from cprsync.mock.server import Ports, serve
    from cprsync.resources import fixture_path

    soap, control, sftp, culr = ports
    with failures(as_json=False):
        serve(
            folder=folder,
            people=people or fixture_path("people.toml"),
            ports=Ports(soap=soap, control=control, sftp=sftp, culr=culr),
            now=lambda: datetime.now(UTC),
            announce=_announce,
            stop=None,
            framing=framing,
            omit_false=omit_false,
        )


def _announce(ready: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(ready, ensure_ascii=False) + "\n")
    sys.stdout.flush()


def event_command(kind: str, *, who: str, to: str | None, folder: Path, as_json: bool) -> None:
    """Let one thing happen to one person."""
    from cprsync.mock import control

    with failures(as_json=as_json):
        _answer(control.event(folder, kind, who, to), f"{kind} {who}", as_json=as_json)


def night_command(folder: Path, *, count: int, empty: bool, as_json: bool) -> None:
    """Close working days."""
    from cprsync.mock import control

    with failures(as_json=as_json):
        done = control.night(folder, count=count, empty=empty)
        passed = f" (passed over {', '.join(done['skipped'])})" if done["skipped"] else ""
        _answer(done, f"{', '.join(done['files']) or 'no delivery'}{passed}; it is now {done['day']}", as_json=as_json)


def day_command(folder: Path, *, as_json: bool) -> None:
    """Move forward one calendar day."""
    from cprsync.mock import control

    with failures(as_json=as_json):
        done = control.day(folder)
        _answer(done, str(done["day"]), as_json=as_json)


def fault_command(kind: str, about: dict[str, Any], *, folder: Path, as_json: bool) -> None:
    """Let the next calls fail."""
    from cprsync.mock import control

    with failures(as_json=as_json):
        _answer(control.fault(folder, kind, **about), f"{kind} × {about['times']}", as_json=as_json)


def calm_command(folder: Path, *, as_json: bool) -> None:
    """Cancel all faults."""
    from cprsync.mock import control

    with failures(as_json=as_json):
        _answer(control.calm(folder), "calm", as_json=as_json)


def culr_command(folder: Path, *, as_json: bool) -> None:
    """Show each change that CULR has seen, in order."""
    from cprsync.mock import control

    with failures(as_json=as_json):
        told = control.culr(folder)
        lines = [
            f"{one['n']:>5}  {one['agency']}  {one['operation']:<14}  {one['who'] or one['patron']}: "
            f"{one['before']['municipality'] or '-'} -> {one['after']['municipality'] or '-'}"
            f"{'' if one['kind'] == 'CPR' else '  (' + one['kind'] + ')'}"
            for one in told["ledger"]
        ]
        _answer(told, "\n".join([*lines, f"{len(told['patrons'])} patrons"]), as_json=as_json)


def culr_write_command(  # noqa: PLR0913 -- a command's options
    kind: str, *, agency: str | None, who: str | None, about: Mapping[str, str | None], folder: Path, as_json: bool
) -> None:
    """Let a library write at CULR. `about` may hold `to`, and `type` and `value` of the account's number."""
    from cprsync.mock import control

    with failures(as_json=as_json):
        if agency is None or who is None:
            raise ConfigurationError("say --agency and --who", kind="usage")
        said = {name: value for name, value in about.items() if value is not None}
        if "value" not in said:
            said.pop("type", None)
        _answer(control.culr_write(folder, kind, agency, who, **said), f"{kind} {who}", as_json=as_json)


def _answer(document: dict[str, Any], text: str, *, as_json: bool) -> None:
    if as_json:
        print_json(document)
    else:
        say(text)

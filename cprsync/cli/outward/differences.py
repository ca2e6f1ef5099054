"""`targets diff` and `targets verify`: where a target differs from the records, by kind. Writes nothing there."""

from __future__ import annotations

import csv
import sys
from typing import Annotated, Any

import typer

from cprsync.cli.terminal.frame import Frame, framed
from cprsync.cli.terminal.long_work import progress, stoppable
from cprsync.errors import Exit, Misused
from cprsync.language.errors import advice_for, error_document
from cprsync.language.outward import drift_lines

Name = Annotated[str, typer.Argument(help="The target's name in cprsync.toml.")]
TABLE, CSV = "table", "csv"


def _format(text: str) -> str:
    if text not in {TABLE, CSV}:
        raise Misused("expected table or csv: --format")
    return text


Form = Annotated[
    str, typer.Option("--format", parser=_format, metavar="<table|csv>", help="A table, or CSV with all numbers.")
]
After = Annotated[str, typer.Option("--after", help="Go on behind this patron number.")]
Most = Annotated[int | None, typer.Option("--limit", min=1, max=10_000_000, help="Look at this many patrons at most.")]
app = typer.Typer()


@app.command("diff")
@framed
def targets_diff(
    name: Name,
    *,
    patron: Annotated[str | None, typer.Option("--patron", help="Only the patron with this number.")] = None,
    after: After = "",
    limit: Most = None,
    form: Form = TABLE,
    frame: Frame,
) -> int:
    """Tell what a target would be told anew, by kind.

    Every patron is read there and compared with the record of today: run it before the first write. Nothing is written.
    The answer has kinds and patron numbers, no values. Exit 0 when all is equal, 3 when something differs, 4 when the
    target does not answer.
    """
    what = {"name": name, "only": patron, "after": after, "most": limit}
    document = _check(frame, with_waiting=True, **what)
    return _show(frame, document, form)


@app.command("verify")
@framed
def targets_verify(
    name: Name,
    *,
    repair: Annotated[
        bool, typer.Option("--repair", help="Tell the target again about each patron who differs.")
    ] = False,
    after: After = "",
    limit: Most = None,
    form: Form = TABLE,
    frame: Frame,
) -> int:
    """Say where a target holds something else than it was told.

    Leaves out patrons about whom something still waits. With --repair the target is told again about those who differ,
    by the night or by targets send. Exit 0 when all is equal, 3 when something differs, 4 when the target does not
    answer: --after goes on where it ended.
    """
    document = _check(frame, name=name, after=after, most=limit, repair=repair)
    return _show(frame, document, form)


def _check(frame: Frame, **what: Any) -> dict[str, Any]:
    from cprsync.services.outward.checking import Checking, check_target

    stopping = stoppable("the comparison was asked to stop, and has ended after a whole share")
    with (
        frame.opened() as site,
        stopping as raise_if_stopped,
        progress(as_json=frame.as_json) as shown,
        site.store() as store,
        site.targets() as targets,
    ):
        work = Checking(store=store, targets=targets, progress=shown, raise_if_stopped=raise_if_stopped, **what)
        document = {"agency": site.section.agency, **check_target(work)}
    failure = document.pop("failure")
    document["exit"] = Exit.LEFT if document["differing"] else Exit.DONE
    if failure is not None:
        changed = "part" if document["queued"] else "nothing"
        document["error"] = error_document(failure, changed=changed)
        document["exit"] = advice_for(failure).exit
    return document


def _show(frame: Frame, document: dict[str, Any], form: str) -> int:
    if form == CSV and not frame.as_json:
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(("kind", "patron"))
        writer.writerows((kind, one) for kind, patrons in document["patrons"].items() for one in patrons)
        frame.print_outcome(document, ())
    else:
        frame.print_outcome(document, drift_lines(document, frame.lang))
    return int(document["exit"])

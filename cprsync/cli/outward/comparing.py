"""`compare fbs`: where Cicero (FBS) differs from the records, by kind and patron number. Writes nothing there."""

from __future__ import annotations

import csv
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from cprsync.cli.outward.differences import CSV, TABLE, Form
from cprsync.cli.terminal.frame import Frame, framed
from cprsync.cli.terminal.long_work import progress, stoppable
from cprsync.errors import BadInput, ConfigurationError, Exit
from cprsync.language.errors import advice_for, error_document
from cprsync.language.outward import KINDS, comparison_lines, trend_lines

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

#: The most bytes of a list: a million numbers.
LIST_MAX_BYTES: Final = 16 * 1024 * 1024
_NUMBER: Final = re.compile(r"[0-9]{1,19}", re.ASCII)
#: What is more likely a CPR number, plain or a replacement's, than a number of Cicero's.
_CPR_NUMBER: Final = re.compile(
    r"(?:[0-2][0-9]|3[01]|[6-8][0-9]|9[01])(?:0[1-9]|1[0-2])[0-9]{2}-?[0-9A-Z]{4}", re.ASCII
)
app = typer.Typer()


@app.command("fbs")
@framed
def compare_fbs(
    *,
    listed: Annotated[
        Path | None,
        typer.Option("--list", help="Cicero's own patron numbers, one a line: says which are no patrons here."),
    ] = None,
    trend: Annotated[bool, typer.Option("--trend", help="Show the earlier comparisons; Cicero is not asked.")] = False,
    last: Annotated[int, typer.Option("--last", min=1, max=366, help="With --trend: how many comparisons.")] = 30,
    form: Form = TABLE,
    frame: Frame,
) -> int:
    """Tell where Cicero (FBS) differs from the records.

    Every patron is read there, and nothing is written. The answer has kinds and patron numbers, no values. Exit 0 when
    all is equal, 3 when something differs, 4 when Cicero does not answer: run it again, and it goes on where it was.
    """
    if trend:
        _show_trend(frame, last, form)
        return Exit.DONE
    document = _compare(frame, listed)
    if form == CSV and not frame.as_json:
        _write_csv(("kind", "patron"), ((kind, one) for kind, all_ in document["patrons"].items() for one in all_))
        frame.print_outcome(document, ())
    else:
        frame.print_outcome(document, comparison_lines(document, frame.lang))
    return int(document["exit"])


def _compare(frame: Frame, listed: Path | None) -> dict[str, Any]:
    from cprsync.cli.terminal.user import user_name
    from cprsync.services.outward.comparing import Comparing, compare_all

    stopping = stoppable("the comparison was asked to stop, and has ended after a whole share")
    with (
        frame.opened() as site,
        stopping as raise_if_stopped,
        progress(as_json=frame.as_json) as shown,
    ):
        numbers = None if listed is None else _read_list(listed)
        with site.store() as store, site.counterparts.fbs() as system:
            work = Comparing(
                store=store,
                system=system,
                clock=site.clock,
                policy=site.policy,
                user=user_name(),
                listed=numbers,
                progress=shown,
                raise_if_stopped=raise_if_stopped,
            )
            document = {"agency": site.section.agency, **compare_all(work)}
    failure = document.pop("failure")
    document["exit"] = Exit.LEFT if document["patrons"] else Exit.DONE
    if failure is not None:
        document["error"] = error_document(failure, changed="nothing")
        document["exit"] = advice_for(failure).exit
    return document


def _show_trend(frame: Frame, last: int, form: str) -> None:
    from cprsync.services.outward.comparing import trend_document

    with frame.opened() as site, site.store_to_show() as store:
        document = {"agency": site.section.agency, **trend_document(store, last)}
    if form == CSV and not frame.as_json:
        rows = (
            [one["day"], one["compared"], *(one["deviations"][kind] for kind in KINDS)] for one in document["trend"]
        )
        _write_csv(("day", "compared", *KINDS), rows)
    else:
        frame.print(document, trend_lines(document, frame.lang))


def _read_list(path: Path) -> frozenset[str]:
    """The numbers of a list. Raises BadInput, which names the line, and ConfigurationError."""
    try:
        with path.open("rb") as file:
            content = file.read(LIST_MAX_BYTES + 1)
    except OSError as error:
        raise ConfigurationError(
            "{path}: cannot be read ({strerror})", path=path, strerror=error.strerror, kind="file"
        ) from error
    if len(content) > LIST_MAX_BYTES:
        raise BadInput("{path}: larger than {most} bytes", path=path, most=LIST_MAX_BYTES)
    numbers: set[str] = set()
    for line, text in enumerate(content.decode("utf-8-sig", "replace").splitlines(), start=1):
        number = text.strip()
        if _CPR_NUMBER.fullmatch(number):
            # it would be printed as the number of somebody who is missing here
            raise BadInput(
                "line {line}: a CPR number has no place in this list: it takes Cicero's own patron numbers", line=line
            )
        if number and not _NUMBER.fullmatch(number):
            raise BadInput("line {line}: not a patron number of Cicero", line=line)
        if number:
            numbers.add(number.lstrip("0") or "0")
    return frozenset(numbers)


def _write_csv(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)

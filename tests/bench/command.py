"""`cprsync bench NAME`: measures against the floor of the same run, and prints a few lines or the stable JSON shape.

The program has it in a checkout only. It is not installed with the program.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from bench.child import ended_by_signals
from bench.figures import document_of_nothing
from cprsync.cli.terminal.failures import failures, show_error
from cprsync.cli.terminal.frame import Json, print_document
from cprsync.cli.terminal.long_work import progress
from cprsync.cli.terminal.output import note
from cprsync.errors import ConfigurationError, Exit

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bench.figures import Figures
    from cprsync.cli.terminal.long_work import Nothing

NAMES = ("night", "extract", "noop", "audit", "feed", "koha", "desk", "backup")
PATRONS_MOST, ROUNDS_MOST, SIZE_MOST_MB = 1_000_000, 25, 1024
#: Patrons and changes, if nothing else is asked for.
_SIZE, _SIZES = (100_000, 10_000), {"desk": (2_000, 400), "koha": (2_000, 1_000)}
_STOPPED = {
    "kind": "bench.stopped",
    "message": "the bench was stopped: there are no figures, and nothing is left of it",
    "changed": "nothing",
    "next": "Run it again.",
    "reference": "bench",
}
_UNEQUAL = {
    "kind": "bench.unequal",
    "message": "the ways did not come to the same: the figures say nothing",
    "changed": "nothing",
    "next": "Report this with the document of `cprsync bench --json`.",
    "reference": "bench",
}


app = typer.Typer()


@app.command()
def bench(
    name: Annotated[str, typer.Argument(help="night, extract, noop, audit, feed, koha, desk or backup.")],
    *,
    patrons: Annotated[
        int | None,
        typer.Option("--patrons", help="In the store before the night; audit: entries. [100000; desk: 2000]"),
    ] = None,
    changes: Annotated[
        int | None,
        typer.Option("--changes", help="Persons in the delivery; desk: look-ups, 1,200 at most. [10000; desk: 400]"),
    ] = None,
    database: Annotated[
        str, typer.Option("--database", help="sqlite, or postgresql: the server of CPRSYNC_BENCH_URL or its own.")
    ] = "sqlite",
    rounds: Annotated[int, typer.Option("--rounds", help="Each way so often, interleaved.")] = 3,
    size_mb: Annotated[int, typer.Option("--size-mb", help="extract: the delivery's size.")] = 20,
    as_json: Json = False,
) -> int:
    """Measure a night against the floor of the same run.

    `night`, `extract` (a delivery is read), `noop` (a night without news), `audit` (verified from end to end), `feed`
    (a reader gets every patron), `koha` (changes reach a Koha that takes 20 ms for each call), `desk` (what the pages
    add to the register's latency at twenty look-ups a second) or `backup` (sealed, and put back).
    Exit 1 only if the ways have different results.
    """
    patrons, changes = _size_of(name, patrons, changes)

    def unmeasured(error: dict[str, Any], _: int) -> dict[str, Any]:
        return {**document_of_nothing(name, database), "error": error}

    with failures(as_json=as_json, shape=unmeasured), progress(as_json=as_json) as shown:
        _check(name, patrons=patrons, changes=changes, rounds=rounds, size_mb=size_mb)
        sizes = {"patrons": patrons, "changes": changes, "rounds": rounds, "size_mb": size_mb}
        try:
            with ended_by_signals():
                figures = _measure(name, database=database, progress=shown, **sizes)
        except KeyboardInterrupt:
            if as_json:
                print_document(unmeasured(_STOPPED, Exit.PART), [], as_json=True)
            else:
                note(f"cprsync: {_STOPPED['message']}")
            return Exit.PART
    document = figures.document() | ({} if figures.equal else {"error": _UNEQUAL})
    print_document(document, report(document), as_json=as_json)
    if not figures.equal and not as_json:
        show_error(_UNEQUAL, "en")
    return 0 if figures.equal else 1


def _size_of(name: str, patrons: int | None, changes: int | None) -> tuple[int, int]:
    """What was asked for, or what suits the bench."""
    most, some = _SIZES.get(name, _SIZE)
    patrons = most if patrons is None else patrons
    return patrons, min(patrons, some) if changes is None else changes


def _check(name: str, *, patrons: int, changes: int, rounds: int, size_mb: int) -> None:
    within = (
        (name in NAMES, f"name one of {', '.join(NAMES)}"),
        (1 <= changes <= patrons <= PATRONS_MOST, f"1 <= --changes <= --patrons <= {PATRONS_MOST}"),
        (1 <= rounds <= ROUNDS_MOST, f"1 <= --rounds <= {ROUNDS_MOST}"),
        (1 <= size_mb <= SIZE_MOST_MB, f"1 <= --size-mb <= {SIZE_MOST_MB}"),
    )
    for met, rule in within:
        if not met:
            raise ConfigurationError(rule, kind="usage")


def _measure(
    name: str, *, patrons: int, changes: int, database: str, rounds: int, size_mb: int, progress: Nothing
) -> Figures:
    # each bench is loaded alone: one of them needs no web server, another no library
    match name:
        case "extract":
            from bench.extract import bench_extract

            figures = bench_extract(size_mb=size_mb, rounds=rounds)
        case "audit":
            from bench.audit import bench_audit

            figures = bench_audit(entries=patrons, database=database, rounds=rounds)
        case "backup":
            from bench.backup import bench_backup

            figures = bench_backup(patrons=patrons, database=database, rounds=rounds)
        case "feed":
            from bench.feed import bench_feed

            figures = bench_feed(patrons=patrons, database=database, rounds=rounds)
        case "koha":
            from bench.koha import bench_koha

            figures = bench_koha(patrons=patrons, changes=changes)
        case "noop":
            from bench.noop import bench_noop

            figures = bench_noop(patrons=patrons, changes=changes, database=database, rounds=rounds)
        case "desk":
            from bench.desk import bench_desk

            figures = bench_desk(patrons=patrons, look_ups=changes, database=database, rounds=rounds, progress=progress)
        case _:
            from bench.night import bench_night

            figures = bench_night(patrons=patrons, changes=changes, database=database, rounds=rounds)
    return figures


def report(document: Mapping[str, Any]) -> list[str]:
    """The document as lines for a terminal."""
    size = ", ".join(f"{name} {told}" for name, told in document["size"].items())
    lines = [f"bench {document['name']}{_on(document['database'])}, rounds {document['rounds']}: {size}", ""]
    lines.append(f"{'':12}{'seconds':>10}{'min':>10}{'max':>10}{'cpu':>10}{'peak MB':>10}")
    lines += [_way(way, told) for way, told in document["ways"].items()]
    lines.append("")
    for name, told in document["ratios"].items():
        lines.append(f"{name:12}{told['median']:>10.2f}{told['min']:>10.2f}{told['max']:>10.2f}")
    lines.append("")
    for goal in document["goals"]:
        met = "met" if goal["met"] else "NOT met"
        lines.append(f"goal: {goal['ratio']} {goal['op']} {goal['value']:g}: {goal['found']:g}, {met}")
    if "entries_a_second" in document:
        lines.append(f"entries a second: {document['entries_a_second']}")
    if "records_a_second" in document:
        lines.append(f"patrons a second: {document['records_a_second']}, loaded: {document['loaded_a_second']}")
    for way, added in document.get("added_ms", {}).items():
        lines.append(f"{way} adds to the register's latency: p50 {added['p50']:.1f} ms, p95 {added['p95']:.1f} ms")
    if written := document.get("written"):
        lines.append("written: " + ", ".join(f"{table} {count}" for table, count in written.items()))
    lines.append(f"equal: {'yes' if document['equal'] else 'NO'}, {document['digest'][:23]}…")
    return lines


def _on(database: str | None) -> str:
    return f" on {database}" if database else ""


def _way(way: str, told: Mapping[str, Any]) -> str:
    seconds = told["seconds"]
    line = f"{way:12}{seconds['median']:>10.3f}{seconds['min']:>10.3f}{seconds['max']:>10.3f}"
    line += f"{told['cpu_seconds']:>10.3f}{told['peak_rss_mb']:>10.1f}"
    return line + (f"   one in {round(1 / told['share'])} done, scaled" if "share" in told else "")

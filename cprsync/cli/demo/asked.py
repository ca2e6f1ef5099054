"""What a test of another program asserts with, begins from and is tried by: `mock journal`, `people` and the like."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from cprsync.cli.demo.mock import Folder
from cprsync.cli.terminal.failures import failures, never
from cprsync.cli.terminal.frame import Json, Lang, print_document
from cprsync.cli.terminal.output import emphasise
from cprsync.language.words import word

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from cprsync.catalogues import Language

app = typer.Typer()
_CALL: Final = (
    *("mock_call.n", "mock_call.at", "mock_call.service", "mock_call.operation"),
    *("mock_call.about", "mock_call.outcome", "mock_call.by"),
)
_PERSON: Final = (
    *("mock_person.key", "mock_person.number", "mock_person.status"),
    *("mock_person.protected", "mock_person.municipality", "mock_person.subscribed"),
)
#: So many digits tell certificates apart on a screen.
_SERIAL: Final = 8


@app.command("journal")
def mock_journal(
    *,
    service: Annotated[str | None, typer.Option("--service", help="register, culr or sftp.")] = None,
    operation: Annotated[
        str | None,
        typer.Option("--operation", help="As PersonLookup; of SFTP: login, list, fetch or remove."),
    ] = None,
    who: Annotated[str | None, typer.Option("--who", help="About this person: a key of the people file.")] = None,
    outcome: Annotated[
        str | None,
        typer.Option("--outcome", help="ok, fault, a code of CULR, refused, part (of a file), or a fault of yours."),
    ] = None,
    after: Annotated[int, typer.Option("--after", min=0, help="Only what came after the call of this number.")] = 0,
    limit: Annotated[int, typer.Option("--limit", min=1, max=10_000, help="Show this many, the latest.")] = 10_000,
    folder: Folder,
    lang: Lang = "da",
    as_json: Json = False,
) -> None:
    """List what the mock was asked, and what it answered.

    Each call to the register and CULR, and each step of a fetch, in its order: with the certificate that was shown,
    and without a number. The mock keeps the last 10,000. A restart keeps them, `mock reset` does not.
    """
    from cprsync.mock import control

    wanted = {"service": service, "operation": operation, "who": who, "outcome": outcome}
    with failures(as_json=as_json):
        found = control.calls(folder, after=after, limit=limit, **wanted)
    print_document(found, _say_calls(found, lang), as_json=as_json)


def _say_calls(found: Mapping[str, Any], language: Language) -> Iterator[str]:
    yield from _table(_CALL, [_call(one) for one in found["calls"]], language)
    if sys.stdout.isatty():
        asked = ", ".join(f"{name} {times}" for name, times in found["operations"].items())
        yield word("mock_calls", language, shown=len(found["calls"]), count=found["count"], asked=asked or "-")


def _call(one: Mapping[str, Any]) -> tuple[str, ...]:
    at, by = one["at"], one["certificate"] or one["agreement"]
    if sys.stdout.isatty():
        at, by = at.partition("T")[2][:12], one["certificate"][:_SERIAL] or one["agreement"]
    about, answer = one["who"] or one["file"] or "-", ": ".join(filter(None, (one["outcome"], one["fault"])))
    return (str(one["n"]), at, one["service"], one["operation"], about, answer, by)


@app.command("people")
def mock_people(
    *,
    who: Annotated[str | None, typer.Option("--who", help="Only this person: a key of the people file.")] = None,
    folder: Folder,
    lang: Lang = "da",
    as_json: Json = False,
) -> None:
    """List the town's people, who are invented, with their numbers.

    As they are today; a look-up answers as of the last night. With --json every field, and `published`: as of the last
    night.
    """
    from cprsync.mock import control

    with failures(as_json=as_json):
        people = control.people(folder, who)
    rows = [_person(one, lang) for one in people["people"]]
    print_document(people, _table(_PERSON, rows, lang), as_json=as_json)


def _person(one: Mapping[str, Any], language: Language) -> tuple[str, ...]:
    today = one["today"]
    status = word("mock_unborn", language) if today["unborn"] else today["status"]
    home = today["address"]["municipality"] if today["address"] and not today["unborn"] else "-"
    marks = (word("yes" if one[name] else "no", language) for name in ("protected", "subscribed"))
    protected, subscribed = marks
    return (today["key"], today["number"], status, protected, home, subscribed)


@app.command("reset")
def mock_reset(*, folder: Folder, lang: Lang = "da", as_json: Json = False) -> None:
    """Go back to the mock's first day, while it runs.

    No event, subscription, delivery, account, call or fault is left, also of FBS, Koha and webhooks. Keys,
    certificates and ports stay, so that your program needs no new settings.
    """
    from cprsync.mock import control

    with failures(as_json=as_json):
        done = control.reset(folder)
    print_document(done, [word("mock_reset", lang, **done)], as_json=as_json)


@app.command("state")
def mock_state(*, folder: Folder, lang: Lang = "da", as_json: Json = False) -> None:
    """Show how the mock stands.

    Its day, what waits for the night, what is subscribed to, and the faults to come. With --json everything that it
    knows, with its people by their keys.
    """
    from cprsync.mock import control

    with failures(as_json=as_json, stays=never):
        state = control.state(folder)
    counts = {name: len(state[name]) for name in ("persons", "pending", "calls")}
    subscribed = sum(len(of["PNR"]) for of in state["subscriptions"].values())
    lines = [word("mock_state", lang, day=state["day"], subscribed=subscribed, **counts)]
    lines += [f"  {one['kind']} × {one['times']}" for one in state["faults"]]
    print_document(state, lines, as_json=as_json)


@app.command("snapshot")
def mock_snapshot(
    into: Annotated[Path, typer.Argument(help="The folder of the copy, which is not there yet.")],
    *,
    folder: Folder,
    lang: Lang = "da",
    as_json: Json = False,
) -> None:
    """Copy the mock as it stands to a new folder.

    `mock serve` on the copy goes on from that moment, while the first one runs, with the same people, keys and
    certificates, on other ports.
    """
    from cprsync.mock import control

    with failures(as_json=as_json):
        done = control.snapshot(folder, into)
    print_document(done, [word("mock_snapshot", lang, **done)], as_json=as_json)


@app.command("chaos")
def mock_chaos(
    *,
    share: Annotated[float, typer.Option("--share", help="For this share of the answers: 0.1 is a tenth.")] = 0.1,
    times: Annotated[int, typer.Option("--times", min=1, max=10_000, help="How many times each, at most.")] = 1_000,
    seconds: Annotated[float, typer.Option("--seconds", min=0, max=120, help="How slow a slow answer is.")] = 1.0,
    seed: Annotated[int, typer.Option("--seed", help="Which ones: the same seed picks the same.")] = 0,
    folder: Folder,
    lang: Lang = "da",
    as_json: Json = False,
) -> None:
    """Let a share of all answers go wrong, by a mix of faults.

    By such that pass: of the register, deliveries and CULR, and of FBS, Koha and webhooks where they are served.
    `mock calm` ends it.
    """
    from cprsync.mock import control

    with failures(as_json=as_json):
        done = control.chaos(folder, share=share, times=times, seconds=seconds, seed=seed)
    print_document(done, [word("mock_chaos", lang, count=len(done["faults"]))], as_json=as_json)


def _table(columns: Sequence[str], rows: Sequence[Sequence[str]], language: Language) -> Iterator[str]:
    """Rows below their headings on a terminal; for another program, rows alone, with tabs between."""
    if not sys.stdout.isatty():
        yield from map("\t".join, rows)
        return
    head = [word(column, language) for column in columns]
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    for row in (head, *rows):
        line = "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip()
        yield emphasise(line) if row is head else line

"""`mock koha`: lets things happen in the mock's Koha, and shows what is in it."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cprsync.cli.terminal.failures import failures
from cprsync.cli.terminal.frame import Json, Lang, print_document
from cprsync.cli.terminal.misuse import Commands
from cprsync.errors import ConfigurationError
from cprsync.language.words import word

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

#: A file with patrons or a setup is not longer.
FILE_MAX_BYTES = 64 * 1024 * 1024

Folder = Annotated[Path, typer.Option("--dir", help="The mock's folder.")]
Who = Annotated[str | None, typer.Option("--who", help="The patron with this person's number: a key of the town.")]
Patron = Annotated[int | None, typer.Option("--patron", min=1, help="The patron with this id in Koha.")]
When = Annotated[
    str,
    typer.Option(
        "--when",
        help="now; read: after the client's next read of them; write: right before its next write after a read.",
    ),
]
Times = Annotated[int, typer.Option("--times", min=1, max=1_000, help="With --when read or write: how many times.")]
koha_app = typer.Typer(cls=Commands, no_args_is_help=True, rich_markup_mode=None)


@koha_app.command("show")
def koha_show(*, folder: Folder, lang: Lang = "da", as_json: Json = False) -> None:
    """Show the patrons in Koha, and with --json all of it."""
    from cprsync.mock.koha import calls

    with failures(as_json=as_json):
        shown = calls.show(folder)
    patrons = shown["patrons"]
    lines = [
        f"{one['patron_id']:>6}  {one['category_id']}  {one['library_id']}  {one['who'] or '-'}  {one['updated_on']}"
        for one in patrons
    ]
    print_document(shown, [*lines, word("mock_patrons", lang, count=len(patrons))], as_json=as_json)


@koha_app.command("log")
def koha_log(
    *,
    after: Annotated[int, typer.Option("--after", min=0, help="Leave out this many changes at the beginning.")] = 0,
    folder: Folder,
    lang: Lang = "da",  # noqa: ARG001 -- an error is told in it
    as_json: Json = False,
) -> None:
    """Show every change that Koha has seen, in order."""
    from cprsync.mock.koha import calls

    with failures(as_json=as_json):
        changes = calls.read_log(folder, after=after)
    print_document({"changes": changes}, map(_change, changes), as_json=as_json)


def _change(one: Mapping[str, Any]) -> str:
    """One change: who made it, of which patron, and the names of what changed."""
    names = [name for name in one.get("set", {}) if name != "updated_on"]
    names += [*(["extended_attributes"] if "attributes" in one else []), *one.get("hidden", {})]
    return f"{one['n']:>6}  {one['at']}  {one['by']}  {one['op']}  {one['patron']}: {', '.join(names) or '-'}"


@koha_app.command("seed")
def koha_seed(
    *,
    who: Annotated[list[str] | None, typer.Option("--who", help="A key of the town; may be given many times.")] = None,
    file: Annotated[
        Path | None, typer.Option("--file", help="Patrons of your own: a JSON array, each as the API shows one.")
    ] = None,
    folder: Folder,
    lang: Lang = "da",
    as_json: Json = False,
) -> None:
    """Bring patrons into Koha, as a library had them before.

    Without --who and --file: everybody of the town who lives somewhere. Nobody of the town is brought in twice.
    """
    from cprsync.mock.koha import calls

    with failures(as_json=as_json):
        patrons = None if file is None else _read(file, json.loads)
        total = calls.seed(folder, who=who or None, patrons=patrons)
    print_document({"total": total}, [word("mock_patrons", lang, count=total)], as_json=as_json)


@koha_app.command("edit")
def koha_edit(
    *,
    who: Who = None,
    patron: Patron = None,
    values: Annotated[
        list[str] | None, typer.Option("--set", help="FIELD=VALUE, as city=Skanderborg; no value: none.")
    ] = None,
    attributes: Annotated[
        list[str] | None, typer.Option("--attribute", help="TYPE=VALUE; no value removes the type.")
    ] = None,
    hidden: Annotated[
        list[str] | None, typer.Option("--hidden", help="What no API shows: checkouts=2, debt=50, superlibrarian=1.")
    ] = None,
    when: When = "now",
    times: Times = 1,
    same_second: Annotated[
        bool, typer.Option("--same-second", help="updated_on does not move: both writes are in one second.")
    ] = False,
    folder: Folder,
    lang: Lang = "da",
    as_json: Json = False,
) -> None:
    """Let a member of staff change a patron in Koha.

    As `mock koha edit --who BO --set city=Skanderborg --when read --dir DIR`: after your program has read BO, somebody
    at the desk is quicker.
    """
    from cprsync.mock.koha import calls
    from cprsync.mock.koha.fields import FLAGS

    with failures(as_json=as_json):
        pairs = _pairs(values or [])
        done = calls.edit(
            folder,
            who=who,
            patron=patron,
            set={name: value == "true" if name in FLAGS else value or None for name, value in pairs},
            attributes=_by_type(_pairs(attributes or [])),
            hidden={name: int(value) if value.isdecimal() else 0 for name, value in _pairs(hidden or [])},
            when=when,
            times=times,
            same_second=same_second,
        )
    print_document(done, [word(f"mock_edit_{when}", lang, patron=done["patron"], count=times)], as_json=as_json)


@koha_app.command("delete")
def koha_delete(
    *,
    who: Who = None,
    patron: Patron = None,
    when: When = "now",
    folder: Folder,
    lang: Lang = "da",
    as_json: Json = False,
) -> None:
    """Let a member of staff delete a patron in Koha."""
    from cprsync.mock.koha import calls

    with failures(as_json=as_json):
        done = calls.edit(folder, who=who, patron=patron, deletes=True, when=when)
    print_document(done, [word(f"mock_delete_{when}", lang, patron=done["patron"])], as_json=as_json)


@koha_app.command("twin")
def koha_twin(
    *,
    who: Who = None,
    patron: Patron = None,
    folder: Folder,
    lang: Lang = "da",
    as_json: Json = False,
) -> None:
    """Let Koha have a patron a second time, with the same number."""
    from cprsync.mock.koha import calls

    with failures(as_json=as_json):
        created = calls.twin(folder, who=who, patron=patron)
    print_document({"created": created}, [word("mock_twin", lang, patron=created)], as_json=as_json)


@koha_app.command("age-job")
def koha_age_job(
    *,
    on: Annotated[
        bool | None, typer.Option("--on/--off", help="Whether it runs when a day of the mock begins.")
    ] = None,
    run: Annotated[bool, typer.Option("--run", help="Run it now.")] = False,
    folder: Folder,
    lang: Lang = "da",
    as_json: Json = False,
) -> None:
    """Koha's own nightly job: the category of each patron's age."""
    from cprsync.mock.koha import calls

    with failures(as_json=as_json):
        done = calls.age_job(folder, on=on, run=run)
    moved = word("mock_patrons", lang, count=done["moved"])
    print_document(done, [f"{'on' if done['on'] else 'off'}  {moved}"], as_json=as_json)


@koha_app.command("setup")
def koha_setup(
    *,
    file: Annotated[
        Path | None, typer.Option("--file", help="TOML: libraries, categories, attribute_types, preferences.")
    ] = None,
    without: Annotated[
        list[str] | None, typer.Option("--without", help="Take this code out of its table; may be given many times.")
    ] = None,
    folder: Folder,
    lang: Lang = "da",  # noqa: ARG001 -- an error is told in it
    as_json: Json = False,
) -> None:
    """Show or change what the library has configured in Koha."""
    from cprsync.mock.koha import calls

    with failures(as_json=as_json):
        given = {} if file is None else _read(file, tomllib.loads)
        setup = calls.setup(folder, given, without=without or [])
    print_document(setup, [json.dumps(setup, ensure_ascii=False, indent=2)], as_json=as_json)


@koha_app.command("client")
def koha_client(
    name: Annotated[str, typer.Argument(help="The client's id.")],
    *,
    may: Annotated[
        list[str] | None, typer.Option("--may", help="list_borrowers, edit_borrowers, delete_borrowers; none: nothing.")
    ] = None,
    folder: Folder,
    lang: Lang = "da",  # noqa: ARG001 -- an error is told in it
    as_json: Json = False,
) -> None:
    """Let a program into Koha, with these permissions."""
    from cprsync.mock.koha import calls

    with failures(as_json=as_json):
        done = calls.client(folder, name, may or [])
    print_document(done, [done["secret_file"]], as_json=as_json)


@koha_app.command("delay")
def koha_delay(
    seconds: Annotated[float, typer.Argument(min=0, max=120, help="How long each answer takes; 0.02 is 20 ms.")],
    *,
    folder: Folder,
    lang: Lang = "da",  # noqa: ARG001 -- an error is told in it
    as_json: Json = False,
) -> None:
    """Let each answer of Koha take this many seconds."""
    from cprsync.mock.koha import calls

    with failures(as_json=as_json):
        done = calls.latency(folder, seconds)
    print_document(done, [f"{done['latency']} s"], as_json=as_json)


def _pairs(texts: Iterable[str]) -> list[tuple[str, str]]:
    """Names and values. Raises ConfigurationError: one has no equals sign."""
    pairs = [text.partition("=") for text in texts]
    if not all(name and equals for name, equals, _ in pairs):
        raise ConfigurationError("write NAME=VALUE", kind="usage")
    return [(name, value) for name, _, value in pairs]


def _by_type(pairs: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    """The values of each type. A type without a value has an empty list."""
    found: dict[str, list[str]] = {}
    for code, value in pairs:
        found.setdefault(code, []).extend([value] if value else [])
    return found


def _read(file: Path, parse: Callable[[str], Any]) -> Any:
    """The document in a file. Raises ConfigurationError, kind `input`."""
    try:
        with file.open("rb") as opened:
            return parse(opened.read(FILE_MAX_BYTES).decode("utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise ConfigurationError("the file cannot be read", kind="input") from error

"""The frame of every command: the options that commands share, the library they open, the document they print."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from functools import partial, wraps
from inspect import signature
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar, get_type_hints

import typer

from cprsync.catalogues import Language
from cprsync.cli import waits_since
from cprsync.cli.terminal.acting import ACTING
from cprsync.cli.terminal.failures import failures, has_written_in_store, never, show_error
from cprsync.cli.terminal.output import print_json, say_lines
from cprsync.errors import Misused

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from contextlib import AbstractContextManager

    from _typeshed import DataclassInstance

    from cprsync.cli.terminal.failures import Shape
    from cprsync.wiring.site import Site


def _with_its_log_level(context: typer.Context, config: Path) -> Path:
    """Use the file's `log_level`, unless the command line or the environment sets one. Store who acts.

    An account that may not name the person of `--as` is refused here, before the command does anything.
    """
    if context.find_root().params.get("log_level") is None:
        from cprsync.cli.terminal.logs import configure, level_in

        configure(level_in(config))
    acting = context.find_root().params.get("acting")
    ACTING.set((acting, config))
    if acting is not None:
        from cprsync.cli.terminal.user import user_name

        as_json = context.params.get("as_json", "--json" in sys.argv)
        with failures(as_json=as_json, stays=never):
            user_name()
    return config


def language(text: str) -> Language:
    if text not in {"da", "en"}:
        raise Misused("expected da or en: --lang, or CPRSYNC_LANG")
    return "en" if text == "en" else "da"


def day(text: str) -> date:
    """Read a day as the desk's pages and questions do: `2027-04-10` or `10.04.2027`."""
    from cprsync.domain.person.days import day_of

    try:
        return day_of(text)
    except ValueError:
        raise Misused("not a day: expected 2027-04-10 or 10.04.2027") from None


T = TypeVar("T")
#: What help shows for an option that is typed as text.
TYPED = "<str>"
CONFIG = Path("cprsync.toml")
Json = Annotated[bool, typer.Option("--json", help="One JSON document on standard output, nothing else.")]
Config = Annotated[
    Path,
    typer.Option("--config", envvar="CPRSYNC_CONFIG", help="The configuration file.", callback=_with_its_log_level),
]
Library = Annotated[str | None, typer.Option("--library", help="Its agency number, where more than one is set up.")]
Patron = Annotated[str, typer.Argument(help="The patron number; `patron find` tells it.")]
Lang = Annotated[
    Language,
    typer.Option("--lang", envvar="CPRSYNC_LANG", parser=language, metavar=TYPED, help="da (Danish) or en (English)."),
]
Today = Annotated[
    date | None, typer.Option("--today", parser=day, metavar=TYPED, help="YYYY-MM-DD, test environment only.")
]
Reason = Annotated[str, typer.Option("--reason", help="Why; the audit keeps it, sealed.")]
RevealReason = Annotated[str, typer.Option("--reason", help="Why it is opened; the audit keeps it, sealed.")]
PolicyFile = Annotated[Path | None, typer.Option("--policy", help="A library's policy.toml; else the default one.")]
ListFile = Annotated[Path, typer.Argument(help="CSV or JSON, in UTF-8 or Windows-1252.")]
Refused = Annotated[
    Path | None, typer.Option("--refused", help="Write line, field and reason of refused rows here, as CSV.")
]
Apply = Annotated[bool, typer.Option("--apply", help="Write; without it nothing is changed.")]
Yes = Annotated[bool, typer.Option("--yes", help="Say yes to what is shown, without being asked: for scripts.")]
Confirm = Annotated[
    bool, typer.Option("--confirm", help="Be asked also without a terminal: the answer is the next line of input.")
]
Approve = Annotated[
    str, typer.Option("--approve", help="Say yes to one preview alone: the digest that it was shown with.")
]
Why = Annotated[str, typer.Option("--reason", help="Why, where a warning stops; the audit keeps it, sealed.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """The options of every command that works with a library; how it opens the library, and how it prints."""

    config: Config = CONFIG
    library: Library = None
    lang: Lang = "da"
    as_json: Json = False

    def failures(self, shape: Shape | None = None) -> AbstractContextManager[None]:
        return failures(as_json=self.as_json, shape=shape, stays=has_written_in_store)

    @contextmanager
    def opened(self, *, today: date | None = None, shape: Shape | None = None) -> Iterator[Site]:
        """The library that the command works with. Errors become a message, advice and an exit code: see `failures`."""
        from cprsync.config.settings import load_settings
        from cprsync.wiring.site import site_of

        with self.failures(shape):
            settings = load_settings(self.config)
            site = site_of(settings, self.library, today, waits_since=waits_since)
            if settings.desk.accounts is not None:
                site.own_patron = partial(_own_patron, settings.desk.accounts, site.section.agency)
            yield site

    def print(self, document: Mapping[str, Any] | DataclassInstance, lines: Iterable[str]) -> None:
        print_document(document, lines, as_json=self.as_json)

    def print_outcome(self, document: Mapping[str, Any], lines: Iterable[str]) -> None:
        """Print a document that may hold an `error`. With lines, the error follows on standard error."""
        self.print(document, lines)
        if "error" in document and not self.as_json:
            show_error(document["error"], self.lang)


def framed(command: Callable[..., T]) -> Callable[..., T]:
    """Give a command the options of its `frame`, after its own: those of a `Frame`, or also those of a kind of it."""
    own = signature(command, eval_str=True)
    kind = own.parameters["frame"].annotation
    hints = get_type_hints(kind, include_extras=True)
    shared = {name: one.replace(annotation=hints[name]) for name, one in signature(kind).parameters.items()}

    @wraps(command)
    def call(*given: Any, **options: Any) -> T:
        frame = kind(**{name: options.pop(name) for name in shared if name in options})
        return command(*given, **options, frame=frame)

    parameters = [
        *(one for one in own.parameters.values() if one.name != "frame"),
        # last in each help: what all commands have
        *sorted(shared.values(), key=lambda one: one.name in Frame.__dataclass_fields__),
    ]
    call.__annotations__ = {one.name: one.annotation for one in parameters}
    call.__signature__ = own.replace(parameters=parameters)  # type: ignore[attr-defined]  # typer reads it
    return call


def _own_patron(accounts: Path, agency: str, user: str) -> str | None:
    """The patron number that a person gave with their account at the desk."""
    from cprsync.web.accounts import own_patron

    return own_patron(accounts, agency, user)


def print_document(document: Mapping[str, Any] | DataclassInstance, lines: Iterable[str], *, as_json: bool) -> None:
    """Print the document, or its lines."""
    if as_json:
        print_json(document)
    else:
        say_lines(lines)

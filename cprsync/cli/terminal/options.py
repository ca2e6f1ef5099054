"""Options that several commands share, and how their text becomes a value."""

from __future__ import annotations

import enum
import os
import sys
from contextvars import ContextVar
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cprsync.errors import Misused

if TYPE_CHECKING:
    from cprsync.cli.language.words import Language


#: The person named with --as, and the configuration that says who may name one. Used for the audit.
ACTING: ContextVar[tuple[str | None, Path | None]] = ContextVar("acting", default=(None, None))


class LinkDoing(enum.Enum):
    """What to do about who answers for a minor."""

    ADD = "add"
    END = "end"
    LIST = "list"


def _with_its_log_level(context: typer.Context, config: Path) -> Path:
    """Use the file's `log_level`, unless the command line or the environment sets one. Store who acts."""
    if context.find_root().params.get("log_level") is None:
        from cprsync.cli.terminal.logs import configure, level_in

        configure(level_in(config))
    ACTING.set((context.find_root().params.get("acting"), config))
    return config


Json = Annotated[bool, typer.Option("--json", help="One JSON document on standard output, nothing else.")]
Config = Annotated[
    Path,
    typer.Option("--config", envvar="CPRSYNC_CONFIG", help="The configuration file.", callback=_with_its_log_level),
]
Library = Annotated[str | None, typer.Option("--library", help="Its agency number, where more than one is set up.")]
Patron = Annotated[str, typer.Argument(help="The patron number; `patron find` tells it.")]
Lang = Annotated[str, typer.Option("--lang", envvar="CPRSYNC_LANG", help="da (Danish) or en (English).")]
Folder = Annotated[Path, typer.Option("--dir", help="The mock's folder; `mock serve` makes it.")]
Yes = Annotated[bool, typer.Option("--yes", help="Say yes to what is shown, without being asked: for scripts.")]
Confirm = Annotated[
    bool, typer.Option("--confirm", help="Be asked also without a terminal: the answer is the next line of input.")
]
Approve = Annotated[
    str, typer.Option("--approve", help="Say yes to one preview alone: the digest that it was shown with.")
]
Why = Annotated[str, typer.Option("--reason", help="Why, where a warning stops; the audit keeps it, sealed.")]
CONFIG = Path("cprsync.toml")


def language(text: str) -> Language:
    if text not in {"da", "en"}:
        raise Misused("expected da or en: --lang, or CPRSYNC_LANG")
    return "en" if text == "en" else "da"


def spoken() -> Language:
    """The user's language, also for a command without --lang, or if the command line could not be read."""
    said = [text for text in sys.argv if text.startswith("--lang=")]
    said += sys.argv[sys.argv.index("--lang") + 1 :][:1] if "--lang" in sys.argv else []
    asked = (said or [os.environ.get("CPRSYNC_LANG", "")])[0].removeprefix("--lang=")
    # any other value is a mistake, which must be reported in some language
    return "en" if asked == "en" else "da"


def day(text: str | None) -> date | None:
    if text is None:
        return None
    try:
        return datetime.strptime(text, "%Y-%m-%d").date()  # noqa: DTZ007 -- a day has no zone
    except ValueError:
        raise Misused("expected a day as YYYY-MM-DD") from None

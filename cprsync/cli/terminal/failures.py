"""What a command says when it fails: what happened, what was changed, what to do next, and the exit code."""

from __future__ import annotations

import errno
import logging
import os
import sys
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from cprsync.cli import note_answer
from cprsync.cli.terminal.output import discard_output, note, print_json
from cprsync.errors import AnswerLost, CprsyncError, Interrupted, NotConfirmed, RunStopped, stopped_from_outside
from cprsync.language.errors import failure_words
from cprsync.language.words import word

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from cprsync.catalogues import Language

    #: Makes a command's own document of an error and the exit code.
    Shape = Callable[[dict[str, Any], int], Mapping[str, Any]]


#: How many causes of an error are looked at.
CHAIN_MAX = 10
#: One for each command that has begun its work.
_begun: list[bool] = []
#: The interpreter's own words where the system gives it no room.
NO_ROOM = frozenset({"can't start new thread", "can't allocate lock"})


def _document(error: CprsyncError, *, changed: str) -> dict[str, Any]:
    # the advice and its sentences are read only if something fails
    from cprsync.language.errors import error_document

    return error_document(error, changed=changed)


def _exit_code(error: CprsyncError) -> int:
    from cprsync.language.errors import advice_for

    return advice_for(error).exit


def always() -> bool:
    """Whether a command that was stopped from outside may have changed something: it may, if nothing more is known."""
    return True


def never() -> bool:
    """The same of a command that only reads, or that takes back what it made."""
    return False


def has_written_in_store() -> bool:
    """The same of a command that changes nothing but the store, or the store first."""
    drivers = sys.modules.get("cprsync.store.core.drivers")
    return drivers is not None and bool(drivers.has_written())


@contextmanager
def failures(*, as_json: bool, shape: Shape | None = None, stays: Callable[[], bool] = always) -> Iterator[None]:
    """Turn an error into a message, what was changed, what to do next, and an exit code.

    Args:
        as_json: print the error as a document.
        shape: a reader of this command's JSON expects its own document, also after a failure.
        stays: whether something that was changed stays, if someone stops the command.
    """
    _begun.append(True)
    try:
        yield
    except (CprsyncError, KeyboardInterrupt) as ended:
        error = ended if isinstance(ended, CprsyncError) else stopped_from_outside(stays=stays())
        code = _exit_code(error)
        changed = error.changed if isinstance(error, Interrupted) else _changed_by(error, code, stays)
        document = _document(error, changed=changed)
        as_json = as_json and not isinstance(error, AnswerLost)
        # a wrong command line has the same answer at every command
        own = None if shape is None or error.kind == "usage" else shape(document, code)
        _show(document, as_json=as_json, own=own)
        raise SystemExit(code) from None


def _changed_by(error: CprsyncError, code: int, stays: Callable[[], bool]) -> str:
    if isinstance(error, RunStopped):
        # asked to stop, a command may have ended before its first piece of work
        return "part" if stays() else "nothing"
    return "part" if code == 7 else error.changed  # noqa: PLR2004 -- stopped part-way


def _show(document: Mapping[str, Any], *, as_json: bool, own: Mapping[str, Any] | None = None) -> None:
    """Show a failure. `own`: the command's own document of it."""
    if as_json:
        # what cannot be written there is still said beside it
        with suppress(AnswerLost):
            print_json({"error": document} if own is None else own)
            return
    show_error(document, user_language())


@contextmanager
def before_writing() -> Iterator[None]:
    """Treat Ctrl-C and the end of input as a no. For questions, before which nothing has been written."""
    try:
        yield
        if sys.stdin.isatty():
            note_answer()
    except (KeyboardInterrupt, EOFError):
        note("")
        raise NotConfirmed("stopped at a question: nothing was written", kind="confirm.stopped") from None


def show_error(document: Mapping[str, Any], language: Language) -> None:
    """Show a failure on standard error: what happened, what changed, what to do next."""
    words = failure_words(document, language)
    note(f"cprsync: {words['message']}")
    for label, said in (
        ("failure_changed", word(f"changed_{document['changed']}", language)),
        ("failure_next", words["next"]),
        ("failure_reference", f"{document['kind']} {document['reference']}"),
    ):
        note(f"  {word(label, language) + ':':<10} {said}")


def unexpected_document(error: BaseException) -> dict[str, Any]:
    """Say where an unexpected error arose, by file and line. Its own text may quote its input."""
    if any(map(_is_of_memory, chain_of(error))):
        return _document(CprsyncError("there is not enough memory", kind="memory"), changed="part")
    place, what = where_raised(error) or "?", type(error).__name__
    failure = CprsyncError("unexpected {error} at {place}", error=what, place=place)
    if isinstance(error, OSError) and error.strerror:
        # the system's own message contains no input
        why = error.strerror
        failure = CprsyncError("unexpected {error} ({strerror}) at {place}", error=what, strerror=why, place=place)
    return _document(failure, changed="part")


def chain_of(error: BaseException | None) -> Iterator[BaseException]:
    """The error, and those that it arose from: the last one first."""
    for _ in range(CHAIN_MAX):
        if error is None:
            return
        yield error
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


def _is_of_memory(error: BaseException) -> bool:
    is_refused = isinstance(error, OSError) and error.errno == errno.ENOMEM
    # an argument that is no text may fail when it is looked at
    is_told = any(isinstance(one, str) and one in NO_ROOM for one in error.args)
    return is_refused or is_told or isinstance(error, MemoryError)


def where_raised(error: BaseException) -> str:
    """The file and line that raised an error. Empty if it was not raised."""
    frame = error.__traceback__
    while frame is not None and frame.tb_next is not None:
        frame = frame.tb_next
    return "" if frame is None else f"{frame.tb_frame.f_code.co_filename}:{frame.tb_lineno}"


def tell_what_nobody_hears() -> None:
    """Name an error that Python can hand to nobody: of an object that is given back, of a thread, of the end itself.

    By itself Python prints it with its text, which may quote data, and so it does with what a log line cannot show.
    Without memory nothing is printed: the command that ran out of it says so.
    """
    sys.unraisablehook = lambda what: _name(what.exc_value)
    threading.excepthook = lambda what: _name(what.exc_value)
    sys.excepthook = lambda _kind, error, _place: _name(error)
    logging.raiseExceptions = False


def _name(error: BaseException | None) -> None:
    # what fails here, Python prints as it would have printed the error; a thread may end itself by SystemExit
    with suppress(MemoryError):
        if error is not None and not isinstance(error, MemoryError | SystemExit):
            note(f"cprsync: {type(error).__name__} at {where_raised(error)}")


def interrupted_document(*, stays: bool) -> dict[str, Any]:
    """Say that someone stopped the command. `stays`: whether something was changed."""
    stopped = stopped_from_outside(stays=stays)
    return _document(stopped, changed=stopped.changed)


def unexpected(error: BaseException, *, as_json: bool) -> int:
    """Show an error that reached the program's end, usually an unexpected one. Return the exit code."""
    lost = error if isinstance(error, AnswerLost) else _find_lost_answer()
    if lost is not None:
        show_error(_document(lost, changed="part"), user_language())
        return _exit_code(lost)
    return _end_unexpected(unexpected_document(error), as_json=as_json)


def _find_lost_answer() -> AnswerLost | None:
    """The error if text that a library wrote, such as help, cannot be written out. None: it can."""
    try:
        sys.stdout.flush()
    except OSError as error:
        return discard_output(error)
    return None


def interrupted(*, as_json: bool) -> int:
    """Show that someone stopped the command before it began, or when it was done. Return the exit code."""
    return _end_unexpected(interrupted_document(stays=bool(_begun)), as_json=as_json)


def _end_unexpected(document: Mapping[str, Any], *, as_json: bool) -> int:
    from cprsync.errors import Exit

    _show(document, as_json=as_json)
    return Exit.PART


def misused(error: BaseException, misuse: CprsyncError, *, as_json: bool) -> int:
    """Show what is wrong with the command line, after typer's help if there is no command. Return the exit code."""
    if type(error).__name__ == "NoArgsIsHelpError" and not as_json:
        note(f"{error}\n")
    _show(_document(misuse, changed="nothing"), as_json=as_json)
    return _exit_code(misuse)


def user_language() -> Language:
    """The user's language, also for a command without --lang, or if the command line could not be read."""
    said = [text for text in sys.argv if text.startswith("--lang=")]
    said += sys.argv[sys.argv.index("--lang") + 1 :][:1] if "--lang" in sys.argv else []
    asked = (said or [os.environ.get("CPRSYNC_LANG", "")])[0].removeprefix("--lang=")
    # any other value is a mistake, which must be reported in some language
    return "en" if asked == "en" else "da"

"""One person at the desk: `lookup` asks the register, and may register them; `patron add` takes one by hand.

Input comes from prompts or standard input, never from an argument.
"""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from cprsync.catalogues import Language
from cprsync.cli.desk.confirming import (
    Asker,
    publish_patron,
    warning_lines,
)
from cprsync.cli.terminal.frame import framed
from cprsync.cli.terminal.output import print_json, say, say_lines
from cprsync.domain.patron.field import Part
from cprsync.domain.patron.fields import FIELDS
from cprsync.domain.patron.override import Overridden
from cprsync.domain.patron.patron import Purpose
from cprsync.errors import BadInput, Exit, NoSuchPerson, RegisterUnavailable
from cprsync.language.errors import error_document
from cprsync.language.record import NOTHING, field_lines, hidden_marks, hit_lines, name_of, value_text
from cprsync.language.words import day_text, has_word, word

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from cprsync.services.desk.adding import Addition
    from cprsync.services.desk.lookup import Asked, Desk, LookedUp

#: Where somebody lives whom no register knows: for them alone it is asked, and no list has it.
_MUNICIPALITY: Final = Overridden.MUNICIPALITY.value
#: What a terminal asks for, in this order. An empty answer leaves the field out.
ASKED: Final = (*(field.key for field in FIELDS if field.asked), _MUNICIPALITY)
#: The field whose prompt hides what is typed.
_HIDDEN: Final = "cpr_number"
#: The fields that the register supplies for a person with one of its numbers.
_REGISTERS: Final = frozenset(field.key for field in FIELDS if field.asked and field.part is Part.REGISTER) - {_HIDDEN}
#: More than one patron needs, with all fields at their longest.
_LINES_MAX, _LINE_MAX = 200, 8192
app, patron_app = typer.Typer(), typer.Typer()


@app.command()
@framed
def lookup(
    *,
    purpose: Annotated[Purpose, typer.Option("--purpose", help="Why; written down before the register is asked.")],
    register: Annotated[
        bool, typer.Option("--register", help="Create or update the patron, and subscribe, once someone says yes.")
    ] = False,
    frame: Asker,
) -> int:
    """Look one person up in the register (opslag).

    The CPR number is asked for, or read from standard input; without --register no record is made. With it the record
    is shown as it would be, with the warnings, and written once someone says yes.
    """
    from cprsync.cli.terminal.user import ask_number, user_name
    from cprsync.services.desk.lookup import Asked, look_up

    with frame.opened() as site:
        asked = Asked(ask_number(), purpose, user_name())
        with site.desk() as desk:
            looked_up = _register(desk, asked, frame) if register else look_up(desk, asked)
        document = dict(looked_up.document)
        if document.get("written"):
            publish_patron(site, document["patron"], frame.lang)
    lines = outcome_lines if document.get("written") else lookup_lines
    if not document["found"]:
        document["error"] = _unknown_to_the_register()
    frame.print_outcome(document, lines(document, frame.lang))
    if not document["found"]:
        return Exit.REFUSED
    return Exit.LEFT if register and looked_up.parked else Exit.DONE


def _unknown_to_the_register() -> dict[str, Any]:
    return error_document(NoSuchPerson("the register does not know the number"), changed="nothing")


def _register(desk: Desk, asked: Asked, asker: Asker) -> LookedUp:
    """Show what would be written, ask for the yes, and write."""
    from cprsync.services.desk.lookup import LookedUp
    from cprsync.services.desk.registering import confirm_registration, preview_registration

    shown = preview_registration(desk, asked)
    if not shown.is_writable:
        return LookedUp(dict(shown.document), parked=shown.parked)
    with asker.confirmed(shown.document, shown.preview, lookup_lines(shown.document, asker.lang)) as confirmation:
        return confirm_registration(desk, shown, confirmation)


def lookup_lines(document: Mapping[str, Any], language: Language) -> Iterator[str]:
    """One person as text: the record as it would be, the warnings, and what a registration would do.

    If the register does not know the number, the error that follows says so, and no line here.
    """
    if document["found"]:
        marks = (word(mark, language) for mark in hidden_marks(document))
        yield " · ".join([document["patron"] or word("no_patron", language), *marks])
    yield from warning_lines([one for one in document["warnings"] if one["kind"] != NoSuchPerson.kind], language)
    if "namesakes" in document:
        yield from _namesake_lines(document, language)
        yield f"  {word('namesakes_number', language)}"
    yield from field_lines(document["fields"], language)
    if "preview" in document:
        yield from _would_be_lines(document["preview"], language)
    elif document["actions"]:
        # a look-up writes nothing of this
        yield f"  {word('would_register', language)}: {_actions_text(document['actions'], language)}"


def _actions_text(actions: Sequence[str], language: Language) -> str:
    return ", ".join(word(f"would_{one}" if has_word(f"would_{one}") else one, language) for one in actions)


def _would_be_lines(preview: Mapping[str, Any], language: Language) -> Iterator[str]:
    changes = _actions_text(preview["changes"], language) or word("would_nothing", language)
    yield f"  {word('would_yes', language)}: {changes}"
    lives = word(f"rights_{preview['municipality']['residence']}", language)
    yield "  " + word(
        "preview_is",
        language,
        age=NOTHING if preview["age"] is None else preview["age"],
        group=preview["group"] or NOTHING,
        municipality=value_text("municipality", preview["municipality"]["code"], language),
        lives=lives,
    )
    yield from kept_block_lines(preview["kept_blocks"], language)
    for right in preview["rights"]:
        yield f"  {right['title'][language]}: {right['text'][language]}"


def kept_block_lines(blocks: Sequence[Mapping[str, str]], language: Language) -> Iterator[str]:
    """The blocks that come back with a number, one per line."""
    for block in blocks:
        since = day_text(block["since"], language)
        yield f"  {word('kept_came', language)}: {block['reason']} ({since})"


def outcome_lines(document: Mapping[str, Any], language: Language) -> Iterator[str]:
    """What was written, after the preview has been shown."""
    kind, preview = document["fields"].get("kind", {}).get("value"), document["preview"]
    if preview["patron"] is None:
        key = "registered_without" if kind == "responsible" else "registered"
        yield word(key, language, patron=document["patron"])
    elif preview["changes"]:
        what = _actions_text(preview["changes"], language)
        yield word("registered_updated", language, patron=document["patron"], what=what)
    else:
        yield word("registered_same", language, patron=document["patron"])


@patron_app.command("add")
@framed
def patron_add(
    *,
    provisional: Annotated[
        bool,
        typer.Option("--provisional", help="If CPR does not answer, register by their own words until it does."),
    ] = False,
    frame: Asker,
) -> int:
    """Add one patron by hand, also without a CPR number.

    A terminal asks field by field; else standard input has one JSON object by the names of the fields (`cprsync
    fields`), as a row of an import. With a CPR number the person is looked up and registered; without one, or with a
    replacement number, name, birth date, address and municipality (by name or code) are the library's own words, and
    the patron group follows the birth date. It is written once someone says yes.
    """
    from cprsync.cli.terminal.user import user_name
    from cprsync.services.desk.adding import confirm_addition, preview_addition

    with frame.opened() as site:
        with site.desk() as desk:
            user = user_name()
            typed = _with_code(_read_fields(desk, frame.lang, asks_all=provisional))
            try:
                shown = preview_addition(desk, typed, user=user)
            except RegisterUnavailable:
                if not provisional:
                    raise
                shown = preview_addition(desk, typed, user=user, provisional=True)
            document, lines = dict(shown.document), preview_lines(shown, frame.lang)
            if shown.is_writable:
                with frame.confirmed(document, shown.preview, lines) as confirmation:
                    document = confirm_addition(desk, shown, confirmation)
            elif not frame.as_json:
                say_lines(lines)
        if document.get("written"):
            publish_patron(site, document["patron"], frame.lang)
    if not document.get("found", True):
        frame.print_outcome(document | {"error": _unknown_to_the_register()}, ())
        return Exit.REFUSED
    if frame.as_json:
        print_json(document)
    elif document.get("written"):
        say(word("registered", frame.lang, patron=document["patron"]))
    return Exit.LEFT if shown.registration is not None and shown.registration.parked else Exit.DONE


def preview_lines(shown: Addition, language: Language) -> Iterator[str]:
    """The warnings, then the typed values. If the register knows the person, also the record as it would be."""
    warnings = shown.document["warnings"]
    if shown.registration is None:
        yield from warning_lines(warnings, language)
        yield from _namesake_lines(shown.document, language)
    else:
        yield from lookup_lines({**shown.registration.document, "warnings": warnings}, language)
    typed: Mapping[str, str] = shown.document["typed"]
    for field, value in typed.items():
        shown_as = value_text(field, value, language) if field == _MUNICIPALITY else value.replace("\n", " | ")
        yield f"  {name_of(field, language)}: {shown_as}"
    if shown.registration is None:
        would_be = shown.document["preview"]
        age = NOTHING if would_be["age"] is None else would_be["age"]
        yield f"  {word('preview_age', language, age=age, group=would_be['group'] or NOTHING)}"


def _namesake_lines(document: Mapping[str, Any], language: Language) -> Iterator[str]:
    """The patrons who may be the same person, one a line."""
    if namesakes := document.get("namesakes"):
        yield f"  {word('namesakes', language)}"
        yield from hit_lines(namesakes, language)


def _read_fields(desk: Desk, language: Language, *, asks_all: bool) -> str:
    """A JSON object from standard input, or from answers at a terminal, where a number is checked at once.

    `asks_all`: also ask for what the register would tell.
    """
    if not sys.stdin.isatty():
        return _read_object()
    from cprsync.cli.terminal.user import ask_value
    from cprsync.services.desk.adding import check_typed_number

    typed: dict[str, str] = {}
    number = typed[_HIDDEN] = ask_value(name_of(_HIDDEN, language), lines=False, hidden=True).strip()
    is_registers = bool(number) and check_typed_number(desk, number)
    left_out = _REGISTERS if is_registers and not asks_all else frozenset()
    left_out |= {_MUNICIPALITY} if is_registers else frozenset()
    for field in ASKED:
        if field not in typed and field not in left_out:
            hint = f" ({word('day_form', language)})" if field == "birth_date" else ""
            typed[field] = ask_value(f"{name_of(field, language)}{hint}", lines=False).strip()
    return json.dumps({field: value for field, value in typed.items() if value}, ensure_ascii=False)


def _with_code(typed: str) -> str:
    """The same object, with the municipality by its code."""
    from cprsync.municipalities import code_of_municipality

    if _MUNICIPALITY not in typed:
        return typed
    try:
        found = json.loads(typed)
        return json.dumps(found | {_MUNICIPALITY: code_of_municipality(found[_MUNICIPALITY])}, ensure_ascii=False)
    except (ValueError, TypeError, KeyError, AttributeError):
        # no such object: what reads it says so
        return typed


def _read_object() -> str:
    """The lines up to the end of the object. The next line may be the answer to the question."""
    text = ""
    try:
        for _ in range(_LINES_MAX):
            line = sys.stdin.readline(_LINE_MAX)
            text += line
            if not line or _is_whole(text):
                return text
    except UnicodeDecodeError:
        raise BadInput("not readable as text in UTF-8", kind="input.value") from None
    raise BadInput("longer than {most} lines", most=_LINES_MAX, kind="input.value")


def _is_whole(text: str) -> bool:
    try:
        found: Any = json.loads(text)
    except ValueError:
        return False
    return isinstance(found, dict)

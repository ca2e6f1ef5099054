"""`patron add`: one patron by hand. Input comes from prompts or standard input, never from an argument."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any, Final

import typer

from cprsync.cli.desk.confirming import Answered, obtain_confirmation, print_unconfirmed, publish_patron, warning_lines
from cprsync.cli.desk.record import NOTHING, name_of
from cprsync.cli.desk.registering import LEFT_TO_A_PERSON, NOT_FOUND, lookup_lines
from cprsync.cli.language.words import Language, word
from cprsync.cli.terminal.frame import opened
from cprsync.cli.terminal.options import CONFIG, Approve, Config, Confirm, Json, Lang, Library, Why, Yes
from cprsync.cli.terminal.output import print_json, say, say_lines
from cprsync.domain.patron.field import Part
from cprsync.domain.patron.fields import FIELDS
from cprsync.errors import BadInput

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from cprsync.services.desk.adding import Addition
    from cprsync.services.desk.lookup import Desk

#: What a terminal asks for, in this order. An empty answer leaves the field out.
ASKED: Final = tuple(field.key for field in FIELDS if field.asked)
#: The field whose prompt hides what is typed.
_HIDDEN: Final = "cpr_number"
#: The fields that the register supplies for a person with one of its numbers.
_REGISTERS: Final = frozenset(field.key for field in FIELDS if field.asked and field.part is Part.REGISTER) - {_HIDDEN}
#: More than one patron needs, with all fields at their longest.
_LINES_MAX, _LINE_MAX = 200, 8192


app = typer.Typer()


@app.command("add")
def patron_add(
    *,
    yes: Yes = False,
    confirm: Confirm = False,
    approve: Approve = "",
    reason: Why = "",
    config: Config = CONFIG,
    library: Library = None,
    lang: Lang = "da",
    as_json: Json = False,
) -> int:
    """Add one patron by hand, also without a CPR number.

    A terminal asks field by field; else standard input has one JSON object by the names of the fields (`cprsync
    fields`), as a row of an import. With a CPR number the person is looked up and registered; without one, or with a
    replacement number, name, birth date and address are the library's own words, and the patron group follows the birth
    date. It is written once someone says yes.
    """
    from cprsync.cli.terminal.acting import user_name
    from cprsync.services.desk.adding import confirm_addition, preview_addition

    answered = Answered(yes=yes, confirm=confirm, approve=approve, reason=reason)
    with opened(config, library, as_json=as_json) as site:
        with site.desk() as desk:
            user = user_name()
            shown = preview_addition(desk, _read_fields(desk, user, lang), user=user)
            document = dict(shown.document)
            if not as_json:
                say_lines(preview_lines(shown, lang))
            if shown.is_writable:
                with print_unconfirmed(document, as_json=as_json):
                    confirmation = obtain_confirmation(shown.preview, answered, lang)
                    document = confirm_addition(desk, shown, confirmation)
        if document.get("written"):
            publish_patron(site, document["patron"], lang)
    if as_json:
        print_json(document)
    elif document.get("written"):
        say(word("registered", lang, patron=document["patron"]))
    if not document.get("found", True):
        return NOT_FOUND
    return LEFT_TO_A_PERSON if shown.registration is not None and shown.registration.parked else 0


def preview_lines(shown: Addition, language: Language) -> Iterator[str]:
    """The warnings, then the typed values. If the register knows the person, also the record as it would be."""
    yield from warning_lines(shown.document["warnings"], language)
    if shown.registration is not None:
        yield from lookup_lines({**shown.registration.document, "warnings": []}, language)
    typed: Mapping[str, str] = shown.document["typed"]
    for field, value in typed.items():
        yield f"  {name_of(field, language)}: {value.replace(chr(10), ' | ')}"
    if shown.registration is None:
        would_be = shown.document["preview"]
        age = NOTHING if would_be["age"] is None else would_be["age"]
        yield f"  {word('preview_age', language, age=age, group=would_be['group'] or NOTHING)}"


def _read_fields(desk: Desk, user: str, language: Language) -> str:
    """A JSON object from standard input, or from answers at a terminal, where a number is checked at once."""
    if not sys.stdin.isatty():
        return _read_object()
    from cprsync.cli.terminal.user import ask_value
    from cprsync.services.desk.adding import check_typed_number

    typed: dict[str, str] = {}
    number = typed[_HIDDEN] = ask_value(name_of(_HIDDEN, language), lines=False, hidden=True).strip()
    left_out = _REGISTERS if number and check_typed_number(desk, number, user=user) else frozenset()
    for field in ASKED:
        if field not in typed and field not in left_out:
            hint = f" ({word('day_form', language)})" if field == "birth_date" else ""
            typed[field] = ask_value(f"{name_of(field, language)}{hint}", lines=False).strip()
    return json.dumps({field: value for field, value in typed.items() if value}, ensure_ascii=False)


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

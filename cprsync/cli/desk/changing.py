"""`patron set`: numbers and values come from standard input, never from an argument."""

from __future__ import annotations

import dataclasses
from datetime import date
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cprsync.cli.desk.confirming import publish_patron
from cprsync.cli.desk.record import name_of
from cprsync.cli.language.dates import day_text
from cprsync.cli.language.words import Language, word
from cprsync.cli.terminal.failures import failures
from cprsync.cli.terminal.frame import opened, print_document
from cprsync.cli.terminal.options import CONFIG, TYPED, Config, Json, Lang, Library, Patron, day
from cprsync.domain.lending.letter import letter_language
from cprsync.domain.patron.fields import FIELD, SETTABLE
from cprsync.domain.patron.lists import Doing
from cprsync.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence


#: What the help says beside some fields.
_HINTS = {
    "language": "letters go out in da and en",
    "absence": "2027-04-10 til 2027-04-20, or the first day alone",
    "blocks": "the reason, and before it the day it began if that is not today",
}
_FOR_GOOD = [key for key, field in SETTABLE.items() if not field.kind.is_list]
_LISTS = [key for key, field in SETTABLE.items() if field.kind.is_list]


def _hinted(keys: Iterable[str]) -> str:
    return ", ".join(f"{key} ({_HINTS[key]})" if key in _HINTS else key for key in keys)


#: The fields that `patron set` takes.
FIELDS = (
    "For a time, with --reason and --until, over the register: name, birth_date, address, municipality, group "
    f"(this one may stay). For good: {_hinted(_FOR_GOOD)}; of a patron without a CPR number also name, birth_date "
    f"(YYYY-MM-DD) and protection (ja or nej). Lists, to which what is typed is added: {_hinted(_LISTS)}."
)
app = typer.Typer()


@app.command("set")
def patron_set(
    patron: Patron,
    field: Annotated[str, typer.Argument(help=FIELDS)],
    *,
    reason: Annotated[str, typer.Option("--reason", help="Why a correction is made, or taken back.")] = "",
    until: Annotated[
        date | None,
        typer.Option("--until", parser=day, metavar=TYPED, help="YYYY-MM-DD: the last day of a correction."),
    ] = None,
    withdraw: Annotated[
        bool, typer.Option("--withdraw", help="Take a correction back, or empty another field; no value is asked for.")
    ] = False,
    remove: Annotated[
        bool, typer.Option("--remove", "--lift", help="Of a list: take away what is typed; a block is lifted.")
    ] = False,
    replace: Annotated[
        bool, typer.Option("--replace", help="Of a list: what is typed is all of it; the others go.")
    ] = False,
    config: Config = CONFIG,
    library: Library = None,
    lang: Lang = "da",
    as_json: Json = False,
) -> None:
    """Set one field, or correct one of the register's.

    The value is asked for, or read from standard input; it is never typed on the command line. A correction (rettelse)
    counts over the register's word until its last day. Of a list (blocks, cards, telephones, emails) what is typed is
    added, and the others stay. The telephone or e-mail for notices has a * before it.
    """
    from cprsync.cli.terminal.acting import user_name
    from cprsync.services.desk.local_setting import Setting
    from cprsync.services.desk.setting import check, set_field

    if remove + replace + withdraw > 1:
        with failures(as_json=as_json):
            raise ConfigurationError("--remove, --replace and --withdraw exclude each other", kind="usage.field")
    doing = Doing.REMOVE if remove else Doing.REPLACE if replace else None
    with opened(config, library, as_json=as_json) as site:
        text = None if withdraw else ""
        asked = Setting(patron, field, text, user_name(), reason=reason, until=until, doing=doing)
        with site.counter() as counter:
            # checked before the value is asked for, so that nobody types one for nothing
            check(counter, asked)
            if not withdraw:
                asked = dataclasses.replace(asked, text=_ask_value(field, doing or Doing.ADD, lang))
            document = set_field(counter, asked)
            groups = counter.policy.group_names
        publish_patron(site, patron, lang)
    net_media_word = "set_culr" if site.section.culr is not None else "set_culr_unset"
    text = asked.text or ""
    lines = set_lines(document, lang, withdraws=withdraw, text=text, groups=groups, net_media_word=net_media_word)
    print_document(document, lines, as_json=as_json)


def _ask_value(field: str, doing: Doing, language: Language) -> str:
    from cprsync.cli.terminal.user import ask_value
    from cprsync.services.desk.local_setting import LISTS

    hint = word("set_lines", language)
    if field in LISTS:
        hint = f"{word(f'list_{doing.value}', language)}; {hint}"
    kind = FIELD[field].kind
    return ask_value(_prompt_for(field, language), lines=kind.lines, hidden=kind.hidden, hint=hint)


def _prompt_for(field: str, language: Language) -> str:
    name, form = name_of(field, language), FIELD[field].kind.form
    return f"{name} ({form})" if form else name


def set_lines(
    document: Mapping[str, Any],
    language: Language,
    *,
    withdraws: bool,
    text: str,
    groups: Sequence[str] = (),
    net_media_word: str = "set_culr",
) -> Iterator[str]:
    """The outcome for a field and what follows from it. Shows nothing of what was typed.

    `net_media_word`: the key of the words about the net media, if they hear of the change.
    """
    outcome = _outcome_text(document, language, withdraws=withdraws)
    until = ""
    if document["until"]:
        until = f", {word('set_until', language, until=day_text(document['until'], language))}"
    if document.get("follows_age"):
        yield f"{document['patron']} · {word('group_withdrawn', language)}"
    else:
        yield f"{document['patron']} · {name_of(document['field'], language)}: {outcome}{until}"
    if document["culr"] is not None:
        yield f"  {word(net_media_word, language)}"
    if FIELD[document["field"]].kind.notices and document["outcome"] != "removed" and text.strip() and "*" not in text:
        yield f"  {word('set_no_notices', language)}"
    if document["field"] == "language" and text.strip() and letter_language(text.strip()) != text.strip():
        yield f"  {word('set_no_letters', language)}"
    if document["field"] == "group" and text.strip() and groups and text.strip() not in groups:
        yield f"  {word('set_no_group', language, groups=', '.join(groups))}"


def _outcome_text(document: Mapping[str, Any], language: Language, *, withdraws: bool) -> str:
    if document["outcome"] == "unchanged" and document.get("list") == Doing.REMOVE.value:
        # only a block is still there after it was removed
        return word("lifted_unchanged", language)
    return word(f"{'emptied' if withdraws else 'set'}_{document['outcome']}", language)

"""`patron set`: numbers and values come from standard input, never from an argument."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any

from cprsync.cli.desk.record_text import name_of
from cprsync.cli.desk.telling import tell_now
from cprsync.cli.language.dates import long_day
from cprsync.cli.language.words import word
from cprsync.cli.terminal.output import failures, print_json, say
from cprsync.domain.lending.letter import letter_language
from cprsync.domain.patron.fields import FIELD
from cprsync.domain.patron.lists import Doing
from cprsync.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from cprsync.cli.language.words import Language


def list_doing(*, remove: bool, replace: bool, withdraw: bool, as_json: bool) -> Doing | None:
    """What the options ask to do with a list. None: no such option was given."""
    with failures(as_json=as_json):
        if remove + replace + withdraw > 1:
            raise ConfigurationError("--remove, --replace and --withdraw exclude each other", kind="usage.field")
    if remove:
        return Doing.REMOVE
    return Doing.REPLACE if replace else None


def set_command(  # noqa: PLR0913 -- one parameter for each option
    patron: str,
    field: str,
    *,
    reason: str,
    until: date | None,
    withdraw: bool,
    doing: Doing | None = None,
    config: Path,
    library: str | None,
    language: Language,
    as_json: bool,
) -> None:
    """Set one field of one patron, or with `withdraw` take back what was set. `doing` is for lists."""
    from cprsync import wiring
    from cprsync.cli.terminal.operator import ask_value, user_name
    from cprsync.config.settings import load_settings
    from cprsync.services.desk.local_setting import LISTS, Setting
    from cprsync.services.desk.setting import check, set_field

    with failures(as_json=as_json):
        settings = load_settings(config)
        section = wiring.library_of(settings, library)
        text = None if withdraw else ""
        asked = Setting(patron, field, text, user_name(), reason=reason, until=until, doing=doing)
        with wiring.counter(settings, section) as counter:
            # checked before the value is asked for, so that nobody types one for nothing
            check(counter, asked)
            if not withdraw:
                hint = word("set_lines", language)
                if field in LISTS:
                    hint = f"{word(f'list_{(doing or Doing.ADD).value}', language)}; {hint}"
                kind = FIELD[field].kind
                text = ask_value(_asked_for(field, language), lines=kind.lines, hidden=kind.hidden, hint=hint)
                asked = replace(asked, text=text)
            document = set_field(counter, asked)
            groups = counter.policy.group_names
        tell_now(settings, section, patron, language)
    if as_json:
        print_json(document)
        return
    told = "set_culr" if section.culr is not None else "set_culr_unset"
    for line in set_lines(document, language, withdraws=withdraw, text=asked.text or "", groups=groups, told=told):
        say(line)


def _asked_for(field: str, language: Language) -> str:
    name, form = name_of(field, language), FIELD[field].kind.form
    return f"{name} ({form})" if form else name


def set_lines(  # noqa: PLR0913 -- one parameter for each thing that is said
    document: Mapping[str, Any],
    language: Language,
    *,
    withdraws: bool,
    text: str,
    groups: Sequence[str] = (),
    told: str = "set_culr",
) -> Iterator[str]:
    """The outcome for a field and what follows from it. Shows nothing of what was typed.

    `told`: the key of the words about the net media, if they are told anything.
    """
    outcome = _outcome(document, language, withdraws=withdraws)
    until = ""
    if document["until"]:
        until = f", {word('set_until', language, until=long_day(date.fromisoformat(document['until']), language))}"
    if document.get("follows_age"):
        yield f"{document['patron']} · {word('group_withdrawn', language)}"
    else:
        yield f"{document['patron']} · {name_of(document['field'], language)}: {outcome}{until}"
    if document["culr"] is not None:
        yield f"  {word(told, language)}"
    if FIELD[document["field"]].kind.notices and document["outcome"] != "removed" and text.strip() and "*" not in text:
        yield f"  {word('set_no_notices', language)}"
    if document["field"] == "language" and text.strip() and letter_language(text.strip()) != text.strip():
        yield f"  {word('set_no_letters', language)}"
    if document["field"] == "group" and text.strip() and groups and text.strip() not in groups:
        yield f"  {word('set_no_group', language, groups=', '.join(groups))}"


def _outcome(document: Mapping[str, Any], language: Language, *, withdraws: bool) -> str:
    if document["outcome"] == "unchanged" and document.get("list") == Doing.REMOVE.value:
        # only a block is still there after it was removed
        return word("lifted_unchanged", language)
    return word(f"{'emptied' if withdraws else 'set'}_{document['outcome']}", language)

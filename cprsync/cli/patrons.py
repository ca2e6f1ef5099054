"""`patron import` and `patron show`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cprsync.cli.lists import opened_list, tell_import
from cprsync.cli.output import failures, print_json, say
from cprsync.cli.words import Language, word

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from cprsync.settings import Settings
    from cprsync.sync.refused import Imported


def import_command(  # noqa: PLR0913 -- one parameter for each option
    file: Path,
    *,
    apply: bool,
    config: Path,
    library: str | None,
    language: Language,
    as_json: bool,
    columns: Path | None = None,
    refused: Path | None = None,
) -> int:
    """Import a list of patrons; without `apply` only say what would happen. Exit 3 when rows were refused."""
    from cprsync.cli.stopping import stoppable
    from cprsync.settings import load_settings

    with failures(as_json=as_json), stoppable() as heed:
        settings = load_settings(config)
        imported = import_file(settings, file, apply=apply, library=library, columns=columns, heed=heed)
        return tell_import(imported, language, apply=apply, as_json=as_json, refused=refused)


def import_file(  # noqa: PLR0913 -- one parameter for each option
    settings: Settings,
    file: Path,
    *,
    apply: bool,
    library: str | None = None,
    columns: Path | None = None,
    heed: Callable[[], None] = lambda: None,
) -> Imported:
    """Read the file and hand it to the store."""
    from cprsync import wiring
    from cprsync.columns_file import load_columns
    from cprsync.policy_file import load_policy
    from cprsync.sync.columns import PATRON_COLUMNS
    from cprsync.sync.importing import Importing, import_patrons

    section = wiring.library_of(settings, library)
    policy = load_policy(section.policy, section.municipalities)
    known = PATRON_COLUMNS if columns is None else load_columns(columns)
    clock = wiring.clock_for(settings)
    with opened_list(file) as source, wiring.opened_store(settings, section, clock) as store:
        how = Importing(store, clock.today(), apply=apply, policy=policy, columns=known, heed=heed)
        return import_patrons(source, how)


def show_command(  # noqa: PLR0913 -- one parameter for each option
    patron: str, *, reveal: bool, reason: str, config: Path, library: str | None, as_json: bool
) -> None:
    """Show one record; with `reveal` what is sealed too, for a reason that the audit keeps."""
    from cprsync import wiring
    from cprsync.cli.operator import user_name
    from cprsync.errors import ConfigurationError
    from cprsync.policy_file import load_policy
    from cprsync.settings import load_settings
    from cprsync.sync.revealing import Window, check_reason

    with failures(as_json=as_json):
        if reveal:
            check_reason(reason)
        elif reason:
            raise ConfigurationError("a reason is for --reveal: without it nothing is opened", kind="usage.reason")
        settings = load_settings(config)
        section = wiring.library_of(settings, library)
        policy = load_policy(section.policy, section.municipalities)
        clock = wiring.clock_for(settings)
        with wiring.opened_store(settings, section, clock) as store:
            window = Window(section.agency, store, clock, policy, user_name())
            document = window.revealed(patron, reason=reason) if reveal else window.shown(patron)
        if as_json:
            print_json(document)
            return
        for line in record_lines(document):
            say(line)


def record_lines(document: Mapping[str, Any]) -> list[str]:
    """One record as text: what is sealed says so."""
    marks = [
        "beskyttet / protected" if document["protected"] else "",
        "beskyttet i husstanden / protected in the household" if document["household"] else "",
        "åbnet, og skrevet i loggen / opened, and written in the audit" if document["revealed"] else "",
        "" if document["verified"] else "endnu ikke bekræftet / not yet verified",
    ]
    if "merged_into" in document:
        marks = [f"lagt sammen med / merged into {document['merged_into']}"]
    head = f"{document['patron']} · {document['library']} {' · '.join(mark for mark in marks if mark)}"
    lines = [head.rstrip()]
    return [*lines, *field_lines(document["fields"])]


def field_lines(fields: Mapping[str, Any]) -> list[str]:
    """The fields of a record: whose each is and since when, or who corrected it, until when and over what.

    After an arrow what the register says instead.
    """
    lines = []
    for name, entry in fields.items():
        told = "<beskyttet>" if entry.get("sealed") else value_text(entry["value"])
        if "register" in entry:
            told += f" → {value_text(entry['register'])}"
        lines.append(f"  {name:<26} {told}  [{_corrected(entry) or _owned(entry)}]")
    return lines


def _owned(entry: Mapping[str, Any]) -> str:
    """Whose the field is, and since when."""
    owner = _both("by_age") if entry["source"] == "rule" else entry["owner"]
    return f"{owner}, {entry['since'] or '–'}"


def _corrected(entry: Mapping[str, Any]) -> str:
    """Who corrected the field, from and until when, and over what; nothing of the last where it is sealed."""
    override = entry["override"]
    if override is None:
        return ""
    told = f"{_both('corrected')}: {override['by']}, {entry['since']} – {override['until'] or ''}".rstrip()
    return told if override["reason"] is None else f"{told}; {_both(beside(entry))}: {value_text(override['register'])}"


def beside(entry: Mapping[str, Any]) -> str:
    """The word for what a correction stands over: the register's, what age gives, or what the library gave before."""
    if entry["owner"] == "register":
        return "by_register"
    return "by_age" if "rule" in entry["override"] else "otherwise"


def _both(key: str) -> str:
    return f"{word(key, 'da')} / {word(key, 'en')}"


def value_text(value: Any) -> str:
    """A value as text: lists on one line, nothing as a dash."""
    if isinstance(value, list):
        return ", ".join(value_text(one) for one in value) or "–"
    if isinstance(value, dict):
        return " ".join(value_text(one) for one in value.values())
    return str(value) if value else "–"

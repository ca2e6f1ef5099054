"""`patron responsible`: who answers for a minor. Their number comes from standard input, never from an argument."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from cprsync.cli.desk.record_text import NOTHING, SEALED, minor_lines
from cprsync.cli.language.dates import long_day
from cprsync.cli.language.words import Language, word
from cprsync.cli.terminal.output import failures, note, print_json, say
from cprsync.cli.terminal.pressed import last_key

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from cprsync.cli.terminal.options import LinkDoing
    from cprsync.config.settings import LibrarySection, Settings
    from cprsync.services.desk.responsibles import Answers


def responsible_command(  # noqa: PLR0913 -- one parameter for each option
    patron: str,
    doing: LinkDoing,
    *,
    responsible: str | None,
    config: Path,
    library: str | None,
    language: Language,
    as_json: bool,
) -> None:
    """Add, end or list links."""
    from cprsync import wiring
    from cprsync.config.settings import load_settings

    with failures(as_json=as_json):
        settings = load_settings(config)
        section = wiring.library_of(settings, library)
        if doing.value == "list":
            document = _listed(settings, section, patron)
        else:
            document = _changed(settings, section, _asked(patron, responsible), adds=doing.value == "add")
    if as_json:
        print_json(document)
        return
    for line in list_lines(document, language) if doing.value == "list" else [outcome_line(document, language)]:
        say(line)
    for warning in document.get("warnings", ()):
        note(f"  ! {word(warning, language)}")


def _asked(patron: str, responsible: str | None) -> Answers:
    from cprsync.cli.terminal.operator import ask_any_number, user_name
    from cprsync.services.desk.responsibles import Answers

    if responsible is not None:
        return Answers(patron, user_name(), responsible_id=responsible)
    return Answers(patron, user_name(), number=ask_any_number())


def _changed(settings: Settings, section: LibrarySection, asked: Answers, *, adds: bool) -> dict[str, Any]:
    from cprsync import wiring
    from cprsync.config.policy import load_policy
    from cprsync.services.desk.responsibles import add_responsible, end_responsible

    if adds:
        with wiring.desk(settings, section, patience=wiring.desk_patience(last_key)) as desk:
            return add_responsible(desk, asked)
    policy = load_policy(section.policy, section.municipalities)
    with wiring.opened_store(settings, section, wiring.clock_for(settings)) as store:
        return end_responsible(store, asked, policy)


def _listed(settings: Settings, section: LibrarySection, patron: str) -> dict[str, Any]:
    from cprsync import wiring
    from cprsync.config.policy import load_policy
    from cprsync.services.desk.responsibles import list_responsibles

    clock = wiring.clock_for(settings)
    policy = load_policy(section.policy, section.municipalities)
    with wiring.opened_store(settings, section, clock) as store:
        return list_responsibles(store, patron, policy=policy, clock=clock)


def outcome_line(document: Mapping[str, Any], language: Language) -> str:
    """What was done, as a sentence with the person's name, unless it is protected or unknown."""
    told, number = ("number" if document["name"] is None else "who"), document["responsible"]
    told = "sealed" if document.get("sealed") else told
    who = word(f"responsible_{told}", language, name=document["name"], patron=number)
    return word(f"responsible_{document['outcome']}", language, who=who, patron=document["patron"])


def list_lines(document: Mapping[str, Any], language: Language) -> Iterator[str]:
    """The persons who answer, one per line. No name of a protected person."""
    yield f"{document['patron']} · {word('responsible', language)}"
    if not document["responsibles"] and not document.get("answers_for"):
        yield "  " + word("responsible_none", language)
    for one in document["responsibles"]:
        sealed = SEALED.da if language == "da" else SEALED.en
        name = sealed if one.get("sealed") else one["name"] or NOTHING
        since = long_day(date.fromisoformat(one["since"]), language)
        days = word("responsible_since", language, since=since)
        if one["until"] is not None:
            until = long_day(date.fromisoformat(one["until"]), language)
            days = word("responsible_until", language, since=since, until=until)
        elif not one["in_force"]:
            days = word("responsible_ended_since", language, since=since)
        letters = word("responsible_letters" if one["why"] is None else f"responsible_no_{one['why']}", language)
        yield f"  {one['patron']}  {name}  {days}; {letters}"
    yield from minor_lines(document.get("answers_for", ()), language)

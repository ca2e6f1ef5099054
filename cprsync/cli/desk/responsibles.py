"""`patron responsible`: who answers for a minor. Their number comes from standard input, never from an argument."""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cprsync.cli.desk.record import NOTHING, minor_lines
from cprsync.cli.language.dates import day_text
from cprsync.cli.language.words import Language, word
from cprsync.cli.terminal.frame import opened, print_document
from cprsync.cli.terminal.options import CONFIG, Config, Json, Lang, Library, Patron
from cprsync.cli.terminal.output import note

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from cprsync.services.desk.responsibles import ResponsibleRequest
    from cprsync.wiring import Site


class LinkDoing(enum.Enum):
    """What to do about who answers for a minor."""

    ADD = "add"
    END = "end"
    LIST = "list"


app = typer.Typer()


@app.command("responsible")
def patron_responsible(
    patron: Patron,
    doing: Annotated[LinkDoing, typer.Argument(help="Let someone answer for the patron, end that, or list who does.")],
    *,
    responsible: Annotated[
        str | None, typer.Option("--responsible", help="Their patron number, instead of their CPR number.")
    ] = None,
    config: Config = CONFIG,
    library: Library = None,
    lang: Lang = "da",
    as_json: Json = False,
) -> None:
    """Say who answers for a minor (økonomisk ansvarlig).

    Their CPR number is asked for, or read from standard input. Someone who is no patron gets a record without
    borrowing rights, and the register is asked about them. At 18 the patron answers alone; what was owed before stays
    as it is.
    """
    from cprsync.services.desk.responsibles import list_responsibles

    with opened(config, library, as_json=as_json) as site:
        if doing is LinkDoing.LIST:
            with site.store() as store:
                document = list_responsibles(store, patron, policy=site.policy, clock=site.clock)
        else:
            document = _change_link(site, _read_link(patron, responsible), adds=doing is LinkDoing.ADD)
    lines = list_lines(document, lang) if doing is LinkDoing.LIST else [outcome_line(document, lang)]
    print_document(document, lines, as_json=as_json)
    if not as_json:
        for warning in document.get("warnings", ()):
            note(f"  ! {word(warning, lang)}")


def _read_link(patron: str, responsible: str | None) -> ResponsibleRequest:
    from cprsync.cli.terminal.acting import user_name
    from cprsync.cli.terminal.user import ask_any_number
    from cprsync.services.desk.responsibles import ResponsibleRequest

    if responsible is not None:
        return ResponsibleRequest(patron, user_name(), responsible_id=responsible)
    return ResponsibleRequest(patron, user_name(), number=ask_any_number())


def _change_link(site: Site, asked: ResponsibleRequest, *, adds: bool) -> dict[str, Any]:
    from cprsync.services.desk.responsibles import add_responsible, end_responsible

    if adds:
        with site.desk() as desk:
            return add_responsible(desk, asked)
    with site.store() as store:
        return end_responsible(store, asked, site.policy)


def outcome_line(document: Mapping[str, Any], language: Language) -> str:
    """What was done, as a sentence with the person's name, unless it is protected or unknown."""
    which, number = ("number" if document["name"] is None else "who"), document["responsible"]
    which = "sealed" if document.get("sealed") else which
    who = word(f"responsible_{which}", language, name=document["name"], patron=number)
    return word(f"responsible_{document['outcome']}", language, who=who, patron=document["patron"])


def list_lines(document: Mapping[str, Any], language: Language) -> Iterator[str]:
    """The persons who answer, one per line. No name of a protected person."""
    yield f"{document['patron']} · {word('responsible', language)}"
    if not document["responsibles"] and not document.get("answers_for"):
        yield "  " + word("responsible_none", language)
    for one in document["responsibles"]:
        sealed = word("sealed_value", language)
        name = sealed if one.get("sealed") else one["name"] or NOTHING
        since = day_text(one["since"], language)
        days = word("responsible_since", language, since=since)
        if one["until"] is not None:
            until = day_text(one["until"], language)
            days = word("responsible_until", language, since=since, until=until)
        elif not one["in_force"]:
            days = word("responsible_ended_since", language, since=since)
        letters = word("responsible_letters" if one["why"] is None else f"responsible_no_{one['why']}", language)
        yield f"  {one['patron']}  {name}  {days}; {letters}"
    yield from minor_lines(document.get("answers_for", ()), language)

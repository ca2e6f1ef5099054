"""`patron set`, `responsible` and `set-cpr` change one record: a field, who answers for a minor, the CPR number.

Numbers and values come from a prompt or standard input, never from an argument. A real number is shown beside the
record first.
"""

from __future__ import annotations

import dataclasses
import enum
from datetime import date
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from cprsync.catalogues import Language
from cprsync.cli.desk.confirming import (
    Asker,
    publish_patron,
    warning_lines,
)
from cprsync.cli.desk.registering import kept_block_lines
from cprsync.cli.terminal.frame import TYPED, Frame, Patron, day, framed
from cprsync.cli.terminal.output import note
from cprsync.domain.lending.contacting import letter_language
from cprsync.domain.patron.fields import FIELD, SETTABLE
from cprsync.domain.patron.local import ListChange
from cprsync.errors import ConfigurationError
from cprsync.language.record import NOTHING, identity_lines, minor_lines, name_of, shown_name
from cprsync.language.words import day_text, word

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from cprsync.services.desk.lookup import Desk
    from cprsync.services.desk.responsibles import ResponsibleRequest
    from cprsync.services.desk.set_cpr import SetNumber
    from cprsync.wiring.site import Site


_FOR_GOOD = [key for key, field in SETTABLE.items() if not field.kind.is_list]
_LISTS = [key for key, field in SETTABLE.items() if field.kind.is_list]
_AGREES: Final = {True: "compared_same", False: "compared_differs", None: "compared_unknown"}


def _hinted(keys: Iterable[str]) -> str:
    return ", ".join(f"{key} ({FIELD[key].kind.help})" if FIELD[key].kind.help else key for key in keys)


#: The fields that `patron set` takes.
FIELDS = (
    "For a time, with --reason and --until, over the register: name, birth_date, address, municipality, group "
    f"(this one may stay). For good: {_hinted(_FOR_GOOD)}; of a patron without a CPR number also name, birth_date "
    f"(YYYY-MM-DD) and protection (ja or nej). Lists, to which what is typed is added: {_hinted(_LISTS)}."
)
app = typer.Typer()


@app.command("set")
@framed
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
        bool, typer.Option("--remove", "--lift", help="Remove what is typed from a list; a block is lifted.")
    ] = False,
    replace: Annotated[bool, typer.Option("--replace", help="Replace a whole list with what is typed.")] = False,
    frame: Frame,
) -> None:
    """Set one field, or correct one of the register's.

    The value is asked for, or read from standard input; it is never typed on the command line. A correction (rettelse)
    counts over the register's word until its last day. What is typed is added to a list (blocks, cards, telephones,
    emails), and its other entries stay. The telephone or e-mail for notices has a * before it. No yes is asked for:
    whoever types the value has given it.
    """
    from cprsync.cli.terminal.user import user_name
    from cprsync.municipalities import load_municipalities
    from cprsync.services.desk.setting import Setting, SettingDesk, check_setting, set_field

    if remove + replace + withdraw > 1:
        with frame.failures():
            raise ConfigurationError("--remove, --replace and --withdraw exclude each other", kind="usage.field")
    doing = ListChange.REMOVE if remove else ListChange.REPLACE if replace else None
    with frame.opened() as site:
        text = None if withdraw else ""
        asked = Setting(patron, field, text, user_name(), reason=reason, until=until, doing=doing)
        with site.library() as ours:
            counter = SettingDesk(ours, load_municipalities().homes())
            # checked before the value is asked for, so that nobody types one for nothing
            check_setting(counter, asked)
            if not withdraw:
                asked = dataclasses.replace(asked, text=_ask_value(field, doing or ListChange.ADD, frame.lang))
            document = set_field(counter, asked)
            groups = ours.policy.group_names
        publish_patron(site, patron, frame.lang)
    net_media_word = "set_culr" if site.section.culr is not None else "set_culr_unset"
    text = asked.text or ""
    lines = set_lines(document, frame.lang, withdraws=withdraw, text=text, groups=groups, net_media_word=net_media_word)
    frame.print(document, lines)


def _ask_value(field: str, doing: ListChange, language: Language) -> str:
    from cprsync.cli.terminal.user import ask_value
    from cprsync.domain.desk.settable import LISTS

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
    if document["outcome"] == "unchanged" and document.get("list") == ListChange.REMOVE.value:
        # only a block is still there after it was removed
        return word("lifted_unchanged", language)
    return word(f"{'emptied' if withdraws else 'set'}_{document['outcome']}", language)


class LinkDoing(enum.Enum):
    """What to do about who answers for a minor."""

    ADD = "add"
    END = "end"
    LIST = "list"


@app.command("responsible")
@framed
def patron_responsible(
    patron: Patron,
    doing: Annotated[LinkDoing, typer.Argument(help="Let someone answer for the patron, end that, or list who does.")],
    *,
    responsible: Annotated[
        str | None, typer.Option("--responsible", help="Their patron number, instead of their CPR number.")
    ] = None,
    frame: Frame,
) -> None:
    """Say who answers for a minor (økonomisk ansvarlig).

    Their CPR number is asked for, or read from standard input. Someone who is no patron gets a record without
    borrowing rights, and the register is asked about them. At 18 the patron answers alone; what was owed before stays
    as it is.
    """
    from cprsync.cli.terminal.user import user_name
    from cprsync.services.desk.responsibles import list_responsibles
    from cprsync.services.desk.viewing import look_at

    with frame.opened() as site:
        if doing is LinkDoing.LIST:
            with site.library(shows_records=False) as ours:
                look_at(ours.store, patron, user=user_name())
                document = list_responsibles(ours, patron)
        else:
            document = _change_link(site, _read_link(patron, responsible), adds=doing is LinkDoing.ADD)
    lines = responsible_lines(document, frame.lang) if doing is LinkDoing.LIST else [link_line(document, frame.lang)]
    frame.print(document, lines)
    if not frame.as_json:
        for warning in document.get("warnings", ()):
            note(f"  ! {word(warning, frame.lang)}")


def _read_link(patron: str, responsible: str | None) -> ResponsibleRequest:
    from cprsync.cli.terminal.user import ask_any_number, user_name
    from cprsync.services.desk.responsibles import ResponsibleRequest

    if responsible is not None:
        return ResponsibleRequest(patron, user_name(), responsible_id=responsible)
    return ResponsibleRequest(patron, user_name(), number=ask_any_number())


def _change_link(site: Site, asked: ResponsibleRequest, *, adds: bool) -> dict[str, Any]:
    from cprsync.services.desk.responsibles import add_responsible, end_responsible

    if adds:
        with site.desk() as desk:
            return add_responsible(desk, asked)
    with site.library(shows_records=False) as ours:
        return end_responsible(ours, asked)


def link_line(document: Mapping[str, Any], language: Language) -> str:
    """What was done, as a sentence with the person's name, unless it is protected or unknown."""
    which, number = ("number" if document["name"] is None else "who"), document["responsible"]
    which = "sealed" if document.get("sealed") else which
    who = word(f"responsible_{which}", language, name=document["name"], patron=number)
    return word(f"responsible_{document['outcome']}", language, who=who, patron=document["patron"])


def responsible_lines(document: Mapping[str, Any], language: Language) -> Iterator[str]:
    """The persons who answer, one per line. No name of a protected person."""
    yield f"{document['patron']} · {word('responsible', language)}"
    if not document["responsibles"] and not document.get("answers_for"):
        yield "  " + word("responsible_none", language)
    for one in document["responsibles"]:
        name = shown_name(one["name"], language, sealed=one.get("sealed"))
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


@app.command("set-cpr")
@framed
def patron_set_cpr(
    patron: Patron,
    *,
    undo: Annotated[
        bool, typer.Option("--undo", help="Take back a number that was set here: the record is as it was before.")
    ] = False,
    frame: Asker,
) -> None:
    """Make a replacement number (erstatningsnummer) real.

    The CPR number is asked for, or read from standard input. Name and birth date of the register's person are shown
    beside the record's; once someone says yes, the patron is subscribed, and the first copy is fetched. Where neither
    agrees, it takes a reason.
    """
    from cprsync.cli.terminal.user import ask_number, user_name
    from cprsync.services.desk.previewed_answers import preview_taking_back, take_number_back
    from cprsync.services.desk.reviewing import StaffReviews
    from cprsync.services.desk.set_cpr import SetNumber

    with frame.opened() as site:
        if undo:
            with site.library() as ours:
                reviews = StaffReviews(ours, user_name())
                taken = preview_taking_back(reviews, patron)
                with frame.confirmed(
                    taken.document, taken.preview, taking_back_lines(taken.document, frame.lang)
                ) as confirmation:
                    document = take_number_back(reviews, taken, confirmation)
        else:
            asked = SetNumber(patron, ask_number(), user_name())
            with site.desk() as desk:
                document = _set_number(desk, asked, frame)
        if document["written"]:
            publish_patron(site, patron, frame.lang)
    frame.print(document, outcome_lines(document, frame.lang))


def _set_number(desk: Desk, asked: SetNumber, asker: Asker) -> dict[str, Any]:
    """Show who has the number, ask for the yes, and write."""
    from cprsync.services.desk.set_cpr import confirm_number, preview_number

    shown = preview_number(desk, asked)
    if shown.is_set:
        return dict(shown.document)
    with asker.confirmed(shown.document, shown.preview, compared_lines(shown.document, asker.lang)) as confirmation:
        return confirm_number(desk, shown, confirmation)


def taking_back_lines(document: Mapping[str, Any], language: Language) -> Iterator[str]:
    """The record, and the warnings before its number is taken back."""
    yield word("set_cpr_undo", language, patron=document["patron"])
    yield from identity_lines(document["preview"]["whose"], language)
    yield from warning_lines(document["warnings"], language)


def compared_lines(document: Mapping[str, Any], language: Language) -> Iterator[str]:
    """The warnings, our record beside the register's person, and the blocks that come back with the number."""
    yield f"{document['patron']} · {name_of('cpr_number', language)}"
    yield from warning_lines(document["warnings"], language)
    for field, both in document["preview"]["compared"].items():
        name = word("compared_age", language) if field == "age" else name_of(field, language)
        ours, theirs = (_side_text(both, side, field, language) for side in ("ours", "theirs"))
        agrees = word("compared_sealed" if both.get("sealed") else _AGREES[both["agrees"]], language)
        yield f"  {name}: {ours} → CPR: {theirs} ({agrees})"
    yield from kept_block_lines(document["preview"]["kept_blocks"], language)


def _side_text(both: Mapping[str, Any], side: str, field: str, language: Language) -> str:
    if side in both.get("sealed", ()):
        return word("sealed_value", language)
    value = both[side]
    if value is None:
        return NOTHING
    return day_text(value, language) if field == "birth_date" else str(value)


def outcome_lines(document: Mapping[str, Any], language: Language) -> Iterator[str]:
    """The outcome for the number."""
    yield f"{document['patron']} · {name_of('cpr_number', language)}: {word('set_' + document['outcome'], language)}"
    if document["written"] and document["outcome"] == "set" and not document["verified"]:
        yield f"  ! {word('not_verified', language)}"

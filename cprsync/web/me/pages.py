"""The patron's pages: what is kept and why, who looked, what the patron may change, and a copy to take along."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from starlette.responses import Response
from starlette.routing import Route

from cprsync.catalogues import page_words
from cprsync.documents import document_of
from cprsync.domain.desk.own import Proof
from cprsync.domain.pages.privacy import field_text
from cprsync.domain.patron.fields import FIELD
from cprsync.domain.patron.kinds import LINE
from cprsync.domain.patron.local import ListChange
from cprsync.domain.person.number import hide_numbers
from cprsync.errors import BadInput
from cprsync.language.audit import citizen_rows, recipient_lines
from cprsync.language.errors import error_text
from cprsync.language.record import NOTHING, name_of
from cprsync.language.words import desk_word, has_desk_word
from cprsync.municipalities import load_municipalities
from cprsync.services.desk.own import OwnRecord
from cprsync.services.trust.citizen import Citizen, citizen_report
from cprsync.web.me.area import BACK, ROOT, SESSION, SIGN_IN
from cprsync.web.me.door import proof_of
from cprsync.web.pages.fields import Choice, choices_of, days_of, group_of, lines_of, period_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from starlette.routing import BaseRoute

    from cprsync.domain.patron.field import Field
    from cprsync.services.trust.citizen import CitizenReport
    from cprsync.web.me.door import PatronDoor
    from cprsync.web.me.signing_in import PatronSignIn
    from cprsync.web.visit import Visit

#: The name of the file that a patron takes along. It names nobody.
EXPORT: Final = "mine-oplysninger.json"


@dataclass(frozen=True, slots=True)
class OwnRow:
    """One field as the patron sees it."""

    key: str
    name: str
    lines: tuple[str, ...]
    #: what it is for, and how long it is kept
    why: str
    #: it stays off paper
    is_hidden_in_print: bool
    is_empty: bool
    #: the heading under which it stands; headings are in the order of their numbers
    group: int
    #: each line is a number that somebody reads aloud, types or copies
    is_code: bool = False


@dataclass(frozen=True, slots=True)
class OwnForm:
    """A field that the patron may change."""

    key: str
    name: str
    hint: str
    kind: str
    #: the present value, to be changed; of a period, both days
    values: tuple[str, ...]
    #: what may be taken off a list: its key in the session, and how it is shown
    entries: tuple[tuple[str, str], ...]
    #: the only values there are, with their names; (): anything may be typed
    choices: tuple[Choice, ...]
    #: the type of its input
    input: str


def show_record(visit: Visit) -> Response:
    """What the record holds about the patron, and why."""
    document = _own(visit).document()
    rows = tuple(_rows(visit, document))
    return visit.show("me/record.html", document=document, rows=rows, said=visit.session.take_said(), **_common(visit))


def show_forms(visit: Visit, *, problem: tuple[str, str] | None = None) -> Response:
    """What the patron may change."""
    own = _own(visit)
    document = own.document()
    forms = tuple(_form(visit, own, one, document["fields"][one.key]) for one in own.changeable())
    if problem is not None:
        forms = tuple(_as_typed(visit, one) if problem[0] == f"own-{one.key}" else one for one in forms)
    return visit.show(
        "me/change.html",
        back=f"{ROOT}/change",
        forms=forms,
        problem=problem,
        said=visit.session.take_said(),
        **_common(visit),
    )


def change_field(visit: Visit) -> Response:
    """Change one field. Which record it is, the session says, and nothing that was sent."""
    own, key = _own(visit), visit.typed("field")
    try:
        outcome = _change(visit, own, key)
    except BadInput as error:
        return show_forms(visit, problem=(f"own-{key}" if key in FIELD else "", error_text(error, visit.language)))
    visit.publish(own.patron_id)
    visit.session.say(visit.word(f"set_{outcome}", field=name_of(key, visit.language)))
    return visit.go_to(f"{ROOT}/change")


def show_looks(visit: Visit) -> Response:
    """Who looked the patron up: when, why, and which organisation."""
    if proof_of(visit.session) is not Proof.IDENTITY:
        return visit.go_to(ROOT)
    report = _report(visit)
    return visit.show(
        "me/looks.html",
        looks=citizen_rows(report, visit.language),
        recipients=recipient_lines(report, visit.language),
        **_common(visit),
    )


def export_record(visit: Visit) -> Response:
    """The record as the patron sees it, as a file."""
    if proof_of(visit.session) is not Proof.IDENTITY:
        return visit.go_to(ROOT)
    report = _report(visit)
    told = document_of(report)
    document = {**_own(visit).document(), "looks": told["looks"], "recipients": told["recipients"]}
    return Response(
        json.dumps(document, ensure_ascii=False, indent=2).encode(),
        media_type="application/json",
        headers={"Content-Disposition": f'attachment; filename="{EXPORT}"'},
    )


def _own(visit: Visit) -> OwnRecord:
    desk = visit.place.desk
    homes = load_municipalities().homes()
    return OwnRecord(desk, homes, visit.user, proof_of(visit.session))


def _report(visit: Visit) -> CitizenReport:
    """Who looked the patron up, and who was told of them. The audit has that the patron asked."""
    store, library = visit.place.desk.store, visit.place.site.section.name
    return citizen_report(store, Citizen(visit.user), organisation=library, user=visit.user)


def _common(visit: Visit) -> dict[str, Any]:
    return {"proved": proof_of(visit.session) is Proof.IDENTITY}


def _rows(visit: Visit, document: Mapping[str, Any]) -> Iterator[OwnRow]:
    if "patron" in document:
        yield _row(visit, "patron", (document["patron"],), is_hidden=False)
    for key, entry in document["fields"].items():
        is_hidden = bool(document.get("protected")) and (FIELD[key].sealed or FIELD[key].hidden_in_part)
        yield _row(visit, key, _lines(visit, document, key, entry), is_hidden=is_hidden)


def _lines(visit: Visit, document: Mapping[str, Any], key: str, entry: Mapping[str, Any]) -> tuple[str, ...]:
    if key == "responsible":
        return _answering(visit, document)
    if FIELD[key].kind.scanned and entry["value"]:
        return tuple(entry["value"])
    return tuple(lines_of(key, entry, visit.language))


def _row(visit: Visit, key: str, lines: tuple[str, ...], *, is_hidden: bool) -> OwnRow:
    why = _why(FIELD[key], visit.place.desk.policy, visit)
    is_empty = lines == (NOTHING,)
    is_code = FIELD[key].kind.scanned and not is_empty
    return OwnRow(key, name_of(key, visit.language), lines, why, is_hidden, is_empty, group_of(key), is_code)


def _answering(visit: Visit, document: Mapping[str, Any]) -> tuple[str, ...]:
    """How many answer for the patron, and for how many the patron does."""
    counts = {"me_responsible": document["fields"]["responsible"]["value"], "me_answers_for": document["answers_for"]}
    return tuple(visit.word(key, count=count) for key, count in counts.items() if count) or (NOTHING,)


def _why(field: Field, policy: Any, visit: Visit) -> str:
    return field_text(field, policy, page_words).text(visit.language) if field.printed else ""


# -- forms -------------------------------------------------------------------------------------------------


def _form(visit: Visit, own: OwnRecord, field: Field, entry: Mapping[str, Any]) -> OwnForm:
    key, language = field.key, visit.language
    hint = desk_word(f"me_hint_{key}", language) if has_desk_word(f"me_hint_{key}") else ""
    # what is typed of an entry may be masked on the page: the session keeps it
    entries = tuple(
        (visit.session.put(typed), lines_of(key, {**entry, "value": [shown]}, language)[0])
        for typed, shown in own.entries(key)
    )
    choices = tuple(choices_of(field.kind, entry["value"], language, own.library.policy))
    own_kind = field.kind
    kind = "list" if own_kind.is_list else "period" if own_kind.is_period else "lines" if own_kind.lines else "line"
    return OwnForm(key, name_of(key, language), hint, kind, _values(field, entry), entries, choices, own_kind.input)


def _as_typed(visit: Visit, form: OwnForm) -> OwnForm:
    """The same form with what was typed, to be mended. A CPR number in it is hidden."""
    if visit.typed("doing"):
        return form
    names = ("since", "until") if form.kind == "period" else ("text",)
    return replace(form, values=tuple(hide_numbers(visit.typed(name)) for name in names))


def _values(field: Field, entry: Mapping[str, Any]) -> tuple[str, ...]:
    value = entry["value"]
    if field.kind.is_list:
        return ()
    if field.kind.is_period:
        return days_of(value)
    return ("\n".join(value),) if isinstance(value, list) else (value or "",)


def _change(visit: Visit, own: OwnRecord, key: str) -> str:
    """Carry out what a form asks for. Return the outcome. Raises BadInput."""
    if visit.typed("doing") == ListChange.REMOVE.value:
        entry = visit.session.held(visit.typed("entry"), str)
        if entry is None:
            raise BadInput("{field}: the value is empty", field=key, kind="input.empty")
        return own.change(key, entry, ListChange.REMOVE)
    kind = FIELD[key].kind if key in FIELD else LINE
    if kind.is_period:
        return own.change(key, period_text(visit.typed("since"), visit.typed("until")))
    text = visit.typed("text")
    if kind.notices and text:
        # what a patron writes here is where the library's messages go
        text = f"*{text.lstrip('* ')}"
    return own.change(key, text, ListChange.ADD)


def me_routes(door: PatronDoor, sign_in: PatronSignIn) -> list[BaseRoute]:
    """Which of the patron's pages stands at which path."""
    return [
        Route(ROOT, door.get(show_record)),
        Route(f"{ROOT}/change", door.get(show_forms)),
        Route(f"{ROOT}/looks", door.get(show_looks)),
        Route(f"{ROOT}/export", door.get(export_record)),
        Route(f"{ROOT}/set", door.post(change_field), methods=["POST"]),
        Route(SIGN_IN, sign_in.show),
        Route(SIGN_IN, sign_in.take_card, methods=["POST"]),
        Route(f"{ROOT}/openid", sign_in.go_out),
        Route(f"{ROOT}/answers/{{answer}}", door.show_answer),
        Route(SESSION, door.show_session),
        Route(BACK, sign_in.come_back),
        Route(f"{ROOT}/sign-out", sign_in.sign_out, methods=["POST"]),
        Route(f"{ROOT}/language", door.change_language, methods=["POST"]),
    ]

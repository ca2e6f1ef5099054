"""Registers somebody new on one screen: the record as it would be, everything that is typed beside it, and one yes.

One form serves three cases: the register has answered; it does not answer now; or it does not know the person. The
register is asked once: the answer that was shown is the one that is written. What was shown waits in the session, and
so does a PIN, which no page shows again.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

from cprsync.domain.desk.confirming import Confirmation, WarningLevel
from cprsync.domain.desk.registering import MINOR, OLD_NUMBER, TYPED_BESIDE
from cprsync.domain.patron.fields import BESIDE_SEALED, FIELD
from cprsync.domain.patron.patron import Purpose
from cprsync.domain.patron.responsible import OF_AGE
from cprsync.domain.person.number import CprNumber, hide_numbers, is_number_alone
from cprsync.errors import BadInput, CprsyncError, NoSuchPerson, NotConfirmed, RegisterUnavailable
from cprsync.language.errors import error_text
from cprsync.language.words import has_desk_word
from cprsync.municipalities import load_municipalities
from cprsync.services.desk.adding import MUNICIPALITY, confirm_addition, preview_addition
from cprsync.services.desk.answering import FIELD as RESPONSIBLE
from cprsync.services.desk.lookup import Asked
from cprsync.services.desk.registering import preview_registration
from cprsync.services.desk.showing import warning_documents
from cprsync.services.desk.viewing import read_number
from cprsync.web.pages.fields import Choice, beside_of, label_of, municipality_choices, rows_of
from cprsync.web.pages.records import marks_in, whose_name
from cprsync.web.registering import Case, Way

if TYPE_CHECKING:
    from starlette.responses import Response

    from cprsync.domain.desk.confirming import Preview
    from cprsync.domain.patron.field import Field
    from cprsync.services.desk.adding import Addition
    from cprsync.services.desk.answering import ShownResponsible
    from cprsync.services.desk.registering import Registration
    from cprsync.web.visit import Visit

#: What somebody new is looked up for.
NEW_FOR: Final = (Purpose.REGISTRATION,)
#: The field of an error that has no field of its own.
_FIELDS: Final = {"confirm.reason": "reason", "input.reason": "reason", "card.taken": "cards", "card.number": "cards"}


#: The record is another by now than the one that was shown, which may be sealed since: it is not shown again.
OUTDATED: Final = frozenset({"confirm.changed", "patron.exists"})
#: What the form says instead of an error's own sentence, which names a call or a file.
_TOLD: Final = {NoSuchPerson.kind: "wrong_number_unknown"}


#: What is typed about a person unknown to the register.
OWN_WORDS: Final = ("cpr_number", "name", "birth_date", "address", MUNICIPALITY, "group")
#: Where a CPR number may be typed beside those who answer, what stands between several cards, and what ends the name of
#: the choice to use a number that the form has in hand.
_CARDS, _BETWEEN, _KEPT = "cards", " | ", "_kept"
#: What staff type, in the order of the form, besides what is typed beside every answer.
_OWN: Final = {Way.REGISTER: (), Way.PROVISIONAL: ("name", "address"), Way.UNREGISTERED: OWN_WORDS}


#: What is typed beside every answer, and what a person says of themselves as well. A PIN is typed again.
_BESIDE: Final = frozenset(one.key for one in BESIDE_SEALED)
_SAID: Final = frozenset(key for key in (*_BESIDE, "name", "birth_date", "address") if not FIELD[key].kind.hidden)


@dataclass(frozen=True, slots=True, repr=False)
class Number:
    """A number that waits for a purpose."""

    number: CprNumber
    #: whether the person at the desk has typed it: only then a page shows it
    was_typed: bool
    #: what was typed of the person before, by field
    typed: Mapping[str, str] = field(default_factory=dict)
    #: the patron number of somebody who only answers for a minor; "": nobody has the number
    answers: str = ""


@dataclass(frozen=True, slots=True, repr=False)
class OnForm(Case):
    """What was shown on the form."""

    #: the PIN that is remembered, so that it need not be typed again; "": none
    pin: str = ""
    #: whether the number was typed at the desk
    was_typed: bool = False
    #: the warnings that were shown, and the patrons who may be the same person; None: nothing was shown yet
    warned: tuple[str, ...] | None = None
    #: whether the person is known to be a minor
    is_minor: bool = False


def show_purposes(visit: Visit, waiting: Number) -> Response:
    """Ask what the register is to be asked for. A number that somebody has typed may be mended."""
    return visit.show(
        "purpose.html",
        key=visit.session.put(waiting),
        purposes=[one.value for one in NEW_FOR],
        answers=waiting.answers,
        typed=waiting.number.digits if waiting.was_typed else "",
        said=visit.session.take_said(),
    )


def show_empty_form(visit: Visit) -> Response:
    """The form for somebody without a CPR number."""
    return _show(visit, OnForm(Way.UNREGISTERED), None)


def show_form_without(visit: Visit) -> Response:
    """The form for somebody without a CPR number, with what was typed while they were thought to have one."""
    key = visit.typed("key")
    before = visit.session.held(key, Number) or visit.session.held(key, OnForm)
    typed = {} if before is None else before.typed
    return _show(
        visit, OnForm(Way.UNREGISTERED, typed={key: text for key, text in typed.items() if key in _SAID}), None
    )


def look_up_new(visit: Visit) -> Response:
    """Ask the register about a number that no patron has, and show the record as it would be.

    If it does not answer, the same form serves for a provisional registration.
    """
    case = _waiting(visit)
    if case is None or case.number is None or visit.typed("purpose") not in {one.value for one in NEW_FOR}:
        return begin_again(visit)
    try:
        asked = Asked(case.number, Purpose(visit.typed("purpose")), visit.user)
        registration = preview_registration(visit.place.desk, asked)
    except RegisterUnavailable:
        return _show_provisional(visit, case, case.number)
    visit.session.drop(visit.typed("key"))
    if (known := _borrower(registration)) is not None:
        old = warning_documents(one for one in registration.preview.warnings if one.kind == OLD_NUMBER)
        visit.session.say(" ".join([visit.word("known_already"), *(one["text"][visit.language] for one in old)]))
        return visit.go_to(f"/patrons/{known}")
    if not registration.document["found"]:
        # what they said of themselves serves without a number too
        return _show(visit, replace(case, way=Way.REGISTER, registration=registration), None)
    typed = {key: text for key, text in case.typed.items() if key in _BESIDE}
    return _show(visit, replace(case, way=Way.REGISTER, registration=registration, typed=typed), None)


def show_shown(visit: Visit) -> Response:
    """The registration as it was shown: it is none of the patrons who were asked about, or in the other language."""
    held = visit.session.held(visit.typed("key"), OnForm)
    if held is None:
        return begin_again(visit)
    if not visit.typed("to"):
        return _show(visit, held, None)
    visit.session.language = "en" if visit.typed("to") == "en" else "da"
    # a code that is typed now is remembered by a yes alone
    codes = {field.key for field in BESIDE_SEALED if field.kind.hidden and visit.typed(field.key)}
    case = _filled_in(visit, held)
    case = replace(case, pin=held.pin, typed={key: text for key, text in case.typed.items() if key not in codes})
    problem = next(((key, visit.word("code_again")) for key in codes), None)
    if case.way is Way.PROVISIONAL and case.number is not None:
        return _show_provisional(visit, case, case.number, problem=problem)
    return _show(visit, case, None, problem=problem)


def _waiting(visit: Visit) -> OnForm | None:
    """What the register is to be asked about: a typed number, or a provisional form with all that was typed on it."""
    key = visit.typed("key")
    held = visit.session.held(key, Number) or visit.session.held(key, OnForm)
    if isinstance(held, Number):
        return OnForm(Way.PROVISIONAL, number=held.number, typed=held.typed, was_typed=held.was_typed)
    return None if held is None or held.way is not Way.PROVISIONAL else _filled_in(visit, held)


def _borrower(registration: Registration) -> str | None:
    """The patron who has the number that took the place of the typed one. None: nobody, or they only answer."""
    decided = registration.decided
    return None if decided is None or decided.view is None or not decided.patron.borrows else decided.patron.id


def _show_provisional(
    visit: Visit, case: OnForm, number: CprNumber, *, problem: tuple[str, str] | None = None
) -> Response:
    """The form for a number about which the register does not answer. It may be asked again at once."""
    typed = json.dumps({"cpr_number": number.digits, "name": "–"})
    shown = preview_addition(visit.place.desk, typed, user=visit.user, provisional=True)
    return _show(visit, case, shown, problem=problem)


def check_own_words(visit: Visit) -> Response:
    """Show what would be written of somebody without a CPR number, before it is."""
    return _answer(visit, OnForm(Way.UNREGISTERED))


def confirm_new(visit: Visit) -> Response:
    """Write what was shown, with what was typed beside it. If something new has to be seen first, show it."""
    case = visit.session.held(visit.typed("key"), OnForm)
    return begin_again(visit) if case is None else _answer(visit, case)


def _filled_in(visit: Visit, case: OnForm) -> OnForm:
    """The same case with what is typed on its form now."""
    typed = _typed(visit, (*_OWN[case.way], *(field.key for field in BESIDE_SEALED)))
    if visit.typed(f"{_CARDS}{_KEPT}"):
        typed[_CARDS] = _BETWEEN.join([*_numbers_among(case.typed), *filter(None, [typed.get(_CARDS)])])
    # it stays in hand while no card is typed, too: the card may be typed next
    pin = typed.get("pin") or case.pin
    if pin and typed.get(_CARDS):
        typed["pin"] = pin
    answers = visit.typed(RESPONSIBLE)
    if not answers and visit.typed(f"{RESPONSIBLE}{_KEPT}") and read_number(case.answers) is not None:
        answers = case.answers
    responsible = case.responsible if answers == case.answers else None
    return replace(case, typed=typed, pin=pin, answers=answers, responsible=responsible)


def _answer(visit: Visit, case: OnForm) -> Response:
    case = _filled_in(visit, case)
    typed, responsible = case.typed, case.responsible
    try:
        shown = case.preview(visit.place.desk, visit.user)
        case = replace(case, responsible=shown.responsible, answers=_named(shown.responsible, case.answers))
        if _is_new(case, shown, responsible):
            return _show(visit, case, shown)
        done = confirm_addition(visit.place.desk, shown, Confirmation(shown.preview.digest, visit.typed("reason")))
    except (BadInput, NotConfirmed) as error:
        # without the register's answer the form shows what was typed alone
        if case.registration is not None and error.kind in OUTDATED:
            visit.session.drop(visit.typed("key"))
            return _begin_with(visit, case, error)
        problem = problem_of(visit, error)
        # with a card beside it, nothing is wrong at the PIN but the PIN
        is_wrong_pin = problem[0] == "pin" and bool(typed.get("cards"))
        is_nobodys = problem[0] == RESPONSIBLE and error.kind == NoSuchPerson.kind
        return _show(
            visit, replace(case, pin="") if is_wrong_pin else case, None, problem=problem, shows_number=is_nobodys
        )
    visit.session.drop(visit.typed("key"))
    visit.publish(done["patron"])
    visit.session.say(_told(visit, done))
    return visit.go_to(f"/patrons/{done['patron']}")


def _begin_with(visit: Visit, case: OnForm, error: BadInput | NotConfirmed) -> Response:
    """Ask for the look-up again, because its answer is true no more. What was typed beside it is kept."""
    told = error_text(error, visit.language)
    visit.session.refuse(f"{told[:1].upper()}{told[1:]}.")
    if case.number is None or visit.place.desk.store.patrons.find(case.number) is not None:
        return visit.go_to("/")
    typed = {key: text for key, text in case.typed.items() if key in _SAID}
    return show_purposes(visit, Number(case.number, case.was_typed, typed))


def _named(responsible: ShownResponsible | None, typed: str) -> str:
    """Who answers, as the form shows it again: a patron by their patron number, not by their CPR number."""
    return typed if responsible is None or responsible.known is None else responsible.known


def _numbers_among(typed: Mapping[str, str]) -> list[str]:
    """The typed cards that are CPR numbers."""
    return [card for card in typed.get(_CARDS, "").split(_BETWEEN) if is_number_alone(card)]


def _in_hand(case: OnForm, problem: tuple[str, str] | None) -> dict[str, bool]:
    """The fields whose CPR number the form keeps, and whether it proposes to use it. One that is wrong is not proposed.

    The number stands in no field: nobody could tell a mask from what is sent.
    """
    held = {_CARDS: bool(_numbers_among(case.typed)), RESPONSIBLE: read_number(case.answers) is not None}
    return {name: problem is None or problem[0] != name for name, is_held in held.items() if is_held}


def _is_new(case: OnForm, shown: Addition, before: ShownResponsible | None) -> bool:
    """Whether staff have to see something before their yes: a warning, or who answers for a minor."""
    unseen = set(_to_see(shown.preview, shown.document)) - {TYPED_BESIDE} - set(case.warned or ())
    return shown.responsible != before or case.warned is None or bool(unseen)


def _to_see(preview: Preview, document: Mapping[str, Any]) -> tuple[str, ...]:
    """What staff see before their yes: the kinds of the warnings, and who may be the same person."""
    return (*(one.kind for one in preview.warnings), *(one["patron"] for one in document.get("namesakes", ())))


def _typed(visit: Visit, keys: tuple[str, ...]) -> dict[str, str]:
    """What was typed, by field, as a row of a list of patrons has it."""
    typed = {key: _typed_in(visit, FIELD[key]) for key in keys}
    return {key: text for key, text in typed.items() if text}


def _typed_in(visit: Visit, field: Field) -> str:
    texts = [visit.typed_contact(field.key)] if field.kind.notices else visit.all_typed(field.key)
    lines = (line.strip() for text in texts for line in text.splitlines())
    # a bar stands between the values and lines of a field that may have several, and is a letter in a note
    between = "\n" if field.kind.lines and not field.kind.several else _BETWEEN
    return between.join(line for line in lines if line)


def _show(
    visit: Visit,
    case: OnForm,
    shown: Addition | None,
    *,
    problem: tuple[str, str] | None = None,
    shows_number: bool = False,
) -> Response:
    """The record as it would be, the warnings, and the form of the yes.

    `shown` None: as the register answered. `shows_number`: who was to answer has a number that nobody has, so it is
    shown to be mended.
    """
    registration, has_news = case.registration, True
    preview = shown.preview if shown is not None else None if registration is None else registration.preview
    document = shown.document if shown is not None else {} if registration is None else registration.document
    if preview is not None:
        answered = case.responsible is not None
        preview = replace(preview, warnings=tuple(one for one in preview.warnings if not answered or one.kind != MINOR))
        seen, case = case.warned, replace(case, warned=_to_see(preview, document))
        has_news = seen is None or not set(case.warned or ()) <= set(seen)
    if document:
        age = document.get("preview", {}).get("age")
        case = replace(case, is_minor=age is not None and age < OF_AGE)
    is_known = registration is not None
    # a free text in which no CPR number may stand shows none again
    typed = {key: hide_numbers(text) if FIELD[key].kind.free_text else text for key, text in case.typed.items()}
    kept = {} if shows_number else _in_hand(case, problem)
    if _CARDS in kept:
        typed[_CARDS] = _BETWEEN.join(one for one in typed[_CARDS].split(_BETWEEN) if not is_number_alone(one))
    return visit.show(
        "registering.html",
        way=case.way.value,
        is_found=not is_known or bool(document["found"]),
        is_writable=registration is None or registration.is_writable,
        is_shown=shown is not None or is_known,
        document=document,
        whose=whose_name(document) if is_known else "",
        marks=marks_in(document, visit.language) if is_known else [],
        rows=list(rows_of(document["fields"], visit.language)) if is_known else [],
        may_be_minor=case.way is Way.UNREGISTERED or MINOR in (case.warned or ()) or bool(case.answers),
        responsible=None if case.responsible is None else case.responsible.document,
        is_minor=case.is_minor,
        answers="" if RESPONSIBLE in kept else case.answers,
        kept=kept,
        has_pin=bool(case.pin),
        has_news=has_news,
        namesakes=document.get("namesakes", ()),
        key=visit.session.put_object(case),
        number=case.number.digits if case.number is not None and case.was_typed else "",
        beside=list(beside_of(typed, visit.language, visit.place.desk.policy, sealed=bool(document.get("protected")))),
        municipalities=[Choice("", visit.word("not_chosen")), *municipality_choices(load_municipalities())],
        typed=typed,
        problem=problem,
        **asking(visit, preview),
    )


def asking(visit: Visit, preview: Preview | None) -> dict[str, Any]:
    """What the question is asked with: the warnings, the strongest first, and whether a reason is needed."""
    if preview is None:
        return {"warnings": [], "needs_reason": False, "typed_reason": ""}
    warnings = sorted(preview.warnings, key=lambda one: list(WarningLevel).index(one.level), reverse=True)
    return {
        "warnings": [(one["level"], one["text"][visit.language]) for one in warning_documents(warnings)],
        "needs_reason": preview.needs_reason,
        "typed_reason": hide_numbers(visit.typed("reason")),
    }


def _told(visit: Visit, written: Mapping[str, Any]) -> str:
    """What was done, in plain words: who, what was kept, who answers, and who sends what from now on."""
    done = written["done"]
    names = [label_of(field.key, visit.language) for field in BESIDE_SEALED if field.key in done["kept"]]
    said = [visit.word("done_provisional" if done["provisional"] else "done_registered", patron=written["patron"])]
    if names:
        said.append(visit.word("done_kept", fields=", ".join(names)))
    if done["responsible"]:
        said.append(visit.word("done_responsible", patron=", ".join(done["responsible"])))
    then = "done_waits" if done["provisional"] else "done_follows" if done["subscribed"] else "done_own"
    said.append(visit.word(then))
    return " ".join(said)


def begin_again(visit: Visit) -> Response:
    """What was in hand is gone: it was written, or too long ago."""
    visit.session.warn(visit.word("begin_again"))
    return visit.go_to("/")


def problem_of(visit: Visit, error: BadInput | NotConfirmed) -> tuple[str, str]:
    """The field that is wrong, and why, in the words of the form. "": the error is about no field."""
    place = _FIELDS.get(error.kind, str(error.values.get("field", "")))
    key = _TOLD.get(error.kind, f"wrong_{place}")
    if place and has_desk_word(key):
        return place, visit.word(key)
    if place == "cards" and isinstance(why := error.values.get("why"), CprsyncError):
        return place, f"{label_of(place, visit.language)}: {error_text(why, visit.language)}"
    return place, error_text(error, visit.language)

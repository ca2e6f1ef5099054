"""Changes one record: what patron and staff own, corrections over the register, and who answers for a minor."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cprsync.domain.desk.confirming import Confirmation
from cprsync.domain.desk.settable import LISTS, OVERRIDDEN
from cprsync.domain.patron.fields import FIELD
from cprsync.domain.patron.local import ListChange
from cprsync.domain.person.days import day_of
from cprsync.domain.person.number import hide_numbers, is_number_alone
from cprsync.errors import BadInput, ConfigurationError, NoSuchPerson, NotConfirmed
from cprsync.language.errors import error_text
from cprsync.language.record import name_of
from cprsync.language.words import word
from cprsync.municipalities import load_municipalities
from cprsync.services.desk.answering import Answering, confirm_answering, preview_answering
from cprsync.services.desk.responsibles import ResponsibleRequest, end_responsible
from cprsync.services.desk.setting import PIN, Setting, SettingDesk, set_field
from cprsync.services.desk.showing import whose_document
from cprsync.services.desk.viewing import find_patron, read_number, view_of
from cprsync.web.pages.fields import CORRECTS, NAMES, period_text
from cprsync.web.pages.records import FormProblem, show_record

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from starlette.responses import Response

    from cprsync.web.visit import Visit


def set_field_of(visit: Visit) -> Response:
    """Set one field that patron or staff own, or change one entry of a list."""
    patron, field = visit.named("patron"), visit.typed("field")
    is_period = field in FIELD and FIELD[field].kind.is_period
    text = period_text(visit.typed("since"), visit.typed("until")) if is_period else visit.typed_contact("text")
    doing = next((one for one in ListChange if one.value == visit.typed("doing")), None)
    # nothing typed empties a field, but no list and no PIN: nobody asked for that
    keeps = (field in LISTS or field == PIN) and visit.typed("doing") != "clear"
    was = visit.typed("was") if "was" in visit.form else None
    asked = Setting(patron, field, text if keeps else text or None, visit.user, doing=doing, was=was)
    return _set(visit, asked, form=field)


def correct_field(visit: Visit) -> Response:
    """Correct a field that the register or a rule decides, for a time; or take the correction back."""
    patron, field, reason = visit.named("patron"), visit.typed("field"), visit.typed("reason")
    form = f"{CORRECTS}{field}"
    if visit.typed("doing") == "withdraw":
        return _set(visit, Setting(patron, field, None, visit.user, reason=reason), form=form)
    try:
        until = _day_or_none(visit.typed("until"))
    except BadInput as error:
        told = error_text(error, visit.language)
        return show_record(visit, problem=FormProblem(form, told, _typed_again(visit), _UNTIL))
    asked = Setting(patron, field, visit.typed("text"), visit.user, reason=reason, until=until)
    return _set(visit, asked, form=form)


def _day_or_none(typed: str) -> date | None:
    return day_of(typed) if typed else None


def _set(visit: Visit, asked: Setting, *, form: str) -> Response:
    desk = visit.place.desk
    try:
        done = set_field(SettingDesk(desk, load_municipalities().homes()), asked)
    except NotConfirmed as error:
        # the row shows what a colleague has written meanwhile, and the form what was typed
        return show_record(
            visit, problem=FormProblem(form, _why(visit, error), {} if asked.field == PIN else _typed_again(visit))
        )
    except (BadInput, ConfigurationError) as error:
        is_shown = asked.text is not None and asked.field != PIN and asked.doing in {None, ListChange.ADD}
        typed = _typed_again(visit) if is_shown else {}
        return show_record(visit, problem=FormProblem(form, _why(visit, error), typed, _input_of(asked, error)))
    visit.publish(asked.patron_id, field=asked.field)
    told = visit.word(f"set_{done['outcome']}", field=name_of(asked.field, visit.language))
    visit.session.say(told, field=asked.field)
    return visit.go_to(f"/patrons/{asked.patron_id}{_DONE}")


#: Where a record's page says in a row what was done. A browser puts the cursor there, also without a script.
_DONE = "#done"


def _typed_again(visit: Visit) -> dict[str, str]:
    """What was typed, for the form that comes back. A CPR number in it is hidden.

    What is a number and nothing else does not come back: a scanner would write the next card beside what hides it.
    """
    typed = {key: visit.typed(key) for key in ("since", "until", "reason")} | {"text": visit.typed_contact("text")}
    return {key: "" if is_number_alone(text) else hide_numbers(text) for key, text in typed.items()}


#: The inputs of a form beside the one of the value, by the end of their ids. The last: why one is taken back.
_REASON, _UNTIL, _BACK = "reason", "until", "back-reason"
#: What the commands ask for by an option, and the page by an input: its words.
_MISSING = {"usage.reason": "reason_missing", "usage.until": "until_missing"}
#: The input that is wrong, by what is wrong.
_AT = {"usage.reason": _REASON, "input.reason": _REASON, "usage.until": _UNTIL}


def _why(visit: Visit, error: BadInput | ConfigurationError | NotConfirmed) -> str:
    missing = _MISSING.get(error.kind)
    return error_text(error, visit.language) if missing is None else visit.word(missing)


def _input_of(asked: Setting, error: BadInput | ConfigurationError) -> str:
    """The input that is wrong. "": the one of the value."""
    takes_back = asked.text is None and asked.field in OVERRIDDEN
    return _BACK if takes_back else _AT.get(error.kind, "")


def change_responsible(visit: Visit) -> Response:
    """Let someone answer for a minor, after a yes to who they are; or end that.

    They are named by CPR number, patron number or card.
    """
    doing, typed = visit.typed("doing"), visit.typed("number")
    if doing == "confirm":
        return _confirm_responsible(visit)
    if not typed:
        return show_record(visit, problem=FormProblem(NAMES, visit.word("responsible_missing")))
    try:
        return _show_responsible(visit, typed) if doing == "add" else _end_responsible(visit, typed)
    except NoSuchPerson:
        # a number that nobody has is shown, to be mended
        return show_record(visit, problem=FormProblem(NAMES, visit.word("wrong_number_unknown"), {"number": typed}))
    except BadInput as error:
        again = "" if is_number_alone(typed) else hide_numbers(typed)
        return show_record(visit, problem=FormProblem(NAMES, error_text(error, visit.language), {"number": again}))


def _show_responsible(visit: Visit, typed: str) -> Response:
    """Show who would answer, before they do. Somebody who does already is said to."""
    desk, patron = visit.place.desk, visit.named("patron")
    held = preview_answering(desk, patron, typed, visit.user)
    if held.is_linked:
        return _tell_responsible(visit, confirm_answering(desk, held, Confirmation(held.preview.digest)))
    view = view_of(desk.store, patron)
    return visit.show(
        "answering.html",
        patron=patron,
        whose=whose_document(view, desk.policy, on=desk.clock.today())["name"],
        responsible=held.shown.document,
        number=held.shown.number.masked(),
        key=visit.session.put_object(held),
    )


def _confirm_responsible(visit: Visit) -> Response:
    patron, key = visit.named("patron"), visit.typed("key")
    held = visit.session.held(key, Answering)
    if held is None or held.patron_id != patron:
        visit.session.warn(visit.word("begin_again"))
        return visit.go_to(f"/patrons/{patron}")
    visit.session.drop(key)
    try:
        done = confirm_answering(visit.place.desk, held, Confirmation(held.preview.digest))
    except (BadInput, NotConfirmed) as error:
        return visit.begin_anew(error, f"/patrons/{patron}")
    return _tell_responsible(visit, done)


def _end_responsible(visit: Visit, typed: str) -> Response:
    patron, desk = visit.named("patron"), visit.place.desk
    found = find_patron(desk.store, typed)["patron"]
    asked = ResponsibleRequest(patron, visit.user, number=read_number(typed), responsible_id=found)
    return _tell_responsible(visit, end_responsible(desk, asked))


def _tell_responsible(visit: Visit, done: Mapping[str, Any]) -> Response:
    who = word("responsible_number", visit.language, patron=done["responsible"])
    told = word(f"responsible_{done['outcome']}", visit.language, who=who, patron=done["patron"])
    visit.session.say(told, field="responsible")
    return visit.go_to(f"/patrons/{done['patron']}{_DONE}")

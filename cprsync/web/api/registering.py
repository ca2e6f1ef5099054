"""Register somebody: what would be written is shown first, and one yes writes exactly that.

The register is asked once, for the preview. If it does not answer, the person may be registered by their own words
until it does. What was shown waits in the session under a key. The same yes twice writes once, and is answered alike.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from cprsync.domain.desk.confirming import Confirmation
from cprsync.domain.desk.roles import Task
from cprsync.domain.patron.fields import BESIDE_SEALED
from cprsync.domain.patron.patron import Purpose
from cprsync.errors import BadInput, RegisterUnavailable
from cprsync.services.desk.adding import confirm_addition, preview_addition
from cprsync.services.desk.lookup import Asked, read_patron
from cprsync.services.desk.registering import confirm_registration, preview_registration
from cprsync.web.api.calls import Caller, PatronNumber, mark_notices, no_key, no_notices, router_for
from cprsync.web.api.patrons import question_of, read_number
from cprsync.web.api.shapes import asked, registrations
from cprsync.web.registering import Case, Way

if TYPE_CHECKING:
    from cprsync.domain.person.number import CprNumber
    from cprsync.services.desk.lookup import Desk
    from cprsync.services.desk.registering import Registration
    from cprsync.web.api.calls import ApiCall

serving = router_for(Task.SERVE)
#: What is sent beside the fields of a record.
_NO_FIELDS: Final = frozenset({"key", "responsible"})
#: No name is typed yet: only what is known of the number is shown.
_NO_NAME: Final = "–"


@dataclass(frozen=True, slots=True, repr=False)
class InHand(Case):
    """What was shown to a program."""

    #: of the preview with all that was typed; "": only the register's answer was shown
    digest: str = ""


@dataclass(frozen=True, slots=True, repr=False)
class Written:
    """What a yes was answered with, should it be sent again."""

    answer: Mapping[str, Any]


@serving.post("/registrations/preview", response_model=registrations.Shown)
def preview(call: Caller, wanted: asked.LookUp) -> Any:
    """Ask the register, and show what registering would write: a new patron, or news of one.

    If it does not answer, `way` is `provisional`: send name and address to `/registrations/beside`.
    """
    question = question_of(call.user, wanted)
    with call.place(asks=True) as place:
        return _asked(call, place.desk, question)


@serving.post("/patrons/{patron}/look-up", response_model=registrations.Shown)
def preview_patron(call: Caller, patron: PatronNumber, wanted: asked.LookUpPatron) -> Any:
    """Ask the register about a patron, and show what would change. Nobody has to know the CPR number."""
    with call.place(asks=True) as place:
        number = read_patron(place.desk.store, patron).number
        return _asked(call, place.desk, Asked(number, Purpose(wanted.purpose), call.user))


def _asked(call: ApiCall, desk: Desk, question: Asked) -> dict[str, Any]:
    try:
        registration = preview_registration(desk, question)
    except RegisterUnavailable:
        if question.purpose is not Purpose.REGISTRATION:
            raise
        return _shown_unanswered(call, desk, question.number)
    return _shown(call, InHand(Way.REGISTER, registration), registration.document)


def _shown_unanswered(call: ApiCall, desk: Desk, number: CprNumber) -> dict[str, Any]:
    """What is known of a number about which the register does not answer. It may be asked again at once."""
    typed = json.dumps({"cpr_number": number.digits, "name": _NO_NAME})
    addition = preview_addition(desk, typed, user=call.user, provisional=True)
    return _shown(call, InHand(Way.PROVISIONAL, number=number), {**addition.document, "typed": {}})


@serving.post("/registrations/own-words", response_model=registrations.Shown)
def preview_own_words(call: Caller, wanted: asked.OwnWords) -> Any:
    """Show what would be written about a person unknown to the register."""
    typed = typed_texts(wanted)
    number = typed.get("cpr_number", "")
    if number and not read_number(number).is_replacement:
        raise BadInput("the register knows such a number: ask for a look-up", kind="number.real")
    with call.place(asks=True) as place:
        return _shown_typed(call, place.desk, InHand(Way.UNREGISTERED, typed=typed), wanted.responsible)


@serving.post("/registrations/beside", response_model=registrations.Shown)
def preview_beside(call: Caller, wanted: asked.TypedBeside) -> Any:
    """Show the same with all that is typed beside it, and with who answers for a minor. The yes names the new key."""
    case = _held(call, wanted.key)
    if isinstance(case, Written) or case.way is Way.UNREGISTERED:
        raise no_key()
    _refuse_patron(case)
    filled = replace(case, typed=typed_texts(wanted))
    with call.place(asks=True) as place:
        return _shown_typed(call, place.desk, filled, wanted.responsible)


def _shown_typed(call: ApiCall, desk: Desk, case: InHand, answers: str) -> dict[str, Any]:
    answers = answers.strip()
    case = replace(case, answers=answers, responsible=case.responsible if answers == case.answers else None)
    addition = case.preview(desk, call.user)
    shown = replace(case, responsible=addition.responsible, digest=addition.preview.digest)
    return _shown(call, shown, addition.document)


def _shown(call: ApiCall, case: InHand, document: Mapping[str, Any]) -> dict[str, Any]:
    return {"key": call.session.put_object(case), "way": case.way.value, "shown": document}


@serving.post("/registrations/confirm", response_model=registrations.Written)
def confirm(call: Caller, yes: asked.Yes) -> Any:
    """Write what was shown, with what is typed beside it; subscribe, and tell CULR.

    The same key twice writes once, and is answered alike.
    """
    case = _held(call, yes.key)
    if isinstance(case, Written):
        return case.answer
    with call.place(asks=True) as place:
        document = _write(place.desk, case, yes, call.user)
        # kept before CULR is asked: whatever comes of that, the same yes writes nothing more
        call.session.keep(yes.key, Written({"written": document, "told": False}))
        told = bool(document["written"]) and place.site.publish_patron(str(document["patron"]))
        answer = {"written": document, "told": told}
        call.session.keep(yes.key, Written(answer))
        return answer


def _held(call: ApiCall, key: str) -> InHand | Written:
    case = call.session.held(key, InHand) or call.session.held(key, Written)
    if case is None:
        raise no_key()
    return case


def _write(desk: Desk, case: InHand, yes: asked.Yes, user: str) -> Mapping[str, Any]:
    beside, registration = typed_texts(yes.beside), case.registration
    if beside:
        if case.digest or case.way is not Way.REGISTER:
            raise _nothing_beside()
        _refuse_patron(case)
        case = InHand(case.way, registration, typed=beside)
    elif registration is not None and not case.digest and _is_there(registration):
        return confirm_registration(desk, registration, Confirmation(registration.preview.digest, yes.reason)).document
    addition = case.preview(desk, user)
    # what only the register's answer was shown of has nothing more to be seen
    return confirm_addition(desk, addition, Confirmation(case.digest or addition.preview.digest, yes.reason))


def _is_there(registration: Registration) -> bool:
    """Whether the register's answer is news of a record, or nothing can be written of it."""
    return registration.heard.patron_id is not None or not registration.is_writable


def _refuse_patron(case: InHand) -> None:
    """Refuse values beside the answer about a patron, or about a person who cannot be written."""
    one = case.registration
    if one is None:
        return
    borrows = one.heard.patron_id is not None and one.decided is not None and one.decided.patron.borrows
    if borrows or not one.is_writable:
        raise _nothing_beside()


def _nothing_beside() -> BadInput:
    return BadInput("only a new patron of the register's has anything typed beside it", kind="confirm.beside")


def typed_texts(typed: asked.BesideBody) -> dict[str, str]:
    """What was typed, by field, as a row of a list of patrons has it."""
    sent = typed.model_dump(exclude={*_NO_FIELDS, "notices"})
    takers = [one.key for one in BESIDE_SEALED if one.kind.notices]
    if not {*typed.notices} <= {text for name in takers for text in sent[name]}:
        raise no_notices()
    for name in takers:
        sent[name] = [mark_notices(text, gets=text in typed.notices) for text in sent[name]]
    texts = {name: " | ".join(value) if isinstance(value, list) else value for name, value in sent.items()}
    return {name: text for name, text in texts.items() if text.strip()}

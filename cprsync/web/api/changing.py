"""Change one record: a field, who answers for a minor, the number; and let the patron leave, or erase them.

Who answers, a number, leaving and erasing have a preview, and one yes to exactly that.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cprsync.domain.desk.confirming import Confirmation
from cprsync.domain.desk.parting import Ending
from cprsync.domain.desk.roles import Task
from cprsync.domain.patron.fields import FIELD
from cprsync.domain.patron.local import ListChange
from cprsync.domain.person.days import day_of
from cprsync.municipalities import load_municipalities
from cprsync.services.desk.answering import Answering, confirm_answering, preview_answering
from cprsync.services.desk.responsibles import ResponsibleRequest, end_responsible
from cprsync.services.desk.set_cpr import NumberPreview, SetNumber, confirm_number, preview_number
from cprsync.services.desk.setting import Setting, SettingDesk, set_field
from cprsync.services.desk.viewing import find_patron
from cprsync.services.leaving.departing import LeavingDesk
from cprsync.web.api.calls import Caller, PatronNumber, mark_notices, no_key, no_notices, router_for
from cprsync.web.api.patrons import read_number
from cprsync.web.api.shapes import asked, outcomes, registrations

serving, erasing = router_for(Task.SERVE), router_for(Task.ERASE)


@serving.post("/patrons/{patron}/fields", response_model=outcomes.ChangedField)
def set_one_field(call: Caller, patron: PatronNumber, wanted: asked.SetField) -> Any:
    """Set one field, change one entry of a list, or correct what the register says for a time.

    The same request twice changes nothing the second time.
    """
    doing = None if wanted.doing is None else ListChange(wanted.doing)
    until = None if wanted.until is None else day_of(wanted.until)
    text, takes_notices = wanted.text, FIELD[wanted.field].kind.notices
    if wanted.notices and (text is None or not takes_notices):
        raise no_notices()
    if text is not None and takes_notices:
        text = mark_notices(text, gets=wanted.notices)
    setting = Setting(patron, wanted.field, text, call.user, wanted.reason, until, doing, wanted.was)
    with call.place(asks=True) as place:
        desk = place.desk
        done = set_field(SettingDesk(desk, load_municipalities().homes()), setting)
        return {"done": done, "told": place.site.publish_patron(patron)}


@dataclass(frozen=True, slots=True, repr=False)
class LinkMade:
    """What the yes to who answers was answered with, should it be sent again."""

    patron: str
    answer: Mapping[str, Any]


@serving.post("/patrons/{patron}/responsibles/preview", response_model=registrations.LinkShown)
def preview_responsible(call: Caller, patron: PatronNumber, wanted: asked.LinkBody) -> Any:
    """Show who would answer for a minor. Who is no patron is looked up. Nothing is written."""
    with call.place(asks=True) as place:
        held = preview_answering(place.desk, patron, wanted.who, call.user)
        return {"key": call.session.put_object(held), "shown": held.shown.document, "is_linked": held.is_linked}


@serving.post("/patrons/{patron}/responsibles/confirm", response_model=outcomes.ChangedLink)
def confirm_responsible(call: Caller, patron: PatronNumber, yes: asked.YesToLink) -> Any:
    """Let them answer as they were shown. Who is no patron gets a record. The same key twice does it once."""
    made = call.session.held(yes.key, LinkMade)
    if made is not None and made.patron == patron:
        return made.answer
    held = call.session.held(yes.key, Answering)
    if held is None or held.patron_id != patron:
        raise no_key()
    with call.place(asks=True) as place:
        answer = confirm_answering(place.desk, held, Confirmation(held.preview.digest))
        call.session.keep(yes.key, LinkMade(patron, answer))
        return answer


@serving.post("/patrons/{patron}/responsibles/end", response_model=outcomes.ChangedLink)
def let_go_responsible(call: Caller, patron: PatronNumber, wanted: asked.LinkBody) -> Any:
    """End it that somebody answers for a minor. Older debts stay theirs."""
    with call.place() as place:
        store = place.desk.store
        found = find_patron(store, wanted.who)["patron"]
        number = None if found is not None else read_number(wanted.who)
        return end_responsible(place.desk, ResponsibleRequest(patron, call.user, number=number, responsible_id=found))


@dataclass(frozen=True, slots=True, repr=False)
class NumberGiven:
    """What the yes was answered with, should it be sent again."""

    patron: str
    answer: Mapping[str, Any]


@serving.post("/patrons/{patron}/number/preview", response_model=outcomes.NumberShown)
def preview_giving_number(call: Caller, patron: PatronNumber, wanted: asked.GiveNumber) -> Any:
    """Show who has a CPR number beside a patron who has none of the register's. Nothing is written."""
    request = SetNumber(patron, read_number(wanted.cpr_number), call.user)
    with call.place(asks=True) as place:
        shown = preview_number(place.desk, request)
        return {"key": call.session.put_object(shown), "shown": shown.document}


@serving.post("/patrons/{patron}/number/confirm", response_model=outcomes.NumberSetAndTold)
def give_number(call: Caller, patron: PatronNumber, yes: asked.YesToNumber) -> Any:
    """Give the patron the number that was shown, subscribe it, and tell CULR. The same key twice gives it once."""
    given = call.session.held(yes.key, NumberGiven)
    if given is not None and given.patron == patron:
        return given.answer
    shown = call.session.held(yes.key, NumberPreview)
    if shown is None or shown.asked.patron_id != patron:
        raise no_key()
    with call.place(asks=True) as place:
        done = confirm_number(place.desk, shown, Confirmation(shown.preview.digest, yes.reason))
        # kept before CULR is asked: whatever comes of that, the same yes gives nothing more
        call.session.keep(yes.key, NumberGiven(patron, {"done": done, "told": False}))
        answer = {"done": done, "told": place.site.publish_patron(patron)}
        call.session.keep(yes.key, NumberGiven(patron, answer))
        return answer


@serving.get("/patrons/{patron}/leave", response_model=outcomes.EndingShown)
def preview_leaving(call: Caller, patron: PatronNumber) -> Any:
    """Show what a request to leave would do. Nothing is written."""
    with call.place() as place:
        return LeavingDesk(place.desk, call.user).preview(patron, Ending.LEAVE).document


@serving.post("/patrons/{patron}/leave", response_model=outcomes.LeftAndTold)
def leave(call: Caller, patron: PatronNumber, yes: asked.EndingBody) -> Any:
    """Write the patron's request to leave, as it was shown. The record is emptied once nothing is open."""
    with call.place(asks=True) as place:
        done = LeavingDesk(place.desk, call.user).leave(patron, Confirmation(yes.digest, yes.reason, yes.again))
        return {"done": done, "told": place.site.publish_patron(patron)}


@erasing.get("/patrons/{patron}/erase", response_model=outcomes.EndingShown)
def preview_erasing(call: Caller, patron: PatronNumber) -> Any:
    """Show what erasing would do. Nothing is written."""
    with call.place() as place:
        return LeavingDesk(place.desk, call.user).preview(patron, Ending.ERASE).document


@erasing.post("/patrons/{patron}/erase", response_model=outcomes.ErasedAndTold)
def erase(call: Caller, patron: PatronNumber, yes: asked.EndingBody) -> Any:
    """Erase the patron for good, as it was shown."""
    with call.place(asks=True) as place:
        done = LeavingDesk(place.desk, call.user).erase(patron, Confirmation(yes.digest, yes.reason, yes.again))
        return {"done": done, "told": place.site.publish_patron(patron)}

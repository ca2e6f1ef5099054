"""Registers a person at the desk: shows what would be written and its warnings, then asks for a yes (decision 40).

A preview writes nothing but the audit of its look-up. A yes belongs to one preview: the case is decided again, and
refused if anything differs from what was shown. One answer of the register serves both, unless it is older than
`ANSWER_FRESH`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, Final

from cprsync.catalogues import rule_words
from cprsync.domain.desk.confirming import Preview
from cprsync.domain.desk.registering import warnings_about
from cprsync.domain.netmedia.right_day import right_facts
from cprsync.domain.netmedia.rights import rights_of
from cprsync.domain.patron.effective import effective
from cprsync.domain.patron.kinds import shown_block
from cprsync.domain.patron.local import Local, Stage
from cprsync.domain.patron.patron import RETURNING, PatronKind, may_make_borrower
from cprsync.domain.patron.review import SUBSCRIPTION_ENDED
from cprsync.domain.person.status import Action
from cprsync.errors import CprsyncError
from cprsync.services.desk.finding import Finder
from cprsync.services.desk.lookup import (
    NEW,
    LookedUp,
    RegisterAnswer,
    arrival_of,
    ask_register,
    decide_at_desk,
    lookup_document,
    shown_record,
    unknown_document,
    unknown_warnings,
)
from cprsync.services.desk.showing import age_of, check_confirmed, preview_document
from cprsync.services.planning.steps import batch_of, last_day_of
from cprsync.services.ports.desk import DeskEntry
from cprsync.services.ports.patrons import write_again_if_lost
from cprsync.services.ports.register import Subscribed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from cprsync.domain.desk.confirming import Confirmation
    from cprsync.domain.netmedia.rights import Right
    from cprsync.domain.patron.local import Block
    from cprsync.domain.patron.patron import Patron
    from cprsync.domain.person.number import CprNumber
    from cprsync.services.desk.lookup import Asked, DecidedAtDesk, Desk

#: What the preview is about.
REGISTRATION: Final = "registration"
#: Further effects of a yes on a record: the patron may borrow, stays, is subscribed, is verified.
BORROWS, STAYS, SUBSCRIBED, VERIFIED = "borrows", "stays", "subscribed", "verified"
#: The greatest age of the register's answer at the yes. After that the register is asked again.
ANSWER_FRESH: Final = timedelta(minutes=5)


@dataclass(frozen=True, slots=True, repr=False)
class Registration:
    """What one look-up would write, as shown to staff."""

    asked: Asked
    heard: RegisterAnswer
    #: when the register answered
    at: datetime
    preview: Preview
    #: the JSON shape of `lookup`, with the preview
    document: Mapping[str, Any]
    #: None: the register does not know the number
    decided: DecidedAtDesk | None
    #: the patrons without a number who may be the same person, as the document has them
    namesakes: Sequence[Mapping[str, Any]] = ()

    @property
    def is_writable(self) -> bool:
        """False if there is nothing to write: the number is unknown, or a new person cannot be decided."""
        return self.decided is not None and (self.decided.view is not None or self.decided.parked is None)

    @property
    def parked(self) -> bool:
        return self.decided is not None and self.decided.parked is not None


def preview_registration(desk: Desk, asked: Asked) -> Registration:
    """Look a person up and show what registering would write. Nothing is written but the audit of the look-up.

    Raises:
        BadInput: the number is impossible or a replacement number; neither is ever sent.
        RegisterUnavailable: no answer.
    """
    shown = _previewed(desk, asked, ask_register(desk, asked), desk.clock.now())
    namesakes = _find_namesakes(desk, shown)
    return _previewed(desk, asked, shown.heard, shown.at, namesakes) if namesakes else shown


def _find_namesakes(desk: Desk, shown: Registration) -> Sequence[Mapping[str, Any]]:
    """The patrons without a number who may be the new person. A name that is hidden is looked for nowhere."""
    if shown.decided is None or shown.decided.view is not None:
        return ()
    name, born = (shown.document["fields"].get(key, {}) for key in ("name", "birth_date"))
    if any("sealed" in one or not one.get("value") for one in (name, born)):
        return ()
    return Finder(desk, shown.asked.user).find_namesakes(
        name["value"], date.fromisoformat(born["value"]), has_number=True
    )


def _previewed(
    desk: Desk, asked: Asked, heard: RegisterAnswer, at: datetime, namesakes: Sequence[Mapping[str, Any]] = ()
) -> Registration:
    if heard.person is None:
        preview = Preview(REGISTRATION, heard.patron_id, unknown_warnings(heard))
        return Registration(asked, heard, at, preview, unknown_document(heard), None)
    with desk.store.at_one_moment():
        one = decide_at_desk(desk, asked, heard.person, heard)
        shown = shown_record(desk, heard, one)
        arrival = arrival_of(desk, asked, heard, one, household=shown["household"])
    changes = _changes(asked, one)
    arrival = replace(arrival, changes_nothing=one.view is not None and not changes, has_namesake=bool(namesakes))
    warnings, kept = warnings_about(arrival), arrival.kept_blocks
    # the fingerprint is keyed: it shows whether the record differs, and nothing of its content
    marks = (desk.store.patrons.prepare(one.after).fingerprint.hex(), ",".join(changes), asked.purpose.value)
    preview = Preview(REGISTRATION, heard.patron_id, warnings, (*marks, *(one["patron"] for one in namesakes)))
    told = preview_document(preview) | _would_be(desk, asked, one, shown, kept)
    told |= {"kept_blocks": [shown_block(block) for block in kept], "changes": changes}
    document = lookup_document(shown, one, warnings) | {"written": False, "preview": told}
    document |= {"namesakes": namesakes} if namesakes else {}
    return Registration(asked, heard, at, preview, document, one, namesakes)


def _changes(asked: Asked, one: DecidedAtDesk) -> list[str]:
    """What a yes does to the record, the register's actions first. Empty if the record stays as it is."""
    view, returns = one.view, asked.purpose in RETURNING
    if view is None:
        return one.actions
    also = {
        BORROWS: returns and not one.patron.borrows,
        STAYS: returns and view.stage is Stage.LEAVING,
        # a first copy says so itself
        SUBSCRIBED: view.subscribed_since is None and Action.FIRST_COPY.value not in one.actions,
        VERIFIED: one.step.verifies is not None and not one.patron.verified,
    }
    return [*one.actions, *(name for name, is_so in also.items() if is_so)]


def _would_be(
    desk: Desk, asked: Asked, one: DecidedAtDesk, shown: Mapping[str, Any], kept: tuple[Block, ...]
) -> dict[str, Any]:
    """What else staff want to see first. Contains no name, no address and no birth date."""
    patron, today = _patron_after(asked, one), desk.clock.today()
    counts = effective(patron, desk.policy, on=today)
    local = Local(blocks=kept) if one.view is None else one.view.local
    stage = Stage.ACTIVE if one.view is None or asked.purpose in RETURNING else one.view.stage
    rights = rights_of(right_facts(patron, local, stage=stage), desk.policy, today)
    return {
        "kind": patron.kind.value,
        "age": age_of(counts.birth, desk.policy, today),
        "group": counts.group if patron.borrows else "",
        "municipality": {"code": counts.municipality, "residence": counts.residence.value},
        "rights": [_right(right) for right in rights],
        "differences": [name for name, entry in shown["fields"].items() if "register" in entry],
    }


def _patron_after(asked: Asked, one: DecidedAtDesk) -> Patron:
    write = one.step.write
    group = one.patron.group if write is None or write.group is None else write.group
    patron = replace(one.patron, register=one.after, group=group)
    return replace(patron, kind=_kind_after(asked, one))


def _kind_after(asked: Asked, one: DecidedAtDesk) -> PatronKind:
    becomes = asked.purpose in RETURNING and not one.patron.borrows
    return PatronKind.PERSON if becomes else one.patron.kind


def _right(right: Right) -> dict[str, Any]:
    return {
        "product": right.product,
        "title": right.title.document(),
        "answer": right.answer.value,
        "text": right.text(rule_words).document(),
    }


def confirm_registration(
    desk: Desk,
    shown: Registration,
    confirmation: Confirmation,
    *,
    complete: Callable[[DeskEntry], DeskEntry] = lambda entry: entry,
) -> LookedUp:
    """Write what was shown: create or update the patron, and subscribe.

    `complete` adds to the entry what else is written in the same transaction.

    Raises:
        NotConfirmed: the data differs from what was shown, or a reason is missing; nothing is written.
        BadInput: the reason cannot be kept; nothing is written.
        RegisterUnavailable: nobody is subscribed, and nothing is written.
    """
    asked, heard, at = shown.asked, shown.heard, shown.at
    if desk.clock.now() - at > ANSWER_FRESH:
        heard, at = ask_register(desk, asked, again=True), desk.clock.now()
    subscribed: Subscribed | None = None

    def write() -> LookedUp:
        nonlocal subscribed
        # another desk may have registered them since
        now = replace(heard, patron_id=desk.store.patrons.find(heard.number))
        again = _previewed(desk, asked, now, at, shown.namesakes)
        reason = check_confirmed(again.preview, confirmation)
        if again.decided is None or not again.is_writable:
            return LookedUp(dict(again.document), parked=again.parked)
        # Look up before subscribing, so that no unknown number is subscribed. Subscribe before writing, so that every
        # new patron is one whose changes the register will send.
        subscribed = subscribed or _subscribe(desk, heard.number, again.decided)
        return _written(desk, again, desk.store.desk.save(complete(_entry(desk, again, subscribed, reason))))

    return write_again_if_lost(write)


def _subscribe(desk: Desk, number: CprNumber, one: DecidedAtDesk) -> Subscribed | None:
    """Subscribe the number, unless it is subscribed. An older copy of the database may tell of what has ended since."""
    if _is_subscribed(one) and not _is_of_older_copy(one.patron):
        return None
    ((_, result),) = desk.register.subscribe_many([number])
    if isinstance(result, CprsyncError):
        raise result
    return None if _is_subscribed(one) and result is Subscribed.ALREADY else result


def _is_subscribed(one: DecidedAtDesk) -> bool:
    return one.view is not None and one.view.subscribed_since is not None


def _is_of_older_copy(patron: Patron) -> bool:
    return patron.window is not None and patron.window.why.others_know_more


def _ended_since(one: DecidedAtDesk, subscribed: Subscribed | None) -> list[tuple[str, str]]:
    """The review of a patron whose subscription was there in the older copy alone: perhaps they were closed or erased.

    The answer that is written with it ends the window by which a night leaves them to staff.
    """
    return [(one.patron.id, SUBSCRIPTION_ENDED)] if _is_subscribed(one) and subscribed is not None else []


def _entry(desk: Desk, again: Registration, subscribed: Subscribed | None, reason: str) -> DeskEntry:
    one, asked = again.decided, again.asked
    assert one is not None  # noqa: S101 -- it is writable
    batch = batch_of([one.step])
    return DeskEntry(
        again.heard.number,
        None if one.view is None else one.patron.id,
        replace(batch, reviews=[*batch.reviews, *_ended_since(one, subscribed)]),
        asked.user,
        subscribed,
        last_day_of(desk, one.after),
        leap=desk.policy.ladders.leap,
        returns=asked.purpose in RETURNING,
        borrows=may_make_borrower(asked.purpose),
        reason=reason,
    )


def _written(desk: Desk, again: Registration, patron_id: str) -> LookedUp:
    view, one = desk.store.views.patron(patron_id or NEW), again.decided
    assert view is not None  # noqa: S101 -- it was written just now
    assert one is not None  # noqa: S101 -- it is writable
    document = lookup_document(desk.document(view), one, again.preview.warnings)
    return LookedUp(document | {"written": True, "preview": again.document["preview"]}, parked=again.parked)

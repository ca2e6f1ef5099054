"""Adds one patron by hand at the desk, with or without a CPR number. Shows first, writes after a yes (decision 40).

A number of the register's makes this a registration: the person is looked up, shown, and subscribed. If the register
does not answer, the person may be registered by their own words until it does. Without such a number, name and address
are the library's own words. A row is read as an import reads it, so that both accept the same values. All of it is
written in one transaction: the record, what was typed beside, the PIN, and who answers for a minor.
"""

from __future__ import annotations

import io
import json
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from cprsync.domain.desk.arrival import Arrival, comes_of_age
from cprsync.domain.desk.confirming import Confirmation, Preview
from cprsync.domain.desk.registering import MINOR, TYPED_BESIDE, warning_of, warnings_about
from cprsync.domain.patron.due import CalendarFacts, derived_group
from cprsync.domain.patron.fields import FIELD, LOCAL_FIELDS
from cprsync.domain.patron.kinds import BRANCH
from cprsync.domain.patron.override import CheckedAgainst, Overridden, value_of
from cprsync.domain.patron.patron import Patron, PatronKind, Purpose
from cprsync.domain.patron.provisional import OwnStatement
from cprsync.domain.person.age import birth_date_of
from cprsync.domain.person.municipality import DANISH
from cprsync.domain.person.number import CprNumber
from cprsync.domain.person.person import SILENT, Birth, Person
from cprsync.domain.person.sealed import Name
from cprsync.errors import BadInput, WrongValue
from cprsync.services.desk.answering import subscribe_responsible
from cprsync.services.desk.finding import Finder
from cprsync.services.desk.lookup import NEW, Asked
from cprsync.services.desk.registering import confirm_registration, preview_registration
from cprsync.services.desk.setting import PIN, no_such_branch, note_municipality
from cprsync.services.desk.showing import age_of, check_confirmed, preview_document, warning_documents
from cprsync.services.imports.patrons import as_patron, in_branch
from cprsync.services.imports.results import FIELD_OF, REASONS, Refused, nothing_seen
from cprsync.services.imports.rows import PATRON_COLUMNS, ImportFile
from cprsync.services.ports.desk import Correction, DeskEntry
from cprsync.services.ports.imports import ImportOutcome
from cprsync.services.ports.patrons import Batch, patron_exists, write_again_if_lost
from cprsync.services.ports.register import FIRST_COPY, FollowUp

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cprsync.services.desk.answering import ShownResponsible
    from cprsync.services.desk.lookup import Desk
    from cprsync.services.desk.registering import Registration
    from cprsync.services.ports.patrons import NewPatron

#: What the preview is about.
ADD: Final = "add"
#: Where a person says that they live whom no register knows. No list of patrons has it.
MUNICIPALITY: Final = Overridden.MUNICIPALITY.value


@dataclass(frozen=True, slots=True, repr=False)
class Addition:
    """One patron to add, as shown to staff."""

    row: NewPatron
    user: str
    preview: Preview
    #: the JSON shape of `patron add`
    document: Mapping[str, Any]
    #: the registration, if the register knows the number; None: the patron has no number of the register's
    registration: Registration | None = None
    #: the PIN of the cards; "": none was typed
    pin: str = ""
    #: the code of the municipality that a person without a number of the register's names; "": none
    municipality: str = ""
    #: who is to answer for the patron
    responsible: ShownResponsible | None = None
    #: the register has not answered: it is asked as soon as it does
    is_provisional: bool = False
    #: what the person says of themselves until then; None: their record is verified, or no register knows them
    said: OwnStatement | None = None
    #: which fields were typed
    kept: tuple[str, ...] = ()

    @property
    def is_writable(self) -> bool:
        return self.registration is None or self.registration.is_writable

    @property
    def minor(self) -> Patron:
        """The patron as the record will know them, for the choice of who answers for them."""
        one = None if self.registration is None else self.registration.decided
        if one is not None:
            return replace(one.patron, register=one.after)
        birth = SILENT if self.row.born is None else Birth(self.row.born)
        return Patron(NEW, Person(self.row.number or _NOBODY, birth=birth), None, 1)


def preview_addition(
    desk: Desk, typed: str, *, user: str, shown: Registration | None = None, provisional: bool = False
) -> Addition:
    """Read the typed text, a JSON object by field name, and say what would be written.

    Args:
        desk: the library.
        typed: the text.
        user: who asks.
        shown: a look-up that staff have seen. Its number and its answer count, and the register is not asked again.
        provisional: the register does not answer, and the person is registered by their own words.

    Raises:
        BadInput: the text is no such object, a value cannot be accepted, or the person is a patron already; nothing is
            written.
        NoSuchPerson, RegisterUnavailable: the number is one of the register's, and the look-up failed.
    """
    values, pin = _read(typed)
    row = _row(desk, values)
    row = row if shown is None else replace(row, number=shown.heard.number)
    _check_pin(pin, row)
    _refuse_who_is_there(desk, row)
    municipality = _municipality(desk, row, values)
    addition = _shown(desk, row, values, user, shown, provisional=provisional)
    addition = replace(addition, pin=pin, municipality=municipality)
    kept = tuple(name for name in (*values, *((PIN,) if pin else ())) if name != "cpr_number")
    return replace(addition, kept=kept)


def _shown(  # noqa: PLR0913 -- what was typed, and what staff have seen
    desk: Desk,
    row: NewPatron,
    values: Mapping[str, str],
    user: str,
    shown: Registration | None,
    *,
    provisional: bool,
) -> Addition:
    if row.number is None or not _is_registers(row):
        return _without_register(desk, row, values, user)
    if provisional:
        return preview_provisional(desk, row, row.number, values, user)
    registration = shown or preview_registration(desk, Asked(row.number, Purpose.REGISTRATION, user))
    beside = (warning_of(TYPED_BESIDE),) if _is_beside(row, registration) else ()
    warnings = (*registration.preview.warnings, *beside)
    preview = Preview(ADD, None, warnings, (registration.preview.digest, _mark(desk, values)))
    would_be = registration.document.get("preview", {}) | preview_document(preview)
    told = {
        **registration.document,
        "warnings": warning_documents(warnings),
        "typed": _without_number(values),
        "preview": would_be,
    }
    return Addition(row, user, preview, told | {"written": False}, registration)


def answered_by(addition: Addition, responsible: ShownResponsible) -> Addition:
    """The same addition, with who answers for the patron, as staff have seen them. Nobody is then asked about that."""
    preview = addition.preview
    warnings = tuple(one for one in preview.warnings if one.kind != MINOR)
    preview = replace(preview, warnings=warnings, marks=(*preview.marks, responsible.mark))
    document = {
        **addition.document,
        "warnings": warning_documents(warnings),
        "responsible": dict(responsible.document),
        "preview": addition.document["preview"] | preview_document(preview),
    }
    return replace(addition, preview=preview, document=document, responsible=responsible)


def preview_provisional(
    desk: Desk, row: NewPatron, number: CprNumber, values: Mapping[str, str], user: str
) -> Addition:
    """Say what would be written about a person while the register does not answer."""
    known, today = desk.store.patrons.find(number), desk.clock.today()
    patron = Patron(NEW, Person(number), None, 1) if known is None else desk.store.patrons.read([known])[0]
    said = None if patron.verified else _said(row)
    arrival = Arrival(
        patron=patron,
        purpose=Purpose.REGISTRATION,
        is_known=known is not None,
        is_provisional=True,
        left_before=known is None and desk.store.imports.left_before(number),
        kept_blocks=desk.store.kept_blocks.of(number) if known is None else (),
        of_age=comes_of_age(patron, today, desk.policy.ladders.leap),
        today=today,
    )
    preview = Preview(ADD, known, warnings_about(arrival), (_mark(desk, values),))
    document = _unasked_document(desk, row, patron, preview=preview, values=values)
    return Addition(row, user, preview, document, is_provisional=True, said=said)


def _said(row: NewPatron) -> OwnStatement:
    try:
        return OwnStatement.of(row.name, row.address)
    except ValueError as error:
        raise BadInput("{field}: {why}", field="name", why=error, kind="input.value") from None


def _is_beside(row: NewPatron, registration: Registration) -> bool:
    """Whether a value was typed that only the register supplies.

    For a protected person this is True even when the typed value equals the register's: the answer must give nothing
    away.
    """
    one = registration.decided
    if one is None:
        return False
    if row.address or row.born is not None or registration.document["protected"]:
        return bool(row.name or row.address or row.born)
    after = one.after.name
    return bool(row.name) and not (isinstance(after, Name) and after.addressing == row.name)


def check_typed_number(desk: Desk, text: str) -> bool:
    """Check a number before more is typed. Return True if the register can know such a number.

    Raises:
        BadInput: the text is not a number, or the person is a patron already; nothing is sent or written.
    """
    row = _row(desk, {"cpr_number": text})
    _refuse_who_is_there(desk, row)
    return _is_registers(row)


def _is_registers(row: NewPatron) -> bool:
    return row.number is not None and not row.number.is_replacement


def _without_register(desk: Desk, row: NewPatron, values: Mapping[str, str], user: str) -> Addition:
    if not row.name:
        raise BadInput("{field}: {why}", field="name", why=_NO_NAME, kind="input.value")
    today = desk.clock.today()
    birth = SILENT if row.born is None else Birth(row.born)
    patron = Patron(NEW, Person(row.number or _NOBODY, name=Name(row.name), birth=birth), None, 1)
    patron = replace(patron, kind=PatronKind(row.kind) if row.kind else patron.kind)
    namesakes = _find_namesakes(desk, row, patron, user)
    arrival = Arrival(
        patron=patron,
        purpose=Purpose.REGISTRATION,
        is_unknown=True,
        has_namesake=bool(namesakes),
        of_age=comes_of_age(patron, today, desk.policy.ladders.leap),
        today=today,
    )
    marks = (_mark(desk, values), *(one["patron"] for one in namesakes))
    preview = Preview(ADD, None, warnings_about(arrival), marks)
    document = _unasked_document(desk, row, patron, preview=preview, values=values)
    return Addition(row, user, preview, document | ({"namesakes": namesakes} if namesakes else {}))


def _find_namesakes(desk: Desk, row: NewPatron, patron: Patron, user: str) -> list[dict[str, Any]]:
    """The patrons who may be the same person: no number tells whether somebody is here already."""
    if row.born is None or patron.kind is not PatronKind.PERSON:
        return []
    return Finder(desk, user).find_namesakes(row.name, row.born)


def _unasked_document(
    desk: Desk, row: NewPatron, patron: Patron, *, preview: Preview, values: Mapping[str, str]
) -> dict[str, Any]:
    """What is shown about a person before the register has said anything."""
    return {
        "patron": None,
        "typed": _without_number(values),
        "warnings": warning_documents(preview.warnings),
        "written": False,
        "preview": preview_document(preview) | _would_be(desk, row, patron),
    }


def _would_be(desk: Desk, row: NewPatron, patron: Patron) -> dict[str, Any]:
    """The patron's age, and the group that follows from it."""
    today, policy = desk.clock.today(), desk.policy
    group = derived_group(CalendarFacts(NEW, patron.register, row.local.group), today, policy)
    return {"age": age_of(birth_date_of(patron.register), policy, today), "group": group}


#: Used as the number until the patron has one.
_NOBODY: Final = CprNumber.none_of(NEW)
_NO_NAME: Final = "CPR gives no name for a patron without a CPR number: type it"


def _read(typed: str) -> tuple[dict[str, str], str]:
    """The values by field, and the PIN, which no list of patrons has."""
    listing = ImportFile(io.BytesIO(typed.encode()))
    rows = list(listing.rows()) if listing.form == "json" else []
    if len(rows) != 1:
        raise BadInput("expected one patron as a JSON object, by the names of the fields", kind="input.fields")
    pin = next((text for name, text in rows[0].cells if name == PIN), "")
    beside = {name: text for name, text in rows[0].cells if name == MUNICIPALITY and text.strip()}
    row = replace(rows[0], cells=tuple(cell for cell in rows[0].cells if cell[0] not in {PIN, MUNICIPALITY}))
    try:
        PATRON_COLUMNS.check(row)
    except BadInput as error:
        # there is no file to mend, so the error names none
        raise BadInput("{why}", why=error, kind="input.fields") from None
    return PATRON_COLUMNS.read(row) | beside, pin


def _municipality(desk: Desk, row: NewPatron, values: Mapping[str, str]) -> str:
    """The code of the typed municipality. Raises BadInput: the register says it, or there is none of that code."""
    if MUNICIPALITY not in values:
        return ""
    try:
        if _is_registers(row):
            raise WrongValue("the municipality of a patron with a CPR number comes from CPR: leave it out")
        known = CheckedAgainst(DANISH, desk.clock.today())
        return value_of(Overridden.MUNICIPALITY, values[MUNICIPALITY], known)
    except ValueError as error:
        raise BadInput("{field}: {why}", field=MUNICIPALITY, why=error, kind="input.value") from None


def _check_pin(pin: str, row: NewPatron) -> None:
    """Refuse a PIN that cannot be set, before anything is written."""
    try:
        FIELD[PIN].kind.typed(pin)
    except ValueError as error:
        raise BadInput("{field}: {why}", field=PIN, why=error, kind="input.value") from None
    if pin and not row.local.cards:
        raise BadInput(
            "{field}: {why}",
            field=PIN,
            why=WrongValue("a PIN belongs to a card: type the card too"),
            kind="input.value",
        )


def _row(desk: Desk, values: Mapping[str, str]) -> NewPatron:
    """Read the row as an import does, for any patron.

    Refuse a patron number, which the program assigns.
    """
    if "patron" in values:
        raise BadInput("{field}: {why}", field="patron", why="the program gives the patron number", kind="input.value")
    listed = {name: text for name, text in values.items() if name != MUNICIPALITY}
    with nothing_seen() as seen:
        read = as_patron(1, listed, seen, on=desk.clock.today(), anyone=True)
    row = read if isinstance(read, Refused) else in_branch(1, read, desk.policy)
    if isinstance(row, Refused) and row.field in FIELD and FIELD[row.field].kind is BRANCH:
        raise no_such_branch(desk.policy)
    if isinstance(row, Refused):
        raise _refused(row.field, row.why)
    for field in LOCAL_FIELDS:
        try:
            field.kind.check_new(field.value_in(row.local))
        except ValueError as error:
            raise BadInput("{field}: {why}", field=field.key, why=error, kind="input.value") from None
    return row


def _refuse_who_is_there(desk: Desk, row: NewPatron) -> str | None:
    """Raise if the person cannot be added; a trial run of the write, so nothing is written.

    A person who only answers for a minor may become a patron: returns who that is. None: nobody has the number or a
    card.
    """
    tried = desk.store.imports.try_row(row, policy=desk.policy)
    if tried.outcome is ImportOutcome.REFUSED:
        reason = tried.reason or "other"
        raise _refused(FIELD_OF.get(reason, "row"), reason)
    if tried.outcome is ImportOutcome.CREATED:
        return None
    if not _only_answers(desk, tried.patron_id):
        raise patron_exists()
    return tried.patron_id


def _only_answers(desk: Desk, patron_id: str | None) -> bool:
    found = [] if patron_id is None else desk.store.patrons.read([patron_id])
    return bool(found) and not found[0].borrows


def _refused(field: str, reason: str) -> BadInput:
    why = WrongValue(REASONS[next(one for one in (f"desk.{reason}", reason, "other") if one in REASONS)])
    return BadInput("{field}: {why}", field=field, why=why, kind="input.value")


def _without_number(values: Mapping[str, str]) -> dict[str, str]:
    """The typed values, without the number, for the person who checks them before the yes."""
    return {name: value for name, value in values.items() if name != "cpr_number"}


def _mark(desk: Desk, values: Mapping[str, str]) -> str:
    """A keyed digest of all typed values."""
    text = json.dumps(values, sort_keys=True, ensure_ascii=False)
    return desk.store.patrons.prepare(Person(_NOBODY, name=Name(text))).fingerprint.hex()


def confirm_addition(desk: Desk, shown: Addition, confirmation: Confirmation) -> dict[str, Any]:
    """Write what was shown, all of it or nothing. Return the JSON shape of `patron add`.

    Raises:
        NotConfirmed: the data differs from what was shown, or a reason is missing; nothing is written.
        BadInput: the reason cannot be kept, or someone else has added the person since; nothing is written.
    """
    reason = check_confirmed(shown.preview, confirmation)
    answering = _refuse_who_is_there(desk, shown.row)
    answers = None if shown.responsible is None else subscribe_responsible(desk, shown.responsible)

    def complete(entry: DeskEntry) -> DeskEntry:
        return replace(entry, beside=shown.row, policy=desk.policy, pin=shown.pin, answered_by=answers)

    if shown.registration is not None:
        yes = Confirmation(shown.registration.preview.digest, reason)
        done = confirm_registration(desk, shown.registration, yes, complete=complete).document
        done = {**done, "preview": shown.document["preview"]}
    else:
        entry = complete(DeskEntry(None, answering, Batch(), shown.user, reason=reason))
        if shown.municipality:
            entry = replace(entry, corrects=partial(_correct_municipality, desk, shown))
        entry = _provisional(desk, shown, entry) if shown.is_provisional else entry
        done = {"patron": write_again_if_lost(lambda: desk.store.desk.save(entry)), "written": True}
    return {**shown.document, **done, "done": _done(desk, shown, done["patron"])}


def _correct_municipality(desk: Desk, shown: Addition, patron: Patron) -> Correction:
    return note_municipality(desk, patron, shown.municipality, user=shown.user)


def _provisional(desk: Desk, shown: Addition, entry: DeskEntry) -> DeskEntry:
    """The same entry for a person registered provisionally."""
    assert shown.row.number is not None  # noqa: S101 -- the register knows nobody without one
    known = desk.store.patrons.find(shown.row.number)
    asks = Batch(asks=[FollowUp(known or NEW, FIRST_COPY)])
    return replace(entry, number=shown.row.number, patron_id=known, batch=asks, returns=True, said=shown.said)


def _done(desk: Desk, shown: Addition, patron_id: str) -> dict[str, Any]:
    """What was done, for those who tell staff in words."""
    links = desk.store.responsibles.links(patron_id) if shown.responsible is not None else []
    return {
        "kept": list(shown.kept),
        "responsible": [one.responsible_id for one in links if one.until is None],
        "subscribed": shown.registration is not None,
        "provisional": shown.said is not None,
    }

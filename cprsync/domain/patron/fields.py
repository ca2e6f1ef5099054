"""The field table: each field of a patron record, its owner, who sees it, and how long it is kept.

This is the only list of fields. Store, import, desk, API and the pages read it, and so does what joins, parts
or seals local parts here. A plain field that patron or staff own needs a row here, a text in the catalogue `pages` that
says what it is for, and no other edit.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final

from cprsync.domain.patron.field import Basis, Field, FieldTargets, Kept, Owner, Part, Section, Seen
from cprsync.domain.patron.kinds import (
    ABSENCE,
    ADDRESS,
    BLOCKS,
    BRANCH,
    CARDS,
    CONTACT_ADDRESS,
    EMAILS,
    GROUP,
    LANGUAGE,
    NAME,
    NOTE,
    NUMBER,
    PIN,
    TELEPHONES,
)
from cprsync.domain.person.sealed import Sealed
from cprsync.domain.wording import Wording

if TYPE_CHECKING:
    from cprsync.domain.patron.local import Local


#: A row of a field that the register decides.
_registers = partial(Field, owner=Owner.REGISTER, kept=Kept.REGISTER, part=Part.REGISTER)
_NAMED: Final = ("named", "rename")
#: In the order of the pages and of `patron show`.
FIELDS: Final[tuple[Field, ...]] = (
    Field(
        "patron",
        Wording("Lånernummer", "Patron number"),
        Owner.SYSTEM,
        Kept.RECORD,
        part=Part.RECORD,
        imported=True,
        explained=True,
    ),
    Field(
        "cpr_number",
        Wording("CPR-nummer", "CPR number"),
        Owner.REGISTER,
        Kept.RECORD,
        kind=NUMBER,
        part=Part.REGISTER,
        basis=Basis.NUMBER,
        seen=Seen.MASKED,
        hidden_in_part=True,
        imported=True,
        asked=True,
        explained=True,
        targets=FieldTargets.ALL,
        told_as="number",
        why_unset="a replacement number is made real as a number, not as a field",
    ),
    Field(
        "absence",
        Wording("Fravær", "Absence"),
        Owner.PATRON,
        Kept.ABSENCE,
        kind=ABSENCE,
        imported=True,
        settable=True,
        explained=True,
        section=Section.STANDING,
        also=("Fraværsperiode",),
    ),
    # A list sets name, birth date and address only for a patron that no register knows. For others CPR's values count.
    _registers(
        "name",
        Wording("Navn", "Name"),
        kind=NAME,
        sealed=True,
        imported=True,
        asked=True,
        explained=True,
        given_by=_NAMED,
        why_another="the name comes from CPR: say why it is to be another",
        targets=FieldTargets.ALL,
    ),
    _registers("first_names", Wording("Fornavne", "First names"), sealed=True, given_by=_NAMED),
    _registers("middle_names", Wording("Mellemnavne", "Middle names"), sealed=True, given_by=_NAMED),
    _registers("last_name", Wording("Efternavn", "Last name"), sealed=True, given_by=_NAMED),
    # a sealed patron's age is shown instead
    _registers(
        "birth_date",
        Wording("Fødselsdato", "Birth date"),
        sealed=True,
        hidden_in_part=True,
        imported=True,
        asked=True,
        explained=True,
        given_by=("birth_corrected",),
        why_another="the birth date comes from CPR: say why it is to be another",
        targets=FieldTargets.ALL,
    ),
    _registers(
        "address",
        Wording("Adresse", "Address"),
        kind=ADDRESS,
        sealed=True,
        imported=True,
        asked=True,
        given_by=("move", "address_corrected"),
        why_another="the address comes from CPR: say why it is to be another",
        targets=FieldTargets.ALL,
    ),
    Field(
        "contact_address",
        Wording("Kontaktadresse", "Contact address"),
        Owner.PATRON,
        Kept.CHANGED,
        kind=CONTACT_ADDRESS,
        sealed=True,
        imported=True,
        settable=True,
        explained=True,
        section=Section.CONTACT,
        also=("c/o navn og adresse", "c/o name and address"),
        targets=FieldTargets.ALL,
    ),
    Field(
        "telephones",
        Wording("Telefonnummer", "Telephone number"),
        Owner.PATRON,
        Kept.CHANGED,
        kind=TELEPHONES,
        imported=True,
        settable=True,
        asked=True,
        explained=True,
        section=Section.CONTACT,
        also=("Telefon", "Telephones", "Mobil"),
        notified=("Mobil (notif)",),
        targets=FieldTargets.READERS,
    ),
    Field(
        "emails",
        Wording("E-mail", "E-mail"),
        Owner.PATRON,
        Kept.CHANGED,
        kind=EMAILS,
        imported=True,
        settable=True,
        asked=True,
        explained=True,
        section=Section.CONTACT,
        also=("E-mail og E-mail (notif)", "E-mail and e-mail (notices)", "email"),
        notified=("E-mail (notif)",),
        targets=FieldTargets.READERS,
    ),
    # the pages explain its two parts
    Field(
        "blocks",
        Wording("Blokeringer", "Blocks"),
        Owner.STAFF,
        Kept.BLOCKS,
        kind=BLOCKS,
        settable=True,
        printed=False,
        section=Section.STANDING,
        targets=FieldTargets.READERS,
    ),
    Field(
        "blocked_since",
        Wording("Blokeret d.", "Blocked since"),
        Owner.STAFF,
        Kept.BLOCKS,
        imported=True,
        explained=True,
        part_of="blocks",
        section=Section.STANDING,
    ),
    Field(
        "blocked_reason",
        Wording("Blokeringsårsag", "Reason of the block"),
        Owner.STAFF,
        Kept.BLOCKS,
        imported=True,
        explained=True,
        part_of="blocks",
        section=Section.STANDING,
    ),
    Field(
        "group",
        Wording("Lånergruppe", "Patron group"),
        Owner.SYSTEM,
        Kept.CHANGED,
        kind=GROUP,
        imported=True,
        asked=True,
        explained=True,
        section=Section.STANDING,
        why_another="the group follows age: say why it is to be another",
        targets=FieldTargets.ALL,
    ),
    Field(
        "branch",
        Wording("Tilhørsfilial", "Home branch"),
        Owner.PATRON,
        Kept.CHANGED,
        kind=BRANCH,
        imported=True,
        settable=True,
        asked=True,
        explained=True,
        section=Section.CARDS,
        targets=FieldTargets.ALL,
    ),
    _registers(
        "municipality",
        Wording("Kommune", "Municipality"),
        also=("Kommunenr.", "Municipality number"),
        explained=True,
        given_by=("municipality",),
        why_another="the municipality comes from CPR: say why it is to be another",
        targets=FieldTargets.ALL,
    ),
    Field(
        "language",
        Wording("Sprog", "Language"),
        Owner.PATRON,
        Kept.CHANGED,
        kind=LANGUAGE,
        imported=True,
        settable=True,
        explained=True,
        section=Section.CARDS,
        targets=FieldTargets.READERS,
    ),
    Field(
        "cards",
        Wording("Lånerkort", "Library card"),
        Owner.STAFF,
        Kept.CHANGED,
        kind=CARDS,
        imported=True,
        settable=True,
        asked=True,
        explained=True,
        section=Section.CARDS,
        also=("LånerID", "Cards", "card"),
        targets=FieldTargets.READERS,
    ),
    Field(
        "pin",
        Wording("PIN-kode", "PIN"),
        Owner.PATRON,
        Kept.CHANGED,
        kind=PIN,
        seen=Seen.NOBODY,
        settable=True,
        part_of="cards",
        section=Section.CARDS,
    ),
    Field(
        "internal_note",
        Wording("Intern note", "Internal note"),
        Owner.STAFF,
        Kept.CHANGED,
        kind=NOTE,
        seen=Seen.STAFF,
        imported=True,
        settable=True,
        explained=True,
        section=Section.NOTES,
    ),
    Field(
        "note_to_patron",
        Wording("Note til låner", "Note to patron"),
        Owner.STAFF,
        Kept.CHANGED,
        kind=NOTE,
        imported=True,
        settable=True,
        explained=True,
        section=Section.NOTES,
    ),
    Field(
        "loans",
        Wording("Udlån", "Loans"),
        Owner.SYSTEM,
        Kept.LOANS,
        part=Part.CIRCULATION,
        explained=True,
        entry="loan",
        section=Section.LENDING,
    ),
    Field(
        "reservations",
        Wording("Reserveringer", "Reservations"),
        Owner.PATRON,
        Kept.RESERVATIONS,
        part=Part.CIRCULATION,
        explained=True,
        entry="reservation",
        section=Section.LENDING,
    ),
    Field(
        "balance",
        Wording("Mellemværende", "Balance"),
        Owner.SYSTEM,
        Kept.BALANCES,
        part=Part.CIRCULATION,
        basis=Basis.DUTY,
        explained=True,
        entry="balance",
        section=Section.LENDING,
    ),
    Field(
        "messages",
        Wording("Beskeder", "Messages"),
        Owner.SYSTEM,
        Kept.MESSAGES,
        part=Part.CIRCULATION,
        explained=True,
        entry="message",
        section=Section.LENDING,
    ),
    Field(
        "responsible",
        Wording("Økonomisk ansvarlig", "Responsible person"),
        Owner.STAFF,
        Kept.RESPONSIBLE,
        part=Part.RECORD,
        section=Section.STANDING,
        names_patron=True,
    ),
    Field(
        "kind",
        Wording("Lånertype", "Kind of patron"),
        Owner.STAFF,
        Kept.RECORD,
        part=Part.RECORD,
        imported=True,
        section=Section.STANDING,
    ),
    Field(
        "standing",
        Wording("Lånerforhold", "Standing"),
        Owner.SYSTEM,
        Kept.RECORD,
        part=Part.RECORD,
        section=Section.STANDING,
    ),
    _registers(
        "status",
        Wording("Status i CPR", "Status in CPR"),
        given_by=(
            "emigrate",
            "return",
            "die",
            "death_annulled",
            "vanish",
            "found",
            "number_annulled",
            "number_restored",
            "status",
        ),
        targets=FieldTargets.ALL,
        why_unset="only the register says it",
    ),
    _registers(
        "protection",
        Wording("Navne- og adressebeskyttelse", "Name and address protection"),
        given_by=("protect", "unprotect", "protection_settled"),
        # of a patron who is not in the register staff set it: see `UNREGISTERED_FIELDS`
        why_unset="only the register protects, and only its word ends it",
    ),
    _registers(
        "address_abroad",
        Wording("Adresse i udlandet", "Address abroad"),
        sealed=True,
        given_by=("emigrate", "abroad_corrected"),
        targets=FieldTargets.ALL,
        told_as="abroad",
    ),
    _registers(
        "register_contact_address",
        Wording("Kontaktadresse i CPR", "Contact address in CPR"),
        sealed=True,
        given_by=("contact",),
    ),
)
#: By key.
FIELD: Final = {field.key: field for field in FIELDS}
#: What the local part of a record holds.
LOCAL_FIELDS: Final = tuple(field for field in FIELDS if field.part is Part.LOCAL and field.part_of is None)
#: What staff may set for good.
SETTABLE: Final = {field.key: field for field in FIELDS if field.settable}
#: What patron and staff say of a new patron, beside the register's answer. The card comes first: it is scanned.
BESIDE: Final = tuple(
    sorted(
        (one for one in FIELDS if one.owner in {Owner.PATRON, Owner.STAFF} and FIELD[one.part_of or one.key].asked),
        key=lambda one: not FIELD[one.part_of or one.key].kind.scanned,
    )
)
#: The same of a new patron whose address is hidden, and where letters go: nobody sends them to it unasked.
BESIDE_SEALED: Final = (*BESIDE, FIELD["contact_address"])
#: What targets may get, by the word under which they name it.
OUTWARD: Final = {field.outward: field for field in FIELDS if field.targets is not FieldTargets.NONE}
#: What the pages name.
PRINTED: Final = tuple(field for field in FIELDS if field.printed)
#: What is hidden for a protected patron without a reasoned reveal. The municipality is not hidden.
SEALED: Final = frozenset(field.key for field in FIELDS if field.sealed)
#: The keys under which a record shows its fields, in the table's order. A part is shown in its whole.
SHOWN: Final = tuple(field.key for field in FIELDS if field.part_of is None and field.seen is not Seen.NOBODY)


def add_import(stored: Local, given: Local) -> Local:
    """The stored local part with an import's values: given fields replace, cards and blocks are added."""
    return stored.with_values(
        {one.key: one.kind.imported(one.value_in(stored), one.value_in(given)) for one in LOCAL_FIELDS}
    )


def join_local(keeps: Local, closes: Local) -> Local:
    """The local part of the patron who stays, with what only the other record has added."""
    return keeps.with_values(
        {one.key: one.kind.merged(one.value_in(keeps), one.value_in(closes)) for one in LOCAL_FIELDS}
    )


def part_local(now: Local, *, before: Local, joined: Local) -> Local:
    """The record without what the other record brought. What was changed after the join stays.

    Args:
        now: the record as it is.
        before: the record before the join.
        joined: the record as the join left it.
    """
    return now.with_values({one.key: _without(one, now, before, joined) for one in LOCAL_FIELDS})


def _without(field: Field, now: Local, before: Local, joined: Local) -> Any:
    value, was, became = (field.value_in(one) for one in (now, before, joined))
    if value == became:
        return was
    if field.kind.is_list:
        return tuple(one for one in value if one in was or one not in became)
    return value


def seal_local(local: Local) -> Local:
    """The same record with its sealed fields closed, as every view shows a protected patron's.

    An empty field stays as it is. Else it would look as if it had a value.
    """
    values = {one.key: one.value_in(local) for one in LOCAL_FIELDS if one.sealed}
    shut = {key: Sealed(value) for key, value in values.items() if value and not isinstance(value, Sealed)}
    return local.with_values(shut) if shut else local

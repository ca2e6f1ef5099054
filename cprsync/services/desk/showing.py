"""One record as it may be shown: each field with its owner, source and day; sealed where it must be."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any, Protocol

from cprsync.domain.patron.effective import effective, unpinned_group
from cprsync.domain.patron.fields import SEALED, Owner, owner_of, shown
from cprsync.domain.patron.local import Stage
from cprsync.domain.patron.override import Overridden, in_force
from cprsync.domain.person.address_label import label_lines
from cprsync.domain.person.age import BirthSource, age_on, birth_date_of
from cprsync.domain.person.municipality import municipality_of
from cprsync.domain.person.person import Abroad, Address, Contact, Name, Protection, Status
from cprsync.domain.person.sealed import Sealed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from cprsync.domain.patron.local import Block, Local
    from cprsync.domain.patron.override import Override
    from cprsync.domain.patron.patron import Patron
    from cprsync.domain.person.person import Gap, Person
    from cprsync.domain.policy.policy import Policy
    from cprsync.services.ports.values import Erased, Opened


class PatronView(Protocol):
    """What the store tells of one patron."""

    @property
    def patron(self) -> Patron: ...
    @property
    def local(self) -> Local: ...
    @property
    def parked(self) -> bool:
        """True while she waits for a person because a source could not be decided."""
        ...

    @property
    def household(self) -> bool:
        """True when her address is sealed for the sake of someone else."""
        ...

    @property
    def since(self) -> Mapping[str, date]:
        """By action, the day of its last occurrence to this patron."""
        ...

    @property
    def stage(self) -> Stage:
        """Whether she is leaving, or has left."""
        ...

    @property
    def waits(self) -> Erased:
        """What others have still to confirm of someone whose record is empty."""
        ...

    @property
    def erased(self) -> bool:
        """True of one who has left, and of whom no loan, payment or line of an old night is kept either."""
        ...

    @property
    def responsibles(self) -> Sequence[str]:
        """The patron numbers of those who answer for her."""
        ...


#: Which actions gave a field the value it has.
GIVEN_BY: Mapping[str, tuple[str, ...]] = {
    "name": ("named", "rename"),
    "first_names": ("named", "rename"),
    "middle_names": ("named", "rename"),
    "last_name": ("named", "rename"),
    "birth_date": ("birth_corrected",),
    "address": ("move", "address_corrected"),
    "municipality": ("municipality",),
    "address_abroad": ("emigrate", "abroad_corrected"),
    "register_contact_address": ("contact",),
    "status": (
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
    "protection": ("protect", "unprotect", "protection_settled"),
}


#: The standing of one who was erased; to the rules she has left.
ERASED = "erased"
#: Under which field what circulates is shown.
CIRCULATION: Mapping[str, str] = {
    "loan": "loans",
    "reservation": "reservations",
    "balance": "balance",
    "message": "messages",
}


def patron_document(  # noqa: PLR0913 -- the record, and what else is known of it
    view: PatronView,
    policy: Policy,
    *,
    agency: str,
    on: date,
    opened: Opened | None = None,
    circulation: Mapping[str, Sequence[Mapping[str, Any]]] | None = None,
) -> dict[str, Any]:
    """The JSON shape of `patron show`. A protected patron's sealed fields have no value; her age stands for the date.

    What staff corrected stands where the register's word stood, which is shown beside it. `opened` is what someone
    has opened of the record, for a reason that the audit holds. What circulates holds neither name nor address.
    """
    patron = view.patron
    sealed = patron.is_sealed(silent_is_sealed=policy.silent_is_sealed, parked=view.parked)
    shut = sealed and opened is None
    local, overrides = (view.local, patron.overrides) if opened is None else (opened.local, opened.overrides)
    fields = {
        name: _register_field(name, told, view, sealed=shut) for name, told in _register(patron, opened, shut=shut)
    }
    fields |= {name: _local_field(name, told, sealed=shut) for name, told in _local(local, shut=shut)}
    fields |= {CIRCULATION[name]: _circulating(CIRCULATION[name], rows) for name, rows in (circulation or {}).items()}
    if not _by_age(local.group, policy):
        # no rule put her there: staff did
        fields["group"] |= {"owner": Owner.STAFF.value, "source": Owner.STAFF.value}
    for override in in_force(overrides, on).values():
        name = override.field.value
        pins = override.field is Overridden.GROUP
        said = unpinned_group(patron, policy=policy, on=on) if pins else _said(fields[name])
        fields[name] = _overridden(fields[name], override, said, by_age=pins and _by_age(said, policy))
    if shut:
        fields["birth_date"]["age"] = _age(patron, policy, on)
    # which of several she wants to be written to
    fields["telephones"]["notices"] = next((one.number for one in local.telephones if one.notices), None)
    fields["emails"]["notices"] = next((one.address for one in local.emails if one.notices), None)
    fields["responsible"] = _local_field("responsible", list(view.responsibles), sealed=False)
    fields["kind"] = _local_field("kind", patron.kind.value, sealed=False)
    if view.stage is Stage.CLOSED:
        fields.clear()  # of whoever has left there is nothing to show but that
    standing = ERASED if view.erased else view.stage.value
    fields["standing"] = _local_field("standing", standing, sealed=False) | {"source": Owner.SYSTEM.value}
    if view.waits and not view.erased:
        # empty, and closed once they have confirmed it
        waits = {"subscriptions": view.waits.subscriptions, "accounts": view.waits.accounts}
        fields["standing"] |= {"value": Stage.LEAVING.value, "waits": waits}
    return {
        "patron": patron.id,
        "kind": patron.kind.value,
        "library": agency,
        "fields": {name: fields[name] for name in shown() if name in fields},
        "protected": sealed,
        "sealed_by": _sealed_by(view, policy),
        "household": view.household,
        "revealed": opened is not None,
        "verified": patron.verified,
        "window": _window(patron),
        # False: CPR does not know her number, and will never speak of her
        "in_register": not patron.number.is_replacement,
        "parked": view.parked,
        "letters_stopped": patron.letters_stopped and patron.letters_stopped.isoformat(),
    }


def _sealed_by(view: PatronView, policy: Policy) -> str | None:
    """Why the record is sealed; None: it is not."""
    why = view.patron.sealed_by(silent_is_sealed=policy.silent_is_sealed, parked=view.parked)
    return None if why is None else why.value


def _window(patron: Patron) -> dict[str, str] | None:
    """Since when, and why, the feed could not have told of the number; None: it could."""
    window = patron.window
    return None if window is None else {"since": window.since.isoformat(), "why": window.why.value}


def _circulating(name: str, rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """What came with the library's own lists; the oldest first."""
    owner = owner_of(name).value
    told = [{key: _told(key, value) for key, value in row.items()} for row in rows]
    return {"value": told, "owner": owner, "source": owner, "since": None, "as_of": None, "override": None}


def _told(key: str, value: Any) -> Any:
    if key == "amount":
        return f"{value // 100}.{value % 100:02}"
    return value.isoformat() if isinstance(value, date) else value


def _by_age(group: str, policy: Policy) -> bool:
    return bool(group) and policy.ladders.follows_age(group)


def _age(patron: Patron, policy: Policy, on: date) -> int | None:
    """How old she is by the date that rules count from; None: nobody knows."""
    born = effective(patron.register, group=patron.group, overrides=patron.overrides, policy=policy, on=on).birth
    return None if born is None else age_on(born.day, on, leap=policy.ladders.leap)


def _register(patron: Patron, opened: Opened | None, *, shut: bool) -> Iterator[tuple[str, Any]]:
    person, said = patron.register, patron.register if opened is None else opened
    name, first, middle, last = _name(said.name)
    yield "cpr_number", person.number.masked(shut=shut)
    yield "name", name
    yield "first_names", first
    yield "middle_names", middle
    yield "last_name", last
    born = birth_date_of(person)
    yield "birth_date", born and born.day.isoformat()
    yield "status", person.status.value if isinstance(person.status, Status) else None
    yield "municipality", municipality_of(person)
    yield "address", label_lines(said.address) if isinstance(said.address, Address) else _sealed(said.address)
    yield "address_abroad", _lines(said.abroad)
    yield "register_contact_address", _lines(said.contact)
    yield "protection", _protection(person)


def _protection(person: Person) -> str | None:
    return Protection.NAME_AND_ADDRESS.value if person.protection is Protection.NAME_AND_ADDRESS else None


def _name(name: Name | Sealed[Name] | Gap) -> tuple[Any, Any, Any, Any]:
    if isinstance(name, Name):
        return name.addressing, name.first, name.middle, name.last
    return (_sealed(name),) * 4


def _lines(group: Abroad | Contact | Sealed[Any] | Gap) -> Any:
    return [line for line in group.lines if line] if isinstance(group, Abroad | Contact) else _sealed(group)


def _sealed(value: Sealed[Any] | Gap) -> Sealed[Any] | None:
    """What is sealed passes on as it is, and closes its field; a gap has no value."""
    return value if isinstance(value, Sealed) else None


def _local(local: Local, *, shut: bool) -> Iterator[tuple[str, Any]]:
    yield "cards", [card.shown(shut=shut) for card in local.cards]
    yield "group", local.group
    yield "branch", local.branch
    yield "language", local.language
    contact = local.contact
    yield "contact_address", contact if isinstance(contact, Sealed) else [*contact]
    yield "telephones", [one.number for one in local.telephones]
    yield "emails", [one.address for one in local.emails]
    absence = local.absence
    yield "absence", absence and [absence.since.isoformat(), absence.until and absence.until.isoformat()]
    yield "blocks", [shown_block(block) for block in local.blocks]
    yield "internal_note", local.internal_note
    yield "note_to_patron", local.note_to_patron


def shown_block(block: Block) -> dict[str, str]:
    """A block as JSON shows it."""
    told = {"since": block.since.isoformat(), "reason": block.reason}
    return told if block.lifted is None else told | {"lifted": block.lifted.isoformat()}


def _register_field(name: str, value: Any, view: PatronView, *, sealed: bool) -> dict[str, Any]:
    as_of = view.patron.as_of
    days = [view.since[kind] for kind in (*GIVEN_BY.get(name, ()), "first_copy") if kind in view.since]
    owner, source = owner_of(name).value, None if as_of is None else as_of.source.value
    if view.patron.number.is_replacement:
        # the library wrote what stands there: no register knows her
        owner, source = Owner.STAFF.value, Owner.STAFF.value
    entry = {
        "value": value,
        "owner": owner,
        "source": source,
        "since": max(days).isoformat() if days else None,
        "as_of": None if as_of is None else as_of.day.isoformat(),
        "override": None,
    }
    if name == "birth_date":
        entry |= _born(view.patron.register)
    return closed(entry) if isinstance(value, Sealed) or (sealed and name in SEALED) else entry


def _born(person: Person) -> dict[str, Any]:
    """What is said of a birth date that the register is not sure of, or that is only the number's."""
    born = birth_date_of(person)
    if born is None or not born.uncertain:
        return {}
    only_number = born.source is BirthSource.NUMBER
    return {"uncertain": True} | ({"source": born.source.value, "since": None} if only_number else {})


def _local_field(name: str, value: Any, *, sealed: bool) -> dict[str, Any]:
    owner = owner_of(name)
    # what a rule derives has the rule for its source: the patron group follows age
    source = "rule" if owner is Owner.SYSTEM else owner.value
    entry = {"value": value, "owner": owner.value, "source": source, "since": None, "as_of": None, "override": None}
    return closed(entry) if isinstance(value, Sealed) or (sealed and name in SEALED) else entry


def closed(entry: dict[str, Any]) -> dict[str, Any]:
    """The field of which nothing shows but whose it is."""
    return {**entry, "value": None, "sealed": True}


def _said(entry: Mapping[str, Any]) -> Any:
    """What stood there before a correction; the date in a number is nobody's word."""
    return None if entry["source"] == BirthSource.NUMBER.value else entry["value"]


def _overridden(entry: dict[str, Any], override: Override, said: Any, *, by_age: bool) -> dict[str, Any]:
    """The field as staff corrected it. Sealed, nothing of it shows but who did it, and until when.

    What stands beside it is the register's word, or of a pinned group the one without the pin: `rule` tells if by age.
    """
    until = override.until and override.until.isoformat()
    told: dict[str, Any] = {"by": override.by, "reason": None, "until": until, "register": None}
    entry = {**entry, "source": "staff", "since": override.since.isoformat(), "override": told}
    # staff are sure
    entry.pop("uncertain", None)
    if "sealed" in entry or isinstance(override.value, Sealed):
        return closed(entry)
    told |= {"reason": override.reason, "register": said} | ({"rule": "age"} if by_age else {})
    lines = override.value.split("\n")
    return {**entry, "value": lines if override.field is Overridden.ADDRESS else override.value}

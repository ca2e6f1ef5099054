"""Shows one record, each field with its owner, source and day, sealed where required; and previews of what is written.

Refuses a write that nobody confirmed. The rules are in `domain.desk.confirming`.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any, Final

from cprsync.catalogues import rule_words
from cprsync.domain.desk.confirming import WhyNotConfirmed, why_not_confirmed
from cprsync.domain.patron.effective import effective, unpinned_group
from cprsync.domain.patron.field import Field, Owner
from cprsync.domain.patron.fields import FIELD, FIELDS, LOCAL_FIELDS, SEALED, SHOWN
from cprsync.domain.patron.local import Stage
from cprsync.domain.patron.override import Overridden, in_force
from cprsync.domain.patron.patron import SealedBy
from cprsync.domain.person.age import BirthDate, BirthSource, age_on, birth_date_of
from cprsync.domain.person.municipality import municipality_of
from cprsync.domain.person.person import Abroad, Contact, Protection, Status
from cprsync.domain.person.sealed import Address, Name, Sealed, label_lines
from cprsync.errors import NotConfirmed
from cprsync.services.ports.trust.audit import checked_reason

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from cprsync.domain.desk.confirming import Confirmation, DeskWarning, Preview
    from cprsync.domain.patron.override import Override
    from cprsync.domain.patron.patron import Patron
    from cprsync.domain.person.person import Gap, Person
    from cprsync.domain.policy.policy import Policy
    from cprsync.services.ports.desk import Opened, PatronView, PersonView


#: How the standing of an erased patron is shown. To the rules, the patron has left.
ERASED = "erased"
#: By kind of circulation entry, the field under which it is shown.
CIRCULATION: Mapping[str, str] = {field.entry: field.key for field in FIELDS if field.entry}


#: The message for each reason why a yes is not enough. The error's kind ends in the reason's name.
_SAID: Final = {
    WhyNotConfirmed.CHANGED: "what would be written is no longer what was shown: nothing was written",
    WhyNotConfirmed.REASON: "a warning stops, and there is no reason to go on: nothing was written",
    WhyNotConfirmed.AGAIN: "the patron number that was typed once more is not the patron's: nothing was written",
}


def patron_document(  # noqa: PLR0913 -- the record, and what else is known of it
    view: PersonView,
    policy: Policy,
    *,
    agency: str,
    on: date,
    opened: Opened | None = None,
    circulation: Mapping[str, Sequence[Mapping[str, Any]]] | None = None,
) -> dict[str, Any]:
    """The JSON shape of `patron show`.

    A protected patron's sealed fields have no value; age is shown in place of the birth date. If staff have corrected a
    field, the correction is its value, and the register's value is shown beside it. `opened` is what someone has opened
    of the record, for a reason that the audit holds. Circulation entries hold neither name nor address.
    """
    patron = view.patron
    sealed = view.is_sealed(policy)
    shut = sealed and opened is None
    fields: dict[str, dict[str, Any]] = {}
    if view.stage is not Stage.CLOSED:  # of a patron who has left, only the standing is shown
        fields = _fields(view, policy, on, opened, shut=shut)
        fields |= {
            CIRCULATION[kind]: _circulating(CIRCULATION[kind], rows) for kind, rows in (circulation or {}).items()
        }
    fields["standing"] = _standing(view)
    return {
        "patron": patron.id,
        "kind": patron.kind.value,
        "library": agency,
        "fields": {name: fields[name] for name in SHOWN if name in fields},
        "protected": sealed,
        "sealed_by": _sealed_by(view, policy),
        "household": view.household,
        "revealed": opened is not None,
        "verified": patron.verified,
        **_said_document(view, opened),
        "window": _window(patron),
        **({"held": True} if patron.is_held else {}),
        # False: CPR does not know the patron's number, and sends nothing about them
        "in_register": not patron.number.is_replacement,
        "parked": view.parked,
        "letters_stopped": patron.letters_stopped and patron.letters_stopped.isoformat(),
    }


def _said_document(view: PersonView, opened: Opened | None) -> dict[str, Any]:
    """Since when the register's answer is awaited or differs from what the patron said, and if opened, what they said.

    Nothing for nearly all patrons.
    """
    if view.said_since is None:
        return {}
    told: dict[str, Any] = {"since": view.said_since.isoformat(timespec="seconds"), "waits": view.is_provisional}
    if view.is_other:
        told["other"] = True
    if opened is not None and opened.said is not None:
        told |= {"name": opened.said.name, "address": list(opened.said.address)}
    return {"said": told}


def _fields(
    view: PersonView, policy: Policy, on: date, opened: Opened | None, *, shut: bool
) -> dict[str, dict[str, Any]]:
    """The register's fields, those of patron and staff, and the corrections over them."""
    patron = view.patron
    local, overrides = (view.local, patron.overrides) if opened is None else (opened.local, opened.overrides)
    fields = {
        name: _register_field(name, told, view, sealed=shut) for name, told in _register(patron, opened, shut=shut)
    }
    fields |= {one.key: _own_field(one, one.value_in(local), shut=shut) for one in LOCAL_FIELDS}
    if not _by_age(local.group, policy):
        # no rule gave this group: staff did
        fields["group"] |= {"owner": Owner.STAFF.value, "source": Owner.STAFF.value}
    for override in in_force(overrides, on).values():
        name = override.field.value
        pins = override.field is Overridden.GROUP
        said = unpinned_group(patron, policy=policy, on=on) if pins else _said(fields[name])
        fields[name] = _overridden(fields[name], override, said, by_age=pins and _by_age(said, policy))
    if shut:
        fields["birth_date"]["age"] = age_of(effective(patron, policy, on=on).birth, policy, on)
    fields["responsible"] = _local_field("responsible", list(view.responsibles), sealed=False)
    fields["kind"] = _local_field("kind", patron.kind.value, sealed=False)
    return fields


def _standing(view: PersonView) -> dict[str, Any]:
    standing = ERASED if view.erased else view.stage.value
    field = _local_field("standing", standing, sealed=False) | {"source": Owner.SYSTEM.value}
    if not view.waits or view.erased:
        return field
    # the record is empty, and is closed after the others have confirmed
    return field | {"value": Stage.LEAVING.value, "waits": view.waits.document()}


def _sealed_by(view: PersonView, policy: Policy) -> str | None:
    """Why the record is sealed. None: it is not sealed."""
    if view.is_provisional and not view.parked and not view.patron.register.is_shut:
        return SealedBy.SILENCE.value
    why = view.patron.sealed_by(silent_is_sealed=policy.silent_is_sealed, parked=view.parked)
    return None if why is None else why.value


def _window(patron: Patron) -> dict[str, str] | None:
    """The patron's window: since when, and why, deliveries may lack news of the number. None: there is no window."""
    window = patron.window
    return None if window is None else {"since": window.since.isoformat(), "why": window.why.value}


def _circulating(name: str, rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The entries of the library's own lists, the oldest first."""
    owner = FIELD[name].owner.value
    return _entry([{key: _shown_value(key, value) for key, value in row.items()} for row in rows], owner, owner)


def _shown_value(key: str, value: Any) -> Any:
    if key == "amount":
        return f"{value // 100}.{value % 100:02}"
    return value.isoformat() if isinstance(value, date) else value


def _by_age(group: str, policy: Policy) -> bool:
    return bool(group) and policy.ladders.follows_age(group)


def age_of(born: BirthDate | None, policy: Policy, on: date) -> int | None:
    """The age on a day. None: nobody knows the birth date."""
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
    yield "address", _address(said.address)
    yield "address_abroad", _lines(said.abroad)
    yield "register_contact_address", _lines(said.contact)
    yield "protection", _protection(person)


def _protection(person: Person) -> str | None:
    return Protection.NAME_AND_ADDRESS.value if person.protection is Protection.NAME_AND_ADDRESS else None


def _name(name: Name | Sealed[Name] | Gap) -> tuple[Any, Any, Any, Any]:
    if isinstance(name, Name):
        return name.addressing, name.first, name.middle, name.last
    return (_sealed(name),) * 4


def _address(at: Address | Sealed[Any] | Gap) -> Any:
    """All lines that are kept: also the supplementary ones, which stand on no letter."""
    if isinstance(at, Address):
        return [*label_lines(at), *filter(None, at.supplementary)]
    return _sealed(at)


def _lines(group: Abroad | Contact | Sealed[Any] | Gap) -> Any:
    return [line for line in group.lines if line] if isinstance(group, Abroad | Contact) else _sealed(group)


def _sealed(value: Sealed[Any] | Gap) -> Sealed[Any] | None:
    """Pass a sealed value on as it is, which closes its field. Return None for a gap."""
    return value if isinstance(value, Sealed) else None


def _register_field(name: str, value: Any, view: PersonView, *, sealed: bool) -> dict[str, Any]:
    as_of = view.patron.as_of
    days = [view.since[kind] for kind in (*FIELD[name].given_by, "first_copy") if kind in view.since]
    # a hidden address does not tell when somebody moved in
    ours, theirs = max(days, default=None), _register_day(name, view.patron.register)
    since = ours if sealed and name in SEALED else theirs or ours
    owner, source = FIELD[name].owner.value, None if as_of is None else as_of.source.value
    if view.patron.number.is_replacement:
        # the library wrote this value: no register knows the patron
        owner, source = Owner.STAFF.value, Owner.STAFF.value
    entry = _entry(value, owner, source) | {
        "since": since and since.isoformat(),
        "as_of": None if as_of is None else as_of.day.isoformat(),
    }
    if name == "birth_date":
        entry |= _born(view.patron.register)
    return closed(entry) if isinstance(value, Sealed) or (sealed and name in SEALED) else entry


def _register_day(name: str, person: Person) -> date | None:
    """Since when a field is so by the register. None: it does not say, and the day on which we wrote it counts."""
    days = {"status": person.status_since, "address": person.moved_in, "municipality": person.municipality_since}
    return days.get(name)


def _born(person: Person) -> dict[str, Any]:
    """The marks on a birth date that the register is unsure of, or that comes from the number alone."""
    born = birth_date_of(person)
    if born is None or not born.uncertain:
        return {}
    only_number = born.source is BirthSource.NUMBER
    return {"uncertain": True} | ({"source": born.source.value, "since": None} if only_number else {})


def _own_field(field: Field, value: Any, *, shut: bool) -> dict[str, Any]:
    """A field of the local part. Of telephones and e-mail addresses, also the one that gets notices."""
    if isinstance(value, Sealed):
        return _local_field(field.key, value, sealed=True)
    shown = field.kind.shown(value, shut)
    entry = _local_field(field.key, shown, sealed=shut)
    if field.kind.notices and "sealed" not in entry:
        entry["notices"] = next((text for text, one in zip(shown, value, strict=True) if one.notices), None)
    return entry


def _local_field(name: str, value: Any, *, sealed: bool) -> dict[str, Any]:
    owner = FIELD[name].owner
    # a value that a rule derives has the rule as its source: the patron group follows age
    source = "rule" if owner is Owner.SYSTEM else owner.value
    entry = _entry(value, owner.value, source)
    return closed(entry) if isinstance(value, Sealed) or (sealed and name in SEALED) else entry


def _entry(value: Any, owner: str, source: str | None) -> dict[str, Any]:
    return {"value": value, "owner": owner, "source": source, "since": None, "as_of": None, "override": None}


def closed(entry: dict[str, Any]) -> dict[str, Any]:
    """The field without its value: only its owner shows."""
    return {**entry, "value": None, "sealed": True}


def _said(entry: Mapping[str, Any]) -> Any:
    """The value before a correction. A date that comes only from the number counts as no value."""
    return None if entry["source"] == BirthSource.NUMBER.value else entry["value"]


def _overridden(entry: dict[str, Any], override: Override, said: Any, *, by_age: bool) -> dict[str, Any]:
    """The field as staff corrected it. If sealed, only who corrected it and until when are shown.

    The register's value is shown beside it. For a pinned group this is the group without the pin; `rule` says if age
    gives it.
    """
    until = override.until and override.until.isoformat()
    told: dict[str, Any] = {"by": override.by, "reason": None, "until": until, "register": None}
    entry = {**entry, "source": "staff", "since": override.since.isoformat(), "override": told}
    # a correction by staff is certain
    entry.pop("uncertain", None)
    if "sealed" in entry or isinstance(override.value, Sealed):
        return closed(entry)
    told |= {"reason": override.reason, "register": said} | ({"rule": "age"} if by_age else {})
    lines = override.value.split("\n")
    return {**entry, "value": lines if override.field is Overridden.ADDRESS else override.value}


def warning_documents(warnings: Iterable[DeskWarning]) -> list[dict[str, Any]]:
    """The JSON shape of warnings."""
    return [{"kind": one.kind, "level": one.level.value, "text": rule_words(one.text).document()} for one in warnings]


def preview_document(preview: Preview) -> dict[str, Any]:
    """The JSON shape that all previews share. Leaves out the warnings, which most documents have beside the preview."""
    return {
        "what": preview.what,
        "patron": preview.patron_id,
        "digest": preview.digest,
        "needs_reason": preview.needs_reason,
    }


def not_confirmed(why: WhyNotConfirmed) -> NotConfirmed:
    """The error for a yes that is not enough."""
    return NotConfirmed(_SAID[why], kind=f"confirm.{why.value}")


def check_confirmed(preview: Preview, confirmation: Confirmation) -> str:
    """Refuse a write that nobody confirmed. Return the reason as the audit keeps it; "" if there is no reason to keep.

    Raises:
        NotConfirmed: something differs from what was shown, or a reason is missing.
        BadInput: the reason cannot be kept.
    """
    if (why := why_not_confirmed(preview, confirmation)) is not None:
        raise not_confirmed(why)
    return checked_reason(confirmation.reason) if confirmation.reason.strip() else ""


def whose_document(view: PatronView | None, policy: Policy, *, on: date) -> dict[str, Any]:
    """Name, age and cards. Leaves out the name of a protected patron, and everything about a patron who has left."""
    if view is None or view.stage is Stage.CLOSED:
        return {"name": None, "age": None, "cards": [], "protected": False}
    # no field names the library, so it may be empty here
    shown = patron_document(view, policy, agency="", on=on)
    fields = shown["fields"]
    return {
        "name": fields["name"]["value"],
        "age": age_of(effective(view.patron, policy, on=on).birth, policy, on),
        "cards": list(fields["cards"]["value"] or ()),
        "protected": shown["protected"],
    }

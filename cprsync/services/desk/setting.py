"""Sets a field in a record. Over a register field it writes an override; any other field it writes directly.

An override takes effect at once on patron group, municipality, and what the net media are told. A correction typed at
the desk never silently overwrites the register's value. For a patron who is not in the register, name, birth date and
protection are the library's own: they need no reason and have no last day. A value that is typed for a list is added or
removed; it replaces the whole list only on request. Leaves out the number: see `set_cpr`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from cprsync.domain.desk.access import Doing
from cprsync.domain.desk.confirming import WhyNotConfirmed
from cprsync.domain.desk.settable import LISTS, OVERRIDDEN, settable
from cprsync.domain.patron.due import ONE_DAY, CalendarFacts, next_age_step
from cprsync.domain.patron.effective import effective, unpinned_group
from cprsync.domain.patron.fields import FIELD, SETTABLE
from cprsync.domain.patron.kinds import BRANCH
from cprsync.domain.patron.local import OF_NOTICES, ListChange, NotListed, SeveralMeant, Stage
from cprsync.domain.patron.override import (
    ENDLESS,
    ENDLESS_UNREGISTERED,
    SHOWN_AS,
    UNREGISTERED_FIELDS,
    CheckedAgainst,
    Overridden,
    Override,
    in_force,
    last_day_of,
    municipality_correction,
    typed_lines,
    value_of,
)
from cprsync.domain.person.canonical import text_of
from cprsync.errors import BadInput, ConfigurationError, WrongValue
from cprsync.services.desk.access import make_sure_that_may
from cprsync.services.desk.showing import not_confirmed
from cprsync.services.ports.desk import Correction, LocalChange, OwnWord, PatronView
from cprsync.services.ports.patrons import Write, no_such_patron, with_age, write_again_if_lost
from cprsync.services.ports.trust.audit import REASON_MAX, refuse_number_in_reason

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import date

    from cprsync.domain.patron.field import Field
    from cprsync.domain.patron.local import Local
    from cprsync.domain.patron.patron import Patron
    from cprsync.domain.person.person import Person
    from cprsync.domain.policy.policy import Policy
    from cprsync.services.ports.store import Library

PIN: Final = "pin"
#: The outcome for a list, by what was done with it.
_OUTCOMES: Final[Mapping[ListChange, str]] = {
    ListChange.ADD: "added",
    ListChange.REMOVE: "removed",
    ListChange.REPLACE: "set",
    ListChange.MARK: "marked",
    ListChange.UNMARK: "unmarked",
}


@dataclass(frozen=True, slots=True)
class SettingDesk:
    """Where fields of a library's patrons are set, and the list of all municipalities."""

    library: Library
    municipalities: frozenset[str]


@dataclass(frozen=True, slots=True, repr=False)
class Setting:
    """A request to set a field of one patron. An override also needs a reason, and a last day unless it has no end."""

    patron_id: str
    field: str
    #: as typed; None: take a correction back, or empty a field that patron or staff own
    text: str | None
    user: str
    reason: str = ""
    until: date | None = None
    #: what to do with a list; None: add
    doing: ListChange | None = None
    #: a field that is kept for good, no list and no PIN: what it held when somebody saw it, as it is typed; None, and
    #: for any other field: nobody compares
    was: str | None = None

    @property
    def done_to_list(self) -> ListChange | None:
        """What is done with a list. None: the field is not a list."""
        if self.field not in LISTS:
            return None
        # without a text, the whole list is to be emptied
        return ListChange.REPLACE if self.text is None else self.doing or ListChange.ADD


def check_field(name: str) -> None:
    """Refuse an unknown field, or one that nobody may set, before a value is asked for.

    Raises ConfigurationError, which names the fields.
    """
    if name in FIELD and (why := FIELD[name].why_unset):
        told = "{name} is not set here: {why}"
        if name == "protection":
            raise ConfigurationError(told, name=name, why=why, kind="usage.field.protection")
        raise ConfigurationError(told, name=name, why=why, kind="usage.field")
    if name not in settable():
        raise ConfigurationError(
            "no such field: these may be set: {fields}", fields=", ".join(settable()), kind="usage.field"
        )


def check_setting(counter: SettingDesk, asked: Setting) -> None:
    """Refuse a request that cannot be done for this patron, before a value is typed.

    Raises:
        BadInput: there is no such patron.
        ConfigurationError: no field of that name may be set, or an option is missing.
    """
    if asked.doing is not None and asked.field not in LISTS:
        raise ConfigurationError(
            "{name} is one value: only {lists} have entries to remove or replace",
            name=asked.field,
            lists=", ".join(sorted(LISTS)),
            kind="usage.field",
        )
    if asked.doing in OF_NOTICES and not SETTABLE[asked.field].kind.notices:
        raise ConfigurationError(
            "{name} gets no notices: only a telephone and an e-mail address do", name=asked.field, kind="usage.field"
        )
    if not _is_ours(counter, asked):
        check_field(asked.field)
    elif not asked.reason and asked.until is None:
        return
    _check_options(asked, endless=_endless_for(counter, asked))


def _endless_for(counter: SettingDesk, asked: Setting) -> frozenset[Overridden]:
    """The fields whose correction needs no last day."""
    if asked.field not in {one.value for one in ENDLESS_UNREGISTERED - ENDLESS}:
        return ENDLESS
    return ENDLESS_UNREGISTERED if _view(counter, asked.patron_id).patron.number.is_replacement else ENDLESS


def _is_ours(counter: SettingDesk, asked: Setting) -> bool:
    """Whether the request sets the library's own value, because the register does not know the patron.

    A name with a reason or a last day is a correction, as for any patron.
    """
    corrects = asked.field in OVERRIDDEN and (bool(asked.reason) or asked.until is not None)
    if corrects or asked.field not in UNREGISTERED_FIELDS:
        return False
    return _view(counter, asked.patron_id).patron.number.is_replacement


def _check_options(asked: Setting, *, endless: frozenset[Overridden]) -> None:
    """Refuse if an override lacks an option that it needs, or if another field has an option that it does not use."""
    name, overrides, withdraws = asked.field, asked.field in OVERRIDDEN, asked.text is None
    if withdraws and asked.until is not None:
        raise ConfigurationError("what is taken back has no last day: leave it out", kind="usage.field")
    if not overrides and (asked.reason or asked.until is not None):
        raise ConfigurationError(
            "{name} is set for good: it takes no reason and no last day", name=name, kind="usage.field"
        )
    if overrides and not asked.reason.strip():
        raise ConfigurationError(FIELD[name].why_another, kind="usage.reason")
    if overrides and not withdraws and asked.until is None and Overridden(name) not in endless:
        raise ConfigurationError("a correction has a last day: say which", kind="usage.until")


def set_field(counter: SettingDesk, asked: Setting) -> dict[str, Any]:
    """Set one field of one patron. Return the JSON shape of `patron set`.

    Raises:
        BadInput: there is no such patron, or the text is empty or not valid for the field; nothing is written.
        ConfigurationError: no field of that name may be set, or an option is missing.
        NotConfirmed: somebody else has changed the field since it was seen; nothing is written.
        SecondPersonNeeded: it is the user's own record, or of their household; nothing is written.
    """
    check_setting(counter, asked)
    if asked.text is not None and not text_of(asked.text):
        # an empty value may come from a script that lost it: it takes no correction back
        raise BadInput("{field}: the value is empty", field=asked.field, kind="input.empty")
    # a second person's signature is used once: a value that cannot be kept is refused before
    _check_value(counter, asked)
    make_sure_that_may(counter.library.store, Doing.EDIT, asked.patron_id, what=_what(asked), user=asked.user)
    return write_again_if_lost(lambda: _write(counter, asked))


def _write(counter: SettingDesk, asked: Setting) -> dict[str, Any]:
    if asked.field in SETTABLE:
        return _set_local(counter, asked)
    if _is_ours(counter, asked):
        return _write_own(counter, asked)
    return _correct(counter, asked)


def _check_value(counter: SettingDesk, asked: Setting) -> None:
    takes_away = asked.doing in {ListChange.REMOVE, *OF_NOTICES}
    if not takes_away:
        try:
            FIELD[asked.field].kind.refuse_number(asked.text or "")
        except WrongValue as error:
            raise _unfit(asked.field, error) from None
    if asked.field in SETTABLE:
        _typed_value(counter, asked)
    elif _is_ours(counter, asked):
        _own_record(counter, asked)
    else:
        _override_of(counter, asked)


def _what(asked: Setting) -> str:
    """What a second person would sign for: the field, and what is done with it."""
    doing = asked.done_to_list
    return f"{asked.field}:{('clear' if asked.text is None else 'set') if doing is None else doing.value}"


def _view(counter: SettingDesk, patron_id: str) -> PatronView:
    view = counter.library.store.views.patron(patron_id)
    if view is None:
        raise no_such_patron()
    if view.merged_into is not None:
        raise BadInput(
            "the patron was merged into {merged_into}: set it there", merged_into=view.merged_into, kind="patron.merged"
        )
    if view.stage is Stage.CLOSED:
        raise BadInput("the patron has left: nothing is kept of them", kind="patron.closed")
    return view


def _document(asked: Setting, outcome: str, *, until: date | None = None, told: str | None = None) -> dict[str, Any]:
    doing = asked.done_to_list
    return ({} if doing is None else {"list": doing.value}) | {
        "patron": asked.patron_id,
        "field": asked.field,
        "outcome": outcome,
        "until": until and until.isoformat(),
        # what the net media are told from now on; "": the patron lives nowhere in Denmark; null: nothing new
        "culr": told,
    }


def _correct(counter: SettingDesk, asked: Setting) -> dict[str, Any]:
    override = _override_of(counter, asked)
    view, today, reason = _view(counter, asked.patron_id), counter.library.clock.today(), _reason_of(asked)
    name = Overridden(asked.field)
    held = next((one for one in reversed(view.patron.overrides) if one.field is name), None)
    if override is not None and name is Overridden.GROUP:
        override = replace(override, before=unpinned_group(view.patron, policy=counter.library.policy, on=today))
    if _says_the_same(held, override):
        return _document(asked, "unchanged", until=None if held is None else held.until)
    kept = tuple(one for one in view.patron.overrides if one.field is not name)
    after = replace(view.patron, overrides=kept if override is None else (*kept, override))
    correction = _correction(counter.library, view.patron, after, name, override, reason)
    counter.library.store.staff_changes.correct(correction, user=asked.user)
    outcome = "withdrawn" if override is None else "set"
    document = _document(asked, outcome, until=None if override is None else override.until, told=correction.write.culr)
    if override is None and name is Overridden.GROUP:
        document["follows_age"] = counter.library.policy.ladders.follows_age(correction.group)
    return document


def _reason_of(asked: Setting) -> str:
    reason = " ".join(asked.reason.split())
    if len(reason) > REASON_MAX or not reason.isprintable():
        raise BadInput(
            "the reason is longer than {most} characters, or no plain text", most=REASON_MAX, kind="input.reason"
        )
    refuse_number_in_reason(reason)
    return reason


def _override_of(counter: SettingDesk, asked: Setting) -> Override | None:
    """The correction that was typed; None: one is taken back."""
    # a colleague may have given the patron a number of the register's since the first check
    check_setting(counter, asked)
    name, reason, today = Overridden(asked.field), _reason_of(asked), counter.library.clock.today()
    if asked.text is None:
        return None
    try:
        value = value_of(name, asked.text, CheckedAgainst(counter.municipalities, today))
        most, endless = counter.library.policy.override_max_days, _endless_for(counter, asked)
        until = last_day_of(name, asked.until, on=today, max_days=most, endless=endless)
    except ValueError as error:
        raise _unfit(name.value, error) from None
    return Override(name, value, asked.user, reason, today, until)


def _says_the_same(held: Override | None, override: Override | None) -> bool:
    if held is None or override is None:
        return held is override
    return (held.value, held.reason, held.until) == (override.value, override.reason, override.until)


def _correction(  # noqa: PLR0913, PLR0917 -- what was, what is to be, and why
    library: Library, before: Patron, after: Patron, name: Overridden, override: Override | None, reason: str
) -> Correction:
    """What follows at once: the group in force, the next days, and what the net media are told."""
    today, policy, stopped = library.clock.today(), library.policy, before.letters_stopped
    # an override that is taken back ended yesterday: age decides again over a group that was pinned
    past = tuple(replace(one, until=today - ONE_DAY) for one in before.overrides if one.field is name)
    ended = past if override is None else ()
    was, now = (
        effective(one, policy, on=today)
        for one in (before, replace(before, register=after.register, overrides=(*after.overrides, *ended)))
    )
    group = now.group if now.group != was.group else before.group
    facts = CalendarFacts(after.id, after.register, group, after.overrides, letters_stopped=stopped)
    days = {}
    if name in {Overridden.GROUP, Overridden.BIRTH_DATE}:
        days["next_age_step"] = next_age_step(facts, today, policy)
    write = Write(
        patron=after,
        after=after.register,
        prepared=library.store.patrons.prepare(after.register),
        as_of=after.as_of,
        actions=(),
        culr=None if now.culr == was.culr else now.culr,
        letters_stopped=None,
    )
    return Correction(name, override, write, group, days, policy, reason)


def note_municipality(library: Library, patron: Patron, code: str, *, user: str) -> Correction:
    """What follows if a patron whom no register knows says where they live."""
    name, override = Overridden.MUNICIPALITY, municipality_correction(code, by=user, on=library.clock.today())
    after = replace(patron, overrides=(*(one for one in patron.overrides if one.field is not name), override))
    return _correction(library, patron, after, name, override, "")


def _write_own(counter: SettingDesk, asked: Setting) -> dict[str, Any]:
    """Set a register field of a patron who is not in the register."""
    (patron, after), today = _own_record(counter, asked), counter.library.clock.today()
    if after == patron.register:
        # what is sent twice is there already
        return _document(asked, "unchanged")
    if not _is_shown(patron, asked, today):
        raise not_confirmed(WhyNotConfirmed.CHANGED)
    prepared = counter.library.store.patrons.prepare(after)
    write = Write(patron=patron, after=after, prepared=prepared, as_of=patron.as_of, actions=())
    word = OwnWord(asked.field, with_age(write, on=today, policy=counter.library.policy))
    counter.library.store.staff_changes.write_own(word, user=asked.user)
    return _document(asked, "set")


def _own_record(counter: SettingDesk, asked: Setting) -> tuple[Patron, Person]:
    """A patron who is not in the register, and what their record would be."""
    patron = _view(counter, asked.patron_id).patron
    try:
        return patron, UNREGISTERED_FIELDS[asked.field](
            patron.register, asked.text or "", counter.library.clock.today()
        )
    except ValueError as error:
        raise _unfit(asked.field, error) from None


def _is_shown(patron: Patron, asked: Setting, on: date) -> bool:
    """Whether the record shows a register field as somebody saw it."""
    if asked.was is None:
        return True
    try:
        return SHOWN_AS[asked.field](patron.register, in_force(patron.overrides, on), text_of(asked.was))
    except ValueError:
        return False


def _set_local(counter: SettingDesk, asked: Setting) -> dict[str, Any]:
    """Set a field that the patron or staff own."""
    key, doing, policy = asked.field, asked.done_to_list, counter.library.policy
    if _view(counter, asked.patron_id).is_sealed(policy) and SETTABLE[key].sealed:
        # the user did not see it: a refusal would tell somebody who guesses that it is another
        asked = replace(asked, was=None)
    value = _typed_value(counter, asked)
    change = LocalChange(
        asked.patron_id,
        key,
        (lambda before: before) if key == PIN else _after(asked, value, counter.library.clock.today()),
        doing=doing,
        pin=value if key == PIN else None,
        policy=policy if key == "absence" else None,
    )
    if not counter.library.store.staff_changes.change_local(change, user=asked.user):
        return _document(asked, "unchanged")
    if doing is ListChange.REMOVE and SETTABLE[key].kind.is_lifted:
        return _document(asked, "lifted")
    return _document(asked, "set" if doing is None else _OUTCOMES[doing])


def _typed_value(counter: SettingDesk, asked: Setting) -> Any:
    key = asked.field
    try:
        value = SETTABLE[key].kind.typed(asked.text or "")
        if asked.done_to_list is ListChange.ADD:
            SETTABLE[key].kind.check_new(value)
    except ValueError as error:
        raise _unfit(key, error) from None
    return _branch(counter.library.policy, value) if SETTABLE[key].kind is BRANCH else value


def _branch(policy: Policy, written: str) -> str:
    try:
        return policy.branch_named(written)
    except ValueError:
        raise no_such_branch(policy) from None


def no_such_branch(policy: Policy) -> BadInput:
    """An error that names the branches to choose from."""
    named = ", ".join(policy.branches)
    return BadInput("the library has no such branch: it has {branches}", branches=named, kind="input.branch")


def _after(asked: Setting, value: Any, on: date) -> Callable[[Local], Local]:
    key, doing, field = asked.field, asked.done_to_list, SETTABLE[asked.field]

    def after(before: Local) -> Local:
        if field.kind.change is None or doing is None:
            after = before.with_values({key: value})
            # what is sent twice is there already
            if after != before and not _is_as_seen(field, before, asked.was):
                raise not_confirmed(WhyNotConfirmed.CHANGED)
            return after
        try:
            return before.with_values({key: field.kind.change(field.value_in(before), value, doing, on)})
        except NotListed as error:
            raise BadInput("{field}: {why}", field=key, why=error, kind="list.missing") from None
        except SeveralMeant as error:
            raise BadInput("{field}: {why}", field=key, why=error, kind="list.several") from None
        except ValueError as error:
            raise _unfit(key, error) from None

    return after


def _is_as_seen(field: Field, before: Local, was: str | None) -> bool:
    """Whether a field has the value that somebody saw."""
    if was is None:
        return True
    held = field.value_in(before)
    try:
        return bool(field.kind.typed(was) == held)
    except ValueError:
        # two notes that a merge has joined may be longer than anybody may type
        return isinstance(held, str) and typed_lines(was) == typed_lines(held)


def _unfit(field: str, error: ValueError) -> BadInput:
    return BadInput("{field}: {why}", field=field, why=error, kind="input.value")

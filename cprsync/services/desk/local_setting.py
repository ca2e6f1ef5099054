"""Sets a field that the patron or staff own. A value is kept as typed; a list changes one entry at a time.

A value that is typed for a list is added or removed. It replaces the whole list only on request. For a patron who is
not in the register, name, birth date and protection are the library's own, and need no reason and have no last day;
with a real number they belong to the register again. Leaves out corrections over the register: see `setting`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol

from cprsync.domain.patron.fields import SETTABLE
from cprsync.domain.patron.local import Doing, NotListed, SeveralMeant
from cprsync.domain.patron.override import UNREGISTERED_FIELDS, Overridden
from cprsync.errors import BadInput, ConfigurationError
from cprsync.services.ports.desk import LocalChange, OwnWord
from cprsync.services.ports.patrons import Write, with_age

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import date

    from cprsync.domain.patron.local import Local
    from cprsync.domain.patron.patron import Patron
    from cprsync.domain.person.person import Person
    from cprsync.domain.policy.policy import Policy
    from cprsync.services.ports.patrons import Prepared
    from cprsync.services.ports.run import Clock
    from cprsync.services.ports.store import Store

#: The fields that are lists.
LISTS: Final = frozenset(key for key, field in SETTABLE.items() if field.kind.is_list)
PIN: Final = "pin"
#: The outcome for a list, by what was done with it.
_OUTCOMES: Final[Mapping[Doing, str]] = {Doing.ADD: "added", Doing.REMOVE: "removed", Doing.REPLACE: "set"}


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
    doing: Doing | None = None


class LocalAsked(Protocol):
    """The request to set a local field."""

    @property
    def patron_id(self) -> str: ...
    @property
    def field(self) -> str: ...
    @property
    def text(self) -> str | None: ...
    @property
    def user(self) -> str: ...
    @property
    def doing(self) -> Doing | None: ...


def check_doing(field: str, doing: Doing | None) -> None:
    """Refuse to add to, or remove from, a field that is not a list. Raises ConfigurationError."""
    if doing is not None and field not in LISTS:
        raise ConfigurationError(
            "{name} is one value: --remove and --replace are for {lists}",
            name=field,
            lists=", ".join(sorted(LISTS)),
            kind="usage.field",
        )


def set_local(store: Store, clock: Clock, policy: Policy, asked: LocalAsked) -> str:
    """Write the change and return the outcome. Raises BadInput, which does not quote the text."""
    doing = doing_of(asked)
    try:
        value = SETTABLE[asked.field].kind.typed(asked.text or "")
    except ValueError as error:
        raise _unfit(asked.field, error) from None
    if asked.field == "branch":
        value = _branch(policy, value)
    change = LocalChange(
        asked.patron_id,
        asked.field,
        (lambda before: before) if asked.field == PIN else _after(asked.field, value, doing, clock.today()),
        doing=doing,
        pin=value if asked.field == PIN else None,
        policy=policy if asked.field == "absence" else None,
    )
    if not store.staff_changes.change_local(change, user=asked.user):
        return "unchanged"
    if doing is Doing.REMOVE and asked.field == "blocks":
        return "lifted"
    return "set" if doing is None else _OUTCOMES[doing]


def _branch(policy: Policy, written: str) -> str:
    try:
        return policy.branch_named(written)
    except ValueError:
        raise no_such_branch(policy) from None


def no_such_branch(policy: Policy) -> BadInput:
    """An error that names the branches to choose from."""
    named = ", ".join(policy.branches)
    return BadInput("the library has no such branch: it has {branches}", branches=named, kind="input.branch")


def doing_of(asked: LocalAsked) -> Doing | None:
    """What is done with a list. None: the field is not a list."""
    if asked.field not in LISTS:
        return None
    # without a text, the whole list is to be emptied
    return Doing.REPLACE if asked.text is None else asked.doing or Doing.ADD


def _after(key: str, value: Any, doing: Doing | None, on: date) -> Callable[[Local], Local]:
    field = SETTABLE[key]

    def after(before: Local) -> Local:
        if field.kind.change is None or doing is None:
            return before.with_values({key: value})
        try:
            return before.with_values({key: field.kind.change(field.value_in(before), value, doing, on)})
        except NotListed as error:
            raise BadInput("{field}: {why}", field=key, why=error, kind="list.missing") from None
        except SeveralMeant as error:
            raise BadInput("{field}: {why}", field=key, why=error, kind="list.several") from None
        except ValueError as error:
            raise _unfit(key, error) from None

    return after


def _unfit(field: str, error: ValueError) -> BadInput:
    return BadInput("{field}: {why}", field=field, why=error, kind="input.value")


def may_be_ours(asked: Setting) -> bool:
    """Whether the request sets the library's own value, if the register does not know the patron.

    A name with a reason or a last day is a correction, as for any patron.
    """
    corrects = asked.field in {one.value for one in Overridden} and (bool(asked.reason) or asked.until is not None)
    return asked.field in UNREGISTERED_FIELDS and not corrects


def own_word(
    patron: Patron, asked: Setting, prepare: Callable[[Person], Prepared], *, on: date, policy: Policy
) -> OwnWord | None:
    """What is written. None: the record has the value already. Raises BadInput, which does not quote the text."""
    try:
        after = UNREGISTERED_FIELDS[asked.field](patron.register, asked.text or "", on)
    except ValueError as error:
        raise BadInput("{field}: {why}", field=asked.field, why=error, kind="input.value") from None
    if after == patron.register:
        return None
    write = Write(patron=patron, after=after, prepared=prepare(after), as_of=patron.as_of, actions=())
    return OwnWord(asked.field, with_age(write, on=on, policy=policy))

"""Finds patrons by what staff know of them, shows a record, and reveals its sealed data for a reason.

The store writes the audit entry first, and only then opens. Leaves out who may reveal: every user who may run the
program may.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from cprsync.domain.desk.access import Doing
from cprsync.domain.patron.local import Stage
from cprsync.domain.person.number import CprNumber, unspaced
from cprsync.errors import BadInput, ConfigurationError
from cprsync.services.desk.access import make_sure_that_may
from cprsync.services.desk.responsibles import list_minors
from cprsync.services.desk.showing import patron_document
from cprsync.services.ports.desk import SERVE, SHOW, PatronView, Reveal
from cprsync.services.ports.patrons import no_such_patron
from cprsync.services.ports.trust.audit import demanded_reason

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from cprsync.services.ports.desk import Numbered, Opened, PatronView
    from cprsync.services.ports.store import Library, Store


#: How the patron was found.
CPR_NUMBER: Final = "cpr_number"
PATRON_NUMBER: Final = "patron"
CARD: Final = "card"
#: Warnings about the patron found.
OLD_NUMBER: Final = "old_number"
MERGED: Final = "merged"
CLOSED: Final = "closed"
#: The same text is also another patron's card.
CARD_OF_ANOTHER: Final = "card_of_another"
_PATRON_NUMBER: Final = re.compile(r"[0-9]{8}", re.ASCII)


@dataclass(frozen=True, slots=True)
class RecordViewer:
    """Where a library's records are looked at, and the user who looks."""

    library: Library
    user: str

    def shown(self, patron_id: str) -> dict[str, Any]:
        """One record as anyone at the desk may see it, once the audit has who looks at it.

        Raises BadInput if there is no such patron.
        """
        return self.document(look_at(self.library.store, patron_id, user=self.user))

    def document(self, view: PatronView) -> dict[str, Any]:
        """Same as `shown`, of a record that has been read. The caller calls `note_look` first."""
        return self._document(view, None)

    def note_look(self, patron_id: str) -> None:
        """Let the audit have that the user looks at a record."""
        self.library.store.access.note_view(patron_id, user=self.user, purpose=SERVE)

    def revealed(self, patron_id: str, *, reason: str) -> dict[str, Any]:
        """Same as `shown`, with the sealed fields opened, and what the patron said while the register was silent.

        A record with neither is shown as by `shown`.

        Raises:
            BadInput: there is no such patron, or the reason cannot be kept; nothing is opened.
            ConfigurationError: there is no reason.
            SecondPersonNeeded: it is the user's own record, of their household, or watched; nothing is opened.
        """
        why, view = check_reason(reason), view_of(self.library.store, patron_id)
        document = self.document(view)
        fields = sealed_fields(document["fields"])
        if not fields and "said" not in document:
            self.note_look(patron_id)
            return document
        make_sure_that_may(self.library.store, Doing.REVEAL, patron_id, what=SHOW, user=self.user)
        return self._document(view, self.library.store.views.reveal(Reveal(patron_id, fields, self.user, why)))

    def _document(self, view: PatronView, opened: Opened | None) -> dict[str, Any]:
        document = patron_document(
            view,
            self.library.policy,
            agency=self.library.agency,
            on=self.library.clock.today(),
            opened=opened,
            circulation=self.library.store.lending.circulation(view.patron.id),
        )
        # a reveal opens one record: a minor's sealed data stays sealed on the page of the person who answers
        document["answers_for"] = list_minors(self.library, view.patron.id)
        return document if view.merged_into is None else document | {"merged_into": view.merged_into}


def check_reason(reason: str) -> str:
    """The reason as the audit keeps it. Raises as `demanded_reason`."""
    return demanded_reason(reason, of="what is sealed opens for a reason only")


def check_asked(*, reveal: bool, reason: str) -> None:
    """Check what was asked before anything is read: what is sealed opens for a reason, and a reason is only for that.

    Raises as `demanded_reason`, and ConfigurationError for a reason without a reveal.
    """
    if reveal:
        check_reason(reason)
    elif reason:
        raise ConfigurationError("a reason without a reveal: nothing is opened", kind="usage.reason")


def sealed_fields(fields: Mapping[str, Mapping[str, Any]]) -> tuple[str, ...]:
    """The names of the sealed fields."""
    return tuple(name for name, entry in fields.items() if "sealed" in entry)


def view_of(store: Store, patron_id: str) -> PatronView:
    """A record, also an emptied one, or the shell of a merged one. Raises BadInput if there is none."""
    view = store.views.patron(patron_id)
    if view is None and store.leaving.was_given(patron_id):
        raise BadInput("the patron has left or was erased, and nothing is left of the record", kind="patron.gone")
    if view is None:
        raise no_such_patron()
    return view


def look_at(store: Store, patron_id: str, *, user: str) -> PatronView:
    """Same as `view_of`, for somebody at the desk: the audit has that they look, first."""
    view = view_of(store, patron_id)
    store.access.note_view(patron_id, user=user, purpose=SERVE)
    return view


def unmerged_view_of(store: Store, patron_id: str) -> PatronView:
    """Same as `view_of`, but raises BadInput for a merged patron: the record that it was merged into answers."""
    view = view_of(store, patron_id)
    refuse_merged(view)
    return view


def refuse_merged(view: PatronView) -> None:
    """Make sure that the patron was not merged into another. Raises BadInput, which names the other record."""
    if view.merged_into is not None:
        raise BadInput(
            "the patron was merged into {merged_into}: ask for that record",
            merged_into=view.merged_into,
            kind="patron.merged",
        )


def living_view_of(store: Store, patron_id: str) -> PatronView:
    """Same as `unmerged_view_of`, but raises BadInput for a patron who has left: nothing is kept to answer from."""
    view = unmerged_view_of(store, patron_id)
    if view.stage is Stage.CLOSED:
        raise BadInput("the patron has left: nothing is kept of them", kind="patron.closed")
    return view


@dataclass(frozen=True, slots=True)
class _Found:
    patron_id: str
    by: str
    warnings: tuple[str, ...] = ()


def find_patron(store: Store, typed: str) -> dict[str, Any]:
    """Find the patron who has, or had, this number or card. Return the JSON shape of `patron find`."""
    found = list(_all(store, typed))
    if not found:
        return {"found": False, "patron": None, "by": None, "warnings": []}
    first = found[0]
    others = [one.patron_id for one in found if one.patron_id != first.patron_id]
    document = {"found": True, "patron": first.patron_id, "by": first.by, "warnings": list(first.warnings)}
    if others:
        # without this warning, someone who scans a card could be shown another patron
        document |= {"warnings": [*first.warnings, CARD_OF_ANOTHER], "other": others[0]}
    return document


def _all(store: Store, typed: str) -> Iterator[_Found]:
    """Everyone that the text may mean, the most likely first."""
    if (number := read_number(typed)) is not None and (one := store.patrons.find(number)) is not None:
        (patron,) = store.patrons.read([one])
        yield _Found(one, CPR_NUMBER, () if patron.number == number else (OLD_NUMBER,))
    joined = unspaced(typed)
    if is_patron_number(typed) and (theirs := store.views.numbered(joined)) is not None:
        yield _Found(theirs.patron_id, PATRON_NUMBER, tuple(_about(joined, theirs)))
    if (holder := store.views.with_card(typed)) is not None:
        yield _Found(holder, CARD)


def is_patron_number(typed: str) -> bool:
    """Whether a text has the form of a patron number."""
    return _PATRON_NUMBER.fullmatch(unspaced(typed)) is not None


def read_number(typed: str) -> CprNumber | None:
    """A typed number, with or without a hyphen or blanks. None: it is no CPR number."""
    try:
        return CprNumber.parse_any(unspaced(typed))
    except ValueError:
        return None


def _about(typed: str, theirs: Numbered) -> Iterator[str]:
    if theirs.patron_id != typed:
        yield MERGED
    if theirs.stage is Stage.CLOSED:
        yield CLOSED

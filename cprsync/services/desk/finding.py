"""Finds our own patrons by whatever staff type or scan, and lists them if there are several. Asks the register nothing.

A protected patron is found by a number or a card alone: never by name, also not in a count. By telephone or e-mail
they are found, without name, birth date and address.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from cprsync.domain.desk.finding import Hit, danish_order, is_named, read_typed, tell_apart, words_of
from cprsync.domain.patron.effective import effective
from cprsync.domain.patron.local import Stage
from cprsync.domain.person.sealed import Address, Name
from cprsync.services.desk.viewing import find_patron
from cprsync.services.ports.desk import SERVE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import date

    from cprsync.domain.desk.finding import Typed
    from cprsync.services.ports.desk import PatronView
    from cprsync.services.ports.store import Library

#: How the patrons were found.
TELEPHONE: Final = "telephone"
EMAIL: Final = "email"
NAME: Final = "name"
#: A name was typed without a birth date, which finds nobody.
NO_DATE: Final = "no_date"
#: The night has still to make the keys of some records, so that a name or a telephone may miss a patron.
INCOMPLETE: Final = "incomplete"
#: There are more patrons than are listed.
MORE: Final = "more"
#: The most patrons that are listed.
HITS_MAX: Final = 20
#: How many changed records a search makes keys of. The night makes the rest.
REFRESHED_MAX: Final = 200


@dataclass(frozen=True, slots=True)
class Finder:
    """Where patrons are looked for."""

    library: Library
    #: who looks
    user: str

    def find(self, text: str) -> dict[str, Any]:
        """Find the patrons that a text may mean. Return the JSON shape of `patron find`.

        `hits` is there if several were found; `patron` is then None. The audit has that somebody searched by name,
        telephone or e-mail, before anybody learns what was found. A number or a card leads to a record, and that is in
        the audit.
        """
        typed = read_typed(text, self.library.clock.today())
        document = self._found(typed)
        if _is_search(typed, document):
            by = TELEPHONE if typed.telephone is not None else EMAIL if typed.email is not None else NAME
            self.library.store.access.note_search(by, user=self.user, purpose=SERVE, patron_id=document["patron"])
        return document

    def find_namesakes(self, name: str, born: date, *, has_number: bool = False) -> list[dict[str, Any]]:
        """The patrons with this first and last name and this birth date, told apart as by `find`.

        Nobody protected is among them. The audit has the search before anybody learns whom it found.

        `has_number`: the person has a number of the register's, so that only a patron without one may be the same.
        """
        words = words_of(name)
        if not words:
            return []
        self.library.store.finding.refresh(REFRESHED_MAX)
        with self.library.store.at_one_moment():
            views = self._open_views((words[0], words[-1]), (born,), whole=True)
        hits = _documents([self._hit(one) for one in views if not has_number or one.patron.number.is_replacement])
        if hits:
            alone = hits[0]["patron"] if len(hits) == 1 else None
            self.library.store.access.note_search(NAME, user=self.user, purpose=SERVE, patron_id=alone)
        return hits

    def _open_views(self, words: Sequence[str], born: Sequence[date], *, whole: bool = False) -> list[PatronView]:
        """The patrons of a name and a birth date, without those whose name is hidden. `whole`: the words are whole."""
        policy, today = self.library.policy, self.library.clock.today()
        views = self._views(self.library.store.finding.by_birth_date(born))
        return [
            view for view in views if not view.is_sealed(policy) and is_named(view.patron, words, today, whole=whole)
        ]

    def _found(self, typed: Typed) -> dict[str, Any]:
        document = find_patron(self.library.store, typed.exact)
        if document["found"] and typed.telephone is None:
            return document
        by, views = self._shared(typed)
        others = [one for one in views if one.patron.id not in {document["patron"], document.get("other")}]
        if document["found"]:
            first = [view for one in (document["patron"], document.get("other")) if (view := self._view(one))]
            return document if not others else self._listed(document["by"], others, document["warnings"], first=first)
        warnings = [*self._warnings(typed)]
        if len(others) == 1:
            return {"found": True, "patron": others[0].patron.id, "by": by, "warnings": warnings}
        return self._listed(by, others, warnings) if others else document | {"warnings": warnings}

    def _shared(self, typed: Typed) -> tuple[str, list[PatronView]]:
        """How the text may mean several patrons, and who has it."""
        store = self.library.store
        if not _is_shared(typed):
            return "", []
        store.finding.refresh(REFRESHED_MAX)
        if typed.email is not None:
            return EMAIL, list(self._views(store.finding.by_email(typed.email)))
        if typed.telephone is not None:
            return TELEPHONE, list(self._views(store.finding.by_telephone(typed.telephone)))
        return NAME, self._open_views(typed.words, typed.born)

    def _views(self, ids: list[str]) -> Iterator[PatronView]:
        yield from (view for one in ids if (view := self._view(one)) is not None)

    def _view(self, patron_id: str | None) -> PatronView | None:
        view = None if patron_id is None else self.library.store.views.patron(patron_id)
        return None if view is None or view.stage is Stage.CLOSED else view

    def _warnings(self, typed: Typed) -> Iterator[str]:
        if typed.lacks_date:
            yield NO_DATE
        if _is_shared(typed) and not self.library.store.finding.is_complete():
            yield INCOMPLETE

    def _listed(
        self, by: str, views: list[PatronView], warnings: list[str], *, first: Sequence[PatronView] = ()
    ) -> dict[str, Any]:
        """Those who are found, by their names; `first` of all, who has just this number or card."""
        found = [*map(self._hit, first), *sorted(map(self._hit, views), key=lambda one: danish_order(one.name or ""))]
        more = [MORE] if len(found) > HITS_MAX else []
        return {"found": True, "patron": None, "by": by, "warnings": [*warnings, *more], "hits": _documents(found)}

    def _hit(self, view: PatronView) -> Hit:
        person = view.patron.register
        if view.is_sealed(self.library.policy):
            return Hit(view.patron.id, is_sealed=True)
        birth = effective(view.patron, self.library.policy, on=self.library.clock.today()).birth
        at, name = person.address, person.name
        return Hit(
            view.patron.id,
            name.addressing if isinstance(name, Name) else None,
            None if birth is None else birth.day,
            f"{at.road} {at.house}".strip() if isinstance(at, Address) else None,
        )


def _documents(found: Sequence[Hit]) -> list[dict[str, Any]]:
    """The first of them, each with as little as tells them apart."""
    return [
        {
            "patron": one.patron_id,
            "name": one.name,
            "born": one.born and one.born.isoformat(),
            "road": one.road,
            **({"sealed": True} if one.is_sealed else {}),
        }
        for one in tell_apart(found[:HITS_MAX])
    ]


def _is_shared(typed: Typed) -> bool:
    """Whether the text may be what several patrons have."""
    return typed.telephone is not None or typed.email is not None or bool(typed.words)


def _is_search(typed: Typed, document: Mapping[str, Any]) -> bool:
    """Whether patrons were searched by name, telephone or e-mail, and no number or card led straight to one."""
    if not _is_shared(typed):
        return False
    if not document["found"]:
        # a CPR number may also be a telephone number by its form
        return typed.number is None
    return "hits" in document or document["by"] in {TELEPHONE, EMAIL, NAME}

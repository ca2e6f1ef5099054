"""A patron's own view of their record: shown, changed and exported by the patron, and audited as the patron.

A patron names no record: theirs is the only one that is reached. Changes are those of the desk (`setting`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from cprsync.domain.desk.own import Proof, changed_fields, mask_contacts, opened_fields
from cprsync.domain.person.number import CprNumber, NumberKind
from cprsync.errors import BadInput
from cprsync.services.desk.setting import Setting, SettingDesk, set_field
from cprsync.services.desk.showing import patron_document
from cprsync.services.desk.viewing import living_view_of, read_number, sealed_fields
from cprsync.services.ports.desk import OWN, Reveal

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from cprsync.domain.patron.field import Field
    from cprsync.domain.patron.local import ListChange
    from cprsync.services.ports.desk import Opened, PatronView
    from cprsync.services.ports.store import Library, Store

#: Where the hyphen of a written number stands.
_HYPHEN_AT: Final = 6
#: What a provider's claim holds: a CPR number. Any other holds a patron number.
BY_NUMBER: Final = "cpr_number"


@dataclass(frozen=True, slots=True, repr=False)
class OwnRecord:
    """One patron at their own record."""

    library: Library
    municipalities: frozenset[str]
    patron_id: str
    proof: Proof

    def document(self) -> dict[str, Any]:
        """The record as the patron sees it. The audit names the patron, before anything is read.

        Raises BadInput: there is no such patron any more.
        """
        view = living_view_of(self.library.store, self.patron_id)
        fields = self._opened(view)
        self.library.store.views.note_own(self.patron_id, tuple(one.key for one in fields), proof=self.proof.value)
        whole = self._whole(view)
        shown = {one.key: self._shown(one, whole["fields"][one.key]) for one in fields if one.key in whole["fields"]}
        if self.proof is Proof.CARD:
            return {"library": self.library.agency, "proof": self.proof.value, "fields": shown}
        shown["cpr_number"] = {**shown["cpr_number"], "value": _written(view.patron.number)}
        return {
            "library": self.library.agency,
            "proof": self.proof.value,
            "patron": self.patron_id,
            **{key: whole[key] for key in ("protected", "sealed_by", "verified", "said") if key in whole},
            # how many, as of those who answer for the patron: the numbers of others are theirs
            "answers_for": len(self.library.store.responsibles.minors_of(self.patron_id)),
            "fields": shown,
        }

    def changeable(self) -> tuple[Field, ...]:
        """The fields that the patron may change."""
        return changed_fields(self.proof, is_sealed=self._is_sealed(living_view_of(self.library.store, self.patron_id)))

    def entries(self, key: str) -> tuple[tuple[str, str], ...]:
        """The entries of a list that the patron may take off, as they are typed and as they are shown."""
        view = living_view_of(self.library.store, self.patron_id)
        field = self._own_field(key)
        typed = field.kind.shown(field.value_in(view.local), False) if field.kind.is_list else ()
        return tuple(zip(typed, mask_contacts(typed) if self._masks(field) else typed, strict=True))

    def change(self, key: str, text: str, doing: ListChange | None = None) -> str:
        """Change one field, as the desk does. Return the outcome.

        Raises BadInput: the field is not the patron's to change, or the text does not fit; nothing is written.
        """
        field = self._own_field(key)
        counter = SettingDesk(self.library, self.municipalities)
        if field.kind.is_list and not text:
            raise BadInput("{field}: the value is empty", field=key, kind="input.empty")
        asked = Setting(self.patron_id, key, text or None, self.patron_id, doing=doing if field.kind.is_list else None)
        return str(set_field(counter, asked)["outcome"])

    def _own_field(self, key: str) -> Field:
        field = next((one for one in self.changeable() if one.key == key), None)
        if field is None:
            raise BadInput("that is not yours to change here", kind="own.field")
        return field

    def _opened(self, view: PatronView) -> tuple[Field, ...]:
        return opened_fields(self.proof, is_sealed=self._is_sealed(view))

    def _is_sealed(self, view: PatronView) -> bool:
        return view.is_sealed(self.library.policy)

    def _whole(self, view: PatronView) -> dict[str, Any]:
        """The record as the desk shows it, opened if the patron has proved who they are."""
        document = self._document_of(view, None)
        sealed = sealed_fields(document["fields"])
        if self.proof is Proof.CARD or not (sealed or view.said_since):
            return document
        return self._document_of(
            view,
            self.library.store.views.reveal(Reveal(self.patron_id, sealed, self.patron_id, reason="", purpose=OWN)),
        )

    def _document_of(self, view: PatronView, opened: Opened | None) -> dict[str, Any]:
        return patron_document(
            view,
            self.library.policy,
            agency=self.library.agency,
            on=self.library.clock.today(),
            opened=opened,
            circulation=self.library.store.lending.circulation(self.patron_id),
        )

    def _shown(self, field: Field, entry: Mapping[str, Any]) -> dict[str, Any]:
        """A field without what concerns others: which employee corrected it, and the numbers of other patrons."""
        shown = dict(entry)
        if entry["override"] is not None:
            shown["override"] = {"until": entry["override"]["until"], "register": entry["override"]["register"]}
        if field.key == "responsible":
            shown["value"] = len(entry["value"] or ())
        if self._masks(field):
            plain, marked = entry["value"], entry.get("notices")
            shown["value"] = mask_contacts(plain)
            # found before it is masked: two that look alike are two
            shown["notices"] = None if marked is None else shown["value"][plain.index(marked)]
        return shown

    def _masks(self, field: Field) -> bool:
        return self.proof is Proof.CARD and field.kind.notices


def _written(number: CprNumber) -> str | None:
    """The whole number. None: there is none."""
    if number.kind is NumberKind.NONE:
        return None
    return f"{number.digits[:_HYPHEN_AT]}-{number.digits[_HYPHEN_AT:]}"


def patron_of_number(store: Store, text: str) -> str | None:
    """The patron whose present CPR number a provider names. None: the library has no such patron."""
    try:
        number = CprNumber.parse(text)
    except ValueError:
        return None
    found = store.patrons.find(number)
    held = [] if found is None else store.patrons.read([found])
    return found if held and held[0].number == number else None


def patron_of_id(store: Store, text: str) -> str | None:
    """The patron whose patron number a provider names. None: the library has no such patron."""
    found = store.views.numbered(text)
    return None if found is None or found.patron_id != text else text


#: By what a provider may name a patron.
NAMED_BY: Final[Mapping[str, Callable[[Store, str], str | None]]] = {
    BY_NUMBER: patron_of_number,
    "patron": patron_of_id,
}


@dataclass(frozen=True, slots=True, repr=False)
class SignedInByCard:
    """A patron has signed in with a card and its PIN."""

    card: str
    #: what only the PIN of that moment gives
    proof: str

    def still_names(self, store: Store, patron_id: str) -> bool:
        """Whether the card is the patron's and has the same PIN."""
        return store.cards.proof(patron_id, self.card) == self.proof


@dataclass(frozen=True, slots=True, repr=False)
class SignedInByClaim:
    """A provider has named a patron."""

    #: what the claim holds: a key of `NAMED_BY`
    named_by: str
    claimed: str

    def still_names(self, store: Store, patron_id: str) -> bool:
        """Whether the claim leads to the patron now."""
        return NAMED_BY[self.named_by](store, self.claimed) == patron_id


def keep_own_of_staff(store: Store, user: str, *, named_by: str, named: object) -> bool:
    """Keep whose record is a member of staff's own, as their provider says at sign-in. False: it says nothing of use.

    Args:
        store: where it is kept: a patron number, and of a CPR number a keyed hash.
        user: by which name the audit knows them.
        named_by: what the claim holds, as in `NAMED_BY`.
        named: the claim's value; None: there is none.
    """
    by_number = named_by == BY_NUMBER
    number = read_number(named) if by_number and isinstance(named, str) else None
    # an old number is theirs too, and a merged patron is the one who keeps their record
    own = None if number is None else store.patrons.find(number)
    if not by_number and isinstance(named, str) and (found := store.views.numbered(named)) is not None:
        own = found.patron_id
    store.access.keep_own(user, own, number)
    return number is not None or own is not None

"""The record page: who it is, whether they may borrow, what waits, every field; and what changed in the record."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

from cprsync.domain.desk.settable import settable_of_anyone
from cprsync.domain.lending.standing import BorrowRule
from cprsync.domain.patron.effective import effective
from cprsync.domain.patron.responsible import OF_AGE
from cprsync.language.audit import change_texts
from cprsync.language.lending import block_text, contact_lines
from cprsync.language.netmedia import change_text, culr_text, municipality_text, right_text
from cprsync.language.record import hidden_marks, marks_of
from cprsync.language.review import with_words
from cprsync.language.words import desk_word, money, titles_of, word
from cprsync.municipalities import load_municipalities
from cprsync.services.desk.responsibles import list_responsibles
from cprsync.services.desk.reviewing import StaffReviews
from cprsync.services.desk.showing import age_of
from cprsync.services.desk.viewing import RecordViewer, view_of
from cprsync.services.lending.standing import Standings
from cprsync.services.netmedia.entitlements import Entitlements
from cprsync.services.trust.audit import list_changes
from cprsync.web.pages.fields import is_kept, rows_of, rows_to_change

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from starlette.responses import Response

    from cprsync.catalogues import Language
    from cprsync.services.lending.standing import ShownStanding
    from cprsync.services.ports.desk import PatronView
    from cprsync.web.pages.fields import FieldRow
    from cprsync.web.visit import Visit

#: The most changes that the page of changes shows, the latest first.
CHANGES_MAX: Final = 200


@dataclass(frozen=True, slots=True, repr=False)
class FormProblem:
    """What was wrong with a form of the page."""

    #: the form, which stands open
    form: str
    text: str
    #: what was typed in the form, by input, to be mended there
    typed: Mapping[str, str] = field(default_factory=dict)
    #: the input that is wrong, beside the one of the value: "reason" or "until"
    input: str = ""

    @property
    def place(self) -> str:
        """The input to which the summary leads. "": there is none."""
        form = f"set-{self.form}" if self.form in _SET else self.form
        return f"{form}-{self.input}" if self.input else form


#: Follows the address of a record to which a form leads: the cursor goes to whose record it is.
WHOSE: Final = "#whose"
#: The fields of a form that sets a field for good. A patron in no register has more of them.
_SET: Final = frozenset(settable_of_anyone())


def whose_name(document: Mapping[str, Any]) -> str:
    """The name to head a page with. "": it is sealed, or there is none."""
    return str(document["fields"].get("name", {}).get("value") or "")


def marks_in(document: Mapping[str, Any], language: Language) -> list[str]:
    """Why the person of a look-up, or their address, is hidden, in words. Nothing if the register knows nobody."""
    return [word(mark, language) for mark in hidden_marks(document)] if document["found"] else []


def viewer_of(visit: Visit) -> RecordViewer:
    """Where the person of the visit looks at records."""
    return RecordViewer(visit.place.desk, visit.user)


def show_record(visit: Visit, *, problem: FormProblem | None = None) -> Response:
    """One record, with what is sealed closed, and what was wrong. Of a hidden one nothing typed comes back."""
    viewer, patron = viewer_of(visit), visit.named("patron")
    store = visit.place.desk.store
    with store.at_one_moment():
        view = view_of(store, patron)
        document = viewer.document(view)
        if problem is not None and document["protected"]:
            problem = replace(problem, typed={})
        page = _record_page(visit, document, view, problem=problem)
    # nobody sees the page before the audit has it
    viewer.note_look(patron)
    return page


def reveal_record(visit: Visit) -> Response:
    """The record with its sealed fields opened, for a reason that the audit keeps first."""
    patron, reason = visit.named("patron"), visit.typed("reason")
    if not reason:
        return show_record(visit, problem=FormProblem("reason", visit.word("reveal_reason_missing")))
    document, store = viewer_of(visit).revealed(patron, reason=reason), visit.place.desk.store
    with store.at_one_moment():
        return _record_page(visit, document, view_of(store, patron))


def _record_page(
    visit: Visit, document: Mapping[str, Any], view: PatronView, *, problem: FormProblem | None = None
) -> Response:
    """The page of a record. `view`: what the document was made from."""
    language, desk = visit.language, visit.place.desk
    lives = is_kept(document) and "merged_into" not in document
    if lives:
        today = desk.clock.today()
        age = age_of(effective(view.patron, desk.policy, on=today).birth, desk.policy, today)
        is_minor = age is not None and age < OF_AGE
        rows = rows_to_change(document, language, desk.policy, load_municipalities(), is_minor=is_minor)
    else:
        rows = list(rows_of(document["fields"], language))
    responsibles = list_who_answers(visit, document) if lives else []
    rows = name_who_answers(rows, document, responsibles, language)
    said, shown = visit.session.take_said(), {row.key for row in rows}
    return visit.show(
        "record.html",
        back=f"/patrons/{document['patron']}",
        document=document,
        whose=whose_name(document),
        rows=rows,
        marks=[word(mark, language) for mark in marks_of(document)],
        standing=_standing(visit, view) if lives else None,
        rights=_rights(visit, view) if lives else None,
        waiting=[with_words(one) for one in reviews_of(visit).waiting_about(document["patron"])],
        has_sealed=any(row.is_sealed for row in rows) or "said" in document,
        lives=lives,
        responsibles=responsibles,
        problem=problem,
        said=[one for one in said if one.field not in shown],
        said_at={key: [one for one in said if one.field == key] for key in shown},
    )


def reviews_of(visit: Visit) -> StaffReviews:
    """The reviews, answered by the person of the visit."""
    return StaffReviews(visit.place.desk, visit.user)


def _standing(visit: Visit, view: PatronView) -> dict[str, Any]:
    """Whether the patron may borrow, and why, in words; what they owe; and how they may be written to."""
    desk, language = visit.place.desk, visit.language
    shown = Standings(desk).standing_by(view)
    return {
        "borrows": shown.may_borrow.answer,
        "reasons": list(_borrow_reasons(shown, language)),
        "debt": money(shown.debt_oere, language) if shown.debt_oere else "",
        "fees": money(sum(fee.oere for fee in shown.fees), language) if shown.fees else "",
        "contact": contact_lines(shown.may_contact, language),
    }


def _borrow_reasons(standing: ShownStanding, language: Language) -> Iterator[str]:
    """Each reason in words. A block says itself why."""
    for given in standing.may_borrow.rules:
        if given.rule == BorrowRule.BLOCKED.value:
            yield from (f"{given.text(language)}: {block_text(block, language)}" for block in standing.blocks)
        else:
            yield given.text(language)


def _rights(visit: Visit, view: PatronView) -> dict[str, Any]:
    """The rights to net media with their reasons, and what CULR has been told."""
    desk, language = visit.place.desk, visit.language
    shown = Entitlements(desk, load_municipalities()).shown_by(view)
    return {
        "lives": municipality_text(shown.municipality, language),
        "rights": [
            (right.title.text(language), right.answer.value, right_text(right, language), change_text(right, language))
            for right in shown.rights
        ],
        "culr": culr_text(shown.culr, language),
    }


def list_who_answers(visit: Visit, document: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Who answers for the patron."""
    if not document["fields"]["responsible"]["value"]:
        return []
    desk = visit.place.desk
    listed = list_responsibles(desk, document["patron"])
    return list(listed["responsibles"])


def name_who_answers(
    rows: list[FieldRow], document: Mapping[str, Any], responsibles: list[dict[str, Any]], language: Language
) -> list[FieldRow]:
    """The rows of a record, where whoever answers for a minor has their name.

    A hidden name stays hidden, and a hidden minor's record names nobody: the name would say with whom they live.
    """
    is_shut = document["protected"] and not document["revealed"]
    names = {} if is_shut else {one["patron"]: one["name"] for one in responsibles if one["name"]}

    def line(patron: str) -> str:
        number = desk_word("hit_number", language, patron=patron)
        return f"{names[patron]} · {number}" if patron in names else number

    answering = tuple(one["patron"] for one in responsibles if one["in_force"])
    if not answering:
        return rows
    named = tuple(line(patron) for patron in answering)
    return [replace(row, lines=named, leads_to=answering) if row.key == "responsible" else row for row in rows]


def show_changes(visit: Visit) -> Response:
    """What changed in the record, when, and by whom or by which night. Contains no value of it."""
    desk, language, patron = visit.place.desk, visit.language, visit.named("patron")
    document = viewer_of(visit).shown(patron)
    titles = titles_of(desk.policy.products, language)
    entries = list_changes(desk.store, desk.policy, patron, most=CHANGES_MAX)
    return visit.show(
        "changes.html",
        patron=patron,
        whose=whose_name(document),
        changes=[change_texts(entry, language, titles) for entry in entries],
    )

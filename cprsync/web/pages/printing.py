"""What is printed of one patron: the record, the statement of what they owe, and a label for an envelope.

A letter goes where `letter_to` says (decision 8). What is sealed is opened for a reason, and for this one sheet.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from cprsync.domain.lending.contacting import NoLetter
from cprsync.domain.patron.fields import FIELD
from cprsync.errors import BadInput, ConfigurationError
from cprsync.language.errors import error_text
from cprsync.language.lending import no_letter_text, statement_lines
from cprsync.services.lending.standing import LABEL, STATEMENT, Statements
from cprsync.web.pages.fields import rows_of
from cprsync.web.pages.records import list_who_answers, name_who_answers, viewer_of, whose_name

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.responses import Response

    from cprsync.web.visit import Visit

#: The sheets, by the end of their addresses.
RECORD: Final = "record"
SHEETS: Final = (RECORD, STATEMENT, LABEL)


def show_sheet(visit: Visit, *, reason: str = "", problem: str | None = None) -> Response:
    """A sheet with what is sealed closed, unless there is a reason. It asks for one if something is."""
    kind = visit.request.scope["path"].rpartition("/")[2]
    sheet = _record(visit, reason) if kind == RECORD else _letter(visit, kind, reason)
    return visit.show(
        "paper.html",
        kind=kind,
        patron=visit.named("patron"),
        problem=None if problem is None else ("reason", problem),
        **sheet,
    )


def reveal_sheet(visit: Visit) -> Response:
    """A sheet with what is sealed opened, for a reason that the audit keeps first."""
    reason = visit.typed("reason")
    if not reason:
        return show_sheet(visit, problem=visit.word("reveal_reason_missing"))
    try:
        return show_sheet(visit, reason=reason)
    except (BadInput, ConfigurationError) as error:
        if error.kind != "input.reason":
            raise
        return show_sheet(visit, problem=error_text(error, visit.language))


def _record(visit: Visit, reason: str) -> dict[str, Any]:
    """What the record holds, without what only staff see."""
    viewer, patron = viewer_of(visit), visit.named("patron")
    document = viewer.revealed(patron, reason=reason) if reason else viewer.shown(patron)
    library = visit.place.site.section.name
    for_both = {
        key: _by_library(entry, library) for key, entry in document["fields"].items() if FIELD[key].is_for_patron
    }
    rows = name_who_answers(
        list(rows_of(for_both, visit.language)), document, list_who_answers(visit, document), visit.language
    )
    return {
        "whose": whose_name(document),
        "rows": rows,
        "is_sealed": any(row.is_sealed for row in rows),
        "sheet_language": visit.language,
    }


def _by_library(entry: Mapping[str, Any], library: str) -> Mapping[str, Any]:
    """A field as it is told to the patron: corrected by the library, and not by one of its employees."""
    override = entry["override"]
    return entry if override is None else {**entry, "override": {**override, "by": library}}


def _letter(visit: Visit, kind: str, reason: str) -> dict[str, Any]:
    """The statement, or the lines of the envelope alone."""
    desk, patron = visit.place.desk, visit.named("patron")
    name = visit.place.site.section.name
    statements = Statements(desk, name, visit.user)
    statement = statements.revealed(patron, reason=reason, purpose=kind) if reason else statements.statement(patron)
    return {
        "lines": list(statement_lines(statement, statement.language)),
        "envelope": statement.envelope,
        "no_letter": no_letter_text(statement, visit.language),
        "is_sealed": statement.letter is NoLetter.SEALED,
        "sheet_language": statement.language,
    }

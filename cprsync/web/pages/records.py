"""The record page: every field with its owner and source; reveal what is sealed; set what staff own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cprsync.config.packaged import load_municipalities
from cprsync.domain.patron.fields import SETTABLE
from cprsync.domain.patron.local import ListChange
from cprsync.errors import BadInput, ConfigurationError
from cprsync.language.errors import error_text
from cprsync.language.record import (
    NOTHING,
    correction_text,
    marks_of,
    name_of,
    owner_text,
    value_lines,
    value_text,
)
from cprsync.language.words import desk_word, has_desk_word, word
from cprsync.services.desk.setting import Setting, SettingDesk, set_field
from cprsync.services.desk.viewing import RecordViewer

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from starlette.responses import Response

    from cprsync.catalogues import Language
    from cprsync.domain.patron.kinds import Kind
    from cprsync.web.visit import Visit


@dataclass(frozen=True, slots=True)
class Row:
    """One field as the page shows it."""

    key: str
    name: str
    lines: tuple[str, ...]
    #: the owner and since when, or the correction
    source: str
    is_sealed: bool
    #: the register's value where it differs; None: it does not
    register: str | None
    #: nothing is kept, and nothing differs
    is_empty: bool


@dataclass(frozen=True, slots=True)
class Settable:
    """A field that staff may set, as its form shows it."""

    key: str
    name: str
    kind: Kind
    hint: str
    #: what may be taken off a list, as it is typed
    entries: tuple[str, ...]
    #: what is there now, to be changed
    value: str


def rows_of(fields: Mapping[str, Any], language: Language) -> Iterator[Row]:
    """The fields of a document, in its order."""
    for key, entry in fields.items():
        lines = tuple(value_lines(key, entry, language))
        yield Row(
            key,
            name_of(key, language),
            lines,
            correction_text(key, entry, language) or owner_text(entry, language),
            bool(entry.get("sealed")),
            value_text(key, entry["register"], language) if "register" in entry else None,
            is_empty=lines == (NOTHING,) and "register" not in entry,
        )


def whose_name(document: Mapping[str, Any]) -> str:
    """The name to head a page with. "": it is sealed, or there is none."""
    return str(document["fields"].get("name", {}).get("value") or "")


def show_record(visit: Visit) -> Response:
    """One record, with what is sealed closed."""
    return _record_page(visit, _viewer(visit).shown(visit.named("patron")))


def reveal_record(visit: Visit) -> Response:
    """The record with its sealed fields opened, for a reason that the audit keeps first."""
    patron, reason = visit.named("patron"), visit.typed("reason")
    if not reason:
        return _record_page(
            visit, _viewer(visit).shown(patron), problem=("reason", visit.word("reveal_reason_missing"))
        )
    return _record_page(visit, _viewer(visit).revealed(patron, reason=reason))


def set_field_of(visit: Visit) -> Response:
    """Set one field that patron or staff own, or change one entry of a list."""
    patron, field, text = visit.named("patron"), visit.typed("field"), visit.typed("text")
    desk = visit.place.desk
    doing = next((one for one in ListChange if one.value == visit.typed("doing")), None)
    try:
        asked = Setting(patron, field, text or None, visit.user, doing=doing if text else None)
        done = set_field(SettingDesk(desk.store, desk.clock, desk.policy, load_municipalities().homes()), asked)
    except (BadInput, ConfigurationError) as error:
        problem = (field, error_text(error, visit.language))
        return _record_page(visit, _viewer(visit).shown(patron), problem=problem, status=422)
    visit.place.site.publish_patron(patron)
    visit.session.say(visit.word(f"set_{done['outcome']}", field=name_of(field, visit.language)))
    return visit.go_to(f"/patrons/{patron}#{field}")


def _viewer(visit: Visit) -> RecordViewer:
    desk = visit.place.desk
    return RecordViewer(desk.agency, desk.store, desk.clock, desk.policy, visit.user)


def _record_page(
    visit: Visit, document: Mapping[str, Any], *, problem: tuple[str, str] | None = None, status: int = 200
) -> Response:
    language = visit.language
    rows = list(rows_of(document["fields"], language))
    return visit.show(
        "record.html",
        status=status if problem is None else 422,
        document=document,
        whose=whose_name(document),
        rows=rows,
        marks=[word(mark, language) for mark in marks_of(document)],
        has_sealed=any(row.is_sealed for row in rows),
        settable=tuple(_settable(document, language)),
        problem=problem,
        said=visit.session.take_said(),
    )


def _settable(document: Mapping[str, Any], language: Language) -> Iterator[Settable]:
    """The fields that staff may set for good. None for a patron of whom nothing is kept."""
    if not document["fields"].keys() - {"standing"}:
        return
    for key, field in SETTABLE.items():
        entry = document["fields"].get(field.part_of or key, {})
        # a sealed value, and a masked one, is not there to be typed again
        shut = bool(entry.get("sealed")) or field.kind.hidden
        masked = key == "cards" and document["protected"] and not document["revealed"]
        yield Settable(
            key,
            name_of(key, language),
            field.kind,
            hint=desk_word(f"hint_{key}", language) if has_desk_word(f"hint_{key}") else "",
            entries=() if shut or masked or not field.kind.is_list else tuple(map(_line_of, entry["value"])),
            value="" if shut or field.kind.is_list else _text_of(entry["value"]),
        )


def _line_of(one: str | Mapping[str, str]) -> str:
    """An entry of a list as it is typed. "": it can only be looked at, as a block that was lifted."""
    if isinstance(one, str):
        return one
    return "" if "lifted" in one else f"{one['since']} {one['reason']}"


def _text_of(value: Any) -> str:
    """A value as it is typed."""
    if isinstance(value, list):
        joint = "\n" if all(isinstance(one, str) for one in value) and len(value) != len(("since", "until")) else " "
        return joint.join(one for one in value if one)
    return value or ""

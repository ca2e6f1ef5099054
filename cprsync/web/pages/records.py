"""The record page: every field with its owner and source; reveal what is sealed; set what staff own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from cprsync.config.packaged import load_municipalities
from cprsync.domain.patron.fields import SETTABLE
from cprsync.domain.patron.local import ListChange
from cprsync.domain.person.number import CprNumber, unspaced
from cprsync.errors import BadInput, ConfigurationError, NoSuchPerson
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
from cprsync.services.desk.responsibles import (
    ResponsibleRequest,
    add_responsible,
    end_responsible,
    list_responsibles,
)
from cprsync.services.desk.setting import LISTS, PIN, Setting, SettingDesk, set_field
from cprsync.services.desk.viewing import RecordViewer, find_patron

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from starlette.responses import Response

    from cprsync.catalogues import Language
    from cprsync.domain.patron.kinds import Kind
    from cprsync.web.visit import Visit


#: Which fields stand together on the page. Their headings are `group_1` and so on.
_TOGETHER: Final = (
    ("standing", "group", "kind", "blocks", "blocked_since", "blocked_reason", "responsible", "absence"),
    ("cards", "pin", "branch", "language"),
    ("telephones", "emails", "contact_address"),
    ("loans", "reservations", "balance", "messages"),
    ("internal_note", "note_to_patron"),
)
#: The rest stands first, and is about the person.
_OTHER: Final = 0
_GROUPS: Final = {key: number for number, keys in enumerate(_TOGETHER, start=1) for key in keys}


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
    #: the heading under which it stands; headings are in the order of their numbers
    group: int


@dataclass(frozen=True, slots=True)
class Settable:
    """A field that staff may set, as its form shows it."""

    key: str
    name: str
    #: what the form calls the value
    label: str
    kind: Kind
    hint: str
    #: what may be taken off a list, as it is typed and as it is shown
    entries: tuple[tuple[str, str], ...]
    #: what is there now, to be changed
    value: str
    #: the only values there are; (): anything may be typed
    choices: tuple[str, ...] = ()


def rows_of(fields: Mapping[str, Any], language: Language) -> Iterator[Row]:
    """The fields of a document, in its order."""
    for key, entry in fields.items():
        lines = tuple(_lines_of(key, entry, language))
        yield Row(
            key,
            name_of(key, language),
            lines,
            correction_text(key, entry, language) or owner_text(entry, language),
            bool(entry.get("sealed")),
            value_text(key, entry["register"], language) if "register" in entry else None,
            is_empty=lines == (NOTHING,) and "register" not in entry,
            group=_GROUPS.get(key, _OTHER),
        )


def _lines_of(key: str, entry: Mapping[str, Any], language: Language) -> list[str]:
    """The value as lines. The telephone or e-mail address for notices says so in words."""
    notices = entry.get("notices")
    if notices is None:
        return value_lines(key, entry, language)
    marked = desk_word("gets_notices", language)
    return [f"{one} ({marked})" if one == notices else one for one in entry["value"]]


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
    patron, field, desk = visit.named("patron"), visit.typed("field"), visit.place.desk
    text = visit.typed_contact("text")
    doing = next((one for one in ListChange if one.value == visit.typed("doing")), None)
    # nothing typed empties a field, but no list and no PIN: nobody asked for that
    keeps = field in LISTS or field == PIN
    try:
        asked = Setting(patron, field, text if keeps else text or None, visit.user, doing=doing)
        done = set_field(SettingDesk(desk.store, desk.clock, desk.policy, load_municipalities().homes()), asked)
    except (BadInput, ConfigurationError) as error:
        problem = (field, error_text(error, visit.language))
        return _record_page(visit, _viewer(visit).shown(patron), problem=problem, status=422)
    visit.publish(patron)
    visit.session.say(visit.word(f"set_{done['outcome']}", field=name_of(field, visit.language)))
    return visit.go_to(f"/patrons/{patron}#{field}")


def read_number(typed: str) -> CprNumber | None:
    """A typed number, with or without a hyphen or blanks. None: it is no CPR number."""
    try:
        return CprNumber.parse_any(unspaced(typed))
    except ValueError:
        return None


def change_responsible(visit: Visit) -> Response:
    """Let someone answer for a minor, or end that. They are named by CPR number or by patron number."""
    patron, desk = visit.named("patron"), visit.place.desk
    adds, typed = visit.typed("doing") == "add", visit.typed("number")
    if not typed:
        return _responsible_refused(visit, visit.word("responsible_missing"))
    try:
        asked = _asked_responsible(visit, patron, typed)
        done = add_responsible(desk, asked) if adds else end_responsible(desk.store, asked, desk.policy)
    except (BadInput, NoSuchPerson) as error:
        return _responsible_refused(visit, error_text(error, visit.language))
    who = word("responsible_number", visit.language, patron=done["responsible"])
    visit.session.say(word(f"responsible_{done['outcome']}", visit.language, who=who, patron=patron))
    return visit.go_to(f"/patrons/{patron}")


def _asked_responsible(visit: Visit, patron: str, typed: str) -> ResponsibleRequest:
    """The request about whoever has the typed number: a patron, or somebody whom the register is asked about."""
    found = find_patron(visit.place.desk.store, typed)
    if found["found"]:
        return ResponsibleRequest(patron, visit.user, responsible_id=found["patron"])
    return ResponsibleRequest(patron, visit.user, number=read_number(typed))


def _responsible_refused(visit: Visit, why: str) -> Response:
    shown = _viewer(visit).shown(visit.named("patron"))
    return _record_page(visit, shown, problem=("responsible-number", why))


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
        blocks=_standing_blocks(document, language),
        has_sealed=any(row.is_sealed for row in rows),
        settable=tuple(_settable(document, language, visit.place.desk.policy.branches)),
        problem=problem,
        responsibles=_responsibles(visit, document),
        problem_at=_place_of(problem),
        said=visit.session.take_said(),
    )


def _responsibles(visit: Visit, document: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Who answers for the patron. Nobody answers for a patron of whom nothing is kept."""
    if not _is_kept(document):
        return []
    desk = visit.place.desk
    listed = list_responsibles(desk.store, document["patron"], policy=desk.policy, clock=desk.clock)
    return list(listed["responsibles"])


def _standing_blocks(document: Mapping[str, Any], language: Language) -> list[str]:
    """The blocks that nobody has lifted."""
    entry = document["fields"].get("blocks")
    blocks = [] if entry is None else [one for one in entry.get("value") or () if "lifted" not in one]
    return value_lines("blocks", {"value": blocks}, language) if blocks else []


def _is_kept(document: Mapping[str, Any]) -> bool:
    return bool(document["fields"].keys() - {"standing"})


def _place_of(problem: tuple[str, str] | None) -> str:
    """The input to which the summary of what went wrong leads. "": there is none."""
    if problem is None or not problem[0]:
        return ""
    return f"set-{problem[0]}" if problem[0] in SETTABLE else problem[0]


def _settable(document: Mapping[str, Any], language: Language, branches: Iterable[str]) -> Iterator[Settable]:
    """The fields that staff may set for good. None for a patron of whom nothing is kept."""
    if not _is_kept(document):
        return
    for key, field in SETTABLE.items():
        entry = document["fields"].get(field.part_of or key, {})
        # a sealed value, and a masked one, is not there to be typed again
        shut = bool(entry.get("sealed")) or field.kind.hidden
        masked = key == "cards" and document["protected"] and not document["revealed"]
        yield Settable(
            key,
            name_of(key, language),
            desk_word(f"label_{key}", language) if has_desk_word(f"label_{key}") else name_of(key, language),
            field.kind,
            hint=desk_word(f"hint_{key}", language) if has_desk_word(f"hint_{key}") else "",
            entries=() if shut or masked or not field.kind.is_list else tuple(_entries_of(key, entry, language)),
            value="" if shut or field.kind.is_list else _text_of(entry["value"]),
            choices=tuple(branches) if key == "branch" else (),
        )


def _entries_of(key: str, entry: Mapping[str, Any], language: Language) -> Iterator[tuple[str, str]]:
    """What may be taken off a list, as it is typed and as it is shown."""
    for one in entry["value"]:
        if text := _line_of(one):
            # with the mark for notices, as on the record
            yield text, _lines_of(key, {**entry, "value": [one]}, language)[0]


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

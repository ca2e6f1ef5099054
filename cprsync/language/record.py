"""A patron record as text: each field with its name, its owner, and any correction.

A sealed field only says that it is sealed. Leaves out which fields may be shown: the document holds no others.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from cprsync.catalogues import Language, find_text, page_words
from cprsync.domain.desk.confirming import SERVICE
from cprsync.domain.feed.delivery import WindowReason
from cprsync.domain.patron.field import Owner
from cprsync.domain.patron.fields import FIELD, FIELDS
from cprsync.domain.patron.kinds import ABSENCE, BLOCKS, LANGUAGE
from cprsync.domain.patron.local import Stage
from cprsync.domain.patron.patron import PatronKind
from cprsync.domain.person.person import Status
from cprsync.language.words import day_text, desk_word, has_desk_word, money, word
from cprsync.municipalities import name_municipality
from cprsync.services.desk.showing import ERASED

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

NOTHING: Final = "–"
STATUS_CODES: Final = frozenset(status.value for status in Status)


def record_lines(document: Mapping[str, Any], language: Language = "da") -> list[str]:
    """One record: the patron number and any marks, then the fields."""
    marks = [word(mark, language) for mark in marks_of(document)]
    if "merged_into" in document:
        marks = [word("merged_into", language, patron=document["merged_into"])]
    head = " · ".join([document["patron"], document["library"], *marks])
    return [head, *field_lines(document["fields"], language), *minor_lines(document.get("answers_for", ()), language)]


def minor_lines(minors: Sequence[Mapping[str, Any]], language: Language) -> Iterator[str]:
    """The minors that a patron answers for, one per line. No name of a protected minor."""
    if minors:
        yield f"  {word('answers_for', language)}"
    for one in minors:
        name = shown_name(one["name"], language, sealed=one.get("sealed"))
        since = word("responsible_since", language, since=_day(one["since"], language))
        yield f"    {one['patron']}  {name}  {since}"


def identity_lines(whose: Mapping[str, Any], language: Language) -> Iterator[str]:
    """The patron's name, age and cards on one line before a question. Nothing for a patron who has left."""
    if not any(whose.values()):
        return
    name = shown_name(whose["name"], language, sealed=whose["protected"])
    age = NOTHING if whose["age"] is None else whose["age"]
    cards = ", ".join(whose["cards"]) or NOTHING
    yield f"  {word('whose', language, name=name, age=age, cards=cards)}"


def shown_name(name: str | None, language: Language, *, sealed: bool | None) -> str:
    """A person's name, or the words for a sealed one. A dash if there is none."""
    return word("sealed_value", language) if sealed else name or NOTHING


def hit_lines(hits: Iterable[Mapping[str, Any]], language: Language) -> Iterator[str]:
    """Several patrons, one a line, each with what tells them apart."""
    for hit in hits:
        name = shown_name(hit["name"], language, sealed=hit.get("sealed"))
        yield "  ".join(filter(None, (f"  {hit['patron']}", name, day_text(hit["born"], language), hit["road"])))


def hidden_marks(document: Mapping[str, Any]) -> Iterator[str]:
    """The keys of the words for why a record, or its address, is hidden. Nothing if it is open."""
    if document["protected"]:
        why = document.get("sealed_by")
        yield "mark_protected" if why is None else f"mark_{why}"
    if document["household"]:
        yield "mark_household"


def marks_of(document: Mapping[str, Any]) -> Iterator[str]:
    standing = document["fields"].get("standing", {})
    stage = standing.get("value")
    if stage in {Stage.CLOSED.value, ERASED} or "waits" in standing:
        yield "stage_closing" if "waits" in standing else f"stage_{stage}"
        return
    yield from hidden_marks(document)
    if document["revealed"]:
        yield "mark_revealed"
    if not document["in_register"]:
        yield "mark_not_in_register"
    elif document.get("held"):
        yield "mark_held"
    elif document.get("window"):
        yield "mark_replaced" if document["window"]["why"] == WindowReason.NUMBER_REPLACED.value else "mark_window"
    elif not document["verified"]:
        yield "mark_not_verified"
    if stage == Stage.LEAVING.value:
        yield f"stage_{stage}"


def field_lines(fields: Mapping[str, Any], language: Language = "da") -> list[str]:
    """The fields: the value, its owner and since when; or who corrected it, until when, and over what.

    The register's differing value follows after an arrow. A list has one line for each entry.
    """
    fields = name_standing(fields)
    names = {key: name_of(key, language) for key in fields}
    width = max(map(len, names.values()), default=0)
    return [
        line for key, entry in fields.items() for line in _entry_lines(key, names[key].ljust(width), entry, language)
    ]


def name_standing(fields: Mapping[str, Any]) -> Mapping[str, Any]:
    """The fields, with a standing of its own for a person who only answers for a minor: active, but no patron."""
    standing = fields.get("standing")
    only_answers = fields.get("kind", {}).get("value") == PatronKind.RESPONSIBLE.value
    if standing is None or not only_answers or standing["value"] != Stage.ACTIVE.value:
        return fields
    return {**fields, "standing": {**standing, "value": "no_borrower"}}


def name_of(key: str, language: Language) -> str:
    """The name of a field in a language."""
    return FIELD[key].name.text(language)


def _entry_lines(key: str, name: str, entry: Mapping[str, Any], language: Language) -> Iterator[str]:
    first, *more = value_lines(key, entry, language)
    if "register" in entry:
        first += f" → {value_text(key, entry['register'], language)}"
    yield f"  {name}  {first}  [{correction_text(key, entry, language) or owner_text(entry, language)}]"
    for line in more:
        yield f"  {' ' * len(name)}  {line}"


def value_lines(key: str, entry: Mapping[str, Any], language: Language) -> list[str]:
    """The value as lines, with one for each loan and the like."""
    if entry.get("sealed"):
        sealed = word("sealed_value", language)
        age = entry.get("age")
        text = sealed if age is None else word("sealed_age", language, sealed=sealed, age=str(age))
        return [_mark_uncertain(text, entry, language)]
    value = entry["value"]
    if entry.get("notices") is not None:
        gets = desk_word("gets_notices", language)
        value = [f"{one} ({gets})" if one == entry["notices"] else one for one in value]
    if key in _EACH and value:
        return [_EACH[key](one, language) for one in value]
    return [_mark_uncertain(value_text(key, value, language), entry, language)]


def _mark_uncertain(text: str, entry: Mapping[str, Any], language: Language) -> str:
    """Mark a birth date that the register is unsure of, or that comes only from the number."""
    return f"{text} ({word('uncertain', language)})" if entry.get("uncertain") else text


def value_text(key: str, value: Any, language: Language) -> str:
    """A value on one line. A dash if it is empty."""
    said = _IN_WORDS[key](value, language) if value and key in _IN_WORDS else ""
    return said or _plain_text(value, language)


def _status_text(value: str, language: Language) -> str:
    return f"{value} {find_text('rules', f'status.{value}', language)}" if value in STATUS_CODES else ""


def _absence_text(value: Sequence[str | None], language: Language) -> str:
    since, until = (day and _day(day, language) for day in value)
    return word("absent_until" if until else "absent", language, since=since, until=until)


def _language_text(value: str, language: Language) -> str:
    """The name of a language that the desk has a name for."""
    return desk_word(key, language) if has_desk_word(key := f"language_{value}") else ""


#: The values that have words of their own. "": this one has none.
_IN_WORDS: Final[Mapping[str, Callable[[Any, Language], str]]] = {
    "status": _status_text,
    "kind": lambda value, language: word(f"kind_{value}", language),
    "standing": lambda value, language: word(f"stage_{value}", language),
    "protection": lambda _, language: word("yes", language),
    "municipality": lambda value, _: name_municipality(value),
    **{field.key: _absence_text for field in FIELDS if field.kind is ABSENCE},
    **{field.key: _language_text for field in FIELDS if field.kind is LANGUAGE},
}


def _plain_text(value: Any, language: Language) -> str:
    if isinstance(value, list):
        return ", ".join(_plain_text(one, language) for one in value) or NOTHING
    if isinstance(value, dict):
        return " ".join(_plain_text(one, language) for one in value.values())
    return _day(str(value), language) if value else NOTHING


def _day(text: str, language: Language) -> str:
    """A day in words, or the text unchanged."""
    try:
        return day_text(text, language) if len(text) == len("2027-03-01") else text
    except ValueError:
        return text


def owner_text(entry: Mapping[str, Any], language: Language) -> str:
    """The field's owner, and since when."""
    if entry["source"] == "number":
        owner = word("by_number", language)
    elif entry["source"] == "rule" and entry["owner"] == "system":
        owner = word("by_age", language)
    elif entry["owner"] == Owner.PATRON.value:
        # staff do not call the patron "you"
        owner = word("the_patrons", language)
    else:
        owner = page_words(f"owner.{entry['owner']}").text(language)
    return f"{owner}, {_day(entry['since'], language)}" if entry["since"] else owner


def correction_text(key: str, entry: Mapping[str, Any], language: Language) -> str:
    """Who corrected the field, since and until when, and over what."""
    override = entry["override"]
    if override is None:
        return ""
    until = f" – {_day(override['until'], language)}" if override["until"] else ""
    by = word("audit_nobody", language) if override["by"] == SERVICE else override["by"]
    text = f"{word('corrected', language)}: {by}, {_day(entry['since'], language)}{until}"
    return "; ".join(filter(None, (text, text_under_correction(key, entry, language))))


def text_under_correction(key: str, entry: Mapping[str, Any], language: Language) -> str:
    """The value under a correction: the register's, by age, or the library's own. "": sealed, or nobody gave one."""
    override = entry["override"]
    # a reason is left out of what is sealed
    if override["reason"] is None:
        return ""
    if entry["owner"] == "register":
        label = "by_register"
    elif "rule" in override:
        label = "by_age"
    elif override["register"]:
        label = "otherwise"
    else:
        return ""
    return f"{word(label, language)}: {value_text(key, override['register'], language)}"


def _loan(one: Mapping[str, Any], language: Language) -> str:
    parts = [(day, one.get(day)) for day in ("loaned", "due", "lost", "returned")]
    return _titled_text(one, parts, language)


def _reservation(one: Mapping[str, Any], language: Language) -> str:
    parts = [("placed", one.get("placed")), ("until", one.get("until")), ("cancelled", one.get("cancelled"))]
    return _titled_text(one, parts, language)


def _balance(one: Mapping[str, Any], language: Language) -> str:
    kroner, _, rest = one["amount"].partition(".")
    parts = [("raised", one.get("raised")), ("settled", one.get("settled"))]
    amount = money(int(kroner) * 100 + int(rest), language)
    return f"{amount} {word(one['kind'], language)} · {_titled_text(one, parts, language)}"


def _message(one: Mapping[str, Any], language: Language) -> str:
    subject = one.get("subject") or ""
    return " · ".join(part for part in (_day(one["sent"], language), one.get("channel") or "", subject) if part)


def _block(one: Mapping[str, Any], language: Language) -> str:
    lifted = f" ({word('lifted', language)} {_day(one['lifted'], language)})" if "lifted" in one else ""
    return f"{_day(one['since'], language)} {one['reason']}{lifted}"


def _titled_text(one: Mapping[str, Any], days: list[tuple[str, Any]], language: Language) -> str:
    text = ", ".join(f"{word(f'day_{name}', language)} {_day(day, language)}" for name, day in days if day)
    return f"{one.get('title') or one['id']} ({text})" if text else str(one.get("title") or one["id"])


_EACH: Final[Mapping[str, Callable[[Mapping[str, Any], Language], str]]] = {
    "loans": _loan,
    "reservations": _reservation,
    "balance": _balance,
    "messages": _message,
} | {field.key: _block for field in FIELDS if field.kind is BLOCKS}

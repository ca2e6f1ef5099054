"""The fields of a record as a page shows them, and the forms that change them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar, Final

from cprsync.domain.desk.settable import OVERRIDDEN
from cprsync.domain.lending.contacting import LETTER_LANGUAGES
from cprsync.domain.patron.field import Owner, Seen
from cprsync.domain.patron.fields import BESIDE, BESIDE_SEALED, FIELD, SETTABLE
from cprsync.domain.patron.kinds import BRANCH, LANGUAGE, NAME
from cprsync.domain.patron.override import ENDLESS, ENDLESS_UNREGISTERED, UNREGISTERED_FIELDS, Overridden
from cprsync.domain.person.days import plain_day
from cprsync.language.record import (
    NOTHING,
    correction_text,
    name_of,
    name_standing,
    owner_text,
    value_lines,
    value_text,
)
from cprsync.language.words import desk_word, has_desk_word, typed_day, word
from cprsync.municipalities import name_municipality

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from cprsync.catalogues import Language
    from cprsync.domain.patron.field import Field
    from cprsync.domain.patron.kinds import FieldKind
    from cprsync.domain.person.municipality import Municipalities
    from cprsync.domain.policy.policy import Policy


#: The beginning of the key of a form that corrects a field, and the key of the one that names who answers.
CORRECTS: Final = "correct-"
NAMES: Final = "responsible-number"


@dataclass(frozen=True, slots=True)
class FieldRow:
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
    #: how staff change it; None: they do not, or they name somebody
    change: Settable | Correctable | None = None
    #: staff name another patron there
    names_patron: bool = False
    #: the record says that the patron is a minor
    is_minor: bool = False
    #: for each line, the patron whose record it leads to; (): it leads nowhere
    leads_to: tuple[str, ...] = ()

    @property
    def is_changed(self) -> bool:
        """Whether staff may change it here."""
        return self.change is not None or self.names_patron

    @property
    def is_shown(self) -> bool:
        """Whether it stands under its heading: it has a value, or staff may give it one."""
        return self.is_changed or not self.is_empty

    @property
    def form(self) -> str:
        """The key of its form, by which a problem finds it. "": it has none."""
        if self.names_patron:
            return NAMES
        if self.change is None:
            return ""
        return f"{CORRECTS}{self.key}" if self.change.is_correction else self.key


@dataclass(frozen=True, slots=True)
class Choice:
    """One value of a list to choose from, and what the list calls it."""

    value: str
    name: str


@dataclass(frozen=True, slots=True)
class Settable:
    """A field that staff may set, or are asked for of a new patron, as its form shows it."""

    key: str
    name: str
    #: what the form calls the value
    label: str
    kind: FieldKind
    hint: str
    #: what may be taken off a list, as it is typed and as it is shown; and whether notices go there, None: they cannot
    entries: tuple[tuple[str, str, bool | None], ...] = ()
    #: what is there now, to be changed
    value: str = ""
    #: of a period, its first and its last day
    days: tuple[str, str] = ("", "")
    #: the only values there are; (): anything may be typed
    choices: tuple[Choice, ...] = ()
    #: whether `value` is all that is there, so that a colleague's change since then is seen
    is_seen: bool = False
    #: who decides the value
    owner: str = ""
    #: something else gets the notices, or nobody may see whether it does
    is_notified: bool = False
    #: it is set for good
    is_correction: ClassVar[bool] = False

    def sends_notices(self, typed: str) -> bool:
        """Whether notices go to what is typed, as the form proposes it, or as it was typed: with a star.

        They do unless staff say otherwise. What gets them already keeps them.
        """
        return typed.startswith("*") if typed else not self.is_notified


@dataclass(frozen=True, slots=True)
class Correctable:
    """A field of the register, or of a rule, that staff may correct for a time."""

    key: str
    name: str
    hint: str
    #: the value may have several lines
    lines: bool
    choices: tuple[Choice, ...]
    #: a correction holds now
    is_corrected: bool
    #: the correction may stay until it is taken back
    is_endless: bool
    #: who decides the value
    owner: str
    #: it is corrected for a time
    is_correction: ClassVar[bool] = True


def group_of(key: str) -> int:
    """The number of the heading under which a field stands."""
    return FIELD[key].section.value


def rows_of(fields: Mapping[str, Any], language: Language) -> Iterator[FieldRow]:
    """The fields of a document, in its order."""
    for key, entry in name_standing(fields).items():
        lines = tuple(lines_of(key, entry, language))
        yield FieldRow(
            key,
            name_of(key, language),
            lines,
            correction_text(key, entry, language) or owner_text(entry, language),
            bool(entry.get("sealed")),
            value_text(key, entry["register"], language) if "register" in entry else None,
            is_empty=lines == (NOTHING,) and "register" not in entry,
            group=group_of(key),
        )


def rows_to_change(
    document: Mapping[str, Any], language: Language, policy: Policy, municipalities: Municipalities, *, is_minor: bool
) -> list[FieldRow]:
    """The fields of a record, each with its form. The field table says which may be changed, and by what kind of form.

    A field that nobody reads, such as a PIN, follows the one that it is a part of.
    """
    forms: dict[str, Settable | Correctable] = {one.key: one for one in settable_of(document, language, policy)}
    forms |= {one.key: one for one in correctable_of(document, language, policy, municipalities)}
    rows: list[FieldRow] = []
    unread = {key: form for key, form in forms.items() if FIELD[key].seen is Seen.NOBODY}
    for row in rows_of(document["fields"], language):
        names = FIELD[row.key].names_patron and is_kept(document)
        rows.append(replace(row, change=forms.get(row.key), names_patron=names, is_minor=is_minor))
        rows += (_unread(part, language) for key, part in unread.items() if FIELD[key].part_of == row.key)
    return rows + [_unread(form, language) for key, form in unread.items() if FIELD[key].part_of is None]


def _unread(part: Settable | Correctable, language: Language) -> FieldRow:
    """The row of a field that nobody reads."""
    said = (desk_word("never_shown", language),)
    owner = owner_text({"source": part.owner, "owner": part.owner, "since": None}, language)
    return FieldRow(part.key, part.name, said, owner, False, None, False, group_of(part.key), part)


def lines_of(key: str, entry: Mapping[str, Any], language: Language) -> list[str]:
    """The value as lines. Each telephone and e-mail address says in words whether notices go there."""
    if "notices" not in entry or not entry["value"]:
        return value_lines(key, entry, language)
    gets, gets_not = desk_word("gets_notices", language), desk_word("gets_no_notices", language)
    return [f"{one} ({gets if one == entry['notices'] else gets_not})" for one in entry["value"]]


def is_kept(document: Mapping[str, Any]) -> bool:
    """Whether anything is kept of the patron beside their standing."""
    return bool(document["fields"].keys() - {"standing"})


def settable_of(document: Mapping[str, Any], language: Language, policy: Policy) -> Iterator[Settable]:
    """The fields that staff may set for good. No field if nothing is kept of the patron."""
    if not is_kept(document):
        return
    if not document["in_register"]:
        yield from (_own_word(key, document, language) for key in UNREGISTERED_FIELDS)
    for key, field in SETTABLE.items():
        entry = document["fields"].get(field.part_of or key, {})
        # a sealed value, and a masked one, is not there to be typed again
        shut = bool(entry.get("sealed")) or field.seen is Seen.NOBODY
        masked = field.kind.is_masked and document["protected"] and not document["revealed"]
        yield replace(
            _blank(field, language),
            entries=() if shut or masked or not field.kind.is_list else tuple(_entries_of(key, entry, language)),
            value="" if shut or field.kind.is_list else _typed_value(field.kind, entry["value"]),
            days=days_of(entry.get("value")) if field.kind.is_period else ("", ""),
            choices=tuple(choices_of(field.kind, entry.get("value"), language, policy)),
            is_seen=not (shut or field.kind.is_list),
            is_notified=shut or entry.get("notices") is not None,
        )


def beside_of(typed: Mapping[str, str], language: Language, policy: Policy, *, sealed: bool) -> Iterator[Settable]:
    """What staff are asked for beside the register's answer, with what is typed already, but what is hidden.

    `sealed`: the register's address is hidden, so that they are asked where letters go.
    """
    for field in BESIDE_SEALED if sealed else BESIDE:
        key, text = field.key, "" if field.kind.hidden else typed.get(field.key, "")
        blank = _blank(field, language)
        yield replace(
            blank,
            label=_word_or(f"asked_{key}", blank.label, language),
            hint=_word_or(f"asked_hint_{key}", blank.hint, language),
            value=text.replace(" | ", "\n") if field.kind.several else text,
            choices=tuple(choices_of(field.kind, text, language, policy)),
        )


def _blank(field: Field, language: Language) -> Settable:
    """A field as its form shows it, with nothing in it."""
    key = field.key
    hint = _word_or(f"hint_{key}", "", language)
    name, label = name_of(key, language), label_of(key, language)
    return Settable(key, name, label, field.kind, hint=hint, owner=field.owner.value)


def label_of(key: str, language: Language) -> str:
    """What a form calls the value of a field."""
    return _word_or(f"label_{key}", name_of(key, language), language)


def _own_word(key: str, document: Mapping[str, Any], language: Language) -> Settable:
    """A field of a person unknown to the register: the library's own word."""
    entry, name = document["fields"].get(key, {}), name_of(key, language)
    shut = bool(entry.get("sealed"))
    value = "" if shut else _text_of(entry.get("value"))
    yes_no = (Choice("nej", word("no", language)), Choice("ja", word("yes", language)))
    if key == Overridden.BIRTH_DATE.value:
        value = typed_day(value)
    protected = key == "protection"
    now = "ja" if value else "nej"
    hint = _word_or(f"hint_{key}", "", language)
    shown, choices = (now, yes_no) if protected else (value, ())
    owner = Owner.STAFF.value
    return Settable(key, name, name, NAME, hint, value=shown, choices=choices, is_seen=not shut, owner=owner)


def correctable_of(
    document: Mapping[str, Any], language: Language, policy: Policy, municipalities: Municipalities
) -> Iterator[Correctable]:
    """The fields that staff may correct for a time. No field if nothing is kept of the patron."""
    if not is_kept(document):
        return
    for field in map(Overridden, sorted(OVERRIDDEN)):
        key = field.value
        if key in UNREGISTERED_FIELDS and not document["in_register"]:
            continue
        entry = document["fields"].get(key, {})
        choices = {
            Overridden.MUNICIPALITY: list(municipality_choices(municipalities)),
            Overridden.GROUP: [Choice(name, name) for name in policy.group_names],
        }
        yield Correctable(
            key,
            name_of(key, language),
            _word_or(f"hint_{key}", "", language),
            FIELD[key].kind.lines,
            # nothing is chosen unless the user chooses
            (Choice("", desk_word("choose", language)), *choices[field]) if field in choices else (),
            bool(entry.get("override")),
            field in (ENDLESS if document["in_register"] else ENDLESS_UNREGISTERED),
            entry.get("owner", FIELD[key].owner.value),
        )


def municipality_choices(municipalities: Municipalities) -> Iterator[Choice]:
    """The municipalities of today, as staff look for them: by name."""
    names = {name_municipality(code): code for code in municipalities.homes()}
    return (Choice(names[name], name) for name in sorted(names))


def _word_or(key: str, other: str, language: Language) -> str:
    return desk_word(key, language) if has_desk_word(key) else other


def choices_of(kind: FieldKind, value: Any, language: Language, policy: Policy) -> Iterator[Choice]:
    """The only values that a field may have, for its form; none: anything may be typed. `value`: what it has now."""
    if kind is BRANCH and policy.branches:
        yield Choice("", desk_word("not_chosen", language))
        yield from (Choice(name, name) for name in policy.branches)
    elif kind is LANGUAGE:
        # a language in which no letter is written may stand on a record too
        for code in dict.fromkeys((*LETTER_LANGUAGES, str(value or LETTER_LANGUAGES[0]))):
            yield Choice(code, _word_or(f"language_{code}", code, language))


def _entries_of(key: str, entry: Mapping[str, Any], language: Language) -> Iterator[tuple[str, str, bool | None]]:
    """What may be taken off a list, as it is typed and as it is shown, and whether notices go there."""
    for one in entry["value"]:
        if text := _line_of(one):
            gets = one == entry["notices"] if "notices" in entry else None
            # with the mark for notices, as on the record
            yield text, lines_of(key, {**entry, "value": [one]}, language)[0], gets


def _line_of(one: str | Mapping[str, str]) -> str:
    """An entry of a list as it is typed. "": it can only be looked at, as a block that was lifted."""
    if isinstance(one, str):
        return one
    return "" if "lifted" in one else f"{one['since']} {one['reason']}"


def _text_of(value: Any) -> str:
    """A value as it is typed."""
    if isinstance(value, list):
        return "\n".join(one for one in value if one)
    return str(value or "")


def _typed_value(kind: FieldKind, value: Any) -> str:
    """A value as it is typed on one line, or on several."""
    return " til ".join(filter(None, days_of(value))) if kind.is_period else _text_of(value)


def period_text(since: str, until: str) -> str:
    """Both typed days on one line. A last day without a first one is no period."""
    first, last = plain_day(since), plain_day(until)
    return f"{first} til {last}" if last else first


def days_of(value: Any) -> tuple[str, str]:
    """The first and the last day of a period, as they are typed. "": there is none."""
    since, until = value or (None, None)
    return typed_day(since), typed_day(until)

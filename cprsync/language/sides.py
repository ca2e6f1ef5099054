"""Both sides at a target that refused a patron, in words: what it holds, what is ours, and what sending again does.

Takes the JSON document, so that text, JSON and page cannot differ. A withheld value is in none of them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from cprsync.domain.outward.koha import ATTRIBUTE
from cprsync.domain.outward.sides import Again, WithheldFor
from cprsync.domain.patron.fields import OUTWARD
from cprsync.domain.patron.override import Overridden
from cprsync.language.record import NOTHING, name_of
from cprsync.language.review import HTTP, Side, SideRow, mark_differences, refusal_text
from cprsync.language.words import day_text, has_word, word
from cprsync.municipalities import name_municipality

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from cprsync.catalogues import Language

#: Koha's fields of another address begin so.
_OTHERS: Final = ("altaddress", "altcontact")
#: With these, what the target has says by itself what to do there.
_FIRST_THERE: Final = frozenset({"several", "other_person"})
#: With these, the target has somebody to compare with.
_THERE: Final = frozenset({"one", "several"})
#: Fields that hold a day.
_DAYS: Final = frozenset({"date_of_birth", "expiry_date", "birth_date"})
_DAY: Final = re.compile(r"[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])")


@dataclass(frozen=True, slots=True)
class SideTable:
    """One of the target's patrons beside ours."""

    #: the heads of the two columns. "": the target shows nothing, and there is no second column
    ours: str
    theirs: str
    rows: tuple[SideRow, ...]
    #: the names of the fields that are equal; "": none is
    alike: str


@dataclass(frozen=True, slots=True)
class TargetPart:
    """One target that refused the patron."""

    #: what it answered
    heading: str
    #: what it holds now, and what sending again does
    says: tuple[str, ...]
    tables: tuple[SideTable, ...]


def target_parts(document: Mapping[str, Any], language: Language) -> Iterator[TargetPart]:
    """Each target that refused the patron, of an item that is shown alone."""
    for one in document.get("targets") or ():
        says, tables = _says(one, language), _tables(one, language)
        yield TargetPart(refusal_text(one, language), tuple(says), tuple(tables))


def _says(one: Mapping[str, Any], language: Language) -> Iterator[str]:
    sides, name = one["sides"], one["name"]
    has_item = sides["reading"] not in {"removed", "nothing"} and sides["sending"] != "nothing"
    if has_item and sides["match"] not in _FIRST_THERE:
        yield from _advice(one, language)
    if sides["reading"] != "read":
        yield word(f"look_{sides['reading']}", language, name=name, kind=sides["failure"])
    else:
        yield _match_text(one, language)
        if "address_form" in sides["kinds"]:
            yield f"{word('drift_address_form', language)}."
    fields = [field for held in sides["held"] for field in held["fields"]]
    if any(field["withheld"] == WithheldFor.PROTECTION.value for field in fields):
        yield word("look_withheld", language)
    if sides["newer_waits"]:
        yield word("look_newer", language, name=name)


def _advice(one: Mapping[str, Any], language: Language) -> Iterator[str]:
    """What to do about the answer, where that is not plain from what the target has."""
    code = HTTP if one["code"].startswith(f"{HTTP}_") else one["code"]
    if has_word(key := f"look_do_{code}"):
        yield word(key, language, name=one["name"])


def _match_text(one: Mapping[str, Any], language: Language) -> str:
    """What the target has, and what sending again does."""
    sides, held = one["sides"], one["sides"]["held"]
    unlike = sum(field["again"] != Again.KEEPS.value for there in held for field in there["fields"])
    if sides["sending"] == "refused":
        remote = held[0]["remote"]
        return word(f"look_first_{sides['match']}", language, name=one["name"], count=len(held), remote=remote)
    return word(f"look_then_{sides['sending']}", language, name=one["name"], count=unlike)


def _tables(one: Mapping[str, Any], language: Language) -> Iterator[SideTable]:
    sides, name = one["sides"], one["name"]
    for held in sides["held"]:
        if sides["match"] not in _THERE:
            # nobody is there with whom ours could be compared
            rows = tuple(_row({**field, "again": None}, language) for field in held["fields"])
            yield SideTable(word("look_ours_alone", language), "", rows, "")
            continue
        # who of several it is shows in what is equal too
        has_all = sides["match"] == "several"
        fields = [field for field in held["fields"] if has_all or field["again"] != Again.KEEPS.value]
        alike = [] if has_all else [field for field in held["fields"] if field["again"] == Again.KEEPS.value]
        yield SideTable(
            word("look_ours", language),
            word("look_theirs", language, name=name, remote=held["remote"]),
            tuple(_row(field, language) for field in fields),
            ", ".join(field_label(field["field"], language) for field in alike),
        )


def _row(field: Mapping[str, Any], language: Language) -> SideRow:
    differs = field["again"] in {Again.SETS.value, Again.EMPTIES.value}
    label = field_label(field["field"], language)
    if field["withheld"] is not None:
        text = word(f"look_{field['withheld']}", language)
        ours = word("look_emptied", language) if field["again"] == Again.EMPTIES.value else text
        return SideRow(label, Side(((ours, False),)), Side(((text, False),)), differs)
    ours, theirs = (_value_text(field["field"], field[side], language) for side in ("ours", "theirs"))
    if field["again"] == Again.EMPTIES.value:
        ours = word("look_emptied", language)
        return SideRow(label, Side(((ours, False),)), Side(((theirs, True),)), differs)
    parts = mark_differences(ours, theirs) if differs else (((ours, False),), ((theirs, False),))
    return SideRow(label, Side(parts[0]), Side(parts[1]), differs)


def _value_text(field: str, value: str | bool | None, language: Language) -> str:
    if isinstance(value, bool):
        return word("yes" if value else "no", language)
    if value is not None and field in _DAYS and _DAY.fullmatch(value):
        return day_text(value, language)
    if value and field == Overridden.MUNICIPALITY.value:
        return name_municipality(value)
    return value or NOTHING


def field_label(field: str, language: Language) -> str:
    """The name of a field of a target: Koha's, an attribute, or that of a record. A field without words as it is."""
    if field.startswith(ATTRIBUTE):
        return word("koha_attribute", language, code=field.removeprefix(ATTRIBUTE).strip())
    if has_word(f"koha_{field}"):
        return word(f"koha_{field}", language)
    head, _, rest = field.partition("_")
    if head in _OTHERS and has_word(f"koha_{rest}"):
        return word(f"koha_{head}", language, part=word(f"koha_{rest}", language))
    if has_word(f"look_field_{field}"):
        return word(f"look_field_{field}", language)
    return name_of(OUTWARD[field].key, language) if field in OUTWARD else field


#: The width of the column of names, and of ours.
_NAME_WIDTH, _SIDE_WIDTH = 26, 34


def part_lines(part: TargetPart) -> Iterator[str]:
    """One target as text."""
    yield f"  {part.heading}"
    for sentence in part.says:
        yield f"    {sentence}"
    for table in part.tables:
        if table.rows:
            yield f"    {'':<{_NAME_WIDTH}} {table.ours:<{_SIDE_WIDTH}} {table.theirs}".rstrip()
        for row in table.rows:
            ours, theirs = ("".join(text for text, _ in side.parts) for side in (row.left, row.right))
            mark = "≠ " if row.differs else "  "
            theirs = theirs if table.theirs else ""
            yield f"  {mark}{row.name:<{_NAME_WIDTH}} {ours:<{_SIDE_WIDTH}} {theirs}".rstrip()
        if table.alike:
            yield f"    = {table.alike}"

"""Reads one person's record three times: as the command prints it, as a page shows it, and as the API answers."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any, Final

from cprsync.domain.patron.field import Seen
from cprsync.domain.patron.fields import FIELDS
from cprsync.language.record import field_lines, name_of
from cprsync.language.words import desk_word

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from cprsync.catalogues import Language

#: The value, the register's where it differs, and where it comes from, as a command prints them on one line.
_PRINTED: Final = re.compile(r"(?P<value>.*?)(?: → (?P<register>.*))?  \[(?P<source>.*)\]")


@dataclass(frozen=True)
class Told:
    """What is told of one field."""

    label: str
    value: tuple[str, ...]
    #: the register's value where it differs
    register: str | None
    source: str


def printed_fields(fields: Mapping[str, Any], language: Language) -> dict[str, Told]:
    """The fields by label, from the lines that a command prints."""
    width = max((len(name_of(key, language)) for key in fields), default=0)
    found: list[Told] = []
    for line in field_lines(fields, language):
        label, rest = line[2 : 2 + width].strip(), line[4 + width :]
        if label:
            found.append(_read_printed(label, rest))
        else:
            found[-1] = replace(found[-1], value=(*found[-1].value, rest))
    return {told.label: told for told in found}


def _read_printed(label: str, rest: str) -> Told:
    parts = _PRINTED.fullmatch(rest)
    assert parts is not None, f"{label}: a field has its source in brackets"
    return Told(label, (parts["value"],), parts["register"], parts["source"])


def shown_fields(html: str, language: Language) -> dict[str, Told]:
    """The fields by label, from the rows of a page. Leaves out what nobody reads: no command prints it."""
    unread = {name_of(one.key, language) for one in FIELDS if one.seen is Seen.NOBODY}
    return {row.label: row.told(language) for row in _Rows(html).rows if row.label.strip() not in unread}


@dataclass
class _Row:
    label: str = ""
    lines: list[str] = field(default_factory=lambda: [""])
    source: str = ""

    def told(self, language: Language) -> Told:
        """As a command would say it: only the one that gets notices says so, and a plain list is one line."""
        lines, becomes = [" ".join(line.split()) for line in self.lines], f"{desk_word('becomes', language)} "
        register = lines.pop().removeprefix(becomes) if lines[-1].startswith(becomes) else None
        gets, gets_not = (f" ({desk_word(key, language)})" for key in ("gets_notices", "gets_no_notices"))
        if any(line.endswith((gets, gets_not)) for line in lines):
            lines = [", ".join(line.removesuffix(gets_not) for line in lines)]
        return Told(self.label, tuple(lines), register, " ".join(self.source.split()))


#: The parts of a cell that holds more than a value, by class.
_PARTS: Final = {"cell": "", "value": "td", "source": "source"}


class _Rows(HTMLParser):
    """The rows of the tables that show a record. A heading between them is none, and no form belongs to one."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.rows: list[_Row] = []
        self._in_record = self._in_row = False
        self._cell = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        have = dict(attrs)
        if tag == "table":
            self._in_record = "record" in (have.get("class") or "").split()
        elif tag == "tr":
            self._in_row = self._in_record and "id" in have
            self.rows += [_Row()] * self._in_row
        elif tag in {"th", "td"}:
            self._cell = have.get("class") or tag
        elif (part := _PARTS.get(have.get("class") or "")) is not None:
            self._cell = part
        elif tag == "br" and self._in_row and self._cell == "td":
            self.rows[-1].lines.append("")

    def handle_endtag(self, tag: str) -> None:
        if tag in {"th", "td", "div", "p"}:
            self._cell = ""
        elif tag == "tr":
            self._in_row = False

    def handle_data(self, data: str) -> None:
        if not self._in_row:
            return
        row = self.rows[-1]
        if self._cell == "th":
            row.label += data
        elif self._cell == "td":
            row.lines[-1] += data
        elif self._cell == "source":
            row.source += data


def find_differences(one: Mapping[str, Any], other: Mapping[str, Any]) -> Iterator[str]:
    """The fields in which two readings differ, and both values."""
    for name in {**one, **other}:
        if one.get(name) != other.get(name):
            yield f"{name}: {one.get(name)} / {other.get(name)}"

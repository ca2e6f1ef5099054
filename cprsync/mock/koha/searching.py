"""A search as a request asks for it: fields, queries, order and page.

The parameter `q`, the header and the body may each hold a query; together with the fields, all of them must hold.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from cprsync.mock.koha import fields
from cprsync.mock.koha.query import Combined, Condition, QueryRefused, find_matching, parse_query

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from cprsync.mock.koha.patrons import KohaPatron, KohaPatrons

QUERY_HEADER: Final = "x-koha-query"
#: Koha's own default.
PER_PAGE: Final = 20
#: In `_per_page`: everybody on one page.
EVERYBODY_ON_ONE: Final = -1
_OWN_PARAMETERS: Final = frozenset(("_match", "_order_by", "_page", "_per_page", "q"))


class SearchRefused(ValueError):
    """A search that Koha refuses. Names the parameter and quotes nothing."""

    def __init__(self, name: str, message: str) -> None:
        super().__init__(message)
        self.name, self.message = name, message


@dataclass(frozen=True, slots=True)
class KohaSearch:
    """Who is meant, in which order, and which page of them."""

    condition: Condition
    #: a field, and whether the last one comes first
    order: tuple[tuple[str, bool], ...]
    page: int
    per_page: int

    def find(self, patrons: KohaPatrons) -> tuple[list[KohaPatron], int]:
        """The patrons of the page, and how many there are on all pages."""
        found = find_matching(patrons, self.condition)
        for name, is_falling in reversed(self.order):
            found.sort(key=lambda patron, name=name: _rank(patron.get(name)), reverse=is_falling)  # type: ignore[misc]  # mypy takes the default for a parameter
        if self.per_page == EVERYBODY_ON_ONE:
            return found, len(found)
        first = (self.page - 1) * self.per_page
        return found[first : first + self.per_page], len(found)


def _rank(value: Any) -> tuple[bool, Any]:
    """What nothing is known of comes first, as in SQL."""
    return value is not None, value.casefold() if isinstance(value, str) else value or 0


def parse_search(parameters: Iterable[tuple[str, str]], header: str | None, body: bytes) -> KohaSearch:
    """Read a search.

    Raises:
        SearchRefused: a parameter is unknown or wrong.
        QueryRefused: a query cannot be read.
    """
    asked = list(parameters)
    if any(name not in fields.ALL | _OWN_PARAMETERS for name, _ in asked):
        raise SearchRefused("query", "Malformed query string.")
    single = {name: value for name, value in asked if name.startswith("_")}
    match = single.get("_match", "contains")
    if match not in _MATCHES:
        raise SearchRefused("_match", "Not in enum list: contains, exact, starts_with, ends_with.")
    parts = [_field(name, value, match) for name, value in asked if name in fields.ALL]
    queries = [value for name, value in asked if name == "q"] + ([header] if header else [])
    queries += [body.decode("utf-8", "replace")] if body.strip() else []
    parts += [parse_query(_load(text)) for text in queries]
    return KohaSearch(
        Combined(True, tuple(parts)),
        tuple(_order(part) for name, value in asked if name == "_order_by" for part in value.split(",")),
        _number("_page", single.get("_page", "1"), lowest=1),
        _number("_per_page", single.get("_per_page", str(PER_PAGE)), lowest=EVERYBODY_ON_ONE),
    )


def _load(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise QueryRefused("no JSON") from None


def _field(name: str, value: str, match: str) -> Condition:
    is_text = name in fields.TEXTS
    return parse_query({name: value if match == "exact" or not is_text else {"-like": _MATCHES[match](value)}})


_MATCHES: Final[dict[str, Callable[[str], str]]] = {
    "exact": lambda value: value,
    "contains": lambda value: f"%{value}%",
    "starts_with": lambda value: f"{value}%",
    "ends_with": lambda value: f"%{value}",
}


def _order(part: str) -> tuple[str, bool]:
    name = part.strip().lstrip("+-").removeprefix("me.")
    if name not in fields.ALL:
        raise SearchRefused("_order_by", "No such field.")
    return name, part.strip().startswith("-")


def _number(name: str, text: str, *, lowest: int) -> int:
    if not re.fullmatch(r"-?[0-9]{1,9}", text, re.ASCII):
        raise SearchRefused(name, "Expected integer.")
    if int(text) < lowest or (lowest < 0 and int(text) == 0):
        raise SearchRefused(name, f"{lowest} is the least.")
    return int(text)

"""Koha's JSON queries: what one may say, and whether a patron is meant.

A query is matched as SQL matches a patron joined with their attributes: all conditions on attributes concern the same
attribute. Text is compared without regard to case, and a comparison with nothing is never true.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from operator import ge, gt, le, lt
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from cprsync.mock.koha import fields
from cprsync.mock.town.delivery import COPENHAGEN

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from cprsync.mock.koha.patrons import KohaAttribute, KohaPatron, KohaPatrons

DEPTH_MAX: Final = 20
TESTS_MAX: Final = 10_000
#: From the name in a query to the attribute's own.
_OF_ATTRIBUTES: Final = {
    "extended_attributes.code": "code",
    "extended_attributes.type": "code",
    "extended_attributes.value": "value",
    "extended_attributes.attribute": "value",
    "extended_attributes.extended_attribute_id": "ordinal",
}
_INTEGERS: Final = fields.INTEGERS | {"extended_attributes.extended_attribute_id"}
#: What a patron is found by without a look at everyone.
_INDEXED: Final = frozenset(("patron_id", "cardnumber", "userid", "extended_attributes.value"))

Comparable: TypeAlias = Any
Match: TypeAlias = "Callable[[KohaPatron, KohaAttribute | None], bool]"


class QueryRefused(ValueError):
    """A query that cannot be read. Says what is wrong with it and quotes nothing of it."""


@dataclass(frozen=True, slots=True, repr=False)
class FieldComparison:
    """One comparison of one field."""

    field: str
    operator: str
    value: Comparable


@dataclass(frozen=True, slots=True, repr=False)
class Combined:
    """Several conditions, of which all or any must hold."""

    needs_all: bool
    parts: tuple[Condition, ...]


Condition: TypeAlias = FieldComparison | Combined
EVERYBODY: Final[Condition] = Combined(needs_all=True, parts=())


# -- reading a query -------------------------------------------------------------------------------------------


def parse_query(document: Any, depth: int = 0) -> Condition:
    """Read a query. Raises QueryRefused."""
    if depth > DEPTH_MAX:
        raise QueryRefused("too deep")
    if isinstance(document, dict):
        return Combined(True, tuple(_read_pair(name, value, depth + 1) for name, value in document.items()))
    if isinstance(document, list):
        needs_all, parts = _read_list(document)
        return Combined(needs_all, tuple(parse_query(part, depth + 1) for part in parts))
    raise QueryRefused("neither object nor array")


def _read_list(parts: list[Any]) -> tuple[bool, list[Any]]:
    """Whether all parts must hold, and the parts. A list means `or` unless it begins with `-and`."""
    if len(parts) > TESTS_MAX:
        raise QueryRefused("too long")
    word = parts[0] if parts and isinstance(parts[0], str) else ""
    return word == "-and", parts[1:] if word in {"-and", "-or"} else parts


def _read_pair(name: str, value: Any, depth: int) -> Condition:
    if name in {"-and", "-or"}:
        parts = [{one: part} for one, part in value.items()] if isinstance(value, dict) else value
        if not isinstance(parts, list):
            raise QueryRefused("-and and -or take an array")
        return Combined(name == "-and", tuple(parse_query(part, depth) for part in parts))
    name = name.removeprefix("me.")
    if name not in fields.ALL and name not in _OF_ATTRIBUTES:
        raise QueryRefused("no such field")
    return _read_value(name, value, depth)


def _read_value(name: str, value: Any, depth: int) -> Condition:
    if depth > DEPTH_MAX:
        raise QueryRefused("too deep")
    if isinstance(value, list):
        needs_all, parts = _read_list(value)
        return Combined(needs_all, tuple(_read_value(name, part, depth + 1) for part in parts))
    if isinstance(value, dict):
        return Combined(True, tuple(_read_comparison(name, word, one, depth) for word, one in value.items()))
    return _compare(name, "=", value)


def _read_comparison(name: str, word: str, value: Any, depth: int) -> Condition:
    operator = word.lower().removeprefix("-").replace("_", " ")
    if operator in {"in", "not in"}:
        if not isinstance(value, list) or len(value) > TESTS_MAX:
            raise QueryRefused("-in takes an array")
        is_in = operator == "in"
        return Combined(not is_in, tuple(_compare(name, "=" if is_in else "!=", one) for one in value))
    if operator in {"and", "or"}:
        return _read_value(name, [f"-{operator}", *value] if isinstance(value, list) else value, depth + 1)
    if operator not in _OPERATORS:
        raise QueryRefused("no such operator")
    if isinstance(value, list):
        return Combined(False, tuple(_compare(name, operator, one) for one in value))
    return _compare(name, operator, value)


def _compare(name: str, operator: str, value: Any) -> FieldComparison:
    if isinstance(value, list | dict):
        raise QueryRefused("a comparison takes a single value")
    if operator in {"like", "not like"}:
        return FieldComparison(name, operator, _pattern(str(value)))
    return FieldComparison(name, operator, None if value is None else _convert(name, value))


def _pattern(like: str) -> re.Pattern[str]:
    forms = {"%": ".*", "_": "."}
    return re.compile("".join(forms.get(one) or re.escape(one) for one in like.casefold()), re.DOTALL)


def _convert(name: str, value: Any) -> Comparable:
    """A value in the form in which a field is compared."""
    if name in fields.MOMENTS:
        return _parse_moment(str(value))
    if name in fields.FLAGS:
        return str(value).lower() in {"1", "true"}
    if name in _INTEGERS:
        text = str(value)
        return int(text) if re.fullmatch(r"[0-9]{1,18}", text, re.ASCII) else -1
    return str(value).casefold()


def _parse_moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise QueryRefused("no date and time of RFC 3339") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=COPENHAGEN)


# -- matching --------------------------------------------------------------------------------------------------

_OPERATORS: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "=": lambda one, other: bool(one == other),
    "!=": lambda one, other: bool(one != other),
    "<": lt,
    ">": gt,
    "<=": le,
    ">=": ge,
    "like": lambda one, pattern: pattern.fullmatch(str(one)) is not None,
    "not like": lambda one, pattern: pattern.fullmatch(str(one)) is None,
}


def build_match(condition: Condition) -> Match:
    """A function that tells whether a patron with one of their attributes is meant."""
    if isinstance(condition, Combined):
        parts = [build_match(part) for part in condition.parts]
        join = all if condition.needs_all else any
        return lambda patron, attribute: join(part(patron, attribute) for part in parts)
    read, value = _reader(condition.field), condition.value
    if value is None:
        wants = condition.operator == "="
        return lambda patron, attribute: (read(patron, attribute) is None) is wants
    check = _OPERATORS[condition.operator]
    return lambda patron, attribute: (held := read(patron, attribute)) is not None and check(held, value)


def _reader(name: str) -> Callable[[KohaPatron, KohaAttribute | None], Comparable]:
    """A function that reads a field in the form in which it is compared. None: there is nothing."""
    if name in _OF_ATTRIBUTES:
        own = _OF_ATTRIBUTES[name]
        return lambda _, attribute: None if attribute is None else _convert(name, getattr(attribute, own))
    return lambda patron, _: None if (held := patron.get(name)) is None else _convert(name, held)


def is_about_attributes(condition: Condition) -> bool:
    if isinstance(condition, FieldComparison):
        return condition.field in _OF_ATTRIBUTES
    return any(is_about_attributes(part) for part in condition.parts)


def find_matching(patrons: KohaPatrons, condition: Condition) -> list[KohaPatron]:
    """Everyone who is meant, in the order of their ids."""
    chosen = _choose(patrons, condition)
    among: Iterable[KohaPatron]
    among = patrons if chosen is None else (p for one in sorted(chosen) if (p := patrons.find(one)) is not None)
    if condition == EVERYBODY:
        return list(among)
    match = build_match(condition)
    if not is_about_attributes(condition):
        return [patron for patron in among if match(patron, None)]
    return [patron for patron in among if any(match(patron, one) for one in patron.attributes or (None,))]


def _choose(patrons: KohaPatrons, condition: Condition) -> set[int] | None:
    """Everyone who may be meant, by an index. None: it may be anyone."""
    if isinstance(condition, Combined):
        parts = [_choose(patrons, part) for part in condition.parts]
        known = [part for part in parts if part is not None]
        if condition.needs_all:
            return min(known, key=len) if known else None
        return set().union(*known) if len(known) == len(parts) else None
    name, value = condition.field, condition.value
    if name not in _INDEXED or condition.operator != "=" or value is None:
        return None
    if name == "patron_id":
        return {value}
    if name == "extended_attributes.value":
        return patrons.with_value(value)
    holder = patrons.holder_of(name, value)
    return set() if holder is None else {holder}

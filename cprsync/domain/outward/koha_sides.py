"""Koha's side of one patron beside ours: whom Koha has, and each field of ours with the value that a write would leave.

Only fields in which our value counts are shown. All others are Koha's own, and no business of the desk here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from cprsync.domain.outward.koha import (
    ADDRESS,
    ATTRIBUTE,
    NOBODY,
    NOTES,
    OTHER_ADDRESSES,
    decide_fields,
    differing,
    is_other_person,
    may_create,
    merge_koha_record,
)
from cprsync.domain.outward.koha_drift import find_drift
from cprsync.domain.outward.sides import (
    Again,
    FieldPair,
    HeldThere,
    Match,
    Sending,
    Sides,
    WithheldFor,
    Withholding,
    make_plain,
    mask_number,
    withholding_of,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from datetime import date

    from cprsync.domain.outward.koha import KohaRecord, KohaRules

_NAMES: Final = ("surname", "firstname", "middle_name", "preferred_name")
_BIRTH: Final = "date_of_birth"
#: In the order in which they are shown. The attributes come last.
_ORDER: Final = (
    *(*_NAMES, _BIRTH, *ADDRESS, *OTHER_ADDRESSES),
    *("library_id", "category_id", "expiry_date", "incorrect_address", *NOTES),
)
_ADDRESSES: Final = frozenset({*ADDRESS, *OTHER_ADDRESSES})


def find_match(
    known: KohaRecord | None, numbered: Sequence[KohaRecord], payload: Mapping[str, Any] | None, rules: KohaRules
) -> tuple[Match, tuple[KohaRecord, ...]]:
    """Return whom Koha has for a patron.

    `known`: the patron with the id that we know, if Koha still has one. `numbered`: those with the patron's number.
    """
    if len(numbered) > 1:
        return Match.SEVERAL, tuple(numbered)
    if known is None:
        return (Match.ONE, tuple(numbered)) if numbered else (Match.NOBODY, ())
    if is_other_person(known, payload, rules):
        return (Match.ONE, tuple(numbered)) if numbered else (Match.OTHER_PERSON, (known,))
    if numbered and numbered[0].id != known.id:
        return Match.SEVERAL, (known, *numbered)
    return Match.ONE, (known,)


def belongs_there(payload: Mapping[str, Any] | None, rules: KohaRules) -> bool:
    """Whether Koha is to get a patron that it lacks."""
    return payload is not None and payload.get("number") is not None and may_create(payload, rules)


def compare_sides(  # noqa: PLR0913 -- whom Koha has, and what it is to hold
    match: Match,
    held: Sequence[KohaRecord],
    payload: Mapping[str, Any] | None,
    rules: KohaRules,
    *,
    on: date,
    least: Withholding,
) -> Sides:
    """Put both sides beside each other. Of somebody else nothing is shown.

    `least`: what is withheld in any case.
    """

    def beside(remote: int | None, present: KohaRecord) -> HeldThere:
        pairs = pair_fields(present, payload, rules, on=on, least=least)
        return HeldThere(None if remote is None else str(remote), pairs)

    match match:
        case Match.NOBODY:
            if not belongs_there(payload, rules):
                return Sides(match, Sending.NOTHING, ())
            ours = beside(None, NOBODY)
            may_add = rules.creates and any(one.field == _NAMES[0] for one in ours.pairs)
            return Sides(match, Sending.ADDS if may_add else Sending.REFUSED, (ours,))
        case Match.OTHER_PERSON:
            return Sides(match, Sending.REFUSED, (beside(held[0].id, NOBODY),))
        case Match.SEVERAL:
            return Sides(match, Sending.REFUSED, tuple(beside(one.id, one) for one in held))
    there = beside(held[0].id, held[0])
    is_equal = all(one.again is Again.KEEPS for one in there.pairs)
    kinds = tuple(kind.value for kind in find_drift(held[0], payload, rules, on=on))
    return Sides(match, Sending.NOTHING if is_equal else Sending.WRITES, (there,), kinds)


def pair_fields(
    present: KohaRecord, payload: Mapping[str, Any] | None, rules: KohaRules, *, on: date, least: Withholding
) -> tuple[FieldPair, ...]:
    """Return each field of ours: the value that a write would leave, the one that Koha holds, and what a write does.

    A field that both lack is left out. If Koha says that its patron is protected, that counts too.
    """
    wanted = merge_koha_record(present, payload, rules, on=on)
    is_flagged = present.attribute(rules.protected) is not None
    shut = max(least, withholding_of(payload), Withholding.PERSON if is_flagged else Withholding.NOTHING)
    unlike = frozenset(differing(present, wanted))
    decided = wanted.fields if present.id is None else decide_fields(present, payload, rules, on=on)
    pairs = [
        _pair(name, wanted.fields.get(name), present.fields.get(name), unlike=unlike, shut=shut)
        for name in _ORDER
        if name in decided
    ]
    for code in (rules.number, rules.municipality, rules.status, rules.protected):
        name, ours, theirs = f"{ATTRIBUTE} {code}", _values(wanted, code), _values(present, code)
        if code == rules.number:
            one, other = (mask_number(text, is_shut=shut is Withholding.PERSON) for text in (ours, theirs))
            pairs.append(FieldPair(name, one, other, _again(name, ours, unlike)))
        else:
            pairs.append(_pair(name, ours, theirs, unlike=unlike, shut=shut))
    return tuple(one for one in pairs if one.withheld or one.ours is not None or one.theirs is not None)


def _values(record: KohaRecord, code: str) -> str | None:
    """The values of an attribute, which may stand there several times."""
    return ", ".join(value for one, value in record.attributes if one == code) or None


def _pair(name: str, ours: Any, theirs: Any, *, unlike: Collection[str], shut: Withholding) -> FieldPair:
    plain, again, why = (make_plain(ours), make_plain(theirs)), _again(name, ours, unlike), _withheld(name, shut)
    if why is None or plain == (None, None):
        return FieldPair(name, *plain, again=again)
    return FieldPair(name, again=again, withheld=why)


def _again(name: str, ours: Any, unlike: Collection[str]) -> Again:
    if name not in unlike:
        return Again.KEEPS
    return Again.EMPTIES if ours in {None, ""} else Again.SETS


def _withheld(name: str, shut: Withholding) -> WithheldFor | None:
    if name in NOTES:
        return WithheldFor.FREE_TEXT
    if shut is Withholding.PERSON and name in {*_NAMES, _BIRTH}:
        return WithheldFor.PROTECTION
    return WithheldFor.PROTECTION if shut >= Withholding.ADDRESSES and name in _ADDRESSES else None

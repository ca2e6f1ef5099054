"""A patron's rights to net media as text: the answer, why, what would change it, and what CULR has been told."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from cprsync.catalogues import find_text
from cprsync.domain.feed.delivery import COPENHAGEN
from cprsync.domain.netmedia.cards import CardsStage
from cprsync.domain.netmedia.right_rule import ChangeCause, RightByRule
from cprsync.domain.patron.local import Stage
from cprsync.language.words import day_text, long_day, word
from cprsync.municipalities import name_municipality

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import date

    from cprsync.catalogues import Language
    from cprsync.services.netmedia.entitlements import MunicipalityInForce, ReasonedRight, ShownRights
    from cprsync.services.ports.netmedia import AccountState


def entitlement_lines(shown: ShownRights, language: Language) -> Iterator[str]:
    """The rights as text: the answer first, then why, then what would change it."""
    yield word("rights", language, patron=shown.patron, day=day_text(shown.day, language))
    yield f"  {municipality_text(shown.municipality, language)}"
    for right in shown.rights:
        yield f"  {right.title.text(language)}: {right_text(right, language)}"
        if change := change_text(right, language):
            yield f"      {change}"
    if not shown.rights:
        yield f"  {word('rights_none', language)}"
    if any(right.changes_when is ChangeCause.MOVE for right in shown.rights):
        yield f"  {find_text('rules', 'right.running_loans', language)}"
    yield f"  {culr_text(shown.culr, language)}"
    if shown.standing is Stage.LEAVING and shown.culr.account:
        yield f"  {word('culr_leaving', language)}"


def municipality_text(municipality: MunicipalityInForce, language: Language) -> str:
    """Where the patron lives, by whose word, and since when."""
    lives = word(f"rights_{municipality.residence.value}", language)
    if municipality.code is None:
        return word("rights_no_municipality", language, lives=lives)
    name = name_municipality(municipality.code)
    source, since = word(f"rights_from_{municipality.source}", language), ""
    if municipality.since is not None:
        since = f" {word('rights_since', language, day=day_text(municipality.since, language))}"
    return word("rights_municipality", language, name=name, lives=lives, source=source, since=since)


def _opens_by_age(right: ReasonedRight) -> bool:
    return right.from_age is not None and right.changes_when is ChangeCause.BIRTHDAY


def right_text(right: ReasonedRight, language: Language) -> str:
    """Yes, no or undecided, and why."""
    if _opens_by_age(right) and right.until is not None:
        return word("rights_opens", language, day=_day_after(right.until, language), age=right.from_age)
    return word(f"rights_{right.answer.value}", language, why=right.why.text(language))


def change_text(right: ReasonedRight, language: Language) -> str:
    """Since when, what would change it, and the last day of a yes, or the first day of another answer.

    "": the answer says it all.
    """
    if _opens_by_age(right) and right.until is not None:
        return ""
    closed, change = right.answer is not RightByRule.YES, right.change.text(language)
    if closed and right.until is not None:
        parts = [word("rights_next", language, day=_day_after(right.until, language), change=change)]
    else:
        parts = [word("rights_changes", language, change=change)]
    if right.valid_from is not None:
        parts.insert(0, word("rights_valid_from", language, day=day_text(right.valid_from, language)))
    if right.until is not None and not closed:
        parts.append(word("rights_until", language, day=day_text(right.until, language)))
    if right.withheld:
        parts.append(word("rights_withheld", language))
    return " ".join(parts)


def culr_text(culr: AccountState, language: Language) -> str:
    """What CULR has, and what it must still be told."""
    if not culr.account and not culr.pending and culr.refused is None:
        return word("culr_no_account", language)
    parts = [word("culr_has", language, what=_number_text(culr.confirmed, language))]
    if culr.deleting:
        parts.append(word("culr_deleting", language))
    elif culr.sent != culr.confirmed:
        parts.append(word("culr_sent", language, what=_number_text(culr.sent, language)))
    if culr.pending:
        parts.append(word("culr_pending", language, pending=culr.pending))
    if culr.cards is not None:
        parts.append(word("culr_cards", language, confirmed=culr.cards.confirmed))
        if culr.cards.pending:
            parts.append(word("culr_cards_pending", language, pending=culr.cards.pending))
    if culr.refused is not None:
        parts.append(word("culr_refused", language, code=culr.refused))
    if culr.checked_at is not None:
        checked = culr.checked_at.astimezone(COPENHAGEN).date()
        parts.append(word("culr_checked", language, day=long_day(checked, language)))
    return "; ".join(parts) + "."


def cards_text(cards: Mapping[str, Any], language: Language) -> str:
    """How far the library has come with letting its cards log in."""
    if cards["stays"]:
        return word("cards_stay", language, accounts=cards["accounts"])
    if cards["stage"] == CardsStage.NONE.value and cards["accounts"]:
        return word("cards_going", language, accounts=cards["accounts"])
    counts = {name: cards[name] for name in ("accounts", "told", "left")}
    return word(f"cards_{cards['stage']}", language, **counts)


def _number_text(digits: str | None, language: Language) -> str:
    if digits is None:
        return word("culr_unknown", language)
    return name_municipality(digits) if digits else word("culr_empty", language)


def _day_after(day: date, language: Language) -> str:
    return long_day(day + timedelta(days=1), language)

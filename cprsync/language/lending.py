"""A patron's standing and their statement as text: yes or no with its reasons, what is owed, and the envelope.

Takes the JSON documents, so that text and JSON cannot differ.
"""

from __future__ import annotations

import textwrap
from itertools import groupby
from typing import TYPE_CHECKING, Any, Final

from cprsync.domain.lending.standing import BorrowRule
from cprsync.language.words import day_text, money, word, word_pair

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from cprsync.catalogues import Language

#: The width of the paper, and of the columns left and right of a title.
WIDTH: Final = 80
_DAY, _RIGHT = 20, 18


def standing_with_words(document: Mapping[str, Any]) -> dict[str, Any]:
    """The document as JSON has it: each rule with its words in both languages."""
    return {
        **document,
        "may_borrow": _with_reasons(document["may_borrow"], "borrow."),
        "fees": [{**fee, **word_pair(f"fee.{fee['rule']}")} for fee in document["fees"]],
        "may_contact": [_with_reasons(one, "contact.") for one in document["may_contact"]],
    }


def _with_reasons(ruling: Mapping[str, Any], about: str) -> dict[str, Any]:
    return {**ruling, "rules": [{**rule, **word_pair(about + rule["rule"])} for rule in ruling["rules"]]}


def standing_lines(
    document: Mapping[str, Any], language: Language, *, film_from_age: int | None = None
) -> Iterator[str]:
    """The document as text: yes or no first, then why. `film_from_age`: it was asked about such a film."""
    day = day_text(document["day"], language)
    yield word("standing", language, patron=document["patron"], day=day, group=document["group"] or "–")
    borrows = document["may_borrow"]
    blocks = "; ".join(block_text(block, language) for block in document["blocks"])
    asked = "standing_borrow" if film_from_age is None else "standing_borrow_film"
    yield f"  {word(asked, language, age=film_from_age)}: {answer_text(borrows, 'borrow.', language, blocks=blocks)}"
    if document["debt_oere"]:
        yield f"  {word('standing_debt', language)}: {money(document['debt_oere'], language)}"
    yield from _fee_lines(document["fees"], language)
    yield from (f"  {line}" for line in contact_lines(document["may_contact"], language))


def _fee_lines(fees: Sequence[Mapping[str, Any]], language: Language) -> Iterator[str]:
    if not fees:
        return
    total = money(sum(fee["oere"] for fee in fees), language)
    yield f"  {word('standing_fees', language)}: {total}"
    for fee in fees:
        due = day_text(fee["due"], language)
        late = word("statement_late", language, count=fee["days_late"])
        when = f"{word('day_due', language)} {due}, {lost_since_text(fee['lost'], language) if fee['lost'] else late}"
        why = word(f"fee.{fee['rule']}", language)
        if fee["oere"] and fee["raised_oere"]:
            why += "; " + word("standing_raised", language, amount=money(fee["raised_oere"], language))
        if fee["billed"]:
            why += "; " + word("standing_billed", language)
        yield f"    {money(fee['oere'], language):>12}  {fee['title']} ({when}): {why}"
        if reminders := _reminders_text(fee["reminders"], language):
            yield f"    {'':>12}  {reminders}"


def _reminders_text(reminders: Mapping[str, Any], language: Language) -> str:
    """The last day on which a reminder was due, and the next."""
    days = {"due": (reminders["due"] or [None])[-1], "next": reminders["next"]}
    return "; ".join(
        word(f"standing_reminder_{name}", language, day=day_text(day, language))
        for name, day in days.items()
        if day is not None
    )


def contact_lines(may_contact: Sequence[Mapping[str, Any]], language: Language) -> Iterator[str]:
    """Whether the patron may be written to, channel by channel."""
    for channel, rulings in groupby(may_contact, key=lambda one: one["channel"]):
        yield from _channel_lines(channel, list(rulings), language)


def _channel_lines(channel: str, rulings: Sequence[Mapping[str, Any]], language: Language) -> Iterator[str]:
    """One line for a channel if its answer is the same for all subjects, or else one line for each."""
    answers = {answer_text(one, "contact.", language) for one in rulings}
    name = word(f"channel_{channel}", language)
    if len(answers) == 1:
        yield f"{name}: {answers.pop()}"
        return
    for one in rulings:
        yield f"{name}, {word('about_' + one['about'], language)}: {answer_text(one, 'contact.', language)}"


def block_text(block: Mapping[str, Any], language: Language) -> str:
    """Why a block was set, and since when."""
    since = day_text(block["since"], language)
    return word("standing_blocked", language, since=since, reason=block["reason"])


def answer_text(ruling: Mapping[str, Any], about: str, language: Language, *, blocks: str = "") -> str:
    """Yes or no, and why. If a block is the reason, the blocks."""
    which = {BorrowRule.BLOCKED.value: f": {blocks}"} if blocks else {}
    rules = [rule["rule"] for rule in ruling["rules"]]
    why = "; ".join(word(about + rule, language) + which.get(rule, "") for rule in rules)
    return f"{word('yes' if ruling['answer'] else 'no', language)} – {why}"


def statement_lines(document: Mapping[str, Any], language: Language) -> Iterator[str]:
    """The statement line by line, none wider than the paper."""
    yield from _wrap(document["library_name"])
    yield ""
    if document["envelope"] is None:
        yield from _no_letter_lines(document, language)
    for line in document["envelope"] or ():
        yield from _wrap(line)
    yield ""
    yield day_text(document["day"], language).rjust(WIDTH)
    yield _justify(word("statement", language), word("statement_patron", language, patron=document["patron"]))
    if not document["loans"] and not document["owed"]:
        yield ""
        yield word("statement_nothing", language)
    yield from _loan_lines(document, language)
    yield from _owed_lines(document, language)
    yield from _closing_lines(document, language)


def _no_letter_lines(document: Mapping[str, Any], language: Language) -> Iterator[str]:
    """Why no letter is sent. If the address is sealed to protect someone else, also the patron's name."""
    why = document["letter"]
    if why == "sealed" and document["name"]:
        yield from _wrap(document["name"])
        why = "address_sealed"
    yield from _wrap(f"[{word('statement_' + why, language)}]")


def _loan_lines(document: Mapping[str, Any], language: Language) -> Iterator[str]:
    if not document["loans"]:
        return
    yield ""
    yield word("statement_loans", language)
    for loan in document["loans"]:
        late = word("statement_late", language, count=loan["days_late"])
        title, right = (_lost_text(loan, language), "") if loan["lost"] else (loan["title"], late)
        yield from _row_lines(loan["due"], title, right, language)


def _owed_lines(document: Mapping[str, Any], language: Language) -> Iterator[str]:
    if not document["owed"]:
        return
    yield ""
    yield word("statement_owed", language)
    for one in document["owed"]:
        yield from _row_lines(
            one["raised"], _purpose_text(one, language), money(one["amount_oere"], language), language
        )
    yield _justify("", "-" * _RIGHT)
    yield _justify(word("statement_total", language), money(document["total_oere"], language))


def _purpose_text(one: Mapping[str, Any], language: Language) -> str:
    """What is owed, and for which loan: its title, and the day on which it was due."""
    kind, loan = word(f"statement_{one['kind']}", language), one["loan"] or {}
    titles = [title for title in dict.fromkeys((one["title"], loan.get("title"))) if title]
    purpose = f"{kind}: {', '.join(titles)}" if titles else kind
    if one["kind"] == "compensation" and loan.get("lost"):
        return _lost_text(loan | {"title": purpose}, language)
    if not loan.get("due"):
        return purpose
    return f"{purpose} ({word('day_due', language)} {day_text(loan['due'], language)})"


def _lost_text(loan: Mapping[str, Any], language: Language) -> str:
    """A title, and since when the loan is reported lost."""
    return f"{loan['title']} ({lost_since_text(loan['lost'], language)})"


def lost_since_text(day: str, language: Language) -> str:
    return f"{word('day_lost', language)} {day_text(day, language)}"


def _closing_lines(document: Mapping[str, Any], language: Language) -> Iterator[str]:
    if document["note_to_patron"]:
        yield ""
        yield word("statement_note", language)
        for line in document["note_to_patron"].splitlines():
            yield from _wrap(line, indent="  ")
    if answering := len(document["responsibles"]):
        yield ""
        yield from _wrap(_answering_text(document["responsible_names"], answering, language))


def _answering_text(names: Sequence[str], answering: int, language: Language) -> str:
    """Who answers for a minor. If a name must not be shown, only the number of persons."""
    if not names:
        return word(f"statement_responsible.{answering}", language)
    others = answering - len(names)
    unnamed = [word("statement_unnamed", language, count=others)]
    *first, last = [*names, *(unnamed if others else [])]
    who = f"{', '.join(first)} {word('and', language)} {last}" if first else last
    return word("statement_responsible", language, who=who)


def _row_lines(day: str | None, title: str, right: str, language: Language) -> Iterator[str]:
    """A day, a title that may take several lines, and on the first line the text at the right."""
    shown = day_text(day, language)
    first, *rest = textwrap.wrap(title, WIDTH - 2 - _DAY - _RIGHT - 1) or ["–"]
    yield f"  {shown:<{_DAY}}{first}".ljust(WIDTH - _RIGHT) + right.rjust(_RIGHT)
    for line in rest:
        yield " " * (2 + _DAY) + line


def _justify(left: str, right: str) -> str:
    return left.ljust(WIDTH - len(right)) + right


def _wrap(text: str, *, indent: str = "") -> Iterator[str]:
    yield from textwrap.wrap(text, WIDTH, initial_indent=indent, subsequent_indent=indent) or [""]

"""A patron's standing and their statement as text: yes or no with its reasons, what is owed, and the envelope."""

from __future__ import annotations

import textwrap
from itertools import groupby
from typing import TYPE_CHECKING, Final

from cprsync.domain.lending.contacting import NoLetter
from cprsync.domain.lending.standing import BorrowRule
from cprsync.language.words import day_text, money, word

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import date

    from cprsync.catalogues import Language
    from cprsync.domain.lending.contacting import ContactWay
    from cprsync.services.lending.standing import (
        ContactAnswer,
        OwedAmount,
        Reminders,
        RuledAnswer,
        ShownBlock,
        ShownFee,
        ShownStanding,
        Statement,
    )

#: The width of the paper, and of the columns left and right of a title.
WIDTH: Final = 80
_DAY, _RIGHT = 20, 18


def standing_lines(standing: ShownStanding, language: Language, *, film_from_age: int | None = None) -> Iterator[str]:
    """The standing as text: yes or no first, then why. `film_from_age`: it was asked about such a film."""
    day = day_text(standing.day, language)
    yield word("standing", language, patron=standing.patron, day=day, group=standing.group or "–")
    blocks = "; ".join(block_text(block, language) for block in standing.blocks)
    asked = "standing_borrow" if film_from_age is None else "standing_borrow_film"
    yield f"  {word(asked, language, age=film_from_age)}: {answer_text(standing.may_borrow, language, blocks=blocks)}"
    if standing.debt_oere:
        yield f"  {word('standing_debt', language)}: {money(standing.debt_oere, language)}"
    yield from _fee_lines(standing.fees, language)
    yield from (f"  {line}" for line in contact_lines(standing.may_contact, language))


def _fee_lines(fees: Sequence[ShownFee], language: Language) -> Iterator[str]:
    if not fees:
        return
    total = money(sum(fee.oere for fee in fees), language)
    yield f"  {word('standing_fees', language)}: {total}"
    for fee in fees:
        due = day_text(fee.due, language)
        late = word("statement_late", language, count=fee.days_late)
        when = f"{word('day_due', language)} {due}, {lost_since_text(fee.lost, language) if fee.lost else late}"
        why = fee.text(language)
        if fee.oere and fee.raised_oere:
            why += "; " + word("standing_raised", language, amount=money(fee.raised_oere, language))
        if fee.billed:
            why += "; " + word("standing_billed", language)
        yield f"    {money(fee.oere, language):>12}  {fee.title} ({when}): {why}"
        if reminders := _reminders_text(fee.reminders, language):
            yield f"    {'':>12}  {reminders}"


def _reminders_text(reminders: Reminders, language: Language) -> str:
    """The last day on which a reminder was due, and the next."""
    days = {"due": (reminders.due or (None,))[-1], "next": reminders.next}
    return "; ".join(
        word(f"standing_reminder_{name}", language, day=day_text(day, language))
        for name, day in days.items()
        if day is not None
    )


def contact_lines(may_contact: Iterable[ContactAnswer], language: Language) -> Iterator[str]:
    """Whether the patron may be written to, channel by channel."""
    for channel, answers in groupby(may_contact, key=lambda one: one.channel):
        yield from _channel_lines(channel, list(answers), language)


def _channel_lines(channel: ContactWay, answers: Sequence[ContactAnswer], language: Language) -> Iterator[str]:
    """One line for a channel if its answer is the same for all subjects, or else one line for each."""
    texts = [answer_text(one, language) for one in answers]
    name = word(f"channel_{channel.value}", language)
    if len(set(texts)) == 1:
        yield f"{name}: {texts[0]}"
        return
    for one, text in zip(answers, texts, strict=True):
        yield f"{name}, {word(f'about_{one.about.value}', language)}: {text}"


def block_text(block: ShownBlock, language: Language) -> str:
    """Why a block was set, and since when."""
    since = day_text(block.since, language)
    return word("standing_blocked", language, since=since, reason=block.reason)


def answer_text(ruled: RuledAnswer, language: Language, *, blocks: str = "") -> str:
    """Yes or no, and why. If a block is the reason, the blocks."""
    which = {BorrowRule.BLOCKED.value: f": {blocks}"} if blocks else {}
    why = "; ".join(given.text(language) + which.get(given.rule, "") for given in ruled.rules)
    return f"{word('yes' if ruled.answer else 'no', language)} – {why}"


def statement_lines(statement: Statement, language: Language) -> Iterator[str]:
    """The statement line by line, none wider than the paper."""
    yield from _wrap(statement.library_name)
    yield ""
    if statement.envelope is None:
        yield from _no_letter_lines(statement, language)
    for line in statement.envelope or ():
        yield from _wrap(line)
    yield ""
    yield day_text(statement.day, language).rjust(WIDTH)
    yield _justify(word("statement", language), word("statement_patron", language, patron=statement.patron))
    if not statement.loans and not statement.owed:
        yield ""
        yield word("statement_nothing", language)
    yield from _loan_lines(statement, language)
    yield from _owed_lines(statement, language)
    yield from _closing_lines(statement, language)


def _no_letter_lines(statement: Statement, language: Language) -> Iterator[str]:
    """Why no letter is sent. If the address is sealed to protect someone else, also the patron's name."""
    if statement.letter is NoLetter.SEALED and statement.name:
        yield from _wrap(statement.name)
        why = word("statement_address_sealed", language)
    else:
        why = no_letter_text(statement, language)
    yield from _wrap(f"[{why}]")


def no_letter_text(statement: Statement, language: Language) -> str:
    """Why no letter is sent. "": one goes."""
    why = statement.letter
    return word(f"statement_{why.value}", language) if isinstance(why, NoLetter) else ""


def _loan_lines(statement: Statement, language: Language) -> Iterator[str]:
    if not statement.loans:
        return
    yield ""
    yield word("statement_loans", language)
    for loan in statement.loans:
        late = word("statement_late", language, count=loan.days_late)
        title, right = (_lost_text(loan.title, loan.lost, language), "") if loan.lost else (loan.title, late)
        yield from _row_lines(loan.due, title, right, language)


def _owed_lines(statement: Statement, language: Language) -> Iterator[str]:
    if not statement.owed:
        return
    yield ""
    yield word("statement_owed", language)
    for owed in statement.owed:
        yield from _row_lines(owed.raised, _purpose_text(owed, language), money(owed.amount_oere, language), language)
    yield _justify("", "-" * _RIGHT)
    yield _justify(word("statement_total", language), money(statement.total_oere, language))


def _purpose_text(owed: OwedAmount, language: Language) -> str:
    """What is owed, and for which loan: its title, and the day on which it was due."""
    kind, loan = word(f"statement_{owed.kind}", language), owed.loan
    titles = [title for title in dict.fromkeys((owed.title, loan.title if loan else "")) if title]
    purpose = f"{kind}: {', '.join(titles)}" if titles else kind
    if loan is None:
        return purpose
    if owed.kind == "compensation" and loan.lost:
        return _lost_text(purpose, loan.lost, language)
    if loan.due is None:
        return purpose
    return f"{purpose} ({word('day_due', language)} {day_text(loan.due, language)})"


def _lost_text(title: str, lost: date, language: Language) -> str:
    """A title, and since when the loan is reported lost."""
    return f"{title} ({lost_since_text(lost, language)})"


def lost_since_text(day: date | str, language: Language) -> str:
    return f"{word('day_lost', language)} {day_text(day, language)}"


def _closing_lines(statement: Statement, language: Language) -> Iterator[str]:
    if statement.note_to_patron:
        yield ""
        yield word("statement_note", language)
        for line in statement.note_to_patron.splitlines():
            yield from _wrap(line, indent="  ")
    if answering := len(statement.responsibles):
        yield ""
        yield from _wrap(_answering_text(statement.responsible_names, answering, language))


def _answering_text(names: Sequence[str], answering: int, language: Language) -> str:
    """Who answers for a minor. If a name must not be shown, only the number of persons."""
    if not names:
        return word(f"statement_responsible.{answering}", language)
    others = answering - len(names)
    unnamed = [word("statement_unnamed", language, count=others)]
    *first, last = [*names, *(unnamed if others else [])]
    who = f"{', '.join(first)} {word('and', language)} {last}" if first else last
    return word("statement_responsible", language, who=who)


def _row_lines(day: date | None, title: str, right: str, language: Language) -> Iterator[str]:
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

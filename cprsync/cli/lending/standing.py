"""`patron standing`: may a patron borrow, what do late loans cost today, may they be written to; with reasons."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cprsync.cli.language.dates import day_text
from cprsync.cli.language.words import Language, word, word_pair
from cprsync.cli.lending.statement import lost_since_text, money
from cprsync.cli.terminal.frame import opened, print_document
from cprsync.cli.terminal.options import CONFIG, Config, Json, Lang, Library, Patron, Today
from cprsync.domain.lending.standing import BorrowRule

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence


app = typer.Typer()


@app.command("standing")
def patron_standing(
    patron: Patron,
    *,
    film: Annotated[
        int | None, typer.Option("--film", min=0, max=18, help="The age that a film is rated from.")
    ] = None,
    config: Config = CONFIG,
    library: Library = None,
    today: Today = None,
    lang: Lang = "da",
    as_json: Json = False,
) -> None:
    """Say if a patron may borrow, what is late, and how to write.

    By the library's policy, each answer with the rule that gives it.
    """
    from cprsync.services.views.lending import Standings

    with opened(config, library, as_json=as_json, today=today) as site, site.store(shows_records=True) as store:
        document = Standings(store, site.clock, site.policy).standing(patron, film_from_age=film)
    print_document(_with_words(document), standing_lines(document, lang), as_json=as_json)


def _with_words(document: Mapping[str, Any]) -> dict[str, Any]:
    """The document as JSON has it: each rule with its words in both languages."""
    return {
        **document,
        "may_borrow": _with_reasons(document["may_borrow"], "borrow."),
        "fees": [{**fee, **word_pair(f"fee.{fee['rule']}")} for fee in document["fees"]],
        "may_contact": [_with_reasons(one, "contact.") for one in document["may_contact"]],
    }


def _with_reasons(ruling: Mapping[str, Any], about: str) -> dict[str, Any]:
    return {**ruling, "rules": [{**rule, **word_pair(about + rule["rule"])} for rule in ruling["rules"]]}


def standing_lines(document: Mapping[str, Any], language: Language) -> Iterator[str]:
    """The document as text: yes or no first, then why."""
    day = day_text(document["day"], language)
    yield word("standing", language, patron=document["patron"], day=day, group=document["group"] or "–")
    borrows = document["may_borrow"]
    blocks = "; ".join(_block_text(block, language) for block in document["blocks"])
    yield f"  {word('standing_borrow', language)}: {_answer_text(borrows, 'borrow.', language, blocks=blocks)}"
    if document["debt_oere"]:
        yield f"  {word('standing_debt', language)}: {money(document['debt_oere'], language)}"
    yield from _fee_lines(document["fees"], language)
    for channel, rulings in groupby(document["may_contact"], key=lambda one: one["channel"]):
        yield from _contact_lines(channel, list(rulings), language)


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


def _contact_lines(channel: str, rulings: Sequence[Mapping[str, Any]], language: Language) -> Iterator[str]:
    """One line for a channel if its answer is the same for all subjects, or else one line for each."""
    answers = {_answer_text(one, "contact.", language) for one in rulings}
    name = word(f"channel_{channel}", language)
    if len(answers) == 1:
        yield f"  {name}: {answers.pop()}"
        return
    for one in rulings:
        yield f"  {name}, {word('about_' + one['about'], language)}: {_answer_text(one, 'contact.', language)}"


def _block_text(block: Mapping[str, Any], language: Language) -> str:
    since = day_text(block["since"], language)
    return word("standing_blocked", language, since=since, reason=block["reason"])


def _answer_text(ruling: Mapping[str, Any], about: str, language: Language, *, blocks: str = "") -> str:
    """Yes or no, and why. If a block is the reason, the blocks."""
    which = {BorrowRule.BLOCKED.value: f": {blocks}"} if blocks else {}
    rules = [rule["rule"] for rule in ruling["rules"]]
    why = "; ".join(word(about + rule, language) + which.get(rule, "") for rule in rules)
    return f"{word('yes' if ruling['answer'] else 'no', language)} – {why}"

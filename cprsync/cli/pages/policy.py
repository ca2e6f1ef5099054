"""`cprsync fees`: a library's fee page and patron groups by its policy.toml, to compare with its own page."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import typer

from cprsync.cli.language.dates import long_day
from cprsync.cli.language.words import Language, page_words, word
from cprsync.cli.terminal.failures import failures
from cprsync.cli.terminal.options import Json, Lang, PolicyFile
from cprsync.cli.terminal.output import emphasise, print_json, say
from cprsync.config.policy import load_policy
from cprsync.domain.feed.workdays import COPENHAGEN
from cprsync.domain.pages.policy_page import fee_heading, fee_rows, fee_sentences, group_heading, group_rows
from cprsync.resources import fixture_path

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date

    from cprsync.domain.policy.policy import Policy
    from cprsync.domain.wording import Wording


app = typer.Typer()


@app.command()
def fees(*, policy: PolicyFile = None, lang: Lang = "da", as_json: Json = False) -> None:
    """Print a library's fees (gebyrer) and patron groups.

    As its policy.toml has them, to hold against its own page.
    """
    with failures(as_json=as_json):
        rules = load_policy(policy or fixture_path("policy.toml"), frozenset())
        today = datetime.now(UTC).astimezone(COPENHAGEN).date()
        if as_json:
            print_json(_document(rules, today))
        else:
            _show_page(rules, today, lang)


def _show_page(policy: Policy, today: date, language: Language) -> None:
    for tariff in policy.fees.tariffs:
        since = long_day(tariff.since, language)
        say(emphasise(word("fees_from", language, day=since)))
        _show_columns([_in_language(fee_heading(tariff, page_words), language), *fee_rows(tariff)])
        say()
    for sentence in fee_sentences(policy, page_words):
        say(sentence.text(language))
    say()
    say(emphasise(word("fees_groups", language)))
    _show_columns(
        [_in_language(row, language) for row in (group_heading(page_words), *group_rows(policy, page_words, on=today))]
    )


def _show_columns(rows: Sequence[Sequence[str]]) -> None:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        say(f"  {'   '.join(cells).rstrip()}")


def _in_language(row: Iterable[Wording], language: Language) -> list[str]:
    return [cell.text(language) for cell in row]


def _document(policy: Policy, today: date) -> dict[str, Any]:
    return {
        "tariffs": [
            {
                "since": tariff.since.isoformat(),
                "child_below": tariff.child_below,
                "adult": [{"from_day": band.from_day, "oere": band.oere} for band in tariff.adult.bands],
                "child": tariff.child
                and [{"from_day": band.from_day, "oere": band.oere} for band in tariff.child.bands],
            }
            for tariff in policy.fees.tariffs
        ],
        "tariff_at": policy.fees.tariff_at.value,
        "age_at": policy.fees.age_at.value,
        "one_fee_per": [one.value for one in policy.fees.one_fee_per],
        "debt_limit_oere": policy.debt_limit_oere,
        "reminder_days": list(policy.letters.reminder_days),
        "binding_films": list(policy.binding_films),
        "said": [sentence.document() for sentence in fee_sentences(policy, page_words)],
        "groups": [
            dict(
                zip(
                    ("name", "from_age", "loan", "reminders", "fees", "cpr_number"),
                    (cell.document() for cell in row),
                    strict=True,
                )
            )
            for row in group_rows(policy, page_words, on=today)
        ],
    }

"""Pages that follow from a library's policy.toml: `fees` and `fields`.

`fees` prints the fee page and the patron groups, to compare with the library's own page. `fields` prints the field
table, and the privacy page and the record of processing that are made from it.
"""

from __future__ import annotations

import textwrap
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cprsync.catalogues import Language, find_text, page_words
from cprsync.cli.pages.guide import markdown_rows, write_between
from cprsync.cli.terminal.failures import failures
from cprsync.cli.terminal.frame import TYPED, Json, Lang, PolicyFile, language
from cprsync.cli.terminal.output import emphasise, note, print_json, say
from cprsync.config.policy import load_policy
from cprsync.domain.desk.settable import settable_of_anyone
from cprsync.domain.feed.delivery import COPENHAGEN
from cprsync.domain.pages.policy_page import fee_heading, fee_rows, fee_sentences, group_heading, group_rows
from cprsync.domain.pages.privacy import article_30, kept_text, privacy_page, protection_text
from cprsync.domain.patron.fields import PRINTED
from cprsync.errors import ConfigurationError
from cprsync.language.record import name_of
from cprsync.language.words import long_day, word
from cprsync.resources import fixture_path

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import date

    from cprsync.domain.pages.policy_page import PageSection
    from cprsync.domain.patron.field import Field
    from cprsync.domain.policy.policy import Policy
    from cprsync.domain.wording import Wording

#: Between these, the guide has the fields that `patron set` takes.
BEGIN = "<!-- made by `cprsync fields --into`: change the field table, not this one -->"
END = "<!-- end of what `cprsync fields --into` makes -->"
_PAIRS = 3
#: The width of a page, for paper and terminal.
WIDTH = 96
app = typer.Typer()


@app.command()
def fees(*, policy: PolicyFile = None, lang: Lang = "da", as_json: Json = False) -> None:
    """Print a library's fees (gebyrer) and patron groups.

    As its policy.toml has them, to compare with the library's own page.
    """
    with failures(as_json=as_json):
        rules = load_policy(policy or fixture_path("policy.toml"), frozenset())
        today = datetime.now(UTC).astimezone(COPENHAGEN).date()
        if as_json:
            print_json(_fees_document(rules, today))
        else:
            _show_fees(rules, today, lang)


def _show_fees(policy: Policy, today: date, language: Language) -> None:
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


def _fees_document(policy: Policy, today: date) -> dict[str, Any]:
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


@app.command()
def fields(
    *,
    privacy: Annotated[
        Language | None,
        typer.Option(
            "--privacy", parser=language, metavar=TYPED, help="The public privacy page, in Danish (da) or English (en)."
        ),
    ] = None,
    article30: Annotated[bool, typer.Option("--article30", help="The record of processing (GDPR article 30).")] = False,
    policy: PolicyFile = None,
    controller: Annotated[
        str,
        typer.Option("--controller", help="Whose record of processing it is, instead of [controller] in policy.toml."),
    ] = "",
    into: Annotated[
        Path | None,
        typer.Option("--into", help="Write the fields that `patron set` takes between the markers of a Markdown file."),
    ] = None,
    lang: Lang = "da",
    as_json: Json = False,
) -> None:
    """Print what a patron record holds, field by field.

    Says what each field is for, who owns it, who sees it, and how long it is kept.
    """
    with failures(as_json=as_json):
        if privacy is not None and article30:
            raise ConfigurationError("--privacy and --article30 are two pages: ask for one", kind="usage.page")
        rules = load_policy(policy or fixture_path("policy.toml"), frozenset())
        if into is not None:
            write_between(into, settable_table(lang), BEGIN, END)
        elif privacy is not None:
            _show_page(privacy_page(rules, page_words), privacy, rules.controller.missing, as_json=as_json)
        elif article30:
            given = {"name", "contact"} if controller else set()
            missing = [key for key in rules.controller.missing if key not in given]
            _show_page(article_30(rules, page_words, controller=controller), lang, missing, as_json=as_json)
        elif as_json:
            print_json({"fields": [_field_document(field, rules) for field in PRINTED]})
        else:
            _show_table(rules, lang)


def settable_table(language: Language) -> str:
    """The fields that `patron set` takes, by name and by what is typed, three beside each other."""
    cells = [text for key in settable_of_anyone() for text in (name_of(key, language), f"`{key}`")]
    cells += [""] * (-len(cells) % (2 * _PAIRS))
    rows = [cells[at : at + 2 * _PAIRS] for at in range(0, len(cells), 2 * _PAIRS)]
    return markdown_rows([word("settable_name", language), word("settable_key", language)] * _PAIRS, rows)


def page_text(sections: Sequence[PageSection], language: Language) -> str:
    """A page as text: headings underlined, each field under its name."""
    blocks: list[str] = []
    for section in sections:
        heading = section.heading.text(language)
        blocks.append(f"{heading}\n{'-' * len(heading)}")
        for paragraph in section.paragraphs:
            name = f"{paragraph.name.text(language)} - " if paragraph.name else ""
            blocks.append(textwrap.fill(name + paragraph.text.text(language), WIDTH, break_on_hyphens=False))
    return "\n\n".join(blocks)


def _show_page(sections: Sequence[PageSection], language: Language, missing: Sequence[str], *, as_json: bool) -> None:
    """Print the page. A value that only the library knows is shown in brackets if missing, and asked for beside it."""
    if not as_json:
        say(page_text(sections, language))
        if missing:
            asked = ", ".join(f"{key} ({find_text('pages', f'controller.{key}', language)})" for key in missing)
            note(word("controller_missing", language, asked=asked))
        return
    paragraphs = [
        {
            "section": section.heading.text(language),
            "name": paragraph.name.text(language) if paragraph.name else None,
            "text": paragraph.text.text(language),
        }
        for section in sections
        for paragraph in section.paragraphs
    ]
    print_json({"language": language, "missing": list(missing), "paragraphs": paragraphs})


def _field_document(field: Field, policy: Policy) -> dict[str, Any]:
    return {
        "key": field.key,
        "name": field.name.document(),
        "purpose": page_words(f"field.{field.key}").document(),
        "basis": page_words(f"basis.{field.basis.value}").document(),
        "owner": field.owner.value,
        "seen": field.seen.value,
        "sealed": field.sealed,
        "kept": kept_text(field.kept, policy, page_words).document(),
        "imported": field.imported,
        "text": field.name.da if field.explained else None,
        "part_of": field.part_of,
    }


def _lines(field: Field, policy: Policy) -> Iterator[Wording]:
    yield page_words(f"field.{field.key}")
    yield page_words(f"owner.{field.owner.value}")
    yield page_words(f"seen.{field.seen.value}")
    if (sealed := protection_text(field, page_words)) is not None:
        yield sealed
    yield page_words(f"basis.{field.basis.value}")
    yield kept_text(field.kept, policy, page_words)


def _show_table(policy: Policy, language: Language) -> None:
    for field in PRINTED:
        say(f"{emphasise(field.name.text(language))}  {field.key}")
        for line in _lines(field, policy):
            say(textwrap.fill(line.text(language), WIDTH, initial_indent="  ", subsequent_indent="  "))
        say()

"""`cprsync fields`: the field table, and the privacy page and record of processing that are made from it."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cprsync.cli.language.words import Language, page_words, word
from cprsync.cli.terminal.failures import failures
from cprsync.cli.terminal.options import TYPED, Json, Lang, PolicyFile, language
from cprsync.cli.terminal.output import emphasise, note, print_json, say
from cprsync.config.policy import load_policy
from cprsync.domain.pages.privacy import article_30, kept_text, privacy_page, protection_text
from cprsync.domain.patron.fields import PRINTED
from cprsync.domain.policy.policy import ASKED
from cprsync.errors import ConfigurationError
from cprsync.resources import fixture_path

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cprsync.domain.pages.page import Section
    from cprsync.domain.patron.field import Field
    from cprsync.domain.policy.policy import Policy
    from cprsync.domain.wording import Wording

#: The width of a page, for paper and terminal.
WIDTH = 96


app = typer.Typer()


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
    lang: Lang = "da",
    as_json: Json = False,
) -> None:
    """Print what a patron record holds, field by field.

    Of each: what for, whose it is, who sees it, how long it is kept.
    """
    with failures(as_json=as_json):
        if privacy is not None and article30:
            raise ConfigurationError("--privacy and --article30 are two pages: ask for one", kind="usage.page")
        rules = load_policy(policy or fixture_path("policy.toml"), frozenset())
        if privacy is not None:
            _show_page(privacy_page(rules, page_words), privacy, rules.controller.missing, as_json=as_json)
        elif article30:
            given = {"name", "contact"} if controller else set()
            missing = [key for key in rules.controller.missing if key not in given]
            _show_page(article_30(rules, page_words, controller=controller), lang, missing, as_json=as_json)
        elif as_json:
            print_json({"fields": [_document(field, rules) for field in PRINTED]})
        else:
            _show_table(rules, lang)


def page_text(sections: Sequence[Section], language: Language) -> str:
    """A page as text: headings underlined, each field under its name."""
    blocks: list[str] = []
    for section in sections:
        heading = section.heading.text(language)
        blocks.append(f"{heading}\n{'-' * len(heading)}")
        for paragraph in section.paragraphs:
            name = f"{paragraph.name.text(language)} - " if paragraph.name else ""
            blocks.append(textwrap.fill(name + paragraph.text.text(language), WIDTH, break_on_hyphens=False))
    return "\n\n".join(blocks)


def _show_page(sections: Sequence[Section], language: Language, missing: Sequence[str], *, as_json: bool) -> None:
    """Print the page. A value that only the library knows is shown in brackets if missing, and asked for beside it."""
    if not as_json:
        say(page_text(sections, language))
        if missing:
            asked = ", ".join(f"{key} ({ASKED[key].text(language)})" for key in missing)
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


def _document(field: Field, policy: Policy) -> dict[str, Any]:
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

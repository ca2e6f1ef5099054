"""What comes with the program to be read: `guide` prints a page, `rules` the rule tables.

The tables are text, JSON or Markdown, or are written into a page of the guide, between two markers.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cprsync.catalogues import Language
from cprsync.cli.terminal.failures import failures
from cprsync.cli.terminal.frame import Json, Lang, PolicyFile, print_document
from cprsync.cli.terminal.output import emphasise, print_json, say
from cprsync.config.packaged import load_reasons, load_rule_tables
from cprsync.config.policy import load_policy
from cprsync.domain.person.status import Action
from cprsync.domain.wording import Wording
from cprsync.errors import BadInput, Misused
from cprsync.language.words import word
from cprsync.resources import fixture_path, guide_paths

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from cprsync.domain.rulebook.tables import Cell, Reasons, RuleTable

BEGIN = "<!-- made by `cprsync rules --markdown`: change the rules, not the tables -->"
END = "<!-- end of what `cprsync rules --markdown` makes -->"
app = typer.Typer()


@app.command()
def rules(
    *,
    policy: PolicyFile = None,
    as_markdown: Annotated[bool, typer.Option("--markdown", help="As Markdown.")] = False,
    into: Annotated[
        Path | None, typer.Option("--into", help="Write the Markdown between the markers of a file.")
    ] = None,
    lang: Lang = "da",
    as_json: Json = False,
) -> None:
    """Print what the register's word does to a record.

    Tables of status, protection, age step and residence, each row with its source.
    """
    with failures(as_json=as_json):
        tables = load_rule_tables(load_policy(policy or fixture_path("policy.toml"), frozenset()))
        reasons = load_reasons()
        if into is not None:
            write_between(into, markdown(tables, reasons, lang), BEGIN, END)
        elif as_json:
            print_json({"tables": [_table_document(table) for table in tables], **_reasons_document(reasons)})
        elif as_markdown:
            say(markdown(tables, reasons, lang))
        else:
            _show(tables, reasons, lang)


def markdown(tables: tuple[RuleTable, ...], reasons: Reasons, language: Language) -> str:
    """The tables and the decisions that they name, each under a heading of the third level."""
    decisions = "\n".join(f"- **{called}** {text}" for called, text in _named(reasons, language))
    parts = [*(_markdown_table(table, language) for table in tables), f"### {word('decisions', language)}", decisions]
    return "\n\n".join(parts)


def _markdown_table(table: RuleTable, language: Language) -> str:
    rows = [[_text_of(cell, language) for cell in row] for row in table.rows]
    headings = [_text_of(column.heading, language) for column in table.columns]
    return f"### {_text_of(table.title, language)}\n\n{markdown_rows(headings, rows)}"


def markdown_rows(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table in Markdown."""
    lines = [headings, ["---"] * len(headings), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def write_between(path: Path, text: str, begin: str, end: str) -> None:
    """Replace the text between two markers. Raises BadInput: a marker is missing, or occurs twice."""
    try:
        content = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput("{path}: cannot be read", path=path, kind="rules") from error
    before, begun, rest = content.partition(begin)
    _, ended, after = rest.partition(end)
    if not begun or not ended or begin in rest or end in after:
        raise BadInput("{path}: the two markers do not stand there once, in their order", path=path, kind="rules")
    path.write_text(f"{before}{begin}\n\n{text}\n\n{end}{after}", encoding="utf-8")


def _reasons_document(reasons: Reasons) -> dict[str, Any]:
    return {
        "decisions": [{"number": number, **_both(text)} for number, text in reasons.decisions.items()],
        "principles": [
            {"key": key, "name": _both(one.name), **_both(one.text)} for key, one in reasons.principles.items()
        ],
    }


def _table_document(table: RuleTable) -> dict[str, Any]:
    return {
        "name": table.name,
        "title": _both(table.title),
        "columns": [{"key": column.key, **_both(column.heading)} for column in table.columns],
        "rows": [
            {"key": key, **{column.key: _both(cell) for column, cell in zip(table.columns, row, strict=True)}}
            for key, row in zip(table.keys, table.rows, strict=True)
        ],
    }


def _both(cell: Cell) -> dict[str, str]:
    return {"da": _text_of(cell, "da"), "en": _text_of(cell, "en")}


def _text_of(cell: Cell, language: Language) -> str:
    if isinstance(cell, Action):
        return word(cell.value, language)
    if isinstance(cell, Wording):
        return cell.text(language)
    return cell


def _show(tables: tuple[RuleTable, ...], reasons: Reasons, language: Language) -> None:
    """Show one block for each row, because eleven columns do not fit a terminal."""
    for table in tables:
        say(emphasise(_text_of(table.title, language)))
        headings = [_text_of(column.heading, language) for column in table.columns]
        width = max(map(len, headings))
        for row in table.rows:
            say()
            for heading, cell in zip(headings, row, strict=True):
                say(f"  {heading:{width}}  {_text_of(cell, language)}")
        say()
    say(emphasise(word("decisions", language)))
    for called, text in _named(reasons, language):
        say(f"  {called:>2}  {text}")


def _named(reasons: Reasons, language: Language) -> Iterator[tuple[str, str]]:
    """The decisions by number, and the principles by name, each with its sentence."""
    for number, text in reasons.decisions.items():
        yield str(number), _text_of(text, language)
    for one in reasons.principles.values():
        yield _text_of(one.name, language).capitalize(), _text_of(one.text, language)


@app.command()
def guide(
    topic: Annotated[str | None, typer.Argument(help="Which page; without one: which there are.")] = None,
    *,
    lang: Lang = "da",
    as_json: Json = False,
) -> None:
    """Print a page of the guide, or which pages there are."""
    with failures(as_json=as_json):
        pages = guide_paths()
        if topic is None:
            _show_list(pages, lang, as_json=as_json)
            return
        if topic not in pages:
            raise Misused("{name}: expected one of {choices}", name="TOPIC", choices=", ".join(pages))
        text = pages[topic].read_text(encoding="utf-8")
        document = {"topic": topic, "title": _title_of(pages[topic]), "markdown": text}
        print_document(document, [text.rstrip("\n")], as_json=as_json)


def _show_list(pages: dict[str, Path], language: Language, *, as_json: bool) -> None:
    titles = {topic: _title_of(path) for topic, path in pages.items()}
    if as_json:
        print_json({"topics": [{"topic": topic, "title": title} for topic, title in titles.items()]})
        return
    width = max(map(len, titles))
    for topic, title in titles.items():
        say(f"  {topic:<{width}}  {title}")
    say(word("guide_next", language))


def _title_of(page: Path) -> str:
    """The text of a page's first line."""
    return page.read_text(encoding="utf-8").partition("\n")[0].removeprefix("# ")

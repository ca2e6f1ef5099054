"""`cprsync guide`: the pages of the guide that come with the package."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from cprsync.cli.language.words import Language, word
from cprsync.cli.terminal.failures import failures
from cprsync.cli.terminal.frame import print_document
from cprsync.cli.terminal.options import Json, Lang
from cprsync.cli.terminal.output import print_json, say
from cprsync.errors import Misused
from cprsync.resources import guide_paths

if TYPE_CHECKING:
    from pathlib import Path


app = typer.Typer()


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

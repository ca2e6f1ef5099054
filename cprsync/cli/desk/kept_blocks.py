"""`patron kept-blocks`: the blocks kept about someone who has left. The number comes only from standard input."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from cprsync.cli.language.dates import long_day
from cprsync.cli.language.words import word
from cprsync.cli.terminal.output import failures, print_json, say

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from cprsync.cli.language.words import Language


def kept_blocks_command(  # noqa: PLR0913 -- one parameter for each option
    *, lift: bool, only: int | None, reason: str, config: Path, library: str | None, language: Language, as_json: bool
) -> None:
    """Show the blocks that are kept for a number, or lift them."""
    from cprsync import wiring
    from cprsync.cli.terminal.operator import ask_any_number, user_name
    from cprsync.config.settings import load_settings
    from cprsync.services.leaving.kept_blocks import KeptBlocks, check_lifting

    with failures(as_json=as_json):
        if lift:
            check_lifting(reason)
        settings = load_settings(config)
        section = wiring.library_of(settings, library)
        number = ask_any_number()
        with wiring.opened_store(settings, section, wiring.clock_for(settings)) as store:
            kept = KeptBlocks(store, user_name())
            document = kept.lift(number, reason=reason, only=only) if lift else kept.show(number)
    if as_json:
        print_json(document)
        return
    for line in kept_lines(document, language):
        say(line)


def kept_lines(document: Mapping[str, Any], language: Language) -> Iterator[str]:
    """The blocks, one per line, and whether they were lifted."""
    if not document["blocks"]:
        yield word("kept_none", language)
    for block in document["blocks"]:
        since = long_day(date.fromisoformat(block["since"]), language)
        yield f"{block['id']}: {word('parting_block', language, since=since, reason=block['reason'])}"
    if document["lifted"]:
        yield word("kept_lifted", language, count=document["lifted"], of=len(document["blocks"]))

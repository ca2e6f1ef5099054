"""A citizen's report as text: who looked, when and why. Names no employee."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from cprsync.domain.feed.delivery import COPENHAGEN
from cprsync.language.words import TIME_WIDTH, day_text, long_time, word

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from cprsync.catalogues import Language


def citizen_rows(document: Mapping[str, Any], language: Language) -> list[tuple[str, str, str]]:
    """Each look at a citizen: when, what was done, and what for."""
    return [
        (
            long_time(datetime.fromisoformat(one["at"]).astimezone(COPENHAGEN), language),
            word(f"did_{one['what']}", language),
            word(f"why_{one['why']}", language).removeprefix("why_"),
        )
        for one in document["looks"]
    ]


def recipient_lines(document: Mapping[str, Any], language: Language) -> list[str]:
    """Who was told of a citizen, how often, and when last."""
    return [
        word(
            "citizen_told",
            language,
            who=word(f"citizen_recipient_{one['who']}", language),
            count=one["count"],
            last=day_text(one["last"][:10], language),
        )
        for one in document["recipients"]
    ]


def citizen_lines(document: Mapping[str, Any], language: Language) -> Iterator[str]:
    """A citizen's report as text."""
    yield word("citizen_title", language, organisation=document["organisation"])
    rows = citizen_rows(document, language)
    yield from (f"  {at:<{TIME_WIDTH}}  {what}: {why}" for at, what, why in rows)
    if not rows:
        yield f"  {word('citizen_nobody', language)}"
    yield from (f"  {line}" for line in recipient_lines(document, language))

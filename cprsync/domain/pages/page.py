"""The parts of a page for patrons or authorities. Leaves out its layout and its words."""

from __future__ import annotations

from dataclasses import dataclass

from cprsync.domain.wording import Wording


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph of a page. With a `name`, it is about one thing."""

    text: Wording
    name: Wording | None = None


@dataclass(frozen=True, slots=True)
class Section:
    """Paragraphs under a heading."""

    heading: Wording
    paragraphs: tuple[Paragraph, ...]


def days(count: int) -> Wording:
    """A number of days in both languages."""
    return Wording("1 dag" if count == 1 else f"{count} dage", "1 day" if count == 1 else f"{count} days")

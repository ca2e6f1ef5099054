"""The parts of a page for patrons or authorities. Leaves out its layout and its words.

The words are in the catalogue `pages`: each must be true of this program.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from cprsync.domain.wording import Wording

if TYPE_CHECKING:
    from collections.abc import Sequence


class Texts(Protocol):
    """The catalogue: the text of a key in both languages, with values in place of the names in braces.

    The value `count` selects the plural form.
    """

    def __call__(self, key: str, **values: Wording | str | int) -> Wording: ...


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


def in_one(texts: Sequence[Wording], between: Wording | str = " ") -> Wording:
    """Several texts in one."""
    da, en = (between, between) if isinstance(between, str) else (between.da, between.en)
    return Wording(da.join(one.da for one in texts), en.join(one.en for one in texts))


def capital(text: Wording) -> Wording:
    """The text with a capital as its first letter."""
    return Wording(f"{text.da[0].upper()}{text.da[1:]}", f"{text.en[0].upper()}{text.en[1:]}")

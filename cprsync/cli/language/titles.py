"""The titles of a policy's products."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cprsync.cli.language.words import Language
    from cprsync.domain.policy.product import Products


def titles_of(products: Products, language: Language) -> dict[str, str]:
    """The latest title of each product, by its name."""
    titles = {name: products.of(name)[-1].title for name in products.names()}
    return {name: title.da if language == "da" else title.en for name, title in titles.items()}

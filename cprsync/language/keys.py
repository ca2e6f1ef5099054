"""The keys as text: purpose, id, how old, and what names each. Holds no secret."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cprsync.language.words import long_day, word

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from cprsync.catalogues import Language
    from cprsync.services.ports.trust.keys import KeyUse


def key_lines(uses: Iterable[KeyUse], language: Language) -> Iterator[str]:
    """A line for each key, and a note about what is not counted."""
    for one in uses:
        yield _key_line(one, language)
    yield word("keys_pins", language)


def _key_line(one: KeyUse, language: Language) -> str:
    places = [*one.rows.items(), *one.lines.items()]
    named = [word("keys_named", language, count=count, place=place) for place, count in sorted(places)]
    values = {
        "purpose": one.purpose,
        "id": one.id,
        "state": word(f"keys_state_{one.state.value}", language),
        "names": ", ".join(named) or word("keys_unnamed", language),
    }
    if one.made is None:
        return word("keys_lost", language, **values)
    return word("keys_key", language, made=long_day(one.made.date(), language), **values)


def rotation_lines(document: Mapping[str, Any], language: Language) -> Iterator[str]:
    """What a rotation did for each purpose, and what still needs the older keys."""
    for one in document["rotated"]:
        yield word("keys_rotated_on" if one["resumed"] else "keys_rotated", language, **one)
        if one["left"]:
            yield word("keys_left", language, count=one["left"])
        for older in one["older"]:
            names = ", ".join(
                word("keys_named", language, count=count, place=place) for place, count in older["named"].items()
            )
            key = "keys_kept" if names else "keys_free"
            yield word(key, language, id=older["id"], purpose=one["purpose"], names=names)

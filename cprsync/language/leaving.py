"""The end of a record as text: what leaving or erasing would do, and what it did."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cprsync.language.record import name_of
from cprsync.language.words import day_text, word

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from cprsync.catalogues import Language


def parting_facts(document: Mapping[str, Any], language: Language) -> Iterator[str]:
    """What prevents the end of a record, what is deleted with it, and what others must confirm."""
    if document["open"]:
        yield f"{word('parting_open', language)}: {ties_text(document['open'], language)}"
    if document["goes"]:
        yield f"{word('parting_goes', language)}: {_goes_text(document['goes'], language)}"
    if document["reservations"]:
        yield f"{word('parting_reservations', language)}: {document['reservations']}"
    for block in document["blocks"]:
        since = day_text(block["since"], language)
        yield word("parting_block", language, since=since, reason=block["reason"])
    if any(document["waits"].values()):
        yield _waits_text("parting_later", document["waits"], language)


def _goes_text(goes: Mapping[str, int], language: Language) -> str:
    """The names of the fields, in the order of the field table. A list has how many it holds."""
    return ", ".join(
        f"{name_of(key, language)} ({count})" if count > 1 else name_of(key, language) for key, count in goes.items()
    )


def ties_text(still_open: Mapping[str, int], language: Language) -> str:
    """What is still open, counted by kind."""
    return ", ".join(f"{word(f'tie.{tie}', language)} {count}" for tie, count in still_open.items())


def left_text(document: Mapping[str, Any], language: Language) -> str:
    """What leaving did, or what it waits for."""
    if not document["open"]:
        closing = any(document["waits"].values())
        closed = word("left_closing" if closing else "left_closed", language, patron=document["patron"])
        count = document["dropped"]["reservations"]
        return f"{closed}. {word('left_dropped', language, count=count)}" if count else closed
    return word("left_waits", language, patron=document["patron"], ties=ties_text(document["open"], language))


def erased_lines(document: Mapping[str, Any], language: Language) -> Iterator[str]:
    """That the patron is erased, and what others have still to confirm."""
    yield word("erased", language, patron=document["patron"])
    if any(document["waits"].values()):
        yield "  " + _waits_text("erased_waits", document["waits"], language)


def _waits_text(key: str, waits: Mapping[str, Any], language: Language) -> str:
    """What others must still end, each other system by its name."""
    first = word(key, language, subscriptions=waits["subscriptions"], accounts=waits["accounts"])
    systems = ", ".join(waits.get("targets", ()))
    return word("waits_targets", language, first=first, systems=systems) if systems else first

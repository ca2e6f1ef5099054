"""What a target holds otherwise than the records, as text: counts by kind, and patron numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from cprsync.language.words import word

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from cprsync.catalogues import Language

#: The most patron numbers of a kind to show; --json and --format csv have them all.
SHOWN: Final = 20
_NUMBER_WIDTH: Final = 8


def drift_lines(document: Mapping[str, Any], language: Language) -> Iterator[str]:
    """The document as text: how many were compared, a line for each kind, and the patrons of each kind."""
    yield word("drift_head", language, name=document["target"], count=document["compared"])
    if document["waiting"]:
        yield f"  {word('drift_waiting', language, count=document['waiting'])}"
    kinds = {kind: count for kind, count in document["differences"].items() if count}
    labels = {kind: word(f"drift_{kind}", language) for kind in kinds}
    if kinds:
        width = max(map(len, labels.values()))
        yield ""
        for kind, count in kinds.items():
            yield f"  {labels[kind]:<{width}}{count:>{_NUMBER_WIDTH}}"
        yield ""
    for kind, patrons in document["patrons"].items():
        yield f"{labels[kind]}: {_some(patrons)}"
    yield from _end(document, language)


def _end(document: Mapping[str, Any], language: Language) -> Iterator[str]:
    if document["done"] and not document["differing"]:
        yield word("drift_equal", language, name=document["target"])
    if document["queued"]:
        yield word("drift_queued", language, count=document["queued"])
    if not document["done"]:
        after = document["reached"]
        yield word("drift_not_done" if after is None else "drift_go_on", language, after=after)
    yield word("drift_nothing_written", language, name=document["target"])


def _some(patrons: list[str]) -> str:
    """The first patron numbers, and how many more there are."""
    more = f" … (+{len(patrons) - SHOWN})" if len(patrons) > SHOWN else ""
    return ", ".join(patrons[:SHOWN]) + more

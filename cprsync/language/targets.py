"""Targets as text: how each stands, and what forgetting one leaves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cprsync.language.words import moment_text, since_text, word

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from cprsync.catalogues import Language


def targets_lines(targets: Sequence[Mapping[str, Any]], language: Language) -> Iterator[str]:
    """A table with a line for each target, and below it what somebody has to look after."""
    if not targets:
        yield word("targets_none", language)
        return
    heads = [word(f"targets_{one}", language) for one in ("name", "kind", "state", "told", "waits", "refused")]
    rows = [heads, *(_cells(one, language) for one in targets)]
    widths = [max(len(row[place]) for row in rows) for place in range(len(heads))]
    for row in rows:
        yield "  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip()
    for one in targets:
        if one["oldest"] is not None:
            yield word("targets_oldest", language, name=one["name"], oldest=moment_text(one["oldest"], language))
        if one["stopped"] is not None or not one["set_up"]:
            yield state_line(one, language)
        if one["refused"]:
            yield word("target_refuses", language, name=one["name"], count=one["refused"])
        if one["told"] is None and one["set_up"]:
            yield fetched_line(one, language)


def _cells(one: Mapping[str, Any], language: Language) -> list[str]:
    counts = ["" if one[key] is None else str(one[key]) for key in ("told", "waiting", "failed")]
    return [one["name"], one["kind"], word(f"target_state_{_state(one)}", language), *counts]


def _state(one: Mapping[str, Any]) -> str:
    if not one["set_up"]:
        return "removed"
    if one["stopped"] is not None:
        return "stopped"
    return "loaded" if one["loaded"] else "loading"


def state_line(one: Mapping[str, Any], language: Language) -> str:
    """How a target stands, in a sentence that says what to do."""
    return word(f"target_line_{_state(one)}", language, name=one["name"], since=moment_text(one["stopped"], language))


def fetched_line(one: Mapping[str, Any], language: Language) -> str:
    """How far the reader of a feed has come."""
    fetched = one["fetched"]
    if fetched is None:
        return word("target_unfetched", language, name=one["name"])
    values = {**fetched, "at": moment_text(fetched["at"], language)}
    return word("target_has_fetched", language, name=one["name"], **values)


def forgotten_lines(document: Mapping[str, Any], language: Language) -> Iterator[str]:
    """What forgetting a target leaves there, what is deleted here, and whether that was done."""
    counts = {"told": document["told"] or 0, "waiting": document["waiting"], "failed": document["failed"]}
    yield word("target_leaves", language, name=document["name"], **counts)
    yield word("target_forgotten" if document["forgotten"] else "target_forget_next", language, name=document["name"])


def status_line(one: Mapping[str, Any], language: Language) -> str:
    """How a target stands, on one line beside other things."""
    if one["told"] is None:
        return fetched_line(one, language) if _state(one) == "loaded" else state_line(one, language)
    counts = {"waiting": one["waiting"], "failed": one["failed"], "told": one["told"]}
    state = word(f"target_state_{_state(one)}", language)
    said = word("status_target", language, name=one["name"], state=state, **counts)
    return said if one["oldest"] is None else f"{said}, {since_text(one['oldest'], language)}"

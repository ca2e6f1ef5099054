"""What another system holds otherwise than the records, as text, and how the targets stand.

A comparison with Cicero (FBS) tells what differs now and last time, for which patrons, and the trend. A target's tells
the counts by kind, and the patrons of each.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any, Final

from cprsync.domain.outward.deviation import Deviation
from cprsync.language.words import day_text, moment_text, since_text, word

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from cprsync.catalogues import Language
    from cprsync.services.ports.outward import TargetStands

#: The most patron numbers of a kind to show; --json and --format csv have them all.
SHOWN: Final = 20
#: How many comparisons stand beside each other on a screen.
COLUMNS: Final = 7
_NUMBER_WIDTH: Final = 8
KINDS: Final = tuple(kind.value for kind in Deviation)


def comparison_lines(document: Mapping[str, Any], language: Language) -> Iterator[str]:
    """The document as text: how many were compared, a line for each kind, and the patrons of each kind."""
    day = day_text(document["day"], language)
    yield word("compare_head", language, day=day, count=document["compared"])
    if document["resumed"]:
        yield f"  {word('compare_resumed', language)}"
    if document["left_out"]:
        yield f"  {word('compare_left_out', language, count=document['left_out'])}"
    yield from _table(document, language)
    for kind, patrons in document["patrons"].items():
        yield f"{_label(kind, language)}: {_some(patrons)}"
    if document["done"]:
        if not document["patrons"]:
            yield word("compare_equal", language)
        if document["listed"] is None:
            yield word("compare_no_list", language)
    else:
        yield word("compare_not_done", language)
    yield word("compare_nothing_written", language)


def _table(document: Mapping[str, Any], language: Language) -> Iterator[str]:
    """A line for each kind that there is now or was last time, with both counts and what changed.

    What is not finished is held against no earlier comparison.
    """
    now, before = document["deviations"], document["before"] if document["done"] else None
    last = {} if before is None else before["deviations"]
    kinds = [kind for kind in KINDS if now[kind] or last.get(kind)]
    if not kinds:
        return
    heads = [word("compare_now", language)]
    if before is not None:
        heads += [_short_day(before["day"]), word("compare_change", language)]
    yield ""
    yield from _columns(heads, [(kind, _cells(now[kind], last.get(kind))) for kind in kinds], language)
    yield ""


def _cells(now: int, last: int | None) -> list[str]:
    return [str(now)] if last is None else [str(now), str(last), f"{now - last:+d}" if now != last else "="]


def trend_lines(document: Mapping[str, Any], language: Language) -> Iterator[str]:
    """The last comparisons beside each other, a column for each, and a line for each kind that there was."""
    past = document["trend"][-COLUMNS:]
    if not past:
        yield word("compare_never", language)
        return
    yield word("compare_trend", language, count=len(document["trend"]))
    rows = [(kind, [str(one["deviations"][kind]) for one in past]) for kind in KINDS
            if any(one["deviations"][kind] for one in past)]  # fmt: skip
    compared = ("compared", [str(one["compared"]) for one in past])
    yield from _columns([_short_day(one["day"]) for one in past], [compared, *rows], language)


def _columns(heads: Sequence[str], rows: Sequence[tuple[str, list[str]]], language: Language) -> Iterator[str]:
    width = max(len(_label(kind, language)) for kind, _ in rows)
    yield f"  {'':<{width}}{''.join(f'{head:>{_NUMBER_WIDTH}}' for head in heads)}"
    for kind, cells in rows:
        yield f"  {_label(kind, language):<{width}}{''.join(f'{cell:>{_NUMBER_WIDTH}}' for cell in cells)}"


def _label(kind: str, language: Language) -> str:
    return word(f"compare_{kind}", language)


def _short_day(text: str) -> str:
    """`22.3.`: a column is narrow."""
    day = date.fromisoformat(text)
    return f"{day.day}.{day.month}."


def _some(patrons: Sequence[str]) -> str:
    """The first patron numbers, and how many more there are."""
    more = f" … (+{len(patrons) - SHOWN})" if len(patrons) > SHOWN else ""
    return ", ".join(patrons[:SHOWN]) + more


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


def targets_lines(targets: Sequence[TargetStands], language: Language) -> Iterator[str]:
    """A table with a line for each target, and below it what somebody has to look after."""
    if not targets:
        yield word("targets_none", language)
        return
    heads = [word(f"targets_{one}", language) for one in ("name", "kind", "state", "told", "waits", "refused")]
    rows = [heads, *(_target_cells(one, language) for one in targets)]
    widths = [max(len(row[place]) for row in rows) for place in range(len(heads))]
    for row in rows:
        yield "  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip()
    for one in targets:
        if one.oldest is not None:
            yield word("targets_oldest", language, name=one.name, oldest=moment_text(one.oldest, language))
        if one.stopped is not None or not one.set_up:
            yield state_line(one, language)
        if one.refused:
            yield word("target_refuses", language, name=one.name, count=one.refused)
        if one.told is None and one.set_up:
            yield fetched_line(one, language)


def _target_cells(one: TargetStands, language: Language) -> list[str]:
    counts = ["" if count is None else str(count) for count in (one.told, one.waiting, one.failed)]
    return [one.name, one.kind, word(f"target_state_{_state(one)}", language), *counts]


def _state(one: TargetStands) -> str:
    if not one.set_up:
        return "removed"
    if one.stopped is not None:
        return "stopped"
    if not one.loaded:
        return "loading"
    return "refusing" if one.refused else "waiting" if one.waiting else "loaded"


def state_line(one: TargetStands, language: Language) -> str:
    """How a target stands, in a sentence that says what to do."""
    return word(f"target_line_{_state(one)}", language, name=one.name, since=moment_text(one.stopped, language))


def fetched_line(one: TargetStands, language: Language) -> str:
    """How far the reader of a feed has come."""
    if (fetched := one.fetched) is None:
        return word("target_unfetched", language, name=one.name)
    values = {"at": moment_text(fetched.at, language), "until": fetched.until, "newer": fetched.newer}
    return word("target_has_fetched", language, name=one.name, **values)


def forgotten_lines(target: TargetStands, language: Language, *, is_forgotten: bool) -> Iterator[str]:
    """What forgetting a target leaves there, what is deleted here, and whether that was done."""
    counts = {"told": target.told or 0, "waiting": target.waiting, "failed": target.failed}
    yield word("target_leaves", language, name=target.name, **counts)
    yield word("target_forgotten" if is_forgotten else "target_forget_next", language, name=target.name)


def status_line(one: TargetStands, language: Language) -> str:
    """How a target stands, on one line beside other things."""
    if one.told is None:
        return (
            fetched_line(one, language)
            if one.loaded and _state(one) not in {"removed", "stopped"}
            else state_line(one, language)
        )
    counts = {"waiting": one.waiting, "failed": one.failed, "told": one.told}
    state = word(f"target_state_{_state(one)}", language)
    said = word("status_target", language, name=one.name, state=state, **counts)
    return said if one.oldest is None else f"{said}, {since_text(one.oldest, language)}"

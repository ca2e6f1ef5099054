"""`review`: items that wait for staff: shown with both sides, answered, and taken back."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import date
from itertools import zip_longest
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cprsync.catalogues import Language
from cprsync.cli.terminal.frame import TYPED, Frame, Reason, day, framed
from cprsync.cli.terminal.output import emphasise
from cprsync.domain.desk.confirming import SERVICE
from cprsync.domain.patron.review import State
from cprsync.language.record import name_of, text_under_correction, value_lines, value_text
from cprsync.language.review import plan_text, refusal_text, said_rows, sides_text, with_words
from cprsync.language.sides import part_lines, target_parts
from cprsync.language.words import DAY_WIDTH, day_text, word

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from cprsync.services.desk.reviewing import StaffReviews

#: Widths of the columns: a field's name, and the left side's value.
NAME_WIDTH, SIDE_WIDTH = 26, 34


Number = Annotated[int, typer.Argument(help="The item's number, as `review list` shows it.")]
app = typer.Typer()


@contextmanager
def _reviews(frame: Frame) -> Iterator[StaffReviews]:
    from cprsync.cli.terminal.user import user_name
    from cprsync.services.desk.reviewing import StaffReviews

    with frame.opened() as site, site.library() as ours:
        yield StaffReviews(ours, user_name())


@app.command("list")
@framed
def review_list(
    *, everything: Annotated[bool, typer.Option("--all", help="Answered and settled ones too.")] = False, frame: Frame
) -> None:
    """List what waits, the oldest first."""
    with _reviews(frame) as reviews:
        items = [with_words(item) for item in reviews.listed(all_states=everything)]
    lines = [_item_line(item, frame.lang) for item in items] or [word("review_none", frame.lang)]
    frame.print({"items": items}, lines)


@app.command("show")
@framed
def review_show(number: Number, frame: Frame) -> None:
    """Show one item, and what each answer does.

    Shows the register's values beside ours. Shows both records if the item is about two patrons. If another system
    refused the patron, asks it what it holds now, and shows that beside ours.
    """
    from cprsync.cli.terminal.user import user_name
    from cprsync.services.desk.reviewing import StaffReviews
    from cprsync.wiring.targets import show_item_with_targets

    with frame.opened() as site, site.library() as ours:
        document = with_words(show_item_with_targets(StaffReviews(ours, user_name()), number, site.targets))
    frame.print(document, item_lines(document, frame.lang))


@app.command("accept")
@framed
def review_accept(number: Number, frame: Frame) -> None:
    """Do what the item proposes."""
    with _reviews(frame) as reviews:
        item = reviews.accept(number)
    _print_answered(item, frame, answer="accept")


@app.command("reject")
@framed
def review_reject(number: Number, *, reason: Reason, frame: Frame) -> None:
    """Leave it as it is, and say why."""
    with _reviews(frame) as reviews:
        item = reviews.reject(number, reason=reason)
    _print_answered(item, frame, answer="reject")


@app.command("later")
@framed
def review_later(
    number: Number,
    *,
    until: Annotated[
        date | None,
        typer.Option("--until", parser=day, metavar=TYPED, help="YYYY-MM-DD: the day on which it waits again."),
    ] = None,
    reason: Reason = "",
    frame: Frame,
) -> None:
    """Put an item off until a day, for a reason.

    Without --until, an item that was put off waits now.
    """
    with _reviews(frame) as reviews:
        item = reviews.bring_back(number) if until is None else reviews.put_off(number, until=until, reason=reason)
    _print_answered(item, frame, answer="later")


@app.command("undo")
@framed
def review_undo(number: Number, frame: Frame) -> None:
    """Take an accepted block or merge back."""
    with _reviews(frame) as reviews:
        item = reviews.undo(number)
    _print_answered(item, frame, answer="undo")


@app.command("reopen")
@framed
def review_reopen(number: Number, *, reason: Reason, frame: Frame) -> None:
    """Let an answered item wait for an answer again.

    One that was rejected, or whose acceptance was taken back.
    """
    with _reviews(frame) as reviews:
        item = reviews.reopen(number, reason=reason)
    _print_answered(item, frame, answer="reopen")


def _print_answered(answered: Mapping[str, Any], frame: Frame, *, answer: str) -> None:
    item = with_words(answered)
    frame.print({"item": item}, _answered_lines(item, frame.lang, answer=answer))


def _answered_lines(item: Mapping[str, Any], language: Language, *, answer: str) -> Iterator[str]:
    """The item after an answer, what the answer did, and how to take it back."""
    yield _item_line(item, language)
    yield from _first_answer_lines(item, language)
    if answer in {"accept", "reject"}:
        yield f"  {item[answer][language]}"
    if item["state"] == State.ACCEPTED.value and item["undoable"]:
        yield "  " + word("review_undo", language, number=item["id"])
    if answer in {"reject", "undo"} and item["reopens"]:
        yield "  " + word("review_reopen", language, number=item["id"])


def _item_line(item: Mapping[str, Any], language: Language) -> str:
    state = word(f"review_{item['state']}", language)
    about = f" + {item['about']}" if item["about"] else ""
    sides = f" ({sides_text(item['net_media'], language)})" if "net_media" in item else ""
    since = day_text(item["since"], language)
    sides += "".join(f" ({refusal_text(one, language)})" for one in item.get("targets") or ())
    if item.get("later"):
        sides += f" ({word('review_later', language, day=day_text(item['later']['until'], language))})"
    return (
        f"{item['id']:>5}  {since:<{DAY_WIDTH}}  {state:<13}  {item['patron']}{about}  {item['why'][language]}{sides}"
    )


def _first_answer_lines(item: Mapping[str, Any], language: Language) -> Iterator[str]:
    """The user who accepted first, while an item that takes two people waits for the second."""
    if item["state"] == State.WAITING.value and item.get("decided"):
        who = item["decided"]["by"]
        yield "  " + word("review_first", language, who=word("audit_nobody", language) if who == SERVICE else who)


def item_lines(document: Mapping[str, Any], language: Language) -> Iterator[str]:
    """One item as text: why, what each answer does, and the two sides beside each other."""
    # what other systems answered is told with both sides
    yield emphasise(_item_line({**document, "targets": ()}, language))
    yield from _first_answer_lines(document, language)
    if answer := document.get("net_media", {}).get("answer"):
        yield f"  {answer}: {word(f'code_{answer}', language)}"
    for part in target_parts(document, language):
        yield from part_lines(part)
    yield f"  {word('review_accept', language)}: {document['accept'][language]}"
    yield f"  {word('review_reject', language)}: {document['reject'][language]}"
    if rejecting := document.get("rejecting"):
        yield "  " + word("review_unverified", language, patron=rejecting["unverified"])
    if numbers := document.get("numbers"):
        yield "  " + word("review_numbers", language, ours=numbers["ours"], register=numbers["register"] or "–")
    if "plan" in document:
        yield "  " + plan_text(document["plan"], language)
    record, other = document["record"], document["other"]
    yield from _said_lines(document, language)
    if record is None:
        return
    if other is None:
        yield from _register_and_ours_lines(record, language)
    else:
        yield from _two_records_lines(record, other, language)


def _said_lines(document: Mapping[str, Any], language: Language) -> Iterator[str]:
    """What the register says on the left, and what the patron said on the right."""
    if document.get("said", {}).get("sealed"):
        yield "  " + word("review_said_sealed", language)
    rows = list(said_rows(document, language))
    if rows:
        width = NAME_WIDTH + SIDE_WIDTH
        yield f"  {word('review_register', language):<{width}} {word('review_said', language)}"
    for row in rows:
        left, right = (
            ", ".join("".join(text for text, _ in side.parts).splitlines()) for side in (row.left, row.right)
        )
        yield f"  {row.name:<{NAME_WIDTH}} {left:<{SIDE_WIDTH}} {right}"


def _register_and_ours_lines(record: Mapping[str, Any], language: Language) -> Iterator[str]:
    """The register's values on the left; on the right what patron and staff own, or staff have corrected."""
    left: list[str] = []
    right: list[str] = []
    for name, entry in record["fields"].items():
        override, label = entry.get("override"), name_of(name, language)
        if override is not None and entry["owner"] == "register" and not entry.get("sealed"):
            left.append(f"{label}: {value_text(name, override['register'], language)}")
        side = left if entry["owner"] == "register" and override is None else right
        if entry.get("sealed") or entry["value"]:
            side.append(f"{label}: {_side_text(name, entry, language)}{_pinned_text(name, entry, language)}")
    width = NAME_WIDTH + SIDE_WIDTH
    yield f"  {word('review_register', language):<{width}} {word('review_ours', language)}"
    for register, ours in zip_longest(left, right, fillvalue=""):
        yield f"  {register:<{width}} {ours}".rstrip()


def _pinned_text(name: str, entry: Mapping[str, Any], language: Language) -> str:
    """A pinned group's value without the pin. It comes from age, so it is not on the register's side."""
    if entry.get("override") is None or entry["owner"] == "register":
        return ""
    under = text_under_correction(name, entry, language)
    return f" ({under})" if under else ""


def _two_records_lines(record: Mapping[str, Any], other: Mapping[str, Any], language: Language) -> Iterator[str]:
    """The record to close on the left, the one to keep on the right. Leaves out fields that both lack."""
    yield f"  {'':<{NAME_WIDTH}} {record['patron']:<{SIDE_WIDTH}} {other['patron']}"
    for name in record["fields"]:
        left, right = (_side_text(name, one["fields"][name], language) for one in (record, other))
        if {left, right} != {"–"}:
            yield f"  {name_of(name, language):<{NAME_WIDTH}} {left:<{SIDE_WIDTH}} {right}"


def _side_text(name: str, entry: Mapping[str, Any], language: Language) -> str:
    return ", ".join(value_lines(name, entry, language))

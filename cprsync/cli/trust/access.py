"""`access`: what the rules of access hold up, and what a supervisor or a privacy officer does about it."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from cprsync.cli.terminal.frame import Frame, Reason, framed
from cprsync.language.audit import attempt_text
from cprsync.language.words import moment_text, word

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cprsync.catalogues import Language
    from cprsync.services.desk.access import HeldUp, ListedAttempt, ListedRequest
    from cprsync.services.ports.store import Store
    from cprsync.wiring.site import Site

Number = Annotated[int, typer.Argument(help="The number that the refusal or `access list` shows.")]
app = typer.Typer()


@contextmanager
def _open(frame: Frame) -> Iterator[tuple[Site, Store, str]]:
    from cprsync.cli.terminal.user import user_name

    with frame.opened() as site, site.store() as store:
        yield site, store, user_name()


@app.command("list")
@framed
def access_list(frame: Frame) -> None:
    """List who is stopped, and which look-ups wait for a person.

    Your own that lack a reason, and the samples for supervisors, the oldest first.
    """
    from cprsync.services.desk.access import list_held_up

    with _open(frame) as (site, store, user):
        held = list_held_up(store, agency=site.section.agency, user=user, now=site.clock.now())
    frame.print(held, _lines(held, frame.lang))


def _lines(held: HeldUp, language: Language) -> Iterator[str]:
    if held.stopped:
        yield word("access_stopped", language, users=", ".join(held.stopped))
    if held.capped:
        yield word("access_capped", language, users=", ".join(held.capped))
    yield word("access_open", language, count=len(held.open_))
    yield from (f"  {_attempt_line(one, language)}" for one in held.open_)
    yield word("access_samples", language, count=len(held.samples))
    yield from (f"  {_attempt_line(one, language)}" for one in held.samples)
    yield word("access_requests", language, count=len(held.requests))
    yield from (f"  {_request_line(one, language)}" for one in held.requests)
    yield word("access_watched", language, count=held.watched)


def _attempt_line(attempt: ListedAttempt, language: Language) -> str:
    at, why = moment_text(attempt.at, language), word(f"access_why_{attempt.why}", language)
    late = f" · {word('access_late', language)}" if attempt.overdue else ""
    return f"{attempt.number:>6}  {at}  {attempt.user:<14}  {attempt.patron or '–':<9}  {why}{late}"


def _request_line(request: ListedRequest, language: Language) -> str:
    at, wants = moment_text(request.at, language), attempt_text(request.doing, request.what, language)
    return f"{request.number:>6}  {at}  {request.user:<14}  {wants}"


@app.command("sign")
@framed
def access_sign(number: Number, frame: Frame) -> None:
    """Sign for what somebody else may not do alone.

    They repeat it within five minutes. It holds once, and for nothing else.
    """
    from cprsync.services.desk.access import sign_attempt

    with _open(frame) as (site, store, user):
        signed = sign_attempt(store, number, by=user, now=site.clock.now())
    frame.print(signed, [word("access_signed", frame.lang)])


@app.command("explain")
@framed
def access_explain(number: Number, *, reason: Reason = "", frame: Frame) -> None:
    """Say why somebody you looked up did not become a patron."""
    from cprsync.services.desk.access import explain_look_up

    with _open(frame) as (_, store, user):
        explained = explain_look_up(store, number, user=user, reason=reason)
    frame.print(explained, [word("access_explained", frame.lang)])


@app.command("check")
@framed
def access_check(
    number: Number,
    *,
    in_order: Annotated[bool, typer.Option("--in-order/--not-in-order", help="What you found.")],
    reason: Reason = "",
    frame: Frame,
) -> None:
    """Write down what you found of a sample. Nobody looks at their own."""
    from cprsync.services.desk.access import check_sample

    with _open(frame) as (_, store, user):
        checked = check_sample(store, number, is_in_order=in_order, by=user, reason=reason)
    frame.print(checked, [word("access_checked", frame.lang)])


@app.command("lift")
@framed
def access_lift(
    name: Annotated[str, typer.Argument(help="Who is stopped.")], *, reason: Reason = "", frame: Frame
) -> None:
    """Let somebody go on who was stopped.

    Ten look-ups in a row that found nobody stop a user.
    """
    from cprsync.services.desk.access import lift_stop

    with _open(frame) as (_, store, user):
        lifted = lift_stop(store, name, by=user, reason=reason)
    frame.print(lifted, [word("access_lifted", frame.lang, user=name)])


@app.command("watch")
@framed
def access_watch(
    *, remove: Annotated[bool, typer.Option("--remove", help="Watch the number no more.")] = False, frame: Frame
) -> None:
    """Let a second person sign for each look-up of a number.

    The number is asked for, or read from standard input.
    """
    from cprsync.cli.terminal.user import ask_any_number
    from cprsync.services.desk.access import watch_number

    with _open(frame) as (_, store, user):
        watched = watch_number(store, ask_any_number(), ends=remove, user=user)
    frame.print(watched, [word(f"access_now_{watched.outcome}", frame.lang)])

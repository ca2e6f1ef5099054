"""`access`: what the rules of access hold up, and what a supervisor or a privacy officer does about it."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cprsync.cli.terminal.frame import Frame, Reason, framed
from cprsync.language.audit import attempt_text
from cprsync.language.words import moment_text, word

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from cprsync.catalogues import Language
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
    from cprsync.services.desk.access import list_waiting

    with _open(frame) as (site, store, user):
        document = list_waiting(store, user=user, now=site.clock.now())
    frame.print({"agency": site.section.agency, **document}, _lines(document, frame.lang))


def _lines(document: Mapping[str, Any], language: Language) -> Iterator[str]:
    for key in ("stopped", "capped"):
        if document[key]:
            yield word(f"access_{key}", language, users=", ".join(document[key]))
    for key in ("open", "samples"):
        yield word(f"access_{key}", language, count=len(document[key]))
        yield from (f"  {_attempt_text(one, language)}" for one in document[key])
    yield word("access_requests", language, count=len(document["requests"]))
    yield from (f"  {_request_text(one, language)}" for one in document["requests"])
    yield word("access_watched", language, count=document["watched"])


def _attempt_text(one: Mapping[str, Any], language: Language) -> str:
    at = moment_text(one["at"], language)
    why, patron = word(f"access_why_{one['why']}", language), one["patron"] or "–"
    late = f" · {word('access_late', language)}" if one["overdue"] else ""
    return f"{one['number']:>6}  {at}  {one['user']:<14}  {patron:<9}  {why}{late}"


def _request_text(one: Mapping[str, Any], language: Language) -> str:
    at = moment_text(one["at"], language)
    return f"{one['number']:>6}  {at}  {one['user']:<14}  {attempt_text(one['doing'], one['what'], language)}"


@app.command("sign")
@framed
def access_sign(number: Number, frame: Frame) -> None:
    """Sign for what somebody else may not do alone.

    They repeat it within five minutes. It holds once, and for nothing else.
    """
    from cprsync.services.desk.access import sign_attempt

    with _open(frame) as (site, store, user):
        sign_attempt(store, number, by=user, now=site.clock.now())
    frame.print({"number": number, "signed": True}, [word("access_signed", frame.lang)])


@app.command("explain")
@framed
def access_explain(number: Number, *, reason: Reason = "", frame: Frame) -> None:
    """Say why somebody you looked up did not become a patron."""
    from cprsync.services.desk.access import explain_look_up

    with _open(frame) as (_, store, user):
        explain_look_up(store, number, user=user, reason=reason)
    frame.print({"number": number, "explained": True}, [word("access_explained", frame.lang)])


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
        check_sample(store, number, is_in_order=in_order, by=user, reason=reason)
    frame.print({"number": number, "in_order": in_order}, [word("access_checked", frame.lang)])


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
        lift_stop(store, name, by=user, reason=reason)
    frame.print({"user": name, "lifted": True}, [word("access_lifted", frame.lang, user=name)])


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
        document = watch_number(store, ask_any_number(), ends=remove, user=user)
    frame.print(document, [word(f"access_now_{document['outcome']}", frame.lang)])

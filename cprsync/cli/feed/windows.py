"""What the feed could not tell: `feed heal` asks the register about patrons in a window, `feed windows` lists them.

`subscriptions` lists ours, and compares them with the register's list. Shows patron numbers, days and counts; of a CPR
number the date part alone. Whole numbers go into a file of the operator's, if they name one.
"""

from __future__ import annotations

from collections import Counter
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from cprsync.catalogues import command_words
from cprsync.cli.terminal.frame import Frame, framed
from cprsync.cli.terminal.long_work import progress
from cprsync.domain.deciding.guard import describe_excess
from cprsync.errors import Braked, ConfigurationError, CprsyncError, Misused
from cprsync.language.errors import advice_for, error_document
from cprsync.language.night import window_lines
from cprsync.language.status import quota_lines
from cprsync.language.words import day_text, word
from cprsync.private import create_private

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from cprsync.catalogues import Language
    from cprsync.domain.person.number import CprNumber
    from cprsync.services.feed.provisional import ProvisionalAsked
    from cprsync.services.feed.questions import WindowsAsked
    from cprsync.services.ports.register import InWindow

#: Exit codes: done, left to staff, stopped by a limit.
DONE, LEFT, BRAKED = 0, 3, 5
TOO_MANY: Final = "{count} subscriptions would end or are missing, and policy.toml allows {limit}: none was ended"
#: The counts of a comparison.
COUNTED = ("kept", "missing", "surplus", "unknown", "added", "removed")
#: The column of the numbers in a table of patrons.
NUMBER: Final = "cpr_number"
app = typer.Typer()
subscriptions_app = typer.Typer()


@app.command("windows")
@framed
def feed_windows(frame: Frame) -> None:
    """List the patrons who are in a window, by patron number."""
    with frame.opened() as site, site.store() as store:
        quota = store.windows.asked_today().document(site.section.register_.windows_a_day)
        document = windows_document(site.section.agency, store.windows.listed(), quota)
    frame.print(document, window_list_lines(document, frame.lang))


@app.command("heal")
@framed
def feed_heal(
    *,
    limit: Annotated[
        int | None,
        typer.Option("--limit", min=1, max=1_000_000, help="Ask about this many more; by default the day's quota."),
    ] = None,
    everyone: Annotated[
        str | None,
        typer.Option("--everyone", metavar="REASON", help="Ask about all who are subscribed, and why; for the audit."),
    ] = None,
    older_copy: Annotated[
        str | None,
        typer.Option(
            "--older-copy",
            metavar="REASON",
            help="The same, after the whole machine was put back: what others know is held to be newer.",
        ),
    ] = None,
    frame: Frame,
) -> int:
    """Ask the register about the patrons in a window.

    Each night does this by itself. This command asks now, and continues where it or a night stopped. While a due
    delivery is not taken, no answer could verify anybody: then it asks nobody, unless --limit says how many.
    """
    from cprsync.cli.terminal.user import user_name
    from cprsync.services.feed.provisional import ask_about_provisional
    from cprsync.services.feed.questions import ask_about_windows_between_nights
    from cprsync.services.ports.trust.audit import checked_reason

    with frame.opened() as site:
        if everyone is not None and older_copy is not None:
            raise Misused("expected one of --everyone REASON and --older-copy REASON")
        given, opened_now = older_copy if everyone is None else everyone, False
        reason = "" if given is None else checked_reason(given)
        try:
            # the clocks are compared first: by a wrong one nothing is opened
            with progress(as_json=frame.as_json) as shown, site.night(progress=shown) as night:
                if everyone is not None:
                    night.store.windows.open_for_everyone(user=user_name(), reason=reason)
                if older_copy is not None:
                    night.store.journal.tell_older_copy(user=user_name(), reason=reason)
                opened_now = given is not None
                provisional = ask_about_provisional(night)
                asked = ask_about_windows_between_nights(night, more=limit)
                today = night.store.windows.asked_today()
        except CprsyncError as error:
            if opened_now:
                error.changed = "part"
            raise
    quota = today.document(site.section.register_.windows_a_day)
    document = heal_document(site.section.agency, asked, provisional, quota, opened_now=opened_now)
    frame.print_outcome(document, heal_lines(document, frame.lang))
    return int(document["exit"])


def heal_document(
    agency: str, asked: WindowsAsked, provisional: ProvisionalAsked, quota: Mapping[str, int], *, opened_now: bool
) -> dict[str, Any]:
    """The JSON shape of `feed heal`, for every exit code. `opened_now`: the command has opened everyone's window."""
    code = LEFT if asked.parked else DONE
    error = asked.error or provisional.error or _find_brake(asked, provisional)
    document = {
        "agency": agency,
        **asked.document(),
        "quota": quota,
        "awaits_delivery": asked.awaits_delivery,
        "provisional": provisional.document(),
        "parked": asked.parked,
        "actions": dict(sorted(asked.actions.items())),
        "let_through": dict(sorted(asked.let_through.items())),
    }
    if error is not None:
        code = advice_for(error).exit
        done = opened_now or asked.answered or asked.let_through or provisional.asked
        changed = "part" if done else "nothing"
        document["error"] = error_document(error, changed=changed, reference="heal")
    return document | {"exit": code}


def _find_brake(asked: WindowsAsked, provisional: ProvisionalAsked) -> Braked | None:
    if asked.excess:
        over = describe_excess(asked.excess, command_words)
        return Braked("the answers would change more than policy.toml allows: {over}", over=over, kind="windows.braked")
    if provisional.held:
        return Braked(
            "the answers about patrons who wait for the register would change more than policy.toml allows",
            kind="provisional.braked",
        )
    return None


def heal_lines(document: Mapping[str, Any], language: Language) -> Iterator[str]:
    """How many were asked about and answered, who is still in a window and why, and what to do next."""
    if document["provisional"]["asked"] or document["provisional"]["left"]:
        yield word("heal_provisional", language, **document["provisional"])
    yield word("windows_asked", language, **document)
    yield from window_lines(document, language)
    yield from quota_lines(document["left"], document["quota"]["asked"], document["quota"]["most"], language)
    # what to do about a brake is in the error
    if document["left"] and not document["brake"]:
        yield word("windows_await_delivery" if document["awaits_delivery"] else "windows_next", language)


def windows_document(agency: str, in_window: Sequence[InWindow], quota: Mapping[str, int]) -> dict[str, Any]:
    """The JSON shape of `feed windows`."""
    rows = [
        {
            "patron": one.patron_id,
            "since": one.since.isoformat(),
            "why": one.why,
            "asked": one.asked and one.asked.isoformat(),
            "item": one.item and {"id": one.item, "state": "waiting" if one.waits else "rejected"},
        }
        for one in in_window
    ]
    return {"agency": agency, "count": len(rows), "quota": quota, "windows": rows}


def window_list_lines(document: Mapping[str, Any], language: Language) -> Iterator[str]:
    """The number of patrons, whether today's quota is used, then one line for each."""
    yield word("windows_count", language, agency=document["agency"], count=document["count"])
    yield from quota_lines(document["count"], document["quota"]["asked"], document["quota"]["most"], language)
    for row in document["windows"]:
        yield f"  {row['patron']}  {row['since']}  {word('window_' + row['why'], language)}{_next_text(row, language)}"


def _next_text(row: Mapping[str, Any], language: Language) -> str:
    """The review that decides about the patron; or else the day on which the register did not answer."""
    if row["item"]:
        return word(f"windows_{row['item']['state']}", language, id=row["item"]["id"])
    return word("windows_asked_on", language, asked=row["asked"]) if row["asked"] else ""


@subscriptions_app.command("list")
@framed
def subscriptions_list(frame: Frame) -> None:
    """List our subscriptions, by patron and reason."""
    with frame.opened() as site, site.store_to_show() as store:
        rows = store.reconciliation.documents()
        count = store.subscriptions.count()
    # the dead stay subscribed until a last day, which is set beforehand
    held = (row["reason"] for row in rows if row["until"] is None or row["reason"] == "dead")
    by_reason = dict(sorted(Counter(held).items()))
    document = {"agency": site.section.agency, "count": count, "by_reason": by_reason, "subscriptions": rows}
    frame.print(document, subscription_lines(document, frame.lang))


@subscriptions_app.command("reconcile")
@framed
def subscriptions_reconcile(
    *,
    apply: Annotated[bool, typer.Option("--apply", help="Add and remove; without it nothing is changed.")] = False,
    end_unknown: Annotated[
        bool,
        typer.Option(
            "--end-unknown",
            help="With --apply, after a restore: also end numbers that nobody here has, and their accounts at CULR.",
        ),
    ] = False,
    numbers: Annotated[
        Path | None,
        typer.Option("--numbers", help="Write the numbers that nobody here has into this new file, for patron import."),
    ] = None,
    frame: Frame,
) -> int:
    """Compare our subscriptions with the register's list."""
    from cprsync.services.feed.subscriptions import reconcile

    if end_unknown and not apply:
        raise Misused("--end-unknown belongs to --apply")
    with (
        frame.opened() as site,
        progress(as_json=frame.as_json) as shown,
        site.night(progress=shown) as night,
    ):
        keep = (lambda _: None) if numbers is None else partial(_write_numbers, numbers)
        compared = reconcile(night, apply=apply, end_unknown=end_unknown, keep=keep)
    document = reconcile_document(compared)
    frame.print_outcome(document, reconcile_lines(document, frame.lang, applied=apply))
    return int(document["exit"])


def reconcile_document(compared: Mapping[str, Any]) -> dict[str, Any]:
    """The JSON shape of `subscriptions reconcile`, for every exit code."""
    document = {**compared, "numbers": [number.masked() for number in compared["numbers"]]}
    document["exit"] = BRAKED if document["brake"] else LEFT if document["refused"] or document["unknown"] else DONE
    for one in document["brake"]:
        error = Braked(TOO_MANY, count=one["count"], limit=one["limit"], kind="subscriptions.braked")
        document["error"] = error_document(error, changed="part" if document["added"] else "nothing")
    return document


def _write_numbers(path: Path, numbers: Sequence[CprNumber]) -> None:
    """Write a table that `patron import` reads, for the program's user alone."""
    try:
        create_private(path, "".join(f"{line}\n" for line in (NUMBER, *(one.digits for one in numbers))))
    except OSError as error:
        raise ConfigurationError("{path} cannot be written: {why}", path=path, why=error.strerror or "") from error


def subscription_lines(document: Mapping[str, Any], language: Language) -> Iterator[str]:
    """The counts by reason, then one line for each subscription."""
    words = {reason: word(f"subscribed_{reason}", language) for reason in _reasons(document)}
    counts = "  ".join(f"{words[reason]} {number}" for reason, number in document["by_reason"].items())
    yield f"{document['agency']}: {document['count']}  {counts}".rstrip()
    width = max(map(len, words.values()), default=0)
    for row in document["subscriptions"]:
        until = day_text(row["until"], language) if row["until"] else ""
        days = f"{day_text(row['since'], language)} – {until}"
        yield f"  {row['patron']}  {words[row['reason']]:<{width}}  {days}".rstrip()


def _reasons(document: Mapping[str, Any]) -> set[str]:
    return {*document["by_reason"], *(row["reason"] for row in document["subscriptions"])}


def reconcile_lines(document: Mapping[str, Any], language: Language, *, applied: bool) -> Iterator[str]:
    """What is ours and theirs, what was done about it, and what to do next."""
    counts = {word(f"reconcile_{name}", language): document[name] for name in COUNTED}
    width = max(map(len, counts))
    for words, count in counts.items():
        yield f"{words:<{width}}  {count}"
    yield from (f"  {masked}" for masked in document["numbers"])
    if document["unknown"]:
        yield word("reconcile_decide", language)
    for entry in document["brake"]:
        yield word("reconcile_brake", language, count=entry["count"], limit=entry["limit"])
    if not applied:
        yield word(_dry_word(document), language)


def _dry_word(document: Mapping[str, Any]) -> str:
    """What --apply would do. A limit stops only what ends a subscription."""
    if document["brake"]:
        return "reconcile_dry_adds" if document["missing"] else "accounts_dry"
    return "reconcile_dry" if document["missing"] or document["surplus"] else "accounts_dry"

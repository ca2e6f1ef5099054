"""`runs revert` and `runs release`: undoes a run, and lets its held patrons go. Shows patron numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from cprsync.catalogues import Language
from cprsync.cli.desk.confirming import Asker, warning_lines
from cprsync.cli.terminal.frame import Frame, Reason, Today, framed
from cprsync.cli.terminal.long_work import progress, stoppable
from cprsync.errors import Braked, Exit
from cprsync.language.errors import error_document
from cprsync.language.night import audit_lines, brake_lines, reverting_lines
from cprsync.language.words import day_text, word

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

#: The most patrons that are shown as text; --json has them all.
PATRONS_MOST: Final = 50
app = typer.Typer()


@app.command("revert")
@framed
def runs_revert(
    run: Annotated[int, typer.Argument(help="The run's number, as `runs list` shows it.")],
    *,
    today: Today = None,
    frame: Asker,
) -> int:
    """Undo a run: put back what it wrote, and hold the patrons.

    A record goes back where nothing has changed it since. Shows first how many go back, by kind, and what stands in
    the way of the others, which staff look at. The patrons are held: no source changes them until a person lets them
    go. A protection stays. An undo can be undone.
    """
    from dataclasses import replace

    from cprsync.cli.terminal.user import user_name
    from cprsync.services.night.reverting import preview_revert, revert

    with (
        frame.opened(today=today) as site,
        stoppable() as raise_if_stopped,
        progress(as_json=frame.as_json) as shown,
        site.night(progress=shown) as opened_night,
    ):
        night, user = replace(opened_night, raise_if_stopped=raise_if_stopped), user_name()
        seen = preview_revert(night, run)
        with frame.confirmed(seen.document, seen.preview, preview_lines(seen.document, frame.lang)) as given:
            document = revert(night, seen, given, user=user)
    if document["state"] == "held":
        held = Braked("undoing run {run} would change more than policy.toml allows", run=run, kind="revert.braked")
        document["error"] = error_document(held, changed="nothing", reference=f"run-{document['run']}")
    frame.print_outcome(document, done_lines(document, frame.lang))
    return int(document["exit"])


@app.command("release")
@framed
def runs_release(
    run: Annotated[int, typer.Argument(help="The number of the undo that holds them.")],
    *,
    reason: Reason = "",
    frame: Frame,
) -> int:
    """Let go of all patrons that an undo holds.

    The next night asks the register about each of them. One patron is let go by accepting the patron's review.
    """
    from cprsync.cli.terminal.user import user_name
    from cprsync.services.night.reverting import release

    with frame.opened() as site, site.store() as store:
        document = release(store, run, user=user_name(), reason=reason)
    lines = [word("release_done", frame.lang, count=document["released"], run=run)]
    frame.print(document, lines)
    return Exit.DONE


def preview_lines(document: Mapping[str, Any], language: Language) -> Iterator[str]:
    """What undoing the run would do."""
    day = day_text(document["day"], language)
    yield word("revert_title", language, run=document["run"], day=day)
    # of a run that wrote nothing, or if something stands in the way of each
    yield "  " + word("revert_back" if document["restored"] else "revert_none", language, count=document["restored"])
    yield from (f"    {word(kind, language)} {count}" for kind, count in document["actions"].items())
    yield from _patron_lines(document["patrons"], language)
    yield from ("  " + line for line in reverting_lines(document, language))
    if document["net_media_kept"]:
        yield "  " + word("revert_net_media", language, count=document["net_media_kept"])
    if document["brake"] is not None:
        key = "revert_over_approved" if document["brake"]["approved"] else "revert_over"
        yield "  " + word(key, language)
        for one in document["brake"]["classes"]:
            what = word(one["class"], language)
            yield "    " + word("brake_class", language, what=what, count=one["count"], limit=one["limit"])
    yield from warning_lines(document["warnings"], language)


def _patron_lines(patrons: list[str], language: Language) -> Iterator[str]:
    if patrons:
        yield "    " + " ".join(patrons[:PATRONS_MOST])
    if len(patrons) > PATRONS_MOST:
        yield "    " + word("forecast_more", language, count=len(patrons) - PATRONS_MOST)


def done_lines(document: Mapping[str, Any], language: Language) -> Iterator[str]:
    """What the undo has done, what comes next, and what is wrong with the audit."""
    yield from _undone_lines(document, language)
    if not document["audit"]["whole"]:
        yield from ("  " + line for line in audit_lines(document["audit"], language))


def _undone_lines(document: Mapping[str, Any], language: Language) -> Iterator[str]:
    if document["state"] == "held":
        yield word("revert_held", language, run=document["reverts"])
        yield from ("  " + line for line in brake_lines(document, language))
        return
    counts = document["reverting"]
    yield word("revert_done", language, run=document["reverts"], by=document["run"], count=counts["restored"])
    yield from ("  " + line for line in reverting_lines(counts, language))
    if counts["restored"]:
        yield "  " + word("revert_release", language, run=document["run"])

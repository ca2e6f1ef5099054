"""`patron leave` and `patron erase` show what they would do, and do it after a yes to exactly that.

`patron kept-blocks` shows the blocks that stay of someone who left. `retention run` deletes data that has passed its
retention period, as each night does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from cprsync.catalogues import Language
from cprsync.cli.desk.confirming import (
    Asker,
    publish_patron,
    warning_lines,
)
from cprsync.cli.terminal.frame import Frame, Patron, Today, framed
from cprsync.domain.desk.confirming import Confirmation
from cprsync.domain.desk.parting import Ending
from cprsync.domain.leaving.leaving import Forgotten
from cprsync.errors import Exit, Misused
from cprsync.language.errors import advice_for, error_document
from cprsync.language.leaving import erased_lines, left_text, parting_facts
from cprsync.language.night import forgotten_text
from cprsync.language.record import identity_lines
from cprsync.language.words import day_text, word

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from cprsync.services.leaving.departing import LeavingDesk, PartingShown

app = typer.Typer()
retention_app = typer.Typer()


@app.command("leave")
@framed
def patron_leave(patron: Patron, *, frame: Asker) -> int:
    """Close a record, now or when nothing is open.

    What it does is shown first, and done after a yes.

    While loans or debt are open the record waits (exit 3), and each night closes it as soon as they are settled. A
    record that is closed is empty: the patron is unsubscribed and no patron any more. Nobody is looked up. A block that
    holds is kept by the number, and comes back if the person registers again.
    """
    from cprsync.cli.terminal.user import user_name
    from cprsync.services.leaving.departing import LeavingDesk

    with frame.opened() as site:
        with site.library(shows_records=False) as ours:
            document = _leave(LeavingDesk(ours, user_name()), patron, frame)
        publish_patron(site, patron, frame.lang)
    frame.print(document, [left_text(document, frame.lang)])
    return Exit.LEFT if document["open"] else Exit.DONE


@app.command("erase")
@framed
def patron_erase(patron: Patron, *, frame: Asker) -> None:
    """Erase a patron for good; refused while anything is open.

    What it does is shown first, and done after a yes.

    Nothing stays but their patron number, in the audit and among those that are never given again, and the line of the
    erase journal that keeps an older copy of the database from bringing them back. A block goes too, with a reason; a
    later registration does not tell that the person was a patron.
    """
    from cprsync.cli.terminal.user import user_name
    from cprsync.services.leaving.departing import LeavingDesk

    with frame.opened() as site:
        with site.library(shows_records=False) as ours:
            document = _erase(LeavingDesk(ours, user_name()), patron, frame)
        publish_patron(site, patron, frame.lang)
    frame.print(document, erased_lines(document, frame.lang))


@app.command("kept-blocks")
@framed
def patron_kept_blocks(
    *,
    lift: Annotated[bool, typer.Option("--lift", help="Lift them all, or the one of --block; needs --reason.")] = False,
    block: Annotated[
        int | None, typer.Option("--block", help="Lift only the block with this number in the list.")
    ] = None,
    reason: Annotated[str, typer.Option("--reason", help="Why they are lifted; the audit keeps it, sealed.")] = "",
    frame: Frame,
) -> None:
    """Show or lift the blocks kept about someone who left.

    Their CPR number is asked for, or read from standard input. The blocks of a present patron are on the record:
    `patron set ID blocks --lift`. Each block has a number, and --block lifts that one alone.
    """
    from cprsync.cli.terminal.user import ask_any_number, user_name
    from cprsync.services.leaving.departing import BlockLifting, check_lifting

    if block is not None and not lift:
        raise Misused("--block says which one --lift lifts")
    with frame.opened() as site:
        if lift:
            check_lifting(reason)
        number = ask_any_number()
        with site.store() as store:
            kept = BlockLifting(store, user_name())
            document = kept.lift(number, reason=reason, only=block) if lift else kept.show(number)
    frame.print(document, kept_lines(document, frame.lang))


def _leave(desk: LeavingDesk, patron: str, asker: Asker) -> dict[str, Any]:
    shown = desk.preview(patron, Ending.LEAVE)
    if not shown.is_writable:
        # nothing is left to confirm: only the progress is shown
        return desk.leave(patron, Confirmation(shown.preview.digest))
    with asker.confirmed(shown.document, shown.preview, parting_lines(shown.document, asker.lang)) as confirmation:
        done = desk.leave(patron, confirmation)
    return _with_preview(done, shown)


def _with_preview(done: dict[str, Any], shown: PartingShown) -> dict[str, Any]:
    """The result with the preview, without the name of a patron who is gone by now."""
    return done | {"preview": {key: value for key, value in shown.document.items() if key != "whose"}}


def parting_lines(document: Mapping[str, Any], language: Language) -> Iterator[str]:
    """What leaving or erasing would do: what prevents it, what is deleted, what others must confirm, and warnings."""
    yield word(f"parting_{document['what']}", language, patron=document["patron"])
    yield from identity_lines(document["whose"], language)
    yield from warning_lines(document["warnings"], language)
    yield from (f"  {line}" for line in parting_facts(document, language))


def _erase(desk: LeavingDesk, patron: str, asker: Asker) -> dict[str, Any]:
    shown = desk.preview(patron, Ending.ERASE)
    with asker.confirmed(shown.document, shown.preview, parting_lines(shown.document, asker.lang)) as confirmation:
        done = desk.erase(patron, confirmation)
    return _with_preview(done, shown)


def kept_lines(document: Mapping[str, Any], language: Language) -> Iterator[str]:
    """The blocks, one per line, and whether they were lifted."""
    if not document["blocks"]:
        yield word("kept_none", language)
    for block in document["blocks"]:
        since = day_text(block["since"], language)
        yield f"{block['id']}: {word('parting_block', language, since=since, reason=block['reason'])}"
    if document["lifted"]:
        yield word("kept_lifted", language, count=document["lifted"], of=len(document["blocks"]))


@retention_app.command("run")
@framed
def retention_run(
    *,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Count what would be deleted, and delete nothing.")
    ] = False,
    today: Today = None,
    frame: Frame,
) -> int:
    """Delete data past its retention period, as each night does.

    Loans, reservations, balances, and the content of messages. If no register can check our clock, nothing is deleted
    (exit 4).
    """
    from cprsync.services.leaving.departing import forget_all

    with frame.opened(today=today) as site:
        policy, day = site.policy, site.clock.today()
        with site.store() as store:
            unheard = None if dry_run else site.compare_clocks(store)
            broken = next(iter(store.audit.check().problems), None)
            only_counts = dry_run or unheard is not None
            counts = (
                store.retention.forgettable(policy, on=day) if only_counts else forget_all(store, None, policy, on=day)
            )
    document: dict[str, Any] = {
        "day": day.isoformat(),
        "forgotten": counts,
        "applied": not only_counts,
        "clock_unchecked": unheard is not None,
    }
    error = broken or unheard
    if error is not None:
        changed = "part" if counts and not only_counts else "nothing"
        document["error"] = error_document(error, changed=changed, reference="retention")
    frame.print_outcome(document, _retention_lines(document, frame.lang))
    return 0 if error is None else advice_for(error).exit


def _retention_lines(document: Mapping[str, Any], language: Language) -> Iterator[str]:
    if document["clock_unchecked"]:
        yield word("forget_unchecked", language)
    counts, title = document["forgotten"], "forgotten" if document["applied"] else "forget_planned"
    if counts:
        yield f"{word(title, language)}: {forgotten_text(counts, language)}"
    elif "error" not in document:
        yield word("forget_nothing", language)
    if "error" in document and not document["clock_unchecked"] and Forgotten.LOG.value not in counts:
        yield word("forget_no_log", language)

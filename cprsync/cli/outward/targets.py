"""`targets`: the other systems that hear of patrons, how each stands, and what moves it between nights.

Shows counts and names of targets, and nothing of a patron.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from cprsync.cli.terminal.frame import Frame, Lang, Reason, Yes, framed
from cprsync.cli.terminal.long_work import progress, stoppable
from cprsync.documents import document_of
from cprsync.errors import Exit
from cprsync.language.errors import advice_for, error_document
from cprsync.language.night import target_lines
from cprsync.language.outward import forgotten_lines, state_line, targets_lines
from cprsync.language.words import word

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cprsync.services.outward.sending import Sent

Name = Annotated[str, typer.Argument(help="The target's name in cprsync.toml.")]
app = typer.Typer()


@app.command("list")
@framed
def targets_list(frame: Frame) -> None:
    """List the targets: what waits for each, and what each was told."""
    from cprsync.services.outward.targets import list_targets

    with frame.opened() as site, site.store_to_show() as store:
        listed = list_targets(store, agency=site.section.agency)
    frame.print(listed, targets_lines(listed.targets, frame.lang))


@app.command("send")
@framed
def targets_send(
    name: Annotated[str | None, typer.Argument(help="Only this target; else all.")] = None, *, frame: Frame
) -> int:
    """Send what waits for a target, between nights.

    As a night does: protections first, one patron's changes in their order, a new target with all patrons. Exit 4 when
    a target does not answer, or a night is at work.
    """
    document, sent = _send(frame, name, load=False)
    return _show_sent(frame, document, sent)


@app.command("load")
@framed
def targets_load(name: Name, frame: Frame) -> int:
    """Tell a target everything about everybody, now.

    For a target that has lost what it knew. After Ctrl-C the same command goes on where it was; `targets send` and the
    nights do too.
    """
    document, sent = _send(frame, name, load=True)
    return _show_sent(frame, document, sent)


def _send(frame: Frame, name: str | None, *, load: bool) -> tuple[dict[str, Any], Sequence[Sent]]:
    from cprsync.services.outward.targets import chosen_targets, send_now, sent_document

    stopping = stoppable("sending was asked to stop, and has ended after a whole batch")
    with (
        frame.opened() as site,
        stopping as raise_if_stopped,
        progress(as_json=frame.as_json) as shown,
        site.store(shows_records=True) as store,
        site.targets() as targets,
    ):
        chosen = chosen_targets(targets, name)
        sent = send_now(store, chosen, progress=shown, raise_if_stopped=raise_if_stopped, load=load)
        return {"agency": site.section.agency, "targets": sent_document(store, sent)}, sent


def _show_sent(frame: Frame, document: dict[str, Any], sent: Sequence[Sent]) -> int:
    left = any(one.left or one.stopped for one in sent)
    document["exit"] = Exit.LEFT if left else Exit.DONE
    if failure := next((one.error for one in sent if one.error is not None), None):
        changed = "part" if any(one.sent for one in sent) else "nothing"
        document["error"] = error_document(failure, changed=changed)
        document["exit"] = advice_for(failure).exit
    lines = [line for one in document["targets"] for line in _lines_of(one, frame.lang)]
    frame.print_outcome(document, lines)
    return int(document["exit"])


def _lines_of(target: dict[str, Any], lang: Lang) -> list[str]:
    """What became of a target, also if there was nothing to do."""
    lines = list(target_lines(target, lang))
    if lines or target["error"] is not None:
        return lines
    return [word("target_fetched" if target["kind"] == "feed" else "target_nothing", lang, name=target["name"])]


@app.command("release")
@framed
def targets_release(name: Name, *, reason: Reason = "", frame: Frame) -> None:
    """Let a stopped target go on.

    It was stopped because it would have lost many patrons at once. With the next sending it loses them. After that the
    brake holds again.
    """
    from cprsync.cli.terminal.user import user_name
    from cprsync.services.outward.targets import release_target

    with frame.opened() as site, site.store() as store:
        released = release_target(store, name, user=user_name(), reason=reason)
    frame.print({"agency": site.section.agency, **document_of(released)}, [state_line(released, frame.lang)])


@app.command("forget")
@framed
def targets_forget(name: Name, *, reason: Reason = "", yes: Yes = False, frame: Frame) -> None:
    """Forget a target that is no longer in cprsync.toml.

    Without --yes, only say what it leaves. What the target was told stays there, and nobody tells it of changes or of
    patrons who leave any more. What waits for it is deleted.
    """
    from cprsync.cli.terminal.user import user_name
    from cprsync.services.outward.targets import forget_target

    with frame.opened() as site, site.store() as store:
        left = forget_target(store, name, user=user_name(), reason=reason, confirmed=yes)
    document = {"agency": site.section.agency, **document_of(left), "forgotten": yes}
    frame.print(document, forgotten_lines(left, frame.lang, is_forgotten=yes))

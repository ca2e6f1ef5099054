"""`audit`: check it, list who did what, and accept an audit that fails its check."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import TYPE_CHECKING, Annotated

import typer

from cprsync.cli.terminal.frame import TYPED, Frame, Reason, day, framed
from cprsync.cli.terminal.output import note, print_long_json, say_lines
from cprsync.domain.feed.delivery import COPENHAGEN
from cprsync.errors import ConfigurationError, Exit
from cprsync.language.audit import citizen_lines, entry_document, entry_lines
from cprsync.language.errors import error_text
from cprsync.language.night import audit_lines
from cprsync.language.words import titles_of, word

if TYPE_CHECKING:
    from cprsync.catalogues import Language
    from cprsync.domain.policy.policy import Policy
    from cprsync.wiring.site import Site

app = typer.Typer()


@app.command("verify")
@framed
def audit_verify(
    *,
    code: Annotated[
        str | None, typer.Option("--code", help="The code that a night's report or an earlier check printed.")
    ] = None,
    frame: Frame,
) -> int:
    """Follow the audit from end to end.

    Exit 1 with everything that does not fit. With --code it also checks that the audit is a later state of the one that
    had this code.
    """
    from cprsync.services.ports.trust.audit import EVERY_RECORD

    with frame.opened() as site, site.store_to_verify() as store:
        check = store.audit.check(code=code, records=EVERY_RECORD)
    document = {"agency": site.section.agency, **check.document()}
    frame.print(document, audit_lines(document, frame.lang))
    return Exit.DONE if document["whole"] else Exit.REFUSED


@app.command("list")
@framed
def audit_list(
    *,
    patron: Annotated[str | None, typer.Option("--patron", help="Whose record: the patron number.")] = None,
    by: Annotated[str | None, typer.Option("--by", help="Who did it.")] = None,
    since: Annotated[
        date | None, typer.Option("--since", parser=day, metavar=TYPED, help="YYYY-MM-DD: the first day.")
    ] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=100_000, help="Show at most this many.")] = 200,
    reasons: Annotated[
        bool, typer.Option("--reasons", help="Open the reasons that people gave; the audit notes that you read them.")
    ] = False,
    frame: Frame,
) -> None:
    """List who did what, when and why.

    The latest first; no value of a record.
    """
    from cprsync.cli.terminal.user import user_name
    from cprsync.services.ports.trust.audit import AuditFilter
    from cprsync.services.trust.audit import list_entries

    first = None if since is None else datetime.combine(since, time(), tzinfo=COPENHAGEN)
    # an entry without a user is found by the word for it in either language
    who = "" if by in {word("audit_nobody", "da"), word("audit_nobody", "en")} else by
    wanted = AuditFilter(patron, who, first, limit=limit, reasons=reasons)
    with frame.opened() as site:
        policy = _policy_for_titles(site, frame.lang)
        with site.store() if reasons else site.store_to_show() as store:
            if reasons:
                store.audit.note_reading(user=user_name())
            entries = list_entries(store, policy, wanted)
            if frame.as_json:
                print_long_json({"agency": site.section.agency, "entries": []}, "entries", map(entry_document, entries))
            else:
                say_lines(
                    entry_lines(entries, frame.lang, {} if policy is None else titles_of(policy.products, frame.lang))
                )


def _policy_for_titles(site: Site, language: Language) -> Policy | None:
    """The library's policy. None if it has a mistake, which is told: what was done can be read all the same."""
    try:
        return site.policy
    except ConfigurationError as error:
        note(f"  ! {error_text(error, language)}")
        note(f"    {word('audit_without_policy', language)}")
        return None


@app.command("citizen")
@framed
def audit_citizen(
    patron: Annotated[str, typer.Argument(help="The patron number; left out: a number is asked for.")] = "",
    *,
    frame: Frame,
) -> None:
    """Tell a citizen who looked them up.

    When, what for, which organisation, and who was told. No employee is named. A CPR number comes from a prompt or
    standard input: somebody who never became a patron is found by it.
    """
    from cprsync.cli.terminal.user import ask_identity, user_name
    from cprsync.services.trust.citizen import citizen_of, citizen_report

    with frame.opened() as site, site.store() as store:
        typed = patron or ask_identity(word("citizen_who", frame.lang))
        report = citizen_report(store, citizen_of(store, typed), organisation=site.section.name, user=user_name())
    frame.print(report, citizen_lines(report, frame.lang))


@app.command("accept")
@framed
def audit_accept(*, reason: Reason = "", frame: Frame) -> None:
    """Accept an audit that fails its check.

    Use this only when you know the cause, for example an older copy of the database was put back. From here on the
    audit is checked again.
    """
    from cprsync.cli.terminal.user import user_name
    from cprsync.services.trust.audit import accept_audit

    with frame.opened() as site, site.store() as store:
        was = accept_audit(store, user=user_name(), reason=reason).document()
    lines = [word("audit_accepted", frame.lang), *(f"  {line}" for line in audit_lines(was, frame.lang))]
    frame.print({"agency": site.section.agency, "accepted": was}, lines)
